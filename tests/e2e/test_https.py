"""The front end behind TLS: certificates, their change, and clients that do not play along."""

import concurrent.futures
import contextlib
import datetime
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

from rig import client
from rig.daemon import FETCHPOOLD, clean_environment, run_program
from rig.shortage import TOLD, end_shortage, leave_descriptors
from rig.timing import PATIENCE, SANITIZED, Stopwatch, at_most, many, wait_for

DAY = datetime.timedelta(days=1)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.fixture
def pem(authority):
    return authority.server_file("localhost", "127.0.0.1")


@pytest.fixture
def start_https(start_daemon, pem):
    """start_https({"pool.workers": 2}): a daemon that speaks TLS, with a certificate of the authority."""
    def start(settings=None, **how):
        return start_daemon({"server.tls_cert": pem, "server.tls_key": pem, **(settings or {})}, **how)

    return start


@pytest.fixture
def trust(authority):
    """trust(**attributes): a client's context."""
    def make(**attributes):
        context = ssl.create_default_context(cafile=authority.file)
        for name, value in attributes.items():
            setattr(context, name, value)
        return context

    return make


@contextlib.contextmanager
def shaken(daemon, context):
    with daemon.open_socket() as plain, context.wrap_socket(plain, server_hostname="localhost") as stream:
        yield stream


def ask(stream):
    """A request on a connection that stays open; head and body come in records of their own."""
    stream.sendall(HEALTH)
    answer = b""
    while not answer.endswith(b"}\n"):
        piece = stream.recv(4096)
        assert piece, answer
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200")


def serial_of(stream):
    return stream.getpeercert()["serialNumber"]


def post(daemon, context, body, timeout=PATIENCE):
    connection = http.client.HTTPSConnection(*client.split_address(daemon.address), context=context, timeout=timeout)
    answer = client.exchange(connection, "POST", "/fetch", json.dumps(body), {"Content-Type": "application/json"})
    connection.close()
    return answer


def assert_serves_tls(daemon, context, origin):
    assert post(daemon, context, [origin.url("/still-there")]).json()[0]["status"] == 200


def test_batches_are_answered_behind_tls(start_https, trust, origin):
    daemon = start_https()
    with shaken(daemon, trust()) as stream:
        assert stream.version() == "TLSv1.3"
        for _ in range(3):
            ask(stream)
    urls = [origin.url(f"/delay/0.1/{n}") for n in range(20)]
    assert [result["url"] for result in post(daemon, trust(), urls).json()] == urls


def test_curl(start_https, authority, origin):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    daemon = start_https()
    result = subprocess.run(["curl", "-sS", "--cacert", authority.file, "--json", json.dumps([origin.url("/a")]), f"https://{daemon.address}/fetch"],
                            capture_output=True, text=True, timeout=PATIENCE, env=clean_environment())
    assert result.returncode == 0, result.stderr
    assert client.strict_json(result.stdout)[0]["status"] == 200


def test_large_bodies_and_answers(start_https, trust):
    daemon = start_https()
    urls = [f"bad url {n} {'x' * 100}" for n in range(many(50_000))]
    assert [result["url"] for result in post(daemon, trust(), urls).json()] == urls


def test_many_at_once(start_https, trust, origin):
    daemon = start_https()
    context = trust()
    with concurrent.futures.ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda n: post(daemon, context, [origin.url(f"/delay/0.05/{n}/{m}") for m in range(5)]), range(100)))
    for n, answer in enumerate(answers):
        assert [result["url"] for result in answer.json()] == [origin.url(f"/delay/0.05/{n}/{m}") for m in range(5)]


def test_accepting_goes_on_when_there_are_descriptors_though_no_client_leaves(start_https, trust):
    daemon = start_https()
    with shaken(daemon, trust()) as stays:
        leave_descriptors(daemon, 0)
        with daemon.open_socket():
            daemon.wait_for_line(TOLD)
            end_shortage(daemon)
            with shaken(daemon, trust()) as comes:
                ask(comes)
        ask(stays)


