"""The log: one line per event, in three formats, and nothing in it that should stay private."""

import json
import re
from urllib.parse import quote

import pytest

from rig import client
from rig.client import strict_json
from rig.origin import Raw
from rig.timing import wait_for

LOGFMT = re.compile(r'ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(error|warning|info|debug) msg=("(\\.|[^"\\])*"|[^ "=]+)'
                    r'( [a-z_]+=("(\\.|[^"\\])*"|[^ "]*))*')


def assert_format(line, form):
    if form == "logfmt":
        assert LOGFMT.fullmatch(line), line
    elif form == "json":
        record = strict_json(line)
        assert {"ts", "level", "msg"} <= set(record)
    else:
        assert re.match(r"<[3-7]>", line), line
    assert not re.search(r"[\x00-\x1f\x7f]", line), repr(line)


@pytest.mark.parametrize("form", ["logfmt", "json", "journal"])
@pytest.mark.parametrize("level", ["info", "debug"])
def test_every_line_has_the_chosen_format(start_daemon, origin, form, level):
    daemon = start_daemon({"log.format": form, "log.level": level})
    hostile = "ms\x1b[31mg=\"x\" level=error\n<0>fake \u2028 \x7f \\"
    daemon.fetch([hostile, origin.url("/a")])
    daemon.post("/drill", {"tasks": [[0, hostile]], "mode": "sequential"})
    daemon.post("/fetch", "{")
    daemon.get("/%0a%1b?x=%0d")
    daemon.signal()
    assert daemon.wait() == 0
    assert len(daemon.lines) >= 4
    for line in daemon.lines:
        assert_format(line, form)


# What a terminal, a browser or a parser of lines could be led astray by.
HOSTILE = ["\x00", "\x01", "\t", "\n", "\r", "\r\nts=2026-01-01T00:00:00.000Z level=error msg=forged", "\x1b[2J\x1b]0;t\x07", "\x7f",
           "\x85", "\x9b31m", "\u2028", "\u2029", "\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\ufeff", "\ufffe",
           "\U0010ffff", "\"", "\\", "\\n", "'", "=", " level=error", "{\"level\":\"error\"}", "</script>", "%s%n", "${jndi:x}", "\u0430", "x" * 5000]
RAW = [b"\xff", b"\xc3", b"\xe2\x80", b"\xed\xa0\x80", b"\xc0\x8a", b"\xf4\x90\x80\x80", b"\x9b"]
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def send_raw(daemon, request):
    """Whatever the daemon makes of it."""
    with daemon.open_socket() as stream:
        stream.settimeout(0.5)
        try:
            stream.sendall(request)
            client.read_to_end(stream)
        except (OSError, TimeoutError):
            pass


