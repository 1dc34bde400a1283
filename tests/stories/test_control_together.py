"""Stories of several means of control at one board: what waits, what is not needed, budgets, alerts, another team."""

import asyncio
from dataclasses import replace

import pytest

from blackboard import Board, Budget, Entry, Kind, Scenario, View, agent, exists, when
from blackboard.activation import Proposal
from blackboard.controller import Verdict
from blackboard.entry import BudgetAlert, Failure
from blackboard.records import Notice
from blackboard.runner import Plan, Runner, Workshop
from blackboard.runner.plan import seats
from blackboard.testing import memory_board, run_team

NEVER = when(lambda board: False, "the end of time")
PATIENCE = 10  # seconds


class Job(Kind):
    name: str = ""


class Key(Kind, lifecycle={"there": "gone"}):
    pass


class Done(Kind):
    name: str = ""


class Scratch(Kind, private=True):
    pass


class Start(Kind):
    jobs: int = 1


@agent(watches=Job, writes=Done)
def worker(job: Entry[Job], view: View) -> None:
    """Does a job."""
    view.post(Done(name=job.body.name), about=job)


def scenario(*agents, **options) -> Scenario:
    declared = {"done": NEVER, "budget": Budget(activations=100, seconds=PATIENCE), **options}
    return Scenario(
        "s", params=Start, agents=list(agents), result=Done, seed=lambda s: [Job(name=str(n)) for n in range(s.jobs)],
        **declared,
    )  # fmt: skip


def done(board: Board) -> list[str]:
    return sorted(d.body.name for d in board.find(Done))


def states(board: Board, name: str = "worker") -> list[str]:
    return [a.state for a in board.store.activations(board.id, name)]


def causes(board: Board) -> list[str]:
    return [f"{f.body.agent}: {f.body.cause.partition(':')[0]}" for f in board.find(Failure)]


class TestAConditionThatFails:
    def test_of_ready_is_told_as_the_failure_of_its_agent(self):
        board = run_team([replace(worker, ready=when(lambda board: 1 / 0, "it can divide"), retry=0)], Job())

        assert causes(board) == ["worker: ZeroDivisionError"]

    def test_of_unless_is_told_as_the_failure_of_its_agent(self):
        board = run_team([replace(worker, unless=when(lambda board: 1 / 0, "it can divide"), retry=0)], Job())

        assert causes(board) == ["worker: ZeroDivisionError"]


class TestAPrivateKind:
    """What one agent notes for itself decides nothing for another."""

    @pytest.fixture
    def notes(self):
        @agent(watches=Job, writes=Scratch, rating=10)
        def other(job: Entry[Job], view: View) -> None:
            """Notes something for itself."""
            view.post(Scratch())

        return other

    def test_is_no_reason_not_to_act_for_those_who_cannot_read_it(self, notes):
        low = replace(worker, writes=(Done, Scratch), unless=exists(Scratch))
        board = scenario(notes, low).run(Start(jobs=2), db=":memory:", slots=1)

        assert done(board) == ["0", "1"]

    def test_is_no_reason_to_begin_for_those_who_cannot_read_it(self, notes):
        waits = replace(worker, writes=(Done, Scratch), ready=exists(Scratch))
        board = scenario(notes, waits).run(Start(jobs=1), db=":memory:", slots=1)

        assert (done(board), states(board)) == ([], ["waiting"])
        assert not board.store.attempts(board.id, [a.id for a in board.store.activations(board.id, "worker")])


