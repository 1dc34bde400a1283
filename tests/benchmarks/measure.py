"""Speed of a durable step, always beside raw SQL that writes the same rows: `python -m tests.benchmarks.measure`.

Raw and board take turns in one process, so that whatever else the machine does hits both. Resident memory and
the times of the command line come from processes of their own.
"""

import argparse
import gc
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from blackboard import Budget, Entry, Kind, Scenario, View, agent, all_done, exists
from tests.benchmarks import raw

MODES = ("NORMAL", "FULL")
FLOORS = {"chain": {"NORMAL": 0.20, "FULL": 0.50}, "fan_out": {"NORMAL": 0.40, "FULL": 0.40}}
GOALS = {"chain": {"NORMAL": 0.45, "FULL": 0.80}, "fan_out": {"NORMAL": 0.66, "FULL": 0.66}}
COMMANDS = {
    "import blackboard": (0.5, ["-c", "import blackboard"]),
    "blackboard --help": (0.6, ["-c", "from blackboard.cli import run; run(['--help'])"]),
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


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    name: str
    synchronous: str
    raw: list[Sample]
    board: list[Sample]
    peak: float | None = None  # megabytes
    floor: float | None = None
    goal: float | None = None

    @property
    def ratios(self) -> list[float]:
        """Board to raw, of runs that were neighbours."""
        return [b.rate / r.rate for r, b in zip(self.raw, self.board, strict=True)]


@contextmanager
def synchronous(mode: str) -> Iterator[None]:
    """Boards opened inside are of this durability."""
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


def line(name: str, n: int, mode: str, repeats: int, label: str = "", **options: object) -> Line:
    """Raw and board in turn."""
    hand, board = [], []
    for _ in range(repeats):
        hand.append(by_hand(name, n, mode))
        board.append(by_board(name, n, mode, **options))
    if label:
        return Line(label, mode, hand, board)
    return Line(name, mode, hand, board, resident(name, n, mode), FLOORS[name][mode], GOALS[name][mode])


def resident(name: str, n: int, mode: str) -> float:
    """Peak resident megabytes of a process that only works on one board."""
    words = [sys.executable, "-m", "tests.benchmarks.measure", "--n", str(n), "--resident", name, mode]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def show_resident(name: str, mode: str, n: int) -> None:
    """What the process of `resident` does."""
    by_board(name, n, mode)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)  # noqa: T201


def command_times(repeats: int) -> dict[str, tuple[float, list[float]]]:
    """Wall times of what people wait for: the limit and the runs."""
    found = {}
    for name, (limit, words) in COMMANDS.items():
        if "blackboard.cli" in words[-1] and importlib.util.find_spec("blackboard.cli") is None:
            continue
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            times.append(time.perf_counter() - began)
        found[name] = (limit, times)
    return found


# -- the table ---------------------------------------------------------------------------------------------------------
def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Median and range."""
    return f"{statistics.median(values):{form}} [{min(values):{form}}..{max(values):{form}}]"


def table(lines: Sequence[Line], commands: dict[str, tuple[float, list[float]]]) -> str:
    """All of it as one Markdown table."""
    head = ["workload", "synchronous", "raw steps/s", "board steps/s", "board / raw", "floor", "goal",
            "CPU µs raw", "CPU µs board", "peak MB board"]  # fmt: skip
    rows = [head, ["---"] * len(head), *map(_cells, lines)]
    for name, (limit, times) in commands.items():
        rows.append([f"`{name}`", "", "", f"{spread(times, '.2f')} s", "", f"{limit} s", "", "", "", ""])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cells(one: Line) -> list[str]:
    cpu = [f"{statistics.median(s.cpu for s in side):.0f}" for side in (one.raw, one.board)]
    bars = [f"{bar:.2f}" if bar is not None else "" for bar in (one.floor, one.goal)]
    rates = [spread([s.rate for s in side]) for side in (one.raw, one.board)]
    peak = f"{one.peak:.0f}" if one.peak else ""
    return [one.name, one.synchronous, *rates, spread(one.ratios, ".2f"), *bars, *cpu, peak]


def lines_of(n: int, repeats: int) -> list[Line]:
    """The runs of the table."""
    lines = [line(name, n, mode, repeats) for name in BOARD for mode in MODES]
    lines.append(line("chain", n, "NORMAL", repeats, "chain, goal counts its own kind", goal="own kind"))
    lines += [line("fan_out", n, "NORMAL", repeats, f"fan_out, slots={s}", slots=s) for s in (1, 20)]
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Steps a second, beside raw SQL that writes the same rows.")
    parser.add_argument("--n", type=int, default=1000, help="steps to a run")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each")
    parser.add_argument("--json", action="store_true", help="every run as JSON instead of the table")
    parser.add_argument("--resident", nargs=2, metavar=("WORKLOAD", "MODE"), help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.resident:
        show_resident(*said.resident, n=said.n)
        return
    for name in BOARD:  # warm up
        by_board(name, 50, "NORMAL")
    lines, commands = lines_of(said.n, said.repeats), command_times(said.repeats)
    if said.json:
        print(json.dumps({"lines": [asdict(one) for one in lines], "commands": commands}))  # noqa: T201
    else:
        print(table(lines, commands))  # noqa: T201


if __name__ == "__main__":
    main()
