"""GET /metrics: what is kept in memory for clients, while it is."""

import contextlib

from rig.metrics import scrape
from rig.timing import wait_for


def test_what_waits_in_memory_is_told(start_daemon, origin):
    daemon = start_daemon({"server.answer_buffer": "64KiB"})
    body = b'["' + b"x" * 100_000

    def held(what):
        return scrape(daemon)(f"fetchpool_{what}")

    with contextlib.closing(daemon.open_socket()) as stream:
        stream.sendall(b"POST /fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n" + body)
        wait_for(lambda: held("api_body_bytes") >= len(body), "a body that is coming")
    wait_for(lambda: held("api_body_bytes") == 0, "it is let go")
    unread = daemon.begin_batch([origin.url("/bytes/1000000")] * 40, include=["body"], max_concurrent=2)
    wait_for(lambda: held("api_answer_bytes") > 64 * 1024, "results that nobody reads")
    unread.leave()
    wait_for(lambda: held("api_answer_bytes") == 0, "they are let go")
    alone = daemon.begin_batch([origin.url("/held")], on_disconnect="finish")
    origin.wait_for_requests(1, "/held")
    alone.leave()
    wait_for(lambda: held("batches_unattended") == 1, "a list without its client")
    origin.release()
    wait_for(lambda: held("batches_unattended") == 0, "its end")
