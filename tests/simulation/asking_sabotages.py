"""What of calls and budgets is broken on purpose, one at a time, to see that the simulation finds it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from blackboard import gate
from blackboard.calls import Amounts, Ended
from blackboard.llm.calling import Calling
from store import agenda, calls, landing, leaving, settling, shortage, spill
from store import callstatements as c

Broken = Callable[[], AbstractContextManager[object]]


def _without(statement: str, condition: str, instead: str = "1 = 1") -> AbstractContextManager[object]:
    """A statement that has lost one of its conditions."""
    text = getattr(c, statement)
    assert condition in text, text
    return patch.object(c, statement, text.replace(condition, instead))


# -- the journal -----------------------------------------------------------------------------------------------------
def journal_never_asked() -> AbstractContextManager[object]:
    """Every question goes to the endpoint."""
    return _without("ANSWERED", "call.response IS NOT NULL", "1 = 0")


def journal_by_question() -> AbstractContextManager[object]:
    """The n-th time that the same is asked gives the answer of the first."""
    return _without("ANSWERED", "call.nth = :p_nth")


def journal_by_step() -> AbstractContextManager[object]:
    """The first question of an activation has the first answer, whatever is asked."""
    return _without("ANSWERED", "call.asked = :p_asked")


def used_before_journaled() -> AbstractContextManager[object]:
    """Nobody waits until an answer is written down."""

    async def settled(self: Calling, ended: Ended) -> None:
        self._settling.add(asyncio.create_task(self._stored(ended)))

    return patch.object(Calling, "_settled", settled)


def unfenced() -> AbstractContextManager[object]:
    """Whoever has once held a claim may begin calls."""
    return patch.object(calls, "_lost", lambda at, claim: None)


def nothing_kept() -> AbstractContextManager[object]:
    """What could not be written down is said to be kept, and is not."""
    return patch.object(spill, "keep", lambda *args: None)


def kept_is_left() -> AbstractContextManager[object]:
    """Nobody takes up what was kept."""
    return patch.object(calls.SqlCalls, "take_up", lambda self: 0)


# -- budgets ---------------------------------------------------------------------------------------------------------
def no_cap() -> AbstractContextManager[object]:
    """Nobody asks whether there is room, neither the store nor the table."""
    stack = ExitStack()
    stack.enter_context(_without("TOO_FULL", "> budget.cap", "> budget.cap + 1000000000000"))
    text = c.RESERVE_CALL.replace("UPDATE budget", "UPDATE OR IGNORE budget")
    stack.enter_context(patch.object(c, "RESERVE_CALL", text))
    return stack


def settle_forgets() -> AbstractContextManager[object]:
    """What was reserved stays so when the call has ended."""
    booked = settling._book

    def book(at: Any, taker: Any, **what: tuple[int, int, int]) -> None:
        booked(at, taker, **{**what, "take": (0, 0, 0)})

    return patch.object(settling, "_book", book)


def own_budget_forgotten() -> AbstractContextManager[object]:
    """What an agent may use is not counted."""
    scopes = settling.Taker.scopes.fget  # type: ignore[attr-defined]
    return patch.object(
        settling.Taker, "scopes", property(lambda self: tuple(s if n != 1 else "" for n, s in enumerate(scopes(self))))
    )


def never_written_off() -> AbstractContextManager[object]:
    """What was under way for a claim that was lost stays so."""
    stack = ExitStack()
    for module in (agenda, landing, leaving, settling, shortage):
        stack.enter_context(patch.object(module, "write_off", lambda *args, **more: None))
    return stack


def never_corrected() -> AbstractContextManager[object]:
    """Who tells late is not heard."""
    return patch.object(settling, "correct", lambda *args: None)


@contextmanager
def corrected_twice() -> Iterator[None]:
    """Who tells late is heard twice."""
    corrected = settling.correct

    def correct(at: Any, taker: Any, bound: Amounts, booked: Amounts, spent: Amounts) -> None:
        corrected(at, taker, bound, booked, spent)
        half = replace(booked, tokens=(booked.tokens + spent.tokens) // 2)
        corrected(at, taker, bound, half, replace(half, tokens=spent.tokens))

    with patch.object(settling, "correct", correct):
        yield


def nobody_goes_on() -> AbstractContextManager[object]:
    """What a settlement frees is told to nobody."""
    return patch.object(shortage, "unpark", lambda *args: False)


# -- the gate --------------------------------------------------------------------------------------------------------
def no_rest() -> AbstractContextManager[object]:
    """An endpoint that asks for a rest does not get it."""
    return patch.object(gate, "_rest", lambda now, door: None)


def any_number_at_once() -> AbstractContextManager[object]:
    """A limit of calls at once is not kept."""
    return patch.object(gate, "_at_once", lambda of: None)


def any_number_a_minute() -> AbstractContextManager[object]:
    """A limit of calls a minute is not kept."""
    return patch.object(gate, "_requests", lambda now, of: None)


def breaker_without_effect() -> AbstractContextManager[object]:
    """An open breaker lets calls through."""
    return patch.object(gate, "_breaker", lambda now, door, inflight: None)


def breaker_stays_open() -> AbstractContextManager[object]:
    """A breaker that has opened never lets one call through."""

    def breaker(now: float, door: gate.Door, inflight: Any) -> gate.Wait | None:
        return None if door.open_until is None else gate.Wait(1.0, "its last calls have failed", is_open=True)

    return patch.object(gate, "_breaker", breaker)


ASKING_SABOTAGES: dict[str, Broken] = {
    broken.__name__: broken
    for broken in (
        journal_never_asked, journal_by_question, journal_by_step, used_before_journaled,
        unfenced, nothing_kept, kept_is_left, no_cap, settle_forgets, own_budget_forgotten, never_written_off,
        never_corrected, corrected_twice, nobody_goes_on, no_rest, any_number_at_once, any_number_a_minute,
        breaker_without_effect, breaker_stays_open,
    )
}  # fmt: skip
