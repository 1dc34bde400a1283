"""One document, five editors, four processes, some of which die: `python -m tests.stress.editing --runs 20`.

Exits 1 if an edit is lost or the text is another one than that of a run that nobody disturbs.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agents.edit.kinds import Edited, Manuscript
from scenarios.edit import scenario
from tests.stress.fleet import SECONDS, Fleet, Process, Row, blackboard, fleet, trapped
from tests.stress.opening import begin
from tests.stress.truth import Truth, truth
from tests.stress.worker import CHECKPOINT, PLACES

SECTIONS, WORKERS, KILLS = 40, 4, 6
LEAST = 2.0  # seconds that a worker has to get into its trap; then it is killed where it is
EDITORS = ("structure", "facts", "terms", "length", "tone")
GLOSSARY = "SQLite: sqlite, Sqlite\ndatabase: data base\n"
FACTS = "page size: 4096 bytes\nPython version: 3.11\n"
BODY = """
It is very true that a data base of section {n} is a Sqlite file. The page size is {n} bytes.

The board of section {n} keeps all of its entries and all of their versions in one sqlite file on the disk of a
machine that runs most of the agents; it is really copied to another place at the end of each day.

- Python version 3.{n}
- Utilize `very sqlite {n}` in order to see it.

```
# very sqlite {n}
```

