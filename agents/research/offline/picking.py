"""Chooses the sentences that answer a subtask from the passages that a search found."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os.path import commonprefix

from agents.research.kinds import Quote, Subtask
from agents.research.offline import wording
from agents.research.offline.aspects import aspect_of, signs
from blackboard.tools.documents import Passage
from blackboard.tools.extractive import rank, sentences, words

MOST = 3  # sentences of an answer
SHORTEST, LONGEST = 30, 400  # characters of a sentence
SAME = 0.6  # share of common words from which two sentences say the same
ABOUT = 0.6  # share of a thing's words from which a text is about it
FAR_BELOW = 0.4  # a sentence this far below the best one is left out

ENDS = re.compile(r"[.!…。！][\"'”’」)*_`]*$")
MARKUP = re.compile(r"!\[|<[a-zA-Z/!]|\|.*\||\{\{|\\\w|://|\n\s*\n")
LEANING = re.compile(
    r"(?:its?|they|their|them|this|that|these|those|such|he|she|his|her|here|there|however|but|and|or|so|then|thus|also"
    r"|instead|therefore|hence|otherwise|both|neither|nor|another|moreover|furthermore|similarly|conversely|still|yet"
    r"|again|even so|as a result|for example|for instance|in (?:this|that|both|contrast|other words)|by contrast"
    r"|on the other hand|the (?:two|latter|former|same|other|second|third|last|next|result|idea|reason|rest)"
    r"|second|third|finally|next|see)\b",
    re.IGNORECASE,
)


TELLING = frozenset(("difference", "requirements", "limits", "benefits", "example", "people", "time", "quantity"))
"""Aspects that have words of their own: a sentence without one does not tell them."""
OPENING = r"(?:an?\s+|the\s+)?[\"“*`]*"
SAYS = (  # `is shared memory`, but not `is better`, `is not`, `is used for`
    r"\s+(?:(?:is|are)\s+(?!not\b|more\b|less\b|also\b|often\b|never\b|always\b|only\b|better\b|worse\b|\w+ly\b"
    r"|\w+er\s+than\b|\w+(?:able|ful)\b|(?:easy|easier|hard|fast|slow|safe)\b"
    r"|\w+(?:ed|en|wn)\s+(?:to|by|in|as|for|at|with|when|from|on|once|if)\b)"
    r"|means\b|stands\s+for\b|refers\s+to\b)"
)


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage, and how well it answers."""

    passage: Passage
    start: int  # in characters of the passage
    text: str
    place: tuple[int, int]  # which passage, which of its sentences
    score: float = 0

    @cached_property
    def stems(self) -> frozenset[str]:
        """What it says by itself."""
        return frozenset(words(self.text))

    @cached_property
    def heading(self) -> frozenset[str]:
        """What the heading above says of it."""
        return frozenset(words(self.passage.heading))

    @cached_property
    def document(self) -> frozenset[str]:
        """What the name of the document says of it."""
        return frozenset(words(self.passage.document))

    @cached_property
    def leans(self) -> bool:
        """Whether it needs the sentence before it to be understood."""
        return LEANING.match(self.text.lstrip("*_\"'“`")) is not None

    @property
    def quote(self) -> Quote:
        """Its exact bytes in the document."""
        before = self.passage.text[: self.start]
        line = self.passage.line + before.count("\n")
        return Quote.at(self.passage.document, self.passage.start + len(before.encode()), line, self.text)


@dataclass(frozen=True)
class Thing:
    """Something that a subtask is about."""

    name: str
    stems: frozenset[str]

    def named_in(self, text: str) -> bool:
        """Whether most of its words stand close together: `share … a state of its own` is no shared state."""
        if any(not re.search(rf"\b{re.escape(acronym)}(?:s?\b|(?=\d))", text) for acronym in self._acronyms):
            return False
        said = words(text)
        return any(self.meant_by(said[at : at + len(self.stems) + 1]) for at in range(len(said)))

    def meant_by(self, stems: Collection[str]) -> bool:
        """Whether most of its words are among these."""
        return share(self.stems, stems) >= ABOUT

    @cached_property
    def _acronyms(self) -> list[str]:
        """Words whose capitals matter: ReAct does not mean to react."""
        return [word for word in wording.words(self.name) if re.search(r"[^\W_][A-Z]", word)]


