"""Stopping: what SIGINT and SIGTERM do while a program works."""

import asyncio
import signal
import threading
from collections.abc import Callable
from typing import Any, Self


class Stop:
    """While it is entered a first signal does what was asked for, a later one what comes `then`, or ends the program.

    Before anything was asked for, the first one ends the program.
    """

    def __init__(self) -> None:
        self._wishes: list[Callable[[], object]] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def asks(self, *first: Callable[[], object], then: Callable[[], object] | None = None) -> None:
        """What the signals are to do, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._wishes = [*first, *([then] if then else [])]

    def _signalled(self, *_: object) -> None:
        if not self._wishes or self._loop is None:
            raise KeyboardInterrupt
        self._loop.call_soon_threadsafe(self._wishes.pop(0))

    def __enter__(self) -> Self:
        self._before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            self._before = {s: signal.signal(s, self._signalled) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
