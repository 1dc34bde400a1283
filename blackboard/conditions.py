"""Conditions: one small language for `ready=`, `unless=`, `done=` and `stop=`, and for watches of many entries."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic

from blackboard.entry import K, Kind
from blackboard.errors import DeclarationError
from blackboard.reader import Reader
from blackboard.shapes import is_number, is_whole, shown, takes


class Condition(ABC):
    """Something that is true or false of a board. Combine with & | ~ (not: and, or, not)."""

    @abstractmethod
    def holds(self, board: Reader) -> bool:
        """Whether it is true of this board now."""

    @property
    def kinds(self) -> frozenset[type[Kind]] | None:
        """The kinds on which it depends; None: anything may change it."""
        return None

    def missing(self, board: Reader) -> list[str]:
        """What is not yet as it wants it, in words; empty where it holds."""
        return [] if self.holds(board) else [str(self)]

    def __and__(self, other: "Condition") -> "Condition":
        return _Both(self, _condition(other))

    def __or__(self, other: "Condition") -> "Condition":
        return _Either(self, _condition(other))

    def __invert__(self) -> "Condition":
        return _Not(self)

    def __bool__(self) -> bool:
        raise DeclarationError("combine conditions with & | ~, not with and, or, not")


def _condition(other: object) -> Condition:
    if not isinstance(other, Condition):
        raise DeclarationError(f"& and | join conditions such as exists(Kind), not {shown(other)}")
    return other


def _kind(function: str, kind: object) -> None:
    if not (isinstance(kind, type) and issubclass(kind, Kind)):
        raise DeclarationError(f"{function}() takes a kind, not {shown(kind)}")


def _inside(one: Condition, *joined: type[Condition]) -> str:
    """In words, in brackets where it would be read otherwise."""
    return f"({one})" if isinstance(one, joined) else str(one)


def _joined(a: Condition, b: Condition) -> frozenset[type[Kind]] | None:
    return None if a.kinds is None or b.kinds is None else a.kinds | b.kinds


@dataclass(frozen=True)
class _Both(Condition):
    a: Condition
    b: Condition

    def holds(self, board: Reader) -> bool:
        return self.a.holds(board) and self.b.holds(board)

    @property
    def kinds(self) -> frozenset[type[Kind]] | None:
        return _joined(self.a, self.b)

    def missing(self, board: Reader) -> list[str]:
        return [*self.a.missing(board), *self.b.missing(board)]

    def __str__(self) -> str:
        return f"{_inside(self.a, _Either)} and {_inside(self.b, _Either)}"


@dataclass(frozen=True)
class _Either(Condition):
    a: Condition
    b: Condition

    def holds(self, board: Reader) -> bool:
        return self.a.holds(board) or self.b.holds(board)

    @property
    def kinds(self) -> frozenset[type[Kind]] | None:
        return _joined(self.a, self.b)

    def __str__(self) -> str:
        return f"{_inside(self.a, _Both)} or {_inside(self.b, _Both)}"


@dataclass(frozen=True)
class _Not(Condition):
    a: Condition

    def holds(self, board: Reader) -> bool:
        return not self.a.holds(board)

    @property
    def kinds(self) -> frozenset[type[Kind]] | None:
        return self.a.kinds

    def __str__(self) -> str:
        return f"not {_inside(self.a, _Both, _Either)}"


@dataclass(frozen=True)
class _Exists(Condition):
    kind: type[Kind]
    status: tuple[str, ...] | None
    at_least: int

    def holds(self, board: Reader) -> bool:
        return board.count(self.kind, status=self.status) >= self.at_least

    @property
    def kinds(self) -> frozenset[type[Kind]] | None:
        return frozenset({self.kind})

    def missing(self, board: Reader) -> list[str]:
        found = board.count(self.kind, status=self.status)
        return [] if found >= self.at_least else [f"{self}, there {'is' if found == 1 else 'are'} {found}"]

    def __str__(self) -> str:
        status = f" that is {' or '.join(self.status)}" if self.status else ""
        return f"{self.at_least} {self.kind.kind_name}{status}"


@dataclass(frozen=True)
class _When(Condition):
    test: Callable[[Reader], bool]
    reason: str
    of: frozenset[type[Kind]] | None = None

    def holds(self, board: Reader) -> bool:
        return self.test(board)

    @property
    def kinds(self) -> frozenset[type[Kind]] | None:
        return self.of

    def __str__(self) -> str:
        return self.reason


class Many(Generic[K]):
    """A watch that hands over several entries at once."""

    kind: type[K]


@dataclass(frozen=True)
class AllDone(Many[K], Condition):
    """See `all_done`."""

    kind: type[K]
    by: Callable[[K], Hashable] | None = None
    size: int | Callable[[K], int] | None = None

    def holds(self, board: Reader) -> bool:
        """Whether there are enough of them, and none is unfinished."""
        total, done = self._counted(board)
        return total == done and done >= self._least

    @property
    def kinds(self) -> frozenset[type[Kind]] | None:
        """The one kind that it watches."""
        return frozenset({self.kind})

    def missing(self, board: Reader) -> list[str]:
        """How many are unfinished."""
        total, done = self._counted(board)
        return [] if total == done and done >= self._least else [f"{self}, {done} of {max(total, self._least)} are"]

    def _counted(self, board: Reader) -> tuple[int, int]:
        return board.count(self.kind), board.count(self.kind, status=self.kind.lifecycle.done)

    @property
    def _least(self) -> int:
        return self.size if isinstance(self.size, int) else 1

    def __str__(self) -> str:
        return f"every {self.kind.kind_name} done"


@dataclass(frozen=True)
class Batched(Many[K]):
    """See `batched`."""

    kind: type[K]
    size: int


def exists(kind: type[Kind], *, status: str | tuple[str, ...] | None = None, at_least: int = 1) -> Condition:
    """There are so many entries of this kind (in one of these statuses)."""
    _kind("exists", kind)
    if not is_whole(at_least, 1):
        raise DeclarationError(f"exists({kind.__name__}): at_least= takes a whole number of at least 1")
    wanted = (status,) if isinstance(status, str) else status
    for s in wanted or ():
        kind.lifecycle.check(kind.kind_name, s)
    return _Exists(kind, wanted, at_least)


def all_done(
    kind: type[K], *, by: Callable[[K], Hashable] | None = None, size: int | Callable[[K], int] | None = None
) -> AllDone[K]:
    """There is one at least, and every one has reached a last status. Watched: hands them over, once per set.

    Watched, `by` makes groups by a value of the body, and each is handed over by itself. `size`: how many make it
    whole, whatever else comes; without it, it is whole when none is unfinished. DeclarationError.
    """
    _kind("all_done", kind)
    said = f"all_done({kind.__name__})"
    if by is not None and not takes(by, 1):
        raise DeclarationError(f"{said}: by= takes a function of the body, such as lambda body: body.group")
    if size is not None and not (is_whole(size, 1) or takes(size, 1)):
        raise DeclarationError(f"{said}: a whole has at least 1; size= takes such a number, or a function of the body")
    return AllDone(kind, by, size)


def batched(kind: type[K], size: int, /) -> Batched[K]:
    """Watched: as many as are there, `size` at most, in one activation. DeclarationError."""
    _kind("batched", kind)
    if not is_whole(size, 1):
        raise DeclarationError(f"batched({kind.__name__}, {shown(size)}): a batch has at least 1, a whole number")
    return Batched(kind, size)


def confident(kind: type[Kind], at_least: float, /, *, field: str = "confidence") -> Condition:
    """There is an entry of this kind whose `confidence` (or another field) is as high as this. DeclarationError."""
    _kind("confident", kind)
    if not is_number(at_least):
        raise DeclarationError(f"confident({kind.__name__}): a confidence is a number, not {shown(at_least)}")
    if field not in kind.model_fields:
        raise DeclarationError(f"confident({kind.__name__}): it has no field {field!r}")

    def sure(board: Reader) -> bool:
        return any(getattr(entry.body, field) >= at_least for entry in board.find(kind))

    return _When(sure, f"a {kind.kind_name} with a {field} of {at_least:g} or more", frozenset({kind}))


def when(test: Callable[[Reader], bool], reason: str) -> Condition:
    """Any test of the board, with the words that the verdict will use. Prefer the others: they cost nothing.

    DeclarationError.
    """
    if not takes(test, 1) or not (isinstance(reason, str) and reason.strip()):
        raise DeclarationError('when() takes a function of the board and what it means: when(test, "3 are sure")')
    return _When(test, reason)
