"""What is refused, with which status, and where the refusal points. A refused request changes nothing."""

import json

import pytest

from rig.checks import assert_points_at, assert_problem, assert_retry_after, pointers
from rig.client import exchange
from rig.timing import wait_for

URL = "http://127.0.0.1:9/"  # nothing of what is refused here is ever fetched


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"[", b"[1,2", b'["http://x.test/"', b'{"urls": [}', b"[,]", b'["a",]', b'{"urls": [],}', b'["a" "b"]',
    b"[] []", b"[]x", b'{"urls": []} // comment', b"[/* comment */]", b"{'urls': []}", b"[NaN]", b"[Infinity]", b"[-]",
    b"[01]", b"[1.]", b"[.5]", b"[+1]", b"[0x1]", b"[1e]", b"[True]", b"[nul]", b'["\x01"]', b'["\n"]', b'["\t"]', b'["\\x"]',
    b'["\\u12G4"]', b'["\\ud800"]', b'["\\udc00\\ud800"]', b'["\\"]', b'["\xff"]', b'["\xc0\xaf"]', b'["\xed\xa0\x80"]', b'["\xf5"]',
    b"\xef\xbb\xbf[]", b"\xff\xfe[\x00]\x00", b"[]\x00", b"\x0c[]", b'{"urls": [], "urls": []}', b'[{"url": "a", "url": "b"}]',
    b"[" * 33 + b"]" * 33, b"[" * 100000, b'{"a":' * 50000, b'{1: 2}', b'{"urls"}', b'{"urls":}',
])
def test_malformed_json_is_a_400(steady_daemon, body):
    assert_problem(steady_daemon.post("/fetch", body), 400)


def batch(**options):
    return {"urls": [URL], **options}


def item(**options):
    return [URL, {"url": URL, **options}]


@pytest.mark.parametrize("body, pointer", [
    ({"urls": URL}, "/urls"), ({"urls": None}, "/urls"), ({"urls": {"a": URL}}, "/urls"),
    ([5], "/0"), ([URL, None], "/1"), ([[URL]], "/0"), ({"urls": [URL, True]}, "/urls/1"),
    ([{"url": 5}], "/0/url"), ([{"url": None}], "/0/url"), ({"urls": [{"url": []}]}, "/urls/0/url"),
    (batch(nonsense=1), "/nonsense"), (batch(URLS=[]), "/URLS"), (batch(**{"a/b~c": 1}), "/a~1b~0c"),
    (item(nonsense=1), "/1/nonsense"), (item(max_concurrent=2), "/1/max_concurrent"), (item(deadline=2), "/1/deadline"),
    (batch(id="x"), "/id"), (item(id={}), "/1/id"),
    (batch(max_concurrent=0), "/max_concurrent"), (batch(max_concurrent=-1), "/max_concurrent"),
    (batch(max_concurrent=1001), "/max_concurrent"), (batch(max_concurrent=1.5), "/max_concurrent"),
    (batch(max_concurrent="5"), "/max_concurrent"), (batch(max_concurrent=True), "/max_concurrent"),
    (batch(max_concurrent=None), "/max_concurrent"), (batch(max_concurrent=1e300), "/max_concurrent"),
    (batch(timeout=0), "/timeout"), (batch(timeout=-0.1), "/timeout"), (batch(timeout=601), "/timeout"), (batch(timeout="1"), "/timeout"),
    (batch(connect_timeout=0), "/connect_timeout"), (batch(connect_timeout=[]), "/connect_timeout"),
    (item(timeout=-1), "/1/timeout"), (item(connect_timeout=-1), "/1/connect_timeout"),
    (batch(deadline=-1), "/deadline"), (batch(deadline="soon"), "/deadline"),
    (batch(method="BREW"), "/method"), (batch(method=5), "/method"), (batch(method=""), "/method"), (item(method="CONNECT"), "/1/method"),
    (batch(headers=[]), "/headers"), (batch(headers="X: y"), "/headers"), (batch(headers={"X": 5}), "/headers/X"),
    (batch(headers={"X": "a\r\nB: c"}), "/headers/X"), (batch(headers={"X": "a\nb"}), "/headers/X"),
    (batch(headers={"X": ["a", 5]}), "/headers/X"), (batch(headers={"B d": "x"}), "/headers/B d"), (batch(headers={"": "x"}), "/headers/"),
    (batch(headers={"a/b": "x"}), "/headers/a~1b"), (item(headers={"X\r\nY": "x"}), "/1/headers/X\r\nY"), (batch(headers={"X:": "x"}), "/headers/X:"),
    *[(batch(headers={name: "x"}), f"/headers/{name}") for name in (
        "Connection", "Content-Length", "Expect", "Host", "host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE",
        "Trailer", "Transfer-Encoding", "Upgrade")],
    (batch(body=5), "/body"), (batch(body={}), "/body"), (item(body=None), "/1/body"),
    (batch(body_base64=5), "/body_base64"), (batch(body_base64="YQ"), "/body_base64"), (batch(body_base64="YQ=\n="), "/body_base64"),
    (batch(body_base64="YR=="), "/body_base64"), (batch(body_base64="-_8="), "/body_base64"), (item(body_base64="YQ==YQ=="), "/1/body_base64"),
    (item(body_base64=None), "/1/body_base64"), (item(body="a", body_base64="YQ=="), "/1/body_base64"),
    (item(body_base64="YQ==", body="a"), "/1/body"), (batch(body="", body_base64=""), "/body_base64"),
    (batch(http_version=2), "/http_version"), (batch(http_version="3"), "/http_version"), (batch(http_version="2.0"), "/http_version"),
    (item(http_version="h2"), "/1/http_version"), (item(http_version=None), "/1/http_version"),
    (batch(head_fallback="yes"), "/head_fallback"), (item(head_fallback=1), "/1/head_fallback"),
    (batch(dedupe=1), "/dedupe"), (batch(dedupe="true"), "/dedupe"), (item(dedupe=True), "/1/dedupe"),
    (batch(method="HEAD", body_base64=""), ""), (batch(follow_redirects="yes"), "/follow_redirects"), (batch(follow_redirects=1), "/follow_redirects"),
    (batch(max_redirects=-1), "/max_redirects"), (batch(max_redirects=1.5), "/max_redirects"),
    (batch(max_size=-1), "/max_size"), (batch(max_size=0.5), "/max_size"), (batch(max_size=100 * 1024 * 1024 + 1), "/max_size"),
    (batch(max_size="1MiB"), "/max_size"), (batch(decompress="no"), "/decompress"), (batch(decompress=0), "/decompress"),
    (batch(include="body"), "/include"), (batch(include=["nonsense"]), "/include/0"), (item(include=["body", 5]), "/1/include/1"),
    (item(include={}), "/1/include"), (batch(include=["sha1"]), "/include/0"), (batch(include=["TLS"]), "/include/0"), (batch(retries=-1), "/retries"), (batch(retries=11), "/retries"),
    (batch(retry_delay=0), "/retry_delay"), (batch(per_host=0), "/per_host"), (batch(per_host=257), "/per_host"),
    (batch(host_delay=-1), "/host_delay"), (batch(tries=1), "/tries"),
])
def test_what_is_wrong_is_a_422_that_points_at_it(steady_daemon, body, pointer):
    assert_points_at(assert_problem(steady_daemon.post("/fetch", body), 422), pointer)


