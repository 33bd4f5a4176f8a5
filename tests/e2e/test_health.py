"""fetchpoold --health: the daemon is asked how it is by its own settings, as a container's health check does."""

import signal

import pytest

from rig.daemon import FETCHPOOLD, run_program, set_arguments
from rig.ports import closed_port
from rig.timing import Stopwatch, at_most
from rig.tokens import TokenFile


def health(*arguments, **environment):
    return run_program(FETCHPOOLD, "--config", "/dev/null", *arguments, "--health", **environment)


def assert_well(result):
    assert (result.returncode, result.stdout, result.stderr) == (0, "healthy\n", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "[::1]", "[::]"])
def test_at_the_address_that_it_listens_on(start_daemon, host):
    daemon = start_daemon({"auth.allow_anonymous": "yes"}, listen=[f"{host}:0"])
    assert_well(health("--listen", daemon.address))


def test_at_a_name(start_daemon):
    daemon = start_daemon(listen=["localhost:0"])
    port = daemon.address.rpartition(":")[2]
    assert_well(health("--listen", f"localhost:{port}"))


def test_at_a_unix_socket(start_daemon):
    daemon = start_daemon(listen=["unix:http"])
    assert_well(health("--listen", daemon.address))


def test_behind_tls(start_daemon, authority):
    """Its certificate is for another name and of an authority that nobody knows here."""
    pem = authority.server_file("elsewhere.test")
    settings = {"server.tls_cert": pem, "server.tls_key": pem}
    daemon = start_daemon(settings, listen=["127.0.0.1:0", "unix:http"])
    tcp, unix = daemon.addresses
    assert_well(health("--listen", tcp, "--listen", unix, *set_arguments(settings)))
    assert health("--listen", tcp).returncode == 1


def test_settings_from_a_file_and_from_the_environment(start_daemon, tmp_path):
    daemon = start_daemon(listen=["127.0.0.1:0", "127.0.0.1:0"])
    file = tmp_path / "fetchpool.conf"
    file.write_text(f"[server]\nlisten = {', '.join(daemon.addresses)}\n")
    assert_well(run_program(FETCHPOOLD, "--config", str(file), "--health"))
    assert_well(health(FETCHPOOL_SERVER_LISTEN=daemon.addresses[1]))


def test_it_needs_no_token_and_goes_through_no_proxy(start_daemon, tmp_path):
    tokens = TokenFile(tmp_path / "tokens")
    tokens.add("caller")
    daemon = start_daemon({"auth.token_file": tokens.path})
    assert daemon.get("/version").status == 401
    assert_well(health("--listen", daemon.address, http_proxy="http://127.0.0.1:1"))


def test_nobody_there(tmp_path):
    with closed_port() as port:
        result = health("--listen", f"127.0.0.1:{port}")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"fetchpoold: 127.0.0.1:{port}: ")
    result = health("--listen", f"unix:{tmp_path}/none")
    assert (result.returncode, result.stdout) == (1, "")


def test_one_of_two_addresses_does_not_answer(daemon):
    with closed_port() as port:
        result = health("--listen", daemon.address, "--listen", f"127.0.0.1:{port}")
    assert result.returncode == 1
    assert result.stderr.startswith(f"fetchpoold: 127.0.0.1:{port}: ")


@pytest.mark.timed
def test_a_daemon_that_hangs(daemon):
    daemon.signal(signal.SIGSTOP)
    try:
        with Stopwatch() as watch:
            result = health("--listen", daemon.address)
    finally:
        daemon.signal(signal.SIGCONT)
    assert result.returncode == 1
    assert "timed out" in result.stderr
    assert 2.9 < watch.seconds < at_most(4.5)


def test_wrong_settings_are_told():
    assert health("--set", "pool.workers=many").returncode == 3
    result = health("--listen", "127.0.0.1:0")
    assert result.returncode == 1
    assert "port 0" in result.stderr
