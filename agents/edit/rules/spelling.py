"""Spelling: each thing by its preferred term."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from agents.edit.kinds import Style, Term
from agents.edit.markdown import Block
from agents.edit.rules.articles import article
from agents.edit.rules.edits import Edit

BEFORE, AFTER = r"(?<![\w\-/.@#&+\\'\u2019])", r"(?![\w\-/@+#]|\.\w|['\u2019](?!s\b)\w|\(\))"
ARTICLE = re.compile(r"\b(?P<article>[Aa]n?)(?P<gap>[ \t]+)$")
GAP = r"(?:[ \t]+|[ \t]?(?:\r\n|\r|\n)[ \t]?)"


def edits(block: Block, style: Style) -> Sequence[Edit]:
    """Every variant becomes the preferred term; a capital at the beginning of a sentence stays one."""
    found = []
    for match, term in _terms(block.text, style.terms):
        if term is not None and block.is_free(*match.span()):
            reason = f"the glossary prefers “{term.preferred}” ({term.source})"
            found.append(_with_article(block, Edit(*match.span(), _as_written(match[0], term), reason)))
    return found


def _with_article(block: Block, edit: Edit) -> Edit:
    """The edit, and `a` or `an` before it if that depends on it; how capitals are spoken is not known."""
    there = block.text[edit.start : edit.end]
    before = ARTICLE.search(block.text, max(0, edit.start - 8), edit.start)
    if before is None or not (there.islower() and edit.new.islower()) or not block.is_free(before.start(), edit.end):
        return edit
    if article(there, "") == article(edit.new, ""):
        return edit
    new = article(edit.new, before["article"]) + before["gap"] + edit.new
    return replace(edit, start=before.start(), new=new)


def spans(block: Block, style: Style) -> list[tuple[int, int]]:
    """Where terms of the glossary stand, in whatever spelling: other rules leave them alone."""
    return [match.span() for match, _ in _terms(block.text, style.terms)]


def _terms(text: str, terms: tuple[Term, ...]) -> Iterator[tuple[re.Match[str], Term | None]]:
    """Every term in the text, and which one it should be; None if it is spelled as preferred."""
    if not terms:
        return
    pattern, by_spelling = _lexicon(terms)
    for match in pattern.finditer(text):
        yield match, by_spelling[" ".join(match[0].split())]


@lru_cache(maxsize=64)
def _lexicon(terms: tuple[Term, ...]) -> tuple[re.Pattern[str], dict[str, Term | None]]:
    """One pattern for all spellings, the longest first, so that no term is found inside a longer one."""
    known: dict[str, Term | None] = {}
    for term in terms:
        for variant in term.variants:
            known |= dict.fromkeys(capitalized(variant), term)
    known |= {spelling: None for term in terms for spelling in capitalized(term.preferred)}
    longest_first = sorted(known, key=lambda spelling: (-len(spelling), spelling))
    words = (GAP.join(map(re.escape, spelling.split())) for spelling in longest_first)
    return re.compile(f"{BEFORE}(?:{'|'.join(words)}){AFTER}"), known


def capitalized(spelling: str) -> tuple[str, ...]:
    """A spelling, and as it stands at the beginning of a sentence if it is written without capitals."""
    return (spelling,) if not spelling.islower() else (spelling, spelling[:1].upper() + spelling[1:])


def _as_written(there: str, term: Term) -> str:
    plain, first = " ".join(there.split()), there[:1]
    keeps = first.isupper() and term.preferred.islower() and plain[1:].islower() and plain not in term.variants
    new = term.preferred[:1].upper() + term.preferred[1:] if keeps else term.preferred
    wrapped = [gap for gap in re.findall(GAP, there) if gap.strip(" \t")]
    return new.replace(" ", wrapped[0], 1) if wrapped else new
