"""Clients that leave before their answer: what they asked for is cancelled at once in every phase, or goes on if they said so."""

import contextlib
import select
import socket
import statistics

import pytest

from rig.checks import assert_points_at, assert_problem
from rig.origin import Gate, Reply
from rig.ports import full_port
from rig.timing import PATIENCE, Stopwatch, at_most, wait_for

ABANDONED = 'msg="batch abandoned"'
FINISHED = 'msg="batch done without its client"'
SYN_SENT = "02"


def connections_to(port):
    """(state, bytes received and not read) of the sockets that are connected, or connecting, to a port of 127.0.0.1."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in list(table)[1:]]
    return [(row[3], int(row[4].split(":")[1], 16)) for row in rows if row[2] == f"0100007F:{port:04X}"]


class Listener:
    """An origin of bare sockets: takes a connection, and reads and writes as far as a phase goes."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE)
        self.port = self.socket.getsockname()[1]

    def accept(self, until, reply=b""):
        """A connection that has sent `until`, and was sent the reply."""
        stream, _ = self.socket.accept()
        stream.settimeout(PATIENCE)
        received = b""
        while until not in received:
            received += stream.recv(65536)
        stream.sendall(reply)
        if reply:
            wait_for(lambda: all(unread == 0 for _, unread in connections_to(self.port)), "the daemon reads the beginning")
        return stream


@contextlib.contextmanager
def in_connect():
    with full_port() as port:
        def enter():
            wait_for(lambda: any(state == SYN_SENT for state, _ in connections_to(port)), "a connection attempt")

        yield f"http://127.0.0.1:{port}/", enter


@contextlib.contextmanager
def in_listener(scheme, until, reply=b""):
    listener = Listener()
    with contextlib.ExitStack() as stack:
        stack.enter_context(listener.socket)
        yield f"{scheme}://127.0.0.1:{listener.port}/", lambda: stack.enter_context(listener.accept(until, reply))


