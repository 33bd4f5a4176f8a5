"""Who is measured: fetchpoold and what a user would write instead. All start, run a list and stop in the same way."""

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field

from client import free_port, post, wait_for_port
from process import Process

# What the daemon is given beyond its defaults, in every case alike: leave to fetch from here, and no limit of manners
# that the others do not have. Settings that this build does not know are left out. What takes descriptors fits into
# 20,000 of them.
SETTINGS = {
    "guard.allow": "127.0.0.0/8",
    "log.level": "warning",
    "server.max_urls": 1_000_000,
    "server.max_request_bytes": "256MiB",
    "server.request_memory": "1GiB",
    "server.drain_timeout": 0,
    "server.max_connections": 1_000,
    "pool.queue": 10_000_000,
    "pool.handles": 4_000,
    "pool.max_concurrent_limit": 10_000,
    "host.max_concurrent": 10_000,
    "host.max_concurrent_limit": 10_000,
}


class Work:
    """A list of URLs in the forms that the contestants take."""

    def __init__(self, folder, urls, concurrent):
        self.count = len(urls)
        self.concurrent = concurrent
        self.text_bytes = sum(map(len, urls))
        self.body = json.dumps({"urls": urls, "max_concurrent": concurrent}).encode("ascii")
        self.file = folder / f"urls-{self.count}"
        self.file.write_text("".join(url + "\n" for url in urls))


@dataclass
class Run:
    """What a list took. `cpu_s` is of the contestant alone."""

    seconds: float
    cpu_s: float
    peak_bytes: int
    first_bytes: int  # resident when the first results came, 0 where nobody looked


@dataclass
class Start:
    """How contestants are started for a case."""

    programs: object  # peers.Programs
    folder: object
    workers: int = 256
    ca_file: str = None
    settings: dict = field(default_factory=dict)  # of fetchpoold


class Unable(Exception):
    """This machine does not allow what the case needs, and why."""


class Contestant:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()

    def run(self, work):
        """Fetches the list. `perform` gives the seconds, a function that gives the number of 200s and the first error,
        and what was resident when the first results came. Every URL must be answered with 200."""
        self.process.clear_peak()
        cpu_s = self.process.cpu_s()
        seconds, judge, first_bytes = self.perform(work)
        run = Run(seconds, self.process.cpu_s() - cpu_s, self.process.peak_bytes(), first_bytes)
        ok, error = judge()
        if ok != work.count:
            raise RuntimeError(f"{self.process.name}: {ok} of {work.count} URLs were answered with 200: {error}")
        return run


class Service(Contestant):
    """One that listens. POST /fetch takes the list and gives the results."""

    def __init__(self, start, command, port, **environment):
        self.port = port
        self.process = Process(command, start.folder / f"{type(self).__name__}.log".lower(), environment)
        try:
            wait_for_port(port, self.process)
        except BaseException:
            self.process.stop()
            raise

    def perform(self, work):
        first = []
        answer = post(self.port, "/fetch", work.body, lambda: first.append(self.process.resident_bytes()))
        return answer.seconds, lambda: (answer.count_ok(), answer.first_error()), first[0] if first else 0


class Loop(Contestant):
    """A program that reads the list from a file."""

    def __init__(self, start, *command):
        environment = {"CA_FILE": start.ca_file} if start.ca_file else None
        self.process = Process(command, start.folder / "loop.log", environment, piped=True)

    def perform(self, work):
        begin = time.monotonic()
        ok = int(self.process.ask(f"{work.concurrent} {work.file}"))
        return time.monotonic() - begin, lambda: (ok, "no error told"), 0


class Fetchpoold(Service):
    def __init__(self, start):
        port = free_port()
        wanted = {**SETTINGS, "server.listen": f"127.0.0.1:{port}", "pool.workers": start.workers, **start.settings}
        if start.ca_file:
            wanted["fetch.ca_file"] = start.ca_file
        known = known_settings(start.programs.fetchpoold)
        command = [start.programs.fetchpoold, "--config", "/dev/null"]
        for key, value in wanted.items():
            if key in known:
                command += ["--set", f"{key}={value}"]
        try:
            super().__init__(start, command, port)
        except RuntimeError as error:
            if found := re.search(r"the settings need \d+ file descriptors[^:;]*", str(error)):
                raise Unable(found.group()) from None
            raise


class Go(Service):
    def __init__(self, start):
        port = free_port()
        trusted = {"SSL_CERT_FILE": start.ca_file} if start.ca_file else {}
        super().__init__(start, [start.programs.go, port], port, **trusted)


class Aiohttp(Service):
    def __init__(self, start):
        port = free_port()
        trusted = {"CA_FILE": start.ca_file} if start.ca_file else {}
        super().__init__(start, [sys.executable, "-B", start.programs.aiohttp, port], port, **trusted)


def known_settings(fetchpoold):
    """The keys of fetchpoold --dump, as "pool.workers"."""
    command = [fetchpoold, "--config", "/dev/null", "--dump"]
    keys = set()
    section = ""
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif "=" in line and not line.startswith("#"):
            keys.add(f"{section}.{line.split('=')[0].strip()}")
    return keys


# name: (what it is, how it is made)
CONTESTANTS = {
    "fetchpoold": ("this daemon", Fetchpoold),
    "floor": ("a bare loop of libcurl's easy handles, one for each thread",
              lambda start: Loop(start, start.programs.floor, "thread")),
    "floor by origin": ("the same, with handles taken by origin",
                        lambda start: Loop(start, start.programs.floor, "origin")),
    "multi": ("one loop of libcurl's multi interface, in one thread",
              lambda start: Loop(start, start.programs.multi)),
    "Go": ("a service with net/http", Go),
    "aiohttp": ("a service with aiohttp", Aiohttp),
}
