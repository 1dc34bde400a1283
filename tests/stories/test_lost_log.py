"""A -wal that was deleted after everybody had died: what was acknowledged is missed, not taken for a beginning."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from blackboard.activation import Contribution
from blackboard.errors import FeedGap, StoreError
from blackboard.records import NewBoard
from store.sqlite import open_store
from tests.builders import OUTSIDE, note

SEED = Contribution(OUTSIDE, "person", (note("acknowledged"),))
HERE = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from store.sqlite import open_store
from blackboard.records import NewBoard
from tests.stories.test_lost_log import SEED

store = open_store(sys.argv[1])
store.create(NewBoard("young"), [], SEED)
os.kill(os.getpid(), signal.SIGKILL)
"""


def a_board_is_made_and_its_log_is_lost(path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60, cwd=HERE)
    path.with_name("x.db-wal").unlink()


class TestALogThatWasLostWhileNobodyWasThere:
    def test_of_the_first_board_is_not_taken_for_a_new_database(self, tmp_path):
        path = tmp_path / "x.db"
        a_board_is_made_and_its_log_is_lost(path)

        with pytest.raises(
            StoreError, match=r"x\.db is empty, but boards were acknowledged in it: its -wal is missing"
        ):
            open_store(str(path))

    def test_of_a_later_board_is_found_by_doctor_and_the_next_run_says_so_before_it_begins(self, tmp_path):
        path = tmp_path / "x.db"
        with closing(open_store(str(path))) as store:
            store.create(NewBoard("old"), [], SEED)
        a_board_is_made_and_its_log_is_lost(path)

        with closing(open_store(str(path))) as store:
            found = {f.what: f for f in store.examine()}["ends"]
            assert (found.level, found.detail) == (
                "error",
                "board 2 of the file was acknowledged up to seq 1, and is not there",
            )
            with pytest.raises(FeedGap, match="board 2 of the file was acknowledged"):
                store.create(NewBoard("new"), [], SEED)
            assert [b.scenario for b in store.boards()] == ["old"]


class TestAStoreThatWasClosed:
    def test_says_so_and_opens_nothing_behind_its_back(self, tmp_path):
        store = open_store(str(tmp_path / "x.db"))
        store.close()

        with pytest.raises(StoreError, match=r"x\.db was closed here; open it again"):
            store.boards()
