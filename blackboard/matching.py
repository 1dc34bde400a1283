"""Matching: which agents can act on an entry version. Pure but for the agents' own `where`, `rating`, `by`, `size`."""

import json
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from pydantic_core import to_jsonable_python

from blackboard.activation import GroupWatch, Lot, Part, Proposal
from blackboard.entry import RETRACTED, Kind, decode
from blackboard.errors import told
from blackboard.records import PERSON

T = TypeVar("T")
HIGHEST_RATING = 2**53


@dataclass(frozen=True)
class Pattern:
    """What wakes one agent on single entries, or on `batch` of them at most."""

    agent: str
    kind: type[Kind]
    statuses: tuple[str, ...]
    where: Callable[[Any], bool] | None = None
    rating: int | Callable[[Any], int] = 0
    waits: bool = False  # it has a `ready`, which is asked later
    batch: int | None = None


@dataclass(frozen=True)
class GroupPattern:
    """What wakes one agent on whole groups. Without `by` the board is the group; without `size` none is unfinished."""

    agent: str
    kind: type[Kind]
    by: Callable[[Any], Hashable] | None = None
    size: int | Callable[[Any], int] | None = None
    where: Callable[[Any], bool] | None = None
    rating: int = 0


class Matcher:
    """The patterns of the agents that one worker serves, by kind and status."""

    def __init__(
        self, patterns: Sequence[Pattern | GroupPattern], groups: Sequence[GroupWatch], conditional: Iterable[str] = ()
    ) -> None:
        """`conditional`: the agents with `ready` or `unless`, which a commit cannot ask: they notice it afterwards."""
        self.groups = tuple(groups)
        self.singles = tuple(p.agent for p in patterns)
        self.conditional = frozenset(conditional)
        names = (*self.singles, *(g.agent for g in groups))
        self.served = tuple(name for name in names if name not in self.conditional)
        self._patterns: dict[tuple[str, str], list[Pattern]] = {}
        self._grouping: dict[str, list[GroupPattern]] = {}  # whatever the status: counts follow every change
        for pattern in patterns:
            if isinstance(pattern, GroupPattern):
                self._grouping.setdefault(pattern.kind.kind_name, []).append(pattern)
                continue
            for status in pattern.statuses:
                self._patterns.setdefault((pattern.kind.kind_name, status), []).append(pattern)

    def match(self, kind: str, status: str, body: Kind | str, trigger: int, author: str = "") -> list[Proposal]:
        """Proposals for one entry version. An agent whose own function fails gets one that says so."""
        found = []
        for pattern in self._patterns.get((kind, status), ()):
            if pattern.kind.private and author not in {pattern.agent, PERSON}:
                continue
            proposal, cause = _tried(lambda p=pattern: _match(p, body, trigger))  # type: ignore[misc]
            if cause is not None:
                proposal = _broken(pattern.agent, trigger, "where= or rating=", cause)
            if proposal is not None:
                found.append(proposal)
        return [*found, *self.grouped(kind, status, body, trigger)] if kind in self._grouping else found

    def grouped(self, kind: str, status: str, body: Kind | str, trigger: int) -> list[Proposal]:
        """Those of the agents that watch groups: they count every version, also one that has been replaced."""
        return [p for grouping in self._grouping.get(kind, ()) for p in _grouped(grouping, status, body, trigger)]


def _tried(job: Callable[[], T]) -> tuple[T | None, str | None]:
    """What it gives, or why it failed: an agent can fail only itself, whatever it raises."""
    try:
        return job(), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, told(error)


def _broken(agent: str, trigger: int, options: str, cause: str) -> Proposal:
    return Proposal(agent, trigger, broken=f"{agent}: {options} failed: {cause}")


def _match(pattern: Pattern, body: Kind | str, trigger: int) -> Proposal | None:
    many = None if pattern.batch is None else Lot(pattern.kind.kind_name, pattern.batch)
    if pattern.where is None and not callable(pattern.rating):
        return Proposal(pattern.agent, trigger, pattern.rating, waiting=pattern.waits, many=many)
    body = _as(pattern.kind, body)
    if pattern.where is not None and not pattern.where(body):
        return None
    rating = pattern.rating(body) if callable(pattern.rating) else pattern.rating
    if not isinstance(rating, int) or abs(rating) > HIGHEST_RATING:
        raise ValueError(f"a rating is a whole number of at most {HIGHEST_RATING}, not {rating!r}")
    return Proposal(pattern.agent, trigger, int(rating), waiting=pattern.waits, many=many)


def _as(kind: type[Kind], body: Kind | str) -> Kind:
    """The body as the class that the agent asks with."""
    if isinstance(body, kind):
        return body
    return _decoded(kind, body if isinstance(body, str) else body.model_dump_json())


@lru_cache(maxsize=16)
def _decoded(kind: type[Kind], text: str) -> Kind:
    """One entry is shown to many agents in a row; bodies are frozen, so they can have the same."""
    return decode(kind, text, kind.kind_name)


# -- groups ------------------------------------------------------------------------------------------------------------
def _grouped(pattern: GroupPattern, status: str, body: Kind | str, trigger: int) -> list[Proposal]:
    """The group that the entry is in from now on. Where that cannot be said it is in none."""
    part, cause = (None, None) if status == RETRACTED else _tried(lambda: _part(pattern, status, body))
    part = part or Part(pattern.kind.kind_name)
    found = [Proposal(pattern.agent, trigger, pattern.rating, many=part)]
    return found if cause is None else [*found, _broken(pattern.agent, trigger, "where=, by= or size=", cause)]


def _part(pattern: GroupPattern, status: str, body: Kind | str) -> Part | None:
    kind, size, name = pattern.kind, pattern.size, ""
    if pattern.where is not None or pattern.by is not None or callable(size):
        body = _as(kind, body)
        if pattern.where is not None and not pattern.where(body):
            return None
        name = "" if pattern.by is None else _name(pattern.by(body))
        size = size(body) if callable(size) else size
    if pattern.size is not None and (not isinstance(size, int) or not 1 <= size <= HIGHEST_RATING):
        raise ValueError(f"a size is a whole number of at least 1, not {size!r}")
    return Part(kind.kind_name, name, status in kind.lifecycle.done, size)


def _name(value: Hashable) -> str:
    """The value as JSON, the same in every process."""
    hash(value)
    text = json.dumps(value, default=_plain, sort_keys=True, ensure_ascii=False, allow_nan=False)
    text.encode()
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):  # whose order differs from process to process
        return sorted((to_jsonable_python(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return to_jsonable_python(value)