@pytest.mark.parametrize("length", [1, 7, 16383, 16384, 16385, 40000])
def test_records_of_all_lengths(start_https, trust, length):
    """A request in pieces that match neither TLS records nor the front end's buffers."""
    daemon = start_https()
    body = json.dumps(["x" * 200] * (5 if length < 10 else 400)).encode()
    head = b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with shaken(daemon, trust()) as stream:
        whole = head + body
        for at in range(0, len(whole), length):
            stream.sendall(whole[at:at + length])
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        assert len(client.strict_json(answer.read())) == body.count(b'"x')


def test_pipelined_requests(start_https, trust, origin):
    daemon = start_https()
    body = json.dumps([origin.url("/delay/0.1")])
    first = f"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    with shaken(daemon, trust()) as stream:
        stream.sendall(first + HEALTH + LAST)
        answer = client.read_to_end(stream)
    assert answer.count(b"HTTP/1.1 200") == 3


def test_a_client_that_leaves_cancels_its_batch(start_https, trust, origin):
    daemon = start_https()
    body = json.dumps([origin.url("/held")])
    with shaken(daemon, trust()) as stream:
        stream.sendall(f"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        origin.wait_for_requests(1)
    origin.wait_until(lambda: origin.abandoned == 1)
    origin.release()
    assert_serves_tls(daemon, trust(), origin)


def test_a_drain_answers_every_client(start_https, trust, origin):
    daemon = start_https()
    with concurrent.futures.ThreadPoolExecutor(5) as threads:
        pending = [threads.submit(post, daemon, trust(), [origin.url("/held")]) for _ in range(5)]
        origin.wait_for_requests(5)
        daemon.signal()
        daemon.wait_for_line("msg=draining")
        origin.release()
        assert [answer.result().json()[0]["status"] for answer in pending] == [200] * 5
    assert daemon.wait() == 0


def test_a_reader_that_does_not_read_is_cut(start_https, trust):
    daemon = start_https({"server.send_timeout": 2, "server.answer_buffer": "64KiB"})
    body = b"\n".join(b"bad url %s" % (b"x" * 200) for _ in range(20_000 if SANITIZED else 40_000))
    with socket.socket() as plain, Stopwatch() as watch:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(PATIENCE)
        plain.connect(client.split_address(daemon.address))
        with trust().wrap_socket(plain, server_hostname="localhost") as stream:
            stream.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            daemon.wait_for_line("abandoned|without its client")
    assert watch.seconds < at_most(2 * 1.25 + 4)


# ---- certificates ----

def test_a_new_certificate_is_shown_to_new_connections_and_open_ones_stay(start_https, trust, authority, pem, origin):
    daemon = start_https()
    with shaken(daemon, trust()) as old:
        for n in range(1, 4):
            pem.write_bytes(authority.server_file("localhost", "127.0.0.1").read_bytes())
            daemon.signal(signal.SIGHUP)
            daemon.wait_for_line("settings reloaded", count=n)
            with shaken(daemon, trust()) as new:
                assert serial_of(new) != serial_of(old)
            ask(old)
    assert_serves_tls(daemon, trust(), origin)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_certificate_that_is_none_changes_nothing(start_https, trust, pem, text):
    daemon = start_https()
    with shaken(daemon, trust()) as stream:
        serial = serial_of(stream)
    pem.write_text(text)
    daemon.signal(signal.SIGHUP)
    assert "server.tls_cert" in daemon.wait_for_line("settings not reloaded")[0]
    with shaken(daemon, trust()) as stream:
        assert serial_of(stream) == serial


@pytest.mark.parametrize("begins", [True, False])
def test_a_reload_tells_that_tls_begins_and_ends_with_a_restart_only(start_daemon, tmp_path, pem, begins):
    path, with_tls = tmp_path / "fetchpool.conf", f"[server]\ntls_cert = {pem}\ntls_key = {pem}\n"
    path.write_text("" if begins else with_tls)
    daemon = start_daemon(arguments=["--config", str(path)])
    path.write_text(with_tls if begins else "")
    daemon.signal(signal.SIGHUP)
    daemon.wait_for_line("level=warning", "takes a restart", "not spoken yet" if begins else "still spoken")
    daemon.wait_for_line("settings reloaded")


def test_no_request_fails_while_certificates_change(start_https, trust, authority, pem):
    daemon = start_https()
    others = [authority.server_file("localhost", "127.0.0.1").read_bytes() for _ in range(2)]
    context = trust()

    def ask_anew(_):
        with shaken(daemon, context) as stream:
            stream.sendall(LAST)
            return client.read_to_end(stream)

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        answers = threads.map(ask_anew, range(200))
        for n in range(20):
            pem.write_bytes(others[n % 2])
            daemon.signal(signal.SIGHUP)
            daemon.wait_for_line("settings reloaded", count=n + 1)
        assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)


