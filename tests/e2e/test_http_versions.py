"""Which version of HTTP is spoken with whom, and what becomes of HTTP/2 that goes wrong."""

import contextlib
import gzip
import hashlib
import os
import shutil
import socket
import subprocess

import pytest
from h2.errors import ErrorCodes

from rig.checks import assert_answered, assert_failed
from rig.http2 import Broken, Early
from rig.origin import Raw, Reply
from rig.timing import PATIENCE, wait_for


@pytest.fixture(scope="module")
def trusting(module_daemon, authority):
    """A daemon that trusts the test's authority."""
    return module_daemon({"fetch.ca_file": authority.file})


@pytest.fixture
def start(start_http2_origin):
    return start_http2_origin


def spoken(result):
    return result["connection"]["http_version"]


@pytest.mark.parametrize("protocols, asked, version", [
    (("h2", "http/1.1"), None, "1.1"),
    (("h2", "http/1.1"), "1.1", "1.1"),
    (("h2", "http/1.1"), "2", "2"),
    (("h2", "http/1.1"), "auto", "2"),
    (("http/1.1",), "auto", "1.1"),
    (("h2",), "2", "2"),
    ((), "2", "2"),
])
def test_what_is_spoken(trusting, start, protocols, asked, version):
    options = {"http_version": asked} if asked else {}
    result = trusting.fetch_one(start(*protocols).url("/bytes/5"), include=["connection"], **options)
    assert (result["status"], result["size"], spoken(result)) == (200, 5, version)


def test_without_tls_auto_is_1_1(trusting, origin):
    assert spoken(trusting.fetch_one(origin.url("/a"), include=["connection"], http_version="auto")) == "1.1"


def test_asking_for_2_sends_nothing_to_a_server_that_does_not_agree(trusting, start):
    origin = start("http/1.1")
    url = origin.url("/a")
    assert_failed(trusting.fetch_one({"url": url, "method": "POST", "body": "x"}, http_version="2"), url, "http2")
    assert not origin.requests
    assert_answered(trusting.fetch_one(url), url)


def test_asking_for_2_without_tls_of_a_server_that_does_not_speak_it(trusting, origin):
    url = origin.url("/a")
    assert_failed(trusting.fetch_one(url, http_version="2"), url, "http2")


def test_an_item_overrides_its_batch(trusting, start):
    url = start("h2", "http/1.1").url("/a")
    results = trusting.fetch([url, {"url": url, "http_version": "1.1"}], http_version="2", include=["connection"])
    assert [spoken(result) for result in results] == ["2", "1.1"]


def test_versions_do_not_mix_over_kept_connections(start_daemon, authority, start):
    daemon = start_daemon({"fetch.ca_file": authority.file})
    origin = start("h2", "http/1.1")
    asked = ["1.1", "2", "auto", "2", "1.1", "auto"]
    items = [{"url": origin.url(f"/{n}"), "http_version": version} for n, version in enumerate(asked)]
    results = daemon.fetch(items, max_concurrent=1, include=["connection"])
    assert [spoken(result) for result in results] == ["1.1", "2", "2", "2", "1.1", "2"]
    assert [result["connection"]["reused"] for result in results] == [False] * 3 + [True] * 3
    assert origin.connections == 3


def test_without_tls_the_second_fetch_works_as_the_first(trusting, start):
    origin = start()
    results = trusting.fetch([origin.url(f"/{n}") for n in range(5)], http_version="2", max_concurrent=1)
    assert [result["status"] for result in results] == [200] * 5


@pytest.mark.parametrize("method, body", [("GET", None), ("HEAD", None), ("POST", "b\u00e4"), ("PUT", ""), ("PATCH", "x" * 300_000),
                                          ("DELETE", None), ("OPTIONS", None)])
def test_requests_arrive_as_over_1_1(trusting, start, method, body):
    origin = start("h2")
    item = {"url": origin.url("/echo?a=b#c"), "method": method, "headers": {"X-Two": ["1", "2"], "X-Empty": ""}}
    if body is not None:
        item["body"] = body
    assert trusting.fetch_one(item, http_version="2")["status"] == 200
    [request] = origin.requests
    assert (request.method, request.target, request.body) == (method, "/echo?a=b", (body or "").encode())
    assert request.header("Host") == f"127.0.0.1:{origin.port}"
    assert request.values("X-Two") == ["1", "2"] and request.values("X-Empty") == [""]
    assert request.header("User-Agent").startswith("fetchpool/")


