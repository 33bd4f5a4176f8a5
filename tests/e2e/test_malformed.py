"""What is no sound HTTP is refused, and nothing behind it is served. The requests are in malformed.py."""

import pytest

import malformed
from rig import client
from rig.timing import Stopwatch, at_most

CANARY = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ITS_ANSWER = b'"fetchpool"'
SOUND = {**malformed.SOUND, **malformed.CHUNKED}


def each(rows):
    return pytest.mark.parametrize("request_bytes", rows.values(), ids=rows.keys())


@pytest.fixture(scope="module")
def hasty_daemon(module_daemon):
    """What is never whole is cut after a second."""
    return module_daemon({"server.header_timeout": 1, "server.body_timeout": 1})


def send_with_canary(daemon, request):
    """All that comes back until the daemon closes."""
    with daemon.open_socket() as stream, Stopwatch() as watch:
        stream.sendall(request + CANARY)
        answer = client.read_to_end(stream)
    assert watch.seconds < at_most(2)
    return answer


@each(malformed.REFUSED)
def test_malformed_requests_are_refused_and_what_follows_is_not_served(hasty_daemon, request_bytes):
    answer = send_with_canary(hasty_daemon, request_bytes)
    assert answer == b"" or answer[:10] in (b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 5", b"HTTP/1.0 5"), answer
    assert ITS_ANSWER not in answer


@each(malformed.BOUNDED)
def test_nothing_is_served_behind_what_may_be_read_in_two_ways(hasty_daemon, request_bytes):
    answer = send_with_canary(hasty_daemon, request_bytes)
    assert answer.count(b"HTTP/1.1 ") <= 1 and ITS_ANSWER not in answer


@each(SOUND)
def test_sound_requests_are_answered(hasty_daemon, request_bytes):
    answer = send_with_canary(hasty_daemon, request_bytes)
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 100 ")), answer
    assert (ITS_ANSWER in answer) == (request_bytes in malformed.SOUND.values())


def test_there_are_rows_enough(hasty_daemon, origin):
    assert len(malformed.REFUSED) >= 300
    hasty_daemon.assert_serves(origin)
