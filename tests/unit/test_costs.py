"""What calls have cost: each once, parts and whole the same, and what of it was for nothing."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.calls import Amounts, Usage
from blackboard.costs import Cost, cost_of, worth
from blackboard.llm import prices
from blackboard.records import ActivationRecord, AttemptRecord
from blackboard.waste import saved, wasted
from tests.calling import call


def activation(id_=1, state="done"):
    return ActivationRecord(id_, "researcher", state, 1, None, 0, 1, 0, 1, 1, None, None, None)


def refused(at, activation=1):
    return AttemptRecord(activation, 1, "stale", "answer-1 v1 was replaced by 7", at)


amounts = st.none() | st.builds(Amounts, st.none() | st.integers(0, 10**15), st.integers(0, 10**7))
some_calls = st.lists(
    st.builds(
        lambda id_, agent, model, spent: call(id_, agent=agent, model=model, spent=spent),
        st.integers(1, 30), st.sampled_from("ab"), st.sampled_from(["fast", "strong"]), amounts,
    ),
    max_size=40,
)  # fmt: skip


class TestACost:
    @given(some_calls)
    def test_counts_each_call_once(self, calls):
        once = {c.id: c for c in calls}
        cost = cost_of(calls)
        assert cost.calls == len(once)
        assert cost == cost_of([*calls, *reversed(list(once.values()))])

    @given(some_calls)
    def test_is_the_sum_of_its_parts(self, calls):
        cost = cost_of(calls)
        for name in ("usd", "unpriced", "tokens", "calls", "under_way", "presumed"):
            assert getattr(cost, name) == sum(getattr(part, name) for part in cost.parts.values())

    @given(st.lists(st.integers(0, 10**9), max_size=50))
    def test_is_exact(self, nano):
        cost = cost_of([call(n, nano=each) for n, each in enumerate(nano)])
        assert cost.usd * 1_000_000_000 == sum(nano)

    def test_has_the_dearest_part_first(self):
        cost = cost_of([call(1, 5, agent="cheap"), call(2, 9, agent="dear")])
        assert list(cost.parts) == [("dear", "fast"), ("cheap", "fast")]

    @pytest.mark.parametrize(
        ("cost", "words"),
        [
            (Cost(), "0 USD"),
            (Cost(Decimal("0.0021"), tokens=10, calls=1), "0.0021 USD"),
            (Cost(Decimal("0.0021"), unpriced=3, calls=4), "0.0021 USD and 3 calls of unknown price"),
            (Cost(unpriced=1, calls=1), "1 call of unknown price"),
            (Cost(Decimal(2), 1, under_way=1), "2 USD, 1 call of unknown price and 1 call under way"),
        ],
    )
    def test_says_when_it_was_more(self, cost, words):
        assert str(cost) == words

    @pytest.mark.parametrize(
        ("calls", "words"),
        [
            ([call(1, 10**9)], "1 USD"),
            ([call(1, 10**9), call(2, None)], "at least 1 USD"),
            ([call(1, 10**9, state="unknown")], "at most 1 USD"),
            ([call(1, 10**9, state="unknown"), call(2, spent=None)], "about 1 USD"),
            ([call(1, None)], "unknown"),
            ([call(1, spent=None)], "under way"),
            ([], "0 USD"),
        ],
    )
    def test_says_in_short_how_sure_it_is(self, calls, words):
        assert cost_of(calls).short == words

    @pytest.mark.parametrize(
        ("usd", "words"),
        [
            ("0", "0 USD"), ("12.5", "12.5 USD"), ("1000", "1000 USD"), ("0.02134567", "0.0213 USD"),
            ("0.000000001", "0.000000001 USD"), ("0.0000123456", "0.000012 USD"), ("-0.00123", "-0.0012 USD"),
        ],
    )  # fmt: skip
    def test_is_told_with_the_digits_that_matter(self, usd, words):
        assert worth(Decimal(usd)) == words


class TestWaste:
    def test_an_answer_that_landed_is_none(self):
        found = wasted([call()], [activation()], [])
        assert [c.calls for c in (found.crashes, found.retries, found.conflicts, found.failures)] == [0, 0, 0, 0]

    def test_a_call_that_nobody_heard_of_again_is_one_of_a_crash(self):
        found = wasted([call(1, state="unknown"), call(2)], [activation()], [])
        assert (found.crashes.calls, found.crashes.usd) == (1, Decimal("0.000001"))

    def test_a_late_answer_is_one_only_where_it_had_been_asked_again(self):
        late = call(1, asked="the same", state="late")
        assert wasted([late], [activation()], []).crashes.calls == 0
        assert wasted([late, call(2, asked="the same")], [activation()], []).crashes.calls == 1
        assert wasted([late, call(2, asked="the same", nth=2)], [activation()], []).crashes.calls == 0

    def test_a_fault_that_was_charged_is_one_of_retries_and_a_free_one_is_none(self):
        charged, free = call(1, fault="garbled"), call(2, fault="limited", spent=Amounts(0, 0))
        found = wasted([charged, free, call(3)], [activation()], [])
        assert (found.retries.calls, found.crashes.calls) == (1, 0)

    def test_an_answer_that_could_not_be_used_is_one_of_retries(self):
        assert wasted([call(rejected="it is not of the shape")], [activation()], []).retries.calls == 1

    def test_what_a_silent_endpoint_may_have_charged_is_one_of_retries(self):
        assert wasted([call(state="unknown", fault="silent")], [activation()], []).retries.calls == 1

    def test_all_that_a_dropped_activation_asked_is_one_of_a_conflict(self):
        assert wasted([call(1), call(2)], [activation(state="moot")], []).conflicts.calls == 2

    def test_all_that_a_failed_activation_asked_is_one_of_a_failure(self):
        assert wasted([call(1), call(2)], [activation(state="failed")], []).failures.calls == 2

    def test_what_was_asked_anew_after_a_conflict_replaces_as_many_from_the_last_on(self):
        # given a result of two calls that was refused, done again with one call anew, refused, and again with one
        calls = [call(1, 1), call(2, 20), call(3, 300), call(4, 4_000)]
        # when
        found = wasted(calls, [activation()], [refused(at=2.6), refused(at=3.6)])
        # then the first answer was used to the end
        assert (found.conflicts.calls, found.conflicts.usd) == (2, Decimal("0.000000320"))

    def test_what_the_journal_answered_after_a_conflict_is_none(self):
        assert wasted([call(1), call(2)], [activation()], [refused(at=9)]).conflicts.calls == 0

    @given(some_calls, st.sampled_from(["done", "moot", "failed"]), st.lists(st.floats(0, 31), max_size=4))
    def test_each_call_is_under_one_reason_at_most(self, calls, state, times):
        once = list({c.id: c for c in calls}.values())
        found = wasted(once, [activation(state=state)], [refused(at) for at in times])
        reasons = (found.crashes, found.retries, found.conflicts, found.failures)
        assert sum(r.calls for r in reasons) <= len(once)
        assert sum(r.usd for r in reasons) <= cost_of(once).usd


class TestSavings:
    PRICE = json.dumps({
        "model": "fast", "source": "a list", "usd": {
            "input_mtok": "1 5>100000", "cache_read_mtok": "0.1 0.5>100000", "cache_write_mtok": "1.25 6.25>100000",
            "cache_write_1h_mtok": "2 10>100000", "output_mtok": "5 25>100000",
        },
    })  # fmt: skip

    def usd(self, **usage):
        return saved([call(usage=Usage(**usage), price=self.PRICE)]).usd

    def test_are_what_cached_tokens_cost_less_than_new_ones(self):
        assert self.usd(input=50, output=9, cache_read=1_000) == Decimal("0.0009")

    def test_are_less_by_what_it_costs_to_have_tokens_kept(self):
        assert self.usd(cache_read=1_000, cache_write=400, cache_write_1h=200) == Decimal("0.0006")
        assert self.usd(cache_write=400) == Decimal("-0.0001")

    def test_go_by_the_price_of_an_input_so_long(self):
        assert self.usd(input=1, cache_read=100_000) == Decimal("0.45")
        assert self.usd(cache_read=100_000) == Decimal("0.09")

    def test_count_tokens_also_where_nobody_knows_a_price(self):
        found = saved(
            [call(usage=Usage(cache_read=7, cache_write=3), price=price) for price in (None, "{", "{}", "[]")]
        )
        assert (found.read, found.written, found.usd, found.unpriced) == (28, 12, 0, 4)

    def test_are_none_without_a_cache(self):
        assert saved([call(usage=Usage(input=10)), call(usage=None)]) == saved([])

    def test_are_told_by_the_list_that_is_installed(self):
        told = {"input_tokens": 1, "output_tokens": 1, "cache_read_input_tokens": 1_000}
        spent, usage, price = prices.cost("claude-haiku-5-5", {"model": "claude-haiku-5-5", "usage": told})
        found = saved([call(spent=spent, usage=usage, price=price)])
        assert (found.unpriced, found.usd > 0) == (0, True)
