"""How a run of the command line ends before its list does: a signal, a reader that leaves or does not read, a deadline."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from rig.client import strict_json
from rig.daemon import FETCHPOOL, clean_environment, leave_program, run_program, start_program
from rig.timing import PATIENCE, SANITIZED, at_most, wait_for


def proc_status(pid, name):
    return re.search(rf"^{name}:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE).group(1)


def has_pending(pid, number):
    return int(proc_status(pid, "ShdPnd"), 16) >> (number - 1) & 1


def is_writing(pid):
    """Its main thread hangs in write(2)."""
    where = Path(f"/proc/{pid}/wchan").read_text()
    return "pipe" in where or where == "wait_woken"


def test_a_reader_that_leaves_ends_the_program(origin):
    reading, writing = os.pipe()
    process = subprocess.Popen([FETCHPOOL, *[origin.url(f"/bytes/10?{n}") for n in range(50)]], stdout=writing, stderr=subprocess.PIPE,
                               env=clean_environment())
    os.close(writing)
    os.close(reading)
    assert process.wait(PATIENCE) != 0
    process.stderr.close()


def test_a_reader_that_leaves_ends_it_before_there_is_anything_to_write(origin):
    process = start_program(FETCHPOOL, origin.url("/held"))
    origin.wait_for_requests(1)
    leave_program(process)
    origin.wait_until(lambda: origin.open_connections == 0)


def test_a_socket_that_nobody_reads_ends_it(origin):
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen([FETCHPOOL, origin.url("/held")], stdin=subprocess.DEVNULL, stdout=theirs, env=clean_environment())
        origin.wait_for_requests(1)
    assert process.wait(PATIENCE) == -signal.SIGPIPE


def test_a_socket_that_is_closed_with_something_unread_ends_it(origin):
    """A reset, where a pipe is broken."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours = server.accept()[0]
    with ours:
        with theirs:
            process = subprocess.Popen([FETCHPOOL, "--include", "body", origin.url("/bytes/9000000")], stdin=subprocess.DEVNULL,
                                       stdout=theirs, stderr=subprocess.PIPE, env=clean_environment())
        wait_for(lambda: process.poll() is not None or is_writing(process.pid), "a write that hangs")
    assert process.wait(PATIENCE) == -signal.SIGPIPE
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupted_run_prints_what_is_done(origin, number, status):
    urls = [origin.url("/a"), origin.url("/held"), origin.url("/b"), origin.url("/c")]
    process = start_program(FETCHPOOL, "-c", "1", *urls)
    origin.wait_for_requests(2)
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (status, b"")
    results = strict_json(output)
    assert [found["url"] for found in results] == urls
    assert [found.get("error_code") for found in results] == [None, "cancelled", "cancelled", "cancelled"]
    origin.wait_until(lambda: origin.open_connections == 0)


def test_a_second_signal_ends_at_once(origin):
    """Nobody reads the output, so the first one does not get through."""
    process = start_program(FETCHPOOL, "--include", "body", "-c", "20", *[origin.url(f"/bytes/100000?{n}") for n in range(20)])
    wait_for(lambda: process.poll() is not None or is_writing(process.pid), "a write that hangs")
    process.send_signal(signal.SIGINT)
    wait_for(lambda: not has_pending(process.pid, signal.SIGINT), "the first signal is taken")
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    process.stdout.close()
    process.stderr.close()


def test_results_come_as_they_are_done(origin):
    process = start_program(FETCHPOOL, "-o", "ndjson", origin.url("/a"), origin.url("/held"))
    assert strict_json(process.stdout.readline())["url"] == origin.url("/a")
    process.send_signal(signal.SIGINT)
    assert strict_json(process.communicate(timeout=PATIENCE)[0])["error_code"] == "cancelled"


def test_the_deadline_ends_the_list(origin):
    result = run_program(FETCHPOOL, "-c", "1", "--deadline", "0.5", origin.url("/held"), origin.url("/a"))
    assert [found["error_code"] for found in strict_json(result.stdout)] == ["deadline", "deadline"]


def test_a_slow_reader_bounds_what_is_held(origin):
    """Up to 200 MB in bodies: what nobody reads stays at the origin."""
    count = 30 if SANITIZED else 100
    process = start_program(FETCHPOOL, "--include", "body", "-c", "4", *[origin.url(f"/bytes/2000000?{n}") for n in range(count)])
    wait_for(lambda: is_writing(process.pid), "a write that hangs")
    origin.wait_until(lambda: len(origin.requests) > 12 and origin.in_flight == 0)
    assert len(origin.requests) < min(40, count)
    memory_kib = int(proc_status(process.pid, "VmHWM"))
    assert len(strict_json(process.stdout.read())) == count
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    process.stderr.close()
    assert memory_kib < at_most(120_000)
