"""Ending: what the controller is shown of a board, and how its decision is written down."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from typing_extensions import override

from blackboard.activation import Claim, Contribution, Query
from blackboard.board import to_verdict
from blackboard.controller import FINAL, Goal, Quiet, Trouble, Verdict, Watching, decide, is_idle
from blackboard.entry import BudgetAlert, Kind, Quiescence
from blackboard.errors import BoardClosed
from blackboard.looker import Looker, write
from blackboard.ports import Looking, Store
from blackboard.records import Summary
from blackboard.runner.plan import Plan
from blackboard.runner.vigil import BOARD, Vigil


@dataclass(frozen=True)
class Closed:
    """Another worker has written the verdict."""

    verdict: Verdict


def judged(
    store: Store, board: str, plan: Plan, ran: float, vigil: Vigil
) -> tuple[Summary, Verdict | Quiet | Closed | None]:
    """What the controller says of the board, and what it was shown. `ran`: seconds of work so far."""
    summary = replace(store.summary(board, plan.least_rating), ran_seconds=ran)
    if summary.status != "open":
        record = store.board(board)
        written = to_verdict(record.verdict) if record else None
        return summary, Closed(written) if written else None
    goal = _goal(store, board, plan, summary)
    had = store.acted(board) if is_idle(summary) and not goal.reached else {}
    watching = [Watching(a.name, a.watching, had.get(a.name, 0), a.waiting_for) for a in plan.agents]
    watching += [Watching(maker.name, maker.kind.kind_name, 0) for maker in plan.made.idle]
    trouble = Trouble() if goal.reached and not plan.more else vigil.trouble(summary)
    return summary, decide(summary, goal, plan.budget, watching, trouble, more=plan.more)


class AtHead(Looker):
    """The board at the head of a summary. Plain counts come from it, so that a goal costs the same at any size."""

    def __init__(self, store: Looking, board: str, summary: Summary, eyes: tuple[str, ...] = ()) -> None:
        """`eyes`: whose private entries are seen; empty: everybody's."""
        super().__init__(store, board, summary.head)
        self._marks, self._looks_as = summary.marks, eyes

    @property
    @override
    def _eyes(self) -> tuple[str, ...]:
        return self._looks_as

    @override
    def _count(self, query: Query) -> int:
        if query.about is not None or query.fields or query.authors:
            return super()._count(query)
        marks = self._marks.get(query.kind, {})
        return sum(marks.get(status, 0) for status in query.status)


def _goal(store: Store, board: str, plan: Plan, summary: Summary) -> Goal:
    """What the conditions say; `when` runs user code, outside any transaction."""
    at_head = AtHead(store, board, summary)
    if plan.done.holds(at_head):
        return Goal(reached=True)
    stop = str(plan.stop) if plan.stop is not None and plan.stop.holds(at_head) else None
    return Goal(missing=tuple(plan.done.missing(at_head)), stop=stop)


def strike(store: Store, board: str, quiet: Quiet, head: int) -> bool:
    """Put the first quiescence on the board; False if the board has moved since it was judged."""
    return store.strike(board, head, _by_board(Quiescence(waiting=quiet.waiting), board, head))


def warn(store: Store, board: str, vigil: Vigil, due: Sequence[BudgetAlert], head: int) -> None:
    """Put on the board which budgets run low: each once, whoever does it; not where it has ended meanwhile."""
    for alert in due:
        with suppress(BoardClosed):
            store.post(board, f"alert: {alert.cap:g} {alert.unit}", _by_board(alert, board, head))
    vigil.told(due)


def _by_board(body: Kind, board: str, head: int) -> Contribution:
    entry = replace(write(body, body.lifecycle.first), author=BOARD)
    return Contribution(Claim(board, 0, BOARD, 0, None, head, 0, 0), BOARD, (entry,))


def conclude(store: Store, board: str, verdict: Verdict, shown: Summary) -> bool:
    """Write the verdict at the head that was judged; False if the board has moved since, or was resumed."""
    text = json.dumps({"ending": verdict.ending, "reasons": verdict.reasons})
    quiet = verdict.ending in {"quiescent", "budget"} and not shown.unnoticed
    return store.conclude(board, text, shown.head, verdict.ending in FINAL, quiet, shown.epoch)
