"""The loop of a worker: wake, notice, claim, act, commit, decide. `Runner.run` reads as that list."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from blackboard.activation import Agenda, Claim, Contribution, Fenced, GroupWatch, Landed, Refused, Ruling, Stale
from blackboard.agent import Agent
from blackboard.board import Looker, write
from blackboard.budget import Budget
from blackboard.conditions import Condition
from blackboard.controller import Goal, Quiet, Verdict, Watching, decide
from blackboard.entry import Quiescence
from blackboard.matching import Matcher, Pattern
from blackboard.ports import Notice, Seat, Store, Summary, Worker
from blackboard.runner.acting import Acted, Acting
from blackboard.runner.events import Event, Observer, What, tell
from blackboard.runner.heart import Heart
from blackboard.runner.view import Toolbox
from blackboard.seam import REAL, Seam

T = TypeVar("T")
SLOTS = 5  # activations at a time
POLL = 0.5  # seconds; the net under lost hints, and how soon a cancel from another process is seen
MOST_REDOS = 100  # times that one activation may go stale before it counts as failed


@dataclass(frozen=True)
class Plan:
    """What a runner works on: who sits at the board, when it is done, what it may use."""

    agents: Sequence[Agent]
    done: Condition
    stop: Condition | None = None
    budget: Budget = field(default_factory=Budget)
    resources: Sequence[object] = ()
    tools: dict[Any, Callable[..., Any]] = field(default_factory=dict)
    slots: int = SLOTS


def seats(agents: Sequence[Agent]) -> list[Seat]:
    """The places of agents at a board."""
    return [Seat(a.name, a.watching, a.code_version) for a in agents]


def matcher(agents: Sequence[Agent]) -> Matcher:
    """What wakes these agents."""
    singles = [Pattern(a.name, a.kind, a.statuses, a.where, a.rating) for a in agents if not a.is_group]
    groups = [
        GroupWatch(a.name, a.kind.kind_name, a.kind.lifecycle.done, a.rating)
        for a in agents
        if a.is_group and isinstance(a.rating, int)
    ]
    return Matcher(singles, groups)


class Runner:
    """One worker at one board, in one event loop."""

    def __init__(
        self, store: Store, board: str, plan: Plan, *, seam: Seam = REAL, observer: Observer | None = None
    ) -> None:
        self._store, self._board, self._plan, self._seam, self._observer = store, board, plan, seam, observer
        self._agents = {a.name: a for a in plan.agents}
        self._matcher = matcher(plan.agents)
        self._worker = Worker(seam.new_id(), seam.host(), seam.pid())
        self._store_lane = seam.lane("store", 1)
        self._agent_lane = seam.lane("agent", plan.slots)
        self._notice_lane = seam.lane("notice", 1)
        toolbox = Toolbox(seam.lane("tool", 2 * plan.slots), plan.resources, plan.tools)
        self._acting = Acting(store, self._agents, self._matcher, self._agent_lane, toolbox)
        self._lanes = (self._store_lane, self._agent_lane, self._notice_lane, toolbox.lane)
        self._running: dict[int, tuple[Claim, asyncio.Task[Acted]]] = {}
        self._finished: list[Acted] = []
        self._news = asyncio.Event()
        self._busy = False  # our own transaction is under way: its hint is not news
        self._behind = self._look = self._judge = True
        self._refused: str | None = None
        self._began, self._ran_before = 0.0, 0.0

    async def run(self) -> Verdict:
        """Work until the board has ended; its verdict. Cancelled, it leaves a board that can be resumed. StoreError."""
        await self._open()
        with ExitStack() as stack:
            stack.callback(self._store.watch(self._hint))
            stack.enter_context(Heart(self._store, self._board, self._agenda(), self._seam, self))
            try:
                while True:
                    await self._wake()
                    await self._commit()
                    await self._notice()
                    await self._claim()
                    if (verdict := await self._decide()) is not None:
                        return verdict
            finally:
                await self._leave()

    # -- the steps, in the order of the journey --------------------------------------------------------------------
    async def _wake(self) -> None:
        """Wait for finished work, a hint, or the poll that nets lost hints."""
        if self._finished or self._behind or self._look or self._judge:
            await asyncio.sleep(0)
            return
        try:
            async with asyncio.timeout(self._patience()):
                await self._news.wait()
        except TimeoutError:
            self._behind = self._look = self._judge = True
        self._news.clear()

    async def _commit(self) -> None:
        """Land what is finished in one transaction, which also claims what follows."""
        finished, self._finished = self._finished, []
        if not finished:
            return
        contributions = []
        for acted in finished:
            if acted.contribution is not None:
                contributions.append(acted.contribution)
            elif acted.retry:
                await self._retry(acted)
            else:
                contributions.append(await self._notice_lane.run(lambda a=acted: self._acting.failure(a)))  # type: ignore[misc]
        if not contributions:
            return
        agenda = self._agenda()
        rulings, claims = await self._in_store(lambda: self._store.commit(self._board, contributions, agenda))
        for contribution, ruling in zip(contributions, rulings, strict=True):
            self._ruled(contribution, ruling)
        self._refused = claims.refused
        self._act(claims.taken)

    async def _notice(self) -> None:
        """Make activations of what the agents have not noticed yet, and move their cursors."""
        if not self._behind:
            return
        self._behind = False
        notices, groups = await self._notice_lane.run(self._unnoticed)
        if notices or groups:
            in_place = await self._in_store(lambda: self._store.notice(self._board, notices, groups))
            self._behind = not in_place
            self._look = self._judge = True

    async def _claim(self) -> None:
        """Take what can be had, the work of dead workers included."""
        agenda = self._agenda()
        if not self._look or agenda.slots < 1:
            return
        self._look = False
        claims = await self._in_store(lambda: self._store.claim(self._board, agenda))
        self._refused = claims.refused
        self._act(claims.taken)

    def _act(self, claims: Sequence[Claim]) -> None:
        """Let the agents act, each in a task of its own."""
        for claim in claims:
            self._tell("acting", claim)
            task = asyncio.create_task(self._acting.act(claim))
            self._running[claim.id] = (claim, task)
            task.add_done_callback(lambda done, claim=claim: self._acted(claim, done))  # type: ignore[misc]

    async def _decide(self) -> Verdict | None:
        """Ask the controller, when something may have changed its mind; write down what it says."""
        if not self._judge and (self._running or self._finished):
            return None
        self._judge = False
        summary, goal, watching = await self._notice_lane.run(self._state)
        if summary.status != "open":
            return self._concluded()
        said = decide(summary, goal, self._plan.budget, watching, self._refused)
        if said is None:
            return None
        if isinstance(said, Quiet):
            self._behind = self._judge = True
            await self._in_store(lambda: self._strike(summary.head, said))
            return None
        return await self._conclude(said, summary.head)

    # -- what the steps need ---------------------------------------------------------------------------------------
    async def _open(self) -> None:
        record = self._store.board(self._board)
        self._ran_before, self._began = (record.ran_seconds if record else 0.0), self._seam.monotonic()
        self._loop = asyncio.get_running_loop()
        await self._in_store(lambda: self._store.announce(self._worker))
        await self._in_store(lambda: self._store.seat(self._board, seats(self._plan.agents)))

    async def _in_store(self, job: Callable[[], T]) -> T:
        """Run a transaction on the store's own thread; once begun it is not cancelled."""
        self._busy = True
        try:
            return await asyncio.shield(self._store_lane.run(job))
        finally:
            self._busy = False

    def _hint(self) -> None:
        """Somebody has committed: have a look. Called from any thread."""
        if not self._busy:
            self._loop.call_soon_threadsafe(self._look_again)

    def _look_again(self) -> None:
        self._behind = self._look = self._judge = True
        self._news.set()

    def claims(self) -> set[tuple[int, int]]:
        """What this worker believes to hold. Called from the heart's thread."""
        return {(claim.id, claim.token) for claim, _ in tuple(self._running.values())}

    def lost(self, claims: set[tuple[int, int]]) -> None:
        """Another worker has taken these over. Called from the heart's thread."""
        self._loop.call_soon_threadsafe(self._drop, claims)

    def _drop(self, claims: set[tuple[int, int]]) -> None:
        for claim, task in list(self._running.values()):
            if (claim.id, claim.token) in claims:
                self._tell("lost", claim, detail="another worker has taken it over")
                self._look = True
                task.cancel()

    def _patience(self) -> float:
        left = POLL
        if self._plan.budget.seconds is not None:
            left = min(left, max(self._plan.budget.seconds - self._ran(), 0.0))
        return left

    def _ran(self) -> float:
        return self._ran_before + self._seam.monotonic() - self._began

    def _agenda(self) -> Agenda:
        """What may be claimed now."""
        busy = Counter(claim.agent for claim, _ in self._running.values())
        slots = self._plan.slots - len(self._running)
        free = {a.name: min(a.concurrency or slots, slots + busy[a.name]) - busy[a.name] for a in self._agents.values()}
        return Agenda(self._worker.id, free, slots)

    def _acted(self, claim: Claim, task: "asyncio.Task[Acted]") -> None:
        if self._running.get(claim.id, (claim, task))[1] is task:
            self._running.pop(claim.id, None)
        if not task.cancelled():
            self._finished.append(task.result())
        self._news.set()

    async def _retry(self, acted: Acted) -> None:
        held = await self._in_store(lambda: self._store.retry(acted.claim, acted.cause))
        self._look = True
        self._tell("retried" if held else "lost", acted.claim, detail=acted.cause)

    def _ruled(self, contribution: Contribution, ruling: Ruling) -> None:
        """Take note of what the judge said."""
        claim = contribution.claim
        if isinstance(ruling, Landed):
            self._behind |= ruling.lagging
            self._judge |= self._may_end(contribution)
            self._tell("landed" if contribution.failed is None else "failed", claim, ruling.keys, contribution.failed)
        elif isinstance(ruling, Stale) and ruling.again is not None:
            self._redo(ruling.again, ruling)
        elif isinstance(ruling, Refused):
            self._finished.append(Acted(claim, error=RuntimeError(ruling.reason)))
        else:
            detail = "; ".join(ruling.changed) if isinstance(ruling, Stale) else ruling.reason
            self._look = self._judge = True
            self._tell("lost" if isinstance(ruling, Fenced) else "dropped", claim, detail=detail)

    def _redo(self, claim: Claim, stale: Stale) -> None:
        if claim.redone > MOST_REDOS:
            starved = RuntimeError(f"what it relied on changed {claim.redone} times while it worked")
            self._finished.append(Acted(claim, error=starved))
            return
        self._tell("redone", claim, detail="; ".join(stale.changed))
        self._act([claim])

    def _may_end(self, contribution: Contribution) -> bool:
        """Whether these writes may have reached the goal, or the condition to stop."""
        written = {w.kind for w in contribution.writes}
        for condition in (self._plan.done, self._plan.stop):
            if condition is not None:
                kinds = condition.kinds
                if kinds is None or written & {k.kind_name for k in kinds}:
                    return True
        return False

    def _unnoticed(self) -> tuple[list[Notice], list[GroupWatch]]:
        """What the agents have not seen, matched; user code runs here, outside any transaction."""
        record = self._store.board(self._board)
        head = record.head if record else 0
        cursors = {s.name: s.cursor for s in self._store.seats(self._board)}
        groups = [g for g in self._matcher.groups if cursors.get(g.agent, 0) < head]
        behind = {name: cursors.get(name, 0) for name in self._matcher.singles if cursors.get(name, 0) < head}
        found: dict[str, list[Any]] = {name: [] for name in behind}
        after = upto = min(behind.values(), default=head)
        while behind and (rows := self._store.feed(self._board, after)):
            for row in rows:
                for proposal in self._matcher.match(row.kind, row.status, row.body, row.seq):
                    if row.seq > behind.get(proposal.agent, head):
                        found[proposal.agent].append(proposal)
            after = upto = rows[-1].seq
        return [Notice(a, cursor, max(upto, cursor), tuple(found[a])) for a, cursor in behind.items()], groups

    def _state(self) -> tuple[Summary, Goal, list[Watching]]:
        """The summary, what the conditions say at its head, and who has had nothing to do."""
        summary = replace(self._store.summary(self._board), ran_seconds=self._ran())
        at_head = Looker(self._store, self._board, summary.head)
        reached = self._plan.done.holds(at_head)
        stop = str(self._plan.stop) if self._plan.stop is not None and self._plan.stop.holds(at_head) else None
        missing = () if reached else tuple(self._plan.done.missing(at_head))
        idle = not summary.states.get("running") and not summary.states.get("pending")
        had = Counter(a.agent for a in self._store.activations(self._board)) if idle and not reached else Counter()
        watching = [Watching(a.name, a.watching, had[a.name]) for a in self._plan.agents]
        return summary, Goal(reached, missing, stop), watching

    def _strike(self, head: int, quiet: Quiet) -> bool:
        body = Quiescence(waiting=quiet.waiting)
        entry = replace(write(body, body.lifecycle.first), author="board")
        outside = Claim(self._board, 0, "board", 0, None, head, 0, 0)
        return self._store.strike(self._board, head, Contribution(outside, "board", (entry,)))

    async def _conclude(self, verdict: Verdict, head: int) -> Verdict | None:
        """Write the verdict at the head that was judged; None if the board has moved since."""
        text = json.dumps({"ending": verdict.ending, "reasons": verdict.reasons})
        final = verdict.ending == "complete"
        written = await self._in_store(lambda: self._store.conclude(self._board, text, head, final))
        self._behind = self._judge = not written
        if not written:
            return None
        tell(Event("ended", self._board, detail=str(verdict)), self._observer)
        return verdict

    def _concluded(self) -> Verdict:
        """What another worker has decided."""
        record = self._store.board(self._board)
        found = json.loads(record.verdict or '{"ending": "cancelled", "reasons": []}') if record else {}
        return Verdict(found["ending"], tuple(found["reasons"]))

    async def _leave(self) -> None:
        """Stop what runs; give back what was not finished, so that another worker can have it at once."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._in_store(lambda: self._store.release(self._board, self._worker.id))
        for lane in self._lanes:
            lane.close()

    def _tell(self, what: What, claim: Claim, keys: tuple[str, ...] = (), detail: str | None = None) -> None:
        tell(Event(what, self._board, claim.agent, claim.id, keys, detail or ""), self._observer)
