"""The gate: whether a call of a model may begin now, by what became of those before it. Pure; no database, no clock.

Limits hold for a minute that ends now. A breaker opens when half of the last calls have failed, lets one call through
after a while, and closes with the first that is answered. An endpoint that has asked for a rest gets it, and then a few
calls at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from blackboard.calls import AILING, ANY, Fault, Limits, Wait

MINUTE = 60.0
POLL = 0.25  # seconds until to ask again, where nobody knows when a call in flight will end
FORGOTTEN = 900.0  # seconds after which what is in flight is taken for lost, and holds nobody up
LOOKED_AT = 10  # of the calls that have ended
AILING_AT = 5  # of these: the breaker opens
OPEN_FOR, OPEN_AT_MOST = 30.0, 300.0  # seconds; doubled each time that the trial fails
REST_AT_MOST = 3600.0  # seconds; who asks for more is asked again by then, and may say it again
AT_ONCE_AT_MOST = 64  # from here on any number may be in flight again


@dataclass(frozen=True, slots=True)
class Traffic:
    """What goes through the limits of one model, or of all."""

    model: str
    limits: Limits
    minute: Sequence[tuple[float, int]] = ()  # of calls of the last minute, oldest first: begun at, tokens
    inflight: int = 0


@dataclass(frozen=True, slots=True)
class Door:
    """How it stands with a model at an endpoint."""

    rest_until: float | None = None
    at_once: int | None = None
    open_until: float | None = None  # None: the breaker is closed
    opened: int = 0  # how often in a row
    since: float | None = None  # what began before then says nothing of how it is now


@dataclass(frozen=True, slots=True)
class Heard:
    """What an ended call tells of its endpoint."""

    begun_at: float
    answered: bool
    fault: Fault | None = None
    rest: float | None = None  # seconds

    @property
    def is_ailing(self) -> bool:
        """Whether it speaks for an endpoint that is down."""
        return self.fault in AILING


def admit(now: float, tokens: int, door: Door, inflight: Sequence[float], traffic: Sequence[Traffic]) -> Wait | None:
    """Why a call of so many tokens may not begin now, and when to ask again; None: it may.

    `inflight`: when the calls that are under way at this endpoint have begun.
    """
    waits = [_rest(now, door), _breaker(now, door, inflight), _slowly(door, inflight)]
    for one in traffic:
        waits += [_requests(now, one), _tokens(now, tokens, one), _at_once(one)]
    return max(filter(None, waits), key=lambda wait: wait.seconds, default=None)


def is_at_limit(limits: Limits, calls: int, tokens: int) -> bool:
    """Whether a minute of so many calls, and tokens with those of the next one, holds that one up."""
    requests, most = limits.requests_a_minute, limits.tokens_a_minute
    return (requests is not None and calls >= requests) or (most is not None and tokens > most)


def state_of(door: Door, now: float) -> Literal["closed", "open", "half-open"]:
    """Of its breaker. Farther off than it is ever open: the clock was set back since, and nothing is known."""
    if door.open_until is None or door.open_until > now + OPEN_AT_MOST:
        return "closed"
    return "open" if now < door.open_until else "half-open"


def rests_until(door: Door, now: float) -> float | None:
    """When its rest is over; None where it is. Farther off than any rest: the clock was set back since."""
    until = door.rest_until
    return None if until is None or not now < until <= now + REST_AT_MOST else until


def _rest(now: float, door: Door) -> Wait | None:
    until = rests_until(door, now)
    return None if until is None else Wait(until - now, "the endpoint has asked for a rest")


def _breaker(now: float, door: Door, inflight: Sequence[float]) -> Wait | None:
    state = state_of(door, now)
    if door.open_until is None or state == "closed":
        return None
    if state == "open":
        return Wait(door.open_until - now, "its last calls have failed", is_open=True)
    if any(begun >= door.open_until for begun in inflight):
        return Wait(POLL, "its last calls have failed, and one is tried", is_open=True)
    return None


def _slowly(door: Door, inflight: Sequence[float]) -> Wait | None:
    if door.at_once is None or len(inflight) < door.at_once:
        return None
    return Wait(POLL, f"since its rest the endpoint gets {door.at_once} calls at a time")


def _requests(now: float, of: Traffic) -> Wait | None:
    most = of.limits.requests_a_minute
    if most is None or len(of.minute) < most:
        return None
    seconds = MINUTE if most == 0 else _until_past(now, of.minute[len(of.minute) - most][0])
    return Wait(seconds, f"{most} calls a minute are allowed of {_whose(of)}")


def _tokens(now: float, tokens: int, of: Traffic) -> Wait | None:
    """A call that is larger than the limit has a minute for itself."""
    most, used = of.limits.tokens_a_minute, sum(n for _, n in of.minute)
    if most is None or not of.minute or used + tokens <= most:
        return None
    past = of.minute[-1][0]
    for begun, n in of.minute:
        used -= n
        if used + tokens <= most:
            past = begun
            break
    return Wait(_until_past(now, past), f"{most:,} tokens a minute are allowed of {_whose(of)}")


def _at_once(of: Traffic) -> Wait | None:
    most = of.limits.calls_at_once
    if most is None or of.inflight < most:
        return None
    return Wait(POLL, f"{most} calls at once are allowed of {_whose(of)}")


def _until_past(now: float, begun: float) -> float:
    return min(MINUTE, max(0.001, begun + MINUTE - now))


def _whose(of: Traffic) -> str:
    return "all models together" if of.model == ANY else of.model


# -- what an ended call changes --------------------------------------------------------------------------------------
def after(door: Door, heard: Heard, now: float, inflight: int, ailing: Callable[[], int]) -> Door:
    """How it stands when a call has ended; so many others are in flight. `ailing`: of the last ten, this one included.

    A call of which nothing was heard changes nothing, and neither does one that nobody waited for to the end.
    """
    if not heard.answered and heard.fault in {None, "abandoned"}:
        return door
    return _paced(_broken(door, heard, now, ailing), heard, now, inflight)


def _broken(door: Door, heard: Heard, now: float, ailing: Callable[[], int]) -> Door:
    if door.open_until is None or state_of(door, now) == "closed":
        opens = heard.is_ailing and ailing() >= AILING_AT
        return replace(door, open_until=now + OPEN_FOR, opened=1) if opens else door
    if heard.begun_at < door.open_until:
        return door  # it was under way when the breaker opened: only the trial counts
    if not heard.is_ailing:
        return replace(door, open_until=None, opened=0, since=now)
    longer = min(OPEN_AT_MOST, OPEN_FOR * 2.0 ** min(door.opened, 10))
    return replace(door, open_until=now + longer, opened=door.opened + 1)


def _paced(door: Door, heard: Heard, now: float, inflight: int) -> Door:
    if heard.rest is not None:
        resting, until = rests_until(door, now), now + min(heard.rest, REST_AT_MOST)
        if resting is not None:
            return replace(door, rest_until=max(resting, until))  # halved already: these were under way
        half = max(1, (inflight + 1) // 2)
        return replace(door, rest_until=until, at_once=half if door.at_once is None else min(half, door.at_once))
    if door.at_once is None or not heard.answered or heard.begun_at < (door.rest_until or 0):
        return door
    more = door.at_once + 1
    return replace(door, at_once=None if more > AT_ONCE_AT_MOST else more)
