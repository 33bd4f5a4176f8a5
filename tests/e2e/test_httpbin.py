"""The scenario the project came from, and other fetches from a real httpbin."""

import base64

import pytest

from rig.checks import ANSWERED_KEYS, assert_answered, assert_failed
from rig.client import strict_json
from rig.timing import Stopwatch, assert_timed_out, at_most


@pytest.mark.timed
def test_three_urls_at_once_answer_in_order_in_the_time_of_the_slowest(daemon, httpbin):
    urls = [httpbin.url(path) for path in ("/get", "/delay/1", "/status/404")]
    daemon.fetch(urls[:1])  # the server's first request loads its parts
    with Stopwatch() as watch:
        results = daemon.fetch(urls, max_concurrent=3)
    assert [result["url"] for result in results] == urls
    assert [result["status"] for result in results] == [200, 200, 404]
    assert all(set(result) == ANSWERED_KEYS for result in results)
    assert 1.0 <= watch.seconds <= at_most(1.5)
    assert 1.0 <= results[1]["elapsed"] <= watch.seconds
    assert results[0]["size"] > 0 and results[1]["size"] > 0 and results[2]["size"] == 0


@pytest.mark.timed
def test_three_delays_in_sequence_take_the_sum(daemon, httpbin):
    urls = [httpbin.url("/delay/0.1")] * 3
    with Stopwatch() as watch:
        results = daemon.fetch(urls, max_concurrent=1)
    assert [result["status"] for result in results] == [200, 200, 200]
    assert watch.seconds >= 0.3


@pytest.mark.parametrize("status", [200, 201, 204, 206, 304, 400, 401, 403, 404, 405, 418, 429, 500, 502, 503, 504])
def test_any_status_is_an_answer(steady_daemon, httpbin, status):
    url = httpbin.url(f"/status/{status}")
    assert_answered(steady_daemon.fetch_one(url), url, status)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "brotli"])
def test_compressed_bodies_are_decoded(steady_daemon, httpbin, encoding):
    result = steady_daemon.fetch_one(httpbin.url(f"/{encoding}"), include=["body", "headers"])
    assert strict_json(result["body"])["brotli" if encoding == "brotli" else {"gzip": "gzipped"}.get(encoding, "deflated")]
    assert result["size"] == len(result["body"].encode())


@pytest.mark.parametrize("kind", ["redirect", "relative-redirect", "absolute-redirect"])
def test_redirects_are_followed(steady_daemon, httpbin, kind):
    url = httpbin.url(f"/{kind}/3")
    result = steady_daemon.fetch_one(url, include=["redirects"])
    assert_answered(result, url, 200, more=("final_url", "redirects"))
    assert result["final_url"] == httpbin.url("/get")
    assert [hop["status"] for hop in result["redirects"]] == [302, 302, 302]


def test_too_many_redirects_are_not(steady_daemon, httpbin):
    url = httpbin.url("/redirect/11")
    assert_failed(steady_daemon.fetch_one(url), url, "too_many_redirects")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_methods_send_bodies(steady_daemon, httpbin, method):
    item = {"url": httpbin.url(f"/{method.lower()}"), "method": method, "body": "a=b&c=\u00e4",
            "headers": {"Content-Type": "text/plain; charset=utf-8", "X-Mine": "yes"}, "include": ["body"]}
    echo = strict_json(steady_daemon.fetch_one(item)["body"])
    assert echo["data"] == "a=b&c=\u00e4"
    assert echo["headers"]["X-Mine"] == "yes"
    assert echo["headers"]["Content-Type"] == "text/plain; charset=utf-8"


def test_binary_bodies_come_as_base64(steady_daemon, httpbin):
    result = steady_daemon.fetch_one(httpbin.url("/bytes/1000?seed=1"), include=["body"])
    assert result["body_encoding"] == "base64"
    assert len(base64.b64decode(result["body"], validate=True)) == result["size"] == 1000


def test_chunked_bodies_are_counted(steady_daemon, httpbin):
    url = httpbin.url("/stream-bytes/100000?chunk_size=1000&seed=1")
    assert_answered(steady_daemon.fetch_one(url), url, 200, size=100000)


def test_a_dripping_body_is_cut_by_its_timeout(steady_daemon, httpbin):
    url = httpbin.url("/drip?duration=5&numbytes=5&delay=0")
    result = steady_daemon.fetch_one(url, timeout=0.5)
    assert_failed(result, url, "timeout")
    assert_timed_out(result, 0.5)
