"""Five editors rewrite one document at once, until none of them has anything to change."""

from agents.edit.binder import binder
from agents.edit.facts import facts
from agents.edit.kinds import Edited, Manuscript
from agents.edit.length import length
from agents.edit.opening import pages
from agents.edit.structure import structure
from agents.edit.terms import terms
from agents.edit.tone import tone
from blackboard import Budget, Scenario

scenario = Scenario(
    "edit",
    params=Manuscript,
    seed=pages,
    agents=[structure, facts, terms, length, tone, binder],
    result=Edited,
    budget=Budget(activations=20_000, seconds=900),
)

if __name__ == "__main__":
    scenario.main()
