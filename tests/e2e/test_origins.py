"""The test rig itself, seen by an ordinary client: what the other tests count on."""

import socket
import subprocess
import threading
import time

import pytest
import requests

from rig.origin import Raw, Reply
from rig.ports import closed_port, full_port, silent_port
from rig.timing import PATIENCE


def get(url, **how):
    return requests.get(url, timeout=PATIENCE, **how)


def test_origin_delays_and_counts(origin):
    started_at = time.monotonic()
    threads = [threading.Thread(target=get, args=[origin.url("/delay/0.2")]) for _ in range(3)]
    for thread in threads:
        thread.start()
    origin.wait_until(lambda: origin.in_flight == 3)
    for thread in threads:
        thread.join(PATIENCE)
    assert time.monotonic() - started_at >= 0.2
    assert (origin.peak, origin.in_flight, len(origin.requests)) == (3, 0, 3)


def test_origin_redirects_and_echoes(origin):
    assert get(origin.url("/redirect/3")).text == "end"
    assert get(origin.url("/to?url=/echo&status=307"), headers={"X-A": "b"}).json()["target"] == "/echo"
    assert [request.path for request in origin.requests[:2]] == ["/redirect/3", "/redirect/2"]


def test_origin_frames_bodies_as_told(origin):
    for framing in ("length", "chunked", "close"):
        origin.on("/framed", Reply(body=b"x" * 100000, framing=framing))
        assert len(get(origin.url("/framed")).content) == 100000


def raw_answer(origin, path):
    with socket.create_connection(("127.0.0.1", origin.port), timeout=PATIENCE) as stream:
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = b""
        while piece := stream.recv(65536):
            answer += piece
        return answer


def test_origin_misbehaves_as_told(origin):
    origin.on("/cut", Raw(b"HTTP/1.1 200 OK\r\n", 0.01, b"Content-Length: 10\r\n\r\nabc"))
    origin.on("/empty", Raw())
    origin.on("/reset", Raw(end="reset"))
    assert raw_answer(origin, "/cut") == b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
    assert raw_answer(origin, "/empty") == b""
    with pytest.raises(ConnectionResetError):
        raw_answer(origin, "/reset")


def test_origin_sees_a_client_leave(origin):
    with socket.create_connection(("127.0.0.1", origin.port)) as stream:
        stream.sendall(b"GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n")
        origin.wait_for_requests(1)
    origin.wait_until(lambda: origin.abandoned == 1)
    assert origin.in_flight == 0


def test_certificates_are_trusted_only_when_right(start_origin, authority):
    good = start_origin(tls=authority.server_context("localhost", "127.0.0.1"))
    wrong = start_origin(tls=authority.server_context("other.test"))
    assert get(good.url(), verify=str(authority.file)).text == "ok"
    with pytest.raises(requests.exceptions.SSLError):
        get(wrong.url(), verify=str(authority.file))


def test_bad_ports_are_bad():
    with closed_port() as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    with full_port() as port, pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port), timeout=0.2)
    with silent_port() as port, socket.create_connection(("127.0.0.1", port), timeout=0.2) as stream:
        with pytest.raises(TimeoutError):
            stream.recv(1)


def test_box_is_a_network_of_its_own(named_box, loop_thread, start_origin):
    box, names = named_box({"here.test": ["127.0.0.1"], "hole.test": ["203.0.113.9"]})
    inside = start_origin(listener=box.socket())

    def curl(url, *more):
        return subprocess.run([*box.prefix, "curl", "-sS", "-m", "20", *more, url], capture_output=True, text=True,
                              timeout=PATIENCE)

    assert curl(f"http://here.test:{inside.port}/").stdout == "ok"
    assert curl("http://missing.test/").returncode == 6  # no such name
    assert curl("http://hole.test/", "--connect-timeout", "0.3").returncode == 28  # a timeout
    assert curl("http://198.51.100.1/").returncode == 7  # no route: nothing leaves the box
    assert [names.asked(name) for name in ("here.test", "hole.test")] == [1, 1]
