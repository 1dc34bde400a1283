"""Looking ahead in the lines of reStructuredText: where what begins at a line ends."""

import re
from collections.abc import Sequence

from blackboard.tools.documents.lines import Line, line_at

FIELD = re.compile(r":([A-Za-z][^:`]*):(?:\s+|$)")
TABLE = re.compile(r"=+(?:\s+=+)+$")


class Lines:
    """The lines of a text, whose signs are taken off as they are read. `end`: the line before which a search stops."""

    def __init__(self, text: str, lines: list[Line]) -> None:
        self.text = text
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, at: int) -> Line:
        return self._lines[at]

    def between(self, at: int, end: int) -> Sequence[Line]:
        """Those from one line to before another."""
        return self._lines[at:end]

    def said(self, at: int) -> str:
        """What stands on a line."""
        line = self[at]
        return self.text[line.start : line.end]

    def without(self, at: int, taken: int) -> None:
        """Take the first characters off a line: a sign whose meaning has been read; what goes on below it hangs."""
        line = self[at]
        rest = line_at(self.text, line.start + taken, line.end, line.indent + taken)
        hangs = at + 1 < len(self) and not self[at + 1].is_blank and self[at + 1].indent > line.indent
        self._lines[at] = rest._replace(indent=self[at + 1].indent) if hangs else rest

    def inside(self, at: int, end: int) -> int:
        """The line after all that is indented further than this one."""
        return self.below(at + 1, end, self[at].indent)

    def below(self, at: int, end: int, indent: int) -> int:
        """The line after those that are indented further than this, without blank lines at the end."""
        stop = at
        while at < end and (self[at].is_blank or self[at].indent > indent):
            at += 1
            if not self[at - 1].is_blank:
                stop = at
        return stop

    def until_blank(self, at: int, end: int) -> int:
        """The first blank line from here on."""
        while at < end and not self[at].is_blank:
            at += 1
        return at

    def after_blanks(self, at: int, end: int) -> int:
        """The first line from here on that is not blank."""
        while at < end and self[at].is_blank:
            at += 1
        return at

    def after_options(self, at: int, end: int) -> int:
        """The line after the options of a directive: `:name: value`."""
        while at < end and FIELD.match(self.said(at)):
            at += 1
        return at

    def table_end(self, at: int, end: int) -> int:
        """After the border that a blank line follows."""
        at += 1
        while at < end:
            if TABLE.match(self.said(at)) and (at + 1 == end or self[at + 1].is_blank):
                return at + 1
            at += 1
        return end
