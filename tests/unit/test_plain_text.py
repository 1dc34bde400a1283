"""Plain text as in RFCs: headings, indented prose, drawings, page breaks; and which markup a .txt has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.documents import markdown, plain, texts
from tests.outlines import check_outline, other, quotable, reads

RFC = """\


Network Working Group                                        A. Example
Request for Comments: 9901                                 Example Corp.
Category: Standards Track                                      May 2020


              A Protocol for Leases with Fencing Tokens
                       in Distributed Stores

Status of This Memo

   This memo may be passed on.

Copyright Notice

   Copyright (c) 2020 Example Trust.  All rights are reserved by it.

Table of Contents

   1.  Introduction  . . . . . . . . . . . . . . . . . . . . . . . .   2
     1.1.  Purpose . . . . . . . . . . . . . . . . . . . . . . . . .   2
   2.  Leases  . . . . . . . . . . . . . . . . . . . . . . . . . . .   3



Example & Sample             Standards Track                    [Page 1]
\f
RFC 9901                 Leases and Fencing                     May 2020


1.  Introduction

   Clocks of clients drift, so that a client may believe that it still
   holds a lease.  The store therefore numbers its leases, and every

Example & Sample             Standards Track                    [Page 2]

RFC 9901                 Leases and Fencing                     May 2020


   write carries the most-
   significant number.  A number never comes twice.

   1.1.  Purpose

      The purpose is to define a format that:
          * Is small, in order to be kept.
          * Is plain.

   o  A client MUST NOT renew a lease
      after half of its duration.

   o  A server SHOULD keep the number.

2.  Leases

     0                   1
     0 1 2 3 4 5 6 7 8 9 0
    +-+-+-+-+-+-+-+-+-+-+-+
    |     Type   | Length |
    +-+-+-+-+-+-+-+-+-+-+-+

   The grammar is:

     lease   = token ":" number
     number  = 1*DIGIT

      POST /lease HTTP/1.1
      Host: store.example

            Code    Meaning
            1       Granted
            2       Refused

Appendix A.  Examples

   A client with number 33 pauses.
