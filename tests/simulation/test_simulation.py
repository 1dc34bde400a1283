"""Many workers, any crash: the real runner, judge and store under a seeded scheduler, checked after every commit.

What is done here with time, threads and processes is simulated: `python -m tests.simulation` runs more seeds, or shows
all that happened in one.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.once import once
from tests.simulation.invariants import Violation
from tests.simulation.parts import PARTS, run_all, run_part
from tests.simulation.sabotages import SABOTAGES
from tests.simulation.world import World

SEEDS = int(os.environ.get("BLACKBOARD_SEEDS", "100"))
LEAST = 60  # steps in each seed, for it to be worth its name
ROOT = Path(__file__).parents[2]
MUST_HAPPEN = (
    "takeovers", "takeovers of living workers", "fenced commits", "fenced commits of thawed workers", "stale redos",
    "moot drops", "kills inside", "kills after", "kills between transactions", "errors inside", "errors after",
    "errors of reads", "workers that left by a StoreError", "lost rings", "budget refusals", "retries",
    "retries that came too late", "verdicts that came too late", "resumes", "verdict complete", "verdict budget",
    "verdict deadline", "verdict quiescent", "verdict failed", "verdict cancelled", "recalls", "renewals", "fallbacks",
    "parked", "escalations", "promoted", "set aside as waiting", "set aside as moot",
)  # fmt: skip
"""A simulation in which one of these never happened proves nothing about it."""
FOUND = {
    "no_read_set": (0, "nothing stale lands"),
    "wrongly_moot": (0, "only what has changed makes work moot"),
    "no_token": (0, "only who holds the claim lands"),
    "cursors_taken_along": (0, "nothing is missed"),
    "same_token": (0, "only a claim gives a right to act"),
    "new_snapshot": (0, "only Stale moves a snapshot"),
    "heart_of_others": (0, "a worker touches only what it holds"),
    "releases_of_others": (0, "a worker touches only what it holds"),
    "nobody_starves": (83, "nothing is begun beside what starves"),
    "begun_too_soon": (0, "what is put off waits"),
    "each_for_itself": (25, "an agent has so much at a time"),
    "nobody_looks_back": (111, "nobody waits who is ready"),
    "unasked": (70, "nobody waits who is ready"),
    "nobody_parks": (0, "nobody begins to post for who has enough"),
    "parked_for_ever": (0, "every board gets a verdict"),
    "given_back_twice": (0, "what was tried and has not ended is reserved"),
    "never_settled": (0, "what was tried and has not ended is reserved"),
    "budget_too_soon": (0, "a verdict is true"),
    "cursors_first": (0, "nothing is missed"),
    "no_poll": (204, "every board gets a verdict"),
    "verdict_at_any_head": (359, "a verdict is written at its head"),
    "verdict_of_any_epoch": (136, "a verdict is true"),
}
"""What each sabotage breaks, and a seed from which on that is soon seen."""


def replay(seed: int, *more: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(seed), *more]
    known = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """What has happened in the seeds of a part."""
    return lambda part: once(tmp_path_factory, f"simulation-{part}", lambda: run_part(World, part, SEEDS))


@pytest.mark.slow
@pytest.mark.timeout(max(300, 3 * SEEDS))
class TestManyWorkersAtOneDatabase:
    @pytest.mark.parametrize("part", range(PARTS))
    def test_break_no_invariant_whatever_breaks(self, runs, part):
        wrong = runs(part).wrong

        assert not wrong, "\n".join(wrong)

    def test_have_met_all_that_can_break(self, runs):
        tally = sum((runs(part).tally for part in range(PARTS)), Counter())

        assert [what for what in MUST_HAPPEN if not tally[what]] == []
        assert tally["refused"] == 0, "the database had to refuse what the judge let through"
        assert tally["recalls that count as failed"] == 0, "who was stopped early has not failed"

    def test_have_worked_in_each_seed(self, runs):
        parts = [runs(part) for part in range(PARTS)]
        steps, commits = ([n for part in parts for n in getattr(part, what)] for what in ("steps", "commits"))

        assert len(steps) == SEEDS
        assert min(steps) >= LEAST
        assert sum(commits) / SEEDS >= LEAST


class TestASeed:
    def test_gives_the_same_steps_again(self):
        first, again = World(7), World(7)

        first.run()
        again.run()

        assert first.trace == again.trace
        assert first.fingerprint == again.fingerprint != World(8).fingerprint

    def test_gives_the_same_steps_in_another_process(self):
        world = World(3)
        world.run()

        others = [replay(3, "--trace", PYTHONHASHSEED=hashing).stdout.splitlines() for hashing in ("0", "1")]

        assert others[0][: len(world.trace)] == others[1][: len(world.trace)] == world.trace

    def test_that_fails_says_how_to_see_it(self):
        said = replay(0, "--sabotage", "cursors_first")

        assert said.returncode == 1
        assert re.search(r"^seed 0: nothing is missed", said.stdout, re.MULTILINE)
        assert "python -m tests.simulation --seed 0 --trace --sabotage cursors_first" in said.stdout


class TestASabotage:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", SABOTAGES)
    def test_is_found(self, name):
        near, invariant = FOUND[name]

        with SABOTAGES[name](), pytest.raises(Violation) as found:
            run_all(World, range(near, near + 200))

        assert found.value.invariant == invariant
