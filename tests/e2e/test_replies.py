"""Hundreds of replies, good, odd and hostile: each becomes one result, the right one, in its time. rig/replies.py"""

import json

import pytest

from rig import replies
from rig.checks import assert_answered, assert_failed
from rig.origin import Raw
from rig.timing import at_most

TIMEOUT = 10
LATE = 0.2


def offered(origin, rows):
    """The items of a batch, one for each row."""
    for number, row in enumerate(rows):
        yield {"url": origin.on(f"/{number}", row.script), "max_size": replies.MAX_SIZE, "timeout": TIMEOUT, **row.options}


def complaint(row, item, result):
    """What is wrong with the result, or None."""
    more = item.get("include", ())
    limit = at_most(item["timeout"] + LATE)
    try:
        if row.codes:
            assert_failed(result, item["url"], *row.codes)
        else:
            assert_answered(result, item["url"], row.status, row.size, more=more)
        assert result["elapsed"] <= limit, "too late"
    except AssertionError as wrong:
        return f"{row.name}: wanted {row.codes or (row.status, row.size)}: {wrong}"
    return None


def judge(daemon, origin, rows, **options):
    items = list(offered(origin, rows))
    results = daemon.fetch(items, **options)
    assert len(results) == len(rows)
    wrong = [text for text in map(complaint, rows, items, results) if text]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("group", replies.GROUPS, ids=lambda name: name.replace(" ", "-"))
def test_replies_become_the_right_results(steady_daemon, origin, group):
    judge(steady_daemon, origin, list(replies.GROUPS[group]()))
    steady_daemon.assert_serves(origin)


def test_all_replies_at_once(steady_daemon, origin):
    rows = [row for group in replies.GROUPS.values() for row in group()]
    assert len(rows) > 350 and len({row.name for row in rows}) == len(rows)
    judge(steady_daemon, origin, rows, max_concurrent=32)
    steady_daemon.assert_serves(origin)


def test_a_connection_that_switched_is_closed(start_daemon, origin):
    """Though its origin goes on, and would like the client to."""
    daemon = start_daemon()
    url = origin.on("/switch", Raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", end="stall"))
    for count in range(1, 4):
        assert_answered(daemon.fetch_one(url, timeout=60, include=["headers"]), url, 101, size=0, more=["headers"])
        origin.wait_until(lambda: origin.open_connections == 0, "the connection is closed")
        assert origin.connections == count


@pytest.mark.parametrize("limit", [1024, 4096, 256 * 1024])
def test_the_largest_header_is_a_setting(start_daemon, origin, limit):
    """To the byte, all lines and the one before them together."""
    daemon = start_daemon({"fetch.max_header_bytes": limit})
    lines = b"".join(b"A: %s\r\n" % (b"x" * 500) for _ in range(limit // 505 - 1))
    rest = limit - len(replies.OK + lines + b"B: \r\n\r\n")
    for more, fits in ((0, True), (1, False)):
        url = origin.on(f"/{more}", Raw(replies.OK + lines + b"B: " + b"x" * (rest + more) + b"\r\n\r\n"))
        result = daemon.fetch_one(url)
        if fits:
            assert_answered(result, url, 200, size=0)
        else:
            assert_failed(result, url, "protocol")


ODD_BYTES = bytes(byte for byte in range(1, 256) if byte not in b"\r\n:")
ODD_TEXTS = [ODD_BYTES, b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff\xfe", b"cut \xe2\x82", "\u20ac\u0085\u2028".encode(),
             b"\x1b]0;title\x07", b'","status":200,"']


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_what_comes_from_outside_is_valid_text(steady_daemon, origin, accept):
    """Header names and values, Location, and what errors tell of them."""
    urls = []
    for number, text in enumerate(ODD_TEXTS):
        end = origin.on(f"/end/{number}", Raw(replies.head(b"X" + text.replace(b" ", b"") + b": " + text, b"Content-Length: 2")))
        location = b"Location: " + end.encode() + b"?" + text.replace(b"\x00", b"")
        urls.append(end)
        urls.append(origin.on(f"/to/{number}", Raw(b"HTTP/1.1 302 " + text + b"\r\n" + location + b"\r\nContent-Length: 0\r\n\r\n")))
        urls.append(origin.on(f"/bad/{number}", Raw(b"HTTP/1.1 200 OK\r\n" + text + b"\r\n\r\n")))
    body = {"urls": urls, "include": ["headers", "redirects", "body"], "timeout": 5}
    answer = steady_daemon.post("/fetch", body, headers={"Accept": accept})
    text = answer.body.decode("utf-8")
    assert not [character for character in text if character < " " and character != "\n"]
    results = json.loads(text) if accept == "application/json" else [json.loads(line) for line in text.split("\n")[:-2]]
    assert [result["url"] for result in results] == urls
    ends = results[::3]
    assert [result["status"] for result in ends] == [200] * len(ODD_TEXTS)
    for result, sent in zip(ends, ODD_TEXTS):
        kept = "".join(value for values in result["headers"].values() for value in values)
        assert ("\ufffd" in kept) == (sent.decode("utf-8", "replace").count("\ufffd") > 0), result
