"""The workers of a store: who they are, which of them have died, and how they are woken."""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from blackboard.activation import Agenda
from blackboard.records import Worker
from blackboard.seam import Seam
from store import attendance
from store import statements as s
from store.keeping import SqlKeeping
from store.looking import Cursor
from store.presence import Presence


class Database(Protocol):
    """What differs between databases: connections, and how a write transaction takes its turn."""

    path: str

    def writing(self) -> AbstractContextManager[Cursor]: ...
    def reading(self, people: bool = False) -> AbstractContextManager[Cursor]: ...
    def stamp(self) -> int: ...
    def close(self) -> None: ...


class SqlStaff(SqlKeeping):
    """The reads of a store, and its workers. See `blackboard.ports.Store` for what each method promises."""

    def __init__(self, database: Database, seam: Seam, presence: Presence) -> None:
        super().__init__(database.reading, presence, database.path, seam)
        self._database = database
        self._hints: list[Callable[[], None]] = []

    # -- workers ---------------------------------------------------------------------------------------------------
    def announce(self, worker: Worker) -> None:
        now = self._seam.now()
        row = {
            "id": worker.id, "host": worker.host, "pid": worker.pid, "started_at": now, "beat_at": now, "left_at": None,
        }  # fmt: skip
        self._presence.arrive(worker.id)
        with self._database.writing() as at:
            at.execute(attendance.ANNOUNCE, row)
            self._forget_the_dead(at)

    def _forget_the_dead(self, at: Cursor) -> None:
        """Those whose process has ended and who hold nothing any more."""
        for worker in self._presence.workers():
            if (
                not self._presence.gone(worker)
                or at.execute(attendance.HOLDS_SOMETHING, {"p_worker": worker}).fetchone()
            ):
                continue
            at.execute(s.UNSERVE, {"p_board": None, "p_worker": worker})
            at.execute(attendance.LEAVE, {"p_worker": worker, "p_now": self._seam.now()})
            self._presence.forget(worker)

    def serve(self, board: str, worker: str, agents: Mapping[str, str], slots: int) -> None:
        now = self._seam.now()
        with self._database.writing() as at:
            at.execute(attendance.SERVE, {
                "board_id": board, "worker_id": worker, "agents": json.dumps(dict(agents)), "slots": slots,
                "since": now, "beat_at": now,
            })  # fmt: skip

    def leave(self, worker: str) -> None:
        with self._database.writing() as at:
            at.execute(s.UNSERVE, {"p_board": None, "p_worker": worker})
            at.execute(attendance.LEAVE, {"p_worker": worker, "p_now": self._seam.now()})
        self._presence.leave(worker)
        self._ring()

    def beat(self, board: str, agenda: Agenda, ran_seconds: float) -> set[tuple[int, int]]:
        now = self._seam.now()
        with self._database.writing() as at:
            at.execute(attendance.BEAT_WORKER, {"p_worker": agenda.worker, "p_now": now})
            (last,) = at.execute(attendance.LAST_BEAT, {"p_board": board}).fetchone()
            new = ran_seconds if last is None else max(0.0, min(ran_seconds, now - last))
            at.execute(s.RAN, {"p_board": board, "p_seconds": new, "p_now": now})
            at.execute(attendance.BEAT_SERVING, {"p_board": board, "p_worker": agenda.worker, "p_now": now})
            values = {"p_board": board, "p_worker": agenda.worker, "p_until": now + agenda.lease}
            return set(map(tuple, at.execute(s.BEAT_CLAIMS, values).fetchall()))

    # -- hints -----------------------------------------------------------------------------------------------------
    def watch(self, hint: Callable[[], None]) -> Callable[[], None]:
        stop = self._presence.listen(hint)
        self._hints.append(hint)

        def unwatch() -> None:
            self._hints.remove(hint)
            stop()

        return unwatch

    def _ring(self) -> None:
        """Hint to those in this process, then to the others. Always after the COMMIT."""
        for hint in tuple(self._hints):
            with suppress(Exception):  # the commit stands; whoever missed the hint has its poll
                hint()
        self._presence.ring()

    def stamp(self) -> int:
        return self._database.stamp()

    def close(self) -> None:
        self._presence.close()
        self._let_go()
        self._database.close()
