"""fetchpool --server: the same from a daemon, and what a daemon refuses."""

import json
import signal

import pytest

from rig.client import strict_json
from rig.daemon import FETCHPOOL, OPEN_LOOPBACK, Daemon, leave_program, run_program, start_program
from rig.origin import Reply
from rig.timing import PATIENCE
from rig.tokens import TokenFile


def fetchpool(daemon, *arguments, text="", **environment):
    return run_program(FETCHPOOL, "--server", daemon.url(), *arguments, text=text, **environment)


def test_a_daemon_fetches(steady_daemon, origin):
    urls = [origin.url("/a"), "nonsense", origin.url("/status/404")]
    result = fetchpool(steady_daemon, *urls)
    assert (result.returncode, result.stderr) == (1, "")
    assert [found["url"] for found in strict_json(result.stdout)] == urls
    assert [found["status"] for found in strict_json(result.stdout)] == [200, 0, 404]


def test_over_a_unix_socket(start_daemon, origin):
    daemon = start_daemon(listen=["unix:socket"])
    result = run_program(FETCHPOOL, "--server", daemon.address, origin.url("/a"))
    assert result.returncode == 0 and strict_json(result.stdout)[0]["status"] == 200


def test_options_are_said_to_the_daemon(steady_daemon, origin):
    item = {"url": origin.url("/item"), "id": "i", "method": "PUT", "headers": {"X-B": ["1", "2"]}, "body": "text", "include": ["headers"]}
    arguments = ["-c", "3", "-X", "POST", "-H", "X-A: ü", "-H", "X-A: 2", "--timeout", "7", "--retries", "1", "--retry-delay", "0.1",
                 "--per-host", "2", "--host-delay", "0", "--deadline", "60", "--max-redirects", "3", "--max-size", "1M", "--no-decompress"]
    result = fetchpool(steady_daemon, *arguments, "-d", "list", text=f"{origin.url('/a')}\n{json.dumps(item)}\n")
    assert result.returncode == 0, result.stderr
    found = strict_json(result.stdout)
    assert "headers" in found[1] and "headers" not in found[0] and found[1]["id"] == "i"
    of_list, of_item = sorted(origin.requests, key=lambda request: request.path)
    assert (of_list.method, of_list.body) == ("POST", b"list")
    assert [value for name, value in of_list.headers if name == "X-A"] == ["ü".encode().decode("latin-1"), "2"]
    assert (of_item.method, of_item.body) == ("PUT", b"text")
    assert [value for name, value in of_item.headers if name == "X-B"] == ["1", "2"]
    assert not [name for name, _ in of_list.headers if name == "Accept-Encoding"]


def test_headers_have_the_same_order_with_and_without_it(steady_daemon, origin):
    arguments = [word for line in ("X-A: 1", "X-B: 2", "X-A: 3", "x-a: 4", "X-B: 5") for word in ("-H", line)]
    assert fetchpool(steady_daemon, *arguments, origin.url("/by")).returncode == 0
    assert run_program(FETCHPOOL, *arguments, origin.url("/alone")).returncode == 0
    by, alone = ([header for header in request.headers if header[0].lower() in ("x-a", "x-b")] for request in origin.requests)
    assert by == alone == [("X-A", "1"), ("X-A", "3"), ("X-B", "2"), ("X-B", "5"), ("x-a", "4")]


def test_bytes_go_there_and_back(steady_daemon, origin, tmp_path):
    body = bytes(range(256)) + b"\xff\x00"
    (tmp_path / "body").write_bytes(body)
    result = fetchpool(steady_daemon, "-d", f"@{tmp_path}/body", "--save", str(tmp_path / "saved"), "--include", "sha256", origin.url("/a"))
    assert result.returncode == 0, result.stderr
    assert origin.requests[0].body == body
    assert strict_json(result.stdout)[0]["saved"] in [path.name for path in (tmp_path / "saved").iterdir()]


