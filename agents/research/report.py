"""Puts answers together as a report in Markdown: the short answer first, then each part, what is disputed or open."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from agents.research.citing import Cited, Sources, Told, told
from agents.research.claims import is_extract
from agents.research.kinds import Answer, Disagreement, Report, Subtask
from blackboard.tools.documents import Quote

TITLE = 160  # characters
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2060-\u2069]")
"""What a terminal or a reader could take for a command; line feeds are ours."""
FEWEST, MOST = 3, 5  # sentences of the short answer
NEAREST = 3  # sentences that are shown of an answer that was not accepted
DISPUTED = "*(disputed, see below)*"
EXTRACTIVE = "Extractive: no model was used"
QUOTED = (
    "Every sentence with a number is quoted from the documents; confidence is how much of the question's wording the "
    "quotes cover."
)
NOT_EXTRACTIVE = "Put together without a model from answers that are more than quotes."
NO_REASON = "No agent could answer it."
NOTHING = (
    "The documents do not answer this question: nothing was found that could be accepted as an answer. "
    "Ask it in other words, or name a folder that covers it with `--documents`."
)
FOLLOWS = "Asked because a part of the question stayed open. "
INSTEAD = "The documents do not answer this question itself. What they say on what it is about:"


@dataclass(frozen=True)
class Part:
    """One part of the question and what became of it."""

    subtask: Subtask
    answer: Answer | None = None
    accepted: bool = False
    scores: tuple[int, ...] = ()
    """One of each review of its answer, in order."""
    reason: str = ""
    """Why it has no accepted answer."""
    is_grounded: bool = False
    """Whether the quotes of an answer that was not accepted were found in their documents."""

    @cached_property
    def told(self) -> Told:
        """What the report may say of it; nothing unless accepted."""
        return told(self.answer) if self.answer and self.accepted else Told(())

    @property
    def is_answered(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.told.sentences)

    @property
    def said(self) -> set[str]:
        """Its sentences."""
        return {sentence.text for sentence in self.told.sentences}

    @property
    def nearest(self) -> tuple[Quote, ...]:
        """What comes nearest to an answer, where there is none."""
        return self.answer.quotes[:NEAREST] if self.answer and self.is_grounded and not self.is_answered else ()

    @property
    def is_extract(self) -> bool:
        """Whether it says nothing but its quotes."""
        return self.answer is not None and is_extract(self.answer)


def compose(
    question: str, parts: Sequence[Part], unread: Sequence[str] = (), disagreements: Sequence[Disagreement] = ()
) -> Report:
    """The report on all parts, in the order given.

    `unread`: documents that were not read, with the reason. `disagreements`: those told are of what the report cites.
    """
    return _Composition(question, parts, unread, disagreements).report()


class _Composition:
    """What a report is made of, and the numbers of its sources."""

    def __init__(
        self, question: str, parts: Sequence[Part], unread: Sequence[str], disagreements: Sequence[Disagreement]
    ) -> None:
        self.question, self.parts, self.unread = question, parts, unread
        whole = [p for p in parts if not p.subtask.follows]
        self.asked = [p for p in whole if _same(p.subtask.text, question)] or whole
        self.answered = [p for p in parts if p.is_answered]
        said = {q.sentence for p in self.answered for s in p.told.sentences for q in s.quotes}
        told = [d for d in disagreements if any(q.sentence in said for q in d.quotes)]
        self.disagreements = sorted(told, key=lambda d: [(q.document, q.page, q.start) for q in d.quotes])
        self.disputed = {q.sentence for d in self.disagreements for q in d.quotes}
        self.own = _with_own_words(self.answered)
        self.sources = Sources()

    def report(self) -> Report:
        short, sections = self._short_answer(), list(self._sections())
        disputed, scores = list(self._disputed()), [p.scores[-1] for p in self.answered if p.scores]
        quality = round(sum(scores) / len(scores), 1) if scores else 0
        found = [short, self._summary(quality), *sections] if self.answered else [NOTHING]
        last = [*disputed, *self._open(), _not_read(self.unread), *self._listed(), self._note()]
        markdown = "\n\n".join(block for block in (f"# {_title(self.question)}", *found, *last) if block)
        return Report(
            markdown=CONTROL.sub("\N{REPLACEMENT CHARACTER}", markdown),
            confidence=self.confidence,
            quality=quality,
            open_questions=tuple(p.subtask.text for p in self.parts if self._is_told_of(p) and not p.is_answered),
            answered=len(self._own_parts(self.own)),
            quotes=len(self.sources.quotes),
            documents=len({q.document for q in self.sources.quotes}),
            disagreements=len(self.disagreements),
            cut=sum(p.told.cut for p in self.parts),
            citations=tuple(self.sources.quotes),
        )

    @cached_property
    def confidence(self) -> float:
        """Mean over the parts of the question; one that only repeats others does not count."""
        asked, own = self._own_parts(self.parts), self._own_parts(self.own)
        again = len(self._own_parts(self.answered)) - len(own)
        return round(sum(p.answer.confidence for p in own if p.answer) / max(len(asked) - again, 1), 2)

    def _own_parts(self, parts: Sequence[Part]) -> list[Part]:
        """Those that were asked for: the question itself where it is one of them, else what it falls into."""
        return [p for p in parts if any(p is asked for asked in self.asked)]

    def _is_told_of(self, part: Part) -> bool:
        """Whether a reader misses it where it found no answer: nobody asked for what stands beside the question."""
        return part.is_answered or part.subtask.follows or any(part is asked for asked in self.asked)

    def _short_answer(self) -> str:
        """The first sentence of every part, and further ones where there are few parts; in the order of the parts."""
        own = self._own_parts(self.answered)
        parts = own or self.answered
        by_turns = sorted((nth, n) for n, part in enumerate(parts) for nth in range(len(part.told.sentences)))
        chosen: dict[str, tuple[int, int]] = {}
        for nth, n in by_turns:
            if len(chosen) < (MOST if nth == 0 else FEWEST):
                chosen.setdefault(parts[n].told.sentences[nth].text, (n, nth))
        said = [self._cited(parts[n].told.sentences[nth]) for n, nth in sorted(chosen.values())]
        return " ".join(said if own else [INSTEAD, *said])

    def _summary(self, quality: float) -> str:
        """What a person in a hurry wants to know of the whole: how much was found, and how good it is."""
        asked, own = self._own_parts(self.parts), self._own_parts(self.own)
        again = len(self._own_parts(self.answered)) - len(own)
        documents = len({q.document for s in self.answered for c in s.told.sentences for q in c.quotes})
        sentences = {c.text for p in self.answered for c in p.told.sentences}
        counted = f"{_many(len(sentences), 'sentence')} quoted from {_many(documents, 'document')}"
        repeated = f", {again} more by the same sentences" if again else ""
        beside = len(self.own) - len(own)
        more = f", {beside} more beside {'it' if len(asked) == 1 else 'them'}" if beside else ""
        told = [f"{len(own)} of {_many(len(asked), 'part')} answered{repeated}{more}, {counted}."]
        told += [f"Confidence {self.confidence:.2f} of 1{f', quality {quality:.1f} of 5' if quality else ''}."]
        if self.disagreements:
            told.append(f"The documents disagree on {_many(len(self.disagreements), 'point')}.")
        if cut := sum(p.told.cut for p in self.parts):
            told.append(f"{_many(cut, 'sentence')} without a citation {'was' if cut == 1 else 'were'} left out.")
        return f"*{' '.join(told)}*"

    def _sections(self) -> Iterator[str]:
        """A heading, the answer and its basis for each part; a sentence that an earlier part has is only pointed at.

        What was not asked for and says nothing else has none.
        """
        said: set[str] = set()
        own = {id(part) for part in self.own}
        for part in self.answered:
            if part.answer and (part.said - said or self._own_parts([part])):
                yield f"## {_line(part.subtask.text)}"
                yield self._told(part, said)
                if id(part) in own:
                    yield f"*{self._believed(part.answer, part)}*"
                said |= part.said

    def _believed(self, answer: Answer, part: Part) -> str:
        quality = f", quality {part.scores[-1]} of 5" if part.scores else ""
        why = FOLLOWS if part.subtask.follows else ""
        return f"{why}Confidence {answer.confidence:.2f}{quality}. {answer.basis}".rstrip()

    def _told(self, part: Part, said: set[str]) -> str:
        sentences = part.told.sentences
        new = [self._cited(s) for s in sentences if s.text not in said]
        repeated = [q for s in sentences if s.text in said for q in s.quotes]
        again = [f"[{n}]" for n in sorted({self.sources.number(q) for q in repeated})]
        if not again:
            return " ".join(new)
        *before, last = again
        pointer = f"{', '.join(before)} and {last}" if before else last
        return " ".join([*new, f"{'See also' if new else 'Answered in'} {pointer} above."])

    def _cited(self, sentence: Cited) -> str:
        is_disputed = not self.disputed.isdisjoint(q.sentence for q in sentence.quotes)
        return self.sources.cited(sentence, DISPUTED if is_disputed else "")

    def _disputed(self) -> Iterator[str]:
        if self.disagreements:
            yield "## Where the documents disagree"
            yield "\n".join(
                f"- **{_line(one)}** or **{_line(other)}**: {self._says(quotes[0])}; {self._says(quotes[1])}"
                for (one, other), quotes in ((d.values, d.quotes) for d in self.disagreements)
            )

    def _says(self, quote: Quote) -> str:
        return f"{_code(quote.place)} says “{quote.sentence}” [{self.sources.number_there(quote)}]"

    def _open(self) -> Iterator[str]:
        yield "## What remained open"
        lines = [self._left_open(part) for part in self.parts if self._is_told_of(part) and not part.is_answered]
        yield "\n".join(lines) or "Nothing: every part of the question found an answer."

    def _left_open(self, part: Part) -> str:
        nearest = " ".join(self.sources.cited(Cited(f"“{q.sentence}”", (q,))) for q in part.nearest)
        found = f" Nearest to it: {nearest}" if nearest else ""
        return f"- **{_line(part.subtask.text)}** {_line(_why_open(part))}{found}"

    def _listed(self) -> Iterator[str]:
        if self.sources.quotes:
            yield "## Sources"
            yield "\n".join(f"{n}. {_code(q.place)} “{q.sentence}”" for n, q in enumerate(self.sources.quotes, 1))

    def _note(self) -> str:
        """Who wrote this, what it took, and what its numbers mean; the same on every machine, so no seconds."""
        if not all(p.is_extract for p in self.answered):
            return NOT_EXTRACTIVE
        cost = f"{EXTRACTIVE}; it cost nothing but this machine's time{self._took()}."
        return f"{cost} {QUOTED}" if self.answered else cost

    def _took(self) -> str:
        reviews = sum(len(p.scores) for p in self.parts)
        drafts = sum(max(len(p.scores), 1) for p in self.parts if p.answer)
        counted = f"{_many(len(self.parts), 'part')}, {_many(drafts, 'draft')}, {_many(reviews, 'review')}"
        return f" ({counted})" if reviews else ""


def _why_open(part: Part) -> str:
    return part.reason or (part.answer and part.answer.basis) or NO_REASON


def _title(question: str) -> str:
    plain = _line(question) or "(an empty question)"
    whole = plain if len(plain) <= TITLE else plain[:TITLE].rsplit(" ", 1)[0] + " …"
    return f"\\{whole}" if whole.startswith("#") else whole


def _same(one: str, other: str) -> bool:
    """Whether two questions differ in their signs only."""
    return re.findall(r"\w+", one.lower()) == re.findall(r"\w+", other.lower())


def _line(text: str) -> str:
    return " ".join(text.split())


def _with_own_words(answered: Sequence[Part]) -> list[Part]:
    """Those that say anything which no part before them has said."""
    told: set[str] = set()
    own: list[Part] = []
    for part in answered:
        if not part.said <= told:
            own.append(part)
        told |= part.said
    return own


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _not_read(unread: Sequence[str]) -> str:
    return f"Not read: {', '.join(_one_line(u) for u in unread)}." if unread else ""


def _code(name: str) -> str:
    """As code on one line, whatever a file is called: fenced with more backticks than stand in it."""
    ticks = "`" * (max(map(len, re.findall("`+", name)), default=0) + 1)
    padding = " " if len(ticks) > 1 else ""
    return f"{ticks}{padding}{_one_line(name)}{padding}{ticks}"


def _one_line(name: str) -> str:
    return name.replace("\n", "\N{REPLACEMENT CHARACTER}")
