"""Which files of a folder are documents, and reading them without ever leaving the folder."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blackboard.errors import UsageError
from blackboard.tools.documents.reading import PAGED, suffixes

NAMES = (
    *("authors", "changelog", "changes", "contributing", "copying", "faq", "history", "install", "license"),
    *("maintainers", "news", "notes", "notice", "readme", "thanks", "todo"),
)
"""Documents without a suffix."""
MOST_BYTES = 5_000_000
MOST_PAGED = 50_000_000
"""A PDF carries fonts and pictures; its text is bounded by itself."""
INSTALLED = ("node_modules", "site-packages")
"""Folders with the documents of others."""
CACHES = ("__pycache__",)
GENERATED = (".min.js", ".min.css", ".min.html", "-lock.json", "-lock.yaml")
"""Programs wrote these for programs: one line of 100 kB, and no sentence in it."""
EXPECTED = ("hidden", "installed packages", "generated")
"""Reasons that surprise nobody."""
OTHER = "another type"
FEW_TYPES = 2
COMMON = (".md", ".txt", ".rst", ".html", ".pdf")
OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Not through a link, and without waiting for who writes into a pipe."""


@dataclass(frozen=True)
class File:
    """A document as the folder lists it. `path`: in the folder, with forward slashes.

    `changed_ns`: when its content, or anything else of it, was changed last: whoever sets the time of the content back
    sets the other.
    """

    path: str
    changed_ns: int
    size: int


Skipped = tuple[str, str]
"""Path in the folder, and why it is not read."""


OF_MANY = {
    "a link": "links",
    "a damaged PDF": "damaged PDFs",
    "no text in it": "no text in them",
    "no text in it; scanned pages need OCR first": "no text in them; scanned pages need OCR first",
    "not a regular file": "not regular files",
    "its name is not UTF-8": "their names are not UTF-8",
}
"""How the reason reads where several files have it."""


def in_words(skipped: list[Skipped]) -> list[str]:
    """What a person would miss, in few words.

    `huge.txt (larger than 5 MB)`, `3 files (binary)` where many have one reason, `12 files of other types (.png, .zip,
    2 more)`.
    """
    by_reason: dict[str, list[str]] = {}
    for path, reason in skipped:
        if reason not in EXPECTED:
            by_reason.setdefault(reason, []).append(path)
    others = by_reason.pop(OTHER, [])
    return [*(_named(paths, reason) for reason, paths in by_reason.items()), *_types(others)]


def _named(paths: list[str], reason: str) -> str:
    if len(paths) == 1:
        return f"{paths[0]} ({reason})"
    return f"{len(paths)} files ({OF_MANY.get(reason, reason)})"


def _types(paths: list[str]) -> Iterator[str]:
    """What files are that are no documents, the most frequent types first."""
    if not paths:
        return
    counted = Counter(PurePosixPath(path).suffix.lower() or "no suffix" for path in paths)
    types = sorted(counted, key=lambda suffix: (-counted[suffix], suffix))
    more = [f"{len(types) - FEW_TYPES} more"] if len(types) > FEW_TYPES else []
    many = "1 file of another type" if len(paths) == 1 else f"{len(paths)} files of other types"
    yield f"{many} ({', '.join([*types[:FEW_TYPES], *more])})"


def wanted() -> str:
    """What `--documents` takes, for a sentence."""
    more = len(set(suffixes()) - set(COMMON))
    return f"--documents takes a folder with your documents ({', '.join(COMMON)} and {more} more types)"


def folder_of_documents(folder: Path) -> Path:
    """The folder, absolute and without links. UsageError if there is none."""
    found = folder.expanduser()
    if not found.is_dir():
        what = "is not a folder" if found.exists() else "does not exist"
        raise UsageError(f"{wanted()}, but {folder} {what}")
    return found.resolve()


