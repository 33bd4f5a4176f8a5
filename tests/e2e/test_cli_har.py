"""fetchpool -o har: an HTTP Archive, by the pool in its process or by a daemon."""

import base64
import re
import signal

import pytest

from rig.client import strict_json
from rig.daemon import FETCHPOOL, run_program, start_program
from rig.origin import Reply
from rig.record import record_archive
from rig.timing import PATIENCE, wait_for


@pytest.fixture(params=["local", "daemon"])
def by(request):
    """The options that say who fetches."""
    return [] if request.param == "local" else ["--server", request.getfixturevalue("steady_daemon").url()]


def entries_in(text):
    record_archive(text)
    log = strict_json(text)["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "fetchpool")
    return log["entries"]


def fetchpool(*arguments, text=""):
    result = run_program(FETCHPOOL, "-o", "har", *arguments, text=text)
    assert result.returncode in (0, 1) and result.stderr == "", result.stderr
    return result.returncode, entries_in(result.stdout)


def start(*arguments):
    return start_program(FETCHPOOL, "-o", "har", *arguments, bufsize=0)


def test_each_request_is_an_entry(by, origin):
    code, entries = fetchpool(*by, "-c", "1", origin.url("/redirect/2"), "nonsense", origin.url("/status/404"))
    assert code == 1
    assert [entry["request"]["url"] for entry in entries] == [*[origin.url(f"/redirect/{n}") for n in (2, 1, 0)], "about:invalid#nonsense",
                                                              origin.url("/status/404")]
    assert [entry["response"]["status"] for entry in entries] == [302, 302, 200, 0, 404]
    assert [entry["_index"] for entry in entries] == [0, 0, 0, 1, 2]
    assert [entry["_result"]["status"] if "_result" in entry else None for entry in entries] == [None, None, 200, 0, 404]


@pytest.mark.parametrize("path, status", [("/status/200", 0), ("/redirect/1", 0), ("/status/400", 1), ("/redirect/11", 1)])
def test_the_exit_status_tells_whether_all_answered(by, origin, path, status):
    assert fetchpool(*by, origin.url("/a"), origin.url(path))[0] == status


def test_an_empty_list_is_an_archive_without_entries(by):
    assert fetchpool(*by) == (0, [])


def test_bodies_and_headers_when_they_are_asked_for(by, origin):
    body = bytes(range(256))
    origin.on("/body", Reply(body=body, headers=[("Set-Cookie", "a=b")]))
    entry = fetchpool(*by, origin.url("/body"))[1][0]
    assert "text" not in entry["response"]["content"] and entry["response"]["cookies"] == []
    entry = fetchpool(*by, "--include", "body,headers", "-d", "sent", origin.url("/body"))[1][0]
    assert base64.b64decode(entry["response"]["content"]["text"]) == body and entry["response"]["content"]["encoding"] == "base64"
    assert [cookie["name"] for cookie in entry["response"]["cookies"]] == ["a"] and entry["request"]["postData"]["text"] == "sent"


def test_bodies_are_saved(by, origin, tmp_path):
    bodies = [b"", bytes(range(256)) * 100, "ü\n\"\\}]".encode()]
    for n, body in enumerate(bodies):
        origin.on(f"/body/{n}", Reply(body=body))
    urls = [origin.url(f"/body/{n}") for n in range(3)] + ["nonsense", origin.url("/redirect/1")]
    code, entries = fetchpool(*by, "--save", str(tmp_path), *urls)
    results = [entry["_result"] for entry in entries if "_result" in entry]
    assert code == 1 and ["saved" in result for result in results] == [True, True, True, False, True]
    assert [(tmp_path / result["saved"]).read_bytes() for result in results[:3]] == bodies


def test_entries_come_as_their_results(by, origin):
    process = start(*by, origin.url("/redirect/1"), origin.url("/held"))
    came = b""
    while b'"_result"' not in came:
        came += process.stdout.read(1)
    wait_for(lambda: len(origin.seen("/held")) == 1, "a request")
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (130, b"")
    entries = entries_in(came + rest)
    assert [entry["response"]["status"] for entry in entries] == [302, 200, 0]
    assert [entry["_result"].get("error_code") for entry in entries[1:]] == [None, "cancelled"]


def test_an_interrupted_archive_is_whole(by, origin):
    urls = [origin.url(path) for path in ("/a", "/held", "/b", "/c")]
    process = start(*by, "-c", "1", *urls)
    origin.wait_for_requests(2)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (130, b"")
    entries = entries_in(output)
    assert [entry["_result"]["url"] for entry in entries] == urls
    assert {entry["_result"]["error_code"] for entry in entries[1:]} == {"cancelled"}
    origin.wait_until(lambda: origin.open_connections == 0)


def test_what_an_archive_cannot_have_is_a_2(origin):
    for option, reason in (["--dedupe"], "each URL needs its own"), (["--order", "completion"], "is for -o ndjson"):
        result = run_program(FETCHPOOL, "-o", "har", *option, origin.url("/a"))
        assert (result.returncode, result.stdout) == (2, "") and reason in result.stderr


def test_what_is_no_archive_of_a_daemon_is_a_3(origin):
    headers = [("Content-Type", "application/har+json")]
    for body in b"", b"{}", b'{"log":{"entries":[{"a":1},{"_result":{"index":0}', b'{"log":{"entries":[{"_result":{"index":7}}]}}', b'{"log":{"entries":[{"_result":]}]}}', b'{"log":{"entries":[{"_result":{"index":0,"status":200},"_more":1}]}}':
        origin.on("/fetch", Reply(body=body, headers=headers))
        result = run_program(FETCHPOOL, "--server", origin.url(), "-o", "har", origin.url("/a"))
        assert result.returncode == 3 and re.search("answer", result.stderr), result.stderr
        if result.stdout:
            entry, = entries_in(result.stdout)
            assert entry["_result"]["error_code"] == "shutdown"
