"""A campaign: workers that die and stop at all kinds of moments while boards keep coming; then the truth."""

import random
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE

from agents.research.kinds import Question, Report
from scenarios.research import scenario as research
from tests.stress.fleet import LEASE, SECONDS, Fleet, Impatient, Process, blackboard, fleet, is_locked, trapped, until
from tests.stress.scenario import Order
from tests.stress.scenario import scenario as stress
from tests.stress.truth import Truth, truth
from tests.stress.worker import BETWEEN, PLACES

QUESTION = "Compare RAG and fine-tuning, and what is RLHF?"
ROLES: tuple[tuple[str, ...], ...] = (
    (),
    ("--agents", "splitter,weigher,shutter,closer,planner,synthesizer"),
    ("--agents", "checker,shutter,weigher,researcher"),
    (),
)  # where nobody serves all agents of a board, cursors are moved by notices, not by commits
OPEN, ITEMS, EVERY = 3, 7, 10  # boards at a time, things on each, and which of them is one of research
ZOMBIE = "acted, not landed yet"  # where a worker stops itself, so that it is sure to commit too late
RANDOM, STOP, LAST = "at a random moment", "stopped at a random moment", "stopped before its commit"
PASSED = """SELECT 1 FROM activation WHERE board_id = ? AND id = ? AND (token > ? OR state != 'running')"""

Held = list[tuple[str, int, int]]


@dataclass
class Figures:
    """What a campaign has done."""

    killed: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)
    zombies: Counter[str] = field(default_factory=Counter)  # claims that a stopped worker lost, by how it was told
    takeovers: int = 0
    fenced: int = 0
    cancelled: int = 0
    redone: int = 0
    dropped: int = 0
    boards: int = 0
    versions: int = 0
    seconds: float = 0.0

    def table(self, found: Truth) -> str:
        """For people."""
        lines: list[tuple[str, object]] = [
            ("kills", self.killed.total()),
            *((f"  {kind}", n) for kind, n in sorted(self.killed.items())),
            ("stops past the lease", self.stopped.total()),
            *((f"  {kind}", n) for kind, n in sorted(self.stopped.items())),
            *((f"  zombie's claims: {how}", n) for how, n in sorted(self.zombies.items())),
            ("takeovers", self.takeovers),
            ("fenced commits", self.fenced),
            ("cancelled (the heart saw it)", self.cancelled),
            ("redone (stale)", self.redone),
            ("dropped (moot)", self.dropped),
            ("boards", self.boards),
            ("versions", self.versions),
            ("reads replayed", found.seen["reads"]),
            ("checks", found.seen.total() - found.seen["reads"]),
            ("lost", found.lost),
            ("doubled", found.doubled),
            ("wrong in all", sum(map(len, found.wrong.values()))),
            ("seconds", f"{self.seconds:.0f}"),
        ]
        return "\n".join(f"{name:<42} {value:>8}" for name, value in lines)


@dataclass(eq=False)
class Doomed:
    """A worker and what is to happen to it."""

    process: Process
    role: int
    doom: str  # RANDOM, STOP, LAST, or a place
    born: float
    at: float | None = None  # when, once it is at work
    held: Held = field(default_factory=list)  # what it held when it was stopped
    stopped: float | None = None


