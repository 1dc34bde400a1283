"""The catalogue: every agent that the `agents` package and the teams of the scenarios hold."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from blackboard.agent import Agent
from blackboard.cli import drawing, finding, speech
from blackboard.cli.failures import cause, place
from blackboard.errors import UsageError

PACKAGE = "agents"


@dataclass(frozen=True)
class Listed:
    """An agent, where it is declared, and at whose boards it sits."""

    agent: Agent
    module: str
    teams: tuple[str, ...]


def catalogue() -> list[Listed]:
    """All agents by module and name. A file that cannot be imported is told of, and left out."""
    seats: dict[int, list[str]] = {}
    agents: dict[int, Agent] = {}
    for title, agent in _seated():
        agents[id(agent)] = agent
        seats.setdefault(id(agent), []).append(title)
    for module in _modules():
        agents.update({id(a): a for a in vars(module).values() if isinstance(a, Agent)})
    listed = [Listed(a, str(a.action.__module__), tuple(seats.get(i, ()))) for i, a in agents.items()]
    return sorted(listed, key=lambda one: (one.module, one.agent.name))


def draw(listed: list[Listed]) -> None:
    """Three lines for each agent: what wakes it and what comes of it, its purpose, where it is and sits."""
    rows = [row for one in listed for row in _lines(one)]
    drawing.table((), rows[:-1], greedy=1)


def _lines(one: Listed) -> list[tuple[str, str]]:
    agent = one.agent
    writes = ", ".join(k.kind_name for k in agent.writes) or "nothing"
    tools = f", uses {', '.join(t.name for t in agent.tools)}" if agent.tools else ""
    seats = f", sits in {', '.join(one.teams)}" if one.teams else ""
    purpose = [("", agent.purpose.partition("\n")[0])] if agent.purpose else []
    first = (agent.name, f"{agent.watching} -> {writes}{tools}")
    return [first, *purpose, ("", f"{one.module}{seats}"), ("", "")]


def as_json(one: Listed) -> dict[str, Any]:
    """An agent for programs."""
    return {
        "name": one.agent.name, "module": one.module, "watches": one.agent.watching,
        "writes": [k.kind_name for k in one.agent.writes], "tools": [t.name for t in one.agent.tools],
        "purpose": one.agent.purpose, "teams": one.teams,
    }  # fmt: skip


def _seated() -> Iterator[tuple[str, Agent]]:
    for known in finding.known():
        try:
            scenario = finding.find(known.name)
        except UsageError as error:
            speech.tell(str(error))
            continue
        for title, team in scenario.teams.items():
            yield from ((f"{scenario.name}/{title}", agent) for agent in team)


def _modules() -> Iterator[ModuleType]:
    if importlib.util.find_spec(PACKAGE) is None:
        return
    package = importlib.import_module(PACKAGE)
    for found in pkgutil.walk_packages(package.__path__, f"{PACKAGE}.", onerror=lambda _: None):
        try:
            yield importlib.import_module(found.name)
        except Exception as error:  # a broken file is no reason to hide the others
            speech.tell(f"{found.name} cannot be loaded: {place(error)}{cause(error)}")
