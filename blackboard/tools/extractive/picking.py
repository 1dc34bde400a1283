"""Chooses the sentences that answer an inquiry from the passages that a search found.

The weights below were found by reading reports; none of them decides alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from blackboard.tools.extractive.aspects import TELLING, aspect_of, signs
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.meaning import Thing, asked_of, defines, is_about, is_all, names_in, opens_with, things
from blackboard.tools.extractive.statements import Source, Statement, says_the_same, statements
from blackboard.tools.extractive.weighing import Weights, standing, stems_around

MOST, FAR_BELOW = 4, 0.65
"""Sentences of an answer; one with less than this share of the best score is left out."""
MOST_OF_DETAIL, FAR_BELOW_OF_DETAIL = 6, 0.5
"""The same where details are asked for: documents may tell them in other words than the question's."""
FEW = 2  # words asked for, up to which a sentence must be about the thing
OWN, ABOVE, NEAR, STANDING = 0.7, 0.5, 0.3, 1.0
"""What the words asked for count in the sentence, with what stands above it, beside it, and in its passage."""
TOLD, NAMES, UNNAMED, NAMELESS = 0.3, 0.1, 0.2, 0.3
"""For telling what kind of thing is asked; for naming the thing; for one that none names yet; less without a name."""
FOLLOWS, SAME = 0.1, 0.1
"""For going on where a picked one stands; less for another of the same passage: two say more than one."""


@dataclass(frozen=True)
class Candidate:
    """A statement, and how well it answers."""

    statement: Statement
    score: float

    @property
    def place(self) -> tuple[int, int]:
        """Which of the passages, which of its sentences."""
        return self.statement.place


def pick(passages: Sequence[Source], inquiry: Inquiry) -> list[Statement]:
    """A few statements about the inquiry, none saying the same as another; the best first."""
    found = _candidates(passages, inquiry)
    told: list[Candidate] = []
    if is_all(inquiry) and inquiry.aspect in TELLING and inquiry.aspect != "difference":
        told = [c for c in found if signs(c.statement.means, inquiry.aspect, inquiry.text)]
    return _to_read(_picked(told, inquiry) or _picked(found, inquiry))


def _picked(found: Sequence[Candidate], inquiry: Inquiry) -> list[Candidate]:
    picked: list[Candidate] = []
    most, far_below = (MOST, FAR_BELOW) if is_all(inquiry) else (MOST_OF_DETAIL, FAR_BELOW_OF_DETAIL)
    while len(picked) < most:
        unnamed = [t for t in things(inquiry) if not any(t.named_in(p.statement.means) for p in picked)]
        # A comparison needs a sentence about each of the things, whatever else is told.
        due = inquiry.aspect == "difference" and 0 < len(unnamed) >= most - len(picked)
        naming = [c for c in found if due and any(t.named_in(c.statement.means) for t in unnamed)]
        best = _next(naming or found, picked, unnamed, 0 if naming else far_below)
        if best is None:
            break
        picked.append(best)
    return picked


def _candidates(passages: Sequence[Source], inquiry: Inquiry) -> list[Candidate]:
    """The statements about the subject, or that say much of what is asked, with their scores."""
    around = [stems_around(passage, inquiry) for passage in passages]
    weights = Weights.of(inquiry, around)
    names = {stem for stems in names_in(inquiry).values() for stem in stems}
    stand = standing(passages, around, weights)
    found: list[Candidate] = []
    by_passage = groupby(statements(passages, inquiry.told), key=lambda s: s.place[0])
    for number, together in by_passage:
        neighbours = list(together)
        worth = STANDING * stand[number] - NAMELESS * (not names <= around[number])
        for statement in neighbours:
            if _may_answer(statement, inquiry):
                said = _said(statement, neighbours, weights)
                found.append(Candidate(statement, worth + said + _score(statement, inquiry)))
    return found


