"""The catalogue: every agent that the `agents` package, scenarios, other distributions and plugin folders hold."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

from blackboard import plugins
from blackboard.cli import drawing, finding
from blackboard.cli.failures import cause, place
from blackboard.errors import UsageError
from blackboard.maker import AgentMaker
from blackboard.plugins.shelf import shown
from blackboard.team import Member

PACKAGE = "agents"
GROUP = "blackboard.agents"


@dataclass(frozen=True)
class Listed:
    """An agent, or what brings agents, the module or the plugin file that declares it, and at whose boards it sits."""

    agent: Member
    module: str
    teams: tuple[str, ...] = ()


@dataclass
class Catalogue:
    """What there is, and a sentence for each file that could not be used."""

    listed: list[Listed]
    broken: list[str] = field(default_factory=list)


def catalogue(places: Sequence[str] = ()) -> Catalogue:
    """All agents by module and name. `places`: plugin folders and files that are looked through too."""
    broken: list[str] = []
    seats: dict[int, list[str]] = {}
    agents: dict[int, Member] = {}
    for title, agent in _seated(broken):
        agents[id(agent)] = agent
        seats.setdefault(id(agent), []).append(title)
    for module in _modules(broken):
        agents.update({id(a): a for a in _of(module)})
    for agent in _installed(broken):
        agents[id(agent)] = agent
    listed = [Listed(a, _module(a), tuple(seats.get(i, ()))) for i, a in agents.items()]
    found = plugins.load(places)
    listed = sorted(listed, key=lambda one: (one.module, one.agent.name))
    return Catalogue([*listed, *(Listed(p.agent, shown(p.file)) for p in found.plugins)], [*broken, *found.broken])


def draw(listed: list[Listed]) -> None:
    """Three lines for each agent: what wakes it and what comes of it, its purpose, where it is and sits."""
    rows = [row for one in listed for row in _lines(one)]
    drawing.table((), rows[:-1], greedy=1)


def _lines(one: Listed) -> list[tuple[str, str]]:
    agent = one.agent
    seats = f", sits in {', '.join(one.teams)}" if one.teams else ""
    purpose = [("", agent.purpose.partition("\n")[0])] if agent.purpose else []
    return [(agent.name, _does(agent)), *purpose, ("", f"{one.module}{seats}"), ("", "")]


def _does(agent: Member) -> str:
    """What wakes it and what comes of it."""
    if isinstance(agent, AgentMaker):
        return f"for each {agent.kind.kind_name} an agent"
    writes = ", ".join(k.kind_name for k in agent.writes) or "nothing"
    return f"{agent.watching} -> {writes}" + (f", uses {', '.join(t.name for t in agent.tools)}" if agent.tools else "")


def as_json(one: Listed) -> dict[str, Any]:
    """An agent for programs. Of what brings agents only the kind is known of which they come."""
    if isinstance(one.agent, AgentMaker):
        return {
            "name": one.agent.name, "module": one.module, "from": one.agent.kind.kind_name,
            "watches": None, "writes": None, "tools": None, "purpose": one.agent.purpose, "teams": one.teams,
        }  # fmt: skip
    return {
        "name": one.agent.name, "module": one.module, "watches": one.agent.watching,
        "writes": [k.kind_name for k in one.agent.writes], "tools": [t.name for t in one.agent.tools],
        "purpose": one.agent.purpose, "teams": one.teams,
    }  # fmt: skip


def _module(agent: Member) -> str:
    does = agent.make if isinstance(agent, AgentMaker) else agent.action
    return str(does.__module__)


def _of(module: ModuleType) -> list[Member]:
    return [value for value in vars(module).values() if isinstance(value, Member)]


def _seated(broken: list[str]) -> Iterator[tuple[str, Member]]:
    for known in finding.known():
        try:
            scenario = finding.find(known.name)
        except UsageError as error:
            broken.append(str(error))
            continue
        for title, team in scenario.teams.items():
            yield from ((f"{scenario.name}/{title}", agent) for agent in team)


def _installed(broken: list[str]) -> Iterator[Member]:
    """What other distributions offer under the entry point group."""
    for door in entry_points(group=GROUP):
        try:
            found = door.load()
        except (Exception, SystemExit) as error:
            broken.append(f"{_named(door)} cannot be loaded: {place(error)}{cause(error)}")
            continue
        agents = [found] if isinstance(found, Member) else _of(found) if isinstance(found, ModuleType) else []
        if not agents:
            broken.append(f"{_named(door)} is no agent and no module with agents; it takes MODULE or MODULE:AGENT")
        yield from agents


def _named(door: EntryPoint) -> str:
    of = f" of {door.dist.name}" if door.dist is not None else ""
    return f"the entry point {door.name} = {door.value}{of}"


def _modules(broken: list[str]) -> Iterator[ModuleType]:
    if importlib.util.find_spec(PACKAGE) is None:
        return
    package = importlib.import_module(PACKAGE)
    for found in pkgutil.walk_packages(package.__path__, f"{PACKAGE}.", onerror=lambda _: None):
        try:
            yield importlib.import_module(found.name)
        except (Exception, SystemExit) as error:  # a broken file is no reason to hide the others
            broken.append(f"{found.name} cannot be loaded: {place(error)}{cause(error)}")
