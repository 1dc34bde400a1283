"""Claims: who may act, in which order, and what becomes of those who were too slow."""

from dataclasses import replace

import pytest

from blackboard.activation import Agenda, Fenced, Landed, ReadSet
from blackboard.records import Worker
from tests.builders import Bench, again, amended, contribution, landed, note


def three(bench: Bench, *ratings: int, agent: str = "a"):
    """Three entries on which the agent can act."""
    bench.seat(agent)
    rows = bench.post(note(kind="trigger"), note(kind="trigger"), note(kind="trigger"))
    for row, rating in zip(rows, ratings or (0, 0, 0), strict=True):
        bench.wake(agent, row, rating=rating)
    return rows


class TestAnAgentThatActsOnSoManyAtATime:
    """Whoever serves it: several workers together are bound by it as one is."""

    def claims(self, bench, worker, most=2):
        return bench.store.claim(bench.id, Agenda(worker, {"a": 10, "b": 10}, 10, most={"a": most})).taken

    def test_has_no_more_among_all_workers(self, bench):
        three(bench)

        assert [len(self.claims(bench, worker)) for worker in ("w1", "w2")] == [2, 0]

    def test_goes_on_in_the_commit_that_ends_one(self, bench):
        three(bench)
        first, _ = self.claims(bench, "w1")

        done = contribution(first)
        _, claims = bench.store.commit(bench.id, [done], Agenda("w1", {"a": 10}, 10, most={"a": 2}))

        assert len(claims.taken) == 1
        assert bench.states() == ["done", "running", "running"]

    def test_has_the_place_of_a_worker_that_is_gone(self, bench):
        three(bench)
        self.claims(bench, "w1")
        bench.clock.pass_by(31)

        assert len(self.claims(bench, "w2")) == 2
        assert bench.states() == ["running", "running", "pending"]

    def test_keeps_no_place_from_others(self, bench):
        three(bench)
        three(bench, agent="b")

        assert sorted(c.agent for c in self.claims(bench, "w1", most=1)) == ["a", "b", "b", "b"]


class TestAClaim:
    def test_it_is_the_right_to_act_on_one_version_as_of_one_snapshot(self, bench):
        row = bench.note()
        bench.seat("a")
        bench.wake("a", row)
        bench.note()

        claim = bench.claim("a")

        assert (claim.board, claim.agent, claim.trigger, claim.group) == (bench.id, "a", row.seq, None)
        assert (claim.snapshot, claim.token, claim.attempt, claim.redone) == (bench.head, 1, 1, 0)
        assert bench.state(claim) == "running"

    def test_each_activation_is_claimed_once(self, bench):
        three(bench)

        first, second = bench.claims(slots=2).taken, bench.claims(worker="w2").taken

        assert len({c.id for c in (*first, *second)}) == 3
        assert bench.claims(worker="w3").taken == ()

    def test_the_best_rated_comes_first_then_the_oldest(self, bench):
        rows = three(bench, 1, 5, 1)

        taken = [bench.claim(slots=1).trigger for _ in rows]

        assert taken == [rows[1].seq, rows[0].seq, rows[2].seq]

    def test_a_rating_below_none_comes_last(self, bench):
        rows = three(bench, -1, 0, -2)

        assert [c.trigger for c in bench.claims().taken] == [rows[1].seq, rows[0].seq, rows[2].seq]

    def test_no_more_are_taken_than_there_are_slots(self, bench):
        three(bench)

        assert len(bench.claims(slots=2).taken) == 2
        assert bench.claims(slots=0).taken == bench.claims(slots=-1).taken == ()

    def test_no_agent_gets_more_than_it_may_have(self, bench):
        three(bench, 9, 9, 9)
        three(bench, agent="b")

        taken = bench.store.claim(bench.id, Agenda("w1", {"a": 1, "b": 5}, 3)).taken

        assert [c.agent for c in taken] == ["a", "b", "b"]

    def test_an_agent_that_a_worker_does_not_serve_or_that_is_full_gets_nothing(self, bench):
        three(bench)

        assert bench.claims("b").taken == bench.claims("a", each=0).taken == ()
        assert bench.store.claim(bench.id, Agenda("w1", {}, 5)).taken == ()

    def test_dropped_work_takes_no_slot(self, bench):
        rows = three(bench, 2, 1, 0)
        bench.amend(rows[0])

        assert [c.trigger for c in bench.claims(slots=2).taken] == [rows[1].seq, rows[2].seq]

    def test_a_commit_may_claim_what_follows_in_the_same_transaction(self, bench):
        rows = three(bench)
        claim = bench.claim(slots=1)

        (ruling,), claims = bench.store.commit(bench.id, [contribution(claim)], Agenda("w1", {"a": 1}, 5))

        assert isinstance(ruling, Landed)
        assert [c.trigger for c in claims.taken] == [rows[1].seq]

    def test_what_is_claimed_in_a_commit_sees_what_the_commit_wrote(self, bench):
        three(bench)
        claim = bench.claim(slots=1)

        _, claims = bench.store.commit(bench.id, [contribution(claim, note())], Agenda("w1", {"a": 1}, 1))

        assert claims.taken[0].snapshot == bench.head


