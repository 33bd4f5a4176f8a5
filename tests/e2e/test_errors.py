"""Every way in which no answer comes has its own error_code, each here by its real cause: URLs, names, connections, time."""

import pytest

from rig.box import HOLE
from rig.checks import assert_answered, assert_failed
from rig.names import SERVER_FAILURE
from rig.origin import Raw
from rig.ports import closed_port, full_port, silent_port
from rig.timing import assert_timed_out

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.parametrize("url", [
    "", " ", "not a url", "http://", "http:///path", "http://[::1", "http://[zz]/", "http://a b/", "http://host:99999/",
    "http://host:port/", "http://ho\nst/", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/a b", "http://127.0.0.1/\t",
    "http://127.0.0.1/\x7f", "://127.0.0.1/", "127.0.0.1:80/", "/path", "example.test/path", "http//x",
])
def test_malformed_urls(steady_daemon, url):
    assert_failed(steady_daemon.fetch_one(url), url, "invalid_url")


@pytest.mark.parametrize("url", [
    "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "dict://127.0.0.1:11211/", "ldap://127.0.0.1/",
    "ws://127.0.0.1/", "unix:///run/socket", "x-own.scheme+1://127.0.0.1/",
])
def test_schemes_that_are_not_fetched(steady_daemon, url):
    assert_failed(steady_daemon.fetch_one(url), url, "unsupported_scheme")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/plain,hello", "mailto:a@b.test", "localhost:80/"])
def test_schemes_without_slashes(steady_daemon, url):
    assert_failed(steady_daemon.fetch_one(url), url, "unsupported_scheme", "invalid_url")


def test_the_scheme_is_read_without_regard_to_case(steady_daemon, origin):
    url = origin.url("/").replace("http", "HTTP")
    assert_answered(steady_daemon.fetch_one(url), url, 200)


def test_a_closed_port(steady_daemon):
    with closed_port() as port:
        url = f"http://127.0.0.1:{port}/"
        assert_failed(steady_daemon.fetch_one(url), url, "connect")


def test_a_blocked_address(start_daemon, origin):
    daemon = start_daemon(open_loopback=False)
    url = origin.url("/")
    assert_failed(daemon.fetch_one(url), url, "blocked")
    assert origin.connections == 0


def test_an_origin_whose_queue_is_full(steady_daemon):
    with full_port() as port:
        url = f"http://127.0.0.1:{port}/"
        result = steady_daemon.fetch_one(url, connect_timeout=0.4, timeout=20)
        assert_failed(result, url, "connect_timeout")
        assert_timed_out(result, 0.4)


def test_a_tls_handshake_that_does_not_end(steady_daemon):
    with silent_port() as port:
        url = f"https://127.0.0.1:{port}/"
        result = steady_daemon.fetch_one(url, connect_timeout=0.4, timeout=20)
        assert_failed(result, url, "connect_timeout")
        assert_timed_out(result, 0.4)


def test_a_black_holed_address(start_box, daemon_in):
    daemon = daemon_in(start_box(), {"guard.allow": "203.0.113.0/24"})
    url = f"http://{HOLE}/"
    by_connect, by_total = daemon.fetch([{"url": url, "connect_timeout": 0.5, "timeout": 20},
                                         {"url": url, "connect_timeout": 20, "timeout": 0.5}])
    assert_failed(by_connect, url, "connect_timeout")
    assert_failed(by_total, url, "timeout")
    for result in (by_connect, by_total):
        assert_timed_out(result, 0.5)


def test_a_dead_name_server(start_box, daemon_in):
    daemon = daemon_in(start_box(name_server=HOLE))
    url = "http://somewhere.test/"
    by_connect, by_total = daemon.fetch([{"url": url, "connect_timeout": 0.5, "timeout": 20},
                                         {"url": url, "connect_timeout": 20, "timeout": 0.5}])
    assert_failed(by_connect, url, "dns")
    assert_failed(by_total, url, "timeout")
    for result in (by_connect, by_total):
        assert_timed_out(result, 0.5)


def test_names_that_do_not_resolve(named_box, daemon_in):
    box, _ = named_box({"broken.test": SERVER_FAILURE, "empty.test": [[]]})
    daemon = daemon_in(box)
    urls = ["http://missing.test/", "https://broken.test/", "http://empty.test/"]
    for url, result in zip(urls, daemon.fetch(urls)):
        assert_failed(result, url, "dns")


def test_no_route(start_box, daemon_in):
    daemon = daemon_in(start_box())
    urls = ["http://8.8.8.8/", "http://[2600::1]/"]
    for url, result in zip(urls, daemon.fetch(urls)):
        assert_failed(result, url, "connect")


@pytest.mark.parametrize("pieces", [[], [b"HTTP/1.1 200 OK\r\n"], [HEAD], [HEAD + b"some"]])
def test_an_answer_that_does_not_end_in_time(steady_daemon, origin, pieces):
    url = origin.on("/stall", Raw(*pieces, end="stall"))
    result = steady_daemon.fetch_one(url, timeout=0.4)
    assert_failed(result, url, "timeout")
    assert_timed_out(result, 0.4)


def test_an_answer_that_drips(steady_daemon, origin):
    drops = [part for _ in range(1000) for part in (b"x", 0.02)]
    url = origin.on("/drip", Raw(HEAD, *drops))
    result = steady_daemon.fetch_one(url, timeout=0.4)
    assert_failed(result, url, "timeout")
    assert_timed_out(result, 0.4)


def test_a_silent_port_times_out(steady_daemon):
    with silent_port() as port:
        url = f"http://127.0.0.1:{port}/"
        assert_failed(steady_daemon.fetch_one(url, timeout=0.3), url, "timeout")


def test_the_total_timeout_wins_while_connecting(steady_daemon):
    with full_port() as port, silent_port() as silent:
        urls = [f"http://127.0.0.1:{port}/", f"https://127.0.0.1:{silent}/"]
        for url, result in zip(urls, steady_daemon.fetch(urls, timeout=0.4, connect_timeout=20)):
            assert_failed(result, url, "timeout")


def test_errors_name_their_cause(steady_daemon):
    """Two causes, two texts: `error` says more than that something failed."""
    with closed_port() as port, silent_port() as silent:
        refused, late = steady_daemon.fetch([f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{silent}/"], timeout=0.3)
    assert refused["error"] != late["error"]
    assert all(len(result["error"]) > 8 for result in (refused, late))


def test_a_failed_item_leaves_its_neighbours_alone(steady_daemon, origin):
    with closed_port() as port:
        urls = [origin.url("/a"), f"http://127.0.0.1:{port}/", origin.url("/b")]
        results = steady_daemon.fetch(urls)
    assert [result["status"] for result in results] == [200, 0, 200]
