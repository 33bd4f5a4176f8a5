"""The end: SIGTERM drains, a second one hurries, and no accepted batch is left without its whole answer."""

import contextlib
import json
import signal
import threading

import pytest

from rig import client
from rig.checks import assert_answered, assert_failed, assert_problem, assert_retry_after
from rig.timing import PATIENCE, Stopwatch, at_most, wait_for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_daemon_ends_at_once(daemon, number):
    with Stopwatch() as watch:
        daemon.signal(number)
        assert daemon.wait() == 0
    assert watch.seconds < at_most(2)
    assert [line for line in daemon.lines if "msg=draining" in line]
    assert "msg=stopped" in daemon.lines[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_running_batches_are_finished(daemon, origin, number):
    urls = [origin.url("/held")] + [origin.url(f"/{n}") for n in range(20)]
    connection = daemon.begin_batch(urls, max_concurrent=1)
    origin.wait_for_requests(1)
    daemon.signal(number)
    daemon.wait_for_line("msg=draining")
    origin.release()
    results = connection.answer()
    for url, result in zip(urls, results):
        assert_answered(result, url, 200)
    assert len(results) == 21
    assert daemon.wait() == 0


def test_what_does_not_finish_in_time_ends_as_shutdown_in_its_place(start_daemon, origin):
    daemon = start_daemon({"server.drain_timeout": 0.5})
    urls = [origin.url("/a"), origin.url("/held"), origin.url("/held?2"), origin.url("/never")]
    connection = daemon.begin_batch(urls, max_concurrent=2)
    origin.wait_for_requests(3)
    with Stopwatch() as watch:
        daemon.signal()
        results = connection.answer()
        assert daemon.wait() == 0
    assert 0.5 <= watch.seconds < at_most(2)
    assert_answered(results[0], urls[0], 200)
    for url, result in zip(urls[1:], results[1:]):
        assert_failed(result, url, "shutdown")
    assert not origin.seen("/never")


def test_a_second_signal_cuts_the_drain_short(daemon, origin):
    connection = daemon.begin_batch([origin.url("/held"), origin.url("/a")], max_concurrent=1)
    origin.wait_for_requests(1)
    with Stopwatch() as watch:
        daemon.signal(signal.SIGTERM)
        daemon.wait_for_line("msg=draining")
        daemon.signal(signal.SIGINT)
        results = connection.answer()
        assert daemon.wait() == 0
    assert watch.seconds < at_most(2)
    assert [result["error_code"] for result in results] == ["shutdown", "shutdown"]


def test_while_draining_new_batches_are_refused_and_health_is_told(daemon, origin):
    kept = [daemon.connect() for _ in range(4)]
    for connection in kept:
        assert client.exchange(connection, "GET", "/readyz").status == 200
    running = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    daemon.signal()
    wait_for(lambda: client.exchange(kept[0], "GET", "/readyz").status == 503, "a daemon that says that it drains")
    json_type = {"Content-Type": "application/json"}
    for connection, method, path, body in ((kept[0], "GET", "/readyz", None), (kept[1], "POST", "/fetch", json.dumps([origin.url("/new")])),
                                           (kept[2], "POST", "/drill", '{"tasks": [[0.1, "A"]], "mode": "sequential"}')):
        answer = client.exchange(connection, method, path, body, json_type if body else {})
        assert_problem(answer, 503)
        assert_retry_after(answer)
    assert client.exchange(kept[3], "GET", "/healthz").json() == {"status": "ok"}
    origin.release()
    assert running.answer()[0]["status"] == 200
    assert daemon.wait() == 0
    assert not origin.seen("/new")
    for connection in kept:
        connection.close()


def test_idle_and_half_sent_requests_do_not_hold_up_the_end(daemon, origin):
    idle = daemon.connect()
    assert client.exchange(idle, "GET", "/healthz").status == 200
    with daemon.open_socket(), daemon.open_socket() as half, daemon.open_socket() as body, Stopwatch() as watch:
        half.sendall(b"POST /fetch HTTP/1.1\r\nHost: ")
        body.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[")
        daemon.assert_serves(origin)
        daemon.signal()
        assert daemon.wait() == 0
    idle.close()
    assert watch.seconds < at_most(5)


@pytest.mark.parametrize("size", [100, 100_000], ids=["small", "decoded in the background"])
def test_bodies_that_become_whole_at_the_end_do_no_harm(daemon, size):
    """Each is answered, refused or cut, and the daemon leaves in good order."""
    body = b'["http://127.0.0.1:1/"' + b" " * size + b"]"
    streams = [daemon.open_socket() for _ in range(30)]
    for stream in streams:
        stream.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
    for number, stream in enumerate(streams):
        if number == 10:
            daemon.signal()
        with contextlib.suppress(OSError):
            stream.sendall(body[-1:])
    assert daemon.wait() == 0
    for stream in streams:
        with contextlib.suppress(OSError):
            answer = client.read_to_end(stream)
            assert answer == b"" or answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 "))
        stream.close()


def test_a_running_drill_ends_with_its_answer(daemon):
    drill = daemon.begin("/drill", {"tasks": [[0.5, "A"], [0.1, "B"]], "mode": "concurrent"})
    daemon.wait_for_line("A starting")
    daemon.signal()
    assert drill.answer()["results"] == ["A", "B"]
    assert daemon.wait() == 0


def test_a_reader_that_does_not_read_does_not_hold_up_the_end(start_daemon, origin):
    daemon = start_daemon({"server.drain_timeout": 0.5, "server.answer_buffer": "1MiB"})
    connection = daemon.begin_batch([origin.url(f"/bytes/100000?{n}") for n in range(400)], include=["body"])
    origin.wait_for_requests(20)
    with Stopwatch() as watch:
        daemon.signal()
        assert daemon.wait() == 0
    connection.leave()
    assert watch.seconds < at_most(10)


def test_a_dead_name_server_does_not_hold_up_the_end(start_box, daemon_in):
    daemon = daemon_in(start_box(), {"server.drain_timeout": 0.3})
    connection = daemon.begin_batch([f"http://name-{n}.test/" for n in range(20)], max_concurrent=10)
    assert daemon.get("/healthz").status == 200
    with Stopwatch() as watch:
        daemon.signal()
        results = connection.answer()
        assert daemon.wait() == 0
    assert {result["error_code"] for result in results} == {"shutdown"}
    assert watch.seconds < at_most(3)


class Caller(threading.Thread):
    """Posts batches, each with paths of its own, until the daemon takes no more."""

    def __init__(self, daemon, origin, name):
        super().__init__(name=name, daemon=True)
        self.daemon_address, self.origin = daemon.address, origin
        self.answered = self.refused = 0
        self.lost = []  # batches whose answer never came
        self.faults = []

    def run(self):
        for count in range(100_000):
            path = f"/{self.name}/{count}"
            urls = [self.origin.url(f"{path}/{n}?delay=0.01") for n in range(10)]
            try:
                answer = client.request(self.daemon_address, "POST", "/fetch", json.dumps(urls), {"Content-Type": "application/json"})
            except ConnectionRefusedError:
                return
            except (OSError, client.http.client.HTTPException) as error:
                self.lost.append((path, repr(error)))
                return
            if answer.status == 503:
                self.refused += 1
                return
            self.judge(urls, answer)

    def judge(self, urls, answer):
        results = answer.json()
        if answer.status != 200 or [result["url"] for result in results] != urls:
            self.faults.append((answer.status, answer.body))
        elif any(result["status"] != 200 and result.get("error_code") != "shutdown" for result in results):
            self.faults.append(results)
        self.answered += 1


@pytest.mark.parametrize("drain_timeout", [30, 0])
def test_start_drain_and_stop_under_load_lose_no_answer(start_daemon, origin, drain_timeout):
    for run in ("first", "second"):
        daemon = start_daemon({"server.drain_timeout": drain_timeout})
        callers = [Caller(daemon, origin, f"{run}-{number}") for number in range(40)]
        for caller in callers:
            caller.start()
        wait_for(lambda: sum(caller.answered for caller in callers) >= 100, "a hundred answers")
        daemon.signal()
        assert daemon.wait() == 0
        for caller in callers:
            caller.join(PATIENCE)
            assert not caller.is_alive() and not caller.faults, caller.faults[:1]
        # Connections that the kernel had taken and the daemon had not are cut; nothing was done for them.
        begun = {request.path.rsplit("/", 1)[0] for request in origin.requests}
        assert not [loss for caller in callers for loss in caller.lost if loss[0] in begun]
