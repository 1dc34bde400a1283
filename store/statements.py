"""Every hot statement: SQLAlchemy Core on the tables, compiled once and run as text on the driver's connection.

Parameters are named `p_…`, so that they never clash with columns. Lists travel as one JSON parameter.
"""

import json
import re
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, insert, literal_column, or_, select, union_all, update
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import ColumnElement

from blackboard.activation import Query
from store.tables import TABLES

entry, link, field_, mark = (TABLES.tables[name] for name in ("entry", "link", "field", "kind_mark"))
board, agent, activation = (TABLES.tables[name] for name in ("board", "agent", "activation"))
attempt, read, budget, worker = (TABLES.tables[name] for name in ("attempt", "activation_read", "budget", "worker"))

DIALECT: Dialect = sqlite_dialect(paramstyle="named")


def compiled(statement: ClauseElement) -> str:
    """The text of a statement for the driver, its constants written out."""
    made = statement.compile(dialect=DIALECT)
    text = str(made)
    for name, bind in made.binds.items():  # type: ignore[attr-defined]
        if not bind.required:
            constant = "NULL" if bind.value is None else str(int(bind.value))
            text = re.sub(rf":{name}\b", constant, text)
    return text


def P(name: str) -> ColumnElement[Any]:  # noqa: N802 reads as the parameter marker that it is
    """A parameter of a statement."""
    return bindparam(f"p_{name}")


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the column is one of a list that travels as JSON."""
    return column.in_(select(func.json_each(P(name)).table_valued("value").c.value))


def word(value: str) -> ColumnElement[Any]:
    """A constant in the statement itself, where a partial index needs to see it."""
    return literal_column(f"'{value}'")


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same value, kept from tempting the planner away from the narrower index."""
    return column.concat(word(""))


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
    for n, _ in enumerate(query.fields):
        seqs = select(field_.c.seq).where(
            field_.c.board_id == P("board"), field_.c.kind == P("kind"), field_.c.name == P(f"name{n}"),
            field_.c.value == P(f"value{n}"),
        )  # fmt: skip
        where.append(entry.c.seq.in_(seqs))
    return where


def values(name: str, query: Query) -> dict[str, Any]:
    """The parameters of a query on a board, but for its seqs."""
    found: dict[str, Any] = {"p_board": name, "p_kind": query.kind, "p_status": _json_list(query.status)}
    if query.about is not None:
        found["p_about"] = query.about
    for n, (field_name, value) in enumerate(query.fields):
        found[f"p_name{n}"], found[f"p_value{n}"] = field_name, value
    return found


@lru_cache(maxsize=1024)
def _json_list(words: tuple[str, ...]) -> str:
    return json.dumps(words)


def shape(query: Query) -> Query:
    """What of a query decides its text; the rest are parameters."""
    return Query("", (), None if query.about is None else "", tuple(("", "") for _ in query.fields), query.limit)


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


# -- the serialization point, and the facts --------------------------------------------------------------------------
BOARD = compiled(select(*board.c).where(board.c.id == P("board")))
BOARDS = compiled(select(*board.c).order_by(board.c.number))
BOARD_NUMBER = compiled(select(func.count(), func.count().filter(board.c.scenario == P("scenario"))).select_from(board))
LOCKED = compiled(
    select(board.c.status, board.c.head, board.c.activations, board.c.quiet).where(board.c.id == P("board"))
)
ADVANCE_BOARD = compiled(
    update(board).where(board.c.id == P("board")).values(head=P("head"), activations=P("activations"))
)
SET_QUIET = compiled(update(board).where(board.c.id == P("board")).values(quiet=P("quiet")))
RAN = compiled(update(board).where(board.c.id == P("board")).values(ran_seconds=board.c.ran_seconds + P("seconds")))
CLOSE = compiled(update(board).where(board.c.id == P("board")).values(status=word("closed"), verdict=P("verdict")))
CANCEL = compiled(update(board).where(board.c.id == P("board")).values(cancelled=P("reason")))
REOPEN = compiled(
    update(board)
    .where(board.c.id == P("board"))
    .values(
        status=word("open"), verdict=None, quiet=None, cancelled=None, epoch=board.c.epoch + P("epochs"),
        options=P("options"),
    )
)  # fmt: skip
ONE_ACTIVATION = compiled(
    select(activation.c.state, activation.c.token, activation.c.done_seq).where(
        activation.c.board_id == P("board"), activation.c.id == P("id")
    )
)
BY_BINDING = compiled(
    select(activation.c.id, activation.c.done_seq).where(
        activation.c.board_id == P("board"), activation.c.agent == P("agent"), activation.c.binding == P("binding")
    )
)
SUPERSEDED = compiled(
    select(entry.c.seq, entry.c.superseded_seq).where(
        OF_BOARD, among(entry.c.seq, "seqs"), entry.c.superseded_seq.is_not(None)
    )
)
APPEARED = compiled(select(entry.c.key).where(OF_BOARD, among(entry.c.key, "keys"), entry.c.superseded_seq.is_(None)))
MARKS = compiled(
    select(mark.c.kind, mark.c.status, mark.c.entries, mark.c.last_seq).where(
        mark.c.board_id == P("board"), among(mark.c.kind, "kinds")
    )
)
ALL_MARKS = compiled(
    select(mark.c.kind, mark.c.status, mark.c.entries).where(mark.c.board_id == P("board"), mark.c.entries > 0)
)
CURSORS = compiled(select(agent.c.name, agent.c.cursor_seq).where(agent.c.board_id == P("board")))
SEATS = compiled(
    select(agent.c.name, agent.c.watches, agent.c.code_version, agent.c.cursor_seq)
    .where(agent.c.board_id == P("board"))
    .order_by(agent.c.name)
)


