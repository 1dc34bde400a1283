"""What a worker costs that has nothing to do: processor time, and resident memory. Linux only.

Processor time is read from the scheduler, thread by thread, in nanoseconds: the clock of the usual counters is as
coarse as all that such a worker uses.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.benchmarks.processes import Child, open_board, open_store, wait_until, workers
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure

IDLE = Bar(0.01, 0.002, at_most=True)
MEMORY = Bar(90, 70, at_most=True)
WINDOW = 10.0  # seconds that the bars are for
SETTLING = 2.0  # seconds after its arrival in which a worker may still load and look
KINDS = {"no open board": None, "an open board, another agent's turn": "answering"}


def measure_idle(sizes: Sizes) -> list[Figure]:
    """Seconds of processor time in ten seconds of waiting."""
    return [
        Figure(f"idle worker, {kind}, CPU s in {WINDOW:g} s", "FULL", "", idle(team, sizes), bar=IDLE, form=".4f")
        for kind, team in KINDS.items()
    ]


def measure_memory(sizes: Sizes) -> list[Figure]:
    """Resident megabytes of the same workers."""
    figures = []
    for kind, team in KINDS.items():
        with waiting(sizes.repeats, team) as children:
            values = [resident(one.pid) for one in children]
        figures.append(Figure(f"idle worker, {kind}, resident", "FULL", "MB", values, bar=MEMORY))
    return figures


def idle(team: str | None, sizes: Sizes) -> list[float]:
    """Of so many workers that wait at the same time, each at a database of its own."""
    with waiting(sizes.repeats, team) as children:
        time.sleep(min(SETTLING, sizes.seconds))
        before = [processor_seconds(one.pid) for one in children]
        began = time.monotonic()
        time.sleep(sizes.seconds)
        took = time.monotonic() - began
        after = [processor_seconds(one.pid) for one in children]
    return [(b - a) / took * WINDOW for a, b in zip(before, after, strict=True)]


@contextmanager
def waiting(n: int, team: str | None) -> Iterator[list[Child]]:
    """So many workers that have arrived, and wait: for a board, or for an agent that nobody serves."""
    with ExitStack() as stack:
        stores, boards, children = [], [], []
        for _ in range(n):
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "board.db"
            boards.append(asyncio.run(open_board(path, team)) if team else None)
            stores.append(open_store(str(path)))
            stack.callback(stores[-1].close)
            words = ["--agents", "answerer"] if team else []
            children += stack.enter_context(workers(1, path, *words))
        for store, board in zip(stores, boards, strict=True):
            wait_until(lambda: bool(store.serving(board) if board else _arrived(store)), "an idle worker")  # noqa: B023
        yield children


def _arrived(store: object) -> bool:
    return bool(store.sql("SELECT 1 FROM worker WHERE left_at IS NULL", {}))  # type: ignore[attr-defined]


def processor_seconds(pid: int) -> float:
    """What all threads that a process has now have used."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def resident(pid: int) -> float:
    """Megabytes that a process has in memory now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (size,) = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(size) / 1024
