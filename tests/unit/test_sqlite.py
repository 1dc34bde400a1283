"""What is SQLite's own: how a transaction begins, what an interrupt may leave, how a busy file is opened."""

import threading

import pytest

from store.library import sqlite3
from store.sqlite import open_store

SECONDS = 20


class TestATransaction:
    def test_that_is_interrupted_right_after_it_began_is_not_left_open(self, tmp_path, monkeypatch):
        store = open_store(str(tmp_path / "t.db"))
        database = store._database
        begin = database._begin

        def interrupted():
            begin()
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(database, "_begin", interrupted)
            with pytest.raises(KeyboardInterrupt), database.writing():
                pass

        with open_store(str(tmp_path / "t.db"))._database.writing() as other:
            other.execute("UPDATE board SET head = head")
        with database.writing() as at:
            at.execute("UPDATE board SET head = head")


class TestOpening:
    def test_waits_for_a_file_that_somebody_holds_for_a_moment(self, tmp_path):
        path = str(tmp_path / "o.db")
        open_store(path).close()
        holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        done: list[object] = []
        opener = threading.Thread(target=lambda: done.append(open_store(path).boards()), daemon=True)

        opener.start()
        opener.join(0.2)  # it is waiting, or has failed
        assert done == []
        holder.close()
        opener.join(SECONDS)

        assert done == [[]]
