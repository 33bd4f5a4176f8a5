"""GET /hosts and PATCH /hosts/{host}: what runs and waits at each host, and what is set by hand while it does."""

import asyncio
import json
import re
from datetime import datetime, timedelta, timezone

import pytest

from rig import client
from rig.checks import assert_failed, assert_points_at, assert_problem, pointers
from rig.client import strict_json
from rig.origin import Reply
from rig.timing import wait_for

HERE = "127.0.0.1"
KEYS = ["host", "running", "waiting", "max_concurrent", "delay", "paused", "paused_until", "set_by_hand"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def send(daemon, method, path, body=None, content_type="application/json"):
    headers = {"Content-Type": content_type} if content_type else {}
    return client.request(daemon.address, method, path, body, headers)


def patch(daemon, host=HERE, **change):
    """The host as it is after a change that must be accepted."""
    answer = send(daemon, "PATCH", f"/hosts/{host}", json.dumps(change))
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/json"
    return assert_host(answer.json())


def assert_host(host):
    assert list(host) == KEYS
    assert host["paused_until"] is None or (host["paused"] and TIME.fullmatch(host["paused_until"]))
    return host


def get(daemon, host=HERE):
    answer = daemon.get(f"/hosts/{host}")
    assert answer.status == 200, answer.body
    return assert_host(answer.json())


def known(daemon, query=""):
    """The names of the hosts in their order, and their number."""
    answer = daemon.get("/hosts" + query)
    assert answer.status == 200, answer.body
    document = answer.json()
    assert list(document) == ["hosts", "total"]
    return [assert_host(host)["host"] for host in document["hosts"]], document["total"]


def unknown(host, **fields):
    return {"host": host, "running": 0, "waiting": 0, "max_concurrent": 32, "delay": 0, "paused": False, "paused_until": None,
            "set_by_hand": [], **fields}


def held(origin, count):
    return [origin.url(f"/held?{i}") for i in range(count)]


def end_held(origin, *batches):
    origin.release()
    for batch in batches:
        assert all(result["status"] == 200 for result in batch.answer())


# ---- what is shown ----


def test_hosts_show_what_runs_and_waits(start_daemon, origin):
    daemon = start_daemon({"host.max_concurrent": 3})
    assert known(daemon) == ([], 0)
    batch = daemon.begin_batch(held(origin, 8), max_concurrent=10)
    other = daemon.begin_batch([origin.url("/held", host="localhost")])
    origin.wait_for_requests(4)
    assert get(daemon) == unknown(HERE, running=3, waiting=5, max_concurrent=3)
    assert get(daemon, "localhost") == unknown("localhost", running=1, max_concurrent=3)
    assert known(daemon) == ([HERE, "localhost"], 2)
    assert known(daemon, "?limit=1") == ([HERE], 2)
    end_held(origin, batch, other)
    wait_for(lambda: known(daemon) == ([], 0), "the hosts are forgotten")


def test_an_unknown_host_has_what_the_settings_say(start_daemon):
    daemon = start_daemon({"host.max_concurrent": 7, "host.delay": 0.25})
    assert get(daemon, "example.com") == unknown("example.com", max_concurrent=7, delay=0.25)
    assert known(daemon) == ([], 0)


@pytest.mark.parametrize("written, name", [
    ("Example.COM", "example.com"), ("example.com.", "example.com"), ("%65xample.com", "example.com"), ("_a-b", "_a-b"),
    ("127.0.0.1", "127.0.0.1"), ("[2001:DB8::1]", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"),
    ("%5B2001:db8::1%5d", "2001:db8::1"), ("a" * 253, "a" * 253)])
def test_one_host_has_one_name(steady_daemon, written, name):
    assert get(steady_daemon, written)["host"] == name
    assert patch(steady_daemon, written, max_concurrent=9)["host"] == name
    assert get(steady_daemon, name)["max_concurrent"] == 9
    assert patch(steady_daemon, name, max_concurrent=None) == unknown(name)


@pytest.mark.parametrize("host", [
    "a%20b", "a..b", "a:80", "[::1", "[]", "%C3%BC", "a%0ab", "127.1", "a@b", "a" * 254, "[::1]:80", "%25"])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_what_cannot_be_a_host_is_not_found(steady_daemon, method, host):
    problem = assert_problem(send(steady_daemon, method, f"/hosts/{host}", '{"paused":true}'), 404)
    assert problem["detail"].startswith("there is no such host: ")


@pytest.mark.parametrize("path", ["/hosts/", "/hosts/a/", "/hosts/a/b", "/hosts/a%2Fb", "/hostsa"])
def test_other_paths_are_not_found(steady_daemon, path):
    assert_problem(steady_daemon.get(path), 404)


def test_head_has_no_body(steady_daemon):
    for path in ("/hosts", "/hosts/example.com"):
        answer = send(steady_daemon, "HEAD", path)
        assert answer.status == 200 and answer.body == b""
        assert answer.headers["Content-Length"] == str(len(steady_daemon.get(path).body))


def test_other_methods_are_told_what_is_allowed(steady_daemon):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        for path, allowed in (("/hosts", "GET, HEAD"), ("/hosts/a", "GET, HEAD, PATCH")):
            answer = send(steady_daemon, method, path)
            assert_problem(answer, 405)
            assert answer.headers["Allow"] == allowed
    assert send(steady_daemon, "PATCH", "/hosts", '{"paused":true}').headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("query, pointer", [
    ("?limit=0", "?limit"), ("?limit=1001", "?limit"), ("?limit=", "?limit"), ("?limit", "?limit"), ("?limit=ten", "?limit"),
    ("?limit=-1", "?limit"), ("?limit=1.0", "?limit"), ("?limit=+1", "?limit"), ("?limit=00001", "?limit"), ("?x=1", "?x")])
def test_wrong_parameters_are_refused(steady_daemon, query, pointer):
    assert pointers(assert_problem(steady_daemon.get("/hosts" + query), 422)) == [pointer]


@pytest.mark.parametrize("limit", [1, 10, 1000])
def test_limits_within_their_range(steady_daemon, limit):
    assert known(steady_daemon, f"?limit={limit}") == ([], 0)


def test_one_host_takes_no_parameters(steady_daemon):
    for method in ("GET", "PATCH"):
        answer = send(steady_daemon, method, "/hosts/a?limit=1", '{"paused":true}')
        assert pointers(assert_problem(answer, 422)) == ["?limit"]
    assert get(steady_daemon, "a") == unknown("a")


def test_a_hundred_are_listed_unless_more_are_asked_for(daemon):
    for i in range(102):
        patch(daemon, f"h{i:03}.test", max_concurrent=1)
    names = [f"h{i:03}.test" for i in range(102)]
    shown, total = known(daemon)
    assert len(shown) == 100 and set(shown) <= set(names) and shown == sorted(shown) and total == 102
    assert known(daemon, "?limit=1000") == (names, 102)


# ---- what is changed ----


def test_a_lower_limit_bounds_what_starts_from_then_on(daemon, origin):
    seen = []

    async def count(_):
        seen.append(origin.in_flight)
        await asyncio.sleep(0.005)
        return Reply()

    batch = daemon.begin_batch(held(origin, 4) + [origin.on("/counted", count)] * 12, max_concurrent=4)
    origin.wait_for_requests(4)
    assert patch(daemon, max_concurrent=1) == unknown(HERE, running=4, waiting=12, max_concurrent=1, set_by_hand=["max_concurrent"])
    end_held(origin, batch)
    assert seen == [1] * 12


def test_a_higher_limit_starts_more_at_once(daemon, origin):
    patch(daemon, max_concurrent=1)
    batches = [daemon.begin_batch(held(origin, 3), max_concurrent=3) for _ in range(2)]
    origin.wait_for_requests(1)
    wait_for(lambda: get(daemon)["waiting"] == 5, "both batches wait")
    assert patch(daemon, max_concurrent=4)["max_concurrent"] == 4
    origin.wait_for_requests(4)
    assert get(daemon)["running"] == 4
    patch(daemon, max_concurrent=None)
    origin.wait_for_requests(6)
    end_held(origin, *batches)


def test_a_pause_holds_all_batches_and_lets_finish_what_runs(daemon, origin):
    first = daemon.begin_batch(held(origin, 4), max_concurrent=2)
    origin.wait_for_requests(2)
    assert patch(daemon, paused=True) == unknown(HERE, running=2, waiting=2, paused=True)
    second = daemon.begin_batch([origin.url("/held"), origin.url("/elsewhere", host="localhost")])
    origin.wait_for_requests(1, "/elsewhere")
    origin.release()
    wait_for(lambda: get(daemon)["running"] == 0, "what runs finishes")
    assert get(daemon)["waiting"] == 3
    assert len(origin.seen("/held")) == 2
    assert patch(daemon, paused=False)["paused"] is False
    for batch in (first, second):
        assert all(result["status"] == 200 for result in batch.answer())
    assert len(origin.seen("/held")) == 5


def test_who_has_no_time_for_a_pause_is_told_at_once(daemon, origin):
    patch(daemon, max_concurrent=1)
    urls = held(origin, 3)
    batch = daemon.begin_batch(urls, max_concurrent=5, deadline=600)
    origin.wait_for_requests(1)
    patch(daemon, paused=True)
    wait_for(lambda: get(daemon)["waiting"] == 0, "nothing waits in vain")
    origin.release()
    results = batch.answer()
    assert results[0]["status"] == 200
    for url, result in list(zip(urls, results))[1:]:
        assert_failed(result, url, "host_paused")
    assert_failed(daemon.fetch_one(urls[0], deadline=600), urls[0], "host_paused")
    assert len(origin.requests) == 1


def test_a_pause_ends_by_itself(daemon, origin):
    before = datetime.now(timezone.utc)
    host = patch(daemon, pause=0.3)
    assert host["paused"] is True
    until = datetime.fromisoformat(host["paused_until"].replace("Z", "+00:00"))
    assert timedelta(seconds=0.2) < until - before < timedelta(seconds=60)
    assert daemon.fetch_one(origin.url("/a"), include=["timings"])["timings"]["queue"] > 0
    assert datetime.now(timezone.utc) > until - timedelta(milliseconds=50)
    wait_for(lambda: known(daemon) == ([], 0), "the host is forgotten")


def test_a_pause_can_be_made_shorter_and_endless(daemon, origin):
    assert patch(daemon, pause=86400)["paused_until"]
    assert patch(daemon, paused=True) == unknown(HERE, paused=True)
    assert patch(daemon, pause=0.001)["paused"] is True
    assert daemon.fetch_one(origin.url("/a"))["status"] == 200


def test_what_was_set_by_hand_outlives_the_work_until_it_is_given_back(daemon, origin):
    patch(daemon, max_concurrent=2, delay=0.01)
    batch = daemon.begin_batch(held(origin, 3), max_concurrent=3)
    origin.wait_for_requests(2)
    assert get(daemon)["running"] == 2
    end_held(origin, batch)
    wait_for(lambda: get(daemon)["running"] == 0, "the work ends")
    limited = unknown(HERE, max_concurrent=2, delay=0.01, set_by_hand=["max_concurrent", "delay"])
    assert get(daemon) == limited
    assert known(daemon) == ([HERE], 1)
    assert patch(daemon, delay=None) == {**limited, "delay": 0, "set_by_hand": ["max_concurrent"]}
    assert patch(daemon, max_concurrent=None) == unknown(HERE)
    wait_for(lambda: known(daemon) == ([], 0), "the host is forgotten")


def test_a_delay_keeps_starts_apart(daemon, origin):
    patch(daemon, delay=0.05)
    results = daemon.fetch([origin.url(f"/{i}") for i in range(4)], include=["timings"])
    assert max(result["timings"]["queue"] for result in results) > 0.149


def test_all_of_it_can_be_changed_at_once(daemon):
    host = patch(daemon, max_concurrent=100000, delay=3600, paused=True)
    assert host == unknown(HERE, max_concurrent=100000, delay=3600, paused=True, set_by_hand=["max_concurrent", "delay"])
    assert patch(daemon, max_concurrent=None, delay=None, paused=False) == unknown(HERE)


def test_a_merge_patch_is_taken(steady_daemon):
    for content_type in ("application/merge-patch+json", "application/json; charset=utf-8"):
        answer = send(steady_daemon, "PATCH", "/hosts/a", '{"max_concurrent": 1.0, "delay": 0}', content_type)
        assert answer.json() == unknown("a", max_concurrent=1, set_by_hand=["max_concurrent", "delay"])
    patch(steady_daemon, "a", max_concurrent=None, delay=None)


REFUSED = [
    ({}, ""), ([], ""), (None, ""), ("paused", ""), (1, ""),
    ({"limit": 1}, "/limit"), ({"Paused": True}, "/Paused"),
    ({"paused": 1}, "/paused"), ({"paused": None}, "/paused"), ({"paused": "true"}, "/paused"),
    ({"pause": 0}, "/pause"), ({"pause": -1}, "/pause"), ({"pause": 86400.5}, "/pause"), ({"pause": "1"}, "/pause"),
    ({"pause": None}, "/pause"), ({"pause": True}, "/pause"), ({"pause": 1, "paused": False}, "/pause"),
    ({"max_concurrent": 0}, "/max_concurrent"), ({"max_concurrent": 100001}, "/max_concurrent"),
    ({"max_concurrent": 1.5}, "/max_concurrent"), ({"max_concurrent": "1"}, "/max_concurrent"),
    ({"max_concurrent": False}, "/max_concurrent"), ({"max_concurrent": [1]}, "/max_concurrent"),
    ({"delay": -0.1}, "/delay"), ({"delay": 3601}, "/delay"), ({"delay": "1"}, "/delay"), ({"delay": {}}, "/delay"),
]


@pytest.mark.parametrize("change, pointer", REFUSED)
def test_wrong_changes_are_refused(steady_daemon, change, pointer):
    problem = assert_problem(send(steady_daemon, "PATCH", "/hosts/b.test", json.dumps(change)), 422)
    assert pointers(problem) == [pointer]
    assert get(steady_daemon, "b.test") == unknown("b.test")


def test_what_is_right_beside_what_is_wrong_is_not_changed(steady_daemon):
    change = {"max_concurrent": 1, "delay": 1, "paused": True, "x": 1, "pause": "y"}
    problem = assert_problem(send(steady_daemon, "PATCH", "/hosts/b.test", json.dumps(change)), 422)
    assert_points_at(problem, "/x")
    assert_points_at(problem, "/pause")
    assert get(steady_daemon, "b.test") == unknown("b.test")


@pytest.mark.parametrize("body, content_type, status", [
    ("", "application/json", 400), ("{", "application/json", 400), ('{"paused":true,"paused":false}', "application/json", 400),
    ('{"paused":true}', None, 415), ('{"paused":true}', "text/plain", 415), ('{"paused":true}', "application/x-ndjson", 415),
    ('{"paused":true}', "application/json; charset=latin-1", 415), ('{"paused":true}' + " " * 5000, "application/json", 413),
    ('{"x":[' + "1," * 100 + "1]}", "application/json", 413)])
def test_bodies_that_are_no_change_are_refused(steady_daemon, body, content_type, status):
    assert_problem(send(steady_daemon, "PATCH", "/hosts/c.test", body, content_type), status)
    assert get(steady_daemon, "c.test") == unknown("c.test")


def test_changes_are_logged(start_daemon):
    daemon = start_daemon({"log.format": "json"})
    patch(daemon, "Example.com", paused=True, max_concurrent=2, delay=0.5)
    patch(daemon, "example.com", pause=60)
    patch(daemon, "example.com", paused=False)
    send(daemon, "PATCH", "/hosts/example.com", "{}")
    lines = [strict_json(line) for line in daemon.wait_for_line("host changed by hand", count=3)]
    assert len(lines) == 3
    for line in lines:
        assert (line["level"], line["host"], line["max_concurrent"], line["delay"], line["caller"]) == (
            "info", "example.com", 2, 0.5, HERE)
    assert lines[0]["paused"] == "until resumed" and TIME.fullmatch(lines[1]["paused"]) and lines[2]["paused"] == "no"


def test_a_host_can_be_resumed_while_the_daemon_drains(daemon, origin):
    patch(daemon, paused=True)
    batch = daemon.begin_batch([origin.url("/a")])
    wait_for(lambda: get(daemon)["waiting"] == 1, "the batch waits")
    daemon.signal()
    daemon.wait_for_line("draining")
    assert patch(daemon, paused=False)["paused"] is False
    assert batch.answer()[0]["status"] == 200
    assert daemon.wait() == 0
