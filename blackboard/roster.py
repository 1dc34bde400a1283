"""The roster of a board: the agents of its team, and those in plugin folders that sit beside them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from blackboard import plugins
from blackboard.agent import Agent
from blackboard.entry import BOARD_KINDS, Kind
from blackboard.errors import UsageError
from blackboard.plugins.shelf import shown
from blackboard.team import Team

if TYPE_CHECKING:
    from blackboard.runner.plan import Lineup


@dataclass(frozen=True)
class Roster:
    """Who is to sit at a board. Asked again, it gives the plugins as they are then."""

    team: Team
    places: Sequence[str] = ()  # plugin folders and files
    only: frozenset[str] | None = None  # serve these here, if not all
    elsewhere: frozenset[str] = field(default=frozenset())  # only another process can serve these

    def lineup(self) -> "Lineup":
        """The team, and each plugin that fits beside it; of each other one what is wrong with it."""
        from blackboard.runner.plan import Lineup  # loads the log, which a mere import has no use for

        found = plugins.load(self.places)
        broken = {shown(t.file): t.said for t in found.troubles}
        seated: list[Agent] = list(self.team)
        files: dict[str, str] = {}
        for plugin in found.plugins:
            file = shown(plugin.file)
            if clash := _clash(plugin.agent, seated):
                broken[file] = f"{broken[file]}; {clash}" if file in broken else f"{file}: {clash}"
            else:
                seated.append(plugin.agent)
                files[plugin.agent.name] = file
        return Lineup(seated, self._served(seated), broken, files)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` when a plugin file has changed; gives back how to stop that. UsageError."""
        return plugins.watch(self.places, changed)

    def _served(self, seated: Team) -> frozenset[str] | None:
        if self.only is None and not self.elsewhere:
            return None
        names = frozenset(a.name for a in seated) - self.elsewhere
        return names if self.only is None else names & self.only


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
