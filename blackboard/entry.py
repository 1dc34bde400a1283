"""The nouns of the board: Kind (a type), Lifecycle, Label, Entry (one version of one datum)."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, ClassVar, Generic

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticSerializationError, from_json
from typing_extensions import TypeVar

from blackboard.errors import BodyRefused, DeclarationError, IllegalTransition, UnknownStatus

RESERVED = frozenset({"status", "about", "limit", "strict"})  # options of find and count
RETRACTED = "retracted"
SURELY_FLAT = 100  # brackets; with more a body may be nested deeper than the parser goes
LARGEST_BODY = 256 * 1024  # bytes; a superseding rewrites the row, so bodies stay small


@dataclass(frozen=True)
class Lifecycle:
    """Which status may follow which. The first is where entries start; those that lead nowhere are done."""

    steps: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, steps: Mapping[str, str | Sequence[str]]) -> "Lifecycle":
        """From what a kind declares: `{"draft": ("accepted", "flagged")}`."""
        return cls({a: (b,) if isinstance(b, str) else tuple(b) for a, b in steps.items()})

    @cached_property
    def first(self) -> str:
        """Where entries start."""
        return next(iter(self.steps))

    @cached_property
    def all(self) -> frozenset[str]:
        """Every status, `retracted` included."""
        return frozenset(self.steps) | {b for bs in self.steps.values() for b in bs} | {RETRACTED}

    @cached_property
    def done(self) -> frozenset[str]:
        """The statuses that lead nowhere."""
        return frozenset(s for s in self.all if not self.steps.get(s)) - {RETRACTED}

    def check(self, kind: str, status: str) -> str:
        """The status, if there is such a one. UnknownStatus."""
        if status not in self.all:
            raise UnknownStatus(f"{kind} has no status {status!r}; it has {', '.join(sorted(self.all))}")
        return status

    def step(self, kind: str, before: str, after: str) -> str:
        """The status after, if it may follow. IllegalTransition, UnknownStatus."""
        self.check(kind, after)
        if before == RETRACTED or (after not in {before, RETRACTED} and after not in self.steps.get(before, ())):
            ways = ", ".join(self.steps.get(before, ())) if before != RETRACTED else ""
            raise IllegalTransition(f"{kind}: {before!r} does not lead to {after!r}; it leads to {ways or 'nothing'}")
        return after


class Kind(BaseModel):
    """The type of an entry: subclass it, add fields, say the lifecycle if entries have one.

    Bodies are frozen, refuse unknown fields, and take a field's docstring as its description.
    Class options: `lifecycle={"draft": ("accepted", "flagged")}`, `index=("subject",)`, `name="other_name"`,
    `private=True`: an agent's scratchpad, which only the agent that wrote it reads (people can).
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants", use_attribute_docstrings=True
    )
    kind_name: ClassVar[str] = "kind"
    lifecycle: ClassVar[Lifecycle] = Lifecycle({"posted": ()})
    indexed: ClassVar[tuple[str, ...]] = ()
    private: ClassVar[bool] = False

    def __init_subclass__(
        cls,
        lifecycle: Mapping[str, str | Sequence[str]] | None = None,
        index: Sequence[str] = (),
        name: str | None = None,
        private: bool = False,
        **kwargs: Any,
    ) -> None:
        """Read the class options."""
        super().__init_subclass__(**kwargs)
        cls.private = private
        cls.kind_name = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls.indexed = tuple(index)
        if lifecycle is not None:
            if not lifecycle:
                raise DeclarationError(f"{cls.__name__}: a lifecycle needs at least one status")
            cls.lifecycle = Lifecycle.of(lifecycle)

    def artefact(self) -> str:
        """What `--out FILE` writes when this is a scenario's result: what is printed, unless a kind says otherwise."""
        return f"{self}\n"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Check the index once the fields are known."""
        for field in cls.indexed:
            if field in RESERVED or field not in cls.model_fields:
                raise DeclarationError(
                    f"{cls.__name__}: index names {field!r}, which is no field or has another meaning in find()"
                )


def encode(body: Kind) -> str:
    """The body as JSON, as it is stored on every database. BodyRefused if it cannot be."""
    name = body.kind_name
    try:
        text = body.model_dump_json()
    except (PydanticSerializationError, ValueError) as error:
        if "surrogates not allowed" in str(error):
            raise BodyRefused(f"{name}: a text holds a lone surrogate, half of a character; take it out") from error
        raise BodyRefused(f"{name}: the body has no JSON form: {error}") from error
    if r"\u0000" in text and "\x00" in "".join(_strings(json.loads(text))):
        raise BodyRefused(f"{name}: a text holds the character NUL, which databases refuse; take it out")
    if "NaN" in text or "Infinity" in text:
        _refuse_constants(name, text)
    if text.count("[") + text.count("{") > SURELY_FLAT:
        _refuse_depths(name, text)
    if len(text) > LARGEST_BODY or len(text.encode()) > LARGEST_BODY:
        raise BodyRefused(
            f"{name}: the body is larger than {LARGEST_BODY // 1024} KB; write it to a file and post a reference to it"
        )
    return text


def _refuse_constants(name: str, text: str) -> None:
    def refuse(constant: str) -> None:
        raise BodyRefused(f"{name}: {constant} is no number in JSON; leave it out, or say it as a text")

    json.loads(text, parse_constant=refuse)


def _refuse_depths(name: str, text: str) -> None:
    try:
        from_json(text)
    except ValueError as error:
        raise BodyRefused(f"{name}: the body is nested deeper than it could be read again; make it flatter") from error


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for pair in value.items() for part in pair for s in _strings(part)]
    return [s for part in value for s in _strings(part)] if isinstance(value, list) else []


K = TypeVar("K", bound=Kind)
K_co = TypeVar("K_co", bound=Kind, covariant=True)


def decode(kind: type[K], text: str, key: str) -> K:
    """The body as the class that the reader asks with. BodyRefused if this class does not take it."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise BodyRefused(f"{key} does not fit {kind.__name__}: {where}: {first['msg']}") from error
    except Exception as error:  # a validator of the kind's own
        raise BodyRefused(f"{key} does not fit {kind.__name__}: {type(error).__name__}: {error}") from error


