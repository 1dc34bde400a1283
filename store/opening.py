"""How a database file is opened, and what is refused before it is; what is kept of it while it is open."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from blackboard.errors import NoDatabase, StoreError
from store import guard
from store.checkpoints import Checkpoints
from store.files import Fate, Files, log_of
from store.guard import Hold
from store.library import sqlite3
from store.mounts import network_file_system

MEMORY = ":memory:"
STATEMENTS = 256  # kept compiled by their text
PATIENCE = 5.0  # seconds that opening waits for somebody who holds the file
LONGEST_VALUE = 16 * 2**20  # bytes of a text or a row, where the library can be told

_left: list[sqlite3.Connection] = []  # of the parent, in a child that was forked


def check_path(path: str, create: bool) -> None:
    """Refuse what cannot become a database, or must not be one. NoDatabase, StoreError."""
    place = Path(path)
    if place.is_dir():
        raise NoDatabase(f"{path} is a folder; --db takes a file")
    if not place.exists() and not create:
        raise NoDatabase(f"there is no database {path}; `blackboard run` makes one, or say another --db")
    if not place.absolute().parent.is_dir():
        raise NoDatabase(f"the folder of {path} does not exist; make it, or say another --db")
    if kind := network_file_system(path):
        raise StoreError(f"{path} is on a network file system ({kind}), where commits get lost; use a local disk")
    if guard.is_left_from_before_a_fork(path):
        raise left_before_a_fork(path)


def left_before_a_fork(path: str) -> StoreError:
    """What a process is told that was forked while the database was open."""
    return StoreError(
        f"{path} was opened before a fork, and its locks stayed behind; close it before the fork and open it again in"
        " the child, or start the child with multiprocessing's 'spawn'"
    )


def connect(path: str, mode: str = "") -> sqlite3.Connection:
    """A connection; `mode` is that of a URI (`mode=ro`), and nothing for one that reads and writes."""
    name = f"{Path(path).absolute().as_uri()}?{mode}" if mode else path
    # The checks on threads are ours: a lock, and one reader to a thread at a time.
    made = sqlite3.connect(
        name,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS,
        timeout=PATIENCE,
        uri=bool(mode),
    )
    with suppress(AttributeError):  # pysqlite3 has no limits
        made.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    return made


def connect_to_look(path: str) -> tuple[sqlite3.Connection, str]:
    """A connection to a file that cannot be written, and the mode for more of them. StoreError.

    Reading wants a place for memory that processes share, unless nobody writes and there is no log to read.
    """
    tries = ("mode=ro", "mode=ro&immutable=1") if _log_is_empty(path) else ("mode=ro",)
    cause: Exception | None = None
    for mode in tries:
        made = connect(path, mode)
        try:
            made.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            made.close()
            cause = error
        else:
            return made, mode
    raise StoreError(
        f"{path} is read-only, and its newest entries are in {path}-wal; copy both files to a folder that you can"
        " write, and say that --db"
    ) from cause


def is_whole(path: str) -> bool:
    """Whether every page can be read, by a connection that remembers none."""
    made = connect(path)
    try:
        return bool(made.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)])
    except sqlite3.DatabaseError:
        return False
    finally:
        made.close()


def _log_is_empty(path: str) -> bool:
    try:
        return os.stat(log_of(path)).st_size == 0  # noqa: PTH116
    except FileNotFoundError:
        return True


@dataclass
class Handles:
    """Everything that is open of one database. Closed with its last user, also if that forgot to."""

    connections: list[sqlite3.Connection] = field(default_factory=list)
    hold: Hold | None = None
    files: Files | None = None
    checkpoints: Checkpoints | None = None

    def close(self) -> None:
        """Let go of the file; the last connection writes the log into it."""
        if self.checkpoints is not None:
            self.checkpoints.close()
        if self.files is not None and self.connections and self.files.look() in {Fate.REPLACED, Fate.LOG_REPLACED}:
            self.leave()  # SQLite would delete the log of that other file
        while self.connections:
            self.connections.pop().close()
        if self.hold is not None:
            self.hold.release()

    def leave(self) -> None:
        """Have these connections never closed by this process, not even when it ends."""
        left = [*self.connections, *(self.checkpoints.leave() if self.checkpoints is not None else ())]
        self.connections.clear()
        _left.extend(left)
        with suppress(ImportError):
            import ctypes

            for connection in left:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
