"""The tables as SQLModel rows. Rows, never nouns: `table=True` models do not validate, the nouns live in `blackboard`.

The constraints refuse what the code must not do: law 9 of the architecture.
"""

from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

STATES = "'waiting', 'pending', 'running', 'parked', 'done', 'failed', 'moot'"
CLUSTERED = {"sqlite_with_rowid": False}  # small rows: kept in the order of their primary key


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


class SchemaVersion(SQLModel, table=True):
    """Which migrations this database has been through."""

    __tablename__ = "schema_version"
    version: int = Field(primary_key=True)
    applied_at: float


class Board(SQLModel, table=True):
    """One run's blackboard, and its serialization point: every write transaction takes this row first."""

    __tablename__ = "board"
    __table_args__ = (CheckConstraint("status IN ('open', 'closed')", name="board_status"),)
    id: str = _text(primary_key=True)
    number: int = Field(unique=True)  # the order in which boards were made, whatever the clocks said
    scenario: str = _text()
    params: str = _text()
    team: str = _text()
    options: str = _text()
    kinds: str = _text()
    status: str = _text()
    head: int
    activations: int
    epoch: int
    ran_seconds: float
    created_at: float
    quiet: int | None = None
    cancelled: str | None = _text(default=None)
    verdict: str | None = _text(default=None)
    beat_at: float | None = None  # when a worker last added to `ran_seconds`
    epoch_head: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # head when this epoch began


class Entry(SQLModel, table=True):
    """One version of one datum. Only `superseded_seq` ever changes, once, from NULL."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("board_id", "key", "version", name="entry_version"),
        Index(
            "entry_current",
            "board_id",
            "key",
            unique=True,
            sqlite_where=text("superseded_seq IS NULL"),
            postgresql_where=text("superseded_seq IS NULL"),
        ),
        Index("entry_by_kind", "board_id", "kind", "superseded_seq", "seq", "status"),
        CheckConstraint("integrity BETWEEN 0 AND 2 AND confidentiality BETWEEN 0 AND 2", name="entry_label"),
        CheckConstraint("superseded_seq > seq", name="entry_superseded_later"),
    )
    board_id: str = _text(primary_key=True)
    seq: int = Field(primary_key=True)
    key: str = _text()
    version: int
    kind: str = _text()
    status: str = _text()
    author: str = _text()
    activation_id: int
    about: str = _text()
    integrity: int
    confidentiality: int
    origins: str = _text()
    sha256: str = _text()
    posted_at: float
    born_seq: int
    superseded_seq: int | None = None
    body: str = _text()


class Link(SQLModel, table=True):
    """Reverse of `entry.about`: which versions are about a key."""

    __tablename__ = "link"
    __table_args__ = (CLUSTERED,)
    board_id: str = _text(primary_key=True)
    about_key: str = _text(primary_key=True)
    seq: int = Field(primary_key=True)


class IndexedField(SQLModel, table=True):
    """The value of an indexed field in one version, as JSON."""

    __tablename__ = "field"
    __table_args__ = (CLUSTERED,)
    board_id: str = _text(primary_key=True)
    kind: str = _text(primary_key=True)
    name: str = _text(primary_key=True)
    value: str = _text(primary_key=True)
    seq: int = Field(primary_key=True)


class KindMark(SQLModel, table=True):
    """How many entries of a kind have a status now, and the lowest trust that was ever counted there."""

    __tablename__ = "kind_mark"
    __table_args__ = (CheckConstraint("entries >= 0", name="kind_mark_entries"), CLUSTERED)
    board_id: str = _text(primary_key=True)
    kind: str = _text(primary_key=True)
    status: str = _text(primary_key=True)
    entries: int
    last_seq: int
    integrity: int
    confidentiality: int


class Agent(SQLModel, table=True):
    """An agent's seat at a board, and up to where it has noticed the feed."""

    __tablename__ = "agent"
    __table_args__ = (CLUSTERED,)
    board_id: str = _text(primary_key=True)
    name: str = _text(primary_key=True)
    code_version: str = _text()
    watches: str = _text()
    cursor_seq: int
    writes: str | None = _text(default=None)  # JSON: the kinds that it may write; NULL: an older release did not say
    reads: str | None = _text(default=None)  # JSON: the kinds that it may read; NULL: every kind
    tools: str | None = _text(default=None)  # JSON: the tools that it may call


