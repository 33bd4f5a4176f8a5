"""GET /metrics: what it counts is exactly what was done, and reading it costs nobody anything."""

import contextlib
import re
import socket
import threading
from pathlib import Path

import pytest

from rig.client import exchange
from rig.checks import assert_problem
from rig.metrics import MEDIA_TYPE, Metrics, promtool, scrape, wait_until_idle
from rig.origin import Raw, Reply
from rig.timing import PATIENCE, wait_for
from rig.tokens import TokenFile, bearer

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"

FETCHES = "fetchpool_fetches_total"
WARM_FETCHES = 30


def refused_port():
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def assert_adds_up(metrics):
    parts = ("finished_total", "running", "waiting")
    assert metrics("fetchpool_items_accepted_total") == sum(metrics(f"fetchpool_items_{part}") for part in parts)
    assert metrics("fetchpool_items_waiting") == metrics("fetchpool_queue_items")


# ---- the text ----

def test_promtool_finds_nothing_wrong(daemon, origin):
    daemon.fetch([origin.url("/"), "ftp://no.test/"])
    answer = daemon.get("/metrics")
    assert answer.headers["Content-Type"] == MEDIA_TYPE and answer.headers["Cache-Control"] == "no-store"
    assert promtool("check", "metrics", text=answer.body.decode("ascii")).strip() == ""


def test_head_is_answered_without_a_body(daemon):
    with contextlib.closing(daemon.connect()) as connection:
        head = exchange(connection, "HEAD", "/metrics")
        assert head.status == 200 and head.body == b"" and head.headers["Content-Type"] == MEDIA_TYPE
        assert int(head.headers["Content-Length"]) > 10_000
        assert exchange(connection, "GET", "/metrics").status == 200


