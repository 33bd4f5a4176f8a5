"""Settings from file, environment and command line; --check, --dump, --help; and what is said when they are wrong."""

import configparser
import json
import resource
import socket
import subprocess

import pytest

from rig.daemon import FETCHPOOLD, ROOT, clean_environment, run_program, set_arguments
from rig.timing import PATIENCE

KEYS = {
    "server": "listen max_request_bytes request_memory max_urls max_connections max_connections_per_address header_timeout body_timeout idle_timeout send_timeout min_read_rate drain_delay drain_timeout answer_buffer answer_memory unix_mode unix_owner tls_cert tls_key allowed_hosts allowed_origins",
    "auth": "token_file allow_anonymous",
    "pool": "workers queue max_concurrent max_concurrent_limit idle_timeout handles handle_idle_timeout",
    "fetch": "retries retry_delay retry_budget timeout timeout_limit connect_timeout max_redirects max_size max_size_limit max_header_bytes low_speed_limit low_speed_time name_servers name_timeout names user_agent ca_file",
    "host": "max_concurrent max_concurrent_limit delay max_pause",
    "guard": "allow deny ports nat64 user_info",
    "log": "level format",
}
ALL_KEYS = [f"{section}.{key}" for section, keys in KEYS.items() for key in keys.split()]


@pytest.fixture
def settings_file(tmp_path):
    """settings_file(text): the path of a settings file."""
    def write(text):
        path = tmp_path / "fetchpool.conf"
        path.write_text(text)
        return str(path)

    return write


def fetchpoold(*arguments, **environment):
    if "--config" not in arguments:
        arguments = ("--config", "/dev/null", *arguments)
    return run_program(FETCHPOOLD, *arguments, **environment)


def dumped(*arguments, **environment):
    """The effective values as 'section.key' -> value."""
    result = fetchpoold("--dump", *arguments, **environment)
    assert (result.returncode, result.stderr) == (0, "")
    return parse(result.stdout)


def parse(text):
    parser = configparser.ConfigParser(interpolation=None, strict=False, comment_prefixes=("#", ";"), inline_comment_prefixes=None)
    parser.read_string(text)
    return {f"{section}.{key}": value for section in parser.sections() for key, value in parser[section].items()}


def assert_fails(result, status, *words):
    """One line, with the program's name in front, that says all the words."""
    assert result.returncode == status, result
    assert result.stderr.startswith("fetchpoold: ")
    assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n")
    for word in words:
        assert word in result.stderr, result.stderr


def test_check_says_that_settings_are_valid(settings_file):
    path = settings_file("# a comment\n[pool]\nworkers = 8\n; another\n[server]\nlisten = 127.0.0.1:0\nlisten = [::1]:0\n")
    result = fetchpoold("--check", "--config", path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "settings are valid\n", "")


def test_dump_holds_every_setting():
    assert set(dumped()) == set(ALL_KEYS)


def test_the_sample_file_is_valid_and_changes_nothing():
    sample = str(ROOT / "config" / "fetchpool.conf")
    assert fetchpoold("--check", "--config", sample).returncode == 0
    assert dumped("--config", sample) == dumped()
    text = (ROOT / "config" / "fetchpool.conf").read_text(encoding="utf-8")
    assert [key for key in ALL_KEYS if key.split(".")[1] not in text] == []


def test_dump_tells_help_range_and_default_as_comments():
    text = fetchpoold("--dump").stdout
    comments = [line for line in text.splitlines() if line.startswith(("#", ";"))]
    assert len(comments) >= len(ALL_KEYS)
    assert any("256" in line for line in comments)


def test_defaults_are_those_of_the_design():
    values = dumped()
    expected = {"server.listen": "127.0.0.1:8080", "server.max_urls": "100000", "server.max_connections": "4096", "pool.workers": "256",
                "pool.queue": "1000000", "pool.max_concurrent": "5", "pool.max_concurrent_limit": "1000", "fetch.max_redirects": "10",
                "log.level": "info", "log.format": "logfmt", "guard.allow": "", "guard.deny": "", "fetch.ca_file": ""}
    assert {key: values[key] for key in expected} == expected
    for key, seconds in (("fetch.timeout", 30), ("fetch.connect_timeout", 10), ("server.drain_timeout", 30), ("server.idle_timeout", 60)):
        assert float(values[key]) == seconds


