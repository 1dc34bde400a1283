"""What a store hands out and is handed: rows as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from blackboard.activation import Claim, Proposal
from blackboard.calls import Shortage
from blackboard.entry import Label

PERSON = "person"  # who posts from outside


class Row(NamedTuple):
    """One version of one entry as it is stored: the body is JSON text."""

    seq: int
    key: str
    version: int
    kind: str
    status: str
    author: str
    activation: int
    about: tuple[str, ...]
    label: Label
    sha256: str
    posted_at: float
    born: int  # the seq of version 1: the order in which find gives entries
    superseded: int | None
    body: str


class Ancestor(NamedTuple):
    """A version in the line of those that woke one another."""

    seq: int
    key: str
    version: int
    kind: str
    status: str
    author: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Grants:
    """What an agent has declared: the commit refuses the rest."""

    writes: frozenset[str]
    reads: frozenset[str] | None = None  # None: every kind
    tools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Seat:
    """An agent's place at a board: what it watches, and up to where it has noticed the feed."""

    name: str
    watches: str
    code_version: str = ""
    cursor: int = 0
    grants: Grants | None = None  # None: nothing was declared, nothing is refused
    cap: int | None = None  # activations that it may use; None: as many as the board
    caps: tuple[tuple[str, int], ...] = ()  # of models: unit, and how much of it its calls may take


@dataclass(frozen=True)
class NewBoard:
    """All that is needed to make a board, and to make its run again in another process."""

    scenario: str
    params: str = "{}"
    team: str = ""
    options: str = "{}"
    kinds: str = "{}"  # name -> lifecycle, so that a board can be read without its classes
    caps: tuple[tuple[str, int | None], ...] = ()  # unit, cap


@dataclass(frozen=True)
class Changed:
    """What may be another when a board is opened again. The kinds are added to those that it has."""

    team: str
    options: str
    kinds: str


@dataclass(frozen=True)
class BoardRecord:
    """The row of a board."""

    id: str
    scenario: str
    params: str
    team: str
    options: str
    kinds: str
    status: str  # open, closed
    head: int
    epoch: int
    ran_seconds: float
    verdict: str | None
    cancelled: str | None
    created_at: float
    quiet: int | None  # head at the first strike of quiescence in this epoch
    epoch_head: int = 0  # head when this epoch began


@dataclass(frozen=True)
class Spent:
    """A budget row: `settled - overrun + reserved` never passes the cap."""

    unit: str
    cap: int | None
    settled: int
    reserved: int


@dataclass(frozen=True)
class Summary:
    """What the controller needs to judge a board, read at one head."""

    status: str
    head: int
    quiet: int | None
    cancelled: str | None
    ran_seconds: float
    states: dict[str, dict[str, int]] = field(default_factory=dict)  # state -> agent -> activations
    unnoticed: tuple[str, ...] = ()  # agents whose cursor is behind the head
    budgets: tuple[Spent, ...] = ()  # of the board: activations, and what its calls of models take
    marks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # kind -> status -> current entries
    failures: tuple[str, ...] = ()  # the last causes, an agent each
    epoch: int = 1
    epoch_head: int = 0  # head when this epoch began
    of_agents: Mapping[str, Spent] = field(default_factory=dict)  # of activations: those that agents have of their own
    calls_of_agents: Mapping[str, tuple[Spent, ...]] = field(default_factory=dict)  # of models: the same
    short: tuple[Shortage, ...] = ()  # who is parked since a budget allows no call


@dataclass(frozen=True, slots=True)
class ActivationRecord:
    """An activation as people see it."""

    id: int
    agent: str
    state: str
    trigger: int
    group: str | None
    rating: int
    attempt: int
    redone: int
    token: int
    snapshot: int | None
    owner: str | None
    last_seq: int | None
    cause: str | None
    due_at: float | None = None
    waits_for: str | None = None


class AttemptRecord(NamedTuple):
    """An attempt that did not succeed, as people see it."""

    activation: int
    number: int
    outcome: str  # failed, stale, moot, lost
    cause: str
    at: float


class AgendaCount(NamedTuple):
    """How many activations of an agent are in a state, and how often they were done again after conflicts."""

    agent: str
    state: str
    activations: int
    redone: int


@dataclass(frozen=True)
class Worker:
    """A process that serves boards: a new id at every start."""

    id: str
    host: str
    pid: int


@dataclass(frozen=True)
class Serving:
    """That a worker serves agents of a board."""

    board: str
    worker: Worker
    agents: Mapping[str, str]  # name -> code version
    slots: int
    since: float
    beat_at: float
    gone: bool  # its process is known to have ended
    holds: int  # activations that it is acting on


@dataclass(frozen=True)
class Notice:
    """That an agent has looked at the feed from `after` up to `upto`, and what it can act on."""

    agent: str
    after: int
    upto: int
    proposals: tuple[Proposal, ...] = ()
    ready: tuple[int, ...] = ()  # of what was waiting: the activations that need not wait any more
    asked: tuple[int, ...] | None = None  # all that was waiting when it looked; None: nothing of it has a `ready`
    obviated: str | None = None  # its `unless` holds, in words: all that waits for its turn is dropped
    stays: bool = False  # the cursor of a fan-in watch is moved with its set


@dataclass(frozen=True)
class Claims:
    """What a claim gave; `rows` may hold the entry version that woke an activation, by the activation's id.

    `refused` names the budget that allowed no more. `due_in`: seconds until there is something, where nothing was.
    """

    taken: tuple[Claim, ...] = ()
    refused: str | None = None
    rows: Mapping[int, Row] = field(default_factory=dict)
    due_in: float | None = None


@dataclass(frozen=True)
class Finding:
    """What one check of `examine` has found: what was looked at, how it is, and what to do about it."""

    level: Literal["ok", "warning", "error"]
    what: str
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Copy:
    """A copy of a database, and what is in it."""

    path: str
    size: int  # bytes
    boards: int
    versions: int
