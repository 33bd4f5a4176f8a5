"""What the process is allowed, what it leaves behind, and how its program was built."""

import os
import re
import resource
import signal
import subprocess

import pytest

from rig import confinement, faults
from rig.daemon import FETCHPOOL, FETCHPOOLD, OPEN_LOOPBACK, Daemon
from rig.names import SILENT
from rig.timing import PATIENCE, SANITIZED, wait_for

plain = pytest.mark.skipif(SANITIZED, reason="the sanitizers' builds are not what is installed")


# ---- the unit's filter, and that it is one ----

@plain
@pytest.mark.skipif(not confinement.policy_file(), reason="systemd-analyze or tests/fault is not here")
class TestFilter:
    def test_every_daemon_of_these_tests_runs_under_it(self, daemon):
        status = status_of(daemon.process.pid)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")

    @pytest.mark.parametrize("code", [
        "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "libc.unshare(0x40000000)",
        "libc.setns(0, 0)",
        "libc.ptrace(0, 0, 0, 0)",
        "libc.mount(b'', b'', b'', 0, None)",
        "libc.chroot(b'/')",
        "libc.reboot(0)",
        "libc.sched_setscheduler(0, 0, 0)",
    ])
    def test_what_the_unit_forbids_ends_a_program(self, code):
        code = f"import ctypes, mmap, socket; libc = ctypes.CDLL(None); print('begun', flush=True); {code}"
        done = subprocess.run([*confinement.prefix(), "/usr/bin/python3", "-c", code], capture_output=True, text=True, timeout=PATIENCE)
        assert (done.returncode, done.stdout) == (-signal.SIGSYS, "begun\n"), done.stderr

    def test_the_filter_is_that_of_the_unit(self):
        calls = confinement.allowed_calls(confinement.read_sets())
        assert {"execve", "mmap", "epoll_wait", "connect", "setpriority"} <= calls
        assert not calls & {"mount", "ptrace", "chown", "setuid", "bpf", "keyctl", "sched_setscheduler", "io_uring_setup", "userfaultfd", "reboot"}


# ---- what could leave the process ----

def status_of(pid):
    with open(f"/proc/{pid}/status") as status:
        return dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)


def flags_of(pid):
    """{descriptor: its flags}, as the kernel tells them; those that are closed meanwhile are left out."""
    found = {}
    for number in map(int, os.listdir(f"/proc/{pid}/fdinfo")):
        try:
            with open(f"/proc/{pid}/fdinfo/{number}") as info:
                found[number] = int(re.search(r"^flags:\s+(\d+)", info.read(), re.M).group(1), 8)
        except OSError:
            pass
    return found


def test_no_descriptor_outlives_an_exec(start_daemon, start_origin, start_names, authority):
    plain_origin, tls_origin = start_origin(), start_origin(tls=authority.server_context("localhost", "127.0.0.1"))
    names = start_names({"silent.test": SILENT})
    daemon = start_daemon({"fetch.ca_file": authority.file, "fetch.name_servers": names.address}, listen=["127.0.0.1:0", "unix:socket"])
    held = daemon.begin_batch([plain_origin.url("/held")] * 10 + [tls_origin.url("/held")] * 10 + ["http://silent.test/"], max_concurrent=21)
    plain_origin.wait_for_requests(10)
    tls_origin.wait_for_requests(10)
    wait_for(lambda: names.asked("silent.test"), "the question for a name")
    flags = flags_of(daemon.process.pid)
    assert len(flags) >= 3 + 20 * 3
    open_on_exec = {number: os.readlink(f"/proc/{daemon.process.pid}/fd/{number}") for number, value in flags.items()
                    if number > 2 and not value & os.O_CLOEXEC}
    assert not open_on_exec
    plain_origin.release()
    tls_origin.release()
    held.leave()


