"""Hosts are not asked for more than they take, and nobody is stuck behind somebody else."""

import asyncio
import email.utils
import http.client
import json
import math
import time

import pytest

from rig.checks import assert_answered, assert_failed
from rig.client import split_address, strict_json
from rig.origin import Gate, Reply
from rig.timing import PATIENCE, SANITIZED, Stopwatch, at_most, wait_for

OTHER_HOST = "127.0.0.2"


class Crowd:
    """A script for paths of any origins: how many requests are there at once, and when each came."""

    def __init__(self, seconds=0.03):
        self.seconds = seconds
        self.now = self.peak = 0
        self.times = []

    async def __call__(self, request):
        self.times.append(time.monotonic())
        self.now += 1
        self.peak = max(self.peak, self.now)
        await asyncio.sleep(self.seconds)
        self.now -= 1
        return Reply(body=b"ok")


def asks_for_peace(when, status=503):
    return Reply(status, headers=[("Retry-After", when)])


def assert_all_served(results):
    assert {result["status"] for result in results} == {200}, results


# ---- how many at once ----

def test_per_host_bounds_each_batch(start_daemon, origin):
    daemon = start_daemon()
    one, two = Crowd(), Crowd()
    first = daemon.begin_batch([origin.on("/one", one)] * 12, max_concurrent=12, per_host=2)
    second = daemon.begin_batch([origin.on("/two", two)] * 12, max_concurrent=12, per_host=3)
    assert_all_served(first.answer() + second.answer())
    assert (one.peak, two.peak) == (2, 3)
    assert origin.peak <= 5


def test_the_limit_of_a_host_counts_all_batches_and_ports(start_daemon, start_origin):
    daemon = start_daemon({"host.max_concurrent": 3})
    crowd = Crowd()
    urls = [start_origin().on("/", crowd) for _ in range(3)]
    batches = [daemon.begin_batch(urls * 4, max_concurrent=12) for _ in range(2)]
    for batch in batches:
        assert_all_served(batch.answer())
    assert crowd.peak == 3


def test_per_host_may_raise_the_limit_while_its_batch_is_there(start_daemon, origin):
    daemon = start_daemon({"host.max_concurrent": 2, "host.max_concurrent_limit": 6})
    crowd = Crowd()
    assert_all_served(daemon.fetch([origin.on("/", crowd)] * 30, max_concurrent=30, per_host=6))
    assert crowd.peak == 6
    crowd.peak = 0
    wait_for(lambda: daemon.get("/pressure").json()["running"] == 0, "the batch is there no more")
    assert_all_served(daemon.fetch([origin.url("/")] * 10, max_concurrent=10))
    assert crowd.peak == 2
    assert daemon.post_batch([origin.url("/")], per_host=7).status == 422


def test_other_hosts_pass_one_that_is_full(daemon, origin, start_origin):
    other = start_origin(host=OTHER_HOST)
    urls = [origin.url(f"/held/{n}") for n in range(20)] + [other.url(f"/{n}") for n in range(20)]
    pending = daemon.begin_batch(urls, max_concurrent=2, per_host=1)
    other.wait_for_requests(20)
    assert len(origin.requests) == 1
    origin.release()
    assert_all_served(pending.answer())


# ---- who comes next ----

@pytest.mark.parametrize("large", ["held", "slow"])
def test_ten_urls_do_not_wait_for_a_hundred_thousand(start_daemon, origin, large):
    daemon = start_daemon({"pool.workers": 8})
    origin.on("/slow", Crowd(0.01))
    pending = daemon.begin_batch([origin.url(f"/{large}?{n}") for n in range(10_000 if SANITIZED else 100_000)], max_concurrent=5 if large == "held" else 100)
    origin.wait_for_requests(5, f"/{large}")
    assert_all_served(daemon.fetch([origin.url(f"/small/{n}") for n in range(10)]))
    assert len(origin.seen(f"/{large}")) < 2000
    pending.leave()


