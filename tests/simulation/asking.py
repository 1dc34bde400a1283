"""A simulated run whose agents ask models: who asks, what may be spent, how the endpoint is, and what breaks when."""

import asyncio
import collections
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from blackboard import Budget
from blackboard.activation import Claim
from blackboard.asking import Asked, Shop
from blackboard.budget import nano
from blackboard.calls import ANY, Beginning, Begun, Ended, Limits, NewCall, Short
from blackboard.conditions import exists
from blackboard.errors import UsageError
from blackboard.llm.answering import Answering
from blackboard.looker import to_entry
from blackboard.records import NewBoard
from blackboard.runner import Plan, Runner, Workshop
from blackboard.runner.plan import seats
from blackboard.seam import REAL
from store.sqlite import SqliteDatabase
from tests.simulation.actors import Person, Weather, Worker
from tests.simulation.askers import Finding, Ledger, Poison, Question, Report, Topic, team
from tests.simulation.books import AskingBoard, Books
from tests.simulation.database import Fault, WatchedStore, _watched
from tests.simulation.endpoint import Climate, Endpoint, Seen, Wire
from tests.simulation.invariants import Board, Violation
from tests.simulation.process import Process, Surroundings
from tests.simulation.world import LAST_FAULT, World, _said

T = TypeVar("T")
TO_MIDNIGHT = 36_800.0 - 20  # seconds from the clocks' beginning until shortly before a day is over
DAYS = {"strike", "conclude", "reopen", "limit", "seat"}  # what touches the budgets of a day
UNITS = ("activations", "nano_usd", "tokens", "calls")


class AskingStore(WatchedStore):
    """The real store of one process; what it says of calls is taken note of. What it keeps lies in a real folder."""

    process: "AskingWorker"

    for _name in ("reject_calls", "limit"):
        locals()[_name] = _watched(_name)

    def begin_call(self, call: NewCall) -> Beginning:
        said: Beginning = _watched("begin_call")(self, call)
        self.process.world.books.begun(self.process, call, said)
        if isinstance(said, Begun):
            self.process.begun[call.claim.board, said.id] = (call, said)
        return said

    def end_call(self, ended: Ended) -> bool:
        news: bool = _watched("end_call")(self, ended)
        world = self.process.world
        world.count(f"fault {ended.fault}" if ended.fault else "answers")
        if news:
            world.books.ended(self.process, ended)
        return news

    def keep(self, ended: Ended) -> None:
        world = self.process.world
        with world.beside(self):
            super().keep(ended)
        world.count("kept")
        world.note(f"{self.process.name} keeps {ended.board} {ended.id}")
        world.books.kept[ended.board, ended.id] = ended.response

    def take_up(self) -> int:
        with self.process.world.beside(self):
            taken = super().take_up()
        self.process.world.tally["taken up"] += taken
        return taken

    def park(self, claim: Claim, short: Short, cause: str) -> bool:
        held: bool = _watched("park")(self, claim, short, cause)
        self.process.world.count("parked for a budget" if held else "parked too late")
        return held


class Counter(Person):
    """Somebody who sets limits and raises caps."""

    def __init__(self, world: Any, number: int, name: str) -> None:
        super().__init__(world, number, name)
        self.store: Any = AskingStore(self)  # type: ignore[arg-type]
        self.skew = world.dawn


class AskingModel(Answering):
    """The real answering; every answer is looked up in the journal before it is used."""

    def __init__(self, process: "AskingWorker", shop: Shop) -> None:
        wire = Wire(process)
        super().__init__(shop, wire, {})
        self._process = process

    async def ask(self, asked: Asked) -> Any:
        """See `Model`."""
        answer = await super().ask(asked)
        seen = self._process.asking.pop(asyncio.current_task(), None)
        if seen is not None and seen.outcome == "answered":
            self._process.world.books.used(seen.board, [seen.call])
        return answer


class AskingWorker(Worker):
    """A process that works on the open boards; its agents ask the endpoint."""

    world: "AskingWorld"

    def __init__(self, world: Any, number: int, name: str, only: frozenset[str] | None) -> None:
        super().__init__(world, number, name, only)
        self.store: Any = AskingStore(self)
        self.begun: dict[tuple[str, int], tuple[NewCall, Begun]] = {}  # what is to be sent
        self.asking: dict[asyncio.Task[Any] | None, Seen] = {}  # by task: what it has asked last

    async def _work(self, shop: Workshop, board: str) -> None:
        plan = replace(self.world.plan(board, self.only), model=lambda shop: AskingModel(self, shop))
        await Runner(shop, board, plan, observer=self._observed).run()


