"""The connections that look at a database: one to a thread at a time, kept for the next who asks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blackboard.seam import Seam
from store.library import sqlite3

LONGEST_LOOK = 5.0  # seconds that closing waits for those who look, who are interrupted
AGAIN = 0.02  # seconds between interrupts: one that has not begun yet does not hear it


class Readers:
    """A pool that grows with the threads that look at once. Closing a connection that is in use ends the program."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], seam: Seam) -> None:
        """`connect` makes one more; it raises where the database was closed."""
        self._connect, self._seam = connect, seam
        self._turn = threading.Condition()
        self._idle: list[sqlite3.Connection] = []
        self._left: list[sqlite3.Connection] = []  # lent, and not given back when all were called back
        self.lent: list[sqlite3.Connection] = []

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """A connection for this thread."""
        with self._turn:
            reader = self._idle.pop() if self._idle else self._connect()
            self.lent.append(reader)
        try:
            yield reader
        finally:
            self._give_back(reader)

    def call_back(self) -> list[sqlite3.Connection]:
        """Interrupt all who look, and wait for them. Those that do not come are closed when they are given back."""
        with self._turn:
            until = self._seam.monotonic() + LONGEST_LOOK
            while self.lent and self._seam.monotonic() < until:
                for reader in self.lent:
                    reader.interrupt()
                self._turn.wait(AGAIN)
            self._idle.clear()
            self._left = list(self.lent)
            return self._left

    def forget(self) -> None:
        """In a child that was forked: they are the parent's."""
        self._idle.clear()

    def _give_back(self, reader: sqlite3.Connection) -> None:
        with self._turn:
            self.lent = [one for one in self.lent if one is not reader]
            if any(one is reader for one in self._left):
                reader.close()
            else:
                self._idle.append(reader)
            self._turn.notify_all()
