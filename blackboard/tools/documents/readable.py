"""A text as a person reads it, without its markup, and where each character of it stands in the document."""

from bisect import bisect_right
from dataclasses import dataclass, field

Run = tuple[int, int, int]
"""(where it begins in the readable text, where it begins in the document, where it ends there), in characters.

It is as long in both, character by character, or it is one piece that reads otherwise: `&amp;`, which reads `&`.
"""


@dataclass(frozen=True)
class Readable:
    """Text with its places. Without runs it stands in the document as it is."""

    text: str
    runs: tuple[Run, ...] = ()

    def place(self, start: int, end: int, origin: int = 0) -> tuple[int, int]:
        """Where the characters `start` to `end` of the text stand in the document, markup between them included.

        `origin`: where the text begins in the document if it has no runs.
        """
        if not self.runs:
            return origin + start, origin + end
        first, last = self._run(start), self._run(max(start, end - 1))
        return self._inside(first, start)[0], self._inside(last, max(start, end - 1))[1]

    def cut(self, start: int, end: int) -> "Readable":
        """The characters `start` to `end` by themselves, with their places in the same document."""
        runs = []
        for nth in range(self._run(start), self._run(max(start, end - 1)) + 1) if self.runs else ():
            at, begin, stop = self.runs[nth]
            if self._is_alike(nth):
                skipped = max(0, start - at)
                length = min(end, at + stop - begin) - at
                runs.append((at + skipped - start, begin + skipped, begin + length))
            else:
                runs.append((max(at, start) - start, begin, stop))
        return Readable(self.text[start:end], tuple(runs))

    def moved(self, by: int) -> "Readable":
        """The same, where the document begins `by` characters later."""
        return Readable(self.text, tuple((at, begin - by, stop - by) for at, begin, stop in self.runs))

    def _run(self, at: int) -> int:
        return max(0, bisect_right(self.runs, at, key=lambda run: run[0]) - 1)

    def _is_alike(self, nth: int) -> bool:
        at, begin, stop = self.runs[nth]
        follows = self.runs[nth + 1][0] if nth + 1 < len(self.runs) else len(self.text)
        return stop - begin == follows - at

    def _inside(self, nth: int, at: int) -> tuple[int, int]:
        """Where one character stands: by itself, or the whole piece that reads as it."""
        begins, begin, stop = self.runs[nth]
        if self._is_alike(nth):
            return begin + at - begins, begin + at - begins + 1
        return begin, stop


@dataclass
class Writer:
    """Makes a Readable piece by piece, in the order of the document."""

    document: str
    _parts: list[str] = field(default_factory=list)
    _runs: list[Run] = field(default_factory=list)
    _length: int = 0

    def keep(self, start: int, end: int) -> None:
        """These characters read as they stand."""
        if start < end:
            self._put(self.document[start:end], start, end)

    def put(self, text: str, start: int, end: int) -> None:
        """The characters `start` to `end` of the document read as this, whatever stands there; nothing if empty."""
        if text:
            self._put(text, start, end)

    def readable(self) -> Readable:
        """All of it."""
        return Readable("".join(self._parts), tuple(self._runs))

    def _put(self, text: str, start: int, end: int) -> None:
        follows = self._runs and self._runs[-1][2] == start and self._grows(start, end, len(text))
        if follows:
            self._runs[-1] = (self._runs[-1][0], self._runs[-1][1], end)
        else:
            self._runs.append((self._length, start, end))
        self._parts.append(text)
        self._length += len(text)

    def _grows(self, start: int, end: int, length: int) -> bool:
        """Whether the last run and this piece are both as long as what stands in the document."""
        at, begin, stop = self._runs[-1]
        return stop - begin == self._length - at and end - start == length
