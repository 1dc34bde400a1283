"""The benchmark programs do the same work: only then does their ratio mean anything. No time is asserted here."""

import re
import sqlite3
from pathlib import Path

import pytest

from tests.benchmarks import asking, contention, growth, measure, raw, throughput, wake
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure, table

N = 20
FEED = """SELECT seq, key, version, kind, status, author, activation_id, about, integrity, confidentiality, origins,
          sha256, born_seq, superseded_seq, body FROM entry ORDER BY seq"""
AGENDA = """SELECT id, agent, binding, trigger_seq, trigger_kind, state, rating, token, attempt, redone, snapshot_seq,
            done_seq FROM activation ORDER BY id"""
SAME = (
    FEED, AGENDA, "SELECT * FROM link", "SELECT * FROM kind_mark", "SELECT * FROM budget",
    "SELECT * FROM activation_read", "SELECT name, cursor_seq FROM agent",
    "SELECT id, status, head, activations FROM board",
)  # fmt: skip


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _counts(path: Path) -> dict[str, int]:
    tables = [name for (name,) in _rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: int(str(_rows(path, f"SELECT count(*) FROM {name}")[0][0])) for name in tables}


def _columns(path: Path, table: str) -> list[str]:
    return [str(row[1]) for row in _rows(path, f"PRAGMA table_info({table})")]


def _both(tmp_path: Path, name: str, slots: int) -> tuple[Path, Path]:
    hand, board = tmp_path / "raw.db", tmp_path / "board.db"
    raw.prepare(hand)
    throughput.RAW[name](hand, N, "NORMAL")
    with throughput.synchronous("NORMAL"):
        throughput.BOARD[name](board, N, slots=slots)
    return hand, board


@pytest.mark.parametrize("name", ["chain", "fan_out"])
def test_raw_and_board_leave_as_many_rows_in_every_table(tmp_path: Path, name: str):
    hand, board = _both(tmp_path, name, slots=5)
    assert _counts(hand) == _counts(board)


@pytest.mark.parametrize("name", ["chain", "fan_out"])
@pytest.mark.parametrize("query", SAME, ids=lambda query: query.split("FROM ")[1].split()[0])
def test_one_at_a_time_they_leave_the_same_rows(tmp_path: Path, name: str, query: str):
    hand, board = _both(tmp_path, name, slots=1)
    assert _rows(hand, query) == _rows(board, query)


def test_the_goal_of_a_chain_may_count_its_own_kind(tmp_path: Path):
    throughput.run_chain(tmp_path / "board.db", N, goal="own kind")
    assert _counts(tmp_path / "board.db")["entry"] == N + 2


ROUNDS = 3
SECONDS = 20.0
TINY = Sizes(n=4, repeats=1, seconds=0.05, processes=2)
CANNED = (
    (wake.RAW, lambda path, board, rounds: wake.Wakes([0.5] * rounds)),
    (wake.BOARD, lambda path, board, rounds: wake.Wakes([0.5] * rounds)),
    (contention.SIDES, lambda path, processes, tasks: contention.Fanned(100.0, tasks, tasks, 0)),
)
HOW_MANY = {"chain": 6, "fan_out": 7, "wake": 6, "contention": 5, "growth": 5, "crowd": 8, "reading": 6, "asking": 2,
            "idle": 2, "memory": 2, "commands": 2}  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="reads what the Linux kernel counts")
@pytest.mark.parametrize("name", measure.BENCHMARKS)
def test_each_benchmark_runs_alone_and_gives_its_lines(name: str, monkeypatch: pytest.MonkeyPatch):
    for runs, canned in CANNED:  # the processes of these have tests of their own, below
        for what in runs:
            monkeypatch.setitem(runs, what, canned)

    figures = measure.BENCHMARKS[name](TINY)

    assert len(table(figures).splitlines()) == 2 + HOW_MANY[name]
    assert all(len(figure.board) >= 1 for figure in figures)
    assert all(figure.reached for figure in figures if figure.bar)


