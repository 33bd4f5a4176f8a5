"""What a result tells of TLS, held against the certificate and against what the origin has agreed to."""

import datetime
import ssl

import pytest
from cryptography import x509

from rig.checks import assert_failed
from rig.origin import Reply


@pytest.fixture(scope="module")
def trusting(module_daemon, authority):
    """A daemon that trusts the test's authority."""
    return module_daemon({"fetch.ca_file": authority.file})


def tls_of(daemon, url, **options):
    result = daemon.fetch_one(url, include=["tls", "connection"], **options)
    assert result["status"] == 200, result
    return result["tls"], result["connection"]["reused"]


@pytest.mark.parametrize("version, cipher, told", [
    ("TLSv1_3", None, ("TLSv1.3", "TLS_AES_256_GCM_SHA384")),
    ("TLSv1_2", "ECDHE-ECDSA-AES128-GCM-SHA256", ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")),
    ("TLSv1_2", "ECDHE-ECDSA-CHACHA20-POLY1305", ("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")),
])
def test_version_and_cipher_are_those_agreed_on(trusting, start_origin, authority, version, cipher, told):
    context = authority.server_context("127.0.0.1")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    if cipher:
        context.set_ciphers(cipher)
    tls, _ = tls_of(trusting, start_origin(tls=context).url("/a"))
    assert (tls["version"], tls["cipher"]) == told


@pytest.mark.parametrize("name, subject", [
    ("127.0.0.1", "CN=127.0.0.1"),
    ("Gr\u00fc\u00dfe \u4f60", "CN=Gr\u00fc\u00dfe \u4f60"),
    ("a, b + \"c\" \\ <d>;", "CN=a\\, b \\+ \\\"c\\\" \\\\ \\<d\\>\\;"),
    ("", ""),
])
def test_the_certificate_is_told(trusting, start_origin, authority, name, subject):
    ends = datetime.timedelta(days=40, seconds=7)
    file = authority.server_file("127.0.0.1", common_name=name, ends=ends)
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    tls, _ = tls_of(trusting, start_origin(tls=context).url("/a"))
    assert set(tls) == {"version", "cipher", "subject", "issuer", "expires_at"}
    assert tls["subject"] == subject
    assert tls["issuer"] == "CN=fetchpool test authority"
    assert tls["expires_at"] == certificate.not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_kept_connection_and_a_resumed_session_tell_the_same(trusting, start_origin, authority):
    origin = start_origin(tls=authority.server_context("127.0.0.1"))
    first, reused = tls_of(trusting, origin.url("/1"))
    assert first["subject"] and not reused
    assert tls_of(trusting, origin.url("/2")) == (first, True)
    last = origin.on("/last", Reply(body=b"x", framing="close"))
    assert tls_of(trusting, last) == (first, True)
    assert tls_of(trusting, origin.url("/3")) == (first, False)
    assert origin.resumed == 1


def test_it_is_null_without_tls_and_absent_when_nobody_asks(trusting, origin, start_origin, authority):
    assert tls_of(trusting, origin.url("/a"))[0] is None
    secure = start_origin(tls=authority.server_context("127.0.0.1"))
    assert "tls" not in trusting.fetch_one(secure.url("/a"), include=["connection"])


def test_it_is_that_of_the_last_hop(trusting, origin, start_origin, authority):
    secure = start_origin(tls=authority.server_context("127.0.0.1"))
    away = secure.on("/away", Reply(302, headers=[("Location", origin.url("/end"))]))
    there = origin.on("/there", Reply(302, headers=[("Location", secure.url("/end"))]))
    assert tls_of(trusting, away)[0] is None
    assert tls_of(trusting, there)[0]["subject"] == "CN=127.0.0.1"


def test_a_failed_handshake_has_none(start_daemon, start_origin, authority):
    url = start_origin(tls=authority.server_context("127.0.0.1")).url("/a")
    assert_failed(start_daemon(ca_file=None).fetch_one(url, include=["tls"]), url, "tls_verify")
