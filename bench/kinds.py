"""The kinds of cases: each measures its contestants in alternation, A B C A B C, so that what the machine does
meanwhile hits all alike."""

import collections
import contextlib
import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from client import Running
from contestants import CONTESTANTS, Start, Unable, Work, known_settings
from figures import Figures
from name_server import TYPE_A, NameServer
from origins import ENDLESS, Nginx, OwnOrigin
from process import ThreadCount

MICRO = 1e6
MIB = 1 << 20
KB = 1000


@dataclass
class Bench:
    """What a run of the benchmarks has in hand. `quick` looks only whether all works."""

    programs: object
    folder: object
    rounds: int
    quick: bool
    met: set = field(default_factory=set)  # in quick, whoever has been run in a case before

    def scaled(self, count):
        return max(count // 100, 10) if self.quick else count

    def origin(self, count=1, tls=False, answers=ENDLESS, delay_ms=0):
        if delay_ms or (self.quick and not tls):
            return OwnOrigin(self.programs.origin, self.folder, count, delay_ms // 10 if self.quick else delay_ms)
        if not self.programs.nginx:
            raise Unable("nginx is not here")
        return Nginx(self.folder, count, tls, answers)

    def open(self, stack, names, start):
        """Starts the contestants of these names that are there: [(name, contestant)]."""
        there = [name for name in names if name != "Go" or self.programs.go]
        if self.quick:
            there = [name for name in there if name == "fetchpoold" or (name, bool(start.ca_file)) not in self.met]
            self.met.update((name, bool(start.ca_file)) for name in there)
        return [(name, stack.enter_context(CONTESTANTS[name][1](start))) for name in there]

    def start(self, workers=256, **how):
        return Start(self.programs, self.folder, workers=workers // 10 if self.quick else workers, **how)


@dataclass
class Case:
    name: str
    title: str
    goals: list
    plot: tuple = None  # the metric that is drawn, and what its axis is called


@dataclass
class Batch(Case):
    """One POST of a list, on warm contestants: the list is fetched once before it counts."""

    contestants: tuple = ("fetchpoold", "floor", "multi", "Go", "aiohttp")
    urls: int = 20_000
    origins: int = 1
    concurrent: int = 64
    workers: int = 256
    tls: bool = False
    answers: int = ENDLESS  # over one TLS connection, which the origin ends then
    delay_ms: int = 0

    def measure(self, bench):
        figures = Figures()
        with contextlib.ExitStack() as stack:
            origin = stack.enter_context(bench.origin(self.origins, self.tls, self.answers, self.delay_ms))
            work = Work(bench.folder, origin.urls(bench.scaled(self.urls)), self.concurrent)
            opened = bench.open(stack, self.contestants, bench.start(workers=self.workers, ca_file=origin.ca_file))
            sums = collections.defaultdict(collections.Counter)
            for number in range(bench.rounds + 1):
                for name, contestant in opened:
                    accepted = origin.accepted()
                    run = contestant.run(work)
                    sums[name]["connections"] += origin.accepted() - accepted
                    if self.tls:
                        sums[name].update(origin.handshakes())
                    if number:
                        figures.add(name, **self.metrics(run, work), **self.so_far(sums[name]))
        return figures

    def metrics(self, run, work):
        in_flight = min(work.concurrent, work.count)
        return {"rate": work.count / run.seconds, "seconds": run.seconds, "cpu_us": run.cpu_s * MICRO / work.count,
                "peak_mib": run.peak_bytes / MIB, "kb_per_flight": run.peak_bytes / KB / in_flight}

    def so_far(self, sums):
        """What is counted since the start, the first run included."""
        resumed = {"resumed": sums["resumed"] / sums["handshakes"]} if self.tls else {}
        return {"connections": sums["connections"], **resumed}


@dataclass
class Clients(Case):
    """Many small POSTs, from wrk."""

    contestants: tuple = ("fetchpoold", "Go", "aiohttp")
    urls: int = 1
    clients: int = 64
    seconds: int = 3

    def measure(self, bench):
        if not bench.programs.wrk:
            raise Unable("wrk is not here")
        figures = Figures()
        with bench.origin() as origin, contextlib.ExitStack() as stack:
            body = json.dumps({"urls": origin.urls(self.urls)})
            opened = bench.open(stack, self.contestants[:1 if bench.quick else None], bench.start())
            for number in range(bench.quick, bench.rounds + 1):
                for name, contestant in opened:
                    cpu_s = contestant.process.cpu_s()
                    found = self.wrk(bench, contestant.port, body, number == 0)
                    cpu_s = contestant.process.cpu_s() - cpu_s
                    if number:
                        figures.add(name, rate=found["requests"] / found["seconds"], p50_ms=found["p50_ms"],
                                    p99_ms=found["p99_ms"], cpu_us=cpu_s * MICRO / found["requests"])
        return figures

    def wrk(self, bench, port, body, is_warming):
        seconds = 1 if bench.quick or is_warming else self.seconds
        clients = 8 if bench.quick else self.clients
        script = Path(__file__).with_name("post.lua")
        done = subprocess.run([bench.programs.wrk, "-t2", f"-c{clients}", f"-d{seconds}s", "-s", script,
                               f"http://127.0.0.1:{port}/fetch"], env={**os.environ, "BENCH_BODY": body},
                              check=True, capture_output=True, text=True, timeout=60)
        found = json.loads(done.stdout.splitlines()[-1])
        if found["failed"] or not found["requests"]:
            raise RuntimeError(f"wrk: {done.stdout}")
        return found


@dataclass
class Beside(Case):
    """A small list again and again, alone and then beside a large one that is running."""

    contestants: tuple = ("fetchpoold", "Go")
    small: int = 10
    large: int = 100_000
    concurrent: int = 256  # of the large one: all workers
    times: int = 15
    delay_ms: int = 0

    def measure(self, bench):
        figures = Figures()
        with bench.origin(delay_ms=self.delay_ms) as origin, contextlib.ExitStack() as stack:
            small = Work(bench.folder, origin.urls(self.small), self.small)
            large = Work(bench.folder, origin.urls(bench.scaled(self.large)), self.concurrent)
            opened = bench.open(stack, self.contestants, bench.start())
            times = 3 if bench.quick else self.times
            for _ in range(bench.rounds):
                for name, contestant in opened:
                    alone = self.take(contestant, small, times)
                    with Running(contestant.port, "/fetch", large.body) as running:
                        time.sleep(0.3)  # the large one fills the workers
                        beside = self.take(contestant, small, times)
                        is_over = running.is_over()
                    if is_over and not bench.quick:
                        raise RuntimeError("the large list was done before the small ones")
                    figures.add(name, alone_ms=alone * 1000, beside_ms=beside * 1000, factor=beside / alone)
                    time.sleep(0.5)  # what was begun of the large one ends
        return figures

    @staticmethod
    def take(contestant, work, times):
        return statistics.median(contestant.run(work).seconds for _ in range(times))


@dataclass
class Sizes(Case):
    """Lists of growing length, each for a daemon of its own. Short ones are repeated, so that there is something to
    measure."""

    sizes: tuple = (1_000, 10_000, 100_000, 1_000_000)
    concurrent: int = 64
    least_urls: int = 100_000

    def measure(self, bench):
        figures = Figures()
        with bench.origin() as origin:
            works = [Work(bench.folder, origin.urls(bench.scaled(size)), self.concurrent) for size in self.sizes]
            for _ in range(bench.rounds):
                for size, work in zip(self.sizes, works):
                    figures.add(f"{size:,} URLs", **self.one(bench, works[0], work))
        return figures

    def one(self, bench, warming, work):
        start = bench.start()
        with CONTESTANTS["fetchpoold"][1](start) as daemon:
            for _ in range(3):
                daemon.run(warming)
            before = daemon.process.resident_bytes()
            first = daemon.run(work)
            runs = [first] + [daemon.run(work) for _ in range(bench.scaled(self.least_urls) // work.count - 1)]
        text = work.text_bytes / work.count
        return {"rate": work.count * len(runs) / sum(run.seconds for run in runs),
                "cpu_us": sum(run.cpu_s for run in runs) * MICRO / work.count / len(runs),
                "waiting_bytes": (first.first_bytes - before) / work.count - text,
                "peak_bytes": (first.peak_bytes - before) / work.count - text}


@dataclass
class Names(Case):
    """Many host names, each of which has to be looked up. The name server is ours."""

    contestants: tuple = ("fetchpoold",)
    urls: int = 100_000
    names: int = 10_000
    origins: int = 200
    workers: int = 64

    def measure(self, bench):
        if "fetch.name_servers" not in known_settings(bench.programs.fetchpoold):
            raise Unable("this fetchpoold has no setting fetch.name_servers")
        figures = Figures()
        with bench.origin(self.origins) as origin:
            count, names = bench.scaled(self.urls), bench.scaled(self.names)
            urls = [f"http://h{n * 7919 % names}.bench.test:{origin.port}/{n}" for n in range(count)]
            work = Work(bench.folder, urls, self.workers)
            for _ in range(bench.rounds):
                figures.add("fetchpoold", **self.one(bench, work))
        return figures

    def one(self, bench, work):
        with NameServer(self.origins) as server:
            settings = {"fetch.name_servers": server.address, "pool.handles": 1024}
            with CONTESTANTS["fetchpoold"][1](bench.start(workers=self.workers, settings=settings)) as daemon:
                with ThreadCount(daemon.process) as threads:
                    run = daemon.run(work)
            asked = [times for (_, kind), times in server.asked.items() if kind == TYPE_A]
        return {"rate": work.count / run.seconds, "cpu_us": run.cpu_s * MICRO / work.count,
                "threads_above": threads.most - self.workers, "asked": max(asked), "names_asked": len(asked)}
