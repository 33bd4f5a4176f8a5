"""Lists that are lines: text/plain and NDJSON, with their options in the query."""

import json

import pytest

from rig.checks import assert_answered, assert_failed, assert_points_at, assert_problem, pointers

LINE_TYPES = ["application/x-ndjson", "application/ndjson", "application/jsonl"]


def post_lines(daemon, text, media_type="text/plain", query=""):
    answer = daemon.post(f"/fetch{query}", text, media_type)
    assert answer.status == 200, answer.body
    return answer.json()


def ndjson(*items):
    return "".join(json.dumps(item) + "\n" for item in items)


def test_a_url_per_line(steady_daemon, origin):
    urls = [origin.url(f"/bytes/{n}") for n in range(20)]
    for n, result in enumerate(post_lines(steady_daemon, "\n".join(urls) + "\n")):
        assert_answered(result, urls[n], 200, size=n)


def test_blank_lines_and_comments_are_skipped(steady_daemon, origin):
    a, b = origin.url("/a"), origin.url("/b#fragment")
    text = f"# a comment\n\n{a}\n#{b}\n   \n\t\n{b}\n\n#"
    assert [result["url"] for result in post_lines(steady_daemon, text)] == [a, b]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_of_both_kinds(steady_daemon, origin, end, last):
    urls = [origin.url(f"/{n}") for n in range(3)]
    text = end.join(urls) + (end if last else "")
    assert [result["url"] for result in post_lines(steady_daemon, text)] == urls
    assert [result["url"] for result in post_lines(steady_daemon, end.join(map(json.dumps, urls)), LINE_TYPES[0])] == urls


def test_a_line_that_is_no_url_is_a_result(steady_daemon, origin):
    url = origin.url("/a")
    results = post_lines(steady_daemon, f"nonsense\n{url}\n\"{url}\"\n")
    assert_failed(results[0], "nonsense", "invalid_url")
    assert_answered(results[1], url, 200)
    assert_failed(results[2], f'"{url}"', "invalid_url")


@pytest.mark.parametrize("media_type", LINE_TYPES + ["Application/X-NDJSON; charset=utf-8"])
def test_an_item_per_line(steady_daemon, origin, media_type):
    items = [origin.url("/a"), {"url": origin.url("/b"), "id": "b", "method": "POST", "body": "x"}]
    results = post_lines(steady_daemon, ndjson(*items), media_type)
    assert_answered(results[0], items[0], 200)
    assert_answered(results[1], items[1]["url"], 200, more=("id",))
    assert {request.method for request in origin.requests} == {"GET", "POST"}


def test_blank_lines_between_items_are_skipped(steady_daemon, origin):
    url = origin.url("/a")
    assert len(post_lines(steady_daemon, f'\n"{url}"\n\n  \n"{url}"\n', LINE_TYPES[0])) == 2


@pytest.mark.parametrize("media_type, quote", [("text/plain", ""), (LINE_TYPES[0], '"')])
def test_options_come_in_the_query(steady_daemon, origin, media_type, quote):
    url, moved = origin.url("/bytes/50"), origin.url("/redirect/1")
    text = f"{quote}{url}{quote}\n{quote}{moved}{quote}\n"
    query = "?max_concurrent=1&max_size=40&follow_redirects=false&include=headers,timings&timeout=2.5"
    large, redirect = post_lines(steady_daemon, text, media_type, query)
    assert large["error_code"] == "too_large"
    assert_answered(redirect, moved, 302, more=("headers", "timings"))
    assert origin.peak == 1


def test_method_and_escapes_in_the_query(steady_daemon, origin):
    post_lines(steady_daemon, origin.url("/echo"), query="?method=POST&body=a%26b%20%C3%A4")
    assert (origin.requests[0].method, origin.requests[0].body) == ("POST", "a&b \u00e4".encode())


def test_options_of_the_query_work_with_json_and_the_body_wins(steady_daemon, origin):
    url = origin.url("/redirect/1")
    query = "/fetch?follow_redirects=false&include=headers"
    bare = steady_daemon.post(query, [url]).json()[0]
    assert_answered(bare, url, 302, more=("headers",))
    own = steady_daemon.post(query, {"urls": [url], "follow_redirects": True}).json()[0]
    assert_answered(own, url, 200, more=("headers",))
    item = steady_daemon.post(query, [{"url": url, "include": []}]).json()[0]
    assert_answered(item, url, 302)


@pytest.mark.parametrize("query, pointer", [
    ("?nonsense=1", "?nonsense"), ("?max_concurrent=0", "?max_concurrent"), ("?max_concurrent=x", "?max_concurrent"),
    ("?max_concurrent=", "?max_concurrent"), ("?max_concurrent=1.5", "?max_concurrent"), ("?timeout=-1", "?timeout"),
    ("?timeout=1s", "?timeout"), ("?follow_redirects=maybe", "?follow_redirects"), ("?include=headers,nonsense", "?include"),
    ("?method=BREW", "?method"), ("?max_size=99999999999999999999", "?max_size"), ("?urls=x", "?urls"), ("?id=x", "?id"),
    ("?deadline=nan", "?deadline"), ("?deadline=inf", "?deadline"), ("?timeout=0x10", "?timeout"),
])
@pytest.mark.parametrize("media_type, body", [("text/plain", ""), ("application/json", "[]"), (LINE_TYPES[0], "")])
def test_wrong_options_in_the_query_are_pointed_at(steady_daemon, query, pointer, media_type, body):
    problem = assert_problem(steady_daemon.post(f"/fetch{query}", body, media_type), 422)
    assert_points_at(problem, pointer)


def test_errors_count_items_not_lines(steady_daemon, origin):
    text = "\n" + ndjson(origin.url("/a")) + "\n" + ndjson({"url": origin.url("/b"), "timeout": "soon"}, {"link": "x"})
    problem = assert_problem(steady_daemon.post("/fetch", text, LINE_TYPES[0]), 422)
    assert {pointer.split("/")[1] for pointer in pointers(problem)} == {"1", "2"}, problem
    assert "/1/timeout" in pointers(problem)
    assert not origin.requests


@pytest.mark.parametrize("text", ['"http://x.test/"\n{', '"http://x.test/" "http://y.test/"\n', "http://x.test/\n", "['a']\n",
                                  '{"url": "http://x.test/", "url": "http://y.test/"}\n', '"http://x.test/",\n'])
def test_lines_that_are_not_json_are_refused(steady_daemon, text):
    assert_problem(steady_daemon.post("/fetch", text, LINE_TYPES[0]), 400)


def test_text_that_is_not_utf_8_is_refused(steady_daemon):
    for media_type in ("text/plain", LINE_TYPES[0]):
        assert_problem(steady_daemon.post("/fetch", b'"http://x.test/\xff"\n', media_type), 400)


def test_options_of_an_item_stay_with_it(steady_daemon, origin):
    lines = ndjson({"url": origin.url("/echo"), "headers": {"X-A": "1"}}, origin.url("/echo"))
    post_lines(steady_daemon, lines, LINE_TYPES[0], "?max_concurrent=1")
    assert [request.header("X-A") for request in origin.requests] == ["1", None]


@pytest.mark.parametrize("media_type, line", [("text/plain", "{}\n"), (LINE_TYPES[0], '"{}"\n')])
def test_too_many_lines_are_refused(start_daemon, origin, media_type, line):
    daemon = start_daemon({"server.max_urls": 10})
    line = line.format(origin.url("/a"))
    assert len(post_lines(daemon, line * 10, media_type)) == 10
    assert_problem(daemon.post("/fetch", line * 11, media_type), 413)
    assert len(origin.requests) == 10