class TestWhatWaitsAfterATry:
    def test_keeps_no_budget_from_the_others_so_that_the_board_ends(self):
        """What it needs is gone after its first try: it may wait for ever, and others need what it had reserved."""
        tries: list[str] = []

        @agent(watches=Job, writes=Done, ready=when(lambda _: not tries, "no try"), where=lambda j: j.name == "0")
        def locked(job: Entry[Job], view: View) -> None:
            """Fails."""
            tries.append(job.body.name)
            raise OSError("flaky")

        budget = Budget(activations=3, seconds=PATIENCE)
        others = replace(worker, where=lambda job: job.name != "0")
        board = scenario(replace(locked, rating=9), others, budget=budget).run(Start(jobs=5), db=":memory:", slots=1)

        assert tries == ["0"]
        assert (states(board, "locked"), len(done(board))) == (["waiting"], 3)
        assert str(board.verdict).startswith("budget: 3 activations are used up; 1 of worker not done")


class TestAnAgentThatIsAnotherAfterAResume:
    def test_waits_no_more_where_it_has_no_ready_any_more(self, tmp_path):
        db = str(tmp_path / "b.db")
        board = scenario(replace(worker, ready=exists(Key))).run(Start(jobs=2), db=db)
        assert (board.verdict.ending, states(board)) == ("quiescent", ["waiting"] * 2)

        again = scenario(worker).resume(board.id, db=db)

        assert (done(again), states(again)) == (["0", "1"], ["done"] * 2)

    def test_is_asked_anew_where_its_ready_is_another_one(self, tmp_path):
        db = str(tmp_path / "b.db")
        board = scenario(replace(worker, ready=lambda job, board: False)).run(Start(jobs=2), db=db)
        assert (board.verdict.ending, states(board)) == ("quiescent", ["waiting"] * 2)

        again = scenario(replace(worker, ready=lambda job, board: job.body.name == "1")).resume(board.id, db=db)

        assert (done(again), states(again)) == (["1"], ["waiting", "done"])

    def test_is_parked_for_nobody_where_the_bound_is_gone(self, tmp_path):
        @agent(watches=Start, writes=Job)
        def poster(start: Entry[Start], view: View) -> None:
            """Posts more."""
            view.post(Job(name="more"))

        board = memory_board()
        old, new = replace(worker, pending=1), worker
        board.store.seat(board.id, seats([poster, old]))
        job = board.post(Job(name="0"))
        board.store.notice(board.id, [Notice("worker", 0, job.seq, (Proposal("worker", job.seq),))])
        board.post(Start())

        async def turn(team, **options):
            plan = Plan(team, NEVER, budget=Budget(activations=10, seconds=2), **options)
            async with Workshop(board.store) as shop:
                return await asyncio.wait_for(Runner(shop, board.id, plan).run(), PATIENCE)

        async def half() -> None:
            task = asyncio.create_task(turn([poster, old], only=frozenset({"poster"})))
            while states(board, "poster") != ["parked"]:
                await asyncio.sleep(0.01)
            board.store.reopen(board.id, ())  # elsewhere; and this one parks it once more before it has heard
            while states(board, "poster") != ["parked"]:
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(_within(half()))
        verdict = asyncio.run(turn([poster, new]))

        assert isinstance(verdict, Verdict)
        assert (verdict.ending, done(board)) == ("quiescent", ["0", "more"])


async def _within(job) -> None:
    await asyncio.wait_for(job, PATIENCE)


class TestABoardThatIsOpenForMore:
    def test_does_not_take_an_alert_for_what_it_waits_for(self, tmp_path):
        db = str(tmp_path / "b.db")
        caps = Budget(activations=10, seconds=PATIENCE)
        made = scenario(worker, done=exists(Done, at_least=9), budget=caps)
        made.run(Start(jobs=9), db=db).close()

        async def more() -> tuple[bool, str, int]:
            async with made.reopen(db=db, more=True, budget=Budget(activations=11)) as run:
                await asyncio.sleep(0.3)
                waited = run.board.verdict is None
                run.board.post(Job(name="late"))
                verdict = await asyncio.wait_for(run.end(), PATIENCE)
                return waited, verdict.ending, len(run.board.find(BudgetAlert))

        assert asyncio.run(more()) == (True, "complete", 2)
