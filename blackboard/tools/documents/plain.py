"""Text without markup, as in RFCs: numbered and capital headings, indented prose, drawings, page breaks."""

import re

from blackboard.tools.documents.drawn import is_contents, is_prose
from blackboard.tools.documents.gathered import Gathering, Marker
from blackboard.tools.documents.lines import Joined, Line, line_at, lines_of
from blackboard.tools.documents.pages import furniture
from blackboard.tools.documents.passages import Outline
from blackboard.tools.documents.readable import Writer

NUMBERED = re.compile(
    r"(?:(?:\d{1,3}\.)+(?:\d{1,3}\.?)?|\d{1,2}(?= {2})|[A-Z]\.(?:\d{1,3}\.?)*|Appendix [A-Z\d]+[.:]?)\s+\S"
)
NESTED = re.compile(r"\d{1,3}(?:\.\d{1,3})+\.?\s+[A-Z\"]")
"""The number of a heading that is one wherever it stands."""
CAPITALS = re.compile(r"(?=.*[A-Z]{3})[^a-z]{3,}$")
UNDERLINE = re.compile(r"([-=~^*_])\1{2,}$")
ITEM = re.compile(r"(?:[-*+\u2022o]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)")
KEPT_ITEM = re.compile(r"[-*+\u2022]|\d{1,2}[.)]")
LEGAL = re.compile(r"(?:full )?copyright (?:notice|statement)|intellectual property|disclaimer", re.IGNORECASE)
"""Sections that are the same in every document of their kind, and answer nothing."""
CONTENTS = re.compile(r"(?:table of )?contents$", re.IGNORECASE)
ENDS_SENTENCE = re.compile(r"[.!?:;][\"')\]]*$")
LONGEST_HEADING = 100  # characters
MOST_WORDS = 12
CENTERED = 8  # columns


def outline(text: str) -> Outline:
    """The title and the blocks of a text without markup. Never fails."""
    reader = _Reader(text)
    return Outline(reader.title, reader.found.blocks())


def as_it_stands(joined: Joined, writer: Writer) -> None:
    """Write a paragraph that has no markup."""
    joined.keep(writer, 0, len(joined.text))


