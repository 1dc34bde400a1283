"""Answers subtasks with exact quotes."""

from collections.abc import Sequence

from agents.research.kinds import Answer, Subtask
from agents.research.offline import evidence, wording
from agents.research.offline.picking import pick
from blackboard import Entry, View, agent
from blackboard.tools.documents import Passage, search_documents

PASSAGES = 15


@agent(watches=Subtask, writes=(Answer, Subtask), tools=[search_documents], gives_up="flagged")
async def researcher(subtask: Entry[Subtask], view: View) -> None:
    """Quotes the sentences that answer a subtask best, or says that there are none."""
    passages = await view.call(search_documents, query_of(subtask.body), limit=PASSAGES)
    answer = answer_from(passages, subtask.body)
    view.post(answer, about=subtask, status="accepted" if answer.quotes else "flagged")
    view.amend(subtask, status="answered" if answer.quotes else "flagged")


def query_of(subtask: Subtask) -> str:
    """What to search for: the subject's words and the others that carry meaning, each once."""
    wanted = [*wording.words(subtask.subject), *wording.content(subtask.text)]
    return " ".join(dict.fromkeys(wanted)) or subtask.text


def answer_from(passages: Sequence[Passage], subtask: Subtask) -> Answer:
    """The best sentences of the passages as an answer, or one without quotes that says what is missing."""
    subject = subtask.subject or subtask.text
    picked = pick(passages, subtask)
    if missing := evidence.lack(picked, subtask):
        return Answer(subject=subject, text="The documents do not answer this.", basis=missing)
    confidence, basis = evidence.trust(picked, subtask)
    quotes = tuple(s.quote for s in picked)
    text = " ".join(q.sentence for q in quotes)
    return Answer(subject=subject, text=text, quotes=quotes, confidence=confidence, basis=basis)
