"""Statements about calls of models: the journal, what they take of budgets, what waits for these; compiled once."""

from typing import Any

from sqlalchemy import and_, case, delete, func, null, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from blackboard.budget import CALLS, TOKENS, USD
from store.core import (
    P,
    activation,
    among,
    board,
    budget,
    call,
    compiled,
    entry,
    gate,
    limits,
    read,
    short,
    word,
)
from store.queries import COLUMNS
from store.statements import inserting

_inflight = call.c.state == word("inflight")
_this = and_(call.c.board_id == P("board"), call.c.id == P("id"))
_RECORD = (
    call.c.board_id, call.c.id, call.c.activation_id, call.c.agent, call.c.token, call.c.asked, call.c.nth,
    call.c.endpoint, call.c.model, call.c.state, call.c.fault, call.c.cause, call.c.rejected, call.c.bound_usd,
    call.c.bound_tokens, call.c.spent_usd, call.c.spent_tokens, call.c.input_tokens, call.c.output_tokens,
    call.c.cache_read_tokens, call.c.cache_write_tokens, call.c.cache_write_1h_tokens, call.c.price, call.c.begun_at,
    call.c.ended_at,
)  # fmt: skip

# -- the journal -----------------------------------------------------------------------------------------------------
HELD = compiled(
    select(board.c.status, activation.c.state, activation.c.token)
    .select_from(board.outerjoin(activation, and_(activation.c.board_id == board.c.id, activation.c.id == P("id"))))
    .where(board.c.id == P("board"))
)
ANSWERED = compiled(
    select(*_RECORD, call.c.request, call.c.response)
    .where(call.c.board_id == P("board"), call.c.activation_id == P("activation"))
    .where(call.c.asked == P("asked"), call.c.nth == P("nth"))
    .where(call.c.response.is_not(None), call.c.state.in_([word("done"), word("late")]))
    .order_by(call.c.id.desc())
    .limit(1)
)
LAST_CALL = compiled(select(call.c.id).where(call.c.board_id == P("board")).order_by(call.c.id.desc()).limit(1))
INSERT_CALL = inserting(call)
STANDS = compiled(
    select(
        call.c.state, call.c.agent, call.c.endpoint, call.c.model, call.c.day, call.c.begun_at, call.c.bound_usd,
        call.c.bound_tokens, call.c.spent_usd, call.c.spent_tokens,
    ).where(_this)
)  # fmt: skip
END_CALL = compiled(
    update(call)
    .where(_this)
    .values(
        state=P("state"), fault=P("fault"), cause=P("cause"), spent_usd=P("usd"), spent_tokens=P("tokens"),
        input_tokens=P("input"), output_tokens=P("output"), cache_read_tokens=P("cache_read"),
        cache_write_tokens=P("cache_write"), cache_write_1h_tokens=P("cache_write_1h"), price=P("price"),
        ended_at=P("now"), response=P("response"),
    )
)  # fmt: skip
UNENDED = compiled(  # of one activation, of claims before this one where there is a token; or of a whole board
    select(call.c.id, call.c.agent, call.c.model, call.c.day, call.c.bound_usd, call.c.bound_tokens)
    .where(call.c.board_id == P("board"), _inflight)
    .where(or_(P("activation").is_(None), call.c.activation_id == P("activation")))
    .where(or_(P("before").is_(None), call.c.token < P("before")))
)
WRITE_OFF = compiled(
    update(call)
    .where(_this, _inflight)
    .values(
        state=word("unknown"), ended_at=P("now"), spent_usd=call.c.bound_usd, spent_tokens=call.c.bound_tokens,
        cause=P("cause"),
    )
)  # fmt: skip
REJECT = compiled(
    update(call).where(call.c.board_id == P("board"), among(call.c.id, "ids")).values(rejected=P("cause"))
)
CALL = compiled(select(*_RECORD, call.c.request, call.c.response).where(_this))
CALLS_OF_BOARD = compiled(
    select(*_RECORD, word("").label("request"), null().label("response"))
    .where(call.c.board_id == P("board"))
    .order_by(call.c.id)
)
CALLS_OF = compiled(
    select(*_RECORD, word("").label("request"), null().label("response"))
    .where(call.c.board_id == P("board"), among(call.c.activation_id, "ids"))
    .order_by(call.c.id)
)
LAST_SEEN = compiled(
    select(*COLUMNS)
    .select_from(
        entry.join(read, and_(read.c.board_id == entry.c.board_id, read.c.seq == entry.c.seq)).join(
            activation, and_(activation.c.board_id == read.c.board_id, activation.c.id == read.c.activation_id)
        )
    )
    .where(entry.c.board_id == P("board"), entry.c.key == P("key"), entry.c.seq + 0 < P("before"))
    .where(activation.c.agent.concat(word("")) == P("agent"), activation.c.state.concat(word("")) == word("done"))
    .where(activation.c.done_seq <= P("as_of"))
    .order_by(activation.c.done_seq.desc(), entry.c.seq.desc())
    .limit(1)
)

