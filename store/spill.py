"""Spill: how calls went that could not be written down, a file each beside the database, until it can be reached.

What was paid for and answered must not be lost with a full disk or a database that somebody holds: the file is there
after a power cut, and says of which database it is.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter

from blackboard.calls import Ended
from store.files import calls_folder_of
from store.opening import MEMORY


@dataclass(frozen=True)
class Kept:
    """What lies beside a database."""

    readable: tuple[tuple[Path, Ended], ...]
    others: tuple[Path, ...]  # broken, or of another database


def keep(database: str, made_at: float | None, ended: Ended, pid: int) -> None:
    """Write down how a call went, beside the database. `made_at`: which one it is. OSError."""
    if database == MEMORY:
        raise OSError("a board in memory has nothing beside it")
    folder = calls_folder_of(database)
    folder.mkdir(exist_ok=True)
    path = folder / f"{quote(ended.board, safe='')}.{ended.id}.json"
    unfinished = path.with_suffix(f".{pid}.part")
    unfinished.unlink(missing_ok=True)
    # its readers may read the answers too, nobody else
    mode = os.stat(database).st_mode & 0o666 if os.path.exists(database) else 0o600  # noqa: PTH110, PTH116
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump({"made_at": made_at, **asdict(ended)}, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    for made in (folder, folder.parent):
        _sync(made)


def _sync(folder: Path) -> None:
    """Have what is in a folder there after a power cut, where folders can be opened."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def kept(database: str, made_at: float) -> Kept:
    """What was kept beside this database; what cannot be read, or is of another, is left where it is."""
    readable, others = [], []
    for path in sorted(calls_folder_of(database).glob("*.json")):
        try:
            of, ended = _read(path)
        except FileNotFoundError:  # another process has taken it up
            continue
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            others.append(path)
            continue
        if of in {None, made_at}:
            readable.append((path, ended))
        else:
            others.append(path)
    return Kept(tuple(readable), tuple(others))


def _read(path: Path) -> tuple[float | None, Ended]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    made_at = found.pop("made_at")
    return made_at, TypeAdapter(Ended).validate_python(found, strict=False)
