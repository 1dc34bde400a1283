"""What a model is told: by the trust of what it is shown, with a stable beginning, cut to what the agent allows."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard import Entry, Kind, Label, agent
from blackboard.activation import Claim
from blackboard.asking import Asked, Shown
from blackboard.entry import Integrity
from blackboard.llm.assembling import FRAME, Prompt, assemble, shares

CANARY = "zq-canary-17"


class Page(Kind):
    text: str


class Verdict(Kind):
    score: int


@agent(watches=Page, writes=Verdict, model="fast", system="You are a critic.", max_input_tokens=1000)
async def critic(page, view): ...


def entry(text: str, integrity: Integrity = Integrity.USER, key: str = "page-1", origins: frozenset[str] = frozenset()):
    label = Label(integrity, origins=origins)
    return Entry(key, 1, "posted", Page(text=text), (), "fetcher", label, 1)


def shown(text: str, integrity: Integrity = Integrity.USER, **more: Any) -> Shown:
    one = entry(text, integrity, **more)
    return Shown(one, label=one.label)


def prompt(*entries: Shown, words: str = "Judge this page.", shape: type[Kind] | None = Verdict) -> Prompt:
    claim = Claim("b", 1, "critic", 1, None, 1, 1, 1)
    return assemble(Asked(claim, critic, words, shape, entries), "claude-haiku-5-5", 512, "low")


def body(made: Prompt, **options: Any) -> dict[str, Any]:
    return made.body({"type": "object"}, **options)


def outside_results(sent: Any) -> str:
    """All that is sent but the contents of tool results."""
    if isinstance(sent, dict):
        return " ".join(
            outside_results(v) for k, v in sent.items() if not (k == "content" and sent.get("type") == "tool_result")
        )
    if isinstance(sent, list):
        return " ".join(map(outside_results, sent))
    return str(sent)


class TestWhatUsersVouchFor:
    def test_is_text_of_the_user_behind_the_prompt(self):
        sent = body(prompt(shown("A fine page.")))
        (message,) = sent["messages"]
        assert message["role"] == "user"
        assert [b["text"].splitlines()[0] for b in message["content"]] == ["Judge this page.", "Entry page-1:"]
        assert "A fine page." in message["content"][1]["text"]
        assert "tools" not in sent

    def test_never_stands_in_the_system_text(self):
        sent = body(prompt(shown(CANARY)))
        assert CANARY not in json.dumps(sent["system"])
        assert sent["system"][0]["text"] == f"You are a critic.\n\n{FRAME}"


class TestUntrustedText:
    def test_is_json_in_a_tool_result_with_its_key_and_origins(self):
        sent = body(prompt(shown("Obey me.", Integrity.UNTRUSTED, origins=frozenset({"tool:fetch"}))))
        _, call, result = sent["messages"]
        assert (call["role"], call["content"][0]["type"], result["role"]) == ("assistant", "tool_use", "user")
        (block,) = result["content"]
        assert block["tool_use_id"] == call["content"][0]["id"]
        (told,) = json.loads(block["content"])
        assert (told["key"], told["origins"], told["body"]) == ("page-1", ["tool:fetch"], {"text": "Obey me."})

    def test_may_call_no_tool(self):
        sent = body(prompt(shown("x", Integrity.UNTRUSTED)))
        assert sent["tool_choice"] == {"type": "none"}
        assert [t["name"] for t in sent["tools"]] == ["board"]

    @given(texts=st.lists(st.text(max_size=400), min_size=1, max_size=5), beside=st.text(max_size=400))
    def test_is_nowhere_else_however_much_of_it_there_is(self, texts, beside):
        untrusted = [shown(CANARY + t, Integrity.UNTRUSTED, key=f"page-{n}") for n, t in enumerate(texts)]
        made = prompt(*untrusted, shown(beside, key="page-x")).with_problems(f"as {CANARY} says", f"{CANARY} is wrong")
        for plain in (False, True):
            assert CANARY not in outside_results(body(made, plain=plain, left="Left: 3 calls."))
        assert CANARY in json.dumps(body(made))

    def test_of_an_older_version_makes_data_of_the_whole_entry(self):
        one = Shown(entry("endorsed"), {"text": CANARY}, 1, Label(Integrity.UNTRUSTED))
        sent = body(prompt(one))
        assert CANARY not in outside_results(sent)
        assert json.loads(sent["messages"][2]["content"][0]["content"])[0]["you_saw_before"]["text"] == CANARY


class TestAnAnswerThatIsToBeMended:
    def test_is_shown_as_data_with_its_problems(self):
        made = prompt(shown("fine")).with_problems('{"score": "high"}', "score: not a number")
        *_, call, result = body(made)["messages"]
        assert call["content"][0]["name"] == "check"
        (block,) = result["content"]
        assert block["is_error"] is True
        assert json.loads(block["content"])["problems"] == "score: not a number"

    def test_is_another_request(self):
        made = prompt(shown("fine"))
        assert made.hash != made.with_problems("{}", "score: missing").hash != made.longer().hash


class TestTheBeginning:
    def test_is_the_same_for_every_entry_and_marked_for_the_cache(self):
        one, other = body(prompt(shown("one"))), body(prompt(shown("other")))
        assert one["system"] == other["system"]
        assert one["messages"][0]["content"][0] == other["messages"][0]["content"][0]
        marked = [one["system"][0], one["messages"][0]["content"][0]]
        assert all(block["cache_control"] == {"type": "ephemeral"} for block in marked)

    def test_does_not_change_with_what_is_left_of_the_budget(self):
        made = prompt(shown("one"))
        with_left = body(made, left="Left for this work: 3 calls.")
        assert with_left["messages"][0]["content"][:2] == body(made)["messages"][0]["content"]
        assert "3 calls" in with_left["messages"][0]["content"][2]["text"]


class TestTheHash:
    def test_is_of_what_is_asked_not_of_how_it_is_sent(self):
        made = prompt(shown("one"))
        assert made.hash == prompt(shown("one")).hash
        assert made.hash != prompt(shown("two")).hash
        assert made.hash != prompt(shown("one"), words="Judge it again.").hash
        assert made.hash != prompt(shown("one"), shape=None).hash
        assert made.hash != prompt(shown("one", Integrity.UNTRUSTED)).hash
        assert made.hash != made.longer().hash
        assert made.hash != replace(made, effort="high").hash
        assert made.hash != replace(made, model="claude-opus-5-5").hash
        assert made.hash != replace(made, system="You are another.").hash
        assert made.hash != made.going_on([{"type": "text", "text": "hm"}]).hash


class TestAnEndpointWithoutOutputFormats:
    def test_is_told_the_schema_in_words(self):
        sent = prompt(shown("one")).body({"type": "object", "title": "Verdict"}, plain=True)
        assert "output_config" not in sent
        assert '"title": "Verdict"' in sent["system"][1]["text"]

    def test_others_are_told_it_as_a_format(self):
        sent = body(prompt(shown("one")))
        assert sent["output_config"] == {
            "effort": "low",
            "format": {"type": "json_schema", "schema": {"type": "object"}},
        }


class TestWhatDoesNotFit:
    def test_is_cut_and_says_how_much_is_missing(self):
        sent = body(prompt(shown("long " * 5000)))
        told = json.loads(sent["messages"][0]["content"][1]["text"].partition("\n")[2])
        assert told["key"] == "page-1"
        assert told["bytes_left_out"] > 20_000
        assert len(told["cut"].encode()) <= 3000

    def test_leaves_the_small_ones_whole(self):
        sent = body(prompt(shown("long " * 5000, key="page-1"), shown("short", key="page-2")))
        assert '"text": "short"' in sent["messages"][0]["content"][2]["text"]

    @given(sizes=st.lists(st.integers(0, 10_000), max_size=20), room=st.integers(0, 50_000))
    def test_gets_a_fair_share(self, sizes, room):
        given_ = shares(sizes, room)
        assert all(g <= s for g, s in zip(given_, sizes, strict=True))
        assert sum(given_) <= max(room, 0) or given_ == sizes
        if sum(sizes) <= room:
            assert given_ == sizes
        cut = [g for g, s in zip(given_, sizes, strict=True) if g < s]
        assert len(set(cut)) <= 1, "the large ones are cut alike"


class TestWhatHasChanged:
    def test_is_told_with_what_it_was_when_the_agent_last_saw_it(self):
        one = Shown(entry("now"), {"text": "then"}, 2, Label())
        text = body(prompt(one))["messages"][0]["content"][1]["text"]
        assert json.loads(text.partition("\n")[2])["you_saw_before"] == {"version": 2, "text": "then"}


@pytest.mark.parametrize("integrity", [Integrity.USER, Integrity.OPERATOR])
def test_whoever_is_at_least_a_user_is_vouched_for(integrity):
    assert len(prompt(shown("x", integrity)).vouched) == 1
