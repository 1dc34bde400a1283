"""Figures: a plain statement of a number that the facts know otherwise is corrected."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from agents.edit.kinds import Figure, Style
from agents.edit.markdown import Block
from agents.edit.rules import spelling
from agents.edit.rules.edits import Edit
from blackboard.tools.extractive.sentences import Span, sentences

NUMBER = r"(?<![\w.,\-/:#$€£])[-\u2212+]?\d+(?:[.,_]\d+)*(?![\w]|[.,:/]\d)"
LINKING = r"(?:[ \t]*[:=(]|,?\s+(?:is|are|of|equals|has|now|currently|always|exactly|set|to|a|the|by|default|be))*\s*"
HEDGED = re.compile(
    r"\b(?:not|no|never|nothing|nobody|without|than|least|most|maximum|minimum|minimal|maximal|up to|between|from|until"
    r"|before|after|since|was|were|had|formerly|previously|earlier|older|newer|used to|instead|unlike|if|or|about"
    r"|around|roughly|approximately|over|under|some|would|could|might|may|should|can|times|when|while|during|unless"
    r"|except|only|per|each|every|half|twice|double|plus|minus|depending)\b|n['\u2019]t\b|[~≈<>≤≥?]",
    re.IGNORECASE,
)
OPENING = re.compile(
    r"(?:[ \t\r\n>*+-]|\d{1,9}[.)][ \t]|\[[ xX]\])*(?:(?:it|they|we|you|this)\s+(?:needs?|requires?|uses?)\s+)?"
    r"(?:(?:the|its|our|their|your|this)\s+)?(?:current\s+|number\s+of\s+)?[*_]{0,3}",
    re.IGNORECASE,
)
LINK = r"[*_]{0,3}(?:[ \t]*[:=(]|\s+(?:is|are|equals?)(?:\s+(?:now|currently|always|exactly|set\s+to))?)?[*_]{0,3}\s*"
END = r"(?=[*_]{0,3}\s*(?:[;:!)]|\.(?!\w)|,(?!\s*(?:in|on|for|at|with|by|as)\b)|$|and\s+(?!\d)))"


def edits(block: Block, style: Style) -> Sequence[Edit]:
    """Wrong numbers, where a sentence does nothing but state that of the subject: what changes must be true after."""
    found: dict[int, Edit] = {}
    for said, figure, numbers in _statements(block, style):
        if _is_plain(block, said, figure, numbers):
            edit = Edit(*numbers[0].span("number"), figure.number, figure.source)
            found.setdefault(edit.start, edit)
    return sorted(found.values(), key=lambda e: e.start)


def remarks(block: Block, style: Style) -> Iterator[str]:
    """Sentences that seem to say something else than the facts, but not plainly enough to correct them."""
    for said, figure, numbers in _statements(block, style):
        if not _is_plain(block, said, figure, numbers):
            yield f"“{' '.join(said.text.split())}” may not agree with {figure.source}"


def _is_plain(block: Block, said: Span, figure: Figure, numbers: list[re.Match[str]]) -> bool:
    """Whether the sentence begins with `SUBJECT is NUMBER UNIT`, says no other such number, and qualifies nothing."""
    subject = _named(figure.subject).search(block.text, said.start, said.end)
    if subject is None or len(numbers) > 1 or HEDGED.search(said.text):
        return False
    opens = OPENING.fullmatch(block.text, said.start, subject.start())
    stated = _stated(figure.unit).match(block.text, subject.end(), said.end)
    return bool(opens and stated and stated.span("number") == numbers[0].span("number"))


def _statements(block: Block, style: Style) -> Iterator[tuple[Span, Figure, list[re.Match[str]]]]:
    """Each sentence that names a subject, with numbers of its unit that may be changed and are all others."""
    if not style.figures or block.is_heading:
        return
    terms = spelling.spans(block, style)
    for said in sentences(block.text):
        for figure in style.figures:
            subject = _named(figure.subject).search(block.text, said.start, said.end)
            if subject is None:
                continue
            numbers = [n for n in _numbers(figure, block.text, subject, said) if _may_change(n, block, terms)]
            if numbers and all(_differs(number["number"], figure) for number in numbers):
                yield said, figure, numbers


def _numbers(figure: Figure, text: str, subject: re.Match[str], said: Span) -> Iterator[re.Match[str]]:
    """Those of its unit; without a unit the one that the subject is linked to."""
    if figure.unit:
        yield from _of_unit(figure.unit).finditer(text, said.start, said.end)
    elif found := _bare().match(text, subject.end(), said.end):
        yield found


def _may_change(number: re.Match[str], block: Block, terms: list[tuple[int, int]]) -> bool:
    start, end = number.span("number")
    return block.is_free(start, end) and all(end <= a or start >= b for a, b in terms)


def _differs(number: str, figure: Figure) -> bool:
    a, b = _plain(number), _plain(figure.number)
    return Decimal(a) != Decimal(b) if figure.unit and a.count(".") < 2 and b.count(".") < 2 else a != b


def _plain(number: str) -> str:
    """Without what separates thousands, so that 4,096 is 4096; another comma is that of a decimal."""
    text = number.replace("_", "").replace("\u2212", "-").removeprefix("+")
    return re.sub(r",(?=\d{3}(?:\D|$))", "", text).replace(",", ".")


@lru_cache(maxsize=512)
def _named(subject: str) -> re.Pattern[str]:
    words = spelling.GAP.join(map(re.escape, subject.split()))
    return re.compile(spelling.BEFORE + words + r"(?![\w\-])", re.IGNORECASE)


@lru_cache(maxsize=512)
def _of_unit(unit: str) -> re.Pattern[str]:
    words = spelling.GAP.join(map(re.escape, unit.split()))
    ends = r"(?!\w)" if unit[-1:].isalnum() else ""
    return re.compile(f"(?P<number>{NUMBER})(?=[ \\t\u00a0\u202f-]?{words}{ends})")


@lru_cache(maxsize=512)
def _stated(unit: str) -> re.Pattern[str]:
    """What follows the subject of a plain statement."""
    words = "[ \\t\u00a0\u202f-]?" + spelling.GAP.join(map(re.escape, unit.split())) if unit else ""
    return re.compile(f"{LINK}(?P<number>{NUMBER}){words}{END}")


@lru_cache(maxsize=1)
def _bare() -> re.Pattern[str]:
    return re.compile(
        rf"{LINKING}(?P<number>{NUMBER})(?=[ \t]*(?:[.,;:!)]|$|\r|\n|[ \t](?:and|or|in|on|for|at|with|as|to)\b))"
    )
