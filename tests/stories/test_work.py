"""A worker that joins the open boards of a database: all or one, with all agents or some, until it is drained."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import pytest

from blackboard import Budget, Entry, Kind, Scenario, View, agent, all_done
from blackboard.board import open_store
from blackboard.errors import StoreError, UsageError
from blackboard.working import Working
from store.store import SqlStore

SECONDS = 20


class Job(Kind):
    """Some tasks."""

    tasks: int


class Task(Kind, lifecycle={"open": "done"}):
    """One of them."""


class Done(Kind):
    """All of them."""

    by: str


@agent(watches=Job, writes=Task)
def splitter(job: Entry[Job], view: View) -> None:
    for _ in range(job.body.tasks):
        view.post(Task(), about=job)


@agent(watches=Task, writes=Task)
def doer(task: Entry[Task], view: View) -> None:
    view.amend(task, status="done")


@agent(watches=all_done(Task), writes=Done)
def joiner(tasks, view: View) -> None:
    view.post(Done(by="joiner"), about=tasks)


@agent(watches=all_done(Task), writes=Done, name="joiner")
def other_joiner(tasks, view: View) -> None:
    view.post(Done(by="another"), about=tasks)


TEAMS = {"first": [splitter, doer, joiner], "second": [splitter, doer, other_joiner]}
scenario = Scenario("jobs", params=Job, agents=TEAMS, result=Done)


@pytest.fixture
def db(tmp_path):
    return str(tmp_path / "w.db")


@pytest.fixture
def store(db):
    made = open_store(db)
    yield made
    made.close()


async def begun(db: str, tasks: int = 3, of: Scenario = scenario, **options) -> str:
    """A board on which nobody has done anything."""
    async with of.start(Job(tasks=tasks), db=db, only=[], **options) as run:
        return run.board.id


@asynccontextmanager
async def working(store, find=lambda record: scenario, **options):
    """A worker at work."""
    one = Working(store, find, **options)
    task = asyncio.create_task(one.run())
    try:
        yield one, task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def ended(store, *boards: str) -> None:
    async with asyncio.timeout(SECONDS):
        while any(store.board(b).status == "open" for b in boards):
            await asyncio.sleep(0.01)


def result(store, board: str) -> str:
    (row,) = [r for r in store.current(board) if r.kind == "done"]
    return row.body


class TestAWorker:
    def test_ends_what_was_begun_elsewhere(self, db, store):
        async def story():
            boards = [await begun(db), await begun(db)]
            async with working(store):
                await ended(store, *boards)

        asyncio.run(story())
        assert [b.verdict is not None for b in store.boards()] == [True, True]

    def test_joins_a_board_that_is_made_while_it_waits(self, db, store):
        async def story():
            async with working(store):
                await asyncio.sleep(0)
                board = await begun(db)
                await ended(store, board)

        asyncio.run(story())
        assert [b.status for b in store.boards()] == ["closed"]

    def test_of_one_board_gives_its_verdict_and_leaves_the_others_alone(self, db, store):
        async def story():
            first, second = await begun(db), await begun(db)
            async with working(store, board=second) as (_, task):
                return first, await asyncio.wait_for(task, SECONDS)

        first, verdict = asyncio.run(story())
        assert verdict.ending == "complete"
        assert store.board(first).status == "open"

    def test_is_on_the_board_while_it_serves_and_not_any_more_when_it_has_left(self, db, store):
        async def story():
            board = await begun(db)
            async with working(store, only=["doer"]):
                async with asyncio.timeout(SECONDS):
                    while not store.serving(board):
                        await asyncio.sleep(0.01)
                return store.serving(board)

        (serving,) = asyncio.run(story())
        assert serving.agents == {"doer": doer.code_version}
        assert store.serving() == []

    def test_of_one_board_with_agents_that_it_does_not_have_says_so(self, db, store):
        async def story():
            board = await begun(db)
            async with working(store, only=["nobody"], board=board) as (_, task):
                await asyncio.wait_for(task, SECONDS)

        with pytest.raises(UsageError, match=r"jobs-1 has no agent nobody .* it has splitter, doer, joiner"):
            asyncio.run(story())

    def test_that_is_not_wanted_for_any_agent_of_a_board_says_so_and_leaves_it_to_others(self, db, store):
        told = []

        async def story():
            await begun(db)
            async with working(store, only=["nobody"], tell=told.append):
                async with asyncio.timeout(SECONDS):
                    while not told:
                        await asyncio.sleep(0.01)

        asyncio.run(story())
        assert "jobs-1 has no agent nobody" in told[0]
        assert store.serving() == []


class TestSomeAgents:
    def test_do_their_part_and_the_rest_waits_for_others(self, db, store):
        async def story():
            board = await begun(db)
            async with working(store, only=["splitter", "doer"]):
                async with asyncio.timeout(SECONDS):
                    while store.summary(board).marks.get("task", {}).get("done") != 3:
                        await asyncio.sleep(0.01)
            assert store.board(board).status == "open"
            async with working(store, only=["joiner"]):
                await ended(store, board)
            return board

        assert "joiner" in result(store, asyncio.run(story()))

    def test_in_workers_of_their_own_do_the_same_together(self, db, store):
        async def story():
            board = await begun(db)
            async with (
                working(store, only=["joiner"]),
                working(store, only=["doer"]),
                working(store, only=["splitter"]),
            ):
                await ended(store, board)
            return board

        board = asyncio.run(story())
        assert [a.attempt for a in store.activations(board) if a.agent != "outside"] == [1] * 5


class TestABoardThatCannotBeServed:
    def test_is_told_of_once_and_the_others_are_served(self, db, store):
        told = []

        def find(record):
            if record.id == "jobs-1":
                raise UsageError("there is no scenario 'jobs'")
            return scenario

        async def story():
            await begun(db)
            board = await begun(db)
            async with working(store, find, tell=told.append):
                await ended(store, board)
                third = await begun(db)
                await ended(store, third)

        asyncio.run(story())
        assert told == ["jobs-1 cannot be served: there is no scenario 'jobs'"]

    def test_because_its_scenario_breaks_says_why(self, db, store):
        broken = Scenario("jobs", params=Job, agents=TEAMS, result=Done, resources=lambda _: 1 / 0)

        async def story():
            board = await begun(db)
            async with working(store, lambda _: broken, board=board) as (_, task):
                await asyncio.wait_for(task, SECONDS)

        with pytest.raises(ZeroDivisionError):
            asyncio.run(story())

    def test_is_tried_again_when_that_may_have_been_mended(self, db, store, monkeypatch):
        monkeypatch.setattr("blackboard.working.AGAIN", 0.05)
        monkeypatch.setattr("blackboard.working.POLL", 0.02)
        tries, told = [], []

        def find(record):
            tries.append(record.id)
            if len(tries) < 3:
                raise UsageError("its file is gone")
            return scenario

        async def story():
            board = await begun(db)
            async with working(store, find, tell=told.append):
                await ended(store, board)

        asyncio.run(story())
        assert told == ["jobs-1 cannot be served: its file is gone"]


class TestAgentsPutInPlaceOfOthers:
    def test_are_the_same_in_every_worker(self, db, store):
        async def story():
            board = await begun(db, agents={"joiner": other_joiner})
            async with working(store):
                await ended(store, board)
            return board

        assert "another" in result(store, asyncio.run(story()))

    def test_by_code_that_only_its_own_process_has_are_left_to_that(self, db, store):
        @agent(watches=all_done(Task), writes=Done, name="joiner")
        def mine(tasks, view: View) -> None:
            view.post(Done(by="mine"), about=tasks)

        async def story():
            async with scenario.start(Job(tasks=2), db=db, agents={"joiner": mine}, only=["joiner"]) as run:
                async with working(store):
                    await asyncio.wait_for(run.end(), SECONDS)
                return run.board.id

        assert "mine" in result(store, asyncio.run(story()))


class TestDraining:
    def test_finishes_what_runs_and_begins_nothing_new(self, db, store):
        begun_, go = [], asyncio.Event()

        @agent(watches=Task, writes=Task, name="doer")
        async def slow(task: Entry[Task], view: View) -> None:
            begun_.append(task.key)
            await go.wait()
            view.amend(task, status="done")

        one = Scenario("jobs", params=Job, agents=[splitter, slow, joiner], result=Done)

        async def story():
            board = await begun(db, tasks=6, of=one)
            async with working(store, lambda _: one, slots=2) as (worker, task):
                async with asyncio.timeout(SECONDS):
                    while len(begun_) < 2:
                        await asyncio.sleep(0.01)
                assert worker.busy == 2
                worker.drain()
                go.set()
                assert await asyncio.wait_for(task, SECONDS) is None
            return board

        board = asyncio.run(story())
        assert len(begun_) == 2
        assert store.summary(board).marks["task"] == {"done": 2, "open": 4}
        assert [a.state for a in store.activations(board, "doer")].count("pending") == 4
        assert store.summary(board).budgets[0].reserved == 0

    def test_ends_a_worker_that_has_nothing_to_do(self, store):
        async def story():
            async with working(store) as (worker, task):
                await asyncio.sleep(0)
                worker.drain()
                return await asyncio.wait_for(task, SECONDS)

        assert asyncio.run(story()) is None


class TestABoardThatIsOpenedAgainWithOtherWords:
    """While a worker serves it, and is in the middle of something."""

    @pytest.fixture
    def story(self, db, store, monkeypatch):
        monkeypatch.setattr("blackboard.runner.waking.POLL", 0.02)
        acting, go = asyncio.Event(), asyncio.Event()

        @agent(watches=Task, writes=Task, name="doer")
        async def slow(task: Entry[Task], view: View) -> None:
            acting.set()
            await go.wait()
            view.amend(task, status="done")

        teams = {"first": [splitter, slow, joiner], "second": [splitter, slow, other_joiner]}
        one = Scenario("jobs", params=Job, agents=teams, result=Done)

        async def told(seconds: float, pause: float, by_run: bool = False, **words) -> str:
            board = await begun(db, tasks=1, of=one, budget=Budget(seconds=seconds))
            async with one.reopen(board, db=db) if by_run else working(store, lambda _: one):
                await asyncio.wait_for(acting.wait(), SECONDS)
                async with one.reopen(board, db=db, only=[], **words) as run:
                    assert run.board.id == board
                await asyncio.sleep(pause)
                go.set()
                await ended(store, board)
            return board

        return told

    @pytest.mark.parametrize("by_run", [False, True], ids=["by a worker", "by a run"])
    def test_is_served_by_the_new_team(self, store, story, by_run):
        board = asyncio.run(story(60, 0.3, by_run, team="second"))

        assert result(store, board) == '{"by":"another"}'

    def test_is_not_ended_by_the_deadline_that_it_had(self, store, story):
        board = asyncio.run(story(1, 1.5, budget=Budget(seconds=60)))

        assert json.loads(store.board(board).verdict)["ending"] == "complete"


class TestADatabaseThatComesBack:
    def test_leaves_no_claim_behind_that_nobody_acts_on(self, db, store, monkeypatch):
        monkeypatch.setattr("blackboard.working.AGAIN", 0.05)
        monkeypatch.setattr("blackboard.working.POLL", 0.02)
        acting, fails = asyncio.Event(), []

        @agent(watches=Task, writes=Task, name="doer")
        async def slow(task: Entry[Task], view: View) -> None:
            acting.set()
            await asyncio.sleep(0.1)
            view.amend(task, status="done")

        one = Scenario("jobs", params=Job, agents=[splitter, slow, joiner], result=Done)
        for name in ("commit", "release"):
            real = getattr(SqlStore, name)

            def failing(self, *words, real=real, **options):
                if acting.is_set() and len(fails) < 3:
                    fails.append(real.__name__)
                    raise StoreError("the disk is full")
                return real(self, *words, **options)

            monkeypatch.setattr(SqlStore, name, failing)

        async def story():
            board = await begun(db, tasks=4, of=one)
            async with working(store, lambda _: one):
                await ended(store, board)

        asyncio.run(story())
        assert "release" in fails, "a worker that gave its claims back proves nothing"
        assert store.boards()[0].verdict is not None
