"""Says whether chosen sentences answer an inquiry, how sure one may be, and why."""

from collections.abc import Sequence

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.aspects import Aspect, signs
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.meaning import (
    ABOUT_THINGS,
    LIGHT,
    asked_of,
    defines,
    has,
    is_about,
    is_all,
    names_in,
    opens_with,
    things,
)
from blackboard.tools.extractive.sentences import words
from blackboard.tools.extractive.statements import Statement

NOTHING_ABOUT = "No sentence of the documents is about"

ENOUGH = 0.5  # share of the words asked for that the sentences must hold
SOME = 0.4  # the same where many words are asked for: some of them are always said otherwise
ABOVE = 0.5  # a word counts that stands only in the heading or the name of the document
SURE = 0.9  # words in common do not prove that a question is answered
UNTOLD = 0.7  # of the confidence is left if no sentence is worded as what was asked for

WORDED: dict[Aspect, str] = {
    "definition": "a definition",
    "reason": "a reason",
    "people": "a name",
    "time": "a time",
    "quantity": "a quantity",
    "difference": "a comparison",
    "requirements": "a requirement",
    "limits": "a limit",
    "benefits": "a benefit",
    "mechanism": "a way of working",
    "example": "an example",
}


def lack(picked: Sequence[Statement], inquiry: Inquiry) -> str:
    """What is missing for an answer, in a sentence; empty if nothing is."""
    if unnamed := _unnamed(picked, inquiry):
        return f"{NOTHING_ABOUT} {in_quotes(unnamed, 'or')}."
    if inquiry.aspect == "definition" and not any(_says_what(s, inquiry.subject) for s in picked):
        return f"No sentence of the documents says what {in_quotes([inquiry.subject])} is."
    if inquiry.aspect == "reason" and (unsaid := _verbs_unsaid(picked, inquiry)):
        return f"The nearest sentences do not say {in_quotes(unsaid, 'or')}."
    held, missing = _held(picked, inquiry, in_context=True)
    if len(held) < (ENOUGH if is_all(inquiry) else SOME) * len(held + missing):
        return f"The nearest sentences do not say {in_quotes(missing, 'or')}."
    return ""


def _unnamed(picked: Sequence[Statement], inquiry: Inquiry) -> list[str]:
    """The things or names that must be spoken of, and are not: of a comparison each, else one at least."""
    if is_all(inquiry) or not picked:
        about = things(inquiry)
        may_be_above = inquiry.aspect not in ABOUT_THINGS
        unnamed = [
            thing.name
            for thing in about
            if not any(is_about(s, thing) or (may_be_above and thing.meant_by(s.document)) for s in picked)
        ]
        return unnamed if inquiry.aspect == "difference" or len(unnamed) == len(about) else []
    given = {stem for s in picked for stem in s.stems | s.heading | s.document}
    names = names_in(inquiry)
    unnamed = [name for name, stems in names.items() if not stems <= given]
    return unnamed if len(unnamed) == len(names) else []


def trust(picked: Sequence[Statement], inquiry: Inquiry) -> tuple[float, str]:
    """How sure one may be that these sentences, one at least, answer the inquiry, 0 to 1; and why, in a sentence."""
    held, missing = _held(picked, inquiry)
    above = [word for word in _held(picked, inquiry, in_context=True)[0] if word in missing]
    each = sum(len(_held([s], inquiry)[0]) for s in picked) / len(picked)
    told = sum(tells(s, inquiry) for s in picked)
    said = (len(held) + each) / 2 + ABOVE * len(above)
    confidence = SURE * said / max(len(held + missing), 1) * (1 if told else UNTOLD)
    basis = "; ".join(filter(None, [_standing(held, "in these sentences"), _standing(above, "above them")]))
    if unsaid := [word for word in missing if word not in above]:
        basis += f"{', ' if basis else ''}not {in_quotes(unsaid)}"
    if worded := WORDED.get(inquiry.aspect):
        basis += f"; {told or 'none'} of {len(picked)} {'are' if told > 1 else 'is'} worded as {worded}"
    return round(confidence, 2), f"{basis}."


def _standing(said: Sequence[str], where: str) -> str:
    return f"{in_quotes(said)} {'stand' if len(said) > 1 else 'stands'} {where}" if said else ""


def _held(picked: Sequence[Statement], inquiry: Inquiry, *, in_context: bool = False) -> tuple[list[str], list[str]]:
    """The words asked for that stand in the sentences (or above them), and those that do not."""
    given = {stem for s in picked for stem in s.stems}
    if in_context:
        given = given.union(*(s.heading | s.document for s in picked))
    asked = asked_of(inquiry)
    held = [word for word in asked if all(has(given, stem) for stem in words(word))]
    return held, [word for word in asked if word not in held]


def _verbs_unsaid(picked: Sequence[Statement], inquiry: Inquiry) -> list[str]:
    """What a why-question asks about its subject and no sentence says: why it does that is then not answered."""
    named = {stem for thing in things(inquiry) for stem in thing.stems}
    own = [word for word in asked_of(inquiry) if not named.issuperset(words(word))]
    verbs = own if len(own) == 1 else [word for word in own if wording.is_verb(word) and word not in LIGHT]
    said = {stem for s in picked for stem in s.stems}
    return [word for word in verbs if not any(has(said, s) or _begins(said, s) for s in words(word))]


def _begins(said: set[str], stem: str) -> bool:
    """`fail` also stands in `failure`."""
    return len(stem) > 3 and any(other.startswith(stem) for other in said)


def _says_what(statement: Statement, subject: str) -> bool:
    """Whether it defines the subject, or at least speaks of it; a word before a common word may make it another."""
    is_term = wording.is_name(subject) or len(words(subject)) > 1
    return defines(statement.means, subject) or opens_with(statement.means, subject, kinds=is_term)


def unsaid(picked: Sequence[Statement], inquiry: Inquiry) -> list[str]:
    """The words asked for that neither a sentence says nor what stands above it; without sentences all of them."""
    return _held(picked, inquiry, in_context=True)[1]


def tells(statement: Statement, inquiry: Inquiry) -> bool:
    """Whether it is worded as what the inquiry wants to know."""
    if inquiry.aspect == "definition":
        return defines(statement.means, inquiry.subject)
    return inquiry.aspect == "general" or signs(statement.means, inquiry.aspect, inquiry.text) > 0


def in_quotes(items: Sequence[str], conjunction: str = "and") -> str:
    """`“a”, “b” and “c”`."""
    marked = [f"“{item}”" for item in items]
    return f" {conjunction} ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)
