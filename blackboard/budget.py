"""Budgets: what a board, or one agent on it, may use at most. Money is counted in whole nano-dollars."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from blackboard.errors import DeclarationError
from blackboard.shapes import is_number, is_whole, shown

ACTIVATIONS, USD, TOKENS, CALLS = "activations", "nano_usd", "tokens", "calls"
NANO = 1_000_000_000  # nano-dollars in a dollar


@dataclass(frozen=True)
class Budget:
    """Hard caps. None: no cap of its own. DeclarationError.

    `usd`, `tokens` and `calls` are of models, reserved at the most that a call can take before it is made.
    `activations` are reserved when one is claimed; `seconds` is working time.
    """

    usd: float | None = None
    tokens: int | None = None
    calls: int | None = None
    activations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("tokens", "calls", "activations"):
            said = getattr(self, name)
            if said is not None and not is_whole(said, 0):
                raise DeclarationError(f"Budget: {name}= takes a whole number, not {shown(said)}")
        for name in ("usd", "seconds"):
            said = getattr(self, name)
            if said is not None and not (is_number(said) and said >= 0):
                raise DeclarationError(f"Budget: {name}= takes a number of at least 0, not {shown(said)}")

    @classmethod
    def of(cls, left: Mapping[str, int]) -> "Budget":
        """What the store says is left of which units, as people count it."""
        usd = left.get(USD)
        return cls(
            None if usd is None else float(dollars(usd)), left.get(TOKENS), left.get(CALLS), left.get(ACTIVATIONS)
        )

    def over(self, other: "Budget") -> "Budget":
        """These caps, and the other's where this has none."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        return Budget(**{name: getattr(other, name) if cap is None else cap for name, cap in mine.items()})

    @property
    def caps(self) -> tuple[tuple[str, int | None], ...]:
        """What the store keeps: units and their caps. Seconds are not among them."""
        return (
            (ACTIVATIONS, self.activations), (USD, None if self.usd is None else nano(self.usd)),
            (TOKENS, self.tokens), (CALLS, self.calls),
        )  # fmt: skip


def nano(usd: float | Decimal) -> int:
    """Dollars in whole nano-dollars: what a person has written, not what a float makes of it."""
    return int(Decimal(str(usd)) * NANO)


def dollars(nano_usd: int) -> Decimal:
    """Nano-dollars in dollars, exactly."""
    return Decimal(nano_usd) / NANO


def amount(unit: str, number: float) -> str:
    """So much of a unit, in words: `3 calls`, `0.25 USD`."""
    if unit == USD:
        return f"{dollars(int(number)).normalize():f} USD"
    return f"{number:,} {unit if number != 1 else unit.removesuffix('s')}"
