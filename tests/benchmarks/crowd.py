"""Ten thousand entries in one call, and fifty agents: what posting, matching, noticing and showing cost an entry."""

import contextlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from blackboard import Agent, Board, Budget, Entry, Kind, Scenario, View, agent, exists
from blackboard.activation import Claim, Contribution
from blackboard.board import open_store
from blackboard.cli import run as command
from blackboard.looker import write
from blackboard.records import NewBoard
from blackboard.runner.noticing import Noticing
from blackboard.runner.plan import matcher, seats
from blackboard.runner.view import Toolbox
from blackboard.seam import REAL
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure
from tests.benchmarks.throughput import synchronous

MODE = "NORMAL"
AGENTS = 50


class Order(Kind):
    """What everybody looks at, and one of fifty acts on."""

    number: int
    text: str = "an order of the usual length, for whom it may concern"


class Bill(Kind):
    number: int


def _agent(number: int) -> Agent:
    @agent(watches=Order, writes=Bill, name=f"agent-{number}", where=lambda order: order.number % AGENTS == number)
    def act(order: Entry[Order], view: View) -> None:
        view.post(Bill(number=order.body.number))

    return act


TEAM = [_agent(n) for n in range(AGENTS)]
scenario = Scenario("crowd", params=Order, agents=TEAM, result=Bill, done=exists(Bill), budget=Budget())


def _timed(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def measured(path: Path, held: int) -> dict[str, float]:
    """Microseconds an entry for each step, at so many entries in one call; milliseconds for `show`."""
    store = open_store(str(path))
    nobody = Contribution(Claim("", 0, "person", 0, None, 0, 0, 0), "person")
    board = Board(store, store.create(NewBoard("crowd"), seats(TEAM), nobody))
    bodies = [write(Order(number=n), "posted") for n in range(held)]
    outside = Contribution(Claim(board.id, 0, "person", 0, None, 0, 0, 0), "person", tuple(bodies))
    posting = _timed(lambda: store.post(board.id, "all", outside))
    lane = REAL.lane("tool", 1)
    noticing, agents = Noticing(store, board.id, Toolbox(lane)), {a.name: a for a in TEAM}
    found = []
    matching = _timed(lambda: found.append(noticing.unnoticed(agents, matcher(TEAM))))
    noting = _timed(lambda: store.notice(board.id, *found[0]))
    lane.close()
    store.close()

    def show() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            command(["show", "last", "--db", str(path)])

    return {
        "posted": posting / held * 1e6, "matched by 50 agents": matching / held * 1e6,
        "noticed": noting / held * 1e6, "shown": min(_timed(show) for _ in range(3)) * 1e3,
    }  # fmt: skip


def measure_crowd(sizes: Sizes) -> list[Figure]:
    """All at a tenth of the size, and at the size."""
    few, many = max(AGENTS, sizes.n), max(10 * AGENTS, 10 * sizes.n)
    found: dict[int, list[dict[str, float]]] = {few: [], many: []}
    with synchronous(MODE), TemporaryDirectory() as folder:
        for repeat in range(sizes.repeats):
            for held, runs in found.items():
                runs.append(measured(Path(folder) / f"{repeat}-{held}.db", held))
    figures = []
    for step in found[few][0]:
        unit = "ms" if step == "shown" else "µs an entry"
        of_few, of_many = ([run[step] for run in found[held]] for held in (few, many))
        figures.append(Figure(f"{many:,} entries in one call, {step}", MODE, unit, of_many, form=".1f"))
        growth = [m / f for f, m in zip(of_few, of_many, strict=True)]
        name = f"growth: {step}, {many:,} to {few:,}"
        figures.append(Figure(name, MODE, "", growth, bar=Bar(1.5, 1.15, at_most=True), form=".2f"))
    return figures
