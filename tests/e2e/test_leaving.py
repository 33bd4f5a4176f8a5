"""The beginning of the end: /readyz first, work still taken for a while, and sockets that others go on listening on."""

import json
import signal
import socket
import ssl
import threading

import pytest

from rig import client
from rig.checks import assert_answered, assert_problem, assert_retry_after
from rig.timing import PATIENCE, SANITIZED, Stopwatch, at_most, wait_for

# The environment must hold the process's own id, so a shell makes it and becomes the daemon.
TAKES_SOCKET = 'exec 3<&$0; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'


@pytest.fixture
def passed():
    """A listening socket that outlives the daemons it is passed to."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield listener


@pytest.fixture
def start_on(start_daemon, passed):
    """start_on(settings): a daemon on that socket."""
    def start(settings=None):
        return start_daemon(settings, prefix=["bash", "-c", TAKES_SOCKET, str(passed.fileno())], listen=[],
                            pass_fds=[passed.fileno()])

    return start


def closes(answer):
    return answer.headers["Connection"] == "close"


def test_readiness_goes_first_and_each_signal_goes_a_stage_on(start_daemon, origin):
    daemon = start_daemon({"server.drain_delay": 60})
    kept = daemon.connect()
    assert not closes(client.exchange(kept, "GET", "/readyz"))
    running = daemon.begin_batch([origin.url("/held"), origin.url("/never")], max_concurrent=1)
    origin.wait_for_requests(1)
    daemon.signal()
    daemon.wait_for_line("msg=leaving|msg=\"leaving")
    answer = client.exchange(kept, "GET", "/readyz")
    assert_problem(answer, 503)
    assert_retry_after(answer)
    assert closes(answer)
    assert daemon.get("/healthz").status == 200
    answer = daemon.post_batch([origin.url("/late")])
    assert answer.status == 200 and closes(answer)
    assert_answered(answer.json()[0], origin.url("/late"), 200)
    daemon.signal(signal.SIGINT)
    daemon.wait_for_line("msg=draining")
    assert_problem(daemon.post_batch([origin.url("/refused")]), 503)
    daemon.signal()
    assert [result["error_code"] for result in running.answer()] == ["shutdown", "shutdown"]
    assert daemon.wait() == 0
    assert not origin.seen("/never") and not origin.seen("/refused")
    kept.close()


def test_the_delay_passes_and_then_it_drains(start_daemon, origin):
    daemon = start_daemon({"server.drain_delay": 0.5})
    with Stopwatch() as watch:
        daemon.signal()
        daemon.wait_for_line("msg=draining")
        assert daemon.wait() == 0
    assert 0.5 <= watch.seconds < at_most(2.5)


def test_the_drain_timeout_counts_from_the_end_of_the_delay(start_daemon, origin):
    daemon = start_daemon({"server.drain_delay": 0.5, "server.drain_timeout": 0.5})
    running = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    with Stopwatch() as watch:
        daemon.signal()
        assert running.answer()[0]["error_code"] == "shutdown"
        assert daemon.wait() == 0
    assert 1.0 <= watch.seconds < at_most(3)


def test_a_delay_cut_short_is_not_added_to_the_drain_timeout(start_daemon, origin):
    daemon = start_daemon({"server.drain_delay": 600, "server.drain_timeout": 0.5})
    running = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    daemon.signal()
    daemon.wait_for_line("leaving")
    daemon.signal()
    assert running.answer()[0]["error_code"] == "shutdown"
    assert daemon.wait() == 0


@pytest.mark.parametrize("signals", [1, 2, 3, 5])
def test_many_signals_at_once_do_no_harm(start_daemon, origin, signals):
    daemon = start_daemon({"server.drain_delay": 0.2, "server.drain_timeout": 0.2})
    running = [daemon.begin_batch([origin.url(f"/held?{n}")]) for n in range(20)]
    origin.wait_for_requests(20)
    for _ in range(signals):
        daemon.signal()
    for batch in running:
        assert batch.answer()[0]["error_code"] == "shutdown"
    assert daemon.wait() == 0


# ---- a socket that stays ----


@pytest.mark.timed
def test_without_clients_a_daemon_on_a_socket_that_stays_ends_at_once(start_on):
    daemon = start_on()
    with Stopwatch() as watch:
        daemon.signal()
        assert daemon.wait() == 0
    assert watch.seconds < at_most(0.9)


def test_who_connects_to_a_socket_that_stays_waits_for_the_next_daemon(start_on, passed, origin):
    before = start_on()
    running = before.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    before.signal()
    before.wait_for_line("new connections wait")
    with socket.create_connection(passed.getsockname(), timeout=PATIENCE) as early:
        early.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        origin.release()
        assert running.answer()[0]["status"] == 200
        assert before.wait() == 0
        early.setblocking(False)
        with pytest.raises(BlockingIOError):
            early.recv(1)
        early.settimeout(PATIENCE)
        after = start_on()
        assert client.read_to_end(early).startswith(b"HTTP/1.1 200 ")
    after.assert_serves(origin)


def test_a_socket_that_stays_is_left_to_the_next_daemon_with_tls_as_well(start_on, passed, authority, origin):
    pem = authority.server_file("localhost")
    tls = {"server.tls_cert": pem, "server.tls_key": pem}
    context = ssl.create_default_context(cafile=authority.file)
    before = start_on(tls)
    before.signal()
    assert before.wait() == 0
    with socket.create_connection(passed.getsockname(), timeout=PATIENCE) as plain:
        start_on(tls)
        with context.wrap_socket(plain, server_hostname="localhost") as stream:
            stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert client.read_to_end(stream).startswith(b"HTTP/1.1 200 ")


def test_a_connection_that_was_open_is_served_while_its_daemon_leaves(start_on, origin):
    daemon = start_on()
    running = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    with daemon.open_socket() as stream:
        daemon.assert_serves(origin)  # so it has accepted the one before
        daemon.signal()
        daemon.wait_for_line("msg=\"leaving")
        body = json.dumps([origin.url("/on-its-way")]).encode()
        stream.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = client.read_to_end(stream)
    assert answer.startswith(b"HTTP/1.1 200 ") and b"\r\nConnection: close\r\n" in answer
    origin.release()
    assert running.answer()[0]["status"] == 200
    assert daemon.wait() == 0


def test_an_idle_connection_does_not_hold_a_leaving_daemon_for_long(start_on, origin):
    daemon = start_on()
    with daemon.open_socket(), Stopwatch() as watch:
        daemon.assert_serves(origin)
        daemon.signal()
        assert daemon.wait() == 0
    assert 0.9 <= watch.seconds < at_most(3)


class Caller(threading.Thread):
    """Sends batches until it is told to stop, over one connection for as long as the daemon keeps it, or each over one of
    its own. What is not a whole answer is a failure."""

    def __init__(self, address, origin, number, keeps):
        super().__init__(name=f"caller-{number}", daemon=True)
        self.address, self.origin, self.keeps = address, origin, keeps
        self.stopping = threading.Event()
        self.answered = 0
        self.failures = []

    def run(self):
        connection = client.connect(self.address)
        while not self.stopping.is_set() and len(self.failures) < 10:
            urls = [self.origin.url(f"/{self.name}/{self.answered}/{n}?delay=0.01") for n in range(5)]
            try:
                answer = client.exchange(connection, "POST", "/fetch", json.dumps(urls), {"Content-Type": "application/json"})
                if answer.status == 200 and [(r["url"], r["status"]) for r in answer.json()] == [(url, 200) for url in urls]:
                    self.answered += 1
                else:
                    self.failures.append((answer.status, answer.body))
            except (OSError, client.http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            if not self.keeps:
                connection.close()
        connection.close()


def test_twenty_restarts_under_load_fail_no_request(start_on, origin):
    restarts = 6 if SANITIZED else 20  # there a process takes long to start
    daemon = start_on()
    callers = [Caller(daemon.address, origin, number, keeps=number % 2 == 0) for number in range(8)]
    for caller in callers:
        caller.start()
    answered, sizes = [], []
    for _ in range(restarts):
        answered.append(sum(caller.answered for caller in callers))
        wait_for(lambda: sum(caller.answered for caller in callers) >= answered[-1] + 40, "forty answers")
        sizes.append((daemon.descriptors(), daemon.threads()))
        daemon.signal()
        assert daemon.wait() == 0
        assert not [line for line in daemon.lines if "level=warning" in line or "level=error" in line]
        daemon = start_on()
    for caller in callers:
        caller.stopping.set()
    for caller in callers:
        caller.join(PATIENCE)
        assert not caller.is_alive()
    assert [failure for caller in callers for failure in caller.failures] == []
    assert all(caller.answered >= restarts for caller in callers)
    for which in (0, 1):  # no process has more to carry than those before, but for what is just in flight: 40 fetches
        of_each = [size[which] for size in sizes]
        assert max(of_each[restarts // 2:]) <= max(of_each[:restarts // 2]) + 40, of_each
    daemon.assert_serves(origin)
