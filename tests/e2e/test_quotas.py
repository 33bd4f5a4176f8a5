"""Limits of a caller: URLs in one request, in flight and per minute; what is refused costs nothing, and all is given back."""

import re
import time

import pytest

from rig import client
from rig.daemon import Pending
from rig.timing import wait_for
from rig.tokens import TokenFile, bearer


class Guarded:
    """A daemon, and one token with these limits."""

    def __init__(self, start_daemon, tokens, limits, settings=None):
        self.tokens = tokens
        self.token = tokens.add("a", **limits)
        self.daemon = start_daemon({"auth.token_file": tokens.path, **(settings or {})})

    def post(self, urls, token=None, **options):
        return self.daemon.post("/fetch", {"urls": urls, **options}, headers=bearer(token or self.token))

    def begin(self, urls, **options):
        return Pending(self.daemon.connect(), "/fetch", {"urls": urls, **options}, **bearer(self.token))

    def in_flight(self):
        """What is left in flight, as the answer to a list of one URL says; None: there is no room for that one."""
        answer = self.post(["nonsense"])
        if answer.status == 429:
            return None
        assert answer.status == 200, answer.body
        return int(re.search(r'"in-flight";r=(\d+)', answer.headers["RateLimit"])[1]) + 1


@pytest.fixture
def tokens(tmp_path):
    return TokenFile(tmp_path / "tokens")


@pytest.fixture
def guarded(start_daemon, tokens):
    """guarded(max_in_flight=5, settings={...})"""
    def start(settings=None, **limits):
        return Guarded(start_daemon, tokens, limits, settings)

    return start


def rates(answer):
    return answer.headers["RateLimit-Policy"], answer.headers["RateLimit"]


def test_answers_tell_the_limits_and_what_is_left(guarded):
    caller = guarded(urls_per_minute=60, max_in_flight=10)
    assert rates(caller.post(["a"] * 5)) == ('"minute";q=60;w=60, "in-flight";q=10', '"minute";r=55;t=5, "in-flight";r=5')
    lines = caller.daemon.post("/fetch", ["a"], headers=bearer(caller.token, Accept="application/x-ndjson"))
    assert lines.headers["RateLimit"].startswith('"minute";r=5')
    assert rates(caller.post([])) == (None, None)


def test_a_streamed_answer_tells_them_too(guarded, origin):
    caller = guarded(max_in_flight=10)
    pending = caller.begin([origin.url("/bytes/200000")] * 9 + [origin.url("/held")], include=["body"])
    answer = pending.connection.getresponse()  # a batch that is complete by now would have a length
    origin.release()
    assert len(answer.read()) > 9 * 200_000
    pending.leave()
    assert answer.status == 200 and answer.headers["Transfer-Encoding"] == "chunked"
    assert rates(answer) == ('"in-flight";q=10', '"in-flight";r=0')


def test_without_limits_nothing_is_told(guarded, daemon):
    assert rates(guarded(max_urls=5).post(["a"])) == (None, None)
    assert rates(daemon.post("/fetch", ["a"])) == (None, None)


def test_the_minute_is_kept_and_retry_after_is_right(guarded):
    caller = guarded(urls_per_minute=60)
    assert caller.post(["a"] * 60).status == 200
    refused = caller.post(["a"] * 3)
    assert refused.status == 429 and refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["title"] == "Too Many Requests" and "60 URLs per minute" in refused.json()["detail"]
    assert refused.headers["RateLimit-Policy"] == '"minute";q=60;w=60'
    left, full_after = re.fullmatch(r'"minute";r=(\d+);t=(\d+)', refused.headers["RateLimit"]).groups()
    wait = int(refused.headers["Retry-After"])
    assert int(left) < 3 and 57 <= int(full_after) <= 60 and 3 - int(left) - 1 <= wait <= 3 - int(left) and wait >= 1
    time.sleep(wait)  # the promise of Retry-After
    assert caller.post(["a"] * 3).status == 200


def test_what_is_refused_costs_nothing(guarded, origin):
    caller = guarded({"server.max_urls": 40}, urls_per_minute=60, max_urls=20)
    bad = [caller.post(["a"] * 10, timeout="soon"), caller.post(["a"] * 21), caller.post(["a"] * 41), caller.daemon.post("/fetch", "{", headers=bearer(caller.token)),
           caller.daemon.post("/fetch", ["a"], "text/csv", headers=bearer(caller.token))]
    assert [answer.status for answer in bad] == [422, 413, 413, 400, 415]
    assert rates(caller.post(["a"]))[1].startswith('"minute";r=59;')
    assert not origin.seen()