# -- budgets: all scopes and units together, or none ----------------------------------------------------------------
SCOPES = ("board", "own", "day", "model_day")
_of_call = and_(
    budget.c.scope.in_([P(name) for name in SCOPES]), budget.c.unit.in_([word(u) for u in (USD, TOKENS, CALLS)])
)
_used = budget.c.settled + budget.c.reserved  # with what went over its bound: it is spent


def _amount(of: str) -> Any:
    """Of the unit of a row."""
    return case((budget.c.unit == word(USD), P(f"{of}_usd")), (budget.c.unit == word(TOKENS), P(f"{of}_tokens")),
                else_=P(f"{of}_calls"))  # fmt: skip


TOO_FULL = compiled(
    select(budget.c.scope, budget.c.unit, budget.c.cap, _used).where(_of_call, _used + _amount("take") > budget.c.cap)
)
RESERVE_CALL = compiled(update(budget).where(_of_call).values(reserved=budget.c.reserved + _amount("take")))
SETTLE_CALL = compiled(
    update(budget)
    .where(_of_call)
    .values(
        reserved=budget.c.reserved - _amount("take"), settled=budget.c.settled + _amount("spend"),
        overrun=budget.c.overrun + _amount("over"),
    )
)  # fmt: skip
_BOOKED = (
    func.coalesce(func.sum(call.c.bound_usd).filter(_inflight), 0),
    func.coalesce(func.sum(call.c.bound_tokens).filter(_inflight), 0),
    func.count().filter(_inflight),
    func.coalesce(func.sum(call.c.spent_usd), 0),
    func.coalesce(func.sum(call.c.spent_tokens), 0),
    func.count().filter(~_inflight),
)
BOOKED_AT = compiled(  # at a board, or there by one agent
    select(*_BOOKED)
    .where(call.c.board_id == P("board"), or_(P("agent").is_(None), call.c.agent == P("agent")))
)  # fmt: skip
BOOKED_ON = compiled(
    select(*_BOOKED)
    .where(call.c.begun_at >= P("from"), call.c.begun_at < P("to"))
    .where(or_(P("model").is_(None), call.c.model == P("model")))
)
ROW = compiled(select(budget.c.cap, _used).where(budget.c.scope == P("scope"), budget.c.unit == P("unit")))
_left = and_(budget.c.scope.in_([P("board"), P("own"), P("day")]), budget.c.cap.is_not(None))
LEFT = compiled(
    select(budget.c.unit, func.min(case((_used > budget.c.cap, 0), else_=budget.c.cap - _used)))
    .where(_left)
    .group_by(budget.c.unit)
)

