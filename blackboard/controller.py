"""The controller: decides whether a board has ended, and says why. A pure function from what it is shown.

It starts, orders and stops no agent, calls no model and reads no clock.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from blackboard import shortages
from blackboard.budget import ACTIVATIONS, Budget
from blackboard.calls import Shortage
from blackboard.entry import BudgetAlert
from blackboard.gist import count
from blackboard.records import Spent, Summary

Ending = Literal["complete", "budget", "deadline", "quiescent", "failed", "cancelled", "livelock", "breaker"]
EXIT: dict[Ending, int] = {
    "complete": 0, "budget": 3, "deadline": 3, "cancelled": 3, "quiescent": 4, "livelock": 4, "failed": 5, "breaker": 5,
}  # fmt: skip
FINAL: frozenset[Ending] = frozenset({"complete", "failed"})
"""With these a board is over: what was left of its agenda is dropped. Any other can go on."""
LEAST_CAP = 5  # no alert of a smaller budget: it would come with the last but one


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
class Trouble:
    """Why it makes no sense to go on, in words."""

    livelock: str | None = None  # who repeats what
    breaker: tuple[str, ...] = ()  # how many have failed, and the causes


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


def decide(
    summary: Summary,
    goal: Goal,
    budget: Budget,
    watching: Sequence[Watching] = (),
    trouble: Trouble = Trouble(),
    *,
    more: bool = False,
) -> Verdict | Quiet | None:
    """The verdict, the first strike of quiescence, or None while there is something to do.

    `more`: the board was opened again for more posts. Then neither the goal nor quiescence ends it before something has
    come in, and the goal does not end it while there is something to do.
    """
    if more:
        return _with_more(summary, goal, budget, watching, trouble)
    at_once = _at_once(summary, goal, budget, trouble)
    if at_once is not None or _count(summary, "running"):
        return at_once
    if _count(summary, "pending", "parked") and (used_up := _used_up(summary)) is not None:
        said = (f"{used_up.cap} {used_up.unit} are used up", *map(shortages.told, summary.short))
        return Verdict("budget", (*said, *_not_done(summary, goal)))
    if summary.unnoticed or not is_idle(summary):
        return None
    return _quiescence(summary, goal, watching)


def _at_once(summary: Summary, goal: Goal, budget: Budget, trouble: Trouble) -> Verdict | None:
    """What ends a board whoever is still at work."""
    if goal.reached:
        return Verdict("complete", (*_not_asked(summary), *summary.failures))
    if goal.stop is not None:
        return Verdict("failed", (goal.stop, *_not_asked(summary), *summary.failures))
    if summary.cancelled is not None:
        return Verdict("cancelled", tuple(filter(None, (summary.cancelled,))))
    if budget.seconds is not None and summary.ran_seconds >= budget.seconds:
        return Verdict("deadline", (f"{budget.seconds:g} seconds of work are used up", *_missing(goal)))
    if trouble.livelock is not None:
        return Verdict("livelock", (trouble.livelock, *_missing(goal)))
    if trouble.breaker:
        return Verdict("breaker", (*trouble.breaker, *_missing(goal)))
    return None


def is_idle(summary: Summary) -> bool:
    """Whether nobody works, and nobody may begin.

    What is pending is of agents that have used up their own budget, and what is parked waits for one that allows no
    call.
    """
    parked = _count(summary, "parked") - sum(s.activations for s in summary.short)
    return not (_count(summary, "running") or parked > 0) and _pending(summary).keys() <= _used_up_by(summary)


def _used_up_by(summary: Summary) -> set[str]:
    """The agents that have used up the budget of their own."""
    return {a for a, own in summary.of_agents.items() if _is_used_up(own, (s for s in summary.short if s.agent == a))}


def _with_more(
    summary: Summary, goal: Goal, budget: Budget, watching: Sequence[Watching], trouble: Trouble
) -> Verdict | Quiet | None:
    news = summary.head > summary.epoch_head
    said = decide(summary, replace(goal, reached=False, stop=goal.stop if news else None), budget, watching, trouble)
    if not (isinstance(said, Quiet) or (said is not None and said.ending == "quiescent")):
        return said
    if not news:
        return None
    return Verdict("complete", summary.failures) if goal.reached else said


def _quiescence(summary: Summary, goal: Goal, watching: Sequence[Watching]) -> Verdict | Quiet:
    waiting = tuple(f"{w.agent} waited for {w.watches}" for w in watching if not w.seen) + _unready(summary, watching)
    waiting += tuple(map(shortages.told, summary.short)) if summary.quiet is None else ()
    if summary.quiet is None:
        return Quiet(waiting)
    if (held_up := sorted(_pending(summary))) or summary.short:
        used_up = (f"{a} has used up its {summary.of_agents[a].cap} {summary.of_agents[a].unit}" for a in held_up)
        return Verdict("budget", (*used_up, *map(shortages.told, summary.short), *_not_done(summary, goal)))
    reasons = (*_missing(goal), *summary.failures, *waiting)
    return Verdict("quiescent", reasons or ("nothing was left to do",))


def _unready(summary: Summary, watching: Sequence[Watching]) -> tuple[str, ...]:
    """What could not begin: not ready, or rated too low."""
    wanted = {w.agent: w.ready for w in watching}
    waiting = sorted(summary.states.get("waiting", {}).items())
    below = sorted((agent, n) for agent, n in summary.states.get("below", {}).items() if n)
    return (
        *(
            f"{agent} waited for {wanted.get(agent) or 'what it needs'} ({count(n, 'activation')})"
            for agent, n in waiting
        ),
        *(f"{agent} was rated too low ({count(n, 'activation')})" for agent, n in below),
    )


def _missing(goal: Goal) -> tuple[str, ...]:
    return tuple(f"missing: {m}" for m in goal.missing)


def _pending(summary: Summary) -> dict[str, int]:
    return {agent: n for agent, n in summary.states.get("pending", {}).items() if n}


def _count(summary: Summary, *states: str) -> int:
    return sum(n for state in states for n in summary.states.get(state, {}).values())


def _used_up(summary: Summary) -> Spent | None:
    """The board's budget of activations, if nothing is left of it. What is left for calls only asking tells."""
    return next((b for b in summary.budgets if b.unit == ACTIVATIONS and _is_used_up(b, summary.short)), None)


