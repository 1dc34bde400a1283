"""Stories of workers that pay: real processes, the real client, and a server that counts what it was asked."""

import json
import os
from collections.abc import Iterator

import pytest

from blackboard.budget import CALLS, USD, dollars
from blackboard.llm import prices
from blackboard.testing import MessagesServer
from store.sqlite import open_store
from tests.paying.campaign import Campaign
from tests.paying.crashes import PLACES, TOPICS, WAITING, Crash, Holding, chain
from tests.paying.scenario import OWN, TOGETHER, answer
from tests.paying.till import Nursery, Till, dearest, till, together
from tests.paying.traps import AFTER_SEND, BEFORE, COMMIT, JOURNALED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
CROWD = 80  # topics: as many as four processes ask about at a time
ROUNDS = int(os.environ.get("PAYING_KILLS") or 6)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where processes come from that have loaded everything already."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def workers(tmp_path, nursery) -> Iterator[Till]:
    """Processes of twenty slots and a server that bills what was reserved; three of them wait for a board."""
    server = MessagesServer(answer, usage=dearest, counts=False)
    with till(tmp_path / "till", server, nursery) as made:
        yield made


def crowd(workers: Till, processes: int, **environment: str) -> None:
    """All but one of the processes, which wait for a board; all of them are to work at the same time."""
    open_store(str(workers.db)).close()
    workers.environment |= {TOGETHER: together(workers.folder / "together", processes), **environment}
    for _ in range(processes - 1):
        workers.start("work", "--slots", workers.slots, "--quiet")


def is_settled(workers: Till) -> bool:
    """Whether nothing is reserved, and nothing is under way at the server."""
    held = workers.rows("SELECT sum(reserved) AS n FROM budget WHERE unit != 'activations'")
    return held[0]["n"] == 0 and workers.server.books.in_flight == 0


class TestACapOfThreeCalls:
    def test_lets_four_processes_of_twenty_agents_each_make_three_and_more_when_it_is_raised(self, workers):
        crowd(workers, 4)

        run = workers.run(CROWD, "--calls", 3)

        assert run.wait() == 3
        first = workers.asked
        assert len(first) == 3
        assert len(os.listdir(workers.folder / "together")) == 4  # noqa: PTH208
        said = run.said.partition(" ended: ")[2]
        assert said.startswith("budget in ")
        assert "asker needs another call, and nothing of the board's 3 calls is left (77 activations)" in said
        assert "--calls N" in said
        assert workers.states() == {"done": 3, "pending": 77}
        assert (workers.budget(CALLS)["settled"], is_settled(workers)) == (3, True)

        resumed = workers.resume("--calls", CROWD)

        assert resumed.wait() == 0, resumed.said
        assert sorted(workers.asked) == list(range(1, CROWD + 1)), "each once, those of before among them"
        assert workers.states() == {"done": CROWD}
        assert (workers.budget(CALLS)["settled"], is_settled(workers)) == (CROWD, True)

    def test_holds_for_one_agent_of_a_board_too(self, workers):
        crowd(workers, 2, **{OWN: "3"})

        run = workers.run(40)

        assert run.wait() == 3
        assert len(workers.asked) == 3
        assert "asker needs another call, and nothing of its own 3 calls is left (37 activations)" in run.said
        assert (workers.budget(CALLS, "agent:%")["settled"], is_settled(workers)) == (3, True)

    def test_holds_for_all_boards_of_a_database_in_a_day(self, workers):
        workers.told("limits", "--calls-a-day", 3)
        workers.environment[TOGETHER] = together(workers.folder / "together", 2)

        runs = [workers.run(20) for _ in range(2)]

        assert [run.wait() for run in runs] == [3, 3]
        assert len(workers.asked) == 3
        assert all("nothing of the 3 calls that the database may use today is left" in run.said for run in runs)
        assert (workers.budget(CALLS, "day:%")["settled"], is_settled(workers)) == (3, True)


