"""A property: with and without a daemon, and in every form, the same list has the same results, but for its times."""

import csv
import io
import json
import random
import re

import pytest

from rig.client import strict_json
from rig.daemon import FETCHPOOL, run_program
from rig.origin import Reply
from rig.record import record_archive
from rig.timing import SAMPLED

INCLUDES = ["headers", "body", "redirects", "connection", "tls", "sha256", "attempts", "timings"]
TIMES = {"elapsed", "delay", "timings"}
BODIES = [b"", b"text", "ü€😀".encode(), b"\x00\xff\xfe", b"nul \x00 in much text, nearly all of it printable", b'"\\\n\t', b"\xed\xa0\x80", bytes(range(256))]


async def known_to_get_only(request):
    return Reply(501 if request.method == "HEAD" else 200, b"got")


def random_item(chance, origin, http2_origin, is_bodiless):
    if is_bodiless and chance.random() < 0.1:
        return {"url": chance.choice([origin, http2_origin]).url("/get-only"), "method": "HEAD", "head_fallback": chance.random() < 0.7,
                "http_version": chance.choice(["1.1", "auto"]), "include": ["attempts", "connection", "headers"]}
    url = chance.choice([
        http2_origin.url("/redirect/2"), origin.url("/status/405"),
        http2_origin.url(f"/bytes/{chance.randrange(2000)}"),
        origin.url(f"/bytes/{chance.randrange(2000)}"), origin.url(f"/body/{chance.randrange(len(BODIES))}"),
        origin.url(f"/status/{chance.choice([200, 204, 301, 404, 500, 503])}"), origin.url(f"/redirect/{chance.randrange(4)}"),
        "http://127.0.0.1:1/", "nonsense", "", "ftp://example.com/", "http://no-such-host.invalid/", "http://ex ample/",
        origin.url("/ü?q=%00#fragment")])
    if chance.random() < 0.6 and url.strip():
        return url
    item = {"url": url}
    if chance.random() < 0.5:
        item["id"] = chance.choice(["", "a", "ü\"\\\n", "7"])
    if chance.random() < 0.3:
        item["method"] = chance.choice(["GET", "POST", "PUT", "DELETE", "OPTIONS", *["HEAD"] * is_bodiless])
    if chance.random() < 0.3:
        item["head_fallback"] = chance.random() < 0.7
    if chance.random() < 0.3:
        item["http_version"] = chance.choice(["1.1", "2", "auto"])
    if chance.random() < 0.3:
        item["headers"] = {"X-A": chance.choice(["b", ["b", "c"], ""])}
    if chance.random() < 0.3:
        item["max_redirects"] = chance.randrange(3)
    if chance.random() < 0.3:
        item["max_size"] = chance.randrange(1000)
    if chance.random() < 0.3:
        item["follow_redirects"] = chance.random() < 0.5
    if chance.random() < 0.3:
        item["include"] = chance.sample(INCLUDES, chance.randrange(len(INCLUDES)))
    return item


def random_arguments(chance):
    arguments = ["-c", str(chance.randrange(1, 20))]
    if chance.random() < 0.7:
        arguments += ["--include", ",".join(chance.sample(INCLUDES, chance.randrange(1, len(INCLUDES))))]
    if chance.random() < 0.3:
        arguments += ["--retries", "1", "--retry-delay", "0.001"]
    if chance.random() < 0.3:
        arguments += ["--max-redirects", str(chance.randrange(4))]
    if chance.random() < 0.3:
        arguments += ["-H", "X-List: ü", "-H", "X-List: again"]
    if chance.random() < 0.2:
        arguments += ["--dedupe"]
    if chance.random() < 0.3:
        arguments += ["--http-version", chance.choice(["1.1", "2", "auto"])]
    if chance.random() < 0.5:
        arguments += ["--head-fallback"]
    if chance.random() < 0.2:
        arguments += ["-d", "body of the list"]
    elif chance.random() < 0.2:
        arguments += ["-X", "HEAD"]
    return arguments


