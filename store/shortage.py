"""Shortage: activations that wait until a budget allows the call that they want to make.

All of this runs inside a write transaction of the store.
"""

from collections.abc import Sequence

from blackboard.activation import Claim
from blackboard.calls import Short
from store import callstatements as c
from store.core import words
from store.landing import note_attempt, settle_activation
from store.leaving import LEFT, drop, has_seat
from store.looking import Cursor
from store.settling import day_of, write_off

PARKED = "parked"


def park(at: Cursor, claim: Claim, short: Short, cause: str, now: float) -> bool:
    """Put an activation aside for a budget, untried and on its snapshot; False if the claim was lost."""
    held = at.execute(c.PARK_CLAIM, {
        "p_board": claim.board, "p_id": claim.id, "p_token": claim.token, "p_attempt": claim.attempt - 1,
        "p_for": f"{c.FOR_BUDGET}{short.unit}",
    })  # fmt: skip
    if not held.rowcount:
        return False
    write_off(at, claim.board, now, claim.id)
    if claim.attempt == 1:
        settle_activation(at, claim.board, claim.agent, spent=0)
    if not has_seat(at, claim.board, claim.agent):
        drop(at, claim.board, claim.id, claim.agent, claim.token, claim.attempt - 1, LEFT, now, "left")
        return True
    note_attempt(at, claim.board, claim.id, PARKED, cause, now)
    at.execute(c.NOTE_SHORT, {
        "board_id": claim.board, "activation_id": claim.id, "scope": short.scope, "unit": short.unit,
        "amount": short.amount,
    })  # fmt: skip
    if (room := _room(at, short.scope, short.unit)) is None or short.amount <= room or _is_over(short.scope, now):
        _go_on(at, claim.board, claim.id)
    return True


def unpark(at: Cursor, scopes: Sequence[str], now: float) -> bool:
    """Let go on what these budgets allow by now, the best-rated first, and what waited for a day that is over.

    What is let go on counts as used for those behind it. Whether there was any.
    """
    over = at.execute(c.DAY_OVER, {"p_today": f"day:{day_of(now)}"}).fetchall()
    for board, id_, *_ in over:
        _go_on(at, board, id_)
    rooms: dict[tuple[str, str], int | None] = {}
    went_on = bool(over)
    for board, id_, scope, unit, amount in at.execute(c.AWAITING, {"p_scopes": words(tuple(scopes))}).fetchall():
        if (scope, unit) not in rooms:
            rooms[scope, unit] = _room(at, scope, unit)
        room = rooms[scope, unit]
        if room is None or amount <= room:
            _go_on(at, board, id_)
            rooms[scope, unit] = None if room is None else room - amount
            went_on = True
    return went_on


def reconsider(at: Cursor, board: str, now: float) -> bool:
    """Let go on what waits at a board that is about to end, where its budgets allow that after all.

    Whoever was let go on before it and counted as used may have ended without a call.
    """
    awaited = at.execute(c.AWAITED_SCOPES, {"p_board": board}).fetchall()
    return bool(awaited) and unpark(at, [scope for (scope,) in awaited], now)


def _is_over(scope: str, now: float) -> bool:
    """Whether it is a day before today."""
    kind, _, of = scope.partition(":")
    return kind == "day" and of < day_of(now)


def _room(at: Cursor, scope: str, unit: str) -> int | None:
    """What is left of a budget; None: any amount."""
    found = at.execute(c.ROW, {"p_scope": scope, "p_unit": unit}).fetchone()
    return None if found is None or found[0] is None else int(found[0] - found[1])


def _go_on(at: Cursor, board: str, id_: int) -> None:
    at.execute(c.GO_ON, {"p_board": board, "p_id": id_})
    at.execute(c.FORGET_SHORT, {"p_board": board, "p_id": id_})
