"""Tiers: which model stands behind `fast` and `strong`, and what each is given where an agent says nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from blackboard import settings
from blackboard.agent import Agent, Effort
from blackboard.errors import DeclarationError

FAST, STRONG = "fast", "strong"
EVERY = "*"  # as a key of a mapping: all agents that nothing else is said of


@dataclass(frozen=True)
class Defaults:
    """What a call gets where its agent does not say: tokens of the answer, its thinking included, and effort."""

    max_tokens: int
    effort: Effort


@dataclass(frozen=True)
class Tier:
    """A model, and how it is asked."""

    model: str
    defaults: Defaults


TIERS = {
    FAST: Tier("claude-haiku-5-5", Defaults(1024, "low")),
    STRONG: Tier("claude-opus-5-5", Defaults(2048, "medium")),
}


def resolve(agent: Agent, models: Mapping[str, str] | None = None) -> str:
    """The id of the model that this agent asks. DeclarationError for one that asks none.

    `models` says otherwise than the agent: its keys are agents by name, tiers, or "*" for all, and what speaks of fewer
    goes first; its values are tiers or ids. Then BLACKBOARD_MODEL_FAST and BLACKBOARD_MODEL_STRONG hold.
    """
    meant = _steps(agent, models or {})[-1]
    if meant not in TIERS:
        return meant
    return (settings.model_fast() if meant == FAST else settings.model_strong()) or TIERS[meant].model


def defaults(agent: Agent, models: Mapping[str, str] | None = None) -> Defaults:
    """What its calls get where it does not say, by its tier. A model that is only named by its id counts as fast."""
    tiers = [step for step in _steps(agent, models or {}) if step in TIERS]
    return TIERS[tiers[-1] if tiers else FAST].defaults


def _steps(agent: Agent, models: Mapping[str, str]) -> list[str]:
    """From what the agent says to what is meant. A tier may stand for another, but tiers never go round in circles."""
    if agent.model is None:
        raise DeclarationError(f'{agent.name} asks no model; declare which with model="fast"')
    steps = [agent.model]
    if agent.name in models:
        steps.append(models[agent.name])
    elif agent.model not in models:
        steps += [models[EVERY]] if EVERY in models else []
    passed = set[str]()
    while (step := steps[-1]) in models and step not in passed and models[step] not in passed:
        passed.add(step)
        steps.append(models[step])
    return steps
