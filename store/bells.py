"""Bells: how a process wakes those in other processes who listen to the same database.

Each one who listens hangs up a bell and watches it; who has something to tell writes a byte to the bells of all
others. A bell is a folder `<id>.bell` with one locked file: watchdog watches the folder of the file that it is given,
so in a common folder everybody would be woken by everybody's bell.
"""

import logging
import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from blackboard.seam import Seam
from store.locks import TURN, hold, unheld

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

BELL, UNFINISHED = ".bell", ".new"
STRUCK = "struck"  # the file in a bell
SETTLED = 100_000_000  # nanoseconds after which a change must have another time stamp: these are coarse


class Hints:
    """Those in this process who want to be woken. Changed under TURN, given by any thread without it."""

    def __init__(self) -> None:
        self._hints: dict[object, Callable[[], None]] = {}

    def __bool__(self) -> bool:
        return bool(self._hints)

    def add(self, token: object, hint: Callable[[], None]) -> None:
        """The token takes it away again."""
        self._hints[token] = hint

    def remove(self, token: object) -> bool:
        """Whether it was there."""
        return self._hints.pop(token, None) is not None

    def clear(self) -> None:
        """Nobody wants to be woken any more."""
        self._hints.clear()

    def give(self) -> None:
        """Wake all. What one of them raises must not keep the others asleep."""
        for hint in tuple(self._hints.values()):
            with suppress(Exception):
                hint()


class Bell:
    """The bell of one who listens: hung up when made, heard from when `hang` returns."""

    def __init__(self, folder: Path, seam: Seam) -> None:
        self.name = seam.new_id() + BELL
        self._place = folder / self.name
        self._lock: int | None = None
        self._observer: BaseObserver | None = None

    @classmethod
    def hang(cls, folder: Path, seam: Seam, struck: Callable[[], None]) -> "Bell | None":
        """A bell that calls `struck` when somebody rings it, from a thread; None if that cannot be had here."""
        bell = cls(folder, seam)
        try:
            bell._appear()
            bell._watch(struck)
        except Exception:  # no right to write, no more watches, no watchdog for this system: it is only a hint
            bell.remove()
            bell.silence()
            return None
        return bell

    def remove(self) -> None:
        """Take it away, so that nobody rings it any more."""
        discard(self._place)
        self.abandon()

    def silence(self) -> None:
        """Stop watching it. Not under TURN: this waits for a hint that is being given."""
        if self._observer:
            self._observer.stop()

    def abandon(self) -> None:
        """Close what a forked child has inherited."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _appear(self) -> None:
        unfinished = self._place.with_suffix(UNFINISHED)
        unfinished.mkdir()
        try:
            self._lock = hold(unfinished / STRUCK)
            unfinished.rename(self._place)
        except OSError:
            discard(unfinished)
            raise

    def _watch(self, struck: Callable[[], None]) -> None:
        from watchdog.events import FileModifiedEvent, FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer

        class Striking(FileSystemEventHandler):
            def dispatch(self, event: FileSystemEvent) -> None:  # noqa: ARG002  (a bell tells nothing but that it rang)
                struck()

        _quiet()
        self._observer = Observer()
        self._observer.schedule(Striking(), str(self._place / STRUCK), event_filter=[FileModifiedEvent])
        self._observer.start()


class Others:
    """The bells of all others, with an open descriptor of each."""

    def __init__(self, folder: Path, seam: Seam) -> None:
        self._folder, self._seam = folder, seam
        self._bells: dict[str, int] = {}
        self._listed: int | None = None  # the folder's time stamp, if what was listed then can be relied on

    def ring(self, own: str | None) -> None:
        """Strike each bell but one's own. Never raises."""
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed != self._listed:
                self._list(changed)
        except OSError:  # no folder: nobody has listened yet, or it was removed
            self.close()
            return
        for name, bell in self._bells.items():
            if name != own:
                _strike(bell)

    def close(self) -> None:
        """Close the descriptors; the next ring finds the bells anew."""
        while self._bells:
            os.close(self._bells.popitem()[1])
        self._listed = None

    def _list(self, changed: int) -> None:
        now = self._seam.now() * 1e9  # before looking: what comes later has a later time stamp
        there = {found.name for found in self._folder.iterdir() if found.suffix == BELL}
        for name in self._bells.keys() - there:
            os.close(self._bells.pop(name))
        for name in there - self._bells.keys():
            with suppress(OSError):  # just taken away, or of another user
                self._bells[name] = os.open(self._folder / name / STRUCK, os.O_WRONLY)
        self._listed = changed if now - changed > SETTLED else None


class Attendant:
    """Waits for processes to end, on a thread of its own. Only where the system has descriptors of processes."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._waiting = select.epoll()
        self._stop = os.eventfd(0)
        self._processes: set[int] = set()
        self._waiting.register(self._stop, select.EPOLLIN)
        threading.Thread(target=self._run, name="attendant", daemon=True).start()

    def attend(self, process: int) -> None:
        """Wait for this one too, a descriptor, which is closed when it has ended. Under TURN."""
        self._waiting.register(process, select.EPOLLIN)
        self._processes.add(process)

    def close(self) -> None:
        """The thread ends, and closes what it has."""
        os.eventfd_write(self._stop, 1)

    def abandon(self) -> None:
        """Close what a forked child has inherited."""
        self._waiting.close()
        for descriptor in (self._stop, *self._processes):
            os.close(descriptor)

    def _run(self) -> None:
        while True:
            for descriptor, _ in self._waiting.poll():
                with TURN:
                    if descriptor == self._stop:
                        self.abandon()
                        return
                    self._waiting.unregister(descriptor)
                    self._processes.remove(descriptor)
                    os.close(descriptor)
                self._ended()


def sweep(folder: Path) -> None:
    """Take away the bells of the dead, and what they had begun."""
    with suppress(OSError):
        for found in folder.iterdir():
            if found.suffix in {BELL, UNFINISHED}:
                _sweep(found)


def _sweep(found: Path) -> None:
    with suppress(OSError):
        if found.is_file():  # the lock of a worker, never finished
            if unheld(found):
                found.unlink()
        elif unheld(found / STRUCK):
            discard(found)
        elif found.suffix == BELL:
            found.rmdir()  # half swept by one who died at it: a bell that hangs is not empty


def discard(bell: Path) -> None:
    """Remove the folder of a bell, as far as it is there."""
    with suppress(OSError):
        (bell / STRUCK).unlink()
    with suppress(OSError):
        bell.rmdir()


def _strike(bell: int) -> None:
    try:
        os.lseek(bell, 0, os.SEEK_SET)  # and not `pwrite`, which Windows does not have
        os.write(bell, b"\1")
    except OSError:
        return


def _quiet() -> None:
    """An observer that is stopped while a bell rings complains; nobody who did not ask for logs shall see that."""
    logger = logging.getLogger("watchdog")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
