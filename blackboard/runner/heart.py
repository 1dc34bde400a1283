"""The heart of a worker: a thread of its own that extends leases, so that no agent and no event loop can delay it."""

import threading
from typing import Protocol

from blackboard.activation import Agenda
from blackboard.errors import StoreError
from blackboard.ports import Store
from blackboard.seam import Seam

BEAT = 1.0  # seconds, far below any lease: also the working time that a crash can hide from the budget


class Holding(Protocol):
    """Who holds the claims; both are called from the heart's thread."""

    def claims(self) -> set[tuple[int, int]]:
        """What it believes to hold now."""

    def lost(self, claims: set[tuple[int, int]]) -> None:
        """What it believed to hold, and does not."""


class Heart:
    """Beats while it is open; tells which (activation, token) pairs the worker has lost."""

    def __init__(self, store: Store, board: str, agenda: Agenda, seam: Seam, holding: "Holding") -> None:
        self._store, self._board, self._agenda, self._seam, self._holding = store, board, agenda, seam, holding
        self._stopped = threading.Event()
        self._since = seam.monotonic()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def __enter__(self) -> "Heart":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()
        self.beat()

    def beat(self) -> None:
        """One beat: leases extended, working time written down. A beat that fails is made up by the next one."""
        now, believed = self._seam.monotonic(), self._holding.claims()
        try:
            held = self._store.beat(self._board, self._agenda, now - self._since)
        except StoreError:
            return
        self._since = now
        if lost := believed - held:
            self._holding.lost(lost)

    def _run(self) -> None:
        while not self._stopped.wait(BEAT):
            self.beat()
