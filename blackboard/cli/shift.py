"""`blackboard work`: a worker's shift, from its first board until it is told to stop."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

from blackboard.board import Board, open_store
from blackboard.cli import finding, logs, speech
from blackboard.cli.boards import declared_in
from blackboard.cli.failures import FAILED, Interrupted, sentence
from blackboard.cli.gist import count
from blackboard.cli.options import Serve
from blackboard.cli.progress import Lines, Progress, Silence
from blackboard.cli.stopping import Stop
from blackboard.controller import Verdict
from blackboard.errors import StoreError
from blackboard.ports import Store
from blackboard.records import BoardRecord
from blackboard.runner import SLOTS, Event
from blackboard.scenario import Scenario
from blackboard.working import Working


class Journal(Progress):
    """A line for each event, with the board that it is of."""

    def __init__(self, store: Store) -> None:
        self._store, self._lines = store, Lines()

    def notice(self, event: Event) -> None:
        """Say it."""
        self._lines.began(Board(self._store, event.board))
        if line := f"ended: {event.detail}" if event.what == "ended" else self._lines.told(event):
            speech.tell(f"{event.board}  {line}")


def shift(said: Serve) -> int:
    """Serve until told to stop, or until the one board has ended; the exit code."""
    with Stop() as stop:
        try:
            with closing(open_store(said.db, create=said.board is None)) as store:
                return _shift(store, stop, said)
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            if said.with_parent:
                return 0
            raise Interrupted("left at once; what was not finished is open to others") from error


def _shift(store: Store, stop: Stop, said: Serve) -> int:
    journal = Silence() if said.with_parent else Progress() if said.quiet else Journal(store)
    logs.begin(with_progress=not said.quiet)
    working = Working(
        store, _scenario, board=said.board, only=said.only, plugins=said.plugins or (), reload=said.reload,
        slots=said.slots or SLOTS,
        tell=speech.tell, observer=journal.notice,
    )  # fmt: skip
    if not said.quiet:
        speech.tell(_greeting(store, working.board, said))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            verdict = asyncio.run(_served(working, stop, said))
    except StoreError as error:
        speech.tell(sentence(error))
        logs.show_traceback(error)
        return FAILED
    if verdict is not None and not said.quiet:
        speech.tell(f"{working.board} has ended: {verdict}")
    return verdict.exit_code if verdict is not None else 0


async def _served(working: Working, stop: Stop, said: Serve) -> Verdict | None:
    task = asyncio.ensure_future(working.run())
    stop.asks(lambda: _drain(working, said), then=task.cancel)
    if said.with_parent:
        _watch_parent(asyncio.get_running_loop(), task.cancel)
    return await task


def _drain(working: Working, said: Serve) -> None:
    if working.busy and not said.quiet:
        speech.tell(f"finishes {count(working.busy, 'activation')}, then stops; once more to leave at once")
    working.drain()


def _watch_parent(loop: asyncio.AbstractEventLoop, leave: Callable[[], Any]) -> None:
    """The parent holds the other end of stdin: when that is closed it has gone, however it ended."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):  # not sys.stdin, whose lock a thread must not hold when the program ends
                pass
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(leave)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _scenario(record: BoardRecord) -> Scenario[Any]:
    return finding.again(record.scenario, declared_in(record))


def _greeting(store: Store, board: str | None, said: Serve) -> str:
    what = f"agents {', '.join(said.only)} of " if said.only is not None else ""
    where = board or f"the open boards of {store.url}"
    return f"serving {what}{where}; Ctrl-C to stop"
