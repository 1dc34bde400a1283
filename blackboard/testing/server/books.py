"""What a server was asked, what it answered and what that costs: the truth that a ledger is held against."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

MILLION = 1_000_000
NANO = 10**9


@dataclass
class Exchange:
    """One request and how it was answered."""

    number: int  # of the requests of its path, from 1
    path: str
    at: float  # seconds since 1970
    body: Any
    size: int  # bytes
    status: int | None = None  # None: no answer was begun
    usage: dict[str, Any] = field(default_factory=dict)
    nano_usd: int | None = 0  # what it bills; None: the price is not known
    is_gone: bool = False  # the client was no longer there


class Books:
    """All exchanges, in memory and, if wanted, in a file: a line of JSON for each event, written before the answer."""

    def __init__(self, file: str | Path | None = None) -> None:
        self.log: list[Exchange] = []
        self.in_flight = self.peak = 0
        self._file = Path(file) if file else None
        self._lock = threading.Lock()

    def asked(self, path: str, at: float, body: Any, size: int) -> Exchange:
        """A request has come."""
        with self._lock:
            number = sum(e.path == path for e in self.log) + 1
            exchange = Exchange(number, path, at, body, size)
            self.log.append(exchange)
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)
            self._write("asked", exchange, body=body)
        return exchange

    def answers(self, exchange: Exchange, status: int | None, usage: Mapping[str, Any], nano_usd: int | None) -> None:
        """It will be answered so; the next thing that happens is that the answer is sent."""
        with self._lock:
            exchange.status, exchange.usage, exchange.nano_usd = status, dict(usage), nano_usd
            self._write("answers", exchange, status=status, usage=exchange.usage, nano_usd=nano_usd)

    def left(self, exchange: Exchange) -> None:
        """It is over."""
        with self._lock:
            self.in_flight -= 1
            self._write("gone" if exchange.is_gone else "sent", exchange)

    def _write(self, event: str, exchange: Exchange, **more: object) -> None:
        if self._file is None:
            return
        line = {"event": event, "number": exchange.number, "path": exchange.path, "at": exchange.at, **more}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def billed(model: str, usage: Mapping[str, Any]) -> int | None:
    """Nano-dollars for a usage, by the list price, one multiplication for each of its fields; None if not known."""
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, info = get_snapshot().find_provider_model(model, None, "anthropic", None)
    except LookupError:
        return None
    prices = info.prices if not isinstance(info.prices, list) else info.prices[-1].prices
    split = usage.get("cache_creation") or {}
    hour = split.get("ephemeral_1h_input_tokens", 0)
    counts = {
        "input_mtok": usage["input_tokens"],
        "cache_read_mtok": usage.get("cache_read_input_tokens") or 0,
        "cache_write_mtok": (usage.get("cache_creation_input_tokens") or 0) - hour,
        "cache_write_1h_mtok": hour,
        "output_mtok": usage["output_tokens"],
    }
    whole = sum(count for name, count in counts.items() if name != "output_mtok")
    total = sum((_price(prices, name, whole) * count for name, count in counts.items()), Decimal(0))
    return int((total * NANO / MILLION).to_integral_value(ROUND_CEILING))


def _price(prices: Any, name: str, whole: int) -> Decimal:
    """Dollars for a million tokens, where the whole input has so many."""
    price = getattr(prices, name) or Decimal(0)
    if isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if whole > tier.start]
    found: Decimal = reached[-1] if reached else price.base
    return found
