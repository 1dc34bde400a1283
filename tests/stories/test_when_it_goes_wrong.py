"""Stories of one activation when things go wrong or get crowded: retries, fallbacks, lost races, parking."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from blackboard import Board, Budget, Entry, Failure, Kind, View, agent, exists, tool, when
from blackboard.activation import STARVING, Proposal
from blackboard.agent import Agent
from blackboard.conditions import Condition
from blackboard.records import Notice
from blackboard.runner import Event, Plan, Runner, Workshop, waking
from blackboard.runner.plan import seats
from blackboard.testing import memory_board, run_team

SECONDS = 20  # no story waits longer
ENDLESS = when(lambda _: False, "never")


class Job(Kind, lifecycle={"open": ("closed", "given_up")}):
    """Something to do."""

    name: str = ""


class Done(Kind):
    """It was done."""

    by: str = ""


DONE = exists(Done)


class Ball(Kind, lifecycle={"left": "right", "right": "left"}):
    """Something that is thrown to and fro."""

    thrown: int = 0


async def worked(
    board: Board,
    agents: Sequence[Agent],
    *,
    done: Condition = ENDLESS,
    backoff: float = 0.05,
    shares: Sequence[frozenset[str] | None] = (None,),
    slots: int = 10,
    seen: Callable[[Event], None] | None = None,
) -> None:
    """Let workers, each with its share of the team, work until the board has ended."""
    budget = Budget(activations=10_000, seconds=SECONDS)
    async with asyncio.timeout(2 * SECONDS), AsyncExitStack() as stack:
        runners = []
        for only in shares:
            shop = await stack.enter_async_context(Workshop(board.store, slots))
            plan = Plan(agents, done, budget=budget, only=only, backoff=backoff)
            runners.append(Runner(shop, board.id, plan, observer=seen).run())
        await asyncio.gather(*runners)


def run(agents: Sequence[Agent], *on: Kind, **options) -> Board:
    board = memory_board()
    for body in on:
        board.post(body)
    asyncio.run(worked(board, agents, **options))
    return board


def attempts(board: Board) -> list[tuple[str, str]]:
    rows = board.sql("SELECT outcome, cause FROM attempt ORDER BY activation_id, number")
    return [(row["outcome"], row["cause"].partition(" (")[0]) for row in rows]


def redone(board: Board, agent_name: str) -> int:
    return max(a.redone for a in board.store.activations(board.id, agent_name))


def failing(name: str, error: Exception | None = None, **options) -> Agent:
    def act(job: Entry[Job], view: View) -> None:
        raise error or OSError(f"{name} cannot")

    return agent(watches=Job, writes=(Done, Job), name=name, **options)(act)


@agent(watches=Job, writes=Done)
def plain(job: Entry[Job], view: View) -> None:
    """Does it the simple way."""
    view.post(Done(by="plain"), about=job)


class TestARetry:
    def test_comes_when_it_is_due_though_nothing_else_happens(self, monkeypatch):
        monkeypatch.setattr(waking, "POLL", 2 * SECONDS)
        monkeypatch.setattr(waking, "ROUND", 2 * SECONDS)

        @agent(watches=Job, writes=Done, retry=3)
        async def clumsy(job: Entry[Job], view: View) -> None:
            if view.attempt < 4:
                raise OSError("no luck")
            view.post(Done(), about=job)

        board = run([clumsy], Job(), done=exists(Done))

        assert board.verdict.ending == "complete"
        assert attempts(board) == [("failed", "OSError: no luck")] * 3

    def test_comes_when_it_is_due_though_others_were_begun_meanwhile(self, monkeypatch):
        monkeypatch.setattr(waking, "POLL", 2 * SECONDS)
        monkeypatch.setattr(waking, "ROUND", 2 * SECONDS)

        @agent(watches=Job, writes=Done, rating=3)
        async def clumsy(job: Entry[Job], view: View) -> None:
            if view.attempt == 1:
                raise OSError("no luck")
            view.post(Done(), about=job)

        @agent(watches=Job, writes=(), rating=2)
        async def brief(job: Entry[Job], view: View) -> None:
            await asyncio.sleep(0.02)

        @agent(watches=Job, writes=(), rating=1)
        async def long(job: Entry[Job], view: View) -> None:
            await asyncio.Event().wait()

        board = run([clumsy, brief, long], Job(), done=DONE, backoff=0.2, slots=2)

        assert board.verdict.ending == "complete"

    def test_is_waited_for_longer_each_time(self):
        board = run([failing("clumsy", retry=2)], Job(), backoff=0.1)

        at = [row["at"] for row in board.sql("SELECT at FROM attempt ORDER BY number")]
        assert at[1] - at[0] >= 0.075
        assert at[2] - at[1] >= 0.15

    def test_that_is_waited_for_keeps_the_board_open(self):
        board = run([failing("clumsy", retry=1)], Job(), backoff=0.2)

        assert [f.body.attempts for f in board.find(Failure)] == [2]
        (quiet,) = board.sql("SELECT seq FROM entry WHERE kind = 'quiescence' ORDER BY seq LIMIT 1")
        assert board.find(Failure)[0].seq < quiet["seq"], "nothing was left to do only after it had failed for good"

    def test_does_not_hold_up_a_team_that_is_tried_out(self):
        board = run_team([failing("clumsy", retry=16)], Job())

        assert [f.body.attempts for f in board.find(Failure)] == [17]


class TestAFallback:
    def test_acts_on_the_same_entry_when_the_attempts_have_failed(self):
        board = run_team([failing("quick", retry=1, fallback=plain)], Job())

        (done,) = board.find(Done)
        assert (done.author, done.about) == ("plain", ("job-1",))
        assert attempts(board) == [("failed", "quick: OSError: quick cannot")] * 2
        assert not board.find(Failure)
        (one,) = (a for a in board.store.activations(board.id) if a.agent == "quick")
        assert (one.state, one.attempt) == ("done", 3)

    def test_acts_at_once_when_the_program_is_wrong(self):
        board = run_team([failing("quick", TypeError("a mistake"), retry=5, fallback=plain)], Job())

        assert [d.author for d in board.find(Done)] == ["plain"]
        assert attempts(board) == [("failed", "quick: TypeError: a mistake")]

    def test_is_told_by_its_name(self):
        told: list[str] = []
        run([failing("quick", retry=0, fallback=plain)], Job(), seen=lambda e: told.append(f"{e.what} {e.detail}"))

        assert [t.rpartition("; ")[2] for t in told if t.startswith("retried")] == ["goes to plain"]

    def test_may_have_one_too_and_only_the_last_gives_up(self):
        last = failing("last", retry=0, gives_up="given_up")
        middle = failing("middle", retry=1, fallback=last)
        board = run_team([failing("first", retry=0, fallback=middle)], Job())

        (failure,) = board.find(Failure)
        causes = [part.partition(" (")[0] for part in failure.body.cause.split("; ")]
        assert causes == [f"{n}: OSError: {n} cannot" for n in ("first", "middle", "last")]
        assert (failure.body.agent, failure.body.attempts) == ("first", 4)
        assert [j.status for j in board.find(Job)] == ["given_up"]

    def test_may_do_what_it_declares_itself_and_no_more(self):
        @agent(watches=Job, writes=Job, retry=0)
        def strict(job: Entry[Job], view: View) -> None:
            view.post(Done(), about=job)

        board = run_team([failing("quick", retry=0, fallback=strict)], Job())

        assert "strict: strict writes done; add it to writes=" in board.find(Failure)[0].body.cause

    def test_has_its_own_tools_and_its_own_time(self):
        @tool(effects="none", returns="untrusted")
        async def shout(word: str) -> str:
            """Say it louder."""
            return word.upper()

        @agent(watches=Job, writes=Done, tools=[shout], timeout=5)
        async def loud(job: Entry[Job], view: View) -> None:
            await asyncio.sleep(0.1)
            view.post(Done(by=await view.call(shout, "loud")), about=job)

        @agent(watches=Job, writes=Done, timeout=0.05, retry=0, fallback=loud)
        async def hanging(job: Entry[Job], view: View) -> None:
            await asyncio.Event().wait()

        assert [d.body.by for d in run_team([hanging], Job()).find(Done)] == ["LOUD"]

    def test_is_still_its_turn_after_the_worker_was_lost(self):
        quick = failing("quick", retry=0, fallback=plain)
        board = memory_board()
        board.post(Job())

        async def story() -> None:
            async with Workshop(board.store) as shop:
                runner = asyncio.create_task(Runner(shop, board.id, Plan([quick], ENDLESS), observer=leave).run())
                await asyncio.wait([runner, asyncio.create_task(failed.wait())], return_when="FIRST_COMPLETED")
                runner.cancel()
                await asyncio.gather(runner, return_exceptions=True)
            await worked(board, [quick])

        failed = asyncio.Event()

        def leave(event: Event) -> None:
            if event.what == "retried":
                failed.set()

        asyncio.run(asyncio.wait_for(story(), SECONDS))
        assert [d.author for d in board.find(Done)] == ["plain"]
        assert len(attempts(board)) == 1


def thrower(name: str) -> Agent:
    """Throws every ball that is where it started, again and again."""

    async def throw(ball: Entry[Ball], view: View) -> None:
        await asyncio.sleep(0)
        view.amend(ball, Ball(thrown=ball.body.thrown + 1), status="right" if ball.status == "left" else "left")

    wanted = ["left", "right"]
    return agent(watches=Ball, writes=Ball, status=wanted, name=name)(throw)


@agent(watches=Job, writes=Done, timeout=SECONDS)
async def slow(job: Entry[Job], view: View) -> None:
    """Reads every ball, and takes longer over it than they stay where they are."""
    balls = view.find(Ball)
    await asyncio.sleep(0.1)
    view.post(Done(by=str(len(balls))), about=job)


class TestAnAgentThatStarves:
    """Five agents keep throwing what a slow one has to read."""

    FAST = tuple(f"fast-{n}" for n in range(5))

    def played(self, **options) -> tuple[Board, list[Event]]:
        seen: list[Event] = []
        agents = [slow, *map(thrower, self.FAST)]
        board = run(agents, Job(), *(Ball() for _ in range(3)), done=exists(Done), seen=seen.append, **options)
        return board, seen

    def test_lands_after_a_bounded_number_of_redos(self):
        board, seen = self.played()

        assert board.verdict.ending == "complete"
        assert STARVING <= redone(board, "slow") <= STARVING + 3
        assert Counter(e.agent for e in seen if e.what == "escalated")["slow"] == 1

    def test_lands_though_the_others_are_of_another_worker(self):
        board, _ = self.played(shares=(frozenset({"slow"}), frozenset(self.FAST)))

        assert board.verdict.ending == "complete"
        assert STARVING <= redone(board, "slow") <= STARVING + 3


class TestAnActivationWhoseReadingHasChanged:
    def story(
        self,
        agents: Sequence[Agent],
        change: Callable[[Board], object],
        began: asyncio.Event,
        done: Condition = DONE,
    ) -> Board:
        board = memory_board()
        board.post(Ball())
        board.post(Job(name="first"))

        async def both() -> None:
            work = asyncio.create_task(worked(board, agents, done=done))
            await asyncio.wait_for(began.wait(), SECONDS)
            change(board)
            await work

        asyncio.run(both())
        return board

    def waiting(self, began: asyncio.Event, **options) -> Agent:
        """Waits for ever over a ball that lies left."""

        @agent(watches=Job, writes=Done, retry=0, **options)
        async def waiting(job: Entry[Job], view: View) -> None:
            (ball,) = view.find(Ball)
            if ball.status == "left" and job.body.name == "first":
                began.set()
                await asyncio.Event().wait()
            view.post(Done(by=f"{ball.status} {job.body.name}"), about=job)

        return waiting

    def test_is_stopped_and_done_again_without_a_failure(self):
        began = asyncio.Event()

        board = self.story([self.waiting(began)], lambda b: b.amend(b.find(Ball)[0], status="right"), began)

        assert [d.body.by for d in board.find(Done)] == ["right first"]
        assert [outcome for outcome, _ in attempts(board)] == ["stale"]
        (one,) = (a for a in board.store.activations(board.id) if a.agent == "waiting")
        assert (one.attempt, one.redone) == (1, 1)

    def test_is_dropped_when_that_is_what_woke_it(self):
        began = asyncio.Event()

        def change(board: Board) -> None:
            board.amend(board.find(Job)[0], Job(name="second"))

        board = self.story([self.waiting(began)], change, began, ENDLESS)

        assert [d.body.by for d in board.find(Done)] == ["left second"]
        assert [outcome for outcome, _ in attempts(board)] == ["moot"]

    def test_goes_on_when_something_else_has_changed(self):
        began, go = asyncio.Event(), asyncio.Event()

        @agent(watches=Job, writes=Done)
        async def patient(job: Entry[Job], view: View) -> None:
            view.find(Ball)
            began.set()
            await go.wait()
            view.post(Done(), about=job)

        def change(board: Board) -> None:
            board.post(Ball())
            asyncio.get_running_loop().call_later(0.5, go.set)

        board = self.story([patient], change, began)

        (one,) = (a for a in board.store.activations(board.id) if a.agent == "patient")
        assert one.redone == 1, "a new ball is found by the judge at the end only"

    def test_goes_on_when_its_agent_does_not_rely_on_it(self):
        began, go = asyncio.Event(), asyncio.Event()

        @agent(watches=Job, writes=Done, strict=False)
        async def loose(job: Entry[Job], view: View) -> None:
            view.find(Ball)
            began.set()
            await go.wait()
            view.post(Done(), about=job)

        def change(board: Board) -> None:
            board.amend(board.find(Ball)[0], status="right")
            asyncio.get_running_loop().call_later(0.5, go.set)

        board = self.story([loose], change, began)

        assert attempts(board) == []

    def test_may_swallow_that_and_is_judged_when_it_comes(self):
        began = asyncio.Event()

        @agent(watches=Job, writes=Done)
        async def deaf(job: Entry[Job], view: View) -> None:
            (ball,) = view.find(Ball)
            if ball.status == "left":
                began.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    await asyncio.sleep(0.3)
            view.post(Done(by=ball.status), about=job)

        board = self.story([deaf], lambda b: b.amend(b.find(Ball)[0], status="right"), began)

        assert [d.body.by for d in board.find(Done)] == ["right"]
        assert [outcome for outcome, _ in attempts(board)] == ["stale"]

    def test_may_make_an_error_of_it_which_is_no_failure(self):
        began = asyncio.Event()

        @agent(watches=Job, writes=Done, retry=0)
        async def loud(job: Entry[Job], view: View) -> None:
            (ball,) = view.find(Ball)
            if ball.status == "left":
                began.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError as error:
                    raise OSError("I was busy") from error
            view.post(Done(by=ball.status), about=job)

        board = self.story([loud], lambda b: b.amend(b.find(Ball)[0], status="right"), began)

        assert [d.body.by for d in board.find(Done)] == ["right"]
        assert [outcome for outcome, _ in attempts(board)] == ["stale"]


class TestAnAgentWithBoundedPendingWork:
    """A quick one writes for a slow one, which is to have about three things waiting."""

    def played(self, pending: int | None) -> int:
        @agent(watches=Job, writes=Ball)
        async def quick(job: Entry[Job], view: View) -> None:
            view.post(Ball(), about=job)

        @agent(watches=Ball, writes=Done, concurrency=1, pending=pending)
        async def careful(ball: Entry[Ball], view: View) -> None:
            states = Counter(a.state for a in board.store.activations(board.id, "careful"))
            most.append(states["pending"])
            await asyncio.sleep(0.001)
            view.post(Done(), about=ball)

        most: list[int] = []
        board = memory_board()
        for number in range(30):
            board.post(Job(name=str(number)))
        asyncio.run(worked(board, [quick, careful], slots=4))
        assert (board.count(Done), board.verdict.ending) == (30, "quiescent")
        return max(most)

    def test_has_about_as_much_waiting_as_it_wants_and_all_is_done(self):
        assert self.played(3) <= 3 + 3, "what runs already may still post"
        assert self.played(None) > 10

    def test_that_nobody_serves_keeps_who_writes_for_it_parked_and_the_board_open(self):
        quick = agent(watches=Job, writes=Ball, name="quick")(lambda job, view: view.post(Ball(), about=job))
        careful = agent(watches=Ball, writes=Done, name="careful", pending=2)(lambda ball, view: None)
        board = memory_board()
        balls = [board.post(Ball()) for _ in range(2)]
        board.store.seat(board.id, seats([careful]))
        proposals = tuple(Proposal("careful", ball.seq) for ball in balls)
        board.store.notice(board.id, [Notice("careful", 0, board.seq, proposals)])
        board.post(Job())

        async def story() -> None:
            async with Workshop(board.store, 2) as shop:
                runner = asyncio.create_task(
                    Runner(shop, board.id, Plan([quick, careful], ENDLESS, only=frozenset({"quick"}))).run()
                )
                while not board.store.summary(board.id).states.get("parked"):
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.3)
                parked = [a for a in board.store.activations(board.id) if a.state == "parked"]
                assert {(a.agent, a.waits_for) for a in parked} == {("quick", "careful")}
                assert not runner.done()
                runner.cancel()
                await asyncio.gather(runner, return_exceptions=True)

        asyncio.run(asyncio.wait_for(story(), SECONDS))
        assert board.verdict is None
