"""Documents fall into passages: paragraphs, lists, tables and code, each with its exact place."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel

from blackboard.tools.documents.readable import Readable, Run
from blackboard.tools.extractive import sentences

LONGEST_PROSE = 1_200
LONGEST_OTHER = 4_800
"""Bytes. Code and tables are read as a whole, so that they may be longer."""

EDITION = 16
"""How many hex digits of a file's hash tell its edition."""

LINE_END = re.compile(r"\n")
WORD = re.compile(r"[^\W_]")


class Passage(BaseModel, frozen=True):
    """A piece of a document, with its exact place.

    `document`: path in the folder, with forward slashes. `start`, `end`: bytes of the file; of a PDF, bytes of the text
    of its page in UTF-8. `text`: how that reads, without markup. `raw`: what stands there, decoded; empty where it is
    the same as `text`, else `runs` say where the characters of `text` stand in it. `sha256`: of exactly those bytes, in
    hex. `heading`: the nearest above. `line`: of `start`, from 1. `page`: of a document that has pages, from 1.
    `prose`: False for code, tables and markup. `encoding`: of the file, as Python names it. `edition`: the beginning of
    the file's own sha256. `score`: how well it answers the search that found it; higher is better, comparable within
    one search only.
    """

    document: str
    start: int
    end: int
    text: str
    sha256: str
    heading: str = ""
    line: int = 1
    page: int = 0
    prose: bool = True
    raw: str = ""
    runs: tuple[Run, ...] = ()
    encoding: str = "utf-8"
    edition: str = ""
    score: float = 0

    @property
    def exact(self) -> str:
        """What stands there, decoded."""
        return self.raw or self.text

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where characters of `text` stand in `exact`."""
        return Readable(self.text, self.runs).place(start, end)


@dataclass(frozen=True)
class Block:
    """What belongs together in a document, as its format says: characters `start` to `end`, and how they read."""

    start: int
    end: int
    heading: str
    prose: bool
    readable: Readable | None = None
    """None: as it stands there. Its runs are places in the whole text."""


@dataclass(frozen=True)
class Outline:
    """What a format makes of a text. The blocks are in order and never overlap; headings are none."""

    title: str
    blocks: list[Block]


@dataclass(frozen=True)
class Document:
    """What stands in one file."""

    path: str
    title: str
    passages: list[Passage]


@dataclass
class Places:
    """From characters of a text to bytes and lines of its file. Asked in order it takes one pass."""

    text: str
    encoding: str
    begin: int = 0
    """Bytes before the text: a byte order mark."""
    _at: tuple[int, int, int] = field(default=(0, 0, 0))

    def of(self, char: int) -> tuple[int, int]:
        """The byte at which this character begins, and its line from 1."""
        at, byte, line = self._at if self._at[0] <= char else (0, 0, 0)
        between = self.text[at:char]
        self._at = (char, byte + len(between.encode(self.encoding)), line + between.count("\n"))
        return self.begin + self._at[1], self._at[2] + 1


def passages(path: str, blocks: Iterable[Block], places: Places, page: int = 0) -> Iterator[Passage]:
    """The passages of a text in order, never overlapping: its blocks, the long ones in pieces."""
    for block in blocks:
        for start, end, readable in _pieces(places.text, block):
            if not WORD.search(readable.text):
                continue
            (first, line), raw = places.of(start), places.text[start:end]
            exact = raw.encode(places.encoding)
            is_marked = readable.text != raw
            yield Passage(
                document=path,
                start=first,
                end=first + len(exact),
                text=readable.text,
                sha256=hashlib.sha256(exact).hexdigest(),
                heading=block.heading,
                line=line,
                page=page,
                prose=block.prose,
                raw=raw if is_marked else "",
                runs=readable.moved(start).runs if is_marked else (),
                encoding=places.encoding,
            )


def _pieces(text: str, block: Block) -> Iterator[tuple[int, int, Readable]]:
    """A block, cut where sentences (in code and tables: lines) end if it is too long."""
    longest = LONGEST_PROSE if block.prose else LONGEST_OTHER
    whole = block.readable or Readable(text[block.start : block.end])
    if len(whole.text.encode(errors="replace")) <= longest:
        yield block.start, block.end, whole
        return
    begin = at = size = 0
    for unit in _units(whole.text, prose=block.prose, longest=longest):
        length = len(unit.encode(errors="replace"))
        if size + length > longest:
            yield from _piece(whole, begin, at, block.start)
            begin, size = at, 0
        at, size = at + len(unit), size + length
    yield from _piece(whole, begin, at, block.start)


def _piece(whole: Readable, begin: int, end: int, origin: int) -> Iterator[tuple[int, int, Readable]]:
    """Characters of a block without the white space around them; nothing if there is nothing else."""
    text = whole.text[begin:end]
    begin, end = begin + len(text) - len(text.lstrip()), begin + len(text.rstrip())
    if begin < end:
        yield *whole.place(begin, end, origin), whole.cut(begin, end)


def _units(text: str, *, prose: bool, longest: int) -> Iterator[str]:
    """What is not to be cut. A sentence without an end is cut between words, so that every passage has a bound."""
    few = longest // 4  # characters have at most four bytes
    ends = [s.end for s in sentences(text)] if prose else [found.end() for found in LINE_END.finditer(text)]
    for start, end in zip([0, *ends], [*ends, len(text)], strict=True):
        unit = text[start:end]
        if len(unit.encode(errors="replace")) <= longest:
            yield unit
        else:
            yield from re.findall(rf"(?s).{{1,{few}}}(?:(?<=\s)|(?=\s)|\Z)|.{{{few}}}", unit)
