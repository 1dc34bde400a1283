"""Providers: who is asked in the end, an endpoint or a script. They journal nothing, reserve nothing, retry nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from blackboard.calls import Fault


@dataclass(frozen=True)
class Request:
    """What is to be sent: the body of `POST /v1/messages`, for this agent, and which call of the journal it is."""

    agent: str
    body: Mapping[str, Any]
    call: tuple[str, int] | None = None  # board, and the number of the call there


@dataclass(frozen=True)
class Reply:
    """The message as it came, and for how long the endpoint wants to hear nothing of this model."""

    message: Mapping[str, Any]
    rest: float | None = None  # seconds


class ProviderError(Exception):
    """There is no message. `is_free`: it is sure that nothing is charged for it."""

    def __init__(self, fault: Fault, cause: str, *, is_free: bool, rest: float | None = None) -> None:
        super().__init__(cause)
        self.fault, self.cause, self.is_free, self.rest = fault, cause, is_free, rest


class Provider(Protocol):
    """Where requests go. One for all boards of a process; calls run side by side."""

    @property
    def endpoint(self) -> str:
        """Its name for people and for the rows that processes share: a host, or `script`."""

    async def schema(self, shape: type[BaseModel]) -> Mapping[str, Any]:
        """The JSON schema of a shape, as it takes schemas."""

    async def send(self, request: Request) -> Reply:
        """The message. Cancelled, it cancels what is under way. ProviderError."""

    async def count(self, request: Request) -> int | None:
        """The tokens of the input, as the endpoint counts them; None where it cannot. Free. ProviderError."""
