"""Tools: typed functions that agents may call."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, cast, overload

from typing_extensions import ParamSpec, TypeVar

from blackboard.errors import DeclarationError

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")

Effects = Literal["none", "local_write", "external", "irreversible"]
Returns = Literal["user", "untrusted"]


@dataclass(frozen=True)
class Resource:
    """Marks a parameter that the run fills in; no model and no caller sees it."""

    type: type[Any]


def resource(wanted: type[T]) -> T:
    """Default of a tool's parameter that the scenario's `resources=` fill in by type."""
    return cast("T", Resource(wanted))


@dataclass(frozen=True, eq=False)
class Tool(Generic[P, R_co]):
    """A function that agents may call. Call `.function` to test it alone."""

    function: Callable[P, R_co | Awaitable[R_co]]
    name: str
    effects: Effects
    returns: Returns
    timeout: float

    @property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        return inspect.iscoroutinefunction(self.function)

    @property
    def resources(self) -> dict[str, type[Any]]:
        """The parameters that the run fills in, with the type that each wants."""
        params = inspect.signature(self.function).parameters.values()
        return {p.name: p.default.type for p in params if isinstance(p.default, Resource)}


class _Decorator:
    """What `tool(...)` returns; async functions first, so that R is what they return."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    @overload
    def __call__(self, function: Callable[P, Awaitable[R]]) -> Tool[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R]) -> Tool[P, R]: ...
    def __call__(self, function: Callable[P, Any]) -> Tool[P, Any]:
        params = inspect.signature(function).parameters.values()
        if bare := [p.name for p in params if p.annotation is p.empty]:
            raise DeclarationError(f"tool {function.__name__}: parameter {bare[0]!r} has no type")
        if not function.__doc__:
            raise DeclarationError(f"tool {function.__name__}: the docstring is what the model reads; write one")
        return Tool(function, function.__name__, **self.options)


def tool(*, effects: Effects = "irreversible", returns: Returns = "untrusted", timeout: float = 60) -> _Decorator:
    """Make a typed, documented function (sync or async) a tool.

    `effects`: what it does to the world; other than "none" needs a person's approval. `returns`: the trust of what
    comes back. `timeout`: seconds that one call may take. DeclarationError for a parameter without a type, or
    without a docstring.
    """
    return _Decorator(effects=effects, returns=returns, timeout=timeout)
