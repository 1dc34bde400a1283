"""Every write, and the reads that a write transaction makes under the board's lock; compiled once."""

from typing import Any

from sqlalchemy import and_, case, delete, func, insert, null, or_, select, union_all, update
from sqlalchemy.dialects.sqlite import insert as upsert

from blackboard.activation import OPEN, STARVING
from store.core import (
    P,
    activation,
    agent,
    among,
    attempt,
    batch,
    board,
    budget,
    call,
    compiled,
    entry,
    field_,
    gathered,
    gathering,
    link,
    mark,
    read,
    serving,
    unindexed,
    word,
    worker,
)
from store.queries import COLUMNS, OF_BOARD

# -- the serialization point, and the facts --------------------------------------------------------------------------
BOARD_NUMBER = compiled(select(func.count(), func.count().filter(board.c.scenario == P("scenario"))).select_from(board))
LOCKED = compiled(
    select(board.c.status, board.c.head, board.c.activations, board.c.quiet).where(board.c.id == P("board"))
)
TAKING = compiled(  # with whether an activation that starves is at work; one whose worker is silent stops nobody
    select(
        board.c.status,
        board.c.head,
        select(activation.c.id)
        .where(activation.c.board_id == board.c.id, activation.c.state == word("running"))
        .where(activation.c.redone >= STARVING, activation.c.lease_until >= P("now"))
        .exists(),
    ).where(board.c.id == P("board"))
)
ADVANCE_BOARD = compiled(
    update(board).where(board.c.id == P("board")).values(head=P("head"), activations=P("activations"))
)
SET_QUIET = compiled(update(board).where(board.c.id == P("board")).values(quiet=P("quiet")))
RAN = compiled(
    update(board)
    .where(board.c.id == P("board"))
    .values(ran_seconds=board.c.ran_seconds + P("seconds"), beat_at=P("now"))
)
CLOSE = compiled(update(board).where(board.c.id == P("board")).values(status=word("closed"), verdict=P("verdict")))
CANCEL = compiled(
    update(board).where(board.c.id == P("board"), board.c.status == word("open")).values(cancelled=P("reason"))
)
REOPEN = compiled(
    update(board)
    .where(board.c.id == P("board"))
    .values(
        status=word("open"), verdict=None, quiet=None, cancelled=None, epoch=board.c.epoch + 1, epoch_head=board.c.head
    )
)
LEARN = compiled(update(board).where(board.c.id == P("board")).values(kinds=P("kinds")))
NEW_EPOCH = compiled(update(board).where(board.c.id == P("board")).values(epoch=board.c.epoch + 1))
CHANGE_BOARD = compiled(
    update(board).where(board.c.id == P("board")).values(team=P("team"), options=P("options"), kinds=P("kinds"))
)
_seat = and_(agent.c.board_id == activation.c.board_id, agent.c.name == activation.c.agent)
ONE_ACTIVATION = compiled(  # with what its agent has declared, and whether it has a call in flight
    select(
        activation.c.state, activation.c.token, activation.c.done_seq, agent.c.writes, agent.c.reads, agent.c.tools,
        select(call.c.id)
        .where(call.c.board_id == activation.c.board_id, call.c.activation_id == activation.c.id)
        .where(call.c.state == word("inflight"))
        .exists(),
    )
    .select_from(activation.outerjoin(agent, _seat))
    .where(activation.c.board_id == P("board"), activation.c.id == P("id"))
)  # fmt: skip
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
_proposed = upsert(activation)
_last_outcome = (
    select(attempt.c.outcome)
    .where(attempt.c.board_id == activation.c.board_id, attempt.c.activation_id == activation.c.id)
    .order_by(attempt.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
PROPOSE = compiled(  # what is there stays as it is, but for what was dropped when its agent left: that has come back
    _proposed.on_conflict_do_update(
        index_elements=["board_id", "agent", "binding"],
        set_={
            "state": _proposed.excluded.state, "rating": _proposed.excluded.rating, "attempt": 0, "snapshot_seq": None,
            "trigger_kind": _proposed.excluded.trigger_kind, "due_at": None, "waits_for": None,
        },
        where=and_(activation.c.state == word("moot"), _last_outcome == word("left")),
    )
)  # fmt: skip
_new_seat = upsert(agent)
SEAT = compiled(
    _new_seat.on_conflict_do_update(
        index_elements=["board_id", "name"],
        set_={name: _new_seat.excluded[name] for name in ("code_version", "watches", "writes", "reads", "tools")},
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
_is_open = activation.c.state.in_([word(state) for state in OPEN])
CLAIMED = (
    activation.c.id, activation.c.agent, activation.c.trigger_seq, activation.c.trigger_kind, activation.c.snapshot_seq,
    activation.c.token, activation.c.attempt, activation.c.redone, activation.c.binding,
)  # fmt: skip
_trigger = and_(
    entry.c.board_id == activation.c.board_id,
    entry.c.seq == activation.c.trigger_seq,
    activation.c.trigger_kind.is_(None),
)
FARTHEST = 120  # seconds; what is due later than that was put off by a clock that has been set back since
_due = or_(activation.c.due_at.is_(None), activation.c.due_at <= P("now"), activation.c.due_at > P("now") + FARTHEST)
NEXT = compiled(  # with what woke it: one read tells whether that has changed, and saves the agent its first look
    select(*CLAIMED, *COLUMNS)
    .select_from(activation.outerjoin(entry, _trigger))
    .where(activation.c.board_id == P("board"), activation.c.state == word("pending"))
    .where(among(activation.c.agent, "agents"), activation.c.attempt >= P("tried"), _due)
    .where(activation.c.rating >= P("least"))
    .where(or_(activation.c.attempt > 0, ~among(activation.c.agent, "spent")))
    .order_by(activation.c.rating.desc(), activation.c.id)
    .limit(P("limit"))
)
_free = and_(
    activation.c.state == word("pending"), among(activation.c.agent, "agents"), activation.c.rating >= P("least")
)
_overdue = and_(
    activation.c.state == word("running"), activation.c.owner != P("worker"), activation.c.lease_until < P("now")
)
REPLACED_BELOW = compiled(
    select(activation.c.id, activation.c.agent, activation.c.token, activation.c.attempt)
    .select_from(activation.join(entry, _trigger))
    .where(activation.c.board_id == P("board"), activation.c.state == word("pending"))
    .where(activation.c.rating < P("least"), entry.c.superseded_seq.is_not(None))
)
CLAIMABLE = compiled(  # lookups in narrow indices, without the lock: most looks find nothing, but when to look again
    union_all(
        select(activation.c.id, null()).where(activation.c.board_id == P("board"), _free, _due),
        select(activation.c.id, null()).where(activation.c.board_id == P("board"), _overdue),
        select(null(), func.min(activation.c.due_at)).where(activation.c.board_id == P("board"), _free, ~_due),
    ).limit(1)
)
_seated = select(agent.c.name).where(_seat).exists()
ABANDONED = compiled(  # also of agents that have lost their seats, whom nobody serves any more
    select(*CLAIMED, activation.c.owner, _seated)
    .where(
        activation.c.board_id == P("board"), activation.c.state == word("running"), activation.c.owner != P("worker")
    )
    .where(or_(among(activation.c.agent, "agents"), ~_seated))
    .where(or_(activation.c.lease_until < P("now"), among(activation.c.owner, "dead")))
)
CLAIM = compiled(
    update(activation)
    .where(_this, activation.c.state.in_([word("pending"), word("running")]))
    .values(
        state=word("running"), token=activation.c.token + 1, attempt=activation.c.attempt + 1, owner=P("worker"),
        lease_until=P("until"), snapshot_seq=P("snapshot"), due_at=None,
    )
)  # fmt: skip
FINISH = compiled(update(activation).where(_running).values(state=P("state"), done_seq=P("done"), lease_until=None))
REDO = compiled(update(activation).where(_running).values(snapshot_seq=P("snapshot"), redone=activation.c.redone + 1))
RENEW = compiled(update(activation).where(_running).values(snapshot_seq=P("snapshot")))
PUT_BACK = compiled(
    update(activation)
    .where(_running)
    .values(state=word("pending"), owner=None, lease_until=None, attempt=P("attempt"), due_at=P("due"))
)
AT_ONCE = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), activation.c.state == word("pending"))
    .where(activation.c.due_at.is_not(None))
    .values(due_at=None)
)
AT_WORK = compiled(
    select(activation.c.agent, func.count())
    .where(activation.c.board_id == P("board"), activation.c.state == word("running"))
    .where(among(activation.c.agent, "agents"))
    .group_by(unindexed(activation.c.agent))
)
HELD_BY = compiled(
    select(activation.c.id, activation.c.token, activation.c.attempt, activation.c.agent)
    .where(activation.c.board_id == P("board"), activation.c.state == word("running"))
    .where(or_(P("worker").is_(None), activation.c.owner == P("worker")))
)
DROP_PENDING = compiled(
    update(activation)
    .where(_this, activation.c.state.in_([word("waiting"), word("pending"), word("parked")]))
    .values(state=word("moot"), waits_for=None)
)
PROMOTE = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), among(activation.c.id, "ids"), activation.c.state == word("waiting"))
    .values(state=word("pending"))
)
UNBEGUN = compiled(
    select(activation.c.id, activation.c.token, activation.c.attempt)
    .where(activation.c.board_id == P("board"), activation.c.agent == P("agent"))
    .where(activation.c.state.in_([word("waiting"), word("pending"), word("parked")]))
)
SET_ASIDE = compiled(
    update(activation)
    .where(_running)
    .values(state=P("state"), attempt=P("attempt"), owner=None, lease_until=None, snapshot_seq=None)
)
LOOK_BACK = compiled(
    update(agent)
    .where(agent.c.board_id == P("board"), agent.c.name == P("agent"), agent.c.cursor_seq > P("seq"))
    .values(cursor_seq=P("seq"))
)
BEAT_CLAIMS = compiled(
    update(activation)
    .where(
        activation.c.board_id == P("board"), activation.c.state == word("running"), activation.c.owner == P("worker")
    )
    .values(lease_until=P("until"))
    .returning(activation.c.id, activation.c.token)
)
UNTRY = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), _is_open, activation.c.attempt > 0)
    .values(attempt=0, due_at=None)
)
DISMISS = compiled(delete(agent).where(agent.c.board_id == P("board"), among(agent.c.name, "agents")))
UNFINISHED = compiled(  # a look for each state, since one for all would walk through the whole agenda
    union_all(*(
        select(activation.c.id, activation.c.agent, activation.c.attempt)
        .where(activation.c.board_id == P("board"), activation.c.state == word(state))
        .where(among(activation.c.agent, "agents"))
        for state in OPEN
    ))
)  # fmt: skip
FORGET_GATHERED = compiled(delete(gathered).where(gathered.c.board_id == P("board"), among(gathered.c.agent, "agents")))
FORGET_GATHERINGS = compiled(
    delete(gathering).where(gathering.c.board_id == P("board"), among(gathering.c.agent, "agents"))
)
UNBIND = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), activation.c.id == P("id"))
    .values(binding=activation.c.binding.concat(word(" left ")).concat(activation.c.id))
)
FORGET_BATCH = compiled(delete(batch).where(batch.c.board_id == P("board"), batch.c.activation_id == P("id")))
DROP_UNFINISHED = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), activation.c.id == P("id"))
    .values(state=word("moot"), owner=None, lease_until=None, due_at=None, waits_for=None)
)
LEFT_BEHIND = compiled(
    union_all(
        *(
            select(activation.c.id, activation.c.agent, activation.c.token, activation.c.attempt)
            .where(activation.c.board_id == P("board"), activation.c.state == word(state))
            .where(~among(activation.c.agent, "keep"))
            for state in ("waiting", "pending", "parked")
        )
    )
)
DROP_ALL = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), _is_open)
    .values(state=word("moot"), owner=None, lease_until=None)
)
HOLDING = compiled(
    select(activation.c.agent, func.count())
    .where(activation.c.board_id == P("board"), _is_open, activation.c.attempt > 0)
    .group_by(unindexed(activation.c.agent))
)
NEXT_ATTEMPT = compiled(
    select(func.coalesce(func.max(attempt.c.number), 0) + 1).where(
        attempt.c.board_id == P("board"), attempt.c.activation_id == P("id")
    )
)

