"""What the address guard refuses, however the address is written, named or reached."""

import pytest

from rig.checks import assert_answered, assert_failed
from rig.origin import Reply
from rig.ports import closed_port
from rig.timing import at_most

LOOPBACK_SPELLINGS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "localhost", "LOCALHOST", "a.localhost",
    "localhost.", "127.0.0.1.", "%31%32%37.0.0.1", "127%2e0.0.1", "\u2460\u2461\u2466.0.0.1", "127\u30020\u30020\u30021", "\uff11\uff12\uff17.0.0.1",
]

REFUSED = [
    "0.0.0.1", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.100.100.200", "100.127.255.255", "127.0.0.0", "169.254.0.0",
    "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.192", "192.0.0.255", "192.0.2.0", "192.0.2.255",
    "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255",
    "168.63.129.16", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.255",
    "[::]", "[::1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[100::1]", "[2001:db8::1]",
    "[2002:7f00:1::]", "[2002:a00:1::]", "[fc00::1]", "[fd00:ec2::254]", "[fdff::1]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[ff02::1]",
    "[2001::1]", "[3fff::1]", "[5f00::1]",
]

NOT_REFUSED = [
    "1.0.0.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0",
    "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255",
    "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "[2606:4700:4700::1111]", "[2a00:1450::1]",
]


@pytest.fixture
def guarded(start_daemon):
    return start_daemon(open_loopback=False)


def test_loopback_is_refused_in_every_spelling(guarded, start_origin):
    canary = start_origin(host="0.0.0.0")
    urls = [f"http://{host}:{canary.port}/" for host in LOOPBACK_SPELLINGS]
    for url, result in zip(urls, guarded.fetch(urls, timeout=5)):
        assert_failed(result, url, "blocked", "invalid_url", "dns")
    assert canary.connections == 0
    for plain in ("127.0.0.1", "127.1", "2130706433", "[::1]", "localhost"):
        url = f"http://{plain}:{canary.port}/"
        assert_failed(guarded.fetch_one(url), url, "blocked", *([] if plain in ("127.0.0.1", "[::1]", "localhost") else ["invalid_url"]))


def test_special_purpose_addresses_are_refused(start_box, daemon_in):
    """Inside a box, so that a fault of the guard would reach nobody."""
    daemon = daemon_in(start_box(), open_loopback=False)
    urls = [f"{scheme}://{host}/" for host in REFUSED for scheme in ("http", "https")]
    for url, result in zip(urls, daemon.fetch(urls, timeout=10)):
        assert_failed(result, url, "blocked")


def test_their_neighbours_are_not(start_box, daemon_in):
    daemon = daemon_in(start_box(), open_loopback=False)
    urls = [f"http://{host}/" for host in NOT_REFUSED]
    for url, result in zip(urls, daemon.fetch(urls, timeout=10)):
        assert_failed(result, url, "connect")  # there is no way out of the box


def test_names_of_refused_addresses_are_refused(named_box, daemon_in, start_origin):
    box, names = named_box({"loop.test": ["127.0.0.1"], "private.test": ["10.0.0.1"], "metadata.test": ["169.254.169.254"],
                            "mixed.test": ["127.0.0.1", "127.0.0.2"]})
    canary = start_origin(listener=box.socket())
    daemon = daemon_in(box, open_loopback=False)
    urls = [f"http://{name}:{canary.port}/" for name in names.table]
    for url, result in zip(urls, daemon.fetch(urls, timeout=10)):
        assert_failed(result, url, "blocked")
    assert canary.connections == 0


def test_a_name_that_changes_its_address_is_judged_at_each_connection(named_box, daemon_in, start_origin):
    box, names = named_box({"rebound.test": [["127.0.0.1"], ["127.0.0.2"]]})
    allowed = start_origin(listener=box.socket("127.0.0.1"))
    allowed.on("/", Reply(body=b"ok", framing="close"))  # so that every fetch connects anew
    denied = start_origin(listener=box.socket("127.0.0.2", allowed.port))
    daemon = daemon_in(box, {"guard.deny": "127.0.0.2/32", "fetch.connect_timeout": 5})
    url = f"http://rebound.test:{allowed.port}/"
    results = [daemon.fetch_one(url) for _ in range(5)]
    for result in results:
        assert_answered(result, url, 200) if result["status"] else assert_failed(result, url, "blocked", "connect")
    assert results[0]["status"] == 200
    assert denied.connections == 0


def test_deny_wins_over_allow(start_daemon, start_origin):
    everywhere = start_origin(host="0.0.0.0")
    daemon = start_daemon({"guard.deny": "127.0.0.2/32,127.0.1.0/24"})
    urls = [f"http://127.0.{end}:{everywhere.port}/" for end in ("0.1", "0.2", "0.3", "1.0", "1.255", "2.0")]
    codes = [result.get("error_code") for result in daemon.fetch(urls)]
    assert codes == [None, "blocked", None, "blocked", "blocked", None]


def test_deny_alone_refuses_public_addresses(start_box, daemon_in):
    daemon = daemon_in(start_box(), {"guard.deny": "8.8.8.0/24,2606:4700::/32"}, open_loopback=False)
    urls = ["http://8.8.8.8/", "http://[2606:4700::1]/", "http://8.8.9.8/"]
    assert [result["error_code"] for result in daemon.fetch(urls)] == ["blocked", "blocked", "connect"]


def test_allow_opens_only_its_prefix(start_daemon, start_origin):
    everywhere = start_origin(host="0.0.0.0")
    daemon = start_daemon({"guard.allow": "127.0.0.2/31"}, open_loopback=False)
    urls = [f"http://127.0.0.{end}:{everywhere.port}/" for end in (1, 2, 3, 4)]
    codes = [result.get("error_code") for result in daemon.fetch(urls)]
    assert codes == ["blocked", None, None, "blocked"]