class TestAToken:
    def taken_over(self, bench, clock):
        """A claim, and that of the worker who has taken the same activation over."""
        old = bench.start(worker="slow")
        clock.pass_by(31)
        return old, bench.claim("a", worker="quick")

    def test_a_takeover_has_a_higher_token_and_the_same_snapshot(self, bench, clock):
        claim = bench.start(worker="slow")
        bench.note()
        clock.pass_by(31)

        taken = bench.claim("a", worker="quick")

        assert (taken.id, taken.trigger, taken.snapshot) == (claim.id, claim.trigger, claim.snapshot)
        assert (taken.token, taken.attempt) == (claim.token + 1, 2)

    def test_a_worker_that_lost_its_lease_cannot_commit(self, bench, clock):
        old, new = self.taken_over(bench, clock)
        head = bench.head

        assert isinstance(bench.commit(old, note()), Fenced)
        assert (bench.head, bench.state(new)) == (head, "running")
        assert landed(bench.commit(new, note()))

    def test_a_worker_that_lost_its_lease_cannot_commit_after_the_other_has(self, bench, clock):
        old, new = self.taken_over(bench, clock)
        bench.commit(new, note())

        assert isinstance(bench.commit(old, note()), Fenced)
        assert bench.state(new) == "done"

    def test_a_worker_that_lost_its_lease_cannot_retry(self, bench, clock):
        old, new = self.taken_over(bench, clock)

        assert bench.store.retry(old, "too late") is False
        assert bench.state(new) == "running"
        assert all(a.cause != "too late" for a in bench.store.activations(bench.id))

    def test_a_worker_that_lost_its_lease_cannot_end_the_work_as_moot_or_stale(self, bench, clock):
        trigger = bench.note()
        old = bench.start(on=trigger, worker="slow")
        clock.pass_by(31)
        new = bench.claim("a", worker="quick")
        bench.amend(trigger)

        assert isinstance(bench.commit(old, note()), Fenced)
        assert (bench.state(new), bench.budget()) == ("running", (0, 1))

    def test_a_worker_that_lost_its_lease_gives_nothing_back_of_what_others_hold(self, bench, clock):
        _, new = self.taken_over(bench, clock)

        bench.store.release(bench.id, "slow")

        assert bench.state(new) == "running"

    def test_a_worker_that_was_only_late_may_still_commit(self, bench, clock):
        claim = bench.start()
        clock.pass_by(1_000_000)

        assert landed(bench.commit(claim, note())), "safety reads no clock"

    def test_what_was_put_back_cannot_be_committed(self, bench):
        claim = bench.start()
        bench.store.retry(claim, "no luck")

        assert isinstance(bench.commit(claim, note()), Fenced)
        assert bench.store.retry(claim, "again") is False

    def test_a_claim_of_another_time_is_as_good_as_none(self, bench):
        first = bench.start()
        bench.store.retry(first, "no luck")
        second = bench.claim("a")

        assert isinstance(bench.commit(first, note()), Fenced)
        assert (second.token, second.snapshot) == (first.token + 1, first.snapshot)
        assert landed(bench.commit(second, note()))

    def test_an_activation_that_does_not_exist_is_fenced(self, bench):
        claim = bench.start()

        assert isinstance(bench.commit(replace(claim, id=99), note()), Fenced)


