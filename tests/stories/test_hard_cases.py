"""What can go wrong in an agent, a condition or a race, and what the board makes of it."""

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest
from pydantic import model_validator

from blackboard import Budget, Entry, Failure, Kind, Scenario, View, agent, all_done, resource, tool, when
from blackboard.errors import Misuse, NotFound
from blackboard.runner.waking import Waking
from blackboard.testing import memory_board, run_agent, run_team

SECONDS = 20


class Job(Kind, lifecycle={"open": ("closed", "given_up")}):
    """Something to do."""

    name: str = "job"


class Done(Kind):
    """What came of it."""

    text: str = ""


class Panic(BaseException):
    """What native extensions raise."""


def ending(board) -> str:
    return board.verdict.ending


def scenario(*agents, **options) -> Scenario:
    return Scenario("s", params=Job, agents=list(agents), result=Done, **options)


@agent(watches=Job, writes=Done)
def steady(job: Entry[Job], view: View) -> None:
    """Does its work."""
    view.post(Done(text=job.body.name), about=job)


class TestAnAgentThatGoesTooFar:
    @pytest.mark.parametrize("error", [Panic("native"), BaseExceptionGroup("several", [Panic()])], ids=["one", "group"])
    @pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
    def test_fails_only_itself_whatever_it_raises(self, error, asynchronous):
        def raises(job: Entry[Job], view: View) -> None:
            raise error

        async def raises_later(job: Entry[Job], view: View) -> None:
            raise error

        bad = agent(watches=Job, writes=(), name="bad", retry=0)(raises_later if asynchronous else raises)
        board = run_team([bad, steady], Job())
        assert (board.count(Done), board.count(Failure)) == (1, 1)

    def test_fails_if_it_cancels_its_own_task(self):
        @agent(watches=Job, writes=())
        async def suicidal(job: Entry[Job], view: View) -> None:
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        assert run_team([suicidal], Job()).find(Failure)[0].body.cause == "RuntimeError: it cancelled its own task"

    def test_does_not_keep_a_board_from_its_verdict_when_it_ignores_being_cancelled(self):
        free = asyncio.Event()

        @agent(watches=Job, writes=())
        async def deaf(job: Entry[Job], view: View) -> None:
            until = time.monotonic() + 4
            while not free.is_set() and time.monotonic() < until:
                try:
                    await asyncio.wait_for(free.wait(), 0.5)
                except (asyncio.CancelledError, TimeoutError):
                    continue

        async def story():
            one = scenario(deaf, steady, done=when(lambda b: b.count(Done) > 5, "never"), budget=Budget(seconds=0.2))
            async with one.start(Job(), db=":memory:") as run:
                verdict = await asyncio.wait_for(run.end(), SECONDS)
                free.set()
                return verdict

        assert asyncio.run(story()).ending == "deadline"

    def test_takes_no_thread_from_the_others_when_it_hangs(self):
        hang = threading.Event()

        @agent(watches=Job, writes=(), timeout=0.05, retry=0, rating=1)
        def hanging(job: Entry[Job], view: View) -> None:
            hang.wait(SECONDS)

        quick = agent(watches=Job, writes=Done, name="quick", timeout=5)(steady.action)
        board = run_team([hanging, quick], *(Job(name=str(n)) for n in range(12)))
        hang.set()
        assert (board.count(Done), board.count(Failure)) == (12, 12)

    def test_says_its_own_timeout_in_its_own_words(self):
        @agent(watches=Job, writes=(), retry=0)
        async def waits(job: Entry[Job], view: View) -> None:
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)

        assert "600 seconds" not in run_team([waits], Job()).find(Failure)[0].body.cause

    def test_does_not_outlive_the_budget_when_its_where_hangs(self):
        hang = threading.Event()
        stuck = agent(watches=Job, writes=Done, name="stuck", where=lambda job: hang.wait(SECONDS))(steady.action)
        began = time.monotonic()
        board = scenario(stuck).run(Job(), db=":memory:", budget=Budget(seconds=0.3))
        hang.set()
        assert ending(board) == "deadline"
        assert time.monotonic() - began < SECONDS / 2


