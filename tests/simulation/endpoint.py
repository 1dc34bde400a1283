"""The scripted endpoint of models: it lives outside all simulated processes; its log is the truth of what was spent.

It takes time, fails in all ways, and goes on charging when nobody waits for it any more.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from blackboard.calls import Begun, NewCall
from blackboard.llm import prices
from blackboard.llm.provider import ProviderError, Reply, Request

if TYPE_CHECKING:
    from tests.simulation.asking import AskingWorker, AskingWorld

MODEL = "claude-haiku-5-5"


@dataclass(frozen=True)
class Climate:
    """How the endpoint is in one seed: what it gives instead of an answer, and how often."""

    ways: Mapping[str, float]  # what it does -> its weight
    slow: float  # of the answers: beyond every lease
    greedy: float  # of the answers: they take more than their bound
    takes: float  # of its bound at most, where it does not take all of it
    killed: float  # of the requests: whoever waits dies with its answer under way, or just come
    storm: tuple[float, float]  # virtual seconds between which it is overloaded

    @classmethod
    def drawn(cls, chance: random.Random) -> "Climate":
        def some(*values: float) -> float:
            return chance.choice(values)

        begins = chance.uniform(0, 12)
        return cls(
            {
                "answered": 1, "misshapen": some(0, 0.05, 0.5), "cut off": some(0, 0.05), "paused": some(0, 0.05),
                "declined": some(0, 0, 0.03), "overloaded": some(0, 0.05, 0.2), "limited": some(0, 0.05, 0.15),
                "failing": some(0, 0.05), "unreachable": some(0, 0.05), "silent": some(0, 0, 0.05),
                "garbled": some(0, 0.05), "refused": some(0, 0, 0.02),
            },
            slow=some(0, 0.05, 0.2), greedy=some(0, 0, 0, 0, 0.4), takes=some(1, 0.1),
            killed=some(0, 0.03, 0.1),
            storm=(begins, begins + some(0, 0, 6, 15)),
        )  # fmt: skip


@dataclass
class Seen:
    """A request that arrived, and what became of it."""

    process: "AskingWorker"
    call: int
    new: NewCall
    arrived: float
    charged: int = 0  # nano-dollars
    tokens: int = 0
    usage: dict[str, int] = field(default_factory=dict)
    is_over: bool = False  # greedy: it took more than its bound
    outcome: str = ""
    delivered: bool = False  # its answer has come while somebody waited
    given_up: bool = False  # nobody waits for it any more

    @property
    def board(self) -> str:
        """Whose call it is."""
        return self.new.claim.board

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody is there to hear the answer."""
        return not (self.delivered or self.given_up or self.process.dead)