class TestTheSameWorkOfSeveralProcesses:
    @pytest.mark.parametrize("what", ["row", "answer"])
    def test_a_wake_leaves_the_same_rows_and_is_heard_of(self, tmp_path: Path, monkeypatch, what: str):
        monkeypatch.setattr(wake, "PATIENCE", SECONDS)
        ours, theirs = wake.prepare(tmp_path)

        by_board, by_hand = wake.BOARD[what](*ours, ROUNDS), wake.RAW[what](*theirs, ROUNDS)

        assert [len(by_board.took), len(by_hand.took)] == [ROUNDS, ROUNDS]
        for query in SAME:
            assert _rows(theirs[0], query) == _rows(ours[0], query)

    def test_a_step_on_a_grown_board_leaves_the_same_rows(self, tmp_path: Path):
        ours, theirs = tmp_path / "board.db", tmp_path / "raw.db"
        board = growth.grown(ours, 30)
        theirs.write_bytes(ours.read_bytes())

        growth.by_board(ours, board, ROUNDS, 1)
        growth.by_hand(theirs, board, ROUNDS, 1)

        assert _counts(ours)["entry"] == 30 + 1 + ROUNDS
        for query in SAME:
            assert _rows(theirs, query) == _rows(ours, query)

    def test_an_ask_leaves_the_same_rows(self, tmp_path: Path):
        ours, theirs = tmp_path / "board.db", tmp_path / "raw.db"
        asking.by_board(ours, ROUNDS)
        theirs.write_bytes(ours.read_bytes())

        asking.by_hand(theirs, ROUNDS, "NORMAL")

        calls = f"SELECT {', '.join(name for name in _columns(ours, 'call') if not name.endswith('_at'))} FROM call"
        assert len(_rows(ours, calls)) == ROUNDS
        for query in (re.sub("response", "json_remove(response, '$.id')", calls), "SELECT * FROM budget"):
            assert _rows(theirs, query) == _rows(ours, query)

    def test_two_processes_do_each_task_once_and_leave_as_many_rows(self, tmp_path: Path):
        paths = {side: tmp_path / f"{side}.db" for side in contention.SIDES}

        runs = {side: contention.SIDES[side](path, 2, N) for side, path in paths.items()}

        assert {(run.landed, run.executed, run.doubled) for run in runs.values()} == {(N, N, 0)}
        hand, board = (_counts(paths[side]) for side in ("raw", "board"))
        del hand["worker"], board["worker"]  # whoever posts the tasks is a worker here, and none there
        assert hand == board


class TestAFigure:
    def test_is_judged_by_its_median_or_its_worst_run_and_to_both_sides(self):
        def reached(bar: Bar) -> str:
            return Figure("a", "", "", [1.0, 2.0, 9.0], [2.0, 2.0, 2.0], bar).reached

        assert reached(Bar(1, 2)) == "goal"
        assert reached(Bar(2, 3)) == "floor"
        assert reached(Bar(1, 2, worst=True)) == "floor"
        assert reached(Bar(3, 4)) == "**no**"
        assert reached(Bar(3, 1, at_most=True)) == "floor"
        assert reached(Bar(8, 7, at_most=True, worst=True)) == "**no**"
        assert reached(Bar(0.5, 1, of_raw=True)) == "goal"

    def test_says_median_range_ratio_and_bar_in_one_line(self):
        figure = Figure("wake", "FULL", "ms", [1.0, 2.0, 4.0], [1.0, 1.0, 1.0], Bar(3, 1, at_most=True), ".1f")

        (line,) = table([figure]).splitlines()[2:]

        cells = "| wake, ms | FULL | 1.0 | 2.0 [1.0..4.0] | 2.00 [1.00..4.00] | ≤ 3 | ≤ 1 | floor |"
        assert line == cells
