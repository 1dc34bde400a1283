"""The sentences of an answer, each with the quotes that it rests on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.research.kinds import Answer
from blackboard.tools.documents import Quote
from blackboard.tools.extractive import sentences, words

MARK = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
LATE_MARKS = re.compile(r"([.!?]+[\"'\u201d\u2019)]*)((?:\s*\[\d+(?:\s*,\s*\d+)*\])+)")
"""`It expires. [2] Next.`: the marks belong to what stands before them."""
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True)
class Claim:
    """A sentence without its marks, and the quotes that it cites: their places in the answer, from 0."""

    text: str
    cites: tuple[int, ...]


def is_extract(answer: Answer) -> bool:
    """Whether it says nothing but its quotes."""
    return answer.text == " ".join(q.sentence for q in answer.quotes)


def claims(answer: Answer) -> list[Claim]:
    """What it says, sentence by sentence. One without quotes says nothing."""
    if not answer.quotes:
        return []
    if is_extract(answer):
        return [Claim(quote.sentence, (n,)) for n, quote in enumerate(answer.quotes)]
    marked = [span.text for span in sentences(LATE_MARKS.sub(r"\2\1", answer.text))]
    return [Claim(MARK.sub("", text).strip(), _cited(text)) for text in marked]


def faults(answer: Answer, wrong: Sequence[str]) -> list[str]:
    """What is wrong with the ground of each claim, in a sentence; empty where nothing is. `wrong`: of each quote."""
    extract = is_extract(answer)
    return [_fault(n, claim, answer.quotes, wrong, extract) for n, claim in enumerate(claims(answer))]


def _cited(text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(n) - 1 for marks in MARK.findall(text) for n in marks.split(",")))


def _fault(nth: int, claim: Claim, quotes: Sequence[Quote], wrong: Sequence[str], extract: bool) -> str:
    who = f"The {_ordinal(nth)} sentence"
    if not claim.cites:
        return f"{who} cites no quote."
    for cited in claim.cites:
        if not 0 <= cited < len(quotes):
            return f"{who} cites [{cited + 1}], and there is no such quote."
        if wrong[cited]:
            return _told(wrong[cited], cited, quotes[cited])
    return "" if extract else _unsupported(who, claim, [quotes[c].sentence for c in claim.cites])


def _told(wrong: str, nth: int, quote: Quote) -> str:
    """`a.md has changed …` as it is; what merely stands elsewhere, with its place."""
    if "does not say" in wrong:
        where = f"on page {quote.page}" if quote.page else f"at line {quote.line}"
        return f"The {_ordinal(nth)} quote is not in {quote.document} {where}."
    return f"{wrong[:1]}{wrong[1:]}: the {_ordinal(nth)} quote cannot be relied on."


def _unsupported(who: str, claim: Claim, quoted: Sequence[str]) -> str:
    """A sentence in other words than its quotes has at least one of their words, and no number of its own."""
    given = " ".join(quoted)
    own = [n for n in NUMBER.findall(claim.text) if n not in NUMBER.findall(given)]
    if own:
        return f"{who} says {own[0]}, which is not in what it cites."
    said = set(words(claim.text))
    return f"{who} shares no word with what it cites." if said and not said & set(words(given)) else ""


def _ordinal(nth: int) -> str:
    return ORDINALS[nth] if nth < len(ORDINALS) else f"{nth + 1}th"