def test_results_are_those_of_1_1(trusting, start):
    origin = start("h2")
    content = os.urandom(3_000_000)
    sent = [("Content-Encoding", "gzip"), ("Set-Cookie", "a=1"), ("X-Other", "x"), ("Set-Cookie", "b=2")]
    url = origin.on("/packed", Reply(status=203, body=gzip.compress(content), headers=sent))
    result = trusting.fetch_one(url, http_version="2", include=["headers", "sha256", "tls", "timings"])
    assert (result["status"], result["size"]) == (203, len(content))
    assert result["sha256"] == hashlib.sha256(content).hexdigest()
    assert result["headers"]["set-cookie"] == ["a=1", "b=2"] and result["headers"]["x-other"] == ["x"]
    assert result["tls"]["version"] == "TLSv1.3"
    times = [result["timings"][name] for name in ("namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total")]
    assert times == sorted(times)


def test_informational_responses_and_trailers(trusting, start):
    reply = Reply(body=b"body", headers=[("X-Late", "1")], framing="close")
    url = start("h2").on("/early", Early([103, 103], reply, [("x-trailer", "1")]))
    result = trusting.fetch_one(url, http_version="2", include=["headers", "body"])
    assert (result["status"], result["body"], result["headers"]) == (200, "body", {"x-late": ["1"]})


def test_redirects_change_the_version_with_the_server(trusting, start, origin):
    last = origin.url("/end")
    url = start("h2").on("/start", Reply(302, headers=[("Location", last)]))
    result = trusting.fetch_one(url, http_version="auto", include=["connection", "redirects", "tls"])
    assert (result["status"], spoken(result), result["final_url"], result["tls"]) == (200, "1.1", last, None)
    assert result["redirects"] == [{"url": url, "status": 302, "location": last}]


