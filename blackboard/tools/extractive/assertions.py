"""What a sentence says of which thing, taken apart so that two can be compared; nothing of what is not certain."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.amounts import listed
from blackboard.tools.extractive.parts import Part, parts_of
from blackboard.tools.extractive.sentences import STOPWORDS, stem
from blackboard.tools.extractive.statements import LEANING

LONGEST = 600
"""Characters; longer texts are no sentences."""
TURNING = listed(
    """not no never nor neither none without except unless until till since before after during while if when above
    below over under up down off out against between other another same only again further each every all both few
    most more less least first last next previous second third again now once was were had could might would because"""
)
"""Words of no subject that make a sentence say something else."""
COMMANDS = listed(
    """convert compute construct copy delete do emit encode evaluate execute fix format generate get indicate insert
    interpret load look match multiply output override parse pass print raise read render restrict return reverse round
    set shift skip sort specify split store strip subtract test throw trigger turn update wait wrap yield"""
)
"""What descriptions of code begin with, beside the verbs of questions."""
VAGUE = re.compile(
    r"\b(?:(?-i:may)(?! not\b)|might|could|sometimes|typically|usually|often|example|e\.g|suppose|imagine|let us|let's"
    r"|say,|assume|assuming|hypothetical|another|others?|one of|some of|some(?! [0-9])|certain|various|several|hundreds"
    r"|thousands|millions|dozens|also|former|latter|respectively|previous|next|following|this|these|those|such|now"
    r"|no longer|copyright|\(c\))\b",
    re.IGNORECASE,
)
"""A sentence with one of these says of no certain thing that it is so."""
CHANGE = re.compile(
    r"\b(?:increase|decrease|raise|lower|reduce|change|bump|upgrade|update|grow|grew|drop|rise|rose|fall|fell|shr[aiu]nk"
    r"|improve|extend|double|halve)[sdn]?(?:ed|ped)? (?:\w+ )?(?:by|from|to)\b",
    re.IGNORECASE,
)
"""What changes may change more than once."""
LEANS = re.compile(
    rf"^\W*(?:[A-Z]\w{{0,15}}: |\w+ (?:that|it|which)\b)?\W*(?:{LEANING.pattern})|^\W*\w+ (?:that|it)\b", re.IGNORECASE
)
"""What begins so is about what the sentence before speaks of."""
LIGHT = listed(
    """exactly precisely officially actually total take took taken place happen occur contain comprise consist
    monday tuesday wednesday thursday friday saturday sunday date year value"""
)
"""Words that may be missing in one of the sentences."""
ALIKE = {
    "began": "start", "begun": "start", "begin": "start", "commenc": "start", "establish": "found", "held": "hold",
    "requir": "need", "n't": "not", "cannot": "not", "built": "build", "sent": "send", "written": "write",
    "wrote": "write", "maximal": "maximum", "minimal": "minimum", "max": "maximum", "min": "minimum",
}  # fmt: skip


@dataclass(frozen=True)
class Assertion:
    """A sentence, taken apart."""

    parts: tuple[Part, ...]
    stems: tuple[str, ...]
    """Of the words and names, "" for the rest, by the place in `parts`."""
    turns: frozenset[str]
    values: tuple[int, ...]
    """Their places in `parts`."""

    @property
    def content(self) -> list[int]:
        """The places of what carries meaning."""
        return [n for n, s in enumerate(self.stems) if s]

    @property
    def said(self) -> list[str]:
        """What carries meaning, in order."""
        return [s for s in self.stems if s]

    @property
    def wording(self) -> tuple[str, ...]:
        """To tell it from another."""
        return tuple(part.value.text if part.value else part.text for part in self.parts)

    def first_of(self, at: int) -> int:
        """Where the value at this place begins, with the words that belong to it."""
        return min([at, *bound_words(self.parts, at)])


@lru_cache(maxsize=8192)
def read(text: str) -> Assertion | None:
    """The sentence taken apart; None if it says of no certain thing that it is so, or has no value."""
    text = " ".join(text.split())
    if len(text) > LONGEST or text.endswith("?") or any(unsure.search(text) for unsure in (VAGUE, CHANGE, LEANS)):
        return None
    parts = parts_of(text)
    if not _has_subject(parts):
        return None
    values = tuple(n for n, p in enumerate(parts) if p.value)
    if not values:
        return None
    bare = {n for at in values for n in bound_words(parts, at)}
    turns = frozenset(t for n, p in enumerate(parts) if n not in bare and (t := _turn(p)))
    stems = tuple("" if n in bare else _stem(p) for n, p in enumerate(parts))
    return Assertion(parts, stems, turns, values)


def _has_subject(parts: Sequence[Part]) -> bool:
    """Whether it says of what it speaks: `Returns 5 items`, `Split it in two` do not."""
    if len(parts) < 2:
        return False
    if parts[1].text == ":":
        return _has_subject(parts[2:])
    first, second = parts[0].text.lower(), parts[1].text.lower()
    if parts[0].sort != "word" or wording.FINITE.fullmatch(second):
        return True
    if first in wording.FUNCTION:
        return first != "do"
    base = {
        first,
        first.removesuffix("s"),
        first.removesuffix("es"),
        first[:-3] + "y" if first.endswith("ies") else first,
    }
    return not (
        first.endswith("ed")
        or base & (COMMANDS | wording.VERBS)
        or second in ("a", "an", "the", "it", "them", "all", "each", "any", "if", "to", "that", "like")
    )


def _turn(part: Part) -> str:
    word = ALIKE.get(part.text, part.text)
    if part.sort == "word" and word.endswith(("n't", "n\u2019t")):
        return "not"
    return word if part.sort == "word" and word in TURNING else ""


def _stem(part: Part) -> str:
    if part.sort == "name":
        return part.text.lower() if len(part.text) > 1 else part.text
    if part.sort != "word" or part.text in STOPWORDS or part.text in TURNING or part.text in LIGHT:
        return ""
    found = stem(part.text.replace("'s", "").replace("\u2019s", ""))
    return "" if found in LIGHT else ALIKE.get(found, found)


def bound_words(parts: Sequence[Part], at: int) -> list[int]:
    """Places of the words that belong to a value: of `at least` in `at least 3`."""
    value = parts[at].value
    near = range(max(0, at - 5), min(len(parts), at + 4)) if value else range(0)
    return [n for n in near if value and value.start <= parts[n].start and parts[n].end <= value.end]
