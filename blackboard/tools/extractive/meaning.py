"""Whether a text is about what an inquiry asks for, and whether it says what that is."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.aspects import Aspect
from blackboard.tools.extractive.forms import pattern_of, root
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.sentences import words
from blackboard.tools.extractive.statements import Statement

MOST_WORDS = 0.6  # share of a thing's words from which a text names it
LONG, HALF = 4, 0.5  # of a thing with more words than that, it is enough if half of them stand in a sentence

ABOUT_THINGS = frozenset[Aspect](("definition", "difference"))
LIGHT = ("need", "want", "help", "work", "matter", "require")  # said in many other words
ONE_MEANING = 7  # letters from which a name with capitals inside is no common word in small letters

HOW_MUCH = re.compile(
    r"\bhow (?:many|much|long|often|large|big|small|fast|far|old|high|deep|heavy|wide|tall|thick)\b", re.IGNORECASE
)
"""Asks for a quantity; who answers gives it and need not say `long`."""

OPENING = r"(?:an?\s+|the\s+)?[\"\u201c*`]*"
ASIDE = r"(?:\s*\([^)]{1,80}\)|,[^,.]{1,80},)"
SAYS = (  # `is shared memory`, but not `is better than`, `is not`, `is used for`
    r"\s+(?:(?:is|are)\s+(?!not\b|more\b|less\b|also\b|often\b|never\b|always\b|only\b|seldom\b|sometimes\b|still\b|now\b|both\b|all\b|already\b|better\b|worse\b|\w+ly\b"
    r"|\w+er\s+than\b|of\b|\w+\s+(?:at|than|enough|if|when|because|earlier|later)\b|\w+(?:able|ful)\b|(?:easy|easier|hard|fast|slow|safe)\b"
    r"|(?:\w+(?:ed|en|wn)|found|kept|made|held|built|sent|read|set|done|lost|left)\s+(?:to|by|in|as|for|at|with|when|from|on|once|if)\b)"
    r"|means\b|stands?\s+for\b|refers?\s+to\b|represents?\b|denotes?\b|describes?\b|consists?\s+of\b)"
)


@dataclass(frozen=True)
class Thing:
    """Something that an inquiry is about."""

    name: str
    stems: frozenset[str]

    def named_in(self, text: str) -> bool:
        """Whether most of its words stand close together: `share … a state of its own` is no shared state."""
        if any(acronym.search(text) is None for acronym in self._acronyms):
            return False
        said = words(text)
        if len(self.stems) > LONG:
            return share(self.stems, said) >= HALF
        return any(self.meant_by(said[at : at + len(self.stems) + 1]) for at in range(len(said)))

    def meant_by(self, stems: Collection[str]) -> bool:
        """Whether most of its words are among these."""
        return share(self.stems, stems) >= MOST_WORDS

    @cached_property
    def _acronyms(self) -> list[re.Pattern[str]]:
        """Words whose capitals matter: to react is not ReAct. A long one is no other word: `queryset`."""
        return [
            re.compile(
                rf"\b{re.escape(word.removesuffix('s'))}(?:e?s?\b|(?=\d))",
                re.IGNORECASE if len(word) >= ONE_MEANING else 0,
            )
            for word in wording.words(self.name)
            if re.search(r"[^\W_][A-Z]", word)
        ]


def asked_of(inquiry: Inquiry) -> list[str]:
    """The words that an answer should hold, as written."""
    asked = wording.content(HOW_MUCH.sub("", inquiry.text)) or wording.words(inquiry.subject or inquiry.text)
    return [word for word in dict.fromkeys(asked) if words(word)]


def things(inquiry: Inquiry) -> list[Thing]:
    """What it is about: `RAG and fine-tuning` are two things. Without a subject: all that it asks."""
    parted = re.split(r"(?:,|\s+and)\s+(?:an?\s+|the\s+)?|^(?:an?|the)\s+", inquiry.subject)
    found = [Thing(name, frozenset(words(name))) for name in parted if name and words(name)]
    return found or [Thing(inquiry.about, frozenset(words(" ".join(asked_of(inquiry)))))]


def is_all(inquiry: Inquiry) -> bool:
    """Whether the things are all that it asks for, so that who does not name them says nothing of it."""
    return inquiry.aspect in ABOUT_THINGS or not own_words(inquiry)


def own_words(inquiry: Inquiry) -> set[str]:
    """The stems of what it asks of the things: of words that none of them has."""
    about = {stem for thing in things(inquiry) for stem in thing.stems}
    return {stem for word in asked_of(inquiry) if word not in LIGHT for stem in words(word)} - about


def names_in(inquiry: Inquiry) -> dict[str, frozenset[str]]:
    """The things that have names, with the stems of those: who does not say “Paxos” hardly speaks of it."""
    named = {t.name: " ".join(w for w in wording.words(t.name) if wording.is_name(w)) for t in things(inquiry)}
    return {thing: frozenset(words(name)) for thing, name in named.items() if words(name)}


def is_about(statement: Statement, thing: Thing) -> bool:
    """Whether the statement or the heading above it names the thing."""
    return thing.named_in(statement.means) or thing.named_in(statement.passage.heading)


def defines(text: str, subject: str) -> bool:
    """Whether it begins by saying what the subject is: `A lease is`, `RAG, …, gives`, `Direct preference … (DPO)`."""
    thing = pattern_of(subject)
    forms = rf"{OPENING}{thing}[\"\u201d*`]*(?:{ASIDE}|{ASIDE}?{SAYS})|[^.,;(]{{1,80}}\({thing}\)"
    return re.match(forms, text, re.IGNORECASE) is not None


def opens_with(text: str, subject: str, *, kinds: bool = True) -> bool:
    """Whether the sentence speaks of the subject, or of a kind of it: `A lease …`, `Supervised fine-tuning …`."""
    before = rf"(?:{OPENING}|\w+\s+)" if kinds else OPENING
    return re.match(rf"{before}{pattern_of(subject)}\b", text, re.IGNORECASE) is not None


def share(asked: Collection[str], given: Collection[str]) -> float:
    """How much of what is asked is given, 0 to 1."""
    return sum(has(given, word) for word in asked) / len(asked) if asked else 0


def has(given: Collection[str], word: str) -> bool:
    """Whether a stem is among others, or one that differs only in its ending: `defend` and `defence`."""
    return word in given or any(akin(word, other) for other in given)


@lru_cache(maxsize=100_000)
def akin(one: str, other: str) -> bool:
    """Whether two stems differ only in their endings."""
    if one[:3] != other[:3]:
        return one == other
    return root(one) == root(other) or (len(one) > 5 and _begin_alike(one, other))


def _begin_alike(one: str, other: str) -> bool:
    common = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return common >= 5 and len(one) - common <= 2 and len(other) - common <= 2
