"""The verdict: how a board ends, what that leaves, and how it goes on."""

import pytest

from blackboard.activation import Fenced, Proposal
from blackboard.controller import Verdict
from blackboard.errors import BoardClosed
from blackboard.records import Changed, Notice, Seat
from blackboard.runner import ending
from tests.builders import ALL_DONE, Bench, landed, note, said

VERDICT = '{"ending": "complete", "reasons": []}'


def conclude(bench: Bench, *, final: bool = False, at: int | None = None) -> bool:
    return bench.store.conclude(bench.id, VERDICT, bench.head if at is None else at, final)


class TestAVerdict:
    def test_that_nothing_is_left_to_do_is_refused_while_somebody_has_not_looked(self, bench):
        bench.note()
        bench.store.seat(bench.id, [Seat("late", "note")])

        assert bench.store.conclude(bench.id, VERDICT, bench.head, False, quiet=True) is False
        bench.store.notice(bench.id, [Notice("late", 0, bench.head)])
        assert bench.store.conclude(bench.id, VERDICT, bench.head, False, quiet=True) is True

    def test_it_is_written_at_the_head_that_was_judged(self, bench):
        bench.note()

        assert conclude(bench)

        record = bench.store.board(bench.id)
        assert (record.status, record.verdict, bench.summary.status) == ("closed", VERDICT, "closed")

    def test_it_is_refused_if_the_board_has_moved_since(self, bench):
        judged = bench.head
        claim = bench.start()

        assert conclude(bench, at=judged) is False

        record = bench.store.board(bench.id)
        assert (record.status, record.verdict, bench.state(claim)) == ("open", None, "running")
        assert landed(bench.commit(claim, note()))

    def test_it_is_refused_if_the_board_has_ended_and_was_resumed_since(self, bench):
        judged = bench.summary
        conclude(bench)
        bench.store.reopen(bench.id, ())

        assert bench.store.conclude(bench.id, VERDICT, judged.head, False, epoch=judged.epoch) is False
        assert bench.store.conclude(bench.id, VERDICT, judged.head, False, epoch=bench.summary.epoch) is True

    def test_there_is_one(self, bench):
        conclude(bench)

        assert bench.store.conclude(bench.id, "another", bench.head, True) is False
        assert bench.store.board(bench.id).verdict == VERDICT

    def test_it_is_of_one_board(self, store, clock):
        one, other = Bench.on(store, clock), Bench.on(store, clock)
        claim = other.start()

        conclude(one, final=True)

        assert landed(other.commit(claim, note()))


class TestABoardThatHasEnded:
    @pytest.mark.parametrize("final", [True, False])
    def test_what_was_running_cannot_land(self, bench, final):
        claim = bench.start()
        conclude(bench, final=final)

        assert isinstance(bench.commit(claim, note()), Fenced)
        assert bench.store.retry(claim, "too late") is False

    @pytest.mark.parametrize("final", [True, False])
    def test_nothing_can_be_claimed(self, bench, clock, final):
        row = bench.note()
        bench.start("b")
        bench.seat("a")
        bench.wake("a", row)
        conclude(bench, final=final)
        clock.pass_by(1000)

        assert bench.claims(worker="w2").taken == ()

    def test_nothing_is_noticed_any_more(self, bench):
        bench.store.seat(bench.id, [Seat("a", "note"), Seat("gatherer", "note")])
        row = bench.note(status="done")
        conclude(bench, final=True)

        bench.store.notice(bench.id, [Notice("a", 0, 1, (Proposal("a", row.seq),))], [ALL_DONE])

        assert bench.states() == [], "a closed board has an agenda"

    def test_a_strike_is_refused(self, bench):
        conclude(bench)

        assert bench.store.strike(bench.id, bench.head, said(note(kind="quiescence"))) is False


class TestACompleteBoard:
    def test_it_drops_its_agenda_and_reserves_nothing(self, bench):
        running = bench.start("a")
        bench.store.retry(bench.start("b"), "no luck")
        bench.wake("a", bench.note())

        conclude(bench, final=True)

        assert (bench.state(running), bench.states()) == ("moot", ["moot"] * 3)
        assert bench.budget() == (2, 0), "what was tried counts as used, and nothing stays reserved"

    def test_what_was_done_before_stays_done(self, bench):
        claim = bench.start()
        landed(bench.commit(claim))

        conclude(bench, final=True)

        assert (bench.state(claim), bench.budget()) == ("done", (1, 0))


