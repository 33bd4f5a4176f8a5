"""The service that a user would write with aiohttp: POST /fetch of a list of URLs, answered with a list of results.

usage: aiohttp_service.py PORT    (CA_FILE in the environment names trusted certificates)"""

import asyncio
import os
import ssl
import sys
import time

import aiohttp
from aiohttp import web

DEFAULT_MAX_CONCURRENT = 5


async def fetch(session, gate, url):
    async with gate:
        start = time.monotonic()
        try:
            async with session.get(url) as response:
                body = await response.read()
                return {"url": url, "status": response.status, "size": len(body), "elapsed": time.monotonic() - start}
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return {"url": url, "status": 0, "error": str(error), "elapsed": time.monotonic() - start}


async def handle(request):
    posted = await request.json()
    if isinstance(posted, list):
        posted = {"urls": posted}
    gate = asyncio.Semaphore(posted.get("max_concurrent", DEFAULT_MAX_CONCURRENT))
    session = request.app["session"]
    return web.json_response(await asyncio.gather(*(fetch(session, gate, url) for url in posted["urls"])))


async def open_session(app):
    trusted = ssl.create_default_context(cafile=os.environ.get("CA_FILE"))
    connector = aiohttp.TCPConnector(limit=0, ssl=trusted, keepalive_timeout=60)
    app["session"] = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30))
    yield
    await app["session"].close()


def main():
    app = web.Application(client_max_size=256 * 1024 * 1024)
    app.add_routes([web.post("/fetch", handle)])
    app.cleanup_ctx.append(open_session)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None, shutdown_timeout=1)


if __name__ == "__main__":
    main()
