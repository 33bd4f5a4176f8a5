"""./dev soak: a mixed load for a long time, and whether the daemon holds more and more while it lasts.

What is measured goes to build/soak/: samples.tsv while it runs, report.txt at the end, and at_rest.txt, the descriptors that
are held then. The load rests twice, after the warm-up and at the end, for as long as idle threads and handles stay: what is
held then is compared, too."""

import argparse
import contextlib
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from client import free_port, send_post, wait_for_port
from origins import make_certificates
from process import Process
from run import raise_limits
from soak_load import Load

TOP = Path(__file__).resolve().parents[1]
MIB = 1 << 20
FILES_NEEDED = 4_096
IDLE_S, IDLE_QUICK_S = 5, 1
REST_MOST_S = 30
LEAST_MINUTES_TO_JUDGE = 10
WARM_UP = 0.25  # of the time

# What is allowed. A slope is a least-squares line through all samples after the warm-up.
MAX_RESIDENT_SLOPE = 8 * MIB  # bytes in an hour
MAX_SLOPE = 5.0  # descriptors, threads in an hour
MAX_RESIDENT_AT_REST = 4 * MIB  # more at the end than after the warm-up
MAX_AT_REST = 2  # descriptors, threads more

SETTINGS = """
[server]
listen = 127.0.0.1:{port}
drain_timeout = 5
[pool]
workers = 128
handles = 256
idle_timeout = {idle_s}
handle_idle_timeout = {idle_s}
[fetch]
ca_file = {folder}/ca.pem
[guard]
allow = 127.0.0.0/8, ::1/128
deny = {deny}
"""


@dataclass
class Sample:
    seconds: float
    resident_bytes: int
    files: int
    threads: int


@dataclass
class Check:
    what: str
    measured: float
    allowed: float
    unit: str

    def is_kept(self):
        return self.measured <= self.allowed

    def line(self):
        return f"{'ok  ' if self.is_kept() else 'OVER'}  {self.what}: {self.measured:,.1f} {self.unit}, allowed {self.allowed:,.1f}"


def slope_an_hour(samples, amount):
    """Least squares."""
    times = [sample.seconds / 3600 for sample in samples]
    values = [amount(sample) for sample in samples]
    mean_time, mean_value = sum(times) / len(times), sum(values) / len(values)
    spread = sum((t - mean_time) ** 2 for t in times)
    return sum((t - mean_time) * (v - mean_value) for t, v in zip(times, values)) / spread if spread else 0.0


