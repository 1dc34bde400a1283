"""The view of one activation: reads its snapshot and takes note of each look, buffers its writes."""

import asyncio
import inspect
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pydantic import BaseModel
from typing_extensions import override

from blackboard.activation import Claim, Contribution, Query, QueryRead, ReadSet, Write
from blackboard.agent import Agent
from blackboard.asking import Asked, Model, Shown
from blackboard.budget import Budget
from blackboard.entry import RETRACTED, Entry, Integrity, K, Kind, Label, Pending, Ref
from blackboard.errors import BlackboardError, DeclarationError, Denied, IllegalTransition, NotDeclared, ToolFailed
from blackboard.gist import shortened
from blackboard.looker import Looker, to_entry, write
from blackboard.ports import Looking
from blackboard.records import PERSON, Row
from blackboard.seam import Lane
from blackboard.tool import P, R, Tool
from blackboard.view import View

AWAIT = "write `await view.ask(…)`, in an `async def`"
WRAP = "wrap it in a class with a field for it"


@dataclass(frozen=True)
class Toolbox:
    """What the tools of a run need: resources by type, functions that stand in for tools, threads."""

    lane: Lane
    resources: Sequence[object] = ()
    instead: Mapping[Tool[..., Any], Callable[..., Any]] = field(default_factory=dict)
    model: Model | None = None

    def fill(self, tool: Tool[..., Any]) -> dict[str, object]:
        """The resources of a tool. DeclarationError if the scenario gives none of that type."""
        filled: dict[str, object] = {}
        for name, wanted in tool.resources.items():
            found = next((r for r in self.resources if isinstance(r, wanted)), None)
            if found is None:
                raise DeclarationError(f"tool {tool.name} needs a {wanted.__name__}; give one in resources=")
            filled[name] = found
        return filled


