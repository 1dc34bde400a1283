"""Short words for tests: writes, contributions, and a bench, which is a board with the moves of its workers."""

import hashlib
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from blackboard.activation import (
    Agenda,
    Claim,
    Contribution,
    GroupWatch,
    Landed,
    Proposal,
    Query,
    QueryRead,
    ReadSet,
    Ruling,
    Stale,
    Write,
)
from blackboard.calls import Amounts, Begun, Ended, NewCall, Usage
from blackboard.entry import Entry, Kind
from blackboard.ports import Store
from blackboard.records import Claims, NewBoard, Notice, Row, Seat, Summary
from blackboard.seam import Seam

OUTSIDE = Claim("", 0, "person", 0, None, 0, 0, 0)
STATUSES = ("open", "done")
ALL_DONE = GroupWatch("gatherer", "note", frozenset({"done"}))
UNCAPPED = (("activations", None),)


class Clock(Seam):
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += seconds


class Body(Kind, name="note"):
    """What the entries of these tests hold."""

    text: str = ""


def note(text: str = "t", *, kind: str = "note", status: str = "open", **options: Any) -> Write:
    """A new entry."""
    body = json.dumps({"text": text})
    return Write(kind, status, body, hashlib.sha256(body.encode()).hexdigest(), **options)


def entry(row: Row) -> Entry[Body]:
    """A row as an agent would hold it."""
    return Entry(row.key, row.version, row.status, Body(), row.about, row.author, row.label, row.seq)


def amended(row: Row, text: str = "new", *, status: str | None = None, **options: Any) -> Write:
    """A new version of what stands in this row."""
    made = note(text, kind=row.kind, status=status or row.status, **options)
    return replace(made, base=entry(row), born=row.born, about=options.get("about", row.about))


def said(*writes: Write, **options: Any) -> Contribution:
    """What a person puts on the board."""
    return Contribution(OUTSIDE, options.pop("author", "person"), writes, **options)


def query(kind: str = "note", status: Iterable[str] = STATUSES, **options: Any) -> Query:
    """What can be asked."""
    return Query(kind, tuple(status), **options)