class TestACapInMoney:
    def test_of_three_calls_at_their_bound_lets_four_processes_make_three_and_is_used_to_the_last_nano(self, workers):
        sample = workers.run(1)
        assert sample.wait() == 0, sample.said
        (asked,) = workers.server.calls
        bound = prices.bound(asked.body["model"], prices.input_bound(asked.body), asked.body["max_tokens"])
        assert asked.nano_usd == bound
        crowd(workers, 4)

        run = workers.run(CROWD, "--usd", dollars(3 * bound))

        assert run.wait() == 3
        assert [exchange.nano_usd for exchange in workers.server.calls] == [bound] * 4
        spent = workers.budget(USD, "board:paying-2")
        assert (spent["cap"], spent["settled"], spent["reserved"]) == (3 * bound, 3 * bound, 0)
        needs = f"asker needs up to {dollars(bound):f} USD for a call, and nothing of the board's"
        assert needs in run.said


@pytest.fixture(scope="module")
def crashes(tmp_path_factory, nursery) -> Iterator[tuple[Till, dict[str, Crash]]]:
    """One board, one call at a time, whose worker is killed at each place in turn; then it is resumed to its end."""
    server = Holding()
    with till(tmp_path_factory.mktemp("crashes"), server, nursery, slots=1) as made:
        yield made, chain(made, server)


class TestAWorkerThatIsKilledAroundACall:
    @pytest.mark.parametrize("place", PLACES)
    def test_has_paid_for_it_at_most_once_in_vain(self, crashes, place):
        crash = crashes[1][place]

        sent, rows = crash.requests, crash.rows

        lost = place not in {JOURNALED, COMMIT}
        assert (sent, [row["state"] for row in rows]) == {
            BEFORE: (1, ["unknown", "done"]),  # what was reserved is gone, though nothing was sent: who could tell
            WAITING: (2, ["unknown", "done"]),
            AFTER_SEND: (2, ["unknown", "done"]),
            JOURNALED: (1, ["done"]),
            COMMIT: (1, ["done"]),
        }[place]
        assert rows[0]["spent_usd"] == rows[0]["bound_usd"] or not lost

    @pytest.mark.parametrize("place", PLACES)
    def test_has_booked_at_that_moment_what_was_spent_or_more(self, crashes, place):
        crash = crashes[1][place]

        assert crash.billed <= crash.settled + crash.reserved
        assert crash.in_flight == (0 if place in {JOURNALED, COMMIT} else 1)

    def test_leaves_a_board_that_is_completed_by_resume_and_nothing_journaled_is_asked_again(self, crashes):
        workers, _ = crashes

        assert workers.every[-1].wait() == 0
        assert set(workers.asked) == set(range(1, TOPICS + 1))
        assert workers.states() == {"done": TOPICS}
        assert len(workers.asked) == TOPICS + 2, "of the five that have died, two had sent what nobody heard of"
        assert workers.server.nano_usd <= workers.budget(USD)["settled"]
        assert is_settled(workers)

    def test_is_told_of_by_cost(self, crashes):
        workers, seen = crashes
        unknown = [row for crash in seen.values() for row in crash.rows if row["state"] == "unknown"]

        told = json.loads(workers.told("cost", "last", "--json"))

        assert len(unknown) == 3
        assert told["for_nothing"]["crashes"]["calls"] == 3
        assert told["for_nothing"]["crashes"]["nano_usd"] == sum(row["spent_usd"] for row in unknown)


class TestAWorkerThatIsKilledAtAnyMoment:
    def test_has_never_spent_more_than_is_booked_nor_booked_more_than_is_allowed(self, tmp_path, nursery):
        figures = Campaign(tmp_path, nursery, seed=ROUNDS, kills=ROUNDS).run()

        assert figures.kills == ROUNDS
        assert figures.ended.keys() <= {0, 3}
        assert figures.ended.total() > 0
        assert figures.wrong == []
