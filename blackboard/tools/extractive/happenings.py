"""What happened when to something that has a name: two dates of one thing that happens once cannot both be right."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from blackboard.tools.extractive.amounts import listed
from blackboard.tools.extractive.parts import Part, parts_of
from blackboard.tools.extractive.sentences import STOPWORDS, stem
from blackboard.tools.extractive.values import Value, contradict

ONCE = listed(
    """found establish open born invent discover publish launch introduc complet finish built sign ratify adopt land
    sank sunk abolish patent die withdraw withdrawn retir dissolv inaugurat"""
)
"""Stems of what happens once to a thing."""
UNCERTAIN = listed(
    """not no never nor neither without if unless until till before after since may might could would should often
    usually again first last next previous second every each some other another or about around only planned expected
    was_to reopened renamed versions version"""
)
"""A clause with one of these does not say that it happened just then, or tells of one of several."""
CLAUSES = re.compile(r";\s+|,\s+(?:and|but|which|who|where|while)\s+|\s+(?:and|but)\s+(?=(?:it|he|she|they)\b)")
COMMON = re.compile(r"\w+(?:tion|sion|ment|ing|ness|ity|ance|ence|ship|ers?|ors?|s)|work|support|sale|trade")
"""What begins a clause has a capital there whatever it is; these are seldom names."""
PRONOUN = re.compile(r"(?:it|he|she|they|this)\b", re.IGNORECASE)
AT = ("on", "in")
MOST_BETWEEN = 4
"""Words between the verb and the preposition of its date."""


@dataclass(frozen=True)
class Happening:
    """A named thing, the stem of what happened to it, and when."""

    names: frozenset[str]
    verb: str
    when: Value

    @property
    def subject(self) -> str:
        """In words."""
        return " ".join([*sorted(self.names), self.verb])


def contradicting(one: str, other: str) -> tuple[Happening, Happening] | None:
    """The first happening of each sentence that is the same on another date."""
    pairs = ((a, b) for a in happenings(one) for b in happenings(other))
    return next(
        ((a, b) for a, b in pairs if a.names == b.names and a.verb == b.verb and contradict(a.when, b.when)), None
    )


@lru_cache(maxsize=8192)
def happenings(sentence: str) -> tuple[Happening, ...]:
    """What it tells of, clause by clause; `it` is what the clause before speaks of."""
    return tuple(_happenings(" ".join(sentence.split())))


def _happenings(sentence: str) -> Iterator[Happening]:
    before = frozenset[str]()
    for clause in CLAUSES.split(sentence) if len(sentence) <= 600 and not sentence.endswith("?") else ():
        parts = parts_of(clause)
        verb = next((n for n, p in enumerate(parts) if p.sort == "word" and stem(p.text) in ONCE), None)
        names = before if PRONOUN.match(clause) else _names(parts[:verb])
        before = names or before
        dates = [n for n, p in enumerate(parts) if p.value and p.value.kind == "date"]
        if verb is None or len(dates) != 1 or not names or any(p.text in UNCERTAIN for p in parts):
            continue
        when = parts[dates[0]].value
        if when and dates[0] > verb and _is_of(parts, verb, dates[0]):
            yield Happening(names, stem(parts[verb].text), when)


def _names(parts: Sequence[Part]) -> frozenset[str]:
    """What has a name: identifiers, and words with a capital that are no articles."""
    named = [p for p in parts if p.sort == "name" or (p.capital and p.text not in STOPWORDS)]
    if len(named) == 1 and named[0].sort == "word" and named[0].start == 0 and COMMON.fullmatch(named[0].text):
        return frozenset()
    return frozenset(p.text.lower() for p in named)


def _is_of(parts: Sequence[Part], verb: int, date: int) -> bool:
    """Whether the date stands with the verb: `was founded in Bern on 3 May 1999`, with nothing parted between."""
    between = parts[verb + 1 : date]
    if not between or between[-1].text not in AT or any(p.sort in ("sign", "value") for p in between):
        return False
    return len(between) - 1 <= MOST_BETWEEN
