"""Keeps figures right."""

from agents.edit.kinds import Section
from agents.edit.revising import revise
from blackboard import Entry, View, agent


@agent(watches=Section, writes=Section)
def facts(section: Entry[Section], view: View) -> None:
    """Corrects a number about which the facts say something else."""
    revise("facts", section, view)
