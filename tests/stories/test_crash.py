"""A run that is killed at any moment goes on with `resume last`: the same report, nothing done twice."""

import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

BLACKBOARD = str(Path(sys.executable).with_name("blackboard"))
QUESTION = "Compare RAG and fine-tuning, and what is RLHF?"
SECONDS = 60  # that any step may take at most


def command(*words: str, db: Path) -> list[str]:
    return [BLACKBOARD, *words, "--db", str(db)]


def research(db: Path) -> list[str]:
    return command("run", "research", QUESTION, db=db)


def rows(db: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute(query).fetchall()


def killed_after(line: int, db: Path) -> bool:
    """Start a run and kill it -9 when it has told of so many landings; whether that was before its end."""
    run = subprocess.Popen(research(db), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for _ in range(line):
        run.stderr.readline()
    run.kill()
    run.wait(SECONDS)
    run.stderr.close()
    return rows(db, "SELECT status FROM board") == [("open",)]


class Undisturbed(NamedTuple):
    """What comes of a run that nobody kills."""

    out: str
    done: Counter[str]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Undisturbed:
    db = tmp_path_factory.mktemp("calm") / "calm.db"
    run = subprocess.run(research(db), capture_output=True, text=True, check=True, timeout=SECONDS)
    return Undisturbed(run.stdout, done(db))


def done(db: Path) -> Counter[str]:
    """How many activations each agent has landed."""
    return Counter(agent for (agent,) in rows(db, "SELECT agent FROM agenda WHERE state = 'done'"))


@pytest.mark.slow
class TestAKilledRun:
    @pytest.mark.parametrize("landings", [1, 3, 7])
    def test_gives_the_same_report_when_it_is_resumed_and_does_nothing_twice(self, tmp_path, undisturbed, landings):
        db = next(d for n in range(10) if killed_after(landings, d := tmp_path / f"{n}.db"))
        landed = rows(db, "SELECT seq, key, version, body FROM entry ORDER BY seq")

        resumed = subprocess.run(
            command("resume", "last", db=db), capture_output=True, text=True, check=False, timeout=SECONDS
        )

        assert resumed.returncode == 0, resumed.stderr
        assert resumed.stdout == undisturbed.out
        now = rows(db, "SELECT seq, key, version, body FROM entry ORDER BY seq")
        assert now[: len(landed)] == landed, "what had landed has changed"
        assert [seq for seq, *_ in now] == list(range(1, len(now) + 1))
        assert done(db) == undisturbed.done
        assert rows(db, "SELECT settled, reserved FROM budget WHERE unit = 'activations'") == [
            (undisturbed.done.total() - 1, 0)
        ]

    def test_that_was_complete_gives_its_report_again(self, tmp_path, undisturbed):
        db = tmp_path / "done.db"
        subprocess.run(research(db), capture_output=True, check=True, timeout=SECONDS)

        again = subprocess.run(
            command("resume", "last", db=db), capture_output=True, text=True, check=True, timeout=SECONDS
        )

        assert again.stdout == undisturbed.out
