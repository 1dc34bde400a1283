"""Calls of models: begun, ended and found again, each in one short transaction. See `blackboard.ports.Store`."""

from collections.abc import Iterable
from typing import Any

from blackboard.activation import Claim
from blackboard.calls import (
    ANY,
    Amounts,
    Beginning,
    Begun,
    CallRecord,
    Ended,
    Gate,
    Limits,
    Lost,
    NewCall,
    Short,
    Usage,
)
from blackboard.gate import Heard
from blackboard.records import Row
from store import callstatements as c
from store import gates, settling, shortage, spill
from store.core import call as call_table
from store.core import numbers
from store.looking import Cursor, to_row
from store.opening import MEMORY
from store.settling import Taker, day_of
from store.staff import SqlStaff

USAGE = ("input", "output", "cache_read", "cache_write", "cache_write_1h")


def to_call(row: Any) -> CallRecord:
    """A row of the journal."""
    board, id_, activation, agent, token, asked, nth, endpoint, model, state, fault, cause, rejected, *rest = row
    bound_usd, bound_tokens, spent_usd, spent_tokens, *counted, price, begun, ended, request, response = rest
    return CallRecord(
        board, id_, activation, agent, token, asked, nth, endpoint, model, state, fault, cause, rejected,
        Amounts(bound_usd, bound_tokens), None if spent_tokens is None else Amounts(spent_usd, spent_tokens),
        None if counted[0] is None else Usage(*counted), price, begun, ended, request, response,
    )  # fmt: skip


class SqlCalls(SqlStaff):
    """The journal of calls, and what they take."""

    # -- looking ---------------------------------------------------------------------------------------------------
    def calls(self, board: str, activations: Iterable[int] | None = None) -> list[CallRecord]:
        if activations is None:
            return [to_call(r) for r in self._all(c.CALLS_OF_BOARD, {"p_board": board})]
        return [to_call(r) for r in self._all(c.CALLS_OF, {"p_board": board, "p_ids": numbers(activations)})]

    def call(self, board: str, id_: int) -> CallRecord | None:
        found = self._all(c.CALL, {"p_board": board, "p_id": id_})
        return to_call(found[0]) if found else None

    def last_seen(self, board: str, agent: str, key: str, before: int, as_of: int) -> Row | None:
        values = {"p_board": board, "p_agent": agent, "p_key": key, "p_before": before, "p_as_of": as_of}
        found = self._all(c.LAST_SEEN, values)
        return to_row(found[0]) if found else None

    def left(self, board: str, agent: str) -> dict[str, int]:
        of = Taker(board, agent, day_of(self._seam.now()), "")
        with self._reading() as at:
            left: dict[str, int] = dict(at.execute(c.LEFT, of.values).fetchall())
            whole_day = at.execute(c.LIMITS_OF, {"p_model": ANY}).fetchone()
            for unit, cap in settling.of_a_day(Limits(*whole_day[1:])) if whole_day else ():
                begun = at.execute(c.ROW, {"p_scope": of.scopes[2], "p_unit": unit}).fetchone()
                if cap is not None and begun is None:  # nothing was called today
                    left[unit] = min(cap, left.get(unit, cap))
        return left

    def limits(self) -> dict[str, Limits]:
        return {model: Limits(*row) for model, *row in self._all(c.LIMITS, {})}

    def gates(self) -> list[Gate]:
        with self._reading() as at:
            return gates.stands(at, self._seam.now())

    # -- calling ---------------------------------------------------------------------------------------------------
    def begin_call(self, call: NewCall) -> Beginning:
        _ = self._made_at  # while the database can be asked: `keep` says of which one a call is
        with self._database.writing() as at:
            return self._begin(at, call, self._seam.now())

    def _begin(self, at: Cursor, call: NewCall, now: float) -> Beginning:
        claim = call.claim
        if (lost := _lost(at, claim)) is not None:
            return lost
        answered = at.execute(c.ANSWERED, {
            "p_board": claim.board, "p_activation": claim.id, "p_asked": call.asked, "p_nth": call.nth,
        }).fetchone()  # fmt: skip
        if answered is not None:
            return to_call(answered)
        if claim.token > 1:
            settling.write_off(at, claim.board, now, claim.id, before=claim.token)
        taker = Taker(claim.board, claim.agent, day_of(now), call.model)
        if (wait := gates.ask(at, call.endpoint, call.model, call.bound.tokens, taker.day, now)) is not None:
            return wait
        if (short := settling.reserve(at, taker, call.bound)) is not None:
            return short
        last = at.execute(c.LAST_CALL, {"p_board": claim.board}).fetchone()
        id_ = last[0] + 1 if last else 1
        at.execute(c.INSERT_CALL, _new_row(call, id_, taker.day, now))
        return Begun(id_)

    def end_call(self, ended: Ended) -> bool:
        with self._database.writing() as at:
            done, freed = _end(at, ended, self._seam.now())
        if freed:
            self._ring()
        return done

    def reject_calls(self, board: str, ids: Iterable[int], cause: str) -> None:
        with self._database.writing() as at:
            at.execute(c.REJECT, {"p_board": board, "p_ids": numbers(ids), "p_cause": _storable(cause)})

    # -- where the database is away ----------------------------------------------------------------------------------
    def keep(self, ended: Ended) -> None:
        spill.keep(self.url, self.__dict__.get("_made_at"), ended, self._seam.pid())

    def take_up(self) -> int:
        if self.url == MEMORY:
            return 0
        taken = 0
        for path, ended in spill.kept(self.url, self._made_at).readable:
            if self.call(ended.board, ended.id) is None:
                continue  # of another database, or of one that was put back since: `examine` tells of it
            self.end_call(ended)
            path.unlink(missing_ok=True)
            taken += 1
        return taken

    # -- budgets ---------------------------------------------------------------------------------------------------
    def park(self, claim: Claim, short: Short, cause: str) -> bool:
        with self._database.writing() as at:
            held = shortage.park(at, claim, short, cause, self._seam.now())
        self._ring()
        return held

    def limit(self, model: str, limits: Limits) -> None:
        with self._database.writing() as at:
            now = self._seam.now()
            gates.set_limits(at, model, limits, day_of(now))
            shortage.unpark(at, Taker("", "", day_of(now), model).scopes, now)
        self._ring()


