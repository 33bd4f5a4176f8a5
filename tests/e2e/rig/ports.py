"""Ports that misbehave below HTTP. Each is a context manager that gives the port number."""

import contextlib
import socket
import struct


@contextlib.contextmanager
def closed_port():
    """Bound but not listening: a connection is refused, and nobody else can take the port."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextlib.contextmanager
def silent_port():
    """The kernel completes the connection, nobody ever reads or writes."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@contextlib.contextmanager
def full_port():
    """A listener whose queue is full: further connection attempts are dropped, as behind a silent firewall."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        while True:
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.2)
            try:
                filler.connect(listener.getsockname())
            except TimeoutError:
                break
        yield listener.getsockname()[1]


def reset_on_close(stream):
    """Makes close() send a reset instead of an orderly end."""
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
