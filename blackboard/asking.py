"""Asking: what an agent wants to know of a model, and who answers. `blackboard.llm` does, for every run."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from blackboard.activation import Claim
from blackboard.agent import Agent
from blackboard.entry import Entry, Label
from blackboard.ports import Store
from blackboard.seam import Seam

T = TypeVar("T")


@dataclass(frozen=True)
class Shown:
    """An entry that a model is to see, and what of it the agent has not seen before."""

    entry: Entry[Any]
    before: Mapping[str, Any] | None = None  # fields that were another when the agent last saw it: name -> value then
    version_before: int | None = None
    label: Label = Label()  # of all that is shown of it
    said: str | None = None  # its body as it is stored: from the class again, a set comes in any order


@dataclass(frozen=True)
class Asked:
    """One question of one activation."""

    claim: Claim
    agent: Agent
    prompt: str
    shape: type[BaseModel] | None = None  # None: a text is wanted
    shown: Sequence[Shown] = ()
    tell_left: bool = False
    is_last_resort: bool = True  # nobody else could act: it waits while a breaker is open
    times: Counter[str] = field(default_factory=Counter)  # how often this run of the activation has asked the same


class Model(Protocol):
    """Who answers what agents ask. Everything that it is told stands in the journal first."""

    async def ask(self, asked: Asked) -> Any:
        """The answer: a text, or of the shape. ModelFailed, BudgetExceeded, ClaimLost, StoreError."""

    async def close(self) -> None:
        """Let go of what it holds."""


class Shop(Protocol):
    """What of a worker is needed to answer: its store, the thread for it, its clock."""

    @property
    def store(self) -> Store:
        """The database."""

    @property
    def seam(self) -> Seam:
        """Time and chance."""

    async def in_store(self, job: Callable[[], T], board: str = "") -> T:
        """Run a transaction on the store's own thread; once begun it is not cancelled."""
