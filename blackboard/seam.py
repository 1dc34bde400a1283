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
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


class Lane:
    """Some daemon threads that run one kind of work, so that no kind of work can starve another.

    Daemons, because a function that never returns must not keep the program from ending. For a job that was given up
    while it runs another thread stands in, so that what hangs takes no place from the others.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._work: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0  # those that hang in a job that was given up not counted
        self._idle = 0

    def start(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        """Run the job on a thread of this lane; its answer is to be awaited in the event loop that asks.

        A job whose answer was given up before it began is not run.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            if answer.cancelled():
                return
            try:
                settle = partial(answer.set_result, job())
            except StopIteration as error:  # no future takes it
                settle = partial(answer.set_exception, RuntimeError(f"StopIteration: {error}"))
            except BaseException as error:  # it belongs to whoever awaits the answer
                settle = partial(answer.set_exception, error)
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(lambda: None if answer.done() else settle())

        put = self._put(work)
        answer.add_done_callback(lambda given: self._replace(put) if given.cancelled() else None)
        return answer

    async def run(self, job: Callable[[], T]) -> T:
        """Run the job on a thread of this lane and wait for it in the event loop."""
        return await self.start(job)

    def submit(self, job: Callable[[], T]) -> "Future[T]":
        """Run the job on a thread of this lane; for those who have no event loop."""
        future: Future[T] = Future()

        def work() -> None:
            try:
                future.set_result(job())
            except BaseException as error:  # it belongs to whoever waits for the future
                future.set_exception(error)

        self._put(work)
        return future

    def close(self) -> None:
        """Let the threads end when they have done what is waiting."""
        with self._lock:
            for _ in range(self._threads):
                self._work.put(None)

    def _put(self, work: Callable[[], None]) -> "_Job":
        job = _Job(work)
        with self._lock:
            self._work.put(job)
            if self._idle:
                self._idle -= 1
            elif self._threads < self._size:
                self._spawn()
        return job

    def _spawn(self) -> None:
        self._threads += 1
        threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def _replace(self, job: "_Job") -> None:
        """The job was given up: if it is running, its thread is lost, and another takes its place."""
        with self._lock:
            if job.running:
                job.running, job.lost = False, True
                self._threads -= 1
                self._idle += 1
                self._spawn()

    def _serve(self) -> None:
        while (job := self._work.get()) is not None:
            with self._lock:
                job.running = True
            job.work()
            with self._lock:
                job.running = False
                if job.lost:
                    return
                self._idle += 1
            del job  # or it would keep what it holds until the next one comes


class _Job:
    """A piece of work, and whether a thread is at it."""

    __slots__ = ("lost", "running", "work")

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.running = self.lost = False


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

    def jitter(self, low: float, high: float) -> float:
        """A number of seconds between the two."""
        return random.uniform(low, high)  # fairness, not secrecy

    def pause(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

    def lane(self, name: str, size: int) -> Lane:
        """Threads for one kind of work."""
        return Lane(name, size)

    def every(self, seconds: float, job: Callable[[], None], name: str) -> Callable[[], None]:
        """Run the job again and again on a thread of its own; gives back how to stop that, and waits for a last one."""
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.wait(seconds):
                job()

        thread = threading.Thread(target=serve, name=name, daemon=True)
        thread.start()

        def stop() -> None:
            stopped.set()
            if thread is not threading.current_thread():
                thread.join()

        return stop


REAL = Seam()
