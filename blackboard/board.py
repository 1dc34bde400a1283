"""Board: looking at a board, finished or running, and what a person may do to it. Synchronous and thread-safe."""

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from types import TracebackType, new_class
from typing import Any, Self, cast

from pydantic import ConfigDict

from blackboard import settings
from blackboard.activation import Claim, Contribution, Write
from blackboard.agent import Agent
from blackboard.controller import Verdict
from blackboard.costs import Cost, cost_of, line
from blackboard.entry import RETRACTED, Entry, K, Kind, Ref
from blackboard.errors import IllegalTransition, NotFound, UsageError
from blackboard.explaining import SOME, Limits, Why, derivation
from blackboard.hindering import Case, Watched
from blackboard.looker import Looker, to_entry, write
from blackboard.ports import Store
from blackboard.reader import Reader, Status
from blackboard.records import PERSON, BoardRecord, Row, Serving
from blackboard.seam import REAL
from blackboard.whynot import WhyNot, why_not

POLL = 0.2  # seconds between looks of a follower, should a hint get lost
SILENT = 60.0  # seconds; several times what lies between the beats of a worker that has nothing to do


class _Loose(Kind):
    """A body of a kind whose class is not at hand: its fields are attributes."""

    model_config = ConfigDict(extra="allow")


class Board(Looker):
    """One run's blackboard. Open one with open_board; running a scenario gives one back."""

    def __init__(self, store: Store, board: str, result: type[Kind] | None = None) -> None:
        super().__init__(store, board)
        self.id, self.store, self._result = board, store, result

    # -- looking -----------------------------------------------------------------------------------------------
    @property
    def record(self) -> BoardRecord:
        """The board's row."""
        return cast("BoardRecord", self.store.board(self.id))

    @property
    def scenario(self) -> str:
        """The name of the scenario that it runs."""
        return self.record.scenario

    @property
    def seq(self) -> int:
        """The head of the feed: how many versions there are."""
        return self.record.head

    @property
    def serving(self) -> list[Serving]:
        """Who works on it: the workers that are there, with the agents that each serves."""
        return _there(self.store.serving(self.id))

    @property
    def is_served(self) -> bool:
        """Whether somebody works on it."""
        return bool(self.serving)

    @property
    def unserved(self) -> list[str]:
        """The agents with a seat at it that nobody serves; none once it has ended."""
        if self.record.status != "open":
            return []
        served = {name for s in self.serving for name in s.agents}
        return [seat.name for seat in self.store.seats(self.id) if seat.name not in served]

    @property
    def verdict(self) -> Verdict | None:
        """How it ended; None while it has not."""
        return to_verdict(self.record.verdict)

    @property
    def result(self) -> Entry[Any] | None:
        """The newest entry of the scenario's result kind; None if there is none, or the board was opened without it."""
        found = self.find(self._result) if self._result else []
        best = [e for e in found if e.done] or found
        return best[-1] if best else None

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        """The kinds that it knows, by name, each with its lifecycle; in the order in which its agents name them."""
        return cast("dict[str, dict[str, Any]]", json.loads(self.record.kinds))

    def kind(self, name: str) -> type[Kind]:
        """The kind of this name as this board knows it: its lifecycle, without a check of its fields."""
        lifecycle = self.kinds.get(name) or {"posted": ()}
        made = new_class(name.title().replace("_", ""), (_Loose,), {"name": name, "lifecycle": lifecycle})
        return cast("type[Kind]", made)

    def entries(self, kind: str | None = None, /, *, status: Status = None) -> list[Entry[Any]]:
        """All current entries (of a kind, by its name), for when you do not have the classes."""
        wanted = (status,) if isinstance(status, str) else tuple(status or ())
        rows = [r for r in self.store.current(self.id) if kind is None or r.kind == kind]
        return self._loose([r for r in rows if (r.status in wanted if wanted else r.status != RETRACTED)])

    def _loose(self, rows: Iterable[Row]) -> list[Entry[Any]]:
        return list(self._loosely(rows))

    def _loosely(self, rows: Iterable[Row]) -> Iterator[Entry[Any]]:
        classes: dict[str, type[Kind]] = {}
        for row in rows:
            yield to_entry(classes.get(row.kind) or classes.setdefault(row.kind, self.kind(row.kind)), row, self.id)

    def as_of(self, seq: int, /) -> Reader:
        """The board as it was then."""
        return Looker(self.store, self.id, seq)

    def follow(self, after: int = 0, *, wait: bool = True) -> Iterator[Entry[Any]]:
        """Every version after this seq, in order, once; waits for more until the board has ended. FeedGap."""
        return self._loosely(self.feed(after, wait=wait))

    def feed(self, after: int = 0, *, wait: bool = False) -> Iterator[Row]:
        """What `follow` gives, as it is stored: with its time, and the body as JSON. FeedGap."""
        news = threading.Event()
        stop = self.store.watch(news.set)
        try:
            while True:
                ended = self.record.status != "open"
                while rows := self.store.feed(self.id, after):
                    after = rows[-1].seq
                    yield from rows
                if ended or not wait:
                    return
                news.wait(POLL)
                news.clear()
        finally:
            stop()

    def why(self, entry: Entry[Any] | str, /, *, version: int | None = None, limits: Limits = SOME) -> Why:
        """What an entry (a version of it, else the newest) was derived from, down to the sources. NotFound.

        Up to some limits; `limits=ALL` for the whole of it.
        """
        row = self.row(entry, version)
        return derivation(self.store, self.id, row, lambda r: self._loose([r])[0], limits)

    def cost(self, entry: Entry[Any] | str | None = None, /) -> Cost:
        """What the board's calls of models have cost; or those on the way to an entry, and to all it was derived from.

        In dollars and tokens, by agent and model. What failed or was dropped is the board's alone. NotFound.
        """
        if entry is None:
            return cost_of(self.store.calls(self.id))
        return cost_of(call for step in line(self.store, self.id, self.row(entry)) for call in step.calls)

    def why_not(self, agent: Agent | str, /, key: str | None = None) -> WhyNot:
        """What keeps an agent from acting on each entry that it watches, or on one. UsageError, NotFound.

        With the Agent its `where` and `ready` are asked too; with its name only what is stored can be told.
        """
        if key is not None:
            self.row(key)
        return why_not(self._case(agent), key)

    def _case(self, agent: Agent | str) -> Case:
        name = agent if isinstance(agent, str) else agent.name
        seats = {s.name: s for s in self.store.seats(self.id)}
        if name not in seats and isinstance(agent, str):
            raise UsageError(f"{self.id} has no agent {name!r}; it has {', '.join(seats) or 'none'}")
        if isinstance(agent, Agent):
            watched = Watched.by(agent)
        else:
            watched = Watched.read(seats[name].watches, lambda kind: tuple(sorted(self.kind(kind).lifecycle.done)))
        served = any(name in s.agents for s in self.serving)
        return Case(
            self.store, self, self.record, self.store.summary(self.id), name, watched, seats.get(name),
            None if isinstance(agent, str) else agent, served, REAL.now(),
        )  # fmt: skip

    def entry(self, key: str, /, version: int | None = None) -> Entry[Any]:
        """A version of an entry, else the newest, for when you do not have its class. NotFound."""
        return self._loose([self.row(key, version)])[0]

    def row(self, entry: Entry[Any] | str, /, version: int | None = None) -> Row:
        """A version of an entry as it is stored: the one that is handed over, else the newest. NotFound."""
        if isinstance(entry, Entry) and version is None:
            return self.store.by_seq(self.id, [entry.seq])[0]
        key = entry if isinstance(entry, str) else entry.key
        newest = self.store.by_key(self.id, key)
        if newest is None:
            raise NotFound(f"no entry has the key {key!r}; `blackboard show {self.id}` lists those of the board")
        found = newest if version is None else self.store.version(self.id, key, version)
        if found is None:
            raise NotFound(f"{key} has no version {version}; it has 1 to {newest.version}")
        return found

    def sql(self, query: str, /, **values: object) -> list[dict[str, Any]]:
        """Read the documented views. In this process use this, never a second SQLite library on the same file."""
        return self.store.sql(query, values)

    # -- taking part, as a person ------------------------------------------------------------------------------
    def post(self, body: K, /, *, about: Ref | Iterable[Ref] = (), status: str | None = None) -> Entry[K]:
        """Put an entry on the board. BoardClosed, UnknownStatus, BodyRefused."""
        return self._post([body], about, status)[0]

    def post_all(self, bodies: Iterable[K], /, *, about: Ref | Iterable[Ref] = ()) -> list[Entry[K]]:
        """Put many entries on the board at once: all of them land, or none. BoardClosed, BodyRefused."""
        return self._post(list(bodies), about, None)

    def _post(self, bodies: Sequence[K], about: Ref | Iterable[Ref], status: str | None) -> list[Entry[K]]:
        refs = [about] if isinstance(about, Entry) else list(cast("Iterable[Entry[Any]]", about))
        keys = tuple(r.key for r in refs if isinstance(r, Entry))
        firsts = [b.lifecycle.check(b.kind_name, status or b.lifecycle.first) for b in bodies]
        writes = [write(body, first, keys) for body, first in zip(bodies, firsts, strict=True)]
        return self._land(writes, [type(body) for body in bodies]) if writes else []

    def amend(self, entry: Entry[K], body: K | None = None, /, *, status: str | None = None) -> Entry[K]:
        """A new version. BoardClosed, IllegalTransition, UsageError if a newer one has come."""
        after = entry.body.lifecycle.step(entry.kind, entry.status, status or entry.status)
        new = entry.body if body is None else body
        if new.kind_name != entry.kind:
            raise IllegalTransition(f"{entry.key} cannot become a {new.kind_name}")
        born = self.store.by_seq(self.id, [entry.seq])[0].born
        return self._land([write(new, after, entry.about, entry, born)], [type(entry.body)])[0]

    def _land(self, writes: Sequence[Write], kinds: Sequence[type[K]]) -> list[Entry[K]]:
        contribution = Contribution(Claim(self.id, 0, PERSON, 0, None, 0, 0, 0), PERSON, tuple(writes))
        landed = self.store.post(self.id, REAL.new_id(), contribution)
        rows = self.store.by_seq(self.id, landed.seqs)
        return [to_entry(kind, row, self.id) for kind, row in zip(kinds, rows, strict=True)]

    def cancel(self, reason: str = "", /) -> None:
        """End the board: whoever works on it stops soon; where nobody does, it has ended when this returns."""
        self.store.cancel(self.id, reason)
        while not self.is_served and (record := self.record).status == "open":
            reasons = [record.cancelled] if record.cancelled else []
            verdict = json.dumps({"ending": "cancelled", "reasons": reasons})
            self.store.conclude(self.id, verdict, record.head, final=False, epoch=record.epoch)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def to_verdict(text: str | None) -> Verdict | None:
    """A stored verdict."""
    if text is None:
        return None
    found = json.loads(text)
    return Verdict(found["ending"], tuple(found["reasons"]))


