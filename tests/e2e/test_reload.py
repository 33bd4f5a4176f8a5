"""SIGHUP: the settings are read again, all or nothing."""

import signal

import pytest


@pytest.fixture
def reload(daemon):
    """reload(text): the settings file is this now, and the daemon is told."""
    def write(text):
        (daemon.folder / "empty.conf").write_text(text)
        daemon.signal(signal.SIGHUP)

    return write


def test_a_broken_file_changes_nothing_and_is_told_with_its_line(daemon, reload):
    reload("[log]\nlevel = error\n[fetch]\ntimeout = soon\n")
    line, = daemon.wait_for_line("settings not reloaded")
    assert "level=error" in line and "empty.conf:4" in line and "fetch.timeout" in line
    reload("[log]\nlevel = info\n")
    daemon.wait_for_line("settings reloaded")


def test_the_log_level_follows_the_file(daemon, reload):
    reload("[log]\nlevel = error\n")
    daemon.stop()  # the kernel hands SIGHUP out before SIGTERM
    assert "ready" in daemon.log and "draining" not in daemon.log


def test_tls_that_begins_or_ends_with_a_restart_only_is_warned_of(start_daemon, authority, tmp_path):
    pem = authority.server_file("localhost")
    file = tmp_path / "tls.conf"
    with_tls, without = f"[server]\ntls_cert = {pem}\ntls_key = {pem}\n", ""
    for before, after, word in ((without, with_tls, "begins"), (with_tls, without, "ends")):
        file.write_text(before)
        daemon = start_daemon(arguments=["--config", str(file)])
        file.write_text(after)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line("level=warning", f"TLS {word} with a restart")
        file.write_text(before)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line("settings reloaded", count=2)
        assert len(daemon.wait_for_line("with a restart")) == 1
