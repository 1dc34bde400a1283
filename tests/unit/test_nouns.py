"""The nouns: kinds, lifecycles, labels, and what of a body can be stored."""

import json
import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, ValidationError

from blackboard import Kind, agent
from blackboard.entry import LARGEST_BODY, RETRACTED, Confidentiality, Entry, Integrity, Label, decode, encode
from blackboard.errors import BodyRefused, DeclarationError, IllegalTransition, UnknownStatus
from blackboard.testing import memory_board, run_agent


class Note(Kind):
    text: str = ""


class Anything(Kind):
    value: Any = None


class Answer(Kind, lifecycle={"draft": ("accepted", "revise"), "revise": "draft", "accepted": "compared"}):
    text: str = ""


class Reading(Kind, index=("value", "day", "tags")):
    value: float = 0
    day: date = date(2024, 1, 1)
    tags: tuple[str, ...] = ()


class TestAKind:
    def test_its_name_is_that_of_its_class_in_small_letters(self):
        class BigRedThing(Kind):
            pass

        class Renamed(Kind, name="thing"):
            pass

        assert (Note.kind_name, BigRedThing.kind_name, Renamed.kind_name) == ("note", "big_red_thing", "thing")

    def test_without_a_lifecycle_its_entries_are_posted_and_done(self):
        assert (Note.lifecycle.first, Note.lifecycle.done) == ("posted", {"posted"})

    def test_its_bodies_are_frozen_and_take_nothing_unknown(self):
        with pytest.raises(ValidationError):
            Note(text="a").text = "b"
        with pytest.raises(ValidationError):
            Note(txt="a")

    def test_the_docstring_of_a_field_is_its_description(self):
        class Described(Kind):
            text: str = ""
            """What is said."""

        assert Described.model_fields["text"].description == "What is said."

    @pytest.mark.parametrize("name", ["subjekt", "status", "about", "limit", "strict"])
    def test_an_index_names_fields_that_find_does_not_need_itself(self, name):
        with pytest.raises(DeclarationError, match=f"index names '{name}'"):

            class Bad(Kind, index=(name,)):
                text: str = ""

    def test_a_lifecycle_has_at_least_one_status(self):
        with pytest.raises(DeclarationError, match="at least one status"):

            class Bad(Kind, lifecycle={}):
                pass


class TestALifecycle:
    def test_entries_start_in_the_first_and_are_done_where_nothing_follows(self):
        assert Answer.lifecycle.first == "draft"
        assert Answer.lifecycle.done == {"compared"}
        assert Answer.lifecycle.all == {"draft", "accepted", "revise", "compared", RETRACTED}

    @pytest.mark.parametrize(("before", "after"), [("draft", "revise"), ("revise", "draft"), ("accepted", "accepted")])
    def test_a_status_may_follow_where_it_is_declared_or_stay(self, before, after):
        assert Answer.lifecycle.step("answer", before, after) == after

    @pytest.mark.parametrize("before", ["draft", "accepted", "compared"])
    def test_an_entry_can_be_retracted_from_any_status(self, before):
        assert Answer.lifecycle.step("answer", before, RETRACTED) == RETRACTED

    @pytest.mark.parametrize(("before", "after"), [("draft", "compared"), (RETRACTED, "draft"), (RETRACTED, RETRACTED)])
    def test_no_other_status_may_follow(self, before, after):
        with pytest.raises(IllegalTransition, match=f"answer: '{before}' does not lead to '{after}'"):
            Answer.lifecycle.step("answer", before, after)

    def test_a_status_that_does_not_exist_is_named_with_those_that_do(self):
        with pytest.raises(
            UnknownStatus, match="has no status 'finl'; it has accepted, compared, draft, retracted, revise"
        ):
            Answer.lifecycle.check("answer", "finl")


LABELS = st.builds(
    Label, st.sampled_from(Integrity), st.sampled_from(Confidentiality), st.frozensets(st.sampled_from(["a", "b", "c"]))
)


class TestALabel:
    def test_a_join_is_the_lowest_trust_the_highest_secrecy_and_all_origins(self):
        web = Label(Integrity.UNTRUSTED, Confidentiality.PUBLIC, frozenset({"web"}))
        safe = Label(Integrity.OPERATOR, Confidentiality.SECRET, frozenset({"safe"}))

        assert web.join(safe) == Label(Integrity.UNTRUSTED, Confidentiality.SECRET, frozenset({"web", "safe"}))

    @given(LABELS, LABELS, LABELS)
    def test_labels_only_fall_whatever_the_order(self, a, b, c):
        assert a.join(b) == b.join(a)
        assert a.join(b).join(c) == a.join(b.join(c))
        assert a.join(a) == a
        joined = a.join(b)
        assert joined.integrity <= a.integrity
        assert joined.confidentiality >= a.confidentiality
        assert joined.origins >= a.origins


class TestAnEntry:
    def test_it_is_done_where_its_lifecycle_leads_nowhere(self):
        def entry(status: str) -> Entry[Answer]:
            return Entry("answer-1", 1, status, Answer(), (), "a", Label(), 1)

        assert [entry(s).done for s in ("draft", "compared", RETRACTED)] == [False, True, False]
        assert entry("draft").kind == "answer"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def same(a: Any, b: Any) -> bool:
    return a == b and type(a) is type(b) and repr(a) == repr(b)


