"""Acting: one claimed activation from its view to a contribution, or to why there is none."""

import asyncio
import inspect
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeVar

from pydantic import ValidationError

from blackboard.activation import Claim, Contribution, Proposal, State
from blackboard.agent import Agent
from blackboard.calls import Short
from blackboard.conditions import Condition
from blackboard.entry import Entry, Failure, Integrity, Kind, Label
from blackboard.errors import BudgetExceeded, ClaimLost, DeclarationError, Misuse, ModelFailed, told
from blackboard.looker import write
from blackboard.matching import Matcher
from blackboard.ports import Looking
from blackboard.reader import Reader
from blackboard.records import Row
from blackboard.runner.turns import Turn, told_of_all, turn
from blackboard.runner.view import ActivationView, Toolbox
from blackboard.seam import Lane

HOPELESS = (Misuse, DeclarationError, ValidationError, TypeError, NameError, AttributeError, SyntaxError, ModelFailed)
"""Errors of the program, and of a model, which was asked as often as makes sense: trying again would give the same."""
E = TypeVar("E", bound=BaseException)
MOST_LOSSES = 2  # times that a worker may be lost over an activation, beside the agent's own retries


class _TooMuch(Exception):
    """Carries an error that would end more than its agent (the loop, the program) to where it is recorded."""


class _Aside(Exception):
    """It is not to be acted on after all: what becomes of it, and why."""

    def __init__(self, state: State, cause: str) -> None:
        super().__init__(cause)
        self.state, self.cause = state, cause


@dataclass(frozen=True, slots=True)
class Acted:
    """How an activation went: a contribution, or the cause of its failure, or that it was not begun or was stopped."""

    claim: Claim
    contribution: Contribution | None = None
    error: BaseException | None = None
    retry: bool = False
    looked: Contribution | None = None  # where it failed or was stopped: what it had read until then
    turn: Turn | None = None  # where it failed: whose turn it was
    next: Agent | None = None  # who tries it now, where that is another
    aside: tuple[State, str] | None = None  # where it was not begun: moot or waiting, and why
    short: tuple[Short, str] | None = None  # where a budget allows no call: which, and what it said

    @property
    def cause(self) -> str:
        """The error in one line; where there is a fallback it begins with who has failed."""
        if self.error is None:
            return "what it had read has changed while it worked"
        alone = self.turn is None or self.turn.is_alone
        return told(self.error) if alone else f"{self.turn.agent.name}: {told(self.error)}"  # type: ignore[union-attr]

    @property
    def used(self) -> int | None:
        """How many attempts count as used up, where that is not the number of this one."""
        return self.turn.last if self.turn is not None and self.next is not None else None


