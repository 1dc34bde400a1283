"""What a call can cost at most, and what it has cost: list prices of genai-prices, as they were installed; no network.

Loaded only when a price is asked for.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from blackboard.budget import NANO
from blackboard.calls import Amounts, Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, PriceCalculation, Provider

PROVIDER = "anthropic"
INPUT, WRITE, LONG_WRITE, OUTPUT = "input_mtok", "cache_write_mtok", "cache_write_1h_mtok", "output_mtok"
BASE_OVERHEAD = 64  # tokens that stand around every conversation
TOOLS_OVERHEAD = 1_024  # the endpoint's own words on how tools are used, where some are declared
MOST_TOKENS = 10**9  # of one call, far beyond any model; what tells more does not count
FORMAT_OVERHEAD = 1_024  # its own words on the format of the answer, where one is asked for


def bound(model: str, input_tokens: int, max_tokens: int, long_cache: bool = False) -> int | None:
    """Nano-dollars that a call with so many tokens can cost at most, rounded up; None if the price is not known.

    Every input token is taken for the dearest that it can be: new, or written to the cache, for an hour if
    `long_cache`, in the dearest tier that so long an input can reach. Server tools are not in it.
    """
    try:
        _, info = _model(model)
    except LookupError:
        return None
    prices = info.get_prices(_now())
    entering = [INPUT, WRITE, *([LONG_WRITE] if long_cache else [])]
    dearest = max((p for name in entering for p in _in_reach(prices, name, input_tokens)), default=Decimal(0))
    output = max(_in_reach(prices, OUTPUT, input_tokens), default=Decimal(0))
    total = _nano((dearest * input_tokens + output * max_tokens) / 1_000_000)
    return total if dearest and output else None


def cost(model: str, message: Mapping[str, Any]) -> tuple[Amounts, Usage, str | None]:
    """What a message has cost, the tokens that its endpoint has counted, and the list price as JSON.

    `model`: as it was asked for; priced is the model that has answered. Money and price are None where the price is not
    known. Thinking counts as output, as it is billed.
    """
    counted = usage(message)
    found = _calculated(model, message)
    if found is None:
        return Amounts(None, counted.tokens), counted, None
    return Amounts(_nano(found.total_price), counted.tokens), counted, _snapshot(found)


def usage(message: Mapping[str, Any]) -> Usage:
    """The tokens of a message; what its endpoint does not tell is 0. ValueError for more than any model takes."""
    said = message.get("usage") or {}
    written = _number(said, "cache_creation_input_tokens")
    long = _number(said.get("cache_creation") or {}, "ephemeral_1h_input_tokens")
    return Usage(
        input=_number(said, "input_tokens"), output=_number(said, "output_tokens"),
        cache_read=_number(said, "cache_read_input_tokens"), cache_write=max(0, written - long), cache_write_1h=long,
    )  # fmt: skip


def input_bound(body: Mapping[str, Any]) -> int:
    """Tokens that the input of this request has at most, whatever the tokenizer: a token is at least a byte.

    For texts; what is fetched or decoded by the endpoint (images, files) is not bounded by its bytes.
    """
    text = json.dumps(body, ensure_ascii=False)
    around = BASE_OVERHEAD + (TOOLS_OVERHEAD if body.get("tools") else 0)
    if (body.get("output_config") or {}).get("format"):
        around += FORMAT_OVERHEAD
    return _bytes(text) + around


def _bytes(text: str) -> int:
    """Its length in bytes, or that of its longest form: a tokenizer may spell out a ligature first."""
    if text.isascii():
        return len(text)
    return max(len(form.encode(errors="surrogatepass")) for form in (text, unicodedata.normalize("NFKC", text)))


def _in_reach(prices: "ModelPrice", name: str, input_tokens: int) -> Iterator[Decimal]:
    """Dollars per million tokens: each price of this name that an input up to so long can have."""
    price: Any = getattr(prices, name)
    if price is None or isinstance(price, Decimal):
        yield price or Decimal(0)
        return
    yield price.base
    yield from (tier.price for tier in price.tiers if input_tokens > tier.start)


def _calculated(model: str, message: Mapping[str, Any]) -> "PriceCalculation | None":
    said = message.get("usage") or {}
    for name in (message.get("model"), model):
        try:
            provider, info = _model(str(name))
            _, counted = provider.extract_usage({**message, "model": name, "usage": _without_nulls(said)})
            return info.calc_price(counted, provider, genai_request_timestamp=_now(), price_context=_context(said))
        except (LookupError, ValueError):  # not known, or a usage that contradicts itself
            continue
    return None


def _context(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """What makes the same tokens dearer or cheaper."""
    context: dict[str, Any] = {}
    if said.get("speed") == "fast":
        context["speed"] = "fast"
    if said.get("service_tier") == "batch":
        context["processing"] = "batch"
    return context or None


def _without_nulls(said: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _without_nulls(v) if isinstance(v, Mapping) else v for k, v in said.items() if v is not None}


def _snapshot(found: "PriceCalculation") -> str:
    """Dollars per million tokens as they were applied, `price>start` where a longer input costs more."""
    prices = {
        name: str(price) if isinstance(price, Decimal)
        else " ".join([str(price.base), *(f"{tier.price}>{tier.start}" for tier in price.tiers)])
        for name, price in vars(found.model_price).items() if price is not None
    }  # fmt: skip
    return json.dumps({"model": found.model.id, "source": _source(), "usd": prices})


@cache
def _source() -> str:
    import genai_prices

    return f"genai-prices {genai_prices.__version__}"


def _model(name: str) -> "tuple[Provider, ModelInfo]":
    """LookupError."""
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot().find_provider_model(name, None, PROVIDER, None)


def _now() -> Any:
    from datetime import UTC, datetime

    from blackboard.seam import REAL

    return datetime.fromtimestamp(REAL.now(), UTC)


def _nano(usd: Decimal) -> int:
    return int((usd * NANO).to_integral_value(ROUND_CEILING))


def _number(said: Mapping[str, Any], name: str) -> int:
    number = said.get(name)
    if isinstance(number, int) and number > MOST_TOKENS:
        raise ValueError(f"{name} is more than any model takes")
    return number if isinstance(number, int) and number > 0 else 0
