"""Ordinary clients: requests, aiohttp, http.client and curl get what they expect."""

import asyncio
import http.client
import json
import shutil
import subprocess

import aiohttp
import pytest
import requests

from rig.checks import assert_answered
from rig.client import split_address, strict_json
from rig.daemon import clean_environment
from rig.timing import PATIENCE


def test_requests(daemon, origin):
    urls = [origin.url(f"/bytes/{n}") for n in range(10)]
    with requests.Session() as session:
        for body in (urls, {"urls": urls, "max_concurrent": 2}):
            answer = session.post(daemon.url("/fetch"), json=body, timeout=PATIENCE)
            answer.raise_for_status()
            for n, result in enumerate(answer.json()):
                assert_answered(result, urls[n], 200, size=n)
        refusal = session.post(daemon.url("/fetch"), json={"urls": urls, "max_concurrent": 0}, timeout=PATIENCE)
        assert refusal.status_code == 422 and refusal.json()["errors"][0]["pointer"] == "/max_concurrent"
        assert session.post(daemon.url("/fetch"), json=urls, timeout=PATIENCE).status_code == 200


def test_aiohttp(daemon, origin):
    urls = [origin.url(f"/delay/0.05/{n}") for n in range(10)]

    async def talk():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
            async def post():
                async with session.post(daemon.url("/fetch"), json=urls) as answer:
                    assert answer.status == 200
                    return await answer.json()

            return await asyncio.gather(*[post() for _ in range(20)])

    for results in asyncio.run(talk()):
        assert [result["url"] for result in results] == urls


def test_http_client(daemon, origin):
    connection = http.client.HTTPConnection(*split_address(daemon.address), timeout=PATIENCE)
    for _ in range(3):
        connection.request("POST", "/fetch", json.dumps([origin.url("/a")]), {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 200
        assert_answered(strict_json(response.read())[0], origin.url("/a"), 200, size=2)
    connection.close()


def curl(*arguments, text=""):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    result = subprocess.run(["curl", "-sS", "--max-time", str(PATIENCE), *arguments], input=text, capture_output=True, text=True,
                            timeout=PATIENCE + 5, env=clean_environment())
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_curl(daemon, origin):
    urls = [origin.url("/a"), origin.url("/status/404")]
    results = strict_json(curl("-H", "Content-Type: application/json", "-d", json.dumps(urls), daemon.url("/fetch")))
    assert [result["status"] for result in results] == [200, 404]
    results = strict_json(curl("--json", json.dumps({"urls": urls}), daemon.url("/fetch")))
    assert [result["status"] for result in results] == [200, 404]
    results = strict_json(curl("-H", "Content-Type: text/plain", "--data-binary", "@-", daemon.url("/fetch?max_concurrent=1"),
                               text="\n".join(urls)))
    assert [result["url"] for result in results] == urls


def test_curl_with_a_large_body_that_waits_for_leave(daemon, origin):
    urls = [origin.url(f"/bytes/0?{'x' * 20_000}{n}") for n in range(100)]
    results = strict_json(curl("-H", "Content-Type: application/json", "-H", "Expect: 100-continue", "--data-binary", "@-", daemon.url("/fetch"),
                               text=json.dumps(urls)))
    assert [result["url"] for result in results] == urls


def test_curl_over_a_unix_socket(start_daemon, origin):
    daemon = start_daemon(listen=["unix:socket"])
    output = curl("--unix-socket", daemon.address.removeprefix("unix:"), "--json", json.dumps([origin.url("/a")]), "http://fetchpool/fetch")
    assert strict_json(output)[0]["status"] == 200
