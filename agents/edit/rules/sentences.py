"""Sentences: one that is too long is split where a new one clearly begins."""

import re
from collections.abc import Iterator, Sequence

from agents.edit.kinds import Style
from agents.edit.markdown import Block
from agents.edit.rules.edits import Edit
from agents.edit.rules.spelling import GAP
from blackboard.tools.extractive.sentences import Span, sentences

WORD = re.compile(r"[^\W_][^\s\u2013\u2014]*")
SUBJECT = r"(?:it|they|we|you|he|she|there|this|these|those|I)"
VERB = (
    r"(?:is|are|was|were|has|have|had|can|cannot|could|will|would|must|may|might|should|does|do|did|needs?|makes?|takes?"
    r"|gives?|gets?|goes|go|runs?|works?|keeps?|means?|uses?|shows?|reads?|writes?|costs?|becomes?|follows?|begins?|ends?)"
)
CLAUSE = re.compile(
    rf"(?P<mark>[;,])(?P<gap>{GAP})(?:(?P<word>and|but)[ \t]+)?(?P<subject>{SUBJECT})"
    rf"(?=[ \t]+{VERB}\b|(?<=[Ii]t)[ \t]+[a-z]+[^su\W]s\b)"
)
HANGING = re.compile(
    r"\b(?:if|when|whenever|where|unless|whether|because|although|though|while|since|until|once|as|that|which|who|whom"
    r"|whose|both|either|neither|not only|between|so|than|what|how|why)\b",
    re.IGNORECASE,
)
FOLLOWS = re.compile(r"\w+\s+(?:will|would|can|could|may|might)\b")  # `do this, and it will …`: only if it is done
LISTING = re.compile(r":\s|--|\u2014")
PAIRS = (("(", ")"), ("[", "]"), ("\u201c", "\u201d"))
TWINS = ('"', "*", "_", "~", "`")
LEAST = 4  # words of either part


def edits(block: Block, style: Style) -> Sequence[Edit]:
    """A full stop where an independent clause begins: nearest to the middle first, until each part is short enough."""
    if block.is_heading:
        return ()
    found: list[Edit] = []
    for said in sentences(block.text):
        found += _split(block, said.start, said.end, style.words)
    return sorted(found, key=lambda e: e.start)


def remarks(block: Block, style: Style) -> Iterator[str]:
    """The sentences that are too long and were left."""
    for said in sentences(block.text) if not block.is_heading else ():
        if (n := _count(said.text)) > style.words:
            yield f"a sentence of {n} words is longer than {style.words}: “{_beginning(said)}”"


def _split(block: Block, start: int, end: int, most: int) -> Iterator[Edit]:
    if _count(block.text[start:end]) <= most:
        return
    places = [m for m in CLAUSE.finditer(block.text, start, end) if _is_safe(block, m, start, end)]
    if not places:
        return
    best = min(places, key=lambda m: (abs((start + end) / 2 - m.start()), m.start()))
    yield _full_stop(best)
    yield from _split(block, start, best.start(), most)
    yield from _split(block, best.start("subject"), end, most)


def _is_safe(block: Block, place: re.Match[str], start: int, end: int) -> bool:
    """Nothing before it governs what follows, nothing is torn, and both parts are sentences by themselves."""
    before, after = block.text[start : place.start()], block.text[place.start("subject") : end]
    if place["mark"] == "," and (not place["word"] or HANGING.search(before)):
        return False
    if place["word"] == "and" and FOLLOWS.match(after):
        return False
    whole = all(before.count(a) == before.count(b) for a, b in PAIRS) and not any(before.count(t) % 2 for t in TWINS)
    return (
        whole
        and not LISTING.search(before)
        and block.is_free(*place.span())
        and min(_count(before), _count(after)) >= LEAST
    )


def _full_stop(place: re.Match[str]) -> Edit:
    first = place["subject"][:1]
    new = "." + place["gap"] + (f"But {first}" if place["word"] == "but" else first.upper())
    return Edit(place.start(), place.start("subject") + 1, new, "a long sentence is two")


def _count(text: str) -> int:
    return len(WORD.findall(text))


def _beginning(said: Span) -> str:
    words = said.text.split()
    return " ".join(words[:8]) + " …"
