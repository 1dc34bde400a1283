"""The editors' rules: what each changes and leaves, and that together they always come to the same end."""

from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.edit.kinds import Figure, Section, Style, Term
from agents.edit.markdown import blocks, lines, split
from agents.edit.rules import MOST, remarks, revised

EDITORS = ("structure", "facts", "terms", "length", "tone")
STYLE = Style(
    terms=(
        Term(preferred="SQLite", variants=("sqlite", "Sqlite", "SQL lite"), source="terms.txt, line 1"),
        Term(preferred="database", variants=("data base", "DB"), source="terms.txt, line 2"),
        Term(preferred="Really Simple Syndication", variants=("RSS",), source="terms.txt, line 3"),
        Term(preferred="npm", variants=("NPM",), source="terms.txt, line 4"),
        Term(preferred="etc", variants=("and so on",), source="terms.txt, line 5"),
    ),
    figures=(
        Figure(subject="Python version", number="3.11", source="facts.txt, line 1: Python version: 3.11"),
        Figure(subject="SQLite page size", number="4096", unit="bytes", source="facts.txt, line 2"),
    ),
    words=12,
)


def edited(text, editor=None, style=STYLE, under=(), number=1):
    """The text when one editor, or all of them, have nothing more to change."""
    section = Section(number=number, text=text, under=under)
    for _ in range(200):
        found = [r for name in EDITORS if editor in (None, name) and (r := revised(name, section, style))]
        if not found:
            return section.text
        section = section.model_copy(update={"text": found[0].text})
    raise AssertionError("no end of it")


def left(text, **options):
    return list(remarks(Section(number=1, text=text, under=options.get("under", ())), STYLE))


class TestTerms:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("Use sqlite here.", "Use SQLite here."),
            ("A Sqlite file and sqlite's pages.", "A SQLite file and SQLite's pages."),
            ("Data base files in a data base.", "Database files in a database."),
            ("the data\nbase is", "the database is"),
            ("SQL\nlite", "SQLite"),
            ("(sqlite) **sqlite** “sqlite”", "(SQLite) **SQLite** “SQLite”"),
        ],
    )
    def test_are_spelled_as_the_glossary_prefers(self, text, wanted):
        assert edited(text, "terms") == wanted

    @pytest.mark.parametrize(
        "text",
        [
            "sqlite3 mysqlite sqlite_master sqlite-utils foo.sqlite sqlite.org /sqlite/ sqlite()",
            "SQLITE", "`sqlite` and ``a ` sqlite``", "[x](sqlite) <http://a/ sqlite> https://x/sqlite $sqlite$",
            "[sqlite]: http://x", "[sqlite] and [sqlite][] and ![sqlite](x)", "| sqlite | b |\n|---|---|\n| DB | c |",
        ],
    )  # fmt: skip
    def test_are_left_inside_words_names_and_whatever_is_no_prose(self, text):
        assert edited(text, "terms") == text

    def test_bring_the_article_that_they_need(self):
        style = Style(terms=(Term(preferred="program", variants=("application",), source="terms.txt, line 1"),))
        wanted = "A program is a  program; the program. A\nprogram."
        assert edited("An application is an  application; the application. A\napplication.", "terms", style) == wanted

    def test_are_spelled_in_headings_and_texts_of_links_too(self):
        assert edited("# On sqlite\n\n[sqlite](sqlite)", "terms") == "# On SQLite\n\n[SQLite](sqlite)"