class Acting:
    """Runs the functions of the agents that a worker serves."""

    def __init__(self, store: Looking, agents: dict[str, Agent], matcher: Matcher, lane: Lane, tools: Toolbox) -> None:
        self._store, self._agents, self._matcher, self._lane, self._tools = store, agents, matcher, lane, tools
        self.under_way: dict[int, ActivationView] = {}  # by activation: those that can be stopped

    async def act(self, claim: Claim, woke: Row | None = None) -> Acted:
        """Let the agent act on its claim. Never raises, but for being cancelled. `woke`: its trigger, if at hand."""
        its = turn(self._agents[claim.agent], claim.attempt)
        if claim.attempt > its.last + MOST_LOSSES:  # it may be what kills its worker
            return Acted(claim, error=RuntimeError(f"its worker was lost again and again, in {claim.attempt} attempts"))
        agent, view = its.agent, ActivationView(self._store, its.agent, claim, self._tools, woke)
        if agent.is_async:
            self.under_way[claim.id] = view
        try:
            async with asyncio.timeout(agent.timeout) as limit:
                contribution = await self._acted(agent, view)
        except TimeoutError as error:
            if not limit.expired():  # the agent's own
                return self._failed(claim, error, view)
            timeout = TimeoutError(f"not finished within {agent.timeout:g} seconds")
            timeout.__cause__ = error
            return self._failed(claim, timeout, view)
        except _Aside as error:
            return Acted(claim, aside=(error.state, error.cause))
        except _TooMuch as error:
            return self._failed(claim, error.__cause__ or error, view)
        except Exception as error:  # an agent can fail only itself
            return self._failed(claim, view.unawaited() or error, view)
        finally:
            if self.under_way.get(claim.id) is view:
                del self.under_way[claim.id]
        return Acted(claim, contribution)

    def _failed(self, claim: Claim, error: BaseException, view: ActivationView) -> Acted:
        """A failure rests on what was read, as a result does: if that has changed it is not final.

        Neither a claim that was lost nor a budget that allows no more is a failure of the agent.
        """
        if (lost := among(error, ClaimLost)) is not None:
            return Acted(claim, error=lost, retry=True)  # the store says that there is nothing to be tried again
        if (asked := among(error, BudgetExceeded)) is not None and asked.scope:
            return Acted(claim, error=asked, short=(Short(asked.scope, asked.unit, asked.amount, 0, 0), str(asked)))
        failed = among(error, ModelFailed) or error
        return self._tried_again(claim, failed, isinstance(failed, HOPELESS), view.looked())

    def refused(self, claim: Claim, reason: str) -> Acted:
        """What the database says of its contribution it will say again; only a fallback may do better."""
        return self._tried_again(claim, RuntimeError(reason), True, None)

    def _tried_again(self, claim: Claim, error: BaseException, hopeless: bool, looked: Contribution | None) -> Acted:
        its = turn(self._agents[claim.agent], claim.attempt)
        again = not hopeless and its.nth <= its.agent.retry
        following = None if again else its.next
        return Acted(claim, None, error, again or following is not None, looked, its, following)

    async def _acted(self, agent: Agent, view: ActivationView) -> Contribution:
        if not agent.is_async:
            return await self._lane.run(lambda: self._in_thread(agent, view))
        try:
            await agent.action(revalidated(self._agents[view.claim.agent], view), view)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise _TooMuch from error  # the agent's own: nobody has cancelled its task
        except Exception:
            raise
        except BaseException as error:
            raise _TooMuch from error
        return self._matched(view)

    def _in_thread(self, agent: Agent, view: ActivationView) -> Contribution:
        try:
            made = agent.action(revalidated(self._agents[view.claim.agent], view), view)
        except Exception:
            raise
        except BaseException as error:
            raise _TooMuch from error
        if inspect.isawaitable(made):
            raise DeclarationError(f"{agent.name} returns something to await; make it `async def`")
        return self._matched(view)

    def _matched(self, view: ActivationView) -> Contribution:
        """The contribution with what it sets off; `where` and `rating` are user code, so before any transaction."""
        if (unawaited := view.unawaited()) is not None:
            raise unawaited
        contribution, bodies = view.contribution()
        return self.matched(contribution, bodies)

    def matched(self, contribution: Contribution, bodies: list[Kind]) -> Contribution:
        """The same contribution with its proposals."""
        proposals: list[Proposal] = []
        for place, (one, body) in enumerate(zip(contribution.writes, bodies, strict=True)):
            proposals += self._matcher.match(one.kind, one.status, body, place, one.author or contribution.author)
        groups, unasked = self._matcher.groups, bool(self._matcher.conditional)
        if unasked:
            groups = tuple(g for g in groups if g.agent not in self._matcher.conditional)
            proposals = [p for p in proposals if p.agent not in self._matcher.conditional]
        return replace(
            contribution, proposals=tuple(proposals), served=self._matcher.served, groups=groups, unasked=unasked
        )

    def failure(self, acted: Acted) -> Contribution:
        """What the board writes when an agent has failed for good: a Failure, and the status that it gives up with."""
        claim, agent = acted.claim, self._agents[acted.claim.agent]
        woke = self._woke(agent, claim)
        cause, attempts = self._causes(agent, acted)
        body = Failure(agent=agent.name, cause=cause, attempts=attempts)
        gives_up = next((one.gives_up for one in agent.chain if one.gives_up), None)
        writes = [replace(write(body, body.lifecycle.first, tuple(e.key for e in woke)), author="board")]
        bodies: list[Kind] = [body]
        for entry in woke:
            steps = entry.body.lifecycle.steps.get(entry.status, ())
            if gives_up and gives_up in steps:
                row = self._store.by_seq(claim.board, [entry.seq])[0]
                writes.append(write(entry.body, gives_up, entry.about, entry, row.born))
                bodies.append(entry.body)
        looked = acted.looked or Contribution(claim, agent.name, woken_by=tuple(e.seq for e in woke))
        tried = self._tried(agent, claim.board) if attempts > 1 and len(agent.chain) > 1 else []
        label = reduce(Label.join, (*(e.label for e in woke), *tried), looked.label)
        made = replace(looked, writes=tuple(writes), label=label, failed=cause)
        return self.matched(made, bodies)

    def _causes(self, agent: Agent, acted: Acted) -> tuple[str, int]:
        """Why it has failed for good, after how many attempts; of each fallback too."""
        claim = acted.claim
        if len(agent.chain) == 1:
            return acted.cause, claim.attempt
        before = [a.cause for a in self._store.attempts(claim.board, [claim.id]) if a.outcome == "failed"]
        return told_of_all(agent, [*before, acted.cause]) or acted.cause, len(before) + 1

    def _tried(self, agent: Agent, board: str) -> list[Label]:
        """Of all that was within reach of those who were tried before: their causes may quote any of it."""
        fetched = {f"tool:{t.name}" for a in agent.chain for t in a.tools if t.returns == "untrusted"}
        labels = [Label(Integrity.UNTRUSTED, origins=frozenset(fetched))] if fetched else []
        kinds = agent.grants.reads
        there = self._store.summary(board).marks if kinds is None else kinds
        return [*labels, *(Label(*self._store.kind_label(board, kind)) for kind in sorted(there))]

    def _woke(self, agent: Agent, claim: Claim) -> list[Entry[Any]]:
        """What woke it, as far as that can still be read."""
        view = ActivationView(self._store, agent, claim, self._tools)
        try:
            woke = view.trigger()
        except Misuse:  # the class no longer takes the body: the failure stands alone
            return []
        return woke if isinstance(woke, list) else [woke]


