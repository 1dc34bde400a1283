"""From a question to a cited report over your own documents."""

from pathlib import Path

from agents.research import offline
from agents.research.kinds import Question, Report
from blackboard import Budget, Scenario
from blackboard.tools.documents import Library

SHIPPED = Path(__file__).parent / "documents"

scenario = Scenario(
    "research",
    params=Question,
    agents={"offline": [offline.planner, offline.researcher, offline.synthesizer]},
    result=Report,
    resources=lambda params: [Library.opened(params.documents or SHIPPED)],
    budget=Budget(activations=60, seconds=300),
)

if __name__ == "__main__":
    scenario.main()