class ActivationView(Looker, View):
    """See `View`. It is made at the claim's snapshot, and becomes a contribution."""

    def __init__(self, store: Looking, agent: Agent, claim: Claim, tools: Toolbox, woke: Row | None = None) -> None:
        super().__init__(store, claim.board, claim.snapshot)
        self._agent, self._claim, self._tools, self._woke = agent, claim, tools, woke
        self._kinds = {k.kind_name for k in agent.writes}
        self._writes: list[Write] = []
        self._bodies: list[Kind] = []
        self._amended: dict[str, int] = {}  # key -> place among the writes
        self._asking: list[Coroutine[Any, Any, Any]] = []
        self._rows: dict[int, Row] = {}
        self._strict: dict[int, None] = {}
        self._loose: dict[int, None] = {}
        self._queries: dict[QueryRead, None] = {}
        self._absent: dict[str, None] = {}
        self._woken_by: tuple[int, ...] = ()
        self._label: Label | None = None
        self._lenient = False
        self._kinds_read: set[str] = set()
        self._called: set[str] = set()
        self._before_me: list[Entry[Any]] = []  # what woke it
        self._times: Counter[str] = Counter()

    # -- what woke it ----------------------------------------------------------------------------------------------
    def trigger(self) -> Entry[Any] | list[Entry[Any]]:
        """What the agent's function is handed: the entry that woke it, or the whole set."""
        claim, kind = self._claim, self._agent.kind
        if claim.group is None:
            rows = [self._woke] if self._woke is not None else self._store.by_seq(self._board, [claim.trigger])
        elif claim.members:
            rows = self._store.by_seq(self._board, claim.members)
            if not claim.is_batch:  # a batch comes in the order of its versions
                rows.sort(key=lambda r: r.born)
        else:
            query = Query(kind.kind_name, tuple(sorted(kind.lifecycle.all - {RETRACTED})))
            rows = self._store.find(self._board, query, claim.trigger)
            self._asked(QueryRead(query, waking=True), True)
        for row in rows:
            self._saw(row, strict=True)
        self._woken_by = tuple(r.seq for r in rows) if self._agent.strict else ()
        entries = self._before_me = [to_entry(kind, row, self._board) for row in rows]
        return entries if claim.group is not None else entries[0]

    @property
    def claim(self) -> Claim:
        """Whose view it is."""
        return self._claim

    @property
    def relied_on(self) -> tuple[int, ...]:
        """The versions that must not change until it lands, as far as it has read."""
        return tuple(self._strict)

    # -- the hooks of the reads ------------------------------------------------------------------------------------
    @override
    def _saw(self, row: Row, strict: bool) -> None:
        self._rows[row.seq] = row
        (self._strict if self._relies(strict) else self._loose)[row.seq] = None
        self._fall(row.label)

    @override
    def _asked(self, asked: QueryRead, strict: bool) -> None:
        if self._relies(strict):
            self._queries[asked] = None
        if asked.counted:  # counting is reading: the lowest trust of what may have been counted
            integrity, confidentiality = self._store.kind_label(self._board, asked.query.kind)
            self._fall(Label(integrity, confidentiality))

    @override
    def _missed(self, key: str, strict: bool) -> None:
        if self._relies(strict):
            self._absent[key] = None

    def _relies(self, strict: bool) -> bool:
        return strict and self._agent.strict and not self._lenient

    @contextmanager
    def judging(self) -> Iterator["ActivationView"]:
        """Looks that decide whether to act at all: they count for provenance and trust, and are not relied on."""
        self._lenient = True
        try:
            yield self
        finally:
            self._lenient = False

    @property
    def kinds_read(self) -> frozenset[str]:
        """The kinds that were looked at, beside what woke it."""
        return frozenset(self._kinds_read)

    @override
    def _may_read(self, kind: type[Kind]) -> None:
        readable = self._agent.readable
        if readable is not None and kind.kind_name not in readable:
            raise NotDeclared(f"{self._agent.name} reads {kind.kind_name}; add it to reads=")
        self._kinds_read.add(kind.kind_name)

    @property
    @override
    def _eyes(self) -> tuple[str, ...]:
        return eyes_of(self._agent)

    def _fall(self, label: Label) -> None:
        self._label = label if self._label is None else self._label.join(label)

    # -- writing ---------------------------------------------------------------------------------------------------
    @override
    def post(self, body: Kind, /, *, about: Ref | Iterable[Ref] = (), status: str | None = None) -> Pending:
        self._declared(body)
        status = body.lifecycle.check(body.kind_name, status) if status is not None else body.lifecycle.first
        refs = [about] if isinstance(about, Entry | Pending) else list(about)
        links = tuple(r.ordinal if isinstance(r, Pending) else r.key for r in refs)
        self._writes.append(write(body, status, links))
        self._bodies.append(body)
        return Pending(body, status, len(self._writes) - 1)

    @override
    def amend(self, entry: Entry[K], body: K | None = None, /, *, status: str | None = None) -> None:
        place = self._amended.get(entry.key)
        new: Kind = body if body is not None else self._bodies[place] if place is not None else entry.body
        self._declared(new)
        if new.kind_name != entry.kind:
            raise IllegalTransition(f"{entry.key} cannot become a {new.kind_name}")
        before = entry.status if place is None else self._writes[place].status
        after = new.lifecycle.step(entry.kind, entry.status, status or before)
        row = self._rows.get(entry.seq) or self._store.by_seq(self._board, [entry.seq])[0]
        if row.superseded is not None and row.superseded <= self._claim.snapshot:
            raise IllegalTransition(f"{entry.key} v{entry.version} is not its newest version; amend that one")
        self._saw(row, strict=True)  # also an entry that was not read in this activation
        made = write(new, after, entry.about, entry, row.born)
        if place is not None:
            self._writes[place], self._bodies[place] = made, new
            return
        self._amended[entry.key] = len(self._writes)
        self._writes.append(made)
        self._bodies.append(new)

    @override
    def retract(self, entry: Entry[Any], /) -> None:
        self.amend(entry, status=RETRACTED)

    def _declared(self, body: Kind) -> None:
        if not isinstance(body, Kind):
            raise NotDeclared(f"{self._agent.name} writes {type(body).__name__}, which is no Kind")
        if body.kind_name not in self._kinds:
            raise NotDeclared(f"{self._agent.name} writes {body.kind_name}; add it to writes=")

    # -- waiting ---------------------------------------------------------------------------------------------------
    @override
    def ask(
        self, prompt: str, /, *, shape: type[BaseModel] | None = None, show: Iterable[Entry[Any]] | None = None,
        tell_left: bool = False,
    ) -> Coroutine[Any, Any, Any]:  # fmt: skip
        asking = self._ask(prompt, shape, show, tell_left)
        self._asking.append(asking)
        return asking

    async def _ask(
        self, prompt: str, shape: type[BaseModel] | None, show: Iterable[Entry[Any]] | None, tell_left: bool
    ) -> Any:
        if self._agent.model is None:
            raise NotDeclared(f'{self._agent.name} asks a model; declare which with model="fast"')
        if self._tools.model is None:
            raise DeclarationError(f"{self._agent.name} asks a model, and here is none; give one with model=")
        if shape is not None and not (isinstance(shape, type) and issubclass(shape, BaseModel)):
            raise NotDeclared(f"{self._agent.name}: shape= takes a pydantic model, a Kind too, not {shape!r}; {WRAP}")
        shown = [self._shown(entry) for entry in (self._before_me if show is None else self._entries(show))]
        asked = Asked(
            self._claim, self._agent, prompt, shape, shown, tell_left, self._agent.fallback is None, self._times
        )
        return await self._tools.model.ask(asked)

    def _entries(self, show: Any) -> list[Entry[Any]]:
        is_many = isinstance(show, Iterable) and not isinstance(show, BaseModel)
        entries = list(show) if is_many else [show]
        if not is_many or not all(isinstance(entry, Entry) for entry in entries):
            raise NotDeclared(f"{self._agent.name}: show= takes a list of entries, not {shortened(repr(show), 80)}")
        return entries

    def unawaited(self) -> NotDeclared | None:
        """What to say where a question was left lying: nobody has been asked, and the agent went on as if."""
        forgotten = [asking for asking in self._asking if inspect.getcoroutinestate(asking) == inspect.CORO_CREATED]
        for asking in forgotten:
            asking.close()
        return NotDeclared(f"{self._agent.name} does not wait for what it asks; {AWAIT}") if forgotten else None

    def _shown(self, entry: Entry[Any]) -> Shown:
        """An entry that is shown has been read; with what the agent has not seen of it."""
        row = self._rows.get(entry.seq) or self._store.by_seq(self._board, [entry.seq])[0]
        if row.seq not in self._rows:
            self._saw(row, strict=True)
        if (seen := self._seen_before(entry)) is None:
            return Shown(entry, label=entry.label, said=row.body)
        self._saw(seen, strict=False)
        then, now = json.loads(seen.body), json.loads(row.body)
        before = {name: then.get(name) for name in now if then.get(name) != now[name]}
        return Shown(entry, before, seen.version, entry.label.join(seen.label), row.body)

    def _seen_before(self, entry: Entry[Any]) -> Row | None:
        if entry.version == 1:
            return None
        claim = self._claim
        return self._store.last_seen(claim.board, claim.agent, entry.key, entry.seq, claim.snapshot)

    @override
    async def call(self, tool: Tool[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        if tool not in self._agent.tools:
            raise NotDeclared(f"{self._agent.name} calls {tool.name}; add it to tools=")
        self._called.add(tool.name)
        if tool.effects != "none":
            raise Denied(f"{tool.name} has effects ({tool.effects}) and nobody can approve them yet")
        if tool.returns == "untrusted":  # its errors too: they may quote what it has read
            self._fall(Label(Integrity.UNTRUSTED, origins=frozenset({f"tool:{tool.name}"})))
        function = self._tools.instead.get(tool)
        filled = {} if function else self._tools.fill(tool)
        call: Callable[..., Any] = function or tool.function
        words: dict[str, Any] = {**kwargs, **filled}
        try:
            return cast("R", await self._bounded(tool, lambda: call(*args, **words), call))
        except BlackboardError:
            raise
        except TimeoutError as error:
            raise ToolFailed(f"{tool.name}: no answer within {tool.timeout:g} seconds") from error
        except Exception as error:
            raise ToolFailed(f"{tool.name}: {type(error).__name__}: {error}") from error

    async def _bounded(self, tool: Tool[..., Any], job: Callable[[], Any], function: Callable[..., Any]) -> Any:
        async with asyncio.timeout(tool.timeout):
            if inspect.iscoroutinefunction(function):
                return await job()
            return await self._tools.lane.run(job)

    @property
    @override
    def attempt(self) -> int:
        return self._claim.attempt

    @property
    @override
    def left(self) -> Budget:
        return Budget.of(self._store.left(self._board, self._claim.agent))

    # -- landing ---------------------------------------------------------------------------------------------------
    def contribution(self) -> tuple[Contribution, list[Kind]]:
        """All that was written and read, and the bodies for matching."""
        strict = tuple(self._strict)  # copies first: a function that was given up may still be reading
        loose = tuple(seq for seq in tuple(self._loose) if seq not in self._strict)
        reads = ReadSet(strict, loose, tuple(self._queries), tuple(self._absent))
        label = self._label or Label()
        ceiling = replace(label, integrity=min(label.integrity, Integrity.USER))  # no agent is an operator
        made = Contribution(
            self._claim, self._agent.name, tuple(self._writes), self._woken_by, reads, ceiling,
            kinds_read=self.kinds_read, called=frozenset(self._called),
        )  # fmt: skip
        return made, self._bodies

    def looked(self) -> Contribution:
        """What it has read until now, without what it has written."""
        return replace(self.contribution()[0], writes=())


def eyes_of(agent: Agent) -> tuple[str, ...]:
    """Whose private entries an agent sees: its own, and what people have made of them."""
    return (agent.name, PERSON)
