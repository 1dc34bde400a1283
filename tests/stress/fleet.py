"""Real processes on one database: started, listened to, killed, stopped, and none left behind."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stress.scenario import JOURNAL, PACE

ROOT = Path(__file__).parents[2]
SECONDS = 60  # that anything may take at most
LEASE = 0.8  # seconds; of a worker that is stopped

HELD = """SELECT a.board_id, a.id, a.token, a.agent FROM activation a JOIN worker w ON w.id = a.owner
          WHERE w.pid = ? AND a.state = 'running'"""

Row = dict[str, Any]


class Impatient(AssertionError):
    """Something that had to happen has not."""


def until(holds: Callable[[], Any], what: str, seconds: float = SECONDS, every: float = 0.02) -> Any:
    """Wait until it holds; what it gave. Impatient."""
    end = time.monotonic() + seconds
    while not (got := holds()):
        if time.monotonic() > end:
            raise Impatient(f"not within {seconds:g} seconds: {what}")
        time.sleep(every)
    return got


def rows(db: Path, query: str, *values: object) -> list[Row]:
    """What a person would get who looks at the file; never in the way of those who work."""
    with closing(sqlite3.connect(db, timeout=SECONDS)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query, values)]


def is_locked(db: Path) -> bool:
    """Whether somebody is inside a write transaction just now."""
    with closing(sqlite3.connect(db, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
        return False


def state(pid: int) -> str:
    """What the system says of a process: R, S, T (stopped), Z (dead, nobody has asked how); empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def blackboard(*words: object) -> list[str]:
    """The command line, in this Python."""
    return [sys.executable, "-m", "blackboard", *map(str, words)]


def trapped(*options: str) -> Callable[..., list[str]]:
    """The same by way of the worker that dies or stops at a place, or lacks a guard."""
    return lambda *words: [sys.executable, "-m", "tests.stress.worker", *options, *map(str, words)]


@dataclass(eq=False)
class Process:
    """One process and what it has said."""

    command: Sequence[str]
    heard: Path
    popen: "subprocess.Popen[bytes]"
    is_expected_to_end: bool = False

    @property
    def pid(self) -> int:
        """Its number."""
        return self.popen.pid

    @property
    def is_up(self) -> bool:
        """Whether it has not ended."""
        return self.popen.poll() is None

    @property
    def said(self) -> str:
        """All of its stderr."""
        return self.heard.read_text(encoding="utf-8", errors="replace")

    @property
    def out(self) -> str:
        """All of its stdout."""
        return self.heard.with_suffix(".out").read_text(encoding="utf-8")

    def events(self) -> list[Row]:
        """What its log told, one event a line; the last one may be cut off by its death."""
        found = []
        for line in self.said.splitlines():
            with suppress(ValueError):
                told = json.loads(line)
                if isinstance(told, dict) and "message" in told:
                    found.append(told)
        return found

    def state(self) -> str:
        """What the system says of it."""
        return state(self.pid)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.popen.send_signal(number)

    def kill(self) -> None:
        """kill -9, seen to its end."""
        self.is_expected_to_end = True
        self.popen.kill()
        self.popen.wait(SECONDS)

    def stop(self) -> None:
        """SIGSTOP, seen to be stopped."""
        self.signal(signal.SIGSTOP)
        until(lambda: self.state() in {"T", "Z", ""}, "the process stops", every=0.001)

    def wait(self, seconds: float = SECONDS) -> int:
        """Its exit code."""
        return self.popen.wait(seconds)


@dataclass
class Fleet:
    """All processes that a test has started on one database."""

    folder: Path
    lease: float = LEASE
    pace: float = 1
    every: list[Process] = field(default_factory=list)

    @property
    def db(self) -> Path:
        """The database."""
        return self.folder / "stress.db"

    @property
    def journal(self) -> Path:
        """What agents and traps have told."""
        return self.folder / "journal"

    def start(
        self, *words: object, by: Callable[..., list[str]] = blackboard, stdin: int | None = subprocess.DEVNULL
    ) -> Process:
        """A process of its own group, on this database."""
        command = by(*words, "--db", self.db)
        heard = self.folder / f"process-{len(self.every)}.err"
        settings = {
            "BLACKBOARD_LEASE": str(self.lease), "BLACKBOARD_SYNCHRONOUS": "NORMAL", PACE: str(self.pace),
            "BLACKBOARD_CACHE": str(self.folder / "cache"), JOURNAL: str(self.journal), "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        with heard.open("wb") as err, heard.with_suffix(".out").open("wb") as out:
            popen = subprocess.Popen(
                command, stdin=stdin, stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **settings},
                start_new_session=True,
            )  # fmt: skip
        self.every.append(Process(command, heard, popen))
        return self.every[-1]

    def work(self, *words: object, by: Callable[..., list[str]] = blackboard) -> Process:
        """A worker that logs all that it does."""
        return self.start("work", *words, "--quiet", "--log-json", "--log-level", "DEBUG", by=by)

    def told(self, first: str) -> list[list[str]]:
        """The lines of the journal that begin with a word, without it."""
        text = self.journal.read_text() if self.journal.exists() else ""
        return [line.split()[1:] for line in text.splitlines() if line.split()[:1] == [first]]

    def holds(self, process: "Process") -> list[Row]:
        """The activations that a worker holds."""
        return self.rows(HELD, process.pid)

    def rows(self, query: str, *values: object) -> list[Row]:
        """A look at the database."""
        return rows(self.db, query, *values)

    def end(self) -> None:
        """Nobody outlives the test, nor does what they have started."""
        for process in self.every:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.every:
            process.popen.wait(SECONDS)
            if process.popen.stdin:
                process.popen.stdin.close()


@contextmanager
def fleet(folder: Path, lease: float = LEASE, pace: float = 1) -> Iterator[Fleet]:
    """Processes that end with the block."""
    made = Fleet(folder, lease, pace)
    try:
        yield made
    finally:
        made.end()
