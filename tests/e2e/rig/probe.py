"""A process of its own that asks /healthz over and over, so that neither the load nor the test's threads slow it.

Beside the daemon it asks the smallest server there can be, in a third process: what that one takes is the machine's.
Prints a line when it begins. At the end of its standard input it prints how often it asked, the daemon's slowest answer,
the other's, and the daemon's 99th percentile.
"""

import json
import os
import select
import signal
import socket
import sys
import time


def serve(listener):
    while True:
        stream, _ = listener.accept()
        with stream:
            stream.recv(4096)
            stream.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"status": "ok"}')


def ask(address):
    started_at = time.monotonic()
    with socket.create_connection(address, timeout=30) as stream:
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := stream.recv(4096):
            answer += piece
    seconds = time.monotonic() - started_at
    assert answer.startswith(b"HTTP/1.1 200 ") and json.loads(answer.split(b"\r\n\r\n")[1]) == {"status": "ok"}, answer
    return seconds


def main():
    daemon = (sys.argv[1], int(sys.argv[2]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child = os.fork()
        if child == 0:
            serve(listener)
        other = listener.getsockname()
    try:
        times = [(ask(daemon), ask(other))]
        print("begun", flush=True)
        while not select.select([sys.stdin], [], [], 0.005)[0]:
            times.append((ask(daemon), ask(other)))
        daemon_times = sorted(mine for mine, _ in times)
        print(len(times), *map(max, zip(*times)), daemon_times[len(times) * 99 // 100])
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
