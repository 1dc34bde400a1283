"""Declaring: what each option of an agent, and of a scenario, takes."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic import BaseModel

from blackboard.budget import Budget
from blackboard.conditions import Condition
from blackboard.entry import Kind
from blackboard.errors import DeclarationError
from blackboard.shapes import Test, is_number, is_whole, takes
from blackboard.tool import Tool

NAME = re.compile(r"[^\s,=/]+( [^\s,=/]+)*")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
SAMPLING = frozenset({"temperature", "top_p", "top_k", "thinking", "budget_tokens"})
"""What models took once, and refuse by now."""
TAKEN = frozenset({"outside", "person", "board"})  # those who write beside agents


def check_names(who: str, said: Iterable[str], known: Iterable[str]) -> None:
    """That there are such options of an agent. DeclarationError."""
    options = list(known)
    for name in (n for n in said if n not in options):
        if name in SAMPLING:
            raise DeclarationError(f"{who}: models take no {name}=; say effort='low' … 'max'")
        near = get_close_matches(name, options, 1)
        hint = f"did you mean {near[0]}=?" if near else f"there are {', '.join(options)}"
        raise DeclarationError(f"{who}: an agent takes no {name}=; {hint}")


def _is_kind(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Kind)


def _is_condition(value: object) -> bool:
    return isinstance(value, Condition)


def _all(test: Test) -> Test:
    return lambda value: isinstance(value, tuple | list) and all(map(test, value))


def _or_none(test: Test) -> Test:
    return lambda value: value is None or test(value)


AGENT: Mapping[str, tuple[Test, str]] = {
    "name": (
        lambda v: isinstance(v, str) and bool(NAME.fullmatch(v)) and v not in TAKEN,
        "a name without , = / that is not outside, person or board",
    ),
    "action": (lambda v: takes(v, 2), "a function (entry, view)"),
    "writes": (_all(_is_kind), "kinds"),
    "where": (_or_none(lambda v: takes(v, 1)), "a function of the body, such as lambda body: body.score > 3"),
    "ready": (
        _or_none(lambda v: _is_condition(v) or takes(v, 2)),
        "a condition such as exists(Kind), or a function (entry, board)",
    ),
    "rating": (lambda v: is_whole(v) or takes(v, 1), "a whole number, or a function of the body"),
    "unless": (_or_none(_is_condition), "a condition such as exists(Kind)"),
    "concurrency": (_or_none(lambda v: is_whole(v, 1)), "a whole number of at least 1"),
    "pending": (_or_none(lambda v: is_whole(v, 1)), "a whole number of at least 1"),
    "timeout": (lambda v: is_number(v) and v > 0, "seconds, more than 0"),
    "retry": (lambda v: is_whole(v, 0), "a whole number of at least 0"),
    "gives_up": (_or_none(lambda v: isinstance(v, str)), "a status"),
    "budget": (lambda v: isinstance(v, Budget), "a Budget, such as Budget(activations=100)"),
    "backlog": (lambda v: v in ("all", "new"), "'all' or 'new'"),
    "reads": (_or_none(_all(_is_kind)), "kinds"),
    "strict": (lambda v: isinstance(v, bool), "True or False"),
    "model": (_or_none(lambda v: isinstance(v, str) and bool(v.strip())), "'fast', 'strong' or the id of a model"),
    "system": (lambda v: isinstance(v, str), "a text"),
    "max_tokens": (_or_none(lambda v: is_whole(v, 1)), "a whole number of at least 1"),
    "max_input_tokens": (lambda v: is_whole(v, 1), "a whole number of at least 1"),
    "effort": (_or_none(lambda v: v in EFFORTS), "one of low, medium, high, xhigh, max"),
    "tools": (_all(lambda v: isinstance(v, Tool)), "a list of functions that @tool has made tools"),
}

SCENARIO: Mapping[str, tuple[Test, str]] = {
    "name": (lambda v: isinstance(v, str) and bool(NAME.fullmatch(v)), "a name without , = /"),
    "params": (
        lambda v: isinstance(v, type) and issubclass(v, BaseModel),
        "a kind, or another pydantic model, whose fields are what is asked for",
    ),
    "result": (_is_kind, "the kind that people want"),
    "done": (_or_none(_is_condition), "a condition such as exists(Kind)"),
    "stop": (_or_none(_is_condition), "a condition such as exists(Kind)"),
    "budget": (lambda v: isinstance(v, Budget), "a Budget, such as Budget(activations=100)"),
    "seed": (_or_none(lambda v: takes(v, 1)), "a function of the params that gives what is posted first"),
    "resources": (_or_none(lambda v: takes(v, 1)), "a function of the params that gives what tools need"),
    "least_rating": (_or_none(is_whole), "a whole number"),
    "models": (
        lambda v: isinstance(v, Mapping) and all(isinstance(w, str) and w for pair in v.items() for w in pair),
        "a mapping of tiers or agents to tiers or ids of models",
    ),
}
