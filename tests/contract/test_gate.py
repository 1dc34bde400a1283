"""The gate of calls, from rows: what one process learns of an endpoint, all of them keep to."""

from typing import Any

import pytest

from blackboard.activation import Agenda
from blackboard.calls import Begun, CallRecord, Ended, Gate, Limits, Wait
from tests.builders import Bench, answered, call


class Caller:
    """An activation that asks one thing after the other."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.claim, self.asked = bench, bench.start(), 0

    def ask(self, **options: Any) -> Any:
        self.asked += 1
        return self.bench.store.begin_call(call(self.claim, str(self.asked), **options))

    def begin(self, **options: Any) -> int:
        begun = self.ask(**options)
        assert isinstance(begun, Begun), begun
        return begun.id

    def answer(self, id_: int | None = None, **options: Any) -> None:
        self.bench.store.end_call(answered(self.bench.id, self.begin() if id_ is None else id_, **options))

    def fail(self, id_: int | None = None, fault: Any = "failing", rest: float | None = None, **options: Any) -> None:
        made = self.begin(**options) if id_ is None else id_
        self.bench.store.end_call(Ended(self.bench.id, made, fault=fault, rest=rest, spent=None))

    def breaks(self, **options: Any) -> None:
        for _ in range(5):
            self.fail(**options)


@pytest.fixture
def caller(bench):
    return Caller(bench)


def gates(store) -> dict[str, Gate]:
    return {gate.model: gate for gate in store.gates()}


class TestALimit:
    def test_is_kept_until_it_is_changed(self, store):
        store.limit("m", Limits(requests_a_minute=3, calls_at_once=2))
        store.limit("*", Limits(tokens_a_minute=9, nano_usd_a_day=7, tokens_a_day=6, calls_a_day=5))
        assert store.limits() == {
            "m": Limits(requests_a_minute=3, calls_at_once=2),
            "*": Limits(tokens_a_minute=9, nano_usd_a_day=7, tokens_a_day=6, calls_a_day=5),
        }

        store.limit("m", Limits(requests_a_minute=4))
        store.limit("*", Limits())

        assert store.limits() == {"m": Limits(requests_a_minute=4)}

    def test_of_requests_a_minute_holds_up_and_reserves_nothing(self, store, caller, clock):
        store.limit("m", Limits(requests_a_minute=2))
        caller.answer()
        clock.pass_by(10)
        caller.answer()

        wait = caller.ask()

        assert wait == Wait(50, "2 calls a minute are allowed of m")
        assert len(store.calls(caller.bench.id)) == 2
        clock.pass_by(50)
        assert isinstance(caller.ask(), Begun)

    def test_of_tokens_a_minute_counts_bounds_and_then_what_was_taken(self, store, caller):
        store.limit("m", Limits(tokens_a_minute=20))
        id_ = caller.begin(tokens=15)
        assert isinstance(caller.ask(tokens=10), Wait)

        caller.answer(id_, tokens=5)

        assert isinstance(caller.ask(tokens=15), Begun)

    def test_of_calls_at_once_counts_what_is_in_flight(self, store, caller):
        store.limit("m", Limits(calls_at_once=1))
        id_ = caller.begin()
        assert isinstance(caller.ask(), Wait)

        caller.answer(id_)

        assert isinstance(caller.ask(), Begun)

    def test_of_calls_at_once_counts_no_worker_that_is_silent_past_its_lease(self, store, caller, clock):
        store.limit("m", Limits(calls_at_once=1))
        caller.begin()
        clock.pass_by(29)
        assert isinstance(caller.ask(), Wait)

        clock.pass_by(2)

        assert isinstance(caller.ask(), Begun)

    def test_of_calls_at_once_forgets_those_that_have_hung_for_long(self, store, caller, clock):
        store.limit("m", Limits(calls_at_once=1))
        caller.begin()

        for _ in range(46):
            clock.pass_by(20)
            store.beat(caller.bench.id, Agenda("w1"), 0)

        assert isinstance(caller.ask(), Begun)

    @pytest.mark.parametrize("limits", [Limits(calls_at_once=1), Limits(requests_a_minute=1),
                                        Limits(tokens_a_minute=10)])  # fmt: skip
    def test_is_not_reached_for_ever_when_the_clock_was_set_back(self, store, caller, clock, limits):
        store.limit("m", limits)
        caller.begin()

        clock.pass_by(-86_400)

        assert isinstance(caller.ask(), Begun)

    def test_of_a_model_does_not_bind_others(self, store, caller):
        store.limit("m", Limits(requests_a_minute=0))

        assert isinstance(caller.ask(model="other"), Begun)

    @pytest.mark.parametrize("limits", [Limits(requests_a_minute=1), Limits(calls_at_once=1),
                                        Limits(tokens_a_minute=10)])  # fmt: skip
    def test_of_all_models_counts_them_together(self, store, caller, limits):
        store.limit("*", limits)
        caller.begin(model="other")

        assert "all models together" in caller.ask().why

    def test_counts_what_every_board_and_every_process_calls(self, opening, clock):
        one, other = opening(), opening()
        one.limit("m", Limits(calls_at_once=1))
        callers = [Caller(Bench.on(store, clock)) for store in (one, other)]
        callers[0].begin()

        assert isinstance(callers[1].ask(), Wait)

    def test_is_not_asked_for_what_the_journal_has(self, store, caller):
        caller.answer()
        store.limit("m", Limits(requests_a_minute=0))

        assert isinstance(store.begin_call(call(caller.claim, "1")), CallRecord)


class TestARestThatAnEndpointAsksFor:
    def test_is_kept_by_all_processes(self, opening, clock):
        callers = [Caller(Bench.on(opening(), clock)) for _ in range(2)]

        callers[0].fail(fault="limited", rest=7)

        assert callers[1].ask() == Wait(7, "the endpoint has asked for a rest")
        clock.pass_by(7)
        assert isinstance(callers[1].ask(), Begun)

    def test_is_of_this_model_at_this_endpoint(self, caller):
        caller.fail(fault="overloaded", rest=7)

        assert isinstance(caller.ask(model="other"), Begun)
        assert isinstance(caller.ask(endpoint="elsewhere"), Begun)

    def test_is_not_prolonged_by_what_is_in_flight_elsewhere(self, caller, clock):
        caller.begin(endpoint="elsewhere")
        caller.fail(fault="limited", rest=5)
        clock.pass_by(5)

        assert isinstance(caller.ask(), Begun)

    def test_is_followed_by_half_as_many_calls_and_one_more_for_each_answer(self, store, caller, clock):
        ids = [caller.begin() for _ in range(4)]
        caller.fail(ids[0], fault="limited", rest=5)
        for id_ in ids[1:]:
            caller.answer(id_)
        assert gates(store)["m"] == Gate("local", "m", "closed", clock.now() + 5, 0, 2)
        clock.pass_by(5)

        first = caller.begin()
        caller.begin()
        assert isinstance(caller.ask(), Wait)
        caller.answer(first)

        caller.begin()
        caller.begin()
        assert isinstance(caller.ask(), Wait)
        assert gates(store)["m"] == Gate("local", "m", "closed", None, 0, 3)


class TestABreaker:
    def test_opens_when_half_of_the_last_ten_calls_have_failed(self, store, caller, clock):
        for _ in range(5):
            caller.answer()
        for _ in range(4):
            caller.fail()
        assert gates(store) == {}

        caller.fail()

        assert gates(store)["m"] == Gate("local", "m", "open", clock.now() + 30, 5)
        assert caller.ask() == Wait(30, "its last calls have failed", is_open=True)

    def test_looks_at_the_last_ten_only(self, store, caller, clock):
        for _ in range(4):
            caller.fail()
        for _ in range(7):
            clock.pass_by(1)
            caller.answer()
        clock.pass_by(1)

        caller.fail()

        assert gates(store) == {}

    @pytest.mark.parametrize("fault", ["limited", "refused"])
    def test_does_not_open_for_what_says_that_the_endpoint_is_up(self, store, caller, fault):
        for _ in range(10):
            caller.fail(fault=fault)

        assert gates(store) == {}

    def test_looks_at_none_that_nobody_waited_for_to_the_end(self, store, caller):
        for _ in range(4):
            caller.fail()
        for _ in range(9):
            caller.fail(fault="abandoned")
        caller.fail()

        assert gates(store)["m"].state == "open"

    def test_does_not_open_for_calls_of_which_nobody_can_tell(self, store, caller):
        for _ in range(10):
            store.end_call(Ended(caller.bench.id, caller.begin()))

        assert gates(store) == {}

    def test_is_not_kept_from_opening_by_calls_of_which_nobody_can_tell(self, store, caller, clock):
        for _ in range(4):
            caller.fail()
        clock.pass_by(1)
        for _ in range(10):
            store.end_call(Ended(caller.bench.id, caller.begin()))

        caller.fail()

        assert gates(store)["m"].state == "open"

    def test_is_of_this_model_at_this_endpoint_and_of_all_processes(self, opening, clock):
        callers = [Caller(Bench.on(opening(), clock)) for _ in range(2)]

        callers[0].breaks()

        assert callers[1].ask().is_open
        assert isinstance(callers[1].ask(model="other"), Begun)
        assert isinstance(callers[1].ask(endpoint="elsewhere"), Begun)

    def test_lets_exactly_one_through_after_its_time(self, store, caller, clock):
        caller.breaks()
        clock.pass_by(30)
        assert gates(store)["m"].state == "half-open"

        id_ = caller.begin()

        assert caller.ask().is_open
        caller.answer(id_)
        assert isinstance(caller.ask(), Begun)
        assert gates(store)["m"].state == "closed"

    def test_stays_open_longer_each_time_that_the_trial_fails(self, store, caller, clock):
        caller.breaks()
        waits = []
        for _ in range(6):
            clock.pass_by(caller.ask().seconds)
            caller.fail()
            waits.append(caller.ask().seconds)

        assert waits == [60, 120, 240, 300, 300, 300]

    def test_starts_its_history_anew_when_it_has_closed(self, store, caller, clock):
        caller.breaks()
        clock.pass_by(30)
        id_ = caller.begin()
        clock.pass_by(1)
        caller.answer(id_)

        for _ in range(4):
            caller.fail()
        assert gates(store)["m"] == Gate("local", "m", "closed", None, 4)
        caller.fail()

        assert gates(store)["m"] == Gate("local", "m", "open", clock.now() + 30, 5)

    def test_lets_another_one_through_where_the_trial_was_lost(self, store, caller, clock):
        caller.breaks()
        clock.pass_by(30)
        id_ = caller.begin()

        store.end_call(Ended(caller.bench.id, id_))

        assert isinstance(caller.ask(), Begun)
