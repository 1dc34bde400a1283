"""Ratings: ready-made functions for `rating=`."""

from collections.abc import Callable

from blackboard.entry import K

FINENESS = 1000  # ratings are whole numbers: thousandths of a unit of value for a unit of cost


def value_per_cost(value: Callable[[K], float], cost: Callable[[K], float], /) -> Callable[[K], int]:
    """A rating by which that acts first which is worth most for what it is expected to cost.

    Both in any unit, but the same for all agents that compete. A cost that is not positive is the agent's own failure.
    """

    def rating(body: K) -> int:
        expected = cost(body)
        if expected <= 0:
            raise ValueError(f"an expected cost is positive, not {expected!r}")
        return round(FINENESS * value(body) / expected)

    return rating
