"""The lines of a text without their indentation, and several of them joined to one text whose places are known."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from blackboard.tools.documents.readable import Writer

TAB = 8  # columns


class Line(NamedTuple):
    """What stands on a line, without the white space around it: characters `start` to `end` of the document."""

    start: int
    end: int
    indent: int
    """Columns before it."""

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands there."""
        return self.start == self.end


def lines_of(text: str, start: int = 0, end: int | None = None) -> list[Line]:
    """The lines between two places of a text."""
    found: list[Line] = []
    at = start
    for whole in text[start:end].split("\n"):
        follows = at + len(whole)
        is_bare = whole and not (whole[0].isspace() or whole[-1].isspace())
        found.append(Line(at, follows, 0) if is_bare else line_at(text, at, follows))
        at = follows + 1
    return found


def line_at(text: str, start: int, end: int, column: int = 0) -> Line:
    """What stands between two places of one line, the first of which is this many columns from its left edge."""
    whole = text[start:end]
    content = whole.lstrip()
    before = len(whole) - len(content)
    space = whole[:before]
    indent = column + (len(space.expandtabs(TAB)) if "\t" in space else before)
    return Line(start + before, start + before + len(content.rstrip()), indent)


def dedented(lines: Sequence[Line]) -> int:
    """The smallest indentation of those that are not blank."""
    return min((line.indent for line in lines if not line.is_blank), default=0)


class Joined:
    """Lines as one text: each without its indentation, between them line ends."""

    def __init__(self, document: str, lines: Sequence[Line]) -> None:
        self.text = "\n".join([document[line.start : line.end] for line in lines])
        self._document = document
        self._lines = lines
        self._begins: list[int] = []
        at = 0
        for line in lines:
            self._begins.append(at)
            at += line.end - line.start + 1

    def keep(self, writer: Writer, start: int, end: int) -> None:
        """Write the characters `start` to `end` of the text as they stand."""
        nth = bisect_right(self._begins, start) - 1
        while start < end:
            line, begins = self._lines[nth], self._begins[nth]
            stop = min(end, begins + line.end - line.start)
            writer.keep(line.start + start - begins, line.start + stop - begins)
            start = max(start, stop)
            if start < end:
                line_end = self._document.index("\n", line.end)
                writer.keep(line_end, line_end + 1)
                start += 1
            nth += 1

    def place(self, at: int) -> int:
        """Where a character of the text stands in the document."""
        nth = bisect_right(self._begins, at) - 1
        return self._lines[nth].start + at - self._begins[nth]

    def put(self, writer: Writer, text: str, start: int, end: int) -> None:
        """Write something else in place of the characters `start` to `end` of the text."""
        writer.put(text, self.place(start), self.place(end - 1) + 1)
