"""From a question to a cited report over your own documents."""

from pathlib import Path

from agents.research import offline
from agents.research.conflicts import conflicts
from agents.research.followups import followups
from agents.research.kinds import Question, Report
from agents.research.verifier import verifier
from blackboard import Budget, Scenario
from blackboard.tools.documents import Library

SHIPPED = Path(__file__).parent / "documents"

scenario = Scenario(
    "research",
    params=Question,
    agents={
        "offline": [
            offline.planner,
            offline.researcher,
            offline.critic,
            offline.reviser,
            followups,
            conflicts,
            offline.synthesizer,
            verifier,
        ]
    },
    result=Report,
    resources=lambda params: [Library.opened(params.documents or SHIPPED)],
    budget=Budget(activations=300, seconds=300),
)

if __name__ == "__main__":
    scenario.main()
