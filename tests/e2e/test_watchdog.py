"""The service manager's watchdog is told that all is well for as long as the pool moves, and no longer."""

import select
import signal
from pathlib import Path

import pytest

from rig import client
from rig.daemon import OPEN_LOOPBACK, Daemon
from rig.manager import WEDGE, Manager
from rig.timing import PATIENCE, Stopwatch, at_most, wait_for

PERIOD = 1.0  # it is told every quarter of that

needs_wedge = pytest.mark.skipif(not WEDGE.exists(), reason="nothing is put under a program that a sanitizer looks into")


@pytest.fixture
def start_watched(start_daemon):
    """start_watched(settings): a daemon whose manager has a watchdog. Gives (daemon, manager)."""
    managers = []

    def start(settings=None, environment=None, watchdog=PERIOD, **how):
        managers.append(Manager(watchdog))
        daemon = start_daemon(settings, environment={**managers[-1].environment, **(environment or {})}, **how)
        return daemon, managers[-1]

    yield start
    for manager in managers:
        manager.close()


@pytest.fixture
def start_doomed(tmp_path):
    """start_doomed(settings): a daemon that stops in its tracks as soon as wedge("...") says where, tests/fault/wedge.c.
    Gives (daemon, manager, wedge)."""
    started = []

    def start(settings):
        manager = Manager(PERIOD)
        path = tmp_path / "wedge"
        environment = {**manager.environment, "LD_PRELOAD": str(WEDGE), "WEDGE_FILE": str(path)}
        daemon = Daemon({**OPEN_LOOPBACK, **settings}, environment=environment)
        started.append((daemon, manager))
        return daemon, manager, path.write_text

    yield start
    for daemon, manager in started:
        daemon.kill()
        manager.close()


def threads(daemon):
    return [path.read_text().strip() for path in Path(f"/proc/{daemon.process.pid}/task").glob("*/comm")]


def test_an_idle_daemon_is_well(start_watched):
    _, manager = start_watched()
    manager.wait_for("READY", "1")
    manager.wait_for_more("WATCHDOG", 8)


def test_each_listening_socket_is_watched_whatever_it_speaks(start_watched, authority):
    pem = authority.server_file("localhost")
    daemon, manager = start_watched({"server.tls_cert": pem, "server.tls_key": pem},
                                    listen=["127.0.0.1:0", "127.0.0.1:0", "unix:socket"])
    manager.wait_for_more("WATCHDOG", 8)
    assert client.request(daemon.addresses[2], "GET", "/healthz").status == 200
    daemon.signal()
    assert daemon.wait() == 0


def test_a_daemon_at_work_is_well(start_watched, origin):
    daemon, manager = start_watched()
    before = manager.count("WATCHDOG")
    while manager.count("WATCHDOG") < before + 8:
        results = daemon.fetch([origin.url(f"/{n}") for n in range(200)], max_concurrent=20)
        assert {result["status"] for result in results} == {200}


def test_without_a_watchdog_none_is_told(start_watched, start_daemon):
    daemon, manager = start_watched(watchdog=None)
    manager.wait_for("READY", "1")
    wait_for(lambda: "fp-manager" in threads(daemon), "the thread that tells the manager")
    daemon.signal()
    manager.wait_for("STOPPING", "1")
    assert daemon.wait() == 0
    assert manager.count("WATCHDOG") == 0
    assert "fp-manager" not in threads(start_daemon())


def test_the_watchdog_of_another_process_is_not_told(start_watched):
    daemon, manager = start_watched(environment={"WATCHDOG_PID": "1"})
    daemon.signal()
    assert daemon.wait() == 0
    assert manager.count("WATCHDOG") == 0


def test_workers_that_are_all_at_slow_fetches_are_well(start_watched, origin):
    daemon, manager = start_watched({"pool.workers": 2})
    slow = daemon.begin_batch([origin.url(f"/held?{n}") for n in range(10)], max_concurrent=10, timeout=120)
    origin.wait_for_requests(2)
    manager.wait_for_more("WATCHDOG", 12)  # three periods
    origin.release()
    assert {result["status"] for result in slow.answer()} == {200}


def test_a_full_queue_and_a_reader_that_does_not_read_are_no_harm(start_watched, origin):
    daemon, manager = start_watched({"pool.workers": 2, "pool.queue": 50, "server.answer_buffer": "1MiB"})
    unread = daemon.begin_batch([origin.url(f"/bytes/200000?{n}") for n in range(50)], include=["body"], max_concurrent=10)
    origin.wait_for_requests(1)
    manager.wait_for_more("WATCHDOG", 12)
    unread.leave()


