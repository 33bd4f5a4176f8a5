"""The HTTP front end, byte by byte."""

import json
import socket

import pytest

from rig import client
from rig.checks import assert_problem

JSON = "Content-Type: application/json\r\n"


def talk(daemon, *pieces):
    """Sends bytes and reads until the daemon closes."""
    with daemon.open_socket() as stream:
        for piece in pieces:
            stream.sendall(piece if isinstance(piece, bytes) else piece.encode())
        return client.read_to_end(stream)


def post(path, body, headers=JSON, close=True):
    end = "Connection: close\r\n" if close else ""
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{end}Content-Length: {len(body)}\r\n\r\n{body}"


def test_small_answers(steady_daemon):
    assert steady_daemon.get("/healthz").json() == {"status": "ok"}
    assert steady_daemon.get("/readyz").json() == {"status": "ready"}
    version = steady_daemon.get("/version").json()
    assert version["name"] == "fetchpool" and version["version"]
    for path in ("/healthz", "/readyz", "/pressure", "/version"):
        assert steady_daemon.get(path).headers["Content-Type"].split(";")[0] == "application/json"
        assert steady_daemon.get(f"{path}?x=y").status == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/pressure", "/version"])
def test_head_is_get_without_its_body(steady_daemon, path):
    got = steady_daemon.get(path)
    head = client.request(steady_daemon.address, "HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(got.body))
    assert head.headers["Content-Type"] == got.headers["Content-Type"]


def test_a_connection_serves_many_requests(daemon, origin):
    connection = daemon.connect()
    for n in range(50):
        body = json.dumps([origin.url(f"/{n}")])
        answer = client.exchange(connection, "POST", "/fetch", body, {"Content-Type": "application/json"})
        assert answer.json()[0]["url"] == origin.url(f"/{n}")
    connection.close()


def test_pipelined_requests_are_answered_in_their_order(steady_daemon, origin):
    first, second = json.dumps([origin.url("/delay/0.1")]), json.dumps([origin.url("/second")])
    answer = talk(steady_daemon, post("/fetch", first, close=False) + post("/fetch", second, close=False) +
                  "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.index(b"/delay/0.1") < answer.index(b"/second") < answer.index(b'{"status":"ok"}')


def test_a_request_in_pieces(steady_daemon, origin):
    whole = post("/fetch", json.dumps([origin.url("/\u00e4".encode("ascii", "ignore").decode())])).encode()
    answer = talk(steady_daemon, *[whole[n:n + 1] for n in range(len(whole))])
    assert b"200 OK" in answer and b'"status":200' in answer.replace(b" ", b"")


def test_a_chunked_request(steady_daemon, origin):
    body = json.dumps([origin.url("/a")])
    chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (body[:5], body[5:])) + "0\r\n\r\n"
    answer = talk(steady_daemon, f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunks}")
    assert b"200 OK" in answer and b"/a" in answer


def test_http_1_0_gets_an_answer_it_can_read(steady_daemon, origin):
    body = json.dumps([origin.url(f"/{n}") for n in range(3)])
    answer = talk(steady_daemon, f"POST /fetch HTTP/1.0\r\n{JSON}Content-Length: {len(body)}\r\n\r\n{body}")
    head, _, content = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0] and b"chunked" not in head.lower()
    assert len(client.strict_json(content)) == 3


