"""Lines of descent in which somebody makes the same again and again, and those that only look like it."""

from itertools import count, islice

import pytest

from blackboard.records import Ancestor
from blackboard.runner.vigil import REPEATS, circle


def line(*made: tuple[str, str], key: str | None = "text-1", times: int = 1) -> list[Ancestor]:
    """Author and body of each version, oldest first, so many times over; what `circle` is shown."""
    seqs = count(1)
    told = []
    for _ in range(times):
        for author, body in made:
            seq = next(seqs)
            told.append(Ancestor(seq, key or f"text-{seq}", seq if key else 1, "text", "open", author, body))
    return told[::-1]


class TestACircle:
    def test_is_two_agents_that_undo_what_the_other_does(self):
        said = circle(line(("polisher", "rough"), ("sander", "smooth"), times=REPEATS))

        assert said == (
            'the same again and again: sander made text-1 "open" 5 times out of itself by way of polisher '
            "(v10, v8, v6, …)"
        )

    def test_is_an_agent_that_sets_itself_off(self):
        assert circle(line(("echo", "x"), times=REPEATS)) == (
            'the same again and again: echo made text-1 "open" 5 times out of itself (v5, v4, v3, …)'
        )

    def test_is_told_by_kind_and_keys_where_each_is_an_entry_of_its_own(self):
        assert circle(line(("echo", "x"), key=None, times=REPEATS)) == (
            'the same again and again: echo made the same text "open" 5 times out of itself (text-5, text-4, text-3, …)'
        )

    def test_may_go_by_way_of_bodies_that_differ(self):
        made = [pair for n in range(REPEATS) for pair in (("writer", "same"), ("critic", f"remark {n}"))]

        assert "writer made text-1" in (circle(line(*made)) or "")


class TestNoCircle:
    def test_is_there_before_the_fifth_time(self):
        assert circle(line(("polisher", "rough"), ("sander", "smooth"), times=REPEATS - 1)) is None

    def test_is_a_long_chain_of_bodies_that_differ(self):
        assert circle(line(*islice(((a, f"{n}") for n in count() for a in "ab"), 200))) is None

    def test_is_the_same_said_by_different_agents(self):
        assert circle(line(*((name, "x") for name in "abcdefgh"))) is None

    def test_is_what_the_board_itself_writes(self):
        assert circle(line(("board", "failure"), times=9)) is None

    @pytest.mark.parametrize("made", [[], [("a", "x")]])
    def test_is_in_a_line_that_is_short(self, made):
        assert circle(line(*made)) is None
