"""Keeps this process from opening, past SQLite, a database file that it has open.

The locks of SQLite belong to the process, not to the descriptor: when any descriptor of the file is closed they are all
gone, the next process to leave takes itself for the last one and deletes the -wal, and what was acknowledged is lost.
So `open` and `os.open` of such a file are refused, under whatever name, and so is a second SQLite library. A descriptor
relative to a folder (`dir_fd`) and libraries that tell no audit hook are not seen.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from blackboard.errors import StoreError
from store import library

FILES = ("", "-wal", "-shm")
Inode = tuple[int, int]

_held: Counter[Inode] = Counter()
_left: set[Inode] = set()  # open in the parent when this process was forked from it
_installed: list[bool] = []


class Hold:
    """The files of one database while it is open here. `take` again when some have come; `release` forgets them."""

    def __init__(self, path: str) -> None:
        _install()
        self._path, self._mine = os.path.realpath(path), set[Inode]()
        self.take()

    def take(self) -> None:
        """Hold those of the files that are there now."""
        for suffix in FILES:
            inode = inode_of(self._path + suffix)
            if inode is not None and inode not in self._mine:
                self._mine.add(inode)
                _held[inode] += 1

    def release(self) -> None:
        """Hold them no longer. Once is enough; more often does no harm."""
        for inode in self._mine:
            _held[inode] -= 1
            if _held[inode] <= 0:
                del _held[inode]
        self._mine.clear()


def inode_of(path: Any) -> Inode | None:
    """What tells a file from every other, whatever name it goes by; None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 this runs at every `open` of the process
    except (OSError, ValueError, TypeError):
        return None
    return found.st_dev, found.st_ino


def is_left_from_before_a_fork(path: str) -> bool:
    """Whether the parent had this file open when this process was forked.

    SQLite's memory of its locks was copied with the process, the locks were not: opened here it would take none.
    """
    return inode_of(path) in _left


def _install() -> None:
    if not _installed and os.name == "posix":  # elsewhere locks belong to the descriptor
        _installed.append(True)
        sys.addaudithook(_hook)
        os.register_at_fork(after_in_child=_forked)


def _forked() -> None:
    _left.update(_held)
    _held.clear()


def _hook(
    event: str, args: Sequence[Any], held: Counter[Inode] = _held, stat: Callable[[Any], os.stat_result] = os.stat
) -> None:
    """Called at every audited event of the process, most of which are none of ours: it has to be quick."""
    if event == "open":
        if held:
            try:
                found = stat(args[0])
            except (OSError, ValueError, TypeError):
                return
            if (found.st_dev, found.st_ino) in held:
                raise _refusal(args[0], "reading the file itself")
    elif event == "sqlite3.connect" and held and library.NAME != library.STANDARD:
        name = _file(args[0])
        if inode_of(name) in held:
            raise _refusal(name, "a second SQLite library")


def _file(database: Any) -> Any:
    """The file that a connection is asked for, by path or by URI."""
    if isinstance(database, str) and database.startswith("file:"):
        return unquote(urlsplit(database).path)
    return database


def _refusal(name: Any, what: str) -> StoreError:
    file = name if isinstance(name, int) else os.fsdecode(name)
    return StoreError(
        f"{file} is open in this process, where {what} would lose what was acknowledged; use board.sql() instead, or"
        " close the board first"
    )
