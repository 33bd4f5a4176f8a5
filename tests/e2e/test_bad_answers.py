"""Origins that answer badly: cut, garbled, too large, or nothing at all."""

import gzip
import zlib

import pytest

from rig.checks import assert_answered, assert_failed
from rig.origin import Raw, Reply

KIB = 1024


@pytest.fixture
def answers(steady_daemon, origin):
    """answers(script, **options): the URL and the result of fetching what the script answers."""
    def fetch(script, **options):
        url = origin.on("/script", script)
        return url, steady_daemon.fetch_one(url, **options)

    return fetch


def with_length(body, length):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + body


def zipped(body, encoding="gzip", length=None):
    return (b"HTTP/1.1 200 OK\r\nContent-Encoding: " + encoding.encode() +
            b"\r\nContent-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body)


def test_closed_before_any_byte(answers):
    url, result = answers(Raw())
    assert_failed(result, url, "empty_reply")


def test_reset_before_any_byte(answers):
    url, result = answers(Raw(end="reset"))
    assert_failed(result, url, "recv", "empty_reply")


@pytest.mark.parametrize("script", [
    Raw(with_length(b"abc", 10)),
    Raw(with_length(b"abc", 10), end="reset"),
    Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
    Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
    Raw(b"HTTP/1.1 200 OK\r\n\r\nabc", 0.01, end="reset"),
], ids=["length", "length-reset", "in-chunk", "between-chunks", "reset"])
def test_bodies_cut_short(answers, script):
    url, result = answers(script)
    assert_failed(result, url, "recv")


def test_a_body_without_length_ends_with_its_connection(answers):
    url, result = answers(Raw(b"HTTP/1.1 200 OK\r\n\r\nabc"))
    assert_answered(result, url, 200, size=3)


@pytest.mark.parametrize("data", [
    b"\x00\x01\x02\x03 garbage \xff\xfe\r\n\r\n",
    b"220 mail.test ESMTP\r\n",
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"<html>just a body</html>",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
])
def test_answers_that_are_not_http(answers, data):
    url, result = answers(Raw(data))
    assert_failed(result, url, "protocol")


def test_chunks_that_are_not_chunks(answers):
    url, result = answers(Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"))
    assert_failed(result, url, "protocol", "recv")


def test_endless_headers_are_stopped(answers):
    lines = b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(2000))
    url, result = answers(Raw(b"HTTP/1.1 200 OK\r\n", lines, end="stall"), timeout=20)
    assert_failed(result, url, "protocol", "recv", "too_large")


def test_interim_answers_are_passed_over(answers):
    url, result = answers(Raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", with_length(b"done", 4)))
    assert_answered(result, url, 200, size=4)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("size, fits", [(100 * KIB, True), (100 * KIB + 1, False), (5000 * KIB, False)])
def test_max_size_counts_the_body_however_it_is_framed(answers, framing, size, fits):
    url, result = answers(Reply(body=b"x" * size, framing=framing), max_size=100 * KIB)
    if fits:
        assert_answered(result, url, 200, size=size)
    else:
        assert_failed(result, url, "too_large")


@pytest.mark.parametrize("encoding, window", [("gzip", 31), ("deflate", 15)])
def test_max_size_counts_what_a_compressed_body_becomes(answers, encoding, window):
    packer = zlib.compressobj(9, wbits=window)
    bomb = packer.compress(bytes(32 * KIB * KIB)) + packer.flush()
    assert len(bomb) < 64 * KIB
    url, result = answers(Raw(zipped(bomb, encoding)), max_size=1024 * KIB)
    assert_failed(result, url, "too_large")


def test_a_bomb_within_a_bomb_is_too_large(answers):
    bomb = gzip.compress(gzip.compress(bytes(64 * KIB * KIB)))
    url, result = answers(Raw(zipped(bomb, "gzip, gzip")), max_size=1024 * KIB)
    assert_failed(result, url, "too_large")


def test_max_size_holds_without_include_and_by_default(start_daemon, origin):
    daemon = start_daemon({"fetch.max_size": "1KiB"})
    fits, large = origin.url("/bytes/1024"), origin.url("/bytes/1025")
    results = daemon.fetch([fits, large, {"url": large, "max_size": 2000}])
    assert_answered(results[0], fits, 200, size=1024)
    assert_failed(results[1], large, "too_large")
    assert_answered(results[2], large, 200, size=1025)


def test_a_head_request_may_promise_more_than_max_size(steady_daemon, origin):
    url = origin.url("/bytes/5000")
    assert_answered(steady_daemon.fetch_one({"url": url, "method": "HEAD", "max_size": 10}), url, 200, size=0)


def test_max_size_zero_allows_an_empty_body(answers):
    url, result = answers(Reply(body=b""), max_size=0)
    assert_answered(result, url, 200, size=0)
    url, result = answers(Reply(body=b"x"), max_size=0)
    assert_failed(result, url, "too_large")


GOOD = gzip.compress(b"fetchpool " * 1200)


@pytest.mark.parametrize("body", [
    b"this is not gzip at all",
    GOOD[:-8] + b"\x00\x00\x00\x00" + GOOD[-4:],
], ids=["garbage", "wrong-checksum"])
def test_compressed_bodies_that_do_not_decode(answers, body):
    url, result = answers(Raw(zipped(body)))
    assert_failed(result, url, "decode")


def test_an_empty_body_is_empty_whatever_its_encoding(answers):
    url, result = answers(Raw(zipped(b"")))
    assert_answered(result, url, 200, size=0)


def test_without_decompress_bodies_stay_as_they_are(answers):
    for body in (GOOD, b"not gzip"):
        url, result = answers(Raw(zipped(body)), decompress=False)
        assert_answered(result, url, 200, size=len(body))


def test_a_bodiless_answer_may_name_an_encoding(steady_daemon, origin):
    url = origin.on("/zipped", Reply(200, GOOD, [("Content-Encoding", "gzip")]))
    assert_answered(steady_daemon.fetch_one({"url": url, "method": "HEAD"}), url, 200, size=0)
    url = origin.on("/none", Reply(204, b"", [("Content-Encoding", "gzip")]))
    assert_answered(steady_daemon.fetch_one(url), url, 204, size=0)


def test_a_request_body_that_is_not_taken(steady_daemon, origin):
    """The origin resets the connection while the body is on its way: whichever side notices first names the cause."""
    url = origin.url("/upload")
    origin.on_body = "reset"
    result = steady_daemon.fetch_one({"url": url, "method": "POST", "body": "x" * (8 * KIB * KIB)})
    assert_failed(result, url, "send", "recv")


def test_an_idle_connection_that_died_is_replaced(steady_daemon, origin):
    """The second fetch finds the kept connection closed by the origin, and must not fail for that."""
    origin.on("/last", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"))
    for n in range(5):
        assert steady_daemon.fetch_one(origin.url("/last"))["status"] == 200
        origin.wait_until(lambda: origin.open_connections == 0)
    assert origin.connections == 5


@pytest.mark.parametrize("line", [b" folded: 1", b"\tfolded", b" ", b" :"])
def test_a_head_that_begins_with_a_folded_line_is_none_over_a_used_handle_too(daemon, origin, line):
    """Of the handle's last response libcurl 7.88 would take it for a part, which has been freed."""
    fine = origin.on("/fine", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Last: " + 200 * b"x" + b"\r\n\r\nok"))
    folded = origin.on("/folded", Raw(b"HTTP/1.1 200 OK\r\n" + line + b"\r\nContent-Length: 2\r\n\r\nok"))
    for result in daemon.fetch(4 * [fine, folded], max_concurrent=1, include=["headers"]):
        if result["url"] == fine:
            assert result["status"] == 200
        else:
            assert_failed(result, folded, "protocol")
