"""Host names: looked up once for all who ask, kept for their time to live, and a dead name server holds nobody."""

import contextlib
import socket
import time

import pytest

from rig.checks import assert_answered, assert_failed
from rig.metrics import scrape
from rig.names import A, AAAA, NO_SUCH_NAME, SERVER_FAILURE, SILENT
from rig.origin import Reply
from rig.timing import Stopwatch, assert_timed_out, at_most, many, wait_for


@pytest.fixture
def start_with(start_daemon, start_names):
    """start_with(table, settings, ttl=...): a daemon and the name server that it asks."""
    def start(table, settings=None, **how):
        names = start_names(table, **how)
        return start_daemon({"fetch.name_servers": names.address, **(settings or {})}), names

    return start


def test_a_name_is_asked_for_once_however_many_want_it(start_with, origin):
    daemon, names = start_with({"one.test": ["127.0.0.1"]}, ttl=60, delay=0.05)
    url = f"http://one.test:{origin.port}/a"
    batches = [daemon.begin_batch([url] * 50, max_concurrent=20) for _ in range(4)]
    for batch in batches:
        for result in batch.answer():
            assert_answered(result, url, 200)
    assert names.queries == {("one.test", A): 1, ("one.test", AAAA): 1}
    lookups = scrape(daemon).nonzero("fetchpool_name_lookups_total", "source")
    assert lookups["asked"] == 1 and lookups["joined"] >= 1


def test_each_of_many_names_is_asked_for_once(start_with, origin):
    daemon, names = start_with({"*.many.test": ["127.0.0.1"]}, ttl=60)
    urls = [f"http://n{n}.many.test:{origin.port}/a" for n in range(many(500))] * 2
    for url, result in zip(urls, daemon.fetch(urls, max_concurrent=50)):
        assert_answered(result, url, 200)
    assert len(names.queries) == len(urls) and set(names.queries.values()) == {1}


def test_an_answer_is_kept_for_its_time_to_live(start_with, origin):
    daemon, names = start_with({"brief.test": ["127.0.0.1"]}, ttl=2)
    url = f"http://brief.test:{origin.port}/a"
    began = time.monotonic()
    while names.asked("brief.test") < 2:
        daemon.fetch_one(url)
        asked_again = time.monotonic()
        assert asked_again - began < at_most(5)
    assert asked_again - began >= 2


def test_libcurl_looks_nothing_up_when_connections_die(start_with, origin):
    """The system knows no such name: libcurl would fail."""
    daemon, names = start_with({"closing.test": ["127.0.0.1"]}, {"pool.workers": 2}, ttl=60)
    origin.on("/", Reply(body=b"ok", framing="close"))
    url = f"http://closing.test:{origin.port}/"
    for _ in range(10):
        assert_answered(daemon.fetch_one(url), url, 200)
    assert origin.connections == 10
    assert names.asked("closing.test") == 1


def test_a_name_that_moves_is_followed_when_its_time_is_over(start_with, start_origin):
    daemon, names = start_with({"moving.test": [["127.0.0.1"], ["127.0.0.2"]]}, ttl=1)
    old = start_origin()
    new = start_origin(listener=socket.create_server(("127.0.0.2", old.port)))
    url = f"http://moving.test:{old.port}/a"
    old.on("/a", Reply(body=b"old", framing="close"))
    new.on("/a", Reply(body=b"is new", framing="close"))
    assert daemon.fetch_one(url)["size"] == 3
    wait_for(lambda: daemon.fetch_one(url)["size"] == 6, "the new address")
    assert names.asked("moving.test") == 2


def test_failures_are_kept_briefly(start_with, origin):
    daemon, names = start_with({"late.test": SERVER_FAILURE})
    url = f"http://late.test:{origin.port}/a"
    assert_failed(daemon.fetch_one(url), url, "dns")
    asked = names.asked("late.test")
    for result in daemon.fetch([url] * 20):
        assert_failed(result, url, "dns")
    assert names.asked("late.test") == asked
    names.table["late.test"] = ["127.0.0.1"]
    with Stopwatch() as watch:
        wait_for(lambda: daemon.fetch_one(url)["status"] == 200, "the name")
    assert watch.seconds < at_most(4)