def test_a_token_is_shown(start_daemon, origin, tmp_path):
    tokens = TokenFile(tmp_path / "tokens")
    token = tokens.add("shell")
    (tmp_path / "token").write_text(token + "\n")
    daemon = start_daemon({"auth.token_file": tokens.path})
    assert fetchpool(daemon, origin.url("/a"), FETCHPOOL_TOKEN=token).returncode == 0
    assert fetchpool(daemon, "--token-file", f"{tmp_path}/token", origin.url("/a")).returncode == 0
    for environment in {}, {"FETCHPOOL_TOKEN": "wrong"}:
        result = fetchpool(daemon, origin.url("/a"), **environment)
        assert (result.returncode, result.stdout) == (3, "")
        assert "refused (401): " in result.stderr and token not in result.stderr


@pytest.mark.parametrize("arguments, text, status", [(["--timeout", "9999"], "/timeout: ", 2), (["--max-size", "1G"], "/max_size: ", 2)])
def test_a_refusal_of_the_request_is_a_2(steady_daemon, origin, arguments, text, status):
    result = fetchpool(steady_daemon, *arguments, origin.url("/a"))
    assert (result.returncode, result.stdout) == (status, "")
    assert "refused (422): " in result.stderr and text in result.stderr


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "har", "table"])
def test_a_list_that_is_refused_prints_nothing(start_daemon, form):
    daemon = start_daemon({"server.max_urls": 100})
    urls = [f"http://127.0.0.1:1/{n}" for n in range(2000)]
    for many, arguments, refused in (urls, [], "refused (413): "), (urls[:100], ["--max-size", "1G"], "refused (422): "):
        result = fetchpool(daemon, "-o", form, *arguments, text="\n".join(many))
        assert (result.returncode, result.stdout) == (2, "") and refused in result.stderr


def test_a_daemon_that_is_full_is_a_3(start_daemon, origin):
    daemon = start_daemon({"pool.queue": 1, "pool.workers": 1})
    held = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1)
    waiting = daemon.begin_batch([origin.url("/b")])
    result = None
    while not result or result.returncode == 0:
        result = fetchpool(daemon, "--timeout", "1", origin.url("/c"))
    assert (result.returncode, result.stdout) == (3, "")
    assert "refused (503): " in result.stderr and "try again in" in result.stderr
    origin.release()
    held.answer()
    waiting.answer()


def test_what_is_no_daemon_is_a_3(origin):
    for server, text in ("http://127.0.0.1:1", "connect"), (origin.url(), "this is not an answer of fetchpoold"):
        result = run_program(FETCHPOOL, "--server", server, origin.url("/a"))
        assert (result.returncode, result.stdout) == (3, "")
        assert server.rstrip("/") in result.stderr and text in result.stderr


@pytest.mark.parametrize("result", ['"status":2147483648,"size":1', '"status":3221225472,"size":1', '"status":4294967295,"size":1', '"status":0',
                                    '"status":0,"error":"why"', '"status":200,"size":-1'])
@pytest.mark.parametrize("form", ["json", "table"])
def test_a_result_that_cannot_be_is_a_3(origin, result, form):
    body = f'{{"url":"x","index":0,{result},"elapsed":0.1}}\n{{"done":true}}\n'
    origin.on("/fetch", Reply(body=body.encode(), headers=[("Content-Type", "application/x-ndjson")]))
    result = run_program(FETCHPOOL, "--server", origin.url(), "-o", form, origin.url("/a"))
    assert result.returncode == 3 and "this is not an answer of fetchpoold" in result.stderr
    assert "shutdown" in result.stdout


NEW = '{"url":"x","index":0,"status":0,"error":"why","error_code":"new_1","elapsed":0.1,"attempts":[{"status":0,"error_code":"new_1","elapsed":0.1}]}'


