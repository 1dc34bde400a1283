"""Blocks as a format gathers them, line by line: paragraphs, lists with what introduces them, code."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from blackboard.tools.documents.lines import Joined, Line
from blackboard.tools.documents.passages import Block
from blackboard.tools.documents.readable import Writer

Marker = tuple[str, int, int]
"""How what stands before a paragraph reads, and where it stands: the sign of a list item."""
LONGEST_LIST = 500
"""Characters of a list that is one block. The items of longer lists have little to do with each other."""
Writing = Callable[[Joined, Writer], None]
"""Writes a paragraph without its inline markup."""


@dataclass
class _Part:
    lines: Sequence[Line]
    marker: Marker | None


@dataclass
class _Gathered:
    heading: str
    prose: bool
    parts: list[_Part]
    group: int = 0


def _apart(gathered: _Gathered) -> Iterator[_Gathered]:
    """A block, or if it is a long list, each item with what belongs to it."""
    if gathered.parts[-1].lines[-1].end - gathered.parts[0].lines[0].start <= LONGEST_LIST:
        yield gathered
        return
    starts = [at for at, part in enumerate(gathered.parts) if part.marker or not at]
    for start, end in zip(starts, [*starts[1:], len(gathered.parts)], strict=True):
        yield replace(gathered, parts=gathered.parts[start:end])


@dataclass
class Gathering:
    """Makes the blocks of a document from paragraphs that come in its order."""

    text: str
    write: Writing
    _found: list[_Gathered] = field(default_factory=list)
    _groups: int = 0
    _group: int = 0
    """The list that is being read; 0: none."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come yet."""
        return not self._found

    def prose(self, heading: str, lines: Sequence[Line], marker: Marker | None = None) -> None:
        """A paragraph; of a list, one block with what came before of the list."""
        part = _Part(lines, marker)
        last = self._found[-1] if self._found else None
        if last and self._group and last.group == self._group and last.heading == heading:
            last.parts.append(part)
        else:
            self._found.append(_Gathered(heading, True, [part], self._group))

    def other(self, heading: str, lines: Sequence[Line]) -> None:
        """Code, or a table, as it stands."""
        shown = [line for line in lines if not line.is_blank]
        if shown:
            self._found.append(_Gathered(heading, False, [_Part([shown[0], shown[-1]], None)]))

    def begin_list(self, heading: str) -> bool:
        """A list begins, with the paragraph before it if that ends with a colon. False inside a list."""
        if self._group:
            return False
        self._groups += 1
        self._group = self._groups
        last = self._found[-1] if self._found else None
        if last and last.prose and not last.group and last.heading == heading:
            line = last.parts[-1].lines[-1]
            if self.text[line.start : line.end].endswith(":"):
                last.group = self._group
        return True

    def end_list(self) -> None:
        """What follows is no part of the list."""
        self._group = 0

    def blocks(self) -> list[Block]:
        """All that has a character to read."""
        return [block for found in self._found for piece in _apart(found) if (block := self._block(piece))]

    def _block(self, gathered: _Gathered) -> Block | None:
        first, last = gathered.parts[0], gathered.parts[-1].lines[-1]
        start = first.marker[1] if first.marker else first.lines[0].start
        if not gathered.prose:
            return Block(start, last.end, gathered.heading, prose=False)
        writer = Writer(self.text)
        for nth, part in enumerate(gathered.parts):
            if nth:
                self._write_between(writer, gathered.parts[nth - 1].lines[-1].end, part)
            if part.marker:
                self._write_marker(writer, *part.marker)
            self.write(Joined(self.text, part.lines), writer)
        readable = writer.readable()
        return Block(start, last.end, gathered.heading, True, readable) if readable.text.strip() else None

    def _write_marker(self, writer: Writer, reads: str, start: int, end: int) -> None:
        """A sign that reads otherwise must not be as long as what stands there: each of its characters has no place."""
        is_alike = reads == self.text[start:end] or len(reads) != end - start
        writer.put(reads if is_alike else reads + " ", start, end)

    def _write_between(self, writer: Writer, end: int, part: _Part) -> None:
        """A line end, and an empty line before a paragraph that is no item."""
        line_end = self.text.index("\n", end)
        writer.keep(line_end, line_end + 1)
        if not part.marker and (another := self.text.find("\n", line_end + 1, part.lines[0].start)) > 0:
            writer.keep(another, another + 1)
