"""Wakes between processes: from a commit here to the moment when another process has read the row, and to its answer.

Who listens here has no poll at all, so that what arrives has arrived through the hint; a row that is not there within
PATIENCE is lost. A whole worker has a poll as its net: an answer that took longer than half of it may have come through
it, and is counted as late. The yardstick wakes through a pipe.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from blackboard.activation import Claim, Contribution
from blackboard.looker import write
from blackboard.runner.waking import POLL
from blackboard.seam import REAL
from store.files import live_folder_of
from store.library import sqlite3
from store.presence import Sidecar
from store.sqlite import SqliteDatabase, open_store
from store.store import SqlStore
from tests.benchmarks import raw_scene
from tests.benchmarks.processes import (
    Child,
    child,
    line_of,
    open_board,
    say,
    tell,
    wait_for_workers,
    wait_to_be_ready,
    workers,
)  # fmt: skip
from tests.benchmarks.raw import Hand, text_of
from tests.benchmarks.scene import Question
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure, percentile
from tests.benchmarks.throughput import synchronous

MODE = "FULL"
PATIENCE = 1.0  # seconds after which a row that has not been seen is lost
NET = POLL / 2  # seconds after which an answer may have come through the worker's poll


@dataclass
class Wakes:
    """One run: milliseconds of each round that was heard of; how many were not, or too late to be sure."""

    took: list[float] = field(default_factory=list)
    lost: int = 0

    def p(self, share: float) -> float:
        """A percentile."""
        return percentile(self.took, share) if self.took else float("inf")


class TimedDatabase(SqliteDatabase):
    """Knows when its last COMMIT returned: before the store has told anybody."""

    committed = 0  # by the system's monotonic clock, which all processes share; nanoseconds

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with super().writing() as at:
            yield at
        self.committed = time.monotonic_ns()


def timed_store(path: Path) -> tuple[SqlStore, TimedDatabase]:
    """The store of a file, and when it has committed."""
    database = TimedDatabase(str(path), REAL, False)
    return SqlStore(database, REAL, Sidecar(live_folder_of(str(path)), REAL)), database


def question(board: str, number: int) -> Contribution:
    """What wakes the other process."""
    body = Question(number=number)
    return Contribution(Claim(board, 0, "person", 0, None, 0, 0, 0), "person", (write(body, "posted"),))


# -- the row ----------------------------------------------------------------------------------------------------------
def row_by_board(path: Path, board: str, rounds: int) -> Wakes:
    """`store.post` here, `store.watch` there."""
    store, database = timed_store(path)

    def post(number: int) -> tuple[int, int]:
        (seq,) = store.post(board, f"round {number}", question(board, number)).seqs
        return seq, database.committed

    try:
        with child("-m", "tests.benchmarks.wake", str(path), board) as listener:
            return _rows(listener, post, rounds)
    finally:
        store.close()


def row_by_hand(path: Path, board: str, rounds: int) -> Wakes:
    """The same rows; then a byte through a pipe."""
    hand = Hand(path, MODE, board)

    def post(number: int) -> tuple[int, int]:
        seq, committed = hand.post("question", text_of(number=number), f"round {number}"), time.monotonic_ns()
        say(listener.stdin, b"\1")
        return seq, committed

    try:
        with child("-m", "tests.benchmarks.raw_scene", "listen", str(path), MODE, board) as listener:
            return _rows(listener, post, rounds)
    finally:
        hand.connection.close()


def _rows(listener: Child, post: Callable[[int], tuple[int, int]], rounds: int) -> Wakes:
    wakes = Wakes()
    wait_to_be_ready(listener)
    for number in range(rounds):
        seq, committed = post(number)
        until = time.monotonic() + PATIENCE
        while heard := line_of(listener.stdout, max(0.0, until - time.monotonic())):
            times = dict(map(int, line.split()) for line in heard.splitlines())
            if seq in times:  # else an earlier one, which was given up, and came with this one
                wakes.took.append((times[seq] - committed) / 1e6)
                break
        else:
            wakes.lost += 1
    return wakes


def listen(path: str, board: str) -> None:
    """The process that is woken: it looks when it is hinted at, and never else."""
    store, news = open_store(path, create=False), threading.Event()
    store.watch(news.set)
    after = store.board(board).head  # type: ignore[union-attr]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tell("ready")
    while True:
        news.wait()
        news.clear()
        for row in store.feed(board, after):
            tell(f"{row.seq} {time.monotonic_ns()}")
            after = row.seq


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


# -- the answer --------------------------------------------------------------------------------------------------------
def answer_by_board(path: Path, board: str, rounds: int) -> Wakes:
    """A worker of its own process answers; this one is hinted at when it has."""
    store, database = timed_store(path)
    news, wakes = threading.Event(), Wakes()
    try:
        with workers(1, path, "--board", board, "--agents", "answerer"):
            wait_for_workers(store, board, 1)
            stop = store.watch(news.set)
            for number in range(rounds):
                (seq,) = store.post(board, f"round {number}", question(board, number)).seqs
                _note(wakes, _answered(store, board, seq, news), database.committed)
            stop()
    finally:
        store.close()
    return wakes


def _answered(store: SqlStore, board: str, seq: int, news: threading.Event) -> int:
    """When the answer had been read here."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if any(row.kind == "answer" for row in store.feed(board, seq)):
            break
        news.wait(PATIENCE)
        news.clear()
    return time.monotonic_ns()