class TestWhatCanBeStored:
    @given(JSON)
    def test_a_body_comes_back_as_it_was_or_is_refused(self, value):
        body = Anything(value=value)
        try:
            text = encode(body)
        except BodyRefused:
            assert "\0" in "".join(strings(value))
            return

        text.encode()
        assert "NaN" not in text or "NaN" in "".join(strings(value))
        assert same(decode(Anything, text, "anything-1").value, value)

    @pytest.mark.parametrize(
        "text", ["", "🎈 naïve", "עברית \u202e rtl", "\\u0000", "\r\n\t", "\ufffe\uffff", "a" * 1000]
    )
    def test_any_text_of_real_characters_is_kept_exactly(self, text):
        assert decode(Note, encode(Note(text=text)), "note-1").text == text

    @pytest.mark.parametrize("text", ["a\0b", "\0"])
    def test_nul_is_refused_with_a_word(self, text):
        for body in (Note(text=text), Anything(value=[{"k": text}]), Anything(value={text: 1})):
            with pytest.raises(BodyRefused, match="NUL"):
                encode(body)

    def test_a_lone_surrogate_never_reaches_the_database(self):
        with pytest.raises((ValidationError, BodyRefused)):
            encode(Note(text="\ud800"))
        for value in ("\ud800", {"\ud800": 1}, ["\udfff"]):
            with pytest.raises(BodyRefused, match=r"no JSON form|lone surrogate"):
                encode(Anything(value=value))

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_a_number_that_json_does_not_have_is_refused_and_never_changed(self, number):
        with pytest.raises(ValidationError):
            Reading(value=number)
        for value in (number, [number], {"a": number}):
            with pytest.raises(BodyRefused):
                encode(Anything(value=value))

    def test_numbers_of_any_size_are_kept(self):
        for value in (2**80, -(2**63), 0.1, 1e308, 5e-324):
            assert same(decode(Anything, encode(Anything(value=value)), "anything-1").value, value)

    def test_a_body_may_have_256_kilobytes_and_no_byte_more(self):
        room = LARGEST_BODY - len(encode(Note(text="")))

        assert len(encode(Note(text="x" * room)).encode()) == LARGEST_BODY == 256 * 1024
        for text in ("x" * (room + 1), "é" * (room // 2 + 1), "\\" * (room // 2 + 1)):
            with pytest.raises(BodyRefused, match="larger than 256 KB; write it to a file"):
                encode(Note(text=text))

    @pytest.mark.parametrize("depth", [50, 150, 190, 199, 200, 220, 240, 260, 10_000])
    def test_a_body_is_as_deep_as_can_be_read_again_or_refused(self, depth):
        body = Anything(value=nested(depth))
        try:
            text = encode(body)
        except BodyRefused:
            assert depth > 150
            return

        assert decode(Anything, text, "anything-1").value == body.value

    @pytest.mark.parametrize("value", [b"\xff", object()], ids=["bytes", "object"])
    def test_what_has_no_json_form_is_refused(self, value):
        with pytest.raises(BodyRefused):
            encode(Anything(value=value))

    def test_a_body_that_does_not_fit_says_where(self):
        with pytest.raises(BodyRefused, match="note-7 does not fit Note: txt: Extra inputs"):
            decode(Note, '{"txt": ""}', "note-7")

    def test_typed_fields_come_back_as_their_types(self):
        class Typed(Kind):
            model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
            day: date
            price: Decimal
            by_number: dict[int, str]
            raw: bytes

        body = Typed(day=date(2024, 2, 29), price=Decimal("1.10"), by_number={1: "a"}, raw=b"\xff\x00")

        assert decode(Typed, encode(body), "typed-1") == body


class TestIndexedFields:
    def test_an_entry_is_found_by_any_value_that_equals_its_field(self):
        with memory_board() as board:
            made = board.post(Reading(value=1, day=date(2024, 5, 1), tags=("a", "b")))
            board.post(Reading(value=2))

            for asked in (
                {"value": 1.0},
                {"value": 1},
                {"day": date(2024, 5, 1)},
                {"tags": ("a", "b")},
                {"tags": ["a", "b"]},
            ):
                assert [e.key for e in board.find(Reading, **asked)] == [made.key], asked

    def test_an_agent_finds_by_them_too(self):
        seen: list[str] = []

        @agent(watches=Note, writes=())
        def looks(note: Entry[Note], view: Any) -> None:
            seen.extend(e.key for e in view.find(Reading, value=3.0))

        with memory_board() as board:
            board.post(Reading(value=3))
            run_agent(looks, Note(), board=board)

        assert seen == ["reading-1"]


def strings(value: Any) -> list[str]:
    """All texts in a JSON value."""
    if isinstance(value, dict):
        return [s for pair in value.items() for part in pair for s in strings(part)]
    return (
        [value] if isinstance(value, str) else [s for v in value for s in strings(v)] if isinstance(value, list) else []
    )


def test_the_json_of_a_body_is_the_json_of_everybody_else():
    assert json.loads(encode(Anything(value={"a": [1, None, "ü"]}))) == {"value": {"a": [1, None, "ü"]}}
