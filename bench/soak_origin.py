"""The origin of ./dev soak: each path is a way in which an answer may come, or not. Run as a program: PORT TLS-PORT FOLDER, which
has origin.pem and origin.key."""

import asyncio
import gzip
import ssl
import sys

from origins import origin_address

PLAIN = b"hello\n"
PACKED_BYTES = 200_000
PACKED = gzip.compress(b"0123456789" * (PACKED_BYTES // 10))
BLOCK = b"x" * (1 << 16)


def head(status, length, *headers):
    lines = [f"HTTP/1.1 {status} Some", f"Content-Length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode("ascii")


async def answer(writer, path):
    """Whether the connection stays."""
    _, kind, *rest = path.split("/")
    value = int(rest[0]) if rest else 0
    if kind == "slow":
        await asyncio.sleep(value / 1000)
    if kind == "none":
        return False
    if kind == "cut":
        writer.write(head(200, 1000) + PLAIN)
        return False
    if kind == "status":
        writer.write(head(value, 0))
    elif kind == "redirect":
        writer.write(head(302, 0, f"Location: /redirect/{value - 1}" if value > 1 else "Location: /plain"))
    elif kind == "loop":
        writer.write(head(302, 0, "Location: /loop"))
    elif kind == "packed":
        writer.write(head(200, len(PACKED), "Content-Encoding: gzip") + PACKED)
    elif kind == "large":
        writer.write(head(200, value))
        while value > 0:
            writer.write(BLOCK[:value])
            value -= len(BLOCK)
            await writer.drain()
    else:
        writer.write(head(200, len(PLAIN)) + PLAIN)
    await writer.drain()
    return True


async def serve(reader, writer):
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            if not await answer(writer, request.split(b" ", 2)[1].decode("ascii")):
                break
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main(port, tls_port, folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/origin.pem", f"{folder}/origin.key")
    servers = [await asyncio.start_server(serve, "127.0.0.1", port, backlog=4096),
               await asyncio.start_server(serve, origin_address(0), tls_port, backlog=4096, ssl=context)]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
