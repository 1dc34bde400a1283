"""Source code: comments and docstrings are prose under the names of what they describe, code is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.documents.code import FORMATS
from tests.outlines import check_outline, other, quotable, reads

PYTHON = '''\
#!/usr/bin/env python
# Copyright (c) 2020 Somebody. All rights reserved.
"""Leases: who may write, and for how long.

They are numbered.
"""

import os

LONGEST = 30
"""Seconds. A longer one is refused."""
NAMES = {
    """not a docstring""": 1,
}


# Clocks drift.
#
# So the store decides.
class Lease(Base):
    """A right to write.

    Args:
        holder: Whose it is.

    Example::

        Lease("me")

    >>> Lease("me").ends
    30
    """

    ends: int
    """When it ends, in seconds."""

    def renew(self, by: int = 1) -> None:
        r"""Make :attr:`ends` later by ``by``."""
        # It may be too late.
        if self.ends < now():  # this is not shown
            # self.ends = now()
            # return self.ends
            raise TooLate("# not a comment")
'''

TYPESCRIPT = """\
/*
 * Licensed under the Example License.
 */
import { x } from "y";

/**
 * Gives out leases.
 *
 * It keeps their {@link Numbers}:
 *  - on disk.
 *  - in memory.
 *
 * @param holder Who asks for it.
 */
export class Store {
  // Nobody else may write here.
  private last = 0;

  /** Makes a lease <b>longer</b>. */
  async renew(lease: Lease): Promise<void> {
    const url = "http://example.org"; // not shown
  }
}
"""


def read(suffix, text):
    return FORMATS[suffix](text)


def prose(suffix, text):
    return reads(text, read(suffix, text))


class TestPython:
    def test_the_title_is_the_first_line_of_the_docstring(self):
        assert read(".py", PYTHON).title == "Leases: who may write, and for how long"

    def test_docstrings_and_comments_stand_under_what_they_describe(self):
        title = "Leases: who may write, and for how long"
        assert prose(".py", PYTHON) == [
            (title, "Leases: who may write, and for how long."),
            (title, "They are numbered."),
            ("LONGEST", "Seconds. A longer one is refused."),
            ("Lease", "Clocks drift."),
            ("Lease", "So the store decides."),
            ("Lease", "A right to write."),
            ("Lease", "holder: Whose it is."),
            ("Lease", "Example:"),
            ("Lease.ends", "When it ends, in seconds."),
            ("Lease.renew", "Make ends later by by."),
            ("Lease.renew", "It may be too late."),
        ]

    def test_code_examples_and_licences_are_no_prose(self):
        found = other(PYTHON, read(".py", PYTHON))
        assert "Copyright" in found[0]
        assert 'Lease("me")' in found
        assert any(piece.startswith("self.ends = now()") for piece in found)
        assert any('raise TooLate("# not a comment")' in piece for piece in found)

    def test_a_string_that_is_an_argument_is_no_docstring(self):
        text = 'say(\n    """It is an argument."""\n)\n'
        assert prose(".py", text) == []

    def test_sections_of_a_docstring_are_no_headings(self):
        parameters = "    Parameters\n    ----------\n    size : int\n        How big it is.\n"
        text = f'def f(size):\n    """It does.\n\n{parameters}    """\n'
        assert prose(".py", text) == [("f", "It does."), ("f: size", "How big it is.")]

    def test_code_that_is_wrong_is_read_all_the_same(self):
        text = 'def f(:\n    """It does this."""\n    return (\n\nclass X\n  """It is that."""\n'
        assert [said for _, said in prose(".py", text)] == ["It does this.", "It is that."]

    def test_a_string_that_never_closes_is_read(self):
        text = '"""It is so.\n\nIt goes on'
        assert [said for _, said in prose(".py", text)] == ["It is so.", "It goes on"]

    def test_a_quote_of_a_comment_has_its_signs(self):
        text = "# It begins\n# and ends.\nx = 1\n"
        block = read(".py", text).blocks[0]
        assert block.readable.text == "It begins\nand ends."
        assert text[slice(*block.readable.place(0, len(block.readable.text)))] == "It begins\n# and ends."


