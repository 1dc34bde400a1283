"""Child processes of the benchmarks: workers and yardsticks, which never outlive the benchmark."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from blackboard.board import open_store
from blackboard.ports import Store
from tests.benchmarks.scene import Opening, scenario

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds that anything is waited for before the benchmark fails
GLANCE = 0.01  # seconds between looks, outside of what is timed
LEAVING = 5.0  # seconds that a child has to end when its stdin is closed

Child = subprocess.Popen[bytes]


class TooLateError(Exception):
    """A child did not do what it is there for."""


@contextmanager
def child(*words: str, **environment: str) -> Iterator[Child]:
    """A Python process with these words. Its stdin is closed at the end; what then still runs is killed."""
    folders = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": folders, **environment},
    )  # fmt: skip
    try:
        yield process
    finally:
        _end(process)


def _end(process: Child) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(LEAVING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def workers(n: int, path: Path, *words: str, **environment: str) -> Iterator[list[Child]]:
    """So many `blackboard work`."""
    with ExitStack() as stack:
        command = ["-m", "blackboard", "work", "--db", str(path), "--quiet", "--with-parent", *words]
        yield [stack.enter_context(child(*command, **environment)) for _ in range(n)]


async def open_board(path: Path, team: str, tasks: int = 0) -> str:
    """A new board that nobody serves; its id."""
    async with scenario.start(Opening(tasks=tasks), db=str(path), team=team, only=[]) as run:
        board = run.board.id
    run.board.store.close()
    return board


def wait_for_workers(store: Store, board: str, n: int) -> None:
    """Until so many serve the board. TooLateError."""
    wait_until(lambda: len(store.serving(board)) >= n, f"{n} workers at {board}")


def wait_until(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Look every hundredth of a second. TooLateError."""
    until = time.monotonic() + patience
    while not true():
        if time.monotonic() > until:
            raise TooLateError(f"{what}: not within {patience:g} s")
        time.sleep(GLANCE)


def line_of(pipe: IO[bytes] | None, patience: float = PATIENCE) -> bytes | None:
    """The next line that a child says, or None if it is not there in time. One line at a time is on its way."""
    assert pipe is not None
    readable, _, _ = select.select([pipe], [], [], patience)
    return os.read(pipe.fileno(), 4096) if readable else None


def say(pipe: IO[bytes] | None, words: bytes) -> None:
    """Tell a child, without a buffer."""
    assert pipe is not None
    os.write(pipe.fileno(), words)


def wait_to_be_ready(process: Child) -> None:
    """Until a yardstick says that it is. TooLateError."""
    if line_of(process.stdout) != b"ready\n":
        raise TooLateError("a child process did not get ready")


def tell(words: str) -> None:
    """Said by a child, at once."""
    os.write(1, words.encode() + b"\n")


__all__ = [
    "Child", "TooLateError", "child", "line_of", "open_board", "open_store", "say", "tell", "wait_for_workers",
    "wait_to_be_ready", "wait_until", "workers",
]  # fmt: skip
