"""fetchpool in a real terminal, which is tmux: what stands on its screen."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rig.daemon import FETCHPOOL, clean_environment
from rig.timing import wait_for

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not here")

BAR = re.compile(r"^▕.*▏ *\d+ %  [\d,]+/[\d,]+")


def width_of(path):
    tty = os.open(path, os.O_RDONLY | os.O_NOCTTY)
    try:
        return os.get_terminal_size(tty).columns
    finally:
        os.close(tty)


class Terminal:
    """A shell in a window of a tmux of its own."""

    def __init__(self, folder, columns=100):
        self.socket = str(folder / "tmux")
        environment = clean_environment(LC_ALL="C.UTF-8", TERM="xterm-256color")
        for name in ("TMUX", "NO_COLOR", "COLUMNS"):
            environment.pop(name, None)
        # No daemon of its own: it ends with the runner, however that one ends.
        self.server = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "tmux", "-S", self.socket, "-f", "/dev/null", "-D"],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
        try:
            wait_for(lambda: self.server.poll() is not None or os.path.exists(self.socket), "a server")
            self.tmux("new-session", "-d", "-x", str(columns), "-y", "40", "sh")
        except BaseException:
            self.stop()
            raise
        wait_for(lambda: self.screen()[:1] in ("$", "#"), "a prompt")

    def tmux(self, *words, env=None):
        return subprocess.run(["tmux", "-S", self.socket, *words], check=True, capture_output=True, text=True, timeout=30, env=env).stdout

    def type(self, *words, after=""):
        self.tmux("send-keys", "-l", "clear; " + shlex.join(words) + after)
        self.tmux("send-keys", "Enter")

    def resize(self, columns):
        """The program stands still meanwhile: tmux breaks lines a while before it tells anybody of the width, and what is
        written in between stays. A shell between them, which does not care, is to have started it."""
        program = shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        while children := Path(f"/proc/{program}/task/{program}/children").read_text().split():
            program, = children
        assert program != shell
        os.kill(int(program), signal.SIGSTOP)
        self.tmux("resize-window", "-x", str(columns))
        tty = self.tmux("display-message", "-p", "#{pane_tty}").strip()
        wait_for(lambda: width_of(tty) == columns, "the width is told")
        os.kill(int(program), signal.SIGCONT)

    def press(self, key):
        self.tmux("send-keys", key)

    def screen(self):
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def wait_for(self, pattern):
        """The screen, as soon as it has that."""
        return self.wait_until(re.compile(pattern, re.MULTILINE).search, pattern)

    def wait_until(self, is_right, what):
        """The screen, as soon as it is as it should be."""
        try:
            return wait_for(lambda: (screen := self.screen()) and is_right(screen) and screen, what)
        except AssertionError:
            raise AssertionError(f"in vain: {what}; the screen:\n{self.screen()}") from None

    def stop(self):
        self.server.kill()  # its windows hang up
        self.server.wait()


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.stop()


def urls_in(tmp_path, origin, count, held=1):
    path = tmp_path / "urls"
    path.write_text("".join(origin.url(f"/{n}") + "\n" for n in range(count)) + (origin.url("/held") + "\n") * held)
    return str(path)


def test_a_line_shows_how_far_it_is_and_goes(terminal, origin, tmp_path):
    terminal.type(FETCHPOOL, "--timeout", "600", "-o", "table", "-i", urls_in(tmp_path, origin, 19), after="; echo status $?")
    screen = terminal.wait_for(r" 95 %  19/20  .*1 in flight")
    assert len([line for line in screen.split("\n") if BAR.match(line)]) == 1
    origin.release()
    screen = terminal.wait_for(r"^status 0$")
    assert not [line for line in screen.split("\n") if BAR.match(line)]
    assert screen.startswith("20 URLs in ") and "The slowest" in screen and "█ wait" in screen


def test_the_first_rate_is_that_since_the_start(terminal, origin):
    terminal.type(FETCHPOOL, "--timeout", "600", origin.url("/a?delay=2"), origin.url("/held"), after=" >/dev/null")
    rate = re.search(r" 1/2 .* ([\d.]+)/s", terminal.wait_for(r" 1/2 "))
    assert 0 < float(rate.group(1)) <= 0.5
    origin.release()


def test_results_and_the_line_do_not_mix(terminal, origin, tmp_path):
    terminal.type(FETCHPOOL, "--timeout", "600", "-o", "csv", "-i", urls_in(tmp_path, origin, 9), after="; echo status $?")
    lines = terminal.wait_for(r" 90 %  9/10").split("\n")
    assert lines[0].startswith("url,index,") and BAR.match(lines[-1])
    assert [line.split(",")[1] for line in lines[1:-1]] == [str(n) for n in range(9)]
    origin.release()
    lines = terminal.wait_for(r"^status 0$").split("\n")
    assert lines.index("status 0") == 11 and not [line for line in lines if "▕" in line]


def test_the_line_follows_the_width(terminal, origin, tmp_path):
    # A terminal that becomes narrower may take what is at its top into its history, where nobody erases it.
    terminal.type("sh", "-c", f"seq 20; {FETCHPOOL} --quiet {origin.url('/before')}; {FETCHPOOL} --timeout 600 -i {urls_in(tmp_path, origin, 19)} >/dev/null; echo status $?")
    terminal.wait_for(r" 95 %  19/20  .*1 in flight")
    for columns, shown in (60, r"^▕.*19/20.*1 in flight$"), (24, r"^19/20"), (100, r"^▕.*19/20.*1 in flight$"):
        terminal.resize(columns)
        screen = terminal.wait_until(lambda text: len(re.findall(r"19/20", text)) == 1 and re.search(shown, text, re.MULTILINE), f"{columns} columns")
        assert max(len(line) for line in screen.split("\n")) <= columns
        # What stood above is untouched. Lines that tmux has broken anew may have gone to its history.
        assert terminal.tmux("capture-pane", "-p", "-J", "-S", "-").count(origin.url("/before") + '"') == 1
    origin.release()
    assert "19/20" not in terminal.wait_for(r"^status 0$")


def test_ctrl_c_prints_what_is_done(terminal, origin, tmp_path):
    terminal.type(FETCHPOOL, "--timeout", "600", "-c", "1", "-o", "csv", "-i", urls_in(tmp_path, origin, 3, held=2), after="; echo status $?")
    terminal.wait_for(r" 60 %  3/5")
    terminal.press("C-c")
    lines = terminal.wait_for(r"^status 130$").split("\n")
    assert [line for line in lines if ",cancelled," in line][0].split(",")[1] == "3"
    assert not [line for line in lines if "▕" in line]
    origin.wait_until(lambda: origin.open_connections == 0)


def test_a_pipe_to_head_ends_quietly(terminal, origin, tmp_path):
    terminal.type(FETCHPOOL, "-o", "ndjson", "-i", urls_in(tmp_path, origin, 50), after=" | head -n 2; echo status $?")
    lines = terminal.wait_for(r"^status 0$").split("\n")
    assert len([line for line in lines if '"url"' in line]) == 2
    assert not [line for line in lines if "▕" in line or "fetchpool:" in line]
    origin.wait_until(lambda: origin.open_connections == 0)


@pytest.mark.parametrize("how", [["env", "TERM=dumb"], ["env", "-u", "TERM"], []])
def test_quiet_and_dumb_terminals_have_no_line(terminal, origin, how):
    options = [] if how else ["--quiet"]
    terminal.type(*how, FETCHPOOL, *options, "-o", "csv", origin.url("/a?delay=0.6"), after="; echo status $?")
    lines = terminal.wait_for(r"^status 0$").split("\n")
    assert len(lines) == 4 and lines[0].startswith("url,")


def test_without_colour_and_unicode(terminal, origin, tmp_path):
    terminal.type("env", "LC_ALL=C", "NO_COLOR=1", FETCHPOOL, "-o", "table", "-i", urls_in(tmp_path, origin, 9), after="; echo status $?")
    terminal.wait_for(r"^\[#+ *\] 90 %  9/10")
    assert "\x1b[" not in terminal.tmux("capture-pane", "-p", "-e")
    origin.release()
    assert terminal.wait_for(r"^status 0$").isascii()


def test_urls_are_typed(terminal, origin):
    terminal.type(FETCHPOOL, "-o", "csv", after="; echo status $?")
    terminal.wait_for(r"^fetchpool: type URLs, one in each line; Ctrl-D ends the list$")
    terminal.tmux("send-keys", "-l", origin.url("/typed"))
    terminal.press("Enter")
    terminal.press("C-d")
    assert f"{origin.url('/typed')},0,200,2," in terminal.wait_for(r"^status 0$")


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_runner_that_is_killed_leaves_no_server(tmp_path):
    code = "import sys, pathlib, test_cli_terminal as t; print(t.Terminal(pathlib.Path(sys.argv[1])).server.pid, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          cwd=Path(__file__).parent) as runner:
        server = int(runner.stdout.readline())
        assert is_running(server)
        runner.kill()
    wait_for(lambda: not is_running(server), "the server's end")
