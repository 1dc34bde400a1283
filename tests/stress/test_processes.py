"""One board, many processes: who serves what, who helps whom, and how they leave."""

import asyncio
import os
import signal
import statistics
import sys
import time
from collections import Counter
from typing import NamedTuple

import pytest

from scenarios.research import scenario as research
from tests.stress.campaign import QUESTION
from tests.stress.fleet import Fleet, Process, fleet, state, until
from tests.stress.opening import begin
from tests.stress.scenario import Order, scenario
from tests.stress.scenario import __file__ as place
from tests.stress.truth import truth

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LATE = float(os.environ.get("STRESS_LATE") or 2)  # seconds
TAKEOVERS = int(os.environ.get("STRESS_TAKEOVERS") or 3)
LOGGED = ("--quiet", "--log-json", "--log-level", "DEBUG")
SERVED = "SELECT w.pid FROM serving s JOIN worker w ON w.id = s.worker_id"


@pytest.fixture
def processes(tmp_path):
    """Processes on a database of their own, that work at their usual pace; none of them outlives the test."""
    with fleet(tmp_path, lease=30) as made:
        yield made


@pytest.fixture
def slow(tmp_path):
    """Processes that work ten times slower, and an open board."""
    with fleet(tmp_path, lease=30, pace=10) as made:
        asyncio.run(begin(scenario, Order(items=6), made.db))
        yield made


class Undisturbed(NamedTuple):
    """What comes of a run of one process."""

    out: str
    done: dict[str, int]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Undisturbed:
    with fleet(tmp_path_factory.mktemp("alone"), lease=30) as alone:
        run = alone.start("run", "research", QUESTION)
        assert run.wait() == 0, run.said
        return Undisturbed(run.out, done(alone))


def done(processes: Fleet) -> dict[str, int]:
    """How many activations each agent has landed."""
    rows = processes.rows("SELECT agent, count(*) AS n FROM activation WHERE state = 'done' GROUP BY 1")
    return {row["agent"]: row["n"] for row in rows}


def landings(process: Process) -> int:
    return sum(event["message"].split()[0] == "landed" for event in process.events())


def serves(processes: Fleet, *workers: Process) -> bool:
    pids = {row["pid"] for row in processes.rows(SERVED)} if processes.db.exists() else set()
    return {worker.pid for worker in workers} <= pids


class TestEveryAgentInAProcessOfItsOwn:
    @pytest.mark.parametrize("late", ["planner", "synthesizer"])
    def test_gives_the_same_report_in_whatever_order_they_come(self, processes, undisturbed, late):
        team = [agent.name for agent in research.teams["offline"]]
        started = {name: self.begun(processes, name) for name in reversed(team) if name != late}
        if late in team:
            began = time.monotonic()
            until(lambda: time.monotonic() - began > LATE, "the last one comes")
            started[late] = self.begun(processes, late)

        run = started["planner"]
        assert run.wait() == 0, run.said
        assert run.out == undisturbed.out
        assert done(processes) == undisturbed.done

    def begun(self, processes: Fleet, agent: str) -> Process:
        """The planner's process runs the board; the others come to work, where there may be no database yet."""
        words = ("run", "research", QUESTION) if agent == "planner" else ("work",)
        return processes.start(*words, "--agents", agent)


class TestTwoTerminals:
    def test_share_the_work_and_do_nothing_twice(self, processes):
        work = processes.work("--slots", 3)
        until(lambda: processes.db.exists(), "the worker is there")

        run = processes.start("run", place, 12, "--slots", 3, *LOGGED)
        run.is_expected_to_end = True

        assert run.wait() == 0, run.said
        assert landings(run) > 0
        assert landings(work) > 0
        assert not any(truth(processes).wrong.values())