def test_leave_to_send_is_given_when_the_body_is_wanted(steady_daemon):
    with steady_daemon.open_socket() as stream:
        stream.sendall(f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n".encode())
        assert stream.recv(65536).startswith(b"HTTP/1.1 100")
        stream.sendall(b"[]")
        assert b"200 OK" in client.read_to_end(stream)


@pytest.mark.parametrize("path, headers, status", [
    ("/fetch", JSON + "Content-Length: 999999999\r\n", 413), ("/fetch", JSON + "Content-Length: 99999999999999999999\r\n", 413),
    ("/nope", JSON + "Content-Length: 10\r\n", 404),
    ("/healthz", JSON + "Content-Length: 10\r\n", 405),
])
def test_refusals_come_before_leave_to_send(steady_daemon, path, headers, status):
    """The client waits for 100 Continue and never sends its body; the refusal alone must come."""
    with steady_daemon.open_socket() as stream:
        stream.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Expect: 100-continue\r\n\r\n".encode())
        assert stream.recv(65536).startswith(f"HTTP/1.1 {status}".encode())


def test_a_chunked_body_is_cut_at_the_limit(start_daemon, origin):
    daemon = start_daemon({"server.max_request_bytes": "64KiB"})
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    with daemon.open_socket() as stream:
        stream.sendall(f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            for _ in range(1000):
                stream.sendall(chunk)
        except OSError:
            pass  # closed while we were still sending
        answer = client.read_to_end(stream)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    daemon.assert_serves(origin)


SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("head", [
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: 2\r\nContent-Length: 0\r\n\r\n[]",
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n[]",
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n[]",
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Transfer-Encoding: identity\r\n\r\n[]",
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: -1\r\n\r\n[]",
    f"POST /fetch HTTP/1.1\r\nHost: localhost\r\n{JSON}Content-Length: +2\r\n\r\n[]",
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nBad Name: y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x01b\r\n\r\n",
    "GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "BREW@ /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "nonsense\r\n\r\n",
])
def test_requests_that_are_not_http_end_their_connection(steady_daemon, origin, head):
    """Whatever follows such a request on its connection is not a request of its own."""
    answer = talk(steady_daemon, head + SMUGGLED)
    assert b" 200 " not in answer and b" 404 " not in answer
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 5", b"HTTP/1.0 5"))
    steady_daemon.assert_serves(origin)


def test_a_request_without_a_host_gets_one_answer(steady_daemon):
    answer = talk(steady_daemon, "GET /healthz HTTP/1.1\r\n\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1 and answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize("head, status", [
    ("GET /" + "x" * 200_000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414"),
    ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + "y" * 200_000 + "\r\n\r\n", b"431"),
    ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n" * 50_000 + "\r\n", b"431"),
], ids=["target", "header", "headers"])
def test_too_much_head_is_refused(steady_daemon, origin, head, status):
    with steady_daemon.open_socket() as stream:
        try:
            stream.sendall(head.encode())
        except OSError:
            pass
        answer = client.read_to_end(stream)
    assert answer == b"" or status in answer.split(b"\r\n")[0]
    steady_daemon.assert_serves(origin)


def test_answers_are_safe_to_open_in_a_browser(steady_daemon, origin):
    for answer in (steady_daemon.get("/healthz"), steady_daemon.get("/<script>"), steady_daemon.post("/fetch", [origin.url("/")])):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_refusal_does_not_echo_bytes_that_break_json(steady_daemon):
    answer = client.request(steady_daemon.address, "GET", "/%01%ff%22\\%0a")
    assert_problem(answer, 404)
    problem = steady_daemon.post("/fetch", {"\x01\u2028\"\\\ud7ff": 1, "urls": []})
    assert assert_problem(problem, 422)["errors"][0]["pointer"] == "/\x01\u2028\"\\\ud7ff"


def test_clients_that_leave_in_the_middle_do_no_harm(daemon, origin):
    whole = post("/fetch", json.dumps([origin.url("/a")])).encode()
    for length in range(0, len(whole), 7):
        with daemon.open_socket() as stream:
            stream.sendall(whole[:length])
    daemon.assert_serves(origin)


def test_a_client_that_shuts_its_side_in_the_middle_is_let_go(start_daemon):
    daemon = start_daemon({"server.header_timeout": 1, "server.body_timeout": 1})
    for start in (b"", b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n", post("/fetch", "[[[[").encode()[:-2]):
        with daemon.open_socket() as stream:
            stream.sendall(start)
            stream.shutdown(socket.SHUT_WR)
            client.read_to_end(stream)  # it ends, whatever is said