def test_a_long_drain_is_well(start_watched, origin):
    daemon, manager = start_watched({"pool.workers": 1})
    slow = daemon.begin_batch([origin.url("/held"), origin.url("/then")], max_concurrent=2)
    origin.wait_for_requests(1)
    daemon.signal()
    daemon.wait_for_line("msg=draining")
    manager.wait_for_more("WATCHDOG", 8)
    origin.release()
    assert [result["status"] for result in slow.answer()] == [200, 200]
    assert daemon.wait() == 0


@needs_wedge
@pytest.mark.parametrize("what, work, reason", [
    ("lock", 0, "the timers, or the pool's lock"),
    ("timers", 0, "the timers, or the pool's lock"),
    ("front", 0, "front end"),
    ("idle", 2, "none takes it"),
    ("fetch", 2, "longer at work than they may be"),
])
def test_a_daemon_that_is_stuck_is_not_well(start_doomed, origin, what, work, reason):
    daemon, manager, wedge = start_doomed({"pool.workers": 2})
    daemon.assert_serves(origin)
    manager.wait_for_more("WATCHDOG", 4)
    wedge(what)
    pending = [daemon.begin_batch([origin.url(f"/{n}")], timeout=0.5) for n in range(work)]
    daemon.wait_for_line("watchdog is told nothing", reason)
    assert manager.is_silent_for("WATCHDOG", 1.5 * PERIOD)
    with Stopwatch() as watch:  # as the manager does it
        daemon.signal(signal.SIGABRT)
        assert daemon.process.wait(PATIENCE) == -signal.SIGABRT
    assert watch.seconds < at_most(2)
    for batch in pending:
        batch.leave()


@needs_wedge
def test_a_worker_that_is_stuck_is_told_of_while_others_work(start_doomed, origin):
    daemon, manager, wedge = start_doomed({"pool.workers": 4})
    wedge("fetch")
    stuck = daemon.begin_batch([origin.url("/stuck")], timeout=0.2)
    daemon.wait_for_line("longer at work than they may be", "workers=1", "level=warning")
    wedge("nothing")
    daemon.assert_serves(origin)
    manager.wait_for_more("WATCHDOG", 8)
    stuck.leave()


@needs_wedge
def test_metrics_that_take_for_ever_hold_up_nothing_else(start_doomed, origin):
    daemon, _, wedge = start_doomed({})
    wedge("metrics")
    scrape = daemon.connect()
    scrape.request("GET", "/metrics")
    daemon.assert_serves(origin)
    large = [origin.url(f"/{'x' * 1000}/{n}") for n in range(100)]  # decoded by a thread of its own
    assert [result["status"] for result in daemon.fetch(large)] == [200] * 100
    assert daemon.get("/pressure").status == 200
    assert not select.select([scrape.sock], [], [], 0)[0]
    scrape.close()


# ---- the line for people ----


def test_the_status_says_what_it_is_at(start_watched, origin):
    daemon, manager = start_watched({"server.drain_delay": 60, "server.drain_timeout": 7.5, "pool.workers": 1})
    assert manager.wait_for("READY", "1")["STATUS"] == "serving"
    manager.wait_for("STATUS", "^serving: 0 running, 0 waiting$")
    slow = daemon.begin_batch([origin.url("/held"), origin.url("/a"), origin.url("/b")], max_concurrent=3)
    origin.wait_for_requests(1)
    manager.wait_for("STATUS", "^serving: 1 running, [23] waiting$")
    daemon.signal()
    assert int(manager.wait_for("STOPPING", "1")["EXTEND_TIMEOUT_USEC"]) == 82_500_000
    manager.wait_for("STATUS", "^leaving: 1 running, [23] waiting$")
    daemon.signal()
    manager.wait_for("STATUS", "^draining: 1 left$")
    daemon.signal()
    assert slow.answer()[0]["error_code"] == "shutdown"
    assert daemon.wait() == 0
    assert manager.count("STOPPING") == 1


def test_a_status_that_stays_is_told_once(start_watched):
    _, manager = start_watched()
    manager.wait_for_more("WATCHDOG", 8)
    assert manager.count("STATUS") <= 2


def test_a_reload_is_told_and_what_is_wrong_with_it(start_watched):
    daemon, manager = start_watched(ca_file=None)
    (daemon.folder / "own.conf").write_text("[log]\nlevel = loud\n")
    daemon.signal(signal.SIGHUP)
    assert int(manager.wait_for("RELOADING", "1")["MONOTONIC_USEC"]) > 0
    manager.wait_for("READY", "1", count=2)
    manager.wait_for("STATUS", "^serving: 0 running, 0 waiting; settings not reloaded: .*own.conf:2: log.level")
    (daemon.folder / "own.conf").write_text("[log]\nlevel = info\n")
    daemon.signal(signal.SIGHUP)
    ready = manager.wait_for("READY", "1", count=3)
    assert ready["STATUS"] == "serving: 0 running, 0 waiting"
    assert manager.count("RELOADING") == 2
