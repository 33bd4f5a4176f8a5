"""What several items of a list ask for is fetched once, and each has its result at its place."""

import random

import pytest

from rig.checks import assert_answered, assert_failed
from rig.origin import Raw, Reply
from rig.timing import SANITIZED

MIB = 1024 * 1024


def without_id(result):
    return {name: value for name, value in result.items() if name not in ("id", "index")}


def test_without_it_each_item_is_fetched(steady_daemon, origin):
    steady_daemon.fetch([origin.url("/a")] * 3)
    assert len(origin.requests) == 3


def test_each_item_has_the_one_result_at_its_place(steady_daemon, origin):
    a, b = origin.url("/bytes/5"), origin.url("/bytes/7")
    items = [{"url": a, "id": "x"}, b, a, "nonsense", {"url": a, "id": "y"}, b, "nonsense"]
    results = steady_daemon.fetch(items, dedupe=True, include=["timings"])
    assert [(result["url"], result.get("size"), result.get("id")) for result in results] == [
        (a, 5, "x"), (b, 7, None), (a, 5, None), ("nonsense", None, None), (a, 5, "y"), (b, 7, None), ("nonsense", None, None)]
    for one, other in ((0, 2), (0, 4), (1, 5), (3, 6)):
        assert without_id(results[one]) == without_id(results[other])
    assert sorted(request.path for request in origin.requests) == ["/bytes/5", "/bytes/7"]


@pytest.mark.parametrize("accept, order", [("application/json", "input"), ("application/x-ndjson", "input"), ("application/x-ndjson", "completion")])
@pytest.mark.parametrize("include", [[], ["body", "headers", "connection", "sha256", "attempts", "redirects", "timings"]])
def test_results_are_whole_in_every_form(steady_daemon, origin, accept, order, include):
    urls = [origin.url(f"/bytes/{n}") for n in (0, 10, 2000)]
    chosen = [{"url": urls[n * 7 % 3], "id": str(n)} for n in range(60)]
    if accept == "application/json":
        results = steady_daemon.fetch(chosen, dedupe=True, include=include)
    else:
        results, counts = steady_daemon.fetch_lines(chosen, dedupe=True, include=include, order=order)
        assert counts == {"total": 60, "succeeded": 60, "failed": 0, "cancelled": 0}
        assert sorted(result["index"] for result in results) == list(range(60))
        if order == "input":
            assert [result["index"] for result in results] == list(range(60))
        results.sort(key=lambda result: result["index"])
    assert len(origin.requests) == 3
    for n, result in enumerate(results):
        assert (result["id"], result["url"], result["size"]) == (str(n), chosen[n]["url"], int(chosen[n]["url"].rpartition("/")[2]))
        if include:
            assert result["body"] == "x" * result["size"]


@pytest.mark.parametrize("own", [{"headers": {"X": "1"}}, {"timeout": 9}, {"max_size": 99}, {"include": ["body"]}, {"method": "PUT"},
                                 {"http_version": "auto"}, {"decompress": False}, {"body": "x", "method": "PUT"}, {"retries": 1}])
def test_items_that_ask_for_something_else_are_fetched(steady_daemon, origin, own):
    url = origin.url("/echo")
    steady_daemon.fetch([url, {"url": url, **own}, {"url": url, **own}], dedupe=True)
    assert len(origin.requests) == 2


@pytest.mark.parametrize("method, times", [("GET", 1), ("HEAD", 1), ("PUT", 1), ("DELETE", 1), ("OPTIONS", 1), ("POST", 3), ("PATCH", 3)])
def test_only_what_does_no_harm_once_is_done_once(steady_daemon, origin, method, times):
    steady_daemon.fetch([origin.url("/a")] * 3, dedupe=True, method=method)
    assert len(origin.requests) == times


def test_a_retry_is_one_for_all(steady_daemon, origin):
    answers = [Reply(503), Reply(503), Reply(body=b"at last")]

    async def script(request):
        return answers.pop(0)

    url = origin.on("/flaky", script)
    results = steady_daemon.fetch([url] * 4, dedupe=True, retries=3, retry_delay=0.01, include=["attempts"])
    assert [result["status"] for result in results] == [200] * 4
    assert [len(result["attempts"]) for result in results] == [3] * 4
    assert len(origin.requests) == 3


def test_a_failure_is_one_for_all(steady_daemon, origin):
    url = origin.on("/cut", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    for result in steady_daemon.fetch([url] * 4, dedupe=True):
        assert_failed(result, url, "recv")
    assert len(origin.requests) == 1


def test_a_deadline_ends_all(steady_daemon, origin):
    slow, waits = origin.url("/delay/30"), origin.url("/later")
    results = steady_daemon.fetch([slow, waits, slow, waits], dedupe=True, max_concurrent=1, deadline=0.3)
    for result, url in zip(results, [slow, waits, slow, waits]):
        assert_failed(result, url, "deadline")


def test_a_client_that_leaves_cancels_the_one_fetch(steady_daemon, origin):
    pending = steady_daemon.begin_batch([origin.url("/delay/30")] * 10, dedupe=True)
    origin.wait_for_requests(1)
    pending.leave()
    origin.wait_until(lambda: origin.abandoned == 1, "the fetch is given up")
    steady_daemon.assert_serves(origin)


def test_quotas_count_every_url(start_daemon, origin, tmp_path):
    """As they stand in the list; what is waiting and running are fetches."""
    daemon = start_daemon({"pool.queue": 2})
    assert_answered(daemon.fetch([origin.url("/a")] * 50, dedupe=True)[49], origin.url("/a"))
    assert daemon.post_batch([origin.url(f"/{n}") for n in range(3)], dedupe=True).status == 413


def test_100000_duplicates_are_one_fetch(daemon, origin):
    url = origin.url("/bytes/100")
    results = daemon.fetch([url] * (10_000 if SANITIZED else 100_000), dedupe=True, include=["sha256"])
    assert len(origin.requests) == 1
    assert all(result == results[0] for result in results)
    assert_answered(results[0], url, size=100, more=["sha256"])


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory is not the daemon's")
def test_a_body_that_many_share_is_held_once(daemon, origin):
    """200 times 2 MiB would be 400 MiB and more; the client reads next to nothing of it."""
    url = origin.on("/large", Reply(body=random.Random(1).randbytes(2 * MIB)))
    pending = daemon.begin_batch([url] * 200, dedupe=True, include=["body"])
    response = pending.connection.getresponse()
    assert response.read(1000).startswith(b'[{"url":')
    daemon.wait_for_line("batch done")
    with open(f"/proc/{daemon.process.pid}/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024
    pending.leave()
    assert len(origin.requests) == 1
    assert peak < 50 * MIB, peak


def test_a_slow_reader_holds_up_nothing_that_it_waits_for(start_daemon, origin):
    """What is held because the answer is not read must be what stands first, be it a duplicate."""
    daemon = start_daemon({"server.answer_buffer": 20_000})
    urls = [origin.url(f"/bytes/9000/{n % 7}") for n in range(70)]
    lines = daemon.begin_lines(urls, dedupe=True, max_concurrent=2, include=["body"])
    results, counts = lines.rest()
    assert counts["succeeded"] == 70 and len(origin.requests) == 7
    assert [result["url"] for result in results] == urls
