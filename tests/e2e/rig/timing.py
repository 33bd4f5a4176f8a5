"""How long to wait, and how much later a thing may be when the daemon runs under a sanitizer."""

import os
import time

SANITIZER = os.environ.get("FETCHPOOL_SANITIZED")  # asan, tsan or None
SANITIZED = bool(SANITIZER)
SAMPLED = SANITIZED and not os.environ.get("FETCHPOOL_TEST_LONG")  # some cases of each kind will do

# The longest wait for an event that must come. It is never slept, only waited for.
PATIENCE = 90.0 if SANITIZED else 30.0


def at_most(seconds):
    """An upper bound of the contract, widened for sanitizer builds. Lower bounds are never widened."""
    return seconds * 10 if SANITIZED else seconds


def many(count):
    """A number that only has to be large: a sanitizer build takes a fifth of it."""
    return count // 5 if SANITIZED else count


def assert_timed_out(result, seconds, late=0.6):
    """It took its whole timeout and little more. The millisecond is that of curl's clock, which counts whole ones."""
    assert seconds - 0.001 <= result["elapsed"] < at_most(seconds + late), result


class Stopwatch:
    """Measures the seconds of a `with` block."""

    def __enter__(self):
        self.started_at = time.monotonic()
        return self

    @property
    def so_far(self):
        return time.monotonic() - self.started_at

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.started_at


def wait_for(condition, what):
    """Asks again and again until condition() is true. For what another process does and does not announce."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.005)
    return value
