"""Finds two sentences that cannot both be right: they speak of the same and say another number or date."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.amounts import listed
from blackboard.tools.extractive.assertions import Assertion, read
from blackboard.tools.extractive.happenings import contradicting, happenings
from blackboard.tools.extractive.parts import Part
from blackboard.tools.extractive.values import Value, agree, contradict

FEWEST_SHARED = 2
"""Words that both say, beside the values."""
FEW = 5
"""Words name a subject."""
MOST_EXTRA = 2
"""Words that only one of them says."""
TENSE = frozenset(("was", "were", "had"))
"""What was so may be otherwise now; but a date stays what it is."""
ONCE = listed(
    """found establish open born di invent discover publish release launch introduc complet finish build built sign
    ratify adopt land sink sank abolish patent describ end start"""
)
"""Stems of what happens once: where else is said of it tells of no other."""
RECURRING = listed(
    """again every each meet met meeting held hold visit travel vot win won play report updat fix patch modify chang
    amend review edit check annual year month week day"""
)
"""Stems of what happens on several dates."""
PLACING = ("from", "to", "for", "by", "after", "before", "until", "since", "per", "than", "through")
"""Words before a value that must be the same."""
PAST = listed("began took fell sank wrote built sent met left came held made found went won sold lost broke ran")
SHARE = listed("first last upper lower top bottom next other remaining")
"""Words before an amount of something larger that the sentence before speaks of."""
GENERIC = listed(
    """default valu number limit size example version set amount count minimum maximum allow permit option parameter
    argument field element result function method test mean"""
)
"""Words that do not tell one thing from another."""
QUALIFYING = listed("for on with in of per by under via at from during without within as against if when")


@dataclass(frozen=True)
class Clash:
    """What two sentences say differently."""

    subject: str
    """The first words that they share."""
    values: tuple[str, str]
    """As each says it, in the order of the sentences."""


def clash(one: str, other: str) -> Clash | None:
    """What they contradict each other in: the same said of the same, and one number or date is another.

    Says rather nothing than something wrong: None if they differ in anything else that may be the reason. Of a named
    thing and what happens once (`KW-1 is withdrawn on …`) the rest of the sentences may differ.
    """
    if told := contradicting(one, other):
        return Clash(told[0].subject, (told[0].when.text, told[1].when.text))
    a, b = read(one), read(other)
    if a is None or b is None:
        return None
    if a.wording > b.wording:  # what is found never depends on which of them comes first
        found = _clash(b, a)
        return Clash(found.subject, (found.values[1], found.values[0])) if found else None
    return _clash(a, b)


def topic(sentence: str) -> str:
    """The words to search for what contradicts it; empty if it says no number or date that could be contradicted."""
    if told := happenings(sentence):
        return " ".join(dict.fromkeys(happening.subject for happening in told))
    said = read(sentence)
    return " ".join(dict.fromkeys(said.parts[n].text for n in said.content)) if said else ""


def _clash(a: Assertion, b: Assertion) -> Clash | None:
    pair = _only_difference(a, b)
    if pair is None:
        return None
    x, y = (said.parts[at].value for said, at in zip((a, b), pair, strict=True))
    if x is None or y is None or not contradict(x, y):
        return None
    if x.kind == "date":
        may_both_be = a.turns - TENSE != b.turns - TENSE or _may_recur(a) or _may_recur(b)
    else:
        may_both_be = a.turns != b.turns
    if may_both_be or not _same_rest(a, b, *pair):
        return None
    return Clash(_subject(a, b), (x.text, y.text))


def _may_recur(said: Assertion) -> bool:
    """Whether it tells of one of several, each with its date: `a meeting`, `met again`."""
    if "first" in said.turns:
        return False
    return said.parts[0].text in ("a", "an", "every", "each") or not RECURRING.isdisjoint({*said.stems, *said.turns})


def _only_difference(a: Assertion, b: Assertion) -> tuple[int, int] | None:
    """The places of the one value that is not said in both."""
    if len(a.values) != len(b.values):
        return None
    left, right = list(a.values), list(b.values)
    for at in a.values:
        found = next((n for n in right if _agree(a.parts[at].value, b.parts[n].value)), None)
        if found is not None:
            left.remove(at)
            right.remove(found)
    return (left[0], right[0]) if len(left) == len(right) == 1 else None


def _agree(one: Value | None, other: Value | None) -> bool:
    return one is not None and other is not None and agree(one, other)


def _same_rest(a: Assertion, b: Assertion, x: int, y: int) -> bool:
    first, second = Counter(a.said), Counter(b.said)
    shared = list((first & second).elements())
    more, fewer = list((first - second).elements()), list((second - first).elements())
    if (more and fewer) or _weight(shared) < FEWEST_SHARED:
        return False
    extra, said = (more, a) if more else (fewer, b)
    return (
        (_adds_little(said, extra, shared) or _tells_more(said, extra, shared, x if said is a else y))
        and _in_order(a.said, b.said, set(shared))
        and _stands_alike(a, b, x, y)
    )


def _weight(shared: Sequence[str]) -> int:
    """How many words tell what is spoken of; an identifier does it alone."""
    return sum((2 if re.search(r"\w[._]\w|^--?\w", s) else 1) for s in shared if s not in GENERIC)


def _adds_little(said: Assertion, extra: Sequence[str], shared: Sequence[str]) -> bool:
    return len(extra) <= min(MOST_EXTRA, len(shared) // 3) and all(_adds_nothing(said, s) for s in extra)


def _tells_more(said: Assertion, extra: Sequence[str], shared: Sequence[str], at: int) -> bool:
    """Whether it tells more about the date of something that has a name and happens once."""
    value = said.parts[at].value
    once = [n for n in said.content if said.stems[n] in ONCE and said.stems[n] in shared]
    named = any(said.parts[n].capital and said.stems[n] in shared for n in said.content if once and n < once[0])
    if value is None or value.kind != "date" or not once or not named or len(extra) > MOST_EXTRA:
        return False
    return all(n > once[0] for n in said.content if said.stems[n] in extra)


def _adds_nothing(said: Assertion, extra: str) -> bool:
    """Whether a word that only one sentence says does not tell of which of several things it speaks."""
    at = next(n for n in said.content if said.stems[n] == extra)
    part = said.parts[at]
    if part.sort == "name" or part.capital:
        return False
    before = said.parts[at - 1].text if at else ""
    article = said.parts[at - 2].text if at > 1 and before in ("the", "a", "an", "its", "their") else before
    after = said.parts[at + 1] if at + 1 < len(said.parts) else None
    modifies = after is not None and bool(said.stems[at + 1]) and not after.text.endswith("ed")
    return article not in QUALIFYING and not modifies


def _in_order(one: list[str], other: list[str], shared: set[str]) -> bool:
    """Whether both say the words in the same order, or begin elsewhere in it."""
    left, right = [s for s in one if s in shared], [s for s in other if s in shared]
    return len(left) == len(right) and any(left == right[n:] + right[:n] for n in range(len(right)))


def _stands_alike(a: Assertion, b: Assertion, x: int, y: int) -> bool:
    """Whether the value has the same place in both: a date anywhere, an amount beside the same word."""
    if _relation(a, x) != _relation(b, y) or any(p.text in SHARE for p in (*a.parts[x - 1 : x], *b.parts[y - 1 : y])):
        return False
    value = a.parts[x].value
    if value is not None and value.kind == "date":
        return any(_may_be_verb(p) for p in a.parts)
    return _neighbour(a, x, 1) == _neighbour(b, y, 1) or _neighbour(a, x, -1) == _neighbour(b, y, -1)


def _may_be_verb(part: Part) -> bool:
    """Whether it is no title or line of a list: `Security advisory, 14 July`."""
    word = part.text
    return part.sort == "word" and (
        word.endswith(("s", "ed", "n")) or word in PAST or bool(wording.FINITE.fullmatch(word))
    )


def _relation(said: Assertion, at: int) -> str:
    first = said.first_of(at)
    before = said.parts[first - 1].text if first else ""
    return before if before in PLACING else ""


def _neighbour(said: Assertion, at: int, step: int) -> str:
    n = at + step
    while 0 <= n < len(said.stems):
        if said.stems[n]:
            return said.stems[n]
        n += step
    return ""


def _subject(a: Assertion, b: Assertion) -> str:
    words = [a.parts[n].text for n in a.content if a.stems[n] in b.said]
    return " ".join(list(dict.fromkeys(words))[:FEW])
