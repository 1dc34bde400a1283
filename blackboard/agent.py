"""Agents: what is watched, when it may act, what it does. An Agent is a value; nothing registers itself."""

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict, overload

from typing_extensions import TypeVar, Unpack

from blackboard.conditions import AllDone
from blackboard.entry import BOARD_KINDS, Entry, K, Kind
from blackboard.errors import DeclarationError
from blackboard.tool import Tool
from blackboard.view import View

T = TypeVar("T")
Kinds = type[Kind] | Sequence[type[Kind]]
Toolbox = Sequence[Tool[..., Any]]
Action = Callable[[T, View], Awaitable[None]] | Callable[[T, View], None]


class Options(TypedDict, total=False):
    """What every agent may declare besides what it watches; see the fields of Agent."""

    concurrency: int
    timeout: float
    retry: int
    gives_up: str
    strict: bool
    tools: Toolbox


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A knowledge source. Make one with @agent; vary one with dataclasses.replace. DeclarationError, UnknownStatus."""

    name: str
    action: Callable[..., Any]
    watches: type[Kind] | AllDone[Any]
    writes: tuple[type[Kind], ...] = ()
    status: tuple[str, ...] | None = None
    where: Callable[[Any], bool] | None = None
    rating: int | Callable[[Any], int] = 0  # higher acts first
    concurrency: int | None = None  # activations at a time on one board
    timeout: float = 600  # seconds an activation may take
    retry: int = 2  # attempts after the first
    gives_up: str | None = None  # the status that the watched entry gets when those have failed too
    strict: bool = True  # False: results land even if what was read has changed
    tools: Toolbox = ()
    purpose: str = ""

    def __post_init__(self) -> None:
        self._check_watch()
        for wanted in self.writes:
            if not (isinstance(wanted, type) and issubclass(wanted, Kind)):
                raise DeclarationError(f"{self.name}: writes= takes kinds, not {wanted!r}")
            if wanted in BOARD_KINDS:
                raise DeclarationError(f"{self.name}: only the board itself writes {wanted.kind_name}")
        if self.gives_up and self.kind not in self.writes:
            raise DeclarationError(f"{self.name}: gives_up= changes {self.kind.kind_name}; add it to writes=")
        if (self.concurrency is not None and self.concurrency < 1) or self.timeout <= 0 or self.retry < 0:
            raise DeclarationError(f"{self.name}: concurrency= and timeout= must be positive, retry= not negative")

    def _check_watch(self) -> None:
        watched: Any = self.watches.kind if isinstance(self.watches, AllDone) else self.watches
        if not (isinstance(watched, type) and issubclass(watched, Kind)):
            raise DeclarationError(f"{self.name}: watches= takes a kind or all_done(kind), not {self.watches!r}")
        for status in (*(self.status or ()), *((self.gives_up,) if self.gives_up else ())):
            watched.lifecycle.check(watched.kind_name, status)
        if self.is_group and (self.status or self.where or callable(self.rating)):
            raise DeclarationError(f"{self.name}: all_done() takes every entry; leave out status=, where=, rating=")

    @property
    def is_group(self) -> bool:
        """Whether it is handed several entries at once."""
        return isinstance(self.watches, AllDone)

    @cached_property
    def kind(self) -> type[Kind]:
        """The kind that wakes it."""
        return self.watches.kind if isinstance(self.watches, AllDone) else self.watches

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """The statuses that wake it: as declared, else where the kind's entries start."""
        return self.status or (self.kind.lifecycle.first,)

    @cached_property
    def is_async(self) -> bool:
        """Whether the action is awaited on the event loop; otherwise it gets a thread."""
        return inspect.iscoroutinefunction(self.action)

    @cached_property
    def code_version(self) -> str:
        """A short hash of the action's source, so that a board tells which code worked on it."""
        try:
            source = inspect.getsource(self.action)
        except (OSError, TypeError):
            source = repr(self.action)
        return hashlib.sha256(source.encode()).hexdigest()[:12]

    @property
    def watching(self) -> str:
        """What wakes it, in words: `answer accepted`, `all subtask done`."""
        if self.is_group:
            return f"all {self.kind.kind_name} done"
        return f"{self.kind.kind_name} {'/'.join(self.statuses)}{' where …' if self.where else ''}"


def _tuple(one: str | Sequence[str] | None) -> tuple[str, ...] | None:
    return (one,) if isinstance(one, str) else None if one is None else tuple(one)


def _kinds(kinds: Kinds) -> tuple[type[Kind], ...]:
    return (kinds,) if isinstance(kinds, type) else tuple(kinds)


@overload
def agent(
    *,
    watches: type[K],
    writes: Kinds,
    name: str | None = None,
    status: str | Sequence[str] | None = None,
    where: Callable[[K], bool] | None = None,
    rating: int | Callable[[K], int] = 0,
    **options: Unpack[Options],
) -> Callable[[Action[Entry[K]]], Agent]: ...
@overload
def agent(
    *,
    watches: AllDone[K],
    writes: Kinds,
    name: str | None = None,
    rating: int = 0,
    **options: Unpack[Options],
) -> Callable[[Action[Sequence[Entry[K]]]], Agent]: ...
def agent(
    *,
    watches: Any,
    writes: Kinds,
    name: str | None = None,
    status: str | Sequence[str] | None = None,
    where: Any = None,
    rating: Any = 0,
    **options: Unpack[Options],
) -> Callable[[Any], Agent]:
    """Make a function an agent. `async def` if it calls tools; plain `def` if it computes (it gets a thread).

    `watches` a kind: woken by each version in the first status of its lifecycle, or in `status=`, if `where(body)`.
    `watches` all_done(kind): woken once for every set in which none is unfinished. DeclarationError, UnknownStatus.
    """

    def declare(action: Callable[..., Any]) -> Agent:
        if len(inspect.signature(action).parameters) != 2:
            raise DeclarationError(f"{action.__name__}: an agent takes (entry, view)")
        return Agent(
            name=name or action.__name__, action=action, watches=watches, writes=_kinds(writes), status=_tuple(status),
            where=where, rating=rating, purpose=inspect.getdoc(action) or "", **options,
        )  # fmt: skip

    return declare
