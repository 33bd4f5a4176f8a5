"""What is small on the wire and large behind it, and what never ends: each costs little and is given up."""

import gzip
import os

import pytest

from rig.checks import assert_answered, assert_failed
from rig.daemon import OPEN_LOOPBACK, Daemon
from rig.origin import Raw
from rig.packed import MIB, PACKERS, brotli_bomb, double_gzip_bomb, gzip_bomb, zstd_bomb
from rig.replies import OK, CHUNKED, Endless, head
from rig.timing import SANITIZED

TIMES = 10
CPU_SECONDS = 0.05
MEMORY_KIB = 1024


def encoded(coding, body):
    return Raw(head(b"Content-Encoding: " + coding.encode(), b"Content-Length: %d" % len(body), body=body))


GIB_IN_TWO = double_gzip_bomb(1024 * MIB)

BOMBS = {
    "gzip": (lambda: encoded("gzip", gzip_bomb(64 * MIB)), "too_large"),
    "gzip in gzip": (lambda: encoded("gzip, gzip", GIB_IN_TWO), "too_large"),
    "nothing in gzip": (lambda: encoded("deflate, gzip", gzip.compress(b"\0\0\0\xff\xff" * (4 * MIB))), "too_large"),
    "endless headers": (lambda: Endless(OK, b"A: bcdefgh\r\n"), "protocol"),
    "many long headers": (lambda: Endless(OK, b"A: " + b"x" * 1000 + b"\r\n"), "protocol"),
    "an endless header": (lambda: Endless(OK + b"A: ", b"x"), "protocol"),
    "endless 1xx": (lambda: Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "protocol"),
    "an endless body": (lambda: Endless(OK + b"\r\n", b"x" * 4096), "too_large"),
    "endless chunks": (lambda: Endless(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), "too_large"),
    "endless trailers": (lambda: Endless(CHUNKED + b"0\r\n", b"A: b\r\n"), "protocol"),
    "an endless nothing": (lambda: Endless(head(b"Content-Encoding: deflate", body=b""), b"\0\0\0\xff\xff"), "too_large"),
}

# The name, how it is made, max_size, and what it may cost. Windows are as large as what was written of them: up to 8 MiB
# for zstd; for br, which fills the window before it gives any of it out, up to twice max_size and 16 MiB.
WIDE_BOMBS = [
    ("br", brotli_bomb, MIB // 4, CPU_SECONDS, MEMORY_KIB),
    ("br", brotli_bomb, 10 * MIB, 3 * CPU_SECONDS, 17 * 1024),
    ("zstd", zstd_bomb, MIB // 4, CPU_SECONDS, MEMORY_KIB),
    ("zstd", zstd_bomb, 10 * MIB, CPU_SECONDS, 9 * 1024),
]


class Meter:
    """What the daemon's process has used."""

    def __init__(self, daemon):
        self.folder = f"/proc/{daemon.process.pid}"

    def cpu_seconds(self):
        """Of the threads that are there. They stay for long."""
        total_ns = 0
        for task in os.listdir(f"{self.folder}/task"):
            with open(f"{self.folder}/task/{task}/schedstat") as file:
                total_ns += int(file.read().split()[0])
        return total_ns / 1e9

    def memory_kib(self, name):
        with open(f"{self.folder}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name + ":"))

    def forget_peak(self):
        with open(f"{self.folder}/clear_refs", "w") as file:
            file.write("5")


@pytest.fixture(scope="module")
def warm_daemon():
    """One that has decoded each coding before, so that what is measured is not the beginning of its life."""
    daemon = Daemon(OPEN_LOOPBACK)
    yield daemon
    daemon.stop()


@pytest.fixture
def meter(warm_daemon, origin):
    for name, (coding, pack) in PACKERS.items():
        url = origin.on(f"/{name}", encoded(coding, pack(bytes(MIB))))
        for _ in range(3):
            assert_answered(warm_daemon.fetch_one(url), url, 200, size=MIB)
    return Meter(warm_daemon)


def explode(daemon, origin, meter, script, code, **options):
    """The processor's seconds of the cheapest of some bombs, as the machine has its moments, and the growth of memory."""
    url = origin.on("/bomb", script)
    assert_failed(daemon.fetch_one(url, **options), url, code)
    before = meter.memory_kib("VmRSS")
    meter.forget_peak()
    costs = []
    for _ in range(TIMES):
        began = meter.cpu_seconds()
        assert_failed(daemon.fetch_one(url, **options), url, code)
        costs.append(meter.cpu_seconds() - began)
    return min(costs), meter.memory_kib("VmHWM") - before


def note(name, cpu_seconds, grown_kib):
    print(f"{name}: {cpu_seconds * 1000:.1f} ms of CPU, {grown_kib} KiB")


measured = pytest.mark.skipif(SANITIZED, reason="a sanitizer takes time and memory of its own")


def test_the_bomb_in_a_bomb_is_one():
    assert 1024 * MIB / len(GIB_IN_TWO) > 500_000


@measured
@pytest.mark.alone
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_cost_little(warm_daemon, origin, meter, name):
    make, code = BOMBS[name]
    cpu_seconds, grown_kib = explode(warm_daemon, origin, meter, make(), code)
    note(name, cpu_seconds, grown_kib)
    assert cpu_seconds <= CPU_SECONDS
    assert grown_kib <= MEMORY_KIB


@measured
@pytest.mark.alone
@pytest.mark.parametrize("name, make, max_size, cpu_limit, kib_limit", WIDE_BOMBS,
                         ids=[f"{name}-{max_size}" for name, _, max_size, _, _ in WIDE_BOMBS])
def test_bombs_with_wide_windows_cost_what_may_come_of_them(warm_daemon, origin, meter, name, make, max_size, cpu_limit,
                                                            kib_limit):
    script = encoded(name, make(64 * MIB))
    cpu_seconds, grown_kib = explode(warm_daemon, origin, meter, script, "too_large", max_size=max_size)
    note(f"{name}, max_size {max_size}", cpu_seconds, grown_kib)
    assert cpu_seconds <= cpu_limit
    assert grown_kib <= kib_limit


@pytest.mark.parametrize("name", PACKERS)
def test_a_body_is_as_long_as_allowed_and_no_longer(warm_daemon, origin, name):
    coding, pack = PACKERS[name]
    for size in (1, 1000, 16 * 1024, MIB):
        url = origin.on("/packed", encoded(coding, pack(b"x" * size)))
        result = warm_daemon.fetch_one(url, max_size=size, include=["body"])
        assert (result["size"], result["body"]) == (size, "x" * size)
        assert_failed(warm_daemon.fetch_one(url, max_size=size - 1, include=["body"]), url, "too_large")
