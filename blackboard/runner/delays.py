"""Delays: how long an activation waits after a failure, or after a lost race, before it is tried again."""

from math import inf

from blackboard.activation import Claim
from blackboard.seam import Seam

FIRST = 1.0  # seconds after the first failed attempt; twice as long after each further one
LONGEST = 60.0  # seconds
SPREAD = 0.25  # of a delay: so much shorter or longer, so that what failed together does not come back together
CROWDED = 0.02  # seconds after the second lost race; twice as long after each further one
MOST_CROWDED = 0.5  # seconds
SOONEST = 0.001  # seconds; or a clock that lags a little would be asked without end


def after_failure(seam: Seam, first: float, failed: int) -> float:
    """Seconds until an agent tries again that has failed so many times; `first`: after the first failure."""
    delay = min(first * 2.0 ** min(failed - 1, 16), LONGEST)
    return min(seam.jitter(delay * (1 - SPREAD), delay * (1 + SPREAD)), LONGEST) if delay else 0.0


def after_race(seam: Seam, again: Claim) -> float:
    """Seconds until an activation is done again whose result came too late. Who starves waits no more."""
    if again.redone < 2 or again.is_starving:
        return 0.0
    delay = min(CROWDED * 2.0 ** (again.redone - 2), MOST_CROWDED)
    return min(seam.jitter(delay * (1 - SPREAD), delay * (1 + SPREAD)), MOST_CROWDED)


class Alarm:
    """When to look for what was put off."""

    def __init__(self, seam: Seam) -> None:
        self._seam = seam
        self._at: float | None = None

    def set(self, seconds: float) -> None:
        """There will be something in so many seconds."""
        at = self._seam.monotonic() + max(seconds, SOONEST)
        self._at = at if self._at is None else min(self._at, at)

    def left(self) -> float:
        """Seconds until it rings."""
        return inf if self._at is None else max(self._at - self._seam.monotonic(), 0.0)

    def rings(self) -> bool:
        """Whether it is time; then it is off."""
        if self.left() > 0:
            return False
        self._at = None
        return True