class _Reader:
    """Takes the text paragraph by paragraph; what stands on both sides of a page break is one if it goes on."""

    def __init__(self, text: str) -> None:
        self.title = ""
        self.found = Gathering(text, as_it_stands)
        self._text = text
        self._heading = ""
        self._indent_of_list = 0
        self._is_contents = False
        self._is_front = True
        """Whether nothing has come yet but names, dates and the title."""
        paragraphs = self._paragraphs()
        self._is_indented = self._indents(paragraphs)
        for nth, paragraph in enumerate(paragraphs):
            self._read(paragraph, paragraphs[nth + 1] if nth + 1 < len(paragraphs) else [])

    def _said(self, line: Line) -> str:
        return self._text[line.start : line.end]

    def _paragraphs(self) -> list[list[Line]]:
        lines = lines_of(self._text)
        passed_over = furniture(self._raw())
        found: list[list[Line]] = [[]]
        is_broken = False
        for at, line in enumerate(lines):
            if at in passed_over:
                is_broken = True
            elif line.is_blank:
                found.append([])
                is_broken = False
            else:
                if is_broken and not self._goes_on(found[-1], line):
                    found.append([])
                found[-1].append(line)
                is_broken = False
        return [paragraph for paragraph in found if paragraph]

    def _raw(self) -> list[str]:
        return [line.rstrip(" \t\r") for line in self._text.split("\n")]

    def _goes_on(self, above: list[Line], below: Line) -> bool:
        """Whether a paragraph goes on after a page break: its sentence is open, or the next line begins small."""
        if not above or below.indent not in {above[-1].indent, above[0].indent}:
            return False
        said = self._said(below)
        return said[0].islower() or not (ENDS_SENTENCE.search(self._said(above[-1])) or ITEM.match(said))

    def _indents(self, paragraphs: list[list[Line]]) -> bool:
        """Whether what the text says is indented, so that what is not is a heading."""
        indented = sum(len(p) for p in paragraphs if len(p) > 1 and p[-1].indent >= 2)
        return indented > 2 * sum(len(p) for p in paragraphs if len(p) > 1 and p[-1].indent < 2)

    def _read(self, lines: list[Line], below: list[Line]) -> None:
        said = [self._said(line) for line in lines]
        if self._is_front and self._is_front_matter(lines, said):
            return
        if self._ruled(lines, said, below):
            return
        if heading := self._heading_of(lines, said, below):
            self._under(heading)
            return
        self._is_front = False
        if self._is_contents or is_contents(said):
            return
        if is_prose(said) and not LEGAL.search(self._heading):
            self._prose(lines)
        else:
            self.found.end_list()
            self.found.other(self._heading, lines)

    def _is_front_matter(self, lines: list[Line], said: list[str]) -> bool:
        """The names, dates and title at the top; the title stands by itself in the middle."""
        if all(line.indent >= CENTERED for line in lines) and len(lines) <= 3:
            self.title = self.title or " ".join(" ".join(said).split())
            return True
        gaps = sum(re.search(r"\S {3,}\S", line) is not None for line in said)
        return len(said) > 1 and gaps * 2 >= len(said)

    def _ruled(self, lines: list[Line], said: list[str], below: list[Line]) -> bool:
        """A heading by the line under it, with what stands below without a blank line; or only a rule."""
        if (
            len(said) > 1
            and UNDERLINE.match(said[1])
            and len(said[0]) <= LONGEST_HEADING
            and not UNDERLINE.match(said[0])
        ):
            self._under(said[0])
            if lines[2:]:
                self._read(lines[2:], below)
            return True
        if UNDERLINE.match(said[0]):
            if (len(said) > 2 and UNDERLINE.match(said[2])) or lines[1:]:
                self._read(lines[1:], below)
            return True
        return False

    def _heading_of(self, lines: list[Line], said: list[str], below: list[Line]) -> str:
        """The heading that this paragraph is, empty if it is none."""
        whole = " ".join(" ".join(said).split())
        is_deep = lines[0].indent >= 3 and not NESTED.match(said[0])
        if is_deep or len(whole) > LONGEST_HEADING or len(lines) > 2 or is_contents(said[-1:]):
            return ""
        if NUMBERED.match(said[0]):
            is_item = not self._is_indented and not lines[0].indent and len(whole.split()) > MOST_WORDS
            return "" if is_item or re.search(r"[.;,:]$", whole) else whole
        if lines[0].indent or len(lines) > 1:
            return ""
        if CAPITALS.match(whole) or (not self.title and self._is_front and self._is_first(whole, below)):
            return whole.rstrip(":")
        names = self._is_indented and below and below[0].indent >= 2 and len(whole.split()) <= MOST_WORDS
        return whole.rstrip(":") if names and not re.search(r"[.;,?]$", whole) else ""

    def _is_first(self, whole: str, below: list[Line]) -> bool:
        """Whether the first line of a text is its title: short, without an end, and something follows."""
        return bool(below) and len(whole.split()) <= MOST_WORDS and not re.search(r"[.;,:?!]$", whole)

    def _under(self, heading: str) -> None:
        self.found.end_list()
        self._heading = heading
        self._is_front = False
        self.title = self.title or heading
        self._is_contents = CONTENTS.search(heading) is not None

    def _prose(self, lines: list[Line]) -> None:
        """A paragraph; each of the items in it is a part of the list."""
        begins = self._items(lines)
        if not begins:
            self.found.end_list()
            self.found.prose(self._heading, lines)
            return
        if begins[0]:
            self.found.end_list()
            self.found.prose(self._heading, lines[: begins[0]])
        if lines[begins[0]].indent != self._indent_of_list:
            self.found.end_list()
        self._indent_of_list = lines[begins[0]].indent
        self.found.begin_list(self._heading)
        for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
            self._item(lines[begin:end])

    def _items(self, lines: list[Line]) -> list[int]:
        """Which lines begin items: the first, those below a colon, those further in, and those like another."""
        found: list[int] = []
        for at, line in enumerate(lines):
            if not ITEM.match(self._said(line)):
                continue
            above = lines[at - 1] if at else line
            is_alike = any(line.indent == lines[other].indent for other in found)
            if not at or is_alike or line.indent > above.indent or self._said(above).endswith(":"):
                found.append(at)
        return found

    def _item(self, lines: list[Line]) -> None:
        line = lines[0]
        found = ITEM.match(self._said(line))
        if not found:
            self.found.prose(self._heading, lines)
            return
        sign = found[0] if KEPT_ITEM.match(found[0]) else "- "
        marker: Marker = (sign, line.start, line.start + found.end())
        content = line_at(self._text, line.start + found.end(), line.end, line.indent + found.end())
        self.found.prose(self._heading, [content, *lines[1:]], marker)