def pick(passages: Sequence[Passage], subtask: Subtask) -> list[Sentence]:
    """Up to three sentences about the subtask, none saying the same as another; the best first."""
    scored = _scored(list(prose(passages)), subtask)
    telling = [s for s in scored if subtask.aspect in TELLING and signs(s.text, subtask.aspect)]
    picked: list[Sentence] = []
    while len(picked) < MOST:
        untold = [thing for thing in things(subtask) if not any(thing.named_in(s.text) for s in picked)]
        on_untold = [s for s in scored if any(thing.named_in(s.text) for thing in untold)]
        best = _next([*telling, *on_untold] if telling else scored, picked, untold)
        if best is None:
            break
        picked.append(best)
    return _to_read(picked)


def _to_read(picked: Sequence[Sentence]) -> list[Sentence]:
    """Best first, but neighbours stay together in the order of the document."""
    runs: list[list[Sentence]] = []
    for s in sorted(picked, key=lambda s: s.place):
        if runs and runs[-1][-1].place == (s.place[0], s.place[1] - 1):
            runs[-1].append(s)
        else:
            runs.append([s])
    return [s for run in sorted(runs, key=lambda run: min(map(picked.index, run))) for s in run]


def prose(passages: Sequence[Passage]) -> Iterator[Sentence]:
    """The complete sentences in them that read well by themselves."""
    for number, passage in enumerate(passages):
        if passage.prose:
            for nth, span in enumerate(sentences(passage.text)):
                if is_prose(span.text):
                    yield Sentence(passage, span.start, span.text, (number, nth))


def is_prose(text: str) -> bool:
    """Whether it is one complete statement: no markup, no fragment, no question, nothing left open."""
    first = re.sub(r"^\W+", "", text)[:1]
    return (
        SHORTEST <= len(text) <= LONGEST
        and (len(text.split()) >= 5 or not text.isascii())
        and ENDS.search(text) is not None
        and not first.islower()
        and MARKUP.search(text) is None
        and all(text.count(mark) % 2 == 0 for mark in ("`", "**"))
        and text.count("(") == text.count(")")
    )


def _scored(found: list[Sentence], subtask: Subtask) -> list[Sentence]:
    """Those about the subject, with their scores."""
    central = rank([s.text for s in found], f"{subtask.subject} {subtask.text}")
    most = max(central, default=0) or 1
    best = max((s.passage.score for s in found), default=0) or 1
    return [
        replace(s, score=_score(s, subtask) + 0.6 * weight / most + 0.3 * s.passage.score / best)
        for s, weight in zip(found, central, strict=True)
        if is_about(s, subtask)
    ]


def _score(sentence: Sentence, subtask: Subtask) -> float:
    asked, named = asked_of(subtask), things(subtask)
    on_topic = share(asked, sentence.stems) + 0.3 * share(asked, sentence.stems | sentence.heading | sentence.document)
    on_topic += 1.5 * share(
        asked.difference(*(t.stems for t in named)), sentence.stems | sentence.heading
    )  # what tells it from other parts
    on_topic += 0.7 * sum(_named(sentence, thing) for thing in named) / max(len(named), 1)
    on_topic += 0.3 * opens_with(sentence.text, subtask.subject)
    told = signs(sentence.text, subtask.aspect)
    if subtask.aspect in TELLING:
        told += signs(sentence.passage.heading, subtask.aspect)
        score = on_topic + 0.3 * min(3, told) + 0.3 * (aspect_of(sentence.text) == subtask.aspect)
        score -= 0.6 * defines(sentence.text, subtask.subject)
    else:
        score = on_topic + 0.2 * min(2, told) + _definition_score(sentence.text, subtask)
    return score + 0.2 * (sentence.place[1] == 0)  # paragraphs begin with what they are about


def _named(sentence: Sentence, thing: Thing) -> float:
    """1 if the sentence names the thing, half if only the heading or the document does."""
    return 1 if thing.named_in(sentence.text) else 0.5 * thing.meant_by(sentence.heading | sentence.document)


