"""fetchpool, the command line: URLs in, a JSON array out."""

import os
import signal
import subprocess

import pytest

from rig.checks import assert_answered, assert_failed
from rig.client import strict_json
from rig.daemon import FETCHPOOL, clean_environment, run_program
from rig.ports import closed_port
from rig.timing import PATIENCE, Stopwatch


def fetchpool(*arguments, text="", **environment):
    return run_program(FETCHPOOL, *arguments, text=text, **environment)


def test_urls_as_arguments(origin):
    urls = [origin.url(f"/bytes/{n}") for n in range(5)]
    result = fetchpool(*urls)
    assert (result.returncode, result.stderr) == (0, "")
    for n, found in enumerate(strict_json(result.stdout)):
        assert_answered(found, urls[n], 200, size=n)
    assert result.stdout.endswith("\n")


def test_urls_from_standard_input(origin):
    urls = [origin.url(f"/{n}?delay=0.0{9 - n}") for n in range(10)]
    result = fetchpool("-c", "10", text="# a list\n\n" + "\n".join(urls))
    assert result.returncode == 0
    assert [found["url"] for found in strict_json(result.stdout)] == urls


def test_no_urls_are_an_empty_array():
    result = fetchpool(text="")
    assert (result.returncode, strict_json(result.stdout)) == (0, [])


@pytest.mark.parametrize("arguments, peak", [(["-c", "1"], 1), (["-c", "7"], 7), (["-c7"], 7), ([], 5)])
def test_c_bounds_what_is_in_flight(origin, arguments, peak):
    result = fetchpool(*arguments, *[origin.url(f"/{n}?delay=0.05") for n in range(20)])
    assert result.returncode == 0
    assert origin.peak <= peak
    assert origin.peak == peak or peak > 1


def test_timeout(origin):
    with Stopwatch() as watch:
        result = fetchpool("--timeout", "0.3", origin.url("/held"))
    assert result.returncode == 1
    assert_failed(strict_json(result.stdout)[0], origin.url("/held"), "timeout")
    assert watch.seconds >= 0.3


def test_include(origin):
    result = fetchpool("--include", "body,headers", origin.url("/a"))
    assert_answered(strict_json(result.stdout)[0], origin.url("/a"), 200, more=("body", "body_encoding", "headers"))


@pytest.mark.parametrize("path, status", [("/status/200", 0), ("/status/304", 0), ("/status/399", 0), ("/status/400", 1), ("/status/500", 1)])
def test_the_exit_status_tells_whether_all_answered(origin, path, status):
    assert fetchpool(origin.url("/a"), origin.url(path)).returncode == status


def test_failures_are_results_and_an_exit_of_1(origin):
    with closed_port() as port:
        urls = [origin.url("/a"), f"http://127.0.0.1:{port}/", "nonsense"]
        result = fetchpool(*urls)
    assert result.returncode == 1
    assert [found.get("error_code") for found in strict_json(result.stdout)] == [None, "connect", "invalid_url"]


@pytest.mark.parametrize("arguments", [["--nonsense"], ["-c"], ["-c", "0"], ["-c", "x"], ["-c", "-1"], ["--timeout", "x", "http://127.0.0.1/"],
                                       ["--timeout", "-1", "http://127.0.0.1/"], ["--timeout"], ["--include", "nonsense", "http://127.0.0.1/"]])
def test_wrong_usage_is_a_2(arguments):
    result = fetchpool(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("fetchpool: ")


def test_help_and_version():
    for option in ("--help", "--version"):
        result = fetchpool(option)
        assert (result.returncode, result.stderr) == (0, "") and "fetchpool" in result.stdout
    assert "-c" in fetchpool("--help").stdout


def test_what_cannot_be_written_is_a_3(origin):
    with open("/dev/full", "w") as full:
        result = subprocess.run([FETCHPOOL, origin.url("/a")], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                                env=clean_environment())
    assert result.returncode == 3 and result.stderr.startswith("fetchpool: ")


def test_a_reader_that_leaves_ends_the_program(origin):
    reading, writing = os.pipe()
    process = subprocess.Popen([FETCHPOOL, *[origin.url(f"/bytes/10?{n}") for n in range(50)]], stdout=writing, stderr=subprocess.PIPE,
                               env=clean_environment())
    os.close(writing)
    os.close(reading)
    assert process.wait(PATIENCE) != 0
    process.stderr.close()


def test_an_interrupted_run_ends_at_once(origin):
    process = subprocess.Popen([FETCHPOOL, origin.url("/held")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
    origin.wait_for_requests(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    origin.wait_until(lambda: origin.open_connections == 0)