def post_from(daemon, source, urls, **options):
    """A request whose client address is `source`; the connection is to be read and closed."""
    connection = http.client.HTTPConnection(*split_address(daemon.address), timeout=PATIENCE, source_address=(source, 0))
    connection.request("POST", "/fetch", json.dumps({"urls": urls, **options}), {"Content-Type": "application/json"})
    return connection


def test_callers_share_evenly_however_many_batches_they_have(start_daemon, origin):
    daemon = start_daemon({"pool.workers": 4})
    for path in ("/many", "/one"):
        origin.on(path, Crowd(0.01))
    many = [post_from(daemon, "127.0.0.1", [origin.url("/many")] * 400, max_concurrent=50) for _ in range(10)]
    origin.wait_for_requests(20, "/many")
    before = len(origin.seen("/many"))
    one = post_from(daemon, "127.0.0.2", [origin.url("/one")] * 100, max_concurrent=50)
    results = strict_json(one.getresponse().read())
    meanwhile = len(origin.seen("/many")) - before
    assert_all_served(results)
    assert meanwhile < 200, "a hundred each, and what came before and after"
    for connection in [*many, one]:
        connection.close()


# ---- time between ----

def assert_apart(times, started_at, seconds):
    """No fetch begins early: the n-th cannot come before n delays are over since the batch was sent."""
    for n, at in enumerate(sorted(times)):
        assert at >= started_at + n * seconds, [at - started_at for at in sorted(times)]


def test_host_delay_lies_between_the_starts_to_each_host(daemon, origin, start_origin):
    here, there = Crowd(), Crowd()
    urls = [origin.on("/", here), start_origin(host=OTHER_HOST).on("/", there)] * 5
    started_at = time.monotonic()
    assert_all_served(daemon.fetch(urls, max_concurrent=10, host_delay=0.15))
    for crowd in (here, there):
        assert_apart(crowd.times, started_at, 0.15)
    assert time.monotonic() - started_at < at_most(1.5)


def test_the_delay_of_the_settings_holds_for_all_batches(start_daemon, start_origin):
    daemon = start_daemon({"host.delay": 0.1})
    crowd = Crowd()
    urls = [start_origin().on("/", crowd) for _ in range(2)]
    started_at = time.monotonic()
    batches = [daemon.begin_batch(urls * 2) for _ in range(2)]
    for batch in batches:
        assert_all_served(batch.answer())
    assert len(crowd.times) == 8
    assert_apart(crowd.times, started_at, 0.1)


# ---- hosts that ask to be left in peace ----

@pytest.mark.timed
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_pauses_the_host_for_all(daemon, origin, start_origin, status):
    """Also at another port, and though the batch that was told so has no retries."""
    crowd, other = Crowd(), start_origin(host=OTHER_HOST)
    asked_at = []

    async def busy(_):
        asked_at.append(time.monotonic())
        return asks_for_peace("1", status)

    daemon.fetch_one(start_origin().on("/busy", busy))
    pending = daemon.begin_batch([origin.on("/", crowd)])
    assert_all_served([daemon.fetch_one(other.url())])
    assert time.monotonic() < asked_at[0] + at_most(0.9)
    assert_all_served(pending.answer())
    assert crowd.times[0] >= asked_at[0] + 1


def test_retry_after_may_be_a_date(daemon, origin):
    until = math.ceil(time.time()) + 1
    daemon.fetch_one(origin.on("/busy", asks_for_peace(email.utils.formatdate(until, usegmt=True))))
    daemon.fetch_one(origin.url())
    assert time.time() >= until


