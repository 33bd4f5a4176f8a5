"""In a network where every address leads to the same server, no connection ever arrives at a forbidden one.

The server stands for all the machines that must not be reached, and for those that may: it counts by the address that
was connected to.
"""

import itertools
import socket
import struct
from urllib.parse import quote

import pytest

from rig.checks import assert_answered, assert_failed
from rig.timing import SAMPLED

PUBLIC = "8.8.8.8"
CODES = (301,) if SAMPLED else (301, 302, 303, 307, 308)

FORBIDDEN_V4 = [
    "0.0.0.0", "0.0.0.1", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254",
    "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1",
    "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "168.63.129.16",
]
FORBIDDEN_V6 = [
    "::", "::1", "::2", "100::1", "100:0:0:1::1", "2001::1", "2001:2::1", "2001:10::1", "2001:db8::1", "2002::1", "2620:4f:8000::1", "3fff::1",
    "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fec0::1", "ff02::1", "64:ff9b::808:808", "64:ff9b:1::808:808",
]
# What the kernel connects to nowhere, guard or not.
NOWHERE = {"0.0.0.0", "0.0.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1"}


def number(address):
    return struct.unpack("!I", socket.inet_aton(address))[0]


def spellings(address):
    """Ways to write an IPv4 address that some parser or some network takes for it."""
    n = number(address)
    a, b, c, d = socket.inet_aton(address)
    high, low = f"{n >> 16:x}", f"{n & 0xffff:x}"
    yield address
    yield address + "."
    yield from (str(n), hex(n), f"0{n:o}", f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a:03}.{b:03}.{c:03}.{d:03}")
    yield from (f"{a}.{n & 0xffffff}", f"{a}.{b}.{n & 0xffff}", f"0x{a:x}.{n & 0xffffff}", f"{a}.{b}.{c}.0{d:o}")
    yield "".join(f"%{ord(character):02x}" for character in address)
    yield "".join(chr(0xfee0 + ord(character)) if character.isdigit() else "\u3002" for character in address)
    yield from (f"[::ffff:{address}]", f"[::ffff:{high}:{low}]", f"[0:0:0:0:0:ffff:{address}]", f"[::{address}]", f"[::ffff:0:{address}]")
    yield from (f"[64:ff9b::{address}]", f"[64:ff9b:1:{n >> 16:x}:{c:x}:{d << 8:x}::]", f"[64:ff9b:1::{address}]")
    yield from (f"[2002:{high}:{low}::1]", f"[2001:0:{high}:{low}::1]", f"[2001:0:808:808:0:0:{~n >> 16 & 0xffff:x}:{~n & 0xffff:x}]")
    yield from (f"[2600:1:2:3:0:5efe:{address}]", f"[2600:1:2:3:200:5efe:{address}]", f"[fe80::5efe:{address}]", f"[::ffff:{address}%25lo]")
    yield f"user@{address}"
    yield f"{PUBLIC}@{address}"
    yield f"{PUBLIC}\\@{address}"


def hosts():
    for address in FORBIDDEN_V4:
        yield from spellings(address)
    for address in FORBIDDEN_V6:
        yield from (f"[{address}]", f"[{address}%25lo]", f"[{address.upper()}]")
    yield from ("localhost", "LOCALHOST.", "a.localhost", "localhost.localdomain", "ip6-localhost")


@pytest.fixture
def everywhere(named_box, start_origin):
    """everywhere(table): a box where all addresses are one server on port 80, and a name server that has the table."""
    def start(table):
        box, names = named_box(table)
        box.take_all_addresses()
        return box, start_origin(listener=box.socket("::", 80)), names

    return start


def fetch_all(daemon, urls, **options):
    options = {"max_concurrent": 100, "timeout": 20, **options}
    return [result for start in range(0, len(urls), 2000) for result in daemon.fetch(urls[start:start + 2000], **options)]


def test_no_spelling_reaches_a_forbidden_address(everywhere, daemon_in):
    names = {f"v4-{n}.test": [address] for n, address in enumerate(FORBIDDEN_V4)}
    names.update({f"v6-{n}.test": [address] for n, address in enumerate(FORBIDDEN_V6)})
    box, canary, _ = everywhere(names)
    daemon = daemon_in(box, {"host.max_concurrent": 200}, open_loopback=False)
    targets = [f"http://{host}/secret" for host in itertools.chain(hosts(), names)]
    for result in fetch_all(daemon, targets):
        assert result["status"] == 0 and result["error_code"] in ("blocked", "invalid_url", "dns"), result
    assert canary.connections == 0
    redirected = [f"http://{PUBLIC}/to?status={code}&url={quote(target, safe='')}" for code in CODES for target in targets]
    for result in fetch_all(daemon, redirected):
        assert result["status"] == 0 and result["error_code"] in ("blocked", "invalid_url", "dns"), result
    assert set(canary.reached) == {PUBLIC}
    assert not canary.seen("/secret")
    assert len(canary.seen("/to")) == len(redirected) > 800 * len(CODES)


