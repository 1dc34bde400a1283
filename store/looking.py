"""Reads of a board. Any thread may look; nothing here takes the board's lock."""

import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Protocol

from blackboard.activation import Query
from blackboard.budget import ACTIVATIONS
from blackboard.calls import Short, Shortage
from blackboard.entry import Confidentiality, Integrity, Label
from blackboard.errors import FeedGap
from blackboard.records import (
    ActivationRecord,
    AgendaCount,
    Ancestor,
    AttemptRecord,
    BoardRecord,
    Grants,
    Row,
    Seat,
    Serving,
    Spent,
    Summary,
    Worker,
)
from store import callstatements as c
from store import queries as q
from store import statements as s
from store.core import numbers
from store.presence import Presence

Cursor = Any  # a DB-API connection or cursor: execute(text, parameters)
USER = Label()
PUBLIC = (Integrity.USER, Confidentiality.PUBLIC)


def to_row(found: Sequence[Any]) -> Row:
    """A row of `statements.COLUMNS` as the noun that it stands for."""
    seq, key, version, kind, status, author, activation, about, integrity, confidentiality, origins, *rest = found
    sha256, posted_at, born, superseded, body = rest
    if integrity == Integrity.USER and confidentiality == Confidentiality.PUBLIC and origins == "[]":
        label = USER
    else:
        label = Label(Integrity(integrity), Confidentiality(confidentiality), frozenset(json.loads(origins)))
    links = tuple(json.loads(about)) if about != "[]" else ()
    return Row(
        seq, key, version, kind, status, author, activation, links, label, sha256, posted_at, born, superseded, body
    )


def to_board(found: Sequence[Any]) -> BoardRecord:
    """A row of the board table."""
    board, _, scenario, params, team, options, kinds, status, head, _, epoch, ran, *rest = found
    created, quiet, cancelled, verdict, _, epoch_head = rest
    return BoardRecord(
        board, scenario, params, team, options, kinds, status, head, epoch, ran, verdict, cancelled, created, quiet,
        epoch_head,
    )  # fmt: skip


def _states(found: Iterable[tuple[str, str, int]], below: Iterable[tuple[str, int]]) -> dict[str, dict[str, int]]:
    """Activations by state and agent; what is rated too low to be begun is apart from what is pending."""
    states = _nested(found)
    for name, n in below:
        states.setdefault("below", {})[name] = n
        states["pending"][name] -= n
    return states


def to_grants(writes: str | None, reads: str | None, tools: str | None) -> Grants | None:
    """What an agent has declared, as its seat keeps it; None where an older release kept nothing."""
    if writes is None:
        return None
    return Grants(_named(writes), None if reads is None else _named(reads), _named(tools or "[]"))


@lru_cache(maxsize=1024)
def _named(listed: str) -> frozenset[str]:
    return frozenset(json.loads(listed))


