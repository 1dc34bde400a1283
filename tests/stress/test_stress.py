"""Workers that are killed and stopped at any moment: nothing acknowledged is lost, nothing lands twice.

The long form, with figures: `python -m tests.stress --kills 300 --stops 50`.
"""

import asyncio
import signal

import pytest

from tests.once import once
from tests.stress.campaign import LAST, STOP, campaign, losses
from tests.stress.fleet import fleet, is_locked, trapped, until
from tests.stress.opening import begin
from tests.stress.scenario import Order, scenario
from tests.stress.truth import truth
from tests.stress.worker import BETWEEN, PLACES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
ITEMS = 5


@pytest.fixture
def processes(tmp_path):
    """Processes on a database of their own, with an open board; none of them outlives the test."""
    with fleet(tmp_path) as made:
        asyncio.run(begin(scenario, Order(items=ITEMS), made.db))
        yield made


def closed(processes) -> bool:
    return processes.rows("SELECT status FROM board") == [{"status": "closed"}]


def relieved(processes) -> None:
    """Somebody whom nothing happens to serves the board until it has ended."""
    worker = processes.work("--board", "last")
    worker.is_expected_to_end = True
    worker.wait()


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """What 22 kills and 6 stops, at the least, have left."""

    def made():
        done, found = campaign(tmp_path_factory.mktemp("campaign"), kills=22, stops=6, seed=11)
        return done.figures, found

    return once(tmp_path_factory, "campaign", made)


class TestACampaign:
    def test_leaves_nothing_lost_nothing_doubled_and_every_report_the_same(self, after):
        figures, found = after

        assert not {check: wrong[:3] for check, wrong in found.wrong.items() if wrong}, figures.table(found)
        assert found.lost == found.doubled == 0

    def test_has_killed_and_stopped_at_every_place_and_met_what_it_is_about(self, after):
        figures, found = after

        assert figures.killed.total() >= 22
        assert {place: figures.killed[place] for place in PLACES if figures.killed[place] < 2} == {}
        assert figures.stopped[STOP] >= 3
        assert figures.stopped[LAST] >= 3
        assert figures.takeovers > 20
        assert figures.zombies["fenced"] > 0
        assert figures.redone > 0, "no conflicts: nothing was proven"
        assert found.seen["reads"] > 500
        assert found.seen["acknowledged is there"] > 100


class TestAZombie:
    def late(self, processes, *guards: str):
        """A worker that stops when it has acted, loses its claim, and commits when another has landed the work."""
        trap = trapped("--at", "acted, not landed yet:1", "--stop", *guards)
        zombie = processes.work("--agents", "splitter", by=trap)
        until(lambda: zombie.state() == "T", "it stops")
        worker = processes.work()
        landed = "SELECT 1 FROM activation WHERE agent = 'splitter' AND state = 'done'"
        until(lambda: processes.rows(landed), "another has landed it")
        zombie.signal(signal.SIGCONT)
        until(lambda: [e for e in zombie.events() if e["message"].split()[0] in {"lost", "landed"}], "it commits")
        zombie.is_expected_to_end = worker.is_expected_to_end = True
        return zombie

    def test_is_refused_and_told_why(self, processes):
        zombie = self.late(processes)

        until(lambda: closed(processes), "the board ends")
        assert [by_commit for *_, by_commit in losses(zombie)] == [True]
        assert not any(truth(processes).wrong.values())

    def test_that_nobody_fences_is_found_out(self, processes):
        self.late(processes, "--without", "fence")

        until(lambda: truth(processes).wrong["one execution's entries"], "it is found out")


class TestANotice:
    def test_that_is_cut_off_by_a_kill_is_made_anew(self, processes):
        dead = processes.work(by=trapped("--at", "inside: noticed, cursor moved:1"))
        dead.is_expected_to_end = True

        assert dead.wait() == -signal.SIGKILL
        relieved(processes)

        assert not any(truth(processes).wrong.values())

    def test_whose_cursor_moves_by_itself_is_found_out(self, processes):
        dead = processes.work(by=trapped("--at", f"{BETWEEN}:1", "--without", "joint notice"))
        dead.is_expected_to_end = True

        assert dead.wait() == -signal.SIGKILL
        relieved(processes)

        assert truth(processes).wrong["board complete"]


class TestAWorkerThatIsStoppedInsideATransaction:
    def test_holds_up_who_writes_but_nobody_who_reads_until_it_is_killed(self, processes):
        stopped = processes.work(by=trapped("--at", "inside: activation finished:2", "--stop"))
        until(lambda: stopped.state() == "T", "it stops")
        others = [processes.work() for _ in range(2)]
        head = processes.rows("SELECT head FROM board")

        with pytest.raises(AssertionError, match="the database is free"):
            until(lambda: not is_locked(processes.db), "the database is free", seconds=3)
        assert processes.rows("SELECT head FROM board") == head
        assert all(other.is_up for other in others)

        stopped.kill()
        until(lambda: closed(processes), "the others go on")
        for other in others:
            other.is_expected_to_end = True
        assert not any(truth(processes).wrong.values())