class Soak:
    def __init__(self, arguments):
        self.minutes = 0.2 if arguments.quick else arguments.minutes
        self.period_s, self.reload_s = (0.25, 2) if arguments.quick else (5, 60)
        self.idle_s = IDLE_QUICK_S if arguments.quick else IDLE_S
        self.folder = Path(arguments.build).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        make_certificates(self.folder, 1)
        self.port, origin_port, origin_tls_port = free_port(), free_port(), free_port()
        self.settings = self.folder / "fetchpool.conf"
        self.write_settings()
        self.reloads = self.broken_reloads = 0
        self.samples = []
        self.origin = Process([sys.executable, "-B", Path(__file__).with_name("soak_origin.py"), origin_port, origin_tls_port, self.folder],
                              self.folder / "origin.log")
        wait_for_port(origin_port, self.origin)
        self.daemon = Process([arguments.fetchpoold, "--config", self.settings], self.folder / "daemon.log")
        wait_for_port(self.port, self.daemon)
        self.load = Load(self.port, origin_port, origin_tls_port)

    def write_settings(self, deny="127.1.2.0/32"):
        fresh = self.settings.with_suffix(".new")
        fresh.write_text(SETTINGS.format(port=self.port, idle_s=self.idle_s, folder=self.folder, deny=deny), encoding="ascii")
        fresh.rename(self.settings)

    def reload(self):
        """Every other file is a broken one."""
        if self.reloads > self.broken_reloads:
            self.broken_reloads += 1
            self.write_settings("nowhere")
        else:
            self.reloads += 1
            self.write_settings(f"127.1.2.{self.reloads % 250}/32")
        os.kill(self.daemon.pid, signal.SIGHUP)

    def sample(self, start):
        if not self.daemon.is_alive():
            raise RuntimeError(self.daemon.complaint())
        return Sample(time.monotonic() - start, self.daemon.resident_bytes(), self.daemon.files(), self.daemon.threads())

    def run_for(self, seconds, start, table):
        """The load, for so long; samples go to the table."""
        self.load.start()
        end = time.monotonic() + seconds
        next_reload = time.monotonic() + self.reload_s
        samples = []
        while (now := time.monotonic()) < end:
            time.sleep(min(self.period_s, end - now))
            sample = self.sample(start)
            samples.append(sample)
            table.write(f"{sample.seconds:.1f}\t{sample.resident_bytes}\t{sample.files}\t{sample.threads}\t{self.load.counts['urls']}\n")
            table.flush()
            if time.monotonic() >= next_reload:
                self.reload()
                next_reload += self.reload_s
        self.load.rest()
        return samples

    def at_rest(self, start):
        """What is held when idle threads and handles are gone, which takes a busy machine longer."""
        time.sleep(2 * self.idle_s + 1)
        end = time.monotonic() + REST_MOST_S
        sample = self.sample(start)
        while time.monotonic() < end:
            time.sleep(self.idle_s)
            before, sample = sample, self.sample(start)
            if (sample.files, sample.threads) == (before.files, before.threads):
                break
        return sample

    def run(self):
        start = time.monotonic()
        with open(self.folder / "samples.tsv", "w", encoding="ascii") as table:
            table.write("seconds\tresident_bytes\tfiles\tthreads\turls\n")
            self.run_for(self.minutes * 60 * WARM_UP, start, table)
            before = self.at_rest(start)
            self.samples = self.run_for(self.minutes * 60 * (1 - WARM_UP), start, table)
            after = self.at_rest(start)
        (self.folder / "at_rest.txt").write_text(self.held(), encoding="utf-8")
        return before, after

    def held(self):
        """What the descriptors are, and what the daemon says of its handles and connections."""
        files = [os.readlink(f"/proc/{self.daemon.pid}/fd/{name}") for name in os.listdir(f"/proc/{self.daemon.pid}/fd")]
        nets = [Path(f"/proc/{self.daemon.pid}/net/{name}").read_text(encoding="ascii").splitlines() for name in ("tcp", "unix")]
        inodes = {file[len("socket:["):-1] for file in files if file.startswith("socket:[")}
        sockets = [line for lines in nets for line in lines if inodes & set(line.split())]
        with contextlib.closing(send_post(self.port, "/metrics", b"", method="GET")) as connection:
            text = b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode()
        told = [line for line in text.splitlines() if "handles" in line or "connections" in line or "running" in line]
        return "\n".join(sorted(files) + sockets + told) + "\n"

    def told(self, message):
        return (self.folder / "daemon.log").read_text(encoding="utf-8", errors="replace").count(f'msg="{message}')

    def stop(self):
        self.daemon.stop()
        self.origin.stop()

    def checks(self, before, after):
        yield Check("answers that were not as they should be", len(self.load.complaints), 0, "")
        yield Check("reloads without effect", self.reloads - self.told("settings reloaded"), 0, "")
        yield Check("broken settings that were not told", self.broken_reloads - self.told("settings not reloaded"), 0, "")
        yield Check("exit status", abs(self.daemon.child.returncode), 0, "")
        yield Check("descriptors at rest, more than after the warm-up", after.files - before.files, MAX_AT_REST, "")
        yield Check("threads at rest, more than after the warm-up", after.threads - before.threads, MAX_AT_REST, "")
        if self.minutes < LEAST_MINUTES_TO_JUDGE:
            return
        yield Check("resident at rest, more than after the warm-up", (after.resident_bytes - before.resident_bytes) / MIB,
                    MAX_RESIDENT_AT_REST / MIB, "MiB")
        yield Check("resident, slope", slope_an_hour(self.samples, lambda sample: sample.resident_bytes) / MIB,
                    MAX_RESIDENT_SLOPE / MIB, "MiB an hour")
        yield Check("descriptors, slope", slope_an_hour(self.samples, lambda sample: sample.files), MAX_SLOPE, "an hour")
        yield Check("threads, slope", slope_an_hour(self.samples, lambda sample: sample.threads), MAX_SLOPE, "an hour")


def spread(samples, amount):
    values = sorted(amount(sample) for sample in samples)
    return f"{values[0]:,.1f} to {values[-1]:,.1f}, median {values[len(values) // 2]:,.1f}"


def report(soak, before, after, checks):
    lines = [f"{soak.minutes:g} minutes, {len(soak.samples)} samples after a warm-up of {soak.minutes * WARM_UP:g} minutes",
             ", ".join(f"{name} {number:,}" for name, number in soak.load.counts.items()) + f", reloads {soak.reloads}, of broken settings {soak.broken_reloads}"]
    for what, amount in (("resident, MiB", lambda sample: sample.resident_bytes / MIB), ("descriptors", lambda sample: sample.files),
                         ("threads", lambda sample: sample.threads)):
        lines.append(f"{what}: {spread(soak.samples, amount)}; at rest {amount(before):,.1f}, then {amount(after):,.1f}")
    lines += [check.line() for check in checks]
    lines += soak.load.complaints[:20]
    return "\n".join(lines) + "\n"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev soak", description="A mixed load for a long time, into build/soak/.")
    parser.add_argument("minutes", type=float, nargs="?", default=30.0, help="how long (30); slopes are judged from "
                        f"{LEAST_MINUTES_TO_JUDGE} on")
    parser.add_argument("--quick", action="store_true", help="see only whether it works: some seconds")
    parser.add_argument("--fetchpoold", default=str(TOP / "build" / "fetchpoold"), metavar="PROGRAM", help="which is measured")
    parser.add_argument("--build", default=str(TOP / "build" / "soak"), metavar="FOLDER", help="for what is written")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    raise_limits(1_024 if arguments.quick else FILES_NEEDED)
    soak = Soak(arguments)
    try:
        before, after = soak.run()
    finally:
        soak.stop()
    checks = list(soak.checks(before, after))
    text = report(soak, before, after, checks)
    (soak.folder / "report.txt").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0 if all(check.is_kept() for check in checks) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
