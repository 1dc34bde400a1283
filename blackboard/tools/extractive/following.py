"""What one may ask instead of a question that found no answer."""

from collections.abc import Iterator

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.meaning import things
from blackboard.tools.extractive.sentences import words
from blackboard.tools.extractive.splitting import ARTICLE, asking_what


def instead(inquiry: Inquiry) -> list[Inquiry]:
    """Smaller questions, the best first: what each thing in it is, then whatever is said about that thing."""
    names = list(_names(inquiry))
    defined = [asking_what(name) for name in names]
    said = [_anything(name) for name in names]
    asked = inquiry.subject.lower() if inquiry.aspect == "definition" else None
    return [one for one in (*defined, *said) if one.aspect != "definition" or one.subject.lower() != asked]


def _anything(name: str) -> Inquiry:
    bare = ARTICLE.sub("", name)
    reads_well = bare != name or wording.is_name(bare) or wording.is_plural(bare) or bare.endswith("ing")
    return Inquiry(f"What is there about {name if reads_well else f'“{bare}”'}?", bare)


def _names(inquiry: Inquiry) -> Iterator[str]:
    """The things that it is about as written, with their article, and names and terms beside them; each once."""
    own = [thing.name for thing in things(inquiry)] if inquiry.subject else []
    terms = [phrase for phrase in wording.main_phrases(inquiry.text) if " " in phrase or wording.is_name(phrase)]
    seen: set[tuple[str, ...]] = set()
    for name in (*own, *terms):
        said = tuple(wording.words(name.lower()))
        # A search passes over single letters: whatever is said of `C` cannot be found.
        if wording.content(name) and words(name) and said not in seen:
            seen.add(said)
            yield wording.with_article(name, inquiry.text)
