"""Turns: which agent of a chain of fallbacks acts in which attempt. The number says all, so it survives any crash."""

from dataclasses import dataclass

from blackboard.agent import Agent


@dataclass(frozen=True, slots=True)
class Turn:
    """An agent's part of the attempts at one activation."""

    agent: Agent
    nth: int  # of its own attempts
    last: int  # the number of its last attempt
    next: Agent | None = None  # who acts when those have failed
    is_alone: bool = True  # there is no other in the chain


def turn(agent: Agent, attempt: int) -> Turn:
    """Whose turn it is in this attempt. What comes after the last attempt is the last agent's."""
    before = 0
    for one, following in zip(agent.chain, (*agent.chain[1:], None), strict=True):
        last = before + one.retry + 1
        if attempt <= last or following is None:
            return Turn(one, attempt - before, last, following, len(agent.chain) == 1)
        before = last
    raise AssertionError("a chain has an end")


def told_of_all(agent: Agent, causes: list[str]) -> str:
    """The last cause of each agent that was tried, of those that begin with its name."""
    last = {one.name: cause for one in agent.chain for cause in causes if cause.startswith(f"{one.name}: ")}
    return "; ".join(last.values())