def _definition_score(text: str, subtask: Subtask) -> float:
    """For saying what the subject is where that is asked, and nothing else."""
    wanted = subtask.aspect == "definition"
    if defines(text, subtask.subject):
        return 1.0 if wanted else -0.6  # the part that asks for it has it
    elsewhere = signs(text, "difference") or signs(text, "limits")
    score = -0.4 if elsewhere and (wanted or subtask.aspect == "mechanism") else 0.0
    return score + 0.5 * (wanted and opens_with(text, subtask.subject))


def _next(scored: list[Sentence], picked: list[Sentence], untold: list[Thing]) -> Sentence | None:
    """The best one left that says something new and can be understood beside those picked."""
    passages = {number for number, _ in (s.place for s in picked)}
    following = {(number, nth + 1) for number, nth in (s.place for s in picked)}
    fitting = [
        replace(s, score=s.score + 0.15 * (s.place[0] in passages) + 0.2 * (s.place in following) + 0.5 * new)
        for s in scored
        if (not s.leans or s.place in following) and not any(says_the_same(s, other) for other in picked)
        for new in [sum(thing.named_in(s.text) for thing in untold)]
    ]
    best = max(fitting, key=lambda s: (s.score, [-n for n in s.place]), default=None)
    least = FAR_BELOW * max((s.score for s in picked), default=0)
    return best if best and best.score > least else None


def asked_of(subtask: Subtask) -> set[str]:
    """The stems of the words that an answer should hold."""
    return set(words(" ".join(wording.content(subtask.text)))) or set(words(subtask.subject))


def things(subtask: Subtask) -> list[Thing]:
    """What it is about: `RAG and fine-tuning` are two things. Without a subject, all that it asks."""
    parted = re.split(r"(?:,|\s+and)\s+(?:an?\s+|the\s+)?|^(?:an?|the)\s+", subtask.subject)
    found = [Thing(name, frozenset(words(name))) for name in parted if name and words(name)]
    return found or [Thing(subtask.text, frozenset(asked_of(subtask)))]


def is_about(sentence: Sentence, subtask: Subtask) -> bool:
    """Whether it, or the heading or document in which it stands, names a thing that the subtask is about."""
    return any(is_about_thing(sentence, thing) or thing.meant_by(sentence.document) for thing in things(subtask))


def is_about_thing(sentence: Sentence, thing: Thing) -> bool:
    """Whether the sentence or the heading above it names the thing."""
    return thing.named_in(sentence.text) or thing.named_in(sentence.passage.heading)


def defines(text: str, subject: str) -> bool:
    """Whether it begins by saying what the subject is: `A lease is`, `RAG, …, gives`, `Model Context Protocol (MCP)`."""
    thing = _as_pattern(subject)
    aside = r"(?:\s*\([^)]{1,80}\)|,[^,.]{1,80},)"
    forms = rf"{OPENING}{thing}[\"”*`]*(?:{aside}|{aside}?{SAYS})|[^.,;(]{{1,80}}(?:\(|,\s+){thing}[),]"
    return bool(subject) and re.match(forms, text, re.IGNORECASE) is not None


def opens_with(text: str, subject: str, *, kinds: bool = True) -> bool:
    """Whether the sentence speaks of the subject, or of a kind of it: `A lease …`, `Supervised fine-tuning …`."""
    before = rf"(?:{OPENING}|\w+\s+)" if kinds else OPENING
    opening = rf"{before}{_as_pattern(subject)}\b"
    return bool(subject) and re.match(opening, text, re.IGNORECASE) is not None


def _as_pattern(subject: str) -> str:
    return r"\W+".join(re.escape(word.removesuffix("s")) + "(?:e?s)?" for word in wording.words(subject)) or r"(?!)"


def share(asked: Collection[str], given: Collection[str]) -> float:
    """How much of what is asked is given, 0 to 1."""
    return sum(has(given, word) for word in asked) / len(asked) if asked else 0


def has(given: Collection[str], word: str) -> bool:
    """Whether a stem is among others, or one that differs only in its ending: `defend` and `defence`."""
    return word in given or (len(word) > 5 and any(_akin(word, other) for other in given))


def _akin(one: str, other: str) -> bool:
    common = len(commonprefix((one, other)))
    return common >= 5 and len(one) - common <= 2 and len(other) - common <= 2


def says_the_same(one: Sentence, other: Sentence) -> bool:
    """Whether a reader of one learns little from the other."""
    return len(one.stems & other.stems) >= SAME * min(len(one.stems), len(other.stems))
