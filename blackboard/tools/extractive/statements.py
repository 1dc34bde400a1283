"""The sentences of passages that can be quoted: complete statements that read well by themselves."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.sentences import sentences, words

SHORTEST, LONGEST = 30, 400  # characters
FEWEST_WORDS = 5
FEWEST_WITH_VERB = 4  # a sentence with a verb is complete, however short its words

ENDS = re.compile(r"[.!…\u3002\uff01][\"'\u201d\u2019\u300d)*_`]*$")
SAYS_A_NUMBER = re.compile(r"\w \w+ [a-z]{2,}(?:s|ed) (?:only |about )?\d")
"""`Widget 77 weighs 539 grams.`: what comes before a number is a verb, known or not."""
MARKUP = re.compile(r"!\[|<[a-zA-Z/!]|\|.*\||\{\{|\\\w|://|\n\s*\n")
LEANING = re.compile(
    r"(?:its?|they|their|them|this|that|these|those|such|he|she|his|her|here|there|however|but|and|or|so|then|thus|also"
    r"|instead|therefore|hence|otherwise|both|neither|nor|another|moreover|furthermore|similarly|conversely|still|yet"
    r"|again|even so|as a result|for example|for instance|in (?:this|that|both|contrast|other words)|by contrast"
    r"|on the other hand|the (?:two|latter|former|same|other|second|third|last|next|result|idea|reason|rest)"
    r"|second|third|finally|next|see)\b",
    re.IGNORECASE,
)


class Source(Protocol):
    """A piece of a document as a search finds it, with its place: a `Passage` of `tools.documents`, or your own."""

    @property
    def document(self) -> str:
        """Path or name; its words say what the text is about."""

    @property
    def start(self) -> int:
        """The first byte in the document."""

    @property
    def line(self) -> int:
        """The line of `start`, from 1."""

    @property
    def text(self) -> str:
        """What stands there."""

    @property
    def heading(self) -> str:
        """The nearest above."""

    @property
    def prose(self) -> bool:
        """False for code, tables and markup."""

    @property
    def score(self) -> float:
        """How well it answers the search; higher is better."""


@dataclass(frozen=True)
class Statement:
    """A sentence where it stands."""

    passage: Source
    start: int  # in characters of the passage
    text: str
    place: tuple[int, int]  # which of the passages, which of its sentences
    retold: str = ""  # in the words of an inquiry, where it says the same in others

    @property
    def means(self) -> str:
        """The text as it is judged; `text` is what is quoted."""
        return self.retold or self.text

    @cached_property
    def stems(self) -> frozenset[str]:
        """What it says by itself."""
        return frozenset(words(self.means))

    @cached_property
    def heading(self) -> frozenset[str]:
        """What the heading above says of it."""
        return frozenset(words(self.passage.heading))

    @cached_property
    def document(self) -> frozenset[str]:
        """What the name of the document says of it."""
        return frozenset(words(self.passage.document))

    @cached_property
    def leans(self) -> bool:
        """Whether it needs the sentence before it to be understood."""
        return LEANING.match(self.text.lstrip("*_\"'\u201c`")) is not None

    @cached_property
    def density(self) -> float:
        """How hard it is to read, 0 to 1: its share of signs, and its length beyond what is read at a glance."""
        signs = sum(not (c.isalpha() or c in " \n\r.,'-") for c in self.text) / len(self.text)
        return min(1.0, max(0.0, 2 * signs - 0.05) + max(0.0, len(self.text) - 180) / 800)

    @property
    def line(self) -> int:
        """The line of the document on which it begins, from 1."""
        return self.passage.line + self._before.count("\n")

    @property
    def byte(self) -> int:
        """Its first byte in the document."""
        return self.passage.start + len(self._before.encode())

    @property
    def _before(self) -> str:
        return self.passage.text[: self.start]


def statements(passages: Sequence[Source], told: Callable[[str], str] = str) -> Iterator[Statement]:
    """Those in the passages, in order; none from code and tables. `told` puts a text in the words of an inquiry."""
    for number, passage in enumerate(passages):
        if passage.prose:
            for nth, span in enumerate(sentences(passage.text)):
                if is_statement(span.text):
                    yield Statement(passage, span.start, span.text, (number, nth), told(span.text))


def is_statement(text: str) -> bool:
    """Whether it is one complete statement: no markup, no fragment, no question, nothing left open."""
    first = re.sub(r"^\W+", "", text)[:1]
    return (
        len(text) <= LONGEST
        and _is_long_enough(text)
        and ENDS.search(text) is not None
        and not first.islower()
        and MARKUP.search(text) is None
        and all(text.count(mark) % 2 == 0 for mark in ("`", "*", "**"))
        and text.count("(") == text.count(")")
    )


def _is_long_enough(text: str) -> bool:
    count = len(text.split())
    if len(text) >= SHORTEST and (count >= FEWEST_WORDS or not text.isascii()):
        return True
    return count >= FEWEST_WITH_VERB and (wording.has_verb(text) or SAYS_A_NUMBER.search(text) is not None)


def says_the_same(one: Statement, other: Statement) -> bool:
    """Whether a reader of one learns little from the other."""
    shorter = min(len(one.stems), len(other.stems))
    return len(one.stems & other.stems) >= 0.6 * shorter
