"""The daemon serves docs/openapi.yaml, and answers as its examples say."""

import json

import pytest
import yaml

from rig import client
from rig.checks import assert_problem, assert_retry_after
from rig.daemon import ROOT
from rig.likeness import alike, local
from rig.tokens import TokenFile

TEXT = (ROOT / "docs" / "openapi.yaml").read_bytes()
DOCUMENT = yaml.safe_load(TEXT)
METHODS = ("get", "post", "patch")
OPERATIONS = [(method, path, item[method]) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item]


def test_the_document_is_served(daemon):
    answer = daemon.get("/openapi.yaml")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "application/yaml", TEXT)
    assert answer.headers["Cache-Control"] == "no-cache"


def test_head_tells_its_length(daemon):
    answer = client.request(daemon.address, "HEAD", "/openapi.yaml")
    assert (answer.status, int(answer.headers["Content-Length"]), answer.body) == (200, len(TEXT), b"")


def test_who_has_it_is_not_sent_it_again(daemon):
    tag = daemon.get("/openapi.yaml").headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = daemon.get("/openapi.yaml", {"If-None-Match": known})
        assert (answer.status, answer.headers["ETag"], answer.body) == (304, tag, b""), known
    assert daemon.get("/openapi.yaml", {"If-None-Match": '"other"'}).status == 200


def exchanges():
    """Each example of a request with the example of an answer that has its name; without a body, the only example."""
    for path, item in DOCUMENT["paths"].items():
        for method in [method for method in METHODS if method in item]:
            answers = item[method]["responses"]["200"]["content"].get("application/json", {})
            requests = item[method].get("requestBody", {"content": {}})["content"].get("application/json", {})
            for name, example in requests.get("examples", {}).items():
                yield pytest.param(method, path, example["value"], answers["examples"][name]["value"], id=f"{path} {name}")
            if "example" in answers:
                yield pytest.param(method, path, None, answers["example"], id=f"{path} {method}")


@pytest.mark.parametrize("method, path, asked, answered", exchanges())
def test_the_examples_happen(daemon, httpbin, method, path, asked, answered):
    """In the order of the document: what the hosts' answers show is set by the example of the change."""
    if path == "/hosts":
        limits = DOCUMENT["paths"]["/hosts/{host}"]["patch"]["requestBody"]["content"]["application/json"]["examples"]["limits"]
        client.request(daemon.address, "PATCH", "/hosts/example.com", json.dumps(limits["value"]), {"Content-Type": "application/json"})
    body = None if asked is None else local(json.dumps(asked), httpbin)
    answer = client.request(daemon.address, method.upper(), path.replace("{host}", "example.com"), body,
                            {"Content-Type": "application/json"} if body else {})
    assert answer.status == 200, answer.body
    if path == "/pressure":  # numbers, and none that anybody could foresee
        assert answer.json().keys() == answered.keys()
        return
    assert alike(answer.body.decode()) == alike(local(json.dumps(answered), httpbin))


# ---- refusals that have nothing to do with what the operation is ----

NOWHERE = ("get", "/nowhere", {"responses": DOCUMENT["x-other-responses"]})
REFUSED_HEADERS = {
    400: {"Host": "a b"},
    403: {"Origin": "http://elsewhere.test"},
    413: {"Content-Length": str(10**12), "Expect": "100-continue"},
    417: {"Expect": "tea"},
    421: {"Host": "elsewhere.test"},
}


def refused_by(status):
    """The operations that have this status in the document."""
    return [(method, path) for method, path, operation in [*OPERATIONS, NOWHERE] if str(status) in operation["responses"]]


def ask(daemon, method, path, headers=None):
    return client.request(daemon.address, method.upper(), path.replace("{host}", "example.com"), None, headers)


@pytest.mark.parametrize("status", REFUSED_HEADERS)
def test_what_the_header_decides(daemon, status):
    asked = refused_by(status)
    assert len(asked) >= len(OPERATIONS)
    for method, path in asked:
        assert_problem(ask(daemon, method, path, REFUSED_HEADERS[status]), status)


def test_what_is_for_tokens(start_daemon, tmp_path):
    daemon = start_daemon({"auth.token_file": TokenFile(tmp_path / "tokens").path})
    asked = refused_by(401)
    for method, path, _ in OPERATIONS:
        assert (ask(daemon, method, path).status == 401) == ((method, path) in asked), path


@pytest.mark.parametrize("status, setting", [(429, "server.max_connections_per_address"), (503, "server.max_connections")])
def test_too_many_connections(start_daemon, status, setting):
    daemon = start_daemon({setting: 1})
    kept = daemon.connect()
    assert client.exchange(kept, "GET", "/version").status == 200
    asked = refused_by(status)
    for method, path, _ in OPERATIONS:
        answer = ask(daemon, method, path)
        if (method, path) in asked:
            assert_problem(answer, status)
            assert_retry_after(answer)
        else:
            assert answer.status == 200, path
            assert path in ("/healthz", "/readyz", "/pressure", "/metrics")
    kept.close()


def test_what_is_no_request_of_http_1(daemon):
    assert_problem(ask(daemon, "brew", "/fetch"), 501)
    connection = daemon.connect()
    connection._http_vsn_str = "HTTP/1.2"
    answer = client.exchange(connection, "GET", "/version")
    connection.close()
    assert_problem(answer, 505)


def test_what_is_of_another_type(daemon):
    for method, path in refused_by(415):
        answer = client.request(daemon.address, method.upper(), path.replace("{host}", "example.com"), b"{}", {"Content-Type": "image/png"})
        assert_problem(answer, 415)
    assert refused_by(415) == [(method, path) for method, path, operation in OPERATIONS if "requestBody" in operation]
