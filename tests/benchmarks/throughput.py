"""Steps a second of one process: a chain and a fan-out, by the framework and by hand in turn."""

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from blackboard import Budget, Entry, Kind, Scenario, View, agent, all_done, exists
from tests.benchmarks import raw
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure

MODES = ("NORMAL", "FULL")
BARS = {
    ("chain", "NORMAL"): Bar(0.20, 0.45, of_raw=True),
    ("chain", "FULL"): Bar(0.50, 0.80, of_raw=True),
    ("fan_out", "NORMAL"): Bar(0.40, 0.66, of_raw=True),
    ("fan_out", "FULL"): Bar(0.40, 0.66, of_raw=True),
}
COMMANDS = {
    "import blackboard": (Bar(0.5, 0.5, at_most=True), ["-c", "import blackboard"]),
    "blackboard --help": (Bar(0.6, 0.6, at_most=True), ["-c", "from blackboard.cli import run; run(['--help'])"]),
}
BUDGET = Budget(activations=raw.CAP, seconds=3600)


# -- the same work for agents ------------------------------------------------------------------------------------------
class Step(Kind):
    """One link of the chain."""

    number: int
    payload: str


class Finished(Kind):
    """The chain is as long as it should be."""

    number: int


class Job(Kind):
    """How many tasks there are to be."""

    tasks: int


class Task(Kind, lifecycle={"open": "done"}):
    """One piece of a job."""

    number: int


class Result(Kind):
    """The answer to a task."""

    number: int
    payload: str


class Total(Kind):
    """All tasks together."""

    total: int


def chain(n: int, goal: str = "another kind") -> Scenario[Step]:
    """A chain of n steps. The goal is another kind, or that there are enough entries of the kind of the chain."""

    @agent(watches=Step, writes=[Step, Finished], where=lambda step: step.number < n)
    def walker(step: Entry[Step], view: View) -> None:
        view.post(Step(number=step.body.number + 1, payload=raw.PAYLOAD), about=step)
        if step.body.number + 1 == n:
            view.post(Finished(number=n))

    done = exists(Finished) if goal == "another kind" else exists(Step, at_least=n + 1)
    return Scenario("chain", params=Step, agents=[walker], result=Finished, done=done, budget=BUDGET)


def fan_out(n: int) -> Scenario[Job]:
    """One job, n tasks, n results, one total."""

    @agent(watches=Job, writes=Task)
    def splitter(job: Entry[Job], view: View) -> None:
        for number in range(n):
            view.post(Task(number=number), about=job)

    @agent(watches=Task, writes=[Result, Task])
    def solver(task: Entry[Task], view: View) -> None:
        view.post(Result(number=task.body.number, payload=raw.PAYLOAD), about=task)
        view.amend(task, status="done")

    @agent(watches=all_done(Task), writes=Total)
    def joiner(tasks: Sequence[Entry[Task]], view: View) -> None:
        view.post(Total(total=sum(task.body.number for task in tasks)), about=tasks)

    return Scenario("fan_out", params=Job, agents=[splitter, solver, joiner], result=Total, budget=BUDGET)


def run_chain(path: Path, n: int, slots: int = 5, goal: str = "another kind") -> None:
    """The chain, by the framework."""
    chain(n, goal).run(Step(number=0, payload=raw.PAYLOAD), db=str(path), slots=slots).close()


def run_fan_out(path: Path, n: int, slots: int = 5) -> None:
    """The fan-out, by the framework."""
    fan_out(n).run(Job(tasks=n), db=str(path), slots=slots).close()


BOARD: dict[str, Callable[..., None]] = {"chain": run_chain, "fan_out": run_fan_out}
RAW: dict[str, Callable[[Path, int, str], None]] = {"chain": raw.chain, "fan_out": raw.fan_out}


# -- measuring ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Sample:
    """One run: steps a second, microseconds of processor time to a step."""

    rate: float
    cpu: float


@contextmanager
def synchronous(mode: str) -> Iterator[None]:
    """Boards opened inside are of this durability, those of child processes too."""
    before = os.environ.get("BLACKBOARD_SYNCHRONOUS")
    os.environ["BLACKBOARD_SYNCHRONOUS"] = mode
    try:
        yield
    finally:
        del os.environ["BLACKBOARD_SYNCHRONOUS"]
        if before is not None:
            os.environ["BLACKBOARD_SYNCHRONOUS"] = before


def sample(work: Callable[[Path], None], n: int) -> Sample:
    """Time one run on a fresh database whose tables are there already."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "board.db"
        raw.prepare(path)
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        work(path)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Sample(n / wall, cpu / n * 1e6)


def by_hand(name: str, n: int, mode: str) -> Sample:
    """One run of the yardstick."""
    return sample(lambda path: RAW[name](path, n, mode), n)


def by_board(name: str, n: int, mode: str, **options: object) -> Sample:
    """One run of the framework."""
    with synchronous(mode):
        return sample(lambda path: BOARD[name](path, n, **options), n)


def in_turn(name: str, sizes: Sizes, mode: str, label: str = "", **options: object) -> list[Figure]:
    """Raw and board in turn. With a label of its own it is a variant: without a bar, and only its rate is shown."""
    hand, board = [], []
    for _ in range(sizes.repeats):
        hand.append(by_hand(name, sizes.n, mode))
        board.append(by_board(name, sizes.n, mode, **options))
    rates = [[s.rate for s in side] for side in (board, hand)]
    if label:
        return [Figure(label, mode, "steps/s", *rates)]
    costs = [[s.cpu for s in side] for side in (board, hand)]
    return [
        Figure(name, mode, "steps/s", *rates, bar=BARS[name, mode]),
        Figure(name, mode, "CPU µs to a step", *costs),
    ]


def peak(name: str, n: int) -> Figure:
    """The memory of a process that does all of it."""
    return Figure(name, "FULL", "peak MB", [resident(name, n, "FULL")])


def resident(name: str, n: int, mode: str) -> float:
    """Peak resident megabytes of a process that only works on one board."""
    words = [sys.executable, "-m", "tests.benchmarks.throughput", name, str(n), mode]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


# -- the benchmarks ----------------------------------------------------------------------------------------------------
def measure_chain(sizes: Sizes) -> list[Figure]:
    """One step after the other."""
    by_board("chain", min(50, sizes.n), "NORMAL")  # warm up
    figures = [figure for mode in MODES for figure in in_turn("chain", sizes, mode)]
    figures.append(peak("chain", sizes.n))
    return figures + in_turn("chain", sizes, "NORMAL", "chain, goal counts its own kind", goal="own kind")


def measure_fan_out(sizes: Sizes) -> list[Figure]:
    """Many steps at a time."""
    by_board("fan_out", min(50, sizes.n), "NORMAL")  # warm up
    figures = [figure for mode in MODES for figure in in_turn("fan_out", sizes, mode)]
    figures.append(peak("fan_out", sizes.n))
    for slots in (1, 20):
        figures += in_turn("fan_out", sizes, "NORMAL", f"fan_out, slots={slots}", slots=slots)
    return figures


def measure_commands(sizes: Sizes) -> list[Figure]:
    """What people wait for."""
    figures = []
    for name, (bar, words) in COMMANDS.items():
        times = []
        for _ in range(sizes.repeats):
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            times.append(time.perf_counter() - began)
        figures.append(Figure(f"`{name}`", "", "s", times, bar=bar, form=".2f"))
    return figures


if __name__ == "__main__":  # the process of `resident`
    by_board(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)  # noqa: T201
