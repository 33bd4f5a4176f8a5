"""A plain HTTP client on http.client, for TCP and Unix sockets, that reads JSON strictly."""

import http.client
import json
import socket
import time
from dataclasses import dataclass

from rig.record import record
from rig.timing import PATIENCE


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    seconds: float

    def json(self):
        return strict_json(self.body)


def strict_json(text):
    """Parses what RFC 8259 allows and nothing else: no NaN, no duplicate names, only UTF-8."""

    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    def unique(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError(f"names repeat: {names}")
        return dict(pairs)

    if isinstance(text, bytes):
        text = text.decode("utf-8")
    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)


def split_address(address):
    """('127.0.0.1', 80) of '127.0.0.1:80', ('::1', 80) of '[::1]:80'."""
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


def connect(address, timeout=PATIENCE):
    """A connection object of http.client; it connects at the first request."""
    if address.startswith("unix:"):
        return UnixConnection(address[len("unix:"):], timeout)
    host, port = split_address(address)
    return http.client.HTTPConnection(host, port, timeout=timeout)


def open_socket(address, timeout=PATIENCE):
    """A connected socket, for tests that write their own bytes."""
    if address.startswith("unix:"):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(timeout)
        stream.connect(address[len("unix:"):])
        return stream
    return socket.create_connection(split_address(address), timeout=timeout)


def read_to_end(stream):
    """All bytes until the peer closes (or resets) the connection."""
    pieces = []
    try:
        while piece := stream.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def exchange(connection, method, path, body=None, headers=None):
    """One request on a connection that stays open. The whole answer is read."""
    started_at = time.monotonic()
    connection.request(method, path, body=body, headers=headers or {})
    response = connection.getresponse()
    content = response.read()
    record(method, path, headers, body, response, content)
    return Answer(response.status, response.headers, content, time.monotonic() - started_at)


def request(address, method, path, body=None, headers=None, timeout=PATIENCE):
    """One request on a connection of its own."""
    connection = connect(address, timeout)
    try:
        return exchange(connection, method, path, body, headers)
    finally:
        connection.close()
