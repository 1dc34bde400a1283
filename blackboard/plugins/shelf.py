"""The shelf: what is loaded of a plugin folder. Looked at again, only what has changed is loaded again.

One for each folder in a process, since modules are the process's too.
"""

import ast
import hashlib
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from typing_extensions import override

from blackboard import errors
from blackboard.agent import Agent
from blackboard.errors import BlackboardError
from blackboard.maker import AgentMaker
from blackboard.plugins.source import INIT, Source, is_plugin, marks, only_imported, read, sources, text_of


@dataclass(frozen=True)
class Plugin:
    """An agent, or what brings agents, and the file that makes it."""

    agent: Agent | AgentMaker
    file: Path


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a plugin file or folder, in a sentence."""

    file: Path
    said: str


@dataclass(frozen=True)
class Loaded:
    """The agents that were found, and a sentence for each file that could not be used as it is."""

    plugins: tuple[Plugin, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @property
    def agents(self) -> list[Agent | AgentMaker]:
        """The agents alone."""
        return [p.agent for p in self.plugins]

    @property
    def broken(self) -> list[str]:
        """The sentences alone."""
        return [t.said for t in self.troubles]


@dataclass(frozen=True)
class _Held:
    """What came of a file when it was loaded."""

    mark: str
    plugins: tuple[Plugin, ...] = ()
    said: str = ""  # why it could not be loaded; then these are the plugins of the time before


def load(places: Iterable[str | Path]) -> Loaded:
    """The agents in these folders and files. What is wrong with one of them is a sentence; the rest loads.

    Called again it gives the same agents, but for those in files that have changed, or that rest on such files. A file
    that is broken now keeps those that it had. Runs the code of the files: not for an event loop.
    """
    first: dict[str, Plugin] = {}
    troubles: list[Trouble] = []
    seen: set[Path] = set()
    for place in dict.fromkeys(Path(place).absolute() for place in places):
        found = _shelf(place).look()
        troubles += found.troubles
        for plugin in (p for p in found.plugins if p.file not in seen):
            other = first.setdefault(plugin.agent.name, plugin)
            if other is not plugin:
                said = f"{shown(plugin.file)}: {shown(other.file)} has an agent {plugin.agent.name!r} already"
                troubles.append(Trouble(plugin.file, f"{said}; give one of them another name"))
        seen |= {p.file for p in found.plugins}
    return Loaded(tuple(first.values()), tuple(troubles))


def shown(file: Path) -> str:
    """A file as people know it: from the folder where they are, if it is below that."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


@cache
def _shelf(place: Path) -> "Shelf":
    return Shelf(place)


class Shelf:
    """A plugin folder, or one file."""

    def __init__(self, place: Path) -> None:
        self._place, self._lock = place, threading.RLock()
        self._held: dict[Path, _Held] = {}
        self._marks: Mapping[Path, str] = {}  # of all files of the folder, when it was last looked at

    def look(self) -> Loaded:
        """What it holds now."""
        with self._lock:
            try:
                found, every = self._found()
            except OSError as error:
                self._held = {}
                cause = "there is no such plugin folder" if isinstance(error, FileNotFoundError) else error.strerror
                return Loaded((), (Trouble(self._place, f"{shown(self._place)}: {cause}"),))
            self._load(found, every)
            held = [self._held[s.file] for s in found]
            troubles = [Trouble(s.file, h.said) for s, h in zip(found, held, strict=True) if h.said]
            return Loaded(tuple(p for h in held for p in h.plugins), tuple(troubles))

    def _found(self) -> tuple[list[Source], list[Source]]:
        """The plugins, and all files of the folder."""
        if not self._place.is_dir():
            own = read(self._place) if self._place.exists() else None
            if own is None:
                raise FileNotFoundError
            others = [s for s in sources(self._place.parent) if s.file != self._place]
            return [own], [own, *others]
        every = sources(self._place)
        return [s for s in every if is_plugin(s.file)], every

    def _load(self, found: Sequence[Source], every: list[Source]) -> None:
        now = marks(every)
        changed = {s for s in every if now[s.file] != self._marks.get(s.file, now[s.file])}
        self._marks = now
        held = {s.file: self._held.get(s.file) for s in found}
        due = [s for s in found if (h := held[s.file]) is None or h.said or h.mark != now[s.file]]
        self._held = {file: h for file, h in held.items() if h is not None}
        if not due:
            return
        _look_in(self._place if self._place.is_dir() else self._place.parent)
        with _fresh(changed):
            for source in due:
                self._held[source.file] = self._loaded(source, now[source.file], held[source.file])

    def _loaded(self, source: Source, mark: str, before: _Held | None) -> _Held:
        kept = before.plugins if before else ()
        if source.unreadable:
            return _Held(mark, kept, f"{shown(source.file)}: {source.unreadable}")
        try:
            return _Held(mark, tuple(Plugin(a, source.file) for a in _agents(source.file)))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin can fail only itself, whatever it raises
            return _Held(mark, kept, broken(source.file, error) + ("; what it had before stays" if kept else ""))


