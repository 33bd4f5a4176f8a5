"""Each setting that a reload is said to bring in force is in force after one."""

import contextlib
import os
import re
import signal
import socket

import pytest

from rig import client
from rig.daemon import FETCHPOOLD, run_program
from rig.origin import Reply
from rig.timing import PATIENCE, Stopwatch, wait_for
from rig.tokens import TokenFile

JSON = {"Content-Type": "application/json"}
SOON = PATIENCE / 2  # the defaults take longer


class Scene:
    """A daemon with its origin, and what a probe asks of them."""

    def __init__(self, daemon, origin):
        self.daemon, self.origin = daemon, origin

    def refused(self, body, status, word, **options):
        answer = self.daemon.post("/fetch", {"urls": body, **options} if options else body)
        assert answer.status == status and word in answer.body.decode(), (answer.status, answer.body)

    def one(self, path, item=None, **options):
        return self.daemon.fetch_one({"url": self.origin.url(path), **(item or {})}, **options)

    def pressure(self):
        return self.daemon.get("/pressure").json()

    def closed_soon(self, sent):
        """The connection is closed by the daemon long before the default would have it."""
        with self.daemon.open_socket() as stream, Stopwatch() as watch:
            stream.sendall(sent)
            stream.settimeout(SOON)
            client.read_to_end(stream)
        assert watch.seconds < SOON

    def only_one_at_once(self, urls):
        pending = self.daemon.begin_batch(urls, **({"max_concurrent": 2} if len(set(urls)) > 1 else {}))
        self.origin.wait_for_requests(1, "/held")
        assert (self.pressure()["running"], self.pressure()["queued"]) == (1, len(urls) - 1)
        self.origin.release()
        pending.answer()

    def is_held_up(self):
        """A list whose results nobody reads is not fetched to its end, though they are less than was allowed before."""
        with socket.socket() as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.connect(client.split_address(self.daemon.address))
            body = "\n".join([self.origin.url("/bytes/60000")] * 150).encode()
            stream.sendall(b"POST /fetch?include=body HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body)
                           + body)
            wait_for(lambda: self.pressure()["queued"] > 0 and self.pressure()["running"] == 0, "a list that is held")

    def unread_is_cut(self):
        """The connection of a client that reads next to nothing is closed, and its list given up."""
        with socket.socket() as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.connect(client.split_address(self.daemon.address))
            body = b"\n".join(b"bad url %d %s" % (n, b"x" * 200) for n in range(40_000)) + b"\n" + self.origin.url("/held").encode()
            stream.sendall(b"POST /fetch?max_concurrent=2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
                           % len(body) + body)
            self.daemon.wait_for_line("batch abandoned")
        self.origin.release()

    def threads(self):
        tasks = f"/proc/{self.daemon.process.pid}/task"
        names = []
        for task in os.listdir(tasks):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                    open(f"{tasks}/{task}/comm", encoding="ascii") as name:  # it may leave meanwhile
                names.append(name.read().strip())
        return names.count("fp-worker")

    def host(self, name):
        return self.daemon.get("/hosts/example.com").json()[name]

    def drains_at_once(self):
        pending = self.daemon.begin_batch([self.origin.url("/held")])
        self.origin.wait_for_requests(1, "/held")
        with Stopwatch() as watch:
            self.daemon.signal()
            assert pending.answer()[0]["error_code"] == "shutdown"
        assert watch.seconds < SOON

    def asked_soon_again(self):
        """A host that asks to be left in peace for an hour is, for as long as the setting says."""
        self.origin.on("/busy", Reply(503, headers=[("Retry-After", "3600")]))
        assert self.one("/busy")["status"] == 503
        assert self.one("/fine", deadline=SOON)["status"] == 200


def second_connection_is_refused(scene):
    with scene.daemon.open_socket() as first:
        first.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert first.recv(4096).startswith(b"HTTP/1.1 200")
        assert scene.daemon.get("/version").status == 429


def warm_connections_are_closed(scene):
    assert scene.one("/")["status"] == 200
    wait_for(lambda: scene.pressure()["connections"]["idle"] == 0, "no warm connection")


def workers_leave(scene):
    assert scene.one("/")["status"] == 200
    wait_for(lambda: scene.threads() == 0, "no worker")


