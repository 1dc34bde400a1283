"""Markdown as the editors see it: sections that join to the same text again, and the prose that may be changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

What = Literal["heading", "prose", "blank", "kept"]

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
HEADING = re.compile(r"(?: {0,3}#{1,6}(?=[ \t\r\n]|$)|#{2,6}(?=\w))")
LEAD = r"(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
FENCE = re.compile(LEAD + r"(?P<fence>`{3,}(?=[^`]*$)|~{3,}|\$\$(?=\s*$))")
ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
INDENTED = re.compile(r"(?: {0,3}\t| {4})")
DEFINITION = re.compile(r" {0,3}(?:\[[^\]]+\]:|:::|!!!|\{%)")
NOT_PROSE = re.compile(
    r"""[ >]*(?: \|                                         # a row of a table,
      | :?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?\s*$       # the line below its head,
      | (?:=+|-+)[ \t]*$ )                                 # or what underlines a heading""",
    re.VERBOSE | re.MULTILINE,
)
FRONT = ("---", "+++")
HTML = (
    (re.compile(r" {0,3}<!--"), re.compile(r"-->")),
    (re.compile(r" {0,3}<\?"), re.compile(r"\?>")),
    (re.compile(r" {0,3}<![A-Za-z]"), re.compile(r">")),
    (
        re.compile(r" {0,3}<(?:pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE),
        re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE),
    ),
    (
        re.compile(
            r""" {0,3}(?:</?(?:address|article|aside|base|blockquote|body|center|col|colgroup|dd|details|dialog|dir|div
            |dl|dt|fieldset|figcaption|figure|footer|form|frame|h[1-6]|head|header|hr|html|iframe|legend|li|link|main
            |menu|nav|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track
            |ul)(?=[\s/>]|$)|</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>\s*$)""".replace("\n            ", ""),
            re.IGNORECASE,
        ),
        None,  # until the next blank line
    ),
)
INLINE = re.compile(
    r"""(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)   # code
    | !\[[^\[\]]*\]                                        # what an image shows
    | \[[^\[\]]*\]\[\] | \[[^\[\]]*\](?![(\[])             # the name of a reference, a footnote, a box to tick
    | (?<=\])\((?:[^()]|\([^()]*\))*\) | (?<=\])\[[^\[\]]*\]    # where a link leads
    | <[^<>\s][^<>]*>                                      # tags and addresses
    | (?:https?|ftp)://[^\s<>]+ | www\.[^\s<>]+ | [\w.+-]+@[\w-]+\.[\w.-]+
    | \$[^$\n]+\$ | \{\{.*?\}\} | \{%.*?%\} | \{[\#.:][^{}]*\}
    | &\#?\w+;""",
    re.VERBOSE | re.DOTALL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text with its end, `text[start:end]`, and what it is."""

    start: int
    end: int
    what: What


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph or a list item: what a rule looks at by itself. `start`: where it is in the section."""

    start: int
    text: str
    is_heading: bool = False
    under: tuple[int, ...] = ()  # the levels of the headings above a heading, as the document had them

    @cached_property
    def protected(self) -> tuple[tuple[int, int], ...]:
        """What no rule may touch: code, links' targets, addresses, formulas, tags."""
        return tuple(found.span() for found in INLINE.finditer(self.text))

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing protected is in there, or touches it."""
        return all(end < a or start > b for a, b in self.protected)


@dataclass(frozen=True)
class Piece:
    """A section as the document has it: a heading and what follows, or what stands before the first heading."""

    text: str
    under: tuple[int, ...] = ()  # the levels of the headings above it, from the outermost to its own


def split(document: str) -> list[Piece]:
    """The sections of a document, in order; their texts joined are the document."""
    starts = [line.start for line in lines(document, first=True) if line.what == "heading"]
    cuts = sorted({0, *starts, len(document)})
    pieces: list[Piece] = []
    above: list[int] = []
    for start, end in pairwise(cuts):
        if start in starts:
            level = level_of(document[start:end])
            above = [*(one for one in above if one < level), level]
        pieces.append(Piece(document[start:end], tuple(above)))
    return pieces


def level_of(section: str) -> int:
    """The level of its heading, 1 to 6."""
    hashes = section.removeprefix("\ufeff").lstrip(" ")
    return len(hashes) - len(hashes.lstrip("#"))


def blocks(section: str, *, first: bool, under: tuple[int, ...] = ()) -> Iterator[Block]:
    """The heading and all prose of a section, in order. `first`: it is the beginning of the document."""
    paragraph: list[Line] = []
    for line in (*lines(section, first), Line(len(section), len(section), "blank")):
        if line.what == "prose":
            paragraph.append(line)
            continue
        yield from _prose(section, paragraph)
        paragraph = []
        if line.what == "heading":
            yield Block(line.start, section[line.start : line.end].rstrip("\r\n"), is_heading=True, under=under)


def _prose(section: str, paragraph: list[Line]) -> Iterator[Block]:
    """The blocks of lines that belong together: each list item is its own; tables are none."""
    if not paragraph or NOT_PROSE.search("\n".join(section[n.start : n.end].rstrip() for n in paragraph)):
        return
    starts = [n.start for n in paragraph if n is paragraph[0] or ITEM.match(section, n.start)]
    for start, end in zip(starts, [*starts[1:], paragraph[-1].end], strict=True):
        yield Block(start, section[start:end].rstrip())


def lines(text: str, first: bool) -> Iterator[Line]:
    """Every line and what it is. `first`: the text is the beginning of the document and may have front matter."""
    found = list(LINE.finditer(text))
    skipped = _front_matter([n[0] for n in found]) if first else 0
    left: _Open | None = None
    for number, match in enumerate(found):
        start = match.start() + (number == 0 and text.startswith("\ufeff"))
        line = text[start : match.end()]
        what: What = "kept"
        if left is not None and left.is_left_by(line):
            left = None
        if left is not None:
            left = None if left.ends_with(line) else left
        elif number >= skipped and (left := _opened(line)) is None:
            what = _plainly(line)
        yield Line(start, match.end(), what)


def _front_matter(found: list[str]) -> int:
    """How many lines of it there are."""
    mark = found[0].removeprefix("\ufeff").rstrip() if found else ""
    closing = {mark, "..."} if mark == "---" else {mark}
    if mark not in FRONT:
        return 0
    return next((n + 1 for n, line in enumerate(found) if n and line.rstrip() in closing), 0)


@dataclass(frozen=True, slots=True)
class _Open:
    """What is open and keeps the lines that follow: a fence, or a block of HTML."""

    until: re.Pattern[str] | None  # None: a blank line
    quoted: bool = False
    listed: bool = False

    def is_left_by(self, line: str) -> bool:
        """Whether the line no longer belongs to it."""
        out = self.quoted and not line.lstrip(" ").startswith(">")
        out |= self.listed and line[:1] not in " \t\r\n>"
        return out or (self.until is None and not line.strip())

    def ends_with(self, line: str) -> bool:
        """Whether the line is its last."""
        return self.until is not None and bool(self.until.search(line))


def _opened(line: str) -> _Open | None:
    """What this line opens; None if nothing stays open after it."""
    if fence := FENCE.match(line.rstrip("\r\n")):
        mark, lead = fence["fence"], fence["lead"]
        closing = re.compile(rf"[ \t>]*{re.escape(mark[0])}{{{len(mark)},}}\s*$")
        return _Open(closing, quoted=">" in lead, listed=bool(lead.strip(" \t>")))
    for opening, ending in HTML:
        if found := opening.match(line):
            return None if ending is not None and ending.search(line, found.end()) else _Open(ending)
    return None


def _plainly(line: str) -> What:
    if not line.strip(" \t\r\n>"):
        return "blank"
    if HEADING.match(line):
        return "heading"
    kept = INDENTED.match(line) or DEFINITION.match(line) or any(opening.match(line) for opening, _ in HTML)
    return "kept" if kept else "prose"
