"""What has failed is put off: nobody gets it before it is due, and whoever looks in vain learns when to look again."""

import pytest

from blackboard.activation import Agenda
from tests.builders import landed, note


def put_off(bench, seconds=10.0):
    """An activation that has failed and is to be tried again in so many seconds."""
    claim = bench.start()
    assert bench.store.retry(claim, "no luck", delay=seconds)
    return claim


class TestWhatIsPutOff:
    def test_cannot_be_had_before_it_is_due(self, bench, clock):
        put_off(bench)

        assert bench.claims().taken == ()
        clock.pass_by(9)
        assert bench.claims(worker="w2").taken == ()
        clock.pass_by(1)
        assert bench.claim("a").attempt == 2

    def test_whoever_looks_in_vain_learns_when_to_look_again(self, bench, clock):
        put_off(bench, 10)
        clock.pass_by(4)

        assert bench.claims().due_in == pytest.approx(6)
        assert bench.claims("b").due_in is None, "it serves others"

    def test_what_is_due_first_is_told(self, bench):
        put_off(bench, 10)
        put_off(bench, 3)

        assert bench.claims().due_in == pytest.approx(3)

    def test_nothing_is_told_where_nothing_is_put_off(self, bench):
        assert bench.claims().due_in is None

    def test_does_not_keep_others_from_being_claimed_in_a_commit(self, bench):
        put_off(bench)
        claim = bench.start()
        bench.wake("a", bench.note())

        _, claims = bench.store.commit(bench.id, [], Agenda("w1", {"a": 5}, 5))

        assert [c.agent for c in claims.taken] == ["a"]
        assert landed(bench.commit(claim))

    def test_is_pending_and_keeps_its_reservation(self, bench):
        put_off(bench)

        assert bench.summary.states == {"pending": {"a": 1}}
        assert bench.budget() == (0, 1)
        assert bench.store.activations(bench.id, "a")[0].due_at is not None

    def test_is_due_when_it_is_claimed(self, bench, clock):
        put_off(bench)
        clock.pass_by(10)
        bench.claim("a")

        assert bench.store.activations(bench.id, "a")[0].due_at is None

    def test_is_not_put_off_for_hours_when_the_clock_is_set_back(self, bench, clock):
        put_off(bench)
        clock.pass_by(-3600)

        assert bench.claim("a").attempt == 2

    def test_is_due_at_once_when_its_board_is_resumed(self, bench):
        put_off(bench, 60)
        bench.store.conclude(bench.id, "{}", bench.head, False)
        bench.store.reopen(bench.id, ())

        assert bench.claim("a").attempt == 1

    def test_is_due_at_once_when_a_board_that_nobody_had_ended_is_resumed(self, bench):
        put_off(bench, 60)
        bench.store.reopen(bench.id, ())

        assert bench.claim("a").attempt == 2

    def test_may_be_due_at_once(self, bench):
        put_off(bench, 0)

        assert bench.claim("a").attempt == 2


class TestAttemptsThatAreUsedUp:
    def test_count_up_to_where_the_next_agent_begins(self, bench):
        claim = bench.start()
        bench.store.retry(claim, "a mistake", used=3)

        assert bench.claim("a").attempt == 4

    def test_are_kept_with_their_causes(self, bench):
        claim = bench.start()
        bench.store.retry(claim, "one")
        bench.store.retry(bench.claim("a"), "two")

        told = bench.store.attempts(bench.id, [claim.id])

        assert [(a.number, a.outcome, a.cause) for a in told] == [(1, "failed", "one"), (2, "failed", "two")]
        assert bench.store.attempts(bench.id, [99]) == []


class TestARenewedClaim:
    def test_sees_the_board_as_it_is_now_and_is_the_same_otherwise(self, bench):
        claim = bench.start()
        bench.note()

        renewed = bench.store.renew(claim)

        assert (renewed.id, renewed.token, renewed.attempt) == (claim.id, claim.token, claim.attempt)
        assert renewed.snapshot == bench.head > claim.snapshot
        assert bench.store.activations(bench.id, "a")[0].snapshot == bench.head
        assert landed(bench.commit(renewed, note()))

    def test_is_none_where_the_claim_was_lost(self, bench, clock):
        old = bench.start(worker="slow")
        clock.pass_by(31)
        new = bench.claim("a", worker="quick")
        bench.note()

        assert bench.store.renew(old) is None
        assert bench.store.activations(bench.id, "a")[0].snapshot == new.snapshot


class TestWhatWasRead:
    def test_is_told_to_be_superseded_when_there_is_a_newer_version(self, bench):
        old, kept = bench.note(), bench.note()
        bench.amend(old)

        assert bench.store.superseded(bench.id, [old.seq, kept.seq]) == {old.seq}
        assert bench.store.superseded(bench.id, []) == set()