def drain_is_delayed(scene):
    scene.daemon.signal()
    assert "delay=1" in scene.daemon.wait_for_line("leaving")[0]


def delays_are_short(scene):
    delays = [attempt.get("delay", 0) for attempt in scene.one("/status/503", retries=4, include=["attempts"])["attempts"]]
    assert len(delays) == 5 and max(delays) < 0.3


def is_silent(scene):
    scene.daemon.fetch(["nonsense"])
    scene.daemon.signal(signal.SIGUSR2)
    scene.daemon.wait_for_line("log level changed", count=2)  # the log is in order: what was told stands before this
    assert "batch done" not in scene.daemon.log


def is_json(scene):
    scene.daemon.fetch(["nonsense"])
    assert client.strict_json(scene.daemon.wait_for_line("batch done")[0])["urls"] == 1


def host_is(status):
    return lambda scene: client.request(scene.daemon.address, "GET", "/version", headers={"Host": "other.test"}).status == status or pytest.fail("Host")


def origin_may(scene):
    assert scene.daemon.get("/version", headers={"Origin": "https://page.test"}).headers["Access-Control-Allow-Origin"] == "https://page.test"


def wants_token(scene):
    assert scene.daemon.get("/version").status == 401


def wants_no_token(scene):
    assert scene.daemon.get("/version").status == 200


def gives_up_the_name(scene):
    assert scene.daemon.fetch_one("http://name.test/", timeout=SOON)["error_code"] == "dns"


def error_is(path, code, **options):
    def probe(scene):
        assert scene.one(path, **options)["error_code"] == code
    return probe


def option_is_refused(**option):
    return lambda scene: scene.refused(["nonsense"], 422, next(iter(option)), **option)


def attempts_are(count, given_up=None):
    def probe(scene):
        attempts = scene.one("/status/503", include=["attempts"], retry_delay=0.001, **({"retries": 3} if given_up else {}))["attempts"]
        assert len(attempts) == count and (not given_up or attempts[-1]["given_up"] == given_up)
    return probe


