"""A simulated process's way to the one database that all share: transactions that break, a store that tells."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from blackboard.activation import Agenda, Claim, Contribution, Fenced, Landed, Refused, Ruling, Stale, State
from blackboard.errors import StoreError
from blackboard.records import Claims
from store.library import sqlite3
from store.store import SqlStore
from tests.simulation.loop import Killed

if TYPE_CHECKING:
    from tests.simulation.process import Process


class Fault:
    """What goes wrong at one moment of a transaction."""

    def __init__(self, moment: str | int, kills: bool) -> None:
        self.moment, self.kills = moment, kills

    def __str__(self) -> str:
        where = f"at statement {self.moment}" if isinstance(self.moment, int) else self.moment
        return f"{'killed' if self.kills else 'an error'} {where}"

    def strike(self) -> None:
        if self.kills:
            raise Killed
        if self.moment == "after COMMIT":
            raise StoreError("the answer to COMMIT was lost")
        raise sqlite3.OperationalError("database is locked")


class Struck:
    """A connection on which the n-th statement goes wrong."""

    def __init__(self, at: sqlite3.Connection, fault: Fault) -> None:
        self._at, self._fault, self._n = at, fault, 0

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self._tick()
        return self._at.execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self._tick()
        return self._at.executemany(*args)

    def _tick(self) -> None:
        self._n += 1
        if self._n == self._fault.moment:
            self._fault.strike()


class Line:
    """A process's connections to the one database that all share."""

    def __init__(self, process: "Process") -> None:
        self._process, self._world = process, process.world
        self.path = process.world.database.path

    @contextmanager
    def writing(self) -> Iterator[Any]:
        self._check()
        world, process = self._world, self._process
        fault, before = world.fault(process), world.database.stamp()
        if fault is not None:
            world.note(f"{process.name} {process.doing}: {fault}")
        with world.database.writing() as at:
            yield at if fault is None else Struck(at, fault)
            if fault is not None and fault.moment != "after COMMIT":
                fault.strike()
        if world.database.stamp() != before:
            world.committed(process)
        if fault is not None:
            fault.strike()

    @contextmanager
    def reading(self, people: bool = False) -> Iterator[Any]:
        self._check()
        if self._world.read_fails(self._process):
            raise StoreError("database is locked")
        with self._world.database.reading(people) as at:
            yield at

    def stamp(self) -> int:
        self._check()
        return int(self._world.database.stamp())

    def close(self) -> None:
        """It is the others' too."""

    def _check(self) -> None:
        if self._process.dead or self._world.is_over:
            raise StoreError("nothing can be reached from here")


def _watched(name: str) -> Any:
    """The method of this name, with a note of who is doing what where."""

    def method(self: "WatchedStore", *args: Any, **options: Any) -> Any:
        process = self.process
        outer = process.doing, process.board
        process.doing, process.board = name, args[0] if args and isinstance(args[0], str) else ""
        try:
            return getattr(SqlStore, name)(self, *args, **options)
        finally:
            process.doing, process.board = outer

    return method


class WatchedStore(SqlStore):
    """The real store of one process; what it is asked and what it says is taken note of."""

    def __init__(self, process: "Process") -> None:
        super().__init__(Line(process), process.seam, process.presence)
        self.process = process

    for _name in (
        "create", "retire", "dismiss", "learn", "seat", "reopen", "strike", "cancel", "post", "notice", "release",
        "announce", "serve", "leave", "beat",
    ):  # fmt: skip
        locals()[_name] = _watched(_name)

    def commit(
        self, board: str, contributions: Sequence[Contribution], agenda: Agenda | None = None
    ) -> tuple[list[Ruling], Claims]:
        self.process.landing = {c.claim.id: c.claim.token for c in contributions}
        rulings, claims = _watched("commit")(self, board, contributions, agenda)
        for contribution, ruling in zip(contributions, rulings, strict=True):
            self._ruled(contribution.claim, ruling)
        self._claimed(claims)
        return rulings, claims

    def claim(self, board: str, agenda: Agenda) -> Claims:
        claims = _watched("claim")(self, board, agenda)
        self._claimed(claims)
        return claims

    def retry(
        self, claim: Claim, cause: str, looked: Contribution | None = None, *, delay: float = 0, used: int | None = None
    ) -> bool | Stale:
        held = _watched("retry")(self, claim, cause, looked, delay=delay, used=used)
        if "has changed while it worked" in cause and not isinstance(held, Stale):
            self.process.world.count("recalls that came too late" if held is False else "recalls that count as failed")
        elif isinstance(held, Stale) and looked is not None and "has changed while it worked" in cause:
            self.process.world.count("recalls")
        if used is not None and held is True:
            self.process.world.count("fallbacks")
        if isinstance(held, Stale):
            self._ruled(claim, held)
        self.process.world.count("retries" if held is True else "retries that came too late" if not held else "")
        return held

    def set_aside(self, claim: Claim, state: State, cause: str) -> bool:
        held = _watched("set_aside")(self, claim, state, cause)
        self.process.world.count(f"set aside as {state}" if held else "set aside too late")
        return held

    def renew(self, claim: Claim) -> Claim | None:
        renewed = _watched("renew")(self, claim)
        self.process.world.count("renewals" if renewed else "renewals that came too late")
        return renewed

    def conclude(self, board: str, verdict: str, at_head: int, *more: Any) -> bool:  # type: ignore[override]
        self.process.judged_at = at_head
        said = _watched("conclude")(self, board, verdict, at_head, *more)
        self.process.world.count("" if said else "verdicts that came too late")
        return said

    def _claimed(self, claims: Claims) -> None:
        if claims.refused:
            self.process.world.count("budget refusals")

    def _ruled(self, claim: Claim, ruling: Ruling) -> None:
        world, process = self.process.world, self.process
        if isinstance(ruling, Landed):
            world.count("landed")
        elif isinstance(ruling, Fenced):
            world.count("fenced commits of thawed workers" if process.was_frozen else "fenced commits")
        elif isinstance(ruling, Refused):
            world.count("refused")
        else:
            world.count("moot drops" if ruling.moot else "stale redos")
        world.note(f"{process.name} {claim.agent} {claim.id}/{claim.token}: {ruling}")
