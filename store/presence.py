"""Who is there, and how they are woken, between the processes that share one database.

All of it is a help, nothing of it is needed: without it a lease decides who is dead, and a slow poll finds what is new.
"""

import os
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from blackboard.seam import REAL, Seam
from store.bells import UNFINISHED, Attendant, Bell, Hints, Others, sweep
from store.locks import TURN, hold, unheld

WORKER = ".worker"
TRIES = 3  # to appear: the folder, or a file that is not locked yet, may be swept away meanwhile


class Presence(Protocol):
    """What a store asks of its surroundings. Nothing here raises; all of it may be called from any thread."""

    def arrive(self, worker: str) -> None:
        """This process holds the worker's lock from now on, until `leave` or its end, by `kill -9` too."""

    def leave(self, worker: str) -> None:
        """Let go of the worker's lock and forget it: from now on it is unknown."""

    def gone(self, worker: str) -> bool:
        """True only if it is known that the worker is not there any more; False also for one that is unknown."""

    def forget(self, worker: str) -> None:
        """Of a dead worker that owns nothing any more: from now on it is unknown. No effect on one that lives."""

    def workers(self) -> list[str]:
        """The workers that are known, living or dead."""

    def attend(self, pid: int) -> None:
        """Give this store's own hints, once, when this process of this machine ends. Nothing where none can tell."""

    def ring(self) -> None:
        """Wake those who listen in all other stores, also of this process. To be called after COMMIT."""

    def listen(self, hint: Callable[[], None]) -> Callable[[], None]:
        """Call the hint, from any thread, when another store rings; gives back how to stop that."""

    def close(self) -> None:
        """Let go of everything. Who was here and has not left is gone; nothing has an effect afterwards."""


class Attendance:
    """For a database in memory: all who could use it are in this process, and tell each other themselves."""

    def __init__(self) -> None:
        self._workers: set[str] = set()

    def arrive(self, worker: str) -> None:
        self._workers.add(worker)

    def leave(self, worker: str) -> None:
        self._workers.discard(worker)

    def gone(self, worker: str) -> bool:  # noqa: ARG002  (no worker can die without its database)
        return False

    def forget(self, worker: str) -> None:
        """All that are known live."""

    def workers(self) -> list[str]:
        return sorted(self._workers)

    def attend(self, pid: int) -> None:
        """No other process can have a part in it."""

    def ring(self) -> None:
        """There is no other store."""

    def listen(self, hint: Callable[[], None]) -> Callable[[], None]:  # noqa: ARG002  (nobody rings)
        return _nothing

    def close(self) -> None:
        self._workers.clear()


