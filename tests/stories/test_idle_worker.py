"""A worker that has nothing to do costs next to nothing: a poll that finds nothing is all that it does."""

import asyncio
from contextlib import suppress

from blackboard import Entry, Kind, Scenario, View, agent
from blackboard.board import open_store
from blackboard.runner import waking
from blackboard.working import Working

SECONDS = 20
POLLS = 30


class Ask(Kind):
    """What only another process answers."""


class Reply(Kind):
    """The answer."""


class Thanks(Kind):
    """What this process waits to say."""


@agent(watches=Ask, writes=Reply)
def elsewhere(ask: Entry[Ask], view: View) -> None:
    view.post(Reply())


@agent(watches=Reply, writes=Thanks)
def here(reply: Entry[Reply], view: View) -> None:
    view.post(Thanks())


scenario = Scenario("asking", params=Ask, agents=[elsewhere, here], result=Thanks)


class TestAnIdleWorker:
    def test_does_not_judge_a_board_again_on_which_nothing_has_happened(self, tmp_path, monkeypatch):
        store = open_store(str(tmp_path / "w.db"))
        polls, judgements = 0, 0
        stamp, summary, enough = store.stamp, store.summary, asyncio.Event()

        def counted_stamp():
            nonlocal polls
            polls += 1
            if polls >= POLLS:
                enough.set()
            return stamp()

        def counted_summary(board, least=None):
            nonlocal judgements
            judgements += 1
            return summary(board, least)

        monkeypatch.setattr(waking, "POLL", 0.001)
        monkeypatch.setattr(store, "stamp", counted_stamp)
        monkeypatch.setattr(store, "summary", counted_summary)

        async def story():
            async with scenario.start(Ask(), db=store.url, only=[]) as run:
                pass
            run.board.store.close()
            task = asyncio.create_task(Working(store, lambda record: scenario, only=["here"]).run())
            async with asyncio.timeout(SECONDS):
                await enough.wait()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        asyncio.run(story())
        store.close()
        assert polls >= POLLS
        assert 1 <= judgements <= POLLS // 3
