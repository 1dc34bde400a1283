"""What a runner works on, and what follows from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from blackboard.activation import Bounds, GroupWatch
from blackboard.agent import Agent
from blackboard.asking import Model, Shop
from blackboard.budget import ACTIVATIONS, Budget
from blackboard.conditions import AllDone, Batched, Condition
from blackboard.making import Made
from blackboard.matching import GroupPattern, Matcher, Pattern
from blackboard.ports import Looking
from blackboard.records import Seat
from blackboard.runner.delays import FIRST
from blackboard.tool import Tool


@dataclass(frozen=True)
class Lineup:
    """Who sits at a board now, and what is wrong with those who would."""

    agents: Sequence[Agent]
    only: frozenset[str] | None = None  # those that are served here, if not all
    broken: Mapping[str, str] = field(default_factory=dict)  # file, or maker and entry -> what is wrong, in a sentence
    files: Mapping[str, str] = field(default_factory=dict)  # agent -> the same, where that is what makes it
    made: Made = field(default_factory=Made)  # those that makers have made

    @property
    def made_agents(self) -> list[Agent]:
        """Those of them that makers have made."""
        return [a for a in self.agents if a.name in self.made.by]


class Roster(Protocol):
    """Who is to sit at a board: it may change while the board is worked on."""

    def lineup(self, store: Looking | None = None, board: str = "") -> Lineup:
        """Those of now. Runs the code of plugins and makers: not for the event loop."""

    def watch(self, changed: Callable[[], None]) -> Callable[[], None] | None:
        """Call `changed`, from any thread, when files have changed; gives back how to stop that. UsageError.

        None where there are no files to watch.
        """


@dataclass(frozen=True)
class Plan:
    """Who sits at the board, when it is done, what it may use."""

    agents: Sequence[Agent]  # the whole team
    done: Condition
    stop: Condition | None = None
    budget: Budget = field(default_factory=Budget)
    resources: Sequence[object] = ()
    tools: Mapping[Tool[..., Any], Callable[..., object]] = field(default_factory=dict)
    epoch: int | None = None  # of the board's row that it was made from: in another one it does not hold any more
    least_rating: int | None = None  # what is rated lower is not begun
    only: frozenset[str] | None = None  # the agents that this worker serves, if not the whole team
    breaker: tuple[int, int] | None = None  # so many failures among so many activations end the board
    more: bool = False  # the board was opened for more posts: see controller.decide
    backoff: float = FIRST  # seconds after a first failed attempt; 0: everything is tried again at once
    broken: Mapping[str, str] = field(default_factory=dict)  # see Lineup
    files: Mapping[str, str] = field(default_factory=dict)
    made: Made = field(default_factory=Made)
    roster: Roster | None = None  # where the agents may change while it works
    model: Callable[[Shop], Model] | None = None  # who answers what agents ask, made for the worker that runs them

    @property
    def served(self) -> list[Agent]:
        """The agents that this worker serves."""
        return [a for a in self.agents if self.only is None or a.name in self.only]

    @property
    def may_serve(self) -> bool:
        """Whether there is an agent to be served here, or may be one that is still to be made."""
        return bool(self.served or self.made.makers)

    @cached_property
    def bounds(self) -> dict[str, Bounds]:
        """Who is parked while whom it writes for has too much pending. Nobody waits for himself."""
        found = {
            a.name: tuple(
                (b.name, b.pending)
                for b in self.agents
                if b.pending is not None and b.name != a.name and b.kind.kind_name in a.grants.writes
            )
            for a in self.agents
        }
        return {poster: bounds for poster, bounds in found.items() if bounds}

    @property
    def lineup(self) -> Lineup:
        """Who sits at the board."""
        return Lineup(self.agents, self.only, self.broken, self.files, self.made)

    def with_lineup(self, now: Lineup) -> "Plan":
        """The same with others at the board."""
        return replace(self, agents=now.agents, only=now.only, broken=now.broken, files=now.files, made=now.made)

    @cached_property
    def most(self) -> dict[str, int]:
        """How many activations at a time an agent may have, whoever serves it."""
        return {a.name: a.concurrency for a in self.agents if a.concurrency is not None}

    def may_end(self, written: set[str]) -> bool:
        """Whether writes of these kinds may have reached the goal, or the condition to stop."""
        for condition in (self.done, self.stop):
            if condition is not None:
                kinds = condition.kinds
                if kinds is None or written & {k.kind_name for k in kinds}:
                    return True
        return False


def seats(agents: Sequence[Agent], head: int = 0) -> list[Seat]:
    """The places of agents at a board, for those that join it at this head."""

    def seat(one: Agent) -> Seat:
        cursor = head if one.backlog == "new" else 0
        caps = tuple((unit, cap) for unit, cap in one.budget.caps if unit != ACTIVATIONS and cap is not None)
        cap = one.budget.activations
        return Seat(one.name, one.watching, one.code_version, cursor, grants=one.grants, cap=cap, caps=caps)

    return [seat(one) for one in agents]


def matcher(agents: Sequence[Agent]) -> Matcher:
    """What wakes these agents."""
    patterns: list[Pattern | GroupPattern] = []
    boards: list[GroupWatch] = []
    for a in agents:
        watch, rating = a.watches, a.rating
        if not isinstance(watch, AllDone):
            batch = watch.size if isinstance(watch, Batched) else None
            patterns.append(Pattern(a.name, a.kind, a.statuses, a.where, rating, a.ready is not None, batch))
        elif isinstance(rating, int):
            if a.is_whole:
                boards.append(GroupWatch(a.name, a.kind.kind_name, a.kind.lifecycle.done, rating, a.ready is not None))
            else:
                patterns.append(GroupPattern(a.name, a.kind, watch.by, watch.size, a.where, rating))
    return Matcher(patterns, boards, [a.name for a in agents if a.is_conditional])
