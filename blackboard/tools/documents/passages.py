"""Documents fall into passages: paragraphs, lists, tables and code, each with its exact place."""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import BaseModel

from blackboard.tools.extractive import sentences

LONGEST_PROSE = 1_200
LONGEST_OTHER = 4_800
"""Bytes. Code and tables are read as a whole, so that they may be longer."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FRONT_MATTER = re.compile(rb"---[ \t]*\r?\n(?=[\w-]+[ \t]*:|#|---)(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
TITLE = re.compile(rb"^title[ \t]*:[ \t]*[\"']?(.+?)[\"']?[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
ITEM = re.compile(rb"\s*(?:[-*+]|\d{1,9}[.)])\s")
FENCE = re.compile(rb"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}(?=[^`]*$)|~{3,})")
HEADING = re.compile(rb" {0,3}#{1,6}(?=[ \t]|\s*$)")
HEADING_CLOSED = re.compile(rb"(?:^|\s)#+$")
RULE = re.compile(rb" {0,3}([-=*_~^\"'+#.:])(?:\s*\1){2,}\s*$")
UNDERLINE = re.compile(rb"([-=~^\"'+*#.:])\1+\s*$")
NO_HEADING = re.compile(rb"\s*(?:[|>]|$)|(?:[-*+]|\d{1,9}[.)])\s")
NOT_PROSE = re.compile(rb"\s*(?:[|<]|\[!\[|\[[^\]^][^\]]*\]:|\+[-=]|\.\. )|(?:(?: {4}|\t).*(?:\n|$))+\Z")
INDENTED = re.compile(rb" {2}|\t")
LINE_END = re.compile(r"\n")
WORD = re.compile(r"[^\W_]")


class Passage(BaseModel, frozen=True):
    """A piece of a document, with its exact place: `text` is the bytes `start:end` of the file, decoded as UTF-8.

    `document`: path in the folder, with forward slashes. `sha256`: of exactly those bytes, in hex. `line`: of
    `start`, from 1. `heading`: the nearest above. `prose`: False for code, tables and markup. `score`: how well it
    answers the search that found it; higher is better, comparable within one search only.
    """

    document: str
    start: int
    end: int
    text: str
    sha256: str
    heading: str = ""
    line: int = 1
    prose: bool = True
    score: float = 0


@dataclass(frozen=True)
class Document:
    """What stands in one file."""

    path: str
    title: str
    passages: list[Passage]


def read_document(path: str, data: bytes) -> Document:
    """The title and the passages of a document, in order, never overlapping; headings and front matter are none.

    `data` must be UTF-8 (UnicodeDecodeError).
    """
    data.decode()  # here, so that a wrong byte is found wherever it stands
    outline = _Outline(data)
    found = [_passage(path, data, start, end, block) for block in outline.blocks for start, end in _pieces(data, block)]
    stem = PurePosixPath(path).stem.replace("-", " ").replace("_", " ")
    return Document(path, outline.title or stem, [passage for passage in found if WORD.search(passage.text)])


@dataclass(frozen=True)
class _Block:
    start: int
    end: int
    heading: str
    prose: bool
    lines: list[int]
    """Where the lines of the whole document start."""


def _passage(path: str, data: bytes, start: int, end: int, block: _Block) -> Passage:
    exact = data[start:end]
    return Passage(
        document=path,
        start=start,
        end=end,
        text=exact.decode(),
        sha256=hashlib.sha256(exact).hexdigest(),
        heading=block.heading,
        line=bisect_right(block.lines, start),
        prose=block.prose,
    )


def _pieces(data: bytes, block: _Block) -> Iterator[tuple[int, int]]:
    """A block, cut where sentences (in code and tables: lines) end if it is too long."""
    longest = LONGEST_PROSE if block.prose else LONGEST_OTHER
    if block.end - block.start <= longest:
        yield block.start, block.end
        return
    begin = at = block.start
    for unit in _units(data[block.start : block.end].decode(), prose=block.prose, longest=longest):
        size = len(unit.encode())
        if at + size - begin > longest:
            yield _trimmed(data, begin, at)
            begin = at
        at += size
    yield _trimmed(data, begin, at)


def _units(text: str, *, prose: bool, longest: int) -> Iterator[str]:
    """What is not to be cut. A sentence without an end is cut between words, so that every passage has a bound."""
    few = longest // 4  # characters have at most four bytes
    ends = [s.end for s in sentences(text)] if prose else [found.end() for found in LINE_END.finditer(text)]
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        unit = text[start:end]
        if len(unit.encode()) <= longest:
            yield unit
        else:
            yield from re.findall(rf"(?s).{{1,{few}}}(?:(?<=\s)|(?=\s)|\Z)|.{{{few}}}", unit)


def _trimmed(data: bytes, start: int, end: int) -> tuple[int, int]:
    piece = data[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


class _Outline:
    """One pass over the lines of a document: it knows the heading that it is under and the block that it is in."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.title = ""
        self.blocks: list[_Block] = []
        self._heading = ""
        self._open: int | None = None
        """The line where the block begins that is being read."""
        self._end = 0
        self._has_items = False
        self._lines = data.split(b"\n")
        self._starts = [0]
        for line in self._lines[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)
        at = self._after_front_matter()
        while at < len(self._lines):
            at = self._step(at)
        self._close()

    def _after_front_matter(self) -> int:
        begin = len(BYTE_ORDER_MARK) if self.data.startswith(BYTE_ORDER_MARK) else 0
        self._starts[0] = begin
        self._lines[0] = self._lines[0][begin:]
        matter = FRONT_MATTER.match(self.data, begin)
        if not matter:
            return 0
        if titled := TITLE.search(matter[0]):
            self.title = titled[1].decode()
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
        return item and self._lines[self._end - 1].rstrip().endswith(b":")

    def _heading_at(self, at: int) -> int:
        """How many lines the heading here takes, 0 if there is none."""
        if found := HEADING.match(self._lines[at]):
            return self._under(HEADING_CLOSED.sub(b"", self._lines[at][found.end() :].strip()), 1)
        if self._open is None and self._underlined(at):
            return self._under(self._lines[at], 2)
        overline = UNDERLINE.match(self._lines[at])
        if overline and self._open is None and self._underlined(at + 1, overline[1]):
            return self._under(self._lines[at + 1], 3)
        return 0

    def _underlined(self, at: int, by: bytes = b"") -> bool:
        """Whether line `at` is a heading by the line under it: `=` and `-`, or as reStructuredText has it."""
        if at + 1 >= len(self._lines) or NO_HEADING.match(self._lines[at]) or RULE.match(self._lines[at]):
            return False
        found = UNDERLINE.match(self._lines[at + 1])
        if not found or (by and found[1] != by):
            return False
        return found[1] in b"=-" or len(self._lines[at + 1].rstrip()) >= len(self._lines[at].rstrip())

    def _under(self, heading: bytes, height: int) -> int:
        self._close()
        self._heading = heading.strip().decode()
        self.title = self.title or self._heading
        return height

    def _code(self, at: int, fence: bytes) -> int:
        """Code is one block with its fences; without a closing fence it goes to the end, as in CommonMark."""
        self._close()
        closing = re.compile(rb"[\s>]*" + re.escape(fence) + re.escape(fence[:1]) + rb"*\s*$")
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
            prose = prose and not NOT_PROSE.match(self.data, start, end)
            trimmed = _trimmed(self.data, start, end)
            self.blocks.append(_Block(*trimmed, self._heading, prose, self._starts))
        self._open, self._has_items = None, False
