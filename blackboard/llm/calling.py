"""Calling: one call from its reservation to its settlement. What was journaled is never paid for again.

guard, journal, gate and reservation are one transaction of the store; then the request goes out with no transaction
open; then what came is written down and settled, whoever holds the claim by then; only then is it used.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from blackboard.agent import Agent
from blackboard.asking import Asked, Shop
from blackboard.budget import CALLS, TOKENS, USD
from blackboard.calls import TRANSIENT, Amounts, Beginning, Begun, CallRecord, Ended, Lost, NewCall, Short, Wait
from blackboard.errors import BudgetExceeded, ClaimLost, Misuse, ModelFailed, StoreError, told
from blackboard.llm import prices
from blackboard.llm.provider import Provider, ProviderError, Reply, Request
from blackboard.shortages import lack

T = TypeVar("T")
FIRST, LONGEST = 0.5, 8.0  # seconds before a call is tried again: after the first fault, and at most
BEFORE, SLOWEST, LONGEST_CALL = 120.0, 10.0, 600.0  # seconds, tokens a second, seconds
MOST_RESTS = 10  # times that a call keeps a rest that its endpoint has asked for, before these count as faults
LOOK = 1.0  # seconds between two looks whether a limit allows a call by now
AWAY = 0.2  # seconds between attempts to store an answer while the database is away, doubled up to LONGEST


@dataclass(frozen=True)
class Answer:
    """A message, and the call that gave it."""

    call: int
    message: Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A call that is to be made, as often as it takes."""

    asked: Asked
    model: str
    hash: str
    nth: int
    body: Mapping[str, Any]

    @property
    def agent(self) -> Agent:
        """Who asks."""
        return self.asked.agent


class RefusedError(Exception):
    """The endpoint would refuse the same request again."""


