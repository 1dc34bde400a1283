"""View: what one activation sees and does. Reads are recorded, writes are buffered, waits are awaited."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from blackboard.entry import Entry, K, Kind, Pending, Ref
from blackboard.reader import Reader
from blackboard.tool import P, R, Tool


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
    @abstractmethod
    async def call(self, tool: Tool[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call one of the agent's tools. NotDeclared, ToolFailed, Denied."""

    # -- facts -----------------------------------------------------------------------------------------------------
    @property
    @abstractmethod
    def attempt(self) -> int:
        """1 for the first try."""
