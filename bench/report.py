"""What came of the cases: the table that is printed, and docs/benchmarks.md with its plots."""

from dataclasses import dataclass
from pathlib import Path

import machine
import plot
from cases import METRICS
from contestants import CONTESTANTS
from figures import Figures, Spread

TEMPLATE = Path(__file__).with_name("benchmarks.md.in")


@dataclass
class Outcome:
    case: object
    figures: Figures = None
    skipped: str = None
    failed: str = None

    def judged(self):
        """[(goal, Spread or None)]"""
        found = [(goal, goal.measure(self.figures) if self.figures else []) for goal in self.case.goals]
        return [(goal, Spread.of(values) if values else None) for goal, values in found]

    def is_reached(self):
        """Nothing to reach is reached, and so is what could not be measured here."""
        return not self.failed and all(spread is None or goal.is_reached(spread) is not False
                                       for goal, spread in self.judged())


def amount(number, decimals=2):
    return f"{number:,.{decimals}f}"


def spread_text(spread, decimals=2):
    if spread is None:
        return ""
    return f"{amount(spread.median, decimals)} ({amount(spread.least, decimals)} to {amount(spread.most, decimals)})"


def goal_rows(outcomes, is_judged=True):
    """case, what, measured, to reach, reached"""
    for outcome in outcomes:
        if outcome.skipped or outcome.failed:
            word = "FAILED" if outcome.failed else "skipped"
            yield outcome.case.name, outcome.skipped or outcome.failed, "", "", word
            continue
        for goal, spread in outcome.judged():
            reached = goal.is_reached(spread) if spread and is_judged else None
            word = "" if reached is None else "yes" if reached else "NO"
            yield (outcome.case.name, goal.what, spread_text(spread) or "not measured", goal.to_reach(),
                   "skipped" if spread is None else word)


HEAD = ("case", "what", "median (least to most)", "to reach", "reached")


def table(outcomes, is_judged=True):
    """For a terminal."""
    rows = [HEAD, *goal_rows(outcomes, is_judged)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def section(outcome, plots=None):
    """A case with all its figures, and its plot in that folder."""
    case, figures = outcome.case, outcome.figures
    parts = [f"### {case.name}", case.title[0].upper() + case.title[1:] + "."]
    if not figures:
        return "\n\n".join(parts + [f"Not measured: {outcome.skipped or outcome.failed}."])
    if case.plot and plots:
        parts.append(f"![{case.title}](benchmarks/{draw(outcome, plots)})")
    head = [""] + [METRICS[metric][0] for metric in figures.metrics]
    rows = [[row] + [spread_text(figures.spread(row, metric), METRICS[metric][1]) for metric in figures.metrics]
            for row in figures.rows]
    return "\n\n".join(parts + [markdown(head, rows)])


def draw(outcome, plots):
    metric, axis = outcome.case.plot
    rows = [(row, outcome.figures.spread(row, metric)) for row in outcome.figures.rows]
    ours = ["fetchpoold"] if "fetchpoold" in outcome.figures.rows else outcome.figures.rows
    title = outcome.case.title[0].upper() + outcome.case.title[1:]
    name = f"{outcome.case.name}.svg"
    (plots / name).write_text(plot.bars(title, axis, rows, ours), encoding="utf-8")
    return name


def write(docs, outcomes, rounds):
    plots = docs / "benchmarks"
    plots.mkdir(exist_ok=True)
    for old in plots.glob("*.svg"):
        old.unlink()
    text = TEMPLATE.read_text(encoding="utf-8").format(
        rounds=rounds,
        machine=markdown(("", ""), machine.shape()),
        contestants=markdown(("", ""), [(name, what) for name, (what, _) in CONTESTANTS.items()]),
        goals=markdown(HEAD, goal_rows(outcomes)),
        cases="\n\n".join(section(outcome, plots) for outcome in outcomes),
    )
    (docs / "benchmarks.md").write_text(text, encoding="utf-8")