class Integrity(IntEnum):
    """How far a datum can be trusted."""

    UNTRUSTED = 0
    USER = 1
    OPERATOR = 2


class Confidentiality(IntEnum):
    """Who may see a datum."""

    PUBLIC = 0
    INTERNAL = 1
    SECRET = 2


@dataclass(frozen=True, slots=True)
class Label:
    """Trust of an entry: the join of everything that its author had read. Labels only fall."""

    integrity: Integrity = Integrity.USER
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    origins: frozenset[str] = frozenset()

    def join(self, other: "Label") -> "Label":
        """The lowest integrity, the highest confidentiality, all origins."""
        if other is self or other == self:
            return self
        return Label(
            min(self.integrity, other.integrity),
            max(self.confidentiality, other.confidentiality),
            self.origins | other.origins,
        )


@dataclass(frozen=True, slots=True)
class Entry(Generic[K_co]):
    """One version of one datum. Immutable; a change is a new version."""

    key: str
    version: int
    status: str
    body: K_co
    about: tuple[str, ...]
    author: str
    label: Label
    seq: int

    @property
    def kind(self) -> str:
        """The name of its kind: `answer` for `Answer`."""
        return self.body.kind_name

    @property
    def done(self) -> bool:
        """Whether its status leads nowhere."""
        return self.status in self.body.lifecycle.done


@dataclass(frozen=True, eq=False)
class Pending:
    """An entry that the running activation will have posted: good for `about=`, without a key until the commit."""

    body: Kind
    status: str
    ordinal: int  # its place among the writes of the activation


Ref = Entry[Any] | Pending


class Failure(Kind):
    """An agent has failed for good on what it was given; posted by the board, about the entry."""

    agent: str
    cause: str
    attempts: int


class Quiescence(Kind):
    """Nothing is left to do and the goal is not reached; a finalizer may watch this."""

    waiting: tuple[str, ...] = ()


class BudgetAlert(Kind):
    """Four fifths of a budget are used up; an agent may watch this, to come to an end in time."""

    unit: str
    used: float
    cap: float


BOARD_KINDS: tuple[type[Kind], ...] = (Failure, Quiescence, BudgetAlert)
"""Written by the board itself; agents may watch them, never write them."""