def test_the_canaries_do_count(everywhere, daemon_in):
    box, canary, _ = everywhere({})
    daemon = daemon_in(box, {"guard.allow": "0.0.0.0/0,::/0"}, open_loopback=False)
    plain = [address for address in FORBIDDEN_V4 + FORBIDDEN_V6 if address not in NOWHERE]
    urls = [f"http://[{address}]/" if ":" in address else f"http://{address}/" for address in plain]
    for url, result in zip(urls, fetch_all(daemon, urls)):
        assert_answered(result, url, 200)
    assert set(canary.reached) == set(plain) and len(plain) > 40


def alternating(turn):
    """Fine, then forbidden, then fine again."""
    return [PUBLIC] if turn % 2 == 0 else ["169.254.169.254"]


def fine_once(turn):
    return [PUBLIC] if turn == 0 else ["10.0.0.1"]


def mixed(turn):
    """A forbidden address among others, each time at another place."""
    answer = ["192.168.0.1", PUBLIC, "8.8.4.4"]
    return answer[turn % 3:] + answer[:turn % 3] if turn % 4 else [PUBLIC]


def families(turn):
    """The one family fine, the other one not."""
    return ([PUBLIC, "2600::1"], [PUBLIC, "::1"], ["127.0.0.1", "2600::1"])[turn % 3]


@pytest.mark.parametrize("pattern", [alternating, fine_once, mixed, families])
def test_names_that_change_lead_to_no_forbidden_address(everywhere, daemon_in, pattern):
    """250 fetches, each of a name of its own and back to it by a redirect: no answer from a cache, no connection twice."""
    box, canary, names = everywhere({"*.rebound.test": pattern})
    daemon = daemon_in(box, {"fetch.names": 0, "pool.handles": 0}, open_loopback=False)
    urls = [f"http://{n}.rebound.test/to?url=/end" for n in range(250)]
    results = fetch_all(daemon, urls, connect_timeout=20)
    for url, result in zip(urls, results):
        assert_failed(result, url, "blocked")  # at the second hop
    assert set(canary.reached) <= {PUBLIC, "2600::1"} and canary.connections == len(canary.seen("/to")) == 250
    assert all(names.asked(f"{n}.rebound.test") >= 2 for n in range(250))


def test_own_public_address_is_refused_within_seconds(everywhere, daemon_in):
    box, canary, _ = everywhere({})
    box.run("ip", "address", "add", "9.9.9.9/32", "dev", "lo")
    daemon = daemon_in(box, open_loopback=False)
    url, later = "http://9.9.9.9/", "http://9.9.9.10/"
    assert_failed(daemon.fetch_one(url), url, "blocked")
    assert_answered(daemon.fetch_one(later), later, 200)
    box.run("ip", "address", "add", "9.9.9.10/32", "dev", "lo")
    box.run("ip", "address", "del", "9.9.9.9/32", "dev", "lo")
    until_refused = (daemon.fetch_one(later, timeout=5) for _ in range(10000))
    assert_failed(next(result for result in until_refused if result["status"] == 0), later, "blocked")
    assert_answered(daemon.fetch_one(url), url, 200)
    line, = daemon.wait_for_line("refused by the guard", "host=9.9.9.10")
    assert "an address of this host" in line and "guard.allow=9.9.9.10" in line


def test_own_address_is_fetched_when_allowed(everywhere, daemon_in):
    box, _, _ = everywhere({})
    box.run("ip", "address", "add", "9.9.9.9/32", "dev", "lo")
    daemon = daemon_in(box, {"guard.allow": "9.9.9.9"}, open_loopback=False)
    assert_answered(daemon.fetch_one("http://9.9.9.9/"), "http://9.9.9.9/", 200)


def test_translator_leads_only_where_ipv4_may_go(everywhere, daemon_in):
    box, canary, _ = everywhere({"nat.test": ["64:ff9b::8.8.8.8"], "inside.test": ["64:ff9b::10.0.0.1"]})
    daemon = daemon_in(box, {"guard.nat64": "64:ff9b::/96"}, open_loopback=False)
    for url in ("http://[64:ff9b::808:808]/", "http://nat.test/"):
        assert_answered(daemon.fetch_one(url), url, 200)
    for url in ("http://[64:ff9b::a00:1]/", "http://[64:ff9b::7f00:1]/", "http://inside.test/", "http://[64:ff9b:1::808:808]/"):
        assert_failed(daemon.fetch_one(url), url, "blocked")
    assert set(canary.reached) == {"64:ff9b::808:808"}
