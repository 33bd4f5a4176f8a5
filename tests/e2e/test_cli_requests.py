"""fetchpool: how it is asked (--http-version, --head-fallback), by the pool in its process or by a daemon."""

import json

import pytest

from rig.checks import assert_answered, assert_failed
from rig.client import strict_json
from rig.daemon import FETCHPOOL, run_program
from rig.origin import Reply
from rig.record import record_archive


@pytest.fixture(scope="module")
def trusting(module_daemon, authority):
    return module_daemon({"fetch.ca_file": authority.file})


@pytest.fixture(params=["local", "daemon"])
def by(request, authority):
    """The options that say who fetches. Either trusts the test's authority."""
    return ["--ca-file", str(authority.file)] if request.param == "local" else ["--server", request.getfixturevalue("trusting").url()]


def fetch(by, *arguments, text="", code=0):
    result = run_program(FETCHPOOL, *by, *arguments, text=text)
    assert (result.returncode, result.stderr) == (code, "")
    return strict_json(result.stdout)


@pytest.mark.parametrize("protocols, arguments, version", [
    (("h2", "http/1.1"), [], "1.1"),
    (("h2", "http/1.1"), ["--http-version", "1.1"], "1.1"),
    (("h2", "http/1.1"), ["--http-version", "2"], "2"),
    (("h2", "http/1.1"), ["--http-version", "auto"], "2"),
    (("http/1.1",), ["--http-version", "auto"], "1.1"),
    ((), ["--http-version", "2"], "2"),
])
def test_what_is_spoken(by, start_http2_origin, protocols, arguments, version):
    origin = start_http2_origin(*protocols)
    [found] = fetch(by, *arguments, "--include", "connection", origin.url("/bytes/5"))
    assert (found["status"], found["size"], found["connection"]["http_version"]) == (200, 5, version)
    assert [request.version for request in origin.requests] == [version]


def test_2_is_not_asked_of_an_origin_that_does_not_agree(by, start_http2_origin):
    origin = start_http2_origin("http/1.1")
    [found] = fetch(by, "--http-version", "2", origin.url("/a"), code=1)
    assert_failed(found, origin.url("/a"), "http2")
    assert not origin.requests


def test_an_item_has_a_version_of_its_own(by, start_http2_origin):
    url = start_http2_origin("h2", "http/1.1").url("/a")
    items = [{"url": url}, {"url": url, "http_version": "1.1"}, {"url": url, "http_version": "auto"}]
    found = fetch(by, "--http-version", "2", "--include", "connection", text="\n".join(map(json.dumps, items)))
    assert [result["connection"]["http_version"] for result in found] == ["2", "1.1", "2"]


@pytest.mark.parametrize("version", ["3", "1.0", "", "AUTO"])
def test_another_version_is_a_2(by, origin, version):
    url = origin.url("/a")
    result = run_program(FETCHPOOL, *by, "--http-version", version, url)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "fetchpool: --http-version must be one of 1.1|2|auto; see fetchpool --help\n"
    result = run_program(FETCHPOOL, *by, text=f"{url}\n" + json.dumps({"url": url, "http_version": version}))
    assert (result.returncode, result.stdout) == (2, "")
    assert "line 2" in result.stderr and "http_version must be one of 1.1|2|auto" in result.stderr
    assert not origin.requests


def knows_get_only(origin, status):
    async def script(request):
        return Reply(status) if request.method == "HEAD" else Reply(body=b"content", headers=[("X-Get", "1")])

    return origin.on("/get-only", script)


def asked(origin):
    return [request.method for request in origin.requests]


@pytest.mark.parametrize("status", [405, 501])
def test_a_head_that_is_not_known_becomes_a_get(by, origin, status):
    url = knows_get_only(origin, status)
    [found] = fetch(by, "-X", "HEAD", "--head-fallback", "--include", "attempts,headers,body", url)
    assert (found["status"], found["size"], found["body"], found["headers"]["x-get"]) == (200, 0, "", ["1"])
    assert [(attempt["status"], attempt["head_status"]) for attempt in found["attempts"]] == [(200, status)]
    assert asked(origin) == ["HEAD", "GET"]


@pytest.mark.parametrize("arguments, status", [([], 405), ([], 501), (["--head-fallback"], 404)])
def test_without_it_and_with_other_statuses_the_refusal_is_the_result(by, origin, arguments, status):
    url = knows_get_only(origin, status)
    [found] = fetch(by, "-X", "HEAD", *arguments, "--include", "attempts", url, code=1)
    assert_answered(found, url, status, more=("attempts",))
    assert "head_status" not in found["attempts"][0]
    assert asked(origin) == ["HEAD"]


def test_an_item_says_for_itself_whether_a_get_follows(by, origin):
    url = knows_get_only(origin, 405)
    items = [{"url": url, "head_fallback": False}, {"url": url}, {"url": url, "method": "GET"}]
    found = fetch(by, "-X", "HEAD", "--head-fallback", "-c", "1", text="\n".join(map(json.dumps, items)), code=1)
    assert [result["status"] for result in found] == [405, 200, 200]
    assert asked(origin) == ["HEAD", "HEAD", "GET", "GET"]


def test_an_archive_has_the_head_and_the_get(by, origin):
    url = knows_get_only(origin, 405)
    archive = fetch(by, "-X", "HEAD", "--head-fallback", "-o", "har", url)
    record_archive(json.dumps(archive))
    entries = archive["log"]["entries"]
    assert [(entry["request"]["method"], entry["response"]["status"]) for entry in entries] == [("HEAD", 405), ("GET", 200)]
