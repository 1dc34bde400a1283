"""A worker beside others: its heart, the hints that it hears, the work that it loses or cannot finish."""

import asyncio
import os
import signal
import threading

import pytest

from blackboard import Budget, Entry, Failure, Kind, Scenario, View, agent, open_board, when
from blackboard.runner import heart, loop, waking
from store.store import SqlStore

SECONDS = 20


class Note(Kind):
    """Something to act on."""

    number: int = 0


class Reply(Kind):
    """What came of it."""


@agent(watches=Note, writes=Reply)
def answerer(note: Entry[Note], view: View) -> None:
    """Answers."""
    view.post(Reply(), about=note)


def counting(replies: int, *agents, **options) -> Scenario:
    enough = when(lambda board: board.count(Reply) >= replies, f"{replies} replies")
    return Scenario("s", params=Note, agents=list(agents), result=Reply, done=enough, **options)


class TestAHint:
    def test_wakes_the_worker_long_before_it_would_look_by_itself(self, monkeypatch):
        monkeypatch.setattr(waking, "POLL", 10 * SECONDS)
        working, go = asyncio.Event(), asyncio.Event()

        @agent(watches=Note, writes=Reply, where=lambda note: note.number == 0)
        async def waits(note: Entry[Note], view: View) -> None:
            working.set()
            await go.wait()

        async def story():
            async with counting(2, answerer, waits).start(Note(), db=":memory:") as run:
                await working.wait()
                await asyncio.sleep(0.2)  # the worker has nothing to do and waits
                run.board.post(Note(number=1))
                verdict = await asyncio.wait_for(run.end(), SECONDS)
                go.set()
                return verdict

        assert asyncio.run(story()).ending == "complete"


class TestTheHeart:
    def test_notices_that_a_claim_was_taken_over_and_the_work_is_stopped(self, monkeypatch):
        monkeypatch.setattr(heart, "BEAT", 0.02)
        seen, stopped, working = [], asyncio.Event(), asyncio.Event()

        @agent(watches=Note, writes=Reply)
        async def slow(note: Entry[Note], view: View) -> None:
            working.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()

        async def story():
            async with counting(1, slow).start(Note(), db=":memory:", observer=seen.append) as run:
                await working.wait()
                with run.board.store._database.writing() as at:  # as another worker would
                    at.execute("UPDATE activation SET token = token + 1, owner = 'other' WHERE agent = 'slow'")
                await asyncio.wait_for(stopped.wait(), SECONDS)

        asyncio.run(story())
        assert "lost" in [event.what for event in seen]

    def test_keeps_the_lease_of_what_takes_long(self, monkeypatch):
        monkeypatch.setattr(heart, "BEAT", 0.02)
        leases, working, go = [], asyncio.Event(), asyncio.Event()

        @agent(watches=Note, writes=Reply)
        async def slow(note: Entry[Note], view: View) -> None:
            working.set()
            await go.wait()
            view.post(Reply())

        async def story():
            async with counting(1, slow).start(Note(), db=":memory:") as run:
                await working.wait()
                lease = "SELECT lease_until FROM activation WHERE agent = 'slow'"
                leases.append(run.board.sql(lease)[0]["lease_until"])
                async with asyncio.timeout(SECONDS):
                    while run.board.sql(lease)[0]["lease_until"] == leases[0]:
                        await asyncio.sleep(0.01)
                go.set()
                return await asyncio.wait_for(run.end(), SECONDS)

        assert asyncio.run(story()).ending == "complete"

    def test_writes_down_the_working_time_while_it_works(self, monkeypatch):
        monkeypatch.setattr(heart, "BEAT", 0.02)
        go = asyncio.Event()

        @agent(watches=Note, writes=Reply)
        async def slow(note: Entry[Note], view: View) -> None:
            await go.wait()
            view.post(Reply())

        async def story():
            async with counting(1, slow).start(Note(), db=":memory:") as run:
                async with asyncio.timeout(SECONDS):
                    while not run.board.record.ran_seconds:
                        await asyncio.sleep(0.01)
                go.set()
                return await asyncio.wait_for(run.end(), SECONDS)

        assert asyncio.run(story()).ending == "complete"


class TestAnObserver:
    def test_that_fails_stops_nothing(self):
        def broken(event):
            raise BrokenPipeError

        assert counting(1, answerer).run(Note(), db=":memory:", observer=broken).verdict.ending == "complete"


