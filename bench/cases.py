"""The table of cases. A new one is a row here: its kind says what is done, its goals what has to come of it."""

from figures import Goal, flatness, ratio, value
from kinds import Batch, Beside, Clients, Names, Sizes

US = "fetchpoold"


def rate(other, at_least=None):
    return Goal(f"rate / rate of {other}", ratio("rate", US, other), at_least=at_least)


def cpu(other, at_least=None):
    return Goal(f"CPU per fetch of {other} / ours", ratio("cpu_us", other, US), at_least=at_least)


CONNECTIONS = Goal("connections opened / those of Go", ratio("connections", US, "Go"), at_most=1.2)

P99 = Goal("p99 / that of Go", ratio("p99_ms", US, "Go"), at_most=1)

RATE = ("rate", "fetches per second")

CASES = [
    Batch("one-origin-64", "20,000 URLs of one keep-alive origin, 64 at once", plot=RATE,
          goals=[rate("floor", 0.95), rate("aiohttp", 8), rate("Go", 1.1), rate("multi")]),
    Batch("one-origin-16", "20,000 URLs of one keep-alive origin, 16 at once", plot=RATE, concurrent=16,
          goals=[rate("floor", 0.95), rate("aiohttp", 8), rate("Go", 1.3), rate("multi")]),
    Batch("origins-200", "20,000 URLs spread over 200 origins, 64 at once", plot=RATE, origins=200,
          contestants=(US, "floor", "floor by origin", "multi", "Go", "aiohttp"),
          goals=[CONNECTIONS, rate("Go", 1.1), rate("floor", 3), rate("floor by origin"), rate("multi")]),
    Batch("origins-1000", "20,000 URLs spread over 1,000 origins, 64 at once", plot=RATE, origins=1000,
          contestants=(US, "floor", "floor by origin", "multi", "Go", "aiohttp"),
          goals=[CONNECTIONS, rate("Go", 1.1), rate("floor", 3), rate("floor by origin"), rate("multi")]),
    Batch("https", "5,000 URLs of 50 HTTPS origins, 64 at once", urls=5_000, origins=50, tls=True,
          contestants=(US, "floor by origin", "multi", "Go", "aiohttp"), plot=("cpu_us", "CPU per fetch, microseconds"),
          goals=[cpu("Go", 1.0), rate("Go")]),
    Batch("https-sessions", "5,000 URLs of 50 HTTPS origins that end each connection after 10 answers", urls=5_000,
          origins=50, tls=True, answers=10, contestants=(US, "Go"), plot=("cpu_us", "CPU per fetch, microseconds"),
          goals=[Goal("share of handshakes that resume a session", value("resumed"), at_least=0.8), cpu("Go"),
                 rate("Go")]),
    Batch("one-second", "4,000 URLs that each take 1 s, 4,000 at once", urls=4_000, concurrent=4_000, workers=4_096,
          delay_ms=1000, contestants=(US, "multi", "Go", "aiohttp"), plot=("seconds", "seconds"),
          goals=[Goal("seconds", value("seconds"), at_most=1.3),
                 Goal("KB resident per fetch in flight, at peak", value("kb_per_flight"), at_most=40)]),
    Clients("posts-of-one", "POSTs of one URL from 64 clients", plot=("rate", "POSTs per second"), urls=1,
            goals=[rate("aiohttp", 6), rate("Go", 1.1), P99]),
    Clients("posts-of-five", "POSTs of five URLs from 64 clients", plot=("rate", "POSTs per second"), urls=5,
            goals=[rate("aiohttp", 6), rate("Go", 1.1), P99]),
    Beside("beside-waiting", "10 URLs beside a running list of 100,000, of an origin that takes 20 ms", delay_ms=20,
           plot=("factor", "time beside / time alone"),
           goals=[Goal("time beside / time alone", value("factor"), at_most=2)]),
    Beside("beside-busy", "10 URLs beside a running list of 100,000, of an origin that answers at once",
           plot=("factor", "time beside / time alone"),
           goals=[Goal("time beside / time alone", value("factor"), at_most=2),
                  Goal("the same of Go", value("factor", "Go"))]),
    Sizes("sizes", "lists of 1,000 to 1,000,000 URLs, 64 at once", plot=("cpu_us", "CPU per URL, microseconds"),
          goals=[Goal("CPU per URL, most / least", flatness("cpu_us"), at_most=1.2),
                 Goal("bytes per waiting URL beside its text", value("waiting_bytes", "1,000,000 URLs"), at_most=200),
                 Goal("the same at peak, decoding included", value("peak_bytes", "1,000,000 URLs"), at_most=200)]),
    Names("names", "100,000 URLs of 10,000 host names",
          goals=[Goal("threads above the workers", value("threads_above"), at_most=64),
                 Goal("questions for one name, at most", value("asked"), at_most=1)]),
]

# metric: (its name in the tables, decimals)
METRICS = {
    "rate": ("per second", 0),
    "seconds": ("seconds", 3),
    "cpu_us": ("CPU, us each", 1),
    "peak_mib": ("peak memory, MiB", 1),
    "kb_per_flight": ("KB per fetch in flight", 1),
    "connections": ("connections since the start", 0),
    "resumed": ("share of handshakes resumed", 2),
    "p50_ms": ("p50, ms", 2),
    "p99_ms": ("p99, ms", 2),
    "alone_ms": ("alone, ms", 1),
    "beside_ms": ("beside, ms", 1),
    "factor": ("beside / alone", 2),
    "waiting_bytes": ("bytes per waiting URL, without its text", 0),
    "peak_bytes": ("the same at peak", 0),
    "threads_above": ("threads above the workers", 0),
    "asked": ("questions for a name, at most", 0),
    "names_asked": ("names asked for", 0),
}
