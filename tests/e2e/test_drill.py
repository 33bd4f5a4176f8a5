"""POST /drill: the pool rehearsed without a network."""

import re

import pytest

from rig.checks import assert_points_at, assert_problem, is_number
from rig.timing import Stopwatch, at_most

THREE = [[0.1, "A"], [0.1, "B"], [0.1, "C"]]


def drill(daemon, **body):
    answer = daemon.post("/drill", body)
    assert answer.status == 200, answer.body
    document = answer.json()
    assert set(document) == {"results", "elapsed"}
    assert is_number(document["elapsed"])
    return document


@pytest.mark.timed
def test_three_tasks_in_sequence_take_the_sum(daemon):
    with Stopwatch() as watch:
        document = drill(daemon, tasks=THREE, mode="sequential")
    assert document["results"] == ["A", "B", "C"]
    assert document["elapsed"] >= 0.3
    assert 0.3 <= watch.seconds < at_most(0.4)


@pytest.mark.timed
def test_three_tasks_at_once_take_the_longest(daemon):
    with Stopwatch() as watch:
        document = drill(daemon, tasks=THREE, mode="concurrent")
    assert document["results"] == ["A", "B", "C"]
    assert 0.1 <= document["elapsed"] < at_most(0.25)
    assert 0.1 <= watch.seconds < at_most(0.25)


def test_results_come_in_the_order_given_whoever_is_first(daemon):
    document = drill(daemon, tasks=[[at_most(0.2), "slow"], [0.01, "fast"], [at_most(0.1), "middle"]], mode="concurrent")
    assert document["results"] == ["slow", "fast", "middle"]
    done = [re.search(r"(slow|fast|middle) done", line).group(1) for line in daemon.wait_for_line(" done after", count=3)]
    assert done == ["fast", "middle", "slow"]


def test_each_task_logs_its_start_and_its_end(daemon):
    drill(daemon, tasks=THREE, mode="sequential")
    lines = daemon.wait_for_line(r"starting\.\.\.|done after", count=6)
    assert [re.search(r'msg="(.*?)"', line).group(1) for line in lines] == [
        "A starting...", "A done after 0.1s", "B starting...", "B done after 0.1s", "C starting...", "C done after 0.1s"]


def test_concurrent_tasks_all_start_before_the_first_ends(daemon):
    drill(daemon, tasks=THREE, mode="concurrent")
    lines = daemon.wait_for_line(r"starting\.\.\.|done after", count=6)
    assert ["starting" in line for line in lines] == [True] * 3 + [False] * 3


def test_max_concurrent_bounds_a_drill(daemon):
    document = drill(daemon, tasks=[[0.1, str(n)] for n in range(4)], mode="concurrent", max_concurrent=2)
    assert document["results"] == ["0", "1", "2", "3"]
    assert document["elapsed"] >= 0.2


def test_a_drill_without_tasks_is_done_at_once(daemon):
    for mode in ("sequential", "concurrent"):
        assert drill(daemon, tasks=[], mode=mode)["results"] == []


def test_names_of_tasks_come_back_as_they_were(daemon):
    names = ["", "A", "A", "\u00e4\u4f60\U0001f600", 'quote " backslash \\ newline \n']
    document = drill(daemon, tasks=[[0, name] for name in names], mode="sequential")
    assert document["results"] == names
    daemon.wait_for_line(r"done after", count=len(names))
    assert "\nnewline" not in daemon.log


@pytest.mark.parametrize("body, pointer", [
    ({"tasks": [[-0.1, "A"]], "mode": "sequential"}, "/tasks/0/0"),
    ({"tasks": [["0.1", "A"]], "mode": "sequential"}, "/tasks/0/0"),
    ({"tasks": [[0.1, 5]], "mode": "sequential"}, "/tasks/0/1"),
    ({"tasks": [[0.1, "A"], [0.1]], "mode": "sequential"}, "/tasks/1"),
    ({"tasks": [[0.1, "A", 3]], "mode": "sequential"}, "/tasks/0"),
    ({"tasks": ["A"], "mode": "sequential"}, "/tasks/0"),
    ({"tasks": "A", "mode": "sequential"}, "/tasks"),
    ({"tasks": THREE, "mode": "parallel"}, "/mode"),
    ({"tasks": THREE, "mode": 1}, "/mode"),
    ({"tasks": THREE, "mode": "concurrent", "max_concurrent": 0}, "/max_concurrent"),
    ({"tasks": THREE, "mode": "concurrent", "speed": 2}, "/speed"),
    ({"tasks": [[1e9, "A"]], "mode": "sequential"}, "/tasks/0/0"),
])
def test_a_wrong_drill_is_refused_with_its_place(steady_daemon, body, pointer):
    assert_points_at(assert_problem(steady_daemon.post("/drill", body), 422), pointer)


def test_a_drill_without_its_tasks_is_refused(steady_daemon):
    assert_problem(steady_daemon.post("/drill", {"mode": "sequential"}), 422)
    assert_problem(steady_daemon.post("/drill", "{"), 400)


def test_drill_is_for_post(steady_daemon):
    answer = steady_daemon.get("/drill")
    assert_problem(answer, 405)
    assert answer.headers["Allow"] == "POST"


def test_a_drill_has_no_parameters(steady_daemon):
    problem = assert_problem(steady_daemon.post("/drill?mode=sequential", {"tasks": [[0, "A"]]}), 422)
    assert [error["pointer"] for error in problem["errors"]] == ["?mode"]