class TestTone:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("It is very large.", "It is large."),
            ("It is a very old file, an actually bad one.", "It is an old file, a bad one."),
            ("It is a very useful and a very unique one.", "It is a useful and a unique one."),
            ("Basically, it works. Really large ones do too.", "It works. Large ones do too."),
            ("In order to run, utilize it.", "To run, use it."),
            ("- very large\n- in order to", "- large\n- to"),
            ("it is very\nlarge", "it is\nlarge"),
            ("An extremely onerous, a really unidiomatic one.", "An onerous, an unidiomatic one."),
            ("They have the ability to act for the purpose of reading.", "They can act for reading."),
            ("very very large", "large"),
            ("These are really for those who look for one.", "These are for those who look for one."),
        ],
    )
    def test_is_plain(self, text, wanted):
        assert edited(text, "tone") == wanted

    @pytest.mark.parametrize(
        "text",
        [
            "it wouldn't be very good",
            "not very good", "the very end", "Thank you very much", "Is it really?", "so very, very good",
            "the Very Large Array", "Very Large Array", "**very** good", "`very good`", "utilization", "very-good",
            "# A very old heading", "a very `old` file", "isn't really good", "too very  ",
            "It cannot be very large.", "Nothing is very easy.", "Use it only for very large files.",
            "It is basically equal.",
            "It is fast or very fast.", "It is very fast, not just fast.", "These very words.",
            "It takes quite some time.",
            "You must have the ability to read.", "It is able to not answer.", "They make use of globals explicit.",
            "There is a large number of boards.", "A large number of the files were lost.", "It does so as to win.",
            "A large number of requests is refused.", "For the purpose of this page it is one.",
        ],
    )  # fmt: skip
    def test_leaves_what_something_hangs_on(self, text):
        assert edited(text, "tone") == text

    def test_shows_whole_words_around_a_change(self):
        found = Section(number=1, text="See [the sqlite pages](https://sqlite.org/some/where) for how it is done.")

        (change,) = revised("terms", found, STYLE).changes

        assert change.before == "See [the sqlite pages](https://sqlite.org/some/where)"

    def test_leaves_terms_of_the_glossary(self):
        assert edited("We use Really Simple Syndication.") == "We use Really Simple Syndication."


class TestFacts:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("The SQLite page size is 1024 bytes.", "The SQLite page size is 4096 bytes."),
            ("- **SQLite page size**: 512 bytes, we hope", "- **SQLite page size**: 4096 bytes, we hope"),
            ("Our SQLite page size is now 512 bytes; so be it.", "Our SQLite page size is now 4096 bytes; so be it."),
            ("The SQLite page size (512 bytes) suits us.", "The SQLite page size (4096 bytes) suits us."),
            ("It needs Python version 3.9.", "It needs Python version 3.11."),
            ("Python version: 3.9", "Python version: 3.11"),
        ],
    )
    def test_correct_a_plain_statement(self, text, wanted):
        assert edited(text) == wanted

    @pytest.mark.parametrize(
        "text",
        [
            "The SQLite page size is 4096 bytes.", "The SQLite page size is 4,096 bytes.",
            "The page size is 1024 bytes.", "The SQLite page size fills 3 pages.", "Python version 3.9 modules",
            "Python version `3.9`", "The SQLite page size is not 1024 bytes.", "SQLite page size: 1 or 2 bytes",
            "Here is the SQLite page size. It is 1024 bytes.", "The SQLite page size is 4096.0 bytes.",
        ],
    )  # fmt: skip
    def test_leave_what_agrees_or_says_something_else(self, text):
        assert edited(text, "facts") == text

    @pytest.mark.parametrize(
        "text",
        [
            "The SQLite page size of the old one is 1024 bytes.", "In tests the SQLite page size is 1024 bytes.",
            "A SQLite page size of 1024 bytes is small.", "The SQLite page size is 1024 bytes in tests.",
            "The SQLite page size is stored in 2 bytes.", "The header is 100 bytes; the SQLite page size is fixed.",
            "The SQLite page size is 1024 bytes longer.", "The SQLite page size grows every 1024 bytes.",
            "Twice the SQLite page size is 1024 bytes.", "Set the SQLite page size to 1024 bytes.",
            "Here 512 bytes are the SQLite page size.", "The SQLite page size is 512 bytes; ours is 1024 bytes.",
        ],
    )  # fmt: skip
    def test_only_remark_on_a_sentence_that_does_more_than_state_the_number(self, text):
        assert edited(text, "facts") == text
        assert left(text) == [f"“{text}” may not agree with facts.txt, line 2"]

    def test_quote_the_line_that_they_rest_on(self):
        revision = revised("facts", Section(number=1, text="Python version 3.9."), STYLE)
        assert revision.changes[0].reason == "facts.txt, line 1: Python version: 3.11"

    def test_remark_on_what_may_not_agree(self):
        assert left("The SQLite page size was 1024 bytes.") == [
            "“The SQLite page size was 1024 bytes.” may not agree with facts.txt, line 2"
        ]
        assert left("The SQLite page size was 4096 bytes.") == []


LONG = "The board keeps all entries of all runs in one file on disk"