"""

Told = Callable[[str], None]


def document(sections: int = SECTIONS) -> str:
    """A document in which every editor finds something in every section."""
    return "".join(f"{'#' if n % 7 == 0 else '###'}  On sqlite {n}:\n{BODY.format(n=n)}" for n in range(sections))


def manuscript(folder: Path, sections: int = SECTIONS) -> Manuscript:
    """The document and what goes with it, as files."""
    names = {"document": "notes.md", "glossary": "terms.txt", "facts": "facts.txt"}
    for name, text in zip(names.values(), (document(sections), GLOSSARY, FACTS), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    return Manuscript(**{what: folder / name for what, name in names.items()}, words=20)


def undisturbed(params: Manuscript) -> str:
    """The text that comes out where one process works by itself, one activation after another."""
    (edited,) = scenario.run(params, db=":memory:", slots=1).find(Edited)
    return edited.body.text


def lost_edits(versions: Sequence[Row], reads: Sequence[Row], text: str) -> list[str]:
    """Every edit that is neither in the text nor replaced by one that had read it."""
    relied = {(read["activation_id"], read["seq"]) for read in reads}
    before: dict[str, Row] = {}
    lost = []
    for version in versions:
        old = before.get(version["key"])
        if old is not None and (version["activation_id"], old["seq"]) not in relied:
            lost.append(f"{version['key']} v{version['version']} by {version['author']} has not read v{old['version']}")
        before[version["key"]] = version
    newest = [json.loads(version["body"]) for version in before.values()]
    bound = "".join(section["text"] for section in sorted(newest, key=lambda section: section["number"]))
    return lost if bound == text else [*lost, "the text is not that of the newest versions"]


@dataclass
class Figures:
    """What so many runs have seen."""

    runs: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    edits: int = 0
    conflicts: int = 0
    takeovers: int = 0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """For people."""
        return (
            f"runs {self.runs}, kills {self.killed.total()} {dict(self.killed)}, takeovers {self.takeovers}, "
            f"edits {self.edits}, conflicts {self.conflicts}, wrong {len(self.wrong)}"
        )


@dataclass(eq=False)
class Doomed:
    """A worker, and how long after it has come it is to be killed, if at all."""

    process: Process
    delay: float | None = None  # seconds
    at: float | None = None  # once it has come


class Run:
    """One document, edited by processes of which a number dies."""

    def __init__(self, on: Fleet, chance: random.Random, kills: int) -> None:
        self._fleet, self._chance, self._left = on, chance, kills
        self.killed: Counter[str] = Counter()
        self._living: list[Doomed] = []

    def go(self) -> None:
        """Until the board has ended and all have left."""
        for _ in range(WORKERS):
            self._start()
        end = time.monotonic() + 2 * SECONDS
        while not self._has_ended() and time.monotonic() < end:
            for one in tuple(self._living):
                self._step(one)
            time.sleep(0.005)
        for process in (one.process for one in self._living):
            process.is_expected_to_end = True
            process.signal(signal.SIGTERM)
            process.wait()

    def _has_ended(self) -> bool:
        return self._fleet.rows("SELECT status FROM board") == [{"status": "closed"}]

    def _start(self) -> None:
        """A worker; the doomed ones die at a place, or at some moment."""
        by, delay = blackboard, None
        if self._left > 0:
            self._left -= 1
            if self._chance.random() < 0.5:
                place = self._chance.choice([p for p in PLACES if p not in {CHECKPOINT, "inside: heartbeat"}])
                by = trapped("--at", f"{place}:{self._chance.randint(1, 12)}")
                delay = LEAST
            else:
                delay = self._chance.uniform(0, 0.5)
        self._living.append(Doomed(self._fleet.work(by=by), delay))

    def _step(self, one: Doomed) -> None:
        if not one.process.is_up:
            one.process.is_expected_to_end = one.process.wait() == -signal.SIGKILL
            self._gone(one, "at a place")
        elif one.delay is not None and one.at is None:
            if self._fleet.rows("SELECT 1 FROM worker WHERE pid = ?", one.process.pid):
                one.at = time.monotonic() + one.delay
        elif one.at is not None and time.monotonic() > one.at:
            one.process.kill()
            self._gone(one, "at a random moment")

    def _gone(self, one: Doomed, how: str) -> None:
        self.killed[how] += 1
        self._living.remove(one)
        self._start()


def check(on: Fleet, wanted: str, figures: Figures) -> Truth:
    """What is wrong with the one board that these processes have left."""
    found = truth(on)
    versions = on.rows("SELECT * FROM entry WHERE kind = 'section' ORDER BY seq")
    edited = [json.loads(row["body"])["text"] for row in on.rows("SELECT body FROM entry WHERE kind = 'edited'")]
    found.holds("the same text", edited == [wanted], f"{len(edited)} texts")
    for lost in lost_edits(versions, on.rows("SELECT * FROM activation_read"), (edited or [""])[0]):
        found.holds("no edit is lost", False, lost)
    refused = on.rows("SELECT 1 FROM attempt WHERE outcome IN ('moot', 'stale') AND cause LIKE '%was replaced by%'")
    figures.edits += sum(version["author"] in EDITORS for version in versions)
    figures.conflicts += len(refused)
    figures.takeovers += len(on.rows("SELECT 1 FROM attempt WHERE outcome = 'lost'"))
    return found


def editing(folder: Path, runs: int, seed: int, kills: int = KILLS, tell: Told = lambda _: None) -> Figures:
    """So many runs; what was seen, and all that was wrong."""
    figures, chance = Figures(), random.Random(seed)
    params = manuscript(folder)
    wanted = undisturbed(params)
    for number in range(runs):
        own = folder / f"run-{number}"
        own.mkdir()
        with fleet(own) as on:
            asyncio.run(begin(scenario, params, on.db))
            run = Run(on, chance, kills)
            run.go()
            found = check(on, wanted, figures)
        figures.runs += 1
        figures.killed += run.killed
        figures.wrong += [f"run {number}: {name}: {wrong[0]}" for name, wrong in found.wrong.items() if wrong]
        tell(figures.line())
    return figures


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run as often as was said, and print the figures."""
    said = argparse.ArgumentParser(prog="python -m tests.stress.editing", description=__doc__)
    said.add_argument("--runs", type=int, default=20)
    said.add_argument("--kills", type=int, default=KILLS, help="of each run, at the most")
    said.add_argument("--seed", type=int, default=7)
    words = said.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no worker is left behind
    with tempfile.TemporaryDirectory() as folder:
        figures = editing(Path(folder), words.runs, words.seed, words.kills, _say)
    for wrong in figures.wrong:
        sys.stdout.write(f"WRONG {wrong}\n")
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
