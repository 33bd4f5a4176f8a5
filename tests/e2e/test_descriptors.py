"""Descriptors that run out while the daemon runs, as no check at the start can know; and connections that are kept."""

import os

import pytest

from rig.checks import assert_problem
from rig.manager import Manager
from rig.shortage import TOLD, end_shortage, leave_descriptors
from rig.timing import wait_for


def cpu_seconds(daemon):
    with open(f"/proc/{daemon.process.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pressure(daemon):
    return daemon.get("/pressure").json()


def test_all_is_fetched_with_few_descriptors(daemon, origin):
    leave_descriptors(daemon, 40)  # a quarter and more are spare: a few fetches at once
    results = daemon.fetch([origin.url(f"/delay/0.1/{n}") for n in range(200)], max_concurrent=60, per_host=60)
    assert {result["status"] for result in results} == {200}
    assert origin.peak < 30
    assert len(daemon.wait_for_line(TOLD)) == 1
    assert daemon.get("/healthz").status == 200
    end_shortage(daemon)
    held = daemon.begin_batch([origin.url("/held")] * 60, max_concurrent=60, per_host=60)
    origin.wait_until(lambda: origin.in_flight == 60, "as many at once as before")
    origin.release()
    assert {result["status"] for result in held.answer()} == {200}


def test_many_origins_share_few_descriptors(daemon, start_origin):
    origins = [start_origin() for _ in range(20)]
    leave_descriptors(daemon, 30)
    results = daemon.fetch([origins[n % 20].url(f"/{n}") for n in range(200)], max_concurrent=40, per_host=40)
    assert {result["status"] for result in results} == {200}
    assert len(daemon.wait_for_line(TOLD)) == 1


def test_a_fetch_that_gets_no_descriptor_in_time_says_so(daemon, origin):
    leave_descriptors(daemon, 2)
    result = daemon.fetch_one(origin.url("/"), connect_timeout=0.2)
    assert (result["status"], result["error_code"]) == (0, "internal") and TOLD in result["error"]
    assert daemon.fetch_one(origin.url("/"), deadline=0.2)["error_code"] == "deadline"
    assert daemon.fetch_one(origin.url("/"), timeout=0.2)["error_code"] == "timeout"
    end_shortage(daemon)
    daemon.assert_serves(origin)


def test_who_waits_for_a_descriptor_can_leave(daemon, origin):
    connection = daemon.connect()
    assert connection.request("GET", "/healthz") is None and connection.getresponse().read()
    leave_descriptors(daemon, 3)
    pending = daemon.begin_batch([origin.url("/")] * 3, max_concurrent=3, timeout=300, connect_timeout=300)
    daemon.wait_for_line(TOLD)
    pending.leave()
    daemon.wait_for_line("batch abandoned")
    connection.close()


def test_the_front_end_accepts_when_fetches_hold_all_descriptors(daemon, origin):
    held = daemon.begin_batch([origin.url("/held")] * 40, max_concurrent=40, per_host=40)
    origin.wait_for_requests(40)
    origin.release()
    assert len(held.answer()) == 40
    leave_descriptors(daemon, -60)  # less than is open: the idle connections alone are more
    before = cpu_seconds(daemon)
    assert daemon.get("/healthz").status == 200
    daemon.assert_serves(origin)
    assert cpu_seconds(daemon) - before < 2
    assert len(daemon.wait_for_line(TOLD)) == 1


@pytest.mark.parametrize("socket", ["127.0.0.1:0", "unix:socket"])
def test_accepting_goes_on_when_there_are_descriptors_though_no_client_leaves(start_daemon, origin, socket):
    daemon = start_daemon(listen=[socket])
    stays = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    leave_descriptors(daemon, 0)
    with daemon.open_socket():
        daemon.wait_for_line(TOLD)
        end_shortage(daemon)
        assert daemon.get("/healthz").status == 200
    assert len([line for line in daemon.lines if "level=warning" in line]) == 1
    origin.release()
    assert stays.answer()[0]["status"] == 200


def test_accepting_goes_on_when_there_are_descriptors_though_a_manager_watches(start_daemon):
    manager = Manager(watchdog=1)
    daemon = start_daemon(environment=manager.environment)
    leave_descriptors(daemon, 0)
    with daemon.open_socket():
        daemon.wait_for_line(TOLD)
        manager.wait_for_more("WATCHDOG", 4)
        end_shortage(daemon)
        assert daemon.get("/healthz").status == 200
    manager.close()


def test_connections_are_counted(daemon, origin):
    assert pressure(daemon)["connections"] == {"opened": 0, "reused": 0, "reuse_rate": 0, "idle": 0}
    for n in range(4):
        daemon.fetch_one(origin.url(f"/{n}"))
    wait_for(lambda: pressure(daemon)["connections"] == {"opened": 1, "reused": 3, "reuse_rate": 0.75, "idle": 1}, "what was counted")
    held = daemon.begin_batch([origin.url("/held")] * 3, max_concurrent=3)
    origin.wait_for_requests(7)
    assert pressure(daemon)["connections"]["idle"] == 0
    origin.release()
    held.answer()
    wait_for(lambda: pressure(daemon)["connections"] == {"opened": 3, "reused": 4, "reuse_rate": 0.571428, "idle": 3}, "what was counted")


def test_pressure_tells_what_runs_and_waits(start_daemon, origin):
    daemon = start_daemon({"pool.workers": 2, "pool.queue": 3})
    assert {key: value for key, value in pressure(daemon).items() if key != "connections"} == {
        "running": 0, "queued": 0, "max_running": 2, "max_queued": 3, "rejected": 0}
    first = daemon.begin_batch([origin.url("/held")] * 3, max_concurrent=2)
    origin.wait_for_requests(2)
    assert_problem(daemon.post_batch([origin.url("/a")] * 3), 503)
    assert_problem(daemon.post("/drill", {"tasks": [[0, "a"]] * 3}), 503)
    told = pressure(daemon)
    assert (told["running"], told["queued"], told["rejected"]) == (2, 1, 2)
    origin.release()
    assert len(first.answer()) == 3
    wait_for(lambda: (pressure(daemon)["running"], pressure(daemon)["queued"]) == (0, 0), "nothing to do")
