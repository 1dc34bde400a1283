"""Who goes stale again and again is escalated: nothing is begun beside it until it has ended."""

from blackboard.activation import STARVING, Claim, ReadSet
from tests.builders import Bench, again, contribution, landed, note


def overtaken(bench: Bench, claim: Claim | None = None, times: int = STARVING) -> Claim:
    """A claim of an agent whose result has come too late so many times."""
    ball = bench.note("ball")
    claim = claim or bench.start("slow")
    for _ in range(times):
        read, ball = ball, bench.amend(ball)
        claim = again(bench.commit(claim, note(), reads=ReadSet(strict=(read.seq,))))
    return claim


def pending(bench: Bench, agent: str = "fast"):
    bench.seat(agent)
    bench.wake(agent, bench.note())


class TestAnActivationThatStarves:
    def test_keeps_others_from_being_begun_by_whatever_worker(self, bench):
        overtaken(bench)
        pending(bench)

        assert bench.claims("fast").taken == bench.claims("fast", worker="w2").taken == ()
        assert bench.states("fast") == ["pending"]

    def test_is_not_so_before_its_time(self, bench):
        overtaken(bench, times=STARVING - 1)
        pending(bench)

        assert bench.claim("fast")

    def test_gives_way_when_it_has_landed_in_the_same_transaction(self, bench):
        claim = overtaken(bench)
        pending(bench)

        _, claims = bench.store.commit(bench.id, [contribution(claim)], bench.agenda("fast", worker="w1"))

        assert [c.agent for c in claims.taken] == ["fast"]

    def test_lets_what_runs_already_come_to_its_end(self, bench):
        running = bench.start("fast")
        overtaken(bench)

        assert landed(bench.commit(running, note()))

    def test_keeps_nobody_from_going_on_while_it_waits_to_be_tried_again(self, bench):
        bench.store.retry(overtaken(bench), "no luck", delay=5)
        pending(bench)

        assert bench.claim("fast")

    def test_does_not_block_another_one_that_starves(self, bench):
        begun = bench.start("slow"), bench.start("slower", worker="w2")
        one, other = (overtaken(bench, claim) for claim in begun)

        assert landed(bench.commit(one))
        assert landed(bench.commit(other))

    def test_stops_nobody_when_its_worker_is_silent(self, bench, clock):
        overtaken(bench)
        pending(bench)
        clock.pass_by(31)

        assert bench.claim("fast", worker="w2")

    def test_can_be_taken_over(self, bench, clock):
        claim = overtaken(bench)
        clock.pass_by(31)

        taken = bench.claim("slow", worker="w2")

        assert (taken.id, taken.redone) == (claim.id, STARVING)
