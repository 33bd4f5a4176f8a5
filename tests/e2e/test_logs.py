"""The log: one line per event, in three formats, and nothing in it that should stay private."""

import json
import re

import pytest

from rig import client
from rig.client import strict_json
from rig.timing import wait_for

LOGFMT = re.compile(r'ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(error|warning|info|debug) msg=("(\\.|[^"\\])*"|[^ "=]+)'
                    r'( [a-z_]+=("(\\.|[^"\\])*"|[^ "]*))*')


def assert_format(line, form):
    if form == "logfmt":
        assert LOGFMT.fullmatch(line), line
    elif form == "json":
        record = strict_json(line)
        assert {"ts", "level", "msg"} <= set(record)
    else:
        assert re.match(r"<[3-7]>", line), line
    assert not re.search(r"[\x00-\x1f\x7f]", line), repr(line)


@pytest.mark.parametrize("form", ["logfmt", "json", "journal"])
@pytest.mark.parametrize("level", ["info", "debug"])
def test_every_line_has_the_chosen_format(start_daemon, origin, form, level):
    daemon = start_daemon({"log.format": form, "log.level": level})
    hostile = "ms\x1b[31mg=\"x\" level=error\n<0>fake \u2028 \x7f \\"
    daemon.fetch([hostile, origin.url("/a")])
    daemon.post("/drill", {"tasks": [[0, hostile]], "mode": "sequential"})
    daemon.post("/fetch", "{")
    daemon.get("/%0a%1b?x=%0d")
    daemon.signal()
    assert daemon.wait() == 0
    assert len(daemon.lines) >= 4
    for line in daemon.lines:
        assert_format(line, form)


def test_the_course_of_a_run_in_json(start_daemon):
    daemon = start_daemon({"log.format": "json"})
    daemon.signal()
    assert daemon.wait() == 0
    messages = [json.loads(line)["msg"] for line in daemon.lines]
    assert [message for message in messages if message in ("listening", "ready", "draining", "stopped")] == [
        "listening", "ready", "draining", "stopped"]


def test_the_level_leaves_out_what_is_below_it(start_daemon):
    daemon = start_daemon({"log.level": "error"}, listen=["unix:socket"], wait=False)
    address = f"unix:{daemon.folder}/socket"

    def healthy():
        try:
            return client.request(address, "GET", "/healthz").status == 200
        except OSError:
            return False

    wait_for(healthy, "a daemon that says nothing")
    daemon.signal()
    assert daemon.wait() == 0
    assert not daemon.lines


def test_secrets_of_requests_are_not_logged(start_daemon, origin):
    daemon = start_daemon({"log.level": "debug"})
    daemon.fetch([{"url": origin.url("/a?token=hidden-1"), "method": "POST", "headers": {"Authorization": "hidden-2"}, "body": "hidden-3"},
                  "http://user:hidden-4@127.0.0.1:1/"])
    daemon.post("/fetch?nonsense=hidden-5", [])
    daemon.signal()
    assert daemon.wait() == 0
    assert not re.findall(r"hidden-\d", daemon.log)


def test_a_batch_is_called_abandoned_only_when_its_client_left(daemon, origin):
    for n in range(20):
        connection = daemon.begin_batch([origin.url(f"/{n}")] * 5, max_concurrent=5)
        assert len(connection.answer()) == 5  # and closes at once
    daemon.wait_for_line('msg="batch done"', count=20)
    leaving = daemon.begin_batch([origin.url("/held")])
    origin.wait_for_requests(1, "/held")
    leaving.leave()
    daemon.wait_for_line('msg="batch abandoned"')
    assert daemon.log.count("batch abandoned") == 1 and "level=warning" not in daemon.log
