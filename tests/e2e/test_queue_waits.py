"""What items wait for, as /metrics tells it: each reason where it is the reason, and for as long as it is."""

import json
import time

import pytest

from rig.client import exchange
from rig.metrics import scrape, wait_until_idle
from rig.origin import Reply
from rig.timing import wait_for

ITEMS = "fetchpool_queue_items"
SECONDS = "fetchpool_queue_wait_seconds_total"


def limit_batch(daemon, origin):
    return {"batch": 4}, [daemon.begin_batch([origin.url("/held")] * 5, max_concurrent=1)]


def limit_batch_at_host(daemon, origin):
    return {"host": 3}, [daemon.begin_batch([origin.url("/held")] * 4, per_host=1)]


def fill_host(daemon, origin):
    """Its place is taken by another list."""
    change_host(daemon, max_concurrent=1)
    first = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    return {"host": 3}, [first, daemon.begin_batch([origin.url("/held")] * 3)]


def delay_host(daemon, origin):
    change_host(daemon, delay=3600)
    return {"host": 2}, [daemon.begin_batch([origin.url("/held")] * 3)]


def pause_by_hand(daemon, origin):
    change_host(daemon, paused=True)
    return {"pause": 3}, [daemon.begin_batch([origin.url("/held")] * 3)]


def pause_by_answer(daemon, origin):
    daemon.fetch_one(origin.on("/busy", Reply(503, headers=[("Retry-After", "3600")])))
    return {"pause": 3}, [daemon.begin_batch([origin.url("/held")] * 3)]


def retry(daemon, origin):
    return {"retry": 2}, [daemon.begin_batch([origin.url("/status/500")] * 2, retries=1, retry_delay=3600)]


def take_workers(daemon, origin):
    """Two lists take both workers; those of the third could start."""
    pending = [daemon.begin_batch([origin.url("/held")]) for _ in range(2)]
    origin.wait_until(lambda: origin.in_flight == 2)
    return {"worker": 3}, pending + [daemon.begin_batch([origin.url("/held")] * 3)]


def change_host(daemon, **change):
    connection = daemon.connect()
    answer = exchange(connection, "PATCH", "/hosts/127.0.0.1", json.dumps(change), {"Content-Type": "application/json"})
    assert answer.status == 200, answer.body
    connection.close()


def assert_grows_by(daemon, waiting):
    """Each that waits does so for all the time between two scrapes, and for nothing else."""
    began = time.monotonic()
    before = scrape(daemon)
    between = time.monotonic()
    wait_for(lambda: scrape(daemon)(SECONDS) > before(SECONDS) + 0.1 * sum(waiting.values()), "time to be counted")
    least = time.monotonic() - between
    after = scrape(daemon)
    most = time.monotonic() - began
    assert after.nonzero(ITEMS, "reason") == waiting
    for reason in ("batch", "host", "pause", "retry", "worker", "reader"):
        grown = after(SECONDS, reason=reason) - before(SECONDS, reason=reason)
        assert least * waiting.get(reason, 0) <= grown <= most * waiting.get(reason, 0), reason


@pytest.mark.parametrize("begin", [limit_batch, limit_batch_at_host, fill_host, delay_host, pause_by_hand, pause_by_answer,
                                   retry, take_workers], ids=lambda begin: begin.__name__)
def test_items_wait_for_what_is_in_their_way(start_daemon, origin, begin):
    daemon = start_daemon({"pool.workers": 2 if begin is take_workers else 16})
    waiting, pending = begin(daemon, origin)
    wait_for(lambda: scrape(daemon).nonzero(ITEMS, "reason") == waiting, f"{waiting}")
    assert_grows_by(daemon, waiting)
    for batch in pending:
        batch.leave()
    metrics = wait_until_idle(daemon)
    assert metrics.nonzero(ITEMS, "reason") == {}
    assert scrape(daemon)(SECONDS) == metrics(SECONDS)


def test_a_list_whose_client_does_not_read_waits_for_its_reader(start_daemon, origin):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    url = origin.on("/large", Reply(body=b"x" * 32 * 1024))
    pending = daemon.begin_batch([url] * 5000, max_concurrent=4, include=["body"])

    def held():
        metrics = scrape(daemon)
        return metrics if metrics.nonzero(ITEMS, "reason").keys() == {"reader"} and not metrics("fetchpool_items_running") else None

    before = wait_for(held, "the list to be held")
    wait_for(lambda: scrape(daemon)(SECONDS, reason="reader") > before(SECONDS, reason="reader"), "time to be counted")
    pending.leave()
    daemon.wait_for_line("batch abandoned", "urls=5000")
    assert wait_until_idle(daemon).nonzero(ITEMS, "reason") == {}


def test_the_reasons_together_are_the_time_in_the_queue(start_daemon, origin):
    """Whatever they waited for, of items without retries it is what fetchpool_fetch_queue_seconds counts, but for the
    steps from one clock to the other."""
    daemon = start_daemon({"pool.workers": 3})
    url = origin.url("/held")
    pending = [daemon.begin_batch([url] * 6, max_concurrent=1), daemon.begin_batch([url] * 6, per_host=1),
               daemon.begin_batch([url] * 6)]
    origin.wait_until(lambda: origin.in_flight == 3)
    before = scrape(daemon)
    wait_for(lambda: scrape(daemon)(SECONDS) > before(SECONDS) + 3, "time to be counted")
    origin.release()
    for batch in pending:
        assert {result["status"] for result in batch.answer()} == {200}
    metrics = wait_until_idle(daemon)
    assert 0.9 * metrics("fetchpool_fetch_queue_seconds_sum") <= metrics(SECONDS) <= metrics("fetchpool_fetch_queue_seconds_sum")