@pytest.mark.parametrize("body", ["5", '"http://x.test/"', "null", "true", "{}", '{"url": "http://x.test/"}', "[{}]"])
def test_what_is_no_batch_is_a_422(steady_daemon, body):
    assert pointers(assert_problem(steady_daemon.post("/fetch", body), 422))


def test_a_nul_in_a_header_is_refused(steady_daemon):
    assert steady_daemon.post("/fetch", batch(headers={"X": "a\0b"})).status in (400, 422)


def test_all_mistakes_are_told_up_to_ten(steady_daemon):
    problem = assert_problem(steady_daemon.post("/fetch", {"urls": [5, URL, {"url": URL, "timeout": "x"}], "max_concurrent": 0}), 422)
    assert sorted(pointers(problem)) == ["/max_concurrent", "/urls/0", "/urls/2/timeout"]
    problem = assert_problem(steady_daemon.post("/fetch", [5] * 50), 422)
    assert pointers(problem) == [f"/{n}" for n in range(10)]


def test_one_wrong_item_refuses_the_whole_batch(steady_daemon, origin):
    assert_problem(steady_daemon.post("/fetch", [origin.url("/a"), {"url": origin.url("/b"), "timeout": 0}]), 422)
    steady_daemon.assert_serves(origin)
    assert [request.path for request in origin.requests] == ["/still-there"]


@pytest.mark.parametrize("path", ["/nope", "/fetch/", "/Fetch", "/fetch/1", "//fetch", "/healthz/", "/%66etch/x", "/" + "x" * 5000])
def test_unknown_paths_are_a_404(steady_daemon, path):
    assert_problem(steady_daemon.post(path, []), 404)
    assert_problem(steady_daemon.get(path), 404)