class TestLength:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            (f"{LONG}; it is never large.", f"{LONG}. It is never large."),
            (f"{LONG}, and it is never large.", f"{LONG}. It is never large."),
            (f"{LONG}, but they are never large.", f"{LONG}. But they are never large."),
            (f"{LONG};\nit is never large.", f"{LONG}.\nIt is never large."),
            (f"{LONG}; it is one; it is never large at all.", f"{LONG}. It is one; it is never large at all."),
        ],
    )
    def test_is_two_sentences_where_a_new_one_clearly_begins(self, text, wanted):
        assert edited(text, "length") == wanted

    @pytest.mark.parametrize(
        "text",
        [
            "It is short; it is good to see.", f"{LONG}; boards, agents; it all.", f"{LONG}, and files of others too.",
            f"If {LONG}, and it is never large, then it is good.", f"({LONG}; it is never large)",
            f"{LONG}, and it will never be large.",
            f"There are three: {LONG}; it is never large.", f"“{LONG}; it is never large.”", f"{LONG}, it is large.",
        ],
    )  # fmt: skip
    def test_stays_where_it_is_not_sure(self, text):
        assert edited(text, "length") == text

    def test_that_stays_too_great_is_remarked_on(self):
        assert left(f"{LONG}.") == [
            "a sentence of 13 words is longer than 12: “The board keeps all entries of all runs …”"
        ]


class TestStructure:
    @pytest.mark.parametrize(
        ("text", "under", "wanted"),
        [
            ("### A\n", (1, 3), "## A\n"),
            ("## A", (2,), "## A"),
            ("##### A", (2, 3, 5), "#### A"),
            ("#   A.\r\nb", (1,), "# A\r\nb"),
            ("##A: ##", (1, 2), "## A ##"),
            ("# A?", (1,), "# A?"),
            ("# U.S.", (1,), "# U.S."),
            ("# A &amp;", (1,), "# A &amp;"),
            ("# `a.`", (1,), "# `a.`"),
            ("# ...", (1,), "# ..."),
            ("##", (1, 2), "##"),
        ],
    )
    def test_is_even(self, text, under, wanted):
        assert edited(text, "structure", under=under) == wanted

    def test_keeps_siblings_siblings(self):
        found = split("# a\n### b\n### c\n#### d\n## e\n")
        assert "".join(edited(p.text, under=p.under) for p in found) == "# a\n## b\n## c\n### d\n## e\n"

    def test_remarks_on_an_empty_heading(self):
        assert left("##\n", under=(1, 2)) == ["the heading `##` is empty"]


