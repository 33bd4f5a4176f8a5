"""Fetches that failed in passing are tried again: when, how often, and what the caller is told."""

import socket

import pytest

from rig.checks import assert_answered, assert_failed, assert_points_at, assert_problem
from rig.origin import Origin, Raw, Reply
from rig.timing import Stopwatch, at_most, wait_for

RESET = Raw(end="reset")


def in_turn(*replies):
    """A script that answers the first request with the first reply and so on; the last one stays."""
    left = list(replies)

    async def script(_):
        return left.pop(0) if len(left) > 1 else left[0]

    return script


def statuses(result):
    return [attempt["status"] for attempt in result["attempts"]]


def test_the_answer_that_came_at_last_counts(daemon, origin):
    url = origin.on("/a", in_turn(Reply(503), Reply(503), Reply(200, b"here")))
    result = daemon.fetch_one(url, retries=5, retry_delay=0.05, include=["attempts"])
    assert_answered(result, url, 200, size=4, more=["attempts"])
    first, second, third = result["attempts"]
    assert statuses(result) == [503, 503, 200]
    assert 0 <= first["delay"] <= 0.05 and 0 <= second["delay"] <= 0.1
    assert set(third) == {"status", "elapsed"}
    assert result["elapsed"] >= sum(attempt["elapsed"] + attempt.get("delay", 0) for attempt in result["attempts"])
    assert len(origin.seen("/a")) == 3


def test_when_all_fail_the_last_one_is_the_result(daemon, origin):
    url = origin.on("/a", in_turn(Reply(500), Reply(502), Reply(504)))
    result = daemon.fetch_one(url, retries=2, retry_delay=0.001, include=["attempts"])
    assert_answered(result, url, 504, more=["attempts"])
    assert statuses(result) == [500, 502, 504]
    assert result["attempts"][-1]["given_up"] == "retries"


def test_without_retries_there_is_one_attempt(daemon, origin):
    url = origin.on("/a", Reply(503))
    result = daemon.fetch_one(url, include=["attempts"])
    (only,) = result["attempts"]
    assert (only["status"], only["given_up"]) == (503, "retries")
    assert len(daemon.fetch_one(origin.url("/b"), include=["attempts"])["attempts"]) == 1
    assert len(origin.requests) == 2


@pytest.mark.parametrize("status", [200, 304, 400, 404, 501])
def test_what_will_not_pass_is_not_tried_again(steady_daemon, origin, status):
    result = steady_daemon.fetch_one(origin.url(f"/status/{status}"), retries=3, retry_delay=0.001, include=["attempts"])
    assert statuses(result) == [status] and "given_up" not in result["attempts"][0]
    assert len(origin.requests) == 1


