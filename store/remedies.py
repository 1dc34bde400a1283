"""What SQLite says of a database, as one sentence with the remedy."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blackboard.errors import NoDatabase, StoreError
from store.library import code, sqlite3

BUSY, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB = 5, 8, 10, 11, 13, 14, 26
ROOM = 2**20  # bytes: a disk with less is full, whatever SQLite calls it
UNWRITABLE = frozenset({READONLY, CANTOPEN})

_REMEDIES = {
    BUSY: "another process holds it; try again when that has ended",
    READONLY: "make the file and its folder writable, or say another --db",
    CANTOPEN: "make the file and its folder writable, or say another --db",
    CORRUPT: "it is damaged or was cut off; put back a backup of it, or say another --db",
    NOTADB: "it is damaged or was cut off; put back a backup of it, or say another --db",
    FULL: "free some space and `blackboard resume last`; everything acknowledged is kept",
}
_OTHER = "`blackboard doctor` tells more; go on with `blackboard resume last` when that is mended"


@contextmanager
def said(path: str) -> Iterator[None]:
    """Errors of the database become StoreError; what SQLite says of one contribution stays as it is."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}; {remedy(path, error)}") from error


@contextmanager
def said_at_opening(path: str) -> Iterator[None]:
    """As `said`, for a file that may be anything. NoDatabase, StoreError."""
    try:
        with said(path):
            yield
    except StoreError as error:
        if error.__cause__ is not None and code(error.__cause__) == NOTADB:
            message = f"{path} is not a database; say another --db, or move that file away"
            raise NoDatabase(message) from error.__cause__
        raise


def remedy(path: str, error: BaseException) -> str:
    """What to do about it."""
    found = code(error)
    if found == IOERR and _is_full(path):
        found = FULL
    return _REMEDIES.get(found, _OTHER)


def _is_full(path: str) -> bool:
    try:
        return shutil.disk_usage(Path(path).absolute().parent).free < ROOM
    except OSError:
        return False
