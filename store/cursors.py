"""Cursors: up to where agents have noticed the feed, and the activations that come of it, moved together.

All of this runs inside a write transaction of the store.
"""

from collections.abc import Sequence

from blackboard.activation import Claim, GroupWatch, State
from blackboard.judge import NewActivation, is_whole
from blackboard.records import Notice
from store import queries as q
from store import statements as s
from store.core import numbers, words
from store.landing import note_attempt, propose, settle_activation
from store.leaving import drop
from store.looking import Cursor


def move_cursors(at: Cursor, board: str, notices: Sequence[Notice], groups: Sequence[GroupWatch], now: float) -> bool:
    """Make activations and move the cursors that they come from, together."""
    status, head, activations, _ = at.execute(s.LOCKED, {"p_board": board}).fetchone()
    if status != "open":
        return True
    cursors = dict(at.execute(q.CURSORS, {"p_board": board}).fetchall())
    proposed: list[NewActivation] = []
    in_place = True
    judged: dict[str, Notice] = {}
    for notice in notices:
        if cursors.get(notice.agent) != notice.after or _waits_unasked(at, board, notice):
            in_place = False  # another worker of the same agent has been here
            continue
        judged[notice.agent] = notice
        proposed += [
            NewActivation(p.agent, p.trigger, p.rating, broken=p.broken, waiting=p.waiting, many=p.many)
            for p in notice.proposals
        ]
        if not notice.stays:
            _move(at, board, notice.agent, notice.after, notice.upto)
    for group in groups:
        whole, before = _whole(at, board, group), cursors.get(group.agent, 0)
        upto = head
        if group.waiting:  # its `ready` is to be asked of all that the cursor passes
            asked = judged.get(group.agent)
            upto = before if asked is None or any(_is_new(at, board, one) for one in whole) else asked.upto
        _move(at, board, group.agent, before, upto)
        in_place &= upto == head
        proposed += whole
    added = propose(at, board, activations, tuple(proposed), now)
    if added:
        at.execute(s.ADVANCE_BOARD, {"p_board": board, "p_head": head, "p_activations": activations + added})
    for notice in judged.values():
        _judged(at, board, notice, now)
    return in_place


def _waits_unasked(at: Cursor, board: str, notice: Notice) -> bool:
    """Whether something has come to wait since its agent looked: then its `ready` was not asked of that."""
    if notice.asked is None:
        return False
    waiting = at.execute(q.WAITING, {"p_board": board, "p_agent": notice.agent}).fetchall()
    return not {id_ for id_, *_ in waiting} <= set(notice.asked)


def _judged(at: Cursor, board: str, notice: Notice, now: float) -> None:
    """What its `ready` and `unless` have said of an agent's activations."""
    if notice.ready:
        at.execute(s.PROMOTE, {"p_board": board, "p_ids": numbers(notice.ready)})
    if notice.obviated is not None:
        values = {"p_board": board, "p_agent": notice.agent}
        for id_, token, attempt in at.execute(s.UNBEGUN, values).fetchall():
            drop(at, board, id_, notice.agent, token, attempt, notice.obviated, now)


def _is_new(at: Cursor, board: str, one: NewActivation) -> bool:
    values = {"p_board": board, "p_agent": one.agent, "p_binding": str(one.trigger)}
    return at.execute(s.BY_BINDING, values).fetchone() is None


def set_aside(at: Cursor, claim: Claim, state: State, cause: str, now: float) -> bool:
    """What was claimed is not begun: it is moot, or waits for its `ready`; False if the claim was lost.

    What waits holds no reservation, since nobody knows for how long: it is tried anew when it is ready.
    """
    this = {"p_board": claim.board, "p_id": claim.id, "p_token": claim.token}
    tried = 0 if state == "waiting" else claim.attempt - 1
    if not at.execute(s.SET_ASIDE, {**this, "p_state": state, "p_attempt": tried}).rowcount:
        return False
    settle_activation(at, claim.board, claim.agent, spent=min(tried, 1))
    if state == "waiting":  # what came after its snapshot may have made it ready: that is to be noticed
        at.execute(s.LOOK_BACK, {"p_board": claim.board, "p_agent": claim.agent, "p_seq": claim.snapshot})
    else:
        note_attempt(at, claim.board, claim.id, "moot", cause, now)
    return True


def _move(at: Cursor, board: str, agent: str, before: int, head: int) -> None:
    if before != head:
        at.execute(s.ADVANCE_AGENT, {"p_board": board, "p_agent": agent, "p_before": before, "p_head": head})


def _whole(at: Cursor, board: str, group: GroupWatch) -> list[NewActivation]:
    marks = at.execute(s.MARKS, {"p_board": board, "p_kinds": words((group.kind,))}).fetchall()
    if not is_whole({status: n for _, status, n, _ in marks}, group.done):
        return []
    last = max(last for *_, last in marks)
    return [NewActivation(group.agent, last, group.rating, group=group.kind, waiting=group.waiting)]
