"""What calls of models take of budgets: reserved at their bound, settled at what they have taken, all scopes together.

`reserved` of a unit is the sum of the bounds of what is in flight, `settled` of what all others have taken; a call of
which nothing is known has taken its bound. All of this runs inside a write transaction of the store.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from blackboard.budget import CALLS, TOKENS, USD
from blackboard.calls import ANY, Amounts, Limits, Short
from store import callstatements as c
from store import statements as s
from store.looking import Cursor

UNITS = (USD, TOKENS, CALLS)
UNTOLD = "whoever made it was gone before it could tell"


@dataclass(frozen=True, slots=True)
class Taker:
    """Whose budgets a call is of."""

    board: str
    agent: str
    day: str  # in UTC: 2026-01-31
    model: str

    @property
    def scopes(self) -> tuple[str, str, str, str]:
        """The board's, the agent's, the day's and the model's of that day; those that have no row allow anything."""
        return board_scope(self.board), agent_scope(self.board, self.agent), f"day:{self.day}", (
            f"day:{self.day}/{self.model}")  # fmt: skip

    @property
    def values(self) -> dict[str, str]:
        """The scopes as parameters."""
        return dict(zip((f"p_{name}" for name in c.SCOPES), self.scopes, strict=True))


def board_scope(board: str) -> str:
    """What the budgets of a board are kept under."""
    return f"board:{board}"


def agent_scope(board: str, agent: str) -> str:
    """What the budgets are kept under that an agent has of its own."""
    return f"agent:{board}/{agent}"


def day_of(now: float) -> str:
    """The day in UTC."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def reserve(at: Cursor, taker: Taker, bound: Amounts) -> Short | None:
    """Reserve a call at its bound, everywhere; or what allows no more, and then nothing is reserved."""
    values = {**taker.values, "p_take_usd": bound.nano_usd or 0, "p_take_tokens": bound.tokens, "p_take_calls": 1}
    asked = {USD: bound.nano_usd or 0, TOKENS: bound.tokens, CALLS: 1}
    full = at.execute(c.TOO_FULL, values).fetchall()
    if full:
        scope, unit, cap, used = min(full, key=lambda row: (taker.scopes.index(row[0]), UNITS.index(row[1])))
        return Short(scope, unit, asked[unit], cap, used)
    at.execute(c.RESERVE_CALL, values)
    return None


def settle(at: Cursor, taker: Taker, bound: Amounts, spent: Amounts) -> None:
    """A call that was in flight has taken this."""
    _book(at, taker, take=(bound.nano_usd or 0, bound.tokens, 1), spend=(spent.nano_usd or 0, spent.tokens, 1),
          over=_over(bound, spent))  # fmt: skip


def correct(at: Cursor, taker: Taker, bound: Amounts, booked: Amounts, spent: Amounts) -> None:
    """A call that was booked without being known has taken this instead."""
    changed = ((spent.nano_usd or 0) - (booked.nano_usd or 0), spent.tokens - booked.tokens, 0)
    _book(at, taker, take=(0, 0, 0), spend=changed, over=_over(bound, spent))


def _over(bound: Amounts, spent: Amounts) -> tuple[int, int, int]:
    return max(0, (spent.nano_usd or 0) - (bound.nano_usd or 0)), max(0, spent.tokens - bound.tokens), 0


def _book(at: Cursor, taker: Taker, **what: tuple[int, int, int]) -> None:
    units = ("usd", "tokens", "calls")
    amounts = {f"p_{name}_{unit}": n for name, of in what.items() for unit, n in zip(units, of, strict=True)}
    at.execute(c.SETTLE_CALL, {**taker.values, **amounts})


def write_off(at: Cursor, board: str, now: float, activation: int | None = None, before: int | None = None) -> None:
    """Book at its bound what is in flight for an activation (under a token before this one), or for a whole board."""
    values = {"p_board": board, "p_activation": activation, "p_before": before}
    for id_, agent, model, day, usd, tokens in at.execute(c.UNENDED, values).fetchall():
        at.execute(c.WRITE_OFF, {"p_board": board, "p_id": id_, "p_now": now, "p_cause": UNTOLD})
        bound = Amounts(usd, tokens)
        settle(at, Taker(board, agent, day, model), bound, bound)


# -- rows ------------------------------------------------------------------------------------------------------------
def cap_row(at: Cursor, scope: str, unit: str, cap: int | None, booked: dict[str, tuple[int, int]]) -> None:
    """A budget that is new begins with what was booked before; its cap is never below that."""
    reserved, settled = booked[unit]
    at.execute(s.INSERT_BUDGET, {
        "scope": scope, "unit": unit, "cap": None if cap is None else max(cap, reserved + settled),
        "settled": settled, "reserved": reserved, "overrun": 0,
    })  # fmt: skip


def recap(at: Cursor, scope: str, unit: str, cap: int | None) -> bool:
    """Change the cap of a budget, never below what is used; False if there is none yet."""
    return bool(at.execute(s.CAP_AGENT, {"p_scope": scope, "p_unit": unit, "p_cap": cap}).rowcount)


def booked_at(at: Cursor, board: str, agent: str | None = None) -> dict[str, tuple[int, int]]:
    """What calls have reserved and settled at a board, or there for one agent: unit -> both."""
    return _booked(at.execute(c.BOOKED_AT, {"p_board": board, "p_agent": agent}).fetchone())


def _booked(sums: Any) -> dict[str, tuple[int, int]]:
    return dict(zip(UNITS, zip(sums[:3], sums[3:], strict=True), strict=True))


def cap_day(at: Cursor, day: str, model: str, limits: Limits) -> None:
    """Have the budgets of a day, of a model or of all, as the limits say."""
    scope = f"day:{day}" if model == ANY else f"day:{day}/{model}"
    booked: dict[str, tuple[int, int]] | None = None
    for unit, cap in of_a_day(limits):
        if recap(at, scope, unit, cap) or cap is None:
            continue
        if booked is None:
            begins = datetime.fromisoformat(day).replace(tzinfo=UTC)
            sums = at.execute(c.BOOKED_ON, {
                "p_from": begins.timestamp(), "p_to": (begins + timedelta(days=1)).timestamp(),
                "p_model": None if model == ANY else model,
            })  # fmt: skip
            booked = _booked(sums.fetchone())
        cap_row(at, scope, unit, cap, booked)


def of_a_day(limits: Limits) -> Iterator[tuple[str, int | None]]:
    """The units that limits can cap for a day, and their caps."""
    yield from zip(UNITS, (limits.nano_usd_a_day, limits.tokens_a_day, limits.calls_a_day), strict=True)