# -- all together ------------------------------------------------------------------------------------------------------
FRAGMENTS = [
    "sqlite", "Sqlite", "SQLite", "data base", "database", "DB", "RSS", "Really Simple Syndication", "NPM", "npm",
    "very", "Very", "really", "Basically,", "quite", "a", "an", "the", "not", "in order to", "In order to", "utilize",
    "prior to", "old", "useful", "Python version", "SQLite page size", "sqlite page size", "is", "3.9", "3.11",
    "1024 bytes", "4096 bytes", "512 bytes,", "; it is", ", and it is", ", but they are", "; It", "and so on",
    "and so on.", "etc.", "etc", "It works.", "Why?", "U.S.", "large", "if", "`very sqlite`", "``sqlite ` very``",
    "[very sqlite](http://sqlite/very)", "[very sqlite]", "[a][sqlite]", "<b very>", "$sqlite$",
    "https://x.org/sqlite/very", "&amp;", "**very", "old**", "*", "`", "(", ")", "“", "”", ":", ";", ".", "!", "…",
    "\n", "\n> ", "\n- ", "\r\n", "\n\n", "\n# ", "\n### ", "\n##", "\n\n```\nvery sqlite\n```\n\n",
    "\n\n    very sqlite\n", "\n\n<div>\nvery sqlite\n</div>\n\n", "\n\n| very | sqlite |\n|---|---|\n| DB | a |\n\n",
    "\n<!-- very sqlite -->\n", "\n---\n", "\n===\n", "\n~~~\n", "\n```\n", "\t", "  ", "\ufeff",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(" ".join) | st.text(max_size=60)
PREFIXES = st.sampled_from(["", "---\ntitle: very sqlite\n---\n", "# sqlite.\n", "### very.\n"])
DOCUMENTS = st.builds(lambda a, b: a + b, PREFIXES, TEXTS)


def kept(text, number):
    """Whatever no rule may touch, in order: lines that are no prose, and what is protected in lines that are."""
    first = number == 0
    found = [text[n.start : n.end] for n in lines(text, first) if n.what in {"kept", "blank"}]
    for block in blocks(text, first=first):
        found += [block.text[a:b] for a, b in block.protected]
    return found


def sections(document, style=STYLE):
    return [Section(number=n, text=p.text, under=p.under) for n, p in enumerate(split(document))]


class TestSections:
    @given(DOCUMENTS)
    @example("a\r\n# b\rc\n## d\u2028# e\x0b\n")
    @example("```\n# a\n``\n# b\n```\n# c\n")
    def test_join_to_the_same_document(self, document):
        assert "".join(piece.text for piece in split(document)) == document

    @given(DOCUMENTS)
    def test_are_the_same_when_each_is_looked_at_alone(self, document):
        for number, piece in enumerate(split(document)):
            headings = [line for line in lines(piece.text, number == 0) if line.what == "heading"]
            assert len(headings) <= 1

    @pytest.mark.parametrize(
        ("document", "headings"),
        [
            ("---\n# a\n---\n# b\n", 1), ("# a\n```\n# b\n```\n## c\n", 2), ("~~~~\n# a\n~~~\n# b\n~~~~~\n# c\n", 1),
            ("<!--\n# a\n-->\n# b\n", 1), ("<pre>\n\n# a\n</pre>\n# b\n", 1), ("> ```\n> # a\n\n# b\n", 1),
            ("- ```\n  # a\n# b\n", 1), ("    # a\n#hash\n####### seven\n\\# no\n", 0), ("\ufeff# a\n", 1),
            ("a\n## b ##\r\n# c\r\n", 2), ("", 0), ("+++\n# a\n+++\n", 0), ("---\n# a\n", 1),
        ],
    )  # fmt: skip
    def test_begin_at_headings_and_nothing_else(self, document, headings):
        assert sum(bool(piece.under) for piece in split(document)) == headings


class TestAllRules:
    @given(DOCUMENTS, st.randoms(use_true_random=False))
    @settings(max_examples=400)
    def test_come_to_one_end_in_whatever_order_and_touch_nothing_protected(self, document, chance):
        for section in sections(document):
            ends = set()
            for _ in range(3):
                now = section
                for _ in range(300):
                    order = chance.sample(EDITORS, len(EDITORS))
                    revision = next((r for name in order if (r := revised(name, now, STYLE))), None)
                    if revision is None:
                        break
                    assert kept(revision.text, now.number) == kept(now.text, now.number)
                    now = now.model_copy(update={"text": revision.text})
                else:
                    raise AssertionError("no end of it")
                ends.add(now.text)
            assert len(ends) == 1

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            (
                "The board really keeps its entries in one file; it is never large.",
                "The board keeps its entries in one file; it is never large.",
            ),
            (
                "The SQL lite page size is 512 bytes, and a NPM is none",
                "The SQLite page size is 4096 bytes, and a npm is none",
            ),
            ("# The files, folders and so on.", "# The files, folders etc."),
        ],
    )
    def test_give_a_block_to_one_editor_at_a_time_so_that_it_does_not_matter_who_comes_first(self, text, wanted):
        for order in permutations(EDITORS):
            section = Section(number=1, text=text, under=(1,))
            while revision := next((r for name in order if (r := revised(name, section, STYLE))), None):
                section = section.model_copy(update={"text": revision.text})
            assert section.text == wanted

    @given(DOCUMENTS)
    def test_find_nothing_more_in_what_they_have_edited_themselves(self, document):
        for section in sections(document):
            for name in EDITORS:
                settled = edited(section.text, name, under=section.under, number=section.number)
                again = section.model_copy(update={"text": settled})
                assert revised(name, again, STYLE) is None

    @given(DOCUMENTS)
    def test_do_nothing_without_need(self, document):
        for section in sections(document):
            for name in EDITORS:
                revision = revised(name, section, STYLE)
                assert revision is None or revision.text != section.text
                assert revision is None or revision.changes

    def test_edit_many_places_in_several_versions(self):
        section = Section(number=1, text="\n\n".join(["It is very old."] * (MOST + 1)))
        revision = revised("tone", section, STYLE)
        assert len(revision.changes) == MOST
        assert edited(section.text, "tone") == section.text.replace("very ", "")
