"""Questions with marked answers: which bytes of which document answer them."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios.research import SHIPPED

HERE = Path(__file__).parent
FOLDERS: Mapping[str, Path] = {"memos": HERE.parent / "data" / "memos", "shipped": SHIPPED}
"""The corpora that are always there."""


class WrongMark(Exception):
    """A file of questions cannot be used; says which question, and what to mend."""


@dataclass(frozen=True)
class Place:
    """Bytes `start` to `end` of a document, which is a path in its corpus with forward slashes."""

    document: str
    start: int
    end: int

    def overlaps(self, other: "Place") -> bool:
        """Whether the two share a byte."""
        return self.document == other.document and self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Mark:
    """A passage that answers a question, exactly as it stands in its document. It stands there once.

    In documents of others its bytes are named instead: from `start` to `end`, with the beginning of their SHA-256.
    """

    document: str
    passage: str = ""
    start: int = 0
    end: int = 0
    sha256: str = ""

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> "Mark":
        """As it stands in a file of questions. KeyError."""
        if "sha256" in item:
            return cls(item["document"], start=item["start"], end=item["end"], sha256=item["sha256"])
        return cls(item["document"], item["passage"])

    def place(self, folder: Path) -> Place:
        """Where it stands. WrongMark if it does not, or more than once, or if the document is of another edition."""
        try:
            data = (folder / self.document).read_bytes()
        except OSError as error:
            raise WrongMark(f"{self.document} cannot be read in {folder}; name the right folder") from error
        if self.sha256:
            if not hashlib.sha256(data[self.start : self.end]).hexdigest().startswith(self.sha256):
                raise WrongMark(f"{self.document} says something else there than when it was marked; take that edition")
            return Place(self.document, self.start, self.end)
        passage = self.passage.encode()
        times = data.count(passage) if passage else 0
        if times != 1:
            raise WrongMark(
                f"{self.passage[:60]!r} stands {times} times in {self.document}; mark what stands there once"
            )
        start = data.index(passage)
        return Place(self.document, start, start + len(passage))


@dataclass(frozen=True)
class Marked:
    """A question to a corpus, and every passage of it that answers the question."""

    corpus: str
    question: str
    marks: tuple[Mark, ...]

    def places(self, folder: Path) -> list[Place]:
        """Where the answers stand. WrongMark."""
        return [mark.place(folder) for mark in self.marks]


def files_there() -> list[Path]:
    """The files of questions beside this module."""
    return sorted(HERE.glob("questions-*.json"))


def load(files: Iterable[Path]) -> list[Marked]:
    """All questions of some files, in their order. WrongMark if one cannot be read."""
    return [_marked(file, item) for file in files for item in _items(file)]


def corpora(questions: Sequence[Marked]) -> list[str]:
    """Their corpora, in the order in which they first come."""
    return list(dict.fromkeys(q.corpus for q in questions))


def _items(file: Path) -> list[dict[str, Any]]:
    try:
        items = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongMark(f"{file} is no file of questions: {error}") from error
    if not isinstance(items, list):
        raise WrongMark(f"{file} is no file of questions: it holds no list")
    return items


def _marked(file: Path, item: dict[str, Any]) -> Marked:
    try:
        marks = tuple(Mark.read(m) for m in (item, *item.get("also", ())))
        return Marked(item["corpus"], item["question"], marks)
    except (KeyError, TypeError, AttributeError) as error:
        raise WrongMark(f"{file}: a question lacks corpus, question, document or passage: {item!r:.120}") from error
