"""The options that many verbs share, each declared once, and how a verb takes them."""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from blackboard.budget import Budget
from blackboard.cli import logs
from blackboard.errors import UsageError

PANEL = "Options of every run"
O = TypeVar("O", bound="Look")  # noqa: E741


@dataclass(frozen=True, kw_only=True)
class Look:
    """What may be said with every verb."""

    db: Annotated[
        str | None,
        typer.Option(metavar="PATH|URL", help="The database; else BLACKBOARD_DB, else blackboard.db."),
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="Give the result as JSON.")] = False
    log_level: Annotated[
        logs.Level | None,
        typer.Option(metavar="LEVEL", case_sensitive=False, help="Log to stderr from this level on: DEBUG, INFO, …"),
    ] = None
    log_json: Annotated[bool, typer.Option("--log-json", help="Log as JSON, one object a line.")] = False

    def __post_init__(self) -> None:
        logs.want(self.log_level, self.log_json)


Plugins = Annotated[
    list[str] | None,
    typer.Option("--plugins", metavar="DIR", help="A folder of agents, or one .py file; repeatable."),
]
Reload = Annotated[bool, typer.Option("--reload", help="Watch the plugins: what is dropped or edited there joins.")]


@dataclass(frozen=True, kw_only=True)
class Find(Look):
    """What may be said with `agents`."""

    plugins: Plugins = None


@dataclass(frozen=True, kw_only=True)
class Work(Look):
    """What may be said with `run` and `resume`."""

    team: Annotated[
        str | None,
        typer.Option(metavar="TEAM", help="Which of the scenario's teams; else auto: the first that can run here."),
    ] = None
    agent: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=TEAM.AGENT", help="Put another team's agent in its place; repeatable."),
    ] = None
    agents: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Serve only these agents here; `blackboard work` serves the others."),
    ] = None
    slots: Annotated[int | None, typer.Option(min=1, metavar="N", help="Activations at a time; else 5.")] = None
    workers: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="More processes of this machine that work on it.")
    ] = None
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID|WHO=ID",
            help="The model of all agents, of a tier (fast=ID) or an agent (critic=strong); repeatable.",
        ),
    ] = None
    usd: Annotated[float | None, typer.Option(min=0, metavar="N", help="Cap: dollars for models in all.")] = None
    tokens: Annotated[int | None, typer.Option(min=0, metavar="N", help="Cap: tokens of models in all.")] = None
    calls: Annotated[int | None, typer.Option(min=0, metavar="N", help="Cap: calls of models in all.")] = None
    activations: Annotated[int | None, typer.Option(min=0, metavar="N", help="Cap: activations in all.")] = None
    seconds: Annotated[float | None, typer.Option(min=0, metavar="S", help="Cap: seconds of work in all.")] = None
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what comes out to this file; it is replaced if it is there."),
    ] = None
    plugins: Plugins = None
    reload: Reload = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False

    @property
    def only(self) -> list[str] | None:
        """The agents that are to be served."""
        return names(self.agents)

    @property
    def budget(self) -> Budget:
        """The caps that are said."""
        return Budget(self.usd, self.tokens, self.calls, self.activations, self.seconds)


@dataclass(frozen=True, kw_only=True)
class Serve(Look):
    """What may be said with `work`."""

    agents: Annotated[str | None, typer.Option(metavar="A,B", help="Only these agents; else all of every board.")] = (
        None
    )
    board: Annotated[
        str | None, typer.Option(metavar="BOARD", help="Only this board, until it has ended; else every open one.")
    ] = None
    slots: Annotated[int | None, typer.Option(min=1, metavar="N", help="Activations at a time; else 5.")] = None
    plugins: Plugins = None
    reload: Reload = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell only what goes wrong.")] = False
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False  # ends when stdin is closed

    @property
    def only(self) -> list[str] | None:
        """The agents that are to be served."""
        return names(self.agents)


def names(said: str | None) -> list[str] | None:
    """`a,b` as a list; None where nothing was said. UsageError."""
    if said is None:
        return None
    named = [name.strip() for name in said.split(",") if name.strip()]
    if not named:
        raise UsageError("--agents names nobody; say some, as in --agents a,b, or leave it out for all")
    return named


def parameters(options: type[Look], panel: str | None = None) -> list[inspect.Parameter]:
    """The options as parameters of a command, for its help in a panel of their own."""
    found = list(inspect.signature(options).parameters.values())
    for one in found if panel else ():
        one.annotation.__metadata__[0].rich_help_panel = panel
    return found


def taking(options: type[O]) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Let a verb take these options: it gets them as `said`."""

    def decorate(verb: Callable[..., int]) -> Callable[..., int]:
        own = [p for p in inspect.signature(verb).parameters.values() if p.name != "said"]
        return command(verb, own, options, parameters(options))

    return decorate


def command(
    verb: Callable[..., int], own: Sequence[inspect.Parameter], options: type[O], shared: Sequence[inspect.Parameter]
) -> Callable[..., int]:
    """A function with the signature that the parser reads, which calls the verb with its own words and `said`."""

    def called(**words: Any) -> int:
        said = options(**{p.name: words.pop(p.name) for p in shared})
        return verb(**words, said=said)

    keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *shared)]
    functools.update_wrapper(called, verb)
    called.__annotations__ = {}
    called.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    return called


def verb_first(words: Sequence[str], deep: Sequence[str] = ("run",)) -> list[str]:
    """Move shared options that stand before the verb (and the scenario) behind it, where they are declared."""
    named = inspect.signature(Work).parameters.values()
    flags = {"--json", "--log-json", "--quiet", "-q", "--reload"}
    valued = {"--" + p.name.replace("_", "-") for p in named} - flags
    first: list[str] = []
    moved: list[str] = []
    left, wanted = list(words), 1
    while left and wanted and (left[0] in flags | valued or left[0].partition("=")[0] in valued or left[0][:1] != "-"):
        word = left.pop(0)
        if word[:1] != "-":
            first.append(word)
            wanted += (word in deep) - 1 if len(first) == 1 else -1
        else:
            moved.append(word)
            moved += [left.pop(0)] if word in valued and left else []
    return [*first, *moved, *left]
