"""What people ask of a store: little of a large board, and all that led to one entry."""

import pytest

from blackboard.activation import ReadSet, Stale
from blackboard.errors import BoardClosed
from tests.builders import note, said


class TestTheNewestOfAKind:
    @pytest.fixture
    def filled(self, bench):
        """Ten notes, of which the first has changed last, among others."""
        bench.post(*(note(str(n)) for n in range(10)), *(note(kind="other") for _ in range(3)))
        bench.amend(bench.now("note-1"))
        return bench

    def test_are_those_that_changed_last_newest_first(self, filled):
        assert [r.key for r in filled.store.newest(filled.id, "note", 3)] == ["note-1", "note-10", "note-9"]
        assert len(filled.store.newest(filled.id, "note", 99)) == 10
        assert filled.store.newest(filled.id, "none", 3) == []

    def test_are_told_as_of_then_too(self, filled):
        then = filled.head - 1

        rows = filled.store.newest(filled.id, "note", 11, then)

        assert [r.key for r in rows] == [f"note-{n}" for n in range(10, 0, -1)]
        assert rows[-1].version == 1
        assert [r.key for r in filled.store.newest(filled.id, "note", 2, 4)] == ["note-4", "note-3"]

    def test_are_counted_as_of_then(self, filled):
        assert [filled.store.counted(filled.id, "note", n) for n in (0, 4, filled.head)] == [0, 4, 10]

    def test_one_version_of_an_entry_is_found_by_its_number(self, filled):
        assert [filled.store.version(filled.id, "note-1", n).body for n in (1, 2)] == [
            '{"text": "0"}',
            '{"text": "new"}',
        ]
        assert filled.store.version(filled.id, "note-1", 3) is None


class TestWhatAnActivationHadRead:
    def test_is_told_in_order_as_far_as_asked_with_what_it_relied_on(self, bench):
        rows = bench.post(*(note() for _ in range(6)))
        claim = bench.start(on=rows[0])
        bench.commit(claim, note(), reads=ReadSet(strict=(1, 3, 2), loose=(5, 4)))

        assert bench.store.looked_at(bench.id, claim.id, 9) == (
            5, [(1, True), (3, True), (2, True), (5, False), (4, False)],
        )  # fmt: skip
        assert bench.store.looked_at(bench.id, claim.id, 2) == (5, [(1, True), (3, True)])
        assert bench.store.looked_at(bench.id, 999, 2) == (0, [])


class TestTheAgenda:
    def test_is_counted_by_agent_and_state_with_what_was_done_again(self, bench):
        first, second = bench.post(note(), note())
        claim = bench.start(on=first)
        bench.amend(second)
        assert isinstance(bench.commit(claim, reads=ReadSet(strict=(second.seq,))), Stale)

        counted = [c for c in bench.store.agenda(bench.id) if c.agent == "a"]

        assert [(c.state, c.activations, c.redone) for c in counted] == [("running", 1, 1)]

    def test_tells_the_attempts_that_did_not_succeed(self, bench):
        claim = bench.start()
        bench.store.retry(claim, "it broke")

        assert [(t.activation, t.number, t.outcome, t.cause) for t in bench.store.attempts(bench.id, [claim.id])] == [
            (claim.id, 1, "failed", "it broke"),
        ]  # fmt: skip
        assert bench.store.attempts(bench.id, []) == []
        assert [a.cause for a in bench.store.activations_of(bench.id, [claim.id])] == ["it broke"]

    def test_gives_the_newest_of_a_state(self, bench):
        rows = bench.post(*(note() for _ in range(5)))
        bench.seat("a")
        bench.wake("a", *rows[:4])

        assert [a.trigger for a in bench.store.in_state(bench.id, "pending", 2)] == [4, 3]
        assert bench.store.in_state(bench.id, "parked", 2) == []


class TestABoardThatHasEnded:
    def test_says_to_who_posts_how_it_ended_and_what_opens_it(self, bench):
        bench.store.conclude(bench.id, '{"ending": "budget", "reasons": []}', bench.head, final=False)

        with pytest.raises(
            BoardClosed, match=rf"{bench.id} has ended \(budget\); `blackboard resume {bench.id} --more`"
        ):
            bench.store.post(bench.id, "late", said(note()))

    def test_remembers_the_head_at_which_it_was_opened_again(self, bench):
        bench.post(note(), note())
        bench.store.conclude(bench.id, '{"ending": "complete", "reasons": []}', bench.head, final=True)

        bench.store.reopen(bench.id, ())
        bench.post(note())

        assert (bench.summary.epoch_head, bench.summary.head) == (2, 3)
