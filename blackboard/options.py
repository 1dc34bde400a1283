"""What may be said for one run of a scenario: the options, and who sits at the board by them."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from blackboard import roster as rosters
from blackboard import settings
from blackboard import team as teams
from blackboard.agent import Agent
from blackboard.budget import Budget
from blackboard.errors import UsageError
from blackboard.llm.provider import Provider
from blackboard.ports import Store
from blackboard.roster import Roster
from blackboard.tool import Tool

if TYPE_CHECKING:
    from blackboard.runner.plan import Lineup

OPTIONS = frozenset({
    "db", "team", "agent", "agents", "workers", "json", "quiet", "slots", "activations", "seconds", "log_level",
    "log_json", "help", "out", "plugins", "reload", "usd", "tokens", "calls", "model",
})  # fmt: skip


class RunOptions(TypedDict, total=False):
    """What may be said for one run; the command line has the same words."""

    db: str  # path or URL; default "blackboard.db"; ":memory:" for tests
    team: str  # a name of agents=, or "auto": the first that this machine can run
    agents: Mapping[str, Agent]  # put these in place of the team's agents of that name
    budget: Budget  # caps that replace the scenario's, each by each
    model: "str | Provider"  # for all agents: an id, a tier, or an object that answers (blackboard.testing)
    models: Mapping[str, str]  # tier or agent -> tier or id
    resources: Sequence[object]  # instead of the scenario's
    tools: Mapping[Tool[..., Any], Callable[..., object]]  # put these functions in place of tools
    slots: int  # activations at a time; default 5
    least_rating: int  # what is rated lower is not begun
    workers: int  # processes of this machine that work on it too; default 0
    only: Iterable[str]  # serve these agents here; the others wait for `blackboard work`
    more: bool  # of resume: open it again however it ended, and end it when what then came in is done
    plugins: Sequence[str | Path]  # folders and files whose agents sit at the board too; default BLACKBOARD_PLUGINS
    reload: bool  # watch them: what is dropped there joins, what is edited is taken anew, what goes leaves
    observer: Callable[[Any], None]  # is told what happens (blackboard.runner.Event), for progress on a screen


def check_options(options: RunOptions) -> None:
    """That there are such options. UsageError."""
    if unknown := set(options) - set(RunOptions.__annotations__):
        raise UsageError(f"there is no option {min(unknown)!r}; there are {', '.join(RunOptions.__annotations__)}")
    if isinstance(model := options.get("model"), str) and not model.strip():
        raise UsageError("model= takes the id of a model, a tier (fast, strong), or an object that answers")
    if options.get("slots", 1) < 1:
        raise UsageError(f"slots={options['slots']}: at least one activation at a time is needed")
    try:
        settings.lease()
    except ValueError as error:  # said before there is a board
        raise UsageError(str(error)) from error


def plugin_places(options: RunOptions) -> Sequence[str]:
    """The plugin folders and files of a run. UsageError for one that was named and cannot be used."""
    named = options.get("plugins")
    if named is not None:
        return rosters.named(named)
    return [str(Path(place).absolute()) for place in settings.plugins()]


def seated(roster: Roster, options: RunOptions, store: Store | None = None, board: str = "") -> tuple[Roster, "Lineup"]:
    """The roster with the agents that are to be served, and those that sit now. UsageError."""
    if options.get("reload") and not roster.places:
        raise UsageError("there is no plugin folder to watch; say one with --plugins DIR, or leave out --reload")
    roster = roster.kept(reload=options.get("reload", False))
    seated = roster.lineup(store, board)
    roster = replace(roster, only=teams.only(seated.agents, options.get("only"), may_come=bool(seated.made.makers)))
    return roster, roster.lineup(store, board)


def warned(event: Any) -> None:
    """Who gives no observer is told of broken plugins as of anything else that Python code should know."""
    if event.what == "broken":
        warnings.warn(event.detail, UserWarning, stacklevel=2)
