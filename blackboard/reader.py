"""Reader: looking at a board. A View and a Board are both Readers, so helpers can serve both."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, overload

from blackboard.entry import Entry, K

Status = str | Iterable[str] | None


class Reader(ABC):
    """Current entries by kind. Every look is indexed and typed; nothing reads the whole board.

    `strict` matters to a View only: see there.
    """

    @overload
    def get(self, kind: type[K], key: str, /, *, strict: bool = True) -> Entry[K]: ...
    @overload
    def get(self, kind: type[K], /, *, of: Entry[Any], strict: bool = True) -> Entry[K]: ...
    @abstractmethod
    def get(
        self, kind: type[K], key: str | None = None, /, *, of: Entry[Any] | None = None, strict: bool = True
    ) -> Entry[K]:
        """The entry with this key; or the one entry of this kind that `of` is about. Else NotFound, TooMany."""

    @abstractmethod
    def find(
        self,
        kind: type[K],
        /,
        *,
        status: Status = None,
        about: Entry[Any] | None = None,
        limit: int | None = None,
        strict: bool = True,
        **fields: Any,
    ) -> list[Entry[K]]:
        """Entries of one kind, oldest key first; retracted ones only if asked for. Fields must be indexed.

        UnknownStatus, UnknownField.
        """

    @abstractmethod
    def count(
        self,
        kind: type[K],
        /,
        *,
        status: Status = None,
        about: Entry[Any] | None = None,
        strict: bool = True,
        **fields: Any,
    ) -> int:
        """How many `find` would give, without reading them."""

    @abstractmethod
    def linked(self, entry: Entry[Any], kind: type[K], /, *, strict: bool = True) -> list[Entry[K]]:
        """Entries of this kind that belong to `entry`: about it, or it about them, or it was made from them."""

    @abstractmethod
    def history(self, entry: Entry[K], /) -> list[Entry[K]]:
        """All versions of an entry, oldest first."""