# -- opening ---------------------------------------------------------------------------------------------------
def open_store(db: str | None = None, *, create: bool = True) -> Store:
    """The store of a path or URL, found by its scheme. UsageError, NoDatabase, StoreError."""
    url = db or settings.database()
    scheme = url.partition("://")[0] if "://" in url else "sqlite"
    for found in entry_points(group="blackboard.stores", name=scheme):
        return cast("Store", found.load()(url, create))
    raise UsageError(f"no store is installed for {scheme}://; --db takes a path or sqlite:///PATH")


def open_board(board: str = "last", /, *, db: str | None = None) -> Board:
    """Open a board to look at it: its id, the beginning of its id, or "last". UsageError, NoDatabase."""
    store = open_store(db, create=False)
    try:
        return Board(store, find_board(store, board).id)
    except BaseException:
        store.close()
        raise


def find_board(store: Store, board: str) -> BoardRecord:
    """The one board that is meant. UsageError."""
    boards = store.boards()
    exact = [b for b in boards if b.id == board]
    found = exact or (boards[-1:] if board == "last" else [b for b in boards if b.id.startswith(board)])
    if len(found) == 1:
        return found[0]
    if not boards:
        raise UsageError(f"{store.url} has no board yet; `blackboard run` makes one")
    names = ", ".join(b.id for b in (found or boards)[-5:])
    if found:
        raise UsageError(f"{board!r} names {len(found)} boards: {names}; say more of the id")
    raise UsageError(f"{store.url} has no board {board!r}; the newest are {names}")


def _there(serving: Iterable[Serving]) -> list[Serving]:
    """Those that are not known to have died, and have been heard of: one that hangs does no work either."""
    return [s for s in serving if not s.gone and REAL.now() - s.beat_at < SILENT]


def list_serving(*, db: str | None = None) -> list[Serving]:
    """Who serves which boards of a database now. NoDatabase."""
    store = open_store(db, create=False)
    try:
        return _there(store.serving())
    finally:
        store.close()


def list_boards(*, db: str | None = None) -> list[BoardRecord]:
    """The boards of a database, newest last. NoDatabase."""
    store = open_store(db, create=False)
    try:
        return store.boards()
    finally:
        store.close()
