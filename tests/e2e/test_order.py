"""One result per item, in the order of the list, and never more in flight than asked for."""

import asyncio
import random
import threading

import pytest

from rig.checks import assert_answered
from rig.origin import Reply
from rig.timing import Stopwatch, at_most


def gather(count):
    """A script that keeps its requests until `count` are there at once; later ones pass after a short while."""
    waiting, full = [], asyncio.Event()

    async def script(request):
        waiting.append(request)
        if len(waiting) >= count:
            full.set()
        await asyncio.wait_for(full.wait(), 10)
        await asyncio.sleep(0.005)
        return Reply(body=b"ok")

    return script


def test_a_thousand_urls_of_random_delay_keep_their_order(daemon, origin):
    chance = random.Random(1)
    urls = [origin.url(f"/bytes/{size}?delay={chance.uniform(0, 0.04):.4f}") for size in range(1000)]
    results = daemon.fetch(urls, max_concurrent=50)
    for size, (url, result) in enumerate(zip(urls, results)):
        assert_answered(result, url, 200, size=size)


def test_the_same_url_many_times_is_as_many_results(daemon, origin):
    url = origin.url("/same")
    results = daemon.fetch([url] * 20)
    for result in results:
        assert_answered(result, url, 200, size=2)
    assert len(origin.seen("/same")) == 20


def test_good_and_bad_items_stay_in_their_places(daemon, origin):
    urls = [origin.url("/a"), "not a url", origin.url("/status/500"), "ftp://127.0.0.1/", origin.url("/b")]
    results = daemon.fetch(urls)
    assert [result["url"] for result in results] == urls
    assert [result["status"] for result in results] == [200, 0, 500, 0, 200]
    assert [result.get("error_code") for result in results] == [None, "invalid_url", None, "unsupported_scheme", None]


def test_an_empty_list_answers_an_empty_array(daemon):
    for body in ([], {"urls": []}):
        answer = daemon.post("/fetch", body)
        assert (answer.status, answer.json()) == (200, [])
    for media_type in ("text/plain", "application/x-ndjson"):
        answer = daemon.post("/fetch", "", media_type)
        assert (answer.status, answer.json()) == (200, [])


@pytest.mark.parametrize("limit", [1, 5, 50])
def test_max_concurrent_is_reached_and_never_exceeded(daemon, origin, limit):
    url = origin.on("/gather", gather(limit))
    results = daemon.fetch([f"{url}?n={n}" for n in range(limit * 4)], max_concurrent=limit, per_host=limit)
    assert all(result["status"] == 200 for result in results)
    assert origin.peak == limit
    assert len(origin.requests) == limit * 4


def test_max_concurrent_is_five_by_default(daemon, origin):
    url = origin.on("/gather", gather(5))
    daemon.fetch([f"{url}?n={n}" for n in range(40)])
    assert origin.peak == 5


def test_the_default_of_max_concurrent_is_a_setting(start_daemon, origin):
    url = origin.on("/gather", gather(3))
    start_daemon({"pool.max_concurrent": 3}).fetch([f"{url}?n={n}" for n in range(12)])
    assert origin.peak == 3


def test_pool_workers_bound_all_batches_together(start_daemon, origin):
    daemon = start_daemon({"pool.workers": 4})
    url = origin.on("/gather", gather(4))
    threads = [threading.Thread(target=daemon.fetch, args=[[f"{url}?n={n}" for n in range(10)]],
                                kwargs={"max_concurrent": 10}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(origin.requests) == 30
    assert origin.peak == 4


@pytest.mark.timed
def test_sequential_takes_the_sum(daemon, origin):
    urls = [origin.url(f"/delay/{seconds}") for seconds in (0.2, 0.1, 0.15)]
    with Stopwatch() as watch:
        results = daemon.fetch(urls, max_concurrent=1)
    assert 0.45 <= watch.seconds < at_most(0.6)
    for result, seconds in zip(results, (0.2, 0.1, 0.15)):
        assert seconds <= result["elapsed"] < at_most(seconds + 0.05)
    assert origin.peak == 1


@pytest.mark.timed
def test_concurrent_takes_the_maximum(daemon, origin):
    urls = [origin.url(f"/delay/{seconds}") for seconds in (0.3, 0.1, 0.2, 0.25, 0.05)]
    with Stopwatch() as watch:
        daemon.fetch(urls, max_concurrent=5)
    assert 0.3 <= watch.seconds < at_most(0.4)


def test_a_sequential_batch_is_fetched_in_the_order_of_its_list(daemon, origin):
    daemon.fetch([origin.url(f"/{n}") for n in range(50)], max_concurrent=1)
    assert [request.path for request in origin.requests] == [f"/{n}" for n in range(50)]


def test_a_slow_first_item_holds_back_nothing_but_the_answer(daemon, origin):
    urls = [origin.url("/held")] + [origin.url(f"/{n}") for n in range(30)]
    batch = daemon.begin_batch(urls)
    origin.wait_for_requests(31)  # the others are fetched meanwhile
    origin.release()
    assert [result["url"] for result in batch.answer()] == urls


def test_one_batch_does_not_wait_for_another(daemon, origin):
    held = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    assert daemon.fetch_one(origin.url("/other"))["status"] == 200
    origin.release()
    assert held.answer()[0]["status"] == 200
