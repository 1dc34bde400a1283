"""The gate of calls, from the rows: what limits, endpoints and breakers allow now. All processes share them.

All of this runs inside a write transaction of the store; only `stands` merely reads.
"""

from dataclasses import asdict

from blackboard.calls import AILING, ANY, Gate, Limits, Wait
from blackboard.gate import (
    FORGOTTEN,
    LOOKED_AT,
    MINUTE,
    Door,
    Heard,
    Traffic,
    admit,
    after,
    is_at_limit,
    rests_until,
    state_of,
)
from store import callstatements as c
from store.looking import Cursor
from store.settling import cap_day, of_a_day


def ask(at: Cursor, endpoint: str, model: str, tokens: int, day: str, now: float) -> Wait | None:
    """Why a call may not begin now; None: it may, and the budgets of the day are there."""
    limits = {of: Limits(*row) for of, *row in at.execute(c.LIMITS_OF, {"p_model": model}).fetchall()}
    door = _door(at, endpoint, model)
    if not limits and door is None:
        return None
    ways = _under_way(at, now)
    here = [begun for there, of, begun in ways if (there, of) == (endpoint, model)]
    traffic = [
        Traffic(of, limit, _minute(at, of, limit, tokens, now), sum(of in {ANY, there} for _, there, _ in ways))
        for of, limit in limits.items()
    ]
    wait = admit(now, tokens, door or Door(), here, traffic)
    for of, limit in limits.items() if wait is None else ():
        if any(cap is not None for _, cap in of_a_day(limit)):
            cap_day(at, day, of, limit)
    return wait


def hear(at: Cursor, endpoint: str, model: str, heard: Heard, now: float) -> None:
    """Remember what an ended call tells of its endpoint."""
    door = _door(at, endpoint, model)
    if door is None and not heard.is_ailing and heard.rest is None:
        return
    before = door or Door()
    here = [begun for there, of, begun in _under_way(at, now) if (there, of) == (endpoint, model)]
    then = after(before, heard, now, len(here), lambda: _ailing(at, endpoint, model, before))
    if then != before:
        at.execute(c.SET_DOOR, {"endpoint": endpoint, "model": model, **asdict(then)})


def stands(at: Cursor, now: float) -> list[Gate]:
    """How it stands with each model at each endpoint that there is a row of."""
    return [_as_gate(at, endpoint, model, Door(*row), now) for endpoint, model, *row in at.execute(c.DOORS).fetchall()]


def _as_gate(at: Cursor, endpoint: str, model: str, door: Door, now: float) -> Gate:
    state = state_of(door, now)
    until = max((t for t in (rests_until(door, now), door.open_until if state == "open" else None) if t), default=None)
    return Gate(endpoint, model, state, until, _ailing(at, endpoint, model, door), door.at_once)


def set_limits(at: Cursor, model: str, limits: Limits, day: str) -> None:
    """Have these limits from now on, those of a day for today too."""
    if limits == Limits():
        at.execute(c.UNLIMIT, {"p_model": model})
    else:
        at.execute(c.LIMIT, {"model": model, **asdict(limits)})
    cap_day(at, day, model, limits)


def _door(at: Cursor, endpoint: str, model: str) -> Door | None:
    found = at.execute(c.DOOR, {"p_endpoint": endpoint, "p_model": model}).fetchone()
    return None if found is None else Door(*found)


def _under_way(at: Cursor, now: float) -> list[tuple[str, str, float]]:
    return [way for way in at.execute(c.UNDER_WAY, {"p_now": now}).fetchall() if abs(now - way[2]) < FORGOTTEN]


def _ailing(at: Cursor, endpoint: str, model: str, door: Door) -> int:
    """How many of the last calls speak for an endpoint that is down."""
    values = {"p_endpoint": endpoint, "p_model": model, "p_since": door.since or 0.0, "p_limit": LOOKED_AT}
    return sum(fault in AILING for (fault,) in at.execute(c.OUTCOMES, values).fetchall())


def _minute(at: Cursor, model: str, limits: Limits, tokens: int, now: float) -> list[tuple[float, int]]:
    """The calls of the last minute; none where they cannot hold up a call of so many tokens."""
    if limits.requests_a_minute is None and limits.tokens_a_minute is None:
        return []
    values = {"p_model": model, "p_from": now - MINUTE, "p_to": now + MINUTE}  # beyond that the clock was set back
    calls, taken = at.execute(c.SUM_OF_MINUTE, values).fetchone()
    return at.execute(c.LAST_MINUTE, values).fetchall() if is_at_limit(limits, calls, taken + tokens) else []
