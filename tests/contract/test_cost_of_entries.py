"""What it cost to come to an entry: all calls of what wrote it, and of all that was read on the way, each once."""

import pytest

from blackboard.activation import ReadSet
from blackboard.board import Board
from blackboard.calls import Amounts, CallRecord, NewCall
from blackboard.costs import derived, line
from blackboard.waste import wasted
from tests.builders import UNCAPPED, Bench, again, amended, note
from tests.calling import asks, begins, wrote


@pytest.fixture
def board(bench):
    return Board(bench.store, bench.id)


def nano(cost):
    return int(cost.usd * 1_000_000_000)


class TestTheCostOfAnEntry:
    def test_is_that_of_the_calls_of_what_wrote_it(self, bench, board):
        claim = bench.start("a")
        asks(bench, claim, 3)
        asks(bench, claim, 4, "another question")
        (answer,) = wrote(bench, claim, note(kind="answer"))
        assert (nano(board.cost(answer.key)), board.cost(answer.key).calls) == (7, 2)

    def test_has_all_that_it_was_derived_from_each_call_once(self, bench, board):
        # given two answers, of which the second read the first, and a report that read both
        first_of = bench.start("a")
        asks(bench, first_of, 1)
        (first,) = wrote(bench, first_of, note(kind="answer"))
        second_of = bench.start("b", on=first)
        asks(bench, second_of, 10)
        (second,) = wrote(bench, second_of, note(kind="answer"), reads=[first])
        report_of = bench.start("c", on=second)
        asks(bench, report_of, 100)
        (report,) = wrote(bench, report_of, note(kind="report"), reads=[first, second])
        # then
        assert [nano(board.cost(row.key)) for row in (first, second, report)] == [1, 11, 111]
        assert [(s.agent, nano(s.cost)) for s in line(bench.store, bench.id, report) if s.calls] == [
            ("c", 100), ("b", 10), ("a", 1),
        ]  # fmt: skip

    def test_has_not_what_failed_or_was_made_beside_it(self, bench, board):
        made_of = bench.start("a")
        asks(bench, made_of, 1)
        (made,) = wrote(bench, made_of, note(kind="answer"))
        beside = bench.start("b")
        asks(bench, beside, 10)
        bench.commit(beside, failed="it broke")
        assert (nano(board.cost(made.key)), nano(board.cost())) == (1, 11)

    def test_follows_what_a_person_amended_to_the_version_before(self, bench, board):
        claim = bench.start("a")
        asks(bench, claim, 5)
        (before,) = wrote(bench, claim, note(kind="answer"))
        (after,) = bench.post(amended(before))
        assert nano(board.cost(after.key)) == 5
        assert before.seq in {r.seq for r in derived(bench.store, bench.id, after)}

    def test_of_a_version_has_nothing_of_later_ones(self, bench, board):
        claim = bench.start("a")
        asks(bench, claim, 5)
        (before,) = wrote(bench, claim, note(kind="answer"))
        earlier = board.entry(before.key)
        again = bench.start("b", on=before)
        asks(bench, again, 50)
        wrote(bench, again, amended(before))
        assert (nano(board.cost(earlier)), nano(board.cost(before.key))) == (5, 55)

    def test_is_nothing_where_no_model_was_asked(self, bench, board):
        row = bench.note()
        assert str(board.cost(row.key)) == "0 USD"


class TestTheCostOfABoard:
    def test_is_the_sum_of_its_agents_and_models(self, bench, board):
        a, b = bench.start("a"), bench.start("b")
        asks(bench, a, 1)
        asks(bench, b, 2)
        cost = board.cost()
        assert {part: nano(its) for part, its in cost.parts.items()} == {("b", "fast"): 2, ("a", "fast"): 1}
        assert (nano(cost), cost.tokens, cost.calls) == (3, 20, 2)

    def test_has_no_call_of_another_board(self, bench, board, clock):
        other = Bench.on(bench.store, clock)
        asks(other, other.start("a"), 9)
        assert board.cost().calls == 0

    def test_tells_calls_whose_price_nobody_knows_apart(self, bench, board):
        asks(bench, bench.start("a"), 5, spent=Amounts(None, 7))
        cost = board.cost()
        assert (nano(cost), cost.unpriced, cost.tokens) == (0, 1, 7)

    def test_has_a_call_that_is_under_way(self, bench, board):
        claim = bench.start("a")
        begins(bench, claim, "a question")
        assert str(board.cost()) == "1 call under way"

    def test_is_there_after_the_board_was_opened_again(self, bench, board):
        asks(bench, bench.start("a"), 5)
        board.cancel()
        bench.store.reopen(bench.id, UNCAPPED)
        assert nano(board.cost()) == 5


class TestWhatAConflictHasCost:
    def test_is_what_was_asked_in_vain_and_no_answer_that_was_used(self, bench, board, clock):
        # given two questions, of which the second shows what is changed meanwhile
        shown = bench.note("before")
        claim = bench.start("a")
        asks(bench, claim, 1, "the same as ever")
        asks(bench, claim, 10, "before")
        clock.pass_by(1)
        bench.amend(shown, "after")
        anew = again(bench.commit(claim, note(kind="answer"), reads=ReadSet(strict=(shown.seq,))))
        clock.pass_by(1)
        # when it is done again: the first is in the journal, the second is another question
        first = bench.store.begin_call(NewCall(anew, "the same as ever", 1, "script", "fast", "{}", Amounts(1, 10)))
        assert isinstance(first, CallRecord)
        asks(bench, anew, 100, "after")
        wrote(bench, anew, note(kind="answer"))
        # then
        calls = bench.store.calls(bench.id)
        waste = wasted(calls, bench.store.activations(bench.id), bench.store.attempts(bench.id, [claim.id]))
        assert (nano(waste.conflicts), nano(board.cost())) == (10, 111)
