"""Caps: what a board and its agents may use, made and changed.

All of this runs inside a write transaction of the store.
"""

from collections.abc import Sequence

from blackboard.budget import USD, dollars
from blackboard.errors import UsageError
from blackboard.records import Seat
from store import callstatements as c
from store import settling
from store import statements as s
from store.library import sqlite3
from store.looking import Cursor

UNIT = "activations"


def of_new_board(at: Cursor, board: str, caps: Sequence[tuple[str, int | None]]) -> None:
    """A row a unit, also where there is no cap: it is counted."""
    for unit, cap in caps:
        _insert(at, settling.board_scope(board), unit, cap)


def of_seat(at: Cursor, board: str, seat: Seat) -> None:
    """The agent's own budgets; one that comes late begins with what the agent has used already."""
    own = settling.agent_scope(board, seat.name)
    if not settling.recap(at, own, UNIT, seat.cap) and seat.cap is not None:
        reserved, settled = at.execute(s.TRIED, {"p_board": board, "p_agent": seat.name}).fetchone()
        settling.cap_row(at, own, UNIT, seat.cap, {UNIT: (reserved, settled)})
    caps = dict(seat.caps)
    for unit in settling.UNITS:
        if not settling.recap(at, own, unit, caps.get(unit)) and unit in caps:
            settling.cap_row(at, own, unit, caps[unit], settling.booked_at(at, board, seat.name))


def again(at: Cursor, board: str, unit: str, cap: int | None) -> bool:
    """Change a cap of a board that is opened again; whether that is another. UsageError if more is used already."""
    scope = settling.board_scope(board)
    try:
        if at.execute(s.RECAP, {"p_scope": scope, "p_unit": unit, "p_cap": cap}).rowcount:
            return True
        if at.execute(c.ROW, {"p_scope": scope, "p_unit": unit}).fetchone() is not None:
            return False
        reserved, settled = (0, 0) if unit == UNIT else settling.booked_at(at, board)[unit]
        _insert(at, scope, unit, cap, reserved, settled)  # of an older release, which did not count it
    except sqlite3.IntegrityError as error:
        name, most = ("USD", f"{dollars(cap or 0).normalize():f}") if unit == USD else (unit, cap)
        raise UsageError(f"{board} has used more {name} than {most} already; say a higher cap") from error
    return cap is not None


def _insert(at: Cursor, scope: str, unit: str, cap: int | None, reserved: int = 0, settled: int = 0) -> None:
    at.execute(s.INSERT_BUDGET, {
        "scope": scope, "unit": unit, "cap": cap, "settled": settled, "reserved": reserved, "overrun": 0,
    })  # fmt: skip
