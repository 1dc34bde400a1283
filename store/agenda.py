"""The agenda: who may act next. Only a claim changes a token; every later change of state must still hold it.

One activation of the budget is reserved by the first claim and held until the activation ends, so that
`reserved` = activations that have been tried and have not ended. An agent's own budget is kept along with the board's.
All of this runs inside a write transaction of the store.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from blackboard.activation import Agenda, Claim
from blackboard.records import Claims, Row
from store import parking
from store import statements as s
from store.core import words
from store.gatherings import BATCH_MEMBERS, as_of, is_gathered, members, name_of
from store.landing import note_attempt, reconsider, scopes, settle_activation
from store.leaving import LEFT, drop, drop_left, has_seat
from store.looking import Cursor, to_row
from store.settling import write_off

UNIT = "activations"
LEAST = -(2**62)  # below every rating
CHANGED = "what woke it has changed before it could act"
ACTIVATION = len(s.CLAIMED)  # columns of an activation; those of the entry that woke it follow


def take(at: Cursor, board: str, agenda: Agenda, now: float) -> Claims:
    """Claim the best-rated pending activations, as many as there are slots and as each agent may have."""
    if agenda.least is not None:
        _drop_replaced(at, board, agenda.least, now)
    free = _left(agenda.free if not agenda.most else _beside_others(at, board, agenda))
    taken: list[Claim] = []
    found: dict[int, Row] = {}
    spent: list[str] = []  # agents whose own budget allows no more: what others wait for goes on
    refused, least = None, LEAST if agenda.least is None else agenda.least
    status, head, starving = at.execute(s.TAKING, {"p_board": board, "p_now": now}).fetchone()
    while free and len(taken) < agenda.slots and status == "open" and not starving:
        parking.mind(at, board, agenda, least)
        values = {
            "p_board": board, "p_agents": words(tuple(free)), "p_limit": agenda.slots - len(taken), "p_now": now,
            "p_least": least,
            "p_tried": 0 if refused is None else 1,  # what has its reservation goes on where nothing new may begin
            "p_spent": words(tuple(spent)),
        }  # fmt: skip
        rows = at.execute(s.NEXT, values).fetchall()
        if not rows:
            break
        for row in rows:
            activation, trigger = row[:ACTIVATION], row[ACTIVATION:]
            if free.get(row[1], 0) < 1:
                continue  # where an agent is full, the next round asks for the others
            handed = _members(at, board, activation)
            if _is_moot(at, board, activation, trigger, handed, now):
                continue
            claim = _claim(at, board, activation, agenda, head, now, handed)
            if claim is None:
                if _is_spent(at, board, row[1]):
                    spent.append(row[1])
                else:
                    refused = UNIT
                break
            taken.append(claim)
            if claim.group is None:
                found[claim.id] = to_row(trigger)
            free[claim.agent] -= 1
        free = _left(free)
    return Claims(tuple(taken), refused, found)


def _drop_replaced(at: Cursor, board: str, least: int, now: float) -> None:
    """What is rated too low is never claimed, so it is dropped here when what woke it has changed."""
    for id_, agent, token, attempt in at.execute(s.REPLACED_BELOW, {"p_board": board, "p_least": least}).fetchall():
        drop(at, board, id_, agent, token, attempt, CHANGED, now)


def _beside_others(at: Cursor, board: str, agenda: Agenda) -> dict[str, int]:
    """How many more each agent may have, where other workers have some of it too."""
    busy = dict(at.execute(s.AT_WORK, {"p_board": board, "p_agents": words(tuple(agenda.most))}).fetchall())
    return {a: min(n, agenda.most[a] - busy.get(a, 0)) if a in agenda.most else n for a, n in agenda.free.items()}


def _left(free: dict[str, int]) -> dict[str, int]:
    return {agent: n for agent, n in free.items() if n > 0}


def _claim(
    at: Cursor, board: str, row: Sequence[Any], agenda: Agenda, head: int, now: float, handed: Sequence[int]
) -> Claim | None:
    """The claim, or None where the budget allows no more."""
    id_, agent, trigger, group, snapshot, token, attempt, redone, binding = row
    if attempt == 0 and at.execute(s.RESERVE, {**scopes(board, agent), "p_amount": 1}).rowcount == 0:
        return None
    seen = head if snapshot is None else snapshot
    at.execute(s.CLAIM, {
        "p_board": board, "p_id": id_, "p_token": token, "p_worker": agenda.worker, "p_until": now + agenda.lease,
        "p_snapshot": seen,
    })  # fmt: skip
    name = name_of(binding)
    return Claim(board, id_, agent, trigger, group, seen, token + 1, attempt + 1, redone, tuple(handed), name)


def _is_spent(at: Cursor, board: str, agent: str) -> bool:
    """Whether it was the agent's own budget that allowed no more; where both are used up, the board's is told of."""
    own = scopes(board, agent)
    return [scope for (scope,) in at.execute(s.FULL, {**own, "p_amount": 1})] == [own["p_own"]]


def _members(at: Cursor, board: str, row: Sequence[Any]) -> tuple[int, ...]:
    """What an activation of a batch or of a group is handed."""
    id_, agent, _, _, snapshot, *_, binding = row
    return members(at, board, id_, agent, binding, snapshot) if is_gathered(binding) else ()


def _is_moot(
    at: Cursor, board: str, row: Sequence[Any], trigger: Sequence[Any], handed: Sequence[int], now: float
) -> bool:
    """Revalidation: drop work whose trigger has changed while it was waiting; the new version wakes by itself."""
    id_, agent, seq, group, _, token, attempt, _, binding = row
    if is_gathered(binding):
        changed = not handed
    elif group is None:
        changed = to_row(trigger).superseded is not None
    else:
        marks = at.execute(s.MARKS, {"p_board": board, "p_kinds": words((group,))}).fetchall()
        changed = max((last for *_, last in marks), default=0) > seq
    if changed:
        drop(at, board, id_, agent, token, attempt, CHANGED, now)
        if name_of(binding) is not None:
            reconsider(at, board, id_, now)
    return changed


def rescue(at: Cursor, board: str, agenda: Agenda, dead: Iterable[str], now: float) -> tuple[Claim, ...]:
    """Take over what dead workers held and what was held past its lease. The reservation goes along."""
    free = _left(agenda.free)
    values = {
        "p_board": board, "p_worker": agenda.worker, "p_agents": words(tuple(free)), "p_now": now,
        "p_dead": json.dumps(sorted(dead)),
    }  # fmt: skip
    taken: list[Claim] = []
    for *row, owner, is_seated in sorted(at.execute(s.ABANDONED, values).fetchall()):
        if not is_seated:
            drop_left(at, board, row[0], row[5], row[1], now)
            continue
        if len(taken) >= agenda.slots or free.get(row[1], 0) < 1:
            continue
        write_off(at, board, now, row[0])
        note_attempt(at, board, row[0], "lost", f"worker {owner} is gone or was silent past its lease", now)
        handed = _members(at, board, row)
        claim = _claim(at, board, row, agenda, row[4], now, handed)
        if claim is not None and is_gathered(row[-1]) and not handed:
            _drop_claimed(at, claim, now)
        elif claim is not None:
            taken.append(claim)
            free[claim.agent] -= 1
    return tuple(taken)


def renew(at: Cursor, claim: Claim) -> Claim | None:
    """The same claim on the newest snapshot; None if it was lost."""
    _, head, *_ = at.execute(s.LOCKED, {"p_board": claim.board}).fetchone()
    values = {"p_board": claim.board, "p_id": claim.id, "p_token": claim.token, "p_snapshot": head}
    if not at.execute(s.RENEW, values).rowcount:
        return None
    left = as_of(at, BATCH_MEMBERS, head, {"p_board": claim.board, "p_id": claim.id}) if claim.is_batch else ()
    return replace(claim, snapshot=head, members=left or claim.members)


def put_back(at: Cursor, claim: Claim, attempt: int, due: float | None) -> bool:
    """Make an activation that has failed pending again, to be retried; False if the claim was lost."""
    values = {
        "p_board": claim.board, "p_id": claim.id, "p_token": claim.token, "p_attempt": attempt, "p_due": due,
    }  # fmt: skip
    return bool(at.execute(s.PUT_BACK, values).rowcount)


def put_back_or_drop(at: Cursor, claim: Claim, attempt: int, due: float | None, now: float) -> bool:
    """The same, but for what nobody would ever take again, since its agent has lost its seat."""
    held = put_back(at, claim, attempt, due)
    if held:
        write_off(at, claim.board, now, claim.id)
    if held and not has_seat(at, claim.board, claim.agent):
        drop(at, claim.board, claim.id, claim.agent, claim.token, attempt, LEFT, now, "left")
    return held


def _drop_claimed(at: Cursor, claim: Claim, now: float) -> None:
    """What was taken over is not to be handed to anybody any more."""
    values = {"p_board": claim.board, "p_id": claim.id, "p_token": claim.token, "p_state": "moot", "p_done": None}
    at.execute(s.FINISH, values)
    settle_activation(at, claim.board, claim.agent)
    note_attempt(at, claim.board, claim.id, "moot", CHANGED, now)
    if claim.name is not None:
        reconsider(at, claim.board, claim.id, now)
