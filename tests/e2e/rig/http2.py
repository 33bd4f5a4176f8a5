"""A scripted origin that speaks HTTP/2, on python3-h2, with the same scripts as the one of HTTP/1."""

import asyncio
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events

from rig.origin import ClientLeft, Origin, Raw, Reply, Request, close


@dataclass
class Broken:
    """An answer that breaks off: after head and body the stream is reset with `code`, or, without one, the connection is
    closed; `goaway` says before that that it will be."""

    status: int = 200
    body: bytes = b""
    headers: list = field(default_factory=list)
    code: h2.errors.ErrorCodes = None
    goaway: bool = False
    silent: bool = False  # not even a head is sent


@dataclass
class Early:
    """Informational responses, then the answer, then trailers."""

    statuses: list
    reply: Reply
    trailers: list = field(default_factory=list)


class Http2Origin(Origin):
    """With TLS it speaks what the client agrees to (set_alpn_protocols of the context), without TLS HTTP/2 only."""

    async def _accept(self, reader, writer):
        tls = writer.get_extra_info("ssl_object")
        if tls and tls.selected_alpn_protocol() != "h2":
            await super()._accept(reader, writer)
            return
        task = asyncio.current_task()
        self._tasks.add(task)
        self._change(connections=1, open_connections=1)
        try:
            await Session(self, reader, writer, self.connections).run()
        except (ConnectionError, ClientLeft, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            close(writer)
            self._change(open_connections=-1)


class Session:
    """One connection. A stream is answered when its request is whole, one after the other."""

    def __init__(self, origin, reader, writer, number):
        self.origin, self.reader, self.writer, self.number = origin, reader, writer, number
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="latin-1"))
        self.requests = {}
        self.whole = []
        self.gone = set()

    async def run(self):
        self.connection.initiate_connection()
        while True:
            await self.flush()
            if self.whole:
                await self.answer(*self.whole.pop(0))
            else:
                await self.read()

    async def flush(self):
        self.writer.write(self.connection.data_to_send())
        await self.writer.drain()

    async def read(self):
        data = await self.reader.read(65536)
        if not data:
            raise ClientLeft
        for event in self.connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.requests[event.stream_id] = self.begin(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                self.requests[event.stream_id].body += event.data
                self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.whole.append((event.stream_id, self.requests.pop(event.stream_id)))
            elif isinstance(event, h2.events.StreamReset):
                self.gone.add(event.stream_id)
        await self.flush()

    def begin(self, headers):
        pseudo = {name: value for name, value in headers if name.startswith(":")}
        plain = [("Host", pseudo[":authority"])] + [(name, value) for name, value in headers if not name.startswith(":")]
        return Request(pseudo[":method"], pseudo[":path"], plain, b"", self.number, "2")

    async def answer(self, stream, request):
        self.origin.requests.append(request)
        self.origin._change(in_flight=1)
        try:
            reply = await self.unless_left(stream, self.origin._answer(request))
        finally:
            self.origin._change(in_flight=-1)
        if isinstance(reply, Raw):
            self.writer.write(b"".join(reply.pieces))
        elif isinstance(reply, Early):
            for status in reply.statuses:
                self.connection.send_headers(stream, [(":status", str(status)), ("x-early", str(status))])
            await self.send(stream, request, reply.reply, reply.trailers)
        elif isinstance(reply, Broken):
            await self.break_off(stream, request, reply)
        else:
            await self.send(stream, request, reply)

    async def unless_left(self, stream, coroutine):
        """The client may leave, or reset the stream, while it is made to wait."""
        work = asyncio.ensure_future(coroutine)
        try:
            while not work.done():
                news = asyncio.ensure_future(self.read())
                await asyncio.wait({work, news}, return_when=asyncio.FIRST_COMPLETED)
                left = news.done() and news.exception()
                news.cancel()
                await asyncio.gather(news, return_exceptions=True)
                if left or stream in self.gone:
                    self.origin._change(abandoned=1)
                    raise ClientLeft
            return work.result()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def break_off(self, stream, request, reply):
        if not reply.silent:
            self.send_head(stream, request, reply, length=None)
            await self.send_body(stream, reply.body, end=False)
        if reply.goaway:
            self.connection.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
        if reply.code is not None:
            self.connection.reset_stream(stream, reply.code)
        await self.flush()
        if reply.code is None:
            raise ClientLeft

    def send_head(self, stream, request, reply, length, end=False):
        headers = [(":status", str(reply.status))] + [(name.lower(), value) for name, value in reply.headers]
        if length is not None:
            headers.append(("content-length", str(length)))
        self.connection.send_headers(stream, headers, end_stream=end)

    async def send(self, stream, request, reply, trailers=()):
        bodiless = request.method == "HEAD" or reply.status in (204, 304)
        length = len(reply.body) if reply.framing == "length" and reply.status != 204 else None
        self.send_head(stream, request, reply, length, end=bodiless)
        if not bodiless:
            await self.send_body(stream, reply.body, end=not trailers)
            if trailers:
                self.connection.send_headers(stream, trailers, end_stream=True)

    async def send_body(self, stream, body, end):
        sent = 0
        while sent < len(body):
            size = min(self.connection.local_flow_control_window(stream), self.connection.max_outbound_frame_size, len(body) - sent)
            if size == 0:
                await self.read()
                continue
            self.connection.send_data(stream, body[sent:sent + size])
            sent += size
            await self.flush()
            if stream in self.gone:
                return
        if end:
            self.connection.end_stream(stream)
