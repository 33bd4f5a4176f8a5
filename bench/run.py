"""./dev bench: measures fetchpoold beside what a user would otherwise write; docs/benchmarks.md says how to read it."""

import argparse
import os
import resource
import signal
import sys
import time
from pathlib import Path

import report
from cases import CASES
from contestants import Unable
from kinds import Bench
from peers import Programs

TOP = Path(__file__).resolve().parents[1]
FILES_NEEDED = 20_000
FILES_NEEDED_QUICK = 1_024


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures, and writes docs/benchmarks.md.")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="alternations of the contestants (5)")
    parser.add_argument("--quick", action="store_true", help="see only whether it works: few URLs, nothing to reach")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], metavar="NAME",
                        help="only this one, and docs/ stays as it is; may be repeated; one of: "
                        + " ".join(case.name for case in CASES))
    parser.add_argument("--figures", action="store_true", help="print all figures of each case too")
    parser.add_argument("--no-write", action="store_true", help="leave docs/ as it is")
    parser.add_argument("--fetchpoold", default=str(TOP / "build" / "fetchpoold"), metavar="PROGRAM",
                        help="which is measured")
    parser.add_argument("--build", default=str(TOP / "build" / "bench"), metavar="FOLDER", help="for what is built")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least 1")
    return arguments


def raise_limits(needed):
    """As many open files as the system gives, which the children inherit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (max(hard, 65_536), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            break
        except (ValueError, OSError):
            continue
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < needed:
        sys.exit(f"bench: {needed} open files are needed and {hard} allowed: raise ulimit -Hn")


def measure(case, bench):
    """The outcome of a case. What goes wrong is told, and the other cases go on."""
    say(f"{case.name}: {case.title}")
    start = time.monotonic()
    try:
        outcome = report.Outcome(case, case.measure(bench))
        say(f"{case.name}: {time.monotonic() - start:.0f} s")
    except Unable as reason:
        outcome = report.Outcome(case, skipped=str(reason))
    except (RuntimeError, OSError, ValueError) as error:
        outcome = report.Outcome(case, failed=f"{type(error).__name__}: {error}")
        say(f"{case.name} failed: {outcome.failed}")
    return outcome


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    raise_limits(FILES_NEEDED_QUICK if arguments.quick else FILES_NEEDED)
    build = Path(arguments.build).resolve()
    (build / "temp").mkdir(parents=True, exist_ok=True)
    programs = Programs(build, arguments.fetchpoold, arguments.quick)
    missing = programs.missing()
    if missing and not arguments.quick:
        sys.exit("bench: not here: " + ", ".join(missing))
    bench = Bench(programs, build, arguments.rounds, arguments.quick)
    chosen = [case for case in CASES if not arguments.case or case.name in arguments.case]
    outcomes = [measure(case, bench) for case in chosen]
    if arguments.figures:
        print("\n\n".join(report.section(outcome) for outcome in outcomes), end="\n\n")
    print(report.table(outcomes, is_judged=not arguments.quick))
    if not (arguments.quick or arguments.no_write or arguments.case):
        report.write(TOP / "docs", outcomes, arguments.rounds)
    if any(outcome.failed for outcome in outcomes):
        return 2
    return 0 if arguments.quick or all(outcome.is_reached() for outcome in outcomes) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