class TestALease:
    def test_nobody_takes_over_before_it_has_passed(self, bench, clock):
        bench.start(worker="slow")
        clock.pass_by(29)

        assert bench.claims("a", worker="quick").taken == ()

    def test_a_beat_makes_it_longer_and_tells_what_is_held(self, bench, clock):
        claim = bench.start(worker="w1")
        clock.pass_by(29)

        held = bench.store.beat(bench.id, Agenda("w1", lease=30), 0)
        clock.pass_by(29)

        assert held == {(claim.id, claim.token)}
        assert bench.claims("a", worker="quick").taken == ()

    def test_a_beat_tells_what_was_lost(self, bench, clock):
        bench.start(worker="slow")
        clock.pass_by(31)
        bench.claim("a", worker="quick")

        assert bench.store.beat(bench.id, Agenda("slow"), 0) == set()

    def test_a_beat_writes_down_how_long_was_worked(self, bench, clock):
        bench.store.beat(bench.id, Agenda("w1"), 1.5)
        clock.pass_by(5)
        bench.store.beat(bench.id, Agenda("w2"), 2.25)

        assert bench.summary.ran_seconds == bench.store.board(bench.id).ran_seconds == 3.75

    def test_a_worker_does_not_take_over_from_itself(self, bench, clock):
        bench.start(worker="w1")
        clock.pass_by(31)

        assert bench.claims("a", worker="w1").taken == ()

    def test_what_is_taken_over_is_in_the_record_with_who_was_lost(self, bench, clock):
        claim = bench.start(worker="slow")
        clock.pass_by(31)
        bench.claim("a", worker="quick")

        (record,) = bench.store.activations(bench.id, "a")
        assert (record.owner, record.token, record.attempt) == ("quick", claim.token + 1, 2)
        assert "slow" in record.cause

    def test_work_of_a_worker_that_has_left_is_taken_over_at_once(self, bench, clock):
        for worker, pid in (("slow", 11), ("quick", 12)):
            bench.store.announce(Worker(worker, clock.host(), pid))
        claim = bench.start(worker="slow")
        assert bench.claims("a", worker="quick").taken == ()

        bench.store.leave("slow")

        assert bench.claim("a", worker="quick").token == claim.token + 1

    def test_a_worker_that_never_came_here_is_judged_by_its_lease_only(self, bench, clock):
        bench.start(worker="far")

        assert bench.claims("a", worker="near").taken == ()
        clock.pass_by(31)
        assert bench.claim("a", worker="near").attempt == 2

    def test_what_is_taken_over_counts_against_the_slots(self, bench, clock):
        three(bench)
        bench.claims(worker="slow")
        clock.pass_by(31)

        assert len(bench.claims(worker="quick", slots=2).taken) == 2

    def test_what_is_taken_over_counts_against_what_the_agent_may_have(self, bench, clock):
        three(bench)
        bench.claims(worker="slow")
        clock.pass_by(31)

        assert len(bench.claims(worker="quick", slots=5, each=1).taken) == 1
        assert bench.claims(worker="third", slots=5, each=0).taken == ()


class TestARelease:
    def test_it_puts_back_all_that_the_worker_holds_as_if_untried(self, bench):
        three(bench)
        held = bench.claims(slots=2).taken

        bench.store.release(bench.id, "w1")

        assert (bench.states("a"), bench.budget()) == (["pending"] * 3, (0, 0))
        assert [c.attempt for c in bench.claims().taken] == [1, 1, 1]
        assert isinstance(bench.commit(held[0], note()), Fenced)

    def test_an_attempt_that_had_failed_before_still_counts(self, bench):
        bench.store.retry(bench.start(), "no luck")
        bench.claim("a")

        bench.store.release(bench.id, "w1")

        assert bench.claim("a").attempt == 2
        assert bench.budget() == (0, 1)

    def test_it_leaves_what_others_hold(self, bench):
        claim = bench.start(worker="w2")

        bench.store.release(bench.id, "w1")

        assert landed(bench.commit(claim))


class TestARetry:
    def test_it_counts_the_attempts_and_keeps_each_cause(self, bench):
        claim = bench.start()

        for n in (1, 2, 3):
            assert claim.attempt == n
            assert bench.store.retry(claim, f"cause {n}")
            claim = bench.claim("a")

        (record,) = bench.store.activations(bench.id, "a")
        assert (record.attempt, record.cause, record.state) == (4, "cause 3", "running")
        causes = bench.store.sql("SELECT outcome, cause FROM attempt ORDER BY number", {})
        assert causes == [{"outcome": "failed", "cause": f"cause {n}"} for n in (1, 2, 3)]

    def test_it_reads_the_same_snapshot_again(self, bench):
        claim = bench.start()
        bench.note()
        bench.store.retry(claim, "no luck")

        assert bench.claim("a").snapshot == claim.snapshot

    @pytest.mark.parametrize(
        "cause", ["\udc80 in a file name", "a\0b", "x" * 100_000, ""], ids=["surrogate", "NUL", "long", "empty"]
    )
    def test_any_cause_can_be_kept(self, bench, cause):
        claim = bench.start()

        assert bench.store.retry(claim, cause)


class TestAFailure:
    def test_an_activation_that_ends_as_failed_lands_what_the_board_says_of_it(self, bench):
        trigger = bench.note()
        claim = bench.start(on=trigger)

        ruling = bench.commit(claim, note(kind="failure", author="board"), failed="it broke")

        assert landed(ruling).keys == ("failure-1",)
        assert (bench.state(claim), bench.budget()) == ("failed", (1, 0))
        assert bench.summary.failures == ("a failed: it broke",)


