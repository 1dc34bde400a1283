"""Stories of several workers at one endpoint: a limit that all keep to, and one whose work another has taken."""

import os
import signal
from collections.abc import Iterator

import pytest

from blackboard.budget import CALLS, USD
from blackboard.testing import MessagesServer
from blackboard.testing.server import Trouble
from blackboard.testing.server.trouble import Refused, Window
from tests.paying.scenario import TOGETHER, answer
from tests.paying.storm import AGENTS
from tests.paying.storm import __file__ as storm
from tests.paying.till import Nursery, Paying, Till, till, together
from tests.paying.traps import AFTER_SEND
from tests.stress.fleet import state, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
TOPICS, SLOTS = 3 * AGENTS, 20
REQUESTS, SECONDS = 5, 0.6  # what the endpoint allows
LEASE = 0.6
HELD = 30.0  # seconds: longer than any of this takes
BOOKED = "SELECT id, state, fault, bound_usd, spent_usd FROM call ORDER BY id"


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where processes come from that have loaded everything already."""
    made = Nursery()
    yield made
    made.close()


class Told(Window):
    """A limit that remembers whom it has refused, and until when it wanted rest."""

    def __init__(self) -> None:
        super().__init__(REQUESTS, SECONDS)
        self.refused: list[tuple[float, float]] = []

    def take(self, now: float) -> dict[str, str]:
        """See Window."""
        try:
            return super().take(now)
        except Refused:
            self.refused.append((now, self._until))
            raise


class TestAnEndpointWithALimit:
    def test_gets_no_call_of_any_process_while_it_has_asked_for_rest_and_answers_all_in_the_end(
        self, tmp_path, nursery
    ):
        server, told = MessagesServer(answer, limit=(REQUESTS, SECONDS)), Told()
        server.window = told
        with till(tmp_path / "till", server, nursery, slots=SLOTS) as workers:
            workers.environment[TOGETHER] = together(tmp_path / "together", 2)
            run = workers.start("run", storm, TOPICS, "--slots", workers.slots)
            until(workers.db.exists, "the board is there")
            workers.start("work", "--slots", workers.slots, "--quiet")

            assert run.wait() == 0, run.said

            answered = [e for e in server.calls if e.status == 200]
            assert len(answered) == TOPICS
            calls = workers.rows("SELECT begun_at, ended_at, fault FROM call ORDER BY ended_at")
            assert {call["fault"] for call in calls} == {None, "limited"}, "its limit was met"
            for _, rested in told.refused:
                heard = min(c["ended_at"] for c in calls if c["fault"] and c["ended_at"] > rested - SECONDS)
                assert [c for c in calls if heard < c["begun_at"] < rested] == []
            assert len(told.refused) <= 2 * TOPICS


class TestAWorkerThatIsStoppedWhileItWaitsForAnAnswer:
    @pytest.fixture
    def workers(self, tmp_path, nursery) -> Iterator[Till]:
        """A database with a short lease, and a server that keeps its first answer back where it is told to."""
        self.held = 0.0
        server = MessagesServer(answer, troubles=lambda n, _: Trouble(seconds=self.held if n == 1 else 0))
        with till(tmp_path / "till", server, nursery, slots=1, BLACKBOARD_LEASE=str(LEASE)) as made:
            yield made

    def taken_over(self, workers: Till, one: Paying) -> None:
        """It is stopped; another does its work; then it goes on, to its end."""
        until(lambda: state(one.pid) == "T", "it is stopped")
        workers.start("work", "--quiet")
        until(lambda: workers.states() == {"done": 1}, "another has done it")
        os.kill(one.pid, signal.SIGCONT)
        assert one.wait() == 0, one.said
        until(lambda: not workers.server.books.in_flight, "nobody waits any more")

    def check(self, workers: Till, before: str) -> None:
        """One entry, and exact books."""
        first, second = workers.rows(BOOKED)
        billed = [e.nano_usd for e in workers.server.calls]
        assert (first["state"], second["state"]) == (before, "done")
        assert workers.rows("SELECT count(*) AS n FROM entry WHERE kind = 'note'") == [{"n": 1}]
        spent = [billed[0] if before == "late" else first["bound_usd"], billed[1]]
        assert [first["spent_usd"], second["spent_usd"]] == spent
        usd, calls = workers.budget(USD), workers.budget(CALLS)
        assert (usd["settled"], usd["reserved"]) == (sum(spent), 0)
        assert (calls["settled"], calls["reserved"]) == (2, 0)

    def test_gives_its_request_up_when_it_goes_on_and_has_it_booked_at_its_bound(self, workers):
        self.held = HELD
        one = workers.run(1)
        until(lambda: workers.server.books.in_flight, "it waits for an answer")
        os.kill(one.pid, signal.SIGSTOP)

        self.taken_over(workers, one)

        assert [e.is_gone for e in workers.server.calls] == [True, False]
        self.check(workers, "unknown")

    def test_has_an_answer_that_it_has_already_booked_as_late(self, workers):
        one = workers.run(1, at=f"{AFTER_SEND}:1:stop")

        self.taken_over(workers, one)

        self.check(workers, "late")