class TestARunWithHelpers:
    def test_that_is_killed_takes_them_along_and_can_be_resumed(self, processes):
        processes.pace = 20  # so slow that it cannot end before it is killed
        run = processes.start("run", place, 12, "--workers", 2, *LOGGED)
        until(lambda: processes.db.exists() and len(self.workers(processes)) == 3, "all three serve the board")

        pids = self.workers(processes)
        run.kill()
        processes.pace = 1

        until(lambda: all(state(pid) in {"", "Z"} for pid in pids), "the helpers leave")
        resumed = processes.start("resume", "last", *LOGGED)
        resumed.is_expected_to_end = True
        assert resumed.wait() == 0, resumed.said
        assert not any(truth(processes).wrong.values())

    def workers(self, processes: Fleet) -> set[int]:
        if not processes.rows("SELECT 1 FROM sqlite_master WHERE name = 'serving'"):
            return set()
        return {row["pid"] for row in processes.rows(SERVED)}


class TestAWorkerThatIsAskedToStop:
    def test_finishes_what_runs_and_begins_nothing_new(self, slow):
        worker = slow.work("--slots", 3)
        until(lambda: len(slow.holds(worker)) == 3, "it has three in hand")

        worker.signal(signal.SIGTERM)

        assert worker.wait() == 0, worker.said
        begun, finished = Counter(map(tuple, slow.told("begun"))), Counter(map(tuple, slow.told("finished")))
        assert begun.keys() == finished.keys(), "something was given up"
        assert len(slow.rows("SELECT 1 FROM activation WHERE state = 'pending'")) > 0
        assert slow.rows("SELECT 1 FROM activation WHERE state = 'running'") == []
        assert slow.rows("SELECT 1 FROM worker WHERE pid = ? AND left_at IS NULL", worker.pid) == []

    def test_and_asked_again_leaves_at_once_and_gives_its_claims_back(self, slow):
        worker = slow.start("work", "--slots", 3)
        until(lambda: len(slow.holds(worker)) == 3, "it has three in hand")
        held = slow.holds(worker)

        worker.signal(signal.SIGTERM)
        until(lambda: "once more to leave at once" in worker.said, "it has heard")
        worker.signal(signal.SIGTERM)

        assert worker.wait() == 130, worker.said
        (budget,) = slow.rows("SELECT reserved FROM budget WHERE unit = 'activations'")
        assert budget == {"reserved": 0}
        for claim in held:
            (now,) = slow.rows("SELECT state, owner, attempt FROM activation WHERE id = ?", claim["id"])
            assert now in ({"state": "pending", "owner": None, "attempt": 0}, {**now, "state": "done"})


class TestATakeover:
    def test_of_what_a_dead_worker_held_takes_milliseconds_whatever_the_lease(self, tmp_path):
        with fleet(tmp_path, lease=30, pace=1000) as processes:
            asyncio.run(begin(scenario, Order(items=1), processes.db))
            workers = [processes.work(), processes.work()]
            until(lambda: serves(processes, *workers), "both serve the board")
            taken = [self.takeover(processes, workers) for _ in range(TAKEOVERS)]

        sys.stdout.write(f"ms: p50 {statistics.median(taken) * 1e3:.0f}, max {max(taken) * 1e3:.0f}, n {len(taken)}\n")
        assert statistics.median(taken) < 1

    def takeover(self, processes: Fleet, workers: list[Process]) -> float:
        """Seconds from the kill of the one that holds the claim until another one does."""
        until(lambda: any(processes.holds(worker) for worker in workers), "somebody holds it")
        (holder,) = [worker for worker in workers if processes.holds(worker)]
        began = time.monotonic()
        until(lambda: time.monotonic() - began > 0.5, "the other one has looked around")

        killed = time.monotonic()
        holder.kill()
        workers.remove(holder)
        until(lambda: processes.holds(workers[0]), "the other one has it", every=0.001)
        seconds = time.monotonic() - killed

        workers.append(processes.work())
        until(lambda: serves(processes, workers[-1]), "a new one comes")
        return seconds
