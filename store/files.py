"""Whether the files under an open database are still those that were opened.

SQLite goes on with a file that was deleted or replaced, and what it acknowledges then is nowhere.
"""

import os
from enum import Enum, auto
from pathlib import Path


class Fate(Enum):
    """What has become of the files."""

    SAME = auto()
    SMALLER = auto()
    """The database shrank: by a VACUUM of somebody, or cut off."""
    GONE = auto()
    """The database was deleted or moved."""
    REPLACED = auto()
    """Another file bears its name."""
    LOG_GONE = auto()
    """Only the -wal was deleted, and nobody has written to another one yet."""
    LOG_REPLACED = auto()


def log_of(path: str) -> str:
    """The -wal of a database: SQLite puts it beside the file itself, not beside a symbolic link to it."""
    return f"{os.path.realpath(path)}-wal"


def live_folder_of(path: str) -> Path:
    """The folder beside a database for what its processes tell each other while they live."""
    return Path(f"{os.path.realpath(path)}-live")


def calls_folder_of(path: str) -> Path:
    """The folder beside a database for calls that could not be written down in it. There only if there are any."""
    return Path(f"{os.path.realpath(path)}-calls")


class Files:
    """The database and its -wal as they were opened. Made when both are there."""

    def __init__(self, path: str) -> None:
        self._path, self._log = path, log_of(path)
        main, log = os.stat(self._path), os.stat(self._log)  # noqa: PTH116 two calls to a transaction
        self._inode = (main.st_dev, main.st_ino)
        self._log_inode = (log.st_dev, log.st_ino)
        self._size = main.st_size
        self.log_size = log.st_size
        """Bytes of the -wal when it was last looked at."""

    def look(self) -> Fate:
        """Compare with what was opened. About three microseconds."""
        try:
            main = os.stat(self._path)  # noqa: PTH116
        except FileNotFoundError:
            return Fate.GONE
        if (main.st_dev, main.st_ino) != self._inode:
            return Fate.REPLACED
        try:
            log = os.stat(self._log)  # noqa: PTH116
        except FileNotFoundError:
            return Fate.LOG_GONE
        if (log.st_dev, log.st_ino) != self._log_inode:
            return Fate.LOG_REPLACED if log.st_size else Fate.LOG_GONE
        self.log_size = log.st_size
        smaller, self._size = main.st_size < self._size, main.st_size
        return Fate.SMALLER if smaller else Fate.SAME
