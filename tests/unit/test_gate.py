"""The gate as a pure function: what lets a call of a model begin, and what its end changes for those after it."""

from dataclasses import replace

import pytest

from blackboard.calls import Limits
from blackboard.gate import AT_ONCE_AT_MOST, POLL, Door, Heard, Traffic, admit, after, is_at_limit, state_of

NOW = 1000.0
OPEN = Door(open_until=NOW + 20, opened=1)
AILING = Heard(NOW - 1, False, "failing")
ANSWERED = Heard(NOW - 1, True)


def waited(*traffic, tokens=10, door=None, inflight=()):
    return admit(NOW, tokens, door or Door(), inflight, traffic)


def traffic(minute=(), inflight=0, model="m", **limits):
    return Traffic(model, Limits(**limits), minute, inflight)


def ended(door, heard, now=NOW, inflight=0, ailing=0):
    return after(door, heard, now, inflight, lambda: ailing)


class TestALimitOfRequestsAMinute:
    def test_lets_through_what_is_below_it(self):
        assert waited(traffic([(NOW - 1, 5)], requests_a_minute=2)) is None

    def test_holds_up_until_the_oldest_that_counts_is_a_minute_old(self):
        wait = waited(traffic([(NOW - 50, 5), (NOW - 40, 5), (NOW - 1, 5)], requests_a_minute=2))

        assert (wait.seconds, wait.is_open) == (20, False)
        assert wait.why == "2 calls a minute are allowed of m"

    def test_of_nothing_lets_nothing_through(self):
        assert waited(traffic(requests_a_minute=0)).seconds == 60

    def test_never_holds_up_for_longer_than_a_minute_when_the_clock_was_set_back(self):
        assert waited(traffic([(NOW + 5000, 5)], requests_a_minute=1)).seconds == 60


class TestALimitOfTokensAMinute:
    @pytest.mark.parametrize(("tokens", "seconds"), [(40, None), (41, 10), (60, 10), (61, 59), (100, 59)])
    def test_waits_until_as_much_is_a_minute_old_as_the_call_needs(self, tokens, seconds):
        wait = waited(traffic([(NOW - 50, 20), (NOW - 1, 40)], tokens_a_minute=100), tokens=tokens)

        assert (wait and wait.seconds) == seconds

    def test_lets_a_call_that_is_larger_through_when_it_has_a_minute_for_itself(self):
        assert waited(traffic(tokens_a_minute=100), tokens=500) is None
        assert waited(traffic([(NOW - 10, 1)], tokens_a_minute=100), tokens=500).seconds == 50


class TestALimitOfCallsAtOnce:
    def test_counts_what_is_in_flight(self):
        assert waited(traffic(inflight=1, calls_at_once=2)) is None
        assert waited(traffic(inflight=2, calls_at_once=2)).seconds == POLL

    def test_of_all_models_is_told_as_that(self):
        wait = waited(traffic(inflight=9), traffic(inflight=2, model="*", calls_at_once=2))

        assert wait.why == "2 calls at once are allowed of all models together"


class TestAMinute:
    @pytest.mark.parametrize(("limits", "calls", "tokens", "is_full"), [
        (Limits(), 999, 999, False), (Limits(requests_a_minute=2), 1, 999, False),
        (Limits(requests_a_minute=2), 2, 1, True), (Limits(tokens_a_minute=9), 999, 9, False),
        (Limits(tokens_a_minute=9), 1, 10, True),
    ])  # fmt: skip
    def test_is_looked_at_call_by_call_only_where_it_may_hold_one_up(self, limits, calls, tokens, is_full):
        assert is_at_limit(limits, calls, tokens) == is_full


class TestARest:
    def test_is_kept(self):
        assert waited(door=Door(rest_until=NOW + 7)).seconds == 7
        assert waited(door=Door(rest_until=NOW)) is None

    def test_is_the_longest_that_was_asked_for(self):
        door = ended(Door(), Heard(NOW, False, "limited", rest=30))

        assert ended(door, Heard(NOW, False, "limited", rest=5)).rest_until == NOW + 30

    @pytest.mark.parametrize(("others", "at_once"), [(0, 1), (1, 1), (3, 2), (7, 4)])
    def test_halves_what_may_be_in_flight(self, others, at_once):
        assert ended(Door(), Heard(NOW, False, "limited", rest=5), inflight=others).at_once == at_once

    def test_halves_once_for_all_that_were_in_flight_when_it_was_asked_for(self):
        door = ended(Door(), Heard(NOW, False, "limited", rest=5), inflight=7)

        assert ended(door, Heard(NOW, False, "overloaded", rest=5), inflight=2).at_once == 4

    def test_halves_again_when_it_is_asked_for_again(self):
        door = Door(rest_until=NOW - 1, at_once=3)

        assert ended(door, Heard(NOW, False, "limited", rest=5), inflight=2).at_once == 1
        assert ended(door, Heard(NOW, False, "limited", rest=5), inflight=20).at_once == 3

    def test_is_never_longer_than_an_hour_whatever_was_asked_for(self):
        assert ended(Door(), Heard(NOW, False, "limited", rest=10.0**9)).rest_until == NOW + 3600

    def test_is_none_any_more_when_the_clock_was_set_back(self):
        door = Door(rest_until=NOW + 86_400, at_once=4)

        assert waited(door=door) is None
        assert ended(door, Heard(NOW, False, "limited", rest=5)).rest_until == NOW + 5


