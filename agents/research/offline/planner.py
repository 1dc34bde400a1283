"""Splits a question by rules."""

from agents.research.kinds import Question, Subtask
from agents.research.offline.splitting import plan
from blackboard import Entry, View, agent


@agent(watches=Question, writes=Subtask)
def planner(question: Entry[Question], view: View) -> None:
    """Splits a question into two to five subtasks that can be answered by themselves."""
    for subtask in plan(question.body.question):
        view.post(subtask, about=question)