class TestACommitThatIsRepeated:
    """Its answer was lost, not the commit: own-ack."""

    def test_it_lands_once_and_gives_the_same_answer(self, bench):
        old = bench.note()
        claim = bench.start()
        writes = (note(), amended(old), note(kind="task"))
        first = landed(bench.commit(claim, *writes))
        bench.note()

        again = landed(bench.commit(claim, *writes))

        assert (again.seqs, again.keys) == (first.seqs, first.keys)
        assert len(bench.store.feed(bench.id, 0)) == bench.head == first.seqs[-1] + 1
        assert bench.budget() == (1, 0)

    def test_twice_in_one_batch_too(self, bench):
        made = contribution(bench.start(), note())

        (one, other), _ = bench.store.commit(bench.id, [made, made])

        assert (landed(one).seqs, landed(one).keys) == (landed(other).seqs, landed(other).keys)

    def test_what_wrote_nothing_lands_nothing_again(self, bench):
        claim = bench.start()
        bench.commit(claim)

        assert landed(bench.commit(claim)).seqs == ()

    def test_a_failure_that_is_repeated_is_recorded_once(self, bench):
        claim = bench.start()

        first, second = (landed(bench.commit(claim, note(kind="failure"), failed="it broke")) for _ in range(2))

        assert first.seqs == second.seqs
        assert bench.store.sql("SELECT count(*) AS n FROM attempt", {}) == [{"n": 1}]

    def test_after_the_board_has_ended_too(self, bench):
        claim = bench.start()
        first = landed(bench.commit(claim, note()))
        bench.store.conclude(bench.id, "{}", bench.head, True)

        assert landed(bench.commit(claim, note())).seqs == first.seqs

    def test_although_what_it_relied_on_has_changed_since(self, bench):
        trigger = bench.note()
        claim = bench.start(on=trigger)
        first = landed(bench.commit(claim, amended(trigger)))

        assert landed(bench.commit(claim, amended(trigger))).seqs == first.seqs


class TestABatch:
    """What waits together is committed together; a bad contribution fails alone."""

    def test_what_has_to_be_done_again_keeps_its_place_beside_what_is_claimed(self, bench):
        one, two, other = bench.note("one"), bench.note("two"), bench.note("other")
        claim = bench.start(on=one)
        bench.wake("a", two)
        bench.amend(other)
        reads = ReadSet(strict=(other.seq,))

        (ruling,), claims = bench.store.commit(
            bench.id, [contribution(claim, note(), reads=reads)], Agenda("w1", {"a": 1}, slots=1)
        )

        assert again(ruling).id == claim.id
        assert claims.taken == (), "one place, two activations"

    def bad(self, claim, old):
        return {
            "what the database refuses": contribution(claim, amended(old, "one"), amended(old, "two")),
            "a text that cannot be stored": contribution(claim, note(kind="failure"), failed="\udc80"),
        }

    @pytest.mark.parametrize("which", ["what the database refuses", "a text that cannot be stored"])
    def test_a_bad_contribution_fails_alone(self, bench, which):
        old = bench.note()
        one, two, three = (bench.start(a) for a in "abc")
        batch = [contribution(one, note("first")), self.bad(two, old)[which], contribution(three, note("last"))]

        rulings, _ = bench.store.commit(bench.id, batch)

        assert isinstance(rulings[0], Landed)
        assert isinstance(rulings[2], Landed)
        texts = [r.body for r in bench.store.current(bench.id) if r.kind == "note"]
        assert [t for t in texts if "first" in t or "last" in t] == ['{"text": "first"}', '{"text": "last"}']

    def test_what_was_refused_still_holds_its_claim_and_can_end_as_failed(self, bench):
        old = bench.note()
        claim = bench.start()

        ruling = bench.commit(claim, amended(old, "one"), amended(old, "two"))

        assert type(ruling).__name__ == "Refused"
        assert (bench.state(claim), bench.budget()) == ("running", (0, 1))
        assert landed(bench.commit(claim, note(kind="failure"), failed="refused"))

    def test_a_batch_with_a_bad_one_still_claims_what_follows(self, bench):
        old = bench.note()
        one, two = bench.start("a"), bench.start("b")
        bench.seat("c")
        bench.wake("c", old)
        bad = contribution(two, amended(old, "one"), amended(old, "two"))

        _, claims = bench.store.commit(bench.id, [contribution(one), bad], Agenda("w1", {"c": 1}, 5))

        assert [c.agent for c in claims.taken] == ["c"]

    def test_each_sees_what_those_before_it_have_written(self, bench):
        one, two = bench.start("a"), bench.start("b")

        rulings, _ = bench.store.commit(bench.id, [contribution(c, note()) for c in (one, two)])

        assert [landed(r).keys for r in rulings] == [("note-1",), ("note-2",)]
        assert rulings[1].seqs[0] == rulings[0].seqs[0] + 1

    def test_an_empty_batch_only_claims(self, bench):
        three(bench)

        rulings, claims = bench.store.commit(bench.id, [], Agenda("w1", {"a": 1}, 5))

        assert (rulings, len(claims.taken)) == ([], 1)
