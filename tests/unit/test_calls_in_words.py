"""What people read of calls: the request and its answer, models that rest, budgets."""

import json

import pytest

from blackboard.calls import Gate, Usage
from blackboard.cli import budgets, prompts
from blackboard.records import Spent
from blackboard.seam import REAL
from tests.calling import call

BODY = json.dumps({"text": 'a "b"'})
REQUEST = {
    "model": "claude-haiku-5-5", "max_tokens": 512, "output_config": {"effort": "low"},
    "tools": [{"name": "search", "description": "Searches.", "input_schema": {"type": "object"}}],
    "system": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": "What is shown?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "ü"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1",
             "content": [{"type": "text", "text": json.dumps({"key": "answer-1", "body": BODY})}]},
        ]},
    ],
}  # fmt: skip


def lines(made):
    return [(level, text) for level, text in made]


def gate(state="closed", **more):
    return Gate("api.anthropic.com", "claude-haiku-5-5", state, **more)


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch):
    monkeypatch.setattr(REAL, "now", lambda: 1_000_000.0)


class TestARequest:
    @pytest.fixture
    def told(self):
        return lines(prompts.request(call(request=json.dumps(REQUEST))))

    def test_tells_model_caps_tools_system_and_messages_in_that_order(self, told):
        heads = [text for level, text in told if level == 1]
        assert heads == [
            "max_tokens: 512", "output_config:", "tool search: Searches.", "system:", "user:", "assistant:", "user:",
        ]  # fmt: skip

    def test_has_texts_as_texts_and_says_where_the_cache_reaches(self, told):
        place = told.index((2, "Be short."))
        assert told[place + 1] == (2, "(the cache is to keep all up to here)")
        assert (2, "What is shown?") in told

    def test_shows_what_a_tool_gave_as_data_in_which_nothing_is_escaped_twice(self, told):
        (shown,) = [text for level, text in told if "answer-1" in text]
        assert json.loads(shown) == {"key": "answer-1", "body": {"text": 'a "b"'}}
        assert '\\\\"' not in shown

    def test_shows_letters_as_letters(self, told):
        assert any('"ü"' in text for _, text in told)

    def test_that_is_no_json_is_shown_as_it_is(self):
        assert lines(prompts.request(call(request="{broken"))) == [(1, "sent: {broken")]


class TestAnAnswer:
    def test_tells_texts_uses_of_tools_and_why_it_stopped(self):
        message = {
            "content": [
                {"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Because."},
                {"type": "tool_use", "id": "t1", "name": "search", "input": {"q": "x"}},
            ],
            "stop_reason": "tool_use",
        }  # fmt: skip
        told = [text for _, text in prompts.answer(call(response=json.dumps(message)))]
        assert told[:4] == ["answer:", "thinking:", "Hm.", "Because."]
        assert (told[4], json.loads(told[5]), told[6]) == ("uses search (t1):", {"q": "x"}, "(tool_use)")

    def test_that_has_not_come_is_not_shown(self):
        assert lines(prompts.answer(call())) == []

    def test_its_head_names_activation_and_agent(self):
        assert prompts.headline(call(7, fault="limited")) == (
            "call 7  fast at script  done, limited  activation 1 of researcher"
        )

    def test_its_cost_and_tokens_are_told(self):
        facts = [text for _, text in prompts.facts(call(usage=Usage(10, 5, cache_read=1_000), cause="x", rejected="y"))]
        assert facts[0].endswith("0.5 s, 0.000001 USD")
        assert facts[1:] == ["tokens: 10 in, 1,000 from the cache, 5 out", "fault: x", "not used: y"]


class TestModelsThatRest:
    def test_that_take_calls_as_usual_are_not_told_of(self):
        assert budgets.troubles([gate(), gate(until=REAL.now() - 1)]) == []

    @pytest.mark.parametrize(
        ("one", "words"),
        [
            (gate("open", until=1_000_024.0, failures=6), "open for 24 s more, 6 of the last 10 calls failed"),
            (gate("half-open", failures=5), "half-open, one call tries it, 5 of the last 10 calls failed"),
            (gate(until=1_000_007.0), "rests for 7 s more, as it has asked to"),
            (gate(at_once=1), "takes 1 call at a time"),
            (gate(until=1_000_007.0, at_once=2), "rests for 7 s more, as it has asked to, takes 2 calls at a time"),
        ],
    )
    def test_are_a_line_each(self, one, words):
        assert budgets.troubles([one]) == [f"claude-haiku-5-5 at api.anthropic.com: {words}"]


class TestBudgets:
    def test_of_an_agent_that_has_asked_nothing_yet_tells_its_cap(self):
        spent = [Spent("nano_usd", 1_000_000, 0, 0)]

        assert budgets.used(spent, is_of_one=True) == "0 of 0.001 USD"
        assert budgets.used(spent) == ""

    def test_say_what_is_used_of_which_cap(self):
        spent = [
            Spent("activations", None, 3, 1), Spent("nano_usd", 5_000_000_000, 20_000_000, 300_000_000),
            Spent("tokens", None, 48_210, 0), Spent("calls", None, 0, 0),
        ]  # fmt: skip
        assert budgets.used(spent) == "3 activations, 0.02 of 5 USD, 48,210 tokens"
        assert budgets.held(spent) == "0.3 USD"

    def test_say_what_is_left_beside_what_is_held(self):
        spent = Spent("nano_usd", 5_000_000_000, 20_000_000, 300_000_000)
        assert budgets.cells(spent) == ("USD", "0.02", "0.3", "4.68", "5")
        assert budgets.cells(Spent("calls", 3, 5, 0))[3] == "0"
