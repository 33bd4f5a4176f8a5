"""The system-call filter of config/fetchpoold.service, put on the daemons of the tests, with one difference: what the unit
refuses with EPERM kills. So each test that passes shows that the unit's filter lets the daemon do what it does there."""

import functools
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from rig.timing import PATIENCE, SANITIZED

ROOT = Path(__file__).resolve().parents[3]
UNIT = ROOT / "config" / "fetchpoold.service"


def programs():
    """Where the build has the programs of tests/fault."""
    return Path(os.environ.get("FETCHPOOLD", str(ROOT / "build" / "fetchpoold"))).parent / "tests" / "fault"


def directives(name):
    """The values of a directive in the unit, one for each line."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.M)


def read_sets():
    """{'@name': what stands in it}, as the systemd of this machine has it; None without systemd."""
    if not shutil.which("systemd-analyze"):
        return None
    text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True,
                          timeout=PATIENCE).stdout
    sets, current = {}, set()
    for line in text.splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), set())
        elif line.startswith("    ") and not line.strip().startswith("#"):
            current.add(line.strip())
    return sets


def expand(sets, words):
    calls = set()
    for word in words:
        calls |= expand(sets, sets[word]) if word.startswith("@") else {word}
    return calls


def allowed_calls(sets):
    """As systemd.exec(5) reads SystemCallFilter=: the first line makes it a list of what is allowed."""
    calls = expand(sets, ["@default"])
    for value in directives("SystemCallFilter"):
        if value.startswith("~"):
            calls -= expand(sets, value[1:].split())
        else:
            calls |= expand(sets, value.split())
    return calls


def policy(sets):
    """The lines that tests/fault/confined.c reads."""
    lines = ["protect memory"] * ("yes" in directives("MemoryDenyWriteExecute"))
    lines += ["protect namespaces"] * ("yes" in directives("RestrictNamespaces"))
    families = " ".join(directives("RestrictAddressFamilies")).split()
    lines += [f"family {int(getattr(socket, family))}" for family in families]
    return lines + [f"allow {call}" for call in sorted(allowed_calls(sets))]


@functools.cache
def policy_file():
    """Lives as long as the process of the tests. None: there is no filter here."""
    if SANITIZED or not (programs() / "confined").exists() or not (sets := read_sets()):
        return None
    file = tempfile.NamedTemporaryFile("w", prefix="fetchpool-policy-")
    file.write("\n".join(policy(sets)) + "\n")
    file.flush()
    return file


def prefix():
    """What stands before a program that is to run under the filter."""
    return [str(programs() / "confined"), policy_file().name] if policy_file() else []
