"""Whether a number is the name of something: `RFC 793`, `step 2`, `Apollo 11`, `(#123)`, `in 3.11`."""

import re

from blackboard.tools.extractive.amounts import NUMBER, UNIT, listed
from blackboard.tools.extractive.values import Value

LABELS = listed(
    """appendix article bug button case chapter class column commit core day drawer example exercise exit figure fig
    footnote formula grade group index issue item layer lemma level line listing no node note number option page
    paragraph part patch pep phase point pr problem question reference release revision rfc room row rule season section
    sect signal slide slot stage step table task theorem thread ticket tier track type unit verse version volume week
    worker zone status code error id python iso sha utf http"""
)
"""What comes before a number that is a name: `section 4`."""
NO_NAMES = listed("at about over only use up than under around exactly nearly")
"""With a capital at the beginning of a sentence, they are still words."""

REFERENCE = re.compile(r"(?:[#;(\[]|\b(?:in|see|by|base|and|,)) *$")
BARE = re.compile(r"\W*(?:$|[.,;)\]]|and\b)")
SIGN = re.compile(r" +(?:means|is|are|stands|indicates|if|in|for|to|on|and|or)\b| ?[:,=]")
OF_RELEASE = re.compile(r" +(?!(?:times|and|or|in|on|for|at|to|by|per|with|when)\b)[a-z]")
YEAR_LIKE = re.compile(r"(?:1[5-9]|20)[0-9]{2}")
COUNTED = re.compile(r" (?!(?:has|is|was|does|this|as|its|us)\b)[a-z]{2,}s\b")

VERSION = re.compile(r"v?[0-9]{1,6}(?:\.(?:[0-9]{1,6}|x\b|\*))+(?:[.+-]?[a-z][a-z0-9]*)?\+?(?!\w)")
REQUIRED = re.compile(r"\b(?:requires?|needs?|version is) (?:an? )?(?P<is>version )?(?:[\w.+-]+ )?(?P<was>version )?$")
PLACED = re.compile(r"(?:\b(?:in|since|from|until|before|after|through|with|versions?|than|and|or)|,) $")
AMOUNTS = re.compile(rf" ?(?:{UNIT}|{NUMBER})| [a-z]+s\b")


def is_name(low: str, number: re.Match[str], label: str, *, named: bool) -> bool:
    """Whether the number that was found in a text in small letters names something.

    `label`: the word before it, if nothing is between; `named`: whether that is a name, or has a capital.
    """
    before, after, bare = low[: number.start()], low[number.end() :], not (number["unit"] or number["money"])
    if not bare:
        return number["unit"] in ("bit", "bits") and low[number.end("one")] == "-"  # a kind of thing: a 64-bit integer
    if named and label != label.lower():
        return True  # VS 2017
    if not number["two"] and YEAR_LIKE.fullmatch(number["one"]) and not COUNTED.match(after):
        return True  # perhaps a year: the results for 2001
    if _refers(before, after) or _is_sign(before, after) or ("." in number["one"] and OF_RELEASE.match(after)):
        return True
    if not label or number["one"].startswith("-") or not number["one"][0].isdigit():
        return False
    opens = not before.removesuffix(f"{label.lower()} ").strip()
    if label.lower() in LABELS or label.lower().removesuffix("s") in LABELS:
        return True
    return named and not (opens and (COUNTED.match(after) or label.lower() in NO_NAMES))


def version_at(low: str, at: int, *, named: bool) -> Value | str | None:
    """The version that begins at a character: a value in `requires Python 3.11`, else a name, as in `since 3.11`."""
    found = VERSION.match(low, at)
    if found is None:
        return None
    number, before = found.group(), low[max(0, at - 80) : at]
    whole = number.count(".") > 1 or not re.fullmatch(r"[0-9.]+", number)
    required = REQUIRED.search(before)
    if required and (named or whole or required["is"] or required["was"] or "version" in required.group()):
        return Value("version", number, tuple(int(part) for part in re.findall(r"[0-9]+", number)))
    placed = (named or PLACED.search(before)) and not AMOUNTS.match(low, found.end())
    return number if whole or placed else None


def counts(before: str, after: str) -> bool:
    """Whether `one` is a number between these: `one worker`, not `one of them`, `the one that`, `one can see`."""
    other = r"\b(?:no|any|every|each|this|that|the|which|some|another|than|as|only|by|for|or|if|when|is|one) $"
    no_noun = r"of|or|can|may|must|should|would|will|could|has|is|was|that|who|which|by|at|and|to|in|for|with|day"
    return not re.search(other, before) and re.match(rf" (?!(?:{no_noun})\b)[a-z]", after) is not None


def _refers(before: str, after: str) -> bool:
    """Whether it stands for something else: `(#123)`, `see 484`, `reported in 9556`."""
    return (BARE.match(after) is not None and REFERENCE.search(before) is not None) or before.rstrip().endswith(" see")


def _is_sign(before: str, after: str) -> bool:
    """Whether it is explained: `2 means yes`."""
    return not before.strip(" (") and SIGN.match(after) is not None
