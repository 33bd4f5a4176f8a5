"""Bearer tokens: who is let in, by which header, to what, and what a reload does to it."""

import http.client
import signal
import socket
import subprocess
import threading

import pytest

from rig import client
from rig.daemon import FETCHPOOL, FETCHPOOLD, clean_environment, run_program
from rig.timing import PATIENCE, many, wait_for
from rig.tokens import TokenFile, bearer

JSON = {"Content-Type": "application/json"}
MISSING = 'Bearer realm="fetchpool"'
INVALID = 'Bearer realm="fetchpool", error="invalid_token"'

# What a route needs; None: nothing, "": any token.
ROUTES = [("GET", "/healthz", None), ("HEAD", "/healthz", None), ("GET", "/readyz", None), ("GET", "/version", ""),
          ("POST", "/fetch", "fetch"), ("POST", "/drill", "drill"), ("GET", "/pressure", "metrics"), ("GET", "/metrics", "metrics"), ("GET", "/hosts", "hosts"),
          ("GET", "/hosts/a.test", "hosts"), ("PATCH", "/hosts/a.test", "hosts")]
BODIES = {"/fetch": b"[]", "/drill": b'{"tasks": []}', "/hosts/a.test": b'{"delay": 0}'}


@pytest.fixture
def tokens(tmp_path):
    return TokenFile(tmp_path / "tokens")


@pytest.fixture
def start_guarded(start_daemon, tokens):
    """start_guarded(settings): a daemon that demands tokens."""
    def start(settings=None, **how):
        return start_daemon({"auth.token_file": tokens.path, **(settings or {})}, **how)

    return start


def ask(daemon, method, path, headers=None):
    return client.request(daemon.address, method, path, BODIES.get(path), {**JSON, **(headers or {})})


def assert_refused(answer, status, challenge):
    assert answer.status == status, answer.body
    assert answer.headers["WWW-Authenticate"] == challenge
    if answer.body:
        assert answer.json()["status"] == status


def test_each_route_wants_its_scope(start_guarded, tokens):
    holders = {scope: tokens.add(scope, scopes=scope) for scope in ("fetch", "drill", "jobs", "hosts", "metrics")}
    daemon = start_guarded()
    for method, path, wanted in ROUTES:
        if wanted is None:
            assert ask(daemon, method, path).status == 200
            assert ask(daemon, method, path, bearer("wrong")).status == 200
            continue
        assert_refused(ask(daemon, method, path), 401, MISSING)
        assert_refused(ask(daemon, method, path, bearer("wrong")), 401, INVALID)
        for scope, token in holders.items():
            answer = ask(daemon, method, path, bearer(token))
            if wanted in ("", scope):
                assert answer.status == 200, (method, path, scope, answer.body)
            else:
                assert_refused(answer, 403, f'{MISSING}, error="insufficient_scope", scope="{wanted}"')


def test_a_refused_change_of_a_host_changes_nothing(start_guarded, tokens):
    fetcher, operator = tokens.add("fetcher"), tokens.add("operator", scopes="hosts")
    daemon = start_guarded()
    change = client.request(daemon.address, "PATCH", "/hosts/a.test", b'{"paused": true}', {**JSON, **bearer(fetcher)})
    assert change.status == 403
    assert ask(daemon, "GET", "/hosts/a.test", bearer(operator)).json()["paused"] is False


def test_without_a_token_file_nobody_is_asked(daemon):
    for method, path, _ in ROUTES:
        assert ask(daemon, method, path).status == 200
        assert ask(daemon, method, path, {"Authorization": "nonsense"}).status == 200


def test_every_listener_demands_tokens(start_guarded, tokens, origin):
    token = tokens.add("a")
    daemon = start_guarded(listen=["127.0.0.1:0", "[::1]:0", "unix:socket"])
    body = f'["{origin.url("/")}"]'
    for address in daemon.addresses:
        assert client.request(address, "POST", "/fetch", body, JSON).status == 401
        assert client.request(address, "POST", "/fetch", body, {**JSON, **bearer(token)}).json()[0]["status"] == 200


