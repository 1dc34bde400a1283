"""Models of a run: whether this machine reaches one, which team it can run by that, and which stands for which."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from blackboard import settings
from blackboard.agent import Agent
from blackboard.asking import Asked, Model, Shop
from blackboard.errors import UsageError
from blackboard.llm.provider import Provider
from blackboard.llm.tiers import EVERY, TIERS
from blackboard.team import Members, Team, agents

HOW = "set ANTHROPIC_API_KEY, or ANTHROPIC_BASE_URL for a local server"


def is_reached(model: "str | Provider | None" = None) -> bool:
    """Whether there is a model to be asked: one that was given as an object, or one that the settings lead to."""
    return is_given(model) or bool(settings.model_access())


def is_given(model: "str | Provider | None" = None) -> bool:
    """Whether a model was given as an object."""
    return not (model is None or isinstance(model, str))


def asking(team: Iterable[Agent]) -> list[str]:
    """The agents that ask a model, or whose fallback does."""
    return [a.name for a in team if a.asks]


def first_that_runs(teams: Mapping[str, Members], others: Mapping[str, Agent], *, reached: bool) -> str:
    """The first team that this machine can run, with the agents that are put in place of its own; else the first."""
    for title, members in teams.items():
        if reached or not asking(others.get(a.name, a) for a in agents(members)):
            return title
    return next(iter(teams))


def check_team(scenario: str, title: str, team: Team, teams: Mapping[str, Members]) -> None:
    """That these agents ask no model, or that the settings of this machine lead to one. UsageError."""
    if not (names := asking(team)):
        return
    if settings.model_access():
        from blackboard.llm.client import Claude

        Claude()  # it refuses an address or a key that cannot be one
        return
    whole = next((t for t, members in teams.items() if not asking(agents(members))), None)
    other = f"; --team {whole} works without" if whole is not None and whole != title else ""
    raise UsageError(f"team {title!r} of {scenario} asks a model ({', '.join(names)}), and no key is set: {HOW}{other}")


def mapping(model: object, models: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """What stands for which model. One for all agents takes the place of whatever was said before."""
    return {EVERY: model, **models} if isinstance(model, str) else {**before, **models}


def check_mapping(models: Mapping[str, str], team: Team) -> None:
    """That every name in it means something at this board. UsageError."""
    chains = [one for a in team for one in a.chain]
    known = {EVERY, *TIERS, *models.values(), *(a.name for a in chains), *(a.model for a in chains if a.model)}
    for name, wanted in models.items():
        if not (isinstance(wanted, str) and wanted.strip()):
            raise UsageError(f"models: {name} needs the id of a model, or a tier ({', '.join(TIERS)}), not {wanted!r}")
        if name not in known:
            there = ", ".join((*TIERS, *dict.fromkeys(a.name for a in chains if a.model is not None)))
            raise UsageError(f"models: {name!r} is no tier and no agent that asks a model; there are {there}")


def answering(model: "str | Provider | None", models: Mapping[str, str]) -> Callable[[Shop], Model]:
    """Makes who answers for a worker: the provider that was given, else Claude."""
    provider = None if model is None or isinstance(model, str) else model
    return lambda shop: _Answers(shop, provider, models)


class _Answers:
    """Who answers, from the first question on: whoever is asked nothing loads nothing."""

    def __init__(self, shop: Shop, provider: Provider | None, models: Mapping[str, str]) -> None:
        self._of = (shop, provider, models)
        self._made: Model | None = None

    async def ask(self, asked: Asked) -> Any:
        """See `Model`."""
        if self._made is None:
            from blackboard.llm.answering import Answering

            self._made = Answering(*self._of)
        return await self._made.ask(asked)

    async def close(self) -> None:
        """Let go of what it holds."""
        if self._made is not None:
            await self._made.close()
