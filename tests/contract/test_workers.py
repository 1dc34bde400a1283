"""Workers: who serves what, how long a board was worked on, what is left of those that have gone."""

import pytest

from blackboard.activation import Agenda
from blackboard.records import Worker
from tests.builders import Bench

HERE = Worker("w1", "here", 11)


def beat(bench: Bench, worker: str, seconds: float = 0.0) -> None:
    bench.store.beat(bench.id, Agenda(worker), seconds)


@pytest.fixture
def serving(bench) -> Bench:
    """A board with one worker that serves two agents."""
    bench.store.announce(HERE)
    bench.store.serve(bench.id, "w1", {"a": "v1", "b": "v7"}, 3)
    return bench


class TestWhoServes:
    def test_is_known_with_the_agents_their_code_and_the_last_beat(self, serving, clock):
        begun = clock.now()
        clock.pass_by(5)
        beat(serving, "w1")

        (one,) = serving.store.serving(serving.id)

        assert (one.worker, one.board, one.agents, one.slots) == (HERE, serving.id, {"a": "v1", "b": "v7"}, 3)
        assert (one.since, one.beat_at, one.gone) == (begun, clock.now(), False)

    def test_is_told_of_every_board_where_none_is_named(self, serving, store, clock):
        other = Bench.on(store, clock)
        store.serve(other.id, "w1", {"c": ""}, 3)

        assert [s.board for s in store.serving()] == [serving.id, other.id]
        assert [s.board for s in store.serving(other.id)] == [other.id]

    def test_is_told_with_how_much_it_holds(self, serving):
        serving.start("a", worker="w1")

        assert [s.holds for s in serving.store.serving(serving.id)] == [1]

    def test_says_it_again_with_other_agents_and_is_there_once(self, serving):
        serving.store.serve(serving.id, "w1", {"c": "v2"}, 9)

        assert [(s.agents, s.slots) for s in serving.store.serving(serving.id)] == [({"c": "v2"}, 9)]

    def test_is_forgotten_at_a_board_that_it_serves_no_longer(self, serving, store, clock):
        other = Bench.on(store, clock)
        store.serve(other.id, "w1", {"c": ""}, 3)

        store.release(serving.id, "w1")

        assert [s.board for s in store.serving()] == [other.id]

    def test_is_forgotten_everywhere_when_it_leaves(self, serving, store):
        store.leave("w1")

        assert store.serving() == []


class TestTheTimeOfWork:
    def test_of_one_worker_is_what_its_beats_say(self, serving, clock):
        for _ in range(3):
            clock.pass_by(2)
            beat(serving, "w1", 2.0)

        assert serving.summary.ran_seconds == 6.0

    def test_of_two_workers_at_once_counts_once(self, serving, clock):
        serving.store.serve(serving.id, "w2", {}, 1)
        for own in (1.0, 2.0, 2.0, 2.0):
            clock.pass_by(1)
            beat(serving, "w1", own)
            clock.pass_by(1)
            beat(serving, "w2", 2.0)

        assert serving.summary.ran_seconds == 8.0

    @pytest.mark.parametrize("jump", [-3600, 3600])
    def test_is_not_moved_by_a_clock_that_jumps(self, serving, clock, jump):
        clock.pass_by(jump)
        beat(serving, "w1", 1.0)

        assert serving.summary.ran_seconds <= 1.0

    def test_of_workers_that_leave_one_after_the_other_counts_once(self, serving, clock):
        clock.pass_by(3)
        for worker in ("w1", "w2", "w3"):
            beat(serving, worker, 3.0)
            serving.store.release(serving.id, worker)

        assert serving.summary.ran_seconds == 3.0

    def test_of_one_that_works_while_another_joins_is_counted(self, serving, clock):
        clock.pass_by(3)
        serving.store.serve(serving.id, "w2", {}, 1)
        beat(serving, "w1", 3.0)

        assert serving.summary.ran_seconds == 3.0

    def test_goes_on_after_a_pause_without_counting_it(self, serving, clock):
        serving.store.release(serving.id, "w1")
        clock.pass_by(86_400)
        serving.store.serve(serving.id, "w2", {}, 1)
        clock.pass_by(2)
        beat(serving, "w2", 2.0)

        assert serving.summary.ran_seconds == 2.0


class TestAStamp:
    def test_changes_with_a_commit_and_stays_without_one(self, bench):
        before = bench.store.stamp()
        assert bench.store.stamp() == before

        bench.note()

        assert bench.store.stamp() != before

    def test_changes_with_a_commit_of_another_process(self, opening, clock):
        mine, other = opening(), opening()
        board = Bench.on(other, clock)
        before = mine.stamp()

        board.note()

        assert mine.stamp() != before
