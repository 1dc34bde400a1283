"""Who acts in a simulated run: workers, persons, and the weather, which decides what may go wrong."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from blackboard.errors import StoreError
from blackboard.runner import Event, Runner, Workshop
from tests.simulation.process import Process


@dataclass(frozen=True)
class Weather:
    """What may go wrong in one seed; each seed has a part of it only, so that rare things meet."""

    killed_inside: float  # of the transactions
    errors: float
    kills: float  # mean seconds between them
    freezes: float
    jumps: float
    rings_lost: float
    leaves: float
    told_of_death: str  # at once, late, never
    lease: float

    @classmethod
    def drawn(cls, chance: random.Random) -> "Weather":
        def some(*values: float) -> float:
            return chance.choice(values)

        never = 1e9
        return cls(
            killed_inside=some(0, 0.004, 0.02), errors=some(0, 0, 0.01), kills=some(never, 8, 3),
            freezes=some(never, 6, 2), jumps=some(never, 5, 1), rings_lost=some(0, 0.3, 1),
            leaves=some(never, never, 6), lease=some(0.6, 2, 5),
            told_of_death=chance.choice(("at once", "late", "never")),
        )  # fmt: skip


class Person(Process):
    """Somebody who posts, cancels and resumes from a process of his own."""

    def tries(self, job: Callable[[], object]) -> None:
        """Does it now; where the database cannot be used, that is that."""

        def attempt() -> None:
            with suppress(StoreError):
                job()

        self.world.after(0, self, attempt)


class Worker(Process):
    """A process that works on the open boards until they have ended."""

    shop: Workshop | None = None
    main: "asyncio.Task[None] | None" = None

    def __init__(self, world: Any, number: int, name: str, only: frozenset[str] | None) -> None:
        super().__init__(world, number, name)
        self.only = only
        self._slots = world.chance.randint(1, 5)

    def start(self) -> None:
        def begin() -> None:
            self.main = self.loop.create_task(self._serve())
            self.main.add_done_callback(self._done)

        self.world.after(0, self, begin)

    async def _serve(self) -> None:
        shop = Workshop(self.store, self._slots, self.seam)
        shop.lease = self.world.weather.lease
        async with shop:
            self.shop = shop
            async with asyncio.TaskGroup() as group:
                for record in self.store.boards("open"):
                    group.create_task(self._work(shop, record.id))

    async def _work(self, shop: Workshop, board: str) -> None:
        await Runner(shop, board, self.world.plan(board, self.only), observer=self._observed).run()

    def _observed(self, event: Event) -> None:
        if event.what not in {"landed", "redone", "dropped"}:
            self.world.note(f"{self.name} {event.what} {event.agent} {event.activation} {event.detail}")

    def _done(self, task: "asyncio.Task[None]") -> None:
        self.world.ended(self, task)
