"""A run under way: followed in an event loop, or waited for by code that has none."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from blackboard.board import Board
from blackboard.controller import Verdict
from blackboard.entry import Entry
from blackboard.seam import REAL

R = TypeVar("R")
GRACE = 10.0  # seconds that an interrupted run has to leave its board in order


class Run:
    """A board that is being worked on in this event loop."""

    def __init__(self, board: Board, task: "asyncio.Task[Verdict]") -> None:
        self.board = board
        self._task = task

    async def end(self) -> Verdict:
        """Wait for the verdict. StoreError if the database has failed."""
        return await asyncio.shield(self._task)

    async def follow(self, after: int = 0) -> AsyncIterator[Entry[Any]]:
        """Every version in order, once, as it lands; ends with the board."""
        news = asyncio.Event()
        loop = asyncio.get_running_loop()

        def hint() -> None:
            loop.call_soon_threadsafe(news.set)

        stop = self.board.store.watch(hint)
        self._task.add_done_callback(lambda _: news.set())
        try:
            while True:
                ended = self._task.done()
                for entry in self.board.follow(after, wait=False):
                    after = entry.seq
                    yield entry
                if ended:
                    return
                await news.wait()
                news.clear()
        finally:
            stop()


def blocking(work: Coroutine[Any, Any, R]) -> R:
    """Run to the end, also where an event loop is running already (a notebook): then in a thread of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    lane, stop = REAL.lane("run", 1), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def stoppable() -> R:
        loops.append(asyncio.get_running_loop())
        inner, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
        await asyncio.wait([inner, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in (inner, stopped):
            if not task.done():
                task.cancel()
        return await inner

    answer = lane.submit(lambda: asyncio.run(stoppable()))
    try:
        return answer.result()
    except KeyboardInterrupt:  # of a cell: the run is to stop with it, and leaves a board that can be resumed
        if loops and not answer.done():
            loops[0].call_soon_threadsafe(stop.set)
            answer.exception(GRACE)
        raise
    finally:
        lane.close()
