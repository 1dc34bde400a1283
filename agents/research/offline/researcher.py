"""Answers subtasks with exact quotes."""

from collections.abc import Sequence

from agents.research.inquiries import inquiry_of
from agents.research.kinds import Answer, Subtask
from blackboard import Entry, View, agent
from blackboard.tools.documents import Passage, Quote, search_documents
from blackboard.tools.extractive import Inquiry, lack, pick, queries, trust

PASSAGES = 50
UNSURE = 0.5  # of the confidence is left where something is missing


@agent(watches=Subtask, reads=(), writes=(Answer, Subtask), tools=[search_documents], gives_up="flagged")
async def researcher(subtask: Entry[Subtask], view: View) -> None:
    """Quotes the sentences that answer a subtask best; whether they do is for a critic to say."""
    inquiry = inquiry_of(subtask.body)
    found = [await view.call(search_documents, query, limit=PASSAGES) for query in queries(inquiry)]
    view.post(answer_from(pooled(found), inquiry), about=subtask)


def answer_from(passages: Sequence[Passage], inquiry: Inquiry) -> Answer:
    """The best sentences of the passages as an answer, or one without quotes; its basis says what is missing."""
    picked = pick(passages, inquiry)
    missing = lack(picked, inquiry)
    if not picked:
        return Answer(subject=inquiry.about, text="The documents do not answer this.", basis=missing)
    confidence, basis = trust(picked, inquiry)
    quotes = tuple(Quote.of(passages[s.place[0]], s.start, s.start + len(s.text)) for s in picked)
    return Answer(
        subject=inquiry.about,
        text=" ".join(q.sentence for q in quotes),
        quotes=quotes,
        confidence=round(confidence * UNSURE, 2) if missing else confidence,
        basis=missing or basis,
    )


def pooled(found: Sequence[Sequence[Passage]]) -> list[Passage]:
    """All passages, in the order in which they were found; scores made comparable, since each search has its own."""
    pool: dict[tuple[str, int], Passage] = {}
    for passages in found:
        best = max((p.score for p in passages), default=0) or 1
        for passage in passages:
            scaled = passage.model_copy(update={"score": passage.score / best})
            known = pool.setdefault((passage.document, passage.start), scaled)
            if known.score < scaled.score:
                pool[passage.document, passage.start] = scaled
    return list(pool.values())
