"""Landing a contribution: load the facts in one read, let the judge rule, apply the writes in one batch.

All of this runs inside one write transaction of the store; nothing here begins or ends one.
"""

import json
from dataclasses import asdict, replace
from typing import Any

from blackboard.activation import Contribution, Landed, QueryRead, Ruling, Stale, State
from blackboard.judge import Facts, NewActivation, Writes, judge
from store import queries as q
from store import statements as s
from store.core import numbers, words
from store.gatherings import BATCH_MEMBERS, as_of, gather, is_regrouped, whole_again
from store.looking import Cursor, to_grants
from store.settling import write_off


class ContradictionError(Exception):
    """The contribution itself cannot be: the whole transaction is taken back, and it is refused."""


def land(at: Cursor, contribution: Contribution, now: float) -> Ruling:
    """Judge one contribution and write what it is allowed to."""
    board = contribution.claim.board
    facts, activations, is_calling = _facts(at, contribution)
    ruling = judge(facts, contribution)
    if isinstance(ruling, Writes):
        return _apply(at, contribution, ruling, facts, activations, now, is_calling)
    if isinstance(ruling, Stale):
        return _set_back(at, contribution, ruling, facts.head, now)
    if isinstance(ruling, Landed):
        keys = at.execute(q.BY_SEQ, {"p_board": board, "p_seqs": numbers(ruling.seqs)}).fetchall()
        return Landed(ruling.seqs, tuple(k[1] for k in keys))
    return ruling


def set_back_if_stale(at: Cursor, looked: Contribution, now: float) -> Stale | None:
    """Whether what a failed attempt had read has changed; then it is set back, to be done again or dropped."""
    facts, *_ = _facts(at, replace(looked, writes=()))
    ruling = judge(facts, replace(looked, writes=()))
    return _set_back(at, looked, ruling, facts.head, now) if isinstance(ruling, Stale) else None


# -- the facts -----------------------------------------------------------------------------------------------------
def _facts(at: Cursor, c: Contribution) -> tuple[Facts, int, bool]:
    """With how many activations there are, and whether this one has a call of a model in flight."""
    board = c.claim.board
    status, head, activations, _ = at.execute(s.LOCKED, {"p_board": board}).fetchone()
    found = at.execute(s.ONE_ACTIVATION, {"p_board": board, "p_id": c.claim.id}).fetchone()
    state: State
    state, token, done_seq, *declared, is_calling = found or ("moot", -1, None, None, None, None, False)
    kinds = tuple(sorted({w.kind for w in c.writes} | {g.kind for g in c.groups}))
    marks: dict[str, dict[str, int]] = {}
    if c.writes:
        for kind, mark_status, entries, _ in at.execute(s.MARKS, {"p_board": board, "p_kinds": words(kinds)}):
            marks.setdefault(kind, {})[mark_status] = entries
    cursors = dict(at.execute(q.CURSORS, {"p_board": board}).fetchall()) if c.served else {}
    facts = Facts(
        board=status, head=head, state=state, token=token, done_seq=done_seq,
        superseded=_superseded(at, c), appeared=_appeared(at, c),
        drifted={n: d for n, asked in enumerate(c.reads.queries) if (d := _drift(at, board, c.claim.snapshot, asked))},
        regrouped=bool(c.claim.name is not None and c.woken_by and is_regrouped(at, c.claim)),
        grants=to_grants(*declared), marks=marks, cursors=cursors,
    )  # fmt: skip
    return facts, activations, bool(is_calling)


def _superseded(at: Cursor, c: Contribution) -> dict[int, int]:
    relied = c.relied_on
    if not relied:
        return {}
    values = {"p_board": c.claim.board, "p_seqs": numbers(sorted(relied))}
    return dict(at.execute(s.SUPERSEDED, values).fetchall())


def _appeared(at: Cursor, c: Contribution) -> list[str]:
    if not c.reads.absent:
        return []
    values = {"p_board": c.claim.board, "p_keys": json.dumps(c.reads.absent)}
    return [k for (k,) in at.execute(s.APPEARED, values)]


def _drift(at: Cursor, board: str, snapshot: int, relied: QueryRead) -> str | None:
    """Whether the query would now give something else, judged by what came after the snapshot only."""
    query, shaped = relied.query, q.shape(relied.query)
    values = {**q.values(board, query), "p_after": snapshot, "p_bound": relied.bound}
    came = at.execute(q.arrivals(shaped, relied.bound is not None), values).fetchone()[0]
    if not relied.counted:
        return f"{came} more {query.kind} would be found" if came else None
    gone = at.execute(q.departures(shaped), values).fetchone()[0]
    return None if came == gone else f"{came - gone:+} {query.kind} would be counted"


