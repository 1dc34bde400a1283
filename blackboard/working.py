"""Working: one process that serves the open boards of a database, for as long as it is wanted."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from blackboard import models
from blackboard import roster as rosters
from blackboard.board import find_board, to_verdict
from blackboard.controller import Verdict
from blackboard.errors import BlackboardError, DatabaseReplaced, UsageError, told
from blackboard.ports import Store
from blackboard.records import BoardRecord
from blackboard.runner import SLOTS, Observer, Plan, Runner, Workshop
from blackboard.scenario import Scenario

POLL = 2.0  # seconds; the net under lost hints of new boards
AGAIN = 5.0  # seconds until a board is tried again that could not be served
CALM = 0.02  # seconds between looks for new boards, however many hints there are

Finder = Callable[[BoardRecord], Scenario[Any]]


class Working:
    """A worker that joins every open board of a store, or one of them, with all of its agents or some."""

    def __init__(
        self,
        store: Store,
        find: Finder,
        *,
        board: str | None = None,
        only: Iterable[str] | None = None,
        plugins: Iterable[str | Path] = (),
        reload: bool = False,
        slots: int = SLOTS,
        tell: Callable[[str], None] = lambda _: None,
        observer: Observer | None = None,
    ) -> None:
        """`find` gives the scenario of a board. `tell` is handed sentences for people, `observer` what happens.

        `plugins`: folders and files whose agents it brings to every board. `reload`: these, and the boards' own, are
        watched. UsageError.
        """
        self._store, self._find, self._tell, self._observer = store, find, tell, observer
        self.board = find_board(store, board).id if board is not None else None
        self._plugins, self._reload = rosters.named(plugins), reload
        self._only = None if only is None else frozenset(only)
        try:
            self._shop = Workshop(store, slots)
        except ValueError as error:  # of a setting
            raise UsageError(str(error)) from error
        self._tasks: dict[str, asyncio.Task[Verdict | None]] = {}
        self._refused: set[tuple[str, int]] = set()  # boards and epochs
        self._unserved: set[tuple[str, ...]] = set()  # agents that ask a model, of whom that was told
        self._failed: Exception | None = None  # what keeps it from going on at all
        self._put_off: dict[str, float] = {}  # until when
        self._said: dict[str, str] = {}  # of a board: what was last told of it
        self._news = asyncio.Event()
        self._stamp: int | None = None  # of the store when it was last looked at

    async def run(self) -> Verdict | None:
        """Serve until drained; the verdict where one board was named. Cancelled, it gives back what it holds.

        Where one board was named, whatever keeps it from being served is raised; else DatabaseReplaced alone.
        """
        loop = asyncio.get_running_loop()

        def hint() -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody looks any more
                loop.call_soon_threadsafe(self._news.set)

        async with self._shop:
            stop = self._store.watch(hint)
            try:
                while not self._is_over():
                    self._look()
                    await self._wait()
                if self._failed is not None:
                    raise self._failed
                return self._verdict()
            finally:
                stop()
                await self._leave()

    def drain(self) -> None:
        """Begin nothing new, finish what runs, then end."""
        self._shop.drain()
        self._news.set()

    @property
    def busy(self) -> int:
        """How many activations it is acting on."""
        return self._shop.slots.used

    def _is_over(self) -> bool:
        if self._failed is not None:
            return True
        if self._shop.is_draining or self.board is not None:
            return not self._tasks and (self._shop.is_draining or self._verdict() is not None)
        return False

    def _verdict(self) -> Verdict | None:
        record = self._store.board(self.board) if self.board is not None else None
        return to_verdict(record.verdict) if record else None

    def _look(self) -> None:
        """Join the open boards that are new."""
        stamp, now = self._store.stamp(), self._shop.seam.monotonic()
        due = {board for board, until in self._put_off.items() if until <= now}
        if stamp == self._stamp and not due:
            return
        self._stamp = stamp
        for board in due:
            del self._put_off[board]
        for record in self._store.boards("open"):
            wanted = self.board in {None, record.id} and not self._shop.is_draining
            known = record.id in self._tasks or record.id in self._put_off
            if wanted and not known and (record.id, record.epoch) not in self._refused:
                self._tasks[record.id] = asyncio.create_task(self._serve(record))
                self._tasks[record.id].add_done_callback(lambda _: self._news.set())

    async def _serve(self, record: BoardRecord) -> Verdict | None:
        """Join one board and stay until it has ended. What is wrong with it is told, and stops no other."""
        began = self._shop.seam.monotonic()
        try:
            plan = await self._shop.tool_lane.run(lambda: self._plan(record))
            self._tell_who_asks(record, plan)
            if not plan.may_serve:
                self._leave_to_others(record, plan)
                return None
            return await Runner(self._shop, record.id, plan, observer=self._observer).run()
        except Exception as error:
            self._give_up(record, error, self._shop.seam.monotonic() - began)
            return None

    def _tell_who_asks(self, record: BoardRecord, plan: Plan) -> None:
        """Whom it cannot serve since no model is reached: said once for each scenario."""
        wanted = [a for a in plan.agents if self._only is None or a.name in self._only]
        names = () if models.is_reached() else tuple(models.asking(wanted))
        if names and names not in self._unserved:
            self._unserved.add(names)
            who = f"{', '.join(names)} of {record.scenario}"
            self._tell(f"{who} cannot be served here: a model is asked, and no key is set; {models.HOW}")

    def _leave_to_others(self, record: BoardRecord, plan: Plan) -> None:
        self._refused.add((record.id, record.epoch))
        wanted, known = (
            "".join(f" {name}," for name in sorted(self._only or ())),
            ", ".join(a.name for a in plan.agents),
        )
        none = UsageError(f"{record.id} has no agent{wanted[:-1]} that can be served here; it has {known}")
        if self.board is not None:
            self._failed = none
        else:
            self._tell(str(none))

    def _give_up(self, record: BoardRecord, error: Exception, after: float) -> None:
        """Who serves all boards tries this one again later: a database or a scenario that fails may be mended."""
        if self.board is not None or isinstance(error, DatabaseReplaced):
            self._failed = error
            return
        self._put_off[record.id] = self._shop.seam.monotonic() + AGAIN
        why = str(error) if isinstance(error, BlackboardError) else told(error)
        if self._said.get(record.id) != why or after > AGAIN:  # it went well in between
            self._said[record.id] = why
            self._tell(f"{record.id} cannot be served: {why}")

    def _plan(self, record: BoardRecord) -> Plan:
        return self._find(record).joined(self._store, record.id, self._only, plugins=self._plugins, reload=self._reload)

    async def _wait(self) -> None:
        """Until there may be a new board, or one has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL):
                await self._news.wait()
                await asyncio.sleep(CALM)
        self._news.clear()
        for board, task in tuple(self._tasks.items()):
            if task.done():
                del self._tasks[board]
                self._stamp = None  # it may have been opened again meanwhile

    async def _leave(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
