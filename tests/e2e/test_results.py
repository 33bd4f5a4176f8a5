"""What a result says, held against what the origin saw and sent."""

import base64
import gzip

import pytest

from rig.checks import assert_answered, assert_failed, is_number
from rig.client import strict_json
from rig.origin import Raw, Reply

TIMINGS = {"queue", "namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "redirect", "total"}
EXTRAS = ("attempts", "body", "body_encoding", "connection", "final_url", "headers", "redirects", "sha256", "timings", "tls")
EVERYTHING = ["headers", "body", "timings", "redirects", "connection", "tls", "sha256", "attempts"]


def test_nothing_more_than_asked_for(steady_daemon, origin):
    url = origin.url("/bytes/5")
    plain, asked = steady_daemon.fetch([url, {"url": url, "include": EVERYTHING, "id": "x"}])
    assert_answered(plain, url, 200, size=5)
    assert_answered(asked, url, 200, size=5, more=("id", *EXTRAS))
    assert asked["id"] == "x"


def test_include_of_an_item_overrides_that_of_the_batch(steady_daemon, origin):
    url = origin.url("/a")
    results = steady_daemon.fetch([url, {"url": url, "include": []}, {"url": url, "include": ["headers"]}], include=["body"])
    assert_answered(results[0], url, 200, more=("body", "body_encoding"))
    assert_answered(results[1], url, 200)
    assert_answered(results[2], url, 200, more=("headers",))


def test_ids_come_back_with_successes_and_failures(steady_daemon, origin):
    items = [{"url": origin.url("/a"), "id": "first"}, {"url": "bad", "id": "\u00e4 \"quoted\" \\ \n"}, {"url": "bad", "id": ""}]
    results = steady_daemon.fetch(items)
    assert [result["id"] for result in results] == [item["id"] for item in items]
    assert_answered(results[0], items[0]["url"], 200, more=("id",))
    assert_failed(results[1], "bad", "invalid_url", more=("id",))


@pytest.mark.parametrize("path", ["/a?b=c&d=%20e", "/%E4%BD%A0", "/~user/./x/../y", "/;a=b,c!$'()*+", "/a#fragment", "?q"])
def test_the_url_comes_back_as_it_was_given(steady_daemon, origin, path):
    url = f"http://127.0.0.1:{origin.port}{path}"
    assert_answered(steady_daemon.fetch_one(url), url, 200)


def test_urls_that_are_errors_come_back_as_they_were_given(steady_daemon):
    urls = ["http://\u00e4\u4f60\U0001f600 /", 'quote " and \\ backslash', "tab\tnewline\nbell\x07", "x" * 70000]
    for url, result in zip(urls, steady_daemon.fetch(urls)):
        assert_failed(result, url, "invalid_url")


@pytest.mark.parametrize("content, text, encoding", [
    (b"plain", "plain", "utf-8"),
    (b"", "", "utf-8"),
    ("\u00e4\u4f60\U0001f600\n\t\"\\\x01\x7f".encode(), "\u00e4\u4f60\U0001f600\n\t\"\\\x01\x7f", "utf-8"),
    (b"nul \x00 inside", "nul \x00 inside", "utf-8"),
    ("\ufffe\uffff\ufeff".encode(), "\ufffe\uffff\ufeff", "utf-8"),
    (bytes(range(256)), None, "base64"),
    (b"latin-1 \xe4", None, "base64"),
    (b"overlong \xc0\xaf", None, "base64"),
    (b"surrogate \xed\xa0\x80", None, "base64"),
    (b"cut \xe4\xbd", None, "base64"),
    (b"too high \xf4\x90\x80\x80", None, "base64"),
])
def test_bodies_come_whole(steady_daemon, origin, content, text, encoding):
    result = steady_daemon.fetch_one(origin.on("/content", Reply(body=content)), include=["body"])
    assert result["body_encoding"] == encoding
    if encoding == "base64":
        assert base64.b64decode(result["body"], validate=True) == content
    else:
        assert result["body"] == text
    assert result["size"] == len(content)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 16383, 16384, 16385, 3_000_000])
