"""A process of its own that offers batches, whether or not they are taken.

    rig.load HOST PORT URL BATCH RATE SECONDS     RATE batches of BATCH URLs a second, each on a connection of its own
    rig.load HOST PORT URL BATCH -CLIENTS SECONDS so many clients, each with its next batch as soon as one is answered

Prints a JSON list with [status, seconds, Retry-After or null, URLs fetched with status 200] for each batch; status 0 is a
connection that broke. Beside the daemon it asks a server that answers at once, in a process of its own, every few
milliseconds: what that one takes at most is the machine's, and the last thing that is printed.
"""

import asyncio
import json
import multiprocessing
import socket
import sys
import time

from rig.probe import serve


async def ask(address, request):
    started_at = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection(*address, limit=1 << 20)
        writer.write(request)
        answer = await reader.read()
        writer.close()
    except OSError:
        return [0, time.monotonic() - started_at, None, 0]
    seconds = time.monotonic() - started_at
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1]) if lines[0] else 0
    after = [line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("retry-after:")]
    return [status, seconds, int(after[0]) if after else None, body.count(b'"status":200,')]


def request_of(url, batch):
    body = json.dumps({"urls": [url] * batch, "max_concurrent": batch}).encode()
    return (b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


async def offer(address, request, rate, seconds):
    begun, tasks = time.monotonic(), []
    while (now := time.monotonic() - begun) < seconds:
        while len(tasks) <= now * rate:
            tasks.append(asyncio.create_task(ask(address, request)))
        await asyncio.sleep(0.001)
    return await asyncio.gather(*tasks)


async def repeat(address, request, clients, seconds):
    until = time.monotonic() + seconds

    async def one():
        return [await ask(address, request) for _ in iter(lambda: time.monotonic() < until, False)]

    return sum(await asyncio.gather(*(one() for _ in range(clients))), [])


async def watch_machine(address, ended):
    slowest = 0
    while not ended.is_set():
        slowest = max(slowest, (await ask(address, b"GET / HTTP/1.1\r\n\r\n"))[1])
        await asyncio.sleep(0.005)
    return slowest


async def main(host, port, url, batch, rate, seconds, other):
    how = repeat if int(rate) < 0 else offer
    ended = asyncio.Event()
    machine = asyncio.create_task(watch_machine(other, ended))
    answers = await how((host, int(port)), request_of(url, int(batch)), abs(int(rate)), float(seconds))
    ended.set()
    print(json.dumps([answers, await machine]))


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = multiprocessing.Process(target=serve, args=(listener,), daemon=True)
        server.start()
        try:
            asyncio.run(main(*sys.argv[1:], listener.getsockname()))
        finally:
            server.kill()
