"""Parking: who would post more for an agent that has enough to do waits, until that has come down.

One bound after the other, each counted when it is its turn: so whoever others wait for has something pending, and
agents that post for each other do not wait for each other for ever. All of this runs inside a write transaction.
"""

from blackboard.activation import Agenda
from store import statements as s
from store.core import words
from store.landing import scopes
from store.looking import Cursor


def mind(at: Cursor, board: str, agenda: Agenda, least: int) -> None:
    """Park what is pending for agents that would post too much, and give back as much as may begin of others.

    What is rated below the least is not pending for this.
    """
    for poster, bounds in agenda.bounds.items():
        full = next((agent for agent, most in bounds if _pending(at, board, agent, least) >= most), None)
        if full is not None:
            at.execute(s.PARK, {"p_board": board, "p_agent": poster, "p_for": full, "p_least": least})
        else:
            awaited = words(tuple(agent for agent, _ in bounds))
            values = {"p_board": board, "p_agent": poster, "p_for": awaited, "p_limit": agenda.slots}
            at.execute(s.UNPARK, values)


def bounded(agenda: Agenda) -> tuple[str, ...]:
    """For whom somebody may be parked."""
    return tuple(dict.fromkeys(agent for bounds in agenda.bounds.values() for agent, _ in bounds))


def _pending(at: Cursor, board: str, agent: str, least: int) -> int:
    if at.execute(s.FULL, {**scopes(board, agent), "p_amount": 1}).fetchone() is not None:
        return 0  # its budget or the board's is used up: what it has pending does not come down, so nobody waits for it
    (n,) = at.execute(s.HOW_MANY, {"p_board": board, "p_agent": agent, "p_least": least}).fetchone()
    return int(n)
