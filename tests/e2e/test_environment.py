"""What stands in the environment and in files of the user changes no request: proxies, netrc, curl's own settings."""

import pytest

from rig.checks import assert_answered
from rig.origin import Reply

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "ftp_proxy", "PROXY")


@pytest.fixture
def hostile_home(tmp_path):
    """hostile_home(proxy, host): a home whose files would send requests to a proxy, with credentials."""
    def make(proxy, host):
        curlrc = f'proxy = "{proxy}"\nuser = "file:secret"\nuser-agent = "secret"\nheader = "X-Secret: secret"\nlocation\ninsecure\n'
        netrc = f"machine {host} login file password secret\ndefault login file password secret\n"
        for name, text in ((".curlrc", curlrc), ("curlrc", curlrc), (".netrc", netrc), ("_netrc", netrc), ("netrc", netrc)):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o600)
        home = str(tmp_path)
        return {"HOME": home, "CURL_HOME": home, "XDG_CONFIG_HOME": home, "NETRC": str(tmp_path / ".netrc"),
                "COOKIE_JAR": home, **{name: proxy for name in PROXY_VARIABLES}, "no_proxy": "", "NO_PROXY": ""}

    return make


def assert_untouched(request, origin):
    assert request.target.startswith("/"), "a proxy would be sent the whole URL"
    names = {name.lower() for name, _ in request.headers}
    assert names == {"host", "accept", "user-agent", "accept-encoding"}
    assert "secret" not in str(request.headers)
    assert request.header("Host") == f"127.0.0.1:{origin.port}"


def test_proxies_and_files_of_the_environment_have_no_effect(start_daemon, start_origin, authority, hostile_home):
    proxy, plain = start_origin(), start_origin()
    secure = start_origin(tls=authority.server_context("127.0.0.1"))
    daemon = start_daemon({"fetch.ca_file": authority.file}, environment=hostile_home(proxy.url(""), "127.0.0.1"))
    for origin in (plain, secure):
        for path in ("/a", f"/to?url={origin.url('/b')}"):
            assert_answered(daemon.fetch_one(origin.url(path)), origin.url(path), 200)
        for request in origin.requests:
            assert_untouched(request, origin)
    assert proxy.connections == 0


def test_the_environment_does_not_open_the_guard(start_daemon, start_origin, hostile_home):
    proxy = start_origin()
    daemon = start_daemon({"guard.allow": "127.0.0.1"}, open_loopback=False, environment=hostile_home(proxy.url(""), "127.0.0.2"))
    target = f"http://127.0.0.2:{proxy.port}/"
    assert daemon.fetch_one(target)["error_code"] == "blocked"
    assert proxy.connections == 0


def test_the_command_line_program_takes_no_proxy_either(start_origin, hostile_home):
    from rig.daemon import FETCHPOOL, run_program
    proxy, origin = start_origin(), start_origin()
    result = run_program(FETCHPOOL, origin.url("/"), **hostile_home(proxy.url(""), "127.0.0.1"))
    assert result.returncode == 0, result.stderr
    assert_untouched(origin.requests[0], origin)
    assert proxy.connections == 0


def test_answers_leave_nothing_behind(start_daemon, start_origin, authority):
    """No cookie, no other port by Alt-Svc, no change of scheme by Strict-Transport-Security."""
    elsewhere = start_origin(tls=authority.server_context("127.0.0.1", "localhost"))
    headers = [("Set-Cookie", "a=secret; Path=/; Domain=localhost"), ("Set-Cookie2", "b=secret"), ("Refresh", "0; url=/elsewhere"),
               ("Alt-Svc", f'h2="localhost:{elsewhere.port}"; ma=3600, http/1.1=":{elsewhere.port}"'),
               ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")]
    secure = start_origin(tls=authority.server_context("127.0.0.1", "localhost"))
    plain = start_origin()
    daemon = start_daemon({"fetch.ca_file": authority.file})
    for origin in (secure, plain):
        url = origin.url("/set", host="localhost")
        origin.on("/set", Reply(headers=headers, framing="close"))
        for _ in range(3):
            assert_answered(daemon.fetch_one(url), url, 200)
        assert [request.path for request in origin.requests] == ["/set"] * 3
        assert "secret" not in str([request.headers for request in origin.requests])
    assert elsewhere.connections == 0