"""


def prose(text):
    return reads(text, plain.outline(text))


class TestRequestsForComments:
    def test_the_title_is_what_stands_in_the_middle(self):
        assert plain.outline(RFC).title == "A Protocol for Leases with Fencing Tokens in Distributed Stores"

    def test_headings_are_numbered_or_stand_out(self):
        headings = list(dict.fromkeys(heading for heading, _ in prose(RFC)))
        assert headings == [
            "Status of This Memo",
            "1. Introduction",
            "1.1. Purpose",
            "2. Leases",
            "Appendix A. Examples",
        ]

    def test_a_sentence_goes_on_over_a_page_break(self):
        assert (
            "The store therefore numbers its leases, and every write carries the most- significant number."
            in quotable(RFC, plain.outline(RFC))
        )

    def test_so_does_one_that_begins_small_after_an_abbreviation(self):
        text = "   It is told in Sec.\n\nA                  [Page 1]\n\n   four of the book.\n"
        assert prose(text) == [("", "It is told in Sec. four of the book.")]

    def test_a_long_line_after_a_page_break_is_no_running_header(self):
        text = f"   It is so.\n\nA                  [Page 1]\n\nRFC 9901 says   {'very ' * 40}much.\n"
        assert any("RFC 9901 says" in said for _, said in prose(text))

    def test_the_sign_of_an_item_has_no_place_by_itself(self):
        text = "o The first thing.\no The second thing.\n"
        assert prose(text) == [("", "- The first thing. - The second thing.")]
        check_outline(text, plain.outline(text))

    def test_such_a_sentence_is_quoted_with_all_that_stands_in_it(self):
        block = next(b for b in plain.outline(RFC).blocks if b.heading == "1. Introduction")
        begin = block.readable.text.index("The store")
        start, end = block.readable.place(begin, block.readable.text.index(" A number"))
        assert RFC[start:end].startswith("The store therefore")
        assert "[Page 2]" in RFC[start:end]
        assert "[Page 2]" not in block.readable.text

    def test_names_dates_contents_and_page_breaks_are_not_quoted(self):
        everything = " ".join(said for _, said in prose(RFC))
        for gone in ("Category", "May 2020", "[Page", "Standards Track", ". . .", "rights"):
            assert gone not in everything

    def test_items_are_one_block_with_what_introduces_them(self):
        assert (
            "1.1. Purpose",
            "The purpose is to define a format that: * Is small, in order to be kept. * Is plain.",
        ) in prose(RFC)
        sentences = quotable(RFC, plain.outline(RFC))
        assert "A client MUST NOT renew a lease after half of its duration." in sentences
        assert "A server SHOULD keep the number." in sentences

    def test_drawings_grammars_messages_and_tables_are_no_prose(self):
        begins = [piece.split("\n")[0] for piece in other(RFC, plain.outline(RFC))]
        assert begins[1:] == [
            "0                   1",
            'lease   = token ":" number',
            "POST /lease HTTP/1.1",
            "Code    Meaning",
        ]


class TestOtherTexts:
    def test_capitals_and_underlines_are_headings(self):
        text = "NOTES\n\nThis is so.\n\nMore of it\n----------\nThat is so.\n\nA normal line of text\n\nThis too.\n"
        assert prose(text) == [
            ("NOTES", "This is so."),
            ("More of it", "That is so."),
            ("More of it", "A normal line of text"),
            ("More of it", "This too."),
        ]
        assert plain.outline(text).title == "NOTES"

    def test_the_first_line_is_the_title_if_it_is_no_sentence(self):
        assert plain.outline("A guide to leases\n\nThey expire.\n").title == "A guide to leases"
        assert plain.outline("Leases expire.\n\nThey do.\n").title == ""

    @pytest.mark.parametrize(
        "piece",
        [
            "int main(void) {\n  return 0;\n}",
            "x = 1\ny = x + 2",
            "$ ls -l\n$ cd x",
            "a | b | c\n--|---|--\n1 | 2 | 3",
            "<p>\n</p>",
        ],
    )
    def test_code_is_no_prose(self, piece):
        text = f"This is said.\n\n{piece}\n\nThat is said.\n"
        assert other(text, plain.outline(text)) == [piece]

    @pytest.mark.parametrize(
        "said",
        [
            "A lease (see 2.1) lasts 30 s; x = 1 is meant.",
            "Use foo() and bar() for this; they are quick.",
            "He said: it is so.",
        ],
    )
    def test_a_sentence_with_signs_in_it_is_prose(self, said):
        assert prose(f"Title\n\n{said}\n") == [("Title", said)]


class TestMarkupOfTexts:
    @pytest.mark.parametrize(
        "text",
        [
            "Title\n=====\n\nSee :ref:`x`. ``It`` is.\n",
            "Title\n=====\n\n.. note:: It is.\n\n.. _x:\n",
        ],
    )
    def test_restructuredtext_shows_in_its_directives_and_roles(self, text):
        assert texts.outline(text).title == "Title"
        assert "It is." in [said.removeprefix("See x. ") for _, said in reads(text, texts.outline(text))]

    def test_markdown_shows_in_its_headings_and_links(self):
        text = "# Title\n\nIt [is](x.md).\n\n```\ncode\n```\n"
        outline = texts.outline(text)
        assert outline.title == "Title"
        assert other(text, outline) == ["```\ncode\n```"]

    def test_what_has_more_marks_of_markdown_is_markdown(self):
        text = "Title\n=====\n\n[It](a.md) is [so](b.md), ``x``.\n"
        assert texts.outline(text) == markdown.outline(text)

    def test_anything_else_is_plain(self):
        assert texts.outline(RFC) == plain.outline(RFC)


PIECES = [
    "\n", "\n\n", "\f", "\r\n", "   ", "\t", "1.  Heading", "1.1. X", "o  ", "* ", "(1) ", "RFC 1   X   May",
    "A  B   [Page 1]", "----", "====", "+-+-+", "a = b", ". . . . 3", "NOTES", "Contents", "word",
    "Word word word. ", "word,", "é🎈", "\x85", "\u2028", "{", ";", "# H", ".. x::", "``x``",
]  # fmt: skip


class TestAnyText:
    @given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
    def test_lines_in_any_order_are_read(self, text):
        check_outline(text, plain.outline(text))
        check_outline(text, texts.outline(text))

    @given(st.text())
    def test_any_text_is_read(self, text):
        check_outline(text, plain.outline(text))

    @pytest.mark.timeout(15)
    @pytest.mark.parametrize(
        "piece",
        [
            "\f",
            "A   [Page 1]\n",
            "\f\nRFC 1   x   y\n",
            "a   ",
            ". ",
            "* a\n",
            "`",
            "ab_",
            "[",
            ":a",
            "f(",
            "a",
            "x " * 9 + "\n",
        ],
    )
    def test_what_repeats_without_end_takes_no_time(self, piece):
        text = piece * 20_000
        check_outline(text, texts.outline(text))
