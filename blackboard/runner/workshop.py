"""The workshop: what the runners of one worker have in common. Its identity, its slots, its threads and its heart."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

from blackboard import settings
from blackboard.errors import StoreError
from blackboard.ports import Store
from blackboard.records import Worker
from blackboard.runner.heart import Heart
from blackboard.runner.slots import Slots
from blackboard.seam import REAL, Seam

T = TypeVar("T")
SLOTS = 5  # activations at a time


class Workshop:
    """One worker, from its arrival to its leaving: `async with Workshop(store) as shop`. Then runners work in it."""

    def __init__(self, store: Store, slots: int = SLOTS, seam: Seam = REAL) -> None:
        self.store, self.seam, self.lease = store, seam, settings.lease()
        self.worker = Worker(seam.new_id(), seam.host(), seam.pid())
        self.slots = Slots(slots)
        self.agent_lane, self.tool_lane = seam.lane("agent", slots), seam.lane("tool", 2 * slots)
        self._store_lane = seam.lane("store", 1)
        self._thread = threading.local()  # whose transaction it runs
        self._draining: list[Callable[[], None]] | None = []  # who is to be told; None: it is draining

    async def in_store(self, job: Callable[[], T], board: str = "") -> T:
        """Run a transaction on the store's own thread; once begun it is not cancelled."""

        def for_board() -> T:
            self._thread.board = board
            try:
                return job()
            finally:
                self._thread.board = None

        return await asyncio.shield(self._store_lane.start(for_board))

    def is_echo(self, board: str) -> bool:
        """Whether this is called from a transaction of that board's own runner: then a hint is no news."""
        return getattr(self._thread, "board", None) == board

    @property
    def is_draining(self) -> bool:
        """Whether nothing new is begun any more."""
        return self._draining is None

    def drain(self) -> None:
        """Begin nothing new; the runners end when what runs has ended."""
        told, self._draining = self._draining or [], None
        for tell in told:
            tell()

    def on_drain(self, tell: Callable[[], None]) -> None:
        """Be told when it drains."""
        if self._draining is not None:
            self._draining.append(tell)

    async def __aenter__(self) -> Self:
        await self.in_store(lambda: self.store.announce(self.worker))
        await self.in_store(self.store.take_up)
        self.heart = Heart(self.store, self.worker.id, self.lease, self.seam)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.heart.stop()
        with suppress(StoreError):  # where the database has failed, others take over what it held
            await self.in_store(lambda: self.store.leave(self.worker.id))
        for lane in (self.agent_lane, self.tool_lane, self._store_lane):
            lane.close()
