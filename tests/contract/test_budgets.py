"""Budgets: an activation is reserved before it is claimed, and settled when it ends."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blackboard.activation import Agenda, ReadSet
from blackboard.errors import BlackboardError
from tests.builders import Bench, again, amended, contribution, landed, note, query
from tests.conftest import Refusal


def waiting(bench: Bench, n: int, agent: str = "a", rating: int = 0) -> None:
    """So many entries on which the agent can act."""
    rows = [bench.note(kind="trigger") for _ in range(n)]
    bench.seat(agent)
    bench.wake(agent, *rows, rating=rating)


@pytest.fixture
def capped(store, clock):
    """A board on which three activations are allowed."""
    return Bench.on(store, clock, cap=3)


class TestACap:
    def test_it_allows_exactly_so_many_claims_and_is_named_when_it_refuses(self, capped):
        waiting(capped, 5)

        claims = capped.claims()

        assert (len(claims.taken), claims.refused) == (3, "activations")
        assert (capped.states(), capped.budget()) == (["running"] * 3 + ["pending"] * 2, (0, 3))
        assert capped.claims().taken == ()

    def test_what_was_spent_counts_as_much_as_what_is_reserved(self, capped):
        waiting(capped, 5)

        for _ in range(3):
            landed(capped.commit(capped.claim(slots=1)))

        claims = capped.claims()
        assert (claims.taken, claims.refused, capped.budget()) == ((), "activations", (3, 0))

    def test_it_holds_for_what_a_commit_claims(self, capped):
        waiting(capped, 5)
        first, *_ = capped.claims().taken

        _, claims = capped.store.commit(capped.id, [contribution(first)], Agenda("w1", {"a": 5}, 5))

        assert (claims.taken, claims.refused) == ((), "activations")

    def test_while_it_allows_all_it_refuses_nothing(self, capped):
        waiting(capped, 3)

        claims = capped.claims()

        assert (len(claims.taken), claims.refused) == (3, None)

    def test_nothing_to_claim_is_no_refusal(self, store, clock):
        bench = Bench.on(store, clock, cap=0)

        assert bench.claims("a").refused is None

    def test_a_cap_of_none_at_all_allows_nothing(self, store, clock):
        bench = Bench.on(store, clock, cap=0)
        waiting(bench, 1)

        assert (bench.claims().taken, bench.claims().refused) == ((), "activations")

    def test_without_one_everything_is_counted_and_allowed(self, bench):
        waiting(bench, 5)

        assert (len(bench.claims().taken), bench.budget()) == (5, (0, 5))

    def test_it_is_of_one_board(self, store, clock):
        one, other = (Bench.on(store, clock, cap=1) for _ in range(2))
        for bench in (one, other):
            waiting(bench, 1)

        assert len(one.claims().taken) == len(other.claims().taken) == 1

    def test_it_can_be_raised_when_the_board_goes_on(self, capped):
        waiting(capped, 5)
        for claim in capped.claims().taken:
            capped.commit(claim)
        capped.store.conclude(capped.id, "{}", capped.head, False)

        capped.store.reopen(capped.id, (("activations", 4),))

        claims = capped.claims()
        assert (len(claims.taken), claims.refused) == (1, "activations")

    def test_one_that_is_lower_than_what_was_spent_is_refused_in_words(self, capped):
        waiting(capped, 2)
        for claim in capped.claims().taken:
            capped.commit(claim)
        capped.store.conclude(capped.id, "{}", capped.head, False)

        with pytest.raises(BlackboardError, match="activations"):
            capped.store.reopen(capped.id, (("activations", 1),))

        assert capped.summary.budgets[0].cap == 3

    def test_the_database_itself_holds_it(self, capped, raw):
        for statement in ("reserved = 4", "settled = 4", "reserved = -1", "settled = 2, reserved = 2"):
            with pytest.raises(Refusal):
                raw(f"UPDATE budget SET {statement}")


class TestWhatIsReserved:
    def test_a_retry_keeps_it(self, capped):
        waiting(capped, 1)

        capped.store.retry(capped.claim(), "no luck")

        assert capped.budget() == (0, 1)
        assert (capped.claim().attempt, capped.budget()) == (2, (0, 1))

    def test_a_takeover_keeps_it(self, capped, clock):
        waiting(capped, 3)
        capped.claims()
        clock.pass_by(31)

        claims = capped.claims(worker="w2")

        assert (len(claims.taken), claims.refused, capped.budget()) == (3, None, (0, 3))

    def test_a_release_gives_it_back(self, capped):
        waiting(capped, 3)
        capped.claims()

        capped.store.release(capped.id, "w1")

        assert capped.budget() == (0, 0)

    def test_work_that_has_it_is_not_held_up_by_work_that_cannot_get_it(self, store, clock):
        bench = Bench.on(store, clock, cap=1)
        waiting(bench, 1, "a")
        claim = bench.claim("a")
        waiting(bench, 1, "b", rating=9)
        bench.store.retry(claim, "no luck")

        claims = bench.claims()

        assert [c.id for c in claims.taken] == [claim.id]
        assert claims.refused == "activations"

    def test_stale_work_keeps_it_and_moot_work_has_spent_it(self, capped):
        trigger, read = capped.note(kind="trigger"), capped.note()
        capped.seat("a")
        capped.wake("a", trigger)
        claim = capped.claim()
        capped.amend(read)
        redo = again(capped.commit(claim, reads=ReadSet(strict=(read.seq,))))
        assert capped.budget() == (0, 1)

        capped.amend(trigger)
        capped.commit(redo)
        assert capped.budget() == (1, 0)


ENDINGS = st.lists(
    st.sampled_from(["land", "fail", "retry", "release", "take over", "moot", "stale", "refused", "repeat", "nothing"]),
    min_size=1,
    max_size=14,
)


class TestTheBooks:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
    @given(endings=ENDINGS, cap=st.sampled_from([None, 1, 3]), final=st.booleans())
    def test_whatever_happens_they_balance(self, store, clock, endings, cap, final):
        bench = Bench.on(store, clock, cap=cap)
        waiting(bench, 4)
        workers = iter(f"w{n}" for n in range(99))
        worker, held = next(workers), []

        for ending in endings:
            if not held:
                held = list(bench.claims(worker=worker, slots=2).taken)
            if not held:
                break
            worker, held = self.end(bench, ending, worker, held, workers)
            self.check(bench, cap)

        bench.store.release(bench.id, worker)
        bench.store.conclude(bench.id, "{}", bench.head, final)
        if final:
            assert bench.budget()[1] == 0
        self.check(bench, cap)

    def end(self, bench, ending, worker, held, workers):
        """Something happens to the claims of a worker."""
        claim, *rest = held
        if ending == "release":
            bench.store.release(bench.id, worker)
            return worker, []
        if ending == "take over":
            bench.clock.pass_by(31)
            worker = next(workers)
            return worker, list(bench.claims(worker=worker).taken)
        if ending == "nothing":
            return worker, held
        if ending == "retry":
            bench.store.retry(claim, "no luck")
        elif ending == "moot":
            (trigger,) = bench.store.by_seq(bench.id, [claim.trigger])
            if trigger.superseded is None:
                bench.amend(trigger)
            bench.commit(claim)
        elif ending == "stale":
            key = f"note-{1 + bench.store.count(bench.id, query())}"
            bench.note()
            bench.commit(claim, reads=ReadSet(absent=(key,)))
            return worker, held
        elif ending == "refused":
            old = bench.note()
            bench.commit(claim, amended(old), amended(old))
            return worker, held
        else:
            for _ in range(2 if ending == "repeat" else 1):
                bench.commit(claim, note(), failed="it broke" if ending == "fail" else None)
        return worker, rest

    def check(self, bench, cap):
        """Reserved: activations that were tried and are not ended. Settled: those that ended. Never over the cap."""
        settled, reserved = bench.budget()
        records = [a for a in bench.store.activations(bench.id) if a.agent != "outside"]
        assert reserved == sum(a.state in {"pending", "running"} and a.attempt > 0 for a in records)
        ended = sum(a.state in {"done", "failed", "moot"} and a.attempt > 0 for a in records)
        assert settled <= ended
        assert bench.summary.status != "open" or settled == ended
        assert cap is None or settled + reserved <= cap
