"""Agents: what is watched, when it may act, what it does. An Agent is a value; nothing registers itself."""

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self, TypedDict, overload

from typing_extensions import TypeVar, Unpack

from blackboard.budget import Budget
from blackboard.conditions import AllDone, Batched, Condition
from blackboard.declaring import AGENT, check_names
from blackboard.entry import BOARD_KINDS, Entry, K, Kind
from blackboard.errors import DeclarationError
from blackboard.reader import Reader
from blackboard.records import Grants
from blackboard.shapes import check, shown, takes
from blackboard.tool import Tool
from blackboard.view import View

T = TypeVar("T")
Kinds = type[Kind] | Sequence[type[Kind]]
Toolbox = Sequence[Tool[..., Any]]
Action = Callable[[T, View], Awaitable[None]] | Callable[[T, View], None]


Backlog = Literal["all", "new"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]


class Options(TypedDict, total=False):
    """What every agent may declare besides what it watches; see the fields of Agent."""

    unless: Condition
    concurrency: int
    pending: int
    timeout: float
    retry: int
    fallback: "Agent"
    gives_up: str
    budget: Budget
    backlog: Backlog
    reads: Kinds
    strict: bool
    tools: Toolbox
    model: str
    system: str
    max_tokens: int
    max_input_tokens: int
    effort: Effort


@dataclass(frozen=True, kw_only=True)
class Agent:
    """A knowledge source. Make one with @agent; vary one with dataclasses.replace. DeclarationError, UnknownStatus."""

    name: str
    action: Callable[..., Any]
    watches: type[Kind] | AllDone[Any] | Batched[Any]
    writes: tuple[type[Kind], ...] = ()
    status: tuple[str, ...] | None = None
    where: Callable[[Any], bool] | None = None
    ready: Condition | Callable[[Any, Reader], bool] | None = None  # it waits until this holds
    rating: int | Callable[[Any], int] = 0  # higher acts first
    unless: Condition | None = None  # what waits for its turn is dropped while this holds
    concurrency: int | None = None  # activations at a time on one board
    pending: int | None = None  # about so many may wait for their turn; whoever would post more is parked
    timeout: float = 600  # seconds an activation may take
    retry: int = 2  # attempts after the first
    fallback: "Agent | None" = None  # who acts when those have failed
    gives_up: str | None = None  # the status that the watched entry gets when that has failed too
    budget: Budget = Budget()  # of this agent at one board
    backlog: Backlog = "all"  # joining a running board: shown what is there, or only what is new
    reads: tuple[type[Kind], ...] | None = None  # beside what it watches; None: every kind
    strict: bool = True  # False: results land even if what was read has changed
    tools: Toolbox = ()
    model: str | None = None  # "fast", "strong" or the id of one; None: it asks none
    system: str = ""  # what the model is told first, always: the operator's words
    max_tokens: int | None = None  # of an answer, its thinking included; None: by its tier
    max_input_tokens: int = 20_000  # of what it is shown; what goes beyond is cut, and said to be
    effort: Effort | None = None  # how hard the model thinks; None: by its tier
    purpose: str = ""

    def __new__(cls, **said: Any) -> Self:
        """With a sentence for what is no option: also where dataclasses.replace is told of it."""
        if said:
            check_names(shown(said.get("name", "agent")).strip("'"), said, cls.__dataclass_fields__)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        check(shown(self.name).strip("'"), vars(self), AGENT)
        self._check_asking()
        self._check_watch()
        for wanted in self.writes:
            if wanted in BOARD_KINDS:
                raise DeclarationError(f"{self.name}: only the board itself writes {wanted.kind_name}")
        if self.gives_up and self.kind not in self.writes:
            raise DeclarationError(f"{self.name}: gives_up= changes {self.kind.kind_name}; add it to writes=")
        self._check_control()

    def _check_asking(self) -> None:
        if self.model is not None and not self.is_async:
            raise DeclarationError(f"{self.name}: model= is for an agent that asks, so it takes an `async def`")

    def _check_watch(self) -> None:
        many = isinstance(self.watches, AllDone | Batched)
        watched: Any = self.watches.kind if many else self.watches  # type: ignore[union-attr]
        if not (isinstance(watched, type) and issubclass(watched, Kind)):
            raise DeclarationError(
                f"{self.name}: watches= takes a kind, all_done(kind) or batched(kind, n), not {shown(self.watches)}"
            )
        for status in (*(self.status or ()), *((self.gives_up,) if self.gives_up else ())):
            watched.lifecycle.check(watched.kind_name, status)
        if many and callable(self.rating):
            raise DeclarationError(f"{self.name}: it watches many entries at once, so rating= is one number")
        if self.is_group and self.status:
            raise DeclarationError(f"{self.name}: all_done() takes every entry that is done; leave out status=")
        if isinstance(self.watches, AllDone) and self.watches.by is None and self.where:
            raise DeclarationError(f"{self.name}: all_done() takes every entry; leave out where=, or group with by=")
        if self.is_group and watched.private:
            raise DeclarationError(f"{self.name}: {watched.kind_name} is private, so nobody can wait for all of it")

    def _check_control(self) -> None:
        if self.fallback is not None and not isinstance(self.fallback, Agent):
            raise DeclarationError(f"{self.name}: fallback= takes an agent, not {shown(self.fallback)}")
        if self.fallback is not None and self.fallback.watches != self.watches:
            raise DeclarationError(f"{self.name}: its fallback {self.fallback.name} watches something else")
        if self.budget.seconds is not None:
            raise DeclarationError(f"{self.name}: seconds are of the board; timeout= bounds what one activation takes")

    @property
    def is_group(self) -> bool:
        """Whether it is handed several entries at once."""
        return isinstance(self.watches, AllDone)

    @property
    def is_whole(self) -> bool:
        """Whether the board is its one group, handed over when nothing of its kind is unfinished."""
        return isinstance(self.watches, AllDone) and self.watches.by is None and self.watches.size is None

    @cached_property
    def kind(self) -> type[Kind]:
        """The kind that wakes it."""
        return self.watches if isinstance(self.watches, type) else self.watches.kind

    @property
    def is_conditional(self) -> bool:
        """Whether its `ready` or `unless` has to be asked before it can act."""
        return self.ready is not None or self.unless is not None

    @property
    def waiting_for(self) -> str:
        """What its `ready` wants, in words."""
        if self.ready is None:
            return ""
        if isinstance(self.ready, Condition):
            return str(self.ready)
        name = getattr(self.ready, "__name__", "<lambda>")
        return "its ready= to hold" if name == "<lambda>" else f"its ready= ({name}) to hold"

    @property
    def is_batched(self) -> bool:
        """Whether it is handed what is there, some entries at a time."""
        return isinstance(self.watches, Batched)

    @cached_property
    def chain(self) -> "tuple[Agent, ...]":
        """It, its fallback, the fallback of that, and so on: who acts on the same activation."""
        return (self, *(self.fallback.chain if self.fallback else ()))

    @cached_property
    def asks(self) -> bool:
        """Whether it, or whoever acts in its place, asks a model."""
        return any(one.model is not None for one in self.chain)

    @property
    def grants(self) -> Grants:
        """What it may write, read and call, its fallback's among it: the commit refuses the rest."""
        writes = frozenset(k.kind_name for a in self.chain for k in a.writes)
        reads = [a.readable for a in self.chain]
        read = frozenset[str]().union(*(r for r in reads if r is not None)) if None not in reads else None
        tools = frozenset(t.name for a in self.chain for t in a.tools)
        return Grants(writes, read, tools)

    @cached_property
    def readable(self) -> frozenset[str] | None:
        """The names of the kinds that it may read: what it watches, writes, asks for in conditions; None: every one."""
        if self.reads is None:
            return None
        asked = (k for c in (self.ready, self.unless) if isinstance(c, Condition) for k in c.kinds or ())
        return frozenset(k.kind_name for k in (self.kind, *self.writes, *self.reads, *asked))

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
        """A short hash of the action's source and of what its model is told: a board tells which code worked on it.

        What an action was made with beside its source (`claude_agent`) stands in its attribute `made_with`.
        """
        try:
            source = inspect.getsource(self.action)
        except (OSError, TypeError):
            source = repr(self.action)
        if self.model is not None:
            said = (self.model, self.system, self.max_tokens, self.max_input_tokens, self.effort)
            source += repr((*said, getattr(self.action, "made_with", ())))
        return hashlib.sha256(source.encode()).hexdigest()[:12]

    @property
    def watching(self) -> str:
        """What wakes it, in words: `answer accepted`, `all subtask done`."""
        if isinstance(self.watches, AllDone):
            return f"all {self.kind.kind_name} done{' by …' if self.watches.by else ''}"
        many = f"{self.watches.size} " if isinstance(self.watches, Batched) else ""
        return f"{many}{self.kind.kind_name} {'/'.join(self.statuses)}{' where …' if self.where else ''}"


