"""What statements are made of: SQLAlchemy Core on the tables, compiled to text once.

Parameters are named `p_…`, so that they never clash with columns. Lists travel as one JSON parameter.
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import ColumnElement

from store.tables import TABLES

entry, link, field_, mark = (TABLES.tables[name] for name in ("entry", "link", "field", "kind_mark"))
board, agent, activation = (TABLES.tables[name] for name in ("board", "agent", "activation"))
attempt, read, budget = (TABLES.tables[name] for name in ("attempt", "activation_read", "budget"))
gathering, gathered, batch = (TABLES.tables[name] for name in ("gathering", "gathered", "batch"))
call, short, limits, gate = (TABLES.tables[name] for name in ("call", "short", "limits", "gate"))
worker, serving, schema = (TABLES.tables[name] for name in ("worker", "serving", "schema_version"))

DIALECT: Dialect = sqlite_dialect(paramstyle="named")


def compiled(statement: ClauseElement) -> str:
    """The text of a statement for the driver, its constants written out."""
    made = statement.compile(dialect=DIALECT)
    text = str(made)
    for name, bind in made.binds.items():  # type: ignore[attr-defined]
        if not bind.required:
            constant = "NULL" if bind.value is None else str(int(bind.value))
            text = re.sub(rf":{name}\b", constant, text)
    # A bare parameter as the limit is part of the plan for newer versions of SQLite, which then plan at each execution.
    return re.sub(r"\bLIMIT (:\w+)", r"LIMIT (\1 + 0)", text)


def P(name: str) -> ColumnElement[Any]:  # noqa: N802 reads as the parameter marker that it is
    """A parameter of a statement."""
    return bindparam(f"p_{name}")


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the column is one of a list that travels as JSON."""
    return column.in_(select(func.json_each(P(name)).table_valued("value").c.value))


@lru_cache(maxsize=1024)
def words(of: tuple[str, ...]) -> str:
    """Words as the JSON list in which they travel; few different ones come again and again."""
    return json.dumps(of)


def numbers(of: Iterable[int]) -> str:
    """Whole numbers as the JSON list in which they travel."""
    return f"[{','.join(map(str, of))}]"


def word(value: str) -> ColumnElement[Any]:
    """A constant in the statement itself, where a partial index needs to see it."""
    return literal_column(f"'{value}'")


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same value, kept from tempting the planner away from the narrower index."""
    return column.concat(word(""))
