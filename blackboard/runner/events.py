"""What a runner tells while it works, for progress on a screen and for the log. The board itself is the record."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from loguru import logger

logger.disable("blackboard")  # a library is silent; the command line lets it speak

Joined = Literal["joined", "changed", "remade", "left", "broken", "mended"]  # of agents that come to a running board
Acted = Literal["acting", "landed", "redone", "dropped", "escalated", "retried", "failed", "lost", "waits", "ended"]
What = Acted | Joined
LEVELS: dict[What, str] = {
    "retried": "WARNING", "failed": "ERROR", "lost": "WARNING", "ended": "INFO",
    "joined": "INFO", "changed": "INFO", "remade": "INFO", "left": "INFO", "broken": "INFO", "mended": "INFO",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that has happened to an activation, or (without an agent) to the board."""

    what: What
    board: str
    agent: str = ""
    activation: int = 0
    keys: tuple[str, ...] = ()
    detail: str = ""


Observer = Callable[[Event], None]


def tell_bodies(board: str, agent: str, activation: int, landed: Iterable[tuple[str, str]]) -> None:
    """Log what was written, key and body; at DEBUG only, since bodies may hold what a log should not."""
    bound = logger.bind(board=board, agent=agent, activation=activation)
    for key, body in landed:
        bound.debug("{} {}", key, body)


def tell_traceback(board: str, agent: str, activation: int, error: BaseException) -> None:
    """Log where an agent has failed; at DEBUG only, since a traceback is for who mends the agent."""
    bound = logger.bind(board=board, agent=agent, activation=activation)
    bound.opt(exception=error).debug("{} has failed", agent)


def tell(event: Event, observer: Observer | None) -> None:
    """Log an event, with board, agent and activation bound, and show it to whoever watches."""
    bound = logger.bind(board=event.board, agent=event.agent, activation=event.activation)
    bound.log(LEVELS.get(event.what, "DEBUG"), "{} {} {}", event.what, " ".join(event.keys), event.detail)
    if observer is not None:
        try:
            observer(event)
        except Exception as error:  # who looks on must not stop the work
            bound.opt(exception=error).error("the observer has failed")
