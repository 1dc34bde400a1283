"""Agents that leave a running board and come back, and the kinds that a board learns from those who join."""

import json

import pytest

from blackboard.activation import Fenced, Proposal
from blackboard.records import Notice, Seat
from tests.builders import Bench, landed, note


@pytest.fixture
def capped(store, clock) -> Bench:
    """A board with a budget of ten activations."""
    return Bench.on(store, clock, cap=10)


def woken(bench: Bench, agent: str = "a", n: int = 3):
    """An agent that can act on so many entries."""
    bench.seat(agent)
    rows = [bench.note(kind="trigger") for _ in range(n)]
    bench.wake(agent, *rows)
    return rows


def back(bench: Bench, agent: str, *rows) -> None:
    """The agent takes its seat anew and notices everything from the beginning."""
    bench.store.seat(bench.id, [Seat(agent, "note")])
    proposals = tuple(Proposal(agent, r.seq) for r in rows)
    assert bench.store.notice(bench.id, [Notice(agent, 0, bench.head, proposals)])


class TestAnAgentThatLeaves:
    def test_has_no_seat_and_nothing_pending_while_the_others_stay(self, bench):
        woken(bench, "a")
        woken(bench, "b")

        bench.store.dismiss(bench.id, ["a"])

        assert [s.name for s in bench.store.seats(bench.id)] == ["b"]
        assert (set(bench.states("a")), set(bench.states("b"))) == ({"moot"}, {"pending"})

    def test_loses_what_it_is_acting_on_whoever_holds_it(self, bench):
        woken(bench)
        claim = bench.claim("a", worker="w2", slots=1)

        bench.store.dismiss(bench.id, ["a"])

        assert bench.state(claim) == "moot"
        assert isinstance(bench.commit(claim, note()), Fenced)

    def test_leaves_nothing_reserved(self, capped):
        woken(capped)
        capped.claim("a", slots=1)

        capped.store.dismiss(capped.id, ["a"])

        assert capped.budget() == (1, 0)

    def test_may_be_dismissed_by_everybody_who_sees_it_go(self, capped):
        woken(capped)
        capped.claim("a", slots=1)

        for _ in range(2):
            capped.store.dismiss(capped.id, ["a", "nobody"])

        assert capped.budget() == (1, 0)
        assert len(capped.store.sql("SELECT * FROM attempt", {})) == 3

    def test_keeps_what_it_has_done(self, bench):
        woken(bench, n=1)
        claim = bench.claim("a")
        landed(bench.commit(claim, note()))

        bench.store.dismiss(bench.id, ["a"])

        assert bench.state(claim) == "done"


class TestAnAgentThatComesBack:
    def test_finds_what_was_dropped_when_it_left_and_not_what_it_has_done(self, bench):
        rows = woken(bench)
        landed(bench.commit(bench.claim("a", slots=1)))
        bench.claim("a", slots=1)
        bench.store.dismiss(bench.id, ["a"])

        back(bench, "a", *rows)

        assert sorted(bench.states("a")) == ["done", "pending", "pending"]
        again = [bench.claim("a", slots=1), bench.claim("a", slots=1)]
        assert [(c.trigger, c.attempt, c.snapshot) for c in again] == [(r.seq, 1, bench.head) for r in rows[1:]]

    def test_pays_for_it_anew(self, capped):
        rows = woken(capped)
        capped.claim("a", slots=1)
        capped.store.dismiss(capped.id, ["a"])

        back(capped, "a", *rows)
        landed(capped.commit(capped.claim("a", slots=1)))

        assert capped.budget() == (2, 0)

    def test_finds_what_was_dropped_when_its_team_was_left_too(self, bench):
        rows = woken(bench)
        bench.store.retire(bench.id, [])

        back(bench, "a", *rows)

        assert bench.states("a") == ["pending"] * 3

    def test_does_not_find_what_was_moot_for_another_reason(self, bench):
        (row,) = woken(bench, n=1)
        bench.amend(row)
        assert bench.claims("a").taken == ()
        bench.store.dismiss(bench.id, ["a"])

        back(bench, "a", row)

        assert bench.states("a") == ["moot"]

    def test_whose_rating_fails_now_has_failed(self, bench):
        (row,) = woken(bench, n=1)
        bench.store.dismiss(bench.id, ["a"])

        bench.store.seat(bench.id, [Seat("a", "note")])
        broken = Proposal("a", row.seq, broken="rating= failed")
        assert bench.store.notice(bench.id, [Notice("a", 0, bench.head, (broken,))])

        assert bench.states("a") == ["failed"]


class TestWhatAnAgentWithoutASeatWasActingOn:
    """Whoever works on may have begun it with an older team: nobody would ever take it again."""

    @pytest.fixture
    def claim(self, capped):
        woken(capped, n=1)
        claim = capped.claim("a", worker="old")
        capped.store.retire(capped.id, [])
        capped.seat("b")
        return claim

    def over(self, bench, claim):
        return bench.state(claim), bench.budget(), bench.summary.states.get("pending", {})

    def test_lands_if_it_comes_to_an_end(self, capped, claim):
        landed(capped.commit(claim, note()))

    def test_is_dropped_when_it_would_be_tried_again(self, capped, claim):
        assert capped.store.retry(claim, "it broke", delay=1)

        assert self.over(capped, claim) == ("moot", (1, 0), {})

    def test_is_dropped_when_its_worker_leaves(self, capped, claim):
        capped.store.release(capped.id, "old")

        assert self.over(capped, claim) == ("moot", (0, 0), {})

    def test_is_dropped_by_the_others_when_its_worker_is_gone(self, capped, claim):
        capped.clock.pass_by(31)

        assert capped.claims("b", worker="w2").taken == ()

        assert self.over(capped, claim) == ("moot", (1, 0), {})
        assert isinstance(capped.commit(claim), Fenced)


class TestTheKindsOfABoard:
    def test_are_learned_beside_those_that_it_knows(self, bench):
        bench.store.learn(bench.id, json.dumps({"note": {"open": ["done"]}}))
        bench.store.learn(bench.id, json.dumps({"remark": {"posted": []}}))
        bench.store.learn(bench.id, json.dumps({"remark": {"posted": []}}))

        kinds = json.loads(bench.store.board(bench.id).kinds)
        assert kinds == {"note": {"open": ["done"]}, "remark": {"posted": []}}