@pytest.mark.parametrize("when", ["soon", "", "0", "-5", "-9223372036854775808", "99999999999999999999999", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_what_says_nothing_pauses_nothing_for_long(start_daemon, origin, when):
    """What is too large to be a number may count as the longest pause or as nonsense."""
    daemon = start_daemon({"host.max_pause": 0.3})
    daemon.fetch_one(origin.on("/busy", asks_for_peace(when)))
    with Stopwatch() as watch:
        assert_all_served([daemon.fetch_one(origin.url())])
    assert watch.seconds < at_most(2)


def test_the_settings_bound_the_pause(start_daemon, origin):
    daemon = start_daemon({"host.max_pause": 1})
    started_at = time.monotonic()
    daemon.fetch_one(origin.on("/busy", asks_for_peace("1000000")))
    assert_all_served([daemon.fetch_one(origin.url())])
    assert 1 <= time.monotonic() - started_at < at_most(3)


def test_the_host_behind_a_redirect_is_the_one_that_asks(daemon, origin, start_origin):
    other = start_origin(host=OTHER_HOST)
    busy = other.on("/busy", asks_for_peace("30"))
    assert daemon.fetch_one(origin.url(f"/to?url={busy}"))["status"] == 503
    assert_all_served([daemon.fetch_one(origin.url())])
    assert_failed(daemon.fetch_one(other.url(), deadline=5), other.url(), "host_paused")


def test_a_host_has_one_name_however_it_is_written(named_box, daemon_in, start_origin):
    box, _ = named_box({"busy.test": ["127.0.0.1"]})
    origin = start_origin(listener=box.socket())
    daemon = daemon_in(box)
    origin.on("/busy", asks_for_peace("30"))
    assert daemon.fetch_one(origin.url("/busy", host="Busy.Test."))["status"] == 503
    for name in ("busy.test", "BUSY.TEST", "busy.test."):
        url = origin.url("/", host=name)
        assert_failed(daemon.fetch_one(url, deadline=5), url, "host_paused")
    assert_all_served([daemon.fetch_one(origin.url())])


def test_what_has_no_time_to_wait_ends_at_once(daemon, origin):
    """Those that wait already as well as those that come."""
    held, busy = origin.url("/held"), origin.on("/busy", asks_for_peace("30"))
    early = daemon.begin_batch([held, *[origin.url(f"/{n}") for n in range(3)]], max_concurrent=4, per_host=1, deadline=20)
    origin.wait_for_requests(1, "/held")
    with Stopwatch() as watch:
        daemon.fetch_one(busy)
        late = daemon.fetch([origin.url()] * 3, deadline=20, include=["attempts"])
        origin.release()
        results = early.answer()
    assert watch.seconds < at_most(5)
    for result in late:
        assert_failed(result, origin.url(), "host_paused", more=["attempts"])
        assert (result["attempts"], result["elapsed"]) == ([], 0)
    assert_answered(results[0], held, 200)
    assert [result.get("error_code") for result in results[1:]] == ["host_paused"] * 3


@pytest.mark.parametrize("deadline", [0.001, 0.05, 5])
def test_a_large_batch_at_a_paused_host_ends_whole(daemon, origin, deadline):
    """Its items are skipped one by one while its deadline skips them by the slice."""
    daemon.fetch_one(origin.on("/busy", asks_for_peace("30")))
    results = daemon.fetch([origin.url()] * 20_000, deadline=deadline)
    assert {result["error_code"] for result in results} <= {"host_paused", "deadline"}
    assert len(origin.requests) == 1


def test_a_client_that_leaves_a_paused_host_is_forgotten(daemon, origin):
    daemon.fetch_one(origin.on("/busy", asks_for_peace("30")))
    pending = daemon.begin_batch([origin.url()] * 5000)
    daemon.wait_for_line("batch done")
    assert daemon.get("/healthz").status == 200
    pending.leave()
    daemon.wait_for_line("batch abandoned", "urls=5000")


def test_a_held_answer_whose_first_item_is_at_a_paused_host_goes_on(start_daemon, origin, start_origin):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    other = start_origin(host=OTHER_HOST)
    gate = Gate(other, "/first")
    daemon.fetch_one(other.on("/busy", asks_for_peace("2")))
    rest = origin.on("/rest", Reply(body=b"x" * 32 * 1024))
    pending = daemon.begin_batch([other.url("/first")] + [rest] * 200, max_concurrent=4, include=["body"])
    other.wait_for_requests(1, "/first")
    assert len(origin.seen("/rest")) <= 2 + 1 + 4  # what fills the buffer, one over it, and what was in flight
    gate.open("/first")
    results = pending.answer()
    assert results[0]["body"] == "ok" and len(results) == 201
