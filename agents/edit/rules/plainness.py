"""Plainness: filler words go, long-winded phrases become short ones."""

import re
from collections.abc import Iterator, Sequence

from agents.edit.kinds import Style
from agents.edit.markdown import Block
from agents.edit.rules import spelling
from agents.edit.rules.articles import article
from agents.edit.rules.edits import Edit

FILLERS = ("very", "really", "basically", "actually", "quite", "extremely", "simply put,")
HEDGES = frozenset({"basically"})  # in a sentence they say that it is not quite so; at its beginning they say nothing
SHORTER = {
    "in order to": "to", "so as to": "to", "due to the fact that": "because", "in spite of the fact that": "although",
    "at this point in time": "now", "in the event that": "if", "a large number of": "many",
    "for the purpose of": "for", "prior to": "before", "subsequent to": "after",
    "has the ability to": "can", "have the ability to": "can", "is able to": "can", "are able to": "can",
    "utilize": "use", "utilizes": "uses", "utilized": "used", "utilizing": "using", "utilise": "use",
    "utilises": "uses", "utilised": "used", "utilising": "using", "make use of": "use", "makes use of": "uses",
}  # fmt: skip

UNLESS_BEFORE = {  # what may not stand before a phrase, as it says something else there
    "a large number of": r"(?:is|are|was|were|be|been|has|have|had|such|quite|too|by|there['\u2019]s|what|only)",
    "so as to": r"(?:do|does|did|done|doing)",
    "have the ability to": r"(?:to|not|will|would|can|could|shall|should|may|might|must|never|\w+n['\u2019]t)",
}
UNLESS_AFTER = {  # what may not follow
    "a large number of": r"(?:the|these|those|them|us|you|which|whom|its|their|our|my|your|his|her|such)\b"
    r"|(?:\S+\s+){1,5}(?:is|was|has|does|makes|takes|means|causes|requires|needs|gives|slows)\b",
    "for the purpose of": r"(?!\w+ing\b)",
    "make use of": r"(?:\S+\s+){1,5}(?:explicit|possible|impossible|optional|mandatory|eas|hard|simple|safe|clear)",
    "is able to": r"not\b", "are able to": r"not\b", "has the ability to": r"not\b", "have the ability to": r"not\b",
}  # fmt: skip
UNLESS_AFTER["makes use of"] = UNLESS_AFTER["make use of"]

WORDS = re.compile(
    r"(?<![^\s])(?:(?P<filler>{})(?P<comma>,)?|(?P<long>{}))(?![\w'\u2019\-/.])".format(
        "|".join(map(re.escape, FILLERS)),
        "|".join(r"[ \t]+".join(map(re.escape, p.split())) for p in sorted(SHORTER, key=len, reverse=True)),
    ),
    re.IGNORECASE,
)
NEXT = re.compile(r"(?P<gap>[ \t]+|[ \t]?(?:\r\n|\r|\n)[ \t>]*)(?P<word>[A-Za-z][a-z]*)(?![\w\-'\u2019/.]*[A-Z])")
LAST = re.compile(r"(?P<word>[\w'\u2019]+)(?P<between>[,;:)\"\u201d*_]*(?:[ \t]+|[ \t]?(?:\r\n|\r|\n)[ \t>]*))$")
BEGINS = re.compile(
    r"(?:^|[.!?][\"'\u201d\u2019)]*[ \t\r\n>]+|(?:\A|\n)[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)$"
)
MEANT = re.compile(
    r"\b(?:(?:not|cannot|\w+n['\u2019]t|no|none|nothing|nobody|never|nor|neither|hardly|rarely|seldom|few|only|unless)"
    r"(?:\s+\w+){0,3}|how|so|too|the|this|that|these|those|their|its|my|your|our|his|her|by|very|really|quite)$",
    re.IGNORECASE,
)
KEEPS = frozenset({
    "much", "same", "first", "last", "few", "little", "many", "well", "enough", "similar", "different", "a", "an",
    "the", "and", "or", "but", "so", "some",
})  # fmt: skip
JOINING = frozenset({
    "for", "one", "to", "in", "on", "at", "of", "with", "by", "as", "is", "are", "it", "its", "not", "can", "may",
    "from",
})  # fmt: skip
NEAR = 200  # characters
BESIDE = 60  # characters, about the length of a comparison


