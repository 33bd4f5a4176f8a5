"""Answers as lines: a result on each, in the order asked for, and one with the counts at the end."""

import json
import random

import pytest

from rig.checks import assert_answered, assert_failed, assert_points_at, assert_problem
from rig.client import strict_json
from rig.origin import Gate, Reply
from rig.ports import closed_port
from rig.timing import Stopwatch, at_most

LINES = "application/x-ndjson"
CSV = "text/csv; charset=utf-8; header=present"
ARCHIVE = "application/har+json"
SPELLINGS = [LINES, "application/ndjson", "application/jsonl"]
ORDERS = ["input", "completion"]


def accept(value):
    return {"Accept": value}


def counts(succeeded=0, failed=0, cancelled=0):
    return {"total": succeeded + failed + cancelled, "succeeded": succeeded, "failed": failed, "cancelled": cancelled}


def assert_each_once(results, urls):
    """Every item has exactly one line, which tells its place in the list."""
    assert sorted(result["index"] for result in results) == list(range(len(urls)))
    for result in results:
        assert result["url"] == urls[result["index"]]


@pytest.mark.parametrize("order", ORDERS)
def test_each_item_has_one_line_whatever_the_order(steady_daemon, origin, order):
    chance = random.Random(2)
    urls = [origin.url(f"/bytes/{size}?delay={chance.uniform(0, 0.03):.4f}") for size in range(300)]
    results, told = steady_daemon.fetch_lines(urls, order=order, max_concurrent=30)
    assert_each_once(results, urls)
    assert told == counts(succeeded=300)
    for result in results:
        assert_answered(result, urls[result["index"]], 200, size=result["index"], more=["index"])
    if order == "input":
        assert [result["url"] for result in results] == urls


def test_the_index_stands_behind_the_url_and_the_rest_is_as_in_an_array(steady_daemon, origin):
    urls = [{"url": origin.url("/echo"), "id": "one"}, "not a url"]
    results, _ = steady_daemon.fetch_lines(urls, include=["headers", "body"])
    for number, (line, item) in enumerate(zip(results, steady_daemon.fetch(urls, include=["headers", "body"]))):
        assert list(line) == ["url", "index", *list(item)[1:]]
        assert line["index"] == number


def test_order_of_completion_is_the_order_in_which_they_finish(daemon, origin):
    gate = Gate(origin, "/0", "/1", "/2", "/3")
    batch = daemon.begin_lines([origin.url(f"/{n}") for n in range(4)], order="completion")
    origin.wait_for_requests(4)
    for number in (2, 0, 3, 1):
        gate.open(f"/{number}")
        assert batch.line()["index"] == number  # before any other can finish
    assert batch.rest() == ([], counts(succeeded=4))


def test_order_of_input_waits_for_those_before(daemon, origin):
    gate = Gate(origin, "/0", "/1", "/2")
    batch = daemon.begin_lines([origin.url(f"/{n}") for n in range(3)])
    origin.wait_for_requests(3)
    gate.open("/2")
    gate.open("/0")
    assert batch.line()["index"] == 0
    assert origin.in_flight >= 1  # the second is still held
    gate.open("/1")
    assert [result["index"] for result in batch.rest()[0]] == [1, 2]


@pytest.mark.parametrize("order", ORDERS)
def test_lines_arrive_while_later_urls_still_run(daemon, origin, order):
    batch = daemon.begin_lines([origin.url("/a"), origin.url("/held")], order=order)
    assert_answered(batch.line(), origin.url("/a"), 200, more=["index"])
    origin.wait_for_requests(1, "/held")
    assert origin.in_flight == 1
    origin.release()
    results, told = batch.rest()
    assert [result["index"] for result in results] == [1] and told == counts(succeeded=2)


@pytest.mark.timed
@pytest.mark.parametrize("order", ORDERS)
def test_counts_tell_responses_failures_and_what_was_given_up(steady_daemon, origin, order):
    with closed_port() as port:
        urls = [origin.url("/a"), origin.url("/held"), "not a url", origin.url("/status/500"), f"http://127.0.0.1:{port}/", origin.url("/held?2"),
                origin.url("/never")]
        with Stopwatch() as watch:
            results, told = steady_daemon.fetch_lines(urls, order=order, deadline=0.5, max_concurrent=2)
    assert 0.5 <= watch.seconds < at_most(0.8)
    assert told == counts(succeeded=2, failed=2, cancelled=3)
    assert_each_once(results, urls)
    if order == "input":
        assert [result["url"] for result in results] == urls
    by_index = {result["index"]: result for result in results}
    for number in (1, 5, 6):
        assert_failed(by_index[number], urls[number], "deadline", more=["index"])
    assert not origin.seen("/never")


