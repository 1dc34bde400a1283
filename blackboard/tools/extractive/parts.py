"""The parts of a sentence: its words, its names, and its values, with what belongs to each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from blackboard.tools.extractive.amounts import COUNT, FIGURES, NUMBER, UNIT, amount, unit
from blackboard.tools.extractive.dates import date_at
from blackboard.tools.extractive.numbering import counts, is_name, version_at
from blackboard.tools.extractive.sentences import STOPWORDS
from blackboard.tools.extractive.values import Bound, Value

AMOUNT = re.compile(
    rf"(?P<money>[$€£] ?)?(?P<one>-?{NUMBER})(?:(?: ?[-\u2013] ?| to )(?P<two>-?{NUMBER}))?"
    rf"(?:[ -]?(?P<unit>{UNIT}))?(?P<plus>\+)?(?![\w%])(?!\.\d)"
)
CODE = re.compile(r"(`+)(?P<inner>[^`]+)\1(?!`)")
CODED_RANGE = re.compile(rf"(`+)(-?{FIGURES})\1 ?(to|-|\u2013) ?\1({FIGURES})\1")
EMPHASIS = re.compile(r"\*+(?=\S)|(?<=\S)\*+")
WORD = re.compile(
    r"[^\W_](?:\w|[-._/:@+'\u2019](?=[^\W_]))*(?:\(\)|[+#]+(?![^\W_]))?|[$_@-]+[^\W_][\w-]*|[,;:()\[\]\u2013\u2014]"
)
PLAIN = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")

BEFORE: dict[Bound, str] = {
    "at least": r"at least|no fewer than|no less than|not less than|minimum of|>=|≥",
    "at most": r"at most|up to|no more than|not more than|maximum of|no longer than|<=|≤|within",
    "more than": r"more than|over|above|greater than|longer than|larger than|exceed(?:s|ing)?|>",
    "less than": r"less than|fewer than|under|below|shorter than|smaller than|<",
    "about": r"about|around|approximately|roughly|nearly|almost|circa|ca\.|some|~|≈|close to|on the order of|every",
}
AFTER: dict[Bound, str] = {
    "at least": r" (?:or|and) (?:more|above|over|later|newer|higher|greater|longer|larger|up)\b",
    "at most": r" (?:or|and) (?:less|fewer|below|lower|under|earlier|shorter|smaller)\b",
    "about": r" or so\b",
}
OPENS = {
    bound: re.compile(rf"(?:^|(?<=[ (])|(?<=[~≈<>≥≤]))(?:{said}) ?(?:an? |the )?$") for bound, said in BEFORE.items()
}
CLOSES = {bound: re.compile(said) for bound, said in AFTER.items()}
LONGEST_BOUND = 40  # characters


@dataclass(frozen=True)
class Part:
    """A word in small letters, a name as it is written, a value, or a sign that parts them."""

    sort: Literal["word", "name", "value", "sign"]
    text: str
    start: int
    end: int
    value: Value | None = None
    capital: bool = False


@lru_cache(maxsize=8192)
def parts_of(sentence: str) -> tuple[Part, ...]:
    """Its parts in order; a number that names something (`RFC 793`, `step 2`, `GPT-4`) is a name."""
    plain = CODED_RANGE.sub(lambda m: f"{m[2]} {m[3]} {m[4]}".ljust(len(m.group())), re.sub(r"\s", " ", sentence))
    plain = EMPHASIS.sub(lambda m: " " * len(m.group()), plain)
    return tuple(_parts(CODE.sub(_uncoded, plain)))


def _uncoded(found: re.Match[str]) -> str:
    """Code that is nothing but an amount is one."""
    around = " " * len(found[1])
    return f"{around}{found['inner']}{around}" if AMOUNT.fullmatch(found["inner"].lower()) else found.group()


def _parts(text: str) -> Iterator[Part]:
    low = "".join(small if len(small := c.lower()) == 1 else c for c in text)
    at, last = 0, None
    while at < len(text):
        part = _code(text, at) or _value(text, low, at, last) or _word(text, low, at)
        if part:
            yield part
            last = part
        at = part.end if part else at + 1


def _code(text: str, at: int) -> Part | None:
    found = CODE.match(text, at)
    return Part("name", " ".join(found["inner"].split()), at, found.end()) if found else None


def _word(text: str, low: str, at: int) -> Part | None:
    found = WORD.match(text, at)
    if found is None or (at and text[at - 1].isalnum() and text[at].isalnum()):
        return None
    written, spelt = found.group(), low[at : found.end()]
    if not any(c.isalnum() for c in written):
        return Part("sign", written, at, found.end())
    is_word = written in ("a", "A", "I") or (len(written) > 1 and PLAIN.fullmatch(written) and written[1:] == spelt[1:])
    capital = written[0].isupper()
    return Part("word" if is_word else "name", spelt if is_word else written, at, found.end(), capital=capital)


def _value(text: str, low: str, at: int, last: Part | None) -> Part | None:
    if not (text[at].isalnum() or text[at] in "$€£-") or (
        at and (text[at - 1].isalnum() or text[at - 1] in "_/\\=.^#@&")
    ):
        return None
    if dated := date_at(text, low, at):
        value, end = dated
        return Part("value", "", at, end, value)
    touching = last if last and last.end == at - 1 and text[at - 1] == " " else None
    named = touching is not None and (touching.capital or touching.sort == "name")
    match version_at(low, at, named=named):
        case Value() as version:
            return Part("value", "", at, at + len(version.text), version)
        case str() as name:
            return Part("name", name, at, at + len(name))
    return _amount(text, low, at, touching.text if touching else "", named=named)


def _amount(text: str, low: str, at: int, label: str, *, named: bool) -> Part | None:
    found = AMOUNT.match(low, at)
    if found is None:
        return None
    if is_name(low, found, label, named=named):
        return Part("name", found.group(), at, found.end())
    if found["one"] == "one" and not found["unit"] and not counts(low[:at], low[found.end() :]):
        return None
    return Part("value", "", at, found.end(), _quantity(text, low, found))


def _quantity(text: str, low: str, found: re.Match[str]) -> Value:
    measured = unit((found["money"] or found["unit"] or "").strip())
    first, grain = _signed(found["one"])
    last, grain = _signed(found["two"]) if found["two"] else (first, grain)
    bound, start, end = _bound(low, found)
    reads = tuple(dict.fromkeys((first * f, last * f) for f in (measured.factor, measured.loose)))
    shown = text[start:end]
    noun = re.match(r" ([^\W\d_]{3,})", low[end:])
    if measured == COUNT and noun and noun[1] not in STOPWORDS and text[end + 1].islower():
        shown += noun.group()
    written = " ".join(shown.replace("`", " ").split())
    return Value(measured.kind, written, (), reads, grain * measured.factor, bound, start, end)


def _bound(low: str, found: re.Match[str]) -> tuple[Bound, int, int]:
    """How the words around it bound an amount, and where they begin and end."""
    bound: Bound = "at least" if found["plus"] else ""
    start, end = found.span()
    if found["two"]:
        return "", start, end
    near = low[max(0, found.start() - LONGEST_BOUND) : found.start()]
    for name, pattern in OPENS.items():
        before = pattern.search(near)
        if before and found.start() - len(before.group()) < start:
            bound, start = name, found.start() - len(before.group())
    for name, pattern in CLOSES.items():
        if after := pattern.match(low, found.end()):
            bound, end = name, after.end()
    return bound, start, end


def _signed(text: str) -> tuple[Fraction, Fraction]:
    value, grain = amount(text.removeprefix("-"))
    return (-value if text.startswith("-") else value), grain
