"""Sentences and content words of English text, where they stand. The same on every machine."""

import re
from dataclasses import dataclass
from functools import lru_cache


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOPWORDS = _listed(
    """a about above after again against all also am an and any are aren as at be because been before being below
    between both but by can cannot could couldn d did didn do does doesn doing don down during each every few for from
    further get gets give given gives had has have having he her here hers him his how however i if in into is isn it
    its itself just let ll m made make makes may me might more most much must my no nor not now of off on once one
    only or other our out over own please re s same say says she should shouldn so some such t tell than that the their
    them then there these they this those through to too under until up upon us use used uses using ve very was wasn we
    were weren what when where whether which while who whom whose why will with won would wouldn you your"""
)
NEVER_LAST = _listed("e.g i.e cf vs al Dr Mr Mrs Ms Prof St fig figs eq eqs pp vol eds approx resp incl esp viz ca")
NUMBERED = _listed("no nos nr art ver v p ch sec")

WORD = re.compile(r"\d+(?:\.\d+)+|[^\W_]+")
MARKER = re.compile(r"\s*(?:>\s*)*(?:#{1,6}\s+)?(?:(?:[-*+•]|\d{1,3}[.)])\s+)*(?:\[[ xX]\]\s+)?")
BOUNDARY = re.compile(
    r"""(?P<mark>[.!?…]+)["'\u2019\u201d»)\]*_`]*(?:\[\^?\w+\])*(?=\s|$)  # a full stop, what closes after it, footnotes
    | [\u3002\uff01\uff1f]+[\u2019\u201d\u300d\u300f\uff09]*           # full stops of Chinese and Japanese
    | \n[^\S\n]*\n                                                    # the end of a paragraph
    | \n(?=\s*(?:[-*+•]|\d{1,2}[.)]|\#{1,6}|\|)\s)                    # the next list item, heading, row of a table
    | ^[ ]{0,3}\#{1,6}\s.*$                                           # a heading is a sentence of its own""",
    re.VERBOSE | re.MULTILINE,
)
NEXT = re.compile(r"\s*[\"'\u2018\u201c«(\[*_`]*(\w?)")
BEFORE_WORD = re.compile(r"[\s(\[\"'\u2018\u201c*_`\u2013\u2014/-]")


@dataclass(frozen=True)
class Span:
    """A piece of a text: `text[start:end]`, in characters."""

    start: int
    end: int
    text: str


def sentences(text: str) -> list[Span]:
    """The sentences of a text or Markdown paragraph, in order, without list markers and outer white space.

    A full stop inside 3.11, e.g., et al., J. Smith or before a lower-case word ends nothing; a new list item does.
    """
    ends = [found.end() for found in BOUNDARY.finditer(text) if _ends_sentence(text, found)]
    spans = [_trimmed(text, start, end) for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    return [span for span in spans if WORD.search(span.text)]


def words(text: str) -> list[str]:
    """The content words of a text in order: lower case, without stopwords, stemmed."""
    return [stem(word) for word in WORD.findall(text.lower()) if word not in STOPWORDS and _says_something(word)]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A lower-case word without the English endings of plural, -ing and -ed (after Porter's first step and last)."""
    word = _without_plural(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and re.search("[aeiouy]", rest) and not word.endswith("eed"):
            word = _undoubled(rest)
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def _ends_sentence(text: str, found: re.Match[str]) -> bool:
    mark = found["mark"]
    if mark is None:
        return True
    follows = NEXT.match(text, found.end())
    begins = follows[1] if follows else ""
    if begins.islower():
        return False
    return mark != "." or not _is_abbreviation(text[max(0, found.start() - 40) : found.start()], begins)


def _is_abbreviation(before: str, begins: str) -> bool:
    word = BEFORE_WORD.split(before)[-1]
    at_line_start = not before[: len(before) - len(word)].rpartition("\n")[2].strip(" \t>-*+•")
    return (
        word in NEVER_LAST
        or word[:1].lower() + word[1:] in NEVER_LAST
        or (word.lower() in NUMBERED and begins.isdigit())
        or (len(word) == 1 and word.isupper() and word != "I")
        or bool(
            re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", word)
        )  # U.S., a.m.; better one sentence too long than one torn
        or (at_line_start and bool(re.fullmatch(r"\d{1,3}|[a-z]", word)))
    )


def _trimmed(text: str, start: int, end: int) -> Span:
    if (not start or "\n" in text[start - 1 : start + 1]) and (marker := MARKER.match(text, start, end)):
        start = marker.end()
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return Span(start, start + len(piece.strip()), piece.strip())


def _says_something(word: str) -> bool:
    return len(word) > 1 or word.isdigit() or not word.isascii()


def _without_plural(word: str) -> str:
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _undoubled(word: str) -> str:
    doubled = word[-1] == word[-2] and word[-1] not in "aeiousz"
    return word[:-1] if doubled and (word[-1] != "l" or len(word) > 5) else word
