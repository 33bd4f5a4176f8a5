"""SIGHUP: the settings are read again, all or nothing."""

import re
import signal
import socket
import threading

import pytest

from rig import client
from rig.daemon import FETCHPOOLD, run_program
from rig.timing import PATIENCE, wait_for
from rig.tokens import TokenFile, bearer

DONE, REFUSED, KEPT = "settings reloaded", "settings not reloaded", "takes a restart: it stays as it was"


class Reloaded:
    """A daemon whose settings stand in a file: reload(text) writes it, and waits until the daemon is through with it."""

    def __init__(self, daemon, path):
        self.daemon, self.path = daemon, path

    def __call__(self, text, told=DONE):
        before = sum(told in line for line in self.daemon.lines)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(text)
        fresh.rename(self.path)  # never half of it
        self.daemon.signal(signal.SIGHUP)
        return self.daemon.wait_for_line(told, count=before + 1)[-1]


@pytest.fixture
def reloaded(start_daemon, tmp_path):
    """reloaded("[pool] ..."): a daemon with this file."""
    def start(text="", open_loopback=True, **how):
        path = tmp_path / "fetchpool.conf"
        path.write_text(text)
        return Reloaded(start_daemon(arguments=["--config", str(path)], open_loopback=open_loopback, **how), path)

    return start


# ---- what is wrong changes nothing ----

def test_a_broken_file_changes_nothing_and_is_told_with_its_line(reloaded):
    reload = reloaded()
    line = reload("[log]\nlevel = error\n[fetch]\ntimeout = soon\n", REFUSED)
    assert "level=error" in line and f"{reload.path}:4" in line and "fetch.timeout" in line
    reload("[log]\nlevel = info\n")


@pytest.mark.parametrize("text, places", [
    ("[pool]\nqueue = 7\nqueue = 8\n", [":3:", "pool.queue"]),
    ("[pool]\nqueue = 7\n[fetch]\ntimeout = 20\ntimeout_limit = 10\n", [":4:", "fetch.timeout"]),
    ("[guard]\nallow = 10.0.0.0/8\ndeny = nowhere\n", [":3:", "guard.deny"]),
    ("[guard]\nports = 0\n", [":2:", "guard.ports"]),
    ("[pool\n", [":1:"]),
    ("[server]\nunix_mode = 999\n", [":2:", "server.unix_mode"]),
])
def test_a_mistake_is_told_with_file_and_line(reloaded, text, places):
    reload = reloaded()
    line = reload(text, REFUSED)
    assert all(place in line for place in [str(reload.path), *places]), line


def test_a_file_that_is_gone_changes_nothing(reloaded, origin):
    reload = reloaded("[fetch]\nmax_size = 10\n")
    reload.path.unlink()
    reload.daemon.signal(signal.SIGHUP)
    line, = reload.daemon.wait_for_line(REFUSED)
    assert str(reload.path) in line and "No such file" in line
    assert reload.daemon.fetch_one(origin.url("/bytes/11"))["error_code"] == "too_large"


def test_a_broken_token_file_changes_nothing_else_either(reloaded, tmp_path, origin):
    tokens = TokenFile(tmp_path / "tokens")
    token = tokens.add("a")
    settings = f"[auth]\ntoken_file = {tokens.path}\n"
    reload = reloaded(settings)
    tokens.path.write_text(tokens.path.read_text() + "b nonsense\n")
    line = reload(settings + "[fetch]\nmax_size = 10\n", REFUSED)
    assert f"{tokens.path}:3" in line and "nonsense" not in line
    answer = reload.daemon.post("/fetch", [origin.url("/bytes/11")], headers=bearer(token))
    assert answer.status == 200 and answer.json()[0]["status"] == 200


def test_a_broken_certificate_changes_nothing_else_either(reloaded, authority, tmp_path, origin):
    cert = authority.server_file("localhost", "127.0.0.1")
    settings = f"[server]\ntls_cert = {cert}\ntls_key = {cert}\n"
    reload = reloaded(settings)
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    line = reload(f"[server]\ntls_cert = {broken}\ntls_key = {cert}\n[log]\nlevel = error\n", REFUSED)
    assert str(broken) in line
    reload(settings)  # which is information


