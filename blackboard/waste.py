"""Waste and savings: what calls have cost of which nothing came, and what a cache of the endpoint has spared."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from blackboard.calls import CallRecord
from blackboard.costs import Cost, cost_of
from blackboard.records import ActivationRecord, AttemptRecord


@dataclass(frozen=True)
class Waste:
    """What was spent for nothing, each call under one reason."""

    crashes: Cost
    """Nobody heard of the answer, or it came when it had been asked again."""
    retries: Cost
    """There was no answer and it was charged all the same, or the answer could not be used."""
    conflicts: Cost
    """The work was dropped, or done again on newer entries and asked anew."""
    failures: Cost
    """The activation has failed for good."""


def wasted(
    calls: Iterable[CallRecord], activations: Iterable[ActivationRecord], attempts: Iterable[AttemptRecord]
) -> Waste:
    """The calls of which nothing came. What was charged for nothing only: a fault that was free is no waste."""
    listed = sorted((c for c in calls if _is_charged(c)), key=lambda c: c.id)
    state = {a.id: a.state for a in activations}
    refused = _refusals(attempts)
    reasons: dict[str, list[CallRecord]] = {"crashes": [], "retries": [], "conflicts": [], "failures": []}
    left: dict[int, list[CallRecord]] = {}
    answered = {_question(c) for c in listed if c.state == "done" and c.fault is None}
    for call in listed:
        if call.fault is not None or call.rejected is not None:
            reasons["retries"].append(call)
        elif call.state == "unknown" or (call.state == "late" and _question(call) in answered):
            reasons["crashes"].append(call)
        else:
            left.setdefault(call.activation, []).append(call)
    for id_, its in left.items():
        if state.get(id_) == "moot":
            reasons["conflicts"] += its
        elif state.get(id_) == "failed":
            reasons["failures"] += its
        else:
            reasons["conflicts"] += _replaced(its, refused.get(id_, ()))
    return Waste(**{reason: cost_of(those) for reason, those in reasons.items()})


def _is_charged(call: CallRecord) -> bool:
    return call.spent is not None and (call.spent.nano_usd != 0 or call.spent.tokens > 0)


def _question(call: CallRecord) -> tuple[int, str, int]:
    """What the journal finds it by."""
    return call.activation, call.asked, call.nth


def _refusals(attempts: Iterable[AttemptRecord]) -> Mapping[int, list[float]]:
    """When results of each activation were refused."""
    at: dict[int, list[float]] = {}
    for one in attempts:
        if one.outcome == "stale":
            at.setdefault(one.activation, []).append(one.at)
    return at


def _replaced(calls: list[CallRecord], refused: Iterable[float]) -> list[CallRecord]:
    """Those that were asked for a result that was refused, and not used by the one that came after it.

    The journal answers what is asked again in the same words; only what is asked in other words is a call again. So as
    many as were made after a refusal stand for earlier ones, of which the last had what has changed in them.
    """
    used: list[CallRecord] = []
    replaced: list[CallRecord] = []
    left = list(calls)
    for until in (*sorted(refused), inf):
        new = [c for c in left if c.begun_at <= until]
        left = left[len(new) :]
        kept = max(0, len(used) - len(new))
        replaced += used[kept:]
        used = used[:kept] + new
    return replaced


# -- what the cache has spared ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Saving:
    """What an endpoint took from its cache or put there, and what that has spared against the list price of input."""

    read: int = 0  # tokens
    written: int = 0
    usd: Decimal = Decimal(0)  # negative: putting it there has cost more than it has spared so far
    unpriced: int = 0  # calls with cached tokens of which nobody knows the price


def saved(calls: Iterable[CallRecord]) -> Saving:
    """What caching has spared in these calls."""
    read = written = unpriced = 0
    usd = Decimal(0)
    for call in calls:
        usage = call.usage
        if usage is None or not (cached := usage.cache_read + usage.cache_write + usage.cache_write_1h):
            continue
        read += usage.cache_read
        written += cached - usage.cache_read
        price = listed_price(call.price)
        if price is None:
            unpriced += 1
            continue
        taken = ((usage.cache_read, "cache_read"), (usage.cache_write, "cache_write"),
                 (usage.cache_write_1h, "cache_write_1h"))  # fmt: skip
        usd += sum((tokens * (price["input"] - price.get(kind, price["input"])) for tokens, kind in taken), Decimal(0))
    return Saving(read, written, usd, unpriced)


def listed_price(price: str | None) -> Mapping[str, Decimal] | None:
    """Dollars a token by the list price that a call was charged by; None where it is not known."""
    try:
        said = json.loads(price or "null", parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("input"), Decimal):
        return None
    return {name: value for name, value in said.items() if isinstance(value, Decimal)}