class Endpoint:
    """Who answers, and what was asked, answered and charged."""

    def __init__(self, world: "AskingWorld", climate: Climate) -> None:
        self._world, self._climate = world, climate
        self.log: list[Seen] = []
        self.counted = 0
        self._prices = _list_prices()

    def arrives(self, process: "AskingWorker", begun: tuple[NewCall, Begun], body: Mapping[str, Any],
                hear: Callable[[Reply | Exception], None]) -> Seen:  # fmt: skip
        """A request is there; `hear` is told how it went, if ever."""
        new, said = begun
        seen = Seen(process, said.id, new, self._world.time)
        self.log.append(seen)
        chance, climate = self._world.chance, self._climate
        ways = {"answered": 1.0, "misshapen": 0.05} if self._world.is_calm else climate.ways
        way = chance.choices(list(ways), list(ways.values()))[0]
        if climate.storm[0] <= self._world.time < climate.storm[1] and chance.random() < 0.8:
            way = "overloaded"
        takes = chance.choice((0.05, 0.3, 1, 3)) * chance.uniform(0.2, 1.0)
        if chance.random() < climate.slow and not self._world.is_calm:
            takes += chance.uniform(3, 12)
        seen.outcome = way
        self._world.note(f"endpoint: {new.claim.agent} {new.claim.id}/{new.claim.token} call {said.id}: {way}")
        self._world.after(takes * chance.random(), None, lambda: self._charge(seen, way))
        self._world.after(takes, None, lambda: hear(self._outcome(seen, way, body)))
        self._may_kill(seen, takes)
        return seen

    def _may_kill(self, seen: Seen, takes: float) -> None:
        chance = self._world.chance
        if self._world.is_calm or chance.random() >= self._climate.killed:
            return
        soon = takes * chance.random() if chance.random() < 0.5 else takes + chance.uniform(0, 0.02)
        self._world.after(soon, None, lambda: None if seen.process.dead else seen.process.die())

    # -- what it takes -----------------------------------------------------------------------------------------------
    def _charge(self, seen: Seen, way: str) -> None:
        """Whoever waits; what is free by its nature stays so."""
        if way in {"overloaded", "limited", "unreachable", "refused"}:
            return
        if way in {"failing", "silent", "garbled"} and self._world.chance.random() < 0.5:
            return
        usage = self._usage(seen)
        self._world.count("charged while nobody waited" if not seen.is_waited_for else "")
        self.book(seen, usage)

    def _usage(self, seen: Seen) -> dict[str, int]:
        chance, bound = self._world.chance, seen.new.bound.tokens
        most = int(json.loads(seen.new.request)["max_tokens"])
        if chance.random() < self._climate.greedy:
            seen.is_over = True
            return {"input_tokens": bound, "output_tokens": most + 7}
        if chance.random() < 0.3 * self._climate.takes:  # exactly the bound
            return {"cache_creation_input_tokens": bound - most, "input_tokens": 0, "output_tokens": most}
        most_in = int((bound - most) * self._climate.takes)
        written = chance.randint(0, most_in // 2)
        entered = chance.randint(0, most_in - written)
        return {"input_tokens": entered, "cache_creation_input_tokens": written,
                "output_tokens": chance.randint(0, most)}  # fmt: skip

    def book(self, seen: Seen, usage: dict[str, int]) -> None:
        """Charge it at list price, a nano-dollar begun is one."""
        seen.tokens = sum(usage.values())
        seen.charged = -int(-sum(self._prices[name] * n * 1000 for name, n in usage.items()) // 1)
        seen.usage = usage
        self._world.books.charged(seen)

    # -- what it says ------------------------------------------------------------------------------------------------
    def _outcome(self, seen: Seen, way: str, body: Mapping[str, Any]) -> Reply | Exception:
        chance = self._world.chance
        match way:
            case "limited":
                self._world.count("rests")
                return ProviderError("limited", "429", is_free=True, rest=chance.uniform(0.5, 6))
            case "overloaded":
                return ProviderError("overloaded", "529", is_free=True)
            case "unreachable":
                return ProviderError("unreachable", "no connection", is_free=True)
            case "refused":
                return ProviderError("refused", "400: the request is refused", is_free=True)
            case "failing":
                return ProviderError("failing", "500", is_free=False)
            case "silent":
                return ProviderError("silent", "nothing came", is_free=False)
            case "garbled":
                return ValueError("it broke off")
        return Reply(self._message(seen, way, body), rest=chance.uniform(0.5, 3) if chance.random() < 0.005 else None)

    def _message(self, seen: Seen, way: str, body: Mapping[str, Any]) -> dict[str, Any]:
        number = self.log.index(seen)
        shaped = "format" in body.get("output_config", {})
        text = json.dumps({"score": number}) if shaped else f"answer {number}"
        if way == "misshapen" and shaped:
            text = json.dumps({"score": "high"})
        stop = {"cut off": "max_tokens", "paused": "pause_turn", "declined": "refusal"}.get(way, "end_turn")
        return {
            "id": f"msg_{number}", "type": "message", "role": "assistant", "model": MODEL, "stop_reason": stop,
            "content": [{"type": "text", "text": text}], "usage": seen.usage,
        }  # fmt: skip


def _list_prices() -> dict[str, Any]:
    """Dollars per million tokens, by what an endpoint counts; told from the list alone."""
    from genai_prices.data_snapshot import get_snapshot

    _, info = get_snapshot().find_provider_model(MODEL, None, "anthropic", None)
    listed = info.get_prices(prices._now())
    names = {"input_tokens": "input_mtok", "cache_creation_input_tokens": "cache_write_mtok",
             "output_tokens": "output_mtok"}  # fmt: skip
    found = {counted: getattr(listed, name) for counted, name in names.items()}
    return {counted: getattr(price, "base", price) for counted, price in found.items()}


class Wire:
    """One process's way to the endpoint. See `Provider`."""

    endpoint = "simulated"

    def __init__(self, process: "AskingWorker") -> None:
        self._process = process

    async def schema(self, shape: type[BaseModel]) -> Mapping[str, Any]:
        """As it is."""
        return shape.model_json_schema()

    async def count(self, request: Request) -> int | None:
        """Something below what its bytes say, at times."""
        chance = self._process.world.chance
        await asyncio.sleep(chance.uniform(0, 0.2))
        if chance.random() < 0.2:
            raise ProviderError("overloaded", "529", is_free=True)
        return chance.choice((None, prices.input_bound(request.body) // chance.randint(1, 8)))

    async def send(self, request: Request) -> Reply:
        """The message; what is cancelled goes on being charged."""
        process, world = self._process, self._process.world
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        begun = process.begun.pop(request.call, None) if request.call is not None else None
        world.books.demand(begun, "nothing is sent that was not begun", str(request.agent))
        assert begun is not None

        def hear(said: Reply | Exception) -> None:
            world.after(process.hop(), process, lambda: None if answer.done() else settle(said))

        def settle(said: Reply | Exception) -> None:
            seen.delivered = True
            answer.set_exception(said) if isinstance(said, Exception) else answer.set_result(said)

        seen = world.endpoint.arrives(process, begun, request.body, hear)
        process.asking[asyncio.current_task()] = seen
        try:
            return await answer
        finally:
            seen.given_up = not seen.delivered
            world.count("given up while waiting" if seen.given_up else "")
