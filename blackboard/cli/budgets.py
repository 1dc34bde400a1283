"""Budgets in words, and how it stands with what all processes of a database share: limits, rests, breakers."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from blackboard.budget import ACTIVATIONS, CALLS, TOKENS, USD, dollars
from blackboard.calls import ANY, Gate, Limits
from blackboard.cli.gist import count
from blackboard.costs import worth
from blackboard.ports import Looking
from blackboard.records import Spent
from blackboard.seam import REAL

UNITS = (ACTIVATIONS, USD, TOKENS, CALLS)
BREAKER_LOOKS_AT = 10  # calls
OF_A_DAY = "SELECT scope, unit, settled, reserved FROM spend WHERE scope = :day OR scope LIKE :day || '/%'"


# -- budgets -------------------------------------------------------------------------------------------------------
def used(budgets: Iterable[Spent], *, is_of_one: bool = False) -> str:
    """`3 of 20 activations, 0.02 of 5 USD, 12 calls`; what is neither capped nor used is left out.

    Where no model was asked, that is all but activations; `is_of_one` agent or model: its caps are told all the same.
    """
    found = in_order(budgets)
    has_called = is_of_one or any(b.settled or b.reserved for b in found if b.unit != ACTIVATIONS)
    told = [b for b in found if b.unit == ACTIVATIONS or b.settled or (has_called and b.cap is not None)]
    return ", ".join(_used(b) for b in told)


def held(budgets: Iterable[Spent]) -> str:
    """`0.3 USD, 1 call`: what is reserved for calls that are under way."""
    found = [b for b in in_order(budgets) if b.unit != ACTIVATIONS and b.reserved]
    return ", ".join(f"{_number(b.unit, b.reserved)} {_unit(b).removesuffix('s' * (b.reserved == 1))}" for b in found)


def cells(spent: Spent) -> tuple[str, ...]:
    """A budget with a cap as a table has it: unit, used, held, left, at most."""
    cap = spent.cap or 0
    numbers = (spent.settled, spent.reserved, max(0, cap - spent.settled - spent.reserved), cap)
    return _unit(spent), *(_number(spent.unit, n) for n in numbers)


def in_order(budgets: Iterable[Spent]) -> list[Spent]:
    """As they are told: activations, money, tokens, calls."""
    return sorted(budgets, key=lambda b: UNITS.index(b.unit) if b.unit in UNITS else len(UNITS))


def _used(spent: Spent) -> str:
    of = "" if spent.cap is None else f" of {_number(spent.unit, spent.cap)}"
    return f"{_number(spent.unit, spent.settled)}{of} {_unit(spent)}"


def _unit(spent: Spent) -> str:
    return "USD" if spent.unit == USD else spent.unit


def _number(unit: str, amount: int) -> str:
    if unit == USD:
        return worth(dollars(amount)).removesuffix(" USD")
    return str(amount) if unit == ACTIVATIONS else f"{amount:,}"


def today(store: Looking) -> list[tuple[str, Spent]]:
    """What the database allows in a day and what of it is used, by model; `*` is all of them together."""
    day = "day:" + datetime.fromtimestamp(REAL.now(), UTC).date().isoformat()
    rows = store.sql(OF_A_DAY, {"day": day})
    found = {(r["scope"].removeprefix(day).removeprefix("/") or ANY, r["unit"]): r for r in rows}
    told: list[tuple[str, Spent]] = []
    for model, allowed in store.limits().items():
        for unit, cap in _of_a_day(allowed):
            row = found.get((model, unit), {"settled": 0, "reserved": 0})
            told += [] if cap is None else [(model, Spent(unit, cap, row["settled"], row["reserved"]))]
    return told


def today_in_words(store: Looking) -> list[str]:
    """`0.5 of 20 USD`; `3 of 100 calls of claude-haiku-5-5`: a line for each model, and one for all together."""
    whose: dict[str, list[Spent]] = {}
    for model, spent in today(store):
        whose.setdefault(model, []).append(spent)
    return [used(its, is_of_one=True) + ("" if model == ANY else f" of {model}") for model, its in whose.items()]


def _of_a_day(allowed: Limits) -> tuple[tuple[str, int | None], ...]:
    return (USD, allowed.nano_usd_a_day), (TOKENS, allowed.tokens_a_day), (CALLS, allowed.calls_a_day)


def budget_as_json(spent: Spent) -> dict[str, Any]:
    """A budget for programs."""
    return {"unit": spent.unit, "cap": spent.cap, "used": spent.settled, "reserved": spent.reserved}


# -- models that rest ----------------------------------------------------------------------------------------------
def troubles(gates: Iterable[Gate]) -> list[str]:
    """A line for each model that does not take calls as it usually does."""
    said = [(f"{g.model} at {g.endpoint}", ", ".join(_trouble(g))) for g in gates]
    return [f"{which}: {what}" for which, what in said if what]


def _trouble(gate: Gate) -> list[str]:
    more = max(0.0, (gate.until or 0.0) - REAL.now())
    told = []
    if gate.state == "open":
        told.append(f"open for {more:.0f} s more" if more else "open")
    elif more:
        told.append(f"rests for {more:.0f} s more, as it has asked to")
    if gate.state == "half-open":
        told.append("half-open, one call tries it")
    if gate.state != "closed":
        told.append(f"{gate.failures} of the last {BREAKER_LOOKS_AT} calls failed")
    elif gate.at_once is not None:
        told.append(f"takes {count(gate.at_once, 'call')} at a time")
    return told


def gate_as_json(gate: Gate) -> dict[str, Any]:
    """How it stands with a model, for programs."""
    more = None if gate.until is None else round(max(0.0, gate.until - REAL.now()), 3)
    return {
        "endpoint": gate.endpoint, "model": gate.model, "state": gate.state, "seconds": more,
        "failures": gate.failures, "at_once": gate.at_once,
    }  # fmt: skip
