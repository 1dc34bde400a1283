"""What asking costs beside the answer: a model that answers at once, asked again and again by one activation.

By hand the same two transactions: the fence, the journal, gate and budgets, the reservation and the row; then the
answer in the row, and the budgets settled.
"""

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from blackboard import Budget, Entry, Scenario, View, agent
from blackboard.testing import ScriptedModel
from store.library import sqlite3
from tests.benchmarks import raw
from tests.benchmarks.scene import Answer, Opening
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure
from tests.benchmarks.throughput import MODES, synchronous

BAR = Bar(3, 3, at_most=True)  # milliseconds
PLENTY = Budget(usd=10_000, tokens=10**12, calls=10**9, activations=raw.CAP, seconds=3600)
UNITS = "('nano_usd', 'tokens', 'calls')"
GUARD = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%calls are never deleted%'"
AGAIN = (
    f"UPDATE budget SET settled = 0 WHERE unit IN {UNITS}",
    "UPDATE activation SET state = 'running' WHERE id = (SELECT min(activation_id) FROM call)",
    "UPDATE board SET status = 'open'",
)
HELD = """SELECT b.status, a.state, a.token FROM board b LEFT JOIN activation a ON a.board_id = b.id AND a.id = ?
          WHERE b.id = ?"""
ANSWERED = """SELECT * FROM call WHERE board_id = ? AND activation_id = ? AND asked = ? AND nth = ?
              AND response IS NOT NULL AND state IN ('done', 'late') ORDER BY id DESC LIMIT 1"""
LIMITS = "SELECT * FROM limits WHERE model IN ('*', ?)"
DOOR = "SELECT * FROM gate WHERE endpoint = ? AND model = ?"
AMOUNT = "CASE unit WHEN 'nano_usd' THEN ? WHEN 'tokens' THEN ? ELSE ? END"
SCOPES = f"scope IN (?, ?, ?, ?) AND unit IN {UNITS}"
FULL = f"SELECT scope FROM budget WHERE settled + reserved + {AMOUNT} > cap AND {SCOPES}"
RESERVE = f"UPDATE budget SET reserved = reserved + {AMOUNT} WHERE {SCOPES}"
LAST = "SELECT coalesce(max(id), 0) + 1 FROM call WHERE board_id = ?"
STANDS = """SELECT state, agent, endpoint, model, day, begun_at, bound_usd, bound_tokens FROM call
            WHERE board_id = ? AND id = ?"""
END = """UPDATE call SET state = 'done', cause = '', spent_usd = ?, spent_tokens = ?, input_tokens = ?,
         output_tokens = ?, cache_read_tokens = 0, cache_write_tokens = 0, cache_write_1h_tokens = 0, price = ?,
         ended_at = ?, response = ? WHERE board_id = ? AND id = ?"""
SETTLE = f"UPDATE budget SET reserved = reserved - {AMOUNT}, settled = settled + {AMOUNT} WHERE {SCOPES}"


def by_board(path: Path, calls: int) -> list[float]:
    """Milliseconds that each ask took."""
    took: list[float] = []

    @agent(watches=Opening, writes=Answer, model="fast")
    async def asker(opening: Entry[Opening], view: View) -> None:
        for _ in range(opening.body.steps):
            began = time.perf_counter()
            answer = await view.ask("What is the answer?", shape=Answer)
            took.append((time.perf_counter() - began) * 1000)
        view.post(answer, about=opening)

    scenario = Scenario("asking", params=Opening, agents=[asker], result=Answer, budget=PLENTY)
    model = ScriptedModel(lambda _: Answer(number=1, payload="yes"))
    scenario.run(Opening(steps=calls), db=str(path), model=model).close()
    return took


def by_hand(path: Path, calls: int, mode: str) -> list[float]:
    """The same rows again by hand, in a file that the board has left."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    connection.execute(f"PRAGMA synchronous = {mode}")
    connection.row_factory = sqlite3.Row
    for statement in AGAIN:
        connection.execute(statement)
    before = connection.execute("SELECT * FROM call WHERE id = 1").fetchone()
    guards = connection.execute(GUARD).fetchall()
    for guard in guards:
        connection.execute(f"DROP TRIGGER {guard['name']}")
    connection.execute("DELETE FROM call")
    for guard in guards:
        connection.execute(guard["sql"])
    took: list[float] = []
    for nth in range(1, calls + 1):
        began = time.perf_counter()
        json.loads(_call(connection, {**before, "nth": nth}))
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return took


def _call(at: Any, row: dict[str, Any]) -> str:
    """One call like this one; its answer."""
    board, model = row["board_id"], row["model"]
    scopes = (f"board:{board}", f"agent:{board}/{row['agent']}", f"day:{row['day']}", f"day:{row['day']}/{model}")
    bound = (row["bound_usd"], row["bound_tokens"], 1)
    at.execute("BEGIN IMMEDIATE")
    status, state, token = at.execute(HELD, (row["activation_id"], board)).fetchone()
    assert (status, state, token) == ("open", "running", row["token"])
    assert at.execute(ANSWERED, (board, row["activation_id"], row["asked"], row["nth"])).fetchone() is None
    assert not at.execute(LIMITS, (model,)).fetchall()
    assert at.execute(DOOR, (row["endpoint"], model)).fetchone() is None
    assert not at.execute(FULL, (*bound, *scopes)).fetchall()
    at.execute(RESERVE, (*bound, *scopes))
    (id_,) = at.execute(LAST, (board,)).fetchone()
    ended = ("spent_usd", "spent_tokens", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
             "cache_write_1h_tokens", "price", "ended_at", "response")  # fmt: skip
    new = {**row, **dict.fromkeys(ended), "id": id_, "state": "inflight", "begun_at": time.time()}
    at.execute(f"INSERT INTO call ({', '.join(new)}) VALUES ({', '.join('?' * len(new))})", tuple(new.values()))
    at.execute("COMMIT")
    at.execute("BEGIN IMMEDIATE")
    assert at.execute(STANDS, (board, id_)).fetchone()["state"] == "inflight"
    spent = (row["spent_usd"], row["spent_tokens"])
    at.execute(SETTLE, (*bound, *spent, 1, *scopes))
    at.execute(END, (*spent, row["input_tokens"], row["output_tokens"], row["price"], time.time(), row["response"],
                     board, id_))  # fmt: skip
    at.execute("COMMIT")
    return str(row["response"])


def measure_asking(sizes: Sizes) -> list[Figure]:
    """Board and raw in turn, in both modes."""
    return [_measured(mode, sizes) for mode in MODES]


def _measured(mode: str, sizes: Sizes) -> Figure:
    board, hand = [], []
    for run in range(sizes.repeats + 1):
        with tempfile.TemporaryDirectory() as folder, synchronous(mode):
            ours, theirs = Path(folder) / "board.db", Path(folder) / "raw.db"
            one = statistics.median(by_board(ours, sizes.rounds))
            shutil.copy(ours, theirs)
            other = statistics.median(by_hand(theirs, sizes.rounds, mode))
        if run:  # the first one has loaded what is loaded once
            board.append(one)
            hand.append(other)
    return Figure("ask answered at once, p50", mode, "ms", board, hand, BAR, ".2f")
