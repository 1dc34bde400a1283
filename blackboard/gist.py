"""Gists: bodies and counts in few words, for one line each."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

SCORES = ("score", "confidence", "quality")
LONGEST = 400  # characters of a gist; a terminal cuts it sooner


def gist(body: str | Mapping[str, Any]) -> str:
    """A body on one line: its fields in order, texts bare, others with their names; empty ones left out."""
    fields = body_of(body) if isinstance(body, str) else body
    if not isinstance(fields, Mapping):
        return shortened(str(fields))
    parts = [
        _part(name, value, len(fields) == 1) for name, value in fields.items() if value not in (None, "", [], {}, False)
    ]
    return shortened(" · ".join(parts))


def body_of(stored: str) -> Any:
    """What a stored body says; the text itself if somebody has changed it to what is no JSON."""
    try:
        return json.loads(stored)
    except ValueError:
        return stored


def _part(name: str, value: Any, alone: bool) -> str:
    match value:
        case bool():
            return name
        case str():
            return value
        case int() | float():
            return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        case list():
            texts = [v for v in value if isinstance(v, (str, int, float))]
            listed = ", ".join(map(str, texts))
            few = len(texts) == len(value) and (alone or len(listed) <= 40)
            return (listed if alone else f"{name}: {listed}") if few else _of_many(len(value), name)
    return f"{name} {{…}}"


def _of_many(n: int, name: str) -> str:
    """`1 change`, `2 changes`, by a field that is named for all of them."""
    one = name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
    return f"{n} {one if n == 1 else name}"


def scores(body: str) -> str:
    """How good an entry says it is: ` (score 4)`, or nothing."""
    fields = body_of(body)
    rated = [n for n in SCORES if isinstance(fields, dict) and isinstance(fields.get(n), (int, float)) and fields[n]]
    return f" ({', '.join(f'{n} {fields[n]:.2g}' for n in rated)})" if rated else ""


def printable(text: str, keep: str = "") -> str:
    """The text with a space for every character that would steer a terminal; on one line, but for what is kept."""
    return text if text.isprintable() else "".join(c if c.isprintable() or c in keep else " " for c in text)


def shortened(text: str, longest: int = LONGEST) -> str:
    """On one line, cut where it is longer."""
    line = " ".join(printable(text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def few(names: Sequence[str], most: int = 4) -> str:
    """The first names; how many more there are."""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def count(n: int, what: str) -> str:
    """`1 entry`, `2 entries`."""
    plural = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{n} {what if n == 1 else plural}"