def test_every_redirect_hop_is_judged(start_daemon, start_origin):
    everywhere = start_origin(host="0.0.0.0")
    start = start_origin()
    daemon = start_daemon({"guard.deny": "127.0.0.2/32"})
    forbidden = f"http://127.0.0.2:{everywhere.port}/forbidden"
    via = f"http://127.0.0.3:{everywhere.port}/to?url={forbidden}"
    for target in (forbidden, via):
        for status in (301, 302, 303, 307, 308):
            url = start.url(f"/to?status={status}&url={target}")
            assert_failed(daemon.fetch_one(url), url, "blocked")
    assert not everywhere.seen("/forbidden")


def test_a_kept_connection_does_not_open_the_guard_for_others(start_daemon, start_origin):
    everywhere = start_origin(host="0.0.0.0")
    daemon = start_daemon({"guard.deny": "127.0.0.2/32"})
    for _ in range(3):
        results = daemon.fetch([f"http://127.0.0.{end}:{everywhere.port}/" for end in (1, 2)], max_concurrent=1)
        assert [result["status"] for result in results] == [200, 0]


@pytest.mark.timed
def test_a_refusal_tells_nothing_about_the_inside(start_daemon, start_names, origin):
    """Whether a port is open, which address a name has, and which rule it was: the result is the same, and as fast."""
    names = start_names({"loop.test": ["127.0.0.1"], "private.test": ["10.0.0.1"], "six.test": ["fd00::1"], "mixed.test": ["8.8.8.8", "10.0.0.1"]})
    daemon = start_daemon({"fetch.name_servers": names.address, "guard.ports": f"1-{origin.port - 1},{origin.port + 1}-65535",
                           "guard.allow": "127.0.0.9"}, open_loopback=False)
    with closed_port() as port:
        hosts = [f"127.0.0.1:{port}", f"127.0.0.1:{port - 1}", "10.0.0.1", "[fd00::1]", "169.254.169.254", f"127.0.0.9:{origin.port}",
                 "localhost", *names.table]
        results = daemon.fetch([f"http://{host}/" for host in hosts])
    assert {result["error_code"] for result in results} == {"blocked"}
    assert {result["error"] for result in results} == {"the address of this host may not be fetched"}
    assert all(set(result) == {"url", "status", "error", "error_code", "elapsed"} for result in results)
    assert max(result["elapsed"] for result in results) < at_most(0.2)
    assert origin.connections == 0


def test_the_log_tells_the_rule_and_what_would_open_it(start_daemon, start_names):
    names = start_names({"inside.test": ["10.1.2.3"]})
    daemon = start_daemon({"fetch.name_servers": names.address, "guard.deny": "127.0.0.2", "guard.ports": "80"})
    daemon.fetch(["http://inside.test/", "http://127.0.0.2/", "http://127.0.0.1:81/", "http://[fd00:ec2::254]/", "http://[2600::5efe:10.1.2.3]/"])
    for host, *words in (("inside.test", "10.1.2.3", "10.0.0.0/8, private use", "guard.allow=10.1.2.3"), ("127.0.0.2", "guard.deny without"),
                         ("127.0.0.1", "port=81", "guard.ports=81"), ("fd00:ec2::254", "fc00::/7, unique local", "guard.allow=fd00:ec2::254"),
                         ("2600::5efe:a01:203", "ISATAP", "10.0.0.0/8")):
        line, = daemon.wait_for_line("refused by the guard", f'host="?{host}"? ')
        assert all(word in line for word in words), line


def test_the_log_of_refusals_is_bounded(start_daemon):
    daemon = start_daemon()
    daemon.fetch([f"http://10.0.{n // 250}.{n % 250}/" for n in range(1000)] + ["http://10.0.0.1/"] * 1000, max_concurrent=50)
    daemon.stop()
    assert daemon.log.count("refused by the guard") == 60


def test_only_the_ports_of_the_setting_are_fetched_from(start_daemon, start_origin):
    opened, closed = start_origin(), start_origin()
    daemon = start_daemon({"guard.ports": f"443,{opened.port}"})
    assert_answered(daemon.fetch_one(opened.url("/")), opened.url("/"), 200)
    for url in (closed.url("/"), opened.url(f"/to?url={closed.url('/')}"), f"http://localhost:{closed.port}/"):
        assert_failed(daemon.fetch_one(url, retries=2), url, "blocked")
    assert closed.connections == 0


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_have_to_spell_hosts_soundly(steady_daemon, origin, code):
    """libcurl would make addresses of these, which the guard would judge; another parser may make others of them."""
    for host in ("127.1", "2130706433", "0x7f.1", "0177.0.0.1", "%31%32%37.0.0.1", "127.0.0.1."):
        for start in ("http://", "//"):
            url = origin.url(f"/to?status={code}&url={start}{host.replace('%', '%25')}:{origin.port}/end")
            assert_failed(steady_daemon.fetch_one(url), url, "invalid_url")
    assert not origin.seen("/end")


def test_urls_with_a_user_are_not_fetched_elsewhere(start_daemon, origin):
    """The host is what follows the last @, whatever stands before it."""
    daemon = start_daemon()
    urls = [f"http://127.0.0.1:{origin.port}@127.9.9.9:9/", f"http://127.9.9.9:9\\@127.0.0.1:{origin.port}/"]
    for result in daemon.fetch(urls, timeout=5):
        assert result["status"] == 0
    assert origin.connections == 0
