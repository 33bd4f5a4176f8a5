"""The shape of the machine that was measured on: what matters to read the figures, and nothing that names it."""

import os
import platform
import re
import subprocess
from pathlib import Path

PACKAGES = {
    "libcurl": "libcurl4",
    "libmicrohttpd": "libmicrohttpd12",
    "OpenSSL": "libssl3",
    "aiohttp": "python3-aiohttp",
    "nginx": "nginx",
    "wrk": "wrk",
}


def cpu_model():
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    return found.group(1) if found else platform.machine()


def memory_gib():
    total = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(encoding="ascii"))
    return round(int(total.group(1)) / (1 << 20))


def version(package):
    command = ["dpkg-query", "-W", "-f", "${Version}", package]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout or "unknown"


def shape():
    """[(what, text)]"""
    debian = Path("/etc/debian_version")
    versions = [f"{name} {version(package)}" for name, package in PACKAGES.items()]
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    return [
        ("processors", f"{len(os.sched_getaffinity(0))} x {cpu_model()}"),
        ("memory", f"{memory_gib()} GiB"),
        ("kernel", f"{platform.system()} {platform.release().split('-')[0]}"),
        ("system", f"Debian {debian.read_text().strip()}" if debian.exists() else platform.platform()),
        ("packages", ", ".join([*versions, f"Go {go.removeprefix('go')}"])),
    ]