def _lost(at: Cursor, claim: Claim) -> Lost | None:
    """Why nothing may be begun under this claim."""
    status, state, token = at.execute(c.HELD, {"p_board": claim.board, "p_id": claim.id}).fetchone()
    if status != "open":
        return Lost("the board has ended")
    if state != "running" or token != claim.token:
        return Lost(f"activation {claim.id} is {state} under token {token}, not {claim.token}")
    return None


def _new_row(call: NewCall, id_: int, day: str, now: float) -> dict[str, Any]:
    claim, nothing = call.claim, dict.fromkeys(column.name for column in call_table.columns)
    return {
        **nothing, "board_id": claim.board, "id": id_, "activation_id": claim.id, "agent": claim.agent,
        "token": claim.token, "asked": call.asked, "nth": call.nth, "endpoint": call.endpoint, "model": call.model,
        "state": "inflight", "cause": "", "bound_usd": call.bound.nano_usd, "bound_tokens": call.bound.tokens,
        "day": day, "begun_at": now, "request": call.request,
    }  # fmt: skip


def _end(at: Cursor, ended: Ended, now: float) -> tuple[bool, bool]:
    """Whether this was news, and whether parked activations go on by it."""
    found = at.execute(c.STANDS, {"p_board": ended.board, "p_id": ended.id}).fetchone()
    if found is None or found[0] in {"done", "late"}:
        return False, False
    state, agent, endpoint, model, day, begun, *amounts = found
    taker, bound = Taker(ended.board, agent, day, model), Amounts(*amounts[:2])
    known = ended.spent is not None or ended.response is not None
    if state == "unknown" and not known:
        return False, False  # it is booked at its bound already
    spent = ended.spent or bound
    if state == "unknown":
        then = "late"
        settling.correct(at, taker, bound, Amounts(*amounts[2:]), spent)
    else:
        then = "done" if known else "unknown"
        settling.settle(at, taker, bound, spent)
    _write(at, ended, then, spent, now)
    gates.hear(at, endpoint, model, Heard(begun, ended.response is not None, ended.fault, ended.rest), now)
    return True, shortage.unpark(at, taker.scopes, now)


def _write(at: Cursor, ended: Ended, state: str, spent: Amounts, now: float) -> None:
    usage = {f"p_{name}": getattr(ended.usage, name) if ended.usage else None for name in USAGE}
    at.execute(c.END_CALL, {
        "p_board": ended.board, "p_id": ended.id, "p_state": state, "p_fault": ended.fault,
        "p_cause": _storable(ended.cause), "p_usd": spent.nano_usd, "p_tokens": spent.tokens, **usage,
        "p_price": ended.price, "p_now": now, "p_response": ended.response,
    })  # fmt: skip


def _storable(text: str) -> str:
    """What an endpoint says may be anything."""
    return text.encode("utf-8", "backslashreplace").decode()
