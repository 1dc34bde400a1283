"""One simulated run: a seed decides who works, what breaks and when; the invariants are checked after each commit."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from blackboard import Budget, when
from blackboard.activation import Claim, Contribution
from blackboard.conditions import exists
from blackboard.entry import Kind
from blackboard.errors import BoardClosed, StoreError, UsageError
from blackboard.looker import to_entry, write
from blackboard.records import NewBoard
from blackboard.runner import Plan
from blackboard.runner.plan import seats
from blackboard.seam import REAL
from store.sqlite import SqliteDatabase
from tests.simulation.actors import Person, Weather, Worker
from tests.simulation.database import Fault
from tests.simulation.invariants import Board, Violation
from tests.simulation.process import Process, Surroundings
from tests.simulation.workload import Item, Job, Note, Poison, Report, Seed, team

PATIENCE = 600.0  # virtual seconds after the last fault in which every board must have a verdict
LAST_FAULT = (6.0, 30.0)  # virtual seconds
RESUMABLE = {"budget", "deadline", "cancelled", "quiescent", "livelock", "breaker"}


class World(Surroundings):
    """Boards, workers, persons and misfortune. `run` gives back what has happened, or raises a Violation."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.database = SqliteDatabase(":memory:", REAL, create=True)
        self.tally: Counter[str] = Counter()
        self.violation: Violation | None = None
        self.weather = Weather.drawn(self.chance)
        self.calm_from = self.chance.uniform(*LAST_FAULT)
        self.commits = 0
        poison, ends = self.chance.random() < 0.12, self.chance.random() < 0.7
        sparing, own = self.chance.choice((None, "walker", "laborer")), Budget(activations=self.chance.randint(1, 12))
        agents = team(self.chance, poison=poison, ends=ends)
        self._team = [replace(a, budget=own) if a.name == sparing else a for a in agents]
        self._least = self.chance.choice((None, None, 0))
        self._breaker = self.chance.choice(((10, 20), (2, 6), None))
        self._late = self.chance.choice((None, None, "clerk", "gatherer", "shutter"))
        self._done = exists(Report, status="final") if ends else when(lambda _: False, "never")
        self._budget = Budget(
            activations=self.chance.choice((None, self.chance.randint(5, 40))),
            seconds=self.chance.choice((None, None, None, None, self.chance.uniform(3, 20))),
        )
        self._resumes = self.chance.choice((0, 1, 3))
        self._posts = 0
        self.boards: dict[str, Board] = {}
        self.boards = self._begin()

    @property
    def is_calm(self) -> bool:
        return self.time >= self.calm_from

    # -- the run ---------------------------------------------------------------------------------------------------
    def run(self) -> None:
        """To the end. Violation."""
        self._arrange()
        try:
            while not self._is_finished():
                self._one_step()
            self._check_end()
        finally:
            self._bury()

    def _one_step(self) -> None:
        self.step()
        if self.violation is not None:
            raise self.violation
        if self.time > self.calm_from + PATIENCE:
            waiting = [b.id for b in self.boards.values() if b.row["status"] == "open"]
            states = {b: Counter(a["state"] for a in self.boards[b].activations.values()) for b in waiting}
            raise Violation("every board gets a verdict", f"{states} after {PATIENCE:g} seconds of calm")

    def _is_finished(self) -> bool:
        """All boards have ended, and so have all who worked on them."""
        if not self.is_calm or any(b.row["status"] == "open" for b in self.boards.values()):
            return False
        return not self._resumes and not [w for w in self._workers() if w.main is None or not w.main.done()]

    def _check_end(self) -> None:
        for board in self.boards.values():
            board.check_history()

    def _bury(self) -> None:
        """Let all that is left end in order, where it can reach nothing, so that its collection later does nothing."""
        self.is_over, self.violation = True, None
        self.forget_world()
        for process in self.processes:
            process.dead, process.frozen_until = False, 0.0
            process.loop.revive()
        until, tasks = self.time + 300, [t for p in self.processes for t in p.loop.tasks]
        while self.time < until and not all(t.done() for t in tasks) and not self.is_empty:
            self.step()
        self.database.close()

    # -- who is there ----------------------------------------------------------------------------------------------
    def _begin(self) -> dict[str, Board]:
        founder = self._join(Person, "founder")
        early = [a for a in self._team if a.name != self._late]
        caps = (("activations", self._budget.activations),)
        for _ in range(self.chance.choice((1, 1, 1, 2))):
            seed = _said(Seed(items=self.chance.randint(2, 7)))
            founder.store.create(NewBoard("simulation", caps=caps), seats(early), seed)
        made = [b.id for b in founder.store.boards()]
        return {b: Board(self.database._writer, b, self._team, self._least, self.count) for b in made}

    def _join(self, kind: Callable[..., Any], name: str, *more: Any) -> Any:
        number = len(self.processes) + 1
        process = kind(self, number, f"{name}{number}", *more)
        self.processes.append(process)
        return process

    def _hire(self, only: frozenset[str] | None = None) -> None:
        worker = self._join(Worker, "w", only)
        worker.skew = 0.0 if self.weather.jumps > 1e8 else self.chance.uniform(-20, 20)
        self.note(f"{worker.name} begins, {'for all' if only is None else sorted(only)}")
        worker.start()

    def _workers(self) -> list[Worker]:
        return [p for p in self.processes if isinstance(p, Worker) and not p.dead]

    def plan(self, board: str, only: frozenset[str] | None) -> Plan:
        """What a worker works on."""
        caps = self._one("SELECT cap FROM budget WHERE scope = ?", f"board:{board}")
        budget = replace(self._budget, activations=caps[0]) if self.boards[board].row["epoch"] == 1 else Budget()
        return Plan(
            self._team, self._done, exists(Poison), budget, only=only, breaker=self._breaker, least_rating=self._least
        )

    def _one(self, text: str, *values: Any) -> Any:
        return self.database._writer.execute(text, values).fetchone()

    # -- what happens ----------------------------------------------------------------------------------------------
    def _arrange(self) -> None:
        names = [a.name for a in self._team]
        for _ in range(self.chance.randint(1, 3)):
            only = (
                None if self.chance.random() < 0.6 else frozenset(self.chance.sample(names, self.chance.randint(2, 7)))
            )
            self.after(self.chance.uniform(0, 4), None, lambda only=only: self._hire(only))  # type: ignore[misc]
        for _ in range(self.chance.randint(0, 6)):
            self.after(self.chance.uniform(0, self.calm_from), None, self._post)
        if self.chance.random() < 0.12:
            self.after(self.chance.uniform(1, self.calm_from), None, self._cancel)
        self._now_and_then(self.weather.kills, self._kill)
        self._now_and_then(self.weather.freezes, self._freeze)
        self._now_and_then(self.weather.jumps, self._jump)
        self._now_and_then(self.weather.leaves, self._send_away)
        self.after(0.5, None, self._keep)

    def _now_and_then(self, mean: float, what: Callable[[Worker], None]) -> None:
        def happen() -> None:
            if self.is_calm:
                return
            if workers := self._workers():
                what(self.chance.choice(workers))
            self._now_and_then(mean, what)

        self.after(self.chance.expovariate(1 / mean), None, happen)

    def _keep(self) -> None:
        """While boards are open there is somebody; when the faults are over, somebody who serves all."""
        if self.is_calm:
            for process in self.processes:
                process.frozen_until = min(process.frozen_until, self.time)
        is_open = any(b.row["status"] == "open" for b in self.boards.values())
        there = [w for w in self._workers() if w.only is None or not self.is_calm]
        if is_open and not there:
            self._hire()
        elif not is_open and self.is_calm:
            self._resume()
        self.after(self.chance.uniform(0.5, 1.5), None, self._keep)

    def _kill(self, worker: Worker) -> None:
        self.note(f"{worker.name} is killed between two steps")
        self.count("kills between transactions")
        worker.die()

    def _freeze(self, worker: Worker) -> None:
        seconds = self.chance.choice((1.0, 4.0, 15.0, 60.0))
        self.note(f"{worker.name} is frozen for {seconds:g} seconds")
        worker.frozen_until, worker.was_frozen = self.time + seconds, True

    def _jump(self, worker: Worker) -> None:
        worker.skew += self.chance.choice((-20, -5, -1, 1, 5, 20))
        self.note(f"{worker.name}'s clock is off by {worker.skew:g}")

    def _send_away(self, worker: Worker) -> None:
        """It is drained, or its run is cancelled."""
        if worker.shop is None or worker.main is None or worker.main.done():
            return
        drained = self.chance.random() < 0.5
        self.note(f"{worker.name} is {'drained' if drained else 'interrupted'}")
        self.after(0, worker, worker.shop.drain if drained else worker.main.cancel)

    # -- persons ---------------------------------------------------------------------------------------------------
    def _a_board(self) -> str:
        return self.chance.choice(sorted(self.boards))

    def _post(self) -> None:
        """Something new; or a new version of what is there, which may be outdated when it comes."""
        self._posts += 1
        board, operation = self._a_board(), f"operation {self._posts}"
        items = [v["key"] for v in self.boards[board].newest("item") if v["status"] == "raw"]
        if not items or self.chance.random() < 0.5:
            body = self.chance.choice((Item(tag=0), Note(tag=0), Job(), Job(hard=True)))
            self._land(board, operation, _said(body))
            return
        row = self._join(Person, "person").store.by_key(board, self.chance.choice(items))
        self._land(board, operation, _said(Item(tag=2), base=to_entry(Item, row), born=row.born), once=True)

    def _land(self, board: str, operation: str, contribution: Contribution, *, once: bool = False) -> None:
        """Whoever does not hear that it has landed tries again; it lands once. `once`: outdated is outdated."""
        person = self._join(Person, "person")

        def post() -> None:
            again = True
            try:
                person.store.post(board, operation, contribution)
                again = False
            except UsageError as error:
                again = not once and not isinstance(error, BoardClosed)
            except StoreError:
                pass
            finally:
                if again and not self.is_over:
                    self.after(1, None, lambda: self._land(board, operation, contribution, once=once))

        self.after(0, person, post)

    def _cancel(self) -> None:
        person, board = self._join(Person, "person"), self._a_board()
        self.note(f"{board} is cancelled")
        if self.boards[board].row["status"] == "open":
            person.tries(lambda: person.store.cancel(board, "no more"))

    def _resume(self) -> None:
        """Somebody wants the boards to go on, without caps."""
        if not self._resumes:
            return
        self._resumes -= 1
        person = self._join(Person, "person")
        for board in self.boards.values():
            if board.verdict in RESUMABLE:
                self.note(f"{board.id} is resumed")
                person.tries(lambda id_=board.id: person.store.reopen(id_, (("activations", None),)))  # type: ignore[misc]
                self.count("resumes")

    # -- what processes tell ---------------------------------------------------------------------------------------
    def fault(self, process: Process) -> Fault | None:
        if self.is_calm or process.name.startswith("founder"):
            return None
        drawn = self.chance.random()
        kills = drawn < self.weather.killed_inside
        if not kills and drawn > self.weather.killed_inside + self.weather.errors:
            return None
        fault = Fault(self.chance.choice((self.chance.randint(1, 15), "before COMMIT", "after COMMIT")), kills)
        self.count(f"{'kills' if kills else 'errors'} {'after' if fault.moment == 'after COMMIT' else 'inside'}")
        return fault

    def read_fails(self, process: Process) -> bool:
        if self.is_calm or not isinstance(process, Worker) or not self.weather.errors:
            return False
        failed = self.chance.random() < self.weather.errors / 8
        if failed:
            self.note(f"{process.name} cannot read")
            self.count("errors of reads")
        return failed

    def ring_is_lost(self) -> bool:
        return self.chance.random() < self.weather.rings_lost

    def committed(self, process: Process) -> None:
        self.commits += 1
        for board in self.boards.values():
            if process.board in {"", board.id} and process.doing not in {"announce", "leave"}:
                try:
                    board.check(process, self._goal, _is_poisoned)
                except Violation as violation:
                    self.violation = self.violation or violation
        self.note(f"{process.name} {process.doing} {process.board}")
        self._interfere(process.doing)

    def _interfere(self, done: str) -> None:
        """Persons do things just when it matters."""
        soon = self.chance.uniform(0, self.chance.choice((0.01, 0.1, 1)))
        if done == "conclude" and self.chance.random() < 0.8:
            self.after(soon, None, self._resume)
        if done == "strike" and self.chance.random() < 0.4:
            self.after(soon, None, self._post)

    def died(self, process: Process) -> None:
        self.count("dead processes")
        self.note(f"{process.name} has died")
        delay = {"at once": 0.0, "late": self.chance.uniform(0.1, 8), "never": 1e9}[self.weather.told_of_death]
        process.known_dead_at = self.time + delay
        for tell in process.awaited if delay < 1e8 else ():
            self.at(process.known_dead_at, None, tell)
        if isinstance(process, Worker) and self.chance.random() < 0.8:
            self.after(self.chance.uniform(0.1, 3), None, self._hire)

    def ended(self, worker: Worker, task: "asyncio.Task[None]") -> None:
        """A worker's main task is done: all boards have a verdict, or it had to leave."""
        error = None if task.cancelled() else task.exception()
        if self.is_over:
            return
        self.note(f"{worker.name} ends: {error!r}")
        for one in _each(error):
            if not isinstance(one, StoreError):
                self.violation = self.violation or Violation("a worker leaves in order", repr(one))
            self.count("workers that left by a StoreError")
        worker.dead = True
        if worker.loop.complaints:
            self.violation = self.violation or Violation("no error is lost", worker.loop.complaints[0])

    def count(self, what: str) -> None:
        self.tally[what] += 1

    def _goal(self, board: Board) -> bool:
        return isinstance(self._done, type(exists(Report))) and board.counted("report")["final"] > 0


def _each(error: BaseException | None) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [one for inner in error.exceptions for one in _each(inner)]
    return [] if error is None else [error]


def _is_poisoned(board: Board) -> bool:
    return board.counted("poison").total() > 0


def _said(body: Kind, **options: Any) -> Contribution:
    made = write(body, body.lifecycle.first, **options)
    return Contribution(Claim("", 0, "person", 0, None, 0, 0, 0), "person", (made,))
