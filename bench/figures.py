"""What was measured, and what it should have been."""

import collections
import statistics
from dataclasses import dataclass


@dataclass
class Spread:
    """Of the rounds: the median, and between what."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values))


class Figures:
    """values(row, metric): one number for each round. A row is a contestant, a size, or what else the case compares."""

    def __init__(self):
        self._values = collections.defaultdict(list)
        self.rows = []
        self.metrics = []

    def add(self, row, **metrics):
        if row not in self.rows:
            self.rows.append(row)
        for metric, value in metrics.items():
            if metric not in self.metrics:
                self.metrics.append(metric)
            self._values[row, metric].append(value)

    def values(self, row, metric):
        return self._values.get((row, metric), [])

    def spread(self, row, metric):
        values = self.values(row, metric)
        return Spread.of(values) if values else None


@dataclass
class Goal:
    """`measure` gives one number for each round, none when what it needs was not measured. Without a threshold it is
    only told."""

    what: str
    measure: object
    at_least: float = None
    at_most: float = None

    def to_reach(self):
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return f"at most {self.at_most:g}" if self.at_most is not None else ""

    def is_reached(self, spread):
        """None when there is nothing to reach."""
        if self.at_least is not None:
            return spread.median >= self.at_least
        return spread.median <= self.at_most if self.at_most is not None else None


def ratio(metric, ours, theirs):
    """Round by round: ours / theirs."""
    def measure(figures):
        pairs = zip(figures.values(ours, metric), figures.values(theirs, metric))
        return [mine / other for mine, other in pairs if other]
    return measure


def value(metric, row="fetchpoold"):
    return lambda figures: figures.values(row, metric)


def flatness(metric):
    """Round by round: the largest of all rows / the smallest."""
    def measure(figures):
        return [max(values) / min(values) for values in zip(*(figures.values(row, metric) for row in figures.rows))]
    return measure
