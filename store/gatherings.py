"""Many entries for one activation: batches, which take what comes, and groups, which are handed over when whole.

What an activation is handed follows from its snapshot alone, so that a takeover or a retry is handed the same.
All of this runs inside a write transaction of the store, and only for agents that watch so.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from blackboard.activation import Claim, Lot, Part
from blackboard.gathering import Group, Groups, Place
from blackboard.judge import NewActivation
from store.core import P, activation, among, batch, compiled, entry, gathered, gathering, numbers, word, words
from store.looking import Cursor

_first = "batch"  # the first word of a batch's binding; that of a group begins with its trigger
NO_LIMIT = -1

# -- statements --------------------------------------------------------------------------------------------------------
IN_A_BATCH = compiled(
    select(batch.c.seq).where(batch.c.board_id == P("board"), batch.c.agent == P("agent"), among(batch.c.seq, "seqs"))
)
_taken = (
    select(func.count())
    .where(batch.c.board_id == activation.c.board_id, batch.c.activation_id == activation.c.id)
    .scalar_subquery()
)
OPEN_BATCH = compiled(  # only the newest can have room: one begins when the one before is full
    select(activation.c.id, _taken)
    .where(activation.c.board_id == P("board"), activation.c.agent == P("agent"), activation.c.snapshot_seq.is_(None))
    .where(activation.c.state.in_([word("waiting"), word("pending")]), activation.c.trigger_kind.is_not(None))
    .order_by(activation.c.id.desc())
    .limit(1)
)
INSERT_BATCH = compiled(insert(batch))
BATCH_MEMBERS = compiled(
    select(batch.c.seq, entry.c.superseded_seq)
    .select_from(batch.join(entry, and_(entry.c.board_id == batch.c.board_id, entry.c.seq == batch.c.seq)))
    .where(batch.c.board_id == P("board"), batch.c.activation_id == P("id"))
    .order_by(batch.c.seq)
)
PLACES = compiled(
    select(entry.c.seq, entry.c.key, gathered.c.name, gathered.c.seq, gathered.c.done)
    .select_from(
        entry.outerjoin(
            gathered,
            and_(
                gathered.c.board_id == entry.c.board_id, gathered.c.agent == P("agent"), gathered.c.key == entry.c.key
            ),
        )
    )
    .where(entry.c.board_id == P("board"), among(entry.c.seq, "seqs"))
)
GROUPS = compiled(
    select(
        gathering.c.name, gathering.c.entries, gathering.c.done, gathering.c.last_seq, gathering.c.size,
        gathering.c.handed,
    ).where(gathering.c.board_id == P("board"), gathering.c.agent == P("agent"), among(gathering.c.name, "names"))
)  # fmt: skip
GROUP_MEMBERS = compiled(
    select(gathered.c.seq, entry.c.superseded_seq)
    .select_from(gathered.join(entry, and_(entry.c.board_id == gathered.c.board_id, entry.c.seq == gathered.c.seq)))
    .where(gathered.c.board_id == P("board"), gathered.c.agent == P("agent"), gathered.c.name == P("name"))
    .where(gathered.c.done, gathered.c.seq + 0 <= P("upto"))
    .order_by(gathered.c.seq)
    .limit(P("limit"))
)
_new_place, _new_group = upsert(gathered), upsert(gathering)
KEEP_PLACE = compiled(
    _new_place.on_conflict_do_update(
        index_elements=["board_id", "agent", "key"],
        set_={name: _new_place.excluded[name] for name in ("name", "seq", "done")},
    )
)
KEEP_GROUP = compiled(
    _new_group.on_conflict_do_update(
        index_elements=["board_id", "agent", "name"],
        set_={name: _new_group.excluded[name] for name in ("entries", "done", "last_seq", "size", "handed")},
    )
)
TAKE_BACK = compiled(
    update(gathering)
    .where(gathering.c.board_id == P("board"), gathering.c.agent == P("agent"), gathering.c.name == P("name"))
    .where(gathering.c.handed == P("trigger"))
    .values(handed=None)
)
BOUND = compiled(
    select(
        activation.c.agent, activation.c.trigger_seq, activation.c.trigger_kind, activation.c.rating,
        activation.c.binding,
    ).where(activation.c.board_id == P("board"), activation.c.id == P("id"))
)  # fmt: skip


# -- from versions to activations --------------------------------------------------------------------------------------
def gather(at: Cursor, board: str, activations: int, new: Sequence[NewActivation]) -> tuple[NewActivation, ...]:
    """The activations to be made. Those that are acted on alone come first; ids follow `activations` in this order."""
    made = [a for a in new if a.many is None]
    parts: dict[str, list[tuple[NewActivation, Part]]] = {}
    lots: dict[str, list[tuple[NewActivation, Lot]]] = {}
    for one in new:
        if isinstance(one.many, Part):
            parts.setdefault(one.agent, []).append((one, one.many))
        elif isinstance(one.many, Lot):
            lots.setdefault(one.agent, []).append((one, one.many))
    for agent, of_agent in parts.items():
        made += _grouped(at, board, agent, of_agent)
    for agent, in_lots in lots.items():
        made += _batched(at, board, agent, activations + len(made), in_lots)
    return tuple(made)


def _batched(
    at: Cursor, board: str, agent: str, activations: int, new: Sequence[tuple[NewActivation, Lot]]
) -> list[NewActivation]:
    """Each version joins the batch that has room, or begins one; never twice for an agent."""
    seqs = numbers(a.trigger for a, _ in new)
    known = {seq for (seq,) in at.execute(IN_A_BATCH, {"p_board": board, "p_agent": agent, "p_seqs": seqs})}
    into, taken = at.execute(OPEN_BATCH, {"p_board": board, "p_agent": agent}).fetchone() or (0, 0)
    made: list[NewActivation] = []
    for one, lot in new:
        if one.trigger in known:
            continue
        known.add(one.trigger)
        if not into or taken >= lot.size:
            made.append(replace(one, group=lot.kind, many=None, binding=f"{_first} {one.trigger}"))
            into, taken = activations + len(made), 0
        at.execute(INSERT_BATCH, {"board_id": board, "agent": agent, "seq": one.trigger, "activation_id": into})
        taken += 1
    return made


def _grouped(at: Cursor, board: str, agent: str, new: Sequence[tuple[NewActivation, Part]]) -> list[NewActivation]:
    """Move the entries to their groups; an activation for each that is whole now."""
    keys, places = _places(at, board, agent, [a.trigger for a, _ in new])
    names = {p.name for p in places.values()} | {part.name for _, part in new}
    groups = Groups.of(places, _groups(at, board, agent, names - {None}))
    groups.take(sorted((a.trigger, keys[a.trigger], part) for a, part in new))
    for key, place in groups.moved.items():
        row = {"board_id": board, "agent": agent, "key": key}
        at.execute(KEEP_PLACE, {**row, "name": place.name, "seq": place.seq, "done": place.done})
    one, part = new[0]
    waiting = any(a.waiting for a, _ in new)
    made = [_whole(at, board, agent, name, g, part.kind, one.rating) for name, g in groups.touched.items()]
    for name, group in groups.touched.items():
        _keep(at, board, agent, name, group)
    return [replace(m, waiting=waiting) for m in made if m is not None]


def _places(at: Cursor, board: str, agent: str, seqs: Sequence[int]) -> tuple[dict[int, str], dict[str, Place]]:
    """The key of each version, and where those entries stand that have stood somewhere."""
    rows = at.execute(PLACES, {"p_board": board, "p_agent": agent, "p_seqs": numbers(seqs)}).fetchall()
    places = {key: Place(name, placed, bool(done)) for _, key, name, placed, done in rows if placed is not None}
    return {seq: key for seq, key, *_ in rows}, places


def _groups(at: Cursor, board: str, agent: str, names: set[str | None]) -> dict[str, Group]:
    wanted = words(tuple(sorted(n for n in names if n is not None)))
    rows = at.execute(GROUPS, {"p_board": board, "p_agent": agent, "p_names": wanted}).fetchall()
    return {name: Group(*counts) for name, *counts in rows}


def _keep(at: Cursor, board: str, agent: str, name: str, group: Group) -> None:
    at.execute(KEEP_GROUP, {
        "board_id": board, "agent": agent, "name": name, "entries": group.entries, "done": group.done,
        "last_seq": group.last_seq, "size": group.size, "handed": group.handed,
    })  # fmt: skip


def _whole(at: Cursor, board: str, agent: str, name: str, group: Group, kind: str, rating: int) -> NewActivation | None:
    """The activation of a group that is whole. With a size its first so many are the group, and it is handed over."""
    if not group.is_whole:
        return None
    trigger = group.last_seq
    if group.size is not None:
        first = _done(at, board, agent, name, trigger, group.size)
        if len(first) < group.size or any(superseded for _, superseded in first):
            return None  # one has changed since, which is not noticed yet
        trigger = group.handed = first[-1][0]
    return NewActivation(agent, trigger, rating, group=kind, binding=f"{trigger} {name}")


def _done(
    at: Cursor, board: str, agent: str, name: str, upto: int, limit: int = NO_LIMIT
) -> list[tuple[int, int | None]]:
    values = {"p_board": board, "p_agent": agent, "p_name": name, "p_upto": upto, "p_limit": limit}
    return list(at.execute(GROUP_MEMBERS, values).fetchall())


# -- what an activation is handed --------------------------------------------------------------------------------------
def name_of(binding: str) -> str | None:
    """The name of the group that an activation is bound to; None where it is no group."""
    head, space, name = binding.partition(" ")
    return name if space and head != _first else None


def is_gathered(binding: str) -> bool:
    """Whether it is bound to a batch or to one group."""
    return " " in binding


def members(at: Cursor, board: str, id_: int, agent: str, binding: str, snapshot: int | None) -> tuple[int, ...]:
    """What it is handed; nothing where no part of a batch has stayed, or a group is not what it was."""
    name = name_of(binding)
    if name is not None:
        return _group_members(at, board, agent, name, int(binding.partition(" ")[0]))
    values = {"p_board": board, "p_id": id_}
    current = as_of(at, BATCH_MEMBERS, None, values)
    return as_of(at, BATCH_MEMBERS, snapshot, values) if current and snapshot is not None else current


def as_of(at: Cursor, text: str, snapshot: int | None, values: dict[str, Any]) -> tuple[int, ...]:
    """Those that were current then; None: now."""
    rows = at.execute(text, values).fetchall()
    return tuple(seq for seq, by in rows if by is None or (snapshot is not None and by > snapshot))


def _group_members(at: Cursor, board: str, agent: str, name: str, trigger: int) -> tuple[int, ...]:
    group = _groups(at, board, agent, {name}).get(name, Group())
    found = _done(at, board, agent, name, trigger)
    same = group.last_seq == trigger if group.size is None else group.handed == trigger and len(found) == group.size
    return tuple(seq for seq, _ in found) if same and not any(by for _, by in found) else ()


def is_regrouped(at: Cursor, claim: Claim) -> bool:
    """Whether the set has changed for which a group without a size was handed over."""
    group = _groups(at, claim.board, claim.agent, {claim.name}).get(claim.name or "", Group())
    return group.size is None and group.last_seq != claim.trigger


def whole_again(at: Cursor, board: str, dropped: int) -> NewActivation | None:
    """A group of so many whose activation was dropped since a member had changed, if there are enough others."""
    agent, trigger, kind, rating, binding = at.execute(BOUND, {"p_board": board, "p_id": dropped}).fetchone()
    name = name_of(binding)
    values = {"p_board": board, "p_agent": agent, "p_name": name, "p_trigger": trigger}
    if name is None or at.execute(TAKE_BACK, values).rowcount == 0:
        return None
    group = _groups(at, board, agent, {name})[name]
    made = _whole(at, board, agent, name, group, kind, rating)
    _keep(at, board, agent, name, group)
    return made
