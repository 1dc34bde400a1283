"""What calls of models take: reserved everywhere or nowhere, settled where it was reserved, and who waits for more."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blackboard.activation import Agenda, Claim
from blackboard.calls import Begun, Ended, Limits, Short, Shortage
from blackboard.errors import UsageError
from blackboard.records import Seat, Spent
from tests.builders import Bench, call, note, said

DAY = 86_400.0


@pytest.fixture
def bench(store, clock):
    return Bench.on(store, clock, nano_usd=1000, tokens=100, calls=5)


def begin(bench: Bench, claim: Claim, asked: str = "q", **options: Any) -> Any:
    return bench.store.begin_call(call(claim, asked, **options))


def seated(bench: Bench, agent: str, **caps: int) -> None:
    bench.store.seat(bench.id, [Seat(agent, "note", cursor=bench.head, caps=tuple(caps.items()))])


def own(bench: Bench, agent: str = "a") -> dict[str, tuple[int | None, int, int]]:
    """Cap, settled and reserved of an agent."""
    return {b.unit: (b.cap, b.settled, b.reserved) for b in bench.summary.calls_of_agents.get(agent, ())}


def today(bench: Bench) -> str:
    return datetime.fromtimestamp(bench.clock.now(), UTC).date().isoformat()


def of_day(bench: Bench, scope: str) -> dict[str, tuple[int, int]]:
    rows = bench.store.sql("SELECT unit, settled, reserved FROM spend WHERE scope = :s", {"s": f"day:{scope}"})
    return {row["unit"]: (row["settled"], row["reserved"]) for row in rows}


def parked(bench: Bench, claim: Claim, **options: Any) -> Short:
    """The activation is parked for what it cannot have."""
    short = begin(bench, claim, "more", **options)
    assert isinstance(short, Short), short
    assert bench.store.park(claim, short, "no budget for it")
    return short


class TestABudgetOfABoard:
    def test_is_told_with_all_its_units_and_activations_first(self, bench):
        bench.call(bench.start())

        assert bench.summary.budgets == (
            Spent("activations", None, 0, 1), Spent("calls", 5, 0, 1), Spent("nano_usd", 1000, 0, 100),
            Spent("tokens", 100, 0, 10),
        )  # fmt: skip

    @pytest.mark.parametrize(("unit", "asked", "amount", "cap"), [
        ("nano_usd", {"usd": 901}, 901, 1000), ("tokens", {"tokens": 91}, 91, 100),
    ])  # fmt: skip
    def test_allows_no_more_than_its_cap(self, bench, unit, asked, amount, cap):
        claim = bench.start()
        bench.call(claim)
        before = bench.summary.budgets

        short = begin(bench, claim, "more", **asked)

        assert short == Short(f"board:{bench.id}", unit, amount, cap, 100 if unit == "nano_usd" else 10)
        assert (bench.summary.budgets, len(bench.store.calls(bench.id))) == (before, 1)

    def test_allows_exactly_its_cap(self, bench):
        claim = bench.start()

        assert isinstance(begin(bench, claim, usd=1000, tokens=100), Begun)
        assert isinstance(begin(bench, claim, usd=0, tokens=1), Short)

    def test_allows_so_many_calls(self, bench):
        claim = bench.start()
        for n in range(5):
            bench.answer(bench.call(claim, str(n), usd=1, tokens=1), usd=1, tokens=1)

        assert begin(bench, claim, usd=1) == Short(f"board:{bench.id}", "calls", 1, 5, 5)

    def test_has_what_a_call_did_not_take_again(self, bench):
        claim = bench.start()
        bench.answer(bench.call(claim, usd=1000), usd=1, tokens=1)

        assert isinstance(begin(bench, claim, "more", usd=999), Begun)

    def test_counts_what_went_over_its_bound(self, bench):
        claim = bench.start()
        bench.answer(bench.call(claim, usd=900), usd=1500)

        assert begin(bench, claim, "more", usd=1) == Short(f"board:{bench.id}", "nano_usd", 1, 1000, 1500)
        (row,) = bench.store.sql("SELECT overrun, remaining, used_usd FROM spend WHERE unit = 'nano_usd'", {})
        assert row == {"overrun": 600, "remaining": 0, "used_usd": 1.5e-06}

    def test_of_money_holds_back_nothing_whose_price_is_not_known(self, bench):
        claim = bench.start()
        bench.call(claim, usd=1000)

        id_ = bench.call(claim, "free", usd=None)
        assert bench.take("nano_usd") == (0, 1000)
        bench.answer(id_, usd=None)

        assert (bench.take("tokens"), bench.store.call(bench.id, id_).spent.nano_usd) == ((4, 10), None)
        assert isinstance(begin(bench, claim, "more", usd=None, tokens=200), Short)

    def test_can_be_raised_when_the_board_is_opened_again(self, bench):
        claim = bench.start()
        bench.call(claim, usd=1000)

        bench.store.reopen(bench.id, (("nano_usd", 2000), ("tokens", None), ("calls", 5)))

        assert [b.cap for b in bench.summary.budgets] == [None, 5, 2000, None]
        assert bench.store.board(bench.id).epoch == 2
        assert isinstance(begin(bench, claim, "more", usd=1000, tokens=500), Begun)

    @pytest.mark.parametrize(("unit", "cap", "said"), [
        ("tokens", 3, "test-1 has used more tokens than 3 already"),
        ("nano_usd", 10, r"test-1 has used more USD than 0\.00000001 already"),
    ])  # fmt: skip
    def test_cannot_be_lowered_below_what_is_used(self, bench, unit, cap, said):
        bench.call(bench.start())

        with pytest.raises(UsageError, match=said):
            bench.store.reopen(bench.id, ((unit, cap),))

    def test_that_an_older_release_has_not_counted_begins_with_what_was_called(self, store, clock):
        bench = Bench.on(store, clock)
        claim = bench.start()
        bench.answer(bench.call(claim))
        bench.call(claim, "more")

        bench.store.reopen(bench.id, (("activations", None), ("nano_usd", 500), ("tokens", None), ("calls", None)))

        assert bench.summary.budgets[1:] == (
            Spent("calls", None, 1, 1), Spent("nano_usd", 500, 40, 100), Spent("tokens", None, 4, 10),
        )  # fmt: skip
        assert bench.store.board(bench.id).epoch == 2

    def test_that_an_older_release_has_not_counted_is_no_news_without_a_cap(self, store, clock):
        bench = Bench.on(store, clock)

        bench.store.reopen(bench.id, (("activations", None), ("nano_usd", None)))

        assert bench.store.board(bench.id).epoch == 1


class TestABudgetOfAnAgent:
    def test_is_reserved_along_with_the_board_s(self, bench):
        seated(bench, "a", nano_usd=150, tokens=50)
        claim = bench.start()
        seated(bench, "a", nano_usd=150, tokens=50)

        bench.call(claim)

        assert own(bench) == {"nano_usd": (150, 0, 100), "tokens": (50, 0, 10)}
        assert bench.summary.of_agents == {}
        assert begin(bench, claim, "more") == Short(f"agent:{bench.id}/a", "nano_usd", 100, 150, 100)
        assert bench.take("nano_usd") == (0, 100)

    def test_does_not_bind_others(self, bench):
        seated(bench, "a", calls=0)

        assert isinstance(begin(bench, bench.start("b")), Begun)

    def test_is_told_after_the_board_s_where_both_are_used_up(self, bench):
        claim = bench.start()
        seated(bench, "a", nano_usd=10)

        assert begin(bench, claim, usd=5000).scope == f"board:{bench.id}"

    def test_begins_with_what_the_agent_has_called_already(self, bench):
        claim = bench.start()
        bench.answer(bench.call(claim))
        bench.call(claim, "more")
        bench.call(bench.start("b"))

        seated(bench, "a", nano_usd=1000, calls=1)

        assert own(bench) == {"nano_usd": (1000, 40, 100), "calls": (2, 1, 1)}

    def test_is_never_lowered_below_what_is_used(self, bench):
        claim = bench.start()
        seated(bench, "a", nano_usd=500)
        bench.call(claim)

        seated(bench, "a", nano_usd=20)

        assert own(bench) == {"nano_usd": (100, 0, 100)}

    def test_ends_with_its_cap(self, bench):
        claim = bench.start()
        seated(bench, "a", calls=1)
        bench.call(claim)

        seated(bench, "a")

        assert own(bench) == {"calls": (None, 0, 1)}
        assert isinstance(begin(bench, claim, "more"), Begun)


class TestABudgetOfADay:
    def test_binds_all_boards_together(self, bench, store, clock):
        store.limit("*", Limits(calls_a_day=2))
        other = Bench.on(store, clock)
        claim = bench.start()
        bench.call(claim)
        other.call(other.start())

        assert begin(bench, claim, "more") == Short(f"day:{today(bench)}", "calls", 1, 2, 2)
        assert of_day(bench, today(bench)) == {"calls": (0, 2)}

    def test_of_one_model_does_not_bind_others(self, bench):
        bench.store.limit("m", Limits(tokens_a_day=15))
        claim = bench.start()
        bench.call(claim)

        assert begin(bench, claim, "more").scope == f"day:{today(bench)}/m"
        assert isinstance(begin(bench, claim, "more", model="other"), Begun)

    def test_begins_anew_at_midnight_in_utc(self, bench):
        bench.store.limit("*", Limits(nano_usd_a_day=100))
        claim = bench.start()
        bench.call(claim)
        bench.clock.pass_by(DAY - bench.clock.now() % DAY)

        assert isinstance(begin(bench, claim, "more"), Begun)

    def test_is_settled_on_the_day_on_which_it_was_reserved(self, bench):
        bench.store.limit("*", Limits(nano_usd_a_day=100))
        id_, first = bench.call(bench.start()), today(bench)
        bench.clock.pass_by(DAY)
        bench.call(bench.start("b"), usd=50)

        bench.answer(id_)

        assert of_day(bench, first) == {"nano_usd": (40, 0)}
        assert of_day(bench, today(bench)) == {"nano_usd": (0, 50)}

    def test_begins_with_what_was_called_before_on_that_day(self, bench):
        claim = bench.start()
        bench.call(claim, "yesterday")
        bench.clock.pass_by(DAY)
        bench.answer(bench.call(claim))
        bench.call(claim, "other", model="other")

        bench.store.limit("*", Limits(nano_usd_a_day=1000))
        bench.store.limit("m", Limits(tokens_a_day=1))

        assert of_day(bench, today(bench)) == {"nano_usd": (40, 100)}
        assert of_day(bench, f"{today(bench)}/m") == {"tokens": (4, 0)}
        assert [f for f in bench.store.examine() if f.what == "budgets" and f.level != "ok"] == []

    def test_can_be_raised_and_taken_away(self, bench):
        bench.store.limit("*", Limits(calls_a_day=1))
        claim = bench.start()
        bench.call(claim)

        bench.store.limit("*", Limits(calls_a_day=2))
        assert isinstance(begin(bench, claim, "2"), Begun)
        bench.store.limit("*", Limits())

        assert isinstance(begin(bench, claim, "3"), Begun)
        assert bench.store.limits() == {}

    def test_is_corrected_there_when_it_is_told_of_late(self, bench):
        bench.store.limit("*", Limits(nano_usd_a_day=100))
        claim = bench.start()
        id_, first = bench.call(claim), today(bench)
        bench.store.retry(claim, "no luck")
        bench.clock.pass_by(DAY)

        bench.answer(id_)

        assert of_day(bench, first) == {"nano_usd": (40, 0)}


class TestWhatIsLeft:
    def left(self, bench):
        return bench.store.left(bench.id, "a")

    def test_is_the_least_of_all_that_binds(self, bench):
        claim = bench.start()
        seated(bench, "a", nano_usd=500, tokens=1000)
        bench.store.limit("*", Limits(calls_a_day=3))
        bench.call(claim)

        assert self.left(bench) == {"nano_usd": 400, "tokens": 90, "calls": 2}

    def test_is_nothing_where_more_was_taken_than_the_cap(self, bench):
        bench.answer(bench.call(bench.start(), usd=900), usd=1500)

        assert self.left(bench)["nano_usd"] == 0

    def test_knows_of_today_before_the_first_call(self, bench):
        bench.store.limit("*", Limits(calls_a_day=3, tokens_a_day=5))
        bench.clock.pass_by(DAY)

        assert self.left(bench) == {"nano_usd": 1000, "tokens": 5, "calls": 3}

    def test_has_activations_too_and_nothing_that_is_not_capped(self, store, clock):
        bench = Bench.on(store, clock, cap=7)
        bench.start()

        assert self.left(bench) == {"activations": 6}


class TestAnActivationThatABudgetAllowsNoCall:
    def test_is_parked_untried_with_its_reason(self, bench):
        claim = bench.start()

        short = parked(bench, claim, usd=2000)

        (record,) = bench.store.activations(bench.id, "a")
        assert (record.state, record.waits_for, record.attempt) == ("parked", "budget/nano_usd", 0)
        assert (record.snapshot, record.cause, record.owner) == (claim.snapshot, "no budget for it", None)
        assert bench.take("activations") == (0, 0)
        assert bench.summary.short == (Shortage("a", 1, short),)
        assert [f for f in bench.store.examine() if f.what == "budgets" and f.level != "ok"] == []

    def test_says_in_words_what_it_waits_for(self, bench):
        parked(bench, bench.start(), usd=2500)
        parked(bench, bench.start("b"), tokens=101)

        rows = bench.store.sql("SELECT waits_for FROM agenda WHERE state = 'parked' ORDER BY id", {})
        assert [row["waits_for"] for row in rows] == [
            f"0.0000025 USD of board:{bench.id}", f"101 tokens of board:{bench.id}",
        ]  # fmt: skip

    def test_keeps_its_reservation_where_it_was_tried_before(self, bench):
        claim = bench.start()
        bench.store.retry(claim, "no luck")

        parked(bench, bench.claim(), usd=2000)

        assert (bench.take("activations"), bench.store.activations(bench.id, "a")[0].attempt) == ((0, 1), 1)
        assert [s.tried for s in bench.summary.short] == [1]
        assert [f for f in bench.store.examine() if f.what == "budgets" and f.level != "ok"] == []

    def test_is_not_parked_by_who_has_lost_it(self, bench):
        claim = bench.start()
        short = begin(bench, claim, usd=2000)
        bench.store.release(bench.id, "w1")

        assert not bench.store.park(claim, short, "no budget")
        assert bench.states("a") == ["pending"]

    def test_is_not_parked_by_who_was_silent_while_another_took_it_over(self, bench):
        claim = bench.start()
        short = begin(bench, claim, usd=2000)
        bench.clock.pass_by(60)
        taken = bench.claim("a", worker="w2")

        assert not bench.store.park(claim, short, "no budget")
        assert bench.states("a") == ["running"]
        assert isinstance(begin(bench, taken, usd=10), Begun)

    def test_goes_on_at_once_where_the_budget_allows_it_by_now(self, bench):
        claim = bench.start()
        id_ = bench.call(bench.start("b"), usd=1000)
        short = begin(bench, claim)
        bench.answer(id_)

        assert bench.store.park(claim, short, "no budget")

        assert (bench.states("a"), bench.summary.short) == (["pending"], ())

    def test_goes_on_when_a_call_has_taken_less(self, bench):
        id_ = bench.call(bench.start("b"), usd=1000)
        claim = bench.start()
        parked(bench, claim)

        bench.answer(id_)

        assert bench.states("a") == ["pending"]
        assert bench.claim("a").token == claim.token + 1

    def test_rings_for_the_workers_only_then(self, bench):
        ids = [bench.call(bench.start("b"), str(n), usd=500) for n in range(2)]
        parked(bench, bench.start())
        rung = []
        stop = bench.store.watch(lambda: rung.append(1))

        bench.answer(ids[0], usd=500)
        assert rung == []
        bench.answer(ids[1])
        stop()

        assert rung != []

    def test_goes_on_when_what_was_unknown_is_told_of_late(self, bench):
        claim = bench.start("b")
        id_ = bench.call(claim, usd=1000)
        bench.store.retry(claim, "no luck")
        parked(bench, bench.start())

        bench.answer(id_)

        assert bench.states("a") == ["pending"]

    def test_waits_while_less_is_free_than_it_asked_for(self, bench):
        id_ = bench.call(bench.start("b"), usd=1000)
        parked(bench, bench.start(), usd=500)

        bench.answer(id_, usd=600)

        assert bench.states("a") == ["parked"]
        assert bench.summary.short[0].short.used == 600

    def test_comes_back_by_rating_as_many_as_fit(self, bench):
        id_ = bench.call(bench.start("b"), usd=1000)
        bench.seat("a")
        for rating in (1, 9, 5):
            bench.wake("a", bench.note(), rating=rating)
        for claim in bench.claims("a").taken:
            parked(bench, claim, usd=400)

        bench.answer(id_, usd=200)

        assert [(a.rating, a.state) for a in bench.store.activations(bench.id, "a")] == [
            (1, "parked"), (9, "pending"), (5, "pending"),
        ]  # fmt: skip
        assert [s.activations for s in bench.summary.short] == [1]

    @pytest.mark.parametrize("end", ["strike", "conclude"])
    def test_goes_on_before_its_board_ends_where_who_was_let_go_on_did_not_ask(self, bench, end):
        id_ = bench.call(bench.start("b"), usd=1000)
        bench.seat("a")
        notes = [bench.note() for _ in range(2)]
        for rating, row in enumerate(notes):
            bench.wake("a", row, rating=rating)
        for claim in bench.claims("a").taken:
            parked(bench, claim, usd=600)
        bench.answer(id_, usd=100)
        bench.amend(notes[1])
        bench.claims("a")
        bench.wake("a")
        bench.wake("b")
        assert bench.states("a") == ["parked", "moot"]

        if end == "strike":
            ended = bench.store.strike(bench.id, bench.head, said(note()))
        else:
            ended = bench.store.conclude(bench.id, "{}", bench.head, False, True)

        assert (ended, bench.states("a")) == (False, ["pending", "moot"])

    def test_goes_on_when_the_board_is_opened_again_with_more(self, bench):
        parked(bench, bench.start(), usd=2000)

        bench.store.reopen(bench.id, (("nano_usd", 5000),))

        assert (bench.states("a"), bench.summary.short) == (["pending"], ())

    def test_goes_on_when_its_agent_may_take_more(self, bench):
        claim = bench.start()
        seated(bench, "a", nano_usd=10)
        parked(bench, claim)

        seated(bench, "a", nano_usd=50)
        assert bench.states("a") == ["parked"]
        seated(bench, "a", nano_usd=100)

        assert bench.states("a") == ["pending"]

    def test_goes_on_when_the_day_allows_more(self, bench):
        bench.store.limit("*", Limits(calls_a_day=0))
        parked(bench, bench.start())

        bench.store.limit("*", Limits(calls_a_day=1))

        assert bench.states("a") == ["pending"]

    def test_goes_on_at_once_where_it_was_parked_after_midnight(self, bench):
        bench.store.limit("*", Limits(calls_a_day=0))
        claim = bench.start()
        short = begin(bench, claim)

        bench.clock.pass_by(DAY)
        assert bench.store.park(claim, short, "no budget for it")

        assert bench.summary.states["pending"] == {"a": 1}

    def test_goes_on_when_the_day_is_over_and_anything_has_ended(self, bench, store, clock):
        other = Bench.on(store, clock)
        id_ = other.call(other.start())
        bench.store.limit("*", Limits(calls_a_day=1))
        parked(bench, bench.start())
        clock.pass_by(DAY)

        other.answer(id_)

        assert bench.states("a") == ["pending"]

    def test_that_is_of_another_board_goes_on_with_the_day(self, bench, store, clock):
        store.limit("*", Limits(nano_usd_a_day=100))
        other = Bench.on(store, clock)
        id_ = other.call(other.start())
        parked(bench, bench.start(), usd=50)

        other.answer(id_)

        assert bench.states("a") == ["pending"]

    @pytest.mark.parametrize("final", [True, False])
    def test_waits_for_nothing_when_its_board_has_ended(self, bench, final):
        parked(bench, bench.start(), usd=2000)

        bench.store.conclude(bench.id, "{}", bench.head, final=final)

        assert (bench.states("a"), bench.summary.short) == (["moot" if final else "pending"], ())

    def test_stays_parked_when_a_worker_leaves_or_another_agent_does(self, bench):
        bench.seat("b")
        parked(bench, bench.start(), usd=2000)

        bench.store.release(bench.id, "w1")
        bench.store.dismiss(bench.id, ["b"])
        bench.store.retire(bench.id, ["a"])

        assert bench.states("a") == ["parked"]

    def test_is_dropped_with_its_agent(self, bench):
        parked(bench, bench.start(), usd=2000)

        bench.store.dismiss(bench.id, ["a"])

        assert (bench.states("a"), bench.summary.short) == (["moot"], ())

    def test_is_dropped_where_its_agent_has_left_the_team(self, bench):
        claim = bench.start()
        short = begin(bench, claim, usd=2000)
        bench.store.retire(bench.id, [])

        bench.store.park(claim, short, "no budget")

        assert bench.states("a") == ["moot"]

    def test_is_not_disturbed_by_bounds_of_pending_work(self, bench):
        parked(bench, bench.start(), usd=2000)
        bench.seat("reader")

        agenda = Agenda("w1", {"a": 1, "reader": 1}, 1, bounds={"a": (("reader", 1),)})
        assert bench.store.claim(bench.id, agenda).taken == ()

        assert bench.states("a") == ["parked"]

    def test_does_not_disturb_who_is_parked_for_bounds(self, bench):
        id_ = bench.call(bench.start("b"), usd=1000)
        bench.seat("reader")
        bench.wake("reader", bench.note())
        bench.seat("poster")
        bench.wake("poster", bench.note())
        bench.store.claim(bench.id, Agenda("w1", {"poster": 1}, 1, bounds={"poster": (("reader", 1),)}))
        parked(bench, bench.start())

        bench.answer(id_)

        assert (bench.states("a"), bench.states("poster")) == (["pending"], ["parked"])


# -- whatever happens ------------------------------------------------------------------------------------------------
@dataclass
class Play:
    """Agents that call models, crash, and are told of late, in any order."""

    bench: Bench
    claims: dict[str, Claim] = field(default_factory=dict)
    begun: list[int] = field(default_factory=list)

    def begin(self, agent: str, usd: int, tokens: int) -> None:
        if agent not in self.claims and not {"pending", "parked"} & set(self.bench.states(agent)):
            self.bench.wake(agent, self.bench.note())
        if agent not in self.claims and "pending" in self.bench.states(agent):
            self.claims[agent] = self.bench.claim(agent, slots=1)
        if agent in self.claims:
            got = begin(self.bench, self.claims[agent], str(len(self.begun)), usd=usd, tokens=tokens)
            self.begun += [got.id] if isinstance(got, Begun) else []

    def end(self, agent: str, usd: int, tokens: int) -> None:
        if self.begun:
            self.bench.answer(self.begun[tokens % len(self.begun)], usd=usd, tokens=tokens)

    def end_in_silence(self, agent: str, usd: int, tokens: int) -> None:
        if self.begun:
            self.bench.store.end_call(Ended(self.bench.id, self.begun[tokens % len(self.begun)]))

    def crash(self, agent: str, usd: int, tokens: int) -> None:
        self.bench.clock.pass_by(60)
        worker = f"w{self.bench.clock.now()}"
        self.claims.update((c.agent, c) for c in self.bench.claims(agent, worker=worker, slots=1).taken)

    def retry(self, agent: str, usd: int, tokens: int) -> None:
        if agent in self.claims:
            self.bench.store.retry(self.claims.pop(agent), "no luck")

    def release(self, agent: str, usd: int, tokens: int) -> None:
        self.bench.store.release(self.bench.id, "w1")

    def park(self, agent: str, usd: int, tokens: int) -> None:
        if agent in self.claims:
            short = Short(f"board:{self.bench.id}", "nano_usd", usd, 1000, 0)
            self.bench.store.park(self.claims.pop(agent), short, "no money")

    def land(self, agent: str, usd: int, tokens: int) -> None:
        if agent in self.claims:
            self.bench.commit(self.claims.pop(agent), note())

    def recap(self, agent: str, usd: int, tokens: int) -> None:
        seated(self.bench, agent, tokens=tokens, nano_usd=usd)

    def limit(self, agent: str, usd: int, tokens: int) -> None:
        self.bench.store.limit("*", Limits(nano_usd_a_day=3 * usd, tokens_a_day=3 * tokens))

    def midnight(self, agent: str, usd: int, tokens: int) -> None:
        self.bench.clock.pass_by(DAY)

    def check(self) -> None:
        calls = self.bench.store.sql("SELECT * FROM call", {})
        for row in self.bench.store.sql("SELECT * FROM budget WHERE unit <> 'activations'", {}):
            assert row["cap"] is None or row["settled"] - row["overrun"] + row["reserved"] <= row["cap"], row
            mine = [c for c in calls if row["scope"] in scopes(c)]
            bounds = sum(amount(c, "bound", row["unit"]) for c in mine if c["state"] == "inflight")
            spent = sum(amount(c, "spent", row["unit"]) for c in mine if c["state"] != "inflight")
            assert (row["reserved"], row["settled"]) == (bounds, spent), row
        running = {(a.id, a.token) for a in self.bench.store.activations(self.bench.id) if a.state == "running"}
        in_flight = [c for c in calls if c["state"] == "inflight" and c["board_id"] == self.bench.id]
        assert {(c["activation_id"], c["token"]) for c in in_flight} <= running


def amount(row: dict[str, Any], of: str, unit: str) -> int:
    column = {"nano_usd": f"{of}_usd", "tokens": f"{of}_tokens"}.get(unit)
    return row[column] if column else 1


def scopes(row: dict[str, Any]) -> set[str]:
    board, day = row["board_id"], row["day"]
    return {f"board:{board}", f"agent:{board}/{row['agent']}", f"day:{day}", f"day:{day}/{row['model']}"}


MOVES = sorted(set(vars(Play)) - set(vars(object)) - {"check"} - {n for n in vars(Play) if n.startswith("_")})
STEPS = st.lists(
    st.tuples(st.sampled_from([*MOVES, "begin", "begin", "begin", "end"]), st.sampled_from("abc"),
              st.integers(0, 400), st.integers(0, 60)), max_size=25,
)  # fmt: skip


class TestWhateverHappens:
    @given(steps=STEPS)
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_cap_is_passed_and_what_is_reserved_is_in_flight(self, store, clock, steps):
        play = Play(Bench.on(store, clock, nano_usd=1000, tokens=200, calls=8))
        store.limit("*", Limits())
        for agent in "abc":
            seated(play.bench, agent, tokens=90)
        for move, agent, usd, tokens in steps:
            getattr(play, move)(agent, usd, tokens)
            play.check()
