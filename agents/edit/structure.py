"""Keeps headings in order."""

from agents.edit.kinds import Section
from agents.edit.revising import revise
from blackboard import Entry, View, agent


@agent(watches=Section, writes=Section)
def structure(section: Entry[Section], view: View) -> None:
    """Levels that do not jump, one space after the #, no punctuation at the end of a heading."""
    revise("structure", section, view)