def test_binary_bodies_of_any_length(steady_daemon, origin, size):
    content = b"\xff" * size
    result = steady_daemon.fetch_one(origin.on("/content", Reply(body=content, framing="chunked")), include=["body"])
    found = base64.b64decode(result["body"], validate=True) if result["body_encoding"] == "base64" else result["body"].encode()
    assert found == content


def test_the_body_of_an_error_answer_comes_too(steady_daemon, origin):
    result = steady_daemon.fetch_one(origin.on("/gone", Reply(410, b"sorry")), include=["body"])
    assert (result["status"], result["body"]) == (410, "sorry")


def test_headers_have_lower_case_names_and_all_values(steady_daemon, origin):
    sent = [("Content-Type", "text/x; a=\"b\""), ("Set-Cookie", "a=1"), ("X-Empty", ""), ("set-cookie", "b=2"), ("X-COLON", "a: b:c")]
    result = steady_daemon.fetch_one(origin.on("/headers", Reply(body=b"x", headers=sent)), include=["headers"])
    assert result["headers"] == {"content-type": ["text/x; a=\"b\""], "set-cookie": ["a=1", "b=2"], "x-empty": [""],
                                 "x-colon": ["a: b:c"], "content-length": ["1"]}


def test_headers_keep_their_order(steady_daemon, origin):
    """Names that in which they came first, values of a name that in which they came."""
    names = ["x-z", "x-a", "x-m", "x-a", "x-0", "x-z"]
    sent = [(name, str(n)) for n, name in enumerate(names)]
    result = steady_daemon.fetch_one(origin.on("/order", Reply(headers=sent)), include=["headers"])
    assert list(result["headers"].items()) == [("x-z", ["0", "5"]), ("x-a", ["1", "3"]), ("x-m", ["2"]), ("x-0", ["4"]), ("content-length", ["0"])]


def test_headers_are_of_the_last_answer_only(steady_daemon, origin):
    origin.on("/end", Raw(b"HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Late: 1\r\nContent-Length: 0\r\n\r\n"))
    url = origin.on("/start", Reply(302, headers=[("Location", "/end"), ("X-First", "1")]))
    result = steady_daemon.fetch_one(url, include=["headers"])
    assert result["headers"] == {"x-late": ["1"], "content-length": ["0"]}


def test_headers_that_are_not_utf_8_are_still_json(steady_daemon, origin):
    url = origin.on("/odd", Raw(b"HTTP/1.1 200 OK\r\nX-Odd: caf\xe9 \x01\r\nContent-Length: 0\r\n\r\n"))
    result = steady_daemon.fetch_one(url, include=["headers"])
    assert result["headers"]["x-odd"][0].startswith("caf")


def test_timings_add_up(steady_daemon, origin):
    result = steady_daemon.fetch_one(origin.url("/delay/0.2"), include=["timings"])
    timings = result["timings"]
    assert set(timings) == TIMINGS
    assert all(is_number(value) and value >= 0 for value in timings.values())
    assert timings["namelookup"] <= timings["connect"] <= timings["pretransfer"] <= timings["starttransfer"] <= timings["total"]
    assert timings["starttransfer"] >= 0.2
    assert timings["appconnect"] == 0 and timings["redirect"] == 0
    assert timings["total"] <= result["elapsed"] + 0.05


