"""A plan: what would happen, and nothing does."""

import pytest

from rig.checks import assert_points_at, assert_problem
from rig.ports import closed_port
from rig.tokens import TokenFile, bearer

FAR = "http://far.test/"
NEAR = "http://near.test/"


@pytest.fixture
def names(start_names):
    return start_names({"far.test": ["198.18.7.7"], "near.test": ["10.9.8.7"], "here.test": ["127.0.0.1"]})


@pytest.fixture
def named_daemon(start_daemon, names):
    return start_daemon({"fetch.name_servers": names.address, "guard.allow": "127.0.0.0/8, 198.18.0.0/15"})


def plan(daemon, urls, **options):
    return daemon.fetch(urls, plan=True, **options)


def without_times(result):
    return {name: value for name, value in result.items() if name != "elapsed"}


def test_a_plan_tells_where_it_would_go_and_goes_nowhere(named_daemon, origin, names):
    port = origin.url("/").rsplit(":", 1)[1].strip("/")
    urls = [origin.url("/a/../b%20c#part"), {"url": f"HTTP://Here.test:{port}/?q", "id": "x"}, FAR]
    first, second, third = plan(named_daemon, urls)
    host = {"max_concurrent": 32, "delay": 0.0, "paused": False}
    assert first == {"url": urls[0], "plan": "fetch", "fetched_url": origin.url("/b%20c"), "origin": f"http://127.0.0.1:{port}",
                     "addresses": ["127.0.0.1"], "host": host}
    assert (second["id"], second["origin"], second["addresses"]) == ("x", f"http://here.test:{port}", ["127.0.0.1"])
    assert (third["origin"], third["addresses"]) == ("http://far.test:80", ["198.18.7.7"])
    assert names.asked("far.test") > 0
    assert origin.connections == 0 and not origin.seen()


def test_what_is_asked_for_is_what_was_planned(named_daemon, origin):
    targets = ["/a/./b/../c", "/é?q=1", "/a|b", "/100%25/%zz", "?only", "", "/#part", "//double//"]
    urls = [origin.url("/").rstrip("/") + target for target in targets]
    planned = plan(named_daemon, urls)
    results = named_daemon.fetch(urls, max_concurrent=1)
    assert [result["status"] for result in results] == [200] * len(urls)
    asked = [origin.url("/").rstrip("/") + request.target for request in origin.seen()]
    assert [one["fetched_url"] for one in planned] == asked


def test_faults_are_those_of_the_fetch(named_daemon):
    with closed_port() as refused:
        urls = ["no url", "ftp://h/", "http://user:word@far.test/", NEAR, "http://10.1.1.1/", "http://[::1]/", "http://no-such.invalid/", ""]
        planned = plan(named_daemon, urls)
        fetched = named_daemon.fetch(urls)
        assert [one["plan"] for one in planned] == ["fail"] * len(urls)
        assert [(one["error"], one["error_code"]) for one in planned] == [(one["error"], one["error_code"]) for one in fetched]
        allowed, = plan(named_daemon, [f"http://127.0.0.1:{refused}/"])
        assert allowed["plan"] == "fetch"  # who would not answer is not asked


def test_the_rule_is_told_on_this_machine_and_to_the_log(named_daemon):
    near, literal = plan(named_daemon, [NEAR, "http://169.254.169.254/"])
    assert (near["refused_address"], literal["refused_address"]) == ("10.9.8.7", "169.254.169.254")
    assert near["refused_rule"].startswith("10.0.0.0/8") and literal["refused_rule"].startswith("169.254.")
    assert near["error"] == literal["error"]
    assert "addresses" not in near and "addresses" not in literal
    named_daemon.wait_for_line("10.9.8.7")


def test_the_address_that_refuses_localhost_is_told(named_daemon):
    url = "http://localhost/"
    planned, = plan(named_daemon, [url])
    assert (planned["refused_address"], planned["refused_rule"].split(",")[0]) == ("::1", "::1/128")
    line, = named_daemon.wait_for_line("refused by the guard", "host=localhost")
    assert " address=::1 " in line
    fetched, = named_daemon.fetch([url])
    assert (fetched["error_code"], fetched["error"]) == (planned["error_code"], planned["error"]) == ("blocked", planned["error"])


def test_who_does_not_look_after_it_is_told_no_more_than_by_a_fetch(start_daemon, names, tmp_path):
    tokens = TokenFile(tmp_path / "tokens")
    plain, operator = tokens.add("plain"), tokens.add("operator", scopes="fetch,hosts")
    daemon = start_daemon({"auth.token_file": tokens.path, "fetch.name_servers": names.address, "guard.allow": "198.18.0.0/15"})
    told = {}
    for token in (plain, operator):
        answer = daemon.post("/fetch?plan=true", [NEAR, "http://10.1.2.3/", FAR], headers=bearer(token))
        told[token] = answer.json()
    near, literal, far = told[plain]
    assert set(near) == set(literal) == {"url", "plan", "error", "error_code", "fetched_url", "origin"}
    assert {key: near[key] for key in ("error", "error_code")} == {key: literal[key] for key in ("error", "error_code")}
    assert set(far) == {"url", "plan", "fetched_url", "origin", "addresses"}
    assert [set(one) - set(other) for one, other in zip(told[operator], told[plain])] == [
        {"refused_address", "refused_rule", "host"}, {"refused_address", "refused_rule", "host"}, {"host"}]


def test_limits_of_the_host_are_told_and_hold_nothing_up(named_daemon, origin):
    connection = named_daemon.connect()
    connection.request("PATCH", "/hosts/127.0.0.1", '{"max_concurrent": 1, "delay": 2.5, "paused": true}', {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    one, two = plan(named_daemon, [origin.url("/a"), origin.url("/b")])
    assert one["host"] == two["host"] == {"max_concurrent": 1, "delay": 2.5, "paused": True, "paused_until": None}
    assert origin.connections == 0


def test_lines_tell_plans_too(named_daemon, origin):
    urls = [origin.url("/a"), "no url"]
    lines, counts = named_daemon.fetch_lines(urls, plan=True, dedupe=True)
    assert [(line["index"], line["plan"]) for line in lines] == [(0, "fetch"), (1, "fail")]
    assert (counts["succeeded"], counts["failed"]) == (1, 1)
    assert origin.connections == 0


def test_plans_that_cannot_be_told_are_refused(named_daemon):
    for form in ("text/csv", "application/har+json"):
        answer = named_daemon.post("/fetch", {"urls": [], "plan": True}, headers={"Accept": form})
        assert_points_at(assert_problem(answer, 422), "/plan")
    assert_points_at(assert_problem(named_daemon.post("/fetch", {"urls": [{"url": "http://h/", "plan": True}]}), 422), "/urls/0/plan")
    assert_points_at(assert_problem(named_daemon.post("/fetch?plan=perhaps", []), 422), "?plan")


def test_a_plan_may_be_no_plan(named_daemon, origin):
    assert plan(named_daemon, []) == []
    result, = named_daemon.fetch([origin.url("/a")], plan=False)
    assert result["status"] == 200
