"""Reviews answers by rules: are they to the point, do they stand in the documents, are they short?"""

from collections.abc import Sequence

from agents.research.claims import Claim, claims, faults
from agents.research.inquiries import inquiry_of
from agents.research.kinds import Answer, Review, Subtask
from blackboard import Entry, View, agent
from blackboard.tools.documents import Quote, check_quotes
from blackboard.tools.extractive import Inquiry, Said, judge

ACCEPTED = 3  # from this score on
ROUNDS = 2  # an answer is sent back so often


@agent(watches=Answer, writes=(Review, Answer), reads=Subtask, tools=[check_quotes], gives_up="flagged")
async def critic(answer: Entry[Answer], view: View) -> None:
    """Scores an answer from 1 to 5 and says why; accepts it, sends it back, or keeps it out of the report."""
    inquiry = inquiry_of(view.get(Subtask, of=answer).body)
    wrong = await view.call(check_quotes, list(answer.body.quotes)) if answer.body.quotes else []
    review = reviewed(answer.body, inquiry, wrong)
    view.post(review, about=answer)
    if review.score >= ACCEPTED:
        view.amend(answer, status="accepted")
    elif view.count(Review, about=answer) < ROUNDS:  # those before this one
        view.amend(answer, status="revise")
    else:
        view.amend(answer, answer.body.model_copy(update={"basis": review.feedback}), status="flagged")


def reviewed(answer: Answer, inquiry: Inquiry, wrong: Sequence[str]) -> Review:
    """What one may think of the answer. `wrong`: what is wrong with each of its quotes, empty for one that stands."""
    said = [_said(claim, answer.quotes) for claim in claims(answer)]
    judged = judge(said, inquiry, faults(answer, wrong))
    return Review(
        score=judged.score,
        feedback=judged.feedback if said else answer.basis or judged.feedback,
        relevance=judged.relevance,
        groundedness=judged.groundedness,
        concision=judged.concision,
        missing=judged.missing,
    )


def _said(claim: Claim, quotes: Sequence[Quote]) -> Said:
    """The sentence with the places of what it cites: their headings and names say what it is about."""
    cited = [quotes[c] for c in claim.cites if 0 <= c < len(quotes)]
    headings, documents = (
        " / ".join(dict.fromkeys(of)) for of in ([q.heading for q in cited], [q.document for q in cited])
    )
    return Said(claim.text, documents, headings)