def exchange_raw(daemon, *headers, path="/version"):
    """The status of a request with these header lines as they are."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers, "Connection: close", "", ""]
    with daemon.open_socket() as stream:
        stream.sendall("\r\n".join(lines).encode("latin-1"))
        return int(client.read_to_end(stream).split()[1])


def test_the_header_is_read_strictly(start_guarded, tokens):
    token = tokens.add("a")
    daemon = start_guarded()
    for good in (f"Authorization: Bearer {token}", f"authorization: bearer {token}", f"AUTHORIZATION:BEARER {token}"):
        assert exchange_raw(daemon, good) == 200, good
    for bad in (f"Bearer  {token}", f"Bearer\t{token}", f"Bearer {token} x", f"Bearer {token},", f"Basic {token}", token, f"Token {token}",
                f"Bearer token={token}", f'Bearer "{token}"', f"Bearer {token}\x80", "Bearer", "Bearer ", "", f"Bearer{token}", f"Bearer {token[:-1]}",
                f"Bearer {token}a", f"Bearer {token.swapcase()}", f"Bearer {'a' * 4000}"):
        assert exchange_raw(daemon, f"Authorization: {bad}") == 401, bad


def test_more_than_one_header_is_refused_even_if_all_are_right(start_guarded, tokens):
    token = tokens.add("a")
    daemon = start_guarded()
    line = f"Authorization: Bearer {token}"
    assert exchange_raw(daemon, line, line) == 400
    assert exchange_raw(daemon, line, "Authorization: Basic YTpi") == 400
    assert exchange_raw(daemon, "authorization: Basic YTpi", line) == 400


def test_tokens_elsewhere_do_not_count(start_guarded, tokens):
    token = tokens.add("a")
    daemon = start_guarded()
    for path in (f"/version?access_token={token}", f"/version?token={token}", f"/version?Authorization=Bearer%20{token}"):
        assert exchange_raw(daemon, path=path) == 401
    for header in (f"Proxy-Authorization: Bearer {token}", f"X-Api-Key: {token}", f"Cookie: Authorization=Bearer {token}"):
        assert exchange_raw(daemon, header) == 401


def test_the_refusal_comes_before_the_body(start_guarded, tokens):
    tokens.add("a")
    daemon = start_guarded()
    with daemon.open_socket() as stream:
        stream.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n"
                       b"Expect: 100-continue\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 401 ")


def test_anonymous_requests_where_they_are_allowed(start_guarded, tokens, origin):
    token = tokens.add("a", scopes="hosts")
    daemon = start_guarded({"auth.allow_anonymous": "yes"})
    assert daemon.fetch([origin.url("/")])[0]["status"] == 200
    assert_refused(ask(daemon, "GET", "/hosts"), 401, MISSING)
    assert_refused(ask(daemon, "POST", "/fetch", bearer("wrong")), 401, INVALID)
    assert ask(daemon, "GET", "/hosts", bearer(token)).status == 200
    assert ask(daemon, "POST", "/fetch", bearer(token)).status == 403


# ---- beyond loopback ----

def refuses_to_start(*arguments, **environment):
    result = run_program(FETCHPOOLD, "--config", "/dev/null", *arguments, **environment)
    assert result.returncode == 3 and "ready" not in result.stderr, result
    line = result.stderr.splitlines()[-1]
    assert "auth.token_file" in line and "auth.allow_anonymous" in line and "beyond loopback" in line
    return line


@pytest.mark.parametrize("action", [[], ["--check"]])
@pytest.mark.parametrize("addresses", [["0.0.0.0:0"], ["[::]:0"], ["127.0.0.1:0", "0.0.0.0:0"]])
def test_beyond_loopback_tokens_are_needed(addresses, action):
    line = refuses_to_start(*[part for address in addresses for part in ("--listen", address)], *action)
    assert addresses[-1].rsplit(":", 1)[0] in line


def test_a_passed_socket_beyond_loopback_needs_them_too():
    with socket.create_server(("0.0.0.0", 0)) as passed:
        script = 'exec 3<&$0; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        result = subprocess.run(["bash", "-c", script, str(passed.fileno()), FETCHPOOLD, "--config", "/dev/null"], capture_output=True, text=True,
                                pass_fds=[passed.fileno()], env=clean_environment(), timeout=PATIENCE, check=False)
    assert result.returncode == 3 and "0.0.0.0" in result.stderr and "auth.token_file" in result.stderr


def by_loopback(daemon, index=0):
    return daemon.addresses[index].replace("0.0.0.0", "127.0.0.1")


def test_beyond_loopback_with_tokens(start_guarded, tokens):
    token = tokens.add("a")
    daemon = start_guarded(listen=["0.0.0.0:0"])
    assert "whoever reaches" not in daemon.log
    assert client.request(by_loopback(daemon), "GET", "/version").status == 401
    assert client.request(by_loopback(daemon), "GET", "/version", headers=bearer(token)).status == 200


def test_beyond_loopback_open_on_purpose(start_daemon):
    daemon = start_daemon(listen=["127.0.0.1:0", "0.0.0.0:0"], environment={"FETCHPOOL_AUTH_ALLOW_ANONYMOUS": "yes"})
    daemon.wait_for_line("level=warning", "whoever reaches this address may fetch", "address=0.0.0.0")
    assert daemon.log.count("whoever reaches") == 1
    assert client.request(by_loopback(daemon, 1), "GET", "/version").status == 200


# ---- broken files ----

@pytest.mark.parametrize("text, word", [("a\n", ":1: there is no digest"), ("\n\nfp_secret " + "1" * 64, ":3: this looks like a token"),
                                        ("a " + "1" * 64 + " scopes=all", ":1: scopes must be some of"),
                                        ("a " + "1" * 64 + "\na " + "2" * 64, ":2: the name a is there twice")])
@pytest.mark.parametrize("action", [[], ["--check"]])
def test_a_broken_file_is_refused_at_the_start(tmp_path, text, word, action):
    path = tmp_path / "tokens"
    path.write_text(text)
    result = run_program(FETCHPOOLD, "--config", "/dev/null", "--listen", "127.0.0.1:0", "--set", f"auth.token_file={path}", *action)
    assert result.returncode == 3 and f"auth.token_file: {path}{word}" in result.stderr, result


def test_a_missing_file_is_refused_at_the_start():
    result = run_program(FETCHPOOLD, "--config", "/dev/null", "--listen", "127.0.0.1:0", "--set", "auth.token_file=/does/not/exist")
    assert result.returncode == 3 and "auth.token_file: /does/not/exist: No such file" in result.stderr


def test_a_file_that_all_may_write_is_warned_of(start_guarded, tokens):
    tokens.path.chmod(0o666)
    start_guarded().wait_for_line("level=warning", "writable by all", str(tokens.path))
    tokens.path.chmod(0o444)
    assert "writable by all" not in start_guarded().log


# ---- reloads ----

@pytest.fixture
def kept(request):
    """kept(daemon): a connection that is kept alive."""
    def open_connection(daemon):
        connection = daemon.connect()
        request.addfinalizer(connection.close)
        return connection

    return open_connection


def test_tokens_come_and_go_with_a_reload_also_on_a_kept_connection(start_guarded, tokens, kept):
    old = tokens.add("old")
    daemon = start_guarded()
    connection = kept(daemon)
    status = lambda token: client.exchange(connection, "GET", "/version", headers=bearer(token)).status  # noqa: E731
    assert status(old) == 200
    local_port = connection.sock.getsockname()[1]
    new = tokens.add("new")
    assert status(new) == 401
    tokens.reload(daemon)
    assert (status(old), status(new)) == (200, 200)
    tokens.remove("old")
    tokens.reload(daemon)
    assert (status(old), status(new)) == (401, 200)
    changed = tokens.add("new", scopes="metrics")
    tokens.reload(daemon)
    assert (status(new), status(changed)) == (401, 200)
    assert ask(daemon, "POST", "/fetch", bearer(changed)).status == 403
    assert connection.sock.getsockname()[1] == local_port


def test_a_running_batch_goes_on_when_its_token_is_removed(start_guarded, tokens, origin):
    token = tokens.add("a", max_in_flight=10)
    daemon = start_guarded()
    connection = daemon.connect()
    connection.request("POST", "/fetch", f'["{origin.url("/held/1")}", "{origin.url("/held/2")}"]', {**JSON, **bearer(token)})
    origin.wait_for_requests(2)
    tokens.remove("a")
    tokens.reload(daemon)
    assert ask(daemon, "POST", "/fetch", bearer(token)).status == 401
    origin.release()
    response = connection.getresponse()
    assert [result["status"] for result in client.strict_json(response.read())] == [200, 200]
    connection.close()


def test_a_broken_file_changes_nothing_and_its_line_is_logged(start_guarded, tokens):
    token = tokens.add("a")
    daemon = start_guarded({"log.level": "info"})
    for text, word in (("a\n", ":1: there is no digest"), (f"\n{token} " + "1" * 64 + " x\n", ":2: what follows the digest must be key=value")):
        tokens.path.write_text(text)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line("settings not reloaded", str(tokens.path) + word)
        assert ask(daemon, "GET", "/version", bearer(token)).status == 200
    tokens.path.unlink()
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_line("settings not reloaded", "No such file")
    assert ask(daemon, "GET", "/version", bearer(token)).status == 200
    assert token not in daemon.log


def test_a_reload_does_not_open_a_door_to_the_network(start_daemon, tokens, tmp_path):
    token = tokens.add("a")
    settings = tmp_path / "fetchpool.conf"
    settings.write_text(f"[auth]\ntoken_file = {tokens.path}\n")
    daemon = start_daemon(listen=["0.0.0.0:0"], arguments=["--config", str(settings)])
    settings.write_text("[log]\nlevel = debug\n")
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_line("settings not reloaded", "beyond loopback", "auth.allow_anonymous")
    assert client.request(by_loopback(daemon), "GET", "/version").status == 401
    assert client.request(by_loopback(daemon), "GET", "/version", headers=bearer(token)).status == 200
    assert "level=warning" not in daemon.log
    settings.write_text("[auth]\nallow_anonymous = yes\n")
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_line("settings reloaded")
    daemon.wait_for_line("level=warning", "whoever reaches this address may fetch")
    assert client.request(by_loopback(daemon), "GET", "/version").status == 200


class Caller(threading.Thread):
    """Asks again and again over one connection, and remembers what was not as it should be."""

    def __init__(self, daemon, url, token):
        super().__init__(daemon=True)
        self.connection, self.url, self.headers = daemon.connect(), url, {**JSON, **bearer(token)}
        self.stopped = threading.Event()
        self.answered = 0
        self.faults = []

    def run(self):
        try:
            while not self.stopped.is_set():
                answer = client.exchange(self.connection, "POST", "/fetch", f'["{self.url}"]', self.headers)
                if answer.status != 200 or answer.json()[0]["status"] != 200:
                    self.faults.append(answer)
                self.answered += 1
        except (OSError, http.client.HTTPException) as fault:
            self.faults.append(fault)
        finally:
            self.connection.close()


def test_a_hundred_reloads_under_load_fail_no_request(start_guarded, tokens, origin):
    steady = [tokens.add(f"steady{n}", max_in_flight=1000, urls_per_minute=1000000000) for n in range(4)]
    daemon = start_guarded()
    callers = [Caller(daemon, origin.url(f"/{n}"), token) for n, token in enumerate(steady * 2)]
    for caller in callers:
        caller.start()
    for n in range(100):
        tokens.add(f"passing{n % 7}") if n % 2 else tokens.lines.pop(f"passing{(n + 3) % 7}", None)
        tokens.add("steady0", steady[0], max_in_flight=1000 + n)
        tokens.reload(daemon)
    seen = [caller.answered for caller in callers]
    wait_for(lambda: all(caller.answered > before or caller.faults for caller, before in zip(callers, seen)), "an answer after the reloads")
    for caller in callers:
        caller.stopped.set()
        caller.join(PATIENCE)
        assert not caller.is_alive() and not caller.faults, caller.faults[:1]
        assert caller.answered > 10


# ---- what is told of callers ----

@pytest.mark.parametrize("form", ["logfmt", "json", "journal"])
def test_the_log_names_callers_and_never_their_tokens(start_guarded, tokens, origin, form):
    token, wrong = tokens.add("crawler-7", scopes="fetch,hosts"), "wrong-token-0123456789"
    daemon = start_guarded({"log.level": "debug", "log.format": form})
    client.request(daemon.address, "POST", "/fetch", f'["{origin.url("/")}"]', {**JSON, **bearer(token)})
    ask(daemon, "PATCH", "/hosts/a.test", bearer(token))
    for n in range(50):
        ask(daemon, "POST", "/fetch", bearer(wrong))
        ask(daemon, "POST", f"/fetch?access_token={token}", {"Authorization": f"Basic {token}"})
    ask(daemon, "POST", "/drill", bearer(token))
    tokens.reload(daemon)
    daemon.signal()
    assert daemon.wait() == 0
    assert "token:crawler-7" in daemon.log
    assert sum("batch done" in line and "token:crawler-7" in line for line in daemon.lines) == 1
    assert sum("host changed by hand" in line and "token:crawler-7" in line for line in daemon.lines) == 1
    told = [line for line in daemon.lines if "wrong token" in line]
    assert 1 <= len(told) <= 3 and "127.0.0.1" in told[0]  # every ten seconds at most
    for secret in (*tokens.secrets, wrong):
        assert secret not in daemon.log and secret[5:20] not in daemon.log


def test_answers_do_not_repeat_a_token(start_guarded, tokens):
    token = tokens.add("a")
    daemon = start_guarded()
    for headers in (bearer(token), bearer(token + "x"), {"Authorization": f"Basic {token}"}):
        for path in ("/fetch", "/hosts", "/none"):
            answer = ask(daemon, "POST", path, headers)
            assert token not in str(answer.headers) and token.encode() not in answer.body


def test_callers_of_one_address_take_turns_by_their_tokens(start_guarded, tokens, origin):
    """One worker: behind the URL that runs, the second caller's only one comes second, not behind the first's list."""
    many, few = tokens.add("many"), tokens.add("few")
    daemon = start_guarded({"pool.workers": 1})
    first = daemon.connect()
    first.request("POST", "/fetch", "[" + ",".join(f'"{origin.url(path)}"' for path in ["/held", *(f"/many/{n}" for n in range(20))]) + "]",
                  {**JSON, **bearer(many)})
    origin.wait_for_requests(1, "/held")
    second = daemon.connect()
    second.request("POST", "/fetch", f'["{origin.url("/few")}"]', {**JSON, **bearer(few)})
    # The daemon has taken the second list when it counts it as waiting.
    watcher = tokens.add("watcher", scopes="metrics")
    tokens.reload(daemon)
    wait_for(lambda: ask(daemon, "GET", "/pressure", bearer(watcher)).json()["queued"] == 21, "both lists are queued")
    origin.release()
    for connection in (first, second):
        assert connection.getresponse().read()
        connection.close()
    assert [request.path for request in origin.seen()].index("/few") <= 2


# ---- fetchpool token new ----

def test_a_new_token_works_with_its_line(start_daemon, tmp_path):
    made = run_program(FETCHPOOL, "token", "new", "ci", "scopes=fetch,metrics", "max_urls=2")
    assert made.returncode == 0 and "auth.token_file" in made.stderr and "SIGHUP" in made.stderr
    token, line = made.stdout.splitlines()
    assert token.startswith("fp_") and len(token) == 46 and token not in line and token not in made.stderr
    assert line.split()[0] == "ci" and line.split()[2:] == ["scopes=fetch,metrics", "max_urls=2"]
    (tmp_path / "tokens").write_text(line + "\n")
    daemon = start_daemon({"auth.token_file": tmp_path / "tokens"})
    assert ask(daemon, "GET", "/pressure", bearer(token)).status == 200
    assert daemon.post("/fetch", ["a", "b"], headers=bearer(token)).status == 200
    assert daemon.post("/fetch", ["a", "b", "c"], headers=bearer(token)).status == 413


def test_new_tokens_differ():
    made = [run_program(FETCHPOOL, "token", "new", "a").stdout.splitlines()[0] for _ in range(many(10))]
    assert len(set(made)) == len(made) > 1


@pytest.mark.parametrize("arguments", [[], ["old"], ["new"], ["new", "a b"], ["new", "a", "max_urls=0"], ["new", "a", "x=1"], ["new", "a", "scopes=all"],
                                       ["new", "anonymous"], ["new", "fp_a"], ["new", "é"], ["new", "a", "max_urls=1\nb -"], ["new", "a", "x" * 2000]])
def test_wrong_command_lines_of_token(arguments):
    result = run_program(FETCHPOOL, "token", *arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert result.stderr.startswith("fetchpool: ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["new", "--help"], ["-h"], ["new", "a", "--help"]])
def test_token_help(arguments):
    result = run_program(FETCHPOOL, "token", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("auth.token_file", "max_urls", "max_in_flight", "urls_per_minute", "scopes", "Exit status"):
        assert word in result.stdout


def test_token_output_that_cannot_be_written():
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([FETCHPOOL, "token", "new", "a"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 3 and "standard output" in result.stderr