def test_a_full_queue_costs_nothing(guarded, origin):
    caller = guarded({"pool.workers": 1, "pool.queue": 3}, urls_per_minute=20, max_in_flight=20, scopes="fetch,metrics")
    running = caller.begin([origin.url("/held")])
    origin.wait_for_requests(1)
    waiting = caller.begin([origin.url("/a")] * 3)
    wait_for(lambda: caller.daemon.get("/pressure", bearer(caller.token)).json()["queued"] == 3, "the queue is full")
    for _ in range(50):
        refused = caller.post([origin.url("/b")] * 3)
        assert refused.status == 503 and rates(refused) == (None, None)
        assert caller.post([origin.url("/b")] * 4).status == 413
    origin.release()
    assert [result["status"] for pending in (running, waiting) for result in pending.answer()] == [200] * 4
    assert caller.in_flight() == 20
    assert caller.post(["a"] * 3).status == 200
    assert not origin.seen("/b")


def test_a_list_that_is_too_long_is_a_413(guarded):
    caller = guarded(max_urls=3)
    assert caller.post(["a"] * 3).status == 200
    refused = caller.post(["a"] * 4)
    assert refused.status == 413 and "which is 3" in refused.json()["detail"] and refused.headers["Retry-After"] is None


@pytest.mark.parametrize("limits, most", [({"urls_per_minute": 5}, 5), ({"max_in_flight": 6}, 6), ({"urls_per_minute": 9, "max_in_flight": 7}, 7)])
def test_a_list_that_can_never_fit_is_a_413(guarded, limits, most):
    caller = guarded(**limits)
    refused = caller.post(["a"] * (most + 1))
    assert refused.status == 413 and f"which is {most}" in refused.json()["detail"] and refused.headers["Retry-After"] is None
    assert caller.post(["a"] * most).status == 200


# ---- in flight ----

def test_no_more_is_in_flight_than_allowed(guarded, origin):
    caller = guarded(max_in_flight=5)
    pending = caller.begin([origin.url(f"/held/{n}") for n in range(4)])
    origin.wait_for_requests(4)
    refused = caller.post([origin.url("/b")] * 2)
    assert refused.status == 429 and int(refused.headers["Retry-After"]) >= 1 and "5 URLs in flight" in refused.json()["detail"]
    assert caller.in_flight() == 1
    origin.release()
    assert len(pending.answer()) == 4
    assert caller.in_flight() == 5
    assert not origin.seen("/b")


def test_what_waits_is_in_flight_and_each_result_gives_one_back(guarded, origin):
    caller = guarded(max_in_flight=10)
    pending = caller.begin([origin.url("/a"), origin.url("/b"), origin.url("/held"), origin.url("/c")], max_concurrent=1)
    origin.wait_for_requests(1, "/held")
    wait_for(lambda: caller.in_flight() == 8, "two of four are done")
    origin.release()
    pending.answer()
    assert caller.in_flight() == 10


def test_who_reads_the_whole_answer_may_ask_for_as_much_at_once(guarded, origin):
    caller = guarded(max_in_flight=3)
    for n in range(100):
        assert caller.post([origin.url(f"/{n}")] * 3, max_concurrent=3).status == 200


def test_a_client_that_leaves_gives_all_back(guarded, origin):
    caller = guarded(max_in_flight=8)
    pending = caller.begin([origin.url(f"/held/{n}") for n in range(8)], max_concurrent=2)
    origin.wait_for_requests(2)
    assert caller.in_flight() is None
    pending.leave()
    wait_for(lambda: caller.in_flight() == 8, "all eight are given back")


