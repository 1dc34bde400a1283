"""Asks marked questions of the research scenario, and looks whether what it cites is what was marked."""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.research.kinds import Answer, Question, Report, Subtask
from blackboard import Board
from blackboard.tools.documents import Quote
from scenarios.research import scenario
from tests.answers.questions import Marked, Place

BELIEVED = ("accepted", "compared")
"""Statuses of answers that a report may rest on."""


@dataclass(frozen=True)
class Citation:
    """A quote of a report. `wrong`: why it is not what stands in the file, empty if it is. `unchecked`: it has pages,
    so that its bytes are those of a text that only a reader of that format can give."""

    document: str
    line: int
    start: int
    end: int
    reads: str
    wrong: str = ""
    unchecked: bool = False

    @property
    def place(self) -> Place:
        """Its bytes."""
        return Place(self.document, self.start, self.end)


@dataclass(frozen=True)
class Score:
    """What became of one question. `rank`: of the first citation that was marked, from 1; None: a miss."""

    corpus: str
    question: str
    rank: int | None
    citations: tuple[Citation, ...]
    seconds: float
    ending: str
    """How the board ended; `complete` unless something went wrong."""

    @property
    def hit(self) -> bool:
        """Whether a marked passage was cited."""
        return self.rank is not None

    @property
    def wrong(self) -> list[Citation]:
        """Citations that are not what stands in their file."""
        return [c for c in self.citations if c.wrong]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {**asdict(self), "hit": self.hit}


@dataclass(frozen=True)
class Total:
    """The scores of one corpus, or of all."""

    corpus: str
    hits: int
    questions: int
    citations: float
    """Mean number for a question."""
    wrong: int
    unchecked: int
    seconds: float


def ask_all(questions: Sequence[Marked], folders: Mapping[str, Path]) -> Iterator[Score]:
    """Asks what can be asked, one after the other. WrongMark, before anything is asked."""
    there = [(q, folders[q.corpus], q.places(folders[q.corpus])) for q in questions if q.corpus in folders]
    for question, folder, places in there:
        yield ask(question, folder, places)


def ask(marked: Marked, folder: Path, places: Sequence[Place]) -> Score:
    """Runs the research scenario without a model for one question, on a board in memory."""
    began = time.perf_counter()
    with scenario.run(Question(question=marked.question, documents=folder), db=":memory:", team="offline") as board:
        seconds = time.perf_counter() - began
        ending = board.verdict.ending if board.verdict else "open"
        quotes = cited(board)
    citations = tuple(checked(quote, folder) for quote in quotes)
    rank = next((n for n, c in enumerate(citations, 1) if any(c.place.overlaps(p) for p in places)), None)
    return Score(marked.corpus, marked.question, rank, citations, round(seconds, 2), ending)


def cited(board: Board) -> list[Quote]:
    """What the final report cites, in its order; of a report that does not tell, the quotes of believed answers."""
    reports = board.find(Report, status="final")
    if not reports:
        return []
    quotes = reports[-1].body.citations or _quotes_of_answers(board)
    return list({(q.document, q.page, q.start, q.end): q for q in quotes}.values())


def _quotes_of_answers(board: Board) -> list[Quote]:
    """In the order of the subtasks."""
    subtasks = sorted(board.find(Subtask), key=lambda s: (s.body.rank, s.body.text))
    return [q for s in subtasks for a in board.find(Answer, about=s, status=BELIEVED) for q in a.body.quotes]


def checked(quote: Quote, folder: Path) -> Citation:
    """The quote, compared with the file by nothing but opening and slicing it."""
    wrong = "" if quote.page else _what_is_wrong(quote, folder)
    reads = " ".join((quote.reads or quote.text).split())
    return Citation(quote.document, quote.line, quote.start, quote.end, reads, wrong, unchecked=quote.page > 0)


def _what_is_wrong(quote: Quote, folder: Path) -> str:
    path = (folder / quote.document).resolve()
    if not path.is_relative_to(folder.resolve()):
        return "outside the folder"
    try:
        data = path.read_bytes()
    except OSError:
        return "no such file"
    found = data[quote.start : quote.end]
    is_whole = len(found) == quote.end - quote.start > 0
    if not is_whole or found != quote.text.encode(quote.encoding):
        return "other bytes"
    if hashlib.sha256(found).hexdigest() != quote.sha256:
        return "other hash"
    return "" if data.count(b"\n", 0, quote.start) + 1 == quote.line else "other line"


def totals(scores: Sequence[Score]) -> list[Total]:
    """One for each corpus in the order of the scores, and one for all."""
    names = dict.fromkeys(s.corpus for s in scores)
    return [*(_total(name, [s for s in scores if s.corpus == name]) for name in names), _total("all", scores)]


def _total(name: str, scores: Sequence[Score]) -> Total:
    citations = [c for s in scores for c in s.citations]
    return Total(
        corpus=name,
        hits=sum(s.hit for s in scores),
        questions=len(scores),
        citations=round(len(citations) / max(len(scores), 1), 1),
        wrong=sum(bool(c.wrong) for c in citations),
        unchecked=sum(c.unchecked for c in citations),
        seconds=round(sum(s.seconds for s in scores), 1),
    )
