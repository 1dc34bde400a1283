"""Things that are broken on purpose, one at a time, to see that the simulation finds them.

A deferred BEGIN is not among them: with one connection to one memory nobody can come between.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from blackboard import controller, judge
from blackboard.activation import Agenda, Claim, Contribution, GroupWatch
from blackboard.judge import Facts, NewActivation
from blackboard.records import Notice
from blackboard.runner.waking import Waking
from store import agenda as agendas
from store import cursors, landing, leaving, parking
from store import statements as s
from store.store import SqlStore

Broken = Callable[[], AbstractContextManager[object]]


@contextmanager
def nothing() -> Iterator[None]:
    """As it is."""
    yield


def _without(statement: str, condition: str, instead: str = "1 = 1") -> AbstractContextManager[object]:
    """A statement that has lost one of its conditions."""
    text = getattr(s, statement)
    assert condition in text, text
    return patch.object(s, statement, text.replace(condition, instead))


# -- the judge -------------------------------------------------------------------------------------------------------
def no_read_set() -> AbstractContextManager[object]:
    """Whatever was read may have changed."""
    return patch.object(judge, "_changed", lambda facts, contribution: [])


def wrongly_moot() -> AbstractContextManager[object]:
    """Whatever has changed, the work is dropped and not done again."""
    return patch.object(judge, "_is_moot", lambda facts, contribution: True)


@contextmanager
def no_token() -> Iterator[None]:
    """Whoever has once held a claim may land."""
    judged = landing.judge

    def trusting(facts: Facts, contribution: Contribution) -> Any:
        return judged(replace(facts, token=contribution.claim.token), contribution)

    with patch.object(landing, "judge", trusting), _without("FINISH", "activation.token = :p_token"):
        yield


@contextmanager
def cursors_taken_along() -> Iterator[None]:
    """A commit moves the cursors of all that its worker serves, also of those that have not seen what came before."""
    judged = landing.judge

    def generous(facts: Facts, contribution: Contribution) -> Any:
        return judged(replace(facts, cursors=dict.fromkeys(contribution.served, facts.head)), contribution)

    with patch.object(landing, "judge", generous), _without("ADVANCE_AGENTS", "agent.cursor_seq = :p_before"):
        yield


# -- claims ----------------------------------------------------------------------------------------------------------
@contextmanager
def _after_takeover(change: Callable[[Any, Claim, int], Claim]) -> Iterator[None]:
    """Something is wrong with what has been taken over."""
    rescued = agendas.rescue

    def rescue(at: Any, board: str, agenda: Agenda, dead: Any, now: float) -> tuple[Claim, ...]:
        head = at.execute(s.LOCKED, {"p_board": board}).fetchone()[1]
        return tuple(change(at, claim, head) for claim in rescued(at, board, agenda, dead, now))

    with patch.object(agendas, "rescue", rescue):
        yield


def same_token() -> AbstractContextManager[object]:
    """A takeover does not raise the token."""

    def change(at: Any, claim: Claim, head: int) -> Claim:
        at.execute("UPDATE activation SET token = token - 1 WHERE board_id = ? AND id = ?", (claim.board, claim.id))
        return replace(claim, token=claim.token - 1)

    return _after_takeover(change)


def new_snapshot() -> AbstractContextManager[object]:
    """A takeover reads the board as it is now, not as it was at the first claim."""

    def change(at: Any, claim: Claim, head: int) -> Claim:
        values = (head, claim.board, claim.id)
        at.execute("UPDATE activation SET snapshot_seq = ? WHERE board_id = ? AND id = ?", values)
        return replace(claim, snapshot=head)

    return _after_takeover(change)


def heart_of_others() -> AbstractContextManager[object]:
    """A heart extends the leases of what its worker does not hold."""
    return _without("BEAT_CLAIMS", "activation.owner = :p_worker")


def releases_of_others() -> AbstractContextManager[object]:
    """Who leaves gives back what others hold."""
    return _without("HELD_BY", "activation.owner = :p_worker")


def nobody_starves() -> AbstractContextManager[object]:
    """New work is begun beside what has been overtaken again and again."""
    return _without("TAKING", "activation.redone >= 5", "1 = 0")


def begun_too_soon() -> AbstractContextManager[object]:
    """What has failed is tried again before it is due."""
    return _without("NEXT", "activation.due_at IS NULL")


def each_for_itself() -> AbstractContextManager[object]:
    """How many activations an agent may have at a time is asked of each worker alone."""
    return patch.object(agendas, "_beside_others", lambda at, board, agenda: agenda.free)


def nobody_parks() -> AbstractContextManager[object]:
    """However much an agent has to do, others write more for it."""
    return patch.object(parking, "mind", lambda *args: None)


def parked_for_ever() -> AbstractContextManager[object]:
    """Who was parked is not given back."""
    return _without("UNPARK", "activation.state = 'parked'", "1 = 0")


def nobody_looks_back() -> AbstractContextManager[object]:
    """What was claimed and is not ready misses what came after its snapshot."""
    return _without("LOOK_BACK", "agent.cursor_seq > :p_seq", "1 = 0")


def unasked() -> AbstractContextManager[object]:
    """A cursor moves though something has come to wait since its agent looked."""
    return patch.object(cursors, "_waits_unasked", lambda *args: False)


# -- budgets ---------------------------------------------------------------------------------------------------------
@contextmanager
def given_back_twice() -> Iterator[None]:
    """What was reserved is given back once too often."""
    released = leaving.release

    def release(at: Any, board: str, worker: str | None, now: float) -> None:
        held = at.execute(s.HELD_BY, {"p_board": board, "p_worker": worker}).fetchall()
        released(at, board, worker, now)
        if held:
            at.execute("UPDATE budget SET reserved = max(reserved - 1, 0) WHERE scope = ?", (f"board:{board}",))

    with patch.object(leaving, "release", release):
        yield


def never_settled() -> AbstractContextManager[object]:
    """What becomes moot after it was claimed is not counted."""
    return patch.object(leaving, "settle_activation", lambda *args, **options: None)


def budget_too_soon() -> AbstractContextManager[object]:
    """A board ends for its budget though something is left of it again."""
    return patch.object(controller, "_used_up", lambda summary: summary.budgets[0])


# -- the feed --------------------------------------------------------------------------------------------------------
@contextmanager
def cursors_first() -> Iterator[None]:
    """Cursors move in one transaction, the activations come in another."""

    def notice(self: SqlStore, board: str, notices: Sequence[Notice], groups: Sequence[GroupWatch] = ()) -> bool:
        bare = [replace(n, proposals=()) for n in notices]
        with self._database.writing() as at:
            in_place = cursors.move_cursors(at, board, bare, groups, self._seam.now())
        new = tuple(NewActivation(p.agent, p.trigger, p.rating) for n in notices for p in n.proposals)
        with self._database.writing() as at:
            _, head, activations, _ = at.execute(s.LOCKED, {"p_board": board}).fetchone()
            added = cursors.propose(at, board, activations, new, self._seam.now())
            at.execute(s.ADVANCE_BOARD, {"p_board": board, "p_head": head, "p_activations": activations + added})
        return in_place

    with patch.object(SqlStore, "notice", notice):
        yield


def no_poll() -> AbstractContextManager[object]:
    """Nothing nets a lost hint."""
    return patch.object(Waking, "_poll", lambda self: None)


# -- the verdict -----------------------------------------------------------------------------------------------------
@contextmanager
def _concluding(change: Callable[[SqlStore, str, list[Any]], None]) -> Iterator[None]:
    concluded = SqlStore.conclude

    def conclude(self: SqlStore, board: str, *more: Any) -> bool:
        said = list(more)
        change(self, board, said)
        return concluded(self, board, *said)

    with patch.object(SqlStore, "conclude", conclude):
        yield


def verdict_at_any_head() -> AbstractContextManager[object]:
    """A verdict is written though the board has moved since it was judged."""

    def change(store: SqlStore, board: str, said: list[Any]) -> None:
        record = store.board(board)
        assert record is not None
        said[1] = record.head

    return _concluding(change)


def verdict_of_any_epoch() -> AbstractContextManager[object]:
    """A verdict is written though the board was resumed since it was judged."""

    def change(store: SqlStore, board: str, said: list[Any]) -> None:
        said[4] = None

    return _concluding(change)


SABOTAGES: dict[str, Broken] = {
    broken.__name__: broken
    for broken in (
        no_read_set, wrongly_moot, no_token, cursors_taken_along, same_token, new_snapshot, heart_of_others,
        releases_of_others, nobody_starves, begun_too_soon, each_for_itself, nobody_parks,
        parked_for_ever, nobody_looks_back, unasked,
        given_back_twice, never_settled, budget_too_soon, cursors_first, no_poll,
        verdict_at_any_head, verdict_of_any_epoch,
    )
}  # fmt: skip
