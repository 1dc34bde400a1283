"""The source of plugins: which files of a folder are plugins, what they rest on, and which names are their own.

All of it is read from the text; nothing of it is run here.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import decode_source
from pathlib import Path

INIT = "__init__.py"
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Source:
    """A file as it is now: its text, or why it has none."""

    file: Path
    data: bytes = b""
    unreadable: str = ""  # the cause
    imports: frozenset[str] = field(default=frozenset())  # the first parts of all modules that it names

    @property
    def name(self) -> str:
        """As other files of its folder import it."""
        return self.file.parent.name if self.file.name == INIT else self.file.stem


def is_plugin(file: Path) -> bool:
    """Whether a file of a plugin folder is looked at for agents: no helper, no test."""
    name = file.parent.name if file.name == INIT else file.stem
    is_test = name.startswith("test_") or name.endswith("_test") or name == "conftest"
    return not (name.startswith(("_", ".")) or is_test)


def sources(folder: Path) -> list[Source]:
    """All Python files and packages of a folder, helpers and tests too, by name."""
    found = [f for f in sorted(folder.iterdir()) if not f.name.startswith(".")]
    files = [f for f in found if f.suffix == ".py" and f.is_file()]
    return [read(f) for f in files] + [read(f / INIT) for f in found if (f / INIT).is_file()]


def read(file: Path) -> Source:
    """One file; of a package all that is in it, so that a change anywhere in it is seen."""
    try:
        data = file.read_bytes()
        within = sorted(f for f in file.parent.rglob("*.py") if f != file) if file.name == INIT else []
        more = b"".join(str(f).encode("utf-8", "surrogateescape") + f.read_bytes() for f in within)
    except OSError as error:
        return Source(file, unreadable=f"it cannot be read: {error.strerror}")
    named = frozenset(_imports(data)) | frozenset(n for f in within for n in _imports(f.read_bytes()))
    return Source(file, data + more, imports=named) if file.name == INIT else Source(file, data, imports=named)


def _imports(data: bytes) -> Iterator[str]:
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def marks(found: list[Source]) -> Mapping[Path, str]:
    """For each file a digest of it and of all files of the folder on which it rests: another one, another program."""
    by_name = {s.name: s for s in found}

    def rests_on(source: Source, seen: dict[str, Source]) -> dict[str, Source]:
        for name in source.imports & by_name.keys() - seen.keys():
            seen[name] = by_name[name]
            rests_on(by_name[name], seen)
        return seen

    def mark(source: Source) -> str:
        digest = hashlib.sha256(source.data + source.unreadable.encode())
        for name, other in sorted(rests_on(source, {}).items()):
            digest.update(name.encode() + other.data)
        return digest.hexdigest()

    return {s.file: mark(s) for s in found}


def text_of(file: Path) -> str:
    """The text of a file, in the encoding that it says. OSError, SyntaxError."""
    data = file.read_bytes()
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise SyntaxError("it holds the character NUL; take it out", (str(file), line, None, None))
    try:
        data.decode()
    except UnicodeDecodeError as error:
        try:
            return decode_source(data)
        except (SyntaxError, UnicodeDecodeError):
            line = data[: error.start].count(b"\n") + 1
            raise SyntaxError("it is not UTF-8; save it in that encoding", (str(file), line, None, None)) from error
    return decode_source(data)


def only_imported(tree: ast.Module) -> tuple[frozenset[str], bool]:
    """The names at the top of a module that it has from elsewhere and never binds itself; whether it imports `*`."""
    imported: set[str] = set()
    bound: set[str] = set()
    star = False
    for node in _top(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            star = star or any(alias.name == "*" for alias in node.names)
            imported |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, SCOPES):
            bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return frozenset(imported - bound), star


def _top(node: ast.AST) -> Iterator[ast.AST]:
    """What stands at the top of a module, in branches and loops too, but not inside functions and classes."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (*SCOPES, ast.Lambda)):
            yield from _top(child)
