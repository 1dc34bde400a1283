"""What becomes of an activation whose agent asks a model: parked, lost, failed, or tried again."""

import asyncio
from dataclasses import replace

import pytest

from blackboard import Entry, Kind, View, agent
from blackboard.calls import Short
from blackboard.errors import BudgetExceeded, ClaimLost, ModelFailed, StoreError
from blackboard.runner.acting import Acting
from blackboard.runner.plan import matcher
from blackboard.runner.view import Toolbox
from blackboard.running import blocking
from blackboard.seam import REAL
from blackboard.testing import memory_board
from blackboard.testing.acting import _claimed

EXCEEDED = BudgetExceeded("nothing is left", "board:test-1", "nano_usd", 30)


class Draft(Kind):
    text: str = ""


class Refusing:
    """A model that answers with what goes wrong."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def ask(self, asked):
        raise self.error


@agent(watches=Draft, writes=Draft, model="fast", retry=2)
async def asks(draft: Entry[Draft], view: View) -> None:
    await view.ask("What of it?")


@agent(watches=Draft, writes=Draft, model="fast", retry=2)
async def asks_side_by_side(draft: Entry[Draft], view: View) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(view.ask("What of it?"))
        group.create_task(view.ask("What else?"))


@pytest.fixture
def acted():
    """Lets an agent act once whose model answers with this error."""
    boards = []

    def act(one, error, attempt=1):
        board = memory_board()
        boards.append(board)
        claim = replace(_claimed(board, one, [board.post(Draft())]), attempt=attempt)
        lane = REAL.lane("test", 1)
        acting = Acting(board.store, {one.name: one}, matcher([]), lane, Toolbox(lane, model=Refusing(error)))
        try:
            return blocking(acting.act(claim))
        finally:
            lane.close()

    yield act
    for board in boards:
        board.close()


@pytest.mark.parametrize("one", [asks, asks_side_by_side], ids=["alone", "side by side"])
class TestAnErrorOfAnAsk:
    def test_that_a_budget_allows_no_more_parks_it_whatever_the_attempt(self, acted, one):
        for attempt in (1, 3):
            said = acted(one, EXCEEDED, attempt)

            assert said.short == (Short("board:test-1", "nano_usd", 30, 0, 0), "nothing is left")
            assert not said.retry

    def test_that_the_model_gave_no_answer_is_not_tried_again(self, acted, one):
        said = acted(one, ModelFailed("would not", "refusal"))

        assert (said.retry, said.short) == (False, None)
        assert said.cause.startswith("ModelFailed: would not")

    def test_that_the_model_gave_no_answer_goes_to_the_fallback(self, acted, one):
        simpler = replace(asks, name="simpler", model=None)

        said = acted(replace(one, fallback=simpler), ModelFailed("would not", "refusal"))

        assert said.next is simpler

    def test_that_the_claim_was_lost_is_no_failure_and_left_to_the_store(self, acted, one):
        said = acted(one, ClaimLost("another worker has it"), attempt=3)

        assert (said.retry, said.turn, said.looked) == (True, None, None)

    def test_that_the_database_is_away_is_tried_again(self, acted, one):
        assert acted(one, StoreError("disk I/O error")).retry


class TestABudgetOfTheAgentsOwnMaking:
    def test_has_no_scope_and_is_a_failure_like_any_other(self, acted):
        said = acted(asks, BudgetExceeded("I have had enough"))

        assert said.short is None
        assert said.retry
