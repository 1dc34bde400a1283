"""Answers subtasks with exact quotes."""

from collections.abc import Sequence

from agents.research.kinds import Answer, Subtask
from blackboard import Entry, View, agent
from blackboard.tools.documents import Passage, Quote, search_documents
from blackboard.tools.extractive import Inquiry, lack, pick, trust

PASSAGES = 15


@agent(watches=Subtask, writes=(Answer, Subtask), tools=[search_documents], gives_up="flagged")
async def researcher(subtask: Entry[Subtask], view: View) -> None:
    """Quotes the sentences that answer a subtask best, or says that there are none."""
    inquiry = Inquiry(subtask.body.text, subtask.body.subject, subtask.body.aspect)
    passages = await view.call(search_documents, inquiry.query, limit=PASSAGES)
    answer = answer_from(passages, inquiry)
    view.post(answer, about=subtask, status="accepted" if answer.quotes else "flagged")
    view.amend(subtask, status="answered" if answer.quotes else "flagged")


def answer_from(passages: Sequence[Passage], inquiry: Inquiry) -> Answer:
    """The best sentences of the passages as an answer, or one without quotes that says what is missing."""
    picked = pick(passages, inquiry)
    if missing := lack(picked, inquiry):
        return Answer(subject=inquiry.about, text="The documents do not answer this.", basis=missing)
    confidence, basis = trust(picked, inquiry)
    quotes = tuple(Quote.of(passages[s.place[0]], s.start, s.start + len(s.text)) for s in picked)
    text = " ".join(q.sentence for q in quotes)
    return Answer(subject=inquiry.about, text=text, quotes=quotes, confidence=confidence, basis=basis)