def answer_by_hand(path: Path, board: str, rounds: int) -> Wakes:
    """The same rows, and a byte through a pipe each way."""
    hand, wakes = Hand(path, MODE, board), Wakes()
    with child("-m", "tests.benchmarks.raw_scene", "answer", str(path), MODE, board) as answerer:
        wait_to_be_ready(answerer)
        for number in range(rounds):
            seq, committed = hand.post("question", text_of(number=number), f"round {number}"), time.monotonic_ns()
            say(answerer.stdin, b"\1")
            line_of(answerer.stdout, PATIENCE)
            hand.run(raw_scene.LOOK, (board, seq)).fetchall()
            _note(wakes, time.monotonic_ns(), committed)
    hand.connection.close()
    return wakes


def _note(wakes: Wakes, answered: int, committed: int) -> None:
    took = (answered - committed) / 1e6
    wakes.took.append(took)
    wakes.lost += took > NET * 1000


# -- the benchmark -----------------------------------------------------------------------------------------------------
RAW = {"row": row_by_hand, "answer": answer_by_hand}
BOARD = {"row": row_by_board, "answer": answer_by_board}


def measure_wake(sizes: Sizes) -> list[Figure]:
    """Both, by hand and by the framework in turn."""
    row, answer = (_in_turn(name, sizes) for name in ("row", "answer"))
    return [
        _figure("wake: committed here, read there, p50", *row, 0.50, Bar(2, 0.6, at_most=True)),
        _figure("wake: committed here, read there, p99", *row, 0.99, Bar(10, 3, at_most=True)),
        _lost(f"wake: not heard of, of {sizes.rounds}", *row),
        _figure("wake: posted here, answer of a worker read here, p50", *answer, 0.50),
        _figure("wake: posted here, answer of a worker read here, p99", *answer, 0.99),
        _lost(f"wake: answers later than {NET * 1000:g} ms, of {sizes.rounds}", *answer),
    ]


def _in_turn(name: str, sizes: Sizes) -> tuple[list[Wakes], list[Wakes]]:
    hand, board = [], []
    for _ in range(sizes.repeats):
        with tempfile.TemporaryDirectory() as folder, synchronous(MODE):
            ours, theirs = prepare(Path(folder))
            hand.append(RAW[name](theirs[0], theirs[1], sizes.rounds))
            board.append(BOARD[name](ours[0], ours[1], sizes.rounds))
    return hand, board


def prepare(folder: Path) -> tuple[tuple[Path, str], tuple[Path, str]]:
    """The same open board in two databases: for the framework and for the yardstick."""
    ours, theirs = folder / "board.db", folder / "raw.db"
    board = asyncio.run(open_board(ours, "answering"))
    shutil.copy(ours, theirs)
    return (ours, board), (theirs, board)


def _figure(measure: str, hand: list[Wakes], board: list[Wakes], share: float, bar: Bar | None = None) -> Figure:
    sides = [[wakes.p(share) for wakes in side] for side in (board, hand)]
    return Figure(measure, MODE, "ms", *sides, bar=bar, form=".2f")


def _lost(measure: str, hand: list[Wakes], board: list[Wakes]) -> Figure:
    sides = [[float(wakes.lost) for wakes in side] for side in (board, hand)]
    return Figure(measure, MODE, "", *sides, bar=Bar(0, 0, at_most=True, worst=True))


if __name__ == "__main__":
    listen(*sys.argv[1:])