def test_settings_that_do_not_fit_the_descriptors_change_nothing(reloaded):
    line = reloaded()("[pool]\nworkers = 10000\nhandles = 1000000\n[server]\nmax_connections = 1000000\n", REFUSED)
    assert "descriptors" in line


# ---- what takes a restart ----

def rows():
    """The names of all settings, and whether a change takes a restart, as --help tells."""
    text = run_program(FETCHPOOLD, "--help").stdout
    found = re.findall(r"^  ([a-z0-9]+\.[a-z0-9_]+) \(default: [^\n]*?(; takes a restart)?\)$", text, re.M)
    assert len(found) > 50
    return {name: bool(restart) for name, restart in found}


# Another value for each that takes a restart; it is not used, so it need not lead anywhere.
OTHERS = {
    "server.listen": "127.0.0.1:0, [::1]:0", "server.max_connections": "77", "server.unix_mode": "0600", "server.unix_owner": "root",
    "pool.workers": "7", "pool.handles": "7", "fetch.max_header_bytes": "2KiB", "fetch.low_speed_limit": "7", "fetch.low_speed_time": "7",
    "fetch.name_servers": "192.0.2.1", "fetch.name_timeout": "7", "fetch.names": "7", "fetch.user_agent": "other", "fetch.ca_file": "/none",
}


def settings_text(settings):
    return "".join(f"[{name.split('.')[0]}]\n{name.split('.')[1]} = {value}\n" for name, value in settings.items())


def test_what_takes_a_restart_is_named_and_stays(reloaded, origin):
    assert {name for name, restart in rows().items() if restart} == set(OTHERS)
    before = {"server.listen": "127.0.0.1:0", "fetch.user_agent": "first"}
    reload = reloaded(settings_text(before), listen=())
    reload(settings_text({**OTHERS, "fetch.max_size": "10"}))
    told = [re.search(r"setting=(\S+)", line).group(1) for line in reload.daemon.lines if KEPT in line]
    assert sorted(told) == sorted(OTHERS)
    assert all("level=warning" in line for line in reload.daemon.lines if KEPT in line)
    assert reload.daemon.fetch_one(origin.url("/bytes/11"))["error_code"] == "too_large"  # the others are in force
    assert origin.requests[-1].header("User-Agent") == "first"
    reload(settings_text(before))
    assert len([line for line in reload.daemon.lines if KEPT in line]) == len(OTHERS)


# ---- the level of the log ----

def test_the_log_level_follows_the_file(reloaded):
    reload = reloaded()
    reload.path.write_text("[log]\nlevel = error\n")
    reload.daemon.signal(signal.SIGHUP)
    reload.daemon.stop()  # the kernel hands SIGHUP out before SIGTERM
    assert "ready" in reload.daemon.log and "draining" not in reload.daemon.log


def test_signals_move_the_level_and_a_reload_puts_it_back(reloaded, origin):
    reload = reloaded("[log]\nlevel = warning\n", wait=False, listen=("unix:socket",))
    daemon = reload.daemon
    address = f"unix:{daemon.folder}/socket"

    def change(number, level, count):
        daemon.signal(number)
        assert f"to={level}" in daemon.wait_for_line('msg="log level changed"', count=count)[-1]

    def fetch():
        """The number of the batch."""
        answer = client.request(address, "POST", "/fetch", f'["{origin.url("/")}"]'.encode(), {"Content-Type": "application/json"})
        assert answer.status == 200
        return answer.headers["Fetchpool-Batch"]

    wait_for(lambda: fetch_or_none(fetch), "an answer")
    assert "batch done" not in daemon.log
    change(signal.SIGUSR1, "info", 1)
    daemon.wait_for_line("batch done", fetch())
    assert "fetch done" not in daemon.log
    change(signal.SIGUSR1, "debug", 2)
    change(signal.SIGUSR1, "debug", 3)
    debugged = fetch()
    daemon.wait_for_line("fetch done", debugged)
    daemon.wait_for_line("batch done", debugged)
    for count, level in enumerate(("info", "warning", "error", "error"), 4):
        change(signal.SIGUSR2, level, count)
    assert fetch() not in daemon.log
    reload.path.write_text("[log]\nlevel = info\n")
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_line(DONE)


def fetch_or_none(fetch):
    try:
        return fetch()
    except OSError:
        return None


# ---- the service manager ----

