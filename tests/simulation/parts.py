"""Seeds in parts, so that processes share the work; what has happened in each part is worked out once."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation.invariants import Violation
from tests.simulation.world import World

PARTS = 4


@dataclass
class Runs:
    """What has happened in some seeds."""

    tally: Counter[str] = field(default_factory=Counter)
    steps: list[int] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def run_part(world: Callable[[int], World], part: int, seeds: int, option: str = "") -> Runs:
    """Every PARTS-th seed, and what was wrong in which. `option`: what shows this world on the command line."""
    runs = Runs()
    for seed in range(part, seeds, PARTS):
        made = world(seed)
        try:
            made.run()
        except Violation as violation:
            runs.wrong.append(f"{violation}\n  see: python -m tests.simulation{option} --seed {seed} --trace")
        runs.tally += made.tally
        runs.steps.append(made.steps)
        runs.commits.append(made.commits)
    return runs


def run_all(world: Callable[[int], World], seeds: range) -> None:
    """One after the other. Violation."""
    for seed in seeds:
        world(seed).run()
