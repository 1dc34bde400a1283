"""Budgets: what a board may use at most."""

from dataclasses import dataclass

from blackboard.errors import DeclarationError
from blackboard.shapes import is_number, is_whole, shown

ACTIVATIONS = "activations"


@dataclass(frozen=True)
class Budget:
    """Hard caps of a board. None: no cap. DeclarationError.

    `activations` are reserved when one is claimed; `seconds` is working time.
    """

    activations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.activations is not None and not is_whole(self.activations, 0):
            raise DeclarationError(f"Budget: activations= takes a whole number, not {shown(self.activations)}")
        if self.seconds is not None and not (is_number(self.seconds) and self.seconds >= 0):
            raise DeclarationError(f"Budget: seconds= takes a number of at least 0, not {shown(self.seconds)}")

    def over(self, other: "Budget") -> "Budget":
        """These caps, and the other's where this has none."""
        return Budget(
            activations=other.activations if self.activations is None else self.activations,
            seconds=other.seconds if self.seconds is None else self.seconds,
        )
