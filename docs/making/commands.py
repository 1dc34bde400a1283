"""docs/cli.md, from the program: every verb, its arguments and options, exit codes, settings, an example each."""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from blackboard import settings
from blackboard.cli import finding
from blackboard.cli.app import app
from blackboard.cli.options import Look, Work
from blackboard.cli.options import parameters as parameters_of
from blackboard.cli.scenarios import made

from .examples import EXAMPLES

PAGE = Path(__file__).resolve().parents[1] / "cli.md"
BEGIN = """\
# The command line

This page is made by the program itself (`python docs/make.py`). `blackboard --help` and `blackboard VERB --help` tell
the same. A word that is printed and that you do not know stands in [concepts.md](concepts.md).

Results go to stdout, all else to stderr. On a terminal lines are cut to its width; in a pipe or a file they are whole.
`BOARD` is a board's id, the beginning of an id, or `last`.
"""
EXIT_CODES = """\
## Exit codes

| code | of `run` and `resume`: how the board ended | of the other verbs |
|---|---|---|
| 0 | [complete](concepts.md#endings) | done |
| 2 | the command is wrong: one sentence says what, and what to do | the same; `agents`: one is broken |
| 3 | [budget](concepts.md#endings), [deadline](concepts.md#endings) or [cancelled](concepts.md#endings): partial results are kept, `resume` goes on | |
| 4 | [quiescent](concepts.md#endings) without its goal, or a [livelock](concepts.md#endings) | |
| 5 | [failed](concepts.md#endings) or [breaker](concepts.md#endings) | `doctor`, `backup`: something is wrong with the database or the disk |
| 130 | interrupted with Ctrl-C; `resume` goes on | interrupted |
"""  # noqa: E501
VARIABLE = re.compile(r"(?:BLACKBOARD|ANTHROPIC)(?:_[A-Z]+)+")
UNIMPORTANT = (None, False, "")


def files() -> dict[Path, str]:
    """The page and its text."""
    return {PAGE: "\n".join(page()).rstrip() + "\n"}


def page() -> Iterator[str]:
    """The lines of the page."""
    yield BEGIN
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    names = ["run", *(name for name in verbs if name != "run")]
    yield "| verb | what it does |\n|---|---|"
    yield from (f"| [{name}](#{name}) | {cell(summary(verbs[name]))} |" for name in names)
    yield ""
    yield EXIT_CODES
    yield "## With every verb\n"
    yield from table(shared(verbs["boards"], Look))
    yield ""
    yield from environment()
    for name in names:
        yield from run() if name == "run" else verb(name, verbs[name])


def environment() -> Iterator[str]:
    """The settings, as the one module that reads them tells."""
    yield "## Environment\n\n| variable | meaning |\n|---|---|"
    for name, function in inspect.getmembers(settings, inspect.isfunction):
        if name.startswith("_"):
            continue
        said = " ".join(inspect.getdoc(function).split("\n\n")[0].split())  # type: ignore[union-attr]
        for variable in dict.fromkeys(VARIABLE.findall(said)):
            yield f"| `{variable}` | {cell(said)} |"
    yield ""


def run() -> Iterator[str]:
    """The verb that has a command for each scenario."""
    yield "## run\n"
    yield f"{app.registered_groups[0].help}\n"
    yield "```text\nblackboard run SCENARIO [its arguments and options] [options of every run]\n```\n"
    yield "Options of every run, which `resume` takes too:\n"
    hello = made(finding.find("hello"))
    yield from table(shared(hello, Work, without=Look))
    yield ""
    yield from examples("run")
    yield "The scenarios that come with the project; one of yours is named by its file: `blackboard run review.py …`.\n"
    for known in finding.known():
        scenario = finding.find(known.name)
        command = made(scenario)
        own = [one for one in command.params if one.name in scenario.params.model_fields]
        yield f"### run {known.name}\n\n{known.help} {summary(command)}\n"
        yield f"```text\nblackboard run {known.name} {' '.join(synopsis(own))} [options of every run]\n```\n"
        yield from table(own)
        yield ""


def verb(name: str, command: Any) -> Iterator[str]:
    """One verb: what it does, its own words, an example."""
    everyones = {one.name for one in parameters_of(Look)}
    of_runs = {one.name for one in parameters_of(Work)} if name == "resume" else set()
    own = [one for one in command.params if one.name not in everyones | of_runs and not one.hidden]
    yield f"## {name}\n\n{summary(command)}\n"
    more = ["[options of every run]"] if of_runs else []
    yield f"```text\n{' '.join(['blackboard', name, *synopsis(own), *more])}\n```\n"
    if own:
        yield from table(own)
        yield ""
    yield from examples(name)


def examples(name: str) -> Iterator[str]:
    """What one would type."""
    given = [one for one in EXAMPLES if one.verb == name]
    yield "```sh"
    widest = max(len(one.line) for one in given)
    yield from (f"{one.line:<{widest}}  # {one.said}" for one in given)
    yield "```\n"


def shared(command: Any, options: type[Look], without: type[Look] | None = None) -> list[Any]:
    """Those parameters of a command that it shares with others."""
    named = {p.name for p in parameters_of(options)} - {p.name for p in (parameters_of(without) if without else ())}
    return [one for one in command.params if one.name in named and not one.hidden]


def synopsis(own: Iterable[Any]) -> Iterator[str]:
    """The words that a command takes, optional ones in brackets."""
    for one in sorted(own, key=lambda one: one.param_type_name):
        words = shown(one) if is_argument(one) else f"{one.opts[0]} {value(one)}".rstrip()
        yield words if one.required else f"[{words}]"


def table(own: Iterable[Any]) -> Iterator[str]:
    """What each word means, and what holds without it."""
    yield "| word | meaning |\n|---|---|"
    for one in own:
        words = shown(one) if is_argument(one) else ", ".join((*one.opts, *one.secondary_opts)) + f" {value(one)}"
        yield f"| `{cell(words.strip())}` | {cell(plain(one.help or ''))}{default(one)} |"


def default(one: Any) -> str:
    """What holds where it is not said, unless that goes without saying or stands in its help."""
    said = one.default
    if one.required or callable(said) or isinstance(said, (list, tuple)) or said in UNIMPORTANT:
        return ""
    return f" Default: `{said}`."


def is_argument(one: Any) -> bool:
    """Whether it stands by its place."""
    return bool(one.param_type_name == "argument")


def shown(one: Any) -> str:
    """The name of an argument, as the help has it."""
    return str(one.metavar or one.name.upper()) + (" …" if one.nargs == -1 and not one.metavar else "")


def value(one: Any) -> str:
    """What an option wants; nothing for a flag."""
    return "" if one.is_flag else str(one.metavar or one.name.upper())


def summary(command: Any) -> str:
    """What it does, in one paragraph."""
    return plain(" ".join((command.help or "").split()))


def plain(text: str) -> str:
    """Without the marks that protect brackets from the terminal's markup."""
    return str(text).replace("\\[", "[")


def cell(text: str) -> str:
    """As it may stand in a table."""
    return text.replace("|", "\\|")
