"""The clients of ./dev soak: each asks again and again in its own way until it is told to stop, and looks at what comes."""

import contextlib
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass

from client import post, send_post
from origins import origin_address
from soak_origin import PACKED_BYTES, PLAIN

PAUSE_S = 0.05
SLOW_READ_BYTES = 1 << 16
SLOW_READ_S = 0.1


@dataclass
class Kind:
    """An item of a list, and what has to come of it. A path that begins with "tls:" or "name:" is one over TLS, or of the
    origin by its name."""

    path: str
    status: int
    error_code: str = None
    size: int = None
    options: tuple = ()

    def item(self, bases):
        way, _, path = self.path.rpartition(":")
        url = bases[way] + path if path.startswith("/") and way in bases else self.path
        return {"url": url, **dict(self.options)}

    def is_met(self, result):
        return (result["status"], result.get("error_code")) == (self.status, self.error_code) and \
            (self.size is None or result["size"] == self.size)


KINDS = [
    Kind("/plain", 200, size=len(PLAIN)),
    Kind("/plain", 200, size=len(PLAIN), options=(("method", "POST"), ("body", ""))),
    Kind("/status/404", 404),
    Kind("/status/500", 500),
    Kind("/status/503", 503, options=(("retries", 1), ("retry_delay", 0.01))),
    Kind("/redirect/3", 200, size=len(PLAIN)),
    Kind("/loop", 0, "too_many_redirects"),
    Kind("/packed", 200, size=PACKED_BYTES),
    Kind("/large/300000", 200, size=300_000),
    Kind("/large/300000", 0, "too_large", options=(("max_size", 1000),)),
    Kind("/slow/100", 200, size=len(PLAIN)),
    Kind("/slow/3000", 0, "timeout", options=(("timeout", 0.2),)),
    Kind("/cut", 0, "recv"),
    Kind("tls:/plain", 200, size=len(PLAIN)),
    Kind("tls:/large/300000", 200, size=300_000),
    Kind("tls:/cut", 0, "recv"),
    Kind("name:/redirect/1", 200, size=len(PLAIN)),
    Kind("/none", 0, "empty_reply"),
    Kind("http://127.0.0.1:1/", 0, "connect"),
    Kind("http://10.0.0.1/", 0, "blocked"),
    Kind("ftp://127.0.0.1/", 0, "unsupported_scheme"),
    Kind("nonsense", 0, "invalid_url"),
]
INCLUDES = [[], ["headers"], ["body"], ["timings", "connection"], ["redirects", "attempts"], ["headers", "body", "timings"]]


