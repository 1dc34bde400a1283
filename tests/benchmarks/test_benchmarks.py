"""The benchmark programs do the same work: only then does their ratio mean anything. No time is asserted here."""

import sqlite3
from pathlib import Path

import pytest

from tests.benchmarks import measure, raw

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


def _both(tmp_path: Path, name: str, slots: int) -> tuple[Path, Path]:
    hand, board = tmp_path / "raw.db", tmp_path / "board.db"
    raw.prepare(hand)
    measure.RAW[name](hand, N, "NORMAL")
    with measure.synchronous("NORMAL"):
        measure.BOARD[name](board, N, slots=slots)
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
    measure.run_chain(tmp_path / "board.db", N, goal="own kind")
    assert _counts(tmp_path / "board.db")["entry"] == N + 2


def test_a_table_has_a_line_for_each_workload_and_mode():
    lines = [measure.line(name, N, "NORMAL", 1, label=name) for name in measure.BOARD]
    shown = measure.table(lines, {"import blackboard": (0.5, [0.1])}).splitlines()
    assert len(shown) == 5
    assert "import blackboard" in shown[-1]
