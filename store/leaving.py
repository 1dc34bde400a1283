"""Leaving: what becomes of activations when a worker, an agent or the board itself is done with them.

All of this runs inside a write transaction of the store.
"""

import json
from collections.abc import Sequence

from store import callstatements as c
from store import queries as q
from store import statements as s
from store.core import words
from store.landing import note_attempt, settle_activation
from store.looking import Cursor
from store.settling import write_off

LEFT = "its agent is no longer of the team"


def release(at: Cursor, board: str, worker: str | None, now: float) -> None:
    """Make all that a worker (without one: that anybody) holds pending again, as if it had not been tried."""
    for id_, token, attempt, agent in at.execute(s.HELD_BY, {"p_board": board, "p_worker": worker}).fetchall():
        values = {"p_board": board, "p_id": id_, "p_token": token, "p_attempt": attempt - 1, "p_due": None}
        at.execute(s.PUT_BACK, values)
        write_off(at, board, now, id_)
        if attempt == 1:
            settle_activation(at, board, agent, spent=0)


def leave(at: Cursor, board: str, worker: str, now: float) -> None:
    """A worker gives back what it holds, and whom it has parked: others may know of no bounds."""
    release(at, board, worker, now)
    at.execute(s.UNPARK_BOUND, {"p_board": board})
    seated = [name for name, _ in at.execute(q.CURSORS, {"p_board": board}).fetchall()]
    _drop_all_but(at, board, seated, now)


def stop(at: Cursor, board: str, final: bool, now: float) -> None:
    """The board ends: what runs is fenced, nothing stays reserved.

    A board that is over drops its agenda, what was tried of it counts as used; any other keeps it, untried, for a
    resume.
    """
    _unpark_all(at, board)
    write_off(at, board, now)
    if not final:
        release(at, board, None, now)
    for agent, held in at.execute(s.HOLDING, {"p_board": board}).fetchall():
        settle_activation(at, board, agent, reserved=held, spent=held if final else 0)
    at.execute(s.DROP_ALL if final else s.UNTRY, {"p_board": board})


def reopen(at: Cursor, board: str) -> None:
    """What was parked or put off may be had at once."""
    _unpark_all(at, board)
    at.execute(s.AT_ONCE, {"p_board": board})


def _unpark_all(at: Cursor, board: str) -> None:
    at.execute(s.UNPARK_ALL, {"p_board": board})
    at.execute(c.FORGET_SHORT, {"p_board": board, "p_id": None})


def has_seat(at: Cursor, board: str, agent: str) -> bool:
    """Whether an agent has a seat at a board now."""
    return agent in dict(at.execute(q.CURSORS, {"p_board": board}).fetchall())


def retire(at: Cursor, board: str, keep: Sequence[str], now: float) -> None:
    """Take the seats of agents that are no longer of the team, and drop what waits for them."""
    gone = tuple(name for name, _ in at.execute(q.CURSORS, {"p_board": board}).fetchall() if name not in keep)
    at.execute(s.DISMISS, {"p_board": board, "p_agents": words(gone)})
    at.execute(s.UNPARK_BOUND, {"p_board": board})
    _drop_all_but(at, board, keep, now)


def dismiss(at: Cursor, board: str, agents: Sequence[str], now: float) -> None:
    """Take the seats of agents, and drop all that waits for them or is held for them."""
    values = {"p_board": board, "p_agents": words(tuple(agents))}
    at.execute(s.DISMISS, values)
    at.execute(s.UNPARK_BOUND, {"p_board": board})  # nobody waits for who has left
    at.execute(s.FORGET_GATHERED, values)  # who comes back counts anew, also what was dropped here
    at.execute(s.FORGET_GATHERINGS, values)
    for id_, agent, attempt in at.execute(s.UNFINISHED, values).fetchall():
        at.execute(s.DROP_UNFINISHED, {"p_board": board, "p_id": id_})
        write_off(at, board, now, id_)
        if attempt:
            settle_activation(at, board, agent)
        note_attempt(at, board, id_, "left", "its agent has left the board", now)
        _unbind(at, board, id_)


def _drop_all_but(at: Cursor, board: str, keep: Sequence[str], now: float) -> None:
    values = {"p_board": board, "p_keep": json.dumps([*keep])}
    for id_, agent, token, attempt in at.execute(s.LEFT_BEHIND, values).fetchall():
        drop(at, board, id_, agent, token, attempt, LEFT, now, "left")
        _unbind(at, board, id_)


def drop_left(at: Cursor, board: str, id_: int, token: int, agent: str, now: float) -> None:
    """What a worker has left behind that is gone, of an agent that has no seat any more."""
    at.execute(s.FINISH, {"p_board": board, "p_id": id_, "p_token": token, "p_state": "moot", "p_done": None})
    write_off(at, board, now, id_)
    settle_activation(at, board, agent)
    note_attempt(at, board, id_, "left", LEFT, now)
    _unbind(at, board, id_)


def _unbind(at: Cursor, board: str, id_: int) -> None:
    """The versions of a batch that was dropped are free for another one."""
    if at.execute(s.FORGET_BATCH, {"p_board": board, "p_id": id_}).rowcount:
        at.execute(s.UNBIND, {"p_board": board, "p_id": id_})


def drop(
    at: Cursor, board: str, id_: int, agent: str, token: int, attempt: int, cause: str, now: float,
    outcome: str = "moot",
) -> None:  # fmt: skip
    """Take one that waits for its turn off the agenda, for this cause."""
    at.execute(s.DROP_PENDING, {"p_board": board, "p_id": id_, "p_token": token})
    if attempt:
        settle_activation(at, board, agent)
    note_attempt(at, board, id_, outcome, cause, now)
