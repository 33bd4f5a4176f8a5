"""What a service manager sees: readiness, stopping, and sockets that it passes."""

import contextlib
import os
import signal
import socket
import subprocess

import pytest

from rig import client
from rig.daemon import FETCHPOOLD, clean_environment
from rig.timing import PATIENCE, wait_for


@pytest.fixture
def manager(tmp_path_factory):
    """A notification socket, as systemd gives one. Gives (address, next message)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stream:
        stream.bind(f"\0fetchpool-test-{os.getpid()}-{os.urandom(4).hex()}")
        stream.settimeout(PATIENCE)
        yield "@" + stream.getsockname()[1:].decode(), lambda: stream.recv(4096).decode().splitlines()


def test_readiness_and_stopping_are_told(start_daemon, manager):
    address, next_message = manager
    daemon = start_daemon(environment={"NOTIFY_SOCKET": address})
    assert "READY=1" in next_message()
    assert client.request(daemon.address, "GET", "/healthz").status == 200
    daemon.signal()
    while "STOPPING=1" not in next_message():
        pass
    assert daemon.wait() == 0


def test_no_socket_gets_the_number_of_a_closed_standard_file(start_daemon, origin):
    daemon = start_daemon(prefix=["sh", "-c", 'exec "$@" 0<&- 1>&-', "sh"])
    daemon.assert_serves(origin)
    for number in (0, 1):
        assert os.readlink(f"/proc/{daemon.process.pid}/fd/{number}") == os.devnull


def test_a_passed_socket_is_listened_on(start_daemon, origin):
    with socket.create_server(("127.0.0.1", 0)) as passed:
        # The environment must hold the process's own id, so a shell makes it and becomes the daemon. Passed sockets
        # begin at descriptor 3.
        script = 'exec 3<&$0; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        daemon = start_daemon(prefix=["bash", "-c", script, str(passed.fileno())], listen=[], pass_fds=[passed.fileno()])
        address = "127.0.0.1:%d" % passed.getsockname()[1]
        assert daemon.addresses == [address]
    daemon.assert_serves(origin)


@contextlib.contextmanager
def reading_its_settings(path, *arguments):
    """Gives the daemon, which has begun to read the settings at `path`, and the descriptor by which it gets them."""
    os.mkfifo(path)
    process = subprocess.Popen([FETCHPOOLD, "--config", path, "--listen", "127.0.0.1:0", *arguments], stderr=subprocess.PIPE, text=True,
                               env=clean_environment())

    def opened():
        with contextlib.suppress(OSError):  # until it reads
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)

    try:
        yield process, wait_for(opened, "the settings to be read")
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def test_signals_during_the_start_are_answered_when_it_is_up(tmp_path):
    with reading_its_settings(tmp_path / "own.conf") as (process, settings):
        (tmp_path / "next").write_text("")
        os.replace(tmp_path / "next", tmp_path / "own.conf")  # for the reload
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM):
            process.send_signal(number)
        os.close(settings)
        _, log = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, log
        told = [log.find(message) for message in ("msg=ready", "settings reloaded", "log level changed", "msg=draining", "msg=stopped")]
        assert -1 not in told and told == sorted(told), log


def test_what_serves_nobody_is_ended_by_a_signal(tmp_path):
    with reading_its_settings(tmp_path / "own.conf", "--check") as (process, settings):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == -signal.SIGTERM
        os.close(settings)
