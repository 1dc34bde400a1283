"""Locks on files that end with their process, however it ends: `kill -9` lets go of them too.

A file appears under its name only when its owner has locked it. So "it is there, and nobody holds it" means dead.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nobody is ever known to be dead there
    fcntl = None  # type: ignore[assignment]

# Held while descriptors are opened and noted, and during a fork: a child knows each one that it has inherited.
TURN = threading.RLock()


def hold(path: Path) -> int | None:
    """Make this file, one byte long, and lock it until the descriptor is closed or the process ends.

    None where the system has no such locks: the file is there nevertheless. OSError if it cannot be made or locked.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        os.write(descriptor, b"\0")  # its place on the disk is taken now: a full disk silences no bell
        if fcntl:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except OSError:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        raise
    os.close(descriptor)  # an open file could not be renamed there
    return None


def unheld(path: Path) -> bool:
    """Whether the file is there and its owner is not. What cannot be found out is False."""
    if not fcntl:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that ask do not hinder each other
        return os.fstat(descriptor).st_nlink > 0  # removed meanwhile: its owner has left, which is not dying
    except OSError:
        return False
    finally:
        os.close(descriptor)