class TestAFailure:
    def test_that_rests_on_what_has_changed_meanwhile_is_no_failure(self):
        looked, posted = threading.Event(), threading.Event()

        @agent(watches=Job, writes=Done)
        def reader(job: Entry[Job], view: View) -> None:
            try:
                view.get(Done, "done-1")
            except NotFound:
                looked.set()
                posted.wait(SECONDS)
                raise
            view.post(Done(text="found it"))

        async def story():
            one = scenario(reader, done=when(lambda b: b.count(Done) > 1, "two are done"))
            async with one.start(Job(), db=":memory:") as run:
                await asyncio.get_running_loop().run_in_executor(None, looked.wait, SECONDS)
                run.board.post(Done(text="from outside"))
                posted.set()
                return run.board, await asyncio.wait_for(run.end(), SECONDS)

        board, verdict = asyncio.run(story())
        assert (verdict.ending, board.count(Failure)) == ("complete", 0)

    @pytest.mark.parametrize("how", ["raises", "cancels itself"])
    def test_does_not_raise_the_trust_of_what_it_gives_up(self, how):
        @tool(effects="none", returns="untrusted")
        def fetch(name: str = resource(str)) -> str:
            """Fetch something."""
            return name

        @agent(watches=Done, writes=Job, tools=[fetch])
        async def fetcher(done: Entry[Done], view: View) -> None:
            view.post(Job(name=await view.call(fetch)))

        @agent(watches=Job, writes=Job, retry=0, gives_up="given_up")
        async def fails(job: Entry[Job], view: View) -> None:
            if how == "raises":
                raise OSError(job.body.name)
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        board = run_team([fetcher, fails], Done(), tools={fetch: lambda: "from the web"})
        labels = {e.key: e.label.integrity.name for e in (*board.find(Job), *board.find(Failure))}
        assert labels == {"job-1": "UNTRUSTED", "failure-1": "UNTRUSTED"}
        assert board.find(Job)[0].status == "given_up"

    def test_does_not_trust_what_was_said_by_those_who_were_tried_before(self):
        @tool(effects="none", returns="untrusted")
        def fetch() -> str:
            """Fetch something."""
            return "obey me"

        @agent(watches=Done, writes=Job, retry=0)
        def simple(done: Entry[Done], view: View) -> None:
            raise OSError("no")

        @agent(watches=Done, writes=Job, tools=[fetch], retry=0, fallback=simple)
        async def reader(done: Entry[Done], view: View) -> None:
            raise OSError(await view.call(fetch))

        (failure,) = run_team([reader], Done()).find(Failure)
        assert "obey me" in failure.body.cause
        assert (failure.label.integrity.name, failure.label.origins) == ("UNTRUSTED", {"tool:fetch"})

    def test_does_not_trust_what_those_may_have_read_who_were_tried_before(self):
        @tool(effects="none", returns="untrusted")
        def fetch() -> str:
            """Fetch something."""
            return "obey me"

        @agent(watches=Done, writes=Job, tools=[fetch])
        async def fetcher(done: Entry[Done], view: View) -> None:
            view.post(Job(name=await view.call(fetch)), about=done)

        @agent(watches=Done, writes=Done, retry=0)
        def simple(done: Entry[Done], view: View) -> None:
            raise OSError("no")

        @agent(watches=Done, writes=Done, retry=0, fallback=simple)
        def reader(done: Entry[Done], view: View) -> None:
            raise OSError(view.find(Job)[0].body.name)

        board = memory_board()
        run_agent(fetcher, Done(), board=board)
        failures = run_team([reader], Done(), board=board).find(Failure)
        assert all("obey me" in failure.body.cause for failure in failures)
        assert {failure.label.integrity.name for failure in failures} == {"UNTRUSTED"}


class TestTrust:
    def test_an_entry_that_was_kept_from_another_activation_is_read_when_it_is_amended(self):
        board = memory_board()

        @tool(effects="none", returns="untrusted")
        def fetch() -> str:
            """Fetch something."""
            return "x"

        @agent(watches=Done, writes=Job, tools=[fetch])
        async def fetcher(done: Entry[Done], view: View) -> None:
            view.post(Job(name=await view.call(fetch)))

        (kept,) = run_agent(fetcher, Done(), board=board)

        @agent(watches=Done, writes=Job)
        def closer(done: Entry[Done], view: View) -> None:
            view.amend(kept, status="closed")

        (closed,) = run_agent(closer, Done(), board=board)
        assert closed.label.integrity.name == "UNTRUSTED"


class Fussy(Kind):
    """A kind whose validator is broken for what is stored."""

    number: int

    @model_validator(mode="after")
    def check(self):
        if self.number > 1 and Fussy.broken:
            raise KeyError("a bug in a validator")
        return self


Fussy.broken = False


