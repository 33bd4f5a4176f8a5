"""The array goes out as its prefix completes, and a client that does not read holds up its own batch only."""

import json

import pytest

from rig import client
from rig.origin import Reply
from rig.timing import SANITIZED, Stopwatch, at_most, wait_for


@pytest.mark.parametrize("rest", [1, 100, 20000, 40000])
def test_an_answer_larger_than_its_buffer_arrives_whole(start_daemon, origin, rest):
    """The rest behind the last full piece is sent although no further result comes to push it out."""
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    body = b"x" * (3 * 64 * 1024 + rest)
    origin.on("/large", Reply(body=body))
    results = daemon.fetch([origin.url("/large")] * 4, max_concurrent=1, include=["body"])
    assert [len(result["body"]) for result in results] == [len(body)] * 4


@pytest.mark.parametrize("early", [1, 2, 30])
def test_first_results_arrive_while_later_ones_still_run(daemon, origin, early):
    urls = [origin.url(f"/early/{n}") for n in range(early)] + [origin.url("/held")]
    body = json.dumps(urls)
    with daemon.open_socket() as stream:
        stream.sendall(f"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = b""
        while answer.count(b'"elapsed"') < early:  # the socket's timeout bounds this
            piece = stream.recv(65536)
            assert piece, answer
            answer += piece
        assert answer.count(b"/early/") == early
        origin.wait_for_requests(1, "/held")
        origin.release()
        assert b"/held" in answer + client.read_to_end(stream)


BODY = "x" * 256 * 1024
COUNT = 80 if SANITIZED else 200  # what the sockets between take in is less than half of them


def bodies_of_array(results):
    return [result["body"] for result in results]


def bodies_of_archive(archive):
    return [entry["response"]["content"]["text"] for entry in archive["log"]["entries"]]


@pytest.mark.parametrize("accept, bodies_of", [("application/json", bodies_of_array), ("application/har+json", bodies_of_archive)])
def test_a_client_that_does_not_read_stops_new_fetches_of_its_batch(start_daemon, origin, accept, bodies_of):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    origin.on("/large", Reply(body=BODY.encode()))
    pending = daemon.begin("/fetch", {"urls": [origin.url("/large")] * COUNT, "max_concurrent": 2, "include": ["body"]}, Accept=accept)
    origin.wait_for_requests(3, "/large")
    for _ in range(20):  # others are served meanwhile
        assert daemon.fetch_one(origin.url("/a"))["status"] == 200
    assert len(origin.seen("/large")) < COUNT / 2
    assert bodies_of(pending.answer()) == [BODY] * COUNT


def is_held(daemon):
    pressure = daemon.get("/pressure").json()
    return pressure["running"] == 0 and pressure["queued"] > 0


@pytest.mark.skipif(SANITIZED, reason="it takes many rows, and what they go through is what the other forms do")
def test_a_client_that_does_not_read_rows_stops_new_fetches_of_its_batch(start_daemon, origin):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    pending = daemon.begin("/fetch", {"urls": [{"url": origin.url(f"/{n}"), "id": "x" * 1000} for n in range(12_000)],
                                      "max_concurrent": 50}, Accept="text/csv")
    origin.wait_for_requests(100)
    wait_for(lambda: is_held(daemon), "nothing runs and much waits")
    assert len(origin.requests) < 10_000  # what the sockets between take in, and no more
    rows = pending.connection.getresponse().read().decode().split("\r\n")
    pending.leave()
    assert len(rows) == 1 + 12_000 + 1


@pytest.mark.parametrize("order", ["input", "completion"])
def test_a_client_that_does_not_read_lines_holds_up_its_own_batch_only(start_daemon, origin, order):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    origin.on("/large", Reply(body=BODY.encode()))
    pending = daemon.begin_lines([origin.url("/large")] * COUNT, max_concurrent=2, include=["body"], order=order)
    origin.wait_for_requests(3, "/large")
    with Stopwatch() as watch:
        results, _ = daemon.fetch_lines([origin.url(f"/{n}") for n in range(200)], max_concurrent=20, order=order)
    assert len(results) == 200 and watch.seconds < at_most(3)
    assert len(origin.seen("/large")) < COUNT / 2
    results, counts = pending.rest()
    assert bodies_of_array(results) == [BODY] * COUNT
    assert counts["succeeded"] == COUNT


def test_a_first_url_that_does_not_answer_keeps_back_no_other_line(start_daemon, origin):
    """In the order of completion; the others together are many times what may be held."""
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    origin.on("/large", Reply(body=b"x" * 64 * 1024))
    urls = [origin.url("/held")] + [origin.url("/large")] * 200
    pending = daemon.begin_lines(urls, include=["body"], order="completion")
    origin.wait_for_requests(1, "/held")
    daemon.assert_serves(origin)
    assert len(origin.seen("/large")) < 200  # nothing was read yet
    assert sorted(pending.line()["index"] for _ in range(200)) == list(range(1, 201))
    assert origin.in_flight == 1
    origin.release()
    results, counts = pending.rest()
    assert [result["index"] for result in results] == [0] and counts["succeeded"] == 201


def test_results_behind_a_url_that_does_not_answer_are_held_up_to_the_bound(start_daemon, origin):
    """In the order of the list they cannot be sent, so after a few nothing new is started until the first is there."""
    daemon = start_daemon({"server.answer_buffer": "256KiB"})
    origin.on("/large", Reply(body=b"x" * 64 * 1024))
    urls = [origin.url("/held")] + [origin.url("/large")] * 50
    pending = daemon.begin_lines(urls, include=["body"], max_concurrent=3)
    origin.wait_for_requests(5, "/large")
    daemon.assert_serves(origin)
    origin.wait_until(lambda: origin.in_flight == 1)
    assert len(origin.seen("/large")) <= 7  # five fill the buffer; two may have been on their way
    origin.release()
    results, _ = pending.rest()
    assert [result["index"] for result in results] == list(range(51))


def chunks_of(body):
    """The chunks of a body in that coding, the last one, which is empty, left out."""
    chunks, at = [], 0
    while size := int(body[at:body.index(b"\r\n", at)], 16):
        at = body.index(b"\r\n", at) + 2
        chunks.append(body[at:at + size])
        at += size + 2
    return chunks


def test_results_that_come_one_by_one_are_sent_in_bunches(daemon, origin):
    """The front end is woken for 32 KiB, or after 20 ms, and not for each of them."""
    body = json.dumps({"urls": [origin.url(f"/{n}") for n in range(2000)], "max_concurrent": 20, "order": "completion"})
    with daemon.open_socket() as stream, Stopwatch() as watch:
        stream.sendall(f"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/x-ndjson\r\n"
                       f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        head, _, answer = client.read_to_end(stream).partition(b"\r\n\r\n")
    chunks = chunks_of(answer)
    assert b"chunked" in head and b"".join(chunks).count(b'"elapsed"') == 2000
    assert len(chunks) <= watch.seconds / 0.02 + len(answer) / 15_000 + 2
