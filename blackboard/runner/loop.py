"""The loop of a worker: wake, notice, claim, act, commit, decide. `Runner.run` reads as that list."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from types import MappingProxyType
from typing import TypeVar

from blackboard.activation import STARVING, Agenda, Claim, Contribution, Landed, Refused, Ruling, Stale, State
from blackboard.calls import Short
from blackboard.controller import Quiet, Verdict
from blackboard.errors import StoreError
from blackboard.records import Claims, Row
from blackboard.runner.acting import Acted
from blackboard.runner.cast import Cast
from blackboard.runner.delays import after_failure, after_race
from blackboard.runner.ending import Closed, conclude, judged, strike, warn
from blackboard.runner.events import Event, Observer, What, tell, tell_bodies, tell_traceback
from blackboard.runner.hands import Hands, Pair
from blackboard.runner.joining import Joining, reseat, seat
from blackboard.runner.plan import Plan, seats
from blackboard.runner.recalling import Recalling
from blackboard.runner.vigil import Vigil
from blackboard.runner.waking import Waking
from blackboard.runner.workshop import Workshop

T = TypeVar("T")
GRACE = 2.0  # seconds that cancelled agents have to leave
MOST_REDOS = 100  # times that one activation may go stale before it counts as failed


class Runner:
    """One worker at one board, in one event loop."""

    def __init__(self, shop: Workshop, board: str, plan: Plan, *, observer: Observer | None = None) -> None:
        self._shop, self.board, self._plan, self._observer = shop, board, plan, observer
        self._store, self._seam = shop.store, shop.seam
        self._cast = Cast(shop, board, plan)
        self._notice_lane = shop.seam.lane("notice", 1)
        self._due = Waking(shop, board, plan.budget.seconds, self)
        self._joining = Joining(plan, shop.store, board, shop.seam) if plan.roster else None
        self._hands = Hands(self._acted)
        self._vigil = Vigil(shop.store, board, plan, shop.seam)
        self._finished: list[Acted] = []
        under_way = self._cast.acting.under_way
        self._recalling = Recalling(shop.store, board, under_way, self._notice_lane, self._due.up)
        self._epoch, self._outdated = plan.epoch, False

    async def run(self) -> Verdict | None:
        """Work until the board has ended; its verdict. None where it left before: drained, or its plan is out of date.

        Cancelled, it leaves a board that can be resumed. StoreError.
        """
        await self._open()
        with ExitStack() as stack:
            stack.callback(self._store.watch(self._due.hint))
            if self._joining is not None:
                stack.callback(self._joining.begin(self._due.up))
            self._shop.on_drain(self._due.more)
            self._shop.heart.join(self)
            try:
                while True:
                    await self._due.wait()
                    await self._commit()
                    await self._join()
                    await self._recall()
                    await self._notice()
                    await self._claim()
                    if (verdict := await self._decide()) is not None:
                        return verdict
                    if self._leaves() and not (self._hands or self._finished):
                        return None
            finally:
                await self._leave()

    # -- the steps, in the order of the journey --------------------------------------------------------------------
    async def _commit(self) -> None:
        """Land what is finished in one transaction, which also claims what follows."""
        finished, self._finished = self._finished, []
        if not finished:
            return
        self._shop.slots.hold(self.board, len(self._hands))
        contributions = [made for acted in finished if (made := await self._to_land(acted)) is not None]
        if not contributions:
            return
        agenda = self._agenda()
        rulings, claims = await self._in_store(lambda: self._store.commit(self.board, contributions, agenda))
        for contribution, ruling in zip(contributions, rulings, strict=True):
            self._ruled(contribution, ruling)
        self._claimed(agenda, claims)
        self._recalling.news()
        if self._vigil.is_due:
            self._due.judge |= await self._notice_lane.run(self._vigil.look)

    async def _to_land(self, acted: Acted) -> Contribution | None:
        """What it has written, or the failure that it is; None for what has not ended by that."""
        if acted.error is not None:
            tell_traceback(self.board, acted.claim.agent, acted.claim.id, acted.error)
        if acted.contribution is not None:
            return self._of_now(acted.contribution)
        if acted.aside is not None:
            await self._set_aside(acted.claim, *acted.aside)
        elif acted.short is not None:
            await self._park(acted.claim, *acted.short)
        elif acted.retry:
            await self._retry(acted)
        else:
            return await self._notice_lane.run(lambda: self._cast.acting.failure(acted))
        return None

    async def _recall(self) -> None:
        """Stop what is done for nothing, since what it has read has changed."""
        if self._recalling.is_due:
            await self._recalling.look(self._hands)

    async def _join(self) -> None:
        """Take those who have come, changed or left meanwhile. What runs ends with the code that it began with."""
        change = self._joining.take() if self._joining else None
        if change is None:
            return
        for what, agent, detail in change.told():
            tell(Event(what, self.board, agent, detail=detail), self._observer)
        self._plan, self._due.judge, self._due.behind = self._plan.with_lineup(change.lineup), True, True
        if not change.is_of_agents:
            return
        begun = {a.claim.id for a in self._finished} | {id_ for id_, _ in self._hands.pairs}
        self._cast.change(self._plan, begun)
        self._finished = [a for a in self._finished if a.claim.agent in self._cast.agents]
        self._hands.give_up(self._hands.held_by({*change.gone, *change.regrouped}))
        await self._in_store(lambda: reseat(self._store, self.board, change))
        await self._serve()
        self._due.look = True

    def _of_now(self, contribution: Contribution) -> Contribution:
        """Who sits here only now notices by himself what was written by those before."""
        made = self._cast.of_now(contribution)
        self._due.behind |= made is not None
        return made or contribution

    async def _notice(self) -> None:
        """Make activations of what the agents have not noticed yet, and move their cursors."""
        if not self._due.behind:
            return
        self._due.behind = False
        try:
            async with asyncio.timeout(self._due.time_left()):  # a `where` that hangs must not outlive the budget
                job = self._notice_lane.start(self._cast.unnoticed)
                notices, groups = await job
        except TimeoutError:
            self._due.judge = True
            return
        if self._joining is not None and not await self._joining.is_of_now():
            return  # nobody looks at what has come before those sit there who are made of it
        if notices or groups:
            in_place = await self._in_store(lambda: self._store.notice(self.board, notices, groups))
            self._due.behind = not in_place
            self._due.look = self._due.judge = True

    async def _claim(self) -> None:
        """Take what can be had, the work of dead workers included."""
        looking, self._due.look = self._due.look, False
        if not looking:
            return
        agenda = self._agenda()
        if agenda.slots < 1:  # full: the commit that frees a slot claims what follows
            return
        claims = await self._in_store(lambda: self._store.claim(self.board, agenda))
        self._claimed(agenda, claims)

    def _claimed(self, agenda: Agenda, claims: Claims) -> None:
        if claims.due_in is not None:
            self._due.later(claims.due_in)
        self._act(claims.taken, claims.rows)
        self._due.judge |= self._vigil.claimed(len(claims.taken))
        self._shop.slots.hold(self.board, self._at_work, sated=len(claims.taken) < agenda.slots)

    def _act(self, claims: Sequence[Claim], rows: Mapping[int, Row] = MappingProxyType({})) -> None:
        """Let the agents act, each in a task of its own."""
        for claim in claims:
            self._cast.begins(claim.id)
            self._tell("acting", claim)
            self._hands.take(claim, self._cast.acting.act(claim, rows.get(claim.id)))

    async def _act_later(self, claim: Claim, delay: float) -> Acted:
        """Who has lost several races waits a little, and then looks at the board as it is by then."""
        await asyncio.sleep(delay)
        renewed = None
        with suppress(StoreError):  # then it is as it was, and so is one that was lost: both are told when it lands
            renewed = await self._in_store(lambda: self._store.renew(claim))
        return await self._cast.acting.act(renewed or claim)

    async def _decide(self) -> Verdict | None:
        """Ask the controller, when something may have changed its mind; write down what it says."""
        if not self._due.judge and (self._hands or self._finished):
            return None
        self._due.judge = False
        judging = (self._store, self.board, self._plan, self._due.ran(), self._vigil)
        shown, said = await self._notice_lane.run(lambda: judged(*judging))
        if isinstance(said, Closed):
            return said.verdict
        self._epoch = self._epoch or shown.epoch
        self._outdated = shown.epoch != self._epoch
        if self._outdated:
            return None
        if not isinstance(said, Verdict) and (due := self._vigil.alerts(shown)):
            self._due.behind = self._due.judge = True
            await self._in_store(lambda: warn(self._store, self.board, self._vigil, due, shown.head))
            return None
        if said is None:
            return None
        if _is_quiet(said, self._plan) and not await self._is_settled():
            return None  # who is just coming may have something to do
        if isinstance(said, Quiet):
            self._due.behind = self._due.judge = True
            self._due.look |= not await self._in_store(lambda: strike(self._store, self.board, said, shown.head))
            return None
        if not await self._in_store(lambda: conclude(self._store, self.board, said, shown)):
            self._due.behind = self._due.judge = self._due.look = True  # the board has moved since: look again
            return None
        tell(Event("ended", self.board, detail=str(said)), self._observer)
        return said

    async def _is_settled(self) -> bool:
        """Whether all sit there who are to sit there."""
        return self._joining is None or (not self._joining.is_unsettled and await self._joining.is_of_now())

    def _leaves(self) -> bool:
        """Whether nothing new is begun here any more."""
        return self._shop.is_draining or self._outdated

    # -- what the steps need ---------------------------------------------------------------------------------------
    async def _open(self) -> None:
        record = self._store.board(self.board)
        self._loop = asyncio.get_running_loop()
        self._due.begin(record.ran_seconds if record else 0.0)
        for said in self._plan.broken.values():
            tell(Event("broken", self.board, detail=said), self._observer)
        await self._in_store(lambda: self._store.check_head(self.board))
        await self._in_store(lambda: self._store.release(self.board, self._shop.worker.id))  # of a time that failed
        head, now = record.head if record else 0, self._plan.lineup
        await self._in_store(lambda: self._store.seat(self.board, seats(self._plan.served, head)))
        await self._in_store(lambda: seat(self._store, self.board, now, now.made_agents))
        await self._serve()

    async def _serve(self) -> None:
        versions = {a.name: a.code_version for a in self._plan.served}
        await self._in_store(
            lambda: self._store.serve(self.board, self._shop.worker.id, versions, self._shop.slots.size)
        )

    async def _in_store(self, job: Callable[[], T]) -> T:
        return await self._shop.in_store(job, self.board)

    # -- what others ask of it ---------------------------------------------------------------------------------------
    def has_work(self) -> bool:
        """Whether there is something to do that it has found itself."""
        found = bool(self._finished) or self._recalling.is_due
        return found or (self._joining is not None and self._joining.is_due)

    def is_busy(self) -> bool:
        """Whether somebody acts."""
        return bool(self._hands)

    def is_late(self) -> bool:
        """Whether there is something to judge although nobody has committed."""
        return self._vigil.is_late(self._due.ran())

    def heard(self) -> None:
        """There was a hint of a commit."""
        self._recalling.news()

    def claims(self) -> set[Pair]:
        """What this worker believes to hold. Called from the heart's thread."""
        return self._hands.pairs

    def lost(self, claims: set[Pair]) -> None:
        """Another worker has taken these over. Called from the heart's thread."""
        with suppress(RuntimeError):  # the loop has ended, and nothing runs any more
            self._loop.call_soon_threadsafe(self._drop, claims)

    def _drop(self, claims: set[Pair]) -> None:
        for claim in self._hands.give_up(claims):
            self._tell("lost", claim, detail="its claim was lost")
            self._due.look = True

    def _agenda(self) -> Agenda:
        """What may be claimed now. What is finished and has not landed yet still takes its place."""
        busy = self._hands.busy
        busy.update(acted.claim.agent for acted in self._finished)
        slots = 0 if self._leaves() else self._shop.slots.take(self.board, self._due.more)
        free = {
            a.name: min(a.concurrency or slots, slots + busy[a.name]) - busy[a.name] for a in self._cast.agents.values()
        }
        plan = self._plan
        return Agenda(self._shop.worker.id, free, slots, self._shop.lease, plan.least_rating, plan.bounds, plan.most)

    @property
    def _at_work(self) -> int:
        return len(self._hands) + len(self._finished)

    def _acted(self, acted: Acted | None) -> None:
        """A task has ended."""
        if acted is not None and acted.claim.agent in self._cast.agents:  # else it has left the board meanwhile
            self._finished.append(acted)
        self._shop.slots.hold(self.board, self._at_work)
        self._due.up()

    async def _set_aside(self, claim: Claim, state: State, cause: str) -> None:
        """It is not to be acted on after all, or not yet."""
        held = await self._in_store(lambda: self._store.set_aside(claim, state, cause))
        self._due.behind = self._due.look = self._due.judge = True
        what: What = "lost" if not held else "dropped" if state == "moot" else "waits"
        self._tell(what, claim, detail=cause)

    async def _park(self, claim: Claim, short: Short, cause: str) -> None:
        """A budget allows it no call: it waits until that allows more."""
        held = await self._in_store(lambda: self._store.park(claim, short, cause))
        self._due.look = self._due.judge = True
        self._tell("waits" if held else "lost", claim, detail=cause)

    async def _retry(self, acted: Acted) -> None:
        claim, cause, delay = acted.claim, acted.cause, 0.0
        if acted.turn is not None and acted.next is None:
            delay = after_failure(self._seam, self._plan.backoff, acted.turn.nth)
        held = await self._in_store(lambda: self._store.retry(claim, cause, acted.looked, delay=delay, used=acted.used))
        self._due.look = True
        if isinstance(held, Stale):
            self._set_back(claim, held)
            return
        if delay:
            self._due.later(delay)
        goes_on = f"; goes to {acted.next.name}" if acted.next is not None else ""
        self._tell("retried" if held else "lost", claim, detail=cause + goes_on)

    def _ruled(self, contribution: Contribution, ruling: Ruling) -> None:
        """Take note of what the judge said."""
        claim = contribution.claim
        if isinstance(ruling, Landed):
            self._due.behind |= ruling.lagging or bool(self._plan.made.makers)
            self._due.judge |= self._plan.may_end({w.kind for w in contribution.writes})
            self._due.judge |= self._vigil.landed(contribution, ruling) or self._cast.asks(claim.agent)
            self._tell("landed" if contribution.failed is None else "failed", claim, ruling.keys, contribution.failed)
            bodies = (w.body for w in contribution.writes)
            tell_bodies(self.board, claim.agent, claim.id, zip(ruling.keys, bodies, strict=True))
        elif isinstance(ruling, Stale):
            self._set_back(claim, ruling)
        elif isinstance(ruling, Refused):
            if contribution.failed is not None:
                raise StoreError(f"{self.board}: a failure of {claim.agent} cannot be recorded: {ruling.reason}")
            self._finished.append(self._cast.acting.refused(claim, ruling.reason))
        else:
            self._due.look = self._due.judge = True
            self._tell("lost", claim, detail=ruling.reason)

    def _set_back(self, claim: Claim, stale: Stale) -> None:
        """Do it again on the newer snapshot; or drop it, if what woke it has changed."""
        detail = "; ".join(stale.changed)
        if stale.again is None:
            self._due.look = self._due.judge = True
            self._tell("dropped", claim, detail=detail)
        elif stale.again.redone > MOST_REDOS:
            starved = RuntimeError(f"what it relied on changed {stale.again.redone} times while it worked")
            self._finished.append(Acted(stale.again, error=starved))
        else:
            self._tell("redone", stale.again, detail=detail)
            if stale.again.redone == STARVING:
                self._tell("escalated", stale.again, detail="nothing else is begun until it has ended")
            self._do_again(stale.again)

    def _do_again(self, claim: Claim) -> None:
        if delay := after_race(self._seam, claim):
            self._tell("acting", claim)
            self._hands.take(claim, self._act_later(claim, delay))
        else:
            self._act([claim])

    async def _leave(self) -> None:
        """Stop what runs; give back what was not finished, so that another worker can have it at once."""
        self._recalling.close()
        await self._hands.drop(GRACE)
        await self._cast.close()
        self._shop.slots.close(self.board)
        with suppress(StoreError):  # where the database has failed, whoever resumes takes the claims over
            await self._in_store(self._let_go)
        self._notice_lane.close()

    def _let_go(self) -> None:
        self._shop.heart.part(self)
        self._store.release(self.board, self._shop.worker.id)

    def _tell(self, what: What, claim: Claim, keys: tuple[str, ...] = (), detail: str | None = None) -> None:
        tell(Event(what, self.board, claim.agent, claim.id, keys, detail or ""), self._observer)


def _is_quiet(said: Quiet | Verdict, plan: Plan) -> bool:
    """Whether it is judged so because nothing is left to do by those who sit there."""
    quiet = {"quiescent", "budget", "complete"} if plan.more else {"quiescent", "budget"}
    return isinstance(said, Quiet) or said.ending in quiet
