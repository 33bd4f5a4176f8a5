"""Clients that take their time: with the header, with the body, with reading; and too many of them."""

import contextlib
import http.client
import re
import shutil
import socket
import subprocess
import time

import pytest

from rig import client
from rig.checks import assert_problem, assert_retry_after
from rig.daemon import clean_environment
from rig.probing import probing
from rig.timing import PATIENCE, SANITIZED, Stopwatch, at_most, many, wait_for

HASTE = {"server.header_timeout": 2, "server.body_timeout": 2, "server.send_timeout": 2, "server.idle_timeout": 2}


def connections_of(daemon):
    """How many connections the daemon holds, proc_pid_net(5)."""
    port = f":{client.split_address(daemon.address)[1]:04X}"
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    listening, unowned = "0A", "0"
    return len([row for row in rows if row[1].endswith(port) and row[3] != listening and row[9] != unowned])


def seconds_from_last_opened_to_none(daemon, count):
    """Waits for `count` connections, and until none of them is left."""
    wait_for(lambda: connections_of(daemon) >= count * 0.9, "connections")
    most, most_at = 0, 0.0
    while (now := connections_of(daemon)) > 2:  # the probe's
        if now > most:
            most, most_at = now, time.monotonic()
        assert time.monotonic() - most_at < PATIENCE, f"{now} connections are still open"
        time.sleep(0.02)
    return time.monotonic() - most_at


@pytest.mark.alone
@pytest.mark.parametrize("how", [
    ["-H", "-u", "/healthz", "-i", "1"],
    ["-B", "-u", "/fetch", "-i", "1", "-t", "POST", "-s", "8192", "-f", "application/json"],
    ["-X", "-u", "/version", "-w", "1", "-y", "2", "-n", "1", "-z", "1", "-k", "3"],
], ids=["header", "body", "reading"])
def test_five_hundred_slow_clients_are_cut_and_nobody_else_notices(start_daemon, how):
    """slowhttptest(1). All are closed within the deadline and a second, and a probe hardly waits."""
    if not shutil.which("slowhttptest"):
        pytest.skip("slowhttptest is not installed")
    daemon = start_daemon(HASTE)
    arguments = [daemon.url(part) if part.startswith("/") else part for part in how]
    with probing(daemon) as found:
        process = subprocess.Popen(["slowhttptest", "-c", str(many(500)), "-r", "2000", "-l", "20", "-x", "10", "-v", "0", *arguments],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   env=clean_environment())
        try:
            seconds = seconds_from_last_opened_to_none(daemon, many(500))
        finally:
            process.kill()
            process.wait()
    print(f"closed {seconds:.2f} s after the last was opened; {found}")
    assert seconds < at_most(2 + 1)
    assert found.percentile_99 < at_most(0.1) + found.slowest_of_machine
    assert found.count >= 20


def slow_reader(daemon, path, body):
    """A connection that has asked for a large answer and takes little of it at once."""
    stream = socket.socket()
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stream.settimeout(PATIENCE)
    stream.connect(client.split_address(daemon.address))
    stream.sendall(b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % (path, len(body)) + body)
    return stream


def bad_urls(count):
    return b"\n".join(b"bad url %d %s" % (n, b"x" * 200) for n in range(count))


@pytest.mark.timed
def test_a_reader_that_drips_is_cut_and_its_batch_is_cancelled(start_daemon, origin):
    """A byte every 50 ms is far below server.min_read_rate."""
    daemon = start_daemon(HASTE)
    body = bad_urls(10_000 if SANITIZED else 40_000) + b"\n" + origin.url("/held").encode()
    with slow_reader(daemon, b"/fetch?max_concurrent=2", body) as stream, Stopwatch() as watch:
        stream.settimeout(0.05)
        while "batch abandoned" not in daemon.log:
            assert watch.so_far < PATIENCE
            with contextlib.suppress(TimeoutError, ConnectionError):
                stream.recv(1)
            time.sleep(0.05)
    wait_for(lambda: connections_of(daemon) == 0, "the end of its connection")
    assert 1.9 <= watch.seconds < at_most(2 * 1.25 + 4)
    origin.wait_until(lambda: origin.abandoned == 1)
    origin.release()
    daemon.assert_serves(origin)


def test_a_reader_that_is_slow_but_not_too_slow_gets_all(start_daemon):
    """It takes several times server.send_timeout; libmicrohttpd may go long without being able to write."""
    daemon = start_daemon({**HASTE, "server.send_timeout": 1})
    with slow_reader(daemon, b"/fetch", bad_urls(6_000)) as stream, Stopwatch() as watch:
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        content = b""
        while piece := answer.read(8192):
            content += piece
            time.sleep(0.01)
    assert watch.seconds > 2
    assert len(client.strict_json(content)) == 6_000


def test_a_batch_whose_results_come_slowly_is_not_cut(start_daemon, origin):
    daemon = start_daemon({**HASTE, "server.send_timeout": 1})
    pending = daemon.begin_lines([origin.url(f"/delay/0.6/{n}") for n in range(6)], max_concurrent=1)
    results, counts = pending.rest()
    assert len(results) == 6 and counts["succeeded"] == 6


def test_pipelined_requests_whose_answers_nobody_reads_are_cut(start_daemon, origin):
    daemon = start_daemon(HASTE)
    with socket.socket() as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.settimeout(PATIENCE)
        stream.connect(client.split_address(daemon.address))
        with pytest.raises(OSError):
            while True:
                stream.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000)
    wait_for(lambda: connections_of(daemon) == 0, "the end of its connection")
    daemon.assert_serves(origin)


