"""What a report may say of an answer, and the numbers by which it cites the quotes behind that."""

from dataclasses import dataclass, field

from agents.research.claims import claims
from agents.research.kinds import Answer
from blackboard.tools.documents import Quote


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
    said = claims(answer)
    read = [Cited(c.text, tuple(answer.quotes[n] for n in c.cites if 0 <= n < len(answer.quotes))) for c in said]
    kept = tuple(sentence for sentence in read if sentence.quotes)
    return Told(kept, cut=len(read) - len(kept))


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

    def number_there(self, quote: Quote) -> int:
        """Its number where its place is named too: that of this very place."""
        for number, known in enumerate(self.quotes, 1):
            if known.sentence == quote.sentence and _spot(known) == _spot(quote):
                return number
        self.quotes.append(quote)
        self._numbers.setdefault(quote.sentence, len(self.quotes))
        return len(self.quotes)

    def cited(self, sentence: Cited, note: str = "") -> str:
        """The sentence with its numbers, and a note after them."""
        marks = "".join(f"[{self.number(quote)}]" for quote in sentence.quotes)
        return " ".join(part for part in (sentence.text, marks, note) if part)


def _spot(quote: Quote) -> tuple[str, int, int]:
    return quote.document, quote.page, quote.start