def test_what_a_stopped_daemon_gives_up_is_counted_as_cancelled(start_daemon, origin):
    daemon = start_daemon({"server.drain_timeout": 0.3})
    urls = [origin.url("/a"), origin.url("/held"), origin.url("/never")]
    batch = daemon.begin_lines(urls, max_concurrent=1)
    origin.wait_for_requests(1, "/held")
    daemon.signal()
    results, told = batch.rest()
    assert_answered(results[0], urls[0], 200, more=["index"])
    for url, result in zip(urls[1:], results[1:]):
        assert_failed(result, url, "shutdown", more=["index"])
    assert told == counts(succeeded=1, cancelled=2)
    assert daemon.wait() == 0


def test_an_empty_list_is_the_closing_line_alone(steady_daemon):
    for media_type, body in (("application/json", "[]"), ("text/plain", ""), (LINES, "")):
        answer = steady_daemon.post("/fetch", body, media_type, accept(LINES))
        assert answer.status == 200 and answer.headers["Content-Length"]
        assert answer.body == b'{"done":true,"counts":{"total":0,"succeeded":0,"failed":0,"cancelled":0}}\n'


@pytest.mark.parametrize("sent", ["text/plain", LINES])
def test_options_stand_in_the_query_of_lists_by_line(steady_daemon, origin, sent):
    gate = Gate(origin, "/first")
    urls = [origin.url("/first"), origin.url("/second")]
    origin.on("/second", lambda request: open_and_answer(gate))
    body = "\n".join(urls if sent == "text/plain" else map(json.dumps, urls))
    answer = steady_daemon.post("/fetch?order=completion&on_disconnect=finish", body, sent, accept(LINES))
    assert answer.status == 200
    assert sorted(strict_json(line).get("index", 2) for line in answer.body.splitlines()) == [0, 1, 2]


async def open_and_answer(gate):
    gate.open("/first")
    return Reply(body=b"ok")


# ---- which of the two ----

@pytest.mark.parametrize("asked, given", [
    *[(spelling, spelling) for spelling in SPELLINGS],
    ("application/json", "application/json"),
    ("*/*", "application/json"),
    ("application/*", "application/json"),
    ("application/x-ndjson, application/json", "application/json"),
    ("application/x-ndjson, application/json;q=0.9", LINES),
    ("application/x-ndjson;q=0.1, application/json;q=0.2", "application/json"),
    ("application/x-ndjson, */*", LINES),
    ("*/*, application/json;q=0", LINES),
    ("text/html, application/jsonl;q=0.5, */*;q=0.1", "application/jsonl"),
    ("application/json, text/plain, */*", "application/json"),
    ("text/csv", CSV),
    ("text/*", CSV),
    ("text/csv, application/json", "application/json"),
    ("text/csv, application/json;q=0.9", CSV),
    ("application/har+json", ARCHIVE),
    ("application/har+json, application/*;q=0.5", ARCHIVE),
])
def test_the_best_of_the_forms_is_sent(steady_daemon, origin, asked, given):
    answer = steady_daemon.post("/fetch", [origin.url("/a")], headers=accept(asked))
    assert (answer.status, answer.headers["Content-Type"]) == (200, given)
    assert answer.body.startswith({"application/json": b"[", CSV: b"url,", ARCHIVE: b'{"log":'}.get(given, b"{"))


def test_all_accept_headers_count(steady_daemon, origin):
    body = json.dumps([origin.url("/a")])
    with steady_daemon.open_socket() as stream:
        stream.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nContent-Type: application/json\r\nAccept: application/json;q=0.5\r\n"
                       b"accept: application/jsonl\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body.encode()))
        head = b""
        while b"\r\n\r\n" not in head:
            piece = stream.recv(65536)
            assert piece, head
            head += piece
    assert head.startswith(b"HTTP/1.1 200 ") and b"Content-Type: application/jsonl\r\n" in head


def test_a_406_names_what_there_is(steady_daemon):
    for value in ("text/html", "application/x-ndjson;q=0", "*/*;q=0"):
        detail = assert_problem(steady_daemon.post("/fetch", [], headers=accept(value)), 406)["detail"]
        assert all(form in detail for form in ("application/json", LINES, "text/csv", ARCHIVE))


@pytest.mark.parametrize("body, status", [("[", 400), ('["a", 5]', 422), ('{"urls": [], "order": "random"}', 422)])
def test_refusals_are_problems_whatever_was_asked_for(steady_daemon, body, status):
    assert_problem(steady_daemon.post("/fetch", body, headers=accept(LINES)), status)


def test_an_array_cannot_have_the_order_of_completion(steady_daemon, origin):
    answer = steady_daemon.post_batch([origin.url("/a")], order="completion")
    problem = assert_problem(answer, 422)
    assert_points_at(problem, "/order")
    assert "NDJSON" in problem["errors"][0]["detail"]
    problem = assert_problem(steady_daemon.post("/fetch?order=completion", origin.url("/a"), "text/plain"), 422)
    assert_points_at(problem, "?order")
    assert not origin.requests
    assert steady_daemon.fetch_one(origin.url("/a"), order="input")["status"] == 200