class Sidecar:
    """For a file: a folder beside it, with a locked file for each worker and a bell for each store that listens.

    The folder is made on first use. Where it cannot be made everything quietly does nothing.
    """

    def __init__(self, folder: Path, seam: Seam = REAL) -> None:
        self._folder, self._seam = folder.absolute(), seam
        self._hints = Hints()
        self._held: dict[str, int] = {}  # the locks of the workers of this process
        self._bell: Bell | None = None
        self._others = Others(self._folder, seam)
        self._attendant: Attendant | None = None
        self._attended: set[int] = set()  # for good: one that has ended but lingers would hint for ever
        self._inert = False
        with TURN:
            _SIDECARS.add(self)

    # -- workers ---------------------------------------------------------------------------------------------------
    def arrive(self, worker: str) -> None:
        with TURN:
            if self._inert or worker in self._held:
                return
            sweep(self._folder)
            for _ in range(TRIES):
                try:
                    self._appear(worker)
                except FileNotFoundError:
                    continue
                except OSError:  # no right to write: nobody will know, and the lease decides
                    return
                return

    def leave(self, worker: str) -> None:
        with TURN:
            lock = self._held.pop(worker, None)
            if lock is None:
                return
            with suppress(OSError):
                self._file(worker).unlink()  # first: there is no moment at which it looks dead
            os.close(lock)

    def gone(self, worker: str) -> bool:
        return not self._inert and unheld(self._file(worker))

    def forget(self, worker: str) -> None:
        if self.gone(worker):
            with suppress(OSError):
                self._file(worker).unlink()

    def workers(self) -> list[str]:
        try:
            found = [] if self._inert else [*self._folder.iterdir()]
        except OSError:
            return []
        return sorted(unquote(file.stem) for file in found if file.suffix == WORKER)

    def attend(self, pid: int) -> None:
        with TURN:
            if self._inert or pid in self._attended or pid == self._seam.pid() or not hasattr(os, "pidfd_open"):
                return
            try:
                process = os.pidfd_open(pid)
            except ProcessLookupError:
                process = None
            except OSError:
                return
            self._attended.add(pid)
            if process is not None:
                self._await(process)
                return
        self._hints.give()

    # -- bells -----------------------------------------------------------------------------------------------------
    def ring(self) -> None:
        with TURN:
            if not self._inert:
                self._others.ring(self._bell.name if self._bell else None)

    def listen(self, hint: Callable[[], None]) -> Callable[[], None]:
        with suppress(Exception):  # before the lock, since an import has locks of its own
            import watchdog.observers  # noqa: F401
        token = object()
        with TURN:
            if self._inert:
                return _nothing
            self._hints.add(token, hint)
            if self._bell is None:
                self._hang()
        return lambda: self._stop_listening(token)

    def close(self) -> None:
        with TURN:
            _SIDECARS.discard(self)
            bell, attendant = self._bell, self._attendant
            self._drop()
            if bell:
                bell.remove()
            if attendant:
                attendant.close()
        if bell:
            bell.silence()

    # -- how -------------------------------------------------------------------------------------------------------
    def _file(self, worker: str) -> Path:
        return self._folder / (quote(worker, safe="") + WORKER)

    def _appear(self, worker: str) -> None:
        unfinished = self._folder / (self._seam.new_id() + UNFINISHED)
        self._folder.mkdir(exist_ok=True)
        lock = hold(unfinished)
        if lock is None:
            unfinished.unlink()
            return
        try:
            unfinished.rename(self._file(worker))
        except OSError:
            unfinished.unlink(missing_ok=True)
            os.close(lock)
            raise
        self._held[worker] = lock

    def _hang(self) -> None:
        with suppress(OSError):
            self._folder.mkdir(exist_ok=True)
            sweep(self._folder)
            for _ in range(TRIES):
                self._bell = self._bell or Bell.hang(self._folder, self._seam, self._hints.give)

    def _stop_listening(self, token: object) -> None:
        with TURN:
            if not self._hints.remove(token) or self._hints or self._bell is None:
                return
            bell, self._bell = self._bell, None
            bell.remove()
        bell.silence()

    def _await(self, process: int) -> None:
        try:
            self._attendant = self._attendant or Attendant(self._hints.give)
            self._attendant.attend(process)
        except OSError:  # no descriptors left: the slow poll finds out
            os.close(process)

    def _drop(self) -> None:
        """Let go of the locks and have no effect any more; the files of those who have not left stay."""
        self._inert, self._bell, self._attendant = True, None, None
        self._hints.clear()
        while self._held:
            os.close(self._held.popitem()[1])
        self._others.close()

    def abandon(self) -> None:
        """In a forked child: the locks, the bell and the name are the parent's. Closing a copy lets go of no lock."""
        if self._bell:
            self._bell.abandon()
        if self._attendant:
            self._attendant.abandon()
        self._drop()


def _nothing() -> None:
    """How to stop what was never begun."""


# -- forks -----------------------------------------------------------------------------------------------------------
_SIDECARS: "weakref.WeakSet[Sidecar]" = weakref.WeakSet()


def _in_child() -> None:
    try:
        for sidecar in list(_SIDECARS):
            sidecar.abandon()
        _SIDECARS.clear()
    finally:
        TURN.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=TURN.acquire, after_in_parent=TURN.release, after_in_child=_in_child)