class TestABoardThatCanGoOn:
    def test_nothing_stays_reserved_though_work_waits_to_be_retried(self, bench):
        bench.store.retry(bench.start("a"), "no luck")

        conclude(bench)

        assert bench.budget() == (0, 0)
        bench.store.reopen(bench.id, (("activations", 1),))
        assert landed(bench.commit(bench.claim("a")))
        assert bench.budget() == (1, 0)

    def test_a_cancel_is_not_forgotten_by_opening_what_is_open(self, bench):
        bench.store.cancel(bench.id, "enough")

        bench.store.reopen(bench.id, ())

        assert bench.summary.cancelled == "enough"

    def test_it_keeps_its_agenda(self, bench):
        bench.start("a")
        row = bench.note()
        bench.seat("b")
        bench.wake("b", row)

        conclude(bench)

        assert bench.states() == ["pending", "pending"]

    def test_it_goes_on_where_it_was_with_a_new_epoch_and_without_a_verdict(self, bench):
        claim = bench.start()
        bench.store.cancel(bench.id, "enough")
        conclude(bench)

        bench.store.reopen(bench.id, (("activations", 5),), Changed("other", '{"new": 1}', '{"more": {}}'))

        record = bench.store.board(bench.id)
        assert (record.status, record.epoch, record.verdict, record.cancelled) == ("open", 2, None, None)
        assert (record.options, bench.summary.budgets[0].cap) == ('{"new": 1}', 5)
        assert (record.team, record.kinds) == ("other", '{"more": {}}')
        again = bench.claim("a")
        assert (again.id, again.snapshot) == (claim.id, claim.snapshot)
        assert again.token > claim.token
        assert landed(bench.commit(again, note()))
        assert bench.budget() == (1, 0)

    def test_work_that_the_end_interrupted_is_put_back_untried(self, bench):
        bench.start()
        conclude(bench)
        assert bench.budget() == (0, 0)

        bench.store.reopen(bench.id, ())

        assert bench.claim("a").attempt == 1, "the end of the board counts as a failed attempt"

    def test_it_takes_posts_again(self, bench):
        conclude(bench)
        with pytest.raises(BoardClosed):
            bench.note()

        bench.store.reopen(bench.id, ())

        assert bench.note().seq == 1

    def test_one_that_was_only_interrupted_keeps_its_epoch_and_its_options(self, bench):
        bench.store.reopen(bench.id, ())

        record = bench.store.board(bench.id)
        assert (record.epoch, record.options) == (1, "{}")

    def test_seats_keep_their_cursors(self, bench):
        bench.note()
        bench.seat("a")
        conclude(bench)

        bench.store.reopen(bench.id, ())

        assert bench.cursor("a") == 1


class TestQuiescence:
    def test_the_first_strike_is_an_entry_of_the_board_and_remembered_with_its_head(self, bench):
        bench.note()

        assert bench.store.strike(bench.id, 1, said(note(kind="quiescence"), author="board"))

        row = bench.now("quiescence-1")
        assert (row.seq, row.author, bench.summary.quiet) == (2, "board", 1)

    def test_it_is_refused_if_the_board_has_moved_since(self, bench):
        bench.note()

        assert bench.store.strike(bench.id, 0, said(note(kind="quiescence"))) is False
        assert (bench.head, bench.summary.quiet) == (1, None)

    def test_news_from_outside_make_it_begin_anew(self, bench):
        bench.store.strike(bench.id, 0, said(note(kind="quiescence")))

        bench.note()

        assert bench.summary.quiet is None

    def test_a_board_that_was_opened_again_begins_anew(self, bench):
        bench.store.strike(bench.id, 0, said(note(kind="quiescence")))
        conclude(bench)

        bench.store.reopen(bench.id, ())

        assert bench.summary.quiet is None
        assert bench.store.strike(bench.id, bench.head, said(note(kind="quiescence")))
        assert bench.now("quiescence-2")

    def test_what_agents_write_does_not(self, bench):
        claim = bench.start()
        bench.store.strike(bench.id, bench.head, said(note(kind="quiescence")))

        bench.commit(claim, note())

        assert bench.summary.quiet is not None


class TestTheSummary:
    def test_it_counts_what_is_open_or_failed_by_agent(self, bench):
        trigger = bench.note()
        bench.commit(bench.start("a", on=trigger), failed="it broke")
        landed(bench.commit(bench.start("done", on=trigger)))
        bench.start("b", on=trigger)
        for agent in ("c", "d"):
            bench.seat(agent)
            bench.wake(agent, trigger)

        assert bench.summary.states == {"failed": {"a": 1}, "running": {"b": 1}, "pending": {"c": 1, "d": 1}}
        assert bench.summary.failures == ("a failed: it broke",)

    def test_a_cancel_is_seen_in_it(self, bench):
        bench.store.cancel(bench.id, "enough")

        assert bench.summary.cancelled == "enough"


class TestAPostThatIsRepeated:
    def test_gives_no_second_chance_to_a_board_that_is_quiet(self, bench):
        bench.post(note(), operation="once")
        body = note(kind="quiescence", status="posted")
        assert bench.store.strike(bench.id, bench.head, said(body, author="board"))

        bench.post(note(), operation="once")

        assert bench.summary.quiet is not None


class TestACapThatIsRaised:
    def test_on_an_open_board_lets_no_verdict_land_that_was_judged_by_the_old_one(self, store, clock):
        bench = Bench.on(store, clock, cap=1)
        judged = bench.summary

        store.reopen(bench.id, (("activations", 5),))

        assert store.conclude(bench.id, VERDICT, judged.head, False, epoch=judged.epoch) is False
        assert store.conclude(bench.id, VERDICT, judged.head, False, epoch=bench.summary.epoch) is True

    def test_to_what_it_is_changes_nothing(self, store, clock):
        bench = Bench.on(store, clock, cap=1)

        store.reopen(bench.id, (("activations", 1),))

        assert bench.summary.epoch == 1


class TestCancelling:
    def test_a_board_that_has_ended_has_no_effect(self, bench):
        conclude(bench)

        bench.store.cancel(bench.id, "too late")

        assert bench.store.board(bench.id).cancelled is None


class TestAVerdictThatNothingIsLeftToDo:
    def test_is_not_written_when_somebody_has_joined_since_it_was_judged_who_has_not_looked_yet(self, bench):
        bench.note()
        judged = bench.summary
        bench.store.seat(bench.id, [Seat("late", "note")])

        assert not ending.conclude(bench.store, bench.id, Verdict("quiescent"), judged)
        assert ending.conclude(bench.store, bench.id, Verdict("deadline"), judged), "others do not wait for that"
