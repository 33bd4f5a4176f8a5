"""A network of its own for one daemon: the namespaces, a black hole, a name server, and sockets inside for the test.

Run as a program this file is the process that holds the namespaces. It builds the network and then hands listening
sockets made inside out to the test over a Unix socket, so that origins and name servers of the test process serve there.
The network is loopback and 203.0.113.0/24, whose packets go nowhere and are never answered.
"""

import array
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from rig.timing import PATIENCE

HOLE = "203.0.113.9"  # an address in the black hole
WAYS = (["unshare", "--net", "--mount"], ["unshare", "--user", "--map-root-user", "--net", "--mount"])


class NoBox(Exception):
    """Namespaces cannot be made here; the text says why."""


class Box:
    def __init__(self, name_server=HOLE):
        self.folder = Path(tempfile.mkdtemp(prefix="fetchpool-box-"))
        (self.folder / "resolv.conf").write_text(f"nameserver {name_server}\noptions timeout:5 attempts:2\n")
        (self.folder / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        (self.folder / "nsswitch.conf").write_text("hosts: files dns\n")
        reasons = []
        for way in WAYS:
            try:
                self._start(way)
                return
            except NoBox as reason:
                reasons.append(f"{' '.join(way)}: {reason}")
        shutil.rmtree(self.folder)
        raise NoBox("; ".join(reasons))

    def _start(self, way):
        self._control, theirs = socket.socketpair()
        self._control.settimeout(PATIENCE)
        with theirs:
            self.process = subprocess.Popen(
                [*way, sys.executable, "-m", "rig.box", str(theirs.fileno()), str(self.folder)], pass_fds=[theirs.fileno()],
                cwd=Path(__file__).resolve().parents[1], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        if self._control.recv(16) != b"built":
            reason = self.process.communicate(timeout=PATIENCE)[1].decode().strip()
            self._control.close()
            raise NoBox(reason.splitlines()[-1] if reason else "no reason given")
        # Not --user when it is our own user namespace: one cannot enter the namespace one is in.
        user = ["--user", "--preserve-credentials"] if "--user" in way else []
        self.prefix = ["nsenter", f"--target={self.process.pid}", *user, "--root", "--net", "--mount", f"--wd={self.folder}"]

    def run(self, *command):
        """Runs a command inside, which must succeed."""
        subprocess.run([*self.prefix, *command], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)

    def take_all_addresses(self):
        """From now on every address there is leads to the sockets inside, though the box does not have it as its own."""
        self.run("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo")
        self.run("ip", "-6", "route", "add", "local", "::/0", "dev", "lo")

    def socket(self, host="127.0.0.1", port=0, kind=socket.SOCK_STREAM):
        """A bound socket inside, listening if it is a stream."""
        self._control.sendall(json.dumps([host, port, int(kind)]).encode())
        answer, fds, _, _ = socket.recv_fds(self._control, 1024, 1)
        assert fds, answer.decode()
        return socket.socket(fileno=fds[0])

    def stop(self):
        self._control.close()  # the holder ends at the end of its control connection
        self.process.wait(PATIENCE)
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def build(folder):
    """Runs inside: devices, addresses, and the files that the resolver reads."""
    def ip(*words):
        return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=PATIENCE)

    ip("link", "set", "lo", "up")
    # Not every kernel has the dummy device; a pair whose other end nobody listens on is as black.
    if ip("link", "add", "name", "hole0", "type", "dummy").returncode:
        ip("link", "add", "name", "hole0", "type", "veth", "peer", "name", "hole1")
        ip("link", "set", "hole1", "up")
    ip("link", "set", "hole0", "arp", "off")  # no address resolution: packets leave, and nobody takes them
    ip("link", "set", "hole0", "up")
    added = ip("address", "add", "203.0.113.1/24", "dev", "hole0")
    if added.returncode:
        sys.exit(f"no black hole: {added.stderr.strip()}")
    for name in ("resolv.conf", "hosts", "nsswitch.conf"):
        if subprocess.run(["mount", "--bind", f"{folder}/{name}", f"/etc/{name}"], timeout=PATIENCE).returncode:
            sys.exit(f"/etc/{name} cannot be replaced")
    if os.path.isdir("/run/nscd"):  # a name cache outside would answer from outside
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/nscd"], timeout=PATIENCE)


def hand_out(control):
    while request := control.recv(1024):
        host, port, kind = json.loads(request)
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as made:
                made.bind((host, port))
                if kind == socket.SOCK_STREAM:
                    made.listen(1024)
                control.sendmsg([b"here"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [made.fileno()]))])
        except OSError as error:
            control.sendall(str(error).encode())


def main():
    with socket.socket(fileno=int(sys.argv[1])) as control:
        build(sys.argv[2])
        control.sendall(b"built")
        hand_out(control)


if __name__ == "__main__":
    main()