def test_what_is_wrong_with_a_name_is_told(start_with):
    daemon, _ = start_with({"none.test": NO_SUCH_NAME, "empty.test": [], "broken.test": SERVER_FAILURE, "dead.test": SILENT},
                           {"fetch.name_timeout": at_most(0.1)})
    reasons = {"none.test": "does not exist", "empty.test": "no address", "broken.test": "no name server could tell",
               "dead.test": "no name server answered", "x" * 64 + ".test": "no host name"}
    urls = [f"http://{name}/" for name in reasons]
    for url, result, (name, reason) in zip(urls, daemon.fetch(urls), reasons.items()):
        assert_failed(result, url, "dns")
        assert name in result["error"] and reason in result["error"]
    assert scrape(daemon).nonzero("fetchpool_name_answers_total", "result") == {
        "not_found": 1, "no_address": 1, "broken": 1, "silent": 1, "malformed": 1}


def test_a_dead_name_server_holds_no_worker_past_its_time(start_with, origin):
    daemon, _ = start_with({"*.dead.test": SILENT}, {"pool.workers": 10})
    dead = [f"http://n{n}.dead.test/" for n in range(30)]
    before = daemon.threads()
    with Stopwatch() as watch:
        pending = daemon.begin_batch(dead, connect_timeout=0.5, timeout=20, max_concurrent=10)
        wait_for(lambda: daemon.threads() >= before + 10, "the workers")
        assert daemon.get("/healthz").seconds < at_most(0.5)
        assert daemon.threads() <= before + 10
        for url, result in zip(dead, pending.answer()):
            assert_failed(result, url, "dns")
            assert_timed_out(result, 0.5)
    assert watch.seconds < at_most(3)
    daemon.assert_serves(origin)


def test_each_clock_ends_a_lookup(start_with):
    daemon, _ = start_with({"dead.test": SILENT})
    url = "http://dead.test/"
    by_connect, by_total, by_deadline = (
        daemon.fetch_one(url, connect_timeout=0.3, timeout=20), daemon.fetch_one(url, connect_timeout=20, timeout=0.3),
        daemon.fetch_one(url, deadline=0.3))
    assert_failed(by_connect, url, "dns")
    assert_failed(by_total, url, "timeout")
    assert_failed(by_deadline, url, "deadline")
    for result in (by_connect, by_total):
        assert "looking up dead.test" in result["error"]
        assert_timed_out(result, 0.3)


@pytest.mark.timed
def test_a_client_that_leaves_frees_the_workers_that_look_up_for_it(start_with, origin):
    daemon, names = start_with({"dead.test": SILENT}, {"pool.workers": 2})
    pending = daemon.begin_batch(["http://dead.test/"] * 2, connect_timeout=60, timeout=60)
    wait_for(lambda: names.asked("dead.test"), "the query")
    # The workers are free again when they fetch for another.
    waiting = daemon.begin_batch([origin.url("/a")])
    with Stopwatch() as watch:
        pending.leave()
        waiting.answer()
    assert watch.seconds < at_most(0.2)


def test_the_time_of_a_lookup_is_counted(start_with, origin):
    daemon, _ = start_with({"slow.test": ["127.0.0.1"]}, ttl=60, delay=0.1)
    url = f"http://slow.test:{origin.port}/a"
    first, second = (daemon.fetch_one(url, include=["timings"])["timings"] for _ in range(2))
    assert 0.1 <= first["namelookup"] <= first["connect"] <= first["pretransfer"] <= first["starttransfer"] <= first["total"]
    assert second["namelookup"] < 0.1
    late = daemon.fetch_one(f"http://slow.test.:{origin.port}/a", timeout=0.05)
    assert late["error_code"] == "timeout"


