"""Closes a subtask that found no answer, and asks what the documents can tell near to it; for every team."""

from collections.abc import Sequence

from agents.research.inquiries import inquiry_of
from agents.research.kinds import Answer, Question, Subtask
from blackboard import Entry, View, agent
from blackboard.tools.documents import Passage, search_documents
from blackboard.tools.extractive import Inquiry, Said, instead, judge, pick

MOST = 2  # follow-ups of one subtask
TRIED = 8  # questions that are looked up for it
PASSAGES = 10
WORTH_ASKING = 4  # the score that an answer can have


@agent(watches=Answer, status="flagged", writes=Subtask, reads=())
def closer(answer: Entry[Answer], view: View) -> None:
    """Flags the subtask of a flagged answer: without it, there would never be a report."""
    subtask = view.get(Subtask, of=answer)
    if not subtask.done:
        view.amend(subtask, status="flagged")


@agent(watches=Answer, status="flagged", writes=Subtask, reads=Question, tools=[search_documents], fallback=closer)
async def followups(answer: Entry[Answer], view: View) -> None:
    """Flags the subtask of a flagged answer, and posts up to two smaller ones that the documents can answer."""
    subtask = view.get(Subtask, of=answer)
    if subtask.done:
        return
    if not subtask.body.follows:
        everything = view.find(Subtask)
        planned = [other for other in everything if not other.body.follows]
        asked = {_plain(other.body.text) for other in everything}
        for inquiry in await _chosen(subtask, planned, view):
            if _plain(inquiry.text) not in asked:
                view.post(_follow_up(inquiry, planned), about=[subtask, *view.linked(subtask, Question)])
    # In the commit that raises them: nobody may find all subtasks done in between.
    view.amend(subtask, status="flagged")


async def _chosen(subtask: Entry[Subtask], planned: Sequence[Entry[Subtask]], view: View) -> list[Inquiry]:
    """The best that the documents can answer, the same whichever subtask of the question is flagged first."""
    others = [other.body for other in planned if other.key != subtask.key]
    found: list[Inquiry] = []
    for inquiry in instead(inquiry_of(subtask.body))[:TRIED]:
        known = {one.subject for one in found}  # what a thing is says enough of it
        if len(found) < MOST and inquiry.subject not in known and not any(_asks_for(o, inquiry) for o in others):
            passages = await view.call(search_documents, inquiry.query, limit=PASSAGES)
            if _answers(passages, inquiry):
                found.append(inquiry)
    return found


def _asks_for(other: Subtask, inquiry: Inquiry) -> bool:
    """Whether another part of the question asks this, or what the thing is."""
    same = other.subject.lower() == inquiry.subject.lower() and other.aspect in (inquiry.aspect, "definition")
    return same or _plain(other.text) == _plain(inquiry.text)


def _answers(passages: Sequence[Passage], inquiry: Inquiry) -> bool:
    """Whether sentences stand there that a critic would accept gladly."""
    picked = pick(passages, inquiry)
    return judge([Said(s.text, s.passage.document, s.passage.heading) for s in picked], inquiry).score >= WORTH_ASKING


def _follow_up(inquiry: Inquiry, planned: Sequence[Entry[Subtask]]) -> Subtask:
    """In the words and at the place of the first part that could ask it: who is flagged first must not tell."""
    in_order = sorted((part.body for part in planned), key=lambda part: (part.rank, part.text))
    alike = [(one, part.rank) for part in in_order for one in instead(inquiry_of(part)) if _is_same(one, inquiry)]
    first, rank = alike[0] if alike else (inquiry, 0)
    return Subtask(text=first.text, subject=first.subject, aspect=first.aspect, rank=rank, follows=True)


def _is_same(one: Inquiry, other: Inquiry) -> bool:
    return _plain(one.text) == _plain(other.text)


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip("?")