@pytest.mark.parametrize("answer, codes", [
    (Broken(code=ErrorCodes.INTERNAL_ERROR, silent=True), {"http2"}),
    (Broken(code=ErrorCodes.CANCEL, silent=True), {"http2"}),
    (Broken(code=ErrorCodes.INTERNAL_ERROR, body=b"half"), {"http2"}),
    (Broken(body=b"half"), {"http2", "recv"}),
    (Broken(body=b"half", headers=[("content-length", "9")]), {"http2", "recv"}),
    (Broken(body=b"half", goaway=True), {"http2", "recv"}),
    (Broken(silent=True), {"http2", "recv", "empty_reply"}),
    (Broken(silent=True, goaway=True), {"http2", "recv", "empty_reply"}),
    (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"), {"http2", "recv", "empty_reply"}),
    (Reply(body=b"x" * 20, headers=[("content-length", "9")], framing="close"), {"http2", "recv"}),
    (Reply(body=b"x", headers=[("x-a", "1")] * 1001), {"protocol", "http2"}),
    (Reply(body=b"x", headers=[("x-a", "1" * 9000)] * 8), {"protocol", "http2"}),
    (Reply(body=b"x" * 2000), {"too_large"}),
])
def test_what_goes_wrong_is_never_a_success(trusting, start, answer, codes):
    origin = start("h2")
    url = origin.on("/bad", answer)
    assert_failed(trusting.fetch_one(url, http_version="2", max_size=1999), url, *codes)
    good = origin.url("/good")
    assert_answered(trusting.fetch_one(good, http_version="2"), good)


def test_without_a_length_a_stream_that_ends_without_error_is_whole(trusting, start):
    origin = start("h2")
    url = origin.on("/short", Broken(code=ErrorCodes.NO_ERROR, body=b"all"))
    assert_answered(trusting.fetch_one(url, http_version="2"), url, size=3)
    url = origin.on("/short", Broken(code=ErrorCodes.NO_ERROR, body=b"all", headers=[("content-length", "9")]))
    assert_failed(trusting.fetch_one(url, http_version="2"), url, "http2", "recv")


def test_a_stream_that_is_refused_is_tried_again(trusting, start):
    origin = start("h2")
    answers = [Broken(code=ErrorCodes.INTERNAL_ERROR, silent=True), Reply(body=b"at last")]

    async def script(request):
        return answers.pop(0)

    url = origin.on("/flaky", script)
    result = trusting.fetch_one(url, http_version="2", retries=1, retry_delay=0.01, include=["attempts", "body"])
    assert (result["status"], result["body"]) == (200, "at last")
    assert [attempt.get("error_code") for attempt in result["attempts"]] == ["http2", None]


def test_a_post_whose_stream_was_reset_is_not_sent_twice(trusting, start):
    origin = start("h2")
    url = origin.on("/once", Broken(code=ErrorCodes.INTERNAL_ERROR, silent=True))
    item = {"url": url, "method": "POST", "body": "x"}
    assert_failed(trusting.fetch_one(item, http_version="2", retries=3, retry_delay=0.01), url, "http2")
    assert len(origin.seen("/once")) == 1


def test_timeouts_hold_over_http2(trusting, start):
    origin = start("h2")
    url = origin.url("/delay/30")
    result = trusting.fetch_one(url, http_version="2", timeout=0.3)
    assert_failed(result, url, "timeout")
    assert 0.25 < result["elapsed"] < 5
    origin.wait_until(lambda: origin.abandoned == 1, "the stream is given up")


def test_a_connection_that_the_server_has_given_up_is_not_used_again(trusting, start):
    """The server says GOAWAY after its answer, so the next fetch needs another connection."""
    origin = start("h2")
    answered = []

    async def script(request):
        answered.append(request.connection)
        return Reply(body=b"x")

    url = origin.on("/last", script)
    for _ in range(2):
        assert_answered(trusting.fetch_one(url, http_version="2"), url)
    goaway = origin.on("/bye", Raw(b"\0\0\x08\x07\0\0\0\0\0" + b"\0\0\0\x05\0\0\0\0"))
    trusting.fetch_one(goaway, http_version="2", timeout=1)
    assert_answered(trusting.fetch_one(url, http_version="2"), url)
    assert answered[0] == answered[1] != answered[2]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("protocols, version", [(("h2",), "auto"), (("http/1.1",), "auto"), (("http/1.1",), "1.1")])
def test_a_connection_that_was_closed_while_it_was_kept_is_not_used_again(trusting, start, method, protocols, version):
    origin = start(*protocols)
    item = {"url": origin.url("/bytes/3"), "method": method, "http_version": version}
    for _ in range(3):
        for reused in (False, True):
            result = trusting.fetch_one(item, include=["connection"])
            assert (result["status"], result["connection"]["reused"]) == (200, reused), result
        origin.hang_up()
    assert (origin.connections, len(origin.requests)) == (3, 6)


@pytest.fixture
def nghttpd(tmp_path, authority):
    """nghttpd of the nghttp2 project serves a file, with TLS and without. Gives the two URLs and the file's bytes."""
    program = shutil.which("nghttpd")
    assert program, "nghttpd is not here (Debian's nghttp2-server)"
    content = os.urandom(2_000_000)
    (tmp_path / "file").write_bytes(content)
    certificate = authority.server_file("127.0.0.1")
    with contextlib.ExitStack() as stack:
        urls = []
        for scheme, rest in (("https", [certificate, certificate]), ("http", [])):
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                port = taken.getsockname()[1]
            options = ["--no-tls"] if scheme == "http" else []
            process = subprocess.Popen([program, *options, "-a", "127.0.0.1", "-d", tmp_path, str(port), *rest],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, PATIENCE)
            stack.callback(process.terminate)
            wait_for(lambda: listens(port), "nghttpd")
            urls.append(f"{scheme}://127.0.0.1:{port}/file")
        yield urls, content


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def test_a_server_of_others(trusting, nghttpd):
    urls, content = nghttpd
    results = trusting.fetch(urls * 3, http_version="2", max_concurrent=2, include=["connection", "sha256"])
    for result in results:
        assert (result["status"], result["size"], spoken(result)) == (200, len(content), "2")
        assert result["sha256"] == hashlib.sha256(content).hexdigest()
