"""`blackboard new-agent`: a working plugin and its test, as a beginning."""

import ast
import contextlib
import importlib.util
import keyword
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from blackboard import settings
from blackboard import team as teams
from blackboard.agent import Agent
from blackboard.cli import catalogue, finding, speech
from blackboard.cli.options import Look
from blackboard.cli.params import shape
from blackboard.entry import BOARD_KINDS, Kind
from blackboard.errors import UsageError
from blackboard.plugins.source import is_plugin

FOLDER, OURS = "plugins", "blackboard"
SAMPLES: dict[object, str] = {str: '"hello"', int: "1", float: "1.0", bool: "True"}

PLUGIN = '''"""{title}: say here what it is for."""

from blackboard import {names}
{imports}

{own}class {title}Note(Kind):
    """What it writes; edit its fields."""

    text: str


@agent(watches={watched}, writes={title}Note)
def {name}(entry: Entry[{watched}], view: View) -> None:
    """Notes what it is shown; edit this."""
    view.post({title}Note(text={text}), about=entry)
'''
OWN = '''class {watched}(Kind):
    """What wakes it; or import a kind of others, to work beside them."""

    text: str


'''
TEST = '''"""What {name} does, tried alone: no event loop, no file, no network."""

from blackboard.testing import run_agent
{imports}from {name} import {names}


def test_it_notes_what_it_is_shown():
    (written,) = run_agent({name}, {body})
    assert written.body == {title}Note(text={expected})
'''
UNTRIED = '''"""What {name} does, tried alone: no event loop, no file, no network."""

import pytest


@pytest.mark.skip(reason="say here what {watched} it is shown: run_agent({name}, {watched}(...))")
def test_it_notes_what_it_is_shown(): ...
'''


@dataclass(frozen=True)
class Watched:
    """What wakes the new agent: a class, where it is imported from, and how a test makes one."""

    name: str
    kind_name: str
    module: str | None = None  # None: it is declared in the plugin itself
    body: str | None = None  # None: nobody can say


def new_agent(said_name: str, watches: str | None, said_folder: Path | None, said: Look) -> int:
    """Write a plugin and its test; the exit code. UsageError, with nothing written."""
    name, folder = said_name.replace("-", "_"), said_folder or Path(next(iter(settings.plugins()), FOLDER))
    with contextlib.redirect_stdout(sys.stderr):  # what is imported may print
        known = catalogue.catalogue([str(folder)] if folder.is_dir() else []).listed
        _check(name, folder, known)
        watched = _own(name) if watches is None else _found(watches, teams.agents([k.agent for k in known]))
    file, test = folder / f"{name}.py", folder / f"test_{name}.py"
    plugin, trial = _written(name, watched)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for place, text in ((file, plugin), (test, trial)):
            with place.open("x", encoding="utf-8") as new:  # never over what somebody else writes just now
                new.write(text)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written to: {error.strerror}; say another folder with --in DIR"
        ) from error
    if said.as_json:
        speech.say_json({"name": name, "file": str(file), "test": str(test)})
        return 0
    speech.say(f"{file}\n{test}")
    where = shlex.quote(str(folder))
    speech.tell(f"try it:      python -m pytest {shlex.quote(str(test))}")
    speech.tell(f"run it:      blackboard run SCENARIO … --plugins {where}")
    speech.tell("while it runs, edit it: with --reload it joins as you save it")
    return 0


# -- what was said -------------------------------------------------------------------------------------------------
def _check(name: str, folder: Path, known: list[catalogue.Listed]) -> None:
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"{name!r} cannot be the name of a function in Python; say letters, digits and _")
    if not is_plugin(Path(f"{name}.py")):
        raise UsageError(f"a file {name}.py is not looked at for agents: it is named like a helper or a test")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder; say one with --in DIR")
    for file in (folder / f"{name}.py", folder / f"test_{name}.py", folder / name):
        if file.exists():
            raise UsageError(f"{file} is there already; say another name")
    for other in known:
        if other.agent.name == name:
            raise UsageError(f"there is an agent {name!r} already, in {other.module}; say another name")
    spec = importlib.util.find_spec(name)
    if name in sys.stdlib_module_names or (
        spec is not None and spec.origin
    ):  # a folder that is no package hides nothing
        raise UsageError(f"there is a Python module {name!r} already, which would hide yours; say another name")


def _own(name: str) -> Watched:
    kind = f"{_title(name)}Input"
    return Watched(kind, name, body=f'{kind}(text="hello")')


def _found(kind_name: str, agents: list[Agent]) -> Watched:
    """The kind of this name, and how to import and make it. UsageError."""
    kinds = {k.kind_name: k for k in (*BOARD_KINDS, *(k for a in agents for k in _kinds(a)))}
    if kind_name not in kinds:
        raise UsageError(finding.unknown("kind", kind_name, sorted(kinds), "--watches takes the name of one"))
    kind = kinds[kind_name]
    if kind.private:
        raise UsageError(f"{kind_name} is private to the agent that writes it; --watches takes another kind")
    return Watched(kind.__name__, kind_name, _module(kind), _sample(kind))


def _kinds(agent: Agent) -> Iterator[type[Kind]]:
    yield from (agent.kind, *agent.writes, *(agent.reads or ()))


def _module(kind: type[Kind]) -> str:
    """Where it is imported from: of a plugin by the name of its file."""
    if kind in BOARD_KINDS:
        return OURS
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return Path(file).stem if file and kind.__module__.startswith("plugin_") else kind.__module__


def _sample(kind: type[Kind]) -> str | None:
    """Python that makes a body of this kind; None if its fields ask for more than plain values."""
    values: dict[str, str] = {}
    for name, field in kind.model_fields.items():
        if field.is_required():
            if (plain := _plain(field.annotation)) is None:
                return None
            values[name] = plain
    try:
        kind(**{name: ast.literal_eval(text) for name, text in values.items()})
    except ValueError:  # it wants more of them than their type
        return None
    return f"{kind.__name__}({', '.join(f'{name}={text}' for name, text in values.items())})"


def _plain(annotation: Any) -> str | None:
    many, one = shape(annotation)
    text: str | None
    if get_origin(one) is Literal:
        text = repr(get_args(one)[0])
    elif isinstance(one, type) and issubclass(one, Enum):
        text = repr(next(iter(one)).value)
    else:
        text = SAMPLES.get(one)
    return f"[{text}]" if many and text else text


# -- what is written -----------------------------------------------------------------------------------------------
def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _written(name: str, watched: Watched) -> tuple[str, str]:
    """The text of the plugin, and of its test."""
    own, title = watched.module is None, _title(name)
    values = {"name": name, "title": title, "watched": watched.name}
    beside = [watched.name] if watched.module == OURS else []
    plugin = PLUGIN.format(
        **values, names=", ".join([*sorted(["Entry", "Kind", "View", *beside]), "agent"]),
        imports=_imported(watched) if watched.module != OURS else "", own=OWN.format(**values) if own else "",
        text="entry.body.text" if own else 'f"seen: {entry.key}"',
    )  # fmt: skip
    if watched.body is None:
        return plugin, UNTRIED.format(**values)
    names = ", ".join([*([watched.name] if own else []), f"{title}Note", name])
    expected = '"hello"' if own else f'"seen: {watched.kind_name}-1"'
    return plugin, TEST.format(
        **values, imports=_imported(watched), names=names, body=watched.body, expected=expected
    )  # fmt: skip


def _imported(watched: Watched) -> str:
    return f"from {watched.module} import {watched.name}\n" if watched.module else ""
