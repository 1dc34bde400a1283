"""Workers that are killed at any moment, again and again, on boards with little money; then what was spent in truth.

python -m tests.paying.campaign --kills 100
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from blackboard.budget import CALLS, USD, dollars
from blackboard.testing import MessagesServer
from blackboard.testing.server import Trouble
from tests.paying.scenario import answer
from tests.paying.till import Nursery, Paying, Till, dearest, till
from tests.stress.fleet import Impatient, until

TOPICS, CALLS_WORTH = 60, 75  # what a board may spend, in bounds: too little for more than some crashes
LATEST = 0.6  # seconds after the first call of a process at which it is killed
SLOWEST = 0.15  # seconds that an answer takes
REPEATED = """SELECT c.activation_id FROM call c JOIN call d USING (board_id, activation_id, asked, nth)
              WHERE c.id < d.id AND c.state = 'done' AND c.response IS NOT NULL"""


@dataclass
class Figures:
    """What a campaign has seen."""

    kills: int = 0
    boards: int = 0
    ended: Counter[int] = field(default_factory=Counter)  # exit codes of those that came to an end
    requests: int = 0
    unknown: int = 0
    looks: int = 0
    spent: int = 0  # nano-dollars, by the server
    booked: int = 0
    allowed: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def table(self) -> str:
        """For people."""
        lines = [
            ("kills", self.kills), ("boards", self.boards), ("ended complete", self.ended[0]),
            ("ended for their budget", self.ended[3]), ("requests at the server", self.requests),
            ("calls of which nothing was heard", self.unknown), ("looks", self.looks),
            ("spent, USD", dollars(self.spent)), ("booked, USD", dollars(self.booked)),
            ("allowed, USD", dollars(self.allowed)), ("wrong", len(self.wrong)), ("seconds", f"{self.seconds:.0f}"),
        ]  # fmt: skip
        return "\n".join(f"{name:<36} {value:>12}" for name, value in lines)


class Campaign:
    """So many kills, at moments that the seed decides. At every look: spent <= booked <= allowed."""

    def __init__(self, folder: Path, nursery: Nursery, seed: int, kills: int) -> None:
        self._folder, self._nursery, self._kills = folder, nursery, kills
        self._chance = random.Random(seed)
        self.figures = Figures()

    def run(self) -> Figures:
        """All of it; the last board is worked on to its end."""
        began, cap = time.monotonic(), CALLS_WORTH * bound(self._folder / "sample", self._nursery)
        while self.figures.kills < self._kills:
            self._board(dollars(cap))
        self.figures.seconds = time.monotonic() - began
        return self.figures

    def _board(self, cap: Decimal) -> None:
        self.figures.boards += 1
        server = MessagesServer(answer, usage=self._usage, counts=False, troubles=self._trouble)
        with till(self._folder / f"board-{self.figures.boards}", server, self._nursery) as workers:
            process = self._begun(workers, cap)
            while self._is_killed(workers, process):
                self._look(workers)
                process = workers.resume() if has_board(workers) else self._begun(workers, cap)
            code = process.wait()
            self.figures.ended[code] += 1
            if code not in {0, 3}:
                self.figures.wrong.append(f"exit {code}: {process.said}")
            self._look(workers)
            self._count(workers)

    def _begun(self, workers: Till, cap: Decimal) -> Paying:
        return workers.run(TOPICS, "--usd", cap)

    def _is_killed(self, workers: Till, process: Paying) -> bool:
        """Whether it died before it came to its end."""
        if self.figures.kills >= self._kills:
            return False
        seen = len(workers.server.calls)
        if self._chance.random() < 0.75:
            until(lambda: len(workers.server.calls) > seen or not process.is_up, "a call", every=0.005)
        end = time.monotonic() + self._chance.uniform(0, LATEST)
        with suppress(Impatient):
            until(lambda: not process.is_up, "its end", max(0, end - time.monotonic()), every=0.005)
        process.kill()
        self.figures.kills += process.code == -9
        return process.code == -9

    def _look(self, workers: Till) -> None:
        """What the server has billed, when it is at rest, beside the rows."""
        if not has_board(workers):
            return
        until(lambda: not workers.server.books.in_flight, "the server is at rest")
        self.figures.looks += 1
        for row in workers.rows("SELECT * FROM budget WHERE unit = ? AND scope LIKE 'board:%'", USD):
            spent, booked = workers.server.nano_usd, row["settled"] + row["reserved"]
            if not (spent <= booked <= row["cap"] and row["overrun"] == 0):
                self.figures.wrong.append(f"spent {spent}, booked {booked}, allowed {row['cap']}: {row}")
            sums = workers.rows(
                "SELECT sum(spent_usd) AS n, sum(bound_usd) FILTER (WHERE state = 'inflight') AS m FROM call"
            )
            if (sums[0]["n"] or 0, sums[0]["m"] or 0) != (row["settled"], row["reserved"]):
                self.figures.wrong.append(f"calls {sums[0]}, budget {row}")
        if repeated := workers.rows(REPEATED):
            self.figures.wrong.append(f"asked again though it was journaled: {repeated}")

    def _count(self, workers: Till) -> None:
        budget = workers.budget(USD)
        self.figures.requests += len(workers.server.calls)
        self.figures.spent += workers.server.nano_usd
        self.figures.booked += budget["settled"]
        self.figures.allowed += budget["cap"]
        self.figures.unknown += workers.rows("SELECT count(*) AS n FROM call WHERE state = 'unknown'")[0]["n"]
        if budget["reserved"] or workers.budget(CALLS)["reserved"]:
            self.figures.wrong.append(f"reserved at the end: {budget}")

    def _usage(self, request: Any, message: Any) -> dict[str, int]:
        """Half of them cost all that they can, the others less."""
        most = dearest(request)
        return most if self._chance.random() < 0.5 else {**most, "output_tokens": 5}

    def _trouble(self, _number: int, _body: Any) -> Trouble:
        return Trouble(seconds=self._chance.uniform(0, SLOWEST))


def has_board(workers: Till) -> bool:
    """Whether the database, and a board in it, was made before somebody died over it."""
    if not workers.db.exists() or not workers.rows("SELECT 1 FROM sqlite_master WHERE name = 'board'"):
        return False
    return bool(workers.rows("SELECT 1 FROM board"))


def bound(folder: Path, nursery: Nursery) -> int:
    """Nano-dollars that a call of the scenario is reserved with."""
    with till(folder, MessagesServer(answer), nursery) as workers:
        process = workers.run(1)
        assert process.wait() == 0, process.said
        (row,) = workers.rows("SELECT bound_usd FROM call")
        return int(row["bound_usd"])


def main() -> None:
    """Kill as often as is said, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    nursery = Nursery()
    with tempfile.TemporaryDirectory() as folder:
        figures = Campaign(Path(folder), nursery, said.seed, said.kills).run()
    nursery.close()
    print(figures.table())  # noqa: T201
    for wrong in figures.wrong:
        print(wrong)  # noqa: T201
    sys.exit(bool(figures.wrong))


if __name__ == "__main__":
    main()