def test_dump_can_be_read_back(settings_file):
    changed = {"server.listen": "127.0.0.1:0,unix:/tmp/x", "server.max_request_bytes": "5MiB", "server.answer_buffer": "8KiB",
               "fetch.timeout": "0.125", "fetch.user_agent": "a; b # c = \"d\"", "guard.allow": "10.0.0.0/8, fd00::/8", "log.level": "debug",
               "pool.workers": "17", "fetch.max_size": "1GiB", "fetch.max_size_limit": "2GiB"}
    for settings in ({}, changed):
        first = fetchpoold("--dump", *set_arguments(settings))
        assert first.returncode == 0, first.stderr
        path = settings_file(first.stdout)
        again = fetchpoold("--dump", "--config", path)
        assert again.returncode == 0, again.stderr
        assert parse(again.stdout) == parse(first.stdout)
        assert fetchpoold("--check", "--config", path).returncode == 0
    assert "fetch.user_agent" in parse(first.stdout) and parse(first.stdout)["fetch.user_agent"].strip('"').startswith("a; b # c")


def test_dump_tells_where_a_value_came_from(settings_file):
    path = settings_file("[pool]\nworkers = 8\n")
    text = fetchpoold("--dump", "--config", path, "--set", "pool.queue=9", FETCHPOOL_POOL_MAX_CONCURRENT="7").stdout
    for key, source in (("workers = 8", "settings file"), ("queue = 9", "command line"), ("max_concurrent = 7", "environment")):
        before = text[:text.index(f"\n{key}\n")].splitlines()[-1]
        assert source in before
    assert text.count("settings file") == text.count("environment") == 1


def test_command_line_wins_over_environment_wins_over_file(settings_file):
    path = settings_file("[pool]\nworkers = 1\nqueue = 1\nmax_concurrent = 1\n")
    values = dumped("--config", path, "--set", "pool.workers=3", FETCHPOOL_POOL_WORKERS="2", FETCHPOOL_POOL_QUEUE="2")
    assert (values["pool.workers"], values["pool.queue"], values["pool.max_concurrent"]) == ("3", "2", "1")


def test_the_last_set_wins():
    assert dumped("--set", "pool.workers=3", "--set", "pool.workers=4")["pool.workers"] == "4"


def test_lists_repeat_or_have_commas(settings_file):
    repeated = settings_file("[guard]\nallow = 10.0.0.0/8\nallow = fd00::/8\n")
    first = fetchpoold("--dump", "--config", repeated).stdout
    second = fetchpoold("--dump", "--set", "guard.allow=10.0.0.0/8,fd00::/8").stdout
    for text in (first, second):
        assert "10.0.0.0/8" in text and "fd00::/8" in text
    assert parse(first) == parse(second)


@pytest.mark.parametrize("key, value, words", [
    ("pool.workers", "0", ["pool.workers"]), ("pool.workers", "many", ["pool.workers", "many"]), ("pool.workers", "-5", ["pool.workers"]),
    ("pool.workers", "", ["pool.workers"]), ("pool.workers", "5x", ["pool.workers"]), ("pool.workers", "1e3", ["pool.workers"]),
    ("pool.workers", "99999999999999999999", ["pool.workers"]), ("fetch.timeout", "-1", ["fetch.timeout"]),
    ("fetch.timeout", "nan", ["fetch.timeout"]), ("fetch.timeout", "30s", ["fetch.timeout"]), ("fetch.max_size", "10MB", ["fetch.max_size"]),
    ("fetch.max_size", "99999999GiB", ["fetch.max_size"]), ("log.level", "loud", ["log.level", "loud"]), ("log.format", "xml", ["log.format"]),
    ("guard.allow", "10.0.0.0/33", ["guard.allow", "10.0.0.0/33"]), ("guard.allow", "example.test", ["guard.allow"]),
    ("guard.deny", "::/129", ["guard.deny"]), ("server.listen", "nonsense", ["server.listen"]), ("server.listen", "127.0.0.1:99999", ["server.listen"]),
    ("fetch.name_servers", "ns.example.test", ["fetch.name_servers", "ns.example.test"]), ("fetch.name_servers", "192.0.2.53:0", ["fetch.name_servers"]),
    ("fetch.name_servers", "[fd00::53", ["fetch.name_servers"]), ("fetch.ca_file", "/does/not/exist.pem", ["/does/not/exist.pem"]),
])
def test_wrong_values_are_named_with_their_place(settings_file, key, value, words):
    section, name = key.split(".")
    path = settings_file(f"# first line\n[{section}]\n{name} = {value}\n")
    assert_fails(fetchpoold("--check", "--config", path), 3, *words, *([f"{path}:3"] if key != "fetch.ca_file" else []))
    assert_fails(fetchpoold("--check", "--set", f"{key}={value}"), 3, *words)
    variable = f"FETCHPOOL_{section.upper()}_{name.upper()}"
    assert_fails(fetchpoold("--check", **{variable: value}), 3, *([variable] if key != "fetch.ca_file" else words))


