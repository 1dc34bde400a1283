"""Slots: no more at a time than there are, and none of the boards that want some goes without."""

import random
from collections import Counter

import pytest

from blackboard.runner.slots import Slots


def nothing() -> None:
    """Nobody needs to be told."""


class TestSlots:
    def test_are_all_for_the_only_board_that_wants_them(self):
        slots = Slots(5)

        assert slots.take("a", nothing) == 5
        assert slots.take("b", nothing) == 0

    def test_that_were_not_needed_can_be_had_by_another(self):
        slots = Slots(5)
        slots.take("a", nothing)
        slots.hold("a", 1, sated=True)

        assert slots.take("b", nothing) == 4

    def test_tell_who_has_waited_when_one_is_free(self):
        slots, told = Slots(2), []
        slots.take("a", nothing)
        slots.take("b", lambda: told.append("b"))

        slots.hold("a", 1)

        assert told == ["b"]

    def test_are_shared_when_two_boards_want_them_all(self):
        slots = Slots(5)
        slots.take("a", nothing)
        slots.take("b", nothing)
        for left in (4, 3, 2):
            slots.hold("a", left)

        assert slots.take("a", nothing) == 1, "its share, rounded up"
        assert slots.take("b", nothing) == 2

    def test_give_every_board_one_even_where_there_are_more_boards_than_slots(self):
        slots = Slots(2)
        for board in "abc":
            slots.take(board, nothing)
        slots.hold("a", 1)

        assert slots.take("c", nothing) == 1

    def test_of_a_board_that_has_ended_are_free(self):
        slots = Slots(3)
        slots.take("a", nothing)

        slots.close("a")

        assert (slots.used, slots.take("b", nothing)) == (0, 3)

    @pytest.mark.parametrize("seed", range(20))
    def test_are_never_more_than_there_are_and_nobody_starves(self, seed):
        chance, slots, boards = random.Random(seed), Slots(4), "abcde"
        waiting = Counter(dict.fromkeys(boards, 30))
        running: Counter[str] = Counter()
        asked = set(boards)
        done: list[str] = []
        while asked or running.total():
            if asked and chance.random() < 0.7:
                board = chance.choice(sorted(asked))
                asked.discard(board)
                got = slots.take(board, lambda board=board: asked.add(board))
                began = min(got, waiting[board])
                waiting[board] -= began
                running[board] += began
                slots.hold(board, running[board], sated=began < got)
            elif running.total():
                board = chance.choice(sorted(running.elements()))
                running[board] -= 1
                done.append(board)
                slots.hold(board, running[board])
                asked.add(board)
            assert running.total() == slots.used <= 4

        assert len(done) == 150
        assert set(done[:60]) == set(boards), "one of them has waited for the others to end"
