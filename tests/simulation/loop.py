"""One seeded scheduler for everything that happens, and an event loop for each process that it drives.

Nothing here knows what is simulated. Time moves from event to event; what happens at the same moment happens in the
order in which it was arranged, and whoever arranges draws the moment from the seed.
"""

import asyncio
import contextvars
import hashlib
import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

Job = Callable[[], Any]


class Killed(BaseException):
    """The process ends at this very instruction, as by `kill -9`: nothing of it runs any more."""


class Host:
    """Something that runs on the scheduler until it dies, and not while it is frozen."""

    name = ""
    dead = False
    frozen_until = 0.0

    def die(self) -> None:
        self.dead = True


class Scheduler:
    """Runs one event after another. The same seed gives the same events."""

    def __init__(self, seed: int) -> None:
        self.seed, self.chance = seed, random.Random(seed)
        self.time, self.steps = 0.0, 0
        self._events: list[tuple[float, int, Host | None, Job]] = []
        self._numbers = itertools.count()
        self._digest = hashlib.blake2b(digest_size=8)
        self.trace: list[str] = []

    def at(self, when: float, host: Host | None, job: Job) -> None:
        """Run the job then; not if its host has died, later if that is frozen."""
        heapq.heappush(self._events, (when, next(self._numbers), host, job))

    def after(self, seconds: float, host: Host | None, job: Job) -> None:
        self.at(self.time + seconds, host, job)

    def note(self, text: str) -> None:
        """A line of the trace."""
        line = f"{self.time:9.4f} {text}"
        self._digest.update(line.encode())
        self.trace.append(line)

    @property
    def fingerprint(self) -> str:
        """The same only if all steps were the same."""
        return self._digest.hexdigest()

    @property
    def is_empty(self) -> bool:
        return not self._events

    def forget_world(self) -> None:
        """From now on nothing happens but what processes do."""
        self._events = [event for event in self._events if event[2] is not None]
        heapq.heapify(self._events)

    def step(self) -> None:
        """The next event."""
        when, number, host, job = heapq.heappop(self._events)
        if host is not None and host.dead:
            return
        if host is not None and host.frozen_until > when:
            self.at(host.frozen_until, host, job)  # in the order in which they were due
            return
        self.time = max(self.time, when)
        self.steps += 1
        self._digest.update(b"%d %d" % (number, int(self.time * 1e6)))
        try:
            job()
        except Killed:
            assert host is not None
            host.die()


class VirtualLoop(asyncio.AbstractEventLoop):
    """What asyncio's tasks, timeouts, events and futures need of a loop; its host's steps take seeded time."""

    def __init__(self, scheduler: Scheduler, host: Host, pace: Callable[[], float]) -> None:
        self._scheduler, self._host, self._pace = scheduler, host, pace
        self._ready: deque[asyncio.Handle] = deque()
        self._arranged = False
        self.tasks: list[asyncio.Task[Any]] = []  # kept: what a dead process has left must not be collected
        self.complaints: list[str] = []

    # -- what runs -------------------------------------------------------------------------------------------------
    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._put(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._scheduler.at(max(when, self.time()), self._host, lambda: timer.cancelled() or self._put(timer))
        return timer

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def _put(self, handle: asyncio.Handle) -> None:
        self._ready.append(handle)
        self._arrange()

    def _arrange(self) -> None:
        if self._ready and not self._arranged:
            self._arranged = True
            self._scheduler.after(self._pace(), self._host, self._step)

    def _step(self) -> None:
        self._arranged = False
        if not self._ready:
            return
        handle = self._ready.popleft()
        if not handle.cancelled():
            asyncio._set_running_loop(self)
            try:
                handle._run()
            finally:
                asyncio._set_running_loop(None)
        self._arrange()

    def revive(self) -> None:
        """Cancel all that a process has left."""
        self._arranged = False  # its next step may have been passed over when it was dead
        for task in self.tasks:
            self.call_soon(task.cancel)

    # -- what tasks ask for ----------------------------------------------------------------------------------------
    def time(self) -> float:
        return self._scheduler.time

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:  # type: ignore[override]
        task = asyncio.Task(coro, loop=self, **options)
        self.tasks.append(task)
        return task

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")