def test_a_new_connection_has_less_time_than_a_kept_one(start_daemon):
    daemon = start_daemon({"server.header_timeout": 1, "server.idle_timeout": 3})
    with daemon.open_socket() as fresh, daemon.open_socket() as kept:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with Stopwatch() as watch:
            assert fresh.recv(1) == b""
        assert 0.9 <= watch.seconds < at_most(2)
        assert kept.recv(4096).startswith(b"HTTP/1.1 200")
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(4096).startswith(b"HTTP/1.1 200")
        with Stopwatch() as watch:
            assert kept.recv(1) == b""
        assert 2.9 <= watch.seconds < at_most(4)


# ---- too many ----

def ask(stream, path="/version"):
    stream.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def wait_for_places(daemon):
    """Until a client is served. Before, it may be refused, or find its connection closed."""
    def is_served():
        try:
            return daemon.get("/version").status == 200
        except (ConnectionError, http.client.BadStatusLine):
            return False

    wait_for(is_served, "places that are free again")


def kept_connections(daemon, count):
    kept = [daemon.open_socket() for _ in range(count)]
    for stream in kept:
        ask(stream)
        assert b"200 OK" in stream.recv(4096)
    return kept


def refusal_of(daemon, path="/version"):
    """The answer on a connection that must be closed with it."""
    with daemon.open_socket() as stream, Stopwatch() as watch:
        ask(stream, path)
        answer = client.read_to_end(stream)
    assert b"Connection: close" in answer
    assert watch.seconds < at_most(1)
    return answer


@pytest.mark.parametrize("setting, status", [("server.max_connections", b"503"), ("server.max_connections_per_address", b"429")])
def test_connections_beyond_a_limit_are_told(start_daemon, setting, status):
    daemon = start_daemon({setting: 8})
    kept = kept_connections(daemon, 8)
    for _ in range(20):
        answer = refusal_of(daemon)
        assert answer.startswith(b"HTTP/1.1 " + status) and setting.encode() + b")" in answer and b"Retry-After: " in answer
    for path in ("/healthz", "/pressure", "/metrics"):
        assert refusal_of(daemon, path).startswith(b"HTTP/1.1 200")
    ready = refusal_of(daemon, "/readyz")
    if setting == "server.max_connections":
        assert ready.startswith(b"HTTP/1.1 503") and setting.encode() in ready
    else:  # another address is served
        assert ready.startswith(b"HTTP/1.1 200")
    ask(kept[0])
    assert b"200 OK" in kept[0].recv(4096)
    assert len(daemon.wait_for_line("too many clients", re.escape(setting))) == 1
    for stream in kept:
        stream.close()
    wait_for_places(daemon)


def test_health_is_told_when_every_worker_and_every_place_for_a_client_is_taken(start_daemon, origin):
    """No fetch ends and no client leaves before the last answer has come."""
    daemon = start_daemon({"server.max_connections": 4, "pool.workers": 2})
    pending = daemon.begin_batch([origin.url("/held")] * 10, max_concurrent=10)
    origin.wait_until(lambda: origin.in_flight == 2)
    kept = kept_connections(daemon, 3)
    assert refusal_of(daemon).startswith(b"HTTP/1.1 503")
    for _ in range(10):
        assert refusal_of(daemon, "/healthz").startswith(b"HTTP/1.1 200")
        assert refusal_of(daemon, "/readyz").startswith(b"HTTP/1.1 503")
        assert b'"running":2,"queued":8,"max_running":2' in refusal_of(daemon, "/pressure")
    origin.release()
    assert {result["status"] for result in pending.answer()} == {200}
    for stream in kept:
        stream.close()


def test_silent_connections_beyond_the_limit_are_closed_soon(start_daemon):
    daemon = start_daemon({"server.max_connections": 4, "server.header_timeout": 60})
    kept = kept_connections(daemon, 4)
    with daemon.open_socket() as silent, Stopwatch() as watch:
        assert silent.recv(1) == b""
    assert watch.seconds < at_most(3)
    for stream in kept:
        stream.close()


def test_bodies_beyond_the_limit_do_not_hold_the_places_of_those_to_be_told(start_daemon):
    daemon = start_daemon({"server.max_connections": 4, "server.body_timeout": 60})
    kept = kept_connections(daemon, 4)
    head = b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n["
    with daemon.open_socket() as unfinished, Stopwatch() as watch:
        unfinished.sendall(head)
        assert unfinished.recv(1) == b""
    assert watch.seconds < at_most(3)
    for stream in kept:
        stream.close()


def test_a_refused_batch_is_a_problem_and_changes_nothing(start_daemon, origin):
    daemon = start_daemon({"server.max_connections": 2})
    kept = kept_connections(daemon, 2)
    answer = daemon.post("/fetch", [origin.url("/never")])
    assert_problem(answer, 503)
    assert_retry_after(answer)
    for stream in kept:
        stream.close()
    wait_for_places(daemon)
    daemon.assert_serves(origin)
    assert not origin.seen("/never")


def test_unix_sockets_have_no_share(start_daemon):
    daemon = start_daemon({"server.max_connections_per_address": 1}, listen=["unix:socket"])
    for stream in kept_connections(daemon, 5):
        stream.close()


def test_a_flood_of_connections_leaves_the_others_be(start_daemon):
    """More than there are places for those to be refused: they wait, or are closed, and what is served is served on."""
    daemon = start_daemon({"server.max_connections": 4, "server.header_timeout": 1})
    kept = kept_connections(daemon, 2)
    flood = [daemon.open_socket() for _ in range(300)]
    ask(kept[0])
    assert b"200 OK" in kept[0].recv(4096)
    for stream in flood + kept:
        stream.close()
    wait_for_places(daemon)