# -- the writes ----------------------------------------------------------------------------------------------------
def _apply(
    at: Cursor, c: Contribution, w: Writes, facts: Facts, activations: int, now: float, is_calling: bool
) -> Ruling:  # fmt: skip
    board, claim = c.claim.board, c.claim
    _insert_entries(at, c, w, now)
    _insert_reads(at, c)
    added = propose(at, board, activations, w.activations, now)
    if w.entries or added:
        at.execute(s.ADVANCE_BOARD, {"p_board": board, "p_head": w.head, "p_activations": activations + added})
    if w.entries and w.advanced:
        moved = {"p_board": board, "p_before": facts.head, "p_head": w.head, "p_agents": words(w.advanced)}
        at.execute(s.ADVANCE_AGENTS, moved)
    state = "done" if c.failed is None else "failed"
    values = {"p_board": board, "p_id": claim.id, "p_token": claim.token, "p_state": state, "p_done": w.head}
    at.execute(s.FINISH, values)
    if is_calling:
        write_off(at, board, now, claim.id)
    if c.failed is not None:
        note_attempt(at, board, claim.id, "failed", c.failed, now)
    if claim.attempt:  # posts from outside are not of the budget
        settle_activation(at, board, claim.agent)
    return Landed(tuple(e.seq for e in w.entries), tuple(e.key for e in w.entries), w.lagging)


def _insert_entries(at: Cursor, c: Contribution, w: Writes, now: float) -> None:
    board, label = c.claim.board, c.label
    origins = json.dumps(sorted(label.origins)) if label.origins else "[]"
    rows, links, fields = [], [], []
    for e in w.entries:
        if e.replaces is not None:
            values = {"p_board": board, "p_seq": e.replaces, "p_key": e.key, "p_by": e.seq}
            if at.execute(s.SUPERSEDE, values).rowcount != 1:
                raise ContradictionError(f"seq {e.replaces} of {board} is not the newest version of {e.key}")
        rows.append({
            "board_id": board, "seq": e.seq, "key": e.key, "version": e.version, "kind": e.write.kind,
            "status": e.write.status, "author": e.write.author or c.author, "activation_id": c.claim.id,
            "about": words(e.about) if e.about else "[]", "integrity": int(label.integrity),
            "confidentiality": int(label.confidentiality), "origins": origins, "sha256": e.write.sha256,
            "posted_at": now, "born_seq": e.born, "superseded_seq": None, "body": e.write.body,
        })  # fmt: skip
        links += [{"board_id": board, "about_key": key, "seq": e.seq} for key in e.about]
        fields += [
            {"board_id": board, "kind": e.write.kind, "name": name, "value": value, "seq": e.seq}
            for name, value in e.write.fields
        ]
    insert(at, s.INSERT_ENTRY, rows)
    insert(at, s.INSERT_LINK, links)
    insert(at, s.INSERT_FIELD, fields)
    _move_marks(at, board, c, w)


def _move_marks(at: Cursor, board: str, c: Contribution, w: Writes) -> None:
    for (kind, status), change in w.marks.items():
        last = max((e.seq for e in w.entries if (e.write.kind, e.write.status) == (kind, status)), default=0)
        if last:
            at.execute(s.ADD_MARK, {
                "board_id": board, "kind": kind, "status": status, "entries": max(0, change),
                "last_seq": last, "integrity": int(c.label.integrity), "confidentiality": int(c.label.confidentiality),
            })  # fmt: skip
        if change < 0:
            at.execute(s.TAKE_MARK, {"p_board": board, "p_kind": kind, "p_status": status, "p_change": change})


def _insert_reads(at: Cursor, c: Contribution) -> None:
    def row(strict: bool, seq: int | None, query: str | None) -> dict[str, Any]:
        of = {"board_id": c.claim.board, "activation_id": c.claim.id}
        return {**of, "ordinal": 0, "strict": strict, "seq": seq, "query": query}

    reads = c.reads
    rows = [row(True, seq, None) for seq in reads.strict] + [row(False, seq, None) for seq in reads.loose]
    rows += [row(True, None, json.dumps({**asdict(a.query), "counted": a.counted})) for a in reads.queries]
    rows += [row(True, None, json.dumps({"absent": key})) for key in reads.absent]
    for ordinal, made in enumerate(rows):
        made["ordinal"] = ordinal
    insert(at, s.INSERT_READ, rows)


