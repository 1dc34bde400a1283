"""Acting: one claimed activation from its view to a contribution, or to why there is none."""

import asyncio
import inspect
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from pydantic import ValidationError

from blackboard.activation import Claim, Contribution, Proposal, State
from blackboard.agent import Agent
from blackboard.conditions import Condition
from blackboard.entry import Entry, Failure, Kind, Label
from blackboard.errors import DeclarationError, Misuse, told
from blackboard.looker import write
from blackboard.matching import Matcher
from blackboard.ports import Looking
from blackboard.reader import Reader
from blackboard.records import Row
from blackboard.runner.view import ActivationView, Toolbox
from blackboard.seam import Lane

HOPELESS = (Misuse, DeclarationError, ValidationError, TypeError, NameError, AttributeError, SyntaxError)
"""Errors of the program: trying again would give the same."""
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
    """How an activation went: a contribution, or the cause of its failure, or that it was not begun."""

    claim: Claim
    contribution: Contribution | None = None
    error: BaseException | None = None
    retry: bool = False
    looked: Contribution | None = None  # where it failed: what it had read until then
    aside: tuple[State, str] | None = None  # where it was not begun: moot or waiting, and why

    @property
    def cause(self) -> str:
        """The error in one line."""
        return told(self.error) if self.error is not None else ""


class Acting:
    """Runs the functions of the agents that a worker serves."""

    def __init__(self, store: Looking, agents: dict[str, Agent], matcher: Matcher, lane: Lane, tools: Toolbox) -> None:
        self._store, self._agents, self._matcher, self._lane, self._tools = store, agents, matcher, lane, tools

    async def act(self, claim: Claim, woke: Row | None = None) -> Acted:
        """Let the agent act on its claim. Never raises, but for being cancelled. `woke`: its trigger, if at hand."""
        agent = self._agents[claim.agent]
        if claim.attempt > agent.retry + 1 + MOST_LOSSES:  # it may be what kills its worker
            return Acted(claim, error=RuntimeError(f"its worker was lost again and again, in {claim.attempt} attempts"))
        view = ActivationView(self._store, agent, claim, self._tools, woke)
        try:
            async with asyncio.timeout(agent.timeout) as limit:
                contribution = await self._acted(agent, view)
        except TimeoutError as error:
            if not limit.expired():  # the agent's own
                return self._failed(agent, view, claim, error)
            timeout = TimeoutError(f"not finished within {agent.timeout:g} seconds")
            timeout.__cause__ = error
            return self._failed(agent, view, claim, timeout)
        except _Aside as error:
            return Acted(claim, aside=(error.state, error.cause))
        except _TooMuch as error:
            return self._failed(agent, view, claim, error.__cause__ or error)
        except Exception as error:  # an agent can fail only itself
            return self._failed(agent, view, claim, error)
        return Acted(claim, contribution)

    def _failed(self, agent: Agent, view: ActivationView, claim: Claim, error: BaseException) -> Acted:
        """A failure rests on what was read, as a result does: if that has changed it is not final."""
        retry = claim.attempt <= agent.retry and not isinstance(error, HOPELESS)
        looked, _ = view.contribution()
        return Acted(claim, error=error, retry=retry, looked=replace(looked, writes=()))

    async def _acted(self, agent: Agent, view: ActivationView) -> Contribution:
        if not agent.is_async:
            return await self._lane.run(lambda: self._in_thread(agent, view))
        try:
            await agent.action(revalidated(agent, view), view)
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
            made = agent.action(revalidated(agent, view), view)
        except Exception:
            raise
        except BaseException as error:
            raise _TooMuch from error
        if inspect.isawaitable(made):
            raise DeclarationError(f"{agent.name} returns something to await; make it `async def`")
        return self._matched(view)

    def _matched(self, view: ActivationView) -> Contribution:
        """The contribution with what it sets off; `where` and `rating` are user code, so before any transaction."""
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
        body = Failure(agent=agent.name, cause=acted.cause, attempts=claim.attempt)
        writes = [replace(write(body, body.lifecycle.first, tuple(e.key for e in woke)), author="board")]
        bodies: list[Kind] = [body]
        for entry in woke:
            steps = entry.body.lifecycle.steps.get(entry.status, ())
            if agent.gives_up and agent.gives_up in steps:
                row = self._store.by_seq(claim.board, [entry.seq])[0]
                writes.append(write(entry.body, agent.gives_up, entry.about, entry, row.born))
                bodies.append(entry.body)
        looked = acted.looked or Contribution(claim, agent.name, woken_by=tuple(e.seq for e in woke))
        label = reduce(Label.join, (e.label for e in woke), looked.label)
        made = replace(looked, writes=tuple(writes), label=label, failed=acted.cause)
        return self.matched(made, bodies)

    def _woke(self, agent: Agent, claim: Claim) -> list[Entry[Any]]:
        """What woke it, as far as that can still be read."""
        view = ActivationView(self._store, agent, claim, self._tools)
        try:
            woke = view.trigger()
        except Misuse:  # the class no longer takes the body: the failure stands alone
            return []
        return woke if isinstance(woke, list) else [woke]


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
    return agent.ready.holds(board) if isinstance(agent.ready, Condition) else bool(agent.ready(woke, board))
