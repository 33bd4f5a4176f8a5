"""A small name server: answers A queries from a table, on a socket it is given."""

import socket
import struct
import threading

from rig.timing import PATIENCE

NO_SUCH_NAME = 3
SERVER_FAILURE = 2


class NameServer:
    """`table` maps a name to addresses, or to a response code. Addresses in a list of lists are given in turn, one list
    per query, the last one for ever. Names that are not in it do not exist. AAAA queries get an empty answer."""

    def __init__(self, bound, table):
        self.bound = bound
        self.table = table
        self.queries = []
        self._stopped = False
        self.bound.settimeout(0.2)
        self.thread = threading.Thread(target=self._serve, name="names", daemon=True)
        self.thread.start()

    def stop(self):
        self._stopped = True
        self.thread.join(PATIENCE)
        self.bound.close()

    def _serve(self):
        while not self._stopped:
            try:
                query, client = self.bound.recvfrom(4096)
            except TimeoutError:
                continue
            self.bound.sendto(self._answer(query), client)

    def _answer(self, query):
        name, end = read_name(query, 12)
        kind, _ = struct.unpack_from("!HH", query, end)
        entry = self.table.get(name, NO_SUCH_NAME)
        code = entry if isinstance(entry, int) else 0
        addresses = [] if isinstance(entry, int) or kind != 1 else self._addresses(name, entry)
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
                           for address in addresses)
        return head + query[12:end + 4] + records

    def _addresses(self, name, entry):
        turn = self.queries.count(name)
        self.queries.append(name)
        return entry[min(turn, len(entry) - 1)] if isinstance(entry[0], list) else entry


def read_name(message, at):
    labels = []
    while length := message[at]:
        labels.append(message[at + 1:at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    return ".".join(labels), at + 1
