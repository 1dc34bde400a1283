"""Group watches: an agent that wants all entries of a kind at once, when none is unfinished."""

from dataclasses import replace

import pytest

from tests.builders import ALL_DONE, amended, contribution, landed, note

WATCHING = {"groups": (ALL_DONE,), "served": ("gatherer",)}


@pytest.fixture
def bench(bench):
    bench.seat("gatherer")
    return bench


class TestAWholeSet:
    def test_it_wakes_the_agent_when_the_last_one_is_done(self, bench):
        first, second = bench.post(note(), note())
        bench.gather()
        bench.amend(first, status="done")
        bench.gather()
        assert bench.states("gatherer") == []
        last = bench.amend(second, status="done")

        bench.gather()

        claim = bench.claim("gatherer")
        assert (claim.group, claim.trigger) == ("note", last.seq)

    def test_it_wakes_the_agent_once(self, bench):
        bench.note(status="done")

        for _ in range(3):
            bench.gather()
            bench.note(kind="task")

        assert bench.states("gatherer") == ["pending"]

    def test_it_wakes_the_agent_again_for_a_new_set_only(self, bench):
        bench.note(status="done")
        bench.gather()
        landed(bench.commit(bench.claim("gatherer"), note(kind="report")))
        bench.gather()
        assert bench.states("gatherer") == ["done"]

        bench.note(status="done")
        bench.gather()

        assert bench.states("gatherer") == ["done", "pending"]

    def test_nothing_is_no_set(self, bench):
        bench.note(kind="task", status="done")

        bench.gather()

        assert bench.states("gatherer") == []
        assert bench.cursor("gatherer") == bench.head

    def test_retracted_entries_are_not_waited_for(self, bench):
        _, second = bench.post(note(status="done"), note())
        bench.gather()
        assert bench.states("gatherer") == []

        bench.amend(second, status="retracted")
        bench.gather()

        assert bench.states("gatherer") == ["pending"]

    def test_when_all_were_retracted_there_is_no_set(self, bench):
        bench.amend(bench.note(), status="retracted")

        bench.gather()

        assert bench.states("gatherer") == []

    def test_a_set_that_has_grown_before_anybody_began_is_dropped(self, bench):
        bench.note(status="done")
        bench.gather()
        late = bench.note()

        assert bench.claims("gatherer").taken == ()
        assert bench.states("gatherer") == ["moot"]

        bench.amend(late, status="done")
        bench.gather()
        assert bench.claim("gatherer").group == "note"

    def test_its_rating_orders_it_among_the_others(self, bench):
        row = bench.note(status="done")
        bench.seat("a")
        bench.wake("a", row, rating=5)
        bench.gather(replace(ALL_DONE, rating=9))

        assert [c.agent for c in bench.claims().taken] == ["gatherer", "a"]


class TestACommitThatMakesTheSetWhole:
    @pytest.fixture
    def bench(self, bench):
        bench.post(note(), note(status="done"))
        return bench

    def start(self, bench):
        claim = bench.start("writer")
        bench.gather()
        return claim

    def test_it_wakes_the_agent_in_the_same_transaction(self, bench):
        ruling = landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="done"), **WATCHING))

        (record,) = bench.store.activations(bench.id, "gatherer")
        assert (record.group, record.trigger, record.state) == ("note", ruling.seqs[-1], "pending")
        assert (ruling.lagging, bench.cursor("gatherer")) == (False, bench.head)

    def test_one_that_leaves_it_unfinished_wakes_nobody(self, bench):
        landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="done"), note(), **WATCHING))

        assert bench.states("gatherer") == []

    def test_one_that_does_not_touch_the_kind_wakes_nobody(self, bench):
        bench.amend(bench.now("note-1"), status="done")
        claim = self.start(bench)
        landed(bench.commit(claim, note(kind="task"), **WATCHING))

        assert bench.states("gatherer") == ["pending"], "of the notice, and no other"

    def test_a_retraction_can_make_it_whole(self, bench):
        landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="retracted"), **WATCHING))

        assert bench.states("gatherer") == ["pending"]

    def test_while_the_agent_lags_behind_it_is_woken_by_the_notice_only(self, bench):
        claim = bench.start("writer")

        ruling = landed(bench.commit(claim, amended(bench.now("note-1"), status="done"), **WATCHING))
        assert (ruling.lagging, bench.states("gatherer")) == (True, [])

        bench.gather()
        assert bench.states("gatherer") == ["pending"]

    def test_of_several_that_finish_in_one_batch_the_last_makes_it_whole(self, bench):
        bench.note()
        one, two = bench.start("writer"), bench.start("other")
        bench.gather()
        keys = ("note-1", "note-3")
        made = [
            contribution(c, amended(bench.now(k), status="done"), **WATCHING)
            for c, k in zip((one, two), keys, strict=True)
        ]

        rulings, _ = bench.store.commit(bench.id, made)

        (record,) = bench.store.activations(bench.id, "gatherer")
        assert record.trigger == landed(rulings[1]).seqs[0]

    def test_the_notice_and_the_commit_mean_the_same_set(self, bench):
        landed(bench.commit(self.start(bench), amended(bench.now("note-1"), status="done"), **WATCHING))
        bench.note(kind="task")

        bench.gather()

        assert bench.states("gatherer") == ["pending"]
