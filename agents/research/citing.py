"""Which sentence of an answer rests on which quotes, and the numbers by which a report cites them."""

import re
from dataclasses import dataclass, field

from agents.research.kinds import Answer
from blackboard.tools.documents import Quote
from blackboard.tools.extractive import sentences

MARK = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
LATE_MARKS = re.compile(r"([.!?]+[\"'\u201d\u2019)]*)((?:\s*\[\d+(?:\s*,\s*\d+)*\])+)")


@dataclass(frozen=True)
class Cited:
    """A sentence with the quotes that it rests on, one at least."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class Told:
    """What an answer says."""

    sentences: tuple[Cited, ...]
    cut: int = 0
    """Sentences that cite nothing: nobody can check them."""


def told(answer: Answer) -> Told:
    """The sentences of an answer with what they rest on; how many rest on nothing."""
    if is_extract(answer):
        return Told(tuple(Cited(q.sentence, (q,)) for q in answer.quotes))
    marked = [s.text for s in sentences(LATE_MARKS.sub(r"\2\1", answer.text))]
    read = [Cited(MARK.sub("", s).strip(), _quotes(s, answer.quotes)) for s in marked]
    kept = tuple(sentence for sentence in read if sentence.quotes)
    return Told(kept, cut=len(read) - len(kept))


def is_extract(answer: Answer) -> bool:
    """Whether it says nothing but its quotes."""
    return answer.text == " ".join(q.sentence for q in answer.quotes)


def _quotes(sentence: str, quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
    numbers = [int(n) for marks in MARK.findall(sentence) for n in marks.split(",")]
    return tuple(quotes[n - 1] for n in dict.fromkeys(numbers) if 1 <= n <= len(quotes))


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

    def cited(self, sentence: Cited, note: str = "") -> str:
        """The sentence with its numbers, and a note after them."""
        marks = "".join(f"[{self.number(quote)}]" for quote in sentence.quotes)
        return " ".join(part for part in (sentence.text, marks, note) if part)