# For each setting: what the file says after the reload, and what is to be seen then. {tokens} and {silent} are a token
# file and the address of a name server that says nothing.
FOLLOWS = {
    "server.max_request_bytes": ("1KiB", lambda s: s.refused(["http://a.test/" + "x" * 2000], 413, "server.max_request_bytes")),
    "server.request_memory": ("1MiB", lambda s: s.refused(["x" * 1_200_000], 503, "server.request_memory")),
    "server.max_urls": ("2", lambda s: s.refused(["a", "b", "c"], 413, "server.max_urls")),
    "server.max_connections_per_address": ("1", second_connection_is_refused),
    "server.header_timeout": ("1", lambda s: s.closed_soon(b"GET / HTTP/1.1\r\n"), {"server.header_timeout": "60"}),
    "server.body_timeout": ("1", lambda s: s.closed_soon(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")),
    "server.idle_timeout": ("1", lambda s: s.closed_soon(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    "server.send_timeout": ("1", Scene.unread_is_cut),
    "server.min_read_rate": ("1GiB", Scene.unread_is_cut, {"server.send_timeout": "1"}),
    "server.drain_delay": ("1", drain_is_delayed),
    "server.drain_timeout": ("0", Scene.drains_at_once),
    "server.answer_buffer": ("4KiB", Scene.is_held_up, {"server.answer_buffer": "64MiB"}),
    "server.answer_memory": ("1MiB", Scene.is_held_up, {"server.answer_buffer": "64MiB"}),
    "server.allowed_hosts": ("other.test", host_is(200)),
    "server.allowed_origins": ("https://page.test", origin_may),
    "auth.token_file": ("{tokens}", wants_token),
    "auth.allow_anonymous": ("yes", wants_no_token, {"auth.token_file": "{tokens}"}),
    "pool.queue": ("2", lambda s: s.refused(["a", "b", "c"], 413, "pool.queue")),
    "pool.max_concurrent": ("1", lambda s: s.only_one_at_once([s.origin.url("/held")] * 2)),
    "pool.max_concurrent_limit": ("7", option_is_refused(max_concurrent=8)),
    "pool.idle_timeout": ("0.01", workers_leave),
    "pool.handle_idle_timeout": ("0.01", warm_connections_are_closed),
    "fetch.timeout": ("0.05", error_is("/held", "timeout")),
    "fetch.timeout_limit": ("7", option_is_refused(timeout=8)),
    "fetch.connect_timeout": ("0.05", gives_up_the_name, {"fetch.name_servers": "{silent}", "fetch.name_timeout": "60"}),
    "fetch.max_redirects": ("1", error_is("/redirect/2", "too_many_redirects")),
    "fetch.max_size": ("10", error_is("/bytes/11", "too_large")),
    "fetch.max_size_limit": ("20", option_is_refused(max_size=21)),
    "fetch.retries": ("1", attempts_are(2)),
    "fetch.retry_delay": ("0.001", delays_are_short),
    "fetch.retry_budget": ("0", attempts_are(1, "budget")),
    "host.max_concurrent": ("1", lambda s: s.only_one_at_once([s.origin.url("/held"), s.origin.url("/held?2")])),
    "host.max_concurrent_limit": ("40", option_is_refused(per_host=41)),
    "host.delay": ("7", lambda s: s.host("delay") == 7 or pytest.fail("delay")),
    "host.max_pause": ("0.01", Scene.asked_soon_again),
    "guard.allow": ("127.0.0.1", lambda s: s.one("/")["status"] == 200 or pytest.fail("blocked")),
    "guard.deny": ("127.0.0.1", error_is("/", "blocked"), {"guard.allow": "127.0.0.1"}),
    "guard.ports": ("1", error_is("/", "blocked"), {"guard.allow": "127.0.0.1"}),
    "guard.nat64": ("64:ff9b::/96", lambda s: s.daemon.fetch_one(f"http://[64:ff9b::7f00:1]:{s.origin.port}/", connect_timeout=0.2)["error_code"]
                    in ("connect", "connect_timeout") or pytest.fail("blocked"), {"guard.allow": "127.0.0.1"}),
    "guard.user_info": ("yes", lambda s: s.daemon.fetch_one(s.origin.url("/").replace("://", "://u:p@"))["status"] == 200 or pytest.fail("refused"),
                        {"guard.allow": "127.0.0.1"}),
    "log.level": ("error", is_silent),
    "log.format": ("json", is_json),
}
# The certificate, in test_https.py.
ELSEWHERE = {"server.tls_cert", "server.tls_key"}


def test_every_setting_is_looked_at():
    text = run_program(FETCHPOOLD, "--help").stdout
    names = re.findall(r"^  ([a-z0-9]+\.[a-z0-9_]+) \(default: [^\n]*?(?<!takes a restart)\)$", text, re.M)
    assert sorted(names) == sorted([*FOLLOWS, *ELSEWHERE])


def wait_for_reload(daemon):
    """One that is not told: signals are taken in their order, and the level starts from the new one."""
    daemon.signal(signal.SIGUSR2)
    assert "to=error" in daemon.wait_for_line("log level changed")[0]


def write(path, settings):
    path.write_text("".join(f"[{name.split('.')[0]}]\n{name.split('.')[1]} = {value}\n" for name, value in settings.items()))


@pytest.mark.parametrize("name", FOLLOWS)
def test_the_setting_is_in_force_after_a_reload(start_daemon, origin, tmp_path, name):
    value, probe, *more = FOLLOWS[name]
    tokens = TokenFile(tmp_path / "tokens")
    tokens.add("a")
    path = tmp_path / "fetchpool.conf"
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        places = {"tokens": tokens.path, "silent": "127.0.0.1:%d" % silent.getsockname()[1]}
        before = {key: text.format(**places) for key, text in (more[0] if more else {}).items()}
        write(path, before)
        daemon = start_daemon(arguments=["--config", str(path)], open_loopback=not name.startswith("guard."))
        write(path, {**before, name: value.format(**places)})
        daemon.signal(signal.SIGHUP)
        if name == "log.level":
            wait_for_reload(daemon)
        else:
            daemon.wait_for_line("settings reloaded")
        assert "takes a restart" not in daemon.log
        probe(Scene(daemon, origin))
    origin.release()
