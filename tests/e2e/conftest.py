"""Fixtures of the end-to-end tests. The parts are in rig/."""

import collections
import contextlib
import fcntl
import os
import socket

import pytest

from rig.box import Box, NoBox
from rig.certificates import Authority
from rig.daemon import FETCHPOOL, FETCHPOOLD, OPEN_LOOPBACK, Daemon
from rig.http2 import Http2Origin
from rig.httpbin import Httpbin
from rig.names import NameServer
from rig.origin import LoopThread, Origin
from rig.timing import SAMPLED, SANITIZED, SANITIZER

for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]


def pytest_configure():
    for variable, program in (("FETCHPOOLD", FETCHPOOLD), ("FETCHPOOL", FETCHPOOL)):
        if not os.access(program, os.X_OK):
            pytest.exit(f"{program} is no program: build it, or name another one in {variable}", returncode=4)


# What goes in and what comes out, by whatever thread; or other programs than those that are built here.
NO_MATTER_OF_THREADS = {
    f"test_{name}" for name in (
        "bad_answers", "bombs", "browsers", "cli", "cli_har", "cli_requests", "cli_save", "cli_terminal", "clients",
        "credentials", "docs", "environment", "errors", "forms", "guard", "guard_canaries", "head_fallback",
        "http", "http_versions", "httpbin", "json", "lists", "malformed", "manuals", "monitoring", "ndjson",
        "openapi", "plan", "process", "redirects", "refusals", "replies", "requests", "results", "round_trips",
        "settings", "times", "tls", "tls_cases", "tls_field", "tokens")
}


def is_sampled(item):
    """Under a sanitizer a process takes long to start: of many cases with one each, some will do."""
    return hasattr(item, "callspec") and "module_daemon" not in item.fixturenames


def measures(item):
    return item.get_closest_marker("timed") or item.get_closest_marker("alone")


def is_for_threads(item):
    return item.module.__name__ not in NO_MATTER_OF_THREADS


def sample(items):
    """What the sanitizers are given without ./dev test --long. ThreadSanitizer: what may be a matter of threads, and of cases
    that each start a program the first one. The other one: everything but what measures time or load, if ThreadSanitizer
    has that, and of such cases the first and the last."""
    if SANITIZER == "tsan":
        items = [item for item in items if is_for_threads(item)]
    else:
        items = [item for item in items if not (measures(item) and is_for_threads(item))]
    cases = collections.defaultdict(list)
    for item in items:
        cases[item.module.__name__, item.originalname if is_sampled(item) else item.name].append(item)
    return {item for same in cases.values() for item in (same[0], same[0 if SANITIZER == "tsan" else -1])}


def pytest_collection_modifyitems(config, items):
    """Those that measure time come when the others are done, so that nobody waits long for their turn."""
    if SAMPLED:
        kept = sample(items)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    items.sort(key=lambda item: bool(item.get_closest_marker("timed")) + 2 * bool(item.get_closest_marker("alone")))


@contextlib.contextmanager
def locked(path, how):
    with open(path, "a") as file:
        fcntl.flock(file, how)
        yield


@pytest.fixture(autouse=True)
def _turn(request, tmp_path_factory):
    """Tests marked `alone` hold this lock alone, all others share it. Who waits to be alone stands in the door, so
    that the others cannot keep it out by overlapping each other. Under a sanitizer nobody needs to: the bounds are ten
    times as wide there."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    alone = request.node.get_closest_marker("alone") and not SANITIZED
    with contextlib.ExitStack() as stack:
        with locked(folder / "door", fcntl.LOCK_EX):
            stack.enter_context(locked(folder / "room", fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        yield


@contextlib.contextmanager
def daemon_factory(ca_file):
    """Gives a function that starts daemons, and stops them in the end. All are stopped, even when one fails."""
    with contextlib.ExitStack() as stack:
        def start(settings=None, open_loopback=True, **how):
            opened = dict(OPEN_LOOPBACK) if open_loopback else {}
            daemon = Daemon({**opened, **(settings or {})}, **{"ca_file": ca_file, **how})
            stack.callback(daemon.stop)
            return daemon

        yield start


@pytest.fixture
def start_daemon(authority):
    """start_daemon({"pool.workers": 2}, arguments=[...], listen=[...]): a daemon that may fetch from loopback."""
    with daemon_factory(authority.file) as start:
        yield start


@pytest.fixture
def daemon(start_daemon):
    """A fresh daemon that may fetch from loopback."""
    return start_daemon()


@pytest.fixture(scope="module")
def module_daemon(authority):
    """module_daemon({"pool.workers": 2}): a daemon for a whole module of small cases."""
    with daemon_factory(authority.file) as start:
        yield start


@pytest.fixture(scope="module")
def steady_daemon(module_daemon):
    """One daemon for a whole module of small cases."""
    return module_daemon()


@pytest.fixture(scope="session")
def loop_thread():
    thread = LoopThread()
    yield thread
    thread.stop()


@pytest.fixture
def start_origin(loop_thread):
    """start_origin(tls=context): a scripted origin, see rig/origin.py."""
    with contextlib.ExitStack() as stack:
        def start(**how):
            origin = Origin(loop_thread, **how).start()
            stack.callback(origin.stop)
            return origin

        yield start


@pytest.fixture
def origin(start_origin):
    return start_origin()


@pytest.fixture
def start_http2_origin(loop_thread, authority):
    """start_http2_origin("h2", "http/1.1"): an origin with TLS that agrees to these; without any: one without TLS, for
    prior knowledge."""
    with contextlib.ExitStack() as stack:
        def start(*protocols):
            tls = None
            if protocols:
                tls = authority.server_context("localhost", "127.0.0.1")
                tls.set_alpn_protocols(protocols)
            origin = Http2Origin(loop_thread, tls=tls).start()
            stack.callback(origin.stop)
            return origin

        yield start


@pytest.fixture(scope="session")
def httpbin():
    server = Httpbin()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def start_box():
    """start_box(name_server=...): a network of its own, see rig/box.py."""
    with contextlib.ExitStack() as stack:
        def start(**how):
            try:
                box = Box(**how)
            except NoBox as reason:
                pytest.skip(f"namespaces cannot be made here ({reason})")
            stack.callback(box.stop)
            return box

        yield start


@pytest.fixture
def named_box(start_box):
    """named_box(table): a box whose name server, inside, answers from the table. Gives (box, name server)."""
    with contextlib.ExitStack() as stack:
        def start(table):
            box = start_box(name_server="127.0.0.1")
            server = NameServer(box.socket(port=53, kind=socket.SOCK_DGRAM), table)
            stack.callback(server.stop)
            return box, server

        yield start


@pytest.fixture
def start_names():
    """start_names(table, ttl=...): a name server on the loopback, see rig/names.py, for the setting fetch.name_servers."""
    with contextlib.ExitStack() as stack:
        def start(table, **how):
            bound = socket.socket(type=socket.SOCK_DGRAM)
            bound.bind(("127.0.0.1", 0))
            server = NameServer(bound, table, **how)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def daemon_in(start_daemon):
    """daemon_in(box, settings): a daemon inside, reached over a Unix socket, which crosses network namespaces."""
    def start(box, settings=None, **how):
        return start_daemon(settings, prefix=box.prefix, listen=["unix:socket"], **how)

    return start
