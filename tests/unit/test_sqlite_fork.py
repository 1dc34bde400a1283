"""A database that was open when a process was forked is the parent's; the child may not touch it."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork"),
    pytest.mark.slow,
]
SECONDS = 60
OPENING = """
import gc, os, sys
from blackboard.errors import StoreError
from store.library import sqlite3
from store.sqlite import open_store

path = sys.argv[1]

def write(store, times=1):
    for _ in range(times):
        with store._database.writing() as at:
            at.execute("INSERT INTO note VALUES (1)")

def told(what):
    try:
        what()
    except StoreError as error:
        return str(error)
    return "nothing"

def descriptors():
    links = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    return sum(path in os.readlink(link) for link in links if os.path.exists(link))

store = open_store(path)
with store._database.writing() as at:
    at.execute("CREATE TABLE note (id)")
store.boards()
"""


def tell(path: Path, script: str) -> list[str]:
    """The lines that a program says which has a database open."""
    words = [sys.executable, "-c", textwrap.dedent(OPENING) + textwrap.dedent(script), str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class TestAChild:
    def test_is_told_that_the_database_was_opened_before_the_fork(self, tmp_path):
        said = tell(tmp_path / "f.db", """
            if os.fork() == 0:
                for what in (lambda: store.boards(), lambda: write(store), lambda: open_store(path)):
                    print(told(what), flush=True)
                os._exit(0)
            os.wait()
            write(store)
        """)  # fmt: skip

        assert len(said) == 3
        assert all("f.db was opened before a fork" in line and "open it again in the child" in line for line in said)

    def test_is_told_so_at_once_even_if_a_thread_of_the_parent_was_writing(self, tmp_path):
        said = tell(tmp_path / "f.db", """
            import threading
            inside, over = threading.Event(), threading.Event()
            def work():
                with store._database.writing():
                    inside.set()
                    over.wait()
            thread = threading.Thread(target=work)
            thread.start()
            inside.wait()
            if os.fork() == 0:
                print(told(lambda: write(store)), flush=True)
                store.close()
                os._exit(0)
            os.wait()
            over.set()
            thread.join()
        """)  # fmt: skip

        assert "before a fork" in said[0]

    @pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted in /proc")
    def test_closes_nothing_of_the_parent_neither_by_hand_nor_by_forgetting_it(self, tmp_path):
        said = tell(tmp_path / "f.db", """
            if os.fork() == 0:
                before = descriptors()
                store.close()
                del store
                gc.collect()
                print(before == descriptors() > 3, flush=True)
                os._exit(0)
            os.wait()
        """)  # fmt: skip

        assert said == ["True"]

    def test_that_ends_as_a_program_does_leaves_the_log_to_whoever_comes_next(self, tmp_path):
        said = tell(tmp_path / "f.db", """
            go, gone = os.pipe()
            if os.fork():
                write(store, 50)
                os._exit(0)  # the parent dies, and its log stays
            os.close(gone)
            os.read(go, 1)
            sys.exit(0)
        """)  # fmt: skip

        assert said == []
        assert (tmp_path / "f.db-wal").stat().st_size > 0

    def test_may_open_what_the_parent_had_closed_before(self, tmp_path):
        said = tell(tmp_path / "f.db", """
            store.close()
            if os.fork() == 0:
                again = open_store(path)
                write(again, 50)
                os._exit(0)
            os.wait()
            with open_store(path)._database.reading() as at:
                print(at.execute("SELECT count(*) FROM note").fetchall()[0][0])
        """)  # fmt: skip

        assert said == ["50"]

    def test_that_opened_it_all_the_same_would_lose_what_it_is_told_was_kept(self, tmp_path):
        said = tell(tmp_path / "f.db", """
            import select, subprocess
            ready, opened = os.pipe()
            go, closed = os.pipe()
            if os.fork() == 0:
                at = sqlite3.connect(path, isolation_level=None)  # past the store, which refuses it
                at.execute("SELECT count(*) FROM note").fetchall()
                os.write(opened, b"x")
                os.read(go, 1)
                for _ in range(50):
                    at.execute("INSERT INTO note VALUES (1)")
                os._exit(0)
            os.read(ready, 1)
            store.close()
            os.write(closed, b"x")
            os.wait()
            with open_store(path)._database.reading() as at:
                print(at.execute("SELECT count(*) FROM note").fetchall()[0][0])
        """)  # fmt: skip

        assert said == ["0"], "SQLite keeps its locks across a fork now: the store need not refuse it"
