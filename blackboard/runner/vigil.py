"""What a runner keeps an eye on beside the goal: work in circles, failures that pile up, budgets that run low."""

import json
from collections import Counter
from collections.abc import Sequence

from blackboard.activation import Contribution, Landed
from blackboard.controller import Trouble, alerts, seconds_alert, until_alert
from blackboard.entry import BudgetAlert, Failure
from blackboard.ports import Looking
from blackboard.records import Ancestor, Row, Summary
from blackboard.runner.plan import Plan
from blackboard.seam import Seam

BOARD = "board"  # the author of what the board itself writes
STEPS = 200  # of a line of descent that are looked at
REPEATS = 5  # times that the same in one line is a circle
EVERY = 47  # landed activations between two looks; a prime, so that no rhythm of the work hides a circle for long
CALM = 1.0  # seconds between two looks of a worker that lands less
CAUSES = 3  # that are named when a board breaks off


class Vigil:
    """The watch of one runner over one board, for as long as its epoch lasts."""

    def __init__(self, store: Looking, board: str, plan: Plan, seam: Seam) -> None:
        self._store, self._board, self._plan, self._seam = store, board, plan, seam
        self._landed, self._newest, self._looked, self._after = 0, 0, seam.monotonic(), 0
        self._failures = 0
        self._livelock: str | None = None
        self._broken: tuple[str, ...] = ()
        self._told: set[tuple[str, float]] = set()
        self._claims_left: int | None = None

    # -- what tells that it is time to judge -----------------------------------------------------------------------
    def landed(self, contribution: Contribution, ruling: Landed) -> bool:
        """Take note of what this worker has landed; whether the board is to be judged for it."""
        if ruling.seqs:
            self._landed, self._newest = self._landed + 1, ruling.seqs[-1]
        return contribution.failed is not None

    @property
    def is_due(self) -> bool:
        """Whether enough has landed for another look at where the work has come from."""
        return self._landed >= EVERY

    def look(self) -> bool:
        """Whether the newest that this worker has written goes in circles: one query of the store."""
        self._landed, self._looked = 0, self._seam.monotonic()
        self._livelock = circle(self._store.lineage(self._board, self._newest, self._after, STEPS))
        return self._livelock is not None

    def claimed(self, claims: int) -> bool:
        """Take note of what this worker has claimed; whether a budget may run low now."""
        if self._claims_left is None:
            return False
        self._claims_left -= claims
        return self._claims_left <= 0

    def is_late(self, ran: float) -> bool:
        """Whether an alert of the working time is due."""
        alert = seconds_alert(ran, self._plan.budget)
        return alert is not None and _named(alert) not in self._told

    # -- what it finds ---------------------------------------------------------------------------------------------
    def trouble(self, summary: Summary) -> Trouble:
        """Why it makes no sense to go on. What is found once in an epoch stays."""
        self._after = summary.epoch_head
        if self._livelock is None and self._landed and self._seam.monotonic() - self._looked > CALM:
            self.look()
        self._broken = self._broken or self._failing(summary)
        return Trouble(self._livelock, self._broken)

    def _failing(self, summary: Summary) -> tuple[str, ...]:
        """Asks the store only when there is a failure more: with the same ones the rate can only fall."""
        failures = sum(summary.marks.get(Failure.kind_name, {}).values())
        if self._plan.breaker is None or failures < self._plan.breaker[0] or failures == self._failures:
            return ()
        self._failures = failures
        many, of = self._plan.breaker
        newest = self._store.newest(self._board, Failure.kind_name, many)
        rows = [row for row in newest if row.seq > summary.epoch_head]
        if len(rows) < many or (ended := self._store.landed_since(self._board, rows[-1].seq, of + 1)) > of:
            return ()
        return (f"{many} of the last {ended} activations failed", *_causes(rows))

    # -- budgets ---------------------------------------------------------------------------------------------------
    def alerts(self, summary: Summary) -> list[BudgetAlert]:
        """What is to be told of the budgets, as far as this worker has not."""
        self._claims_left = until_alert(summary)
        if self._plan.more and summary.head == summary.epoch_head:
            return []  # the board waits for posts, and an alert would pass for one
        return [alert for alert in alerts(summary, self._plan.budget) if _named(alert) not in self._told]

    def told(self, said: Sequence[BudgetAlert]) -> None:
        """These are on the board now."""
        self._told |= {_named(alert) for alert in said}


def circle(line: Sequence[Ancestor]) -> str | None:
    """Who makes the same again and again out of itself, by a line of descent, newest first; None if nobody does."""
    made = Counter(_same(a) for a in line if a.author != BOARD)
    (what, times), *_ = made.most_common(1) or [((), 0)]
    if times < REPEATS:
        return None
    places = [n for n, a in enumerate(line) if _same(a) == what]
    repeated = [line[n] for n in places]
    one = repeated[0]
    others = sorted({a.author for a in line[places[0] : places[-1]]} - {one.author})
    is_one = len({a.key for a in repeated}) == 1
    told = ", ".join(f"v{a.version}" if is_one else a.key for a in repeated[:3])
    thing = one.key if is_one else f"the same {one.kind}"
    by_way = f" by way of {', '.join(others)}" if others else ""
    return (
        f'the same again and again: {one.author} made {thing} "{one.status}" {times} times out of itself{by_way} '
        f"({told}, …)"
    )


def _same(one: Ancestor) -> tuple[str, ...]:
    return one.author, one.kind, one.status, one.sha256


def _named(alert: BudgetAlert) -> tuple[str, float]:
    return alert.unit, alert.cap


def _causes(failures: Sequence[Row]) -> list[str]:
    """The most frequent causes, in words."""
    bodies = [json.loads(row.body) for row in failures]
    causes = Counter((body["agent"], body["cause"]) for body in bodies)
    return [f"{agent} failed {n} time{'s' * (n != 1)}: {cause}" for (agent, cause), n in causes.most_common(CAUSES)]
