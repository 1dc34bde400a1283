"""Writes the report when no subtask is open any more."""

from collections.abc import Sequence

from agents.research.kinds import Answer, Disagreement, Question, Report, Review, Subtask
from agents.research.offline.critic import ACCEPTED
from agents.research.report import Part, compose
from blackboard import Entry, Failure, View, agent, all_done
from blackboard.tools.documents import unread_documents

SETTLED = ("accepted", "compared")


@agent(
    watches=all_done(Subtask),
    writes=Report,
    reads=(Question, Answer, Review, Disagreement, Failure),
    tools=[unread_documents],
)
async def synthesizer(subtasks: Sequence[Entry[Subtask]], view: View) -> None:
    """Puts the accepted answers together; the order in which they came does not matter."""
    in_order = sorted(subtasks, key=lambda s: (s.body.rank, s.body.follows, s.body.text))
    question = view.get(Question, of=in_order[0])
    parts = [_part(s, view) for s in in_order]
    disagreements = [d.body for d in view.find(Disagreement)]
    unread = await view.call(unread_documents)
    view.post(compose(question.body.question, parts, unread, disagreements), about=subtasks)


def _part(subtask: Entry[Subtask], view: View) -> Part:
    """A subtask with its newest answer, one that was accepted if there is any, and what reviewers said of that."""
    answers = view.find(Answer, about=subtask)
    if not answers:
        return Part(subtask.body, reason=subtask.body.reason or _failed(subtask, view))
    settled = [answer for answer in answers if answer.status in SETTLED]
    answer = (settled or answers)[-1]
    accepted = subtask.status == "answered" and answer.status in SETTLED
    reviews = [review.body for review in view.find(Review, about=answer)]
    is_grounded = bool(reviews) and reviews[-1].groundedness == 1
    reason = "" if accepted else subtask.body.reason or _why_not(answer, reviews, view)
    return Part(subtask.body, answer.body, accepted, tuple(r.score for r in reviews), reason, is_grounded)


def _why_not(answer: Entry[Answer], reviews: Sequence[Review], view: View) -> str:
    """Who failed over an answer, unless its last review tells already why it was not accepted."""
    feedback = reviews[-1].feedback if reviews else ""
    return feedback if feedback and reviews[-1].score < ACCEPTED else _failed(answer, view) or feedback


def _failed(entry: Entry[Subtask] | Entry[Answer], view: View) -> str:
    failures = view.find(Failure, about=entry)
    return f"{failures[-1].body.agent} failed: {failures[-1].body.cause}." if failures else ""
