"""Scripted HTTP origins: cheap servers on loopback that count, wait and misbehave as they are told.

All origins of a test process run in one asyncio loop in one thread. Tests call them from the main thread.
"""

import asyncio
import collections
import contextlib
import json
import socket
import threading
import urllib.parse
from dataclasses import dataclass, field

from rig.ports import reset_on_close
from rig.timing import PATIENCE


@dataclass
class Request:
    method: str
    target: str
    headers: list  # of (name, value), as they came
    body: bytes
    connection: int  # counted from 1 in the order of accepting
    version: str = "1.1"  # of HTTP

    @property
    def path(self):
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True))

    def values(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.values(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: list = field(default_factory=list)
    framing: str = "length"  # or "chunked", or "close"


class Raw:
    """Bytes as they are; a number between them is a pause in seconds. `end` is close, reset or stall."""

    def __init__(self, *pieces, end="close"):
        self.pieces = pieces
        self.end = end


class ClientLeft(Exception):
    """The client closed its connection while the origin made it wait."""


class LoopThread:
    """An asyncio loop in a thread of its own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="origins", daemon=True)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()


class Gate:
    """Scripts of paths that are answered when the test says so, each on its own."""

    def __init__(self, origin, *paths):
        self.origin = origin
        self.events = {path: asyncio.Event() for path in paths}
        for path in paths:
            origin.on(path, self._wait)

    async def _wait(self, request):
        await self.events[request.path].wait()
        return Reply(body=b"ok")

    def open(self, path):
        self.origin.loop_thread.loop.call_soon_threadsafe(self.events[path].set)


class Origin:
    """One server. `on(path, script)` sets what a path answers: a Reply, a Raw, or an async function of the request
    that returns one. Paths without a script are served by `standard` below."""

    def __init__(self, loop_thread, tls=None, host="127.0.0.1", listener=None):
        self.loop_thread = loop_thread
        self.tls = tls
        self.host = host
        self.listener = listener
        self.scripts = {}
        self.requests = []
        self.connections = 0
        self.open_connections = 0
        self.resumed = 0  # connections that went on with a TLS session of an earlier one
        self.in_flight = 0
        self.peak = 0
        self.reached = collections.Counter()  # the addresses of ours that connections were made to
        self.abandoned = 0  # requests whose client left while they waited
        self.on_connect = None  # a Raw that answers the first byte of every connection, whatever that is
        self.on_body = None  # "reset": a request with a body is reset when its head is read
        self._changed = threading.Condition()
        self._tasks = set()

    def start(self):
        self.loop_thread.run(self._start())
        return self

    def stop(self):
        self.loop_thread.run(self._stop())

    def url(self, path="/", host=None):
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host or self.host}:{self.port}{path}"

    def on(self, path, script):
        self.scripts[path] = script
        return self.url(path)

    def release(self):
        """Lets go of every request that waits in /held, and of those that come later."""
        self.loop_thread.loop.call_soon_threadsafe(self._released.set)

    def wait_until(self, condition, what="the origin's condition"):
        """Blocks until condition(), looked at after every change of a counter."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), f"in vain: {what}"

    def wait_for_requests(self, count, path=None):
        self.wait_until(lambda: len(self.seen(path)) >= count, f"{count} requests of {path or 'any path'}")

    def seen(self, path=None):
        return [request for request in list(self.requests) if path is None or request.path == path]

    def hang_up(self):
        """Closes all connections, as servers do with those that were idle for long: TLS ends, and at once the stream."""
        for task in list(self._tasks):
            self.loop_thread.loop.call_soon_threadsafe(task.cancel)
        self.wait_until(lambda: self.open_connections == 0, "all connections are closed")

    async def _start(self):
        self._released = asyncio.Event()
        where = {"sock": self.listener} if self.listener else {"host": self.host, "port": 0}
        self.server = await asyncio.start_server(self._accept, ssl=self.tls, backlog=2048, limit=1 << 20, **where)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _stop(self):
        self.server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _change(self, **steps):
        with self._changed:
            for name, step in steps.items():
                setattr(self, name, getattr(self, name) + step)
            self.peak = max(self.peak, self.in_flight)
            self._changed.notify_all()

    async def _accept(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self.reached[writer.get_extra_info("sockname")[0].removeprefix("::ffff:")] += 1
        self._change(connections=1, open_connections=1, resumed=is_resumed(writer))
        number = self.connections
        try:
            if self.on_connect:
                await reader.readexactly(1)
                await self._send_raw(reader, writer, self.on_connect)
                return
            while await self._serve(reader, writer, number):
                pass
        except (ConnectionError, ClientLeft, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            close(writer)
            self._change(open_connections=-1)

    async def _serve(self, reader, writer, number):
        request = await read_head(reader, number)
        if self.on_body == "reset":
            return await self._send_raw(reader, writer, Raw(end="reset"))
        await read_body(reader, request)
        self.requests.append(request)
        self._change(in_flight=1)
        waiting = True

        def settle(**steps):
            nonlocal waiting
            if waiting:
                waiting = False
                self._change(in_flight=-1, **steps)

        try:
            reply = await self._unless_left(reader, self._answer(request))
            settle()  # before the first byte: what is counted here lies within what the client counts
            if isinstance(reply, Raw):
                return await self._send_raw(reader, writer, reply)
            await send_reply(writer, request, reply)
            return reply.framing != "close"
        except ClientLeft:
            settle(abandoned=1)
            raise
        finally:
            settle()

    async def _answer(self, request):
        script = self.scripts.get(request.path)
        if script is None:
            return await standard(self, request)
        return await script(request) if callable(script) else script

    async def _unless_left(self, reader, coroutine):
        work = asyncio.ensure_future(coroutine)
        end = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            raise ClientLeft
        finally:
            for future in (work, end):
                future.cancel()
            await asyncio.gather(work, end, return_exceptions=True)

    async def _send_raw(self, reader, writer, raw):
        for piece in raw.pieces:
            if isinstance(piece, (int, float)):
                await self._unless_left(reader, asyncio.sleep(piece))
            else:
                writer.write(piece)
                await writer.drain()
        if raw.end == "stall":
            await self._unless_left(reader, asyncio.Event().wait())
        if raw.end == "reset":
            reset_on_close(writer.get_extra_info("socket"))
            writer.transport.abort()
        return False


def close(writer):
    """Over TLS without waiting for the client's end of it. A plain connection that is reset must not end in order first."""
    peer = writer.get_extra_info("ssl_object") and writer.get_extra_info("socket")
    writer.close()
    if peer:
        with contextlib.suppress(OSError):
            peer.shutdown(socket.SHUT_WR)


def is_resumed(writer):
    tls = writer.get_extra_info("ssl_object")
    return int(bool(tls and tls.session_reused))


async def read_head(reader, connection):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    if head[0].count(" ") < 2:
        raise ClientLeft  # it goes on in HTTP/2, behind a preface that looks like a head
    method, target, _ = head[0].split(" ", 2)
    headers = [tuple(part.strip() for part in line.split(":", 1)) for line in head[1:] if line]
    return Request(method, target, headers, b"", connection)


async def read_body(reader, request):
    if length := request.header("Content-Length"):
        request.body = await reader.readexactly(int(length))
    elif request.header("Transfer-Encoding"):
        while size := int(await reader.readline(), 16):
            request.body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)


async def send_reply(writer, request, reply):
    lines = [f"HTTP/1.1 {reply.status} Scripted"] + [f"{name}: {value}" for name, value in reply.headers]
    bodiless = request.method == "HEAD" or reply.status in (204, 304)
    if reply.framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif reply.framing == "close":
        lines.append("Connection: close")
    elif reply.status != 204:
        lines.append(f"Content-Length: {len(reply.body)}")
    writer.write("\r\n".join(lines + ["", ""]).encode("latin-1"))
    for start in range(0, 0 if bodiless else len(reply.body), 65536):
        piece = reply.body[start:start + 65536]
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.framing == "chunked" else piece)
        await writer.drain()
    if reply.framing == "chunked" and not bodiless:
        writer.write(b"0\r\n\r\n")
    await writer.drain()


async def standard(origin, request):
    """/delay/SECONDS, /bytes/N (either may end in /ANYTHING), /status/CODE, /redirect/N, /to?url=&status=, /echo and
    /held, which waits for release(). ?delay= works with all of them. Other paths answer 'ok'."""
    words = request.path.strip("/").split("/")
    await asyncio.sleep(float(request.query.get("delay", 0)))
    if words[0] == "delay":
        await asyncio.sleep(float(words[1]))
    elif words[0] == "bytes":
        return Reply(body=b"x" * int(words[1]))
    elif words[0] == "status":
        return Reply(int(words[1]), b"status")
    elif words[0] == "redirect":
        left = int(words[1])
        return Reply(302, headers=[("Location", origin.url(f"/redirect/{left - 1}"))]) if left else Reply(body=b"end")
    elif words[0] == "to":
        return Reply(int(request.query.get("status", 302)), headers=[("Location", request.query["url"].encode().decode("latin-1"))])
    elif words[0] == "echo":
        document = {"method": request.method, "target": request.target, "headers": request.headers,
                    "body": request.body.decode("latin-1")}
        return Reply(body=json.dumps(document).encode(), headers=[("Content-Type", "application/json")])
    elif words[0] == "held":
        await origin._released.wait()
    return Reply(body=b"ok")
