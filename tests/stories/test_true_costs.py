"""Stories of what is billed: the costs of a board are what its endpoint has counted, at the list price, to the nano."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot

from blackboard import Kind, Scenario, claude_agent, when
from blackboard.budget import nano
from blackboard.costs import nano_usd
from blackboard.llm.provider import Request
from blackboard.testing import MessagesServer, Stopped

STREAMED = 5000  # tokens: longer than what comes in one piece
TOPICS = 4
MODELS = ("claude-haiku-5-5", "claude-opus-5-5")
COUNTED = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
MANUAL = "Judge by the manual. " * 200  # long enough to be cached


class Topic(Kind):
    """What is to be judged."""

    number: int = 0


class Note(Kind):
    """The judgement."""

    score: int


def judge(name: str, **options: Any) -> Any:
    return claude_agent(name, watches=Topic, writes=Note, system=f"You are {name}. {MANUAL}", **options)


WHOLE = when(lambda board: board.count(Note) == TOPICS * len(AGENTS), "all have judged all")
AGENTS = (judge("plain"), judge("streaming", max_tokens=STREAMED), judge("misshapen", model="strong"), judge("longer"))


def replies() -> Mapping[str, Any]:
    """Every second answer of some is none, or is cut off."""
    times = Counter[str]()

    def turns(name: str, other: Any) -> Any:
        def reply(_: Request) -> Any:
            times[name] += 1
            return other if times[name] % 2 else Note(score=3)

        return reply

    return {
        "You are misshapen": turns("misshapen", '{"score": "three, I would say"}'),
        "You are longer": turns("longer", Stopped("max_tokens", '{"sc')),
        "*": lambda _: Note(score=3),
    }


@pytest.fixture(scope="module")
def spent(tmp_path_factory) -> Any:
    """A board on which all of them have asked, and the server that they have asked."""
    folder = tmp_path_factory.mktemp("costs")
    with pytest.MonkeyPatch.context() as patch, MessagesServer(replies()) as server:
        patch.setenv("ANTHROPIC_BASE_URL", server.url)
        patch.setenv("ANTHROPIC_API_KEY", "any")
        scenario = Scenario("judging", params=Topic, agents=list(AGENTS), result=Note, done=WHOLE,
                            seed=lambda _: [Topic(number=n) for n in range(TOPICS)])  # fmt: skip
        with scenario.run(Topic(), db=str(folder / "b.db"), slots=2) as board:
            assert board.verdict.exit_code == 0
            yield board, server


def listed(model: str) -> dict[str, Decimal]:
    """Dollars for a token, by the field of a usage that counts it."""
    prices = get_snapshot().find_provider_model(model, None, "anthropic", None)[1].get_prices(None)
    names = {"input_tokens": "input_mtok", "cache_creation_input_tokens": "cache_write_mtok",
             "cache_read_input_tokens": "cache_read_mtok", "output_tokens": "output_mtok"}  # fmt: skip
    dollars = {counted: getattr(prices, name) for counted, name in names.items()}
    return {counted: Decimal(getattr(price, "base", price)) / 1_000_000 for counted, price in dollars.items()}


def billed(exchange: Any) -> Decimal:
    """What an exchange costs by its usage."""
    of = listed(exchange.body["model"])
    return sum((exchange.usage[name] * price for name, price in of.items()), Decimal(0))


class TestTheCostOfABoard:
    def test_is_the_usage_of_the_endpoint_at_the_list_price(self, spent):
        board, server = spent

        assert board.cost().usd == sum(map(billed, server.calls))
        assert nano_usd(board.cost()) == server.nano_usd
        assert board.cost().calls == len(server.calls)

    def test_is_exact_for_each_call(self, spent):
        board, server = spent
        by_request = sorted((nano(billed(e)), sum(e.usage[name] for name in COUNTED)) for e in server.calls)

        calls = board.store.calls(board.id)

        assert sorted((call.spent.nano_usd, call.spent.tokens) for call in calls) == by_request

    def test_is_what_was_settled_for_it(self, spent):
        board, server = spent

        budgets = {b.unit: b for b in board.store.summary(board.id).budgets}

        assert (budgets["nano_usd"].settled, budgets["nano_usd"].reserved) == (server.nano_usd, 0)
        assert all(call.spent.nano_usd <= call.bound.nano_usd for call in board.store.calls(board.id))

    def test_counts_caches_streams_answers_that_were_mended_and_those_that_were_longer(self, spent):
        _, server = spent
        sums = {name: sum(e.usage[name] for e in server.calls) for name in COUNTED}

        assert all(sums.values())
        assert sum(bool(e.body.get("stream")) for e in server.calls) == TOPICS
        assert len(server.calls) == 6 * TOPICS, "two of the four ask everything twice"
        assert {e.body["max_tokens"] for e in server.calls} == {1024, 2048, STREAMED}
        assert {e.body["model"] for e in server.calls} == set(MODELS)