class Load:
    """Threads that ask. `counts` tells what was done, `complaints` what was wrong."""

    def __init__(self, port, origin_port, origin_tls_port, seed=1):
        self.port = port
        self.bases = {"": f"http://127.0.0.1:{origin_port}", "tls": f"https://{origin_address(0)}:{origin_tls_port}",
                      "name": f"http://localhost:{origin_port}"}
        self.counts = Counter()
        self.complaints = []
        self._seed = seed
        self._lock = threading.Lock()
        self._resting = threading.Event()
        self._threads = []

    def start(self):
        self._resting.clear()
        ways = [self.mixed, self.mixed, self.lines, self.slow_reader, self.leaver, self.packed_bodies, self.long_list, self.refused,
                self.watcher]
        self._threads = [threading.Thread(target=self._repeat, args=(way, n), name=way.__name__, daemon=True)
                         for n, way in enumerate(ways)]
        for thread in self._threads:
            thread.start()

    def rest(self):
        self._resting.set()
        for thread in self._threads:
            thread.join()

    def count(self, **amounts):
        with self._lock:
            self.counts.update(amounts)

    def complain(self, text):
        with self._lock:
            self.complaints.append(text)

    def _repeat(self, way, number):
        draw = random.Random(self._seed * 1000 + number)
        while not self._resting.wait(PAUSE_S):
            try:
                way(draw)
            except (OSError, RuntimeError, ValueError, KeyError) as error:
                self.complain(f"{way.__name__}: {type(error).__name__}: {error}")

    def draw_list(self, draw, count, **options):
        kinds = [draw.choice(KINDS) for _ in range(count)]
        body = {"urls": [kind.item(self.bases) for kind in kinds], "max_concurrent": draw.choice([1, 5, 20, 50]),
                "include": draw.choice(INCLUDES), **options}
        return kinds, json.dumps(body).encode("ascii")

    def judge(self, kinds, results):
        if len(results) != len(kinds):
            self.complain(f"{len(kinds)} URLs, {len(results)} results")
        for kind, result in zip(kinds, results):
            if not kind.is_met(result):
                self.complain(f"{kind}: {json.dumps(result)[:300]}")
        self.count(lists=1, urls=len(results))

    # ---- the ways ----

    def mixed(self, draw):
        kinds, body = self.draw_list(draw, draw.randrange(1, 40))
        self.judge(kinds, json.loads(post(self.port, "/fetch", body).text))

    def read_lines(self, text, kinds):
        *lines, last = [json.loads(line) for line in text.splitlines()]
        if not last.get("done") or last["counts"]["total"] != len(kinds):
            self.complain(f"the last line of {len(kinds)} is {last}")
        self.judge(kinds, sorted(lines, key=lambda line: line["index"]))

    def lines(self, draw):
        kinds, body = self.draw_list(draw, draw.randrange(1, 40), order="completion")
        self.read_lines(post(self.port, "/fetch", body, accept="application/x-ndjson").text, kinds)

    def slow_reader(self, draw):
        """More than the daemon may hold for it: it has to wait for its reader."""
        kinds = [Kind("/large/300000", 200, size=300_000)] * 30
        body = {"urls": [kind.item(self.bases) for kind in kinds], "max_concurrent": 10, "include": ["body"]}
        begun = time.monotonic()

        def wait():
            if not self._resting.is_set():
                time.sleep(SLOW_READ_S)

        answer = post(self.port, "/fetch", json.dumps(body).encode("ascii"), accept="application/x-ndjson",
                      piece_bytes=SLOW_READ_BYTES, at_each=wait)
        self.read_lines(answer.text, kinds)
        self.count(slow_readers=1, slow_read_s=round(time.monotonic() - begun))

    def leaver(self, draw):
        """Leaves at some time: before, within and after the answer."""
        _, body = self.draw_list(draw, 30, on_disconnect=draw.choice(["cancel", "cancel", "finish"]))
        with send_post(self.port, "/fetch", body) as connection:
            connection.settimeout(draw.choice([0.001, 0.05, 0.5]))
            with contextlib.suppress(TimeoutError):
                connection.recv(1000)
        self.count(left=1)

    def packed_bodies(self, draw):
        kinds = [Kind("/packed", 200, size=PACKED_BYTES)] * draw.randrange(1, 10)
        body = {"urls": [kind.item(self.bases) for kind in kinds], "include": ["body"]}
        self.judge(kinds, json.loads(post(self.port, "/fetch", json.dumps(body).encode("ascii")).text))

    def long_list(self, draw):
        kinds = [Kind("/plain", 200, size=len(PLAIN))] * 1000
        body = {"urls": [kind.item(self.bases) for kind in kinds], "max_concurrent": 20}
        self.judge(kinds, json.loads(post(self.port, "/fetch", json.dumps(body).encode("ascii")).text))
        self._resting.wait(2)

    def refused(self, draw):
        body = draw.choice([b"{", b'{"urls": 1}', b'{"urls": [], "colour": 1}', b"\xff", b'[{"url": 1}]', b'{"urls":["a"],"timeout":-1}'])
        with contextlib.suppress(RuntimeError):
            post(self.port, "/fetch", body)
            self.complain(f"accepted: {body}")
        self.count(refused=1)

    def watcher(self, draw):
        begun = time.monotonic()
        path = draw.choice(["/healthz", "/healthz", "/pressure", "/metrics"])
        with contextlib.closing(send_post(self.port, path, b"", method="GET")) as connection:
            if b" 200 " not in connection.recv(4096):
                self.complain(f"{path} is not well")
        took_ms = (time.monotonic() - begun) * 1000
        with self._lock:
            self.counts["looks"] += 1
            self.counts["slowest_look_ms"] = max(self.counts["slowest_look_ms"], round(took_ms))
