"""The research team that needs no model, no key and no network."""

from agents.research.offline.critic import critic
from agents.research.offline.planner import planner
from agents.research.offline.researcher import researcher
from agents.research.offline.reviser import reviser
from agents.research.offline.synthesizer import synthesizer

__all__ = ["planner", "researcher", "critic", "reviser", "synthesizer"]