def _nested(rows: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """Counts by their first word, then by their second."""
    nested: dict[str, dict[str, int]] = {}
    for first, second, n in rows:
        nested.setdefault(first, {})[second] = n
    return nested


def _by_agent(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[Spent, ...]]:
    """Budgets that agents have of their own."""
    found: dict[str, tuple[Spent, ...]] = {}
    for agent, *budget in rows:
        found[agent] = (*found.get(agent, ()), Spent(*budget))
    return found


def _shortage(agent: str, activations: int, scope: str, unit: str, amount: int, *row: int | None) -> Shortage:
    """Who waits for a budget, and how that stands now."""
    cap, used, tried = (n or 0 for n in row)
    return Shortage(agent, activations, Short(scope, unit, amount, cap, used), tried)


class Reading(Protocol):
    """Gives a connection to look with; for `people`, it is left as it was whatever their SQL does."""

    def __call__(self, people: bool = False) -> AbstractContextManager[Cursor]: ...


class SqlLooking:
    """The reads of a store, over whatever gives it a connection."""

    def __init__(self, reading: Reading, presence: Presence) -> None:
        self._reading, self._presence = reading, presence

    def _all(self, text: str, values: dict[str, Any]) -> list[Any]:
        with self._reading() as at:
            return list(at.execute(text, values).fetchall())

    def _rows(self, text: str, values: dict[str, Any]) -> list[Row]:
        return [to_row(r) for r in self._all(text, values)]

    def boards(self, status: str | None = None) -> list[BoardRecord]:
        return [to_board(r) for r in self._all(q.BOARDS, {"p_status": status})]

    def board(self, board: str) -> BoardRecord | None:
        found = self._all(q.BOARD, {"p_board": board})
        return to_board(found[0]) if found else None

    def by_key(self, board: str, key: str, as_of: int | None = None) -> Row | None:
        text = q.BY_KEY if as_of is None else q.BY_KEY_AS_OF
        found = self._rows(text, {"p_board": board, "p_key": key, "p_as_of": as_of})
        return found[0] if found else None

    def by_seq(self, board: str, seqs: Iterable[int]) -> list[Row]:
        return self._rows(q.BY_SEQ, {"p_board": board, "p_seqs": numbers(seqs)})

    def find(self, board: str, query: Query, as_of: int | None = None) -> list[Row]:
        text = q.finding(q.shape(query), as_of is not None, False)
        return self._rows(text, {**q.values(board, query), "p_as_of": as_of, "p_limit": query.limit})

    def count(self, board: str, query: Query, as_of: int | None = None) -> int:
        text = q.finding(q.shape(query), as_of is not None, True)
        return int(self._all(text, {**q.values(board, query), "p_as_of": as_of})[0][0])

    def current(self, board: str, as_of: int | None = None) -> list[Row]:
        return self._rows(q.NOW if as_of is None else q.AS_OF, {"p_board": board, "p_as_of": as_of})

    def versions(self, board: str, key: str) -> list[Row]:
        return self._rows(q.VERSIONS, {"p_board": board, "p_key": key})

    def version(self, board: str, key: str, version: int) -> Row | None:
        found = self._rows(q.VERSION, {"p_board": board, "p_key": key, "p_version": version})
        return found[0] if found else None

    def newest(self, board: str, kind: str, limit: int, as_of: int | None = None) -> list[Row]:
        text = q.NEWEST if as_of is None else q.NEWEST_AS_OF
        return self._rows(text, {"p_board": board, "p_kind": kind, "p_limit": limit, "p_as_of": as_of})

    def counted(self, board: str, kind: str, as_of: int) -> int:
        return sum(n for (n,) in self._all(q.COUNT_AS_OF, {"p_board": board, "p_kind": kind, "p_as_of": as_of}))

    def feed(self, board: str, after: int, limit: int = 500) -> list[Row]:
        rows = self._rows(q.FEED, {"p_board": board, "p_after": after, "p_limit": limit})
        for expected, row in enumerate(rows, after + 1):
            if row.seq != expected:
                raise FeedGap(f"{board}: seq {expected} is missing from the feed; `blackboard doctor` tells more")
        return rows

    def made_from(self, board: str, activation: int) -> list[int]:
        return [r[0] for r in self._all(q.MADE_FROM, {"p_board": board, "p_activation": activation})]

    def looked_at(self, board: str, activation: int, limit: int) -> tuple[int, list[tuple[int, bool]]]:
        of = {"p_board": board, "p_activation": activation}
        seen = [(seq, bool(strict)) for seq, strict in self._all(q.LOOKED_AT, {**of, "p_limit": limit})]
        return len(seen) if len(seen) < limit else int(self._all(q.COUNT_LOOKED_AT, of)[0][0]), seen

    def kind_label(self, board: str, kind: str) -> tuple[Integrity, Confidentiality]:
        integrity, confidentiality = self._all(q.KIND_LABEL, {"p_board": board, "p_kind": kind})[0]
        return PUBLIC if integrity is None else (Integrity(integrity), Confidentiality(confidentiality))

    def summary(self, board: str, least: int | None = None) -> Summary:
        at = {"p_board": board}
        below: list[tuple[str, int]] = []
        with self._reading() as cursor:
            cursor.execute("BEGIN")
            try:
                record = to_board(cursor.execute(q.BOARD, at).fetchone())
                states = cursor.execute(q.OPEN_STATES, at).fetchall()
                cursors = cursor.execute(q.CURSORS, at).fetchall()
                budgets = cursor.execute(q.BUDGETS, {"p_scope": f"board:{board}"}).fetchall()
                own = cursor.execute(q.AGENT_BUDGETS, at).fetchall()
                awaited = cursor.execute(c.SHORTAGES, at).fetchall()
                failures = cursor.execute(q.FAILURES, at).fetchall()
                marks = cursor.execute(q.ALL_MARKS, at).fetchall()
                if least is not None:
                    below = cursor.execute(q.BELOW, {**at, "p_least": least}).fetchall()
            finally:
                cursor.execute("COMMIT")
        return Summary(
            status=record.status, head=record.head, quiet=record.quiet, cancelled=record.cancelled,
            ran_seconds=record.ran_seconds, epoch=record.epoch, states=_states(states, below), marks=_nested(marks),
            epoch_head=record.epoch_head, unnoticed=tuple(name for name, seq in cursors if seq < record.head),
            budgets=tuple(Spent(*b) for b in budgets),
            of_agents={agent: Spent(*b) for agent, *b in own if b[0] == ACTIVATIONS},
            calls_of_agents=_by_agent([row for row in own if row[1] != ACTIVATIONS]),
            short=tuple(_shortage(*row) for row in awaited),
            failures=tuple(f"{a} failed: {c}" for a, c in failures),
        )  # fmt: skip

    def lineage(self, board: str, seq: int, after: int, steps: int) -> list[Ancestor]:
        values = {"p_board": board, "p_seq": seq, "p_after": after, "p_steps": steps}
        return [Ancestor(*r) for r in self._all(q.LINEAGE, values)]

    def landed_since(self, board: str, seq: int, most: int) -> int:
        values = {"p_board": board, "p_seq": seq, "p_limit": most}
        (wrote,) = self._all(q.WROTE_SINCE, values)[0]
        return int(wrote if wrote >= most else self._all(q.ENDED_SINCE, values)[0][0])

    def seats(self, board: str) -> list[Seat]:
        return [Seat(r[0], r[1], r[2], r[3], to_grants(*r[4:])) for r in self._all(q.SEATS, {"p_board": board})]

    def activations(self, board: str, agent: str | None = None) -> list[ActivationRecord]:
        return [ActivationRecord(*r) for r in self._all(q.ACTIVATIONS, {"p_board": board, "p_agent": agent})]

    def waiting(self, board: str, agent: str) -> list[ActivationRecord]:
        return [ActivationRecord(*r) for r in self._all(q.WAITING, {"p_board": board, "p_agent": agent})]

    def activations_of(self, board: str, ids: Iterable[int]) -> list[ActivationRecord]:
        return [ActivationRecord(*r) for r in self._all(q.SOME_ACTIVATIONS, {"p_board": board, "p_ids": numbers(ids)})]

    def in_state(self, board: str, state: str, limit: int) -> list[ActivationRecord]:
        values = {"p_board": board, "p_state": state, "p_limit": limit}
        return [ActivationRecord(*r) for r in self._all(q.IN_STATE, values)]

    def agenda(self, board: str) -> list[AgendaCount]:
        return [AgendaCount(*r) for r in self._all(q.AGENDA, {"p_board": board})]

    def attempts(self, board: str, activations: Iterable[int]) -> list[AttemptRecord]:
        return [AttemptRecord(*r) for r in self._all(q.ATTEMPTS, {"p_board": board, "p_ids": numbers(activations)})]

    def superseded(self, board: str, seqs: Iterable[int]) -> set[int]:
        return {r[0] for r in self._all(s.SUPERSEDED, {"p_board": board, "p_seqs": numbers(seqs)})}

    def acted(self, board: str) -> dict[str, int]:
        return dict(self._all(q.ACTED, {"p_board": board}))

    def serving(self, board: str | None = None) -> list[Serving]:
        rows = self._all(q.SERVING, {"p_board": board})
        return [self._serving(*row) for row in rows]

    def _serving(self, board: str, worker: str, host: str, pid: int, agents: str, *rest: Any) -> Serving:
        slots, since, beat_at, holds = rest
        gone = self._presence.gone(worker)
        return Serving(board, Worker(worker, host, pid), json.loads(agents), slots, since, beat_at, gone, holds)

    def sql(self, query: str, values: dict[str, object]) -> list[dict[str, Any]]:
        with self._reading(people=True) as at:
            cursor = at.execute(query, values)
            names = [d[0] for d in cursor.description or ()]
            return [dict(zip(names, r, strict=True)) for r in cursor.fetchall()]
