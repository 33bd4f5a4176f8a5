"""The forms of an answer beside an array and lines: a table, and an HTTP Archive; and that all forms tell the same."""

import base64
import csv
import io
import random

import pytest

from rig.checks import assert_points_at, assert_problem
from rig.client import strict_json
from rig.origin import Gate, Raw, Reply
from rig.ports import closed_port

LINES, CSV, ARCHIVE = "application/x-ndjson", "text/csv", "application/har+json"
NAMES = ["url", "index", "status", "size", "error", "error_code", "elapsed", "id"]


def post(daemon, form, urls, **options):
    answer = daemon.post("/fetch", {"urls": urls, **options}, headers={"Accept": form})
    assert answer.status == 200, answer.body
    return answer.body


def read_csv(body):
    """Strictly, and the numbers as JSON has them."""
    text = body.decode("utf-8")
    assert text.count("\n") == text.count("\r\n") or '"' in text
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == NAMES and all(len(row) == len(NAMES) for row in rows)
    return [plain(dict(zip(NAMES, row))) for row in rows[1:]]


def plain(row):
    """The result that a row tells. Readers take an empty id for none."""
    result = {name: text for name, text in row.items() if text}
    result.update({name: int(row[name]) for name in ("index", "status", "size") if row[name]}, url=row["url"], elapsed=float(row["elapsed"]))
    return result


