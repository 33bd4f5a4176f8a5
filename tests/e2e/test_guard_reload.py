"""The guard's settings follow SIGHUP, for connections that are open as for new ones, within a second."""

import signal

import pytest

from rig.checks import assert_answered, assert_failed
from rig.origin import Raw
from rig.timing import Stopwatch, at_most

DENY = "[guard]\nallow = 127.0.0.0/8,::1\ndeny = 127.0.0.1\n"
ALLOW = "[guard]\nallow = 127.0.0.0/8,::1\n"


@pytest.fixture
def daemon(start_daemon, tmp_path):
    """A daemon whose guard is as its settings file says."""
    path = tmp_path / "fetchpool.conf"
    path.write_text(ALLOW)
    daemon = start_daemon(arguments=["--config", str(path)], open_loopback=False)
    daemon.settings_path = path
    return daemon


def reload(daemon, text, told="settings reloaded"):
    daemon.settings_path.write_text(text)
    before = len([line for line in daemon.lines if told in line])
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_line(told, count=before + 1)


def test_warm_connections_are_judged_again(daemon, origin):
    url = origin.url("/")
    assert_answered(daemon.fetch_one(url), url, 200)
    assert daemon.get("/pressure").json()["connections"]["idle"] == 1
    reload(daemon, DENY)
    origin.wait_until(lambda: origin.open_connections == 0, "the idle connection is closed")
    assert_failed(daemon.fetch_one(url), url, "blocked")
    assert len(origin.requests) == 1 and origin.connections == 1
    reload(daemon, ALLOW)
    assert_answered(daemon.fetch_one(url), url, 200)


def test_settings_that_stay_close_no_connection(daemon, origin):
    url = origin.url("/")
    daemon.fetch_one(url)
    reload(daemon, "# the same\n" + ALLOW)
    assert daemon.fetch_one(url, include=["connection"])["connection"]["reused"]


@pytest.mark.timed
@pytest.mark.parametrize("script", [
    pytest.param(None, id="waiting for the answer"),
    pytest.param(Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello", end="stall"), id="within the body"),
    pytest.param(Raw(b"HTTP/1.1 200 OK\r\nX-Half: ", end="stall"), id="within the header"),
])
def test_running_transfers_end_as_blocked_within_a_second(daemon, origin, script):
    path = "/script" if script else "/held"
    if script:
        origin.on(path, script)
    urls = [origin.url(path + f"?{n}") for n in range(20)]
    pending = daemon.begin_batch(urls, max_concurrent=20)
    origin.wait_for_requests(20, path)
    with Stopwatch() as watch:
        reload(daemon, DENY)
        results = pending.answer()
    assert watch.seconds < at_most(1)
    for url, result in zip(urls, results):
        assert_failed(result, url, "blocked")


def test_running_transfers_to_what_stays_allowed_go_on(daemon, start_origin):
    origin = start_origin(host="127.0.0.2")
    pending = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    reload(daemon, DENY)
    origin.release()
    assert_answered(pending.answer()[0], origin.url("/held"), 200)


def test_an_endless_stream_is_cut(daemon, origin):
    async def stream(request):
        return Raw(b"HTTP/1.1 200 OK\r\n\r\n", *[piece for _ in range(2000) for piece in (b"x" * 100, 0.01)])

    pending = daemon.begin_batch([origin.on("/stream", stream)])
    origin.wait_for_requests(1)
    reload(daemon, DENY)
    assert_failed(pending.answer()[0], origin.url("/stream"), "blocked")


def test_a_port_is_closed_and_opened_again(daemon, origin, start_origin):
    other = start_origin()
    url = origin.url("/")
    assert_answered(daemon.fetch_one(url), url, 200)
    reload(daemon, ALLOW + f"ports = {other.port}\n")
    assert_failed(daemon.fetch_one(url), url, "blocked")
    assert_answered(daemon.fetch_one(other.url("/")), other.url("/"), 200)
    reload(daemon, ALLOW + f"ports = {origin.port},{other.port}\n")
    assert_answered(daemon.fetch_one(url), url, 200)


def test_names_are_judged_by_the_new_rules(start_daemon, start_names, start_origin, tmp_path):
    origin = start_origin(host="0.0.0.0")
    names = start_names({"a.test": ["127.0.0.1", "127.0.0.2"]}, ttl=600)
    path = tmp_path / "fetchpool.conf"
    path.write_text(ALLOW)
    daemon = start_daemon({"fetch.name_servers": names.address}, arguments=["--config", str(path)], open_loopback=False)
    daemon.settings_path = path
    url, local = f"http://a.test:{origin.port}/", f"http://localhost:{origin.port}/"
    assert_answered(daemon.fetch_one(url), url, 200)
    assert_answered(daemon.fetch_one(local), local, 200)
    reload(daemon, "[guard]\nallow = 127.0.0.1\n")  # one of the two addresses
    assert_failed(daemon.fetch_one(url), url, "blocked")
    assert_failed(daemon.fetch_one(local), local, "blocked")  # ::1 is refused
    reload(daemon, ALLOW)
    assert_answered(daemon.fetch_one(url), url, 200)
    assert_answered(daemon.fetch_one(local), local, 200)


@pytest.mark.parametrize("broken", ["allow = nonsense", "deny = 10.0.0.0/33", "ports = 0", "ports = 90-80", "nat64 = 64:ff9b::/95",
                                    "user_info = perhaps", "nonsense = 1"])
def test_a_broken_guard_changes_nothing(daemon, origin, broken):
    url = origin.url("/")
    reload(daemon, DENY + broken + "\n", told="settings not reloaded")
    assert_answered(daemon.fetch_one(url), url, 200)
