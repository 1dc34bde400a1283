"""Batches: what is there is handed over together, so many at most, each version once."""

from dataclasses import replace

import pytest

from blackboard.activation import Agenda, Lot, Proposal, ReadSet
from blackboard.records import Notice, Seat
from tests.builders import again, amended, contribution, landed, moot, note

THREE = Lot("note", 3)
SERVED = {"served": ("a",)}


def proposed(*rows, lot=THREE, agent="a"):
    return tuple(Proposal(agent, r if isinstance(r, int) else r.seq, many=lot) for r in rows)


@pytest.fixture
def bench(bench):
    bench.seat("a")
    return bench


@pytest.fixture
def come(bench):
    """Entries come, and the agent that takes three at a time notices them."""

    def notice(*rows, lot=THREE):
        new = rows or (bench.note(),)
        assert bench.store.notice(bench.id, [Notice("a", bench.cursor("a"), bench.head, proposed(*new, lot=lot))])
        return list(new)

    return notice


def members(bench):
    return [claim.members for claim in bench.claims("a").taken]


class TestABatchThatWaitsAfterALostRace:
    def test_is_handed_what_is_left_of_it_when_it_looks_again(self, bench, come):
        first, second = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        bench.amend(first)

        renewed = bench.store.renew(claim)

        assert (renewed.members, renewed.snapshot) == ((second.seq,), bench.head)


class TestABatch:
    def test_what_comes_before_anybody_begins_is_handed_over_together_oldest_first(self, bench, come):
        first = come()
        rest = come(*bench.post(note(), note()))

        claim = bench.claim("a")

        assert claim.members == tuple(r.seq for r in [*first, *rest])
        assert (claim.group, claim.is_batch) == ("note", True)

    def test_it_takes_so_many_at_most_and_the_next_begins(self, bench, come):
        rows = come(*bench.post(*[note() for _ in range(7)]))

        seqs = [r.seq for r in rows]
        assert members(bench) == [tuple(seqs[:3]), tuple(seqs[3:6]), tuple(seqs[6:])]

    def test_it_takes_what_is_there_and_waits_for_no_more(self, bench, come):
        (row,) = come()

        assert members(bench) == [(row.seq,)]

    def test_nothing_joins_it_once_it_was_claimed(self, bench, come):
        (first,) = come()
        claim = bench.claim("a")
        (second,) = come()

        assert claim.members == (first.seq,)
        assert members(bench) == [(second.seq,)]

    def test_nothing_joins_it_when_it_waits_to_be_tried_again(self, bench, come):
        (first,) = come()
        assert bench.store.retry(bench.claim("a"), "oops") is True
        (second,) = come()

        assert members(bench) == [(first.seq,), (second.seq,)]

    def test_it_counts_as_one_activation(self, bench, come):
        come(*bench.post(note(), note()))
        landed(bench.commit(bench.claim("a")))

        assert (bench.states("a"), bench.budget()) == (["done"], (1, 0))

    def test_agents_have_batches_of_their_own(self, bench, come):
        bench.seat("b")
        (row,) = come()
        bench.store.notice(bench.id, [Notice("b", bench.cursor("b"), bench.head, proposed(row, agent="b"))])

        assert [(c.agent, c.members) for c in bench.claims().taken] == [("a", (row.seq,)), ("b", (row.seq,))]


class TestEachVersion:
    def test_it_is_handed_over_once_however_often_it_is_noticed(self, bench, come):
        (row,) = come()
        landed(bench.commit(bench.claim("a")))

        come(row, row)

        assert bench.states("a") == ["done"]

    def test_an_agent_that_has_left_and_sits_down_again_is_not_handed_it_twice(self, bench, come):
        (row,) = come()
        landed(bench.commit(bench.claim("a")))
        bench.store.retire(bench.id, [])
        bench.store.seat(bench.id, [Seat("a", "note")])
        assert bench.cursor("a") == 0

        new = bench.note()
        come(row, new)

        assert members(bench) == [(new.seq,)]

    def test_a_cursor_that_is_elsewhere_hands_nothing_over(self, bench, come):
        (row,) = come()

        assert bench.store.notice(bench.id, [Notice("a", 0, bench.head + 1, proposed(row.seq))]) is False

        assert members(bench) == [(row.seq,)]

    def test_a_new_version_is_another_one(self, bench, come):
        (row,) = come()
        landed(bench.commit(bench.claim("a")))
        (new,) = come(bench.amend(row))

        assert members(bench) == [(new.seq,)]


class TestACommitThatWritesSome:
    def test_they_are_gathered_in_the_same_transaction(self, bench):
        claim = bench.start("writer")
        bench.wake("a")
        made = contribution(claim, *[note() for _ in range(4)], proposals=proposed(0, 1, 2, 3), **SERVED)

        (ruling,), claims = bench.store.commit(bench.id, [made], Agenda("w1", {"a": 5}, 5))

        seqs = landed(ruling).seqs
        assert [c.members for c in claims.taken] == [seqs[:3], seqs[3:]]
        assert bench.cursor("a") == bench.head

    def test_while_the_agent_lags_behind_the_notice_gathers_them(self, bench, come):
        claim = bench.start("writer")

        ruling = landed(bench.commit(claim, note(), proposals=proposed(0), **SERVED))
        assert (ruling.lagging, bench.states("a")) == (True, [])

        come(*bench.store.by_seq(bench.id, ruling.seqs))
        assert members(bench) == [ruling.seqs]

    def test_repeated_it_gathers_nothing_twice(self, bench):
        claim = bench.start("writer")
        bench.wake("a")
        for _ in range(2):
            ruling = landed(bench.commit(claim, note(), proposals=proposed(0), **SERVED))

        assert members(bench) == [ruling.seqs]