def timeless(value):
    """Without what differs from run to run: times, which connection was taken, and budgets that others use up, too."""
    if isinstance(value, list):
        return [timeless(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {name: timeless(entry) for name, entry in value.items() if name not in TIMES | {"reused", "date"}}


def run(list_text, arguments, form):
    result = run_program(FETCHPOOL, *arguments, "-o", form, text=list_text)
    assert result.returncode in (0, 1) and result.stderr == "", result.stderr
    return result


def entries_of(text):
    """Of an archive, timeless: headers are a list there, and the port of this end is told."""
    entries = strict_json(text)["log"]["entries"]
    for entry in entries:
        for field in entry["response"]["headers"]:
            field["value"] = field["value"] if field["name"].lower() != "date" else ""
        for name in "startedDateTime", "time", "connection":
            entry.pop(name, None)
    return timeless(entries)


def results_of(entries):
    return [entry["_result"] for entry in entries if "_result" in entry]


def of_csv(text):
    return [{name: value for name, value in row.items() if name != "elapsed"} for row in csv.DictReader(io.StringIO(text, newline=""))]


def without_include(text, arguments):
    """CSV has no column for what it asks for."""
    lines = [json.loads(line) if line.startswith("{") else line for line in text.splitlines()]
    text = "".join((line if isinstance(line, str) else json.dumps(line | {"include": []})) + "\n" for line in lines)
    at = arguments.index("--include") if "--include" in arguments else len(arguments)
    return text, arguments[:at] + arguments[at + 2:]


def as_csv(found, index):
    return {"url": found["url"], "index": str(index), "status": str(found["status"]), "size": str(found.get("size", "")),
            "error": found.get("error", ""), "error_code": found.get("error_code", ""), "id": found.get("id", "")}


@pytest.mark.parametrize("seed", range(2 if SAMPLED else 12))
def test_all_ways_have_the_same_results(module_daemon, authority, origin, start_http2_origin, seed):
    chance = random.Random(seed)
    for number, body in enumerate(BODIES):
        origin.on(f"/body/{number}", Reply(body=body))
    http2_origin = start_http2_origin("h2", "http/1.1")
    for server in origin, http2_origin:
        server.on("/get-only", known_to_get_only)
    daemon = module_daemon({"fetch.retry_budget": 1000, "fetch.ca_file": authority.file})
    arguments = random_arguments(chance)
    items = [random_item(chance, origin, http2_origin, "-d" not in arguments) for _ in range(chance.randrange(60))]
    items += chance.sample(items, min(3, len(items)))
    text = "".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in items)
    urls = [item if isinstance(item, str) else item["url"] for item in items]
    urls = [url for item, url in zip(items, urls) if not isinstance(item, str) or item.strip()]
    ways = {"local": [*arguments, "--ca-file", str(authority.file)], "daemon": [*arguments, "--server", daemon.url()]}
    found = {}
    for way, how in ways.items():
        array = strict_json(run(text, how, "json").stdout)
        assert [entry["url"] for entry in array] == urls
        lines = [strict_json(line) for line in run(text, how, "ndjson").stdout.splitlines()]
        assert [line.pop("index") for line in lines] == list(range(len(urls)))
        assert timeless(lines) == timeless(array)
        assert of_csv(run(*without_include(text, how), "csv").stdout) == [as_csv(entry, index) for index, entry in enumerate(array)]
        archive = run(text, [word for word in how if word != "--dedupe"], "har").stdout
        record_archive(archive)
        entries = entries_of(archive)
        moved = {"index", "headers", "body", "body_encoding"}
        assert [{name: value for name, value in entry.items() if name not in moved} for entry in results_of(entries)] == [
            {name: value for name, value in entry.items() if name not in moved} for entry in timeless(array)]
        good = sum(0 < entry["status"] < 400 for entry in array)
        report = run(text, how, "table").stdout
        assert re.search(rf": {good} good, {len(urls) - good} not\n", report), report
        found[way] = [list(entry) for entry in array], timeless(array), entries
    assert found["local"] == found["daemon"]