def test_a_batch_that_goes_on_without_its_client_stays_in_flight(guarded, origin):
    caller = guarded(max_in_flight=8)
    pending = caller.begin([origin.url(f"/held/{n}") for n in range(6)], max_concurrent=6, on_disconnect="finish")
    origin.wait_for_requests(6)
    other = caller.begin([origin.url("/held/other")])
    origin.wait_for_requests(7)
    pending.leave()
    other.leave()  # when its fetch, which is cancelled as ever, has ended, both departures have been noticed
    origin.wait_until(lambda: origin.abandoned == 1, "the fetch of the one that did not ask for more ends")
    wait_for(lambda: caller.in_flight() == 2, "that one is given back, the six are not")
    origin.release()
    caller.daemon.wait_for_line("batch done without its client", "caller=token:a", "urls=6")
    assert caller.in_flight() == 8


def test_deadlines_and_failures_give_back(guarded, origin):
    caller = guarded(max_in_flight=6)
    late = caller.post([origin.url(f"/held/{n}") for n in range(6)], max_concurrent=2, deadline=0.2).json()
    assert [result["error_code"] for result in late] == ["deadline"] * 6
    failed = caller.post(["nonsense", "ftp://a/", "http://127.0.0.1:1/", "http://10.0.0.1/", "http://user@a/", origin.url("/status/500")]).json()
    assert len(failed) == 6
    assert caller.in_flight() == 6


def test_retries_count_once_and_stay_in_flight_while_they_wait(guarded, origin):
    caller = guarded(max_in_flight=5, urls_per_minute=100)
    answer = caller.post([origin.url("/status/503")] * 5, retries=2, retry_delay=0.001)
    assert answer.status == 200 and len(origin.seen()) == 15
    assert caller.in_flight() == 5
    assert rates(caller.post(["a"]))[1].startswith('"minute";r=9')


def test_a_drain_ends_with_everything_given_back(guarded, origin):
    """Under a sanitizer nothing is leaked either: the account lives as long as what is in flight."""
    caller = guarded({"server.drain_timeout": 0.2}, max_in_flight=4)
    pending = caller.begin([origin.url(f"/held/{n}") for n in range(4)], max_concurrent=4)
    origin.wait_for_requests(4)
    caller.tokens.remove("a")
    caller.tokens.reload(caller.daemon)
    caller.daemon.signal()
    assert [result["error_code"] for result in pending.answer()] == ["shutdown"] * 4
    assert caller.daemon.wait() == 0


# ---- whose ----

def test_each_token_has_its_own(guarded, tokens):
    caller = guarded(urls_per_minute=5)
    other = tokens.add("b", urls_per_minute=5)
    tokens.reload(caller.daemon)
    assert caller.post(["a"] * 5).status == 200
    assert caller.post(["a"]).status == 429
    assert caller.post(["a"] * 5, token=other).status == 200


def test_a_reload_keeps_what_was_taken(guarded, tokens, origin):
    caller = guarded(urls_per_minute=100, max_in_flight=10)
    pending = caller.begin([origin.url(f"/held/{n}") for n in range(9)], max_concurrent=9)
    origin.wait_for_requests(9)
    fresh = tokens.add("a", urls_per_minute=20, max_in_flight=10)
    tokens.reload(caller.daemon)
    assert caller.post(["a"]).status == 401
    assert caller.post(["a"] * 2, token=fresh).status == 429
    answer = caller.post(["a"], token=fresh)
    assert answer.status == 200 and answer.headers["RateLimit-Policy"] == '"minute";q=20;w=60, "in-flight";q=10'
    assert 10 <= int(re.search(r'"minute";r=(\d+)', answer.headers["RateLimit"])[1]) < 19  # a new account would have 19
    origin.release()
    pending.answer()


def test_anonymous_callers_share_the_limits_of_their_line(start_daemon, tokens):
    tokens.add("anonymous", urls_per_minute=5, max_urls=4)
    daemon = start_daemon({"auth.token_file": tokens.path, "auth.allow_anonymous": "yes"}, listen=["127.0.0.1:0", "unix:socket"])
    body = '["a", "b", "c", "d"]'
    answers = [client.request(address, "POST", "/fetch", body, {"Content-Type": "application/json"}) for address in daemon.addresses]
    assert [answer.status for answer in answers] == [200, 429]
    assert daemon.post("/fetch", ["a"] * 5).status == 413
    daemon.wait_for_line("batch done", "caller=127.0.0.1")


def test_without_tokens_there_are_no_limits(daemon):
    for _ in range(50):
        answer = daemon.post("/fetch", ["a"] * 100)
        assert answer.status == 200 and answer.headers["RateLimit"] is None
