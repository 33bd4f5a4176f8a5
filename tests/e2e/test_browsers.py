"""Pages in somebody's browser: none may reach the daemon that the settings do not allow."""

import json

import pytest

from rig import client
from rig.checks import assert_problem
from rig.daemon import FETCHPOOLD, run_program
from rig.tokens import TokenFile, bearer

JSON = {"Content-Type": "application/json"}
APP = "https://app.example"
ASKS = {"Origin": APP, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def ask(daemon, method="POST", path="/fetch", body="[]", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if method == "POST":
        headers = {**JSON, **headers}
    return client.request(daemon.address, method, path, body if method == "POST" else None, headers)


# What browsers send: a page at http://evil.example, or http://localhost:3000, that asks http://localhost:8080.
CROSS_SITE = [
    {"Origin": "http://evil.example"},                                                    # any fetch() without Fetch Metadata
    {"Origin": "http://evil.example", "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "empty"},
    {"Origin": "http://evil.example", "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"},
    {"Origin": "null", "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},  # a form in a sandbox
    {"Origin": "http://localhost:3000", "Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"},
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},  # a form
    {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "empty"},
]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/plain;charset=UTF-8", "application/x-ndjson",
                                          "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("headers", CROSS_SITE)
def test_pages_elsewhere_cannot_have_anything_fetched(steady_daemon, origin, headers, content_type):
    answer = ask(steady_daemon, body=json.dumps([origin.url("/stolen")]), Content_Type=content_type, **headers)
    assert_problem(answer, 403)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert not origin.requests


@pytest.mark.parametrize("headers", [
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"},
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
    {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
    {"Origin": "http://evil.example"},
])
@pytest.mark.parametrize("path", ["/hosts", "/pressure", "/version", "/healthz"])
def test_pages_elsewhere_cannot_look(steady_daemon, path, headers):
    assert_problem(ask(steady_daemon, "GET", path, **headers), 403)


@pytest.mark.parametrize("headers", [
    {}, {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},
    {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"},
    {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},
])
def test_what_somebody_opens_himself_is_shown(steady_daemon, headers):
    assert ask(steady_daemon, "GET", "/version", **headers).status == 200


def test_pages_of_our_own_may_ask(steady_daemon):
    host = steady_daemon.address
    for origin in (f"http://{host}", f"https://{host}"):
        answer = ask(steady_daemon, Origin=origin, Sec_Fetch_Site="same-origin")
        assert answer.status == 200 and "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "a.localhost.evil.example", "127.0.0.1.evil.example", "fetchpool", "metadata", "127.1",
                                  "2130706433", "0x7f.1"])
@pytest.mark.parametrize("headers", [{}, {"Sec_Fetch_Site": "same-origin"}])
def test_a_name_that_was_bound_anew_leads_nowhere(steady_daemon, origin, host, headers):
    """DNS rebinding: for the browser the page and the daemon are one origin, by the name of the page."""
    origin_header = {"Origin": f"http://{host}"} if headers else {}
    answer = ask(steady_daemon, body=json.dumps([origin.url("/stolen")]), Host=host, **origin_header, **headers)
    assert_problem(answer, 421)
    assert "server.allowed_hosts" in answer.json()["detail"]
    assert_problem(ask(steady_daemon, "GET", "/hosts", Host=host, **headers), 421)
    assert not origin.requests


@pytest.mark.parametrize("host", ["localhost", "localhost:9000", "LOCALHOST", "pool.localhost:80", "127.0.0.1:9000", "10.1.2.3", "[::1]:9000", "192.0.2.1:8443"])
def test_addresses_and_localhost_are_right_behind_any_port(steady_daemon, host):
    """docker run -p 9000:8080: the daemon does not know the port, nor the address."""
    assert ask(steady_daemon, Host=host).status == 200


def test_names_of_the_settings_are_right(start_daemon):
    daemon = start_daemon({"server.allowed_hosts": "fetchpool, pool.example"})
    for host, status in (("fetchpool", 200), ("fetchpool:8080", 200), ("Pool.Example.", 200), ("x.pool.example", 421), ("evil.example", 421)):
        assert ask(daemon, Host=host).status == status
    assert ask(start_daemon({"server.allowed_hosts": "*"}), Host="evil.example").status == 200


def test_the_name_that_is_listened_on_is_right(start_daemon):
    daemon = start_daemon(listen=["localhost:0"])
    assert ask(daemon, Host="localhost:1").status == 200


def test_a_unix_socket_takes_any_name(start_daemon):
    assert ask(start_daemon(listen=["unix:socket"]), Host="anything").status == 200


def preflight(daemon, origin=APP, method="POST", path="/fetch", **headers):
    return ask(daemon, "OPTIONS", path, Origin=origin, Access_Control_Request_Method=method, Access_Control_Request_Headers="content-type",
               Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors", **headers)


def test_without_the_setting_there_is_no_leave_to_ask(steady_daemon):
    answer = preflight(steady_daemon)
    assert_problem(answer, 403)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_pages_of_the_settings_get_leave_and_answers(start_daemon, origin):
    daemon = start_daemon({"server.allowed_origins": f"{APP}, http://localhost:3000"})
    for page in (APP, "http://localhost:3000"):
        answer = preflight(daemon, page)
        assert answer.status == 204 and answer.body == b""
        assert answer.headers["Access-Control-Allow-Origin"] == page
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert {"content-type", "authorization"} <= {name.strip() for name in answer.headers["Access-Control-Allow-Headers"].lower().split(",")}
        assert "Access-Control-Allow-Credentials" not in answer.headers
        answer = ask(daemon, body=json.dumps([origin.url("/a")]), Origin=page, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="cors")
        assert answer.json()[0]["status"] == 200
        assert answer.headers["Access-Control-Allow-Origin"] == page and answer.headers["Vary"] == "Origin"
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    refusal = ask(daemon, body="{", Origin=APP)
    assert_problem(refusal, 400)
    assert refusal.headers["Access-Control-Allow-Origin"] == APP


@pytest.mark.parametrize("page", ["https://app.example.evil.example", "https://app.example:8443", "http://app.example", "https://evil.example", "null"])
def test_other_pages_get_none(start_daemon, page):
    daemon = start_daemon({"server.allowed_origins": APP})
    for answer in (preflight(daemon, page), ask(daemon, Origin=page), ask(daemon, "GET", "/hosts", Origin=page)):
        assert_problem(answer, 403)
        assert "Access-Control-Allow-Origin" not in answer.headers and answer.headers["Vary"] == "Origin"


def test_any_page_may_be_let_in(start_daemon):
    daemon = start_daemon({"server.allowed_origins": "*"})
    answer = ask(daemon, Origin="https://anything.example", Sec_Fetch_Site="cross-site")
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight(daemon, "null").status == 204


def test_a_preflight_with_a_host_that_is_none_is_malformed(start_daemon):
    assert_problem(preflight(start_daemon({"server.allowed_origins": APP}), Host="a b"), 400)


def test_options_that_are_no_preflight_are_a_405(steady_daemon):
    assert_problem(ask(steady_daemon, "OPTIONS"), 405)


def test_a_refused_page_leaves_the_connection_good(steady_daemon):
    connection = steady_daemon.connect()
    for _ in range(3):
        answer = client.exchange(connection, "POST", "/fetch", "[]" * 10_000, {**JSON, **ASKS})
        assert_problem(answer, 403)
        assert client.exchange(connection, "POST", "/fetch", "[]", JSON).json() == []
    connection.close()


@pytest.mark.parametrize("setting, value", [("server.allowed_hosts", "a:80"), ("server.allowed_hosts", "http://a"), ("server.allowed_origins", "a.example"),
                                            ("server.allowed_origins", "https://a.example/"), ("server.allowed_origins", "null")])
def test_names_that_can_never_fit_are_refused_at_the_start(setting, value):
    result = run_program(FETCHPOOLD, "--config", "/dev/null", "--check", "--set", f"{setting}={value}")
    assert result.returncode == 3 and setting in result.stderr and value in result.stderr


def test_a_caller_with_a_token_may_use_any_name(start_daemon, tmp_path):
    tokens = TokenFile(tmp_path / "tokens")
    token = tokens.add("crawler")
    daemon = start_daemon({"auth.token_file": tokens.path})
    assert ask(daemon, Host="pool.internal", **bearer(token)).status == 200
    assert_problem(ask(daemon, Host="pool.internal", **bearer("wrong")), 401)
    assert_problem(ask(daemon, Host="pool.internal"), 401)
    assert_problem(ask(daemon, "GET", "/healthz", Host="pool.internal"), 421)
