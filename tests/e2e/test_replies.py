"""Hundreds of replies, good, odd and hostile: each becomes one result, the right one, in its time. rig/replies.py"""

import pytest

from rig import replies
from rig.checks import assert_answered, assert_failed
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
