"""Nothing reads a whole board to do one step: every statement of the SQLite store goes through the index meant for it.

This file names SQLite; on another database there is nothing to see here. Plans rest on the statistics that the
migrations pin, so they do not depend on how much is stored: without them SQLite takes a board for ten rows, and is
easily tempted to walk through all of it.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from blackboard.activation import Query
from store import attendance, callstatements, gatherings, queries, statements
from store.sqlite import open_store

LARGE = "entry|link|field|activation_read|activation|attempt|gathering|gathered|batch|call"  # what grows with a board
STEP = re.compile(
    rf"(?P<how>SCAN|SEARCH) (?P<table>{LARGE})\b(?: USING (?:COVERING )?(?P<index>.+?))?(?: \((?P<on>.+)\))?"
    r"(?: LEFT-JOIN)?$"
)
SMALL = {"INDEX activation_agenda", "INDEX activation_running", "INDEX call_inflight"}
"""Partial: they hold what is pending, running or in flight only."""
WHOLE = {
    "NOW": "people look at a whole board",
    "AS_OF": "people look at a whole board",
    "ACTIVATIONS": "people look at a whole agenda",
    "AGENDA": "people look at a whole agenda, counted",
    "ACTED": "when nothing is left to do: who has had no part, over a narrow index",
    "UNDER_WAY": "over an index of nothing but what is in flight",
    "LAST_MINUTE": "a minute, over an index by time",
    "SUM_OF_MINUTE": "a minute, over an index by time",
    "LAST_CALL": "the first step of an index that is walked backwards",
    "CALLS_OF_BOARD": "people look at all calls of a board",
    "BOOKED_AT": "when an agent or a board gets a cap that it had not before",
    "BOOKED_ON": "when the database gets a cap for today, or the day its first call",
    "HOLDS_SOMETHING": "once at the start of a worker, over what is running",
}
SHAPES = {
    "": Query("", ()),
    " about": Query("", (), about=""),
    " field": Query("", (), fields=(("", ""),)),
    " about field": Query("", (), about="", fields=(("", ""), ("", ""))),
}


def _queries() -> Iterator[tuple[str, str]]:
    for name, shape in SHAPES.items():
        for past, limit in itertools.product((False, True), (None, 5)):
            cut = Query(shape.kind, shape.status, shape.about, shape.fields, limit)
            then = f"find{' past' * past}{name}{' limit' * bool(limit)}"
            yield then, queries.finding(cut, past, False)
        yield f"count{name}", queries.finding(shape, False, True)
        yield f"count past{name}", queries.finding(shape, True, True)
        yield f"arrivals{name}", queries.arrivals(shape, False)
        yield f"arrivals bounded{name}", queries.arrivals(shape, True)
        yield f"departures{name}", queries.departures(shape)


def _hot() -> dict[str, str]:
    """Every statement by its name, but for those that only insert rows."""
    found: dict[str, str] = {}
    for module in (queries, statements, gatherings, attendance, callstatements):
        named = {name: text for name, text in vars(module).items() if name.isupper() and isinstance(text, str)}
        found.update((name, text) for name, text in named.items() if " " in text)
    return {name: text for name, text in (*found.items(), *_queries()) if not text.startswith("INSERT")}


HOT = _hot()


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    opened = open_store(":memory:")
    yield opened
    opened.close()


def _plan(store: Any, text: str) -> list[str]:
    values = dict.fromkeys(re.findall(r":(\w+)", text))
    return [row["detail"] for row in store.sql(f"EXPLAIN QUERY PLAN {text}", values)]


def _is_narrow(detail: str) -> bool:
    """Whether a step of a plan touches no more than what is asked for: all but a walk through a large table."""
    step = STEP.match(detail)
    if step is None:
        return True
    on = step["on"] or ""
    if step["how"] == "SCAN" or not on:
        return False
    feed = step["table"] == "entry" and on == "board_id=? AND seq>?"  # what is new
    return step["index"] in SMALL or feed or on.count("=?") >= 2


@pytest.mark.parametrize("name", HOT)
def test_a_statement_reads_no_more_than_it_asks_for(store: Any, name: str):
    walks = [detail for detail in _plan(store, HOT[name]) if not _is_narrow(detail)]
    assert bool(walks) == (name in WHOLE), walks


@pytest.mark.parametrize("name", [n for n in HOT if n.startswith(("find", "count", "arrivals"))])
def test_a_plain_query_goes_by_kind_and_a_narrow_one_by_seq(store: Any, name: str):
    expected = "sqlite_autoindex_entry_1" if re.search("about|field", name) else "entry_by_kind"
    steps = [step for detail in _plan(store, HOT[name]) if (step := STEP.match(detail))]
    assert {s["index"].removeprefix("INDEX ") for s in steps if s["table"] == "entry"} == {expected}


def test_the_lists_name_statements_that_are_there():
    assert set(WHOLE) <= set(HOT)


@pytest.mark.parametrize(("detail", "narrow"), [
    ("SCAN entry", False),
    ("SCAN entry USING COVERING INDEX entry_by_kind", False),
    ("SEARCH entry USING COVERING INDEX entry_by_kind (board_id=?)", False),
    ("SEARCH entry USING INDEX sqlite_autoindex_entry_1 (board_id=? AND seq<?)", False),
    ("SEARCH activation USING PRIMARY KEY (board_id=?)", False),
    ("SEARCH activation USING INDEX activation_running (board_id=?)", True),
    ("SEARCH entry USING INDEX sqlite_autoindex_entry_1 (board_id=? AND seq=?)", True),
    ("SEARCH kind_mark USING PRIMARY KEY (board_id=?)", True),
])  # fmt: skip
def test_what_counts_as_a_walk(detail: str, narrow: bool):
    assert _is_narrow(detail) == narrow