@pytest.mark.parametrize("form", ["json", "ndjson", "csv", "table", "har"])
def test_an_error_that_only_the_daemon_knows_is_printed_as_it_came(origin, form):
    answer = f'{{"log":{{"entries":[{{"_index":0,"_result":{NEW}}}]}}}}' if form == "har" else f'{NEW}\n{{"done":true}}\n'
    origin.on("/fetch", Reply(body=answer.encode(), headers=[("Content-Type", "application/har+json" if form == "har" else "application/x-ndjson")]))
    include = [] if form == "csv" else ["--include", "attempts"]
    result = run_program(FETCHPOOL, "--server", origin.url(), "-o", form, *include, origin.url("/a"))
    assert (result.returncode, result.stderr) == (1, "")
    if form == "table":
        assert result.stdout.count("new_1") == 3 # counted, failed, slow
    elif form == "csv":
        assert result.stdout.splitlines()[1].split(",")[4:6] == ["why", "new_1"]
    else:
        found = strict_json(result.stdout)
        found = found["log"]["entries"][0]["_result"] if form == "har" else found[0] if form == "json" else found
        assert [told["error_code"] for told in (found, *found["attempts"])] == ["new_1", "new_1"]


@pytest.mark.parametrize("name", ["New", "a b", "", "\\u001b[31m", "x" * 65])
def test_what_is_no_name_of_an_error_is_a_3(origin, name):
    origin.on("/fetch", Reply(body=NEW.replace("new_1", name).encode() + b'\n{"done":true}\n', headers=[("Content-Type", "application/x-ndjson")]))
    result = run_program(FETCHPOOL, "--server", origin.url(), origin.url("/a"))
    assert result.returncode == 3 and "this is not an answer of fetchpoold" in result.stderr


def test_a_socket_that_is_not_there_is_named(tmp_path):
    server = f"unix:{tmp_path}/none"[:107]
    result = run_program(FETCHPOOL, "--server", server, "http://127.0.0.1/")
    assert (result.returncode, result.stdout, result.stderr) == (3, "", f"fetchpool: {server}: No such file or directory\n")


@pytest.mark.parametrize("server", ["ftp://a/", "unix:socket", "http://user:password@127.0.0.1/", "http://127.0.0.1/?x"])
def test_what_is_no_address_is_a_2(server):
    result = run_program(FETCHPOOL, "--server", server, "http://127.0.0.1/")
    assert (result.returncode, result.stdout) == (2, "")


def test_a_daemon_that_dies_is_told_and_each_url_has_its_result(origin):
    daemon = Daemon(OPEN_LOOPBACK)
    urls = [origin.url("/a"), origin.url("/held"), origin.url("/b")]
    process = start_program(FETCHPOOL, "--server", daemon.url(), "-c", "1", "-o", "ndjson", *urls)
    first = process.stdout.readline()
    daemon.signal(signal.SIGKILL)
    output, errors = process.communicate(timeout=PATIENCE)
    daemon.wait()
    assert process.returncode == 3 and b"the daemon's answer ended" in errors
    results = [strict_json(line) for line in [first, *output.splitlines()]]
    assert [found["url"] for found in results] == urls
    assert [found.get("error_code") for found in results] == [None, "shutdown", "shutdown"]
    daemon.kill()


def test_an_interrupt_cancels_there(steady_daemon, origin):
    urls = [origin.url("/a"), origin.url("/held"), origin.url("/b")]
    process = start_program(FETCHPOOL, "--server", steady_daemon.url(), "-c", "1", *urls)
    origin.wait_for_requests(2)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (130, b"")
    assert [found.get("error_code") for found in strict_json(output)][1:] == ["cancelled", "cancelled"]
    origin.wait_until(lambda: origin.open_connections == 0)


def test_a_reader_that_leaves_cancels_there(steady_daemon, origin):
    process = start_program(FETCHPOOL, "--server", steady_daemon.url(), origin.url("/held"))
    origin.wait_for_requests(1)
    leave_program(process)
    origin.wait_until(lambda: origin.open_connections == 0)


def test_over_tls(start_daemon, authority, origin):
    identity = authority.server_file("localhost", "127.0.0.1")
    daemon = start_daemon({"server.tls_cert": identity, "server.tls_key": identity})
    server = f"https://{daemon.address}"
    result = run_program(FETCHPOOL, "--server", server, "--ca-file", str(authority.file), origin.url("/a"))
    assert result.returncode == 0, result.stderr
    result = run_program(FETCHPOOL, "--server", server, origin.url("/a"))
    assert result.returncode == 3 and "certificate" in result.stderr.lower()
