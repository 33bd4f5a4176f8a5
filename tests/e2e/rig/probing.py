"""Asks /healthz while a block runs, from a process of its own (rig/probe.py)."""

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rig.client import split_address
from rig.timing import PATIENCE

FOLDER = Path(__file__).resolve().parents[1]


@dataclass
class Probed:
    count: int = 0
    slowest: float = 0.0
    slowest_of_machine: float = 0.0
    percentile_99: float = 0.0


@contextlib.contextmanager
def probing(daemon):
    """Gives a Probed that is filled in when the block has ended."""
    host, port = split_address(daemon.address)
    process = subprocess.Popen([sys.executable, "-m", "rig.probe", host, str(port)], cwd=FOLDER, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    found = Probed()
    try:
        assert process.stdout.readline() == "begun\n"
        yield found
        output, _ = process.communicate(timeout=PATIENCE)
        count, found.slowest, found.slowest_of_machine, found.percentile_99 = map(float, output.split())
        found.count = int(count)
    finally:
        process.kill()
        process.wait()