PHASES = {
    "connect": in_connect,
    "TLS": lambda: in_listener("https", b"\x16\x03"),  # the beginning of its greeting
    "waiting": lambda: in_listener("http", b"\r\n\r\n"),
    "within the header": lambda: in_listener("http", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-"),
    "body": lambda: in_listener("http", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000),
    "chunked body": lambda: in_listener("http", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
}


@pytest.mark.alone
@pytest.mark.parametrize("phase", PHASES)
def test_a_departure_cancels_in_every_phase_and_frees_the_worker(start_daemon, origin, phase):
    """Seven times, as the machine may have something else to do in one or the other of them."""
    daemon = start_daemon({"pool.workers": 1})
    seconds = []
    with PHASES[phase]() as (url, enter):
        for count in range(1, 8):
            batch = daemon.begin_batch([url, origin.url("/never")])
            ends = enter()
            with Stopwatch() as watch:
                batch.leave()
                daemon.wait_for_line(ABANDONED, "urls=2", count=count)
            seconds.append(watch.seconds)
            if ends:
                assert select.select([ends], [], [], PATIENCE)[0]  # its connection is closed, too
    assert statistics.median(seconds) < at_most(0.05), seconds
    daemon.assert_serves(origin)  # by the one worker
    assert not origin.seen("/never")


@pytest.mark.alone
def test_a_departure_ends_what_waits_in_the_queue(start_daemon, origin):
    daemon = start_daemon({"pool.workers": 1, "pool.queue": 101})
    running = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    seconds = []
    for count in range(1, 8):  # each needs the room in the queue that the one before had
        batch = daemon.begin_lines([origin.url("/never")] * 100, max_concurrent=10)
        wait_for(lambda: daemon.post_batch([origin.url("/never")] * 100).status == 503, "a queue that is full")
        with Stopwatch() as watch:
            batch.leave()
            daemon.wait_for_line(ABANDONED, "urls=100", count=count)
        seconds.append(watch.seconds)
    assert statistics.median(seconds) < at_most(0.05), seconds
    origin.release()
    assert running.answer()[0]["status"] == 200
    assert not origin.seen("/never")


def test_a_departure_in_the_middle_of_the_answer_cancels_the_rest(daemon, origin):
    batch = daemon.begin_lines([origin.url("/a"), origin.url("/held")] + [origin.url("/never")] * 100, max_concurrent=1)
    assert batch.line()["status"] == 200
    origin.wait_for_requests(1, "/held")
    batch.leave()
    batch.response.close()
    daemon.wait_for_line(ABANDONED, "urls=102", "cancelled=101")
    origin.wait_until(lambda: origin.abandoned == 1)
    assert not origin.seen("/never")


def test_a_reader_that_held_its_batch_up_and_leaves_starts_nothing_more(start_daemon, origin):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    size = 16 * 1024 * 1024  # more than the sockets between take in
    origin.on("/large", Reply(body=b"x" * size))
    batch = daemon.begin_batch([origin.url("/large")] * 100, max_concurrent=1, max_size=size, include=["body"])
    response = batch.connection.getresponse()
    batch.leave()
    response.close()
    daemon.wait_for_line(ABANDONED, "urls=100")
    assert len(origin.seen("/large")) == 1


@pytest.mark.parametrize("address", ["127.0.0.1:0", "unix:socket"])
def test_a_departure_in_the_middle_of_the_answer_gives_the_connection_back(start_daemon, origin, address):
    """Although nobody else comes, and a client that was there before rests."""
    daemon = start_daemon({"pool.idle_timeout": 0.1, "pool.handle_idle_timeout": 0.1, "server.idle_timeout": 600}, listen=[address])
    resting = daemon.connect()
    resting.request("GET", "/healthz")
    assert resting.getresponse().read()
    before = daemon.descriptors()
    batch = daemon.begin_lines([origin.url("/a"), origin.url("/held")], max_concurrent=1)
    assert batch.line()["status"] == 200
    origin.wait_for_requests(1, "/held")
    batch.leave()
    batch.response.close()
    wait_for(lambda: daemon.descriptors() <= before, "the descriptor of the connection is given back")
    resting.close()


# ---- those who want it done all the same ----

def leave_for_certain(origin, batch, other):
    """When the fetch of the other, which is cancelled as ever, has ended, both departures have been noticed."""
    batch.leave()
    other.leave()
    origin.wait_until(lambda: origin.abandoned == 1, "the fetch of the one that did not ask for more ends")


def test_finish_goes_on_to_the_end_when_the_client_leaves(daemon, origin):
    urls = [origin.url("/held")] + [origin.url(f"/{n}") for n in range(100)]
    batch = daemon.begin_batch(urls, max_concurrent=1, on_disconnect="finish")
    origin.wait_for_requests(1)
    other = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(2)
    leave_for_certain(origin, batch, other)
    origin.release()
    daemon.wait_for_line(FINISHED, "urls=101", "failed=0")
    assert [request.path for request in origin.requests if request.path != "/held"] == [f"/{n}" for n in range(100)]


def test_finish_goes_on_when_the_client_leaves_within_the_answer(daemon, origin):
    gate = Gate(origin, "/1")
    batch = daemon.begin_lines([origin.url(f"/{n}") for n in range(50)], max_concurrent=1, on_disconnect="finish")
    assert batch.line()["index"] == 0
    origin.wait_for_requests(1, "/1")
    batch.leave()
    batch.response.close()
    gate.open("/1")
    daemon.wait_for_line(FINISHED, "urls=50", "failed=0")
    assert len(origin.requests) == 50


def test_finish_changes_nothing_for_a_client_that_stays(daemon, origin):
    results = daemon.fetch([origin.url(f"/{n}") for n in range(20)], on_disconnect="finish")
    assert [result["status"] for result in results] == [200] * 20
    daemon.wait_for_line('msg="batch done"', "urls=20")


def test_finish_lets_go_of_a_batch_that_its_reader_held_up(start_daemon, origin):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    origin.on("/large", Reply(body=b"x" * 256 * 1024))
    batch = daemon.begin_batch([origin.url("/large")] * 100, max_concurrent=2, include=["body"], on_disconnect="finish")
    origin.wait_for_requests(3, "/large")
    daemon.assert_serves(origin)
    assert len(origin.seen("/large")) < 100
    batch.leave()
    daemon.wait_for_line(FINISHED, "urls=100", "failed=0")
    assert len(origin.seen("/large")) == 100


def test_a_deadline_ends_what_goes_on_without_its_client(daemon, origin):
    batch = daemon.begin_batch([origin.url("/a"), origin.url("/held"), origin.url("/never")], max_concurrent=1, deadline=0.5,
                               on_disconnect="finish")
    origin.wait_for_requests(1, "/held")
    batch.leave()
    daemon.wait_for_line(FINISHED, "urls=3", "cancelled=2")
    assert not origin.seen("/never")


@pytest.mark.parametrize("leaves", ["before", "after"])
def test_a_drain_waits_for_what_goes_on_without_its_client(daemon, origin, leaves):
    urls = [origin.url("/held")] + [origin.url(f"/{n}") for n in range(20)]
    batch = daemon.begin_batch(urls, max_concurrent=1, on_disconnect="finish")
    origin.wait_for_requests(1)
    other = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(2)
    if leaves == "before":
        leave_for_certain(origin, batch, other)
    daemon.signal()
    daemon.wait_for_line("msg=draining")
    if leaves == "after":
        leave_for_certain(origin, batch, other)
    origin.release()
    assert daemon.wait() == 0
    assert len(origin.seen()) == 22
    daemon.wait_for_line(FINISHED, "urls=21", "failed=0")


@pytest.mark.parametrize("hurry", [False, True], ids=["its time is over", "a second signal"])
def test_the_end_of_a_drain_ends_what_goes_on_without_its_client(start_daemon, origin, hurry):
    daemon = start_daemon({"server.drain_timeout": 30 if hurry else 0.5})
    batch = daemon.begin_batch([origin.url("/held"), origin.url("/never")], max_concurrent=1, on_disconnect="finish")
    origin.wait_for_requests(1)
    other = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(2)
    leave_for_certain(origin, batch, other)
    with Stopwatch() as watch:
        daemon.signal()
        daemon.wait_for_line("msg=draining")
        if hurry:
            daemon.signal()
        assert daemon.wait() == 0
    assert (0 if hurry else 0.5) <= watch.seconds < at_most(2)
    daemon.wait_for_line(FINISHED, "urls=2", "cancelled=2")
    assert not origin.seen("/never")


def test_as_many_go_on_without_their_clients_as_there_may_be_connections(start_daemon, origin):
    daemon = start_daemon({"server.max_connections": 3})
    for count in range(1, 4):
        batch = daemon.begin_batch([origin.url("/held")], on_disconnect="finish")
        origin.wait_for_requests(count)
        batch.leave()
    last = daemon.begin_batch([origin.url("/held")], on_disconnect="finish")
    origin.wait_for_requests(4)
    last.leave()
    daemon.wait_for_line(ABANDONED)
    origin.release()
    daemon.wait_for_line(FINISHED, "failed=0", count=3)


def test_detach_is_not_there_yet_and_says_so(steady_daemon, origin):
    url = origin.url("/a")
    for answer, pointer in ((steady_daemon.post_batch([url], on_disconnect="detach"), "/on_disconnect"),
                            (steady_daemon.post("/fetch?on_disconnect=detach", url, "text/plain"), "?on_disconnect")):
        problem = assert_problem(answer, 422)
        assert_points_at(problem, pointer)
        assert "not supported yet" in problem["errors"][0]["detail"]
    assert not origin.requests
