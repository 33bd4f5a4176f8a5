"""Every URL is done within its timeout and 0.2 s, whatever the other side does or leaves undone."""

import socket
import subprocess

import pytest

from rig.box import HOLE
from rig.checks import assert_answered, assert_failed
from rig.names import SILENT
from rig.origin import Raw
from rig.replies import CHUNKED, OK, Drip, head
from rig.timing import Stopwatch, assert_timed_out, at_most

pytestmark = pytest.mark.timed

LATE = 0.2
URLS = 30
TIMEOUTS = [0.3, 0.5, 0.75, 1.0, 1.5]


def items_of(urls):
    return [{"url": url, "timeout": TIMEOUTS[number % len(TIMEOUTS)]} for number, url in enumerate(urls)]


def assert_in_time(items, results, *codes):
    for item, result in zip(items, results):
        assert_failed(result, item["url"], *codes)
        assert_timed_out(result, item["timeout"], late=LATE)


def fetch_all_at_once(daemon, urls):
    items = items_of(urls)
    with Stopwatch() as watch:
        results = daemon.fetch(items, max_concurrent=len(items), per_host=len(items))
    assert watch.seconds < at_most(max(TIMEOUTS) + LATE + 0.5)
    return items, results


def test_a_name_server_that_is_silent(start_daemon, start_names):
    server = start_names({"*.silent.test": SILENT})
    daemon = start_daemon({"fetch.name_servers": server.address})
    assert_in_time(*fetch_all_at_once(daemon, [f"http://name-{n}.silent.test/" for n in range(URLS)]), "timeout")


def test_a_name_server_that_cannot_be_reached(start_box, daemon_in):
    daemon = daemon_in(start_box(name_server=HOLE))
    assert_in_time(*fetch_all_at_once(daemon, [f"http://name-{n}.test/" for n in range(URLS)]), "timeout")


def test_an_address_behind_which_nobody_is(start_box, daemon_in):
    daemon = daemon_in(start_box(), {"guard.allow": f"127.0.0.0/8,{HOLE}"})
    assert_in_time(*fetch_all_at_once(daemon, [f"http://{HOLE}:{8000 + n}/" for n in range(URLS)]), "timeout")


DRIPS = {
    "status line": (b"HTTP/1.1 200 ", b"x" * 99), "header": (OK + b"A: ", b"x" * 99), "body": (OK + b"\r\n", b"x" * 99),
    "chunk extension": (CHUNKED + b"1;", b"x" * 99), "chunk": (CHUNKED + b"63\r\n", b"x" * 99), "trailer": (CHUNKED + b"0\r\nA: ", b"x" * 99),
}


@pytest.mark.parametrize("what", DRIPS)
def test_an_origin_that_drips(start_daemon, origin, what):
    daemon = start_daemon()
    urls = [origin.on(f"/{n}", Drip(*DRIPS[what], pause=0.02 + n % 7 / 100)) for n in range(URLS)]
    assert_in_time(*fetch_all_at_once(daemon, urls), "timeout")


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.", OK, head(b"Content-Length: 2", body=b""), CHUNKED + b"1\r\nx"],
                         ids=["nothing", "half-a-line", "a-line", "a-head", "half-a-body"])
def test_an_origin_that_falls_silent(start_daemon, origin, sent):
    daemon = start_daemon()
    urls = [origin.on(f"/{n}", Raw(sent, end="stall")) for n in range(URLS)]
    assert_in_time(*fetch_all_at_once(daemon, urls), "timeout")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_nobody_accepts(start_daemon, scheme):
    with socket.create_server(("127.0.0.1", 0), backlog=URLS) as nobody:
        urls = [f"{scheme}://127.0.0.1:{nobody.getsockname()[1]}/{n}" for n in range(URLS)]
        assert_in_time(*fetch_all_at_once(start_daemon(), urls), "timeout")


@pytest.mark.parametrize("started", [True, False], ids=["while-fetching", "before"])
def test_a_network_that_is_cut(start_box, daemon_in, start_origin, started):
    """The box's loopback goes down: no packet comes or goes, and no connection is told. Warm connections wait as well."""
    box = start_box()
    origin = start_origin(listener=box.socket())
    daemon = daemon_in(box, {"guard.allow": "127.0.0.0/8"})
    urls = [origin.url(f"/held/{n}") for n in range(URLS)]

    def cut():
        subprocess.run([*box.prefix, "ip", "link", "set", "lo", "down"], check=True, timeout=30)

    warm = [origin.url(f"/warm/{n}") for n in range(URLS // 2)]
    for url, result in zip(warm, daemon.fetch(warm, max_concurrent=URLS // 2)):
        assert_answered(result, url, 200)
    items = items_of(urls)
    if not started:
        cut()
    pending = daemon.begin_batch(items, max_concurrent=URLS, per_host=URLS)
    if started:
        origin.wait_for_requests(len(warm) + URLS)
        cut()
    assert_in_time(items, pending.answer(), "timeout")


# ---- slowness ----

SLOW = {"fetch.low_speed_limit": 100, "fetch.low_speed_time": 1}


@pytest.mark.parametrize("what", ["header", "body", "chunk", "trailer"])
def test_a_response_that_drips_is_given_up_before_its_timeout(start_daemon, origin, what):
    daemon = start_daemon(SLOW)
    url = origin.on("/drip", Drip(*DRIPS[what], pause=0.05))
    result = daemon.fetch_one(url, timeout=60)
    assert_failed(result, url, "timeout")
    assert "less than 100 bytes per second" in result["error"]
    assert 1 <= result["elapsed"] < at_most(3.2)


def test_a_response_that_falls_silent_is_given_up_as_well(start_daemon, origin):
    daemon = start_daemon(SLOW)
    url = origin.on("/stall", Raw(head(b"Content-Length: 9", body=b"x"), end="stall"))
    result = daemon.fetch_one(url, timeout=60)
    assert_failed(result, url, "timeout")
    assert "less than 100 bytes per second" in result["error"]


def test_waiting_for_an_answer_is_not_slowness(start_daemon, origin):
    """Nor is waiting for it after an informational one, or a body that comes slowly, but not that slowly."""
    daemon = start_daemon(SLOW)
    urls = [
        origin.url("/delay/2.5"),
        origin.on("/early", Raw(b"HTTP/1.1 103 Early\r\n\r\n", 2.5, head(b"Content-Length: 2"))),
        origin.on("/slow", Raw(head(b"Content-Length: 2500", body=b""), *[0.1, b"x" * 100] * 25)),
    ]
    for url, result in zip(urls, daemon.fetch(urls)):
        assert_answered(result, url, 200)
        assert result["elapsed"] >= 2.4


def test_a_drip_may_last_when_nobody_minds(start_daemon, origin):
    daemon = start_daemon({**SLOW, "fetch.low_speed_limit": 0})
    url = origin.on("/drip", Raw(head(b"Content-Length: 9", body=b""), *[0.25, b"x"] * 9))
    assert_answered(daemon.fetch_one(url), url, 200, size=9)
