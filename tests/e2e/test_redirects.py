"""Redirects are followed hop by hop, and nothing that the caller gave crosses to another origin."""

from urllib.parse import quote

import pytest

from rig.checks import assert_answered, assert_failed
from rig.client import strict_json
from rig.origin import Raw, Reply
from rig.timing import assert_timed_out

SECRETS = {"Authorization": "Bearer secret", "Cookie": "a=secret", "X-Api-Key": "secret", "X-Plain": "secret"}


def to(origin, target, status=302):
    return origin.url(f"/to?status={status}&url={quote(target, safe='')}")


def test_the_result_is_of_the_last_hop_under_the_first_url(steady_daemon, origin):
    url = origin.url("/redirect/3")
    assert_answered(steady_daemon.fetch_one(url), url, 200, size=3)
    assert [request.path for request in origin.requests] == ["/redirect/3", "/redirect/2", "/redirect/1", "/redirect/0"]


def test_hops_are_told_when_asked_for(steady_daemon, origin):
    end = origin.url("/bytes/7?x=y")
    middle = to(origin, end, 307)
    start = to(origin, middle, 301)
    result = steady_daemon.fetch_one(start, include=["redirects"])
    assert_answered(result, start, 200, size=7, more=("final_url", "redirects"))
    assert result["final_url"] == end
    assert result["redirects"] == [{"url": start, "status": 301, "location": middle},
                                   {"url": middle, "status": 307, "location": end}]


def test_without_a_redirect_there_are_no_hops(steady_daemon, origin):
    result = steady_daemon.fetch_one(origin.url("/a"), include=["redirects"])
    assert (result["final_url"], result["redirects"]) == (origin.url("/a"), [])


@pytest.mark.parametrize("location, target", [
    ("/absolute", "/absolute"), ("sibling", "/a/b/sibling"), ("../up", "/a/up"), ("./same", "/a/b/same"),
    ("?query=1", "/a/b/c?query=1"), ("//{authority}/network", "/network"), ("/with%20escape", "/with%20escape"),
    ("/a#fragment", "/a"),
])
def test_locations_are_resolved(steady_daemon, origin, location, target):
    location = location.format(authority=f"127.0.0.1:{origin.port}")

    async def redirect_once(request):
        return Reply(200) if request.query else Reply(302, headers=[("Location", location)])

    assert steady_daemon.fetch_one(origin.on("/a/b/c", redirect_once))["status"] == 200
    assert [request.target for request in origin.requests] == ["/a/b/c", target]


