"""Shortages in words: what a call needs of a budget, what is left of it, and how there can be more."""

import re

from blackboard.budget import CALLS, TOKENS, USD, amount
from blackboard.calls import Short, Shortage
from blackboard.records import Spent

OPTIONS = {USD: "--usd N", TOKENS: "--tokens N", CALLS: "--calls N", "activations": "--activations N"}
"""What raises a budget of a board, on the command line."""
UNITS = {"USD": USD, "token": TOKENS, "call": CALLS}
TOLD = re.compile(
    r"(?P<agent>.+?) needs (up to .+? for a call|another call), and \S+ of (?P<whose>the board's|its own|the) "
    r"[\d.,]+ (?P<unit>USD|tokens?|calls?)(?P<day> that the database may use today)? (is|are) left"
)
DAY = "`blackboard limits` shows and raises what the database may use in a day"


def lack(short: Short) -> str:
    """`needs up to 0.03 USD for a call, and 0.01 of the board's 0.5 USD are left`."""
    left = short.cap - short.used
    there = f"{amount(short.unit, left).split()[0]} of" if left > 0 else "nothing of"
    are = "is" if left <= 0 or (left == 1 and short.unit != USD) else "are"
    return f"needs {_asked(short)}, and {there} {_whole(short)} {are} left"


def told(shortage: Shortage) -> str:
    """The same with whom it keeps from going on."""
    many = f" ({shortage.activations} activations)" if shortage.activations > 1 else ""
    return f"{shortage.agent} {lack(shortage.short)}{many}"


def read(reason: str) -> tuple[str, Short] | None:
    """The agent and the budget of what was `told`, where that is what a reason says; without the figures.

    A board that has ended has nothing parked any more: its reasons are what remains of it.
    """
    if (found := TOLD.match(reason)) is None:
        return None
    whose = "day:" if found["day"] else "board:" if found["whose"] == "the board's" else "agent:"
    return found["agent"], Short(whose, UNITS[found["unit"].rstrip("s")], 0, 0, 0)


def is_of_board(short: Short) -> bool:
    """Whether it is the board's own budget."""
    return short.scope.startswith("board:")


def remedy(short: Short, board: str) -> str:
    """What gives it more, in words."""
    if is_of_board(short):
        return f"`blackboard resume {board} {OPTIONS[short.unit]}`"
    if short.scope.startswith("day:"):
        return f"{DAY}; or tomorrow, `blackboard resume {board}`"
    return f"a higher budget= where it is declared, then `blackboard resume {board}`"


def unit_in_words(spent: Spent) -> tuple[str, float, float | None]:
    """Unit, use and cap as people read them: money in dollars."""
    used, cap = spent.settled + spent.reserved, spent.cap
    if spent.unit != USD:
        return spent.unit, used, cap
    return "usd", used / 1e9, None if cap is None else cap / 1e9


def _asked(short: Short) -> str:
    return "another call" if short.unit == CALLS else f"up to {amount(short.unit, short.amount)} for a call"


def _whole(short: Short) -> str:
    cap = amount(short.unit, short.cap)
    if short.scope.startswith("day:"):
        return f"the {cap} that the database may use today"
    return f"the board's {cap}" if is_of_board(short) else f"its own {cap}"
