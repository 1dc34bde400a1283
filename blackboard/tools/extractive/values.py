"""Dates and amounts: when two of them say the same, and when they cannot both be right."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Bound = Literal["", "about", "at least", "more than", "at most", "less than"]
Range = tuple[Fraction, Fraction]
Open = tuple[Fraction | None, Fraction | None]


@dataclass(frozen=True)
class Value:
    """A date, or an amount of something, as a sentence says it."""

    kind: str
    text: str
    date: tuple[int, ...] = ()
    """Year, month, day, 0 for what it does not say; or the parts of a version, or the years of a stretch of time."""
    reads: tuple[tuple[Fraction, Fraction], ...] = ()
    """From, to: in base units, in each way that the unit may be meant."""
    grain: Fraction = Fraction(0)
    bound: Bound = ""
    start: int = 0
    """Where the words begin that belong to it: `at least`."""
    end: int = 0


def agree(one: Value, other: Value) -> bool:
    """Whether they say the same amount or date, as exactly as the vaguer of them says it."""
    if one.kind != other.kind:
        return False
    if one.date:
        return not _dates_differ(one, other)
    return any(_near(a, b, one, other) for a in one.reads for b in other.reads)


def contradict(one: Value, other: Value) -> bool:
    """Whether no amount or date is what both say."""
    if one.kind != other.kind or agree(one, other):
        return False
    if one.date:
        return True
    if one.bound == other.bound and one.bound in ("at least", "at most"):
        return True
    return all(_apart(_span(one, a), _span(other, b)) for a in one.reads for b in other.reads)


def _dates_differ(one: Value, other: Value) -> bool:
    if one.kind == "version":
        return any(a != b for a, b in zip(one.date, other.date, strict=False))
    if one.kind == "date":
        return any(a and b and a != b for a, b in zip(one.date, other.date, strict=True))
    return one.date != other.date


def _near(a: Range, b: Range, one: Value, other: Value) -> bool:
    slack = max(one.grain, other.grain) / 2 if one.grain != other.grain else Fraction(0)
    return all(x == y or abs(x - y) < min(slack, max(abs(x), abs(y)) / 10) for x, y in zip(a, b, strict=True))


def _span(value: Value, read: Range) -> Open:
    low, high = read
    match value.bound:
        case "about":
            return low * Fraction(4, 5), high * Fraction(5, 4)
        case "at least" | "more than":
            return low, None
        case "at most" | "less than":
            return None, high
        case _:
            return low, high


def _apart(a: Open, b: Open) -> bool:
    return (a[1] is not None and b[0] is not None and a[1] < b[0]) or (
        b[1] is not None and a[0] is not None and b[1] < a[0]
    )
