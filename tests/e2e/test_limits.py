"""Clocks and bounds: timeouts, deadlines, what a client may hold, and what ends with it."""

import threading

import pytest

from rig import client
from rig.checks import assert_answered, assert_failed, assert_problem
from rig.timing import Stopwatch, assert_timed_out, at_most, wait_for


def test_the_clock_of_a_url_does_not_run_while_it_waits(steady_daemon, origin):
    urls = [origin.url(f"/delay/0.3/{n}") for n in range(4)]
    with Stopwatch() as watch:
        results = steady_daemon.fetch(urls, max_concurrent=1, timeout=0.9 if at_most(1) == 1 else 3)
    assert [result["status"] for result in results] == [200] * 4
    assert watch.seconds >= 1.2
    assert results[-1]["elapsed"] < watch.seconds - 0.8


def test_the_clock_does_not_run_while_all_workers_are_busy(start_daemon, origin):
    daemon = start_daemon({"pool.workers": 1})
    first = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    second = daemon.begin_batch([origin.url("/a")], timeout=0.2)
    assert daemon.fetch([], timeout=1) == []
    threading.Timer(0.4, origin.release).start()  # longer than the second one's timeout
    assert first.answer()[0]["status"] == 200
    assert second.answer()[0]["status"] == 200


def test_items_have_timeouts_of_their_own(steady_daemon, origin):
    url = origin.url("/delay/0.5")
    results = steady_daemon.fetch([{"url": url, "timeout": 0.2}, url, {"url": url, "timeout": 20}], timeout=30)
    assert_failed(results[0], url, "timeout")
    assert [result["status"] for result in results[1:]] == [200, 200]
    results = steady_daemon.fetch([{"url": url, "timeout": 20}, url], timeout=0.2)
    assert results[0]["status"] == 200
    assert_failed(results[1], url, "timeout")


def test_the_default_timeout_is_a_setting_and_so_is_its_limit(start_daemon, origin):
    daemon = start_daemon({"fetch.timeout": 0.3, "fetch.timeout_limit": 5, "fetch.connect_timeout": 0.2})
    result = daemon.fetch_one(origin.url("/held"))
    assert_failed(result, origin.url("/held"), "timeout")
    assert_timed_out(result, 0.3)
    assert daemon.fetch_one(origin.url("/a"), timeout=5)["status"] == 200
    assert_problem(daemon.post_batch([origin.url("/a")], timeout=5.1), 422)


@pytest.mark.timed
def test_a_deadline_ends_the_batch_in_time_and_in_place(steady_daemon, origin):
    urls = [origin.url("/a"), origin.url("/held"), origin.url("/b"), origin.url("/held?2"), origin.url("/c"), origin.url("/d")]
    with Stopwatch() as watch:
        results = steady_daemon.fetch(urls, max_concurrent=2, deadline=0.5)
    assert 0.5 <= watch.seconds < at_most(0.8)
    for url, result in zip(urls[:3], results):
        (assert_answered(result, url, 200) if "held" not in url else assert_failed(result, url, "deadline"))
    for url, result in zip(urls[3:], results[3:]):
        assert_failed(result, url, "deadline")
    assert not origin.seen("/c") and not origin.seen("/d")
    origin.wait_until(lambda: origin.abandoned == 2, "both running fetches are given up")


def test_a_deadline_that_is_kept_changes_nothing(steady_daemon, origin):
    with Stopwatch() as watch:
        results = steady_daemon.fetch([origin.url(f"/{n}") for n in range(10)], deadline=20)
    assert [result["status"] for result in results] == [200] * 10
    assert watch.seconds < 15


@pytest.mark.timed
def test_a_deadline_holds_while_the_batch_waits_for_workers(start_daemon, origin):
    daemon = start_daemon({"pool.workers": 1})
    first = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    urls = [origin.url(f"/{n}") for n in range(3)]
    with Stopwatch() as watch:
        results = daemon.fetch(urls, deadline=0.4)
    assert 0.4 <= watch.seconds < at_most(0.7)
    for url, result in zip(urls, results):
        assert_failed(result, url, "deadline")
    origin.release()
    assert first.answer()[0]["status"] == 200


