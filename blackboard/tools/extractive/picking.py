"""Chooses the sentences that answer an inquiry from the passages that a search found.

The weights below were found by reading reports; none of them decides alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from blackboard.tools.extractive.aspects import TELLING, aspect_of, signs
from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.meaning import Thing, asked_of, defines, is_about, opens_with, share, things
from blackboard.tools.extractive.ranking import rank
from blackboard.tools.extractive.sentences import words
from blackboard.tools.extractive.statements import Source, Statement, says_the_same, statements

MOST = 3  # sentences of an answer
FAR_BELOW = 0.4  # a sentence with less than this share of the best score is left out


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
    """Up to three statements about the inquiry, none saying the same as another; the best first."""
    found = _candidates(passages, inquiry)
    told = [c for c in found if inquiry.aspect in TELLING and signs(c.statement.text, inquiry.aspect)]
    picked: list[Candidate] = []
    while len(picked) < MOST:
        unnamed = [t for t in things(inquiry) if not any(t.named_in(p.statement.text) for p in picked)]
        naming = [c for c in found if any(t.named_in(c.statement.text) for t in unnamed)]
        best = _next([*told, *naming] if told else found, picked, unnamed)
        if best is None:
            break
        picked.append(best)
    return _to_read(picked)


def _candidates(passages: Sequence[Source], inquiry: Inquiry) -> list[Candidate]:
    """The statements about the subject, with their scores."""
    found = list(statements(passages))
    central = rank([s.text for s in found], f"{inquiry.subject} {inquiry.text}")
    most = max(central, default=0) or 1
    best = max((s.passage.score for s in found), default=0) or 1
    about = things(inquiry)
    return [
        Candidate(s, _score(s, inquiry) + 0.6 * c / most + 0.3 * s.passage.score / best)
        for s, c in zip(found, central, strict=True)
        if any(is_about(s, thing) or thing.meant_by(s.document) for thing in about)
    ]


def _score(statement: Statement, inquiry: Inquiry) -> float:
    return _topic_score(statement, inquiry) + _aspect_score(statement, inquiry) - 2 * statement.density


def _topic_score(statement: Statement, inquiry: Inquiry) -> float:
    """For the words asked for, and for naming what they are about."""
    asked, about = set(words(" ".join(asked_of(inquiry)))), things(inquiry)
    its_own = asked.difference(*(thing.stems for thing in about))  # what tells this part from those beside it
    score = share(asked, statement.stems) + 0.3 * share(asked, statement.stems | statement.heading | statement.document)
    score += 1.5 * share(its_own, statement.stems | statement.heading)
    score += 0.7 * sum(_named(statement, thing) for thing in about) / len(about)
    score += 0.3 * opens_with(statement.text, inquiry.subject)
    return score + 0.2 * (statement.place[1] == 0)  # paragraphs begin with what they are about


def _named(statement: Statement, thing: Thing) -> float:
    """1 if the statement names the thing, half if only the heading or the document does."""
    return 1 if thing.named_in(statement.text) else 0.5 * thing.meant_by(statement.heading | statement.document)


def _aspect_score(statement: Statement, inquiry: Inquiry) -> float:
    """For telling what is asked of the subject, and not something else: other parts may ask for that."""
    text, aspect = statement.text, inquiry.aspect
    told, defined = signs(text, aspect), defines(text, inquiry.subject)
    if aspect == "definition" and defined:
        return 1.0
    score = -0.6 * defined
    if aspect in TELLING:
        told += signs(statement.passage.heading, aspect)
        return score + 0.3 * min(3, told) + 0.3 * (aspect_of(text) == aspect)
    if aspect in ("definition", "mechanism") and (signs(text, "difference") or signs(text, "limits")):
        score -= 0.4
    return score + 0.2 * min(2, told) + 0.5 * (aspect == "definition" and opens_with(text, inquiry.subject))


def _next(found: Sequence[Candidate], picked: Sequence[Candidate], unnamed: Sequence[Thing]) -> Candidate | None:
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
    least = FAR_BELOW * max((p.score for p in picked), default=0)
    return best if best and best.score > least else None


def _fit(found: Candidate, passages: set[int], following: set[tuple[int, int]], unnamed: Sequence[Thing]) -> float:
    """For going on where a picked one stands, and for naming a thing that none has named."""
    close = 0.15 * (found.place[0] in passages) + 0.2 * (found.place in following)
    return close + 0.5 * sum(thing.named_in(found.statement.text) for thing in unnamed)


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
