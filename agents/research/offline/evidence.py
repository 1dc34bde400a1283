"""Says whether chosen sentences answer a subtask, how sure one may be, and why."""

from collections.abc import Sequence

from agents.research.kinds import Aspect, Subtask
from agents.research.offline import wording
from agents.research.offline.aspects import signs
from agents.research.offline.picking import Sentence, defines, has, is_about_thing, opens_with, things
from blackboard.tools.extractive import words

ENOUGH = 0.5  # share of the words asked for that the sentences must hold
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
    "example": "an example",
}


def lack(picked: Sequence[Sentence], subtask: Subtask) -> str:
    """What is missing for an answer, in a sentence; empty if nothing is."""
    named = things(subtask)
    unknown = [thing.name for thing in named if not any(is_about_thing(s, thing) for s in picked)]
    if unknown and (subtask.aspect == "difference" or len(unknown) == len(named)):
        return f"No sentence of the documents is about {quoted(unknown, 'or')}."
    if subtask.aspect == "definition" and not any(_says_what(s, subtask.subject) for s in picked):
        return f"No sentence of the documents says what “{subtask.subject}” is."
    held, missing = _held(picked, subtask, in_context=True)
    if not picked or len(held) < ENOUGH * len(held + missing):
        return f"The nearest sentences do not say {quoted(missing, 'or')}." if missing else "No sentence fits."
    return ""


def trust(picked: Sequence[Sentence], subtask: Subtask) -> tuple[float, str]:
    """How sure one may be that these sentences answer the subtask, 0 to 1, and why, in a sentence."""
    held, missing = _held(picked, subtask)
    told = sum(_tells(s, subtask) for s in picked)
    each = sum(len(_held([s], subtask)[0]) for s in picked) / len(picked)
    confidence = SURE * (len(held) + each) / 2 / len(held + missing) * (1 if told else UNTOLD)
    basis = f"{quoted(held)} {'stand' if len(held) > 1 else 'stands'} in these sentences"
    if missing:
        basis = f"{len(held)} of {len(held + missing)} words asked for stand in these sentences, not {quoted(missing)}"
    if worded := WORDED.get(subtask.aspect):
        basis += f"; {told or 'none'} of {len(picked)} {'is' if told < 2 else 'are'} worded as {worded}"
    return round(confidence, 2), f"{basis}."


def _held(picked: Sequence[Sentence], subtask: Subtask, *, in_context: bool = False) -> tuple[list[str], list[str]]:
    """The words asked for that stand in the sentences (or above them), and those that do not."""
    given = frozenset(stem for s in picked for stem in s.stems)
    if in_context:
        given = given.union(*(s.heading | s.document for s in picked))
    asked = wording.content(subtask.text) or wording.words(subtask.subject or subtask.text)
    asked = [word for word in dict.fromkeys(asked) if words(word)] or [subtask.text]
    held = [word for word in asked if words(word) and all(has(given, stem) for stem in words(word))]
    return held, [word for word in asked if word not in held]


def _says_what(sentence: Sentence, subject: str) -> bool:
    """Whether it defines the subject, or at least speaks of it; words before a common word may make it another."""
    is_term = wording.is_name(subject) or len(words(subject)) > 1
    return defines(sentence.text, subject) or opens_with(sentence.text, subject, kinds=is_term)


def _tells(sentence: Sentence, subtask: Subtask) -> bool:
    if subtask.aspect == "definition":
        return defines(sentence.text, subtask.subject)
    return subtask.aspect not in WORDED or signs(sentence.text, subtask.aspect) > 0


def quoted(items: Sequence[str], conjunction: str = "and") -> str:
    """`“a”, “b” and “c”`."""
    marked = [f"“{item}”" for item in items]
    return f" {conjunction} ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)