def test_timings_of_a_kept_connection_begin_with_the_request(steady_daemon, start_origin, authority, module_daemon):
    daemon = module_daemon({"fetch.ca_file": authority.file})
    origin = start_origin(tls=authority.server_context("127.0.0.1"))
    first, second = (daemon.fetch_one(origin.url("/delay/0.1"), include=["timings", "connection"]) for _ in range(2))
    assert (first["connection"]["reused"], second["connection"]["reused"]) == (False, True)
    order = ["namelookup", "connect", "appconnect", "pretransfer", "starttransfer", "total"]
    times = [first["timings"][name] for name in order]
    assert times == sorted(times) and first["timings"]["appconnect"] > first["timings"]["connect"] > 0
    kept = second["timings"]
    assert kept["connect"] == kept["appconnect"] == 0
    assert kept["pretransfer"] < 0.1 <= kept["starttransfer"] <= kept["total"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_tell_each_hop(steady_daemon, origin, status):
    end = origin.url("/end")
    middle = origin.on("/middle", Reply(302, headers=[("Location", "/end")]))
    start = origin.on("/start", Reply(status, headers=[("Location", "../middle?x")]))
    result = steady_daemon.fetch_one(start, include=["redirects"])
    assert (result["status"], result["final_url"]) == (200, end)
    assert result["redirects"] == [{"url": start, "status": status, "location": "../middle?x"},
                                   {"url": middle + "?x", "status": 302, "location": "/end"}]


def test_timings_tell_redirects_and_waiting(steady_daemon, origin):
    redirected = origin.url("/to?delay=0.2&url=/end")
    result = steady_daemon.fetch_one(redirected, include=["timings"])
    assert result["timings"]["redirect"] >= 0.2
    assert result["timings"]["total"] >= 0.2
    first, second = steady_daemon.fetch([origin.url("/delay/0.3"), origin.url("/a")], max_concurrent=1, include=["timings"])
    assert first["timings"]["queue"] < second["timings"]["queue"]
    assert second["timings"]["queue"] >= 0.3 > second["elapsed"]


def test_connection_tells_the_peer_and_whether_it_was_kept(daemon, origin):
    first = daemon.fetch_one(origin.url("/1"), include=["connection"])["connection"]
    assert first == {"remote_ip": "127.0.0.1", "remote_port": origin.port, "http_version": "1.1", "reused": False}
    second = daemon.fetch_one(origin.url("/2"), include=["connection"])["connection"]
    assert second == {**first, "reused": True}
    assert origin.connections == 1


def test_connection_tells_an_old_version(steady_daemon, origin):
    url = origin.on("/old", Raw(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"))
    assert steady_daemon.fetch_one(url, include=["connection"])["connection"]["http_version"] == "1.0"


def test_connection_over_ipv6(daemon, start_origin):
    origin = start_origin(host="::1")
    result = daemon.fetch_one(f"http://[::1]:{origin.port}/", include=["connection"])
    assert result["connection"]["remote_ip"] == "::1"


def test_connections_are_kept_across_batches_and_callers(daemon, origin):
    for n in range(20):
        daemon.fetch([origin.url(f"/{n}/{m}") for m in range(3)], max_concurrent=3)
    assert origin.connections <= 3


def test_failures_with_include_have_no_fields_of_an_answer(steady_daemon):
    result = steady_daemon.fetch_one("bad", include=EVERYTHING)
    assert result["status"] == 0 and result["error_code"] == "invalid_url"
    assert not {"headers", "body", "body_encoding", "size", "connection", "tls", "sha256"} & set(result)
    assert {"redirects", "final_url", "timings", "attempts"} <= set(result)


def test_the_size_is_of_the_decoded_body(steady_daemon, origin):
    packed = gzip.compress(b"x" * 5000)
    url = origin.on("/packed", Reply(body=packed, headers=[("Content-Encoding", "gzip")]))
    assert_answered(steady_daemon.fetch_one(url), url, 200, size=5000)
    assert_answered(steady_daemon.fetch_one(url, decompress=False), url, 200, size=len(packed))


@pytest.mark.parametrize("status", [200, 299, 404, 451, 599, 600, 999])
def test_every_three_digit_status_is_told(steady_daemon, origin, status):
    url = origin.on("/odd", Raw(f"HTTP/1.1 {status} Odd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()))
    assert_answered(steady_daemon.fetch_one(url), url, status)


def test_head_has_no_body(steady_daemon, origin):
    url = origin.url("/bytes/100")
    result = steady_daemon.fetch_one({"url": url, "method": "HEAD"}, include=["body", "headers"])
    assert (result["size"], result["body"], result["headers"]["content-length"]) == (0, "", ["100"])


def test_json_of_an_echo_is_whole(steady_daemon, origin):
    result = steady_daemon.fetch_one(origin.url("/echo?a=b"), include=["body"])
    assert strict_json(result["body"])["target"] == "/echo?a=b"
