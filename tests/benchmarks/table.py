"""Figures and their table: what was measured by hand and by the framework, and whether floor and goal are reached."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

HEAD = ("measure", "synchronous", "raw", "board", "board / raw", "floor", "goal", "reached")


@dataclass(frozen=True)
class Bar:
    """What is to be reached. By the ratio to raw, or by the board's own figure; at least, or at most."""

    floor: float
    goal: float
    of_raw: bool = False
    at_most: bool = False
    worst: bool = False  # every run has to reach it, not the median


@dataclass(frozen=True)
class Figure:
    """One line: a value for each run, by hand and by the framework. Runs of one place were neighbours."""

    measure: str
    mode: str
    unit: str
    board: list[float]
    raw: list[float] = field(default_factory=list)
    bar: Bar | None = None
    form: str = ",.0f"

    @property
    def ratios(self) -> list[float]:
        """Board to raw, of runs that were neighbours; none where there is nothing to compare."""
        if len(self.raw) != len(self.board) or 0 in self.raw:
            return []
        return [b / r for r, b in zip(self.raw, self.board, strict=True)]

    @property
    def reached(self) -> str:
        """The goal, the floor, or nothing."""
        if self.bar is None:
            return ""
        values = self.ratios if self.bar.of_raw else self.board
        best_last = sorted(values, reverse=self.bar.at_most)
        value = best_last[0] if self.bar.worst else statistics.median(values)
        if _passes(value, self.bar.goal, self.bar):
            return "goal"
        return "floor" if _passes(value, self.bar.floor, self.bar) else "**no**"

    def as_json(self) -> dict[str, Any]:
        """Every run."""
        return {**asdict(self), "ratios": self.ratios, "reached": self.reached}


def _passes(value: float, bar: float, by: Bar) -> bool:
    return value <= bar if by.at_most else value >= bar


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Median and range; one number where they are the same."""
    if len({f"{value:{form}}" for value in values}) == 1:
        return f"{values[0]:{form}}"
    return f"{statistics.median(values):{form}} [{min(values):{form}}..{max(values):{form}}]"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not pass."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def table(figures: Sequence[Figure]) -> str:
    """All of it as one Markdown table."""
    rows = [HEAD, ["---"] * len(HEAD), *map(_cells, figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cells(one: Figure) -> list[str]:
    sides = [spread(side, one.form) if side else "" for side in (one.raw, one.board)]
    ratio = spread(one.ratios, ".2f") if one.ratios else ""
    measure = f"{one.measure}, {one.unit}" if one.unit else one.measure
    return [measure, one.mode, *sides, ratio, *_bars(one.bar), one.reached]


def _bars(bar: Bar | None) -> list[str]:
    if bar is None:
        return ["", ""]
    sign, of = "≤" if bar.at_most else "≥", " of raw" if bar.of_raw else ""
    return [f"{sign} {value:g}{of}" for value in (bar.floor, bar.goal)]
