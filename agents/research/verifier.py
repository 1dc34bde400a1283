"""Reads every quoted document again before a report becomes final; what has changed meanwhile is asked again."""

from collections.abc import Collection

from agents.research.kinds import Answer, Disagreement, Question, Report, Subtask
from blackboard import Entry, View, agent
from blackboard.tools.documents import check_quotes

AGAIN = 3
"""How often a subtask is asked anew; a document that changes still is written faster than it can be read."""
RESTLESS = "Its documents changed again and again while they were read: {documents}."


@agent(
    watches=Report,
    status="draft",
    writes=(Report, Answer, Subtask, Disagreement),
    reads=Question,
    tools=[check_quotes],
)
async def verifier(report: Entry[Report], view: View) -> None:
    """Makes a report final if each quote stands in its document, byte for byte; asks anew what rests on others."""
    cited = report.body.citations
    wrong = {q.document for q, why in zip(cited, await view.call(check_quotes, list(cited)), strict=True) if why}
    if not wrong:
        view.amend(report, status="final")
        return
    disputed = [d for d in view.find(Disagreement) if not wrong.isdisjoint(q.document for q in d.body.quotes)]
    lost = {q.sentence for d in disputed for q in d.body.quotes}
    concerned: dict[str, Entry[Subtask]] = {}
    for answer in view.find(Answer, status=("accepted", "compared", "flagged")):
        if any(q.document in wrong or q.sentence in lost for q in answer.body.quotes):
            view.amend(answer, status="stale")
            subtask = view.get(Subtask, of=answer)
            concerned[subtask.key] = subtask
    for subtask in concerned.values():
        _ask_anew(subtask, wrong, view)
    for disagreement in disputed:
        view.retract(disagreement)
    view.retract(report)


def _ask_anew(subtask: Entry[Subtask], wrong: Collection[str], view: View) -> None:
    """The same subtask as a new entry in place of the old one; given up at last."""
    question = view.get(Question, of=subtask)
    again = subtask.body.model_copy(update={"again": subtask.body.again + 1})
    if again.again > AGAIN:
        reason = RESTLESS.format(documents=", ".join(sorted(wrong)))
        view.post(again.model_copy(update={"reason": reason}), about=question, status="flagged")
    else:
        view.post(again, about=question)
    view.retract(subtask)
