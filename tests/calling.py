"""Short words for tests of calls of models: records of them as the journal gives them."""

from dataclasses import replace
from typing import Any

from blackboard.calls import Amounts, CallRecord, Usage


def call(id_: int = 1, nano: int | None = 1_000, tokens: int = 10, **more: Any) -> CallRecord:
    """A call that went well, unless something else is said."""
    spent = more.pop("spent", Amounts(nano, tokens))
    made = CallRecord(
        board="b-1", id=id_, activation=1, agent="researcher", token=1, asked=f"hash {id_}", nth=1, endpoint="script",
        model="fast", state="done", fault=None, cause="", rejected=None, bound=Amounts(5_000, 100), spent=spent,
        usage=Usage(), price=None, begun_at=float(id_), ended_at=id_ + 0.5, request="", response=None,
    )  # fmt: skip
    return replace(made, **more)