def test_other_methods_are_refused(daemon):
    answer = daemon.post("/metrics", {})
    assert_problem(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD"


def test_it_takes_the_scope(start_daemon, tmp_path):
    tokens = TokenFile(tmp_path / "tokens")
    reader, fetcher = tokens.add("reader", scopes="metrics"), tokens.add("fetcher", scopes="fetch")
    daemon = start_daemon({"auth.token_file": tokens.path})
    assert_problem(daemon.get("/metrics"), 401)
    assert_problem(daemon.get("/metrics", bearer(fetcher)), 403)
    metrics = scrape(daemon, bearer(reader))
    assert metrics.nonzero("fetchpool_api_refusals_total", "reason") == {"unauthorized": 1, "forbidden": 1}


def test_labels_name_nobody(daemon, origin):
    """No host, URL, caller or token, however much of them goes through: as many lines as at the start."""
    before = scrape(daemon)
    daemon.fetch([origin.url(f"/path-{n}") for n in range(20)] + [f"http://host-{n}.invalid/" for n in range(20)])
    daemon.get("/hosts/some-host.test")
    daemon.get("/no-such-path")
    after = scrape(daemon)
    assert {name: set(family.samples) for name, family in after.families.items()} == {
        name: set(family.samples) for name, family in before.families.items()}
    text = daemon.get("/metrics").body
    for word in (b"path-", b"host-", b"127.0.0.1", b"no-such", b"some-host"):
        assert word not in text


def test_the_page_has_each_metric(daemon):
    """docs/operations.md: a line for each, with type, labels and the words of its help, and no other."""
    rows = re.findall(r"^\| `((?:fetchpool|process)_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", OPERATIONS.read_text(), re.M)
    told = {name: (kind, sorted(re.findall(r"`(\w+)`", labels)), words.replace("`", "")) for name, kind, labels, words in rows}
    families = scrape(daemon).families.values()
    assert told == {family.name: (family.type, family.labels, family.help) for family in families}
    assert len(rows) == len(told)


# ---- exact counts ----

def test_results_are_counted_by_status_and_error(start_daemon, start_origin):
    origin = start_origin()
    cut = origin.on("/cut", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    silent = origin.on("/silent", Raw(end="close"))
    odd = origin.on("/odd", Reply(777))
    daemon = start_daemon({"guard.deny": "127.0.0.3"})
    daemon.fetch([origin.url("/")] * 3 + [origin.url("/status/204"), origin.url("/status/304"), origin.url("/status/404"),
                 origin.url("/status/410"), origin.url("/status/500"), odd, origin.url("/redirect/2"), cut, silent,
                 "ftp://a.test/", "nothing", "http://a.invalid/", f"http://127.0.0.1:{refused_port()}/",
                 f"http://127.0.0.3:{origin.port}/", origin.url("/redirect/3")], max_redirects=2, max_concurrent=1)
    daemon.fetch([origin.url("/bytes/100")], max_size=99)
    daemon.fetch([origin.url("/held")], timeout=0.1)
    metrics = wait_until_idle(daemon)
    assert metrics.nonzero(FETCHES, "status_class") == {"2xx": 5, "3xx": 1, "4xx": 2, "5xx": 1, "other": 1, "none": 1}
    assert metrics.nonzero(FETCHES, "error_code") == {
        "none": 1, "recv": 1, "empty_reply": 1, "unsupported_scheme": 1, "invalid_url": 1, "dns": 1, "connect": 1,
        "blocked": 1, "too_many_redirects": 1, "too_large": 1, "timeout": 1}
    assert metrics(FETCHES) == metrics("fetchpool_items_finished_total") == 20
    assert metrics("fetchpool_fetch_duration_seconds_count") == metrics("fetchpool_fetch_queue_seconds_count") == 20
    assert metrics("fetchpool_fetch_redirects_total") == 4
    assert metrics("fetchpool_guard_refusals_total") == 1
    assert metrics("fetchpool_batches_accepted_total") == 3
    assert metrics.nonzero("fetchpool_batches_finished_total", "outcome") == {"completed": 3}
    assert_adds_up(metrics)


def test_bytes_are_those_on_the_wire(daemon, origin):
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    url = origin.on("/raw", Raw(answer))
    large = b"y" * 100_000
    before = scrape(daemon)
    daemon.fetch([{"url": url, "method": "POST", "body": "z" * size} for size in (0, 10, len(large))] + [url])
    after = scrape(daemon)
    sent = sum(len(f"{request.method} {request.target} HTTP/1.1\r\n") + 2 + len(request.body)
               + sum(len(f"{name}: {value}\r\n") for name, value in request.headers) for request in origin.seen("/raw"))

    def grown(name):
        return after(f"fetchpool_fetch_{name}_bytes_total") - before(f"fetchpool_fetch_{name}_bytes_total")

    assert (grown("received"), grown("decoded"), grown("sent")) == (4 * len(answer), 4000, sent)


def test_the_phases_of_a_fetch_over_tls_take_their_time(daemon, authority, start_origin):
    origin = start_origin(tls=authority.server_context("localhost", "127.0.0.1"))
    daemon.fetch([origin.url("/delay/0.2", host="localhost")])
    metrics = wait_until_idle(daemon)
    for phase in ("namelookup", "connect", "tls", "wait", "transfer"):
        assert metrics("fetchpool_fetch_phase_seconds_count", phase=phase) == 1
        assert metrics("fetchpool_fetch_phase_seconds_sum", phase=phase) >= {"wait": 0.2, "tls": 0.0001}.get(phase, 0)
    parts = metrics("fetchpool_fetch_phase_seconds_sum")
    assert 0.2 < parts <= metrics("fetchpool_fetch_duration_seconds_sum")


def test_connections_are_counted_as_new_or_used_again(daemon, origin):
    daemon.fetch([origin.url(f"/{n}") for n in range(WARM_FETCHES)], max_concurrent=1)
    metrics = wait_until_idle(daemon)
    assert metrics("fetchpool_connections_opened_total") == origin.connections == 1
    assert metrics("fetchpool_connections_reused_total") == WARM_FETCHES - 1
    assert metrics("fetchpool_handles_idle") == 1 and metrics("fetchpool_handles_in_use") == 0
    phases = {phase: metrics("fetchpool_fetch_phase_seconds_count", phase=phase)
              for phase in ("namelookup", "connect", "tls", "wait", "transfer")}
    assert phases == {"namelookup": 0, "connect": 1, "tls": 0, "wait": WARM_FETCHES, "transfer": WARM_FETCHES}


def test_retries_and_those_given_up_are_counted(start_daemon, origin):
    daemon = start_daemon({"fetch.retry_budget": 1})
    busy = origin.url("/status/503")
    daemon.fetch([busy], retries=2, retry_delay=0.001)
    daemon.fetch([busy])
    daemon.fetch([{"url": busy, "retries": 10, "retry_delay": 0.001}])
    daemon.fetch([origin.on("/pauses", Reply(503, headers=[("Retry-After", "50")]))], retries=1, deadline=20)
    metrics = wait_until_idle(daemon)
    assert metrics("fetchpool_fetch_retries_total") == len(origin.requests) - 4 == 10
    assert metrics.nonzero("fetchpool_fetch_retries_given_up_total", "reason") == {"retries": 1, "deadline": 1, "budget": 1}
    assert metrics(FETCHES, status_class="5xx") == metrics(FETCHES) == 4


def test_lists_are_counted_by_how_they_end(start_daemon, origin):
    daemon = start_daemon({"server.drain_timeout": 60})
    daemon.fetch([origin.url("/held")] * 3, deadline=0.5, max_concurrent=1)
    pending = daemon.begin_batch([origin.url("/held")] * 4, max_concurrent=2)
    origin.wait_until(lambda: origin.in_flight == 2)
    metrics = scrape(daemon)
    assert metrics("fetchpool_items_running") == 2 and metrics("fetchpool_items_waiting") == 2
    assert metrics("fetchpool_workers") >= 2 and metrics("fetchpool_api_requests_open") == 2
    assert_adds_up(metrics)
    pending.leave()
    metrics = wait_until_idle(daemon)
    assert metrics.nonzero("fetchpool_batches_finished_total", "outcome") == {"deadline": 1, "cancelled": 1}
    assert metrics(FETCHES, error_code="deadline") == 3 and metrics(FETCHES, error_code="cancelled") == 4
    assert len(origin.requests) == 1 + 2  # the others were never sent
    assert_adds_up(metrics)


def test_a_drain_is_told(start_daemon, origin):
    daemon = start_daemon({"server.drain_timeout": 60})
    assert scrape(daemon)("fetchpool_draining") == 0
    pending = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    with daemon.open_socket() as kept:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in kept.recv(4096)
        daemon.signal()
        wait_for(lambda: daemon.get("/readyz").status == 503, "the drain")
        assert_problem(daemon.post_batch([origin.url("/never")]), 503)
        metrics = scrape(daemon)
    assert metrics("fetchpool_draining") == 1
    assert metrics.nonzero("fetchpool_api_refusals_total", "reason") == {"draining": 1}
    origin.release()
    assert pending.answer()[0]["status"] == 200


def test_names_are_counted_by_source_and_answer(start_daemon, start_names, origin):
    names = start_names({"one.test": ["127.0.0.1"], "none.test": []}, ttl=600)
    daemon = start_daemon({"fetch.name_servers": names.address})
    for _ in range(3):
        daemon.fetch([origin.url("/", host="one.test")])
    daemon.fetch([origin.url("/", host="two.test"), origin.url("/", host="none.test"), "http://three.invalid/"])
    metrics = wait_until_idle(daemon)
    assert metrics.nonzero("fetchpool_name_lookups_total", "source") == {"asked": 3, "cached": 2, "known": 1}
    assert metrics.nonzero("fetchpool_name_answers_total", "result") == {"found": 1, "not_found": 1, "no_address": 1}
    assert metrics("fetchpool_names_cached") == 3
    assert metrics("fetchpool_fetch_phase_seconds_count", phase="namelookup") == 6


# ---- clients ----

def test_requests_are_counted_by_route_and_status(daemon, origin):
    daemon.fetch([origin.url("/")])
    for path, status in (("/healthz", 200), ("/version", 200), ("/hosts/a.test", 200), ("/nowhere", 404)):
        assert daemon.get(path).status == status
    assert daemon.post("/fetch", b"{", "application/json").status == 400
    assert daemon.post("/fetch", {"urls": [], "nonsense": 1}).status == 422
    assert daemon.post("/fetch", b"x", "image/png").status == 415
    assert daemon.get("/fetch").status == 405
    metrics = scrape(daemon)

    def answers(route, status_class, **labels):
        return metrics("fetchpool_api_requests_total", route=route, status_class=status_class, **labels)

    assert answers("/fetch", "2xx", method="POST") == 1 and answers("/fetch", "4xx") == 3
    assert answers("/hosts/{host}", "2xx", method="GET") == 1 and answers("/hosts/{host}", "2xx", method="PATCH") == 0
    assert answers("none", "4xx", method="none") == 2
    assert metrics.nonzero("fetchpool_api_refusals_total", "reason") == {
        "malformed": 1, "invalid": 1, "media_type": 1, "method": 1, "not_found": 1}


def test_a_full_queue_is_a_refusal_of_its_own(start_daemon, origin):
    daemon = start_daemon({"pool.queue": 2, "pool.workers": 1})
    pending = daemon.begin_batch([origin.url("/held")] * 2)
    origin.wait_for_requests(1)
    assert_problem(daemon.post_batch([origin.url("/never")] * 2), 503)
    metrics = scrape(daemon)
    assert metrics.nonzero("fetchpool_api_refusals_total", "reason") == {"queue_full": 1}
    assert metrics("fetchpool_items_waiting") == 1 and metrics("fetchpool_items_waiting_limit") == 2
    assert metrics("fetchpool_workers_limit") == metrics("fetchpool_workers") == 1
    assert daemon.get("/pressure").json()["rejected"] == 1
    origin.release()
    pending.answer()


def test_an_unready_answer_is_no_refusal(start_daemon, origin):
    daemon = start_daemon({"pool.queue": 1, "pool.workers": 1})
    pending = [daemon.begin_batch([origin.url("/held")])]
    origin.wait_for_requests(1)
    pending.append(daemon.begin_batch([origin.url("/held")]))
    wait_for(lambda: daemon.get("/readyz").status == 503, "a full queue")
    metrics = scrape(daemon)
    assert metrics("fetchpool_api_refusals_total") == 0
    assert metrics("fetchpool_api_requests_total", route="/readyz", status_class="5xx") >= 1
    origin.release()
    for batch in pending:
        batch.answer()


def test_connections_are_counted(start_daemon):
    daemon = start_daemon({"server.max_connections": 3})
    kept = [daemon.open_socket() for _ in range(3)]
    for stream in kept:
        stream.sendall(b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in stream.recv(4096)
    assert_problem(daemon.get("/version"), 503)
    kept[0].sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    text = b""
    while piece := kept[0].recv(65536):
        text += piece
    metrics = Metrics(text.partition(b"\r\n\r\n")[2].decode("ascii"))
    assert metrics("fetchpool_api_connections") == metrics("fetchpool_api_connections_limit") == 3
    assert metrics("fetchpool_api_connections_accepted_total") == 3
    assert metrics.nonzero("fetchpool_api_connections_refused_total", "limit") == {"connections": 1}
    assert metrics.nonzero("fetchpool_api_refusals_total", "reason") == {"connections": 1}
    for stream in kept:
        stream.close()


# ---- the process ----

def test_the_process_tells_what_proc_tells(daemon):
    """proc_pid_stat(5), proc_pid_fd(5); a scrape has a connection of its own."""
    folder = Path(f"/proc/{daemon.process.pid}")
    program = next((Path(f"/proc/{child}") for child in (folder / "task" / folder.name / "children").read_text().split()), folder)
    metrics = scrape(daemon)
    status = dict(line.split(":", 1) for line in (program / "status").read_text().splitlines())
    limits = re.search(r"Max open files\s+(\d+)", (program / "limits").read_text())
    assert metrics("process_threads") == int(status["Threads"])
    assert metrics("process_max_fds") == int(limits[1])
    assert abs(metrics("process_open_fds") - len(list((program / "fd").iterdir()))) <= 1
    assert 0.2 < metrics("process_resident_memory_bytes") / (int(status["VmRSS"].split()[0]) * 1024) < 5
    assert metrics("process_cpu_seconds_total") > 0
    assert scrape(daemon)("process_start_time_seconds") == metrics("process_start_time_seconds")
    version = daemon.get("/version").json()["version"]
    assert metrics("fetchpool_build_info", version=version) == 1


# ---- under load ----

class Scraper(threading.Thread):
    """Scrapes again and again over one connection until it is told to end."""

    def __init__(self, daemon):
        super().__init__(name="scraper", daemon=True)
        self.connection = daemon.connect()
        self.ended = threading.Event()
        self.scrapes = []
        self.failure = None

    def run(self):
        try:
            while not self.ended.is_set():
                answer = exchange(self.connection, "GET", "/metrics")
                assert answer.status == 200
                self.scrapes.append(Metrics(answer.body.decode("ascii")))
        except Exception as failure:  # told by end()
            self.failure = failure

    def end(self):
        self.ended.set()
        self.join(PATIENCE)
        self.connection.close()
        assert not self.failure, self.failure
        return self.scrapes


def test_what_is_scraped_under_load_adds_up_and_never_goes_down(start_daemon, origin):
    """In each scrape, whatever the workers were doing."""
    daemon = start_daemon({"pool.workers": 16})
    scraper = Scraper(daemon)
    scraper.start()
    urls = [origin.url(f"/{n % 7}") for n in range(150)] + ["nothing"] * 50
    batches = [daemon.begin_batch(urls, max_concurrent=8) for _ in range(4)]
    for batch in batches:
        batch.answer()
    left = daemon.begin_batch([origin.url("/held")] * 500, max_concurrent=4)
    origin.wait_until(lambda: origin.in_flight == 4)
    left.leave()
    last = wait_until_idle(daemon)
    scrapes = scraper.end() + [scrape(daemon)]
    assert len(scrapes) > 2
    for before, after in zip(scrapes, scrapes[1:]):
        assert_adds_up(after)
        old, new = before.counters(), after.counters()
        assert old.keys() == new.keys()
        assert not {key: (old[key], new[key]) for key in old if new[key] < old[key]}
    assert last(FETCHES) == last("fetchpool_items_finished_total") == 4 * 200 + 500


def test_scrapes_are_answered_while_every_worker_is_busy(start_daemon, origin):
    """No fetch ends before the last scrape has been answered, so none of them has waited for a fetch."""
    daemon = start_daemon({"pool.workers": 4})
    pending = daemon.begin_batch([origin.url("/held")] * 50, max_concurrent=50)
    origin.wait_until(lambda: origin.in_flight == 4)
    for _ in range(20):
        metrics = scrape(daemon)
        assert metrics("fetchpool_items_running") == 4 and metrics("fetchpool_items_waiting") == 46
    assert metrics(FETCHES) == 0
    origin.release()
    assert {result["status"] for result in pending.answer()} == {200}


@pytest.mark.parametrize("reader", ["keeps its connection", "leaves at once"])
def test_a_reader_that_goes_does_no_harm(daemon, origin, reader):
    for _ in range(30):
        stream = daemon.open_socket()
        stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * (3 if reader.startswith("keeps") else 1))
        if reader.startswith("keeps"):
            assert stream.recv(100).startswith(b"HTTP/1.1 200")
        stream.close()
    daemon.assert_serves(origin)