def edits(block: Block, style: Style) -> Sequence[Edit]:
    """What can be said in fewer words; where the grammar around a word is not sure, it stays."""
    if block.is_heading:
        return ()
    terms = spelling.spans(block, style)
    found = (edit for match in WORDS.finditer(block.text) for edit in _edits(block.text, match))
    kept: list[Edit] = []
    for edit in sorted(found, key=lambda e: e.start):
        meets_term = any(edit.start <= b and edit.end >= a for a, b in terms)
        if block.is_free(edit.start, edit.end) and not meets_term and (not kept or kept[-1].end < edit.start):
            kept.append(edit)
    return kept


def _edits(text: str, match: re.Match[str]) -> Iterator[Edit]:
    begins = bool(BEGINS.search(_before(text, match.start())))
    if not (match[0].islower() or (begins and match[0][1:].islower())):
        return  # a name
    if match["long"]:
        if _means_the_same(text, match):
            yield _shorter(match)
    elif (edit := _without(text, match, begins)) is not None:
        yield edit


def _before(text: str, end: int) -> str:
    """What stands before a place, as far as it matters there."""
    return text[max(0, end - NEAR) : end]


def _means_the_same(text: str, match: re.Match[str]) -> bool:
    """Whether what stands around a long phrase lets the short one take its place."""
    long = _one_line(match["long"])
    before, after = UNLESS_BEFORE.get(long), UNLESS_AFTER.get(long)
    if before and re.search(rf"\b{before}\s+$", _before(text, match.start()), re.IGNORECASE):
        return False
    return not (after and re.match(rf"\s+(?:{after})", text[match.end() : match.end() + NEAR], re.IGNORECASE))


def _one_line(words: str) -> str:
    return " ".join(words.lower().split())


def _shorter(match: re.Match[str]) -> Edit:
    long = _one_line(match["long"])
    short = SHORTER[long]
    new = short[:1].upper() + short[1:] if match[0][:1].isupper() else short
    return Edit(*match.span(), new, f"“{short}” says the same as “{long}”")


def _without(text: str, match: re.Match[str], begins: bool) -> Edit | None:
    """The text without a filler; None where something hangs on it."""
    after = NEXT.match(text, match.end())
    if after is None:
        return None
    reason = f"“{match['filler'].lower().rstrip(',')}” adds nothing"
    wraps = bool(after["gap"].strip(" \t"))
    hangs = after["word"].lower() in KEEPS or after["word"][:1].isupper()
    if begins:
        apart = match["comma"] or match["filler"].endswith(",")
        if wraps or (hangs and not apart):
            return None
        first = after["word"][:1].upper() if match[0][:1].isupper() else after["word"][:1]
        return Edit(match.start(), after.start("word") + 1, first, reason)
    if match["filler"].lower() in HEDGES or _is_compared(text, match, after["word"]):
        return None
    last = LAST.search(text, max(0, match.start() - NEAR), match.start())
    if match["comma"] or hangs or last is None or MEANT.search(_before(text, last.end("word"))):
        return None
    has_article = last["word"].lower() in {"a", "an"}
    if wraps:  # the end of the line stays where it is
        in_line = not has_article and last["between"].strip(" \t") == ""
        return Edit(last.end("word"), match.end(), "", reason) if in_line else None
    if not has_article:
        return Edit(match.start(), after.start("word"), "", reason)
    new = article(after["word"], last["word"])
    return Edit(last.start("word"), after.start("word"), new + last["between"], reason)


def _is_compared(text: str, match: re.Match[str], word: str) -> bool:
    """Whether the word after a filler stands near without it, as in `fast or very fast`."""
    if word.lower() in JOINING:
        return False
    filler = re.escape(match["filler"])
    alone = rf"(?<!\b{filler} )\b{re.escape(word)}\b"
    around = text[max(0, match.start() - BESIDE) : match.start()] + "|"
    around += text[match.end() : match.end() + BESIDE].partition(word)[2]
    return bool(re.search(alone, around, re.IGNORECASE))
