"""Looks again for an answer that a critic sent back: in other words, and further down."""

from collections.abc import Sequence

from agents.research.inquiries import inquiry_of
from agents.research.kinds import Answer, Review, Subtask
from agents.research.offline.critic import reviewed
from agents.research.offline.researcher import PASSAGES, answer_from, pooled
from blackboard import Entry, View, agent
from blackboard.tools.documents import search_documents
from blackboard.tools.extractive import Inquiry, queries, widened, with_feedback

MORE = 40  # passages of the first search; it goes further down than the researcher did


@agent(
    watches=Answer,
    status="revise",
    writes=Answer,
    reads=(Subtask, Review),
    tools=[search_documents],
    gives_up="flagged",
)
async def reviser(answer: Entry[Answer], view: View) -> None:
    """Searches with acronyms, other forms and synonyms of what was missing; flags the answer if nothing else comes."""
    inquiry = inquiry_of(view.get(Subtask, of=answer).body)
    reviews = view.find(Review, about=answer)
    missing = {word for review in reviews for word in review.body.missing}
    first = await view.call(search_documents, inquiry.query, limit=MORE)
    texts = [passage.text for passage in first]
    wide = widened(inquiry, texts, only=missing if len(reviews) < 2 else None)
    if len(reviews) > 1:
        wide = with_feedback(wide, texts[:PASSAGES])
    found = [first, *[await view.call(search_documents, query, limit=PASSAGES) for query in queries(wide)]]
    revised = answer_from(pooled(found), wide)
    if _is_new(revised, view.history(answer)) and _is_better(revised, answer.body, inquiry):
        view.amend(answer, revised, status="draft")
    else:
        basis = reviews[-1].body.feedback if reviews else answer.body.basis
        view.amend(answer, answer.body.model_copy(update={"basis": basis}), status="flagged")


def _is_new(revised: Answer, before: Sequence[Entry[Answer]]) -> bool:
    """Whether it quotes anything that no version before it has."""
    known = {(q.edition, q.sentence) for version in before for q in version.body.quotes}
    return any((q.edition, q.sentence) not in known for q in revised.quotes)


def _is_better(revised: Answer, before: Answer, inquiry: Inquiry) -> bool:
    """Whether it is at least as much to the point; where quotes stand is for the critic to see."""
    new, old = (reviewed(one, inquiry, [""] * len(one.quotes)) for one in (revised, before))
    return (new.score, new.relevance or 0) >= (old.score, old.relevance or 0)
