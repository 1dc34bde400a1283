"""Costs: what calls of models have cost, on a board or on the way to one entry. Each call counts once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from blackboard.budget import NANO, dollars
from blackboard.calls import CallRecord
from blackboard.gist import count
from blackboard.ports import Looking
from blackboard.records import Row

DECIMALS = 4  # of dollars, where people read them; what is less than one of these is told by its first two digits


@dataclass(frozen=True)
class Cost:
    """What calls of models have cost, in dollars, exactly.

    With `unpriced` calls (nobody knows the price of their model) or some `under_way` it has been more than `usd`.
    With `presumed` ones it may have been less.
    """

    usd: Decimal = Decimal(0)
    unpriced: int = 0
    tokens: int = 0
    calls: int = 0
    under_way: int = 0  # of the calls
    presumed: int = 0  # of the calls: of them nothing was heard any more, they count with the most that they can cost
    parts: Mapping[tuple[str, str], "Cost"] = field(default_factory=dict)
    """By agent and model, the dearest first. Parts have no parts."""

    def __str__(self) -> str:
        known = [worth(self.usd)] if self.usd or not (self.unpriced or self.under_way) else []
        if self.unpriced:
            known.append(f"{count(self.unpriced, 'call')} of unknown price")
        if self.under_way:
            known.append(f"{count(self.under_way, 'call')} under way")
        return " and ".join(filter(None, (", ".join(known[:-1]), known[-1])))

    @property
    def short(self) -> str:
        """In a word or two: `0.02 USD`, `at least 0.02 USD`, `unknown`."""
        more, less = self.unpriced + self.under_way, self.presumed
        if more == self.calls > 0:
            return "unknown" if self.unpriced else "under way"
        how = "about " if more and less else "at least " if more else "at most " if less else ""
        return how + worth(self.usd)


def worth(usd: Decimal) -> str:
    """Dollars as people read them: `0.0213 USD`, `0.000012 USD`."""
    small = DECIMALS if not usd else max(DECIMALS, 1 - usd.adjusted())
    return f"{round(usd, small).normalize():f} USD"


def cost_of(calls: Iterable[CallRecord]) -> Cost:
    """The sum over these calls; one that is among them twice counts once."""
    by_part: dict[tuple[str, str], list[CallRecord]] = {}
    for call in {(c.board, c.id): c for c in calls}.values():
        by_part.setdefault((call.agent, call.model), []).append(call)
    parts = {part: _sum(those) for part, those in by_part.items()}
    dearest = dict(sorted(parts.items(), key=lambda item: (-item[1].usd, -item[1].tokens, item[0])))
    return _sum((c for those in by_part.values() for c in those), dearest)


def nano_usd(cost: Cost) -> int:
    """What is known of it in whole nano-dollars."""
    return int(cost.usd * NANO)


def _sum(calls: Iterable[CallRecord], parts: Mapping[tuple[str, str], Cost] | None = None) -> Cost:
    usd = unpriced = tokens = number = under_way = presumed = 0
    for call in calls:
        number += 1
        if call.spent is None:
            under_way += 1
            continue
        tokens += call.spent.tokens
        usd += call.spent.nano_usd or 0
        unpriced += call.spent.nano_usd is None
        presumed += call.state == "unknown" and call.spent.nano_usd is not None
    return Cost(dollars(usd), unpriced, tokens, number, under_way, presumed, parts or {})


# -- what it took to make an entry -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """One activation on the way to an entry: what it wrote that the entry came from, and what its calls have cost."""

    activation: int
    agent: str
    wrote: tuple[Row, ...]
    calls: tuple[CallRecord, ...]

    @property
    def cost(self) -> Cost:
        """Of all its calls, also where what came of some was not used."""
        return cost_of(self.calls)


def line(store: Looking, board: str, version: Row) -> list[Step]:
    """The activations that this version, and everything that it was derived from, came from; the newest first."""
    wrote: dict[int, list[Row]] = {}
    for row in sorted(derived(store, board, version), key=lambda r: -r.seq):
        wrote.setdefault(row.activation, []).append(row)
    made: dict[int, list[CallRecord]] = {}
    for call in store.calls(board, sorted(wrote)):
        made.setdefault(call.activation, []).append(call)
    return [Step(id_, rows[0].author, tuple(rows), tuple(made.get(id_, ()))) for id_, rows in wrote.items()]


def derived(store: Looking, board: str, version: Row) -> list[Row]:
    """This version and all that it was made from, in any number of steps; each once."""
    found: dict[int, Row] = {}
    read: dict[int, list[int]] = {}
    level = [version]
    while level:
        found |= {row.seq: row for row in level}
        for id_ in {row.activation for row in level} - read.keys():
            read[id_] = store.made_from(board, id_)
        wanted = {seq for row in level for seq in read[row.activation] or _amended(store, board, row)}
        level = store.by_seq(board, sorted(wanted - found.keys()))
    return list(found.values())


def _amended(store: Looking, board: str, row: Row) -> list[int]:
    """What comes from outside has read nothing, but an amendment is one of the version before."""
    before = store.version(board, row.key, row.version - 1) if row.version > 1 else None
    return [before.seq] if before else []