def among(error: BaseException, kind: type[E]) -> E | None:
    """The error of this kind, be it alone or one of those that an agent's chains side by side have raised."""
    if isinstance(error, kind):
        return error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return next((found for one in inner if (found := among(one, kind)) is not None), None)


def revalidated(agent: Agent, view: ActivationView) -> Entry[Any] | list[Entry[Any]]:
    """What woke it, if it is still to be acted on: the last look at `unless` and `ready` before that. _Aside."""
    woke = view.trigger()
    if agent.is_conditional:
        with view.judging():
            if agent.unless is not None and agent.unless.holds(view):
                raise _Aside("moot", f"not needed: {agent.unless}")
            if not is_ready(agent, woke, view):
                raise _Aside("waiting", f"waits for {agent.waiting_for}")
    return woke


def is_ready(agent: Agent, woke: Entry[Any] | list[Entry[Any]], board: Reader) -> bool:
    """What its `ready` says of this board. User code."""
    if agent.ready is None:
        return True
    if isinstance(agent.ready, Condition):
        return agent.ready.holds(board)
    said: object = agent.ready(woke, board)
    if inspect.iscoroutine(said):
        said.close()
        raise DeclarationError(f"ready= of {agent.name} gives something to await; it takes a plain function")
    return bool(said)
