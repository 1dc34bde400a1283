"""The heart of a worker: a thread of its own that extends leases, so that no agent and no event loop can delay it."""

from typing import Protocol

from blackboard.activation import Agenda
from blackboard.errors import StoreError
from blackboard.ports import Store
from blackboard.seam import Seam

BEAT = 1.0  # seconds, while claims are held: also the working time that a crash can hide from the budget
REST = 10.0  # seconds between beats at a board where none is held


class Holding(Protocol):
    """Who holds claims at a board; what it answers with is called from the heart's thread."""

    board: str

    def claims(self) -> set[tuple[int, int]]:
        """What it believes to hold now."""

    def lost(self, claims: set[tuple[int, int]]) -> None:
        """What it believed to hold, and does not."""


class Heart:
    """Beats for every board that its worker serves; tells which (activation, token) pairs have been lost."""

    def __init__(self, store: Store, worker: str, lease: float, seam: Seam) -> None:
        self._store, self._agenda, self._seam = store, Agenda(worker, lease=lease), seam
        self._last: dict[Holding, float] = {}  # when it was last heard at that board
        self._stop = seam.every(min(BEAT, lease / 4), self.beat, "heart")

    def join(self, holding: Holding) -> None:
        """Beat for this board too."""
        self._last[holding] = self._seam.monotonic()

    def part(self, holding: Holding) -> None:
        """A last beat for this board. It is a transaction: not for the event loop."""
        last = self._last.pop(holding, None)
        if last is not None:
            self._beat(holding, last)

    def beat(self) -> None:
        """Leases extended and working time written down, at the boards where it is time for that."""
        for holding, last in tuple(self._last.items()):
            now = self._seam.monotonic()
            if (holding.claims() or now - last >= REST) and self._beat(holding, last) and holding in self._last:
                self._last[holding] = now

    def stop(self) -> None:
        """Beat no more."""
        self._stop()

    def _beat(self, holding: Holding, last: float) -> bool:
        """One beat. One that fails is made up by the next."""
        now, believed = self._seam.monotonic(), holding.claims()
        try:
            held = self._store.beat(holding.board, self._agenda, now - last)
        except StoreError:
            return False
        if lost := believed - held:
            holding.lost(lost)
        return True
