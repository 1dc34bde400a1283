"""View: what one activation sees and does. Reads are recorded, writes are buffered, waits are awaited."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any, LiteralString, TypeVar, overload

from pydantic import BaseModel

from blackboard.budget import Budget
from blackboard.entry import Entry, K, Kind, Pending, Ref
from blackboard.reader import Reader
from blackboard.tool import P, R, Tool

M = TypeVar("M", bound=BaseModel)


class View(Reader):
    """The board as it was when the activation began, and the pen to write on it.

    Reads: the commit fails if something read has changed (`strict=False`: it lands all the same; the read still
    counts for provenance and trust). A `find` or `count` also fails if it would now give something else.
    Your own writes are not seen until they are committed.
    """

    # -- writing: buffered, committed together when the function returns ------------------------------------------
    @abstractmethod
    def post(self, body: Kind, /, *, about: Ref | Iterable[Ref] = (), status: str | None = None) -> Pending:
        """A new entry, in the first status of its lifecycle unless said; `about` links it to others.

        NotDeclared, UnknownStatus, BodyRefused.
        """

    @abstractmethod
    def amend(self, entry: Entry[K], body: K | None = None, /, *, status: str | None = None) -> None:
        """A new version: another body, another status, or both. Lands only if `entry` is still the newest.

        NotDeclared, UnknownStatus, IllegalTransition, BodyRefused.
        """

    @abstractmethod
    def retract(self, entry: Entry[Any], /) -> None:
        """Take an entry back, from whatever status: it stays in the history and leaves every find."""

    # -- waiting: awaited, because time passes --------------------------------------------------------------------
    @overload
    async def ask(
        self, prompt: LiteralString, /, *, show: Iterable[Entry[Any]] | None = None, tell_left: bool = False
    ) -> str: ...
    @overload
    async def ask(
        self, prompt: LiteralString, /, *, shape: type[M], show: Iterable[Entry[Any]] | None = None,
        tell_left: bool = False,
    ) -> M: ...  # fmt: skip
    @abstractmethod
    async def ask(
        self, prompt: LiteralString, /, *, shape: type[BaseModel] | None = None,
        show: Iterable[Entry[Any]] | None = None, tell_left: bool = False,
    ) -> Any:  # fmt: skip
        """Ask the agent's model; the answer is a text, or of the `shape`, validated.

        `prompt`: your words, never text of an entry. `show`: the entries that the model sees; what woke the agent
        unless said. `tell_left`: it is told what is left of the budgets, so that it can come to an end. An answer that
        this activation was given before comes from the journal, free. NotDeclared without `model=`; ModelFailed,
        BudgetExceeded.
        """

    @abstractmethod
    async def call(self, tool: Tool[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call one of the agent's tools. NotDeclared, ToolFailed, Denied."""

    # -- facts -----------------------------------------------------------------------------------------------------
    @property
    @abstractmethod
    def attempt(self) -> int:
        """1 for the first try."""

    @property
    @abstractmethod
    def left(self) -> Budget:
        """What is left of the budgets that bind this agent: its own, the board's, today's. None: nothing caps it."""
