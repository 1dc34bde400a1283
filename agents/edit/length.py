"""Keeps sentences short."""

from agents.edit.kinds import Section
from agents.edit.revising import revise
from blackboard import Entry, View, agent


@agent(watches=Section, writes=Section)
def length(section: Entry[Section], view: View) -> None:
    """Splits sentences that are too long where a new one clearly begins."""
    revise("length", section, view)
