"""What a call can cost at most, and what it has cost."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.calls import Amounts, Usage
from blackboard.llm import prices
from blackboard.llm.prices import bound, cost, input_bound

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5", "claude-sonnet-4-5")
counts = st.integers(0, 400_000)


def message(model: str = "claude-haiku-5-5", **usage: object) -> dict[str, object]:
    return {"type": "message", "model": model, "content": [], "usage": {"input_tokens": 0, "output_tokens": 0, **usage}}


class TestTheBound:
    def test_takes_every_input_token_for_one_that_is_written_to_the_cache(self):
        assert bound("claude-opus-5-5", 1_000, 100) == 1_000 * 5_000 + 100 * 20_000
        assert bound("claude-opus-5-5", 1_000, 100, long_cache=True) == 1_000 * 8_000 + 100 * 20_000

    def test_takes_the_dearer_tier_where_the_input_may_reach_it(self):
        assert bound("claude-haiku-5-5", 100_000, 10) == 100_000 * 125 + 10 * 500
        assert bound("claude-haiku-5-5", 100_001, 10) == 100_001 * 625 + 10 * 2_500

    def test_a_price_that_is_not_known_is_none_and_never_0(self):
        assert bound("llama3.3", 1_000, 100) is None
        assert bound("claude-nobody-knows", 1_000, 100) is None

    def test_a_price_that_is_listed_as_nothing_is_not_known(self, monkeypatch):
        class Free:
            @staticmethod
            def get_prices(at):
                from genai_prices.types import ModelPrice

                return ModelPrice(input_mtok=Decimal(0), output_mtok=Decimal(0))

        monkeypatch.setattr(prices, "_model", lambda name: (None, Free))

        assert bound("claude-haiku-5-5", 1_000, 100) is None

    @given(
        st.sampled_from(MODELS), counts, counts, counts, counts, st.integers(0, 128_000), st.booleans(),
        st.integers(0, 5_000),
    )  # fmt: skip
    def test_no_message_within_it_costs_more(self, model, new, read, short, long, output, is_long, spare):
        hour = long if is_long else 0
        usage = message(
            model, input_tokens=new, output_tokens=output, cache_read_input_tokens=read,
            cache_creation_input_tokens=short + hour,
            cache_creation={"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": hour},
        )  # fmt: skip

        most = bound(model, new + read + short + hour + spare, output + spare, is_long)

        amounts, _, _ = cost(model, usage)
        assert amounts.nano_usd is not None
        assert amounts.nano_usd <= most
        assert amounts.tokens <= new + read + short + hour + output


class TestTheCost:
    def test_is_exact_for_each_field_of_the_usage(self):
        said = message(
            "claude-opus-5-5", input_tokens=1_003, output_tokens=77, cache_read_input_tokens=501,
            cache_creation_input_tokens=70, output_tokens_details={"thinking_tokens": 70},
            cache_creation={"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 30},
        )  # fmt: skip

        amounts, usage, _ = cost("claude-opus-5-5", said)

        dollars = (1_003 * Decimal(4) + 77 * 20 + 501 * Decimal("0.2") + 40 * 5 + 30 * 8) / 1_000_000
        assert amounts == Amounts(int(dollars * 10**9), 1_003 + 77 + 501 + 70)
        assert usage == Usage(input=1_003, output=77, cache_read=501, cache_write=40, cache_write_1h=30)

    def test_what_is_cached_counts_for_the_tier_of_the_whole_input(self):
        amounts, _, _ = cost("", message(input_tokens=1, output_tokens=1, cache_read_input_tokens=100_000))

        assert amounts.nano_usd == 1 * 500 + 100_000 * 50 + 1 * 2_500

    def test_searches_of_the_endpoint_are_charged(self):
        amounts, _, _ = cost("", message(input_tokens=10, server_tool_use={"web_search_requests": 2}))

        assert amounts.nano_usd == 10 * 100 + 2 * 10_000_000

    def test_the_fast_lane_costs_its_own_price(self):
        amounts, _, _ = cost("", message("claude-opus-5-5", input_tokens=10, speed="fast"))

        assert amounts.nano_usd == 10 * 8_000

    @pytest.mark.parametrize("absent", [None, {}, {"cache_creation_input_tokens": None, "cache_creation": None}])
    def test_what_an_endpoint_does_not_tell_is_nothing(self, absent):
        amounts, usage, _ = cost("", message(input_tokens=10, output_tokens=2, **(absent or {})))

        assert (amounts, usage) == (Amounts(10 * 100 + 2 * 500, 12), Usage(input=10, output=2))

    def test_a_dated_name_has_the_price_of_its_model_and_what_has_answered_is_what_is_charged(self):
        asked_strong_answered_fast = message("claude-haiku-5-5-20261001", input_tokens=10)

        amounts, _, price = cost("claude-opus-5-5", asked_strong_answered_fast)

        assert amounts.nano_usd == 10 * 100
        assert json.loads(price)["model"] == "claude-haiku-5-5"

    def test_an_answer_under_a_name_that_nobody_knows_has_the_price_of_what_was_asked(self):
        assert cost("claude-haiku-5-5", message("router/best", input_tokens=10))[0].nano_usd == 1_000

    def test_an_unknown_price_is_unknown_and_its_tokens_count(self):
        assert cost("llama3.3", message("llama3.3", input_tokens=10, output_tokens=5)) == (
            Amounts(None, 15), Usage(input=10, output=5), None,
        )  # fmt: skip

    def test_the_list_price_is_kept_with_it(self):
        _, _, price = cost("claude-haiku-5-5", message(input_tokens=10))

        kept = json.loads(price)
        assert kept["source"].startswith("genai-prices ")
        assert kept["usd"]["input_mtok"] == "0.1 0.5>100000"


class TestTheBoundOfAnInput:
    def test_is_a_token_for_each_byte_and_some_around_it(self):
        body = {"messages": [{"role": "user", "content": "Überall 象"}]}

        assert input_bound(body) >= len(json.dumps(body, ensure_ascii=False).encode())
        assert input_bound(body | {"tools": [{}]}) > input_bound(body) + 1_000
        assert input_bound(body | {"output_config": {"format": {"type": "json_schema"}}}) > input_bound(body) + 1_000

    def test_holds_for_what_a_tokenizer_spells_out_first(self):
        ligature = "\ufdfa"  # 3 bytes; 33 when spelled out

        assert input_bound({"messages": [{"role": "user", "content": ligature * 100}]}) > 3_300
