"""Every read, compiled once: entries, queries and what settles them, what people and the controller ask."""

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, func, literal_column, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from blackboard.activation import OPEN, Query
from store.core import (
    P,
    activation,
    agent,
    among,
    attempt,
    board,
    budget,
    compiled,
    entry,
    field_,
    link,
    mark,
    read,
    schema,
    serving,
    unindexed,
    word,
    words,
    worker,
)

COLUMNS = (
    entry.c.seq, entry.c.key, entry.c.version, entry.c.kind, entry.c.status, entry.c.author, entry.c.activation_id,
    entry.c.about, entry.c.integrity, entry.c.confidentiality, entry.c.origins, entry.c.sha256, entry.c.posted_at,
    entry.c.born_seq, entry.c.superseded_seq, entry.c.body,
)  # fmt: skip
OF_BOARD = entry.c.board_id == P("board")


# -- looking -------------------------------------------------------------------------------------------------------
BY_SEQ = compiled(select(*COLUMNS).where(OF_BOARD, among(entry.c.seq, "seqs")).order_by(entry.c.seq))
BY_KEY = compiled(select(*COLUMNS).where(OF_BOARD, entry.c.key == P("key"), entry.c.superseded_seq.is_(None)))
BY_KEY_AS_OF = compiled(
    select(*COLUMNS)
    .where(OF_BOARD, entry.c.key == P("key"), entry.c.seq + 0 <= P("as_of"))
    .order_by(entry.c.version.desc())
    .limit(1)
)
VERSIONS = compiled(select(*COLUMNS).where(OF_BOARD, entry.c.key == P("key")).order_by(entry.c.version))
FEED = compiled(select(*COLUMNS).where(OF_BOARD, entry.c.seq > P("after")).order_by(entry.c.seq).limit(P("limit")))
NOW = compiled(select(*COLUMNS).where(OF_BOARD, entry.c.superseded_seq.is_(None)).order_by(entry.c.born_seq))
AS_OF = compiled(
    select(*COLUMNS)
    .where(OF_BOARD, entry.c.seq <= P("as_of"))
    .where(or_(entry.c.superseded_seq.is_(None), entry.c.superseded_seq > P("as_of")))
    .order_by(entry.c.born_seq)
)
MADE_FROM = compiled(
    select(read.c.seq)
    .where(read.c.board_id == P("board"), read.c.activation_id == P("activation"), read.c.seq.is_not(None))
    .order_by(read.c.ordinal)
)
_said = (entry.c.seq, entry.c.key, entry.c.version, entry.c.kind, entry.c.status, entry.c.author, entry.c.sha256)
_line = (
    select(literal_column("0").label("step"), *_said, entry.c.activation_id)
    .where(OF_BOARD, entry.c.seq == P("seq"))
    .cte("line", recursive=True)
)
_woken = and_(activation.c.board_id == P("board"), activation.c.id == _line.c.activation_id)
_waker = and_(OF_BOARD, entry.c.seq == activation.c.trigger_seq)
_line = _line.union_all(
    select(_line.c.step + 1, *_said, entry.c.activation_id)
    .select_from(_line.join(activation, _woken).join(entry, _waker))
    .where(entry.c.seq + 0 > P("after"), _line.c.step < P("steps"))
)
LINEAGE = compiled(select(*(_line.c[column.name] for column in _said)).order_by(_line.c.step))
_of_agents = and_(
    activation.c.board_id == entry.c.board_id, activation.c.id == entry.c.activation_id,
    activation.c.agent != word("outside"),
)  # fmt: skip
WROTE_SINCE = compiled(
    select(func.count()).select_from(
        select(entry.c.activation_id)
        .distinct()
        .select_from(entry.join(activation, _of_agents))
        .where(OF_BOARD, entry.c.seq >= P("seq"))
        .limit(P("limit"))
        .subquery()
    )
)
ENDED_SINCE = compiled(
    select(func.count())
    .where(activation.c.board_id == P("board"), activation.c.state.in_([word("done"), word("failed")]))
    .where(activation.c.done_seq >= P("seq"), activation.c.agent != word("outside"))
)
KIND_LABEL = compiled(
    select(func.min(mark.c.integrity), func.max(mark.c.confidentiality)).where(
        mark.c.board_id == P("board"), mark.c.kind == P("kind")
    )
)


def _matching(query: Query) -> list[ColumnElement[bool]]:
    """The predicate of a query on versions. The narrowest index drives: links, then fields, then the kind."""
    narrow = query.about is not None or bool(query.fields)
    where = [OF_BOARD, among(entry.c.status, "status")]
    where.append((unindexed(entry.c.kind) if narrow else entry.c.kind) == P("kind"))
    if query.about is not None:
        about = select(link.c.seq).where(link.c.board_id == P("board"), link.c.about_key == P("about"))
        where.append(entry.c.seq.in_(about))
    if query.authors:
        where.append(among(entry.c.author, "authors"))
    for n, _ in enumerate(query.fields):
        seqs = select(field_.c.seq).where(
            field_.c.board_id == P("board"), field_.c.kind == P("kind"), field_.c.name == P(f"name{n}"),
            field_.c.value == P(f"value{n}"),
        )  # fmt: skip
        where.append(entry.c.seq.in_(seqs))
    return where