def _is_used_up(spent: Spent, short: Iterable[Shortage]) -> bool:
    """Whether nothing is left: also what is pending and has its reservation could still be claimed.

    What waits for a call keeps its reservation, and nobody else gets that.
    """
    return spent.cap is not None and spent.settled + sum(s.tried for s in short) >= spent.cap


def _not_asked(summary: Summary) -> tuple[str, ...]:
    """Who was still to act when the board was over, in one sentence: `critic was not asked about 3, and …`."""
    left: Counter[str] = Counter()
    for state in ("pending", "waiting", "below"):
        left.update(summary.states.get(state, {}))
    said = [f"{agent} was not asked about {n}" for agent, n in sorted(left.items()) if n]
    for state, words in (("parked", "parked"), ("running", "under way")):
        said += [f"{n} of {a} {_was(n)} {words}" for a, n in sorted(summary.states.get(state, {}).items())]
    return (", and ".join(filter(None, (", ".join(said[:-1]), said[-1]))),) if said else ()


def _was(n: int) -> str:
    return "was" if n == 1 else "were"


def _not_done(summary: Summary, goal: Goal) -> tuple[str, ...]:
    left = Counter(_pending(summary)) + Counter(summary.states.get("parked", {}))
    pending = (f"{n} of {agent} not done" for agent, n in sorted(left.items()))
    return (*pending, *_missing(goal))


# -- budgets that run low --------------------------------------------------------------------------------------------
def alerts(summary: Summary, budget: Budget) -> list[BudgetAlert]:
    """The budgets of which four fifths are used or reserved; none of those with a cap below 5, but for dollars."""
    found = [_alert_of(owner, spent) for owner, spent in _named(summary)]
    return [alert for alert in (*found, seconds_alert(summary.ran_seconds, budget)) if alert is not None]


def seconds_alert(ran: float, budget: Budget) -> BudgetAlert | None:
    """That four fifths of the working time are used up, if they are."""
    return _alert("seconds", ran, budget.seconds)


def until_alert(summary: Summary) -> int | None:
    """How many claims from here it takes until four fifths of one of activations are used; None if that cannot be."""
    counted = (s for _, s in _named(summary) if s.unit == ACTIVATIONS)
    left = [_before_alert(s.cap) - s.settled - s.reserved for s in counted if s.cap and s.cap >= LEAST_CAP]
    return min((n for n in left if n > 0), default=None)


def _named(summary: Summary) -> list[tuple[str, Spent]]:
    """All budgets that are counted in the store, with the agent that each is of; nobody: of the board."""
    of_agents = [(agent, own) for agent, own in summary.of_agents.items()]
    of_agents += [(agent, own) for agent, owns in summary.calls_of_agents.items() for own in owns]
    return [("", b) for b in summary.budgets] + of_agents


def _alert_of(owner: str, spent: Spent) -> BudgetAlert | None:
    unit, used, cap = shortages.unit_in_words(spent)
    least = 0 if unit == "usd" else LEAST_CAP
    return _alert(f"{unit} of {owner}" if owner else unit, used, cap, least)


def _alert(unit: str, used: float, cap: float | None, least: float | None = None) -> BudgetAlert | None:
    if not cap or cap < (LEAST_CAP if least is None else least) or used * 5 < cap * 4:
        return None
    return BudgetAlert(unit=unit, used=used, cap=cap)


def _before_alert(cap: int) -> int:
    """Four fifths, rounded up."""
    return -(-cap * 4 // 5)