@pytest.mark.parametrize("settings, word", [
    ({"server.tls_cert": "{pem}"}, "belong together"), ({"server.tls_key": "{pem}"}, "belong together"),
    ({"server.tls_cert": "/nonexistent", "server.tls_key": "{pem}"}, "/nonexistent: No such file"),
    ({"server.tls_cert": "{pem}", "server.tls_key": "/nonexistent"}, "/nonexistent: No such file"),
    ({"server.tls_cert": "{pem}", "server.tls_key": "{other}"}, "is not the key of the certificate"),
    ({"server.tls_cert": "/dev/null", "server.tls_key": "{pem}"}, "server.tls_cert: /dev/null"),
])
@pytest.mark.parametrize("check", [["--check"], ["--listen", "127.0.0.1:0"]])
def test_what_does_not_fit_is_told_at_the_start(authority, pem, settings, word, check):
    other = authority.server_file("localhost")
    assignments = [part for key, value in settings.items() for part in ("--set", f"{key}={value.format(pem=pem, other=other)}")]
    result = run_program(FETCHPOOLD, "--config", "/dev/null", *check, *assignments)
    assert result.returncode == 3 and word in result.stderr and result.stderr.count("\n") == 1


def test_a_certificate_that_is_over_is_warned_of(start_daemon, authority):
    path = authority.server_file("localhost", starts=-2 * DAY, ends=-DAY)
    daemon = start_daemon({"server.tls_cert": path, "server.tls_key": path})
    daemon.wait_for_line("level=warning", "certificate of the front end is over")


def test_a_chain_is_shown_whole(start_daemon, authority, trust, pem):
    pem.write_bytes(pem.read_bytes() + authority.file.read_bytes())
    daemon = start_daemon({"server.tls_cert": pem, "server.tls_key": pem})
    shown = subprocess.run(["openssl", "s_client", "-connect", daemon.address, "-showcerts"], input="", capture_output=True, text=True, timeout=PATIENCE)
    assert shown.stdout.count("BEGIN CERTIFICATE") == 2


def test_a_unix_socket_speaks_plain_http_beside_it(start_https, trust):
    daemon = start_https(listen=["127.0.0.1:0", "unix:socket"])
    assert client.request(daemon.addresses[1], "GET", "/healthz").status == 200
    with shaken(daemon, trust()) as stream:
        stream.sendall(LAST)
        assert b"200 OK" in client.read_to_end(stream)


# ---- clients that do not play along ----

@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_versions_are_refused(start_https, trust, version):
    daemon = start_https()
    context = trust()
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)), shaken(daemon, context):
        pass


@pytest.mark.parametrize("ciphers", ["AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AECDH-AES128-SHA:@SECLEVEL=0",
                                     "DHE-RSA-AES256-GCM-SHA384"])
