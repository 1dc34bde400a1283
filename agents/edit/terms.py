"""Keeps the glossary."""

from agents.edit.kinds import Section
from agents.edit.revising import revise
from blackboard import Entry, View, agent


@agent(watches=Section, writes=Section)
def terms(section: Entry[Section], view: View) -> None:
    """Spells each thing as the glossary prefers it."""
    revise("terms", section, view)