def _said(statement: Statement, neighbours: Sequence[Statement], weights: Weights) -> float:
    """How much of what is asked it says by itself, with what stands above it, and with the sentences beside it."""
    near = {stem for s in neighbours if abs(s.place[1] - statement.place[1]) <= 1 for stem in s.stems}
    above = statement.heading | statement.document
    said = OWN * weights.covered(statement.stems) + ABOVE * weights.covered(statement.stems | above)
    return said + NEAR * weights.covered(near | above)


def _may_answer(statement: Statement, inquiry: Inquiry) -> bool:
    """Of few words, whether it is about the thing; else anything may answer: one says it in many words."""
    named = any(is_about(statement, thing) or thing.meant_by(statement.document) for thing in things(inquiry))
    return named or not (is_all(inquiry) or len(asked_of(inquiry)) <= FEW)


def _score(statement: Statement, inquiry: Inquiry) -> float:
    return _topic_score(statement, inquiry) + _aspect_score(statement, inquiry) - statement.density


def _topic_score(statement: Statement, inquiry: Inquiry) -> float:
    """For naming what it is about."""
    about = things(inquiry)
    named = sum(_named(statement, thing) for thing in about) / len(about)
    return NAMES * named + 0.2 * opens_with(statement.means, inquiry.subject)


def _named(statement: Statement, thing: Thing) -> float:
    """1 if the statement names the thing, half if only the heading or the document does."""
    return 1 if thing.named_in(statement.means) else 0.5 * thing.meant_by(statement.heading | statement.document)


def _aspect_score(statement: Statement, inquiry: Inquiry) -> float:
    """For telling what is asked of the subject, and not something else: other parts may ask for that."""
    text, aspect = statement.means, inquiry.aspect
    told, defined = signs(text, aspect, inquiry.text), defines(text, inquiry.subject)
    if aspect == "definition":
        return 1.0 if defined else 0.3 * opens_with(text, inquiry.subject)
    if aspect in TELLING:
        told += signs(statement.passage.heading, aspect)
        return TOLD * min(1, told) + 0.05 * min(3, told) + 0.1 * (aspect_of(text) == aspect)
    return 0.1 * min(1, told)


def _next(
    found: Sequence[Candidate], picked: Sequence[Candidate], unnamed: Sequence[Thing], far_below: float
) -> Candidate | None:
    """The best one left that says something new and can be understood beside those picked."""
    passages = {p.place[0] for p in picked}
    following = {(number, nth + 1) for number, nth in (p.place for p in picked)}
    fitting = [
        Candidate(c.statement, c.score + _fit(c, passages, following, unnamed))
        for c in found
        if (not c.statement.leans or c.place in following)
        and not any(says_the_same(c.statement, p.statement) for p in picked)
    ]
    best = max(fitting, key=lambda c: (c.score, [-n for n in c.place]), default=None)
    least = far_below * max((p.score for p in picked), default=0)
    return best if best and best.score > least else None


def _fit(found: Candidate, passages: set[int], following: set[tuple[int, int]], unnamed: Sequence[Thing]) -> float:
    """For going on where a picked one stands, against staying in one passage, for naming what none has named."""
    apart = FOLLOWS * (found.place in following) - SAME * (found.place[0] in passages)
    return apart + UNNAMED * sum(thing.named_in(found.statement.means) for thing in unnamed) / max(1, len(unnamed))


def _to_read(picked: Sequence[Candidate]) -> list[Statement]:
    """Best first, but neighbours stay together in the order of the document."""
    order = {p.place: n for n, p in enumerate(picked)}
    runs: list[list[Statement]] = []
    for statement in sorted((p.statement for p in picked), key=lambda s: s.place):
        number, nth = statement.place
        if runs and runs[-1][-1].place == (number, nth - 1):
            runs[-1].append(statement)
        else:
            runs.append([statement])
    return [s for run in sorted(runs, key=lambda run: min(order[s.place] for s in run)) for s in run]