@pytest.mark.parametrize("status, method, becomes", [
    (301, "GET", "GET"), (302, "GET", "GET"), (303, "GET", "GET"), (307, "GET", "GET"), (308, "GET", "GET"),
    (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST"),
    (303, "PUT", "GET"), (307, "PUT", "PUT"), (308, "PATCH", "PATCH"), (302, "HEAD", "HEAD"), (303, "HEAD", "HEAD"),
    (307, "DELETE", "DELETE"),
])
def test_methods_after_a_redirect(steady_daemon, origin, status, method, becomes):
    item = {"url": to(origin, "/echo", status), "method": method}
    if method in ("POST", "PUT", "PATCH"):
        item.update(body="content", headers={"Content-Type": "text/x-mine"})
    assert steady_daemon.fetch_one(item)["status"] == 200
    last = origin.requests[-1]
    assert (last.path, last.method) == ("/echo", becomes)
    if "body" in item:
        kept = becomes != "GET"
        assert last.body == (b"content" if kept else b"")
        assert last.header("Content-Type") == ("text/x-mine" if kept else None)


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_statuses_of_the_300s_are_answers(steady_daemon, origin, status):
    url = to(origin, "/elsewhere", status)
    assert_answered(steady_daemon.fetch_one(url), url, status)
    assert not origin.seen("/elsewhere")


def test_a_redirect_to_nowhere_is_an_answer(steady_daemon, origin):
    url = origin.url("/status/302")
    assert_answered(steady_daemon.fetch_one(url), url, 302)


def test_redirects_can_be_left_alone(steady_daemon, origin):
    url = to(origin, "/elsewhere")
    result = steady_daemon.fetch_one(url, follow_redirects=False, include=["headers", "redirects"])
    assert_answered(result, url, 302, more=("headers", "final_url", "redirects"))
    assert result["headers"]["location"] == ["/elsewhere"]
    assert (result["final_url"], result["redirects"]) == (url, [])
    assert not origin.seen("/elsewhere")


def test_loops_end(steady_daemon, origin):
    itself = origin.on("/loop", Reply(302, headers=[("Location", "/loop")]))
    origin.on("/ping", Reply(302, headers=[("Location", "/pong")]))
    origin.on("/pong", Reply(302, headers=[("Location", "/ping")]))
    for url in (itself, origin.url("/ping")):
        assert_failed(steady_daemon.fetch_one(url), url, "too_many_redirects")
    assert len(origin.seen("/loop")) == 11  # the request and the ten redirects of the default


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_max_redirects_is_exact(steady_daemon, origin, limit):
    enough, more = origin.url(f"/redirect/{limit}"), origin.url(f"/redirect/{limit + 1}")
    results = steady_daemon.fetch([enough, more], max_redirects=limit)
    assert_answered(results[0], enough, 200)
    assert_failed(results[1], more, "too_many_redirects")


def test_a_redirect_cannot_leave_http(steady_daemon, origin):
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"):
        url = to(origin, target)
        assert_failed(steady_daemon.fetch_one(url), url, "unsupported_scheme")


def test_a_redirect_to_a_malformed_url(steady_daemon, origin):
    for target in ("http://[::1", "http://host:99999/"):
        url = to(origin, target)
        assert_failed(steady_daemon.fetch_one(url), url, "invalid_url")


def test_a_redirect_that_fails_is_told_under_the_first_url(steady_daemon, origin):
    origin.on("/empty", Raw())
    url = to(origin, "/empty")
    assert_failed(steady_daemon.fetch_one(url), url, "empty_reply")


def test_headers_stay_within_their_origin(steady_daemon, origin, start_origin):
    other = start_origin()
    steady_daemon.fetch_one({"url": to(origin, origin.url("/echo")), "headers": SECRETS})
    assert {name: origin.requests[-1].header(name) for name in SECRETS} == SECRETS
    steady_daemon.fetch_one({"url": to(origin, other.url("/echo")), "headers": SECRETS})  # another port
    assert other.requests[-1].path == "/echo"
    assert "secret" not in str(other.requests[-1].headers)
    origin.requests.clear()
    named = origin.url("/echo", host="localhost")  # another name of the same address
    steady_daemon.fetch_one({"url": to(origin, named), "headers": SECRETS})
    assert origin.requests[-1].path == "/echo"
    assert "secret" not in str(origin.requests[-1].headers)


def test_headers_do_not_come_back_after_a_detour(steady_daemon, origin, start_origin):
    other = start_origin()
    detour = to(other, origin.url("/echo"))
    steady_daemon.fetch_one({"url": to(origin, detour), "headers": SECRETS})
    assert "secret" not in str(other.requests[-1].headers)
    assert origin.requests[-1].path == "/echo"
    assert "secret" not in str(origin.requests[-1].headers)


def test_headers_do_not_cross_to_another_scheme(start_daemon, start_origin, authority):
    secure = start_origin(tls=authority.server_context("127.0.0.1"))
    plain = start_origin()
    daemon = start_daemon({"fetch.ca_file": authority.file})
    assert daemon.fetch_one({"url": to(secure, plain.url("/echo")), "headers": SECRETS})["status"] == 200
    assert "secret" not in str(plain.requests[-1].headers)


def test_cookies_of_answers_are_not_kept(steady_daemon, origin):
    origin.on("/set", Reply(302, headers=[("Location", "/echo"), ("Set-Cookie", "a=b")]))
    result = steady_daemon.fetch_one(origin.url("/set"), include=["body"])
    assert "cookie" not in {name.lower() for name, _ in strict_json(result["body"])["headers"]}


def test_elapsed_and_timeout_span_all_hops(steady_daemon, origin):
    def chain(count):
        return origin.url("/end?delay=0.2") if not count else origin.url(
            f"/to?delay=0.2&url={quote(chain(count - 1), safe='')}")

    result = steady_daemon.fetch_one(chain(2))
    assert result["status"] == 200 and result["elapsed"] >= 0.6
    result = steady_daemon.fetch_one(chain(4), timeout=0.5)
    assert_failed(result, chain(4), "timeout")
    assert_timed_out(result, 0.5)
