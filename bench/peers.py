"""The programs that are compared: found, and built where they are older than their sources."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
WARNINGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra"]
C_PROGRAMS = {
    "origin": ["origin.c"],
    "floor": ["peers/floor.c", "peers/peer.c"],
    "multi": ["peers/multi.c", "peers/peer.c"],
}


class Programs:
    """Paths of all that can be run; None for what is not there. In `quick`, nothing is waited for: Go only where it has
    been built before."""

    def __init__(self, build, fetchpoold, quick):
        self.fetchpoold = str(fetchpoold)
        self.aiohttp = str(FOLDER / "peers" / "aiohttp_service.py")
        for name, sources in C_PROGRAMS.items():
            setattr(self, name, str(_build_c(build / name, [FOLDER / source for source in sources])))
        self.go = _build_go(build, quick)
        self.wrk = shutil.which("wrk")
        self.nginx = shutil.which("nginx")

    def missing(self):
        return [name for name in ("go", "wrk", "nginx") if not getattr(self, name)]


def _is_fresh(program, sources):
    return program.exists() and all(source.stat().st_mtime <= program.stat().st_mtime for source in sources)


def _build_c(program, sources):
    headers = list((FOLDER / "peers").glob("*.h"))
    if not _is_fresh(program, sources + headers):
        asked = ["pkg-config", "--cflags", "--libs", "libcurl"]
        curl = shlex.split(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
        subprocess.run(["gcc", *WARNINGS, "-pthread", *sources, *curl, "-o", program], check=True)
    return program


def _build_go(build, quick):
    program = build / "go_service"
    folder = FOLDER / "peers" / "go"
    if _is_fresh(program, [folder / "main.go", folder / "go.mod"]):
        return str(program)
    if quick or not shutil.which("go"):
        return None
    alone = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOCACHE": str(build / "gocache")}
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=folder, check=True, env={**os.environ, **alone})
    return str(program)
