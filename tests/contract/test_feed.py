"""The feed: every version in order, once; a hole in it is seen by whoever reads it. Hints say that there is news."""

import pytest

from blackboard.activation import Agenda
from blackboard.errors import FeedGap, UsageError
from tests.builders import Bench, amended, contribution, note
from tests.conftest import Refusal


class TestTheFeed:
    def test_it_gives_every_version_in_the_order_of_the_commits(self, bench):
        first = bench.note("one")
        bench.note("two")
        bench.amend(first, "three")

        feed = bench.store.feed(bench.id, 0)

        assert [(r.seq, r.key, r.version) for r in feed] == [(1, "note-1", 1), (2, "note-2", 1), (3, "note-1", 2)]

    def test_it_goes_on_after_any_seq_in_parts_of_any_size(self, bench):
        for _ in range(7):
            bench.note()

        after, seen = 0, []
        while rows := bench.store.feed(bench.id, after, 3):
            seen += [r.seq for r in rows]
            after = rows[-1].seq

        assert seen == [1, 2, 3, 4, 5, 6, 7]
        assert bench.store.feed(bench.id, 7) == bench.store.feed(bench.id, 99) == []

    def test_it_tells_which_version_has_replaced_which(self, bench):
        bench.amend(bench.note())

        assert [r.superseded for r in bench.store.feed(bench.id, 0)] == [2, None]

    def test_what_was_rolled_back_leaves_no_hole(self, bench):
        old = bench.note()
        bench.commit(bench.start(), note(), amended(old, "one"), amended(old, "two"))
        bench.note()

        assert [r.seq for r in bench.store.feed(bench.id, 0)] == list(range(1, bench.head + 1))

    def test_it_is_of_one_board(self, store, clock):
        one, other = Bench.on(store, clock), Bench.on(store, clock)
        one.note("one")
        other.note("other")

        assert [r.body for r in store.feed(one.id, 0)] == ['{"text": "one"}']

    @pytest.mark.parametrize("after", [0, 1])
    def test_a_hole_is_never_passed_over(self, bench, raw, after):
        bench.note()
        kept = (
            "board_id, version, kind, status, author, activation_id, about, integrity, confidentiality, origins, "
            "sha256, posted_at, born_seq, body"
        )
        raw(f"INSERT INTO entry (seq, key, {kept}) SELECT 3, 'note-9', {kept} FROM entry")

        with pytest.raises(FeedGap, match="seq 2 is missing"):
            bench.store.feed(bench.id, after)


class TestAHint:
    @pytest.fixture
    def hints(self, bench):
        seen: list[int] = []
        bench.store.watch(lambda: seen.append(bench.head))
        return seen

    def test_it_is_given_after_the_commit_so_that_who_looks_sees_it(self, bench, hints):
        bench.note()
        assert hints == [1]

        claim = bench.start()
        hints.clear()
        bench.commit(claim, note())
        assert hints == [bench.head]

    def test_it_is_given_when_the_board_is_cancelled_ends_and_is_opened_again(self, bench, hints):
        bench.store.cancel(bench.id, "enough")
        bench.store.conclude(bench.id, "{}", 0, False)
        bench.store.reopen(bench.id, ())

        assert len(hints) == 3

    def test_it_is_not_given_any_more_when_that_was_said(self, bench):
        seen: list[int] = []
        stop = bench.store.watch(lambda: seen.append(1))
        stop()

        bench.note()

        assert seen == []

    def test_one_that_fails_takes_nothing_back_and_keeps_no_other_from_its_hint(self, bench):
        def fails():
            raise RuntimeError("the loop is closed")

        bench.store.watch(fails)
        seen: list[int] = []
        bench.store.watch(lambda: seen.append(1))

        bench.note()
        claim = bench.start()
        seen.clear()
        bench.store.commit(bench.id, [contribution(claim, note())], Agenda("w1"))

        assert seen == [1]

    def test_a_refused_post_gives_none(self, bench, hints):
        old = bench.note()
        bench.amend(old)
        hints.clear()

        with pytest.raises(UsageError):
            bench.amend(old)

        assert hints == []

    def test_a_hint_may_look_at_the_store(self, bench, raw):
        found: list[object] = []
        bench.store.watch(lambda: found.append(bench.store.summary(bench.id)))

        bench.note()

        assert len(found) == 1
        with pytest.raises(Refusal):
            raw("DELETE FROM entry")