@dataclass
class Bench:
    """A board, and what its workers do to it."""

    store: Store
    id: str
    clock: Clock
    operations: Any = field(default_factory=itertools.count)

    @classmethod
    def on(
        cls, store: Store, clock: Clock, cap: int | None = None, agents: Iterable[str] = (), **caps: int | None
    ) -> "Bench":
        """A new board, with agents that have noticed nothing yet."""
        new = NewBoard("test", caps=(("activations", cap), *caps.items()))
        return cls(store, store.create(new, [Seat(a, "note") for a in agents], said()), clock)

    # -- looking ---------------------------------------------------------------------------------------------------
    @property
    def head(self) -> int:
        return self.store.board(self.id).head  # type: ignore[union-attr]

    @property
    def summary(self) -> Summary:
        return self.store.summary(self.id)

    def now(self, key: str) -> Row:
        row = self.store.by_key(self.id, key)
        assert row is not None
        return row

    def found(self, asked: Query, as_of: int | None = None) -> list[str]:
        return [r.key for r in self.store.find(self.id, asked, as_of)]

    def cursor(self, agent: str) -> int:
        return next(s.cursor for s in self.store.seats(self.id) if s.name == agent)

    def state(self, claim: Claim) -> str:
        return next(a.state for a in self.store.activations(self.id) if a.id == claim.id)

    def states(self, agent: str | None = None) -> list[str]:
        return [a.state for a in self.store.activations(self.id, agent) if a.agent != "outside"]

    def budget(self) -> tuple[int, int]:
        """What is settled, and what is reserved."""
        row = self.summary.budgets[0]
        return row.settled, row.reserved

    # -- persons ---------------------------------------------------------------------------------------------------
    def post(self, *writes: Write, operation: str | None = None, **options: Any) -> list[Row]:
        name = operation or f"operation {next(self.operations)}"
        landed = self.store.post(self.id, name, said(*writes, **options))
        return self.store.by_seq(self.id, landed.seqs)

    def note(self, text: str = "t", **options: Any) -> Row:
        return self.post(note(text, **options))[0]

    def amend(self, row: Row, text: str = "new", **options: Any) -> Row:
        return self.post(amended(row, text, **options))[0]

    # -- agents ----------------------------------------------------------------------------------------------------
    def seat(self, *agents: str) -> None:
        """Agents that have noticed all that is there."""
        self.store.seat(self.id, [Seat(a, "note", cursor=self.head) for a in agents])

    def wake(self, agent: str, *rows: Row, rating: int = 0) -> None:
        """The agent notices everything, and can act on these."""
        proposals = tuple(Proposal(agent, r.seq, rating) for r in rows)
        assert self.store.notice(self.id, [Notice(agent, self.cursor(agent), self.head, proposals)])

    def gather(self, group: GroupWatch = ALL_DONE) -> None:
        """An agent that waits for a whole set notices everything."""
        assert self.store.notice(self.id, [], [group])

    def agenda(self, *agents: str, worker: str = "w1", slots: int = 10, each: int = 10, lease: float = 30) -> Agenda:
        """What a worker that serves these agents (without any: all) may claim."""
        names = agents or tuple(s.name for s in self.store.seats(self.id))
        return Agenda(worker, dict.fromkeys(names, each), slots, lease)

    def claims(self, *agents: str, worker: str = "w1", slots: int = 10, each: int = 10, lease: float = 30) -> Claims:
        return self.store.claim(self.id, self.agenda(*agents, worker=worker, slots=slots, each=each, lease=lease))

    def claim(self, *agents: str, worker: str = "w1", **options: Any) -> Claim:
        (claim,) = self.claims(*agents, worker=worker, **options).taken
        return claim

    def start(self, agent: str = "a", *, on: Row | None = None, worker: str = "w1") -> Claim:
        """The agent begins to act on an entry."""
        self.seat(agent)
        self.wake(agent, on or self.note("trigger", kind="trigger"))
        return self.claim(agent, worker=worker)

    def commit(self, claim: Claim, *writes: Write, **options: Any) -> Ruling:
        """The agent has acted, in a transaction of its own."""
        (ruling,), _ = self.store.commit(self.id, [contribution(claim, *writes, **options)])
        return ruling

    def call(self, claim: Claim, asked: str = "q", nth: int = 1, **options: Any) -> int:
        """A call of a model is begun."""
        begun = self.store.begin_call(call(claim, asked, nth, **options))
        assert isinstance(begun, Begun), begun
        return begun.id

    def answer(self, id_: int, **options: Any) -> bool:
        """It is answered."""
        return self.store.end_call(answered(self.id, id_, **options))

    def take(self, unit: str) -> tuple[int, int]:
        """What of a budget of the board is settled, and what is reserved."""
        return next((b.settled, b.reserved) for b in self.summary.budgets if b.unit == unit)

    def looked(self, claim: Claim, asked: Query) -> ReadSet:
        """What an agent has in its read set after a find."""
        rows = self.store.find(self.id, asked, claim.snapshot)
        cut = asked.limit is not None and len(rows) >= asked.limit
        bound = (rows[-1].born if rows else 0) if cut else None
        return ReadSet(strict=tuple(r.seq for r in rows), queries=(QueryRead(asked, bound=bound),))


def counted(asked: Query) -> ReadSet:
    """What an agent has in its read set after a count."""
    return ReadSet(queries=(QueryRead(asked, counted=True),))


def contribution(claim: Claim, *writes: Write, **options: Any) -> Contribution:
    """What an agent has made of its claim."""
    woken = claim.members or (() if claim.group else (claim.trigger,))
    return Contribution(claim, claim.agent, writes, **{"woken_by": woken, **options})


def again(ruling: Ruling) -> Claim:
    """The claim with which stale work is done again."""
    assert isinstance(ruling, Stale), ruling
    assert ruling.again is not None, ruling
    return ruling.again


def landed(ruling: Ruling) -> Landed:
    """The ruling, which must be that it landed."""
    assert isinstance(ruling, Landed), ruling
    return ruling


def moot(ruling: Ruling) -> bool:
    """Whether the work was dropped because what woke it has changed."""
    return isinstance(ruling, Stale) and ruling.moot and ruling.again is None


def call(
    claim: Claim, asked: str = "q", nth: int = 1, *, usd: int | None = 100, tokens: int = 10, **of: str
) -> NewCall:
    """A call that is to be made; it can take so many nano-dollars and tokens."""
    names = {"endpoint": "local", "model": "m", "request": "{}", **of}
    return NewCall(claim, asked, nth, **names, bound=Amounts(usd, tokens))


def answered(board: str, id_: int, *, usd: int | None = 40, tokens: int = 4, text: str = "{}") -> Ended:
    """That a call was answered, and has taken so much."""
    return Ended(board, id_, text, Usage(tokens), Amounts(usd, tokens), price="{}")
