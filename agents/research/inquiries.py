"""A subtask as what is asked of documents."""

from agents.research.kinds import Subtask
from blackboard.tools.extractive import Inquiry


def inquiry_of(subtask: Subtask) -> Inquiry:
    """What the subtask wants to know."""
    return Inquiry(subtask.text, subtask.subject, subtask.aspect)
