"""The seam to the world: time, ids, chance, and the hop to a thread. A test or a simulation puts its own in place.

Nothing else in the project asks for these (ruff's banned-api rule keeps it so).
"""

import asyncio
import os
import platform
import queue
import random
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Lane:
    """Some daemon threads that run one kind of work, so that no kind of work can starve another.

    Daemons, because a function that never returns must not keep the program from ending.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Run the job on a thread of this lane."""
        future: Future[T] = Future()
        self._work.put((future, job))
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._size:
            thread = threading.Thread(target=self._serve, name=f"{self._name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    async def run(self, job: Callable[[], T]) -> T:
        """Run the job on a thread of this lane and wait for it in the event loop."""
        return await asyncio.wrap_future(self.submit(job))

    def close(self) -> None:
        """Let the threads end when they have done what is waiting."""
        for _ in self._threads:
            self._work.put(None)

    def _serve(self) -> None:
        while (item := self._work.get()) is not None:
            future, job = item
            if future.set_running_or_notify_cancel():
                try:
                    result = job()
                except BaseException as error:  # it belongs to whoever waits for the future
                    future.set_exception(error)
                else:
                    future.set_result(result)
                del future, job, item
            self._idle.release()


class Seam:
    """Real time, real ids, real chance, real threads."""

    def now(self) -> float:
        """Seconds since 1970. For people and for leases; never for safety."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only go forward, for durations in this process."""
        return time.monotonic()

    def new_id(self) -> str:
        """An id that nobody else has."""
        return uuid.uuid4().hex

    def host(self) -> str:
        """The name of this machine."""
        return platform.node()

    def pid(self) -> int:
        """The number of this process."""
        return os.getpid()

    def alive(self, pid: int) -> bool:
        """Whether a process of this machine is there (or was replaced by one of the same number)."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True

    def jitter(self, low: float, high: float) -> float:
        """A number of seconds between the two."""
        return random.uniform(low, high)  # fairness, not secrecy

    def pause(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

    def lane(self, name: str, size: int) -> Lane:
        """Threads for one kind of work."""
        return Lane(name, size)


REAL = Seam()