@pytest.mark.parametrize("text, line, words", [
    ("[pool]\nworker = 5\n", 2, ["worker"]), ("[pol]\nworkers = 5\n", 1, ["pol"]), ("workers = 5\n", 1, ["workers"]),
    ("[pool]\nworkers 5\n", 2, []), ("[pool\nworkers = 5\n", 1, []),
])
def test_typing_errors_in_the_file_are_named_with_their_line(settings_file, text, line, words):
    path = settings_file(text)
    result = fetchpoold("--check", "--config", path)
    assert_fails(result, 3, *words)
    assert f"{path}:{line}" in result.stderr or f"{path}:{line + 1}" in result.stderr


def test_typing_errors_elsewhere_are_named(settings_file):
    assert_fails(fetchpoold("--check", "--set", "pool.worker=5"), 3, "pool.worker")
    result = fetchpoold("--check", "--set", "pool.workers")
    assert_fails(result, result.returncode, "pool.workers")
    assert result.returncode in (2, 3)
    assert_fails(fetchpoold("--check", FETCHPOOL_POOL_WORKER="5"), 3, "FETCHPOOL_POOL_WORKER")


def test_variables_that_are_no_settings_are_left_alone():
    assert fetchpoold("--check", FETCHPOOLER="1", FETCHPOOL="x", FETCHPOOL_UNRELATED="y").returncode == 0


@pytest.mark.parametrize("arguments", [["--nonsense"], ["extra"], ["--listen"], ["--set"], ["--config"], ["-x"]])
def test_a_wrong_command_line_is_a_2(arguments):
    result = run_program(FETCHPOOLD, *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("fetchpoold: ")


def test_a_missing_or_unreadable_file_is_a_4(tmp_path):
    for path in (tmp_path / "missing.conf", tmp_path):
        assert_fails(run_program(FETCHPOOLD, "--check", "--config", str(path)), 4, str(path))


def assert_does_not_start(result, status, *words):
    """The log says so, as its settings want it to."""
    assert result.returncode == status, result
    line = result.stderr.splitlines()[-1]
    assert ' level=error msg="cannot start" error=' in line
    for word in words:
        assert word in line


def test_what_keeps_it_from_starting_is_logged_as_the_settings_say(daemon):
    line = json.loads(fetchpoold("--listen", daemon.address, "--set", "log.format=json").stderr.splitlines()[-1])
    assert line["level"] == "error" and line["msg"] == "cannot start" and daemon.address in line["error"]


def test_a_taken_port_is_a_5(daemon, tmp_path):
    assert_does_not_start(fetchpoold("--listen", daemon.address), 5, daemon.address)
    with socket.socket(socket.AF_UNIX) as taken:
        path = f"{daemon.folder}/taken"
        taken.bind(path)
        taken.listen()
        assert_does_not_start(fetchpoold("--listen", f"unix:{path}"), 5, path)
    assert_does_not_start(fetchpoold("--listen", f"unix:{tmp_path}/no/such/folder/socket"), 5)
    assert_does_not_start(fetchpoold("--listen", "192.0.2.1:0"), 5, "192.0.2.1")


def test_settings_that_do_not_fit_the_descriptor_limit_are_a_6():
    result = subprocess.run([FETCHPOOLD, "--config", "/dev/null", "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=PATIENCE,
                            env=clean_environment(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)))
    assert_does_not_start(result, 6, "100")


def test_the_soft_descriptor_limit_is_raised(start_daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    daemon = start_daemon(prefix=["prlimit", f"--nofile=1024:{hard}"])
    with open(f"/proc/{daemon.process.pid}/limits") as limits:
        assert next(line for line in limits if line.startswith("Max open files")).split()[3] == str(hard)


def test_help_and_version():
    helped = fetchpoold("--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    for option in ("--config", "--listen", "--set", "--check", "--dump", "--version", "--help"):
        assert option in helped.stdout
    assert [key for key in ALL_KEYS if key not in helped.stdout] == []
    version = fetchpoold("--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("fetchpoold ")


def test_the_version_is_the_same_everywhere(daemon):
    document = daemon.get("/version").json()
    assert document["name"] == "fetchpool"
    assert document["version"] in fetchpoold("--version").stdout


def test_a_settings_file_steers_the_daemon(start_daemon, settings_file, origin):
    path = settings_file("[server]\nmax_urls = 2\n[guard]\nallow = 127.0.0.0/8\n")
    daemon = start_daemon(open_loopback=False, arguments=["--config", path], environment={"FETCHPOOL_FETCH_MAX_SIZE": "1KiB"})
    assert daemon.fetch_one(origin.url("/bytes/1024"))["status"] == 200
    assert daemon.fetch_one(origin.url("/bytes/1025"))["error_code"] == "too_large"
    assert daemon.post_batch([origin.url("/")] * 3).status == 413