# -- bounded pending work: whoever would post more is parked -----------------------------------------------------------
HOW_MANY = compiled(
    select(func.count())
    .select_from(activation)
    .where(activation.c.board_id == P("board"), activation.c.state == word("pending"), activation.c.agent == P("agent"))
    .where(activation.c.rating >= P("least"))
)
PARK = compiled(  # what was tried before goes on: where the budget is used up nobody else would, and all would wait
    update(activation)
    .where(activation.c.board_id == P("board"), activation.c.state == word("pending"), activation.c.agent == P("agent"))
    .where(activation.c.rating >= P("least"), activation.c.attempt == 0)
    .values(state=word("parked"), waits_for=P("for"))
)
_parked = and_(activation.c.board_id == P("board"), activation.c.state == word("parked"))
PARKED = compiled(
    select(activation.c.id).where(_parked, among(activation.c.agent, "agents"), among(activation.c.waits_for, "for"))
    .limit(1)
)  # fmt: skip
UNPARK_ALL = compiled(update(activation).where(_parked).values(state=word("pending"), waits_for=None))
UNPARK_BOUND = compiled(  # but for what waits for a budget
    update(activation)
    .where(_parked, activation.c.waits_for.not_like(word("budget/%")))
    .values(state=word("pending"), waits_for=None)
)
UNPARK = compiled(
    update(activation)
    .where(activation.c.board_id == P("board"), activation.c.state == word("parked"))
    .where(
        activation.c.id.in_(
            select(activation.c.id)
            .where(_parked, activation.c.agent == P("agent"), among(activation.c.waits_for, "for"))
            .order_by(activation.c.rating.desc(), activation.c.id)
            .limit(P("limit"))
        )
    )
    .values(state=word("pending"), waits_for=None)
)

