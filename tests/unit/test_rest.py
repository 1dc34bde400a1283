"""reStructuredText: prose at any depth under the name it describes, read as Sphinx would show it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.documents.rest import outline
from tests.outlines import check_outline, other, quotable, reads

PAGE = """\
:orphan:

.. _paths:

=====================================
:mod:`os.path` --- Paths of all kinds
=====================================

.. module:: os.path
   :synopsis: Operations on paths.

.. index:: single: path; operations

This module has *useful* functions. See :func:`open`.

Functions
=========

.. function:: abspath(path)
              absolute(path)

   Return a normalized path. On most
   platforms it begins with a slash::

       abspath("x")

   .. versionchanged:: 3.6
      Accepts a :term:`path-like object`.

   .. note::

      All of these accept bytes.

      .. warning:: Links are not
         followed here.

.. class:: Walker(top, *, follow=False)

   Walks through folders.

   .. method:: Walker.close()

      Ends it.

   .. attribute:: depth

      How deep it has come.

.. setting:: ALLOWED_HOSTS

``ALLOWED_HOSTS``
-----------------

Default: ``[]`` (Empty list)

.. toctree::
   :maxdepth: 1

   other

.. code-block:: python
   :emphasize-lines: 1

   print("Hello world. This is code.")

.. This is a comment. It says nothing.
   Nor does this.

.. |name| replace:: value

>>> 1 + 1
2

=====  =====
One    Two
=====  =====
This   That
=====  =====

