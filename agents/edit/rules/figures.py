"""Figures: a plain statement of a number that the facts know otherwise is corrected."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from agents.edit.kinds import Figure, Style
from agents.edit.markdown import Block
from agents.edit.rules import spelling
from agents.edit.rules.edits import Edit
from blackboard.tools.extractive.sentences import Span, sentences

NUMBER = r"(?<![\w.,\-/:#$€£])[-\u2212+]?\d+(?:[.,_]\d+)*(?![\w]|[.,:/]\d)"
LINKING = r"(?:[ \t]*[:=(]|,?\s+(?:is|are|of|equals|has|now|currently|always|exactly|set|to|a|the|by|default|be))*\s*"
HEDGED = re.compile(
    r"\b(?:not|no|never|without|than|least|most|maximum|minimum|up to|between|from|until|before|after|since|was|were"
    r"|had|formerly|previously|earlier|older|newer|used to|instead|unlike|if|or|about|around|roughly|approximately"
    r"|over|under|some|would|could|might|may|should|can|times)\b|n['\u2019]t\b|[~≈<>≤≥?]",
    re.IGNORECASE,
)


def edits(block: Block, style: Style) -> Sequence[Edit]:
    """Wrong numbers, where a sentence states one of that unit about the subject and nothing qualifies it."""
    if block.is_heading:
        return ()
    found: dict[int, Edit] = {}
    for said, figure, numbers in _statements(block, style):
        number = numbers[0]
        if len(numbers) == 1 and _differs(number["number"], figure) and not HEDGED.search(said.text):
            edit = Edit(*number.span("number"), figure.number, figure.source)
            found.setdefault(edit.start, edit)
    return sorted(found.values(), key=lambda e: e.start)


def remarks(block: Block, style: Style) -> Iterator[str]:
    """Sentences that seem to say something else than the facts, but not plainly enough to correct them."""
    for said, figure, numbers in _statements(block, style):
        if all(_differs(number["number"], figure) for number in numbers) and (
            len(numbers) > 1 or HEDGED.search(said.text)
        ):
            yield f"“{' '.join(said.text.split())}” may not agree with {figure.source}"


def _statements(block: Block, style: Style) -> Iterator[tuple[Span, Figure, list[re.Match[str]]]]:
    """Each sentence that names a subject, with the numbers of its unit that may be changed."""
    if not style.figures or block.is_heading:
        return
    terms = spelling.spans(block, style)
    for said in sentences(block.text):
        for figure in style.figures:
            subject = _named(figure.subject).search(block.text, said.start, said.end)
            if subject is None:
                continue
            numbers = [n for n in _numbers(figure, block.text, subject, said) if _may_change(n, block, terms)]
            if numbers:
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
    return _plain(number) != _plain(figure.number)


def _plain(number: str) -> str:
    """Without what separates thousands, so that 4,096 is 4096."""
    text = number.replace("_", "").replace("\u2212", "-").removeprefix("+")
    return re.sub(r",(?=\d{3}(?:\D|$))", "", text)


@lru_cache(maxsize=512)
def _named(subject: str) -> re.Pattern[str]:
    words = spelling.GAP.join(map(re.escape, subject.split()))
    return re.compile(spelling.BEFORE + words + r"(?![\w\-])", re.IGNORECASE)


@lru_cache(maxsize=512)
def _of_unit(unit: str) -> re.Pattern[str]:
    words = spelling.GAP.join(map(re.escape, unit.split()))
    ends = r"(?!\w)" if unit[-1:].isalnum() else ""
    return re.compile(f"(?P<number>{NUMBER})(?=[ \\t\u00a0\u202f-]?{words}{ends})")


@lru_cache(maxsize=1)
def _bare() -> re.Pattern[str]:
    return re.compile(
        rf"{LINKING}(?P<number>{NUMBER})(?=[ \t]*(?:[.,;:!)]|$|\r|\n|[ \t](?:and|or|in|on|for|at|with|as|to)\b))"
    )
