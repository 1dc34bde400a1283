"""The controller: decides whether a board has ended, and says why. A pure function from what it is shown.

It starts, orders and stops no agent, calls no model and reads no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from blackboard.budget import ACTIVATIONS, Budget
from blackboard.records import Summary

Ending = Literal["complete", "budget", "deadline", "quiescent", "failed", "cancelled"]
EXIT: dict[Ending, int] = {"complete": 0, "budget": 3, "deadline": 3, "cancelled": 3, "quiescent": 4, "failed": 5}


@dataclass(frozen=True)
class Verdict:
    """How a board ended, and why, in words."""

    ending: Ending
    reasons: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """What the command line exits with."""
        return EXIT[self.ending]

    def __str__(self) -> str:
        return self.ending + ("" if not self.reasons else ": " + "; ".join(self.reasons))


@dataclass(frozen=True)
class Goal:
    """What the conditions of the scenario said of the board, at the head of the summary."""

    reached: bool = False
    missing: tuple[str, ...] = ()
    stop: str | None = None  # the words of `stop=`, if it holds


@dataclass(frozen=True)
class Watching:
    """What an agent waits for, for the reasons of a quiescent end."""

    agent: str
    watches: str
    seen: int  # activations that it has had


@dataclass(frozen=True)
class Quiet:
    """The first strike: nothing is left to do; a finalizer may act now."""

    waiting: tuple[str, ...] = ()


def decide(
    summary: Summary, goal: Goal, budget: Budget, watching: Sequence[Watching] = (), refused: str | None = None
) -> Verdict | Quiet | None:
    """The verdict, the first strike of quiescence, or None while there is something to do.

    `refused`: the budget that refused the last claim. That may be long ago: it ends the board only if nothing is left.
    """
    if goal.reached:
        return Verdict("complete", (*_left_over(summary), *summary.failures))
    if goal.stop is not None:
        return Verdict("failed", (goal.stop, *summary.failures))
    if summary.cancelled is not None:
        return Verdict("cancelled", tuple(filter(None, (summary.cancelled,))))
    if budget.seconds is not None and summary.ran_seconds >= budget.seconds:
        missing = tuple(f"missing: {m}" for m in goal.missing)
        return Verdict("deadline", (f"{budget.seconds:g} seconds of work are used up", *missing))
    if _count(summary, "running"):
        return None
    if refused is not None and _count(summary, "pending") and _is_used_up(summary, refused):
        return Verdict("budget", _exhausted(summary, goal, refused))
    if summary.unnoticed or _count(summary, "pending"):
        return None
    return _quiescence(summary, goal, watching)


def _quiescence(summary: Summary, goal: Goal, watching: Sequence[Watching]) -> Verdict | Quiet:
    waiting = tuple(f"{w.agent} waited for {w.watches}" for w in watching if not w.seen)
    if summary.quiet is None:
        return Quiet(waiting)
    reasons = (*(f"missing: {m}" for m in goal.missing), *summary.failures, *waiting)
    return Verdict("quiescent", reasons or ("nothing was left to do",))


def _count(summary: Summary, state: str) -> int:
    return sum(summary.states.get(state, {}).values())


def _is_used_up(summary: Summary, unit: str) -> bool:
    return any(b.unit == unit and b.cap is not None and b.settled + b.reserved >= b.cap for b in summary.budgets)


def _left_over(summary: Summary) -> tuple[str, ...]:
    """Who was still busy or waiting when the goal was reached."""
    return tuple(
        f"{n} {state} activation{'s' * (n != 1)} of {agent} dropped"
        for state in ("running", "pending")
        for agent, n in sorted(summary.states.get(state, {}).items())
    )


def _exhausted(summary: Summary, goal: Goal, refused: str) -> tuple[str, ...]:
    cap = next((b.cap for b in summary.budgets if b.unit == refused), None)
    pending = (f"{n} of {agent} not done" for agent, n in sorted(summary.states.get("pending", {}).items()))
    what = "activations are" if refused == ACTIVATIONS else f"{refused} are"
    return (f"{cap} {what} used up", *pending, *(f"missing: {m}" for m in goal.missing))
