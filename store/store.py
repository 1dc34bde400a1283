"""The store: every change of a board is one short transaction here. It carries out what the judge rules."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from blackboard.activation import Agenda, Claim, Contribution, GroupWatch, Landed, Refused, Ruling, Stale, State
from blackboard.errors import BoardClosed, BodyRefused, UsageError
from blackboard.records import Changed, Claims, Grants, NewBoard, Notice, Seat
from store import agenda as agendas
from store import caps as caps_of
from store import cursors, leaving, parking, settling, shortage
from store import queries as q
from store import statements as s
from store.calls import SqlCalls
from store.core import words
from store.landing import ContradictionError, land, note_attempt, set_back_if_stale
from store.library import sqlite3
from store.looking import Cursor, to_board

BAD = (
    ContradictionError,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    ValueError,
    OverflowError,
)
"""What is wrong with a contribution, not with the database. UnicodeError is a ValueError."""
OUTSIDE = "outside"  # the pseudo-agent of posts from outside: they are activations too, so that they are idempotent


class SqlStore(SqlCalls):
    """Many boards in one database. See `blackboard.ports.Store` for what each method promises."""

    # -- boards ----------------------------------------------------------------------------------------------------
    def create(self, new: NewBoard, seats: Sequence[Seat], seed: Contribution) -> str:
        with self._from_outside(new.scenario) as at:
            boards, of_scenario = at.execute(s.BOARD_NUMBER, {"p_scenario": new.scenario}).fetchone()
            board = f"{new.scenario}-{of_scenario + 1}"
            self._check_unmarked(boards + 1)
            at.execute(s.INSERT_BOARD, {
                "id": board, "number": boards + 1, "scenario": new.scenario, "params": new.params, "team": new.team,
                "options": new.options, "kinds": new.kinds, "status": "open", "head": 0, "activations": 0, "epoch": 1,
                "ran_seconds": 0.0, "created_at": self._seam.now(), "quiet": None, "cancelled": None, "verdict": None,
                "beat_at": None, "epoch_head": 0,
            })  # fmt: skip
            caps_of.of_new_board(at, board, new.caps)
            self._seat(at, board, seats)
            landed = self._post(at, board, "seed", seed)
        self._acknowledge(board, [landed])
        self._ring()
        return board

    def retire(self, board: str, keep: Sequence[str]) -> None:
        with self._database.writing() as at:
            leaving.retire(at, board, [*keep, OUTSIDE], self._seam.now())

    def dismiss(self, board: str, agents: Sequence[str]) -> None:
        with self._database.writing() as at:
            leaving.dismiss(at, board, agents, self._seam.now())
        self._ring()

    def learn(self, board: str, kinds: str) -> None:
        with self._database.writing() as at:
            record = to_board(at.execute(q.BOARD, {"p_board": board}).fetchone())
            known = json.loads(record.kinds)
            if (more := {**known, **json.loads(kinds)}) != known:
                at.execute(s.LEARN, {"p_board": board, "p_kinds": json.dumps(more)})

    def seat(self, board: str, seats: Sequence[Seat]) -> None:
        with self._database.writing() as at:
            self._seat(at, board, seats)
            own = [settling.agent_scope(board, seat.name) for seat in seats]
            went_on = shortage.unpark(at, own, self._seam.now())
        if went_on:
            self._ring()

    def _seat(self, at: Cursor, board: str, seats: Sequence[Seat]) -> None:
        for seat in seats:
            at.execute(s.SEAT, {
                "board_id": board, "name": seat.name, "code_version": seat.code_version, "watches": seat.watches,
                "cursor_seq": seat.cursor, **grants_as_row(seat.grants),
            })  # fmt: skip
            caps_of.of_seat(at, board, seat)

    def reopen(self, board: str, caps: Sequence[tuple[str, int | None]], changed: Changed | None = None) -> None:
        self.check_head(board)
        with self._database.writing() as at:
            record = to_board(at.execute(q.BOARD, {"p_board": board}).fetchone())
            if record.status == "closed":
                at.execute(s.REOPEN, {"p_board": board})
            leaving.reopen(at, board)
            if changed is not None:
                kinds = json.dumps({**json.loads(record.kinds), **json.loads(changed.kinds)})
                values = {"p_board": board, "p_team": changed.team, "p_options": changed.options, "p_kinds": kinds}
                at.execute(s.CHANGE_BOARD, values)
            recapped = [unit for unit, cap in caps if caps_of.again(at, board, unit, cap)]
            other = changed is not None and (changed.team, changed.options) != (record.team, record.options)
            if (recapped or other) and record.status == "open":  # who serves it has seen the old ones
                at.execute(s.NEW_EPOCH, {"p_board": board})
        self._ring()

    def conclude(
        self, board: str, verdict: str, at_head: int, final: bool, quiet: bool = False, epoch: int | None = None
    ) -> bool:
        with self._database.writing() as at:
            record = to_board(at.execute(q.BOARD, {"p_board": board}).fetchone())
            if record.head != at_head or record.status != "open" or epoch not in {None, record.epoch}:
                return False
            if quiet and any(seq < at_head for _, seq in at.execute(q.CURSORS, {"p_board": board})):
                return False  # somebody has joined who has not looked yet
            went_on = quiet and shortage.reconsider(at, board, self._seam.now())
            if not went_on:
                leaving.stop(at, board, final, self._seam.now())
                at.execute(s.CLOSE, {"p_board": board, "p_verdict": verdict})
        self._ring()
        return not went_on

    def strike(self, board: str, at_head: int, contribution: Contribution) -> bool:
        landed = None
        with self._database.writing() as at:
            status, head, *_ = at.execute(s.LOCKED, {"p_board": board}).fetchone()
            if head != at_head or status != "open":
                return False
            if not shortage.reconsider(at, board, self._seam.now()):
                landed = self._post(at, board, f"quiescence at {at_head}", contribution)
                at.execute(s.SET_QUIET, {"p_board": board, "p_quiet": at_head})
        self._acknowledge(board, [landed] if landed is not None else [])
        self._ring()
        return landed is not None

    def cancel(self, board: str, reason: str) -> None:
        with self._database.writing() as at:
            at.execute(s.CANCEL, {"p_board": board, "p_reason": reason})
        self._ring()

    # -- contributions ---------------------------------------------------------------------------------------------
    def post(self, board: str, operation: str, contribution: Contribution) -> Landed:
        with self._from_outside(board) as at:
            landed = self._post(at, board, operation, contribution)
        self._acknowledge(board, [landed])
        self._ring()
        return landed

    @contextmanager
    def _from_outside(self, where: str) -> Iterator[Cursor]:
        """A write transaction of somebody who is told at once what is wrong with the contribution."""
        try:
            with self._database.writing() as at:
                yield at
        except BAD as error:
            raise BodyRefused(f"{where}: the database refuses it: {error}") from error

    def _post(self, at: Cursor, board: str, operation: str, contribution: Contribution) -> Landed:
        """A contribution from outside as an activation of its own: claimed, judged and done in one go."""
        binding = {"p_board": board, "p_agent": OUTSIDE, "p_binding": operation}
        known = at.execute(s.BY_BINDING, binding).fetchone()
        status, head, activations, _ = at.execute(s.LOCKED, {"p_board": board}).fetchone()
        if status != "open" and not known:
            raise BoardClosed(_closed(at, board))
        number = known[0] if known else activations + 1
        if not known:
            at.execute(s.PROPOSE, {
                "board_id": board, "id": number, "agent": OUTSIDE, "binding": operation, "trigger_seq": 0,
                "trigger_kind": None, "state": "running", "rating": 0, "token": 1, "attempt": 0, "redone": 0,
                "snapshot_seq": head, "owner": None, "lease_until": None, "done_seq": None,
                "due_at": None, "waits_for": None,
            })  # fmt: skip
            at.execute(s.ADVANCE_BOARD, {"p_board": board, "p_head": head, "p_activations": number})
            at.execute(s.SET_QUIET, {"p_board": board, "p_quiet": None})  # news: quiescence starts anew
        claim = Claim(board, number, OUTSIDE, 0, None, head, 1, 0)
        ruling = land(at, replace(contribution, claim=claim), self._seam.now())
        if not isinstance(ruling, Landed):
            raise UsageError(f"{board} has changed meanwhile ({ruling}); read the entry again and repeat")
        return ruling

    def commit(
        self, board: str, contributions: Sequence[Contribution], agenda: Agenda | None = None
    ) -> tuple[list[Ruling], Claims]:
        try:
            with self._database.writing() as at:
                rulings = [land(at, c, self._seam.now()) for c in contributions]
                beside = _beside(agenda, _again(rulings)) if agenda else None
                claims = agendas.take(at, board, beside, self._seam.now()) if beside else Claims()
        except BAD as error:
            if len(contributions) > 1:
                return self._one_by_one(board, contributions, agenda)
            return [Refused(f"the database refused it: {error}")], self.claim(board, agenda) if agenda else Claims()
        self._acknowledge(board, rulings)
        self._ring()
        return rulings, claims

    def _one_by_one(
        self, board: str, contributions: Sequence[Contribution], agenda: Agenda | None
    ) -> tuple[list[Ruling], Claims]:
        """What waited together is judged apart, so that a bad contribution fails alone."""
        rulings = [self.commit(board, [c])[0][0] for c in contributions]
        return rulings, self.claim(board, _beside(agenda, _again(rulings))) if agenda else Claims()

    def notice(self, board: str, notices: Sequence[Notice], groups: Sequence[GroupWatch] = ()) -> bool:
        with self._database.writing() as at:
            return cursors.move_cursors(at, board, notices, groups, self._seam.now())

    # -- claims ----------------------------------------------------------------------------------------------------
    def claim(self, board: str, agenda: Agenda) -> Claims:
        dead = self._dead(board, agenda.worker)
        if not dead:
            found, due_in = self._claimable(board, agenda)
            if not found:
                return Claims(due_in=due_in)
        with self._database.writing() as at:
            now = self._seam.now()
            rescued = agendas.rescue(at, board, agenda, dead, now)
            claims = agendas.take(at, board, _beside(agenda, rescued), now)
        return replace(claims, taken=(*rescued, *claims.taken))

    def _claimable(self, board: str, agenda: Agenda) -> tuple[bool, float | None]:
        """Whether there is something; else in how many seconds something is due."""
        now, agents = self._seam.now(), words(tuple(agenda.free))
        values = {
            "p_board": board, "p_agents": agents, "p_worker": agenda.worker, "p_now": now,
            "p_least": agendas.LEAST if agenda.least is None else agenda.least,
        }  # fmt: skip
        ((id_, due),) = self._all(s.CLAIMABLE, values)
        if id_ is None and agenda.bounds:
            parked = {"p_board": board, "p_agents": agents, "p_for": words(parking.bounded(agenda))}
            return bool(self._all(s.PARKED, parked)), due and due - now
        return id_ is not None, due and due - now

    def _dead(self, board: str, me: str) -> list[str]:
        """Owners of running activations that are known to be gone; the end of the others is waited for."""
        dead = []
        for owner, host, pid, left_at in self._all(s.OWNERS, {"p_board": board}):
            if owner == me:
                continue
            if left_at is not None or self._presence.gone(owner):
                dead.append(owner)
            elif host == self._seam.host():
                self._presence.attend(pid)
        return dead

    def retry(
        self, claim: Claim, cause: str, looked: Contribution | None = None, *, delay: float = 0, used: int | None = None
    ) -> bool | Stale:
        with self._database.writing() as at:
            now = self._seam.now()
            if looked is not None and (stale := set_back_if_stale(at, looked, now)) is not None:
                return stale
            held = agendas.put_back_or_drop(at, claim, used or claim.attempt, now + delay if delay else None, now)
            if held:
                note_attempt(at, claim.board, claim.id, "failed", cause, now)
        return held

    def set_aside(self, claim: Claim, state: State, cause: str) -> bool:
        with self._database.writing() as at:
            held = cursors.set_aside(at, claim, state, cause, self._seam.now())
        self._ring()
        return held

    def renew(self, claim: Claim) -> Claim | None:
        with self._database.writing() as at:
            return agendas.renew(at, claim)

    def release(self, board: str, worker: str) -> None:
        with self._database.writing() as at:
            leaving.leave(at, board, worker, self._seam.now())
            at.execute(s.UNSERVE, {"p_board": board, "p_worker": worker})
        self._ring()


def _closed(at: Cursor, board: str) -> str:
    """That a board has ended, how, and what opens it again."""
    record = to_board(at.execute(q.BOARD, {"p_board": board}).fetchone())
    ending = json.loads(record.verdict).get("ending") if record.verdict else None
    how = f" ({ending})" if ending else ""
    return f"{board} has ended{how}; `blackboard resume {board} --more` opens it again"


def grants_as_row(grants: Grants | None) -> dict[str, str | None]:
    """What an agent has declared, as its seat keeps it."""
    if grants is None:
        return {"writes": None, "reads": None, "tools": None}
    reads = None if grants.reads is None else words(tuple(sorted(grants.reads)))
    return {"writes": words(tuple(sorted(grants.writes))), "reads": reads, "tools": words(tuple(sorted(grants.tools)))}


def _again(rulings: Sequence[Ruling]) -> list[Claim]:
    return [r.again for r in rulings if isinstance(r, Stale) and r.again]


def _beside(agenda: Agenda, held: Sequence[Claim]) -> Agenda:
    """What may be claimed beside these."""
    free = dict(agenda.free)
    for claim in held:
        free[claim.agent] = free.get(claim.agent, 0) - 1
    return replace(agenda, slots=agenda.slots - len(held), free=free)