class TestASlowStart:
    def test_lets_so_many_through_at_a_time(self):
        door = Door(rest_until=NOW - 5, at_once=2)

        assert waited(door=door, inflight=[NOW - 1]) is None
        assert waited(door=door, inflight=[NOW - 1, NOW]).seconds == POLL

    def test_lets_one_more_through_for_each_answer(self):
        assert ended(Door(rest_until=NOW - 5, at_once=2), ANSWERED).at_once == 3

    def test_learns_nothing_from_what_was_under_way_before_the_rest(self):
        assert ended(Door(rest_until=NOW, at_once=2), ANSWERED).at_once == 2

    def test_learns_nothing_from_what_was_not_answered(self):
        assert ended(Door(rest_until=NOW - 5, at_once=2), AILING).at_once == 2

    def test_ends_when_many_go_through(self):
        assert ended(Door(rest_until=NOW - 5, at_once=AT_ONCE_AT_MOST - 1), ANSWERED).at_once == AT_ONCE_AT_MOST
        assert ended(Door(rest_until=NOW - 5, at_once=AT_ONCE_AT_MOST), ANSWERED).at_once is None


class TestABreaker:
    def test_opens_when_half_of_the_last_ten_have_failed(self):
        assert ended(Door(), AILING, ailing=4) == Door()
        assert ended(Door(), AILING, ailing=5) == Door(open_until=NOW + 30, opened=1)

    @pytest.mark.parametrize("fault", ["limited", "refused"])
    def test_is_not_opened_by_what_an_endpoint_answers_that_is_up(self, fault):
        assert ended(Door(), Heard(NOW, False, fault), ailing=9) == Door()

    def test_lets_nothing_through_while_it_is_open(self):
        wait = waited(door=OPEN)

        assert (wait.seconds, wait.is_open) == (20, True)
        assert state_of(OPEN, NOW) == "open"

    def test_lets_exactly_one_through_after_that(self):
        door = replace(OPEN, open_until=NOW - 5)

        assert state_of(door, NOW) == "half-open"
        assert waited(door=door, inflight=[NOW - 6]) is None, "that was under way when it opened"
        assert waited(door=door, inflight=[NOW - 5]).is_open

    def test_closes_with_an_answer_and_starts_its_history_anew(self):
        door = Door(open_until=NOW - 5, opened=3)

        assert ended(door, ANSWERED) == Door(since=NOW)
        assert state_of(ended(door, ANSWERED), NOW) == "closed"

    def test_closes_also_when_the_trial_is_refused_by_an_endpoint_that_is_up(self):
        assert ended(Door(open_until=NOW - 5, opened=1), Heard(NOW - 1, False, "refused")) == Door(since=NOW)

    @pytest.mark.parametrize(("opened", "seconds"), [(1, 60), (2, 120), (3, 240), (4, 300), (5000, 300)])
    def test_stays_open_for_twice_as_long_when_the_trial_fails(self, opened, seconds):
        door = ended(Door(open_until=NOW - 5, opened=opened), AILING)

        assert (door.open_until, door.opened) == (NOW + seconds, opened + 1)

    @pytest.mark.parametrize("heard", [AILING, ANSWERED])
    def test_learns_nothing_from_what_was_under_way_when_it_opened(self, heard):
        assert ended(OPEN, heard) == OPEN

    def test_learns_nothing_from_a_trial_that_nobody_waited_for_to_the_end(self):
        door = Door(open_until=NOW - 1, opened=2)

        assert ended(door, Heard(NOW, False, "abandoned")) == door

    def test_learns_nothing_from_a_call_of_which_nothing_was_heard(self):
        door = replace(OPEN, open_until=NOW - 5)

        assert ended(door, Heard(NOW, False)) == door

    def test_is_not_open_for_ever_when_the_clock_was_set_back(self):
        door = Door(open_until=NOW + 5000, opened=1)

        assert (state_of(door, NOW), waited(door=door)) == ("closed", None)
        assert ended(door, AILING, ailing=5) == Door(open_until=NOW + 30, opened=1)


class TestTheGate:
    def test_lets_through_where_nothing_is_known(self):
        assert waited() is None

    def test_tells_the_longest_of_several_waits(self):
        busy = traffic([(NOW - 50, 5)], inflight=1, requests_a_minute=1, calls_at_once=1)

        assert waited(busy, door=Door(rest_until=NOW + 3)).seconds == 10