class TestBraces:
    def test_comments_stand_under_what_they_describe(self):
        assert prose(".ts", TYPESCRIPT) == [
            ("Store", "Gives out leases."),
            ("Store", "It keeps their Numbers: - on disk. - in memory."),
            ("Store", "Who asks for it."),
            ("Store.last", "Nobody else may write here."),
            ("Store.renew", "Makes a lease longer."),
        ]

    def test_licences_and_code_are_no_prose(self):
        found = " ".join(other(TYPESCRIPT, read(".ts", TYPESCRIPT)))
        assert "Licensed under" in found
        assert "http://example.org" in found

    @pytest.mark.parametrize(
        ("suffix", "text", "name"),
        [
            (".go", "// It is so.\nfunc (s *Store) Renew(l Lease) error {\n}\n", "Store.Renew"),
            (".rs", "/// It is so.\n#[derive(Debug)]\npub struct Lease<'a> {\n}\n", "Lease"),
            (".rs", "impl Display for Lease {\n    /// It is so.\n    pub fn fmt(&self) -> X {\n", "Lease.fmt"),
            (".java", "class A {\n  /** It is so. */\n  @Override\n  public int size() {\n", "A.size"),
            (".c", "/* It is so. */\nstatic int renew(struct lease *l)\n{\n", "renew"),
            (".cs", "/// <summary>It is so.</summary>\npublic sealed class Lease : X\n", "Lease"),
            (".kt", "// It is so.\nfun renew(by: Int) {\n", "renew"),
            (".php", "<?php\n/** It is so. */\nfunction renew($by) {\n", "renew"),
            (".rb", "class A\n  # It is so.\n  def size\n", "A.size"),
            (".sh", "# It is so.\nrenew() {\n", "renew"),
            (".sql", "-- It is so.\nCREATE TABLE IF NOT EXISTS leases (\n", "leases"),
            (".lua", "--[[ It is so. ]]\nlocal function renew(by)\n", "renew"),
            (".swift", "/// It is so.\nfunc renew(by: Int) {\n", "renew"),
            (".toml", "[tool.x]\n# It is so.\nsize = 1\n", "size"),
            (".yaml", "jobs:\n  # It is so.\n  test:\n    x: 1\n", "jobs.test"),
        ],
    )
    def test_every_language_has_its_signs_and_declarations(self, suffix, text, name):
        assert prose(suffix, text) == [(name, "It is so.")]

    def test_what_stands_in_a_function_stands_under_its_name(self):
        text = "function renew(by) {\n  // It may be late.\n  by = check(by);\n}\n"
        assert prose(".js", text) == [("renew", "It may be late.")]

    def test_orders_to_tools_and_decorations_are_nothing(self):
        text = "// eslint-disable-next-line\n//----------\n// It is so.\n//----------\nx();\n"
        assert [said for _, said in prose(".js", text)] == ["It is so."]

    def test_fenced_examples_are_no_prose(self):
        text = "/// A lease ends after a while.\n///\n/// ```\n/// A lease ends after code.\n/// ```\nfn f() {}\n"
        assert quotable(text, read(".rs", text)) == ["A lease ends after a while."]


PIECES = [
    "#", "# ", "//", "/*", "*/", " * ", "///", "--", "--[[", "]]", '"""', "'''", '"', "'", "`", "\\",
    "def f():", "class A:", "function f() {", "}", "=begin", "=end", "\n", "\n\n", "    ", "\t", "\r\n", "\f",
    "word", "It is so. ", "x = 1", "@param a b", "```", "<b>", "{@link x}", ";", "[a]", "a: ", "é🎈", "\x85",
    "\u2028", "::", ":x: ", ">>> ",
]  # fmt: skip


class TestAnyText:
    @pytest.mark.parametrize("suffix", [".py", ".js", ".go", ".rb", ".lua", ".sql", ".php", ".sh", ".ini", ".c"])
    @given(text=st.lists(st.sampled_from(PIECES), max_size=50).map("".join))
    def test_code_in_any_disorder_is_read(self, suffix, text):
        check_outline(text, read(suffix, text))

    @given(text=st.text(), suffix=st.sampled_from(sorted(FORMATS)))
    def test_any_text_is_read(self, suffix, text):
        check_outline(text, read(suffix, text))

    @pytest.mark.timeout(15)
    @pytest.mark.parametrize("suffix", [".py", ".js", ".sql", ".c"])
    @pytest.mark.parametrize(
        "piece",
        [
            '"',
            "'",
            '"""',
            "/*",
            "# a\n",
            "// a\n",
            "x(",
            "a ",
            "a\n b\n",
            '""" a\n',
            "`",
            "/* a */\n",
            "<",
            "@a ",
            "\n",
        ],
    )
    def test_what_never_closes_takes_no_time(self, suffix, piece):
        text = piece * 20_000
        check_outline(text, read(suffix, text))
