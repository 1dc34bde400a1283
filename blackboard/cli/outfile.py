"""The file of `--out`: refused before the work begins where it cannot be written, replaced as a whole at the end."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from blackboard.errors import UsageError
from blackboard.seam import REAL


def check(file: Path | None) -> None:
    """UsageError if it is clear already that nothing can be written there."""
    if file is None:
        return
    target = _target(file)
    beside = _beside(target)
    try:
        beside.touch(exist_ok=False)
        beside.unlink()
    except OSError as error:
        raise UsageError(f"--out {file}: nothing can be written there: {error.strerror}; name another file") from error


def write(file: Path, text: str, again: str) -> None:
    """Replace the file at once: whoever reads it finds the old text or the new one. UsageError, which says `again`."""
    target = _target(file)
    beside = _beside(target)
    try:
        with beside.open("xb") as new:
            new.write(text.encode())
            new.flush()
            os.fsync(new.fileno())
        if target.exists():
            beside.chmod(stat.S_IMODE(target.stat().st_mode))
        beside.replace(target)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise UsageError(f"{file} cannot be written: {error.strerror}; get it again with: {again}") from error


def _target(file: Path) -> Path:
    """Where it really is. UsageError if something else than a file is there."""
    try:
        target = file.expanduser().resolve()
        what = "a folder" if target.is_dir() else "no file that can be replaced" if _is_odd(target) else ""
        there = target.parent.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"--out {file}: {error}; name another file") from error
    if what:
        raise UsageError(f"--out {file} is {what}; name a file")
    if not there:
        raise UsageError(f"--out {file}: there is no folder {target.parent}; make it, or name another file")
    return target


def _is_odd(target: Path) -> bool:
    """A device, a pipe: to be written to, never to be replaced."""
    return target.exists() and not target.is_file()


def _beside(target: Path) -> Path:
    return target.with_name(f".{REAL.new_id()}.tmp")
