"""Closing a database that another thread is looking at."""

import threading

import pytest

from blackboard.errors import StoreError
from store.sqlite import open_store

SECONDS = 20
ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1e12) SELECT count(*) AS n FROM n"


class TestClosing:
    def test_interrupts_who_looks_and_waits_until_they_have_let_go(self, tmp_path):
        store = open_store(str(tmp_path / "x.db"))
        said, begun = [], threading.Event()

        def look():
            begun.set()
            try:
                store.sql(ENDLESS, {})
            except StoreError as error:
                said.append(str(error))

        looking = threading.Thread(target=look)
        looking.start()
        assert begun.wait(SECONDS)
        while not store._database._readers.lent:
            assert looking.is_alive()

        store.close()

        looking.join(SECONDS)
        assert len(said) == 1
        assert not (tmp_path / "x.db-wal").exists(), "somebody still has it open"

    @pytest.mark.parametrize("round_", range(20))
    def test_while_others_come_and_go_harms_nobody(self, tmp_path, round_):
        store = open_store(str(tmp_path / "x.db"))
        begun, ended = threading.Barrier(4), []

        def look():
            begun.wait(SECONDS)
            try:
                while True:
                    store.boards()
            except StoreError as error:
                ended.append(str(error))

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        begun.wait(SECONDS)

        store.close()

        for thread in threads:
            thread.join(SECONDS)
        assert len(ended) == 3
