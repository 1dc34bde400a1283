"""Reading without a model: sentences and words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.extractive import sentences, stem, words

ROOT = Path(__file__).parents[2]


def texts(text):
    return [span.text for span in sentences(text)]


class TestSentences:
    def test_they_end_at_full_stops_question_marks_and_exclamation_marks(self):
        assert texts("It works. Does it? It does!") == ["It works.", "Does it?", "It does!"]

    @pytest.mark.parametrize(
        "sentence",
        [
            "Use a store, e.g. SQLite, for this.",
            "It is local, i.e. Nobody else sees it.",
            "SQLite vs. Postgres is no contest.",
            "Mihalcea et al. (2004) ranked sentences.",
            "It needs Python 3.11 and 2.5 ms of time.",
            "J. R. Smith and Dr. Jones wrote it.",
            "See Fig. 3 and no. 7 on p. 12 for more.",
            "It was made in the U.S. Army.",
            "Wait... then go on.",
            "Use tools, types, etc. and be happy.",
        ],
    )
    def test_abbreviations_decimals_and_initials_end_nothing(self, sentence):
        assert texts(f"{sentence} Another one.") == [sentence, "Another one."]

    def test_a_unit_that_looks_like_a_title_ends_a_sentence(self):
        assert texts("It takes 5 ms. Then it ends.") == ["It takes 5 ms.", "Then it ends."]

    def test_quotes_and_brackets_after_the_full_stop_belong_to_the_sentence(self):
        assert texts('He said "stop." (So I did.) Then **he left.** Good.[1] End.') == [
            'He said "stop."',
            "(So I did.)",
            "Then **he left.**",
            "Good.[1]",
            "End.",
        ]

    def test_a_question_in_quotes_does_not_end_the_sentence_around_it(self):
        assert texts('"Really?" she asked. Yes.') == ['"Really?" she asked.', "Yes."]

    def test_a_line_break_inside_a_paragraph_is_only_a_space(self):
        assert texts("One sentence\nover two lines. Next.") == ["One sentence\nover two lines.", "Next."]

    def test_every_list_item_begins_a_sentence_without_its_marker(self):
        text = "Agents:\n- the planner splits\n* [x] the critic\n  judges. Twice.\n2. last of all"
        assert texts(text) == ["Agents:", "the planner splits", "the critic\n  judges.", "Twice.", "last of all"]

    def test_a_blank_line_ends_a_sentence(self):
        assert texts("No full stop here\n\nand none here") == ["No full stop here", "and none here"]

    def test_chinese_and_japanese_full_stops_need_no_space(self):
        assert texts("今日は。さようなら。") == ["今日は。", "さようなら。"]

    def test_what_has_no_word_is_no_sentence(self):
        assert texts("... \n\n --- \n\n!") == []

    @given(st.text(alphabet="aB é.?!…\n\r\t-*1)(\"'[]#|>。e.g", max_size=200) | st.text(max_size=200))
    def test_for_any_text_they_stand_at_their_offsets_in_order_and_lose_no_letter(self, text):
        spans = sentences(text)
        at = 0
        for span in spans:
            assert text[span.start : span.end] == span.text == span.text.strip()
            assert at <= span.start < span.end
            at = span.end
        letters = [c for c in text if c.isalpha()]
        assert [c for span in spans for c in span.text if c.isalpha()] == letters


class TestWords:
    def test_they_are_lower_case_and_without_stopwords(self):
        assert words("The Agent is on THE Blackboard, isn't it?") == ["agent", "blackboard"]

    def test_versions_and_numbers_are_words(self):
        assert words("Python 3.11 has 7 of them") == ["python", "3.11", "7"]

    @pytest.mark.parametrize(
        "family",
        [
            "lease leases leased leasing",
            "query queries",
            "plan plans planned planning",
            "expire expires expired expiring",
        ],
    )
    def test_plural_ing_and_ed_have_the_stem_of_the_word(self, family):
        assert len({stem(word) for word in family.split()}) == 1

    @pytest.mark.parametrize("word", ["string", "thing", "need", "class", "status", "analysis", "feed", "red", "king"])
    def test_words_that_only_look_inflected_are_left_alone(self, word):
        assert stem(word) == word

    @given(st.text())
    def test_any_text_has_words(self, text):
        assert all(words(text))