# -- what is parked for a budget ------------------------------------------------------------------------------------
FOR_BUDGET = "budget/"  # no agent has such a name
_parked = and_(
    activation.c.board_id == short.c.board_id,
    activation.c.id == short.c.activation_id,
    activation.c.state == word("parked"),
    activation.c.waits_for == word(FOR_BUDGET).concat(short.c.unit),
)
_claimed = and_(
    activation.c.board_id == P("board"), activation.c.id == P("id"), activation.c.token == P("token"),
    activation.c.state == word("running"),
)  # fmt: skip
PARK_CLAIM = compiled(
    update(activation)
    .where(_claimed)
    .values(state=word("parked"), waits_for=P("for"), attempt=P("attempt"), owner=None, lease_until=None, due_at=None)
)
_new_short = upsert(short)
NOTE_SHORT = compiled(
    _new_short.on_conflict_do_update(
        index_elements=["board_id", "activation_id"],
        set_={name: _new_short.excluded[name] for name in ("scope", "unit", "amount")},
    )
)
_awaiting = (
    select(short.c.board_id, short.c.activation_id, short.c.scope, short.c.unit, short.c.amount)
    .select_from(short.join(activation, _parked))
    .order_by(activation.c.rating.desc(), short.c.board_id, short.c.activation_id)
)
AWAITING = compiled(_awaiting.where(among(short.c.scope, "scopes")))
DAY_OVER = compiled(_awaiting.where(short.c.scope >= word("day:"), short.c.scope < P("today")))
AWAITED_SCOPES = compiled(select(short.c.scope).where(short.c.board_id == P("board")).distinct())
GO_ON = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), activation.c.id == P("id"), activation.c.state == word("parked"))
    .values(state=word("pending"), waits_for=None)
)
FORGET_SHORT = compiled(
    delete(short).where(
        short.c.board_id == P("board"), or_(P("id").is_(None), short.c.activation_id == P("id"))
    )
)  # fmt: skip
SHORTAGES = compiled(
    select(
        activation.c.agent, func.count(), short.c.scope, short.c.unit, func.min(short.c.amount), budget.c.cap, _used,
        func.count().filter(activation.c.attempt > 0),
    )
    .select_from(
        short.join(activation, _parked).outerjoin(
            budget, and_(budget.c.scope == short.c.scope, budget.c.unit == short.c.unit)
        )
    )
    .where(short.c.board_id == P("board"))
    .group_by(activation.c.agent, short.c.scope, short.c.unit)
    .order_by(activation.c.agent, short.c.scope, short.c.unit)
)  # fmt: skip

# -- the gate --------------------------------------------------------------------------------------------------------
_DOOR = (gate.c.rest_until, gate.c.at_once, gate.c.open_until, gate.c.opened, gate.c.since)
DOOR = compiled(select(*_DOOR).where(gate.c.endpoint == P("endpoint"), gate.c.model == P("model")))
DOORS = compiled(select(gate.c.endpoint, gate.c.model, *_DOOR).order_by(gate.c.endpoint, gate.c.model))
_new_door = upsert(gate)
SET_DOOR = compiled(
    _new_door.on_conflict_do_update(
        index_elements=["endpoint", "model"],
        set_={name: _new_door.excluded[name] for name in ("rest_until", "at_once", "open_until", "opened", "since")},
    )
)
_is_held = and_(
    activation.c.board_id == call.c.board_id, activation.c.id == call.c.activation_id,
    activation.c.token == call.c.token, activation.c.state == word("running"),
)  # fmt: skip
UNDER_WAY = compiled(  # a worker that is silent past its lease holds up nobody, whoever serves its board by then
    select(call.c.endpoint, call.c.model, call.c.begun_at)
    .select_from(call.join(activation, _is_held))
    .where(_inflight, activation.c.lease_until >= P("now"))
)
_tokens = func.coalesce(call.c.spent_tokens, call.c.bound_tokens)
_lately = and_(
    call.c.begun_at > P("from"), call.c.begun_at <= P("to"), or_(P("model") == word("*"), call.c.model == P("model"))
)
LAST_MINUTE = compiled(select(call.c.begun_at, _tokens).where(_lately).order_by(call.c.begun_at))
SUM_OF_MINUTE = compiled(select(func.count(), func.coalesce(func.sum(_tokens), 0)).where(_lately))
OUTCOMES = compiled(
    select(call.c.fault)
    .where(call.c.endpoint == P("endpoint"), call.c.model == P("model"))
    .where(call.c.ended_at.is_not(None), call.c.ended_at >= P("since"), call.c.begun_at >= P("since"))
    .where(or_(call.c.fault != word("abandoned"), call.c.response.is_not(None)))
    .order_by(call.c.ended_at.desc())
    .limit(P("limit"))
)
_LIMITS = tuple(column for column in limits.c if column.name != "model")
LIMITS = compiled(select(limits.c.model, *_LIMITS).order_by(limits.c.model))
LIMITS_OF = compiled(select(limits.c.model, *_LIMITS).where(limits.c.model.in_([P("model"), word("*")])))
_new_limit = upsert(limits)
LIMIT = compiled(
    _new_limit.on_conflict_do_update(
        index_elements=["model"], set_={column.name: _new_limit.excluded[column.name] for column in _LIMITS}
    )
)
UNLIMIT = compiled(delete(limits).where(limits.c.model == P("model")))
