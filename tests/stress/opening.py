"""Opens boards that nobody works on yet, in a process of its own: `python -m tests.stress.opening --db FILE`.

Each line of its input is a board: a scenario and, as JSON, its params. A process that has a database open may look at
it only by way of that, and whoever checks from outside wants to look at the rows.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from scenarios.research import scenario as research
from tests.stress.scenario import scenario as stress

SCENARIOS = {one.name: one for one in (stress, research)}


async def begin(scenario: Any, params: Any, db: Path) -> None:
    """A new board that nobody works on yet."""
    async with scenario.start(params, db=str(db), only=[]) as run:
        pass
    run.board.close()


def main(db: Path) -> None:
    """Until the input ends."""
    for line in sys.stdin:
        name, _, params = line.strip().partition(" ")
        asyncio.run(begin(SCENARIOS[name], SCENARIOS[name].params.model_validate_json(params), db))


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
