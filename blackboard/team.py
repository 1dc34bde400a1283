"""Teams: who may sit at a board, and how an agent of one team is put in the place of another."""

import json
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from blackboard.agent import Agent
from blackboard.entry import BOARD_KINDS, Kind
from blackboard.errors import DeclarationError, UsageError
from blackboard.maker import AgentMaker
from blackboard.shapes import shown

Team = Sequence[Agent]
Member = Agent | AgentMaker
Members = Sequence[Member]  # a team as it is declared


def agents(members: Members) -> list[Agent]:
    """Those who sit there from the beginning."""
    return [m for m in members if isinstance(m, Agent)]


def makers(members: Members) -> list[AgentMaker]:
    """Those who bring agents."""
    return [m for m in members if isinstance(m, AgentMaker)]


def check(name: str, title: str, members: Members) -> None:
    """That its agents and kinds can be told apart. DeclarationError."""
    listed = members if isinstance(members, Sequence) else [members]
    if odd := [a for a in listed if not isinstance(a, Member)] or ([] if listed is members else listed):
        raise DeclarationError(f"{name}: agents= takes a list of agents, not {shown(odd[0])}; @agent makes one")
    team, names = agents(members), [m.name for m in members]
    if twice := {n for n in names if names.count(n) > 1}:
        raise DeclarationError(f"{name}: team {title!r} has two agents called {min(twice)!r}")
    known: dict[str, type[Kind]] = {}
    named = [k for a in team for one in a.chain for k in (a.kind, *one.writes)]
    for kind in (*named, *(m.kind for m in makers(members))):
        if known.setdefault(kind.kind_name, kind).lifecycle != kind.lifecycle:
            raise DeclarationError(f"{name}: two kinds called {kind.kind_name!r} have different lifecycles")
    for agent in team:
        if agent.kind.private and agent.kind not in agent.writes:
            raise DeclarationError(
                f"{name}: {agent.name} watches {agent.kind.kind_name}, which is private to its author"
            )


def kinds(team: Team, more: Iterable[type[BaseModel]] = ()) -> dict[str, type[Kind]]:
    """The kinds that a team knows, by name: what its agents watch, write and read."""
    named = [k for a in team for k in (a.kind, *a.writes, *(a.reads or ()))]
    named += [k for a in team if a.fallback for k in kinds([a.fallback]).values()]
    return {k.kind_name: k for k in (*named, *(k for k in more if issubclass(k, Kind)))}


def lifecycles(team: Team, more: Iterable[type[BaseModel]]) -> str:
    """The lifecycles of all kinds of a board, so that it can be read without their classes."""
    kinds = [k for a in team for one in a.chain for k in (a.kind, *one.writes)] + [
        k for k in more if issubclass(k, Kind)
    ]
    return json.dumps({k.kind_name: dict(k.lifecycle.steps) for k in (*kinds, *BOARD_KINDS)})


def only(team: Team, names: Iterable[str] | None, *, may_come: bool = False) -> frozenset[str] | None:
    """The agents that are to be served, all where none are named. UsageError for one that is not there nor may come."""
    if names is None:
        return None
    wanted, known = frozenset(names), [a.name for a in team]
    if (unknown := wanted - set(known)) and not may_come:
        raise UsageError(f"the team has no agent {min(unknown)!r}; it has {', '.join(known)}")
    return wanted


def places(teams: Mapping[str, Members], others: Mapping[str, Agent]) -> dict[str, str | None]:
    """Where each is declared, as TEAM.AGENT, so that another process finds it; None where only this one has it."""
    return {name: _place(teams, agent) for name, agent in others.items()}


def _place(teams: Mapping[str, Members], agent: Agent) -> str | None:
    return next((f"{title}.{a.name}" for title, team in teams.items() for a in team if a is agent), None)


def at(teams: Mapping[str, Members], places: Mapping[str, str | None]) -> tuple[dict[str, Agent], frozenset[str]]:
    """The agents at these places, and the names of those that have none."""
    seated = {f"{title}.{a.name}": a for title, members in teams.items() for a in agents(members)}
    found = {name: seated[place] for name, place in places.items() if place in seated}
    return found, frozenset(places) - frozenset(found)