@pytest.mark.timed
def test_a_deadline_holds_for_a_dead_name_server(start_box, daemon_in):
    daemon = daemon_in(start_box())
    with Stopwatch() as watch:
        results = daemon.fetch([f"http://name-{n}.test/" for n in range(10)], deadline=0.5, max_concurrent=5)
    assert {result["error_code"] for result in results} == {"deadline"}
    assert 0.5 <= watch.seconds < at_most(0.8)


@pytest.mark.timed
def test_a_client_that_leaves_takes_its_fetches_along(daemon, origin):
    urls = [origin.url("/held") for _ in range(3)] + [origin.url(f"/later/{n}") for n in range(100)]
    connection = daemon.begin_batch(urls, max_concurrent=3)
    origin.wait_for_requests(3)
    connection.leave()
    with Stopwatch() as watch:
        origin.wait_until(lambda: origin.abandoned == 3, "the fetches of the client that left end")
    assert watch.seconds < at_most(1)
    daemon.assert_serves(origin)
    assert len(origin.requests) == 4


def test_many_clients_that_leave_take_nothing_else_along(start_daemon, origin):
    daemon = start_daemon({"host.max_concurrent": 100})
    staying = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    leaving = [daemon.begin_batch([origin.url("/held")] * 2) for _ in range(30)]
    origin.wait_for_requests(61)
    for connection in leaving:
        connection.leave()
    origin.wait_until(lambda: origin.abandoned == 60)
    origin.release()
    assert staying.answer()[0]["status"] == 200
    daemon.assert_serves(origin)


def test_idle_connections_are_closed(start_daemon):
    daemon = start_daemon({"server.idle_timeout": 1})
    with daemon.open_socket() as stream, Stopwatch() as watch:
        stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in client.read_to_end(stream)
    assert watch.seconds >= 0.9


@pytest.mark.parametrize("start", [b"GET /healthz HTTP/1.1\r\nX: ", b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                   b"Content-Length: 100000\r\n\r\n"], ids=["header", "body"])
def test_a_request_that_drips_is_cut(start_daemon, origin, start):
    """Each byte comes well within any time for the next; the whole would take hours."""
    daemon = start_daemon({"server.header_timeout": 1, "server.body_timeout": 1})
    with daemon.open_socket() as stream:
        stream.sendall(start)
        stream.settimeout(0.1)

        def is_cut():
            try:
                stream.sendall(b"x")
                return stream.recv(65536) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        wait_for(is_cut, "the end of a connection that drips")
    daemon.assert_serves(origin)


def test_waiting_for_a_slow_batch_is_not_idleness(start_daemon, origin):
    daemon = start_daemon({"server.idle_timeout": 1})
    result = daemon.fetch_one(origin.url("/delay/2.2"))
    assert result["status"] == 200


def test_idle_workers_leave_and_come_back(start_daemon, origin):
    daemon = start_daemon({"pool.idle_timeout": 0.2, "pool.handle_idle_timeout": 0.2})

    before = daemon.threads()
    held = daemon.begin_batch([origin.url("/held")] * 20, max_concurrent=20)
    origin.wait_for_requests(20)
    assert daemon.threads() >= before + 20
    origin.release()
    assert len(held.answer()) == 20
    wait_for(lambda: daemon.threads() <= before + 1, "idle workers leave")
    origin.wait_until(lambda: origin.open_connections <= 1, "idle connections are closed")
    daemon.assert_serves(origin)


def test_descriptors_come_back(start_daemon, origin):
    daemon = start_daemon({"pool.idle_timeout": 0.1, "pool.handle_idle_timeout": 0.1})

    before = daemon.descriptors()
    daemon.fetch([origin.url(f"/{n}") for n in range(200)], max_concurrent=50)
    wait_for(lambda: daemon.descriptors() <= before + 4, "descriptors are given back")
