"""What is expensive is made once, though tests run in several processes: the first one makes it, the others read it."""

import fcntl
import pickle
from collections.abc import Callable
from typing import TypeVar

import pytest

Made = TypeVar("Made")


def once(folders: pytest.TempPathFactory, name: str, make: Callable[[], Made]) -> Made:
    """What `make` gives, called by one of the processes of this run of pytest; what it gives can be pickled.

    Who comes while it is being made waits for it; where making it fails, each of them tries and fails.
    """
    base = folders.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base  # that of pytest-xdist's workers together
    kept = shared / f"once-{name}"
    with kept.with_name(f"{kept.name}-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            made = make()
            kept.write_bytes(pickle.dumps(made))
        found: Made = pickle.loads(kept.read_bytes())
        return found
