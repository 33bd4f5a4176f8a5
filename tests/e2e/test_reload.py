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
