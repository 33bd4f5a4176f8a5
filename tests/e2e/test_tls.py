"""Origins with TLS: who is trusted, and how the others fail."""

import datetime
import ssl

import pytest

from rig.certificates import Authority
from rig.checks import assert_answered, assert_failed
from rig.origin import Raw, Reply

DAY = datetime.timedelta(days=1)


@pytest.fixture
def trusting(start_daemon, authority):
    """A daemon that trusts the test's authority."""
    return start_daemon({"fetch.ca_file": authority.file})


def test_a_right_certificate(trusting, start_origin, authority):
    origin = start_origin(tls=authority.server_context("localhost", "127.0.0.1"))
    urls = [origin.url("/"), origin.url("/", host="localhost")]
    for url, result in zip(urls, trusting.fetch(urls)):
        assert_answered(result, url, 200, size=2)


@pytest.mark.parametrize("how", [
    {"ends": -DAY / 24, "starts": -2 * DAY}, {"starts": DAY / 24}, {"self_signed": True},
], ids=["expired", "not-yet-valid", "self-signed"])
def test_certificates_that_are_not_trusted(trusting, start_origin, authority, how):
    origin = start_origin(tls=authority.server_context("127.0.0.1", **how))
    assert_failed(trusting.fetch_one(origin.url("/")), origin.url("/"), "tls_verify")
    assert not origin.requests


def test_a_certificate_for_another_host(trusting, start_origin, authority):
    origin = start_origin(tls=authority.server_context("other.test", "127.0.0.2"))
    for url in (origin.url("/"), origin.url("/", host="localhost")):
        assert_failed(trusting.fetch_one(url), url, "tls_verify")
    assert not origin.requests


def test_an_unknown_authority(trusting, start_origin, tmp_path):
    stranger = start_origin(tls=Authority(tmp_path, "a stranger").server_context("127.0.0.1"))
    assert_failed(trusting.fetch_one(stranger.url("/")), stranger.url("/"), "tls_verify")


def test_an_authority_that_has_only_the_name_of_a_known_one(trusting, start_origin, tmp_path):
    impostor = start_origin(tls=Authority(tmp_path).server_context("127.0.0.1"))
    assert_failed(trusting.fetch_one(impostor.url("/")), impostor.url("/"), "tls_verify")


def test_by_default_the_systems_authorities_are_known(start_daemon, start_origin, authority):
    daemon = start_daemon(ca_file=None)
    known = start_origin(tls=authority.server_context("127.0.0.1"))
    assert_failed(daemon.fetch_one(known.url("/")), known.url("/"), "tls_verify")


def test_a_plain_server_behind_https(trusting, origin):
    origin.on_connect = Raw(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nThis is no TLS.\r\n")
    url = origin.url("/").replace("http:", "https:")
    assert_failed(trusting.fetch_one(url), url, "tls")


def test_a_server_that_wants_a_client_certificate(trusting, start_origin, authority):
    context = authority.server_context("127.0.0.1")
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # so that the refusal belongs to the handshake
    context.verify_mode = ssl.CERT_REQUIRED
    origin = start_origin(tls=context)
    assert_failed(trusting.fetch_one(origin.url("/")), origin.url("/"), "tls")


def test_a_connection_closed_within_the_handshake(trusting, start_origin):
    plain = start_origin()
    plain.on_connect = Raw()
    url = plain.url("/").replace("http:", "https:")
    assert_failed(trusting.fetch_one(url), url, "tls")


def test_redirects_from_http_to_https(trusting, origin, start_origin, authority):
    secure = start_origin(tls=authority.server_context("127.0.0.1"))
    url = origin.url(f"/to?url={secure.url('/end')}")
    assert_answered(trusting.fetch_one(url), url, 200, size=2)
    wrong = start_origin(tls=authority.server_context("other.test"))
    url = origin.url(f"/to?url={wrong.url('/end')}")
    assert_failed(trusting.fetch_one(url), url, "tls_verify")


def test_connections_over_tls_are_kept(trusting, start_origin, authority):
    origin = start_origin(tls=authority.server_context("127.0.0.1"))
    for n in range(5):
        assert trusting.fetch_one(origin.url(f"/{n}"))["status"] == 200
    assert origin.connections == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["tls-1.2", "tls-1.3"])
def test_a_new_connection_goes_on_with_the_session(trusting, start_origin, authority, version):
    context = authority.server_context("127.0.0.1")
    context.minimum_version = context.maximum_version = version
    origin = start_origin(tls=context)
    closing = origin.on("/close", Reply(framing="close"))
    for _ in range(8):
        assert trusting.fetch_one(closing)["status"] == 200
    assert (origin.connections, origin.resumed) == (8, 7)


def test_a_body_cut_short_under_tls(trusting, start_origin, authority):
    origin = start_origin(tls=authority.server_context("127.0.0.1"))
    url = origin.on("/cut", Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"))
    assert_failed(trusting.fetch_one(url), url, "recv")


def test_many_connections_at_once_verify_alike(trusting, start_origin, authority):
    good = start_origin(tls=authority.server_context("127.0.0.1"))
    bad = start_origin(tls=authority.server_context("127.0.0.1", self_signed=True))
    urls = [(good if n % 2 else bad).url(f"/{n}") for n in range(60)]
    results = trusting.fetch(urls, max_concurrent=20)
    assert [result["status"] for result in results] == [200 if n % 2 else 0 for n in range(60)]
    assert {result["error_code"] for result in results if not result["status"]} == {"tls_verify"}