def test_no_core_is_written(start_daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    daemon = start_daemon(prefix=["sh", "-c", f"ulimit -S -c {'unlimited' if hard == resource.RLIM_INFINITY else hard // 1024}; exec \"$@\"", "sh"])
    assert resource.prlimit(daemon.process.pid, resource.RLIMIT_CORE) == (0, 0)


@plain
def test_a_process_of_the_same_user_cannot_look_in():
    """As nobody, who has no capability: a daemon that could be looked into would let its fdinfo be listed."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    script = ('"$0" --config /dev/null --listen 127.0.0.1:0 2>&1 & pid=$!; exec 2>/dev/null; for i in $(seq 100); do '
              'ls /proc/$pid/fd >/dev/null || break; sleep 0.02; done; ls /proc/$pid/fd && echo open; ls /proc/self/fd >/dev/null && '
              'echo closed; kill $pid && echo lived; wait $pid')
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script, FETCHPOOLD],
                          capture_output=True, text=True, timeout=PATIENCE, cwd="/")
    if "denied" in done.stderr or "not found" in done.stderr:
        pytest.skip("nobody cannot read the program")
    said = done.stdout.splitlines()
    assert "closed" in said and "lived" in said and "open" not in said, done.stdout


def test_no_key_of_a_connection_is_written_down(start_daemon, start_origin, authority, tmp_path):
    origin = start_origin(tls=authority.server_context("127.0.0.1"))
    log = tmp_path / "keys"
    daemon = start_daemon({"fetch.ca_file": authority.file}, environment={"SSLKEYLOGFILE": str(log)})
    assert daemon.fetch_one(origin.url("/"))["status"] == 200
    assert not log.exists()


def test_a_broken_pipe_is_no_signal(daemon):
    assert int(status_of(daemon.process.pid)["SigIgn"], 16) & 1 << (signal.SIGPIPE - 1)


@plain
@pytest.mark.skipif(not faults.have_library(), reason="tests/fault is not here")
def test_a_library_that_gives_up_says_why_and_leaves_no_core(origin):
    failing = faults.Faults()
    daemon = Daemon(OPEN_LOOPBACK, environment=failing.environment, confined=False)
    try:
        failing.fail(faults.EPOLL_DELETE, nth=1)  # libmicrohttpd cannot go on then, when it suspends a connection
        with pytest.raises(OSError):
            daemon.post_batch([origin.url("/delay/0.2")])
        assert daemon.wait() == -signal.SIGABRT
        assert re.search(r"level=error msg=\"front end library failed\" file=\S+ line=\d+ reason=\S", daemon.log)
        assert not [name for name in os.listdir(daemon.folder) if "core" in name]
    finally:
        daemon.kill()
        failing.close()


# ---- the program ----

def readelf(*arguments):
    done = subprocess.run(["readelf", "--wide", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=True)
    return done.stdout


@plain
@pytest.mark.parametrize("program", [FETCHPOOLD, FETCHPOOL], ids=["fetchpoold", "fetchpool"])
def test_the_program_is_hardened(program):
    assert re.search(r"Type:\s+DYN", readelf("--file-header", program))
    segments = readelf("--program-headers", program)
    assert "GNU_RELRO" in segments
    assert re.search(r"GNU_STACK.* RW +0x", segments)
    assert not re.search(r"LOAD.* RWE ", segments)
    dynamic = readelf("--dynamic", program)
    assert re.search(r"FLAGS_1.*\bNOW\b.*\bPIE\b", dynamic)
    assert not re.search(r"RPATH|RUNPATH|TEXTREL", dynamic)
    symbols = readelf("--dyn-syms", program)
    assert "__stack_chk_fail" in symbols and "__snprintf_chk" in symbols
    assert "__assert_fail" in symbols  # assertions are on
    assert not re.search(r"\b(execv\w*|fork|vfork|system|popen|posix_spawn\w*|gets|dlopen)@", symbols)
    producers = re.findall(r"DW_AT_producer.*: (GNU C1\d.*)", readelf("--debug-dump=info", program))
    for producer in producers:  # a build without them has been stripped, or is clang's
        assert "-fstack-protector-strong" in producer and "-fstack-clash-protection" in producer