def tupled(one: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """One status or several, as a tuple."""
    return (one,) if isinstance(one, str) else None if one is None else tuple(one)


def as_kinds(kinds: Kinds) -> tuple[type[Kind], ...]:
    """As a tuple; what is none is left for the check of the agent."""
    return (kinds,) if isinstance(kinds, type) or not isinstance(kinds, Sequence) else tuple(kinds)


@overload
def agent(
    *,
    watches: type[K],
    writes: Kinds,
    name: str | None = None,
    status: str | Sequence[str] | None = None,
    where: Callable[[K], bool] | None = None,
    ready: Condition | Callable[[Entry[K], Reader], bool] | None = None,
    rating: int | Callable[[K], int] = 0,
    **options: Unpack[Options],
) -> Callable[[Action[Entry[K]]], Agent]: ...
@overload
def agent(
    *,
    watches: AllDone[K] | Batched[K],
    writes: Kinds,
    name: str | None = None,
    status: str | Sequence[str] | None = None,
    where: Callable[[K], bool] | None = None,
    ready: Condition | Callable[[Sequence[Entry[K]], Reader], bool] | None = None,
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
    ready: Any = None,
    rating: Any = 0,
    **options: Unpack[Options],
) -> Callable[[Any], Agent]:
    """Make a function an agent. `async def` if it calls tools; plain `def` if it computes (it gets a thread).

    `watches` a kind: woken by each version in the first status of its lifecycle, or in `status=`, if `where(body)`.
    `watches` all_done(kind): woken once for every set in which none is unfinished.
    `watches` batched(kind, n): handed what is there, n at most, each version once.
    DeclarationError, UnknownStatus.
    """
    more: dict[str, Any] = dict(options)
    if "reads" in more:
        more["reads"] = as_kinds(more["reads"])

    def declare(action: Callable[..., Any]) -> Agent:
        title = getattr(action, "__name__", None)
        if title is None or not takes(action, 2):
            raise DeclarationError(f"{title or shown(action)}: an agent takes (entry, view)")
        return Agent(
            name=title if name is None else name, action=action, watches=watches, writes=as_kinds(writes),
            status=tupled(status),
            where=where, ready=ready, rating=rating, purpose=inspect.getdoc(action) or "",
            **more,
        )  # fmt: skip

    return declare