+-----+
| one |
+-----+
"""


def prose(text):
    return reads(text, outline(text))


def says(text):
    return [said for _, said in prose(text)]


class TestNames:
    def test_a_title_reads_without_markup(self):
        assert outline(PAGE).title == "os.path \u2014 Paths of all kinds"

    def test_what_describes_a_function_stands_under_its_full_name(self):
        assert (
            "Functions: os.path.abspath, os.path.absolute",
            "Return a normalized path. On most platforms it begins with a slash:",
        ) in prose(PAGE)

    def test_functions_that_share_a_description_are_all_named(self):
        text = ".. function:: add(x)\n.. function:: aadd(x)\n\n   It adds.\n\n.. function:: f()\n\n   It does.\n"
        assert prose(text) == [("add, aadd", "It adds."), ("f", "It does.")]

    def test_a_member_stands_under_its_class(self):
        assert ("Functions: os.path.Walker.depth", "How deep it has come.") in prose(PAGE)
        assert ("Functions: os.path.Walker.close", "Ends it.") in prose(PAGE)

    @pytest.mark.parametrize(
        ("directive", "name"),
        [
            ("envvar:: PATH", "PATH"),
            ("c:function:: int PyList_Append(PyObject *list, PyObject *item)", "PyList_Append"),
            ("option:: -m <module-name>", "-m <module-name>"),
            ("py:method:: Thing.do(x)", "Thing.do"),
            ("decorator:: cached(size)", "cached"),
        ],
    )
    def test_a_description_of_any_kind_gives_its_name(self, directive, name):
        text = f".. {directive}\n\n   It does this.\n"
        assert prose(text) == [(name, "It does this.")]

    def test_every_paragraph_of_a_definition_has_its_term(self):
        text = "Words\n=====\n\n*lease*\n   A right for a time.\n\n   It expires.\n\nThat is all.\n"
        assert prose(text) == [("lease", "A right for a time."), ("lease", "It expires."), ("Words", "That is all.")]

    def test_terms_of_a_glossary_share_a_definition(self):
        text = ".. glossary::\n\n   lease\n   claim\n      A right for a time.\n"
        assert prose(text) == [("lease, claim", "A right for a time.")]

    def test_fields_and_options_stand_under_their_names(self):
        text = "Title\n=====\n\n:param size: How many bytes.\n:type size: int\n\n--force  Overwrite files.\n"
        assert prose(text) == [("size", "How many bytes."), ("--force", "Overwrite files.")]


class TestProse:
    def test_directives_hold_prose_at_any_depth(self):
        said = says(PAGE)
        assert "All of these accept bytes." in said
        assert "Links are not followed here." in said

    def test_a_change_reads_with_its_version(self):
        assert "Changed in version 3.6: Accepts a path-like object." in says(PAGE)
        assert says(".. deprecated:: 2.0 Use the other one.\n") == ["Deprecated since version 2.0: Use the other one."]

    def test_code_and_tables_are_no_prose(self):
        text, found = PAGE, other(PAGE, outline(PAGE))
        assert [piece.split("\n")[0] for piece in found] == [
            'abspath("x")',
            'print("Hello world. This is code.")',
            ">>> 1 + 1",
            "=====  =====",
            "+-----+",
        ]
        assert all(piece in text for piece in found)

    def test_comments_targets_and_contents_are_nothing(self):
        everything = " ".join([*says(PAGE), *other(PAGE, outline(PAGE))])
        for gone in ("comment", "maxdepth", "synopsis", "orphan", "_paths", "replace", "operations", "emphasize"):
            assert gone not in everything

    def test_a_list_is_one_block_with_what_introduces_it(self):
        text = "There are two:\n\n* The first\n  of them.\n\n* The second.\n\n  It is long.\n\nThen this.\n"
        assert says(text) == ["There are two: * The first of them. * The second. It is long.", "Then this."]
        assert quotable(
            "Two:\n\n#. The first is red.\n#. The second is blue.\n",
            outline("Two:\n\n#. The first is red.\n#. The second is blue.\n"),
        ) == [
            "The first is red.",
            "The second is blue.",
        ]

    def test_the_items_of_a_long_list_stand_by_themselves(self):
        text = "There are:\n\n" + "".join(f"* Thing {n} is {'very ' * 20}long.\n\n  It is.\n" for n in range(5))
        assert [said[:9].rstrip(":") for said in says(text)] == ["There are", *(f"* Thing {n}" for n in range(5))]

    def test_what_follows_a_list_is_no_part_of_it(self):
        text = "* One thing.\n* Another thing.\n\n.. note::\n\n   Take care.\n\nThe end.\n"
        assert says(text) == ["* One thing. * Another thing.", "Take care.", "The end."]

    def test_footnotes_and_line_blocks_are_prose(self):
        text = "As said [1]_ before.\n\n.. [1] It was said there.\n\n| A line.\n| Another.\n"
        assert says(text) == ["As said before.", "It was said there.", "A line.", "Another."]


class TestInlineMarkup:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("``*args``", "*args"),
            ("*one* and **two**", "one and two"),
            (":func:`os.path.join`", "os.path.join"),
            (":class:`~django.db.models.Model`", "Model"),
            (":func:`~os.path.join`", "os.path.join"),
            (":meth:`save() <Model.save>`", "save()"),
            (":exc:`!Broken`", "Broken"),
            (":doc:`the\nguide </guide>`", "the guide"),
            ("`a page <https://example.org>`_", "a page"),
            ("`a page`_ and ref_, too", "a page and ref, too"),
            ("|name| stays", "|name| stays"),
            (r"a\*b and c\ d", "a*b and cd"),
            (":pep:`8` and :rfc:`822`", "PEP 8 and RFC 822"),
            ("2 * 3 * 4", "2 * 3 * 4"),
            ("a__b and __init__", "a__b and __init__"),
            ("one --- two", "one \u2014 two"),
            ("``:setting:`X```", ":setting:`X`"),
        ],
    )
    def test_it_reads_as_sphinx_would_show_it(self, written, read):
        assert says(f"It is {written}.\n") == [f"It is {read}."]

    def test_a_quote_has_the_exact_characters(self):
        text = "See :func:`open` and\nread *it*. More.\n"
        block = outline(text).blocks[0]
        start, end = block.readable.place(0, len("See open and\nread it."))
        assert text[start:end] == "See :func:`open` and\nread *it*."


PIECES = [
    ".. note::", ".. function:: f(x)", ".. code::", ".. _t:", ".. versionadded:: 3", ".. glossary::", "..",
    ".. [1] n", "::", "\n", "\n\n", "  ", "    ", "\t", "\r\n", "\f", "* ", "#. ", "a) ", "- ", ":f: ", "-x  ",
    "====", "----", "=== ===", "+--+", "| ", ">>> ", "``", "`", "*", "**", "_", "\\", ":r:`", "`_", "<", ">",
    "---", "word", "Word. ", "x_ ", "é🎈", "\x85", "\u2028", "__ ",
]  # fmt: skip


class TestAnyText:
    @given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
    def test_markup_in_any_order_is_read(self, text):
        check_outline(text, outline(text))

    @given(st.text())
    def test_any_text_is_read(self, text):
        check_outline(text, outline(text))

    def test_what_is_nested_without_end_is_read(self):
        text = "\n".join(" " * depth + "* word." for depth in range(2_000))
        check_outline(text, outline(text))

    @pytest.mark.timeout(15)
    @pytest.mark.parametrize(
        "piece",
        [
            "``a",
            "*a ",
            "`a",
            "**a ",
            "=== ===\n",
            ".. a::\n",
            " a\n  b\n",
            "a_",
            "\\",
            "[a",
            "::\n",
            "-a",
            ":a",
            "--a, ",
        ],
    )
    def test_markup_that_never_closes_takes_no_time(self, piece):
        text = piece * 20_000
        check_outline(text, outline(text))
