"""Puts answers together as a report in Markdown: the short answer first, then each part, what is open, the sources."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agents.research.kinds import Answer, Report, Subtask
from blackboard.tools.documents import Quote

TITLE = 160  # characters
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What a terminal or a reader could take for a command; line feeds are ours."""
FEWEST, MOST = 3, 5  # sentences of the short answer
EXTRACTIVE = "Extractive: no model was used"
COVERED = "how much of the question's wording the quotes cover"
NOT_EXTRACTIVE = "Put together without a model from answers that are more than quotes."
NO_REASON = "No agent could answer it."
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


def compose(question: str, parts: Sequence[Part], unread: Sequence[str] = ()) -> Report:
    """The report on all parts, in the order given. `unread`: documents that were not read, with the reason."""
    answered = [p for p in parts if p.accepted]
    own = _with_own_words(answered)
    again = len(answered) - len(own)
    sources = Sources()
    short, *sections = [_short_answer(answered, sources), *_sections(answered, sources)]
    documents = len({q.document for q in sources.quotes})
    confidence = round(sum(p.answer.confidence for p in own if p.answer) / max(len(parts) - again, 1), 2)
    counted = f"{_many(len(sources.quotes), 'sentence')} quoted from {_many(documents, 'document')}"
    repeated = f", {again} more by the same sentences" if again else ""
    told = f"{len(own)} of {_many(len(parts), 'part')} answered{repeated}"
    summary = f"*{told}, {counted}. Confidence {confidence:.2f}.*"
    found = [short, summary, *sections] if answered else [NOTHING]
    blocks = [f"# {_title(question)}", *found, *_open(parts), _not_read(unread), *_listed(sources)]
    markdown = "\n\n".join(block for block in (*blocks, _note(answered, confidence)) if block)
    scores = [p.score for p in answered if p.score is not None]
    return Report(
        markdown=CONTROL.sub("\N{REPLACEMENT CHARACTER}", markdown),
        confidence=confidence,
        quality=sum(scores) / len(scores) if scores else 0,
        open_questions=tuple(p.subtask.text for p in parts if not p.accepted),
        answered=len(own),
        quotes=len(sources.quotes),
        documents=documents,
    )


def _title(question: str) -> str:
    plain = _line(question) or "(an empty question)"
    whole = plain if len(plain) <= TITLE else plain[:TITLE].rsplit(" ", 1)[0] + " …"
    return f"\\{whole}" if whole.startswith("#") else whole


def _line(text: str) -> str:
    return " ".join(text.split())


def _with_own_words(answered: Sequence[Part]) -> list[Part]:
    """Those that say anything which no part before them has said."""
    told: set[str] = set()
    own: list[Part] = []
    for part in answered:
        said = {q.sentence for q in part.quotes}
        if not said or not said <= told or (part.answer and not _is_extract(part.answer)):
            own.append(part)
        told |= said
    return own


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _short_answer(answered: Sequence[Part], sources: Sources) -> str:
    """The first sentence of every part, and further ones where there are few parts; in the order of the parts."""
    by_turns = sorted((nth, n) for n, part in enumerate(answered) for nth in range(len(part.quotes)))
    chosen: dict[str, tuple[int, int]] = {}
    for nth, n in by_turns:
        if len(chosen) < (MOST if nth == 0 else FEWEST):
            chosen.setdefault(answered[n].quotes[nth].sentence, (n, nth))
    return " ".join(sources.cited(answered[n].quotes[nth]) for n, nth in sorted(chosen.values()))


def _sections(answered: Sequence[Part], sources: Sources) -> Iterator[str]:
    """A heading, the answer and its basis for each part; a sentence that an earlier part has is only pointed at."""
    told: set[str] = set()
    own = {id(part) for part in _with_own_words(answered)}
    for part in answered:
        if part.answer:
            yield f"## {_line(part.subtask.text)}"
            yield _told(part.answer, sources, told)
            if id(part) in own:
                yield f"*{f'Confidence {part.answer.confidence:.2f}. {part.answer.basis}'.rstrip()}*"
            told |= {q.sentence for q in part.quotes}


def _told(answer: Answer, sources: Sources, told: set[str]) -> str:
    if not _is_extract(answer):
        return " ".join([answer.text, *(f"[{sources.number(q)}]" for q in answer.quotes)])
    new = [sources.cited(q) for q in answer.quotes if q.sentence not in told]
    again = [f"[{n}]" for n in sorted(sources.number(q) for q in answer.quotes if q.sentence in told)]
    if not again:
        return " ".join(new)
    *before, last = again
    pointer = f"{', '.join(before)} and {last}" if before else last
    return " ".join([*new, f"{'See also' if new else 'Answered in'} {pointer} above."])


def _is_extract(answer: Answer) -> bool:
    """Whether it says nothing but its quotes; otherwise it can only be cited as a whole."""
    return answer.text == " ".join(q.sentence for q in answer.quotes)


def _open(parts: Sequence[Part]) -> Iterator[str]:
    yield "## What remained open"
    reasons = ((p.subtask.text, (p.answer and p.answer.basis) or NO_REASON) for p in parts if not p.accepted)
    lines = [f"- **{_line(text)}** {_line(reason)}" for text, reason in reasons]
    yield "\n".join(lines) or "Nothing: every part of the question found an answer."


def _not_read(unread: Sequence[str]) -> str:
    return f"Not read: {', '.join(_one_line(u) for u in unread)}" if unread else ""


def _listed(sources: Sources) -> Iterator[str]:
    if sources.quotes:
        yield "## Sources"
        yield "\n".join(f"{n}. {_code(q.place)} “{q.sentence}”" for n, q in enumerate(sources.quotes, 1))


def _code(name: str) -> str:
    """As code on one line, whatever a file is called: fenced with more backticks than stand in it."""
    ticks = "`" * (max(map(len, re.findall("`+", name)), default=0) + 1)
    padding = " " if len(ticks) > 1 else ""
    return f"{ticks}{padding}{_one_line(name)}{padding}{ticks}"


def _one_line(name: str) -> str:
    return name.replace("\n", "\N{REPLACEMENT CHARACTER}")


def _note(answered: Sequence[Part], confidence: float) -> str:
    """Who wrote this, and what its confidence means."""
    if not answered:
        return f"{EXTRACTIVE}."
    is_extract = all(p.answer and _is_extract(p.answer) for p in answered)
    if not is_extract:
        return NOT_EXTRACTIVE
    quoted = f"{EXTRACTIVE}; every sentence above is quoted from your documents."
    return f"{quoted} Confidence {confidence:.2f} of 1 ({COVERED})."
