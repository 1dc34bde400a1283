"""Several processes at one board: a fan-out by one worker process and by four, timed from the tasks to the last result.

The workers are there and wait before the tasks are posted, so that their start is not measured. Each execution leaves a
line in a file outside the board, whatever becomes of it there.
"""

import asyncio
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from store.library import sqlite3
from tests.benchmarks import raw
from tests.benchmarks.processes import (
    TooLateError,
    child,
    line_of,
    open_board,
    open_store,
    say,
    wait_for_workers,
    wait_to_be_ready,
    wait_until,
    workers,
)
from tests.benchmarks.scene import NOTES, scenario
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure
from tests.benchmarks.throughput import synchronous

MODE = "FULL"
LONGEST = 120.0  # seconds that one run may take
TIMES = "SELECT max(posted_at) FROM entry WHERE board_id = ? AND kind = ? AND version = 1"


@dataclass(frozen=True)
class Fanned:
    """One run: tasks a second, results on the board, lines of executions (each should be there once)."""

    rate: float
    landed: int
    executed: int
    doubled: int


def by_board(path: Path, processes: int, tasks: int) -> Fanned:
    """So many `blackboard work`; whoever posts the tasks has left when they are done."""
    notes = path.with_suffix(".notes")
    board = asyncio.run(open_board(path, "pool", tasks))
    store = open_store(str(path))
    try:
        words = ["--board", board, "--agents", "solver,joiner"]
        with workers(processes, path, *words, **{NOTES: str(notes)}):
            wait_for_workers(store, board, processes)
            asyncio.run(_split(path, board))
            wait_until(lambda: store.board(board).status == "closed", "the end of a fan-out", LONGEST)  # type: ignore[union-attr]
    finally:
        store.close()
    return _fanned(path, board, notes, tasks)


async def _split(path: Path, board: str) -> None:
    """Serve the agent that posts the tasks until it has."""
    async with scenario.reopen(board, db=str(path), only=["splitter"]) as run:
        async with asyncio.timeout(LONGEST):
            while run.board.seq < 2:
                await asyncio.sleep(0.001)
    run.board.store.close()


def by_hand(path: Path, processes: int, tasks: int) -> Fanned:
    """So many processes with hand-written claims and finishes."""
    notes = path.with_suffix(".notes")
    board = asyncio.run(open_board(path, "pool", tasks))
    hand = raw.Hand(path, MODE, board)
    with ExitStack() as stack:
        words = ["-m", "tests.benchmarks.raw_scene", "contend", str(path), MODE, board, str(notes)]
        children = [stack.enter_context(child(*words)) for _ in range(processes)]
        for one in children:
            wait_to_be_ready(one)
        hand.notice("splitter", "opening")
        raw.split(hand, tasks)
        for one in children:
            say(one.stdin, b"\1")
        for one in children:
            if line_of(one.stdout, LONGEST) != b"done\n":
                raise TooLateError("a process has not done its part")
    hand.end()
    return _fanned(path, board, notes, tasks)


def _fanned(path: Path, board: str, notes: Path, tasks: int) -> Fanned:
    connection = sqlite3.connect(path)
    try:
        began, ended = (connection.execute(TIMES, (board, kind)).fetchone()[0] for kind in ("task", "result"))
        (landed,) = connection.execute("SELECT count(*) FROM entry WHERE kind = 'result'").fetchone()
    finally:
        connection.close()
    lines = notes.read_text().split()
    return Fanned(tasks / (ended - began), landed, len(lines), len(lines) - len(set(lines)))


# -- the benchmark -----------------------------------------------------------------------------------------------------
SIDES = {"raw": by_hand, "board": by_board}


def measure_contention(sizes: Sizes) -> list[Figure]:
    """By hand and by the framework, with one process and with several, in turn."""
    many = sizes.processes
    found: dict[tuple[str, int], list[Fanned]] = {(side, n): [] for side in SIDES for n in (1, many)}
    for _ in range(sizes.repeats):
        for (side, processes), runs in found.items():
            with tempfile.TemporaryDirectory() as folder, synchronous(MODE):
                runs.append(SIDES[side](Path(folder) / "board.db", processes, sizes.n))
    rates = {key: [one.rate for one in runs] for key, runs in found.items()}
    share = {
        side: [more / one for one, more in zip(rates[side, 1], rates[side, many], strict=True)] for side in SIDES
    }  # fmt: skip
    none = Bar(0, 0, at_most=True, worst=True)
    doubled, lost = (
        [[_wrong(run, sizes.n)[what] for n in (1, many) for run in found[side, n]] for side in ("board", "raw")]
        for what in (0, 1)
    )
    return [
        Figure("fan_out of one process", MODE, "tasks/s", rates["board", 1], rates["raw", 1]),
        Figure(f"fan_out of {many} processes", MODE, "tasks/s", rates["board", many], rates["raw", many]),
        Figure(f"contention: {many} processes to 1", MODE, "", share["board"], share["raw"], Bar(0.70, 0.80), ".2f"),
        Figure(f"contention: executed twice, of {sizes.n}", MODE, "", *doubled, bar=none),
        Figure(f"contention: executed or landed not at all, of {sizes.n}", MODE, "", *lost, bar=none),
    ]


def _wrong(run: Fanned, tasks: int) -> tuple[float, float]:
    """How many were executed twice, how many are missing."""
    return float(run.doubled), float(tasks - min(run.landed, run.executed - run.doubled))
