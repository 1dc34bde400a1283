"""Calls of models: what is asked for before one is made, what is known of it afterwards. The journal's nouns.

proposed --begin--> inflight --end--> done
                       '-- claim taken over, or never told of --> unknown --end, after all--> late
"""

from dataclasses import dataclass
from typing import Literal

from blackboard.activation import Claim

CallState = Literal["inflight", "done", "unknown", "late"]
Fault = Literal[
    "limited",  # 429
    "overloaded",  # 529
    "failing",  # other 5xx, 408, 409
    "unreachable",  # no connection
    "silent",  # no answer in time, or it broke off
    "garbled",  # an answer that is none
    "abandoned",  # we stopped waiting: the claim was lost, or the work was stopped
    "refused",  # 400, 401, 402, 403, 404, 413: the same again would be refused again
]
"""Why an endpoint has given no message."""
AILING: frozenset[Fault] = frozenset({"overloaded", "failing", "unreachable", "silent", "garbled"})
"""What speaks for an endpoint that is down: the circuit breaker counts these."""
TRANSIENT: frozenset[Fault] = AILING | {"limited"}
"""What may go well another time."""
ANY = "*"  # a limit of all models together


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a call takes of budgets, beside the call itself."""

    nano_usd: int | None  # None: the price of the model is not known
    tokens: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call as the endpoint has counted them; `input` is without what came from or went into the cache."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.input + self.output + self.cache_read + self.cache_write + self.cache_write_1h


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call that is to be made under this claim."""

    claim: Claim
    asked: str  # hash of what is asked, whatever an endpoint makes of it: what the journal finds it by
    nth: int  # 1 for the first time that this run of the activation asks exactly this
    endpoint: str
    model: str
    request: str  # JSON as it will be sent
    bound: Amounts  # the most that it can take


@dataclass(frozen=True, slots=True)
class Begun:
    """The call may be made now: its bound is reserved."""

    id: int  # of the call, counted by board


@dataclass(frozen=True, slots=True)
class Short:
    """A budget allows no more: nothing was reserved."""

    scope: str  # board:ID, agent:ID/NAME, day:DATE
    unit: str
    amount: int  # what was asked for
    cap: int
    used: int  # settled and reserved


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: a limit is reached, the endpoint has asked for a rest, or its breaker is open. Nothing was reserved."""

    seconds: float
    why: str
    is_open: bool = False  # the breaker


@dataclass(frozen=True, slots=True)
class Lost:
    """The claim was lost, or the board has ended: nothing may be begun under it."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as the journal has it."""

    board: str
    id: int
    activation: int
    agent: str
    token: int  # of the claim that it was begun under
    asked: str
    nth: int
    endpoint: str
    model: str
    state: CallState
    fault: Fault | None  # None: there is a message, or none yet
    cause: str  # what the endpoint said of the fault
    rejected: str | None  # why the message could not be used, where asking has failed for good
    bound: Amounts
    spent: Amounts | None  # None while it is in flight
    usage: Usage | None  # None where no message came
    price: str | None  # JSON: the list price that it was charged by
    begun_at: float
    ended_at: float | None
    request: str
    response: str | None  # JSON: the message as it came


Beginning = Begun | CallRecord | Short | Wait | Lost
"""A CallRecord: the journal has the answer already."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call went."""

    board: str
    id: int
    response: str | None = None
    usage: Usage | None = None
    spent: Amounts | None = None  # None: not known, so it is booked at its bound
    price: str | None = None
    fault: Fault | None = None
    cause: str = ""
    rest: float | None = None  # seconds for which the endpoint wants to hear nothing of this model


@dataclass(frozen=True, slots=True)
class Limits:
    """What a database allows all of its processes together, of one model or of any. None: no limit."""

    requests_a_minute: int | None = None
    tokens_a_minute: int | None = None
    calls_at_once: int | None = None
    nano_usd_a_day: int | None = None
    tokens_a_day: int | None = None
    calls_a_day: int | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """How it stands with a model at an endpoint, for all processes of a database."""

    endpoint: str
    model: str
    state: Literal["closed", "open", "half-open"]  # of its breaker: closed lets calls through
    until: float | None = None  # no call before then
    failures: int = 0  # of the last ten calls
    at_once: int | None = None  # calls that it takes at a time since it has asked for a rest; None: any number


@dataclass(frozen=True, slots=True)
class Shortage:
    """Activations that are parked since a budget allows no call."""

    agent: str
    activations: int
    short: Short
    tried: int = 0  # of the activations: each has one of the budget of activations, and keeps it
