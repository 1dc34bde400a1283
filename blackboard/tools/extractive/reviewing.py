"""Judges an answer: whether it answers the inquiry, whether it rests on its quotes, whether it says more than that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from blackboard.tools.extractive.aspects import TELLING, signs
from blackboard.tools.extractive.evidence import NOTHING_ABOUT, WORDED, in_quotes, lack, tells, unsaid
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.meaning import has, own_words, things
from blackboard.tools.extractive.sentences import words
from blackboard.tools.extractive.statements import Statement
from blackboard.tools.extractive.widening import widened

AT_A_GLANCE = 700  # characters of an answer that are read without effort
GOOD, FAIR = 0.85, 0.65  # relevance from which the score is 5, and 4
OFF = 0.45  # relevance at most of what answers something else
LEAST = 0.35  # of the words asked for, in one sentence with what stands above it
OTHERWISE = 0.4  # of a word asked for is missing where only another that may mean the same is said
BEST = 5
WHOLE = "It says what was asked for, and every sentence stands as quoted in its document."
BESIDE = 0.6  # concision below which an answer loses a point


@dataclass(frozen=True)
class Said:
    """A sentence of an answer as a source by itself, with what stands above it in its document."""

    text: str
    document: str = ""
    heading: str = ""
    start: int = 0
    line: int = 1
    prose: bool = True
    score: float = 1


@dataclass(frozen=True)
class Judgement:
    """A score from 1 to 5, why in one sentence, and the measures behind it, 0 to 1."""

    score: int
    feedback: str
    relevance: float
    groundedness: float
    concision: float
    missing: tuple[str, ...] = ()


def judge(said: Sequence[Said], inquiry: Inquiry, wrong: Sequence[str] = ()) -> Judgement:
    """How good these sentences are as an answer. `wrong`: what is wrong with the ground of each, if anything."""
    told = _retold(said, inquiry)
    missing = tuple(unsaid(told, inquiry))
    relevance = round(_relevance(told, inquiry, missing), 2)
    faults = [fault for fault in wrong if fault]
    grounded = round(1 - len(faults) / len(said), 2) if said else 0.0
    concision = round(_concision(told, inquiry), 2)
    lacking = lack(told, inquiry) or _too_little(told, inquiry)
    if lacking:
        relevance = min(relevance, OFF)
    if faults:
        score = 1 if grounded < 0.5 else 2
        feedback = faults[0]
    elif lacking or not said:
        score, feedback = 1 + bool(relevance), lacking or "It says nothing."
    else:
        score = _score(told, inquiry, relevance, concision)
        feedback = WHOLE if score == BEST else _feedback(told, inquiry, missing, concision)
    return Judgement(score, feedback, relevance, grounded, concision, missing)


def _retold(said: Sequence[Said], inquiry: Inquiry) -> list[Statement]:
    """As statements in the words of the inquiry: who says “WAL” speaks of write-ahead logging."""
    wide = widened(inquiry, [s.text for s in said])
    return [Statement(s, 0, s.text, (n, 0), wide.told(s.text)) for n, s in enumerate(said)]


def _relevance(told: Sequence[Statement], inquiry: Inquiry, missing: Sequence[str]) -> float:
    """How much of what was asked for is said, by all and by the best of them, and whether it is worded as asked."""
    if not told or lack(told, inquiry).startswith(NOTHING_ABOUT):
        return 0.0
    asked = unsaid([], inquiry)
    covered = 1 - (len(missing) + OTHERWISE * _otherwise(told, inquiry)) / max(1, len(asked))
    relevance = 0.4 * covered + 0.3 * _best(told, inquiry) + 0.3 * _worded(told, inquiry)
    return min(relevance, OFF) if lack(told, inquiry) else relevance


def _otherwise(told: Sequence[Statement], inquiry: Inquiry) -> int:
    """How many of the words asked for are only said by others that may mean the same."""
    return len(unsaid([replace(s, retold="") for s in told], inquiry)) - len(unsaid(told, inquiry))


def _best(told: Sequence[Statement], inquiry: Inquiry) -> float:
    """How much of what was asked for the sentence says that says most."""
    return max(1 - len(unsaid([s], inquiry)) / max(1, len(unsaid([], inquiry))) for s in told)


def _worded(told: Sequence[Statement], inquiry: Inquiry) -> float:
    """1 if a sentence says what kind of thing was asked for and names the subject, half if it does either."""
    own = own_words(inquiry)
    telling = [s for s in told if tells(s, inquiry) and (not own or any(has(s.stems | s.heading, o) for o in own))]
    if not telling:
        return 0.0
    naming = all if inquiry.aspect == "difference" else any
    return 1.0 if any(naming(t.named_in(s.means) for t in things(inquiry)) for s in telling) else 0.5


def _too_little(told: Sequence[Statement], inquiry: Inquiry) -> str:
    """What is wrong with sentences that have the words and do not answer; empty if nothing is."""
    if told and (off := _off_the_point(told, inquiry)):
        return f"The nearest sentences are about the subject, but do not say {in_quotes(off, 'or')}."
    is_told = inquiry.aspect in TELLING and any(tells(s, inquiry) for s in told)
    if told and not is_told and _best(told, inquiry) < LEAST:
        return "The nearest sentences have words of the question, but none says much of what was asked."
    return ""


def _off_the_point(told: Sequence[Statement], inquiry: Inquiry) -> list[str]:
    """What is asked of the subject, if nothing of that is said: sentences about the subject alone are no answer."""
    own = own_words(inquiry)
    said = {stem for s in told for stem in s.stems | s.heading | s.document}
    if any(has(said, stem) for stem in own):
        return []
    return [word for word in unsaid([], inquiry) if not own.isdisjoint(words(word))]


def _concision(told: Sequence[Statement], inquiry: Inquiry) -> float:
    """Share of the text that bears on the inquiry, less where it is longer than one reads at a glance."""
    length = sum(len(s.text) for s in told)
    bearing = sum(len(s.text) for s in told if _bears(s, inquiry))
    return bearing / length * min(1.0, AT_A_GLANCE / length) ** 0.5 if length else 0.0


def _bears(statement: Statement, inquiry: Inquiry) -> bool:
    """Whether it names a thing or says another word asked for."""
    about = things(inquiry)
    if any(thing.named_in(statement.means) for thing in about):
        return True
    asked = {stem for word in unsaid([], inquiry) for stem in words(word)}
    own = asked.difference(*(thing.stems for thing in about)) or asked
    return any(has(statement.stems, stem) for stem in own) or signs(statement.means, inquiry.aspect) > 1


def _score(told: Sequence[Statement], inquiry: Inquiry, relevance: float, concision: float) -> int:
    """3 at least: nothing that it needs is missing."""
    score = 5 if relevance >= GOOD else 4 if relevance >= FAIR else 3
    worded = _worded(told, inquiry)
    is_half = not worded or (inquiry.aspect == "difference" and worded < 1)
    if is_half:
        return 3
    return max(3, min(score, BEST - bool(_otherwise(told, inquiry))) - (concision < BESIDE))


def _feedback(told: Sequence[Statement], inquiry: Inquiry, missing: Sequence[str], concision: float) -> str:
    """Why it is good, or what keeps it from being so."""
    short: list[str] = []
    if missing:
        short.append(f"it does not say {in_quotes(missing, 'or')}")
    if not _worded(told, inquiry):
        short.append(f"no sentence is worded as {WORDED[inquiry.aspect]}")
    if concision < BESIDE:
        beside = sum(not _bears(s, inquiry) for s in told)
        short.append(
            f"{beside} of {len(told)} sentences {'is' if beside == 1 else 'are'} beside the point"
            if beside
            else "it is long"
        )
    if not short:
        short.append("in other words than those that were asked for")
    return f"It answers this, but {' and '.join(short)}."
