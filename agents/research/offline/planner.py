"""Splits a question by rules."""

from agents.research.kinds import Question, Subtask
from blackboard import Entry, View, agent
from blackboard.tools.extractive import plan


@agent(watches=Question, writes=Subtask, reads=())
def planner(question: Entry[Question], view: View) -> None:
    """Splits a question into one to five subtasks that can be answered by themselves."""
    for rank, part in enumerate(plan(question.body.question)):
        view.post(Subtask(text=part.text, rank=rank, subject=part.subject, aspect=part.aspect), about=question)
