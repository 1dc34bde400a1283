"""Which files of a folder are documents, and reading them without ever leaving the folder."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from blackboard.errors import UsageError

SUFFIXES = (".md", ".markdown", ".txt", ".rst", ".text")
MOST_BYTES = 5_000_000
INSTALLED = ("node_modules", "site-packages")
"""Folders with the documents of others."""
EXPECTED = ("hidden", "installed packages")
"""Reasons that surprise nobody."""


@dataclass(frozen=True)
class File:
    """A document as the folder lists it. `path`: in the folder, with forward slashes."""

    path: str
    mtime_ns: int
    size: int


Skipped = tuple[str, str]
"""Path in the folder, and why it is not read."""


def in_words(skipped: list[Skipped]) -> list[str]:
    """What a person would miss: `huge.txt (larger than 5 MB)`, or `3 files (binary)` where many have one reason."""
    by_reason: dict[str, list[str]] = {}
    for path, reason in skipped:
        if reason not in EXPECTED:
            by_reason.setdefault(reason, []).append(path)
    named = {reason: paths[0] if len(paths) == 1 else f"{len(paths)} files" for reason, paths in by_reason.items()}
    return [f"{what} ({reason})" for reason, what in named.items()]


def folder_of_documents(folder: Path) -> Path:
    """The folder, absolute and without links. UsageError if there is none."""
    found = folder.expanduser()
    if not found.is_dir():
        what = "is not a folder" if found.exists() else "does not exist"
        raise UsageError(f"--documents takes a folder with your documents ({', '.join(SUFFIXES)}), but {folder} {what}")
    return found.resolve()


def list_documents(folder: Path) -> tuple[list[File], list[Skipped]]:
    """The documents in a folder and in the folders in it, by path; and what was passed over, with the reason.

    Links are not followed: they may lead out of the folder, or in circles.
    """
    files: list[File] = []
    skipped: list[Skipped] = []
    for path in _walk(folder, skipped):
        try:
            found = path.lstat()
        except OSError:
            continue  # deleted since it was listed
        if reason := _why_not(path, found):
            skipped.append((_name(folder, path), reason))
        else:
            files.append(File(_name(folder, path), found.st_mtime_ns, found.st_size))
    return sorted(files, key=lambda file: file.path), sorted(skipped)


def read_file(folder: Path, document: str) -> bytes:
    """The bytes of a document. UsageError for anything that `list_documents` would not list; OSError."""
    path = folder / document
    if not _is_inside(document) or not path.exists() or path.resolve() != path:
        raise UsageError(f"{document!r} is not a document of this library")
    if reason := _why_not(path, path.lstat()):
        raise UsageError(f"{document!r} is not a document of this library: {reason}")
    return path.read_bytes()


def _is_inside(document: str) -> bool:
    """Whether this is a path in the folder, to a file and through folders that are listed."""
    path = PurePosixPath(document)
    odd = path.is_absolute() or ".." in path.parts or "\0" in document or "\\" in document
    return not odd and _is_document(path) and not any(_why_not_folder(part) for part in path.parts[:-1])


def _walk(folder: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """Every file that is named like a document, links and hidden ones too."""

    def unreadable(error: OSError) -> None:
        skipped.append((_name(folder, Path(error.filename)), "cannot be opened"))

    for where, folders, names in os.walk(folder, onerror=unreadable):
        for name in list(folders):
            if reason := _why_not_folder(name) or ("a link" if Path(where, name).is_symlink() else ""):
                skipped.append((_name(folder, Path(where, name)), reason))
                folders.remove(name)
        yield from (Path(where, name) for name in names if _is_document(Path(name)))


def _is_document(path: PurePath) -> bool:
    return path.suffix.lower() in SUFFIXES


def _why_not_folder(name: str) -> str:
    if name.startswith("."):
        return "hidden"
    return "installed packages" if name in INSTALLED else ""


def _why_not(path: Path, found: os.stat_result) -> str:
    """Why a file that is named like a document is not read; empty if it is."""
    if path.name.startswith("."):
        return "hidden"
    if stat.S_ISLNK(found.st_mode):
        return "a link"
    if not stat.S_ISREG(found.st_mode):
        return "not a regular file"  # opening a pipe would wait for ever
    if found.st_size > MOST_BYTES:
        return f"larger than {MOST_BYTES // 1_000_000} MB"
    return "" if _name(path.parent, path) == path.name else "its name is not UTF-8"


def _name(folder: Path, path: Path) -> str:
    name = path.relative_to(folder).as_posix()
    return os.fsencode(name).decode(errors="replace")
