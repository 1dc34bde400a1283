"""A word in its other forms: `log`, `logs`, `logged`, `logging`; `configure` and `configuration`."""

import re

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.sentences import stem

INFLECTED = "(?:e|es|s|ed|ing)?"
DERIVED = re.compile(r"(?:ations?|ators?|at|ions?|ments?|ur|iv)$")
"""Endings that make another word of the same meaning, as stems have them."""
SHORTEST_ROOT = 4


def pattern_of(phrase: str) -> str:
    """A regular expression for the phrase, hyphens free; matches nothing if there is no word.

    In any inflection if it has several words, which leave no doubt; a single one only in singular and plural: a run is
    not what is running.
    """
    several = re.search(r"[^\W_][\W_]+[^\W_]", phrase)
    return any_form_of(phrase) if several else "".join(map(_numbered, wording.words(phrase))) or r"(?!)"


def any_form_of(phrase: str) -> str:
    """A regular expression for the phrase in any inflection, also if it is a single word."""
    parts = [re.findall(r"[^\W_]+[+#]*", word) for word in wording.words(phrase)]
    return r"\W+".join(r"[\W_]?".join(map(_inflected, word)) for word in parts) or r"(?!)"


def _numbered(part: str) -> str:
    return re.escape(part.removesuffix("s")) + "(?:e?s)?"


def _inflected(part: str) -> str:
    if not part.isalpha() or not part.isascii() or len(part) < 3 or re.search(r".[A-Z]", part):
        return _numbered(part)
    base = stem(part.lower())
    if base.endswith("y"):
        return base[:-1] + "(?:y|ies|ied|ying|ys|yed)"
    return base + (f"{base[-1]}?" if base[-1] not in "aeious" else "") + INFLECTED


def root(stemmed: str) -> str:
    """What a stem and those of words made of it have in common: `delet` of `deletion`, `expir` of `expiration`."""
    found = DERIVED.sub("", stemmed)
    return found if len(found) >= SHORTEST_ROOT else stemmed


def initials(phrase: str) -> str:
    """`WAL` of `write-ahead logging`; empty for fewer than three words."""
    letters = [part[0] for part in re.findall(r"[^\W\d_]+", phrase)]
    return "".join(letters).upper() if len(letters) > 2 else ""


def is_acronym(word: str) -> bool:
    """`WAL`, `APIs`, `RLHF`: capitals only, at least two."""
    return re.fullmatch(r"[A-Z]{2,8}s?", word) is not None


def expansions(acronym: str, text: str) -> list[str]:
    """What the text says that the acronym stands for, beside it in brackets; then words that begin with its letters."""
    letters = acronym.rstrip("s").lower()
    tokens = list(re.finditer(r"[^\W\d_]+", text))
    told = [text[a.start() : b.end()] for a, b in _runs(tokens, letters)]
    beside = [
        one for one in told if re.search(rf"{re.escape(one)}\W*\(\W*{acronym}|{acronym}\W*\(\W*{re.escape(one)}", text)
    ]
    far = [one for one in told if len(letters) > 2 and not wording.FUNCTION.intersection(one.lower().split())]
    return list(dict.fromkeys([*beside, *far]))


def _runs(tokens: list[re.Match[str]], letters: str) -> list[tuple[re.Match[str], re.Match[str]]]:
    """Neighbouring words that begin with these letters, as their first and last."""
    size = len(letters)
    runs = (tokens[at : at + size] for at in range(len(tokens) - size + 1))
    return [
        (run[0], run[-1])
        for run in runs
        if "".join(t.group()[0].lower() for t in run) == letters and run[-1].end() - run[0].start() < 80
    ]