class Activation(SQLModel, table=True):
    """That an agent can act on an entry version: one at most for each agent and binding."""

    __tablename__ = "activation"
    __table_args__ = (
        UniqueConstraint("board_id", "agent", "binding", name="activation_refraction"),
        CheckConstraint(f"state IN ({STATES})", name="activation_state"),
        Index("activation_agenda", "board_id", text("rating DESC"), "id", sqlite_where=text("state = 'pending'")),
        Index("activation_running", "board_id", "owner", sqlite_where=text("state = 'running'")),
        Index("activation_state", "board_id", "state", "agent"),
        CLUSTERED,
    )
    board_id: str = _text(primary_key=True)
    id: int = Field(primary_key=True)
    agent: str = _text()
    binding: str = _text()
    trigger_seq: int
    trigger_kind: str | None = _text(default=None)
    state: str = _text()
    rating: int
    token: int
    attempt: int
    redone: int
    snapshot_seq: int | None = None
    owner: str | None = _text(default=None)
    lease_until: float | None = None
    done_seq: int | None = None
    due_at: float | None = None  # not before then: it has failed and is to be tried again
    waits_for: str | None = _text(default=None)  # whom or what it is parked for


class Gathering(SQLModel, table=True):
    """How far a group of a fan-in watch is: `all_done(Kind, by=…, size=…)`."""

    __tablename__ = "gathering"
    __table_args__ = (CLUSTERED,)
    board_id: str = _text(primary_key=True)
    agent: str = _text(primary_key=True)
    name: str = _text(primary_key=True)  # JSON: what `by` gave; empty: the whole board
    entries: int
    done: int
    last_seq: int  # the last version that was counted, or has left
    size: int | None = None  # how many done ones make it whole; NULL: none may be unfinished
    handed: int | None = None  # with a size: the trigger of the activation that it was handed over to


class Gathered(SQLModel, table=True):
    """Which group of a fan-in watch an entry belongs to, by its last version that was noticed."""

    __tablename__ = "gathered"
    __table_args__ = (Index("gathered_by_group", "board_id", "agent", "name"), CLUSTERED)
    board_id: str = _text(primary_key=True)
    agent: str = _text(primary_key=True)
    key: str = _text(primary_key=True)
    name: str | None = _text(default=None)  # NULL: it has left
    seq: int
    done: bool


class Batch(SQLModel, table=True):
    """That an entry version is one of those that an activation of a `batched` watch takes."""

    __tablename__ = "batch"
    __table_args__ = (Index("batch_by_activation", "board_id", "activation_id"), CLUSTERED)
    board_id: str = _text(primary_key=True)
    agent: str = _text(primary_key=True)
    seq: int = Field(primary_key=True)
    activation_id: int


class Attempt(SQLModel, table=True):
    """An attempt that did not succeed, with its cause."""

    __tablename__ = "attempt"
    __table_args__ = (CLUSTERED,)
    board_id: str = _text(primary_key=True)
    activation_id: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    outcome: str = _text()  # failed, stale, moot, lost, left
    cause: str = _text()
    at: float


class ActivationRead(SQLModel, table=True):
    """One thing that an activation looked at: an entry version, or a query, or a key that was not there."""

    __tablename__ = "activation_read"
    __table_args__ = (Index("activation_read_by_seq", "board_id", "seq"), CLUSTERED)
    board_id: str = _text(primary_key=True)
    activation_id: int = Field(primary_key=True)
    ordinal: int = Field(primary_key=True)
    strict: bool
    seq: int | None = None
    query: str | None = _text(default=None)


class Budget(SQLModel, table=True):
    """A cap and what is used of it. Scope: `board:ID`, `agent:ID/NAME`, `day:DATE` (in UTC), `day:DATE/MODEL`."""

    __tablename__ = "budget"
    __table_args__ = (
        CheckConstraint("settled - overrun + reserved <= cap", name="budget_cap"),
        CheckConstraint("settled >= 0 AND reserved >= 0 AND overrun >= 0", name="budget_signs"),
        CLUSTERED,
    )
    scope: str = _text(primary_key=True)
    unit: str = _text(primary_key=True)
    cap: int | None = None
    settled: int
    reserved: int
    overrun: int


