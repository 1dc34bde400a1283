"""What `limits` shows and sets: what a database allows all of its processes together."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, fields, replace
from typing import Any

from blackboard.board import open_store
from blackboard.budget import dollars, nano
from blackboard.calls import ANY, Limits
from blackboard.cli import budgets, drawing, speech
from blackboard.cli.finding import unknown
from blackboard.cli.options import Look
from blackboard.costs import worth
from blackboard.errors import UsageError
from blackboard.records import Spent
from blackboard.shapes import is_number

MONEY, SAID_AS = "nano_usd_a_day", "usd-a-day"
LEAST = {"requests_a_minute": 1, "tokens_a_minute": 1, "calls_at_once": 1}  # less would let nothing through, for ever


def limits(model: str, given: dict[str, float | None], none: list[str], said: Look) -> int:
    """Set what is given, lift what is named; then show all that there is."""
    new = {_field(name): _checked(name, value) for name, value in given.items() if value is not None}
    lifted = [_named(name) for name in none]
    if both := [_option(name) for name in lifted if name in new]:
        raise UsageError(f"--{both[0]} and --none {both[0]} contradict each other; say one of them")
    with closing(open_store(said.db, create=bool(new))) as store:
        if new or lifted:
            before = store.limits().get(model, Limits())
            store.limit(model, replace(before, **dict.fromkeys(lifted), **new))
        now, used = store.limits(), {(name, b.unit): b for name, b in budgets.today(store)}
    if said.as_json:
        speech.say_json({name: _as_json(one) for name, one in now.items()})
        return 0
    if rows := [row for name, one in now.items() for row in _rows(name, one, used)]:
        drawing.table(("model", "limit", "at most", "used today"), rows)
    else:
        speech.say("no limit: each board has its own budgets, and nothing bounds them together; see limits --help")
    return 0


def _field(name: str) -> str:
    return MONEY if name == "usd_a_day" else name


def _option(field: str) -> str:
    """The name of a limit as it is typed."""
    return SAID_AS if field == MONEY else field.replace("_", "-")


def _named(word: str) -> str:
    names = {_option(f.name): f.name for f in fields(Limits)}
    if word not in names:
        raise UsageError(unknown("limit", word, list(names), "--none takes one of"))
    return names[word]


def _checked(name: str, value: float) -> int:
    least = LEAST.get(name, 0)
    if not is_number(value) or value < least:
        raise UsageError(f"--{name.replace('_', '-')} takes a number of at least {least}, not {value:g}")
    return nano(value) if name == "usd_a_day" else int(value)


def _rows(model: str, one: Limits, used: Mapping[tuple[str, str], Spent]) -> list[tuple[str, str, str, str]]:
    rows = []
    for field in fields(one):
        most, spent = getattr(one, field.name), used.get((model, field.name.removesuffix("_a_day")))
        if most is not None:
            today = f"{_shown(field.name, spent.settled + spent.reserved)}" if spent else ""
            name = "USD a day" if field.name == MONEY else _option(field.name).replace("-", " ")
            rows.append((_whose(model), name, _shown(field.name, most), today))
    return rows


def _whose(model: str) -> str:
    return "all together" if model == ANY else model


def _shown(field: str, value: int) -> str:
    return worth(dollars(value)).removesuffix(" USD") if field == MONEY else f"{value:,}"


def _as_json(one: Limits) -> dict[str, Any]:
    told = asdict(one)
    money = told.pop(MONEY)
    return {**told, "usd_a_day": None if money is None else float(dollars(money))}