class TestAMemberThatChanges:
    def test_before_anybody_begins_it_is_left_out(self, bench, come):
        one, two = come(*bench.post(note(), note()))
        bench.amend(one)

        assert members(bench) == [(two.seq,)]

    def test_when_all_have_changed_before_that_there_is_nothing_to_do(self, bench, come):
        (row,) = come()
        new = bench.amend(row)

        assert members(bench) == []
        assert bench.states("a") == ["moot"]

        come(new)
        assert members(bench) == [(new.seq,)]

    def test_while_it_runs_the_work_is_done_again_with_the_others(self, bench, come):
        one, two = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        new = bench.amend(one)

        redone = again(bench.commit(claim, note(kind="report")))

        assert (redone.members, redone.snapshot, redone.redone) == ((two.seq,), bench.head, 1)
        landed(bench.commit(redone, note(kind="report")))
        come(new)
        assert members(bench) == [(new.seq,)]

    def test_when_all_change_while_it_runs_it_is_dropped(self, bench, come):
        rows = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        for row in rows:
            bench.amend(row)

        assert moot(bench.commit(claim, note(kind="report")))
        assert bench.states("a") == ["moot"]

    def test_it_counts_though_the_agent_has_only_amended_another(self, bench, come):
        one, two = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        bench.amend(one)

        redone = again(bench.commit(claim, amended(two, status="done")))

        landed(bench.commit(redone, amended(two, status="done")))

    def test_a_loose_agent_lands_all_the_same(self, bench, come):
        one, _ = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        bench.amend(one)

        landed(bench.commit(claim, note(kind="report"), woken_by=()))

    def test_a_loose_agent_that_amends_the_last_of_them_has_nothing_to_do_again(self, bench, come):
        (row,) = come()
        claim = bench.claim("a")
        bench.amend(row)

        assert moot(bench.commit(claim, amended(row, status="done"), woken_by=()))

    def test_a_failure_that_rests_on_it_is_no_failure(self, bench, come):
        one, two = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        bench.amend(one)

        ruling = bench.store.retry(claim, "oops", contribution(claim))

        assert again(ruling).members == (two.seq,)


class TestTheSameMembers:
    def test_are_handed_to_whoever_takes_it_over(self, bench, come, clock):
        one, two = come(*bench.post(note(), note()))
        claim = bench.claim("a", lease=5)
        bench.amend(one)
        clock.pass_by(10)

        taken = bench.claim("a", worker="w2")

        assert (
            (taken.members, taken.snapshot) == (claim.members, claim.snapshot) == ((one.seq, two.seq), claim.snapshot)
        )
        assert taken.token == claim.token + 1

    def test_are_handed_over_when_it_is_tried_again(self, bench, come):
        one, two = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        bench.store.retry(claim, "oops")
        bench.amend(one)

        assert bench.claim("a").members == claim.members == (one.seq, two.seq)

    def test_are_handed_over_when_its_worker_has_let_it_go(self, bench, come):
        rows = come(*bench.post(note(), note()))
        bench.claim("a")
        bench.store.release(bench.id, "w1")
        come()

        assert members(bench)[0] == tuple(r.seq for r in rows)

    def test_to_nobody_where_all_have_changed(self, bench, come, clock):
        (row,) = come()
        bench.claim("a", lease=5)
        bench.amend(row)
        clock.pass_by(10)

        assert bench.claims("a", worker="w2").taken == ()
        assert bench.states("a") == ["moot"]


class TestWhatItHasRead:
    def test_another_entry_that_changed_makes_it_do_all_of_it_again(self, bench, come):
        other = bench.note(kind="task")
        rows = come(*bench.post(note(), note()))
        claim = bench.claim("a")
        bench.amend(other)

        redone = again(bench.commit(claim, reads=ReadSet(strict=(other.seq,))))

        assert redone.members == tuple(r.seq for r in rows)


class TestWhatPeopleSee:
    def test_how_many_it_took(self, bench, come):
        one, *_ = come(*bench.post(note(), note(), note()))
        bench.amend(one)
        bench.claim("a")

        (row,) = bench.store.sql("SELECT woken_by FROM agenda WHERE agent = 'a'", {})
        assert row == {"woken_by": "batch of 2 note"}


class TestOneThatIsBroken:
    def test_it_fails_alone(self, bench, come):
        good, bad = bench.post(note(), note())
        broken = replace(proposed(bad)[0], many=None, broken="where= failed: 'x'")
        bench.store.notice(bench.id, [Notice("a", bench.cursor("a"), bench.head, (*proposed(good), broken))])

        assert sorted(bench.states("a")) == ["failed", "pending"]
        assert members(bench) == [(good.seq,)]
