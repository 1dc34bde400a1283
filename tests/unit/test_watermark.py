"""The mark beside a database: what it remembers, when it begins anew, and that it never stands in the way."""

import os

import pytest

from blackboard.errors import FeedGap, StoreError
from blackboard.records import NewBoard
from store.sqlite import open_store
from store.watermark import Watermark
from tests.builders import Bench, note, said

MADE_AT = 1234.5


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.db-live" / "mark"


class TestTheMark:
    def test_remembers_the_highest_head_of_each_board(self, path):
        mark = Watermark(path, MADE_AT)

        mark.note(1, 7)
        mark.note(3, 9)
        mark.note(1, 5)

        other = Watermark(path, MADE_AT)
        assert [other.head_of(n) for n in range(5)] == [0, 7, 0, 9, 0]

    def test_is_not_lowered_by_another_process_that_comes_late(self, path):
        early, late = Watermark(path, MADE_AT), Watermark(path, MADE_AT)

        early.note(1, 7)
        late.note(1, 6)

        assert early.head_of(1) == 7

    def test_begins_anew_for_another_database_at_the_same_place(self, path):
        Watermark(path, MADE_AT).note(1, 7)

        other = Watermark(path, MADE_AT + 1)
        assert other.head_of(1) == 0
        other.note(2, 3)

        assert [other.head_of(n) for n in (1, 2)] == [0, 3]
        assert Watermark(path, MADE_AT).head_of(1) == 0

    def test_begins_anew_where_the_file_holds_something_else(self, path):
        path.parent.mkdir()
        path.write_bytes(b"something else that is longer than the header")

        mark = Watermark(path, MADE_AT)
        assert mark.head_of(1) == 0
        mark.note(1, 2)

        assert mark.head_of(1) == 2

    def test_is_not_made_by_looking(self, path):
        assert Watermark(path, MADE_AT).head_of(1) == 0
        assert not path.parent.exists()

    def test_stands_in_nobodys_way_where_it_cannot_be_written(self, path):
        path.parent.write_text("a file where the folder should be")
        mark = Watermark(path, MADE_AT)

        mark.note(1, 7)
        mark.note(1, 2**70)
        mark.note(1, -1)

        assert mark.head_of(1) == 0

    def test_is_silent_once_it_is_closed(self, path):
        mark = Watermark(path, MADE_AT)
        mark.note(1, 7)
        file = mark._file

        mark.close()
        mark.close()
        mark.note(1, 8)

        assert mark.head_of(1) == 7
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(file)


class TestABoard:
    @pytest.fixture
    def older(self, tmp_path, clock):
        """Puts back how the file was when a board had two entries, after a third was acknowledged."""
        file = tmp_path / "x.db"
        store = open_store(str(file), True, clock)
        bench = Bench.on(store, clock)
        bench.note()
        bench.note()
        store.close()
        copy = file.read_bytes()
        store = open_store(str(file), True, clock)
        store.post(bench.id, "the third", said(note()))
        store.close()
        file.write_bytes(copy)
        store = open_store(str(file), True, clock)
        yield store
        store.close()

    @pytest.mark.parametrize("move", ["check_head", "reopen"])
    def test_whose_end_has_vanished_is_not_opened_for_work(self, older, move, tmp_path):
        with pytest.raises(FeedGap) as caught:
            older.check_head("test-1") if move == "check_head" else older.reopen("test-1", ())

        assert str(caught.value) == (
            "test-1 was acknowledged up to seq 3, the file ends at 2; restore its -wal or a backup; "
            f"to go on with what is there, delete {tmp_path}/x.db-live/mark"
        )

    def test_is_opened_once_the_mark_is_deleted(self, older, tmp_path):
        (tmp_path / "x.db-live" / "mark").unlink()

        older.check_head("test-1")

        assert {f.level for f in older.examine() if f.what == "ends"} == {"ok"}

    @pytest.mark.parametrize("move", ["create", "post", "commit", "strike"])
    def test_is_noted_by_all_that_moves_its_head(self, tmp_path, clock, move):
        store = open_store(str(tmp_path / "y.db"), True, clock)
        bench = Bench.on(store, clock)
        mark = Watermark(tmp_path / "y.db-live" / "mark", clock.time)
        if move == "create":
            store.create(NewBoard("test"), [], said(note()))
            assert mark.head_of(2) == 1
            return
        bench.note()
        if move == "commit":
            bench.commit(bench.start(), note())
        elif move == "strike":
            store.strike(bench.id, bench.head, said(note()))
        assert bench.head == mark.head_of(1) == {"post": 1, "commit": 3, "strike": 2}[move]

    def test_that_was_never_noted_is_noted_when_it_is_opened_for_work(self, tmp_path, clock):
        store = open_store(str(tmp_path / "y.db"), True, clock)
        bench = Bench.on(store, clock)
        bench.note()
        store.close()
        (tmp_path / "y.db-live" / "mark").unlink()
        store = open_store(str(tmp_path / "y.db"), True, clock)

        store.check_head(bench.id)

        assert Watermark(tmp_path / "y.db-live" / "mark", clock.time).head_of(1) == 1

    def test_that_is_not_there_is_no_matter(self, store):
        store.check_head("nobody-1")

    def test_in_memory_has_no_mark(self, clock):
        bench = Bench.on(open_store(":memory:", True, clock), clock)
        bench.note()

        bench.store.check_head(bench.id)

        assert bench.store._mark is None

    def test_is_committed_also_where_nothing_can_be_noted(self, tmp_path, clock, monkeypatch):
        store = open_store(str(tmp_path / "y.db"), True, clock)
        bench = Bench.on(store, clock)

        def failing(_board):
            raise StoreError("too many open files")

        monkeypatch.setattr(store, "_number", failing)
        assert bench.note().seq == 1
