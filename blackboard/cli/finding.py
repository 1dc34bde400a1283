"""Finding scenarios: by name in the `scenarios` package or among installed ones, or the path of a file."""

import ast
import difflib
import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from blackboard.cli.failures import cause, place
from blackboard.errors import UsageError
from blackboard.scenario import Scenario

PACKAGE = "scenarios"
GROUP = "blackboard.scenarios"
VARIABLE = "scenario"
_loading: list[str] = []


@dataclass(frozen=True)
class Known:
    """A scenario that can be named, not loaded yet."""

    name: str
    module: str
    help: str


def known() -> list[Known]:
    """The scenarios that can be named, in order, with a line of help each. Nothing of theirs is run for this."""
    found = {e.name: Known(e.name, e.module, _first_line(_source(e.module))) for e in entry_points(group=GROUP)}
    package = importlib.util.find_spec(PACKAGE)
    for folder in (package.submodule_search_locations or []) if package else []:
        for module in pkgutil.iter_modules([folder]):
            text = _read(Path(folder) / f"{module.name}.py")
            if not module.ispkg and VARIABLE in text:
                found[module.name] = Known(module.name, f"{PACKAGE}.{module.name}", _first_line(text))
    return sorted(found.values(), key=lambda k: k.name)


def find(name: str) -> Scenario[Any]:
    """The scenario of this name, or in this file. UsageError."""
    if name.endswith(".py") or "/" in name or "\\" in name:
        return in_file(Path(name))
    by_name = {k.name: k for k in known()}
    if name not in by_name:
        raise UsageError(unknown("scenario", name, list(by_name), "give the path of a .py file, or one of"))
    for door in entry_points(group=GROUP, name=name):
        if door.module == by_name[name].module and door.attr:
            return _checked(_loaded(door), name)
    return _in_module(_imported(by_name[name].module), name)


def again(name: str, file: str) -> Scenario[Any]:
    """The scenario that a board was run with: by its name, unless another file declared it. UsageError."""
    try:
        found = find(name)
    except UsageError as error:
        if not Path(file).is_file():
            raise UsageError(f"{error}; the file that declared it is gone: {file or 'it had none'}") from error
        return in_file(Path(file))
    same = not Path(file).is_file() or Path(found.declared_in).resolve() == Path(file).resolve()
    return found if same and found.name == name else in_file(Path(file))


def is_loading() -> bool:
    """Whether a scenario's file is being imported just now: then it is not to run anything."""
    return bool(_loading)


def in_file(path: Path) -> Scenario[Any]:
    """The scenario in a file. Its module gets a name that hides no other; its folder is looked in last. UsageError."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}; a scenario is a name or the path of a .py file")
    whole = path.resolve()
    name = f"scenario_{whole.stem}_{hashlib.sha256(str(whole).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, whole)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file; a scenario is a name or the path of a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if str(whole.parent) not in sys.path:
        sys.path.append(str(whole.parent))
    _loading.append(name)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(error, str(path)) from error
    finally:
        _loading.remove(name)
    return _in_module(module, str(path))


def unknown(what: str, name: str, names: list[str], otherwise: str) -> str:
    """That there is no such thing, what is nearest, and what there is."""
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    return f"there is no {what} {name!r}{hint} {otherwise}: {', '.join(names) or 'none'}"


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise _broken(error, name) from error


def _loaded(door: EntryPoint) -> Any:
    try:
        return door.load()
    except (Exception, SystemExit) as error:
        raise _broken(error, door.value) from error


def _broken(error: BaseException, name: str) -> UsageError:
    if isinstance(error, SystemExit):
        return UsageError(f"{name} ends the program when it is imported; put main() under `if __name__ == '__main__':`")
    return UsageError(f"{name} cannot be loaded: {place(error)}{cause(error)}{_hidden(error)}")


def _hidden(error: BaseException) -> str:
    """Why an import of our own packages may have failed; nothing where it was another one."""
    from blackboard.cli import health  # slow, and only wanted now

    ours = isinstance(error, ImportError) and (error.name or "").partition(".")[0] in health.PACKAGES
    return "".join(f"; {said}" for said in health.shadowed()) if ours else ""


def _in_module(module: ModuleType, name: str) -> Scenario[Any]:
    found = [v for v in vars(module).values() if isinstance(v, Scenario)]
    only = found[0] if len(found) == 1 else None
    return _checked(getattr(module, VARIABLE, only), name)


def _checked(found: Any, name: str) -> Scenario[Any]:
    if not isinstance(found, Scenario):
        raise UsageError(f"{name} declares no scenario; it takes a variable `{VARIABLE} = Scenario(...)`")
    return found


def _source(module: str) -> str:
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:
        return ""
    return _read(Path(spec.origin)) if spec and spec.origin else ""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _first_line(text: str) -> str:
    """The first line of what a module says of itself, without running it."""
    try:
        doc = ast.get_docstring(ast.parse(text)) or ""
    except (SyntaxError, ValueError):
        return "(its file has a syntax error)"
    return doc.partition("\n")[0]
