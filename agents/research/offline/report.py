"""Puts answers together as a report in Markdown: the short answer first, then each part, what is open, the sources."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from agents.research.kinds import Answer, Quote, Report, Subtask

TITLE = 160  # characters
FEWEST, MOST = 3, 5  # sentences of the short answer
NOTE = "Extractive: no model was used; every sentence above is quoted from your documents."
NO_ANSWER = "No agent answered it."
NOTHING = (
    "The documents do not answer this question: no part of it found a sentence that could be quoted. "
    "Ask it in other words, or name a folder that covers it with `--documents`."
)


@dataclass(frozen=True)
class Part:
    """One part of the question and what became of it."""

    subtask: Subtask
    answer: Answer | None = None
    accepted: bool = False
    score: int | None = None

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """What it may be cited with; nothing unless accepted."""
        return self.answer.quotes if self.answer and self.accepted else ()


@dataclass
class Sources:
    """Numbers for quotes, in the order in which they are first cited. A sentence has one number, wherever it stands."""

    quotes: list[Quote] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, quote: Quote) -> int:
        """Its number, a new one if need be."""
        if quote.sentence not in self._numbers:
            self.quotes.append(quote)
            self._numbers[quote.sentence] = len(self.quotes)
        return self._numbers[quote.sentence]

    def cited(self, quote: Quote) -> str:
        """The sentence with its number."""
        return f"{quote.sentence} [{self.number(quote)}]"


def compose(question: str, parts: Sequence[Part]) -> Report:
    """The report on all parts, in the order given."""
    answered = [p for p in parts if p.accepted]
    sources = Sources()
    confidence = round(sum(p.answer.confidence for p in answered if p.answer) / max(len(parts), 1), 2)
    body = [*_short_answer(answered, sources), *_sections(answered, sources)] if answered else [NOTHING]
    documents = len({q.document for q in sources.quotes})
    counted = f"{_many(len(sources.quotes), 'sentence')} quoted from {_many(documents, 'document')}"
    summary = f"*{len(answered)} of {_many(len(parts), 'part')} answered, {counted}. Confidence {confidence:.2f}.*"
    scores = [p.score for p in answered if p.score is not None]
    blocks = [f"# {_title(question)}", *body[:1], summary, *body[1:], *_open(parts), *_listed(sources), NOTE]
    return Report(
        markdown="\n\n".join(blocks),
        confidence=confidence,
        quality=sum(scores) / len(scores) if scores else 0,
        open_questions=tuple(p.subtask.text for p in parts if not p.accepted),
        answered=len(answered),
        quotes=len(sources.quotes),
        documents=documents,
    )


def _title(question: str) -> str:
    plain = " ".join(question.split()) or "(an empty question)"
    return plain if len(plain) <= TITLE else plain[:TITLE].rsplit(" ", 1)[0] + " …"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _short_answer(answered: Sequence[Part], sources: Sources) -> Iterator[str]:
    """The first sentence of every part, and further ones where there are few parts; in the order of the parts."""
    chosen: dict[str, tuple[int, int, Quote]] = {}
    by_turns = zip_longest(*([(n, nth, q) for nth, q in enumerate(p.quotes)] for n, p in enumerate(answered)))
    for nth, turn in enumerate(by_turns):
        if nth == 0 or len(chosen) < FEWEST:
            for candidate in turn:
                if candidate and len(chosen) < (MOST if nth == 0 else FEWEST):
                    chosen.setdefault(candidate[2].sentence, candidate)
    yield " ".join(sources.cited(quote) for _, _, quote in sorted(chosen.values(), key=lambda c: c[:2]))


def _sections(answered: Sequence[Part], sources: Sources) -> Iterator[str]:
    """A heading, the answer and its basis for each part; a sentence that an earlier part has is only pointed at."""
    told: set[str] = set()
    for part in answered:
        if part.answer:
            yield f"## {part.subtask.text}"
            yield _told(part.answer, sources, told)
            yield f"*Confidence {part.answer.confidence:.2f}. {part.answer.basis}*".replace(". *", ".*")
            told |= {q.sentence for q in part.quotes}


def _told(answer: Answer, sources: Sources, told: set[str]) -> str:
    if answer.text != " ".join(q.sentence for q in answer.quotes):  # not a chain of quotes: cited as a whole
        return " ".join([answer.text, *(f"[{sources.number(q)}]" for q in answer.quotes)])
    again = [f"[{sources.number(q)}]" for q in answer.quotes if q.sentence in told]
    new = [sources.cited(q) for q in answer.quotes if q.sentence not in told]
    pointer = (
        [f"See {'also ' if new else ''}{' and '.join(filter(None, [', '.join(again[:-1]), again[-1]]))} above."]
        if again
        else []
    )
    return " ".join([*new, *pointer])


def _open(parts: Sequence[Part]) -> Iterator[str]:
    yield "## What remained open"
    lines = [
        f"- {p.subtask.text} {p.answer.basis if p.answer else NO_ANSWER}".rstrip() for p in parts if not p.accepted
    ]
    yield "\n".join(lines) or "Nothing: every part of the question found an answer."


def _listed(sources: Sources) -> Iterator[str]:
    if sources.quotes:
        yield "## Sources"
        yield "\n".join(f"{n}. `{q.place}` “{q.sentence}”" for n, q in enumerate(sources.quotes, 1))
