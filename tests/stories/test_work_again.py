"""A worker whose database fails for a while goes on when that is over."""

import asyncio

from blackboard import working
from blackboard.board import open_store
from blackboard.errors import StoreError
from store.store import SqlStore
from tests.stories.test_work import begun, ended
from tests.stories.test_work import working as worker

LOCKED = "w.db: database is locked; another process holds it; try again when that has ended"


class TestABoardThatTheDatabaseKeepsFromBeingServed:
    def test_is_tried_again_until_it_is_served_and_the_reason_is_told_once(self, tmp_path, monkeypatch):
        failures, told, seat = [1, 2, 3], [], SqlStore.seat

        def failing(self, board, seats):
            if failures:
                failures.pop()
                raise StoreError(LOCKED)
            seat(self, board, seats)

        async def story(db, store):
            board = await begun(db)
            monkeypatch.setattr(SqlStore, "seat", failing)
            async with worker(store, tell=told.append):
                await ended(store, board)
            return board

        monkeypatch.setattr(working, "AGAIN", 0.3)  # longer than a busy machine takes to fail
        db = str(tmp_path / "w.db")
        store = open_store(db)
        board = asyncio.run(story(db, store))
        store.close()

        assert failures == []
        assert told == [f"{board} cannot be served: {LOCKED}"]