def test_a_refused_connection_is_tried_until_the_origin_is_up(daemon, loop_thread):
    """The port is bound all the time, and listens once others that came later were refused, too."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        pending = daemon.begin_batch([url], retries=10, retry_delay=0.3, include=["attempts"])
        for _ in range(3):
            assert_failed(daemon.fetch_one(url), url, "connect")
        listener.listen(16)
        late = Origin(loop_thread, listener=listener.dup()).start()
        (result,) = pending.answer()
        late.stop()
    assert result["status"] == 200 and len(result["attempts"]) >= 2
    for attempt in result["attempts"][:-1]:
        assert (attempt["status"], attempt["error_code"]) == (0, "connect")


@pytest.mark.parametrize("method, attempts", [("GET", 3), ("PUT", 3), ("DELETE", 3), ("POST", 1), ("PATCH", 1)])
def test_what_may_have_been_done_is_not_done_twice(daemon, origin, method, attempts):
    url = origin.on("/broken", RESET)
    result = daemon.fetch_one(url, method=method, retries=2, retry_delay=0.001, include=["attempts"])
    assert_failed(result, url, "recv", "empty_reply", more=["attempts"])
    assert len(result["attempts"]) == attempts
    url = origin.on("/busy", Reply(503))
    assert len(daemon.fetch_one(url, method=method, retries=2, retry_delay=0.001, include=["attempts"])["attempts"]) == 3


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("method, times", [("POST", 1), ("PATCH", 1), ("PUT", 2), ("GET", 2)])
def test_a_warm_connection_that_ends_without_a_reply_is_no_reason_to_do_it_twice(daemon, origin, method, times, end):
    """libcurl would send any of them again, over a new connection."""
    daemon.fetch_one(origin.url("/warm"))
    url = origin.on("/broken", Raw(end=end))
    assert_failed(daemon.fetch_one(url, method=method), url, "recv", "empty_reply")
    assert [request.connection for request in origin.seen("/broken")] == list(range(1, times + 1))


def test_a_post_goes_over_a_new_connection_when_the_warm_one_has_ended_before(daemon, origin):
    url = origin.on("/leaving", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    for n in range(1, 6):
        assert_answered(daemon.fetch_one(url, method="POST", body="work"), url, 200, size=2)
        origin.wait_until(lambda: origin.open_connections == 0, "the end of the connection")
        assert origin.connections == n


@pytest.mark.parametrize("method, attempts", [("POST", 1), ("PUT", 3)])
@pytest.mark.parametrize("reset", [RESET, None])
def test_what_was_done_before_a_redirect_is_not_done_twice(daemon, origin, method, attempts, reset):
    """What fails is the page behind it: the request that was redirected has had its effect."""
    after = origin.on("/after", reset or Reply(503))
    url = origin.on("/order", Reply(303, headers=[("Location", after)]))
    result = daemon.fetch_one(url, method=method, retries=2, retry_delay=0.001, include=["attempts"])
    assert len(result["attempts"]) == len(origin.seen("/order")) == attempts


def test_options_of_an_item_and_in_the_query(daemon, origin):
    urls = [origin.on(f"/{n}", Reply(503)) for n in range(4)]
    items = [urls[0], {"url": urls[1], "retries": 0}, {"url": urls[2], "retries": 2, "retry_delay": 0.002}]
    results = daemon.fetch(items, retries=1, retry_delay=0.001, include=["attempts"])
    assert [len(result["attempts"]) for result in results] == [2, 1, 3]
    answer = daemon.post("/fetch?retries=1&retry_delay=0.001&include=attempts&per_host=2&host_delay=0.001", urls[3], "text/plain")
    assert len(answer.json()[0]["attempts"]) == 2


def test_settings_are_the_default(start_daemon, origin):
    daemon = start_daemon({"fetch.retries": 2, "fetch.retry_delay": 0.001})
    daemon.fetch_one(origin.on("/a", Reply(503)))
    assert len(origin.seen("/a")) == 3


@pytest.mark.parametrize("option, value", [("retries", -1), ("retries", 11), ("retries", 1.5), ("retry_delay", 0), ("retry_delay", 3601),
                                           ("per_host", 0), ("per_host", 257), ("host_delay", -1), ("host_delay", 3601)])
def test_values_out_of_range_are_refused(steady_daemon, option, value):
    problem = assert_problem(steady_daemon.post_batch(["http://127.0.0.1:1/"], **{option: value}), 422)
    assert_points_at(problem, f"/{option}")


def test_no_worker_is_held_while_an_item_waits(start_daemon, origin):
    daemon = start_daemon({"pool.workers": 1})
    origin.on("/a", in_turn(Reply(503, headers=[("Retry-After", "2")]), Reply(200)))
    pending = daemon.begin_batch([origin.url("/a")], retries=1, include=["attempts"])
    origin.wait_for_requests(1, "/a")
    other = origin.url("/b").replace("127.0.0.1", "127.0.0.2")  # another host: nothing listens there, but a worker finds out
    assert_failed(daemon.fetch_one(other), other, "connect")
    assert len(origin.seen("/a")) == 1
    assert statuses(pending.answer()[0]) == [503, 200]


def test_an_outage_is_not_multiplied(daemon, origin):
    origin.on("/a", Reply(503))
    with Stopwatch() as watch:
        results = daemon.fetch([origin.url("/a")] * 1000, retries=5, retry_delay=0.001, max_concurrent=32, include=["attempts"])
    spans = 1 + int(watch.seconds / 5)  # of the window; each may begin with ten that are free
    assert 1100 <= len(origin.requests) <= 1100 + 10 * spans
    assert sum(len(result["attempts"]) for result in results) == len(origin.requests)
    assert "budget" in {result["attempts"][-1]["given_up"] for result in results}


def test_without_a_budget_there_are_no_retries(start_daemon, origin):
    daemon = start_daemon({"fetch.retry_budget": 0})
    result = daemon.fetch_one(origin.on("/a", Reply(503)), retries=3, retry_delay=0.001, include=["attempts"])
    assert (statuses(result), result["attempts"][0]["given_up"]) == ([503], "budget")


def test_a_retry_that_the_deadline_would_cut_is_not_waited_for(daemon, origin):
    url = origin.on("/a", Reply(503, b"busy", headers=[("Retry-After", "30")]))
    with Stopwatch() as watch:
        result = daemon.fetch_one(url, retries=3, deadline=20, include=["attempts"])
    assert_answered(result, url, 503, size=4, more=["attempts"])
    assert (statuses(result), result["attempts"][0]["given_up"]) == ([503], "deadline")
    assert watch.seconds < at_most(5)


def long_wait(origin):
    """A URL whose retry is a long time away."""
    return origin.on("/wait", Reply(503, headers=[("Retry-After", "50")]))


def wait_until_paused(daemon, origin):
    """The daemon has the answer that pauses the host, so what asked waits for its retry."""
    wait_for(lambda: daemon.fetch_one(origin.url("/probe"), deadline=5).get("error_code") == "host_paused", "a paused host")


def test_a_client_that_leaves_ends_what_waits_for_a_retry(daemon, origin):
    pending = daemon.begin_batch([long_wait(origin)] * 3, retries=1)
    origin.wait_for_requests(1, "/wait")
    wait_until_paused(daemon, origin)
    pending.leave()
    daemon.wait_for_line("batch abandoned", "urls=3")
    assert daemon.get("/readyz").status == 200


def test_the_deadline_ends_what_waits_for_a_retry(daemon, origin):
    """The retry would be soon, but for host_delay."""
    url = origin.on("/a", Reply(500))
    with Stopwatch() as watch:
        result = daemon.fetch_one(url, retries=3, retry_delay=0.001, host_delay=30, deadline=0.5, include=["attempts"])
    assert_failed(result, url, "deadline", more=["attempts"])
    assert statuses(result) == [500] and 0 < result["elapsed"] <= watch.seconds
    assert watch.seconds < at_most(3)


def test_a_pause_that_comes_meanwhile_may_outlast_the_deadline(daemon, origin):
    soon, late = origin.url("/soon"), origin.url("/late")

    async def script(request):
        await origin._released.wait()
        return Reply(503, headers=[("Retry-After", "1" if request.path == "/soon" else "50")])

    origin.on("/soon", script)
    origin.on("/late", script)
    pending = daemon.begin_batch([soon, late], retries=3, deadline=20, include=["attempts"])
    origin.wait_for_requests(2)
    origin.release()
    with Stopwatch() as watch:
        first, second = pending.answer()
    assert_failed(first, soon, "host_paused", more=["attempts"])
    assert statuses(first) == [503]
    assert_answered(second, late, 503, more=["attempts"])
    assert second["attempts"][0]["given_up"] == "deadline"
    assert watch.seconds < at_most(5)


@pytest.mark.parametrize("hurry", [False, True])
def test_a_drain_ends_what_waits_for_a_retry(start_daemon, origin, hurry):
    daemon = start_daemon({"server.drain_timeout": 30 if hurry else 0.5})
    pending = daemon.begin_batch([long_wait(origin)], retries=1, include=["attempts"])
    origin.wait_for_requests(1, "/wait")
    wait_until_paused(daemon, origin)
    with Stopwatch() as watch:
        daemon.signal()
        daemon.wait_for_line("msg=draining")
        if hurry:
            daemon.signal()
        (result,) = pending.answer()
        assert daemon.wait() == 0
    assert_failed(result, origin.url("/wait"), "shutdown", more=["attempts"])
    assert statuses(result) == [503]
    assert watch.seconds < at_most(3)


def test_a_drain_waits_for_a_retry_that_is_soon(daemon, origin):
    origin.on("/a", in_turn(Reply(503, headers=[("Retry-After", "1")]), Reply(200)))
    pending = daemon.begin_batch([origin.url("/a")], retries=1)
    origin.wait_for_requests(1, "/a")
    daemon.signal()
    assert pending.answer()[0]["status"] == 200
    assert daemon.wait() == 0


@pytest.mark.parametrize("reads", [True, False])
def test_a_held_answer_waits_for_the_retry_of_its_first_item(start_daemon, origin, reads):
    """All behind the first item is done until the buffer is full; then only the first item may start, and it does."""
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    body = b"x" * 32 * 1024
    first = origin.on("/first", in_turn(Reply(500), Reply(500), Reply(200, b"first")))
    rest = origin.on("/rest", Reply(body=body))
    pending = daemon.begin_batch([{"url": first, "retries": 5, "retry_delay": 0.5}] + [rest] * 200, max_concurrent=2, include=["body"])
    origin.wait_for_requests(3, "/first")
    if not reads:
        pending.leave()
        daemon.wait_for_line("batch abandoned")
        return
    results = pending.answer()
    assert results[0]["body"] == "first"
    assert [len(result["body"]) for result in results[1:]] == [len(body)] * 200


def test_a_held_answer_stays_bounded_while_its_first_item_waits(start_daemon, origin):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    other = origin.url("/first").replace("127.0.0.1", "localhost")
    origin.on("/first", in_turn(Reply(503, headers=[("Retry-After", "2")]), Reply(200, b"first")))
    rest = origin.on("/rest", Reply(body=b"x" * 32 * 1024))
    pending = daemon.begin_batch([{"url": other, "retries": 1}] + [rest] * 200, max_concurrent=4, include=["body"])
    origin.wait_for_requests(2, "/first")
    assert len(origin.seen("/rest")) <= 2 + 1 + 4  # what fills the buffer, one over it, and what was in flight
    results = pending.answer()
    assert results[0]["body"] == "first" and len(results) == 201