def values(name: str, query: Query) -> dict[str, Any]:
    """The parameters of a query on a board, but for its seqs."""
    found: dict[str, Any] = {"p_board": name, "p_kind": query.kind, "p_status": words(query.status)}
    if query.about is not None:
        found["p_about"] = query.about
    if query.authors:
        found["p_authors"] = words(query.authors)
    for n, (field_name, value) in enumerate(query.fields):
        found[f"p_name{n}"], found[f"p_value{n}"] = field_name, value
    return found


def shape(query: Query) -> Query:
    """What of a query decides its text; the rest are parameters."""
    about, authors = None if query.about is None else "", ("",) if query.authors else ()
    return Query("", (), about, tuple(("", "") for _ in query.fields), query.limit, authors)


@lru_cache(maxsize=256)
def finding(shaped: Query, past: bool, counting: bool) -> str:
    """Text of a find or a count: now, or as of `p_as_of`. Past is two ranges of one index, never OR."""
    where, narrow = _matching(shaped), shaped.about is not None or bool(shaped.fields)
    superseded = entry.c.superseded_seq + 0 if narrow else entry.c.superseded_seq
    kept = entry.c.superseded_seq.is_(None) if not narrow else superseded.is_(None)
    columns = [entry.c.seq] if counting else list(COLUMNS)
    parts: Any
    if not past:
        parts = select(*columns).where(*where, kept)
    elif narrow:
        parts = select(*columns).where(*where, entry.c.seq + 0 <= P("as_of"), or_(kept, superseded > P("as_of")))
    else:
        early = [*where, entry.c.seq <= P("as_of")]
        parts = union_all(select(*columns).where(*early, kept), select(*columns).where(*early, superseded > P("as_of")))
    if counting:
        return compiled(select(func.count()).select_from(parts.subquery()))
    ordered: Any = parts.order_by("born_seq") if not isinstance(parts, Select) else parts.order_by(entry.c.born_seq)
    return compiled(ordered.limit(P("limit")) if shaped.limit is not None else ordered)


@lru_cache(maxsize=256)
def arrivals(shaped: Query, bounded: bool) -> str:
    """Text that counts what now matches and came after `p_after` (and is older than the bound of a cut find)."""
    where = [*_matching(shaped), entry.c.superseded_seq.is_(None), entry.c.seq > P("after")]
    if bounded:
        where.append(entry.c.born_seq < P("bound"))
    return compiled(select(func.count()).select_from(entry).where(*where))


@lru_cache(maxsize=256)
def departures(shaped: Query) -> str:
    """Text that counts what matched as of `p_after` and has been superseded since."""
    where = [*_matching(shaped), entry.c.superseded_seq > P("after"), entry.c.seq <= P("after")]
    return compiled(select(func.count()).select_from(entry).where(*where))


BOARD = compiled(select(*board.c).where(board.c.id == P("board")))
BOARDS = compiled(
    select(*board.c).where(or_(P("status").is_(None), board.c.status == P("status"))).order_by(board.c.number)
)
NUMBER = compiled(select(board.c.number).where(board.c.id == P("board")))
HEAD = compiled(select(board.c.head).where(board.c.id == P("board")))
MADE_AT = compiled(select(schema.c.applied_at).where(schema.c.version == 1))
ALL_MARKS = compiled(
    select(mark.c.kind, mark.c.status, mark.c.entries).where(mark.c.board_id == P("board"), mark.c.entries > 0)
)
CURSORS = compiled(select(agent.c.name, agent.c.cursor_seq).where(agent.c.board_id == P("board")))
SEATS = compiled(
    select(
        agent.c.name,
        agent.c.watches,
        agent.c.code_version,
        agent.c.cursor_seq,
        agent.c.writes,
        agent.c.reads,
        agent.c.tools,
    )
    .where(agent.c.board_id == P("board"))
    .order_by(agent.c.name)
)


