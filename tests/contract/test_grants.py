"""Grants: the commit refuses what an agent has not declared, whoever made the contribution."""

from dataclasses import replace

import pytest

from blackboard.activation import Refused
from blackboard.records import Grants, Seat
from tests.builders import Bench, amended, contribution, landed, note, query


@pytest.fixture
def granted(bench: Bench):
    """An agent that may write remarks and notes, read remarks, and call `search`; and its claim."""

    def declared(**options):
        grants = Grants(**{"writes": frozenset({"remark", "note"}), **options})
        trigger = bench.note("trigger", kind="trigger")
        bench.store.seat(bench.id, [Seat("a", "trigger", "v1", bench.head, grants)])
        bench.wake("a", trigger)
        return bench.claim("a")

    return declared


class TestAnAgent:
    def test_lands_what_it_has_declared(self, bench, granted):
        claim = granted(reads=frozenset({"remark"}), tools=frozenset({"search"}))
        made = contribution(claim, note(kind="remark"), kinds_read=frozenset({"remark"}), called=frozenset({"search"}))

        landed(bench.store.commit(bench.id, [made])[0][0])

    def test_writes_no_other_kind(self, bench, granted):
        ruling = bench.commit(granted(), note(kind="remark"), note(kind="report"))

        assert ruling == Refused("a writes report; add it to writes=")
        assert bench.found(query("remark")) == [], "nothing of it was written"

    def test_amends_no_other_kind(self, bench, granted):
        ruling = bench.commit(granted(), amended(bench.note(kind="report")))

        assert ruling == Refused("a writes report; add it to writes=")

    def test_reads_every_kind_where_it_says_nothing(self, bench, granted):
        landed(bench.commit(granted(), note(), kinds_read=frozenset({"secret"})))

    def test_reads_no_other_kind_where_it_says_which(self, bench, granted):
        claim = granted(reads=frozenset({"remark"}))

        assert bench.commit(claim, kinds_read=frozenset({"remark", "secret"})) == Refused(
            "a reads secret; add it to reads="
        )

    def test_calls_no_other_tool(self, bench, granted):
        ruling = bench.commit(granted(tools=frozenset({"search"})), called=frozenset({"send"}))

        assert ruling == Refused("a calls send; add it to tools=")

    def test_leaves_a_failure_that_the_board_writes_whatever_it_had_done(self, bench, granted):
        claim = granted(reads=frozenset())
        failure = replace(note(kind="failure"), author="board")

        landed(bench.commit(claim, failure, failed="it broke", kinds_read=frozenset({"secret"})))

    def test_is_held_to_what_its_seat_says_now(self, bench, granted):
        claim = granted()
        bench.store.seat(bench.id, [Seat("a", "trigger", "v2", 0, Grants(frozenset({"note"})))])

        assert isinstance(bench.commit(claim, note(kind="remark")), Refused)

    def test_of_an_older_release_that_declared_nothing_is_refused_nothing(self, bench):
        landed(bench.commit(bench.start(), note(kind="whatever"), called=frozenset({"send"})))


class TestASeat:
    def test_keeps_what_was_declared(self, bench):
        grants = Grants(frozenset({"note"}), frozenset(), frozenset({"search"}))
        bench.store.seat(bench.id, [Seat("a", "note", "v1", 0, grants), Seat("b", "note")])

        assert [s.grants for s in bench.store.seats(bench.id)] == [grants, None]
