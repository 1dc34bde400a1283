"""Waking: when a worker looks at a board again, and what it looks for."""

import asyncio
from contextlib import suppress
from typing import Protocol

from blackboard.runner.delays import Alarm
from blackboard.runner.workshop import Workshop

POLL = 1.0  # seconds; the net under lost hints: whether anybody has committed
ROUND = 10.0  # seconds, or a third of a lease; the net under what comes without a commit: a lease that runs out


class Worker(Protocol):
    """Whom a board wakes."""

    def has_work(self) -> bool:
        """Whether there is something to do that it has found itself."""

    def is_busy(self) -> bool:
        """Whether somebody acts."""

    def is_late(self) -> bool:
        """Whether there is something to judge although nobody has committed."""

    def heard(self) -> None:
        """There was a hint. Called in the event loop."""


class Waking:
    """What there may be to do: `behind` in the feed, a `look` at the agenda, something to `judge`.

    Set by hints of commits, by polls that net lost ones, and by whoever works; reset by who has looked.
    """

    def __init__(self, shop: Workshop, board: str, seconds: float | None, worker: Worker) -> None:
        """`seconds` of work that the board may take in all. `worker` is whom it wakes."""
        self._shop, self._board, self._seconds, self._worker = shop, board, seconds, worker
        self._seam, self._store = shop.seam, shop.store
        self.behind = self.look = self.judge = True
        self._news, self._alarm = asyncio.Event(), Alarm(shop.seam)
        self._began, self._ran_before, self._polled, self._looked, self._stamp = 0.0, 0.0, 0.0, 0.0, 0

    def begin(self, ran: float) -> None:
        """In the running event loop. `ran`: seconds of work before."""
        self._loop = asyncio.get_running_loop()
        self._ran_before, self._began = ran, self._seam.monotonic()

    # -- waiting ---------------------------------------------------------------------------------------------------
    async def wait(self) -> None:
        """Until there is something to do: finished work, a hint, or what a poll has found."""
        self.look |= self._alarm.rings()
        if self._seam.monotonic() - self._polled > POLL:  # also while work comes in without a pause
            self._poll()
        if self._is_due():
            await asyncio.sleep(0)
            return
        while not (self._news.is_set() or self._is_due()):  # a poll that finds nothing is not worth a round
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._news.wait()
                    break
            self._poll()
        self._news.clear()

    def _is_due(self) -> bool:
        return self.behind or self.look or self.judge or self._worker.has_work()

    def _patience(self) -> float:
        left = self.time_left()
        return min(POLL, self._alarm.left(), POLL if left is None else left)

    def _poll(self) -> None:
        """Look again if anybody has committed, and now and then in any case."""
        self._polled, stamp = self._seam.monotonic(), self._store.stamp()
        is_round = self._polled - self._looked > min(ROUND, self._shop.lease / 3)
        self.look |= self._alarm.rings()
        if stamp != self._stamp or is_round or self.time_left() == 0 or self._worker.is_late():
            self._stamp, self._looked = stamp, self._polled
            self.all()
            self.judge = True

    # -- being woken -----------------------------------------------------------------------------------------------
    def hint(self) -> None:
        """Somebody has committed: have a look. Called from any thread."""
        if not self._shop.is_echo(self._board):
            with suppress(RuntimeError):  # the loop has ended, and nobody looks any more
                self._loop.call_soon_threadsafe(self.all)

    def all(self) -> None:
        """Look at everything."""
        self.behind = self.look = True
        self._worker.heard()
        self.judge |= not self._worker.is_busy()  # who is at work judges when it has landed, and by the poll
        self._news.set()

    def more(self) -> None:
        """There may be a slot."""
        self.look = True
        self._news.set()

    def up(self) -> None:
        """There is something; who wakes will see what."""
        self._news.set()

    def later(self, seconds: float) -> None:
        """There will be something in so many seconds."""
        self._alarm.set(seconds)

    # -- time ------------------------------------------------------------------------------------------------------
    def ran(self) -> float:
        """Seconds of work on the board, as far as this worker knows."""
        return self._ran_before + self._seam.monotonic() - self._began

    def time_left(self) -> float | None:
        """Seconds of work until the board's are used up; None: there is no cap."""
        return None if self._seconds is None else max(self._seconds - self.ran(), 0.0)
