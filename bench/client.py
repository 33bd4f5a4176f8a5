"""A client that costs next to nothing: it sends a POST and keeps what comes, and looks at it when the time is taken."""

import contextlib
import re
import socket
import threading
import time
from dataclasses import dataclass

RECEIVE_BYTES = 1 << 20
TIMEOUT_S = 300


@dataclass
class Answer:
    seconds: float  # to the end of the answer
    first_s: float  # to its first results
    text: bytes

    def count_ok(self):
        return self.text.count(b'"status":200') + self.text.count(b'"status": 200')

    def first_error(self):
        found = re.search(rb'"error": ?"([^"]*)', self.text)
        return found.group(1).decode("utf-8", "replace") if found else "no error told"


def wait_for_port(port, process, address="127.0.0.1", patience_s=10):
    end = time.monotonic() + patience_s
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            if not process.is_alive():
                raise RuntimeError(process.complaint()) from None
            if time.monotonic() > end:
                raise RuntimeError(f"{process.name} does not listen on port {port}") from None
            time.sleep(0.01)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def send_post(port, path, body, accept="*/*", method="POST"):
    """Gives the connection with the answer to come."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
    head = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nAccept: {accept}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
    connection.sendall(head.encode("ascii") + body)
    return connection


class Running:
    """A POST whose answer is read in the background and thrown away. Leaving the block leaves the server with it."""

    def __init__(self, port, path, body):
        self._connection = send_post(port, path, body)
        self._thread = threading.Thread(target=self._read, name="running", daemon=True)

    def _read(self):
        try:
            while self._connection.recv(RECEIVE_BYTES):
                pass
        except OSError:
            pass

    def is_over(self):
        return not self._thread.is_alive()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._connection.close()


def post(port, path, body, at_first=None, accept="*/*", piece_bytes=RECEIVE_BYTES, at_each=None):
    """`at_first` is called when the first results are there, `at_each` for each piece of the answer."""
    start = time.monotonic()
    first_s = None
    pieces = []
    with send_post(port, path, body, accept) as connection:
        while piece := connection.recv(piece_bytes):
            pieces.append(piece)
            if at_each:
                at_each()
            if first_s is None and (len(pieces) > 1 or b'"url"' in piece):
                first_s = time.monotonic() - start
                if at_first:
                    at_first()
    seconds = time.monotonic() - start
    return Answer(seconds, first_s or seconds, _body(b"".join(pieces)))


def _body(message):
    head, _, body = message.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0] + b" ":
        raise RuntimeError(f"not answered with 200: {message[:300].decode('utf-8', 'replace')}")
    return b"".join(_chunks(body)) if b"transfer-encoding: chunked" in head.lower() else body


def _chunks(text):
    at = 0
    while True:
        end = text.index(b"\r\n", at)
        size = int(text[at:end].split(b";")[0], 16)
        if not size:
            return
        yield text[end + 2:end + 2 + size]
        at = end + 2 + size + 2
