"""The roster of a board: its team, the agents in plugin folders, and those that makers make of its entries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from blackboard import plugins
from blackboard import team as teams
from blackboard.agent import Agent
from blackboard.entry import BOARD_KINDS, Kind
from blackboard.errors import UsageError
from blackboard.making import Made, Making
from blackboard.plugins.shelf import shown
from blackboard.ports import Looking
from blackboard.team import Members, Team

if TYPE_CHECKING:
    from blackboard.runner.plan import Lineup


@dataclass(frozen=True)
class Roster:
    """Who is to sit at a board. Asked again, it gives the plugins and the entries' agents as they are then."""

    team: Members
    places: Sequence[str] = ()  # plugin folders and files
    only: frozenset[str] | None = None  # serve these here, if not all
    elsewhere: frozenset[str] = field(default=frozenset())  # only another process can serve these
    loaded: plugins.Loaded | None = None  # the plugins, where they stay as they were
    making: Making = field(default_factory=Making)
    can_ask: bool = True  # a model is reached; else only another process can serve those that ask one

    def kept(self, *, reload: bool) -> "Roster":
        """With the plugins as they are now, if they are not to be loaded again."""
        return self if reload else replace(self, loaded=plugins.load(self.places))

    def lineup(self, store: Looking | None = None, board: str = "") -> "Lineup":
        """The team, and each that fits beside it; of each other one what is wrong with it.

        Without a store none is there that is made of an entry. Runs user code. StoreError.
        """
        from blackboard.runner.plan import Lineup  # loads the log, which a mere import has no use for

        makers, table = teams.makers(self.team), _Table(teams.agents(self.team))
        found = plugins.load(self.places) if self.loaded is None else self.loaded
        table.broken.update((shown(t.file), t.said) for t in found.troubles)
        for plugin in found.plugins:
            if isinstance(plugin.agent, Agent):
                table.add(plugin.agent, shown(plugin.file))
            else:
                makers.append(plugin.agent)
        ones = self.making.of(makers, store, board) if store is not None else []
        by: dict[str, str] = {}
        for one in ones:
            if isinstance(one.made, str):
                table.broken[one.source] = one.made
            elif table.add(one.made, one.source):
                by[one.made.name] = one.maker
        made = Made(tuple(makers), frozenset(one.seq for one in ones), by)
        return Lineup(table.seated, self._served(table.seated, by), table.broken, table.files, made)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None] | None:
        """Call `changed` when a plugin file has changed; gives back how to stop that, None if none can. UsageError."""
        return plugins.watch(self.places, changed) if self.loaded is None else None

    def _served(self, seated: Team, by: Mapping[str, str]) -> frozenset[str] | None:
        """`by`: of each that was made its maker, which stands for all of its agents."""
        if self.only is None and not self.elsewhere and self.can_ask:
            return None
        names = frozenset(a.name for a in seated if self.can_ask or not a.asks) - self.elsewhere
        return frozenset(n for n in names if self.only is None or self.only & {n, by.get(n, n)})


class _Table:
    """Those who sit there already, and what is wrong with those who cannot sit beside them."""

    def __init__(self, team: Sequence[Agent]) -> None:
        self.seated = list(team)
        self.broken: dict[str, str] = {}
        self.files: dict[str, str] = {}

    def add(self, agent: Agent, source: str) -> bool:
        """Let one more sit there, if it fits."""
        if clash := _clash(agent, self.seated):
            before = f"{self.broken[source]}; " if source in self.broken else f"{source}: "
            self.broken[source] = f"{before}{clash}"
            return False
        self.seated.append(agent)
        self.files[agent.name] = source
        return True


def _clash(agent: Agent, seated: Sequence[Agent]) -> str:
    """Why an agent cannot sit beside these, in words; nothing if it can."""
    if any(a.name == agent.name for a in seated):
        return f"the team has an agent {agent.name!r} already; give it another name"
    if agent.kind.private and agent.kind not in agent.writes:
        return f"{agent.name} watches {agent.kind.kind_name}, which is private to its author"
    known = {k.kind_name: k for k in (*BOARD_KINDS, *(k for a in seated for k in _kinds(a)))}
    for kind in _kinds(agent):
        other = known.get(kind.kind_name, kind)
        if (other.lifecycle, other.private) != (kind.lifecycle, kind.private):
            what = "lifecycle" if other.lifecycle != kind.lifecycle else "privacy"
            return (
                f"the kind {kind.kind_name!r} of {agent.name} has another {what} than the one that is at the board; "
                "import that one, or give yours another name"
            )
    return ""


def _kinds(agent: Agent) -> Iterable[type[Kind]]:
    return (agent.kind, *agent.writes, *(agent.reads or ()))


def named(places: Iterable[str | Path]) -> list[str]:
    """Plugin folders and files that were named, made absolute. UsageError if one is missing, or a file is broken."""
    found = [Path(place).absolute() for place in places]
    for place in found:
        if not place.exists():
            raise UsageError(f"there is no plugin folder {place}; --plugins takes a folder, or one .py file")
        if not place.is_dir():
            _check_file(place)
    return [str(place) for place in found]


def _check_file(file: Path) -> None:
    if file.suffix != ".py":
        raise UsageError(f"{file} is no Python file; --plugins takes a folder, or one .py file")
    loaded = plugins.load([file])
    if loaded.broken:
        raise UsageError(loaded.broken[0])
    if not loaded.agents:
        raise UsageError(f"{shown(file)} makes no agent; a plugin holds a function under @agent(...)")
