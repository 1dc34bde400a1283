"""Copies of a database for safe-keeping: made while others write, checked before they bear their name."""

import os
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from blackboard.errors import StoreError, UsageError
from blackboard.records import Copy
from store.consistency import feed_gaps

Connection = Any  # of whichever SQLite library holds the database: the copy is made and checked by the same


def copy(source: Connection, path: str, target: Path, overwrite: bool) -> Copy:
    """Copy what is committed now to the target. It appears there whole and checked, or not at all.

    UsageError where it must not be written; StoreError if it cannot be, or if the copy is not sound.
    """
    _check_target(path, target, overwrite)
    try:
        number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise _cannot(target, error) from error
    os.close(number)
    part = Path(name)
    try:
        _fill(source, part, target)
        copied = _checked(source, part, target)
        if os.path.exists(path):  # noqa: PTH110 a database in memory has none
            part.chmod(os.stat(path).st_mode & 0o777)  # noqa: PTH116 its readers may read the copy, nobody else
        _check_target(path, target, overwrite)  # once more: copying takes its time
        part.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise _cannot(target, error) from error
    finally:
        for left in (part, *(part.with_name(part.name + end) for end in ("-journal", "-wal", "-shm"))):
            left.unlink(missing_ok=True)
    return copied


def _check_target(path: str, target: Path, overwrite: bool) -> None:
    if target.is_dir():
        raise UsageError(f"{target} is a folder; say the file that the backup is to be")
    if not target.parent.is_dir():
        raise UsageError(f"the folder of {target} does not exist; make it, or say another file")
    own = Path(os.path.realpath(path))
    real = Path(os.path.realpath(target))
    if real in {own.with_name(own.name + end) for end in ("-journal", "-wal", "-shm")}:
        raise UsageError(f"{target} belongs to the database itself; say another file")
    if target.exists() and os.path.exists(path) and os.path.samefile(target, path):  # noqa: PTH110, PTH121
        raise UsageError(f"{target} is the database itself; say another file")
    if os.path.lexists(target) and not overwrite:
        raise UsageError(f"{target} is there already; say another file, or --force to replace it")
    for end in ("-journal", "-wal"):  # SQLite would play these into whatever bears the name
        if (beside := target.with_name(target.name + end)).exists():
            raise UsageError(
                f"{target} is a database in use, or was left by a crash: there is {beside}; say another file"
            )


def _fill(source: Connection, part: Path, target: Path) -> None:
    """All pages in one step: others go on writing, and the copy is of one moment."""
    try:
        with closing(type(source)(str(part))) as made:
            source.backup(made)
    except source.Error as error:
        raise _cannot(target, error) from error


def _checked(source: Connection, part: Path, target: Path) -> Copy:
    """What is in the copy, once it is known to be sound. StoreError."""
    try:
        with closing(type(source)(str(part))) as made:
            wrong = [text for (text,) in made.execute("PRAGMA quick_check(3)") if text != "ok"]
            wrong += list(feed_gaps(made))[:3]
            (application,), (copied,) = (c.execute("PRAGMA application_id").fetchone() for c in (source, made))
            if application != copied:
                wrong.append("it does not say whose it is")
            (boards,) = made.execute("SELECT count(*) FROM board").fetchone()
            (versions,) = made.execute("SELECT count(*) FROM entry").fetchone()
    except source.Error as error:
        wrong = [str(error)]
    if wrong:
        raise StoreError(f"no backup was made, the copy is not sound: {'; '.join(wrong)}; run `blackboard doctor`")
    return Copy(str(target), part.stat().st_size, boards, versions)


def _cannot(target: Path, error: Exception) -> StoreError:
    said = error.strerror if isinstance(error, OSError) else str(error)
    return StoreError(f"no backup was made at {target}: {said}; free some space there, or say another file")


def _sync(folder: Path) -> None:
    """Let the new name outlive a power cut, where the system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
