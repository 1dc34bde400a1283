"""Which SQLite keeps the boards: the one that `pysqlite3` brings, where it is installed, else that of Python itself.

Python's own is often old: Debian 12 has 3.40.1, which can break a file that two connections write and checkpoint at
once. A process uses one of the two for boards, never both; whatever handles boards takes `sqlite3` and its errors from
here, since the errors of one library are not those of the other.
"""

import importlib
import sqlite3 as standard
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING

from blackboard import settings

BUNDLED, STANDARD = "pysqlite3", "sqlite3"


def _chosen() -> tuple[ModuleType, str]:
    if settings.sqlite_library() != "stdlib":
        with suppress(ImportError):
            return importlib.import_module(f"{BUNDLED}.dbapi2"), BUNDLED
    return standard, STANDARD


if TYPE_CHECKING:
    import sqlite3 as sqlite3  # noqa: PLC0414 this is how a name is exported

    NAME: str
else:
    sqlite3, NAME = _chosen()

VERSION: tuple[int, ...] = sqlite3.sqlite_version_info
"""Of SQLite, not of the module."""


def has_wal_reset_bug(version: tuple[int, ...] = VERSION) -> bool:
    """Whether this SQLite can break a file that one connection writes while another checkpoints it.

    Every version from 3.7.0 has the fault; 3.51.3 mended it, and so did 3.44.6 and 3.50.7 for those who stay there.
    """
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return version >= (3, 7) and not mended


def code(error: BaseException) -> int:
    """SQLite's primary result code of an error; 0 if it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
