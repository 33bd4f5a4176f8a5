"""The real fetchpoold as a child process: started, listened to, stopped, and its log judged."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from rig import client, confinement
from rig.record import record
from rig.timing import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
FETCHPOOLD = os.environ.get("FETCHPOOLD", str(ROOT / "build" / "fetchpoold"))
FETCHPOOL = os.environ.get("FETCHPOOL", str(ROOT / "build" / "fetchpool"))

SANITIZER_REPORT = re.compile(
    r"ERROR: AddressSanitizer|runtime error:|WARNING: ThreadSanitizer|LeakSanitizer|ERROR: libFuzzer|Assertion .* failed")
OPEN_LOOPBACK = {"guard.allow": "127.0.0.0/8,::1"}
LISTENING = re.compile(r"""listening"?[ ,]+"?address"?[=:]"?([^\s",}]+)""")


def clean_environment(**extra):
    """The environment of the test without what would steer the programs: proxies and their own settings."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.upper().startswith("FETCHPOOL") and not name.lower().endswith("_proxy")}
    environment.update(extra)
    return environment


def run_program(program, *arguments, text="", timeout=PATIENCE, cwd=None, **environment):
    """Runs a program to its end. Its standard error must hold no sanitizer report."""
    result = subprocess.run([program, *arguments], input=text, capture_output=True, text=True, timeout=timeout, cwd=cwd,
                            env=clean_environment(**environment))
    assert not SANITIZER_REPORT.search(result.stderr), result.stderr
    return result


def start_program(program, *arguments, **how):
    """A program that runs, with its standard output and error to be read."""
    return subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=clean_environment(), **how)


def leave_program(process):
    """Nobody reads its output any more, which ends it without a word."""
    process.stdout.close()
    assert process.wait(PATIENCE) == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


def set_arguments(settings):
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


class Pending:
    """A request on a connection of its own whose answer has not been read yet."""

    def __init__(self, connection, path, body, **headers):
        self.connection = connection
        self.request = ("POST", path, {"Content-Type": "application/json", **headers}, json.dumps(body))
        connection.request("POST", path, self.request[3], self.request[2])

    def answer(self):
        """Waits for the whole answer, which must be a 200, and gives its JSON."""
        response = self.connection.getresponse()
        content = response.read()
        record(*self.request, response, content)
        self.leave()
        assert response.status == 200, content
        return client.strict_json(content)

    def leave(self):
        """Closes the connection, whether or not it was answered."""
        self.connection.close()


class PendingLines(Pending):
    """A batch whose answer is read line by line, as the lines come."""

    def __init__(self, connection, body):
        super().__init__(connection, "/fetch", body, Accept="application/x-ndjson")
        self.response = None
        self.texts = []

    def line(self):
        """The next line; a result, or in the end the one that says so. It must be whole."""
        if not self.response:
            self.response = self.connection.getresponse()
            assert self.response.status == 200, self.response.read()
            assert self.response.headers["Content-Type"] == "application/x-ndjson"
        text = self.response.readline()
        assert text.endswith(b"\n"), text
        self.texts.append(text)
        return client.strict_json(text)

    def rest(self):
        """All lines to the end: the results, and the counts of the last one."""
        results = []
        while not (line := self.line()).get("done"):
            results.append(line)
        assert list(line) == ["done", "counts"] and line["done"] is True
        assert self.response.read() == b""
        record(*self.request, self.response, b"".join(self.texts))
        self.leave()
        return results, line["counts"]


class Daemon:
    """A running fetchpoold in a folder of its own, under the unit's system-call filter where that can be. `prefix` is a
    command that starts it elsewhere, as in a namespace. Without `ca_file` it reads all the authorities of the system,
    which is half of what it does to start."""

    def __init__(self, settings=None, arguments=(), listen=("127.0.0.1:0",), environment=None, prefix=(), pass_fds=(),
                 wait=True, confined=True, ca_file=None):
        self.folder = Path(tempfile.mkdtemp(prefix="fetchpool-"))
        (self.folder / "own.conf").write_text(f"[fetch]\nca_file = {ca_file}\n" if ca_file else "")
        command = [*prefix, *(confinement.prefix() if confined else []), FETCHPOOLD]
        if "--config" not in arguments:
            command += ["--config", str(self.folder / "own.conf")]
        for address in listen:
            command += ["--listen", address.replace("unix:", f"unix:{self.folder}/")]
        command += [*set_arguments(settings or {}), *arguments]
        self.lines = []
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder,
            env=clean_environment(**(environment or {})), pass_fds=pass_fds)
        self._reader = threading.Thread(target=self._read_log, name="log", daemon=True)
        self._reader.start()
        try:
            if wait:
                self.wait_for_line("ready")
        except BaseException:
            self.kill()
            raise

    def _read_log(self):
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    @property
    def log(self):
        with self._news:
            return "\n".join(self.lines)

    def wait_for_line(self, *patterns, count=1):
        """Blocks until `count` log lines match all patterns; returns them. Fails when the daemon ends before."""
        def found():
            return [line for line in self.lines if all(re.search(pattern, line) for pattern in patterns)]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= count or self._ended, PATIENCE)
            assert len(found()) >= count, f"no line {patterns} in the log:\n" + "\n".join(self.lines)
            return found()

    @property
    def addresses(self):
        return [match.group(1) for match in map(LISTENING.search, self.lines) if match]

    @property
    def address(self):
        return self.addresses[0]

    def url(self, path=""):
        return f"http://{self.address}{path}"

    def connect(self):
        return client.connect(self.address)

    def open_socket(self):
        return client.open_socket(self.address)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def get(self, path, headers=None):
        return client.request(self.address, "GET", path, headers=headers)

    def post(self, path, body, content_type="application/json", headers=None):
        """Strings and bytes are sent as they are, anything else as JSON."""
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode("utf-8")
        return client.request(self.address, "POST", path, body, {"Content-Type": content_type, **(headers or {})})

    def post_batch(self, urls, **options):
        return self.post("/fetch", {"urls": urls, **options})

    def fetch(self, urls, **options):
        """The results of a batch that must be accepted."""
        answer = self.post_batch(urls, **options)
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"].split(";")[0] == "application/json"
        results = answer.json()
        assert isinstance(results, list) and len(results) == len(urls)
        return results

    def begin_batch(self, urls, **options):
        return Pending(self.connect(), "/fetch", {"urls": urls, **options})

    def begin_lines(self, urls, **options):
        return PendingLines(self.connect(), {"urls": urls, **options})

    def fetch_lines(self, urls, **options):
        """The results of a batch that must be accepted, as lines, and the counts."""
        return self.begin_lines(urls, **options).rest()

    def begin(self, path, body, **headers):
        return Pending(self.connect(), path, body, **headers)

    def fetch_one(self, item, **options):
        return self.fetch([item], **options)[0]

    def assert_serves(self, origin):
        """The daemon still does its work."""
        assert self.get("/healthz").json() == {"status": "ok"}
        assert self.fetch_one(origin.url("/still-there"))["status"] == 200

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        """The exit status, when the process has ended and its whole log is read."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def stop(self):
        """The end of every test: SIGTERM (unless it ended already), exit 0, and nothing bad in the log."""
        try:
            if self.process.poll() is None:
                self.signal()
            status = self.wait()
            assert status == 0, f"exit status {status}; the log:\n{self.log}"
            assert not SANITIZER_REPORT.search(self.log), self.log
        finally:
            self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE)
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)