def entries_of(daemon, urls, **options):
    log = strict_json(post(daemon, ARCHIVE, urls, **options))["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "fetchpool")
    return log["entries"]


def headers_of(message):
    return {field["name"].lower(): field["value"] for field in message["headers"]}


# ---- CSV ----

def test_csv_is_read_by_others(steady_daemon, origin):
    urls = [{"url": origin.url("/a,b"), "id": 'say "a", b'}, {"url": " no\nurl", "id": "two\r\nlines"}, {"url": "=1+1", "id": "@é😀"}]
    body = post(steady_daemon, CSV, urls)
    assert body.endswith(b"\r\n") and body.splitlines()[0].decode().split(",") == NAMES
    first, second, third = read_csv(body)
    assert (first["url"], first["id"], first["status"], first["size"]) == (origin.url("/a,b"), 'say "a", b', 200, 2)
    assert (second["url"], second["id"], second["error_code"]) == (" no\nurl", "two\r\nlines", "invalid_url")
    assert (third["url"], third["id"]) == ("=1+1", "@é😀")


def test_csv_of_an_empty_list_is_its_first_line(steady_daemon):
    assert post(steady_daemon, CSV, []) == (",".join(NAMES) + "\r\n").encode()


def test_csv_in_the_order_of_completion(daemon, origin):
    gate = Gate(origin, "/0")
    connection = daemon.connect()
    body = f'{{"urls": ["{origin.url("/0")}", "{origin.url("/1")}"], "order": "completion"}}'
    connection.request("POST", "/fetch", body, {"Content-Type": "application/json", "Accept": CSV})
    answer = connection.getresponse()
    assert answer.readline().decode().rstrip().split(",") == NAMES
    assert answer.readline().startswith(f"{origin.url('/1')},1,200,".encode())  # while the other one is held
    gate.open("/0")
    assert answer.read().startswith(f"{origin.url('/0')},0,200,".encode())


def test_what_csv_cannot_have_is_refused(steady_daemon, origin):
    for item, options, pointer in ((origin.url(), {"include": ["timings"]}, "/include"),
                                   ({"url": origin.url(), "include": ["body"]}, {}, "/urls/0/include")):
        answer = steady_daemon.post("/fetch", {"urls": [item], **options}, headers={"Accept": CSV})
        assert_points_at(assert_problem(answer, 422), pointer)
    answer = steady_daemon.post("/fetch?order=completion", [origin.url()], headers={"Accept": ARCHIVE})
    assert_points_at(assert_problem(answer, 422), "?order")
    assert len(read_csv(post(steady_daemon, CSV, [origin.url()], include=[]))) == 1


# ---- HTTP Archive ----

def test_an_entry_tells_what_was_sent_and_what_came(steady_daemon, origin):
    origin.on("/post", Reply(201, b"hello", headers=[("Content-Type", "text/x"), ("X-A", "1"), ("X-A", "2")]))
    item = {"url": origin.url("/post?a=1&b=%20&c#part"), "method": "POST", "body": "some text", "headers": {"Content-Type": "text/y", "X-Mine": "m"}}
    entry, = entries_of(steady_daemon, [item], include=["body"])
    seen, = origin.seen("/post")
    request, response = entry["request"], entry["response"]
    assert (request["method"], request["url"], request["httpVersion"]) == ("POST", item["url"].removesuffix("#part"), "HTTP/1.1")
    assert [(field["name"], field["value"]) for field in request["headers"]] == seen.headers
    assert request["queryString"] == [{"name": "a", "value": "1"}, {"name": "b", "value": "%20"}, {"name": "c", "value": ""}]
    assert request["postData"] == {"mimeType": "text/y", "text": "some text"}
    assert request["bodySize"] == 9
    assert request["headersSize"] == len(f"POST {seen.target} HTTP/1.1\r\n") + sum(len(n) + len(v) + 4 for n, v in seen.headers) + 2
    assert (response["status"], response["httpVersion"], response["redirectURL"]) == (201, "HTTP/1.1", "")
    assert [field["value"] for field in response["headers"] if field["name"] == "X-A"] == ["1", "2"]
    assert response["content"] == {"size": 5, "mimeType": "text/x", "text": "hello"}
    assert response["bodySize"] == 5
    assert entry["serverIPAddress"] == "127.0.0.1" and int(entry["connection"]) > 0
    assert "body" not in entry["_result"] and entry["_index"] == 0


@pytest.mark.parametrize("target, asked", [
    ("/é?q=é", "/%c3%a9?q=%c3%a9"), ("/é?q=é#é", "/%c3%a9?q=%c3%a9"), ("/x/../y#frag", "/y"), ("/a%7e?%C3", "/a%7e?%C3"), ("?q=/../é", "/?q=/../%c3%a9"), ("/a?", "/a?"), ("?#x", "/?"),
])
def test_what_is_told_of_a_url_is_what_the_origin_saw(steady_daemon, origin, target, asked):
    url, end = origin.url("/").rstrip("/") + target, origin.url("/").rstrip("/") + asked
    entry, = entries_of(steady_daemon, [url], include=["redirects"])
    seen, = origin.seen()
    assert seen.target == asked
    assert (entry["request"]["url"], entry["_result"]["url"]) == (end, url)
    assert steady_daemon.fetch([url], plan=True)[0]["fetched_url"] == end
    if target.startswith("/é"):
        assert entry["_result"]["final_url"].partition("#")[0] == end
    if asked.endswith("?"):
        return  # libcurl leaves an empty query out where a redirect leads
    origin.on("/away", Reply(302, headers=[("Location", url.encode().decode("latin-1"))]))
    away, there = entries_of(steady_daemon, [origin.url("/away")], include=["redirects"])
    assert (origin.seen()[-1].target, there["request"]["url"]) == (asked, end)
    assert there["_result"]["final_url"].partition("#")[0] == end


def test_what_no_uri_has_is_escaped_in_an_archive_only(steady_daemon, origin):
    url = origin.url("/a|b?%zz")
    entry, = entries_of(steady_daemon, [url])
    assert (origin.seen()[-1].target, entry["request"]["url"]) == ("/a|b?%zz", origin.url("/a%7Cb?%25zz"))
    assert steady_daemon.fetch([url], plan=True)[0]["fetched_url"] == url


def test_each_redirect_is_an_entry(steady_daemon, origin):
    entries = entries_of(steady_daemon, [origin.url("/redirect/2"), origin.url("/a")], max_concurrent=1)
    assert [entry["request"]["url"] for entry in entries] == [origin.url(f"/redirect/{n}") for n in (2, 1, 0)] + [origin.url("/a")]
    assert [entry["response"]["status"] for entry in entries] == [302, 302, 200, 200]
    assert [entry["response"]["redirectURL"] for entry in entries] == [origin.url("/redirect/1"), origin.url("/redirect/0"), "", ""]
    assert [entry["_index"] for entry in entries] == [0, 0, 0, 1]
    assert ["_result" in entry for entry in entries] == [False, False, True, True]
    started = [entry["startedDateTime"] for entry in entries]
    assert started[:3] == sorted(started[:3])
    assert entries[0]["timings"]["connect"] >= -1 and entries[1]["timings"]["connect"] == -1  # over the same connection
    assert len({entry["connection"] for entry in entries[:3]}) == 1


def test_headers_left_behind_at_another_origin_are_in_no_entry_of_it(steady_daemon, start_origin, origin):
    other = start_origin()
    item = {"url": origin.url("/to?url=" + other.url("/to?url=" + origin.url("/end"))), "headers": {"X-Key": "secret", "Authorization": "Bearer secret"}}
    entries = entries_of(steady_daemon, [item], include=["headers"])
    assert [headers_of(entry["request"]).get("x-key") for entry in entries] == ["secret", None, None]
    assert [headers_of(entry["request"]).get("authorization") for entry in entries] == ["Bearer secret", None, None]
    assert [request.header("X-Key") for request in (*origin.seen(), *other.seen())].count("secret") == 1


def test_secrets_are_left_out_unless_headers_are_asked_for(steady_daemon, origin):
    origin.on("/login", Reply(body=b"in", headers=[("Set-Cookie", "session=secret; HttpOnly"), ("X-Kept", "yes")]))
    item = {"url": origin.url("/login"), "headers": {"Authorization": "Bearer secret", "cookie": "a=secret; b=2"}}
    body = post(steady_daemon, ARCHIVE, [item])
    assert b"secret" not in body and b"X-Kept" in body
    assert origin.seen("/login")[0].header("Cookie") == "a=secret; b=2"
    entry, = entries_of(steady_daemon, [item], include=["headers"])
    assert entry["request"]["cookies"] == [{"name": "a", "value": "secret"}, {"name": "b", "value": "2"}]
    assert entry["response"]["cookies"] == [{"name": "session", "value": "secret"}]
    assert headers_of(entry["request"])["authorization"] == "Bearer secret"


def test_failures_are_as_browsers_record_them(steady_daemon, origin):
    origin.on("/cut", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"))
    with closed_port() as refused:
        urls = [f"http://127.0.0.1:{refused}/", origin.url("/cut"), "no url", "http://no-such-host.invalid/", origin.url("/to?url=ftp://x/"),
                origin.url("/redirect/3")]
        entries = entries_of(steady_daemon, urls, max_redirects=2)
    told = [(entry["_index"], entry["request"]["url"], entry["response"]["status"]) for entry in entries]
    assert told == [
        (0, urls[0], 0), (1, urls[1], 0), (2, "about:invalid#no%20url", 0), (3, urls[3], 0),
        (4, urls[4], 302), (4, "about:invalid#ftp://x/", 0),
        *[(5, origin.url(f"/redirect/{n}"), 302) for n in (3, 2, 1)], (5, origin.url("/redirect/0"), 0)]
    for entry in entries:
        if entry["response"]["status"] == 0:
            assert entry["response"]["_error"] == entry["_result"]["error"]
            assert entry["response"]["content"] == {"size": 0, "mimeType": "x-unknown"}
    assert not origin.seen("/redirect/0")


def test_bytes_that_are_not_text_survive(steady_daemon, origin):
    every = bytes(range(256))
    origin.on("/bytes", Reply(body=every))
    entry, = entries_of(steady_daemon, [origin.url("/bytes")], include=["body"])
    content = entry["response"]["content"]
    assert content["encoding"] == "base64"
    assert base64.b64decode(content["text"]) == every
    without, = entries_of(steady_daemon, [origin.url("/bytes")])
    assert "text" not in without["response"]["content"] and without["response"]["content"]["size"] == 256


def test_the_wait_for_its_turn_is_blocked(steady_daemon, origin):
    first, second = entries_of(steady_daemon, [origin.url("/delay/0.3"), origin.url("/delay/0")], max_concurrent=1)
    assert second["timings"]["blocked"] >= 290
    assert first["timings"]["wait"] >= 290


# ---- all forms tell the same ----

def random_list(chance, origin, refused):
    """Items of every kind, whose results hang on nothing but the item."""
    kinds = [
        lambda: origin.url(f"/bytes/{chance.randrange(2000)}"),
        lambda: origin.url(f"/status/{chance.choice((200, 204, 301, 404, 418, 503))}"),
        lambda: origin.url(f"/redirect/{chance.randrange(5)}"),
        lambda: origin.url(f"/echo?{chance.choice(('a=1', 'é=ü', 'a|b', '%zz', ''))}#part"),
        lambda: f"http://127.0.0.1:{refused}/",
        lambda: chance.choice(("", "no url", "http://", "ftp://h/", "javascript:alert(1)", "http://a b/", "=1+1", 'a,"b"', "http://user:word@h/")),
        lambda: f"http://no-such-{chance.randrange(3)}.invalid/",
        lambda: origin.url("/to?url=ftp://h/"),
    ]
    items = []
    for _ in range(chance.randrange(1, 40)):
        item = {"url": chance.choice(kinds)()}
        if chance.random() < 0.5:
            item["id"] = "".join(chance.choice('ab ,;"\'\r\n\t\\=é😀\x7f') for _ in range(1 + chance.randrange(12)))
        if chance.random() < 0.2:
            item["max_redirects"] = chance.randrange(4)
        if chance.random() < 0.1:
            item["follow_redirects"] = False
        if chance.random() < 0.2:
            item.update(method=chance.choice(("POST", "PUT")), body="é" * chance.randrange(20))
        elif chance.random() < 0.1:
            item["method"] = "HEAD"
        if chance.random() < 0.1:
            item["max_size"] = 100
        items.append(item if len(item) > 1 else item["url"])
        if chance.random() < 0.2:
            items.append(chance.choice(items))
    chance.shuffle(items)
    return items


def timeless(results):
    return [{name: value for name, value in result.items() if name != "elapsed"} for result in results]


@pytest.mark.parametrize("seed", range(12))
def test_every_form_tells_the_same_results_in_the_same_order(steady_daemon, origin, seed):
    chance = random.Random(seed)
    with closed_port() as refused:
        assert_forms_agree(steady_daemon, random_list(chance, origin, refused), chance)


def assert_forms_agree(daemon, urls, chance):
    options = {"max_concurrent": chance.choice((1, 5, 30))}
    array = [{**result, "index": i} for i, result in enumerate(timeless(daemon.fetch(urls, **options)))]
    assert len(array) == len(urls)
    lines, counts = daemon.fetch_lines(urls, **options)
    assert timeless(lines) == array
    assert counts["total"] == len(urls)
    completed, _ = daemon.fetch_lines(urls, order="completion", **options)
    assert sorted(timeless(completed), key=lambda result: result["index"]) == array
    assert timeless(read_csv(post(daemon, CSV, urls, **options))) == array
    table = timeless(read_csv(post(daemon, CSV, urls, order="completion", **options)))
    assert sorted(table, key=lambda result: result["index"]) == array
    assert results_of(entries_of(daemon, urls, **options)) == array


def results_of(entries):
    """What the entries tell, by HAR's own fields as well as by ours."""
    assert [entry["_index"] for entry in entries] == sorted(entry["_index"] for entry in entries)
    last = [entry for entry in entries if "_result" in entry]
    for entry in last:
        result, response = entry["_result"], entry["response"]
        assert (response["status"], response.get("_error")) == (result["status"], result.get("error"))
        assert response["content"]["size"] == result.get("size", 0)
    return timeless(entry["_result"] for entry in last)