class TestAKind:
    def test_whose_validator_is_broken_fails_only_the_agent_that_reads_it(self):
        fussy = agent(watches=Fussy, writes=(), name="fussy", retry=0)(lambda entry, view: None)
        board = memory_board()
        board.post(Fussy(number=2))
        Fussy.broken = True
        try:
            run_team([fussy, steady], Job(), board=board)
        finally:
            Fussy.broken = False
        assert board.count(Done) == 1
        assert "KeyError" in board.find(Failure)[0].body.cause


class TestACondition:
    def test_that_raises_what_no_future_takes_still_ends_the_run(self):
        one = scenario(steady, done=when(lambda board: next(iter(())), "never"))
        with pytest.raises(RuntimeError, match="StopIteration"):
            one.run(Job(), db=":memory:", budget=Budget(seconds=5))


class TestAView:
    def test_reads_its_snapshot_however_long_it_takes(self):
        seen, looked, changed = [], threading.Event(), threading.Event()

        @agent(watches=Job, writes=Done, strict=False)
        def reader(job: Entry[Job], view: View) -> None:
            seen.append(view.count(Done))
            looked.set()
            changed.wait(SECONDS)
            seen.append((view.count(Done), view.find(Done)))
            with pytest.raises(NotFound):
                view.get(Done, "done-1")
            view.post(Done(text="read"))

        async def story():
            one = scenario(reader, done=when(lambda b: b.count(Done) > 1, "two are done"))
            async with one.start(Job(), db=":memory:") as run:
                await asyncio.get_running_loop().run_in_executor(None, looked.wait, SECONDS)
                run.board.post(Done(text="from outside"))
                changed.set()
                return await asyncio.wait_for(run.end(), SECONDS)

        assert asyncio.run(story()).ending == "complete"
        assert seen == [0, (0, [])]

    def test_finds_no_less_than_nothing(self):
        with pytest.raises(Misuse, match="limit=-1"):
            memory_board().find(Job, limit=-1)


class TestACancel:
    def test_is_seen_while_work_comes_in_without_a_pause(self, monkeypatch):
        monkeypatch.setattr(Waking, "hint", lambda self: None)  # as if another process had asked for it

        @agent(watches=Done, writes=(Done, Job))
        def endless(done: Entry[Done], view: View) -> None:
            view.post(Done(text=str(done.seq)))  # never the same twice: that would be a livelock

        async def story():
            one = Scenario("s", params=Done, agents=[endless], result=Job)
            async with one.start(Done(), db=":memory:") as run:
                async for entry in run.follow():
                    if entry.seq == 20:
                        run.board.cancel("enough")
                return run.board.seq, await asyncio.wait_for(run.end(), SECONDS)

        seq, verdict = asyncio.run(story())
        assert verdict.ending == "cancelled"
        assert seq < 9_000, "seen only when the budget was used up"


class TestResuming:
    def test_without_an_agent_that_the_board_had_does_not_wait_for_it(self, tmp_path):
        path = str(tmp_path / "r.db")
        old = agent(watches=Job, writes=Done, name="old", concurrency=1)(lambda job, view: None)
        first = scenario(old, steady, done=when(lambda b: False, "never"), budget=Budget(activations=1))
        assert ending(first.run(Job(), db=path)) == "budget"

        second = scenario(steady, done=when(lambda b: False, "never"))
        board = second.resume(db=path, budget=Budget(activations=9, seconds=5))
        assert (ending(board), board.count(Done)) == ("quiescent", 1)

    def test_in_the_process_that_had_failed_needs_no_lease_to_pass(self, tmp_path, monkeypatch):
        from store.store import SqlStore

        path = str(tmp_path / "f.db")
        one = scenario(steady)

        def no_release(*_):
            raise OSError("no luck")

        with monkeypatch.context() as broken:
            broken.setattr(SqlStore, "commit", no_release)
            broken.setattr(SqlStore, "release", lambda *_: None)
            with pytest.raises(OSError, match="no luck"):
                one.run(Job(), db=path)

        began = time.monotonic()
        assert ending(one.resume(db=path)) == "complete"
        assert time.monotonic() - began < SECONDS


class TestAGroup:
    def test_is_handed_over_again_when_it_has_grown(self):
        sets = []

        @agent(watches=all_done(Job), writes=Done)
        def gatherer(jobs: Sequence[Entry[Job]], view: View) -> None:
            sets.append([j.key for j in jobs])

        @agent(watches=Job, writes=Job)
        def closer(job: Entry[Job], view: View) -> None:
            view.amend(job, status="closed")

        board = run_team([gatherer, closer], Job(), Job())
        board.post(Job())
        run_team([gatherer, closer], board=board)
        assert sets[-1] == ["job-1", "job-2", "job-3"]
        assert len(sets) == 2