def list_documents(folder: Path) -> tuple[list[File], list[Skipped]]:
    """The documents in a folder and in the folders in it, by path; and what was passed over, with the reason.

    Links are not followed: they may lead out of the folder, or in circles.
    """
    files: list[File] = []
    skipped: list[Skipped] = []
    endings = suffixes()
    waiting = [("", os.fspath(folder))]
    while waiting:
        within, where = waiting.pop()
        for entry, found in _entries(within, where, skipped):
            name = within + _readable(entry.name)
            is_folder = stat.S_ISDIR(found.st_mode)
            reason = _why_not_folder(entry.name) if is_folder else _why_not(entry.name, found, endings)
            if reason:
                skipped.append((name, reason))
            elif is_folder:
                waiting.append((f"{name}/", entry.path))
            else:
                files.append(_file(name, found))
    return sorted(files, key=lambda file: file.path), sorted(skipped)


def read_file(folder: Path, document: str) -> bytes:
    """The bytes of a document. UsageError for anything that `list_documents` would not list; OSError."""
    return read_listed(folder, document)[1]


def read_listed(folder: Path, document: str) -> tuple[File, bytes]:
    """A document as it is listed now, and its bytes. UsageError for what would not be listed; OSError."""
    path = folder / document
    if not _is_inside(document) or not path.exists() or path.resolve() != path:
        raise UsageError(f"{document!r} is not a document of this library")
    if reason := _why_not(path.name, path.lstat(), suffixes()):
        raise UsageError(f"{document!r} is not a document of this library: {reason}")
    handle = os.open(path, OPEN)
    with open(handle, "rb") as opened:  # noqa: PTH123
        found = os.fstat(handle)
        if reason := _why_not(path.name, found, suffixes()):
            raise UsageError(f"{document!r} is not a document of this library: {reason}")
        # What grows while it is read does not grow without end.
        return _file(document, found), opened.read(_most(path.name))


def _entries(within: str, where: str, skipped: list[Skipped]) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    try:
        with os.scandir(where) as entries:
            for entry in entries:
                with suppress(OSError):  # deleted since it was listed
                    yield entry, entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        pass
    except OSError:
        skipped.append((within.rstrip("/") or ".", "cannot be opened"))


def _file(name: str, found: os.stat_result) -> File:
    return File(name, max(found.st_mtime_ns, found.st_ctime_ns), found.st_size)


def _is_inside(document: str) -> bool:
    """Whether this is a path in the folder, to a file and through folders that are listed."""
    path = PurePosixPath(document)
    odd = path.is_absolute() or ".." in path.parts or "\0" in document or "\\" in document
    return not odd and _is_document(path.name, suffixes()) and not any(_why_not_folder(p) for p in path.parts[:-1])


def _is_document(name: str, endings: tuple[str, ...]) -> bool:
    lower = name.lower()
    return lower.endswith(endings) or lower in NAMES


def _why_not_folder(name: str) -> str:
    if name.startswith("."):
        return "hidden"
    if name in CACHES:
        return "generated"
    if name in INSTALLED:
        return "installed packages"
    return "" if _readable(name) == name else "its name is not UTF-8"


def _why_not(name: str, found: os.stat_result, endings: tuple[str, ...]) -> str:
    """Why a file is not read; empty if it is."""
    if name.startswith("."):
        return "hidden"
    if stat.S_ISLNK(found.st_mode) and (_is_document(name, endings) or "." not in name):
        return "a link"  # without a suffix it may be a folder
    if not _is_document(name, endings):
        return OTHER
    if name.lower().endswith(GENERATED):
        return "generated"
    if not stat.S_ISREG(found.st_mode):
        return "not a regular file"  # opening a pipe would wait for ever
    if found.st_size > _most(name):
        return f"larger than {_most(name) // 1_000_000} MB"
    return "" if _readable(name) == name else "its name is not UTF-8"


def _most(name: str) -> int:
    return MOST_PAGED if name.lower().endswith(PAGED) else MOST_BYTES


def _readable(name: str) -> str:
    return os.fsencode(name).decode(errors="replace")
