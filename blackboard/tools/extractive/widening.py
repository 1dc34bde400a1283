"""Other words for an inquiry: acronyms, synonyms, and what stands beside its own words in documents."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from math import log

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.forms import expansions, initials, is_acronym
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.meaning import asked_of, things
from blackboard.tools.extractive.sentences import stem, words
from blackboard.tools.extractive.thesaurus import phrasal, synonyms

DEFINING = "means represents refers stands definition term kind called"
"""What stands beside the subject where it is defined."""
MOST_EACH = 8  # synonyms of one word
FEEDBACK = 5  # words taken from the best passages
RARE = 0.34  # of the passages that a word of feedback may stand in; more often it is said of everything


def widened(inquiry: Inquiry, texts: Sequence[str] = (), only: Collection[str] | None = None) -> Inquiry:
    """The same inquiry, knowing what documents may say instead of its words.

    `texts`: where acronyms may be spelled out. `only`: the words that need others; None: all that it asks for.
    """
    also = [*_acronyms(inquiry, texts), *_synonyms(inquiry, only)]
    return replace(inquiry, also=tuple(dict.fromkeys((*inquiry.also, *also))))


def queries(inquiry: Inquiry) -> list[str]:
    """What to search for: its own words, each of several things, and its words together with others for them."""
    plain = replace(inquiry, also=()).query
    about = things(inquiry)
    others = [other for one in others_for(inquiry).values() for other in one]
    wide = " ".join(dict.fromkeys([inquiry.query, *others]))
    defined = [f"{inquiry.subject} {DEFINING}"] if inquiry.aspect == "definition" else []
    return list(dict.fromkeys([plain, *(thing.name for thing in about if len(about) > 1), *defined, wide]))


def with_feedback(inquiry: Inquiry, texts: Sequence[str]) -> Inquiry:
    """With words that stand in some of the texts, rather rare ones: where the search went, more may be found."""
    asked = set(words(inquiry.query))
    said = [set(words(text)) - asked for text in texts]
    count = Counter(word for one in said for word in one)
    # Two texts agree on a word that matters; one that stands in most says nothing.
    weight = {w: n * log(len(said) / n) for w, n in count.items() if 1 < n <= max(2, RARE * len(said)) and w.isalpha()}
    best = sorted(weight, key=lambda w: (-weight[w], w))[:FEEDBACK]
    return replace(inquiry, beside=tuple(dict.fromkeys((*inquiry.beside, *best))))


def others_for(inquiry: Inquiry) -> dict[str, tuple[str, ...]]:
    """For each word asked for that is no name, those that may stand for it; `go` in `go on` is to continue."""
    together = phrasal(inquiry.text)
    return {
        word: together.get(word, synonyms(word)[:MOST_EACH]) for word in asked_of(inquiry) if not wording.is_name(word)
    }


def _acronyms(inquiry: Inquiry, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for word in dict.fromkeys(wording.words(f"{inquiry.subject} {inquiry.text}")):
        if is_acronym(word):
            told = (expansion for text in texts for expansion in expansions(word, text))
            yield from ((expansion, word) for expansion in dict.fromkeys(told))
    for thing in things(inquiry) if inquiry.subject else ():
        if short := initials(thing.name):
            yield short, thing.name


def _synonyms(inquiry: Inquiry, only: Collection[str] | None) -> Iterator[tuple[str, str]]:
    wanted = None if only is None else {stem(word.lower()) for word in only}
    for word, others in others_for(inquiry).items():
        if wanted is None or stem(word.lower()) in wanted:
            yield from ((other, word) for other in others)
