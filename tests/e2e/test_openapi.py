"""The daemon serves docs/openapi.yaml, and answers as its examples say."""

import json

import pytest
import yaml

from rig import client
from rig.daemon import ROOT
from rig.likeness import alike, local

TEXT = (ROOT / "docs" / "openapi.yaml").read_bytes()
DOCUMENT = yaml.safe_load(TEXT)
METHODS = ("get", "post", "patch")


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
