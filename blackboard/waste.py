"""Waste and savings: what calls have cost of which nothing came, and what a cache of the endpoint has spared."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from blackboard.calls import CallRecord, Usage
from blackboard.costs import Cost, cost_of
from blackboard.records import ActivationRecord, AttemptRecord

A_MILLION = 1_000_000


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
    cached = [(c, c.usage) for c in calls if c.usage is not None and _cached(c.usage)]
    spared = [_spared(usage, call.price) for call, usage in cached]
    return Saving(
        sum(usage.cache_read for _, usage in cached),
        sum(usage.cache_write + usage.cache_write_1h for _, usage in cached),
        sum((usd for usd in spared if usd is not None), Decimal(0)),
        spared.count(None),
    )


def _cached(usage: Usage) -> int:
    return usage.cache_read + usage.cache_write + usage.cache_write_1h


def _spared(usage: Usage, price: str | None) -> Decimal | None:
    """Dollars that the same input would have cost more without a cache; None if the price is not known."""
    listed = _listed(price, usage.input + _cached(usage))
    if (plain := listed.get("input_mtok")) is None:
        return None
    taken = {
        "cache_read_mtok": usage.cache_read, "cache_write_mtok": usage.cache_write,
        "cache_write_1h_mtok": usage.cache_write_1h,
    }  # fmt: skip
    return sum((n * (plain - listed.get(name, plain)) for name, n in taken.items()), Decimal(0)) / A_MILLION


def _listed(price: str | None, input_tokens: int) -> dict[str, Decimal]:
    """Dollars per million tokens of an input so long, as they are written at a call; empty where they are not."""
    try:
        return {name: _in_tier(str(said), input_tokens) for name, said in json.loads(price or "{}")["usd"].items()}
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError):
        return {}


def _in_tier(said: str, input_tokens: int) -> Decimal:
    """Of `0.1 0.5>100000` the second for an input of more than 100,000 tokens."""
    base, *tiers = said.split()
    applied = base
    for tier in tiers:
        amount, _, start = tier.partition(">")
        applied = amount if input_tokens > int(start) else applied
    return Decimal(applied)
