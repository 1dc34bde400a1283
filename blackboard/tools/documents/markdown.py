"""Markdown, and text without any markup: headings, paragraphs, lists, code."""

import re
from bisect import bisect_right

from blackboard.tools.documents.passages import Block, Outline

FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(?=[\w-]+[ \t]*:|#|---)(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
TITLE = re.compile(r"^title[ \t]*:[ \t]*[\"']?(.+?)[\"']?[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
FENCE = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}(?=[^`]*$)|~{3,})")
HEADING = re.compile(r" {0,3}#{1,6}(?=[ \t]|\s*$)")
HEADING_CLOSED = re.compile(r"(?:^|\s)#+$")
RULE = re.compile(r" {0,3}([-=*_~^\"'+#.:])(?:\s*\1){2,}\s*$")
UNDERLINE = re.compile(r"([-=~^\"'+*#.:])\1+\s*$")
NO_HEADING = re.compile(r"\s*(?:[|>]|$)|(?:[-*+]|\d{1,9}[.)])\s")
NOT_PROSE = re.compile(r"\s*(?:[|<]|\[!\[|\[[^\]^][^\]]*\]:|\+[-=]|\.\. )|(?:(?: {4}|\t).*(?:\n|$))+\Z")
INDENTED = re.compile(r" {2}|\t")


def outline(text: str) -> Outline:
    """The title and the blocks of a Markdown text. Never fails."""
    lines = _Lines(text)
    return Outline(lines.title, lines.blocks)


class _Lines:
    """One pass over the lines of a document: it knows the heading that it is under and the block that it is in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.title = ""
        self.blocks: list[Block] = []
        self._heading = ""
        self._open: int | None = None
        """The line where the block begins that is being read."""
        self._end = 0
        self._has_items = False
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)
        at = self._after_front_matter()
        while at < len(self._lines):
            at = self._step(at)
        self._close()

    def _after_front_matter(self) -> int:
        matter = FRONT_MATTER.match(self.text)
        if not matter:
            return 0
        if titled := TITLE.search(matter[0]):
            self.title = titled[1]
        return bisect_right(self._starts, matter.end() - 1)

    def _step(self, at: int) -> int:
        """Read what stands at this line; give the line after it."""
        line = self._lines[at]
        if not line.strip():
            return self._blank(at)
        if height := self._heading_at(at):
            return at + height
        if fence := FENCE.match(line):
            return self._code(at, fence[1])
        if RULE.match(line):
            self._close()
            return at + 1
        if self._open is None:
            self._open = at
        self._has_items = self._has_items or bool(ITEM.match(line))
        self._end = at + 1
        return at + 1

    def _blank(self, at: int) -> int:
        """A blank line ends a block, but not a list that goes on below or that the block introduces."""
        below = at
        while below < len(self._lines) and not self._lines[below].strip():
            below += 1
        if self._open is not None and not self._goes_on(below):
            self._close()
        return below

    def _goes_on(self, below: int) -> bool:
        if below == len(self._lines) or FENCE.match(self._lines[below]) or RULE.match(self._lines[below]):
            return False
        item = bool(ITEM.match(self._lines[below]))
        if self._has_items:
            return item or bool(INDENTED.match(self._lines[below]))
        return item and self._lines[self._end - 1].rstrip().endswith(":")

    def _heading_at(self, at: int) -> int:
        """How many lines the heading here takes, 0 if there is none."""
        if found := HEADING.match(self._lines[at]):
            return self._under(HEADING_CLOSED.sub("", self._lines[at][found.end() :].strip()), 1)
        if self._open is None and self._underlined(at):
            return self._under(self._lines[at], 2)
        overline = UNDERLINE.match(self._lines[at])
        if overline and self._open is None and self._underlined(at + 1, overline[1]):
            return self._under(self._lines[at + 1], 3)
        return 0

    def _underlined(self, at: int, by: str = "") -> bool:
        """Whether line `at` is a heading by the line under it: `=` and `-`, or as reStructuredText has it."""
        if at + 1 >= len(self._lines) or NO_HEADING.match(self._lines[at]) or RULE.match(self._lines[at]):
            return False
        found = UNDERLINE.match(self._lines[at + 1])
        if not found or (by and found[1] != by):
            return False
        return found[1] in "=-" or len(self._lines[at + 1].rstrip()) >= len(self._lines[at].rstrip())

    def _under(self, heading: str, height: int) -> int:
        self._close()
        self._heading = heading.strip()
        self.title = self.title or self._heading
        return height

    def _code(self, at: int, fence: str) -> int:
        """Code is one block with its fences; without a closing fence it goes to the end, as in CommonMark."""
        self._close()
        closing = re.compile(r"[\s>]*" + re.escape(fence) + re.escape(fence[:1]) + r"*\s*$")
        self._open = at
        at += 1
        while at < len(self._lines) and not closing.match(self._lines[at]):
            at += 1
        self._end = min(at + 1, len(self._lines))
        self._close(prose=False)
        return at + 1

    def _close(self, *, prose: bool = True) -> None:
        if self._open is not None:
            start, end = self._starts[self._open], self._starts[self._end - 1] + len(self._lines[self._end - 1])
            prose = prose and not NOT_PROSE.match(self.text, start, end)
            piece = self.text[start:end]
            begin, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
            self.blocks.append(Block(begin, end, self._heading, prose))
        self._open, self._has_items = None, False
