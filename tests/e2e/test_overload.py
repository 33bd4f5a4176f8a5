"""Ten times what the daemon can do is offered: it does what it can, and refuses the rest at once."""

import collections
import json
import subprocess
import sys
from pathlib import Path

import pytest

from rig.client import split_address
from rig.timing import PATIENCE, SANITIZED

FOLDER = Path(__file__).resolve().parent

WORKERS, DELAY, BATCH, SECONDS = 4, 0.02, 5, 4
CAPACITY = WORKERS / DELAY / BATCH  # batches a second, at the most

Load = collections.namedtuple("Load", "statuses refusals fetched machine")


def load(daemon, url, rate):
    """Offers `rate` batches a second, or has -`rate` clients at work."""
    host, port = split_address(daemon.address)
    command = [sys.executable, "-m", "rig.load", host, str(port), url, str(BATCH), str(rate), str(SECONDS)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=PATIENCE, check=True)
    answers, machine = json.loads(done.stdout)
    return Load(collections.Counter(answer[0] for answer in answers), [answer for answer in answers if answer[0] in (429, 503)],
                sum(answer[3] for answer in answers), machine)


@pytest.mark.alone
@pytest.mark.skipif(SANITIZED, reason="measures the daemon, not the sanitizer")
def test_ten_times_the_capacity_is_refused_at_once_and_costs_nothing(start_daemon, origin):
    daemon = start_daemon({"pool.workers": WORKERS, "pool.queue": 8 * BATCH})
    url = origin.url(f"/delay/{DELAY}")
    peak = load(daemon, url, -8)
    assert set(peak.statuses) == {200}
    over = load(daemon, url, int(10 * CAPACITY))
    assert set(over.statuses) == {200, 503}
    assert over.statuses[503] + over.statuses[200] > 9 * CAPACITY * SECONDS
    assert len(over.refusals) == over.statuses[503] > 5 * CAPACITY * SECONDS
    assert over.fetched == BATCH * over.statuses[200] >= 0.9 * peak.fetched
    assert max(seconds for _, seconds, _, _ in over.refusals) < 0.05 + over.machine
    assert all(after and 1 <= after <= 60 for _, _, after, _ in over.refusals)
