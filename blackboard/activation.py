"""What moves an activation along: the proposal, the claim, and the contribution with its read set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from blackboard.entry import Entry, Label

STARVING = 5  # times that an activation has gone stale; from then on nothing is begun beside it
State = Literal["waiting", "pending", "running", "parked", "done", "failed", "moot"]
OPEN: tuple[State, ...] = ("waiting", "pending", "running", "parked")


@dataclass(frozen=True, slots=True)
class Lot:
    """That an entry version is handed over with others of its kind, so many at most."""

    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """The group that an entry belongs to from this version on."""

    kind: str
    name: str | None = None  # JSON of what `by` gave; "" where the board is the group; None: it is in none
    done: bool = False
    size: int | None = None  # how many done ones make the group whole; None: none may be unfinished


@dataclass(frozen=True, slots=True)
class Proposal:
    """That an agent can act on one entry version; refraction makes it one activation at most."""

    agent: str
    trigger: int  # the seq of the entry version; in a contribution: the place among its writes
    rating: int = 0
    broken: str | None = None  # the agent's own `where` or `rating` failed on it: why
    waiting: bool = False  # its `ready` does not hold yet
    many: Lot | Part | None = None  # it is not acted on alone: what it becomes a part of


@dataclass(frozen=True, slots=True)
class GroupWatch:
    """An agent that wants all entries of a kind at once, when none is unfinished."""

    agent: str
    kind: str
    done: frozenset[str]
    rating: int = 0
    waiting: bool = False  # a whole set waits until its `ready` has been asked


@dataclass(frozen=True, slots=True)
class Claim:
    """The exclusive right to act on one activation, as long as the token is the activation's."""

    board: str
    id: int
    agent: str
    trigger: int
    group: str | None  # the kind, where several are handed over: `members`, or else all as of seq `trigger`
    snapshot: int
    token: int
    attempt: int  # 1 for the first try; stale restarts do not count
    redone: int = 0  # how often it went stale
    members: tuple[int, ...] = ()  # seqs, of a batch or of one group; the same for each claim at one snapshot
    name: str | None = None  # of the group

    @property
    def is_batch(self) -> bool:
        """Whether each of its members is there for itself: without some of them it acts on the others."""
        return bool(self.members) and self.name is None

    @property
    def is_starving(self) -> bool:
        """Whether it has gone stale so often that nothing new is begun until it has ended."""
        return self.redone >= STARVING


@dataclass(frozen=True, slots=True)
class Query:
    """A find or a count: by kind, status, what it is about, indexed fields. Nothing else can be asked."""

    kind: str
    status: tuple[str, ...]
    about: str | None = None
    fields: tuple[tuple[str, str], ...] = ()  # name, value as JSON
    limit: int | None = None
    authors: tuple[str, ...] = ()  # of a private kind: whose entries these are; empty: everybody's


@dataclass(frozen=True, slots=True)
class QueryRead:
    """A query that was relied on, with what is needed to tell whether it would now give something else.

    A find is settled by arrivals alone, since the entries that it gave are in the read set themselves;
    `bound` is the birth of the last one where the limit cut the rest off. A count is settled by its sum.
    """

    query: Query
    counted: bool = False
    bound: int | None = None
    waking: bool = False  # it is what woke the agent: a fan-in's whole set


@dataclass(frozen=True, slots=True)
class ReadSet:
    """What an activation has looked at. Strict: relied on. Loose: counts for provenance and label only."""

    strict: tuple[int, ...] = ()  # seqs of entry versions, each once
    loose: tuple[int, ...] = ()
    queries: tuple[QueryRead, ...] = ()  # strict ones
    absent: tuple[str, ...] = ()  # keys that were asked for and not there


@dataclass(frozen=True, slots=True)
class Write:
    """One new version. `base` is the version that it replaces; a new entry has none and gets its key at the commit."""

    kind: str
    status: str
    body: str
    sha256: str
    about: tuple[str | int, ...] = ()  # keys, or the places of other writes of the same contribution
    base: Entry[Any] | None = None
    fields: tuple[tuple[str, str], ...] = ()
    author: str | None = None  # where it is not the contribution's
    born: int | None = None  # of an entry that is amended: the seq of its version 1


@dataclass(frozen=True, slots=True)
class Contribution:
    """All that an activation writes, with its read set; committed at once or not at all."""

    claim: Claim
    author: str
    writes: tuple[Write, ...] = ()
    woken_by: tuple[int, ...] = ()  # seqs; when one of these has changed the work is moot, not to be done again
    reads: ReadSet = ReadSet()
    label: Label = Label()
    proposals: tuple[Proposal, ...] = ()  # what the writes set off, matched before the transaction
    served: tuple[str, ...] = ()  # the agents for which that was done
    groups: tuple[GroupWatch, ...] = ()  # fan-in watches among them, judged inside by counters
    unasked: bool = False  # there are agents with `ready` or `unless`: they notice it after the commit
    failed: str | None = None  # the cause, where the activation ends as failed
    kinds_read: frozenset[str] = frozenset()  # beside what woke it
    called: frozenset[str] = frozenset()  # tools

    @property
    def relied_on(self) -> set[int]:
        """The versions that must still be the newest when this lands."""
        return {*self.woken_by, *self.reads.strict, *(w.base.seq for w in self.writes if w.base)}


@dataclass(frozen=True, slots=True)
class Landed:
    """The contribution is on the board; `seqs` are the places of its entries in the feed."""

    seqs: tuple[int, ...]
    keys: tuple[str, ...] = ()
    lagging: bool = False  # some served agent has not noticed everything yet


@dataclass(frozen=True, slots=True)
class Stale:
    """Something that it relied on has changed; nothing was written.

    `moot`: that was what woke the agent, so the work is dropped. Otherwise `again` is the claim, on a newer snapshot.
    """

    changed: tuple[str, ...]
    moot: bool = False
    again: Claim | None = None


@dataclass(frozen=True, slots=True)
class Fenced:
    """The claim was lost, or the board has ended; nothing was written."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The database refused the contribution itself; nothing was written."""

    reason: str


Ruling = Landed | Stale | Fenced | Refused


Bounds = tuple[tuple[str, int], ...]  # agent, how many of its activations may be pending


@dataclass(frozen=True, slots=True)
class Agenda:
    """What a worker may claim: for which agents, how many at once, until when."""

    worker: str
    free: dict[str, int] = field(default_factory=dict)  # agent -> how many more it may have
    slots: int = 0
    lease: float = 30.0  # seconds
    least: int | None = None  # rating below which nothing is begun
    bounds: Mapping[str, Bounds] = field(default_factory=dict)  # who is parked while one of these has so much pending
    most: Mapping[str, int] = field(default_factory=dict)  # agent -> how many any workers may have at a time
