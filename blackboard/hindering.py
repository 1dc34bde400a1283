"""Hindering: an agent at a board, and what is asked of both to tell what keeps it from acting."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from blackboard import shortages
from blackboard.agent import Agent
from blackboard.budget import ACTIVATIONS
from blackboard.calls import Short
from blackboard.conditions import Condition
from blackboard.errors import told
from blackboard.ports import Looking
from blackboard.reader import Reader
from blackboard.records import ActivationRecord, BoardRecord, Seat, Spent, Summary

Reason = Literal[
    "running", "turn", "conflict", "rating", "due", "budget", "unserved", "unnoticed", "verdict", "parked", "ready",
    "unless", "where", "grants", "error", "superseded", "unknown", "trigger", "refraction",
]  # fmt: skip
MANY = 2**31


@dataclass(frozen=True)
class Hindrance:
    """What keeps the agent from acting on one entry, and the one thing that is missing."""

    reason: Reason
    sentence: str
    lacks: str
    distance: int = 0  # changes of status that the entry is away from waking it
    activation: int | None = None


@dataclass(frozen=True)
class Watched:
    """What wakes the agent, by its declaration or, without that, by the words that its seat keeps."""

    kind: str
    statuses: tuple[str, ...]
    words: str
    by_set: bool = False  # it is handed all of them at once
    tests: bool = False  # there is a `where`

    @classmethod
    def by(cls, agent: Agent) -> "Watched":
        """As it is declared."""
        statuses = tuple(sorted(agent.kind.lifecycle.done)) if agent.is_group else agent.statuses
        return cls(agent.kind.kind_name, statuses, agent.watching, agent.is_group, agent.where is not None)

    @classmethod
    def read(cls, words: str, done: Callable[[str], tuple[str, ...]]) -> "Watched":
        """As the seat tells it: `answer draft/revise where …`, `all subtask done`, `5 note open`."""
        parts = words.split()
        if parts[:1] == ["all"]:
            return cls(parts[1], done(parts[1]), words, by_set=True)
        kind, statuses = parts[parts[0].isdigit() :][:2]
        return cls(kind, tuple(statuses.split("/")), words, tests="where" in parts)


@dataclass(frozen=True)
class Case:
    """An agent at a board, with all that is asked of both once."""

    store: Looking
    reader: Reader
    record: BoardRecord
    summary: Summary
    name: str
    watched: Watched
    seat: Seat | None
    agent: Agent | None  # None: only what is stored can be told
    is_served: bool
    now: float

    # -- what is the same for every entry --------------------------------------------------------------------------
    @cached_property
    def lifecycle(self) -> Mapping[str, list[str]]:
        """The steps of the watched kind."""
        stored: dict[str, dict[str, list[str]]] = json.loads(self.record.kinds)
        return stored.get(self.watched.kind, {"posted": []})

    @cached_property
    def ended(self) -> str | None:
        """How the board ended, if it has."""
        if self.record.status == "open":
            return None
        return str(json.loads(self.record.verdict or '{"ending": "closed"}')["ending"])

    @cached_property
    def reopening(self) -> str:
        """How to open the board again."""
        said = {"complete": " --more", "failed": " --more", "budget": " --activations N", "deadline": " --seconds N"}
        if self.ended == "budget" and self.short is not None:
            return shortages.remedy(self.short, self.record.id)
        own = self.ended == "budget" and not any(_is_used_up(b) for b in self.of_board)
        flag = "" if own else said.get(self.ended or "", "")
        again = f"`blackboard resume {self.record.id}{flag}`"
        return f"a higher budget= where it is declared, then {again}" if own and self.used_up else again

    @property
    def of_board(self) -> list[Spent]:
        """The board's budget of activations, of which each takes one before it begins."""
        return [b for b in self.summary.budgets if b.unit == ACTIVATIONS]

    @cached_property
    def short(self) -> Short | None:
        """The budget that allows this agent no call, if something of its is parked for that, or was at the end."""
        if (found := next((s.short for s in self.summary.short if s.agent == self.name), None)) is not None:
            return found
        reasons = json.loads(self.record.verdict or "{}").get("reasons", ()) if self.record.status != "open" else ()
        told = (said for reason in reasons if (said := shortages.read(reason)) is not None)
        return next((short for agent, short in told if agent == self.name), None)

    @cached_property
    def used_up(self) -> str | None:
        """A budget of the board or of the agent of which nothing is left."""
        own = self.summary.of_agents.get(self.name)
        for whose, one in (*(("the board", b) for b in self.of_board), *([(self.name, own)] if own else [])):
            if _is_used_up(one):
                held = f" or held by what runs ({one.reserved})" if one.reserved else ""
                return f"{one.cap} {one.unit} of {whose} are used up{held}"
        return None

    @cached_property
    def least_rating(self) -> int | None:
        """The rating below which nothing is claimed."""
        found = json.loads(self.record.options).get("least_rating")
        return found if isinstance(found, int) else None

    @cached_property
    def held_back(self) -> Hindrance | None:
        """A condition of the agent that holds it back from whatever wakes it."""
        agent = self.agent
        if agent is None:
            return None
        if agent.unless is not None and (found := _asked(agent.unless, self.reader)) != "no":
            fails = found != "yes"
            sentence = f"its unless= fails: {found}" if fails else f"unless {agent.unless}, which is so"
            return Hindrance("unless", sentence, "mend it" if fails else f"not {agent.unless}")
        if isinstance(agent.ready, Condition) and (lacks := _missing(agent.ready, self.reader)):
            return Hindrance("ready", f"it waits until {agent.ready}; missing: {lacks}", lacks)
        return None

    def went_first(self, one: ActivationRecord) -> str:
        """Who is to act before a pending activation."""
        found = self.store.sql(
            "SELECT count(*) AS n, max(rating) AS top FROM agenda WHERE board_id = :board AND state = 'pending' "
            "AND (rating > :rating OR rating = :rating AND id < :id)",
            {"board": self.record.id, "rating": one.rating, "id": one.id},
        )[0]
        if not found["n"]:
            return "it is the next"
        others = "1 other goes" if found["n"] == 1 else f"{found['n']} others go"
        return f"{others} first, rated up to {found['top']} against {one.rating}"


def _asked(condition: Condition, reader: Reader) -> str:
    """`yes`, `no`, or what its own code raised."""
    try:
        return "yes" if condition.holds(reader) else "no"
    except Exception as error:  # user code
        return told(error)


def _missing(condition: Condition, reader: Reader) -> str:
    """What a condition still wants; empty where it holds."""
    try:
        return "; ".join(condition.missing(reader))
    except Exception as error:  # user code
        return f"it fails: {told(error)}"


def _is_used_up(one: Spent) -> bool:
    return one.cap is not None and one.settled + one.reserved >= one.cap
