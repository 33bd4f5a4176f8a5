"""The origins that are fetched from: nginx, and one of our own that takes its time.

Both serve one port on many addresses: origin number n is 127.0.A.B, as origin_address tells."""

import random
import re
import resource
import signal
import socket
import subprocess

from client import free_port, wait_for_port
from process import Process

BODY = "x" * 101
PER_NET = 250
SEED = 1  # the same spread for everyone, always

NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
# else it takes one new connection on each turn of its loop, and whoever opens many at once waits for that
events {{ worker_connections {files}; multi_accept on; }}
http {{
    access_log off;
    default_type text/plain;
    keepalive_timeout 3600s;
    keepalive_requests {endless};
    client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp; fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
    map $connection_requests $is_first {{ 1 1; default 0; }}
    log_format sessions "$ssl_session_reused";
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /status {{ stub_status; }}
        location / {{ return 200 "{body}"; }}
    }}
    server {{
        {listens}
        location / {{ return 200 "{body}"; }}
        {tls}
    }}
}}
"""

TLS = """
        ssl_certificate {folder}/origin.pem;
        ssl_certificate_key {folder}/origin.key;
        ssl_session_cache shared:sessions:10m;
        keepalive_requests {answers};
        access_log {folder}/sessions.log sessions if=$is_first;
"""


ENDLESS = 1_000_000_000


def origin_address(number):
    return f"127.0.{number // PER_NET + 1}.{number % PER_NET + 1}"


def open_files():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Origin:
    """What both have in common. `count` origins; `count` 1 is 127.0.0.1 alone."""

    def __init__(self, count, tls=False):
        self.count = count
        self.scheme = "https" if tls else "http"
        self.port = free_port()
        self._status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._status:
            self._status.close()
        self.process.stop()

    def urls(self, count):
        """So many URLs, spread over the origins without order."""
        if self.count == 1:
            return [f"{self.scheme}://127.0.0.1:{self.port}/{n}" for n in range(count)]
        draw = random.Random(SEED)
        return [f"{self.scheme}://{origin_address(draw.randrange(self.count))}:{self.port}/{n}" for n in range(count)]

    def accepted(self):
        """Connections so far. The question goes over one connection that stays."""
        if not self._status:
            self._status = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self._status.sendall(b"GET /status HTTP/1.1\r\nHost: status\r\n\r\n")
        text = b""
        while not (found := re.search(rb"requests\s+(\d+) \d+ \d+ \n", text)):
            text += self._status.recv(4096)
        return int(found.group(1))


class Nginx(Origin):
    """With TLS, a connection ends after so many answers. What is told of sessions is of TLS alone."""

    def __init__(self, folder, count=1, tls=False, answers=ENDLESS):
        super().__init__(count, tls)
        self.sessions_log = folder / "sessions.log"
        self.sessions_log.write_text("")
        self.ca_file = str(folder / "ca.pem") if tls else None
        if tls:
            make_certificates(folder, count)
        ssl = " ssl" if tls else ""
        addresses = [origin_address(n) for n in range(count)] if count > 1 else []
        text = NGINX.format(
            folder=folder, port=self.port, files=open_files(), body=BODY, endless=ENDLESS,
            tls=TLS.format(folder=folder, answers=answers) if tls else "",
            listens=" ".join(f"listen {address}:{self.port}{ssl};" for address in addresses) or
            f"listen unix:{folder}/unused.socket;")
        (folder / "nginx.conf").write_text(text)
        (folder / "unused.socket").unlink(missing_ok=True)
        self.process = Process(["nginx", "-e", folder / "nginx-error.log", "-c", folder / "nginx.conf"],
                               folder / "nginx.log", orphaned=signal.SIGTERM)  # it has a worker to end
        wait_for_port(self.port, self.process)

    def handshakes(self):
        """Those since the last call, and how many of them resumed a session."""
        lines = self.sessions_log.read_text().split()
        with open(self.sessions_log, "r+", encoding="ascii") as log:
            log.truncate(0)
        return {"handshakes": len(lines), "resumed": lines.count("r")}


class OwnOrigin(Origin):
    """origin.c: answers after `delay_ms`."""

    def __init__(self, program, folder, count=1, delay_ms=0):
        super().__init__(count)
        self.ca_file = None
        self.process = Process([program, self.port, delay_ms, count if count > 1 else 0], folder / "origin.log")
        wait_for_port(self.port, self.process)


def make_certificates(folder, count):
    """An authority that lives for a day, and a certificate of it for all the addresses."""
    names = ",".join(f"IP:{origin_address(n)}" for n in range(count))
    (folder / "names").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=benchmark", "-days", "1")
    openssl("req", *key, "-keyout", "origin.key", "-out", "origin.csr", "-subj", "/CN=origin")
    openssl("x509", "-req", "-in", "origin.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "origin.pem", "-days", "1", "-extfile", "names")