# -- budgets, and who holds what ---------------------------------------------------------------------------------------
_row = and_(budget.c.scope == P("scope"), budget.c.unit == P("unit"))
_both = and_(budget.c.scope.in_([P("scope"), P("own")]), budget.c.unit == P("unit"))  # of the board, and of the agent
_used = budget.c.settled - budget.c.overrun + budget.c.reserved
_full = select(budget.c.scope).where(_both, _used + P("amount") > budget.c.cap)
FULL = compiled(_full)
RESERVE = compiled(  # where the agent has no budget of its own there is one row; in all that there are, or in none
    update(budget).where(_both, ~_full.exists()).values(reserved=budget.c.reserved + P("amount"))
)
SETTLE = compiled(
    update(budget)
    .where(_both)
    .values(reserved=budget.c.reserved - P("reserved"), settled=budget.c.settled + P("settled"))
)
CAP_AGENT = compiled(  # never below what is used: a cap that is lowered allows nothing more
    update(budget).where(_row).values(cap=case((P("cap").is_(None), None), else_=func.max(P("cap"), _used)))
)
TRIED = compiled(
    select(func.count().filter(_is_open), func.count().filter(~_is_open)).where(
        activation.c.board_id == P("board"), activation.c.agent == P("agent"), activation.c.attempt > 0
    )
)
RECAP = compiled(update(budget).where(_row, budget.c.cap.is_distinct_from(P("cap"))).values(cap=P("cap")))
OWNERS = compiled(
    select(worker.c.id, worker.c.host, worker.c.pid, worker.c.left_at).where(
        worker.c.id.in_(
            select(activation.c.owner).where(activation.c.board_id == P("board"), activation.c.state == word("running"))
        )
    )
)
UNSERVE = compiled(
    delete(serving).where(
        serving.c.worker_id == P("worker"), or_(P("board").is_(None), serving.c.board_id == P("board"))
    )
)
