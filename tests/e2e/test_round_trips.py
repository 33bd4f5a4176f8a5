"""Bytes of any kind, on their way to an origin and back: none is lost, changed or added, and large bodies take what the
documentation says. What is tried is drawn at random, from one seed."""

import base64
import gzip
import hashlib
import json
import random
import re

import pytest

from rig import client
from rig.checks import assert_answered
from rig.origin import Reply
from rig.timing import PATIENCE, SANITIZED

MIB = 1024 * 1024
PIECES = [b"", b"\0", b"\r\n", b"\xff", b"\xc3\xa9", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b'"\\', b"\x1f\x8b\x08",
          b"plain text ", b"0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]


@pytest.fixture
def chance(request):
    return random.Random(request.node.name)


def some_bytes(chance):
    """Some are text with one odd byte, some are odd all over, some are nothing."""
    if chance.random() < 0.3:
        return chance.randbytes(chance.choice([0, 1, 2, 3, chance.randrange(200), chance.randrange(70_000)]))
    return b"".join(chance.choice(PIECES) for _ in range(chance.randrange(12)))


def some_text(chance):
    """Any characters that JSON can say and UTF-8 can carry, but NUL, which a text in a request may not have."""
    def character():
        kind = chance.randrange(5)
        if kind == 0:
            return chr(chance.randrange(1, 0x80))
        return chr(chance.choice([chance.randrange(0x80, 0xD800), chance.randrange(0xE000, 0x110000)]))
    return "".join(character() for _ in range(chance.randrange(300)))


def body_of(result):
    if result["body_encoding"] == "base64":
        return base64.b64decode(result["body"], validate=True)
    return result["body"].encode("utf-8")


def mirror(origin, **reply):
    """A URL that answers with the body that it was sent."""
    async def script(request):
        return Reply(body=request.body, **reply)

    return origin.on("/mirror", script)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_bytes_sent_as_base64_come_back(steady_daemon, origin, chance, framing):
    url = mirror(origin, framing=framing)
    bodies = [some_bytes(chance) for _ in range(200)]
    items = [{"url": url, "method": chance.choice(["POST", "PUT", "PATCH", "DELETE"]), "body_base64": base64.b64encode(body).decode()}
             for body in bodies]
    results = steady_daemon.fetch(items, include=["body", "sha256"], max_concurrent=20)
    for body, result in zip(bodies, results):
        assert body_of(result) == body
        assert result["size"] == len(body)
        assert result["sha256"] == hashlib.sha256(body).hexdigest()
    assert {result["body_encoding"] for result in results} == {"utf-8", "base64"}


def test_texts_come_back(steady_daemon, origin, chance):
    url = mirror(origin)
    texts = [some_text(chance) for _ in range(200)]
    results = steady_daemon.fetch([{"url": url, "method": "POST", "body": text} for text in texts], include=["body"], max_concurrent=20)
    for text, result in zip(texts, results):
        assert body_of(result) == text.encode("utf-8")


def test_bytes_come_out_of_their_encoding_as_they_went_in(steady_daemon, origin, chance):
    async def script(request):
        return Reply(body=gzip.compress(request.body), headers=[("Content-Encoding", "gzip")])

    url = origin.on("/packed", script)
    bodies = [some_bytes(chance) for _ in range(100)]
    items = [{"url": url, "method": "POST", "body_base64": base64.b64encode(body).decode()} for body in bodies]
    for body, result in zip(bodies, steady_daemon.fetch(items, include=["body", "sha256"], max_concurrent=20)):
        assert body_of(result) == body
        assert result["sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udfff"', '"a\\udc00\\ud800b"', '"\\ud83d x"', '"\\u0000"'])
@pytest.mark.parametrize("where", ['{{"urls":["{url}"],"method":"POST","body":{text}}}', '[{{"url":"{url}","id":{text}}}]',
                                   '{{"urls":["{url}"],"headers":{{"X":{text}}}}}', '["{url}",{text}]'])
def test_halves_of_surrogate_pairs_and_nul_are_refused_wherever_they_stand(steady_daemon, origin, text, where):
    answer = steady_daemon.post("/fetch", where.format(url=origin.url(), text=text))
    assert answer.status == 400
    assert not origin.requests


def test_a_pair_of_surrogates_is_one_character(steady_daemon, origin):
    steady_daemon.post("/fetch", f'{{"urls":["{mirror(origin)}"],"method":"POST","body":"\\ud83d\\ude00"}}')
    assert origin.requests[0].body == "\U0001f600".encode()


@pytest.mark.parametrize("text, body", [("", b""), ("AA==", b"\0"), ("/+8=", b"\xff\xef")])
def test_body_base64_of_the_batch_is_that_of_its_items(steady_daemon, origin, text, body):
    url = mirror(origin)
    own = {"url": url, "body": "own"}
    steady_daemon.fetch([url, own, {"url": url, "body_base64": "b3du"}], method="POST", body_base64=text, max_concurrent=1)
    assert [request.body for request in origin.requests] == [body, b"own", b"own"]


def test_body_base64_in_the_query(steady_daemon, origin):
    answer = steady_daemon.post("/fetch?method=PUT&body_base64=%2F%2B8%3D", mirror(origin), "text/plain")
    assert answer.status == 200
    assert origin.requests[0].body == b"\xff\xef"


# ---- large ----

LARGE = 100 * MIB


class Memory:
    """How much more a daemon has in memory at the worst, while the block runs."""

    def __init__(self, daemon):
        self.folder = f"/proc/{daemon.process.pid}"

    def read(self, name):
        with open(f"{self.folder}/status") as file:
            return int(re.search(rf"^{name}:\s*(\d+) kB$", file.read(), re.MULTILINE)[1]) * 1024

    def __enter__(self):
        with open(f"{self.folder}/clear_refs", "w") as file:
            file.write("5")  # the peak begins anew, proc(5)
        self.before = self.read("VmRSS")
        return self

    def __exit__(self, *_):
        self.grown = self.read("VmHWM") - self.before


def fetch_large(daemon, item):
    """Nothing comes before the whole body is there, which takes its time on a machine that is busy."""
    item = {**item, "max_size": LARGE, "timeout": 4 * PATIENCE}
    answer = client.request(daemon.address, "POST", "/fetch", json.dumps([item]), {"Content-Type": "application/json"}, timeout=5 * PATIENCE)
    assert answer.status == 200, answer.body
    return answer.json()[0]


@pytest.fixture
def large(origin):
    """A URL of 100 MiB, that are not text, and their digest."""
    content = random.Random(6).randbytes(LARGE)
    return origin.on("/large", Reply(body=content)), content


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory is not the daemon's")
def test_the_digest_of_100_mib_takes_no_memory(daemon, large):
    url, content = large
    fetch_large(daemon, {"url": url, "include": ["sha256"]})
    with Memory(daemon) as memory:
        result = fetch_large(daemon, {"url": url, "include": ["sha256"]})
    assert_answered(result, url, size=LARGE, more=["sha256"])
    assert result["sha256"] == hashlib.sha256(content).hexdigest()
    assert memory.grown <= MIB, memory.grown


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory is not the daemon's")
def test_a_body_of_100_mib_takes_what_is_documented(daemon, large):
    """docs/api.md: the body, and what is written of it."""
    url, content = large
    with Memory(daemon) as memory:
        result = fetch_large(daemon, {"url": url, "include": ["body"]})
    assert result["size"] == LARGE and body_of(result) == content
    assert memory.grown <= LARGE * (1 + 4 / 3) + 16 * MIB, memory.grown


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory is not the daemon's")
def test_a_request_of_100_mib_takes_what_is_documented(start_daemon, origin):
    daemon = start_daemon({"server.max_request_bytes": "160MiB", "server.request_memory": "1GiB"})
    content = random.Random(7).randbytes(LARGE)
    seen = []

    async def script(request):
        seen.append(hashlib.sha256(request.body).hexdigest())
        return Reply(body=b"taken")

    url = origin.on("/upload", script)
    text = base64.b64encode(content).decode()
    with Memory(daemon) as memory:
        result = fetch_large(daemon, {"url": url, "method": "PUT", "body_base64": text})
    assert result["status"] == 200
    assert seen == [hashlib.sha256(content).hexdigest()]
    assert memory.grown <= 3 * len(text) + MIB, memory.grown
