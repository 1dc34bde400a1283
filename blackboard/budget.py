"""Budgets: what a board may use at most."""

from dataclasses import dataclass

ACTIVATIONS = "activations"


@dataclass(frozen=True)
class Budget:
    """Hard caps of a board. None: no cap. `activations` are reserved when one is claimed; `seconds` is working time."""

    activations: int | None = None
    seconds: float | None = None

    def over(self, other: "Budget") -> "Budget":
        """These caps, and the other's where this has none."""
        return Budget(
            activations=other.activations if self.activations is None else self.activations,
            seconds=other.seconds if self.seconds is None else self.seconds,
        )
