"""Makes calls of a program fail: the other end of tests/fault/faults.c, which is loaded into it."""

import ctypes
import mmap
import os
import subprocess
import tempfile

from rig.confinement import programs
from rig.daemon import FETCHPOOLD, clean_environment

LIBRARY = programs() / "faults.so"

MEMORY, THREAD, SOCKET, EPOLL_ADD, EVENTFD, ACCEPT, EPOLL_DELETE = (1 << n for n in range(7))


class Control(ctypes.Structure):
    """As tests/fault/faults.c has it."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("kinds", "nth", "onwards", "per_million", "step", "last")] + [
        ("counted", ctypes.c_uint64), ("failed", ctypes.c_uint64), ("live", ctypes.c_int64)]


class Faults:
    """What fails in a program that was started with `environment`."""

    def __init__(self):
        self._file = tempfile.NamedTemporaryFile(prefix="fetchpool-faults-")
        self._file.truncate(ctypes.sizeof(Control))
        self._map = mmap.mmap(self._file.fileno(), ctypes.sizeof(Control))
        self.control = Control.from_buffer(self._map)
        self.environment = {"LD_PRELOAD": str(LIBRARY), "FAULTS_CONTROL": self._file.name}

    def fail(self, kinds, nth=0, onwards=False, per_million=0):
        """From now on the nth call of these kinds fails, and with `onwards` all behind it; or so many of a million."""
        c = self.control
        c.kinds = 0
        c.nth, c.onwards, c.per_million, c.counted, c.failed = nth, int(onwards), per_million, 0, 0
        c.kinds = kinds

    def stop(self):
        """Nothing fails any more. Gives how many calls did."""
        self.control.kinds = 0
        return self.control.failed

    @property
    def live(self):
        """Allocations of the program that were not freed."""
        return self.control.live

    def close(self):
        del self.control
        self._map.close()
        self._file.close()


def start_each(arguments, kinds, step=1, terminate=False, timeout=None):
    """Starts the daemon again and again, each time with another call of these kinds failing; every `step`-th one is
    tried. With `terminate` a SIGTERM waits for it. Gives what ended badly, and how many starts there were."""
    faults = Faults()
    try:
        with tempfile.NamedTemporaryFile("r", prefix="fetchpool-report-") as report:
            faults.control.kinds, faults.control.step = kinds, step
            environment = {**faults.environment, "FAULTS_REPORT": report.name, **({"FAULTS_TERMINATE": "1"} if terminate else {})}
            subprocess.run([FETCHPOOLD, *arguments], env=clean_environment(**environment), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=timeout, check=True)
            lines = report.read().splitlines()
    finally:
        faults.close()
    assert lines and lines[-1].startswith("starts "), lines
    return lines[:-1], int(lines[-1].split()[1])


def have_library():
    return os.access(LIBRARY, os.R_OK)
