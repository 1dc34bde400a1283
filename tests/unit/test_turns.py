"""Whose turn it is among an agent and its fallbacks; how long failures and lost races are waited for; who parks."""

from math import inf

import pytest

from blackboard import Kind, agent, when
from blackboard.activation import STARVING, Claim
from blackboard.agent import Agent
from blackboard.runner import Plan
from blackboard.runner.delays import LONGEST, MOST_CROWDED, Alarm, after_failure, after_race
from blackboard.runner.turns import turn
from blackboard.seam import Seam


class Job(Kind):
    """Something to do."""


class Part(Kind):
    """Something else."""


class Even(Seam):
    """Chance that always gives the middle."""

    def jitter(self, low: float, high: float) -> float:
        return (low + high) / 2


class Widest(Seam):
    """Chance that always gives the most."""

    def jitter(self, low: float, high: float) -> float:
        return high


def made(name: str, retry: int = 0, fallback: Agent | None = None, **options) -> Agent:
    return Agent(**{
        "name": name, "action": lambda job, view: None, "watches": Job, "retry": retry, "fallback": fallback, **options
    })  # fmt: skip


class TestATurn:
    CHAIN = made("first", 1, made("second", 0, made("third", 2)))

    @pytest.mark.parametrize(
        ("attempt", "name", "nth", "last", "following"),
        [
            (1, "first", 1, 2, "second"), (2, "first", 2, 2, "second"), (3, "second", 1, 3, "third"),
            (4, "third", 1, 6, None), (6, "third", 3, 6, None), (9, "third", 6, 6, None),
        ],
    )  # fmt: skip
    def test_follows_from_the_number_of_the_attempt(self, attempt, name, nth, last, following):
        its = turn(self.CHAIN, attempt)

        assert (its.agent.name, its.nth, its.last) == (name, nth, last)
        assert (its.next.name if its.next else None) == following

    def test_is_always_its_own_for_an_agent_without_a_fallback(self):
        alone = made("alone", 2)

        assert {turn(alone, n).agent.name for n in range(1, 9)} == {"alone"}
        assert turn(alone, 1).is_alone
        assert not turn(self.CHAIN, 1).is_alone


class TestADelay:
    def test_doubles_with_each_failure_up_to_a_minute(self):
        delays = [after_failure(Even(), 1.0, n) for n in (1, 2, 3, 4, 7, 100)]

        assert delays == [1, 2, 4, 8, LONGEST, LONGEST]
        assert after_failure(Widest(), 1.0, 100) == LONGEST

    def test_is_none_where_nothing_is_to_be_waited_for(self):
        assert after_failure(Even(), 0, 5) == 0

    @pytest.mark.parametrize("races", [1, 2, 3, STARVING - 1, STARVING, 50])
    def test_after_a_lost_race_is_short_and_not_for_the_first_nor_for_who_starves(self, races):
        delay = after_race(Widest(), Claim("b", 1, "a", 1, None, 1, 1, 1, redone=races))

        assert 0 <= delay <= MOST_CROWDED
        assert bool(delay) == (2 <= races < STARVING)


class TestABound:
    def bounds(self, *agents: Agent):
        return Plan(agents, when(lambda _: False, "never")).bounds

    def test_is_for_those_who_write_what_the_agent_watches(self):
        reader = made("reader", pending=3)
        poster, other = made("poster", writes=(Job,)), made("other", writes=(Part,))

        assert self.bounds(reader, poster, other) == {"poster": (("reader", 3),)}

    def test_is_not_for_itself(self):
        assert self.bounds(made("own", writes=(Job,), pending=3)) == {}

    def test_is_for_who_writes_it_as_a_fallback_too(self):
        reader, poster = made("reader", pending=1), made("poster", fallback=made("plain", writes=(Job,)))

        assert self.bounds(reader, poster) == {"poster": (("reader", 1),)}

    def test_is_nothing_where_nobody_wants_one(self):
        assert self.bounds(*(agent(watches=Job, writes=Job, name=n)(lambda job, view: None) for n in "ab")) == {}


class Hours(Seam):
    """Time that only the test moves."""

    time = 100.0

    def monotonic(self) -> float:
        return self.time


class TestAnAlarm:
    def test_rings_once_at_the_first_of_its_times(self):
        clock = Hours()
        alarm = Alarm(clock)
        assert (alarm.left(), alarm.rings()) == (inf, False)

        alarm.set(5)
        alarm.set(2)
        alarm.set(9)

        assert (alarm.left(), alarm.rings()) == (2, False)
        clock.time += 2
        assert (alarm.left(), alarm.rings(), alarm.rings()) == (0, True, False)
        assert alarm.left() == inf

    def test_rings_a_little_later_than_at_once(self):
        alarm = Alarm(Hours())
        alarm.set(-1)

        assert not alarm.rings()
