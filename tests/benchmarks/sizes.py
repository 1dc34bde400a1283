"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """`n` steps to a run; all other sizes follow from it. `seconds` is how long an idle process is watched."""

    n: int = 1000
    repeats: int = 5
    seconds: float = 10.0
    processes: int = 4  # that contend

    @property
    def rounds(self) -> int:
        """Wakes to a run: 300 of 1000."""
        return max(2, self.n * 3 // 10)

    @property
    def steps(self) -> int:
        """Steps to a run on a board that has grown: 200 of 1000."""
        return max(4, self.n // 5)

    @property
    def held(self) -> tuple[int, ...]:
        """Entry versions that a board holds before."""
        return self.n, 10 * self.n, 100 * self.n
