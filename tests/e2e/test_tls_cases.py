"""The cases of badssl.com and their like, each with what has to come of it. More of TLS is in test_tls.py."""

import datetime
import ssl

import pytest
from cryptography.hazmat.primitives import hashes

from rig.certificates import Authority, Usage, weak_dh_file
from rig.checks import assert_answered, assert_failed
from rig.daemon import OPEN_LOOPBACK, Daemon

# What is weak is what is to be shown.
pytestmark = pytest.mark.filterwarnings("ignore:SHA1 signatures", "ignore:ssl.TLSVersion")

DAY = datetime.timedelta(days=1)
HERE = "127.0.0.1"
OTHERS = [f"host-{n}.test" for n in range(1000)]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Its authorities: the trusted root, which has intermediate ones below it."""
    return Authority(tmp_path_factory.mktemp("tls-cases"), "root", path_length=1)


def below(root, name="intermediate", **how):
    return Authority(root.folder, name, issuer=root, **how)


def limited(context, version=None, ciphers=None, dh_file=None):
    if ciphers:
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    if dh_file:
        context.load_dh_params(dh_file)
    if version:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
    return context


V1_0, V1_1, V1_2, V1_3 = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
SHA1, SHA384, SHA512 = hashes.SHA1(), hashes.SHA384(), hashes.SHA512()

GOOD = {
    "from the root": lambda root: root.server_context(HERE),
    "through an intermediate": lambda root: below(root).server_context(HERE),
    "for servers": lambda root: root.server_context(HERE, usages=[Usage.SERVER_AUTH]),
    "without common name": lambda root: root.server_context(HERE, common_name="x.test"),
    "without subject": lambda root: root.server_context(HERE, common_name=""),
    "with a common name only": lambda root: root.server_context(common_name=HERE),  # libcurl still takes it
    "with a thousand names": lambda root: root.server_context(*OTHERS, HERE, common_name="x.test"),
    "P-384": lambda root: root.server_context(HERE, key="p384"),
    "RSA 2048": lambda root: root.server_context(HERE, key=2048),
    "RSA 4096": lambda root: root.server_context(HERE, key=4096),
    "SHA-384": lambda root: root.server_context(HERE, digest=SHA384),
    "SHA-512": lambda root: root.server_context(HERE, digest=SHA512),
    "TLS 1.2": lambda root: limited(root.server_context(HERE), V1_2),
    "TLS 1.3": lambda root: limited(root.server_context(HERE), V1_3),
    "CBC": lambda root: limited(root.server_context(HERE), V1_2, "ECDHE-ECDSA-AES256-SHA384"),
    "ChaCha20": lambda root: limited(root.server_context(HERE), V1_2, "ECDHE-ECDSA-CHACHA20-POLY1305"),
    "static RSA": lambda root: limited(root.server_context(HERE, key=2048), V1_2, "AES256-GCM-SHA384"),
}

UNTRUSTED = {
    "expired": lambda root: root.server_context(HERE, starts=-2 * DAY, ends=-DAY / 24),
    "not yet valid": lambda root: root.server_context(HERE, starts=DAY / 24),
    "wrong host": lambda root: root.server_context("wrong.test", "127.0.0.2"),
    "the address as a host name": lambda root: root.server_context("127.0.0.1.test", common_name=HERE),
    "self-signed": lambda root: root.server_context(HERE, self_signed=True),
    "an untrusted root": lambda root: Authority(root.folder, "stranger").server_context(HERE),
    "a stranger by the root's name": lambda root: Authority(root.folder / "..", "root").server_context(HERE),
    "an incomplete chain": lambda root: below(root).server_context(HERE, with_chain=False),
    "an expired intermediate": lambda root: below(root, starts=-2 * DAY, ends=-DAY / 24).server_context(HERE),
    "an intermediate that is none": lambda root: below(root, is_authority=False).server_context(HERE),
    "an intermediate too deep": lambda root: below_twice(root).server_context(HERE),
    "names that the intermediate may not give": lambda root: below(root, permitted="x.test").server_context(HERE, "y.test"),
    "for clients only": lambda root: root.server_context(HERE, usages=[Usage.CLIENT_AUTH]),
    "RSA 1024": lambda root: root.server_context(HERE, key=1024),
    "an intermediate of RSA 1024": lambda root: below(root, key=1024).server_context(HERE),
    "SHA-1": lambda root: root.server_context(HERE, digest=SHA1),
    "an intermediate by SHA-1": lambda root: below(root, digest=SHA1).server_context(HERE),
}

REFUSED = {
    "TLS 1.0": lambda root: limited(root.server_context(HERE), V1_0),
    "TLS 1.1": lambda root: limited(root.server_context(HERE), V1_1),
    "no encryption": lambda root: limited(root.server_context(HERE), V1_2, "ECDHE-ECDSA-NULL-SHA"),
    "anonymous": lambda root: limited(root.server_context(HERE), V1_2, "AECDH-AES256-SHA"),
    "anonymous, no encryption": lambda root: limited(root.server_context(HERE), V1_2, "AECDH-NULL-SHA"),
    "a group of 1024 bits": lambda root: limited(root.server_context(HERE, key=2048), V1_2, "DHE-RSA-AES256-GCM-SHA384",
                                                 weak_dh_file(root.folder)),
    "Camellia": lambda root: limited(root.server_context(HERE), V1_2, "ECDHE-ECDSA-CAMELLIA256-SHA384"),
    "pre-shared keys only": lambda root: limited(root.server_context(HERE), V1_2, "PSK-AES256-GCM-SHA384"),
}


def below_twice(root):
    return Authority(root.folder, "lower", issuer=below(root))


@pytest.fixture(scope="module")
def trusting(root):
    daemon = Daemon({**OPEN_LOOPBACK, "fetch.ca_file": root.file})
    yield daemon
    daemon.stop()


@pytest.mark.parametrize("name", GOOD)
def test_good_ones_are_fetched(trusting, start_origin, root, name):
    origin = start_origin(tls=GOOD[name](root))
    assert_answered(trusting.fetch_one(origin.url("/")), origin.url("/"), 200, size=2)


@pytest.mark.parametrize("name", UNTRUSTED)
def test_bad_certificates_are_told(trusting, start_origin, root, name):
    origin = start_origin(tls=UNTRUSTED[name](root))
    assert_failed(trusting.fetch_one(origin.url("/")), origin.url("/"), "tls_verify")
    assert not origin.requests


@pytest.mark.parametrize("name", REFUSED)
def test_weak_handshakes_are_refused(trusting, start_origin, root, name):
    origin = start_origin(tls=REFUSED[name](root))
    assert_failed(trusting.fetch_one(origin.url("/")), origin.url("/"), "tls")
    assert not origin.requests


NAMES = {
    "a.wild.test": 200, "A.WILD.TEST": 200, "wild.test": 0, "a.b.wild.test": 0, "wild.test.evil.test": 0, "exact.test": 200,
    "x.exact.test": 0, "axwild.test": 0,
}


def test_names_match_as_they_have_to(root, start_daemon, start_names, start_origin):
    names = start_names({name.lower(): [HERE] for name in NAMES})
    daemon = start_daemon({"fetch.ca_file": root.file, "fetch.name_servers": names.address})
    origin = start_origin(tls=root.server_context("*.wild.test", "exact.test"))
    urls = [origin.url("/", host=name) for name in NAMES]
    for url, result, status in zip(urls, daemon.fetch(urls), NAMES.values()):
        if status:
            assert_answered(result, url, status)
        else:
            assert_failed(result, url, "tls_verify")
