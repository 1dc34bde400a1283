"""Whether a text is about what an inquiry asks for, and whether it says what that is."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.sentences import words
from blackboard.tools.extractive.statements import Statement

MOST_WORDS = 0.6  # share of a thing's words from which a text names it
LONG, HALF = 4, 0.5  # of a thing with more words than that, it is enough if half of them stand in a sentence

OPENING = r"(?:an?\s+|the\s+)?[\"\u201c*`]*"
ASIDE = r"(?:\s*\([^)]{1,80}\)|,[^,.]{1,80},)"
SAYS = (  # `is shared memory`, but not `is better than`, `is not`, `is used for`
    r"\s+(?:(?:is|are)\s+(?!not\b|more\b|less\b|also\b|often\b|never\b|always\b|only\b|better\b|worse\b|\w+ly\b"
    r"|\w+er\s+than\b|\w+(?:able|ful)\b|(?:easy|easier|hard|fast|slow|safe)\b"
    r"|(?:\w+(?:ed|en|wn)|found|kept|made|held|built|sent|read|set|done|lost|left)\s+(?:to|by|in|as|for|at|with|when|from|on|once|if)\b)"
    r"|means\b|stands\s+for\b|refers\s+to\b)"
)


@dataclass(frozen=True)
class Thing:
    """Something that an inquiry is about."""

    name: str
    stems: frozenset[str]

    def named_in(self, text: str) -> bool:
        """Whether most of its words stand close together: `share … a state of its own` is no shared state."""
        if any(not re.search(rf"\b{re.escape(acronym)}(?:s?\b|(?=\d))", text) for acronym in self._acronyms):
            return False
        said = words(text)
        if len(self.stems) > LONG:
            return share(self.stems, said) >= HALF
        return any(self.meant_by(said[at : at + len(self.stems) + 1]) for at in range(len(said)))

    def meant_by(self, stems: Collection[str]) -> bool:
        """Whether most of its words are among these."""
        return share(self.stems, stems) >= MOST_WORDS

    @cached_property
    def _acronyms(self) -> list[str]:
        """Words whose capitals matter: to react is not ReAct."""
        return [word for word in wording.words(self.name) if re.search(r"[^\W_][A-Z]", word)]


def asked_of(inquiry: Inquiry) -> list[str]:
    """The words that an answer should hold, as written."""
    asked = wording.content(inquiry.text) or wording.words(inquiry.subject or inquiry.text)
    return [word for word in dict.fromkeys(asked) if words(word)]


def things(inquiry: Inquiry) -> list[Thing]:
    """What it is about: `RAG and fine-tuning` are two things. Without a subject: all that it asks."""
    parted = re.split(r"(?:,|\s+and)\s+(?:an?\s+|the\s+)?|^(?:an?|the)\s+", inquiry.subject)
    found = [Thing(name, frozenset(words(name))) for name in parted if name and words(name)]
    return found or [Thing(inquiry.text, frozenset(words(" ".join(asked_of(inquiry)))))]


def is_about(statement: Statement, thing: Thing) -> bool:
    """Whether the statement or the heading above it names the thing."""
    return thing.named_in(statement.text) or thing.named_in(statement.passage.heading)


def defines(text: str, subject: str) -> bool:
    """Whether it begins by saying what the subject is: `A lease is`, `RAG, …, gives`, `Direct preference … (DPO)`."""
    thing = _as_pattern(subject)
    forms = rf"{OPENING}{thing}[\"\u201d*`]*(?:{ASIDE}|{ASIDE}?{SAYS})|[^.,;(]{{1,80}}(?:\(|,\s+){thing}[),]"
    return re.match(forms, text, re.IGNORECASE) is not None


def opens_with(text: str, subject: str, *, kinds: bool = True) -> bool:
    """Whether the sentence speaks of the subject, or of a kind of it: `A lease …`, `Supervised fine-tuning …`."""
    before = rf"(?:{OPENING}|\w+\s+)" if kinds else OPENING
    return re.match(rf"{before}{_as_pattern(subject)}\b", text, re.IGNORECASE) is not None


def _as_pattern(subject: str) -> str:
    """The subject in the singular or plural; matches nothing if there is no subject."""
    return r"\W+".join(re.escape(word.removesuffix("s")) + "(?:e?s)?" for word in wording.words(subject)) or r"(?!)"


def share(asked: Collection[str], given: Collection[str]) -> float:
    """How much of what is asked is given, 0 to 1."""
    return sum(has(given, word) for word in asked) / len(asked) if asked else 0


def has(given: Collection[str], word: str) -> bool:
    """Whether a stem is among others, or one that differs only in its ending: `defend` and `defence`."""
    return word in given or (len(word) > 5 and any(_akin(word, other) for other in given))


def _akin(one: str, other: str) -> bool:
    common = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return common >= 5 and len(one) - common <= 2 and len(other) - common <= 2
