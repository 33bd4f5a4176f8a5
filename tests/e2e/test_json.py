"""Hostile JSON at the real daemon: what is refused, and what it takes of memory."""

import os

import pytest

from rig.checks import assert_problem

MIB = 1 << 20
SIZE = 4 * MIB


def repeated(before, unit, after):
    count = (SIZE - len(before) - len(after)) // (len(unit) + 1)
    return before + b",".join([unit] * count) + after


def many_names():
    """Objects of as many names as one may have."""
    return repeated(b"[", b"{" + b",".join(b'"%x":1' % n for n in range(500)) + b"}", b"]")


SHAPES = {
    "numbers": lambda: repeated(b"[", b"1", b"]"),
    "empty strings": lambda: repeated(b"[", b'""', b"]"),
    "empty arrays": lambda: repeated(b"[", b"[]", b"]"),
    "small objects": lambda: repeated(b"[", b'{"":1}', b"]"),
    "names": many_names,
    "deep": lambda: repeated(b"[", b"[" * 31 + b"]" * 31, b"]"),
    "one item": lambda: repeated(b'[{"url":"a","headers":{"b":[', b"1", b"]}}]"),
    "one option": lambda: repeated(b'{"urls":[],"include":[', b"1", b"]}"),
    "one URL": lambda: b'["' + b"x" * (SIZE - 4) + b'"]',
    "one request body": lambda: b'{"urls":["x"],"body":"' + b"y" * (SIZE - 40) + b'"}',
    "one number": lambda: b"[0." + b"1" * (SIZE - 5) + b"]",
    "one name": lambda: b'{"' + b"n" * (SIZE - 8) + b'":1}',
    "cut off": lambda: b'["' + b"x" * (SIZE - 2),
}


def memory(daemon, key):
    with open(f"/proc/{daemon.process.pid}/status") as status:
        return int(next(line for line in status if line.startswith(key)).split()[1]) * 1024


@pytest.mark.skipif("FETCHPOOL_SANITIZED" in os.environ, reason="the sanitizers' allocators keep more")
@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_body_takes_at_most_four_times_its_size(start_daemon, shape):
    daemon = start_daemon()
    daemon.post("/fetch", b"[1]")
    before = memory(daemon, "VmRSS:")
    body = SHAPES[shape]()
    answer = daemon.post("/fetch", body)
    assert answer.status in (200, 400, 413, 422)
    taken = memory(daemon, "VmHWM:") - before
    assert taken > SIZE / 2  # it was held at all
    assert taken <= 4 * len(body) + MIB, f"{taken / len(body):.1f} times its size"


@pytest.mark.skipif("FETCHPOOL_SANITIZED" in os.environ, reason="the sanitizers' allocators keep more")
def test_a_list_takes_a_bounded_amount_for_each_url(start_daemon):
    """The shortest that can be said of an item that has options of its own."""
    daemon = start_daemon()
    daemon.post("/fetch", b"[1]")
    before = memory(daemon, "VmRSS:")
    body = b"[" + b",".join([b'{"url":"","retries":0}'] * 100_000) + b"]"
    assert daemon.post("/fetch", body).status == 200
    assert memory(daemon, "VmHWM:") - before <= 4 * len(body) + 100_000 * 150 + MIB


@pytest.mark.parametrize("text, detail", [
    ('{"urls":[],"urls":[]}', "a name stands twice in one object at byte 11"),
    ('[{"url":"a","\\u0075rl":"b"}]', "a name stands twice in one object at byte 12"),
    ('["a\\u0000b"]', "a string holds the character NUL at byte 9"),
    ('["\\ud800"]', "half of a surrogate pair at byte 8"),
    (b'["\xff"]', "bytes that are not UTF-8 at byte 2"),
    ('{"urls":[],"timeout":1e999}', "a number is too large at byte 26"),
    ("[" * 33 + "]" * 33, "nested too deeply at byte 32"),
    ('["a"] []', "something follows the value at byte 6"),
])
def test_what_programs_read_differently_is_refused(steady_daemon, text, detail):
    answer = steady_daemon.post("/fetch", text)
    assert_problem(answer, 400)
    assert answer.json()["detail"] == f"the body is not valid JSON: {detail}"


def test_each_line_is_judged(steady_daemon):
    answer = steady_daemon.post("/fetch", '"a"\n{"url":"b","url":"c"}\n', content_type="application/x-ndjson")
    assert_problem(answer, 400)
    assert answer.json()["detail"] == "the body is not valid JSON: a name stands twice in one object at byte 15"