class AskingWorld(World):
    """Boards whose agents ask. The draws of the other world are left as they are."""

    def __init__(self, seed: int) -> None:
        Surroundings.__init__(self, seed)
        self.database = SqliteDatabase(":memory:", REAL, create=True)
        self.tally = collections.Counter()
        self.violation = None
        self.weather = Weather.drawn(self.chance)
        self.climate = Climate.drawn(self.chance)
        self.calm_from = self.chance.uniform(*LAST_FAULT)
        self.commits = 0
        begins = self.chance.uniform(1, 12)
        self.away = begins, begins + self.chance.choice((0, 0, 2, 6))  # when no answer can be written down
        self.dawn = self.chance.choice((0.0, 0.0, 0.0, TO_MIDNIGHT))
        self._team = list(team(self.chance))
        self._least, self._late = None, None
        self._breaker = self.chance.choice(((6, 12), None, None))
        self._done = exists(Report, status="final")
        self._resumes = self.chance.choice((0, 1, 3))
        self._posts = 0
        self._budget = self._drawn_budget()
        self.limits = self._drawn_limits()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.books = Books(self)
        self.endpoint = Endpoint(self, self.climate)
        self.boards = {}
        self.boards = self._begin()

    def _drawn_budget(self) -> Budget:
        chance = self.chance

        def some(*values: Any) -> Any:
            return chance.choice((None, None, *values))

        return Budget(
            usd=some(chance.randint(2, 60) / 10_000), tokens=some(chance.randint(3_000, 60_000)),
            calls=some(chance.randint(1, 30), chance.randint(1, 5)), activations=some(chance.randint(10, 60)),
            seconds=chance.choice((None, None, None, None, chance.uniform(5, 40))),
        )  # fmt: skip

    def _drawn_limits(self) -> Limits:
        chance = self.chance
        if chance.random() < 0.5:
            return Limits()
        return Limits(
            requests_a_minute=chance.choice((None, None, chance.randint(3, 15))),
            calls_at_once=chance.choice((None, 1, 3)),
            nano_usd_a_day=chance.choice((None, None, nano(chance.randint(5, 60) / 10_000))),
            tokens_a_day=chance.choice((None, None, chance.randint(5_000, 80_000))),
            calls_a_day=chance.choice((None, chance.randint(3, 40))),
        )

    def count(self, what: str) -> None:
        if not self.is_over:
            super().count(what)

    def _begin(self) -> dict[str, Board]:
        founder = self._join(Counter, "founder")
        if self.limits != Limits():
            founder.store.limit(ANY, self.limits)
        for _ in range(self.chance.choice((1, 2, 3))):
            said = _said(Topic(questions=self.chance.randint(1, 4)))
            founder.store.create(NewBoard("simulation", caps=self._budget.caps), seats(self._team), said)
        made = [b.id for b in founder.store.boards()]
        return {b: AskingBoard(self.database._writer, b, self._team, None, self.count) for b in made}

    def _hire(self, only: frozenset[str] | None = None) -> None:
        worker = self._join(AskingWorker, "w", only)
        worker.skew = self.dawn + (0.0 if self.weather.jumps > 1e8 else self.chance.uniform(-20, 20))
        self.note(f"{worker.name} begins, {'for all' if only is None else sorted(only)}")
        worker.start()

    def plan(self, board: str, only: frozenset[str] | None) -> Plan:
        """What a worker works on."""
        budget = self._budget if self.boards[board].row["epoch"] == 1 else Budget()
        return Plan(self._team, self._done, exists(Poison), budget, only=only, breaker=self._breaker)

    # -- what happens ----------------------------------------------------------------------------------------------
    def _arrange(self) -> None:
        super()._arrange()
        for _ in range(self.chance.choice((0, 3, 12))):
            self.after(self.chance.uniform(0, self.calm_from), None, self._post)
        if self.limits.requests_a_minute is not None:
            self.after(self.calm_from, None, self._allow_more)  # or it would take long
        elif self.limits != Limits() and self.chance.random() < 0.5:
            self.after(self.chance.uniform(1, self.calm_from), None, self._allow_more)

    def _allow_more(self) -> None:
        """Somebody raises what may be used in a day."""
        person, more = self._join(Counter, "person"), Limits(calls_at_once=self.limits.calls_at_once)

        def allow() -> None:
            person.store.limit(ANY, more)
            self.limits = more

        self.note("limits are raised")
        person.tries(allow)

    def _post(self) -> None:
        """Something new; or what overtakes those who have read it, or wait for their turn with it."""
        self._posts += 1
        board, operation = self._a_board(), f"operation {self._posts}"
        bodies = {"ledger": Ledger(total=-1), "question": Question(number=7), "finding": Finding(score=self._posts)}
        there = [(v["kind"], v["key"]) for kind in bodies for v in self.boards[board].newest(kind)
                 if v["status"] in {"open", "new", "doubted"}]  # fmt: skip
        if not there or self.chance.random() < 0.4:
            self._land(board, operation, _said(bodies[self.chance.choice(("question", "finding"))]))
            return
        kind, key = self.chance.choice(there)
        row = self._join(Person, "person").store.by_key(board, key)
        entry = to_entry(type(bodies[kind]), row)
        made = replace(_said(bodies[kind], base=entry, born=row.born).writes[0], status=entry.status)
        contribution = replace(_said(bodies[kind]), writes=(made,))
        self._land(board, operation, contribution, once=True)

    def _resume(self) -> None:
        """Somebody wants the boards to go on, with more or without caps."""
        if not self._resumes:
            return
        self._resumes -= 1
        person, more = self._join(Counter, "person"), self.chance.choice((None, 2, 10))
        for board in self.boards.values():
            if board.row["status"] == "closed" and board.verdict not in {"complete", "failed"}:
                self.note(f"{board.id} is resumed with {more or 'all'}")
                person.tries(lambda id_=board.id: self._reopen(person, id_, more))  # type: ignore[misc]
                self.count("resumes")

    def _reopen(self, person: Any, board: str, more: int | None) -> None:
        caps: list[tuple[str, int | None]] = []
        for unit in UNITS:
            (cap,) = self._one("SELECT cap FROM budget WHERE scope = ? AND unit = ?", f"board:{board}", unit)
            caps.append((unit, None if cap is None or more is None else cap * more + more))
        try:
            person.store.reopen(board, caps)
        except UsageError as error:
            self.violation = self.violation or Violation("a board can be resumed", str(error))

    # -- what breaks -----------------------------------------------------------------------------------------------
    def fault(self, process: Process) -> Fault | None:
        if not self.is_calm and process.doing == "end_call" and self.away[0] <= self.time < self.away[1]:
            self.count("errors of end_call")
            return Fault("before COMMIT", False)
        if not self.is_calm and process.doing in {"begin_call", "end_call"} and self.weather.errors:
            drawn = self.chance.random()
            if drawn < 0.15:
                self.count(f"errors of {process.doing}")
                return Fault(self.chance.choice((2, "before COMMIT", "after COMMIT")), drawn < 0.03)
        return super().fault(process)

    def died(self, process: Process) -> None:
        for seen in self.endpoint.log:
            if seen.process is process and not seen.given_up:
                call = self.books.state_of(seen)
                if not seen.delivered:
                    self.count("kills while waiting")
                elif call == "inflight":
                    self.count("kills between response and journal")
        super().died(process)

    def beside(self, store: Any) -> "_Beside":
        """The folder beside the database, which is in memory."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="simulation-")
        return _Beside(store, str(Path(self._folder.name) / "board.db"))

    def committed(self, process: Process) -> None:
        board = process.board
        process.board = "" if process.doing in DAYS else board
        super().committed(process)
        process.board = board
        if process.doing not in {"announce", "leave"}:
            self.books.check(process)

    def _check_end(self) -> None:
        super()._check_end()
        person = self._join(Counter, "person")
        person.store.take_up()
        self.books.check_end()
        if self.violation is not None:
            raise self.violation

    def _bury(self) -> None:
        super()._bury()
        if self._folder is not None:
            self._folder.cleanup()


class _Beside:
    """While it holds, the store has a place beside its database."""

    def __init__(self, store: Any, url: str) -> None:
        self._store, self._url, self._own = store, url, store.url

    def __enter__(self) -> None:
        self._store.url = self._url

    def __exit__(self, *_: object) -> None:
        self._store.url = self._own
