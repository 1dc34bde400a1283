"""Bounded pending work: who would post more for an agent that has enough to do is parked until that has come down."""

from blackboard.activation import Agenda
from blackboard.records import Seat
from tests.builders import note

BOUNDS = {"poster": (("reader", 2),)}


def pending(bench, agent, n, rating=0):
    bench.seat(agent)
    for _ in range(n):
        bench.wake(agent, bench.note(), rating=rating)


def claims(bench, *agents, slots=1, bounds=BOUNDS, worker="w1"):
    return bench.store.claim(bench.id, Agenda(worker, dict.fromkeys(agents, slots), slots, bounds=bounds)).taken


def parked(bench):
    return {a.agent: a.waits_for for a in bench.store.activations(bench.id) if a.state == "parked"}


class TestAPoster:
    def test_is_parked_while_whom_it_writes_for_has_enough_pending(self, bench):
        pending(bench, "poster", 2)
        pending(bench, "reader", 2)

        assert claims(bench, "poster") == ()
        assert bench.states("poster") == ["parked"] * 2
        assert parked(bench) == {"poster": "reader"}
        assert bench.summary.states["parked"] == {"poster": 2}

    def test_acts_while_there_is_room(self, bench):
        pending(bench, "poster", 1)
        pending(bench, "reader", 1)

        assert [c.agent for c in claims(bench, "poster")] == ["poster"]

    def test_goes_on_as_soon_as_there_is_room(self, bench):
        pending(bench, "poster", 3)
        pending(bench, "reader", 2)
        claims(bench, "poster")

        (reading,) = claims(bench, "reader")

        assert [c.agent for c in claims(bench, "poster", worker="w2")] == ["poster"]
        assert bench.state(reading) == "running"

    def test_goes_on_in_the_transaction_in_which_room_is_made(self, bench):
        pending(bench, "poster", 1)
        pending(bench, "reader", 2, rating=5)
        claims(bench, "poster")

        taken = claims(bench, "reader", "poster", slots=2)

        assert [c.agent for c in taken] == ["reader", "reader"]
        assert [c.agent for c in claims(bench, "reader", "poster")] == ["poster"]

    def test_goes_on_when_what_it_waited_for_has_become_moot(self, bench):
        pending(bench, "poster", 1)
        bench.seat("reader")
        rows = [bench.note() for _ in range(2)]
        bench.wake("reader", *rows)
        claims(bench, "poster")
        for row in rows:
            bench.amend(row)

        taken = claims(bench, "reader", "poster", slots=2)

        assert [c.agent for c in taken] == ["poster"]

    def test_does_not_wait_for_an_agent_that_has_used_up_its_own_budget(self, bench):
        pending(bench, "poster", 1)
        bench.store.seat(bench.id, [Seat("reader", "note", cursor=bench.head, cap=1)])
        rows = [bench.note() for _ in range(3)]
        bench.wake("reader", *rows)
        claims(bench, "reader")

        assert bench.states("reader").count("pending") == 2
        assert [c.agent for c in claims(bench, "poster")] == ["poster"]

    def test_comes_back_with_the_best_rated_first(self, bench):
        pending(bench, "poster", 3, rating=1)
        pending(bench, "poster", 1, rating=9)
        pending(bench, "reader", 2)
        claims(bench, "poster")
        best = bench.store.activations(bench.id, "poster")[-1]
        claims(bench, "reader", slots=2)

        (taken,) = claims(bench, "poster")

        assert taken.id == best.id

    def test_goes_on_with_what_it_has_tried_before(self, bench):
        claim = bench.start("poster")
        bench.store.retry(claim, "no luck")
        pending(bench, "reader", 2)

        assert [c.id for c in claims(bench, "poster")] == [claim.id]
        assert bench.budget() == (0, 1)

    def test_holds_nothing_of_the_budget_while_it_is_parked(self, bench):
        pending(bench, "poster", 2)
        pending(bench, "reader", 2)

        assert claims(bench, "poster") == ()
        assert bench.budget() == (0, 0)

    def test_is_not_parked_where_it_waits_for_several_and_all_have_room(self, bench):
        bounds = {"poster": (("reader", 2), ("writer", 1))}
        pending(bench, "poster", 1)
        pending(bench, "writer", 1)
        assert claims(bench, "poster", bounds=bounds) == ()
        assert parked(bench) == {"poster": "writer"}

        claims(bench, "writer", bounds=bounds)

        assert [c.agent for c in claims(bench, "poster", bounds=bounds)] == ["poster"]


class TestACircle:
    def test_of_agents_that_write_for_each_other_goes_on(self, bench):
        bounds = {"a": (("b", 1),), "b": (("a", 1),)}
        pending(bench, "a", 3)
        pending(bench, "b", 3)
        acted = []

        for _ in range(6):
            (claim,) = claims(bench, "a", "b", bounds=bounds)
            bench.commit(claim)
            acted.append(claim.agent)

        assert sorted(acted) == ["a"] * 3 + ["b"] * 3


class TestTheEnd:
    def parked(self, bench):
        pending(bench, "poster", 2)
        pending(bench, "reader", 2)
        claims(bench, "poster")
        assert bench.states("poster") == ["parked"] * 2

    def test_of_a_board_that_can_be_resumed_makes_what_was_parked_pending_and_untried(self, bench):
        self.parked(bench)

        bench.store.conclude(bench.id, "{}", bench.head, False)

        assert (bench.states("poster"), bench.budget()) == (["pending"] * 2, (0, 0))

    def test_of_a_board_that_is_complete_drops_what_was_parked(self, bench):
        self.parked(bench)

        bench.store.conclude(bench.id, "{}", bench.head, True)

        assert (bench.states("poster"), bench.budget()) == (["moot"] * 2, (0, 0))

    def test_of_an_agents_part_drops_what_it_had_parked(self, bench):
        self.parked(bench)

        bench.store.retire(bench.id, ["reader"])

        assert (bench.states("poster"), bench.budget()) == (["moot"] * 2, (0, 0))

    def test_has_not_come_where_the_board_is_resumed_and_what_was_parked_is_pending_again(self, bench):
        self.parked(bench)

        bench.store.reopen(bench.id, ())

        assert bench.states("poster") == ["pending"] * 2

    def test_of_a_worker_gives_back_whom_it_has_parked(self, bench):
        """Its plan may be the only one that knows of the bound: others would never ask."""
        self.parked(bench)

        bench.store.release(bench.id, "w1")

        assert bench.states("poster") == ["pending"] * 2


class TestABoardWithoutBounds:
    def test_parks_nobody(self, bench):
        pending(bench, "poster", 1)
        pending(bench, "reader", 9)

        assert [c.agent for c in claims(bench, "poster", bounds={})] == ["poster"]


class TestWhoeverPostsForNobody:
    def test_is_not_concerned(self, bench):
        pending(bench, "other", 1)
        pending(bench, "reader", 2)

        assert [c.agent for c in claims(bench, "other")] == ["other"]
        assert bench.post(note()), "people are not held back"