class TestResources:
    def test_are_made_once_for_a_run_and_before_there_is_a_board(self, tmp_path):
        made = []
        one = counting(1, answerer, resources=lambda params: [made.append((tmp_path / "r.db").exists())])

        one.run(Note(), db=str(tmp_path / "r.db")).close()

        assert made == [False]


class TestACell:
    """A run in code whose event loop is running already, as a notebook's is."""

    def test_that_is_interrupted_stops_the_run_and_leaves_a_board_to_resume(self, tmp_path):
        path, working = str(tmp_path / "n.db"), threading.Event()

        @agent(watches=Note, writes=Reply, name="answerer")
        async def waits(note: Entry[Note], view: View) -> None:
            working.set()
            await asyncio.Event().wait()

        async def cell():
            signal.signal(signal.SIGINT, signal.default_int_handler)  # as a notebook has it
            threading.Thread(
                target=lambda: working.wait(SECONDS) and os.kill(os.getpid(), signal.SIGINT), daemon=True
            ).start()
            with pytest.raises(KeyboardInterrupt):
                counting(1, waits).run(Note(), db=path)

        before = signal.getsignal(signal.SIGINT)
        try:
            asyncio.run(cell())
        finally:
            signal.signal(signal.SIGINT, before)

        with open_board(db=path) as board:
            assert [a.state for a in board.store.activations(board.id, "answerer")] == ["pending"]
        assert counting(1, answerer).resume(db=path).verdict.ending == "complete"


class TestWorkThatCannotKeepUp:
    def test_ends_as_a_failure_that_says_so(self, monkeypatch):
        monkeypatch.setattr(loop, "MOST_REDOS", 3)
        boards, tries = [], []

        @agent(watches=Note, writes=Reply, where=lambda note: note.number == 0)
        def overtaken(note: Entry[Note], view: View) -> None:
            tries.append(len(view.find(Note)))
            boards[0].post(Note(number=1))
            view.post(Reply())

        async def story():
            one = Scenario(
                "s", params=Note, agents=[overtaken], result=Reply, done=when(lambda b: b.count(Failure) > 0, "failed"),
                budget=Budget(seconds=SECONDS),
            )  # fmt: skip
            async with one.start(Note(), db=":memory:") as run:
                boards.append(run.board)
                return await run.end()

        assert asyncio.run(story()).ending == "complete"
        assert tries == [1, 2, 3, 4]
        assert "changed 4 times while it worked" in boards[0].find(Failure)[0].body.cause


class TestLeaving:
    def test_waits_for_a_commit_that_is_under_way(self, tmp_path, monkeypatch):
        order, entered, gate = [], threading.Event(), threading.Event()
        commit, release = SqlStore.commit, SqlStore.release

        def slow_commit(*arguments):
            entered.set()
            gate.wait(0.3)
            order.append("commit")
            return commit(*arguments)

        monkeypatch.setattr(SqlStore, "commit", slow_commit)
        monkeypatch.setattr(SqlStore, "release", lambda *arguments: (order.append("release"), release(*arguments)))

        async def interrupted():
            async with counting(2, answerer).start(Note(), db=str(tmp_path / "w.db")) as run:
                await asyncio.get_running_loop().run_in_executor(None, entered.wait, SECONDS)
                return run.board

        board = asyncio.run(interrupted())
        assert order == ["release", "commit", "release"], "the first one is of its coming"
        assert board.count(Reply) == 1

    @pytest.mark.parametrize("when_", [0.0, 0.001, 0.003, 0.01])
    def test_at_any_moment_leaves_nothing_claimed_and_nothing_lost(self, tmp_path, when_):
        path = str(tmp_path / "l.db")
        notes = [Note(number=n) for n in range(30)]
        many = Scenario(
            "s", params=Note, agents=[answerer], result=Reply, seed=lambda _: notes,
            done=when(lambda board: board.count(Reply) >= 30, "all are answered"),
        )  # fmt: skip

        async def interrupted():
            async with many.start(Note(), db=path) as run:
                await asyncio.sleep(when_)
                return run.board

        board = asyncio.run(interrupted())
        assert not [a for a in board.store.activations(board.id) if a.state == "running"]
        board.close()

        board = many.resume(db=path)
        assert (board.count(Reply), board.sql("SELECT sum(reserved) AS held FROM budget")) == (30, [{"held": 0}])