def test_the_service_manager_is_told_of_each_reload(start_daemon, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(PATIENCE)

        def told(name):
            """The next message with that, behind others about how the daemon fares."""
            while name not in (message := dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())):
                assert message.keys() <= {"STATUS", "WATCHDOG"}, message
            return message

        daemon = start_daemon(environment={"NOTIFY_SOCKET": str(path)}, ca_file=None)
        assert told("READY")["READY"] == "1"
        last = 0
        for text in ("", "[nonsense]\n"):
            (daemon.folder / "own.conf").write_text(text)
            daemon.signal(signal.SIGHUP)
            reloading = told("RELOADING")
            assert reloading["RELOADING"] == "1" and int(reloading["MONOTONIC_USEC"]) > last
            assert told("READY")["READY"] == "1"
            last = int(reloading["MONOTONIC_USEC"])


# ---- a hundred of them ----

class Caller(threading.Thread):
    """Asks again and again over one connection, and remembers what was not as it should be."""

    def __init__(self, daemon, urls):
        super().__init__(daemon=True)
        self.connection, self.urls = daemon.connect(), urls
        self.stopped = threading.Event()
        self.answered = 0
        self.faults = []

    def run(self):
        body = "[" + ",".join(f'"{url}"' for url in self.urls) + "]"
        try:
            self.connection.connect()
            first = self.connection.sock
            while not self.stopped.is_set():
                answer = client.exchange(self.connection, "POST", "/fetch", body, {"Content-Type": "application/json"})
                if answer.status != 200 or [result["status"] for result in answer.json()] != [200] * len(self.urls):
                    self.faults.append(answer)
                if self.connection.sock is not first:
                    self.faults.append("another connection")
                self.answered += 1
        except Exception as fault:  # whatever it is, it must not happen
            self.faults.append(fault)
        finally:
            self.connection.close()


GOOD = "[server]\nmax_urls = 100000\n"
CHANGED = ["[pool]\nqueue = {n}000\nmax_concurrent = {n}\n", "[host]\nmax_concurrent = {n}\ndelay = 0\n", "[fetch]\ntimeout = 1{n}\nretries = {n}\n",
           "[server]\nidle_timeout = 1{n}\nallowed_origins = https://a{n}.test\n", "[log]\nformat = json\n", "[pool]\nworkers = 7\nhandle_idle_timeout = 9{n}\n",
           "[guard]\ndeny = 192.0.2.{n}\n"]
BROKEN = ["[fetch]\ntimeout = never\n", "[none]\n", "[guard]\ndeny = x\n", "[auth]\ntoken_file = /none\n", "[server]\ntls_cert = /none\ntls_key = /none\n", "x"]


def test_a_hundred_reloads_fail_no_request_and_drop_no_connection(reloaded, origin):
    reload = reloaded(GOOD, settings={"pool.idle_timeout": 0.2, "pool.handle_idle_timeout": 0.2})
    daemon = reload.daemon
    at_rest = daemon.descriptors(), daemon.threads()
    callers = [Caller(daemon, [origin.url(f"/{n}/{k}") for k in range(5)]) for n in range(4)]
    for caller in callers:
        caller.start()
    seen = []
    for n in range(100):
        if n % 3 == 2:
            reload(BROKEN[n % len(BROKEN)], REFUSED)
        else:
            reload(CHANGED[n % len(CHANGED)].format(n=n % 9 + 1) if n % 3 else GOOD)
        before = [caller.answered for caller in callers]
        if n % 10 == 9:
            wait_for(lambda: all(c.answered > b or c.faults for c, b in zip(callers, before)), "answers between the reloads")
            seen.append((daemon.descriptors(), daemon.threads()))
    reload(GOOD)
    for caller in callers:
        caller.stopped.set()
        caller.join(PATIENCE)
        assert not caller.is_alive() and not caller.faults, caller.faults[:1]
        assert caller.answered >= 10
    files, threads = zip(*seen)
    # Each call in flight may have a warm connection, with its handle's wake-up pair, and a worker.
    at_most_in_flight = 4 * 5
    assert max(files[5:]) <= max(files[:5]) + 3 * at_most_in_flight and max(threads[5:]) <= max(threads[:5]) + at_most_in_flight
    assert max(files) < 150 and max(threads) < 60, seen
    wait_for(lambda: daemon.descriptors() <= at_rest[0] and daemon.threads() <= at_rest[1], "as little is held as before the first one")
