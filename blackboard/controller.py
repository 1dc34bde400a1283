"""The controller: decides whether a board has ended, and says why. A pure function from what it is shown.

It starts, orders and stops no agent, calls no model and reads no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from blackboard.budget import Budget
from blackboard.records import Spent, Summary

Ending = Literal["complete", "budget", "deadline", "quiescent", "failed", "cancelled", "livelock", "breaker"]
EXIT: dict[Ending, int] = {
    "complete": 0, "budget": 3, "deadline": 3, "cancelled": 3, "quiescent": 4, "livelock": 4, "failed": 5, "breaker": 5,
}  # fmt: skip


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
    ready: str = ""  # what these wait for, where it has a `ready`


@dataclass(frozen=True)
class Quiet:
    """The first strike: nothing is left to do; a finalizer may act now."""

    waiting: tuple[str, ...] = ()


def decide(summary: Summary, goal: Goal, budget: Budget, watching: Sequence[Watching] = ()) -> Verdict | Quiet | None:
    """The verdict, the first strike of quiescence, or None while there is something to do."""
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
    if _count(summary, "pending") and (used_up := _used_up(summary)) is not None:
        return Verdict("budget", _exhausted(summary, goal, used_up))
    if summary.unnoticed or _count(summary, "pending"):
        return None
    return _quiescence(summary, goal, watching)


def _quiescence(summary: Summary, goal: Goal, watching: Sequence[Watching]) -> Verdict | Quiet:
    waiting = tuple(f"{w.agent} waited for {w.watches}" for w in watching if not w.seen) + _unready(summary, watching)
    if summary.quiet is None:
        return Quiet(waiting)
    reasons = (*(f"missing: {m}" for m in goal.missing), *summary.failures, *waiting)
    return Verdict("quiescent", reasons or ("nothing was left to do",))


def _unready(summary: Summary, watching: Sequence[Watching]) -> tuple[str, ...]:
    """What could not begin: not ready, or rated too low."""
    wanted = {w.agent: w.ready for w in watching}
    waiting = sorted(summary.states.get("waiting", {}).items())
    below = sorted((agent, n) for agent, n in summary.states.get("below", {}).items() if n)
    return (
        *(f"{n} of {agent} waited for {wanted.get(agent) or 'what it needs'}" for agent, n in waiting),
        *(f"{n} of {agent} rated too low" for agent, n in below),
    )


def _count(summary: Summary, state: str) -> int:
    return sum(summary.states.get(state, {}).values())


def _used_up(summary: Summary) -> Spent | None:
    """A budget of which nothing is left: also what is pending and has its reservation could still be claimed."""
    return next((b for b in summary.budgets if b.cap is not None and b.settled >= b.cap), None)


def _left_over(summary: Summary) -> tuple[str, ...]:
    """Who was still busy or waiting when the goal was reached."""
    return tuple(
        f"{n} {state} activation{'s' * (n != 1)} of {agent} dropped"
        for state in ("running", "pending")
        for agent, n in sorted(summary.states.get(state, {}).items())
    )


def _exhausted(summary: Summary, goal: Goal, used_up: Spent) -> tuple[str, ...]:
    pending = (f"{n} of {agent} not done" for agent, n in sorted(summary.states.get("pending", {}).items()))
    return (f"{used_up.cap} {used_up.unit} are used up", *pending, *(f"missing: {m}" for m in goal.missing))
