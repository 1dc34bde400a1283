"""Passages: paragraphs, lists, tables and code of Markdown and text, with exact places."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.documents.passages import LONGEST_OTHER, LONGEST_PROSE
from blackboard.tools.documents.reading import read_document

MARKUP = [
    "# H",
    "text",
    "Ünï 🎈.",
    "\n",
    "\r\n",
    "\n\n",
    "- ",
    "1. ",
    "```",
    "~~~",
    "---",
    "===",
    "    ",
    "\t",
    " ",
    ":",
    ">",
]
MORE = ["a. B", "title: x", "<b>", "é", "|", "word " * 300]


def passages(text):
    return read_document("doc.md", text.encode() if isinstance(text, str) else text).passages


def texts(text):
    return [passage.text for passage in passages(text)]


def without_nul(text: str) -> str:
    return text.replace("\0", "")  # a file with one is binary


class TestPassages:
    def test_they_are_the_paragraphs_with_the_nearest_heading_above(self):
        found = passages("intro\n\n# One #\nfirst\nstill first\n\n\n## Two\n\nsecond\n")
        assert [(p.heading, p.text) for p in found] == [("", "intro"), ("One", "first\nstill first"), ("Two", "second")]

    def test_their_offsets_are_bytes_also_after_characters_of_many_bytes(self):
        data = "# Übung 🎈\n\nGrüße, 世界.\n\nzweiter Absatz: é".encode()
        assert [data[p.start : p.end].decode() for p in passages(data)] == ["Grüße, 世界.", "zweiter Absatz: é"]

    def test_windows_line_ends_count_and_stay(self):
        data = b"# H\r\n\r\none\r\ntwo\r\n\r\nthree\r\n"
        found = passages(data)
        assert [(p.text, p.line, p.heading) for p in found] == [("one\r\ntwo", 3, "H"), ("three", 6, "H")]
        assert [data[p.start : p.end] for p in found] == [b"one\r\ntwo", b"three"]

    def test_the_hash_is_of_exactly_these_bytes(self):
        found = passages("a\n\ncafé")[1]
        assert found.sha256 == hashlib.sha256("café".encode()).hexdigest()

    def test_a_byte_order_mark_is_skipped_but_counted(self):
        found = passages(b"\xef\xbb\xbf# H\n\ntext")[0]
        assert (found.start, found.heading, found.text) == (8, "H", "text")

    @pytest.mark.parametrize(
        "heading", ["Title\n=====", "Title\n-----", "=====\nTitle\n=====", "Title\n~~~~~", "### Title ##"]
    )
    def test_underlined_headings_are_headings_too(self, heading):
        assert [(p.heading, p.text) for p in passages(f"{heading}\n\ntext")] == [("Title", "text")]

    def test_front_matter_is_none_but_gives_the_title(self):
        document = read_document("d.md", b"---\ntitle: 'My page'\ntags: [a]\n---\n\n# Head\n\ntext")
        assert (document.title, [p.text for p in document.passages]) == ("My page", ["text"])

    def test_a_rule_at_the_top_is_no_front_matter(self):
        assert texts("---\n\nThis stands here.\n\n---\n\nThat too.") == ["This stands here.", "That too."]

    def test_the_title_is_the_first_heading_or_else_the_name_of_the_file(self):
        assert read_document("a/b.md", b"text\n\n# First\n\n# Second").title == "First"
        assert read_document("a/change-log_2.md", b"text").title == "change log 2"

    def test_code_is_one_passage_and_not_prose(self):
        found = passages("Text.\n```python\n# no heading\n\nx = 1\n```\nMore.\n\n~~~\nend")
        assert [(p.text, p.prose) for p in found] == [
            ("Text.", True),
            ("```python\n# no heading\n\nx = 1\n```", False),
            ("More.", True),
            ("~~~\nend", False),
        ]

    def test_code_in_a_list_ends_where_it_ends(self):
        assert texts("- ```\n  code\n  ```\n\nAfter.") == ["- ```\n  code\n  ```", "After."]

    def test_a_table_is_not_prose(self):
        assert [p.prose for p in passages("| a | b |\n|---|---|\n| 1 | 2 |\n\nText.")] == [False, True]

    def test_list_items_stay_with_their_list_and_what_introduces_it(self):
        text = "The team:\n\n- a planner\n\n  who plans\n\n- a critic"
        assert texts(f"{text}\n\nNext.") == [text, "Next."]

    def test_a_line_without_words_is_none(self):
        assert texts("one\n\n* * *\n\n---\n\n!?\n\ntwo") == ["one", "two"]

    def test_long_prose_is_cut_at_sentence_ends(self):
        sentence = "This is sentence number seven, e.g. a Sentence. "
        found = texts(sentence * 60)
        assert len(found) == 3
        assert all(t.endswith("Sentence.") and len(t.encode()) <= LONGEST_PROSE for t in found)

    def test_a_sentence_without_end_is_cut_between_words(self):
        found = texts("wörter " * 1000)
        assert all(len(t.encode()) <= LONGEST_PROSE and set(t.split()) == {"wörter"} for t in found)
        assert sum(len(t.split()) for t in found) == 1000

    def test_long_code_is_cut_at_line_ends(self):
        found = texts("```\n" + "x = 'Y. Z'\n" * 1000 + "```")
        assert all(len(t) <= LONGEST_OTHER and t.splitlines()[-1] in {"x = 'Y. Z'", "```"} for t in found)

    @given(st.lists(st.sampled_from(MARKUP + MORE), max_size=30).map("".join) | st.text().map(without_nul))
    def test_for_any_text_they_are_its_bytes_in_order_without_overlap(self, text):
        data = text.encode()
        at = 0
        for p in passages(data):
            exact = data[p.start : p.end]
            assert p.text.encode() == exact == exact.strip()
            assert p.sha256 == hashlib.sha256(exact).hexdigest()
            assert p.line == data[: p.start].count(b"\n") + 1
            assert at <= p.start < p.end
            assert len(exact) <= (LONGEST_PROSE if p.prose else LONGEST_OTHER)
            at = p.end

    @given(st.text(alphabet="abcé .,\n\r\t", max_size=400))
    def test_no_word_of_a_plain_text_is_lost(self, text):
        text = re.sub(r"\.+", ".", text)  # a line of dots underlines a heading, which is no passage
        letters = [c for c in text if c.isalpha()]
        assert [c for p in passages(text) for c in p.text if c.isalpha()] == letters
