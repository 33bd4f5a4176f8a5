"""fetchpool, the command line: URLs in, results out."""

import json
import re
import subprocess

import pytest

from rig.checks import assert_answered, assert_failed
from rig.client import strict_json
from rig.daemon import FETCHPOOL, clean_environment, run_program
from rig.ports import closed_port
from rig.timing import PATIENCE, Stopwatch, many


def fetchpool(*arguments, text="", **environment):
    return run_program(FETCHPOOL, *arguments, text=text, **environment)


def to_ms(time):
    number, unit = time
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


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


@pytest.mark.parametrize("by", [[], ["--server", "http://127.0.0.1:1"]])
def test_csv_with_what_it_has_no_column_for_is_a_2(by):
    item = json.dumps({"url": "http://127.0.0.1:1/", "include": ["body"]})
    for arguments, text in (["--include", "body", "http://127.0.0.1:1/"], ""), ([], item):
        result = fetchpool(*by, "-o", "csv", *arguments, text=text)
        assert (result.returncode, result.stdout) == (2, "") and "no column for what" in result.stderr


def test_what_cannot_be_written_is_a_3(origin):
    with open("/dev/full", "w") as full:
        result = subprocess.run([FETCHPOOL, origin.url("/a")], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                                env=clean_environment())
    assert result.returncode == 3 and result.stderr.startswith("fetchpool: ")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["token", "--help"], ["token", "new", "name"]])
def test_help_that_cannot_be_written_is_told(arguments):
    with open("/dev/full", "w") as full:
        result = subprocess.run([FETCHPOOL, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, env=clean_environment())
    assert (result.returncode, result.stderr) == (3, "fetchpool: standard output cannot be written: No space left on device\n")


def test_lines_have_the_place_of_their_url(origin):
    urls = [origin.url("/0?delay=0.3"), origin.url("/1"), origin.url("/2?delay=0.1")]
    for order, places in ("input", [0, 1, 2]), ("completion", [1, 2, 0]):
        result = fetchpool("-o", "ndjson", "--order", order, *urls)
        lines = [strict_json(line) for line in result.stdout.splitlines()]
        assert [line["index"] for line in lines] == places
        assert [line["url"] for line in lines] == [urls[place] for place in places]


def test_an_item_says_more_than_its_url(origin):
    items = [{"url": origin.url("/echo"), "id": "x", "method": "PUT", "headers": {"X-A": ["1", "2"]}, "body": "ü\n", "include": ["timings"]},
             {"url": origin.url("/held"), "timeout": 0.2}]
    result = fetchpool("--timeout", "9", text="".join(json.dumps(item) + "\n" for item in items) + origin.url("/a"))
    found = strict_json(result.stdout)
    assert found[0]["id"] == "x" and "timings" in found[0] and "timings" not in found[2]
    assert found[1]["error_code"] == "timeout"
    request = next(request for request in origin.requests if request.path == "/echo")
    assert (request.method, request.body.decode()) == ("PUT", "ü\n")
    assert [value for name, value in request.headers if name == "X-A"] == ["1", "2"]


def test_method_headers_and_body(origin, tmp_path):
    body = bytes(range(256))
    (tmp_path / "body").write_bytes(body)
    assert fetchpool("-H", "X-A: b", "-d", f"@{tmp_path}/body", origin.url("/a")).returncode == 0
    assert fetchpool("-X", "PUT", "-d", "text", origin.url("/b")).returncode == 0
    assert fetchpool("-d", "@-", origin.url("/c"), text="from input").returncode == 0
    first, second, third = origin.requests
    assert (first.method, first.body) == ("POST", body) and ("X-A", "b") in first.headers
    assert (second.method, second.body) == ("PUT", b"text")
    assert third.body == b"from input"


def test_lists_come_from_files_and_arguments(origin, tmp_path):
    (tmp_path / "one").write_text(origin.url("/1") + "\n")
    (tmp_path / "two").write_text(origin.url("/2"))
    result = fetchpool("-i", f"{tmp_path}/one", "-i", "-", "--input", f"{tmp_path}/two", origin.url("/0"), text=origin.url("/input"))
    assert [found["url"] for found in strict_json(result.stdout)] == [origin.url(path) for path in ("/0", "/1", "/input", "/2")]


@pytest.mark.parametrize("text, where", [("{", "line 1: this is not JSON"), ("http://127.0.0.1/\n{}", "line 2: the item has no url"),
                                         ("a\0b", "line 1: this is not UTF-8 text"),
                                         ('{"url":"http://127.0.0.1/","method":"POST","body":"a","body_base64":"Yg=="}', "line 1: give either body")])
def test_a_list_that_is_wrong_is_a_2(text, where):
    result = fetchpool(text=text)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("fetchpool: standard input, ") and where in result.stderr


def test_a_list_that_cannot_be_read_is_a_3(tmp_path):
    for path in tmp_path, tmp_path / "nothing":
        result = fetchpool("-i", str(path))
        assert (result.returncode, result.stdout) == (3, "") and str(path) in result.stderr


def test_a_body_that_cannot_be_read_is_a_3(tmp_path):
    result = fetchpool("-d", f"@{tmp_path}/nothing", "http://127.0.0.1:1/")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == f"fetchpool: --data {tmp_path}/nothing: No such file or directory\n"


def test_redirects_and_sizes(origin):
    assert strict_json(fetchpool("--no-redirects", origin.url("/redirect/2")).stdout)[0]["status"] == 302
    assert strict_json(fetchpool("--max-redirects", "1", origin.url("/redirect/2")).stdout)[0]["error_code"] == "too_many_redirects"
    assert strict_json(fetchpool("--max-size", "1K", origin.url("/bytes/1025")).stdout)[0]["error_code"] == "too_large"


def test_the_table_tells_how_it_went(origin):
    with closed_port() as port:
        result = fetchpool("-o", "table", origin.url("/a"), origin.url("/status/404"), f"http://127.0.0.1:{port}/", COLUMNS="70", LC_ALL="C")
    assert result.returncode == 1
    assert re.match(r"3 URLs in \d+.*: 1 good, 2 not\n", result.stdout)
    assert re.search(r"^connect +1 ", result.stdout, re.MULTILINE) and "The slowest" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 70 and result.stdout.isascii()


def test_the_table_takes_no_less_time_than_its_rows():
    with closed_port() as port:
        tables = [fetchpool("-o", "table", f"http://127.0.0.1:{port}/", LC_ALL="C").stdout for _ in range(many(20))]
    for table in tables:
        all_ms, row_ms = (to_ms(re.search(pattern, table).groups()) for pattern in (r"^1 URL in ([\d.]+) (\w+),", r" ([\d.]+) (\w+)  [.:+*#=]+\n"))
        assert all_ms >= row_ms > 0, table


def test_without_a_terminal_nothing_is_drawn(origin):
    result = fetchpool("-c", "1", *[origin.url(f"/{n}?delay=0.2") for n in range(5)], TERM="xterm")
    assert (result.returncode, result.stderr) == (0, "")