# -- running a file ------------------------------------------------------------------------------------------------
def _agents(file: Path) -> list[Agent | AgentMaker]:
    """Run a file; the agents that it makes itself, in its order. Whatever the file raises."""
    tree = ast.parse(text_of(file), str(file))
    imported, star = only_imported(tree)
    values = vars(_run(file, tree))
    listed = values.get("__all__")
    if isinstance(listed, list | tuple):
        own = [values.get(name) for name in listed]
    else:
        foreign = {id(values.get(name)) for name in imported}
        own = [v for v in values.values() if id(v) not in foreign and not (star and _is_of_another(v, file))]
    return list({id(a): a for a in own if isinstance(a, Agent | AgentMaker)}.values())


def _is_of_another(value: object, file: Path) -> bool:
    """Whether an agent acts with a function of another module: it came with `import *`."""
    does = value.action if isinstance(value, Agent) else value.make if isinstance(value, AgentMaker) else None
    return does is not None and does.__module__ != _module_name(file)


def _module_name(file: Path) -> str:
    """A name that hides no other module."""
    stem = file.parent.name if file.name == INIT else file.stem
    return f"plugin_{stem}_{hashlib.sha256(str(file).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _run(file: Path, tree: ast.Module) -> ModuleType:
    """The module of a file. What was there under its name stays where it fails."""
    name = _module_name(file)
    within = [str(file.parent)] if file.name == INIT else None
    spec = spec_from_file_location(name, file, loader=_Fresh(name, str(file)), submodule_search_locations=within)
    assert spec is not None
    module = module_from_spec(spec)
    before = {n: m for n, m in sys.modules.items() if n == name or n.startswith(f"{name}.")}
    for known in before:
        del sys.modules[known]
    sys.modules[name] = module
    try:
        exec(compile(tree, str(file), "exec", dont_inherit=True), vars(module))
    except BaseException:
        for begun in [n for n in sys.modules if n == name or n.startswith(f"{name}.")]:
            del sys.modules[begun]
        sys.modules.update(before)
        raise
    for agent in (v for v in vars(module).values() if isinstance(v, Agent)):
        _ = agent.code_version  # of the source as it is now: later the file may hold another one
    return module


class _Fresh(SourceFileLoader):
    """Always runs the source: two edits within a second can leave the same stamp and size on cached code."""

    @override
    def path_stats(self, path: str) -> NoReturn:
        raise OSError(f"{path} is not cached")


def _look_in(folder: Path) -> None:
    """Let the files of a folder import each other; it is looked in last, so that it hides nothing."""
    place = str(folder)
    loaders = (ExtensionFileLoader, EXTENSION_SUFFIXES), (_Fresh, [".py"])
    sys.path_importer_cache[place] = FileFinder(place, *loaders)
    if place not in sys.path:
        sys.path.append(place)


@contextmanager
def _fresh(changed: Iterable[Source]) -> Iterator[None]:
    """Forget modules whose source, or what that rests on, has changed. What is not imported again comes back."""
    files = {str(s.file): s for s in changed}
    names = {n for n, m in tuple(sys.modules.items()) if getattr(m, "__file__", None) in files and not _is_ours(n)}
    gone = {n: m for n, m in tuple(sys.modules.items()) if n in names or n.partition(".")[0] in names}
    for name in gone:
        del sys.modules[name]
    try:
        yield
    finally:
        for name, module in gone.items():
            sys.modules.setdefault(name, module)


def _is_ours(name: str) -> bool:
    """Whether it is a plugin's own module, which is taken care of when that is loaded."""
    return name.startswith("plugin_")


# -- what is wrong -------------------------------------------------------------------------------------------------
def broken(file: Path, error: BaseException) -> str:
    """Why a file cannot be loaded: file, line and cause in a sentence."""
    if isinstance(error, SystemExit):
        remedy = "put main() under `if __name__ == '__main__':`"
        return f"{shown(file)}{_line(file, error)}: it ends the program when it is imported; {remedy}"
    place = errors.place(error)
    elsewhere = place is not None and Path(place[0]) != file
    at = f" (in {shown(Path(place[0]))}, line {place[1]})" if place and elsewhere else ""
    return f"{shown(file)}{_line(file, error)}: {cause(error)}{at}"


def _line(file: Path, error: BaseException) -> str:
    """Where in this very file it happened."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f", line {error.lineno or 1}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(file)]
    return f", line {frames[-1].lineno}" if frames else ""


def cause(error: BaseException) -> str:
    """The error in one line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    first = next(iter(text.strip().splitlines()), "")
    if isinstance(error, BlackboardError) and first:
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
