"""A child process that is measured from outside, and that ends when the driver does."""

import ctypes
import os
import re
import signal
import subprocess
import threading
import time

PATIENCE_S = 10
PR_SET_PDEATHSIG = 1
CPU_CLOCK_OF_PROCESS = 2
CLEAR_PEAK = "5"

_libc = ctypes.CDLL(None, use_errno=True)


class Process:
    """`log` is the file that standard error goes to. With `piped`, standard input and output are pipes. `orphaned` is
    the signal that the kernel gives it when the driver ends without having stopped it."""

    def __init__(self, command, log, environment=None, piped=False, orphaned=signal.SIGKILL):
        self.name = os.path.basename(command[0])
        self.log = log
        pipe = subprocess.PIPE if piped else subprocess.DEVNULL
        with open(log, "wb") as errors:
            self.child = subprocess.Popen([str(word) for word in command], stdin=pipe, stdout=pipe, stderr=errors,
                                          text=True, env={**os.environ, **(environment or {})},
                                          preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, orphaned))

    @property
    def pid(self):
        return self.child.pid

    def is_alive(self):
        return self.child.poll() is None

    def complaint(self):
        with open(self.log, encoding="utf-8", errors="replace") as errors:
            return f"{self.name} ended with status {self.child.poll()}: {errors.read()[-500:].strip() or 'no words'}"

    def ask(self, line):
        """Writes a line and gives the line that it is answered with."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline()
        if not answer:
            self.child.wait()
            raise RuntimeError(self.complaint())
        return answer.strip()

    def stop(self):
        if self.is_alive():
            self.child.terminate()
        try:
            self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe:
                pipe.close()

    # ---- what it takes ----

    def cpu_s(self):
        """Of all its threads, also of those that have ended; in nanoseconds where /proc/PID/stat counts hundredths."""
        return time.clock_gettime((~self.pid << 3) | CPU_CLOCK_OF_PROCESS)

    def _status(self, field):
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as status:
            return int(re.search(rf"^{field}:\s+(\d+)", status.read(), re.M).group(1))

    def resident_bytes(self):
        return self._status("VmRSS") * 1024

    def peak_bytes(self):
        """The most that was resident since clear_peak."""
        return self._status("VmHWM") * 1024

    def clear_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write(CLEAR_PEAK)

    def threads(self):
        return self._status("Threads")

    def files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class ThreadCount:
    """The most threads that a process has while the block runs."""

    def __init__(self, process, period_s=0.005):
        self.process = process
        self.period_s = period_s
        self.most = process.threads()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="threads", daemon=True)

    def _look(self):
        while not self._done.wait(self.period_s):
            self.most = max(self.most, self.process.threads())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
