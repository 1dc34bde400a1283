"""Whether a step costs more on a board that holds more: a chain on boards with 1, 10 and 100 thousand versions.

What is held before is posted through the store, a thousand at a time; activations, reads and links are added as if
each version had been a step. Then the same file is worked on by the framework and, in a copy, by hand.
"""

import asyncio
import shutil
import statistics
import tempfile
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from blackboard.activation import Claim, Contribution
from blackboard.board import open_store
from blackboard.looker import write
from blackboard.records import Notice
from store.library import sqlite3
from tests.benchmarks import raw, raw_scene
from tests.benchmarks.processes import open_board
from tests.benchmarks.scene import Step, scenario
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure
from tests.benchmarks.throughput import synchronous

MODE = "NORMAL"  # the harder one: a step is not hidden behind an fsync
GROUP = 1000  # versions to a contribution
LONGEST = 60.0  # seconds for one run
GROWN = (
    """INSERT INTO activation SELECT board_id, seq + 100000000, 'walker', 'held ' || seq, seq - 1, NULL, 'done', 0, 1,
       1, 0, seq - 1, 'hand', NULL, seq, NULL, NULL FROM entry WHERE kind = 'step'""",
    """INSERT INTO activation_read SELECT board_id, seq + 100000000, 0, 1, seq - 1, NULL FROM entry
       WHERE kind = 'step'""",
    "INSERT INTO link SELECT board_id, 'step-' || (seq - 2), seq FROM entry WHERE kind = 'step'",
    "UPDATE board SET activations = (SELECT max(id) FROM activation)",
    "UPDATE budget SET settled = (SELECT count(*) FROM entry WHERE kind = 'step')",
    "PRAGMA wal_checkpoint(TRUNCATE)",
)
TIMES = "SELECT posted_at FROM entry WHERE board_id = ? AND seq > ? ORDER BY seq"


def grown(path: Path, held: int) -> str:
    """A board that holds this many versions, none of which wakes anybody; its id."""
    board = asyncio.run(open_board(path, "walking"))
    store = open_store(str(path))
    one = write(Step(left=0, payload=raw.PAYLOAD), "posted")
    for first in range(1, held, GROUP):
        contribution = Contribution(Claim(board, 0, "person", 0, None, 0, 0, 0), "person",
                                    (one,) * min(GROUP, held - first))  # fmt: skip
        store.post(board, f"held from {first}", contribution)
    store.notice(board, [Notice("walker", 0, held)])
    store.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in GROWN:
        connection.execute(statement)
    connection.close()
    return board


def by_board(path: Path, board: str, steps: int, run: int) -> float:
    """Milliseconds to a step, half of the steps took less; by a worker in this process."""
    return asyncio.run(_by_board(path, board, steps, run))


async def _by_board(path: Path, board: str, steps: int, number: int) -> float:
    async with scenario.reopen(board, db=str(path), only=["walker"]) as run:
        step = write(Step(left=steps, payload=raw.PAYLOAD), "posted")
        contribution = Contribution(Claim(board, 0, "person", 0, None, 0, 0, 0), "person", (step,))
        (seq,) = run.board.store.post(board, f"run {number}", contribution).seqs
        async with asyncio.timeout(LONGEST):
            while run.board.seq < seq + steps:
                await asyncio.sleep(0.02)
    run.board.store.close()
    return _median_step(path, board, seq)


def by_hand(path: Path, board: str, steps: int, run: int) -> float:
    """The same by hand."""
    hand = raw.Hand(path, MODE, board)
    seq = hand.post("step", raw.text_of(left=steps, payload=raw.PAYLOAD), f"run {run}")
    raw_scene.walk(hand, steps)
    hand.connection.close()
    return _median_step(path, board, seq)


def _median_step(path: Path, board: str, seq: int) -> float:
    """Between the steps that came after this version."""
    connection = sqlite3.connect(path)
    times = [time for (time,) in connection.execute(TIMES, (board, seq))]
    connection.close()
    return statistics.median(after - before for before, after in pairwise(times)) * 1000


def measure_growth(sizes: Sizes) -> list[Figure]:
    """All sizes in turn, by hand and by the framework."""
    found: dict[int, tuple[list[float], list[float]]] = {held: ([], []) for held in sizes.held}
    with synchronous(MODE), ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        boards = {held: grown(folder / f"board-{held}.db", held) for held in sizes.held}
        for held in sizes.held:
            shutil.copy(folder / f"board-{held}.db", folder / f"raw-{held}.db")
        for run in range(sizes.repeats):
            for held, (board, hand) in found.items():
                hand.append(by_hand(folder / f"raw-{held}.db", boards[held], sizes.steps, run))
                board.append(by_board(folder / f"board-{held}.db", boards[held], sizes.steps, run))
    figures = [
        Figure(f"step of a chain, {held:,} versions held, p50", MODE, "ms", *found[held], form=".3f")
        for held in sizes.held
    ]
    least, *more = sizes.held
    bars = [None] * (len(more) - 1) + [Bar(1.15, 1.05, at_most=True)]
    for held, bar in zip(more, bars, strict=True):
        sides = [[b / a for a, b in zip(*both, strict=True)] for both in zip(found[least], found[held], strict=True)]
        figures.append(Figure(f"growth: {held:,} to {least:,} versions held", MODE, "", *sides, bar=bar, form=".2f"))
    return figures
