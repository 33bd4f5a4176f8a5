"""A service manager as the daemon sees one: the socket that it is told by, with what came so far."""

import os
import re
import socket
import threading
import time

from rig.faults import programs
from rig.timing import PATIENCE

WEDGE = programs() / "wedge.so"


class Manager:
    """`watchdog` is how many seconds it waits for a sign of life; None: it has no watchdog."""

    def __init__(self, watchdog=None):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0fetchpool-test-{os.getpid()}-{os.urandom(4).hex()}")
        self.environment = {"NOTIFY_SOCKET": "@" + self._socket.getsockname()[1:].decode()}
        if watchdog:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        self.messages = []  # (when, {name: value})
        self._news = threading.Condition()
        threading.Thread(target=self._read, name="manager", daemon=True).start()

    def _read(self):
        while data := self._socket.recv(65536):
            message = dict(line.split("=", 1) for line in data.decode().splitlines())
            with self._news:
                self.messages.append((time.monotonic(), message))
                self._news.notify_all()

    def count(self, name, pattern=""):
        return len([message for _, message in self.messages if name in message and re.search(pattern, message[name])])

    def wait_for(self, name, pattern="", count=1):
        """The count-th message so far with such a value."""
        def found():
            return [message for _, message in self.messages if name in message and re.search(pattern, message[name])]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= count, PATIENCE)
            assert len(found()) >= count, (name, pattern, self.messages[-5:])
            return found()[count - 1]

    def wait_for_more(self, name, count):
        self.wait_for(name, count=self.count(name) + count)

    def is_silent_for(self, name, seconds):
        """Whether no such message comes for so long."""
        before = self.count(name)
        with self._news:
            return not self._news.wait_for(lambda: self.count(name) > before, seconds)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stream:
            stream.sendto(b"", self._socket.getsockname())
