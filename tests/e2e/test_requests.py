"""What fetches look like at the origin: method, headers, body, and who they say they are."""

import pytest

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def sent(daemon, origin, **item):
    """The request that the origin saw."""
    origin.requests.clear()
    assert daemon.fetch_one({"url": origin.url("/echo"), **item})["status"] == 200
    assert len(origin.requests) == 1
    return origin.requests[0]


def names(request):
    return {name.lower() for name, _ in request.headers}


def test_a_plain_get(steady_daemon, origin):
    request = sent(steady_daemon, origin)
    version = steady_daemon.get("/version").json()["version"]
    assert request.method == "GET" and request.target == "/echo" and request.body == b""
    assert request.header("Host") == f"127.0.0.1:{origin.port}"
    assert request.header("User-Agent") == f"fetchpool/{version}"
    assert "gzip" in request.header("Accept-Encoding")
    assert names(request) <= {"host", "user-agent", "accept", "accept-encoding"}


def test_the_user_agent_is_a_setting(start_daemon, origin):
    daemon = start_daemon({"fetch.user_agent": "mine/2 (+http://contact.test)"})
    assert sent(daemon, origin).header("User-Agent") == "mine/2 (+http://contact.test)"
    assert sent(daemon, origin, headers={"user-agent": "item/1"}).header("User-Agent") == "item/1"


@pytest.mark.parametrize("path", ["/a/../b", "/./b", "/..", "/.a/b", "/a/.", "/%2e%2E/b", "/a/%2e/b", "/a%20b", "//a", "/~a;b@c:d", "/%zz", ""])
def test_a_query_does_not_change_the_path(steady_daemon, origin, path):
    """libcurl makes the request line of a URL without a query, and is told that of one with a query."""
    base = origin.url("")
    steady_daemon.fetch([f"{base}{path}#f?", f"{base}{path}?x=/../y%2e&?#f", f"{base}{path}?"], max_concurrent=1)
    plain, queried, empty = [request.target for request in origin.requests]
    assert "?" not in plain and [queried, empty] == [f"{plain}?x=/../y%2e&?", f"{plain}?"]


@pytest.mark.parametrize("method", METHODS)
def test_methods(steady_daemon, origin, method):
    assert sent(steady_daemon, origin, method=method).method == method


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_bodies_are_sent_as_they_are(steady_daemon, origin, method):
    body = "line\r\n\u00e4\u4f60 \x01 end"
    request = sent(steady_daemon, origin, method=method, body=body)
    assert (request.method, request.body) == (method, body.encode())


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_that_is_missing_is_empty(steady_daemon, origin, method):
    request = sent(steady_daemon, origin, method=method)
    assert request.header("Content-Length") == "0" and request.body == b""


def test_a_body_does_not_wait_for_leave_to_be_sent(steady_daemon, origin):
    request = sent(steady_daemon, origin, method="POST", body="x" * 2_000_000)
    assert len(request.body) == 2_000_000
    assert request.header("Expect") is None
    assert request.header("Content-Length") == "2000000"


def test_no_content_type_is_invented(steady_daemon, origin):
    assert sent(steady_daemon, origin, method="POST", body="{}").header("Content-Type") is None
    request = sent(steady_daemon, origin, method="POST", body="{}", headers={"Content-Type": "application/json"})
    assert request.header("Content-Type") == "application/json"


def test_headers_are_sent_as_given(steady_daemon, origin):
    headers = {"X-One": "1", "x-two": "a, b;c=\"d\"", "X-Empty": "", "X-Many": ["1", "2"], "Accept": "text/x",
               "Authorization": "Bearer t", "Cookie": "a=b", "Referer": "http://x.test/"}
    request = sent(steady_daemon, origin, headers=headers)
    for name, value in headers.items():
        assert request.values(name) == (value if isinstance(value, list) else [value]), name


def test_headers_of_the_item_and_of_the_batch(steady_daemon, origin):
    url = origin.url("/echo")
    steady_daemon.fetch([url, {"url": url, "headers": {"X-Item": "2"}}], headers={"X-Batch": "1"}, max_concurrent=1)
    assert origin.requests[0].header("X-Batch") == "1"
    assert origin.requests[1].header("X-Item") == "2"


def test_options_of_the_item_override_those_of_the_batch(steady_daemon, origin):
    url = origin.url("/echo")
    steady_daemon.fetch([url, {"url": url, "method": "PUT", "body": "item"}], method="POST", body="batch", max_concurrent=1)
    assert [(request.method, request.body) for request in origin.requests] == [("POST", b"batch"), ("PUT", b"item")]


def test_nothing_of_one_item_sticks_to_the_next(steady_daemon, origin):
    """They share a kept connection, and nothing else."""
    url = origin.url("/echo")
    loaded = {"url": url, "method": "POST", "body": "b", "headers": {"X-Secret": "s", "User-Agent": "other"}, "decompress": False}
    steady_daemon.fetch([loaded, url, {"url": url, "method": "HEAD"}, url, {"url": url, "method": "DELETE"}, url], max_concurrent=1)
    plain = [request for request in origin.requests if request.method == "GET"]
    assert len(plain) == 3
    for request in plain:
        assert request.body == b"" and not {"x-secret", "content-length"} & names(request)
        assert request.header("User-Agent").startswith("fetchpool/")
        assert "gzip" in request.header("Accept-Encoding")


def test_without_decompress_no_encoding_is_offered(steady_daemon, origin):
    request = sent(steady_daemon, origin, decompress=False)
    assert request.header("Accept-Encoding") in (None, "identity")


def test_fragments_stay_at_home(steady_daemon, origin):
    steady_daemon.fetch_one(origin.url("/echo?a=b#secret"))
    assert origin.requests[-1].target == "/echo?a=b"


def test_the_environment_does_not_steer_fetches(start_daemon, origin, start_origin):
    """A proxy of the environment would see every URL, and fetch what the guard refuses."""
    proxy = start_origin()
    variables = {name: proxy.url() for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")}
    daemon = start_daemon(environment=variables)
    assert sent(daemon, origin).target == "/echo"
    assert proxy.connections == 0


def test_a_netrc_file_is_not_read(start_daemon, origin, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    daemon = start_daemon(environment={"HOME": str(tmp_path)})
    assert sent(daemon, origin).header("Authorization") is None
