"""`blackboard work` in a process that dies, or stops, at a named place; or that has lost one of its guards.

    python -m tests.stress.worker [--at PLACE:N] [--stop] [--without GUARD] work --db ...

It tells the journal when it gets there. Nothing of this is in the program itself.
"""

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from blackboard import judge as judging
from blackboard.runner.loop import Runner
from store import cursors, landing, sqlite
from store import statements as s
from store.checkpoints import LARGE, Checkpoints
from store.library import sqlite3
from store.store import SqlStore
from tests.stress.scenario import note

AFTER = {  # inside a write transaction: the statement that has just been carried out
    "inside: entries inserted": s.INSERT_ENTRY,
    "inside: activation finished": s.FINISH,
    "inside: claimed": s.CLAIM,
    "inside: noticed, cursor moved": s.ADVANCE_AGENT,
    "inside: heartbeat": s.BEAT_CLAIMS,
}
PLACES = (
    *AFTER,
    "before COMMIT",
    "after COMMIT",
    "claimed, not acting yet",
    "acted, not landed yet",
    CHECKPOINT := "checkpoint",
)
OFTEN = 16 * 1024  # bytes of the log


BETWEEN = "between the cursor and its activations"  # only where the guard of that is gone
TRAPS: list["Trap"] = []


class Trap:
    """What happens at the n-th passing of a place."""

    def __init__(self, place: str, number: int, stop: bool) -> None:
        self.place, self._left, self._stop = place, number, stop

    def reaches(self, place: str) -> bool:
        """Whether it is the place and time."""
        self._left -= place == self.place
        return place == self.place and self._left == 0

    def passing(self, place: str) -> None:
        """Die or stop here, if it is the place and time."""
        if self.reaches(place):
            self.spring()

    def spring(self) -> None:
        """Die or stop. The journal knows."""
        note("stopped" if self._stop else "died", os.getpid(), self.place.replace(" ", "_"))
        if self._stop:  # of this thread first: sent to the process, it may reach here when this has gone on
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        else:
            os.kill(os.getpid(), signal.SIGKILL)


def set_trap(trap: Trap) -> None:
    """Watch the statements of every connection, and two places of the runner and the store."""
    by_statement = {statement: place for place, statement in AFTER.items()}

    class Watched(sqlite3.Connection):
        """Tells what a write transaction has come to."""

        landing = False

        def execute(self, text: str, *values: Any) -> Any:
            if text == "BEGIN IMMEDIATE":
                self.landing = False
            if text == "COMMIT" and self.landing:
                trap.passing("before COMMIT")
            done = super().execute(text, *values)
            if text == "COMMIT" and self.landing:
                self.landing = False
                trap.passing("after COMMIT")
            self._carried_out(text)
            return done

        def executemany(self, text: str, values: Any, /) -> Any:
            done = super().executemany(text, values)
            self._carried_out(text)
            return done

        def _carried_out(self, text: str) -> None:
            self.landing |= text == s.FINISH
            if place := by_statement.get(text):
                trap.passing(place)

    connect = sqlite3.connect
    sqlite3.connect = lambda *words, **options: connect(*words, factory=Watched, **options)  # type: ignore[assignment]
    passing_first(trap, Runner, "_act", "claimed, not acting yet", lambda words: bool(words[0]))
    passing_first(trap, SqlStore, "commit", "acted, not landed yet", quiet=lambda store: store._database._turn)
    if trap.place == CHECKPOINT:
        die_in_a_checkpoint(trap)


def passing_first(
    trap: Trap,
    owner: Any,
    name: str,
    place: str,
    counts: Callable[[Any], bool] = lambda _: True,
    quiet: Callable[[Any], AbstractContextManager[Any]] = nullcontext,
) -> None:
    """Pass the place before each call of a method; with `quiet` while the heart is in no transaction."""
    real = getattr(owner, name)

    def passing(self: Any, *words: Any, **options: Any) -> Any:
        if counts(words):
            with quiet(self):
                trap.passing(place)
        return real(self, *words, **options)

    setattr(owner, name, passing)


def die_in_a_checkpoint(trap: Trap) -> None:
    """Make checkpoints much more often, and be killed by another thread somewhere within one."""
    real = Checkpoints._checkpoint
    Checkpoints.__init__.__defaults__ = (OFTEN, LARGE)  # type: ignore[misc]

    def kill() -> None:
        time.sleep(random.uniform(0, 0.003))
        trap.spring()

    def checkpoint(self: Any, mode: str) -> bool:
        if trap.reaches(CHECKPOINT):
            threading.Thread(target=kill, daemon=True).start()
            while True:
                real(self, mode)
        return real(self, mode)

    Checkpoints._checkpoint = checkpoint  # type: ignore[method-assign]


# -- guards taken away ----------------------------------------------------------------------------------------------
def without_fence() -> None:
    """Whoever has acted may land, also if the claim is another's by now."""
    real = landing.judge

    def judge(facts: Any, contribution: Any) -> Any:
        if facts.board == "open" and facts.token != contribution.claim.token:
            facts = replace(facts, state="running", token=contribution.claim.token)
        return real(facts, contribution)

    s.INSERT_READ = s.INSERT_READ.replace("INSERT INTO", "INSERT OR IGNORE INTO")  # whose key would refuse it too
    landing.judge = judge  # type: ignore[assignment]
    s.FINISH = "UPDATE activation SET state=:p_state, done_seq=:p_done WHERE board_id = :p_board AND id = :p_id"


def without_read_set() -> None:
    """What has landed may rest on what was no longer so. The database still keeps versions apart."""
    judging._changed = lambda facts, contribution: []  # type: ignore[assignment]


def without_joint_notice() -> None:
    """A cursor moves in a transaction of its own, before the activations that it stands for."""
    real = SqlStore.notice

    def notice(self: Any, board: str, notices: Any, groups: Any = ()) -> bool:
        if real(self, board, [replace(n, proposals=()) for n in notices], ()):
            for trap in TRAPS:
                trap.passing(BETWEEN)
            with self._database.writing() as at:
                head, activations = at.execute(s.LOCKED, {"p_board": board}).fetchone()[1:3]
                proposed = [cursors.NewActivation(p.agent, p.trigger, p.rating) for n in notices for p in n.proposals]
                proposed += [new for g in groups for new in cursors._whole(at, board, g)]
                added = cursors.propose(at, board, activations, tuple(proposed), self._seam.now())
                values = {"p_board": board, "p_head": head, "p_activations": activations + added}
                at.execute(s.ADVANCE_BOARD, values)
        return real(self, board, (), groups)

    SqlStore.notice = notice  # type: ignore[method-assign,assignment]


def without_immediate() -> None:
    """A transaction begins as a reader and turns to writing later."""
    sqlite.SqliteDatabase._begin = lambda self: self._writer.execute("BEGIN")  # type: ignore[method-assign]


WITHOUT = {
    "fence": without_fence,
    "read set": without_read_set,
    "joint notice": without_joint_notice,
    "immediate": without_immediate,
}


def main(words: list[str]) -> int:
    """Take the words that are meant for here, then work."""
    place, stop = "", False
    while words[0] != "work":
        match words.pop(0):
            case "--at":
                place = words.pop(0)
            case "--stop":
                stop = True
            case "--without":
                WITHOUT[words.pop(0)]()
    if place:
        name, _, number = place.rpartition(":")
        TRAPS.append(Trap(name, int(number), stop))
        set_trap(TRAPS[0])
    from blackboard.cli import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
