"""Checkpoints: what the -wal holds is moved into the database, by a thread and a connection of their own.

Most of it is done beside the writers. What they have added meanwhile is moved in their turn, which is short: only a log
that is wholly moved starts anew, and a busy writer would never let it be. A checkpoint that needs everybody else, in
other processes too, to step aside keeps them waiting for PATIENCE at most, and is tried only when the -wal has become
large, since one reader can make it fail every time.
"""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from blackboard.seam import Seam
from store.files import log_of
from store.library import has_wal_reset_bug, sqlite3

MEGABYTE = 2**20
SMALL = 4 * MEGABYTE
"""From here on a checkpoint is made that waits for nobody. A -wal that starts anew is cut down to this."""
LARGE = 64 * MEGABYTE
"""From here on one is made for which writers and readers wait."""
PATIENCE = 0.1  # seconds that anybody waits for it
PAUSE = 1.0  # seconds between two of them
SILENCE = 60.0  # seconds between two warnings
LONGEST_END = 10.0  # seconds that closing waits for a checkpoint under way


class Checkpoints:
    """Keeps one -wal small. Its thread and connection come with the first checkpoint that is due."""

    def __init__(
        self,
        path: str,
        connect: Callable[[], sqlite3.Connection],
        seam: Seam,
        turn: AbstractContextManager[object],
        small: int = SMALL,
        large: int = LARGE,
    ) -> None:
        """`turn` is what the writers of this process take turns by."""
        self._log, self._connect, self._seam = log_of(path), connect, seam
        self._turn = turn
        self._small, self._large = small, large
        self._next = small  # bytes of the log past which a checkpoint is due
        self._last = 0
        self._due = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._again = self._warned = float("-inf")
        self.held = 0
        """How often in a row a large log could not be emptied."""

    def written(self, size: int) -> None:
        """The log has this many bytes after a commit: have it checkpointed if it has grown enough. Waits for nothing.

        One thread at a time may call this.
        """
        if size < self._last:  # it has started anew
            self._next = self._small
        self._last = size
        if size <= self._next or self._closed:
            return
        self._next = size + self._small
        self._due.set()
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
            with suppress(RuntimeError):  # the program is ending, or has too many: the commit stands
                thread.start()
                self._thread = thread

    def check(self) -> None:
        """Make the checkpoint that the size of the log asks for. sqlite3.Error if the database cannot be used."""
        size = self._size()
        if size <= self._small:
            self.held = 0
            return
        if not has_wal_reset_bug():  # which breaks a file that is written at that moment
            self._checkpoint("PASSIVE")
        with self._turn:
            self._checkpoint("PASSIVE")
        if size <= self._large:
            self.held = 0
        elif self._seam.monotonic() >= self._again:
            self._again = self._seam.monotonic() + PAUSE
            with self._turn:
                busy = self._checkpoint("TRUNCATE")
            self.held = self.held + 1 if busy else 0
            if self.held > 1:
                self._warn(size)

    def close(self) -> None:
        """End the thread, and close its connection."""
        self._closed = True
        self._due.set()
        if self._thread is None or self._thread is threading.current_thread():
            return
        self._thread.join(LONGEST_END)

    def leave(self) -> list[sqlite3.Connection]:
        """What is to be left alone in a child that was forked: there the thread is not."""
        self._closed, self._thread = True, None
        connection, self._connection = self._connection, None
        return [] if connection is None else [connection]

    def _run(self) -> None:
        while not self._closed:
            self._due.wait(PAUSE if self.held else None)
            self._due.clear()
            with suppress(sqlite3.Error, OSError):  # a full disk, say: the next commit tells of it
                if not self._closed:
                    self.check()
        if self._connection is not None:
            self._connection.close()

    def _checkpoint(self, mode: str) -> bool:
        """Whether somebody was in its way."""
        if self._connection is None:
            self._connection = self._connect()
            self._connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        busy, _, _ = self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        return bool(busy)

    def _size(self) -> int:
        try:
            return os.stat(self._log).st_size  # noqa: PTH116
        except FileNotFoundError:
            return 0

    def _warn(self, size: int) -> None:
        if self._seam.monotonic() - self._warned < SILENCE:
            return
        self._warned = self._seam.monotonic()
        from loguru import logger

        logger.warning(
            f"{self._log} has {size // MEGABYTE} MB and cannot be emptied: somebody has been reading the same snapshot"
            " for long; find the open transaction and end it"
        )