# -- writing ---------------------------------------------------------------------------------------------------------
def inserting(table: Any) -> str:
    """Text that inserts one whole row; parameters are the columns by name."""
    return compiled(insert(table))


INSERT_ENTRY, INSERT_LINK, INSERT_FIELD = inserting(entry), inserting(link), inserting(field_)
INSERT_READ, INSERT_ATTEMPT = inserting(read), inserting(attempt)
INSERT_BOARD, INSERT_BUDGET = inserting(board), inserting(budget)
SUPERSEDE = compiled(
    update(entry)
    .where(OF_BOARD, entry.c.seq == P("seq"), entry.c.key == P("key"), entry.c.superseded_seq.is_(None))
    .values(superseded_seq=P("by"))
)
_new_mark = upsert(mark)
ADD_MARK = compiled(
    _new_mark.on_conflict_do_update(
        index_elements=["board_id", "kind", "status"],
        set_={
            "entries": mark.c.entries + _new_mark.excluded.entries,
            "last_seq": func.max(mark.c.last_seq, _new_mark.excluded.last_seq),
            "integrity": func.min(mark.c.integrity, _new_mark.excluded.integrity),
            "confidentiality": func.max(mark.c.confidentiality, _new_mark.excluded.confidentiality),
        },
    )
)
TAKE_MARK = compiled(
    update(mark)
    .where(mark.c.board_id == P("board"), mark.c.kind == P("kind"), mark.c.status == P("status"))
    .values(entries=mark.c.entries + P("change"))
)
PROPOSE = compiled(upsert(activation).on_conflict_do_nothing(index_elements=["board_id", "agent", "binding"]))
_new_seat = upsert(agent)
SEAT = compiled(
    _new_seat.on_conflict_do_update(
        index_elements=["board_id", "name"],
        set_={"code_version": _new_seat.excluded.code_version, "watches": _new_seat.excluded.watches},
    )
)
ADVANCE_AGENTS = compiled(
    update(agent)
    .where(agent.c.board_id == P("board"), agent.c.cursor_seq == P("before"), among(agent.c.name, "agents"))
    .values(cursor_seq=P("head"))
)
ADVANCE_AGENT = compiled(
    update(agent)
    .where(agent.c.board_id == P("board"), agent.c.name == P("agent"), agent.c.cursor_seq == P("before"))
    .values(cursor_seq=P("head"))
)