def test_old_ciphers_are_refused(start_https, trust, ciphers):
    daemon = start_https()
    context = trust(maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(ciphers)
    with pytest.raises((ssl.SSLError, ConnectionError)), shaken(daemon, context):
        pass


def test_tls_1_2_is_spoken(start_https, trust):
    with shaken(start_https(), trust(maximum_version=ssl.TLSVersion.TLSv1_2)) as stream:
        assert stream.version() == "TLSv1.2"
        stream.sendall(LAST)
        assert b"200 OK" in client.read_to_end(stream)


@pytest.mark.parametrize("greeting", [HEALTH, b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 100, b"\x16\x03\x01\x00\x05hello", b"\x15\x03\x01\x00\x02\x02\x28",
                                      b"\x80\x2e\x01\x03\x01", b"\x17\x03\x03\x00\x10" + b"x" * 16, b"SSH-2.0-x\r\n"])
def test_what_is_no_tls_ends_the_connection(start_https, trust, origin, greeting):
    daemon = start_https({"server.header_timeout": 1})
    with daemon.open_socket() as stream, Stopwatch() as watch:
        stream.sendall(greeting)
        assert b"200 OK" not in client.read_to_end(stream)
    assert watch.seconds < at_most(2)
    assert_serves_tls(daemon, trust(), origin)


def hello_of(context):
    """The first flight of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def test_handshakes_that_end_anywhere_do_no_harm(start_https, trust, origin):
    daemon = start_https()
    hello = hello_of(trust())
    for length in range(0, len(hello) + 1, 3):
        with daemon.open_socket() as stream:
            stream.sendall(hello[:length])
    for _ in range(50):
        with daemon.open_socket() as stream:
            stream.sendall(hello)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # a reset
    assert_serves_tls(daemon, trust(), origin)


@pytest.mark.parametrize("whole", [False, True])
def test_a_slow_handshake_is_cut(start_https, trust, origin, whole):
    """Byte by byte, or everything but the last flight: the time for the first header holds for it."""
    daemon = start_https({"server.header_timeout": 1})
    hello = hello_of(trust())
    with daemon.open_socket() as stream, Stopwatch() as watch:
        if whole:
            stream.sendall(hello)
            client.read_to_end(stream)
        else:
            with contextlib.suppress(ConnectionError):
                for at in range(len(hello)):
                    assert watch.so_far < PATIENCE
                    stream.sendall(hello[at:at + 1])
                    time.sleep(0.05)
    assert 0.9 <= watch.seconds < at_most(2)
    assert_serves_tls(daemon, trust(), origin)


def seconds_of_processor(daemon):
    with open(f"/proc/{daemon.process.pid}/stat") as status:
        user, system = status.read().split()[13:15]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("part", [0, 100, None])
def test_handshakes_that_stand_still_cost_nothing(start_https, trust, part):
    daemon = start_https({"server.header_timeout": 2})
    hello = hello_of(trust())[:part]
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(daemon.open_socket()) for _ in range(20)]
        for stream in streams:
            stream.sendall(hello)
        time.sleep(0.5)  # the answers to those that are whole
        before = seconds_of_processor(daemon)
        client.read_to_end(streams[0])  # until they are cut
        assert seconds_of_processor(daemon) - before < 0.3


def test_broken_records_end_the_connection(start_https, trust, origin):
    daemon = start_https()
    for n in range(5):
        plain = daemon.open_socket()
        with trust().wrap_socket(plain, server_hostname="localhost", do_handshake_on_connect=True) as stream:
            raw = socket.socket(fileno=socket.dup(stream.fileno()))
            raw.sendall(b"\x17\x03\x03\x00\x20" + bytes([n]) * 32)
            raw.settimeout(PATIENCE)
            client.read_to_end(raw)
            raw.close()
    assert_serves_tls(daemon, trust(), origin)


def test_renegotiation_is_refused(start_https, trust, origin, authority):
    daemon = start_https()
    process = subprocess.Popen(["openssl", "s_client", "-connect", daemon.address, "-tls1_2", "-CAfile", authority.file],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        while "Verify return code" not in (line := process.stdout.readline()):
            assert line, "the end before the handshake"
        process.stdin.write("R\n")
        process.stdin.flush()
        output = process.stdout.read()  # to its end: the daemon hangs up
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
    assert "RENEGOTIATING" in output and "200 OK" not in output
    assert_serves_tls(daemon, trust(), origin)


def test_a_client_that_closes_only_tls_is_let_go(start_https, trust, origin):
    daemon = start_https({"server.idle_timeout": 1})
    with daemon.open_socket() as plain:
        stream = trust().wrap_socket(plain, server_hostname="localhost")
        ask(stream)
        with contextlib.suppress(OSError):
            stream.unwrap()
    assert_serves_tls(daemon, trust(), origin)


def test_connections_beyond_the_limit_are_told(start_https, trust):
    daemon = start_https({"server.max_connections": 2})
    with shaken(daemon, trust()) as first, shaken(daemon, trust()) as second, shaken(daemon, trust()) as third:
        ask(first)
        ask(second)
        third.sendall(HEALTH.replace(b"/healthz", b"/version"))
        assert client.read_to_end(third).startswith(b"HTTP/1.1 503")
    wait_for(lambda: b"200 OK" in once(daemon, trust()), "places that are free again")


def once(daemon, context):
    with shaken(daemon, context) as stream:
        stream.sendall(LAST)
        return client.read_to_end(stream)
