"""Figures: pairs measured in turn, what they come to, and what they are held against."""

import statistics
import time
from dataclasses import dataclass, field


def median(values):
    return statistics.median(values)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def pairs(count, ours, yardstick):
    """Measures A B A B …; returns both lists. What was measured together stands at one index."""
    measured = [(ours(), yardstick()) for _ in range(count)]
    return [a for a, _ in measured], [b for _, b in measured]


def ratios(ours, yardstick):
    return [a / b for a, b in zip(ours, yardstick)]


def timed(work):
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


@dataclass
class Figure:
    row: str
    what: str
    values: list[float]  # One for each pair.
    unit: str = "×"
    ours: str = ""  # What was measured of the server …
    yardstick: str = ""  # … and what it is held against, both in words.
    bar: float | None = None
    goal: float | None = None
    more_is_better: bool = True
    notes: list[str] = field(default_factory=list)

    def reaches(self, mark):
        return self.middle >= mark if self.more_is_better else self.middle <= mark

    @property
    def middle(self):
        return median(self.values)

    @property
    def verdict(self):
        if self.bar is None:
            return "–"
        if self.goal is not None and self.reaches(self.goal):
            return "goal met"
        return "bar met, goal missed" if self.reaches(self.bar) else "**bar missed**"

    def spread(self):
        low, high = number(min(self.values)), number(max(self.values))
        return f"{number(self.middle)} {self.unit}".rstrip() + f" ({low} to {high})"

    def mark(self, value):
        if value is None:
            return "–"
        return f"{'≥' if self.more_is_better else '≤'} {value:g} {self.unit}".rstrip()


def number(value):
    """Three digits that count."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(figures):
    lines = ["| row | what | measured (of pairs) | bar | goal | verdict | ours | yardstick |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for one in figures:
        cells = (one.row, one.what, one.spread(), one.mark(one.bar), one.mark(one.goal), one.verdict, one.ours, one.yardstick)
        lines.append("| " + " | ".join(cells) + " |")
    notes = [f"- {one.row}: {note}" for one in figures for note in one.notes]
    return "\n".join(lines + ([""] + notes if notes else [])) + "\n"
