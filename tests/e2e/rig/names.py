"""A small name server: answers A and AAAA queries from a table, on a socket it is given."""

import collections
import socket
import struct
import threading

from rig.timing import PATIENCE

NO_SUCH_NAME = 3
SERVER_FAILURE = 2
SILENT = -1

A, AAAA = 1, 28


class NameServer:
    """`table` maps a name to addresses, or to a response code, or to SILENT. Addresses in a list of lists are given in
    turn, one list per A query, the last one for ever; a function is given the number of queries of the
    kind before. "*.x.test" stands for all names that end in ".x.test". Names that
    are not in it do not exist. `delay` is waited before each answer."""

    def __init__(self, bound, table, ttl=0, delay=0):
        self.bound = bound
        self.table = table
        self.ttl = ttl
        self.delay = delay
        self.queries = collections.Counter()  # of each (name, type)
        self._stopped = threading.Event()
        self.bound.settimeout(0.2)
        self.thread = threading.Thread(target=self._serve, name="names", daemon=True)
        self.thread.start()

    @property
    def address(self):
        return "%s:%d" % self.bound.getsockname()[:2]

    def asked(self, name):
        """How often, by the A queries: each of them has an AAAA query beside it."""
        return self.queries[name, A]

    def stop(self):
        self._stopped.set()
        self.thread.join(PATIENCE)
        self.bound.close()

    def _serve(self):
        while not self._stopped.is_set():
            try:
                query, client = self.bound.recvfrom(4096)
            except TimeoutError:
                continue
            answer = self._answer(query)
            if answer and not (self.delay and self._stopped.wait(self.delay)):
                self.bound.sendto(answer, client)

    def _answer(self, query):
        name, end = read_name(query, 12)
        kind, _ = struct.unpack_from("!HH", query, end)
        entry = self.table.get(name)
        if entry is None:
            entry = self.table.get("*." + name.partition(".")[2], NO_SUCH_NAME)
        turn = self.queries[name, A]
        entry = entry(self.queries[name, kind]) if callable(entry) else entry
        self.queries[name, kind] += 1
        if entry == SILENT:
            return None
        code = entry if isinstance(entry, int) else 0
        addresses = [] if isinstance(entry, int) else addresses_of(entry, turn, kind)
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, self.ttl, len(address)) + address for address in addresses)
        return head + query[12:end + 4] + records


def addresses_of(entry, turn, kind):
    texts = entry[min(turn, len(entry) - 1)] if entry and isinstance(entry[0], list) else entry
    family = socket.AF_INET6 if kind == AAAA else socket.AF_INET
    return [socket.inet_pton(family, text) for text in texts if kind in (A, AAAA) and (":" in text) == (kind == AAAA)]


def read_name(message, at):
    labels = []
    while length := message[at]:
        labels.append(message[at + 1:at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    return ".".join(labels), at + 1
