"""A simulated process: its loop, its clock, its threads, and its place among the others."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from blackboard.seam import Lane, Seam
from tests.simulation.database import Fault, WatchedStore
from tests.simulation.loop import Host, Killed, Scheduler, VirtualLoop

T = TypeVar("T")
EPOCH = 1_000_000.0


class Process(Host):
    """One operating system process: it may die or freeze at any step, and its clock may be wrong."""

    def __init__(self, world: "Surroundings", number: int, name: str) -> None:
        self.world, self.pid, self.name = world, number, name
        self.step_takes = world.chance.choice((0.0001, 0.0005, 0.002, 0.01))  # seconds, at the mean
        self.stalls = world.chance.choice((0.01, 0.05, 0.3))  # how often a thread has to wait long
        self.host_name = world.chance.choice(("here", "here", "there"))
        self.skew = 0.0  # seconds that its clock is ahead
        self.was_frozen = False
        self.known_dead_at = float("inf")  # when the others can tell that it has died
        self.awaited: list[Callable[[], None]] = []  # who is to be told of its end
        self.doing, self.board = "", ""  # the method of its store that runs
        self.landing: dict[int, int] = {}  # what it now tries to land: activation -> token
        self.judged_at = -1
        self.loop = VirtualLoop(world, self, self.pace)
        self.seam = VirtualSeam(self)
        self.presence = VirtualPresence(self)
        self.store = WatchedStore(self)

    def pace(self) -> float:
        """Seconds that a step takes."""
        return self.world.chance.uniform(0, 2 * self.step_takes)

    def hop(self) -> float:
        """Seconds until a thread gets its turn, or its answer is heard."""
        chance = self.world.chance
        return chance.uniform(0, 0.6) if chance.random() < self.stalls else chance.uniform(0, 0.01)

    def die(self) -> None:
        super().die()
        self.world.died(self)


class Surroundings(Scheduler):
    """What processes need of their world."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.database: Any = None
        self.present: dict[str, Process] = {}  # worker id -> who holds its lock
        self.processes: list[Process] = []
        self.is_over = False  # nothing can be written any more

    def fault(self, process: Process) -> Fault | None:
        """What goes wrong in its next transaction."""
        raise NotImplementedError

    def read_fails(self, process: Process) -> bool:
        """Whether the database cannot be read just now."""
        raise NotImplementedError

    def ring_is_lost(self) -> bool:
        raise NotImplementedError

    def committed(self, process: Process) -> None:
        """Its transaction has changed the database."""
        raise NotImplementedError

    def died(self, process: Process) -> None:
        raise NotImplementedError

    def count(self, what: str) -> None:
        raise NotImplementedError


# -- time, ids, threads ----------------------------------------------------------------------------------------------
class VirtualSeam(Seam):
    """The seam of one process."""

    def __init__(self, process: Process) -> None:
        self._process, self._world = process, process.world
        self._ids = 0

    def now(self) -> float:
        return EPOCH + self._world.time + self._process.skew

    def monotonic(self) -> float:
        return self._world.time

    def new_id(self) -> str:
        self._ids += 1  # the first is the worker's own
        return self._process.name if self._ids == 1 else f"{self._process.name}.{self._ids}"

    def host(self) -> str:
        return self._process.host_name

    def pid(self) -> int:
        return self._process.pid

    def jitter(self, low: float, high: float) -> float:
        return self._world.chance.uniform(low, high)

    def pause(self, seconds: float) -> None:
        """A blocked thread stops nobody else here."""

    def lane(self, name: str, size: int) -> Lane:
        return VirtualLane(self._process, name, size)

    def every(self, seconds: float, job: Callable[[], None], name: str) -> Callable[[], None]:
        process, stopped = self._process, False

        def tick() -> None:
            if stopped:
                return
            job()
            process.world.after(seconds + process.hop(), process, tick)

        def stop() -> None:
            nonlocal stopped
            stopped = True

        process.world.after(seconds + process.hop(), process, tick)
        return stop


class VirtualLane(Lane):
    """Jobs run at a seeded moment, each in one go; their answers are heard at another."""

    def __init__(self, process: Process, name: str, size: int) -> None:
        self._process, self._alone, self._turn = process, size == 1, 0.0

    def start(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        process, world = self._process, self._process.world

        def settle(settled: Callable[[], None]) -> None:
            loop.call_soon_threadsafe(lambda: None if answer.done() else settled())

        def work() -> None:
            if answer.cancelled():
                return
            try:
                settled = partial(answer.set_result, job())
            except Killed:
                raise
            except BaseException as error:
                settled = partial(answer.set_exception, error)
            world.after(process.hop(), process, lambda: settle(settled))

        when = world.time + process.hop()
        if self._alone:  # one thread: in the order in which they came
            when = self._turn = max(when, self._turn)
        world.at(when, process, work)
        return answer

    def close(self) -> None:
        """There are no threads."""


# -- the others ------------------------------------------------------------------------------------------------------
class VirtualPresence:
    """Locks and bells that tell what they should, later or never."""

    def __init__(self, process: Process) -> None:
        self._process, self._world = process, process.world
        self.hints: list[Callable[[], None]] = []
        self._attended: set[int] = set()

    def arrive(self, worker: str) -> None:
        self._world.present[worker] = self._process

    def leave(self, worker: str) -> None:
        self._world.present.pop(worker, None)

    def gone(self, worker: str) -> bool:
        holder = self._world.present.get(worker)
        return holder is not None and holder.dead and self._world.time >= holder.known_dead_at

    def forget(self, worker: str) -> None:
        if self.gone(worker):
            self._world.present.pop(worker)

    def workers(self) -> list[str]:
        return sorted(self._world.present)

    def attend(self, pid: int) -> None:
        if pid in self._attended or pid == self._process.pid:
            return
        self._attended.add(pid)
        other = next(p for p in self._world.processes if p.pid == pid)
        if other.dead:
            self._hear()
        else:
            other.awaited.append(self._hear)

    def ring(self) -> None:
        for other in self._world.processes:
            if other is not self._process and not other.dead and other.presence.hints:
                if self._world.ring_is_lost():
                    self._world.count("lost rings")
                else:
                    other.presence._hear()

    def listen(self, hint: Callable[[], None]) -> Callable[[], None]:
        self.hints.append(hint)
        return lambda: self.hints.remove(hint)

    def close(self) -> None:
        self.hints.clear()

    def _hear(self) -> None:
        process = self._process
        process.world.after(process.hop(), process, lambda: [hint() for hint in tuple(self.hints)])