class Campaign:
    """So many deaths and stops, in an order and at moments that the seed decides."""

    def __init__(self, on: Fleet, kills: int, stops: int, seed: int, guards: tuple[str, ...] = ()) -> None:
        self._fleet, self._chance, self._guards = on, random.Random(seed), guards
        self._places = (*PLACES, BETWEEN) if "joint notice" in guards else PLACES
        each = max(2, kills // 2 // len(self._places))
        dooms = list(self._places) * each + [RANDOM] * max(3, kills - each * len(self._places))
        dooms += [STOP] * (stops // 2) + [LAST] * (stops - stops // 2)
        self._chance.shuffle(dooms)
        self._dooms = deque(dooms)
        self.figures = Figures()
        self._living: list[Doomed] = []
        self._zombies: list[Doomed] = []
        self._opener = on.start(
            by=lambda *words: [sys.executable, "-m", "tests.stress.opening", *map(str, words)], stdin=PIPE
        )
        self._last: list[Process] = []  # to whom nothing happens, so that somebody can take over

    def run(self) -> None:
        """All of it, until every board has ended and every worker has left."""
        began = time.monotonic()
        self._open()
        until(self._has_begun, "the first board is there")
        self._last = [self._work()]
        for role in range(len(ROLES)):
            self._next(role)
        while self._living:
            self._feed()
            for one in tuple(self._living):
                self._step(one)
            time.sleep(0.01)
        self._finish()
        self.figures.seconds = time.monotonic() - began
        self._count()

    # -- boards --------------------------------------------------------------------------------------------------------
    def _feed(self) -> None:
        if self._count_of("1") == self.figures.boards and self._count_of("status = 'open'") < OPEN:
            self._open()

    def _has_begun(self) -> bool:
        if not self._fleet.db.exists() or not self._fleet.rows("SELECT 1 FROM sqlite_master WHERE name = 'board'"):
            return False
        return self._count_of("1") == 1

    def _count_of(self, where: str) -> int:
        return int(self._fleet.rows(f"SELECT count(*) AS n FROM board WHERE {where}")[0]["n"])

    def _open(self) -> None:
        self.figures.boards += 1
        of_research = self.figures.boards % EVERY == 0
        params = Question(question=QUESTION) if of_research else Order(items=ITEMS, salt=self.figures.boards)
        line = f"{(research if of_research else stress).name} {params.model_dump_json()}\n"
        assert self._opener.popen.stdin is not None
        self._opener.popen.stdin.write(line.encode())
        self._opener.popen.stdin.flush()

    # -- workers -------------------------------------------------------------------------------------------------------
    def _next(self, role: int) -> None:
        """The next doomed one takes this place."""
        if not self._dooms:
            return
        doom = self._dooms.popleft()
        trap: list[str] = []
        if doom in self._places:
            trap = ["--at", f"{doom}:{self._chance.randint(1, 4)}"]
        elif doom == LAST:
            trap = ["--at", f"{ZOMBIE}:{self._chance.randint(1, 4)}", "--stop"]
        process = self._work(*trap, role=role)
        self._living.append(Doomed(process, role, doom, time.monotonic()))

    def _work(self, *trap: str, role: int = 0) -> Process:
        options = [*trap, *(option for guard in self._guards for option in ("--without", guard))]
        by = trapped(*options) if options else blackboard
        return self._fleet.work("--slots", 3, *ROLES[role], by=by)

    def _step(self, one: Doomed) -> None:
        if not one.process.is_up:
            self._died(one)
        elif one.stopped is not None:
            self._wake_if_robbed(one)
        elif one.doom == LAST and one.process.state() == "T":
            self._note_stop(one)
        elif one.doom in {RANDOM, STOP}:
            self._strike(one)
        elif time.monotonic() - one.born > SECONDS / 3:  # it will not get there: somebody else shall
            self._dooms.append(one.doom)
            self._kill(one, RANDOM)

    def _died(self, one: Doomed) -> None:
        """By its trap, or for a reason that the truth will ask about."""
        at = [place.replace("_", " ") for pid, place in self._fleet.told("died") if int(pid) == one.process.pid]
        if at and one.process.wait() == -signal.SIGKILL:
            one.process.is_expected_to_end = True
            self.figures.killed[at[0]] += 1
        self._replace(one)

    def _replace(self, one: Doomed) -> None:
        self._living.remove(one)
        self._next(one.role)

    def _kill(self, one: Doomed, how: str) -> None:
        one.process.kill()
        self.figures.killed[how] += 1
        self._replace(one)

    def _strike(self, one: Doomed) -> None:
        """Kill or stop it some time after it has begun to work; a stop waits until it holds something."""
        if one.at is None:
            if self._fleet.rows("SELECT 1 FROM worker WHERE pid = ?", one.process.pid):
                one.at = time.monotonic() + self._chance.uniform(0, 0.8)
        elif time.monotonic() > one.at:
            if one.doom == RANDOM:
                self._kill(one, RANDOM)
            elif self._held(one):
                one.process.stop()
                self._note_stop(one)

    def _held(self, one: Doomed) -> Held:
        return [(row["board_id"], row["id"], row["token"]) for row in self._fleet.holds(one.process)]

    def _note_stop(self, one: Doomed) -> None:
        one.held, one.stopped = self._held(one), time.monotonic()
        if not one.held:  # it has landed in the last instant
            self._again(one)

    def _wake_if_robbed(self, one: Doomed) -> None:
        if all(self._fleet.rows(PASSED, *claim) for claim in one.held):
            self.figures.stopped[one.doom] += 1
            self._zombies.append(one)
            self._wake(one)  # it is to find out, and dies later
            one.doom, one.at = RANDOM, time.monotonic() + self._chance.uniform(0.5, 1.0)
        elif time.monotonic() - (one.stopped or 0) > 4 * LEASE and is_locked(self._fleet.db):
            self._again(one)  # it was stopped inside a transaction
        elif time.monotonic() - (one.stopped or 0) > SECONDS:
            raise Impatient(
                f"nobody has taken over {one.held}; beside it: {[(d.doom, d.process.state()) for d in self._living]}"
            )

    def _wake(self, one: Doomed) -> None:
        one.stopped = None
        one.process.signal(signal.SIGCONT)

    def _again(self, one: Doomed) -> None:
        """That stop does not count: a later one shall."""
        self._wake(one)
        if one.doom == LAST:  # its trap has been sprung
            self._dooms.append(LAST)
            one.doom, one.at = RANDOM, time.monotonic()

    # -- the end -------------------------------------------------------------------------------------------------------
    def _finish(self) -> None:
        """The worker that nobody disturbs finishes all boards and leaves."""
        until(lambda: self._count_of("1") == self.figures.boards, "the last board is there")
        deadline = time.monotonic() + SECONDS
        while self._count_of("status = 'open'") and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in self._last:
            process.is_expected_to_end = process.is_up
            process.signal(signal.SIGTERM)
        for process in self._last:
            if process.wait() != 0:
                process.is_expected_to_end = False

    def _count(self) -> None:
        figures, look = self.figures, self._fleet.rows
        (found,) = look(
            "SELECT (SELECT count(*) FROM entry) AS versions, (SELECT sum(redone) FROM activation) AS redone"
        )
        figures.versions, figures.redone = found["versions"], found["redone"] or 0
        outcomes = {row["outcome"]: row["n"] for row in look("SELECT outcome, count(*) AS n FROM attempt GROUP BY 1")}
        figures.takeovers, figures.dropped = outcomes.get("lost", 0), outcomes.get("moot", 0)
        lost = [told for process in self._fleet.every for told in losses(process)]
        figures.cancelled = sum(not by_commit for *_, by_commit in lost)
        figures.fenced = sum(by_commit for *_, by_commit in lost)
        for zombie in self._zombies:
            told = {(board, id_): by_commit for board, id_, by_commit in losses(zombie.process)}
            for board, id_, _ in zombie.held:
                by_commit = told.get((board, id_))
                how = "its board had ended" if by_commit is None else "fenced" if by_commit else "cancelled"
                figures.zombies[how] += 1


def opener(*words: object) -> list[str]:
    """The process that opens boards."""
    return [sys.executable, "-m", "tests.stress.opening", *map(str, words)]


def losses(process: Process) -> Iterator[tuple[str, int, bool]]:
    """What a worker was told to have lost: board, activation, and whether its commit was refused."""
    for event in process.events():
        word, _, detail = event["message"].partition(" ")
        if word == "lost":
            yield event["board"], event["activation"], "its claim was lost" not in detail


def undisturbed() -> str:
    """The body of the report of a run that nobody disturbs."""
    board = research.run(Question(question=QUESTION), db=":memory:")
    (report,) = board.find(Report)
    return report.body.model_dump_json()


def campaign(folder: Path, kills: int, stops: int, seed: int, guards: tuple[str, ...] = ()) -> tuple[Campaign, Truth]:
    """Do it all, and look at what is left."""
    with fleet(folder) as on:
        made = Campaign(on, kills, stops, seed, guards)
        made.run()
        found = truth(on, undisturbed())
        there = on.rows("SELECT count(*) AS n FROM board")
        found.holds("acknowledged is there", there == [{"n": made.figures.boards}], f"{there} boards")
        return made, found
