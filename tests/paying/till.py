"""A database with those who work on it, the server that they ask, and what a look at either tells."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blackboard.testing import MessagesServer
from tests.paying.scenario import __file__ as place
from tests.paying.scenario import topic_of
from tests.stress.fleet import ROOT, Impatient, Row, rows, until

SECONDS = 60.0  # that anything may take at most


class Nursery:
    """Where processes come from."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.paying.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def ask(self, *words: object) -> Any:
        """What it says to this."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write(json.dumps(words) + "\n")
        self._popen.stdin.flush()
        return json.loads(self._popen.stdout.readline())

    def close(self) -> None:
        """No more."""
        self._popen.communicate(timeout=SECONDS)


@dataclass(eq=False)
class Paying:
    """A process, and what it has said."""

    nursery: Nursery
    pid: int
    heard: Path
    code: int | None = None

    @property
    def said(self) -> str:
        """All of its stderr."""
        return self.heard.read_text(encoding="utf-8", errors="replace")

    @property
    def is_up(self) -> bool:
        """Whether it has not ended."""
        if self.code is None:
            self.code = self.nursery.ask("ended", self.pid)
        return self.code is None

    def wait(self, seconds: float = SECONDS) -> int:
        """Its exit code."""
        try:
            until(lambda: not self.is_up, "the process ends", seconds)
        except Impatient as late:
            late.add_note(self.said)
            raise
        assert self.code is not None
        return self.code

    def kill(self) -> None:
        """kill -9 to it and to what it has started, seen to its end."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()


@dataclass
class Till:
    """One database, and its server."""

    folder: Path
    server: MessagesServer
    nursery: Nursery
    slots: int = 20
    environment: dict[str, str] = field(default_factory=dict)
    every: list[Paying] = field(default_factory=list)

    @property
    def db(self) -> Path:
        """The database."""
        return self.folder / "paying.db"

    def start(self, *words: object, at: str = "", **environment: str) -> Paying:
        """A command of the command line as a process; it dies `at` a place."""
        heard = self.folder / f"process-{len(self.every)}.err"
        settings = {
            "ANTHROPIC_BASE_URL": self.server.url, "ANTHROPIC_API_KEY": "any", "BLACKBOARD_SYNCHRONOUS": "NORMAL",
            "PYTHONPATH": str(ROOT), **self.environment, **environment,
        }  # fmt: skip
        heard.touch()
        trap = ["--at", at] if at else []
        pid = self.nursery.ask("start", [*trap, *map(str, words), "--db", str(self.db)], settings, str(heard))
        self.every.append(Paying(self.nursery, pid, heard))
        return self.every[-1]

    def run(self, topics: int, *words: object, at: str = "", **environment: str) -> Paying:
        """`blackboard run` of the scenario."""
        return self.start("run", place, topics, "--slots", self.slots, *words, at=at, **environment)

    def resume(self, *words: object, at: str = "", **environment: str) -> Paying:
        """`blackboard resume`."""
        return self.start("resume", "last", "--slots", self.slots, *words, at=at, **environment)

    def told(self, *words: object) -> str:
        """What a command prints that has nothing to complain of."""
        process = self.start(*words)
        assert process.wait() == 0, process.said
        return process.heard.with_suffix(".out").read_text(encoding="utf-8")

    def rows(self, query: str, *values: object) -> list[Row]:
        """A look at the database."""
        return rows(self.db, query, *values)

    def budget(self, unit: str, scope: str = "board:%") -> Row:
        """A budget as it stands."""
        (row,) = self.rows("SELECT * FROM budget WHERE scope LIKE ? AND unit = ?", scope, unit)
        return row

    def states(self, agent: str = "asker") -> dict[str, int]:
        """How many activations are in which state."""
        counted = "SELECT state, count(*) AS n FROM activation WHERE agent = ? GROUP BY state"
        return {row["state"]: row["n"] for row in self.rows(counted, agent)}

    @property
    def asked(self) -> list[int]:
        """The topics that the server was asked about, in the order in which it was."""
        return [topic_of(exchange.body) for exchange in self.server.calls]

    def end(self) -> None:
        """Nobody outlives the test."""
        for process in self.every:
            process.kill()


@contextmanager
def till(folder: Path, server: MessagesServer, nursery: Nursery, slots: int = 20, **environment: str) -> Iterator[Till]:
    """A database that nobody works on after the block."""
    folder.mkdir(exist_ok=True)
    made = Till(folder, server, nursery, slots, environment)
    try:
        with server:
            yield made
    finally:
        made.end()


def together(folder: Path, processes: int) -> str:
    """What has agents wait until so many processes are at work."""
    folder.mkdir()
    return f"{folder}:{processes}"


def dearest(request: Any, _: Any = None) -> dict[str, int]:
    """The usage that costs exactly what was reserved for a request."""
    from blackboard.llm import prices

    entered, most = prices.input_bound(request.body), int(request.body["max_tokens"])
    return {"input_tokens": 0, "cache_creation_input_tokens": entered, "cache_read_input_tokens": 0,
            "output_tokens": most}  # fmt: skip