def say_hostile_things(daemon, origin, text):
    """In every place that a caller or an origin can write to."""
    bytes_ = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    on_one_line = bytes_.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")
    origin.on("/reason", Raw(b"HTTP/1.1 299 " + on_one_line + b"\r\nX-" + on_one_line[:50] + b": " + on_one_line + b"\r\nLocation: http://"
                             + on_one_line[:200] + b"/\r\nContent-Length: 0\r\n\r\n"))
    origin.on("/there", Raw(b"HTTP/1.1 302 Found\r\nLocation: http://" + on_one_line[:200] + b"/\r\nContent-Length: 0\r\n\r\n"))
    for line in (b"GET /" + on_one_line + b" HTTP/1.1", on_one_line[:100] + b" / HTTP/1.1", b"GET /healthz?" + on_one_line + b" HTTP/1.1",
                 b"GET /healthz " + on_one_line[:100]):
        send_raw(daemon, line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    for header in (b"X-" + on_one_line[:100] + b": 1", b"X: " + on_one_line, b"Host: " + on_one_line, b"Accept: " + on_one_line, b"User-Agent: " + on_one_line):
        send_raw(daemon, b"POST /fetch HTTP/1.1\r\n" + header + b"\r\nConnection: close\r\nContent-Type: " + on_one_line + b"\r\nContent-Length: 2\r\n\r\n[]")
    daemon.post("/fetch", bytes_, "text/plain")
    if isinstance(text, str):
        daemon.post("/fetch", [text, f"http://{text}/", f"http://127.0.0.1:1/{text}", {"url": origin.url("/reason"), "id": text[:200], "headers": {"X": text}},
                               {"url": origin.url("/there")}, {"url": text, text: text}])
        daemon.post("/fetch", [f"http://{text}/", f"http://127.0.0.1:1/{text}", origin.url("/reason"), origin.url("/there"), origin.url(f"/{text}")])
        daemon.post("/drill", {"tasks": [[0, text], [0, f"b{text}"]], "mode": "sequential"})
        daemon.get(f"/hosts?{quote(text[:500])}")
        client.request(daemon.address, "PATCH", f"/hosts/{quote(text[:200], safe='')}", json.dumps({"paused": True}).encode(),
                       {"Content-Type": "application/json"})


@pytest.mark.parametrize("form", ["logfmt", "json", "journal"])
def test_no_hostile_text_breaks_a_line(start_daemon, origin, form):
    daemon = start_daemon({"log.format": form, "log.level": "debug"})
    for text in HOSTILE + RAW:
        say_hostile_things(daemon, origin, text)
    daemon.signal()
    assert daemon.wait() == 0
    assert len(daemon.lines) > 2 * len(HOSTILE)
    for line in daemon.lines:
        assert_format(line, form)
        assert not UNSEEN.search(line), ascii(line)
        assert len(line.encode()) <= 4096
        assert not re.match(r"ts=2026-01-01T|<[0-3]>forged", line)
    assert not [line for line in daemon.lines if re.match(r"(ts=\S+ |<3>|\{\"ts\":\"[^\"]*\",\")level[=\":]+error", line)]


def test_the_course_of_a_run_in_json(start_daemon):
    daemon = start_daemon({"log.format": "json"})
    daemon.signal()
    assert daemon.wait() == 0
    messages = [json.loads(line)["msg"] for line in daemon.lines]
    assert [message for message in messages if message in ("listening", "ready", "draining", "stopped")] == [
        "listening", "ready", "draining", "stopped"]


def test_the_level_leaves_out_what_is_below_it(start_daemon):
    daemon = start_daemon({"log.level": "error"}, listen=["unix:socket"], wait=False)
    address = f"unix:{daemon.folder}/socket"

    def healthy():
        try:
            return client.request(address, "GET", "/healthz").status == 200
        except OSError:
            return False

    wait_for(healthy, "a daemon that says nothing")
    daemon.signal()
    assert daemon.wait() == 0
    assert not daemon.lines


def test_secrets_of_requests_are_not_logged(start_daemon, origin):
    daemon = start_daemon({"log.level": "debug"})
    daemon.fetch([{"url": origin.url("/a?token=hidden-1"), "method": "POST", "headers": {"Authorization": "hidden-2"}, "body": "hidden-3"},
                  "http://user:hidden-4@127.0.0.1:1/"])
    daemon.post("/fetch?nonsense=hidden-5", [])
    daemon.signal()
    assert daemon.wait() == 0
    assert not re.findall(r"hidden-\d", daemon.log)


def test_a_batch_is_called_abandoned_only_when_its_client_left(daemon, origin):
    for n in range(20):
        connection = daemon.begin_batch([origin.url(f"/{n}")] * 5, max_concurrent=5)
        assert len(connection.answer()) == 5  # and closes at once
    daemon.wait_for_line('msg="batch done"', count=20)
    leaving = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1, "/held")
    leaving.leave()
    daemon.wait_for_line('msg="batch abandoned"')
    assert daemon.log.count("batch abandoned") == 1 and "level=warning" not in daemon.log


# ---- batches and fetches ----

BATCH_ID = re.compile(r"[a-z2-7]{16}")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


def records(daemon, message, count=1):
    """The fields of the lines with this message, when there are as many; the log is JSON."""
    lines = daemon.wait_for_line(f'"msg":"{message}"', count=count)
    assert len(lines) == count
    return [{key: value for key, value in json.loads(line).items() if key not in ("ts", "level", "msg")} for line in lines]


@pytest.fixture
def telling_daemon(start_daemon):
    return start_daemon({"log.format": "json", "log.level": "debug"})


def test_a_batch_is_one_line_with_the_id_of_its_answer(telling_daemon, origin):
    urls = [origin.url("/bytes/1000"), origin.url("/status/404"), "http://127.0.0.1:1/", "nonsense"]
    answer = telling_daemon.post_batch(urls)
    batch_id = answer.headers["Fetchpool-Batch"]
    assert BATCH_ID.fullmatch(batch_id)
    batch, = records(telling_daemon, "batch done")
    assert 0 < batch.pop("elapsed") < 60 and batch.pop("bytes") >= 1000
    assert batch == {"batch": batch_id, "caller": "127.0.0.1", "address": "127.0.0.1", "urls": 4, "succeeded": 2, "failed": 2, "cancelled": 0,
                     "end": "complete"}


def test_a_fetch_is_one_line_at_debug(telling_daemon, origin):
    urls = [origin.url("/bytes/1000?secret"), origin.url("/status/404"), "http://127.0.0.1:1/secret", "nonsense",
            origin.url("/redirect/2")]
    answer = telling_daemon.post_batch(urls, max_concurrent=1, include=["connection"])
    fetches = sorted(records(telling_daemon, "fetch done", count=5), key=lambda fetch: fetch["index"])
    for fetch in fetches:
        assert fetch.pop("batch") == answer.headers["Fetchpool-Batch"]
        assert fetch.pop("elapsed") >= 0 and fetch.pop("waited") >= 0 and fetch.pop("bytes") >= 0
    reused = [fetch.pop("reused") for fetch in fetches]
    assert [reused[i] == "yes" for i in (0, 1, 4)] == [answer.json()[i]["connection"]["reused"] for i in (0, 1, 4)] and reused[2:4] == ["no", "no"]
    assert [fetch.pop("index") for fetch in fetches] == [0, 1, 2, 3, 4]
    host = {"host": "127.0.0.1", "redirects": 0}
    assert fetches == [{**host, "status": 200, "attempts": 1}, {**host, "status": 404, "attempts": 1}, {**host, "error_code": "connect", "attempts": 1},
                       {**fetches[3], "error_code": "invalid_url"}, {**host, "status": 200, "attempts": 1, "redirects": 2}]
    assert "host" not in fetches[3] and "secret" not in telling_daemon.log and "nonsense" not in telling_daemon.log