def test_an_answer_with_a_refused_address_is_refused_whole(start_with, start_origin):
    everywhere = start_origin(host="0.0.0.0")
    daemon, _ = start_with({"mixed.test": ["127.0.0.1", "127.0.0.2"], "six.test": ["127.0.0.1", "fd00::1"]},
                           {"guard.deny": "127.0.0.2/32"})
    urls = [f"http://{name}:{everywhere.port}/" for name in ("mixed.test", "six.test")]
    for url, result in zip(urls, daemon.fetch(urls)):
        assert_failed(result, url, "blocked")
    assert everywhere.connections == 0


def test_localhost_is_never_asked_for(start_with, origin):
    daemon, names = start_with({})
    urls = [f"http://{host}:{origin.port}/a" for host in ("localhost", "a.localhost", "LocalHost")]
    for url, result in zip(urls, daemon.fetch(urls)):
        assert_answered(result, url, 200)
    assert not names.queries


def test_the_longest_name_and_a_final_dot(start_with, origin):
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 56, "test"])
    daemon, names = start_with({name: ["127.0.0.1"], "dot.test": ["127.0.0.1"]}, ttl=60)
    assert len(name) == 253
    for host in (name, "dot.test.", "dot.test"):
        url = f"http://{host}:{origin.port}/a"
        for _ in range(2):
            assert_answered(daemon.fetch_one(url), url, 200)
    assert names.asked(name) == 1 and names.asked("dot.test") == 2


@pytest.mark.parametrize("host", ["-first.test", "last-.test", "_under.test", "-"])
def test_libcurl_takes_the_addresses_of_odd_names_too(start_with, origin, host):
    daemon, names = start_with({host: ["127.0.0.1"]}, ttl=60)
    url = f"http://{host}:{origin.port}/a"
    for _ in range(2):
        assert_answered(daemon.fetch_one(url), url, 200)
    assert names.asked(host) == 1


def test_hosts_file_and_search_list_are_honoured(named_box, daemon_in, start_origin):
    box, names = named_box({"backend.corp.test": ["127.0.0.1"]})
    with (box.folder / "hosts").open("a") as hosts:
        hosts.write("127.0.0.1 listed.test\n")
    with (box.folder / "resolv.conf").open("a") as conf:
        conf.write("search other.test corp.test\n")
    origin = start_origin(listener=box.socket())
    daemon = daemon_in(box)
    urls = [f"http://{name}:{origin.port}/a" for name in ("listed.test", "backend")]
    for url, result in zip(urls, daemon.fetch(urls)):
        assert_answered(result, url, 200)
    assert names.asked("listed.test") == 0 and names.asked("backend.other.test") == 1


def test_a_changed_resolv_conf_is_noticed(named_box, daemon_in, start_origin):
    box, _ = named_box({"backend.new.test": ["127.0.0.1"]})
    origin = start_origin(listener=box.socket())
    daemon = daemon_in(box)
    url = f"http://backend:{origin.port}/a"
    assert_failed(daemon.fetch_one(url), url, "dns")
    with (box.folder / "resolv.conf").open("a") as conf:
        conf.write("search new.test\n")
    wait_for(lambda: daemon.fetch_one(url)["status"] == 200, "the new search list")


def test_a_name_server_that_refuses_fails_at_once(start_daemon):
    with contextlib.closing(socket.socket(type=socket.SOCK_DGRAM)) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.connect(("127.0.0.1", 9))  # takes datagrams from there alone: others are refused
        daemon = start_daemon({"fetch.name_servers": "127.0.0.1:%d" % holder.getsockname()[1]})
        url = "http://somewhere.test/"
        with Stopwatch() as watch:
            assert_failed(daemon.fetch_one(url), url, "dns")
    assert watch.seconds < at_most(1)
