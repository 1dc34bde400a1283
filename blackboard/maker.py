"""Makers: functions that make an agent of each entry of a kind. An AgentMaker is a value, and sits in a team."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from blackboard.activation import Query
from blackboard.agent import Agent
from blackboard.entry import RETRACTED, Entry, K, Kind
from blackboard.errors import DeclarationError


@dataclass(frozen=True, eq=False)
class AgentMaker:
    """Brings an agent to the board for each current entry of a kind. Make one with @agents_from."""

    name: str
    kind: type[Kind]
    make: Callable[[Entry[Any]], Agent]
    purpose: str = ""

    @property
    def query(self) -> Query:
        """What finds the entries that it makes agents of."""
        return Query(self.kind.kind_name, tuple(sorted(self.kind.lifecycle.all - {RETRACTED})))


def agents_from(kind: type[K]) -> Callable[[Callable[[Entry[K]], Agent]], AgentMaker]:
    """Make a function a maker: for each entry of the kind, whatever its status, the agent that it gives sits there.

    The agent joins when the entry lands, is made anew when that is amended, leaves when that is retracted. Each process
    that works on the board calls the function by itself, so it must give the same agent for the same entry, and no two
    agents of one name. Of an entry that nobody vouches for comes no agent that asks a model: what it says of itself is
    an instruction to that. DeclarationError.
    """
    if not (isinstance(kind, type) and issubclass(kind, Kind)):
        raise DeclarationError(f"agents_from() takes a kind, not {kind!r}")
    if kind.private:
        raise DeclarationError(f"agents_from(): {kind.kind_name} is private to its author, so no agent can come of it")

    def declare(make: Callable[[Entry[K]], Agent]) -> AgentMaker:
        name = getattr(make, "__name__", type(make).__name__)
        if inspect.iscoroutinefunction(make):
            raise DeclarationError(f"{name}: it makes an agent at once; leave out `async`")
        if len(inspect.signature(make).parameters) != 1:
            raise DeclarationError(f"{name}: what makes an agent takes (entry)")
        return AgentMaker(name, kind, make, inspect.getdoc(make) or "")

    return declare