class Calling:
    """Makes the calls of a worker."""

    def __init__(self, shop: Shop, provider: Callable[[], Provider]) -> None:
        """`provider` is asked for only when a call is really made: what it loads takes seconds."""
        self._shop, self._provider = shop, provider
        self._settling: set[asyncio.Task[None]] = set()

    async def answered(self, line: Line) -> Answer:
        """The message, from the journal or from the endpoint, tried again where that may help.

        BudgetExceeded, ModelFailed, ClaimLost, StoreError; RefusedError where the endpoint does not take the request.
        """
        faults = rests = 0
        while True:
            begun = await self._begun(line)
            if isinstance(begun, CallRecord):
                return Answer(begun.id, json.loads(begun.response or "{}"))
            answer, ended = await self._sent(line, begun)
            if answer is not None:
                return answer
            if ended.fault == "refused":
                raise RefusedError(ended.cause)
            if _is_to_wait(line, ended) and rests < MOST_RESTS:
                rests += 1  # the gate holds it back until the rest is over
                continue
            faults += 1
            if ended.fault not in TRANSIENT or faults > line.agent.retry:
                times = f" {faults + rests} times" if faults + rests > 1 else ""
                raise ModelFailed(f"{line.model} gave no answer{times}: {ended.fault}: {ended.cause}", "unavailable")
            await asyncio.sleep(self._backoff(faults))

    def _backoff(self, faults: int) -> float:
        longest = min(FIRST * 2 ** (faults - 1), LONGEST)
        return self._shop.seam.jitter(longest / 2, longest)

    # -- before ----------------------------------------------------------------------------------------------------
    async def _begun(self, line: Line) -> Begun | CallRecord:
        """The reservation, or what the journal has; waits where a limit wants that."""
        claim, counted = line.asked.claim, False
        bound = self._bound(line, prices.input_bound(line.body))
        text = json.dumps(line.body, ensure_ascii=False)
        while True:
            new = NewCall(claim, line.hash, line.nth, self._endpoint, line.model, text, bound)
            match begun := await self._beginning(new):
                case Wait():
                    if begun.is_open and not line.asked.is_last_resort:
                        raise ModelFailed(f"{line.model} is not asked now: {begun.why}", "unavailable")
                    await asyncio.sleep(min(begun.seconds, LOOK) + self._shop.seam.jitter(0.005, 0.05))
                case Short() if not counted:
                    counted, bound = True, await self._counted(line, bound)
                case Short():
                    why = f"{line.agent.name} {lack(begun)}"
                    raise BudgetExceeded(why, begun.scope, begun.unit, begun.amount)
                case Lost():
                    raise ClaimLost(begun.reason)
                case _:
                    return begun

    async def _beginning(self, new: NewCall) -> Beginning:
        """What the store says; a reservation that nobody waits for any more is given back: nothing was sent."""
        task = asyncio.ensure_future(self._in_store(lambda: self._shop.store.begin_call(new)))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await self._to_its_end(self._undone(new, task))
            raise

    async def _undone(self, new: NewCall, beginning: asyncio.Future[Beginning]) -> None:
        with suppress(StoreError):
            if isinstance(begun := await beginning, Begun):
                cause = "it was given up before anything was sent"
                await self._stored(
                    Ended(new.claim.board, begun.id, spent=Amounts(0, 0), fault="abandoned", cause=cause)
                )

    @property
    def _endpoint(self) -> str:
        return self._provider().endpoint

    def _bound(self, line: Line, tokens: int) -> Amounts:
        """The most that it can take, if its input has at most so many tokens."""
        most = int(line.body["max_tokens"])
        usd = prices.bound(line.model, tokens, most)
        if usd is None:
            self._check_unpriced(line)
        return Amounts(usd, tokens + most)

    def _check_unpriced(self, line: Line) -> None:
        left = self._shop.store.left(line.asked.claim.board, line.asked.claim.agent)
        if USD in left and not {TOKENS, CALLS} & left.keys():
            raise ModelFailed(
                f"the price of {line.model} is not known, so a budget of USD alone cannot hold; "
                "say tokens or calls too (--tokens N, --calls N)",
                "unpriced",
            )

    async def _counted(self, line: Line, bound: Amounts) -> Amounts:
        """The bound by the endpoint's own count of the input, where that is less than by bytes."""
        try:
            counted = await self._provider().count(Request(line.agent.name, line.body))
        except ProviderError:
            return bound
        if counted is None:
            return bound
        closer = self._bound(line, counted + counted // 20 + 100)
        return closer if closer.tokens < bound.tokens else bound

    # -- the request, and after ------------------------------------------------------------------------------------
    async def _sent(self, line: Line, begun: Begun) -> tuple[Answer | None, Ended]:
        ended = Ended(line.asked.claim.board, begun.id)
        answer = None
        try:
            async with asyncio.timeout(patience(int(line.body["max_tokens"]))) as limit:
                reply = await self._provider().send(Request(line.agent.name, line.body, (ended.board, ended.id)))
        except ProviderError as error:
            free = Amounts(0, 0) if error.is_free else None
            ended = replace(ended, spent=free, fault=error.fault, cause=error.cause, rest=error.rest)
        except asyncio.CancelledError:
            await self._settled(replace(ended, fault="abandoned", cause="nobody waited for it any more"))
            raise
        except Misuse as error:  # of a script or a record of calls: nobody was asked, and nobody would be
            await self._settled(replace(ended, spent=Amounts(0, 0), fault="refused", cause=told(error)))
            raise
        except Exception as error:
            silent = isinstance(error, TimeoutError) and limit.expired()
            cause = f"no answer within {limit_in_words(line)}" if silent else told(error)
            ended = replace(ended, fault="silent" if silent else "garbled", cause=cause)
        else:
            response = _as_text(reply.message)
            ended = _priced(replace(ended, response=response, rest=reply.rest), line.model, reply)
            answer = Answer(begun.id, reply.message)
        await self._settled(ended)
        return answer, ended

    async def _settled(self, ended: Ended) -> None:
        """Written down, also if whoever asked is cancelled meanwhile."""
        await self._to_its_end(self._stored(ended))

    async def _to_its_end(self, job: Coroutine[Any, Any, None]) -> None:
        """Whether or not anybody waits for it."""
        task = asyncio.create_task(job)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        await asyncio.shield(task)

    async def _stored(self, ended: Ended) -> None:
        """An answer that was paid for is kept until the database takes it, beside it if need be."""
        wait, is_kept = AWAY, False
        while True:
            try:
                await self._in_store(lambda: self._shop.store.end_call(ended))
            except StoreError:
                is_kept = is_kept or self._kept(ended)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST)
            else:
                if is_kept:
                    await self._in_store(self._shop.store.take_up)
                return

    def _kept(self, ended: Ended) -> bool:
        try:
            self._shop.store.keep(ended)
        except OSError:
            return False
        return True

    async def rejected(self, board: str, calls: list[int], cause: str) -> None:
        """Nothing came of these. Whoever takes over hears them all the same, and so comes to the same end, free."""
        await self._in_store(lambda: self._shop.store.reject_calls(board, calls, cause))

    async def _in_store(self, job: Callable[[], T]) -> T:
        # not as the board's own: that what a settlement has freed may go on is news to its runner
        return await self._shop.in_store(job)


def patience(max_tokens: int) -> float:
    """Seconds that a call may take: what comes before the answer, and the answer at ten tokens a second."""
    return min(LONGEST_CALL, BEFORE + max_tokens / SLOWEST)


def limit_in_words(line: Line) -> str:
    """How long was waited."""
    return f"{patience(int(line.body['max_tokens'])):.0f} seconds"


def _as_text(message: Mapping[str, Any]) -> str:
    """As JSON; half a character, as where an answer was cut off, is spelled out, since no database takes it."""
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _is_to_wait(line: Line, ended: Ended) -> bool:
    """Whether a limit was met that says when it is over, and nobody else could act meanwhile."""
    return ended.fault == "limited" and ended.rest is not None and line.asked.is_last_resort


def _priced(ended: Ended, model: str, reply: Reply) -> Ended:
    """With what it has cost; where its usage makes no sense it is booked at the bound, and the answer kept."""
    try:
        spent, usage, price = prices.cost(model, reply.message)
    except (ValueError, TypeError, ArithmeticError, LookupError):
        return ended
    return replace(ended, usage=usage, spent=spent, price=price)