# -- claims: only a claim changes the token; every other change of state carries it -----------------------------------
_this = and_(activation.c.board_id == P("board"), activation.c.id == P("id"), activation.c.token == P("token"))
_running = and_(_this, activation.c.state == word("running"))
CLAIMED = (
    activation.c.id, activation.c.agent, activation.c.trigger_seq, activation.c.trigger_kind, activation.c.snapshot_seq,
    activation.c.token, activation.c.attempt, activation.c.redone,
)  # fmt: skip
_trigger = and_(
    entry.c.board_id == activation.c.board_id,
    entry.c.seq == activation.c.trigger_seq,
    activation.c.trigger_kind.is_(None),
)
NEXT = compiled(  # with what woke it: one read tells whether that has changed, and saves the agent its first look
    select(*CLAIMED, *COLUMNS)
    .select_from(activation.outerjoin(entry, _trigger))
    .where(activation.c.board_id == P("board"), activation.c.state == word("pending"))
    .where(among(activation.c.agent, "agents"), activation.c.attempt >= P("tried"))
    .order_by(activation.c.rating.desc(), activation.c.id)
    .limit(P("limit"))
)
ABANDONED = compiled(
    select(*CLAIMED, activation.c.owner)
    .where(
        activation.c.board_id == P("board"), activation.c.state == word("running"), activation.c.owner != P("worker")
    )
    .where(among(activation.c.agent, "agents"))
    .where(or_(activation.c.lease_until < P("now"), among(activation.c.owner, "dead")))
)
CLAIM = compiled(
    update(activation)
    .where(_this, activation.c.state.in_([word("pending"), word("running")]))
    .values(
        state=word("running"), token=activation.c.token + 1, attempt=activation.c.attempt + 1, owner=P("worker"),
        lease_until=P("until"), snapshot_seq=P("snapshot"),
    )
)  # fmt: skip
FINISH = compiled(update(activation).where(_running).values(state=P("state"), done_seq=P("done"), lease_until=None))
REDO = compiled(update(activation).where(_running).values(snapshot_seq=P("snapshot"), redone=activation.c.redone + 1))
PUT_BACK = compiled(
    update(activation)
    .where(_running)
    .values(state=word("pending"), owner=None, lease_until=None, attempt=activation.c.attempt - P("untried"))
)
HELD_BY = compiled(
    select(activation.c.id, activation.c.token, activation.c.attempt)
    .where(activation.c.board_id == P("board"), activation.c.state == word("running"))
    .where(or_(P("worker").is_(None), activation.c.owner == P("worker")))
)
DROP_PENDING = compiled(
    update(activation).where(_this, activation.c.state == word("pending")).values(state=word("moot"))
)
BEAT_CLAIMS = compiled(
    update(activation)
    .where(
        activation.c.board_id == P("board"), activation.c.state == word("running"), activation.c.owner == P("worker")
    )
    .values(lease_until=P("until"))
    .returning(activation.c.id, activation.c.token)
)
DROP_ALL = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), activation.c.state.in_([word("pending"), word("running")]))
    .values(state=word("moot"), owner=None, lease_until=None)
)
HOLDING = compiled(
    select(func.count())
    .select_from(activation)
    .where(activation.c.board_id == P("board"), activation.c.state.in_([word("pending"), word("running")]))
    .where(activation.c.attempt > 0)
)
NEXT_ATTEMPT = compiled(
    select(func.coalesce(func.max(attempt.c.number), 0) + 1).where(
        attempt.c.board_id == P("board"), attempt.c.activation_id == P("id")
    )
)

# -- budgets, workers --------------------------------------------------------------------------------------------------
_row = and_(budget.c.scope == P("scope"), budget.c.unit == P("unit"))
RESERVE = compiled(
    update(budget)
    .where(
        _row,
        or_(
            budget.c.cap.is_(None),
            budget.c.settled - budget.c.overrun + budget.c.reserved + P("amount") <= budget.c.cap,
        ),
    )
    .values(reserved=budget.c.reserved + P("amount"))
)
SETTLE = compiled(
    update(budget)
    .where(_row)
    .values(reserved=budget.c.reserved - P("reserved"), settled=budget.c.settled + P("settled"))
)
RECAP = compiled(update(budget).where(_row).values(cap=P("cap")))
BUDGETS = compiled(
    select(budget.c.unit, budget.c.cap, budget.c.settled, budget.c.reserved).where(budget.c.scope == P("scope"))
)
_new_worker = upsert(worker)
ANNOUNCE = compiled(
    _new_worker.on_conflict_do_update(index_elements=["id"], set_={"beat_at": _new_worker.excluded.beat_at})
)
BEAT_WORKER = compiled(update(worker).where(worker.c.id == P("worker")).values(beat_at=P("now")))
WORKERS = compiled(select(worker.c.id, worker.c.host, worker.c.pid, worker.c.beat_at).order_by(worker.c.started_at))
OWNERS = compiled(
    select(worker.c.id, worker.c.host, worker.c.pid).where(
        worker.c.id.in_(
            select(activation.c.owner).where(activation.c.board_id == P("board"), activation.c.state == word("running"))
        )
    )
)

# -- what people and the controller ask ---------------------------------------------------------------------------------
OPEN_STATES = compiled(
    select(activation.c.state, activation.c.agent, func.count())
    .where(activation.c.board_id == P("board"))
    .where(activation.c.state.in_([word(s) for s in ("waiting", "pending", "running", "parked", "failed")]))
    .group_by(activation.c.state, activation.c.agent)
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
ACTIVATIONS = compiled(
    select(
        activation.c.id, activation.c.agent, activation.c.state, activation.c.trigger_seq, activation.c.trigger_kind,
        activation.c.rating, activation.c.attempt, activation.c.redone, activation.c.token, activation.c.snapshot_seq,
        activation.c.owner, activation.c.done_seq, _last_cause,
    )
    .where(activation.c.board_id == P("board"), or_(P("agent").is_(None), activation.c.agent == P("agent")))
    .order_by(activation.c.id)
)  # fmt: skip