BUDGETS = compiled(
    select(budget.c.unit, budget.c.cap, budget.c.settled, budget.c.reserved)
    .where(budget.c.scope == P("scope"))
    .order_by(budget.c.unit)
)
AGENT_BUDGETS = compiled(
    select(agent.c.name, budget.c.unit, budget.c.cap, budget.c.settled, budget.c.reserved)
    .where(agent.c.board_id == P("board"))
    .where(budget.c.scope == word("agent:").concat(agent.c.board_id).concat(word("/")).concat(agent.c.name))
    .order_by(agent.c.name, budget.c.unit)
)
_holds = (
    select(func.count())
    .where(activation.c.board_id == serving.c.board_id, activation.c.owner == serving.c.worker_id)
    .where(activation.c.state == word("running"))
    .scalar_subquery()
)
SERVING = compiled(
    select(
        serving.c.board_id, worker.c.id, worker.c.host, worker.c.pid, serving.c.agents, serving.c.slots,
        serving.c.since, serving.c.beat_at, _holds,
    )
    .where(worker.c.id == serving.c.worker_id, or_(P("board").is_(None), serving.c.board_id == P("board")))
    .order_by(serving.c.since, worker.c.id)
)  # fmt: skip
# -- what people and the controller ask ----------------------------------------------------------------------
OPEN_STATES = compiled(
    select(activation.c.state, activation.c.agent, func.count())
    .where(activation.c.board_id == P("board"))
    .where(activation.c.state.in_([word(s) for s in (*OPEN, "failed")]))
    .group_by(activation.c.state, activation.c.agent)
)
BELOW = compiled(
    select(activation.c.agent, func.count())
    .where(activation.c.board_id == P("board"), activation.c.state == word("pending"))
    .where(activation.c.rating < P("least"))
    .group_by(activation.c.agent)
)
_last_cause = (
    select(attempt.c.cause)
    .where(attempt.c.board_id == activation.c.board_id, attempt.c.activation_id == activation.c.id)
    .order_by(attempt.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
FAILURES = compiled(
    select(activation.c.agent, _last_cause)
    .where(activation.c.board_id == P("board"), activation.c.state == word("failed"))
    .order_by(activation.c.id.desc())
    .limit(5)
)
ACTED = compiled(
    select(activation.c.agent, func.count()).where(activation.c.board_id == P("board")).group_by(activation.c.agent)
)
_ACTIVATION = (
    activation.c.id, activation.c.agent, activation.c.state, activation.c.trigger_seq, activation.c.trigger_kind,
    activation.c.rating, activation.c.attempt, activation.c.redone, activation.c.token, activation.c.snapshot_seq,
    activation.c.owner, activation.c.done_seq, _last_cause, activation.c.due_at, activation.c.waits_for,
)  # fmt: skip
ACTIVATIONS = compiled(
    select(*_ACTIVATION)
    .where(activation.c.board_id == P("board"), or_(P("agent").is_(None), activation.c.agent == P("agent")))
    .order_by(activation.c.id)
)
SOME_ACTIVATIONS = compiled(
    select(*_ACTIVATION)
    .where(activation.c.board_id == P("board"), among(activation.c.id, "ids"))
    .order_by(activation.c.id)
)
_in_state = (
    select(activation.c.id)
    .where(activation.c.board_id == P("board"), activation.c.state == P("state"))
    .order_by((activation.c.id + 0).desc())
    .limit(P("limit"))
)
IN_STATE = compiled(
    select(*_ACTIVATION)
    .where(activation.c.board_id == P("board"), activation.c.id.in_(_in_state))
    .order_by(activation.c.id.desc())
)
AGENDA = compiled(
    select(activation.c.agent, activation.c.state, func.count(), func.sum(activation.c.redone))
    .where(activation.c.board_id == P("board"))
    .group_by(activation.c.agent, activation.c.state)
    .order_by(func.min(activation.c.id))
)
ATTEMPTS = compiled(
    select(attempt.c.activation_id, attempt.c.number, attempt.c.outcome, attempt.c.cause, attempt.c.at)
    .where(attempt.c.board_id == P("board"), among(attempt.c.activation_id, "ids"))
    .order_by(attempt.c.activation_id, attempt.c.number)
)
_looked_at = and_(read.c.board_id == P("board"), read.c.activation_id == P("activation"), read.c.seq.is_not(None))
LOOKED_AT = compiled(select(read.c.seq, read.c.strict).where(_looked_at).order_by(read.c.ordinal).limit(P("limit")))
COUNT_LOOKED_AT = compiled(select(func.count()).select_from(read).where(_looked_at))
VERSION = compiled(select(*COLUMNS).where(OF_BOARD, entry.c.key == P("key"), entry.c.version == P("version")))
NEWEST = compiled(
    select(*COLUMNS)
    .where(OF_BOARD, entry.c.kind == P("kind"), entry.c.superseded_seq.is_(None))
    .order_by(entry.c.seq.desc())
    .limit(P("limit"))
)
_then = and_(OF_BOARD, entry.c.kind == P("kind"), entry.c.seq <= P("as_of"))
_seqs = union_all(
    select(entry.c.seq).where(_then, entry.c.superseded_seq.is_(None)),
    select((entry.c.seq + 0).label("seq")).where(_then, entry.c.superseded_seq > P("as_of")),
).subquery()
NEWEST_AS_OF = compiled(  # the bodies of those alone that are shown
    select(*COLUMNS)
    .where(OF_BOARD, entry.c.seq.in_(select(_seqs.c.seq).order_by(_seqs.c.seq.desc()).limit(P("limit"))))
    .order_by(entry.c.seq.desc())
)
COUNT_AS_OF = compiled(
    union_all(
        select(func.count()).select_from(entry).where(_then, entry.c.superseded_seq.is_(None)),
        select(func.count()).select_from(entry).where(_then, entry.c.superseded_seq > P("as_of")),
    )
)
WAITING = compiled(
    select(*_ACTIVATION)
    .where(activation.c.board_id == P("board"), activation.c.state == word("waiting"), activation.c.agent == P("agent"))
    .order_by(activation.c.id)
)
