"""What a board costs, beside raw SQL that writes the same rows in the same run: `python -m tests.benchmarks.measure`.

Raw and board take turns, so that whatever else the machine does hits both.
"""

import argparse
import json
from collections.abc import Callable

from tests.benchmarks.asking import measure_asking
from tests.benchmarks.contention import measure_contention
from tests.benchmarks.crowd import measure_crowd
from tests.benchmarks.growth import measure_growth
from tests.benchmarks.reading import measure_reading
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Figure, table
from tests.benchmarks.throughput import measure_chain, measure_commands, measure_fan_out
from tests.benchmarks.waiting import measure_idle, measure_memory
from tests.benchmarks.wake import measure_wake

BENCHMARKS: dict[str, Callable[[Sizes], list[Figure]]] = {
    "chain": measure_chain,
    "fan_out": measure_fan_out,
    "wake": measure_wake,
    "contention": measure_contention,
    "growth": measure_growth,
    "crowd": measure_crowd,
    "reading": measure_reading,
    "asking": measure_asking,
    "idle": measure_idle,
    "memory": measure_memory,
    "commands": measure_commands,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a board costs, beside raw SQL that writes the same rows.")
    parser.add_argument("--only", metavar="A,B", help=f"only these of {','.join(BENCHMARKS)}")
    parser.add_argument("--n", type=int, default=Sizes.n, help="steps to a run; all other sizes follow")
    parser.add_argument("--repeats", type=int, default=Sizes.repeats, help="runs of each")
    parser.add_argument("--seconds", type=float, default=Sizes.seconds, help="how long idle processes are watched")
    parser.add_argument("--json", action="store_true", help="every run as JSON instead of the table")
    said = parser.parse_args()
    names = said.only.split(",") if said.only else list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {min(unknown)!r}; there are {', '.join(BENCHMARKS)}")
    sizes = Sizes(said.n, said.repeats, said.seconds)
    figures = [figure for name in names for figure in BENCHMARKS[name](sizes)]
    print(json.dumps([f.as_json() for f in figures]) if said.json else table(figures))  # noqa: T201


if __name__ == "__main__":
    main()