@pytest.mark.parametrize("method, path, allowed", [
    ("GET", "/fetch", {"POST"}), ("PUT", "/fetch", {"POST"}), ("DELETE", "/fetch", {"POST"}), ("PATCH", "/drill", {"POST"}),
    ("POST", "/healthz", {"GET", "HEAD"}), ("DELETE", "/readyz", {"GET", "HEAD"}), ("PUT", "/version", {"GET", "HEAD"}),
])
def test_wrong_methods_are_a_405_that_tells_the_right_ones(steady_daemon, method, path, allowed):
    connection = steady_daemon.connect()
    answer = exchange(connection, method, path, b"[]", {"Content-Type": "application/json"})
    connection.close()
    assert_problem(answer, 405)
    assert {name.strip() for name in answer.headers["Allow"].split(",")} - {"OPTIONS"} == allowed


@pytest.mark.parametrize("media_type", ["application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html",
                                        "application/jsonx", "application", "", "application/json-seq"])
def test_wrong_media_types_are_a_415(steady_daemon, media_type):
    assert_problem(steady_daemon.post("/fetch", "[]", media_type), 415)


def test_a_body_without_media_type_is_a_415(steady_daemon):
    connection = steady_daemon.connect()
    assert_problem(exchange(connection, "POST", "/fetch", b"[]"), 415)
    connection.close()


@pytest.mark.parametrize("media_type", ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
                                        " application/json ; x=y"])
def test_media_types_are_read_as_http_has_them(steady_daemon, media_type):
    assert steady_daemon.post("/fetch", "[]", media_type).json() == []


@pytest.mark.parametrize("accept, status", [
    ("text/html", 406), ("application/xml, image/*", 406), ("application/json;q=0", 406), ("application/json", 200), ("*/*", 200),
    ("application/*", 200), ("text/html, application/json;q=0.1", 200), ("text/html, */*;q=0.1", 200), ("APPLICATION/JSON", 200),
])
def test_accept_must_allow_json(steady_daemon, accept, status):
    answer = steady_daemon.post("/fetch", [], headers={"Accept": accept})
    assert answer.status == status
    if status == 406:
        assert_problem(answer, 406)


def test_too_many_urls_are_a_413(start_daemon, origin):
    daemon = start_daemon({"server.max_urls": 10})
    url = origin.url("/a")
    assert len(daemon.fetch([url] * 10)) == 10
    for body in ([url] * 11, {"urls": [url] * 11}):
        assert_problem(daemon.post("/fetch", body), 413)
    assert len(origin.requests) == 10
    daemon.assert_serves(origin)


def test_too_large_a_body_is_a_413(start_daemon, origin):
    daemon = start_daemon({"server.max_request_bytes": "64KiB"})
    frame = json.dumps([origin.url("/a"), ""])
    fits = frame[:-2] + "x" * (65536 - len(frame)) + frame[-2:]
    assert daemon.post("/fetch", fits).status == 200
    assert_problem(daemon.post("/fetch", fits + " "), 413)
    daemon.assert_serves(origin)


def test_a_list_that_the_queue_can_never_hold_is_too_large(start_daemon, origin):
    daemon = start_daemon({"pool.queue": 10})
    assert_problem(daemon.post("/fetch", [origin.url("/a")] * 11), 413)
    assert len(daemon.fetch([origin.url("/a")] * 10)) == 10


def test_a_full_queue_is_a_503_that_passes(start_daemon, origin):
    daemon = start_daemon({"pool.queue": 10, "pool.workers": 1})
    running = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    waiting = daemon.begin_batch([origin.url("/held")] * 10)
    wait_for(lambda: daemon.get("/readyz").status == 503, "a full queue")
    answer = daemon.get("/readyz")
    assert_problem(answer, 503)
    assert_retry_after(answer)
    answer = daemon.post("/fetch", [origin.url("/refused")])
    assert_problem(answer, 503)
    assert_retry_after(answer)
    assert daemon.get("/healthz").status == 200
    origin.release()
    assert [len(running.answer()), len(waiting.answer())] == [1, 10]
    assert daemon.get("/readyz").json() == {"status": "ready"}
    assert not origin.seen("/refused")
    daemon.assert_serves(origin)


def test_after_refusals_of_all_kinds_the_daemon_serves_on(daemon, origin):
    connection = daemon.connect()
    kinds = [("/fetch", b"{", "application/json", 400), ("/nope", b"[]", "application/json", 404), ("/healthz", b"[]", "application/json", 405),
             ("/fetch", b"<a/>", "text/xml", 415), ("/fetch", b"[5]", "application/json", 422), ("/fetch", b"[]", "application/json", 200)]
    for _ in range(5):
        for path, body, media_type, status in kinds:
            assert exchange(connection, "POST", path, body, {"Content-Type": media_type}).status == status
    connection.close()
    daemon.assert_serves(origin)
