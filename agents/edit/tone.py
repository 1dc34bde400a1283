"""Keeps the text plain."""

from agents.edit.kinds import Section
from agents.edit.revising import revise
from blackboard import Entry, View, agent


@agent(watches=Section, writes=Section)
def tone(section: Entry[Section], view: View) -> None:
    """Takes out filler words, and says long-winded phrases in short."""
    revise("tone", section, view)