def insert(at: Cursor, text: str, rows: list[dict[str, Any]]) -> None:
    """One statement for all rows."""
    if len(rows) == 1:
        at.execute(text, rows[0])
    elif rows:
        at.executemany(text, rows)


def _first_state(new: NewActivation) -> State:
    return "failed" if new.broken else "waiting" if new.waiting else "pending"


def propose(at: Cursor, board: str, activations: int, new: tuple[NewActivation, ...], now: float) -> int:
    """Put activations on the agenda; refraction drops those that are there. How many ids were used."""
    if any(a.many for a in new):
        new = gather(at, board, activations, new)
    rows = [
        {
            "board_id": board, "id": activations + n, "agent": a.agent, "binding": a.binding or str(a.trigger),
            "trigger_seq": a.trigger, "trigger_kind": a.group, "state": _first_state(a),
            "rating": a.rating, "token": 0, "attempt": 0, "redone": 0, "snapshot_seq": None, "owner": None,
            "lease_until": None, "done_seq": None, "due_at": None, "waits_for": None,
        }
        for n, a in enumerate(new, 1)
    ]  # fmt: skip
    insert(at, s.PROPOSE, rows)
    for n, a in enumerate(new, 1):
        if a.broken:
            note_attempt(at, board, activations + n, "failed", a.broken, now)
    return len(rows)


def note_attempt(at: Cursor, board: str, activation: int, outcome: str, cause: str, now: float) -> None:
    """Record an attempt that did not succeed."""
    cause = cause.encode("utf-8", "backslashreplace").decode()  # file names may hold what is no text
    (number,) = at.execute(s.NEXT_ATTEMPT, {"p_board": board, "p_id": activation}).fetchone()
    at.execute(s.INSERT_ATTEMPT, {
        "board_id": board, "activation_id": activation, "number": number, "outcome": outcome, "cause": cause, "at": now,
    })  # fmt: skip


def scopes(board: str, agent: str) -> dict[str, str]:
    """Whose activations these are: the board's, and the agent's where it has a budget of its own."""
    return {"p_scope": f"board:{board}", "p_own": f"agent:{board}/{agent}", "p_unit": "activations"}


def settle_activation(at: Cursor, board: str, agent: str, reserved: int = 1, spent: int = 1) -> None:
    """What was reserved for activations of an agent has been used, or with `spent` 0 was not."""
    at.execute(s.SETTLE, {**scopes(board, agent), "p_reserved": reserved, "p_settled": spent})


def _set_back(at: Cursor, c: Contribution, stale: Stale, head: int, now: float) -> Stale:
    """Drop the work if what woke it has changed; otherwise let it be done again on the newest snapshot."""
    claim, board = c.claim, c.claim.board
    cause = "; ".join(stale.changed)
    left = as_of(at, BATCH_MEMBERS, head, {"p_board": board, "p_id": claim.id}) if claim.is_batch else claim.members
    if stale.moot or (claim.members and not left):
        stale = replace(stale, moot=True)
        values = {"p_board": board, "p_id": claim.id, "p_token": claim.token, "p_state": "moot", "p_done": None}
        at.execute(s.FINISH, values)
        write_off(at, board, now, claim.id)
        settle_activation(at, board, claim.agent)
        note_attempt(at, board, claim.id, "moot", cause, now)
        if claim.name is not None:
            reconsider(at, board, claim.id, now)
        return stale
    at.execute(s.REDO, {"p_board": board, "p_id": claim.id, "p_token": claim.token, "p_snapshot": head})
    note_attempt(at, board, claim.id, "stale", cause, now)
    return Stale(stale.changed, again=replace(claim, snapshot=head, redone=claim.redone + 1, members=left))


def reconsider(at: Cursor, board: str, dropped: int, now: float) -> None:
    """Hand a group of so many over anew, where what it was handed over to was dropped and it is still whole."""
    found = whole_again(at, board, dropped)
    if found is not None:
        _, head, activations, _ = at.execute(s.LOCKED, {"p_board": board}).fetchone()
        added = propose(at, board, activations, (found,), now)
        at.execute(s.ADVANCE_BOARD, {"p_board": board, "p_head": head, "p_activations": activations + added})