class Call(SQLModel, table=True):
    """A call of a model: reserved before it is made, settled after it. The answer of one never changes."""

    __tablename__ = "call"
    __table_args__ = (
        CheckConstraint("state IN ('inflight', 'done', 'unknown', 'late')", name="call_state"),
        CheckConstraint("(state = 'inflight') = (ended_at IS NULL)", name="call_ended"),
        CheckConstraint("bound_usd >= 0 AND bound_tokens >= 0 AND spent_usd >= 0 AND spent_tokens >= 0",
                        name="call_signs"),
        Index("call_asked", "board_id", "activation_id", "asked", "nth"),
        Index("call_inflight", "board_id", "activation_id", "token", "endpoint", "model", "begun_at",
              sqlite_where=text("state = 'inflight'")),
        Index("call_begun", "begun_at", "model", "bound_tokens", "spent_tokens"),
        Index("call_outcome", "endpoint", "model", "ended_at", sqlite_where=text("ended_at IS NOT NULL")),
    )  # fmt: skip
    board_id: str = _text(primary_key=True)
    id: int = Field(primary_key=True)
    activation_id: int
    agent: str = _text()
    token: int  # of the claim that it was begun under
    asked: str = _text()
    nth: int
    endpoint: str = _text()
    model: str = _text()
    state: str = _text()
    fault: str | None = _text(default=None)
    cause: str = _text()
    rejected: str | None = _text(default=None)
    bound_usd: int | None = None  # nano-dollars; NULL: the price of the model is not known
    bound_tokens: int
    spent_usd: int | None = None
    spent_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    price: str | None = _text(default=None)
    day: str = _text()  # in UTC: whose budgets it is of
    begun_at: float
    ended_at: float | None = None
    request: str = _text()
    response: str | None = _text(default=None)


class Short(SQLModel, table=True):
    """What a parked activation waits for: so much of a budget. It counts while the activation is parked for it."""

    __tablename__ = "short"
    __table_args__ = (Index("short_by_scope", "scope", "unit"), CLUSTERED)
    board_id: str = _text(primary_key=True)
    activation_id: int = Field(primary_key=True)
    scope: str = _text()
    unit: str = _text()
    amount: int


class Limit(SQLModel, table=True):
    """What the processes of this database may take together of a model, or (`*`) of all models."""

    __tablename__ = "limits"
    __table_args__ = (CLUSTERED,)
    model: str = _text(primary_key=True)
    requests_a_minute: int | None = None
    tokens_a_minute: int | None = None
    calls_at_once: int | None = None
    nano_usd_a_day: int | None = None
    tokens_a_day: int | None = None
    calls_a_day: int | None = None


class Gate(SQLModel, table=True):
    """That a model at an endpoint has asked for a rest, or failed so often that its breaker has opened."""

    __tablename__ = "gate"
    __table_args__ = (CLUSTERED,)
    endpoint: str = _text(primary_key=True)
    model: str = _text(primary_key=True)
    rest_until: float | None = None
    at_once: int | None = None  # calls at a time since it has asked for a rest; NULL: any number
    open_until: float | None = None  # NULL: the breaker is closed
    opened: int = 0  # how often in a row
    since: float | None = None  # what ended before then says nothing of how it is now


class Worker(SQLModel, table=True):
    """A process that serves boards: a new id at every start."""

    __tablename__ = "worker"
    id: str = _text(primary_key=True)
    host: str = _text()
    pid: int
    started_at: float
    beat_at: float
    left_at: float | None = None


class Serving(SQLModel, table=True):
    """That a worker serves agents of a board: there while it does, or until somebody sees that it has died."""

    __tablename__ = "serving"
    __table_args__ = (CLUSTERED,)
    board_id: str = _text(primary_key=True)
    worker_id: str = _text(primary_key=True)
    agents: str = _text()  # JSON: name -> code version
    slots: int
    since: float
    beat_at: float


TABLES = SQLModel.metadata
