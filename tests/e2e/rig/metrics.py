"""Reads Prometheus' text format, strictly, and runs promtool(1)."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rig.timing import PATIENCE, wait_for

ROOT = Path(__file__).resolve().parents[3]
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)+)\})? ([0-9]+(?:\.[0-9]+)?)')
LABEL = re.compile(r'([a-z_]+)="([^"]*)"')


@dataclass
class Family:
    name: str
    help: str
    type: str = ""
    samples: dict = field(default_factory=dict)  # (name, labels as sorted pairs) to number

    @property
    def labels(self):
        """Names of labels, but for that of buckets."""
        return sorted({name for _, labels in self.samples for name, _ in labels} - {"le"})


class Metrics:
    """One scrape. metrics("name", label="value") is the number; of a family with labels the sum of all that fit."""

    def __init__(self, text):
        self.families = {}
        family = None
        assert text.endswith("\n")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                _, _, name, words = line.split(" ", 3)
                assert name not in self.families, f"{name} comes twice"
                family = self.families[name] = Family(name, words)
            elif line.startswith("# TYPE "):
                assert line.split(" ")[2] == family.name and not family.samples
                family.type = line.split(" ")[3]
            else:
                self._add(family, line)

    def _add(self, family, line):
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, labels, number = match.groups()
        suffixes = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
        assert name in [family.name + suffix for suffix in suffixes], line
        key = name, tuple(sorted(LABEL.findall(labels or "")))
        assert key not in family.samples, f"{line} comes twice"
        family.samples[key] = float(number)

    def __call__(self, name, **wanted):
        family = self.families.get(name) or self.families[re.sub("_(bucket|sum|count)$", "", name)]
        found = [number for (sample, labels), number in family.samples.items()
                 if sample == name and wanted.items() <= dict(labels).items()]
        assert found, f"no {name} with {wanted}"
        return sum(found)

    def nonzero(self, name, label):
        """Label value to number, of the samples of a family that are not 0."""
        return {dict(labels)[label]: number for (_, labels), number in self.families[name].samples.items() if number}

    def counters(self):
        """What must never become less: samples of counters and of histograms."""
        return {key: number for family in self.families.values() if family.type != "gauge"
                for key, number in family.samples.items()}


def scrape(daemon, headers=None):
    answer = daemon.get("/metrics", headers)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    return Metrics(answer.body.decode("ascii"))


def wait_until_idle(daemon):
    """The first scrape in which nothing runs or waits any more: an answer may be there before its last item is done."""
    def idle():
        metrics = scrape(daemon)
        return metrics if metrics("fetchpool_items_running") + metrics("fetchpool_items_waiting") == 0 else None

    return wait_for(idle, "the end of all items")


def promtool(*arguments, text=None):
    """Runs it; its output when it found nothing wrong."""
    program = os.environ.get("PROMTOOL") or shutil.which("promtool") or str(ROOT / "build" / "tools" / "promtool")
    if not os.access(program, os.X_OK):
        pytest.skip("promtool is not here")
    folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # it syncs a database of each case to its disk
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        done = subprocess.run([program, *arguments], input=text, capture_output=True, text=True, timeout=4 * PATIENCE,
                              check=False, env={**os.environ, "TMPDIR": scratch})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
