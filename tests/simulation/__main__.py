"""Run seeds: `python -m tests.simulation --seeds 5000 --from 0`, or look at one: `--seed 17 --trace`."""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.asking import AskingWorld
from tests.simulation.asking_sabotages import ASKING_SABOTAGES
from tests.simulation.invariants import Violation
from tests.simulation.sabotages import SABOTAGES, nothing
from tests.simulation.world import World

WORLDS: dict[str, type[World]] = {"working": World, "asking": AskingWorld}


def main() -> int:
    """How many seeds have failed, at most 1."""
    options = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    options.add_argument("--seeds", type=int, default=200)
    options.add_argument("--from", type=int, default=0, dest="first")
    options.add_argument("--seed", type=int, help="this one only")
    options.add_argument("--trace", action="store_true", help="print all that happened")
    options.add_argument("--sabotage", choices=sorted({**SABOTAGES, **ASKING_SABOTAGES}), help="break this on purpose")
    options.add_argument("--world", choices=sorted(WORLDS), default="working", help="asking: its agents ask models")
    options.add_argument("--stop", action="store_true", help="at the first seed that fails")
    said = options.parse_args()
    seeds = range(said.first, said.first + said.seeds) if said.seed is None else [said.seed]
    tally: Counter[str] = Counter()
    command = "python -m tests.simulation --seed {} --trace"
    command += f" --world {said.world}" if said.world != "working" else ""
    command += f" --sabotage {said.sabotage}" if said.sabotage else ""
    failed, began = 0, time.perf_counter()
    with {**SABOTAGES, **ASKING_SABOTAGES}.get(said.sabotage, nothing)():
        for seed in seeds:
            world = WORLDS[said.world](seed)
            try:
                world.run()
            except Violation as violation:
                failed += 1
                _say(f"seed {seed}: {violation}"[:1500], f"  see: {command.format(seed)}")
            if said.trace:
                _say(*world.trace)
            tally += world.tally
            tally["steps"] += world.steps
            tally["transactions"] += world.commits
            if failed and said.stop:
                break
    took = time.perf_counter() - began
    _say(*(f"{n:8d} {what}" for what, n in sorted(tally.items()) if what))
    _say(f"{len(seeds)} seeds, {failed} failed, {took:.1f} s, {tally['steps'] / took:.0f} steps a second")
    return min(failed, 1)


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