def test_attempts_of_a_fetch_are_told(telling_daemon, origin):
    telling_daemon.fetch([origin.url("/status/503")], retries=2, retry_delay=0.01)
    fetch, = records(telling_daemon, "fetch done")
    assert (fetch["status"], fetch["attempts"]) == (503, 3)


def test_fetches_are_not_told_at_info(start_daemon, origin):
    daemon = start_daemon({"log.format": "json"})
    daemon.fetch([origin.url("/")])
    records(daemon, "batch done")
    assert "fetch done" not in daemon.log


def test_ids_of_batches_differ_also_across_restarts(start_daemon):
    ids = []
    for _ in range(2):
        daemon = start_daemon()
        ids += [daemon.post_batch(["nonsense"]).headers["Fetchpool-Batch"] for _ in range(100)]
        daemon.stop()
    assert len(set(ids)) == 200 and all(BATCH_ID.fullmatch(batch_id) for batch_id in ids)


def test_every_batch_has_an_id_however_it_is_answered(telling_daemon, origin):
    ids = [telling_daemon.post_batch([]).headers["Fetchpool-Batch"],
           telling_daemon.post("/fetch", [origin.url("/")], headers={"Accept": "application/x-ndjson"}).headers["Fetchpool-Batch"],
           telling_daemon.post_batch([origin.url("/bytes/50000")] * 20, include=["body"]).headers["Fetchpool-Batch"]]
    told = {batch["batch"]: batch["urls"] for batch in records(telling_daemon, "batch done", count=3)}
    assert told == dict(zip(ids, (0, 1, 20), strict=True))
    refused = telling_daemon.post("/fetch", "{")
    assert refused.status == 400 and "Fetchpool-Batch" not in refused.headers
    assert "Fetchpool-Batch" not in telling_daemon.get("/healthz").headers


def test_how_a_batch_ended_is_told(start_daemon, origin):
    daemon = start_daemon({"log.format": "json"})
    daemon.fetch([origin.url("/delay/30")], deadline=0.05)
    leaving = daemon.begin_batch([origin.url("/held"), origin.url("/held")], max_concurrent=1)
    origin.wait_for_requests(1, "/held")
    leaving.leave()
    daemon.wait_for_line("batch abandoned")
    staying = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(2, "/held")
    daemon.signal()
    daemon.wait_for_line("draining")
    daemon.signal()
    assert staying.answer()[0]["error_code"] == "shutdown"
    assert daemon.wait() == 0
    ends = [json.loads(line) for line in daemon.lines if '"msg":"batch' in line]
    assert [(batch["end"], batch["cancelled"]) for batch in ends] == [("deadline", 1), ("client_left", 2), ("shutdown", 1)]


@pytest.mark.parametrize("given", [f"00-{TRACE}-{PARENT}-00", TRACEPARENT, f"42-{TRACE}-{PARENT}-01-later"])
def test_the_trace_of_the_caller_is_told(telling_daemon, origin, given):
    telling_daemon.post("/fetch", [origin.url("/")], headers={"TraceParent": given, "tracestate": "vendor=hidden"})
    for message in ("batch done", "fetch done"):
        record, = records(telling_daemon, message)
        assert (record["trace_id"], record["parent_id"]) == (TRACE, PARENT)
    assert "hidden" not in telling_daemon.log
    assert origin.requests[-1].header("traceparent") is None and origin.requests[-1].header("tracestate") is None


@pytest.mark.parametrize("given", ["", "nonsense", TRACEPARENT.upper(), f"ff-{TRACE}-00f067aa0ba902b7-01", f"{TRACEPARENT}-more",
                                   f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE}-{'0' * 16}-01", TRACEPARENT[:-1]])
def test_a_trace_that_is_not_valid_is_ignored(telling_daemon, given):
    assert telling_daemon.post("/fetch", ["nonsense"], headers={"traceparent": given}).status == 200
    batch, = records(telling_daemon, "batch done")
    assert "trace_id" not in batch and "parent_id" not in batch


def test_of_two_traces_none_is_taken(telling_daemon):
    body = b'["nonsense"]'
    with telling_daemon.open_socket() as stream:
        stream.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
                       + f"traceparent: {TRACEPARENT}\r\n".encode() * 2 + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert client.read_to_end(stream).startswith(b"HTTP/1.1 200")
    batch, = records(telling_daemon, "batch done")
    assert "trace_id" not in batch and "parent_id" not in batch
