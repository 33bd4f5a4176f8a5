"""A HEAD that an origin does not know, and the GET in its place."""

import asyncio

import pytest

from rig.checks import assert_answered, assert_failed
from rig.origin import Raw, Reply


def knows_get_only(origin, path, status=405, get=None):
    async def script(request):
        return Reply(status) if request.method == "HEAD" else get or Reply(body=b"content", headers=[("X-Get", "1")])

    return origin.on(path, script)


def methods(origin):
    return [request.method for request in origin.requests]


def test_without_it_the_refusal_is_the_result(steady_daemon, origin):
    url = knows_get_only(origin, "/a")
    assert_answered(steady_daemon.fetch_one({"url": url, "method": "HEAD"}), url, 405)
    assert methods(origin) == ["HEAD"]


@pytest.mark.parametrize("status", [405, 501])
def test_the_get_is_the_result_without_its_body(steady_daemon, origin, status):
    url = knows_get_only(origin, "/a", status)
    result = steady_daemon.fetch_one(url, method="HEAD", head_fallback=True, include=["body", "headers", "attempts", "sha256"])
    assert (result["status"], result["size"], result["body"], result["headers"]["x-get"]) == (200, 0, "", ["1"])
    assert result["sha256"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    [attempt] = result["attempts"]
    assert (attempt["status"], attempt["head_status"]) == (200, status)
    assert methods(origin) == ["HEAD", "GET"]
    assert origin.connections == 1


@pytest.mark.parametrize("status", [200, 404, 403, 500])
def test_other_statuses_are_results(steady_daemon, origin, status):
    url = origin.on("/a", Reply(status))
    result = steady_daemon.fetch_one(url, method="HEAD", head_fallback=True, include=["attempts"])
    assert result["status"] == status and "head_status" not in result["attempts"][0]
    assert methods(origin) == ["HEAD"]


def test_a_get_that_is_refused_as_well_is_the_result(steady_daemon, origin):
    url = origin.on("/a", Reply(405, b"no"))
    assert_answered(steady_daemon.fetch_one(url, method="HEAD", head_fallback=True), url, 405, size=0)
    assert methods(origin) == ["HEAD", "GET"]


def test_it_is_for_the_item_that_says_so(steady_daemon, origin):
    url = knows_get_only(origin, "/a")
    results = steady_daemon.fetch([{"url": url, "head_fallback": False}, url, {"url": url, "method": "GET"}], method="HEAD", head_fallback=True)
    assert [result["status"] for result in results] == [405, 200, 200]


def test_a_large_body_is_neither_read_nor_too_large(steady_daemon, origin):
    url = knows_get_only(origin, "/a", get=Reply(body=b"x" * 5_000_000))
    assert_answered(steady_daemon.fetch_one(url, method="HEAD", head_fallback=True, max_size=10), url, size=0)


def test_redirects_before_and_after(steady_daemon, origin):
    end = knows_get_only(origin, "/end")
    middle = knows_get_only(origin, "/middle", get=Reply(302, headers=[("Location", end)]))
    start = origin.on("/start", Reply(301, headers=[("Location", middle)]))
    result = steady_daemon.fetch_one(start, method="HEAD", head_fallback=True, include=["redirects", "timings"])
    assert (result["status"], result["size"], result["final_url"]) == (200, 0, end)
    assert [(hop["url"], hop["status"]) for hop in result["redirects"]] == [(start, 301), (middle, 302)]
    assert [(request.method, request.path) for request in origin.requests] == [
        ("HEAD", "/start"), ("HEAD", "/middle"), ("GET", "/middle"), ("GET", "/end")]


def test_the_time_of_the_head_counts(steady_daemon, origin):
    async def script(request):
        if request.method == "HEAD":
            await asyncio.sleep(0.2)
            return Reply(405)
        return Reply(body=b"x")

    result = steady_daemon.fetch_one(origin.on("/slow", script), method="HEAD", head_fallback=True, include=["timings"])
    assert result["elapsed"] >= 0.2 and result["timings"]["redirect"] >= 0.2


def test_a_get_that_fails_is_a_failure(steady_daemon, origin):
    url = knows_get_only(origin, "/a", get=Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    assert_failed(steady_daemon.fetch_one(url, method="HEAD", head_fallback=True), url, "recv")
