"""One board whose worker is killed at each place of a call in turn."""

from dataclasses import dataclass
from typing import Any

from blackboard.budget import USD
from blackboard.testing import MessagesServer
from blackboard.testing.server import Trouble
from tests.paying.scenario import answer
from tests.paying.till import SECONDS, Till, dearest
from tests.paying.traps import AFTER_SEND, BEFORE, COMMIT, JOURNALED
from tests.stress.fleet import Row, until

WAITING = "while-waiting"
PLACES = (BEFORE, WAITING, AFTER_SEND, JOURNALED, COMMIT)
TOPICS = len(PLACES) + 1
OF_TOPIC = """SELECT c.* FROM call c JOIN activation a ON a.board_id = c.board_id AND a.id = c.activation_id
              JOIN entry e ON e.board_id = a.board_id AND e.seq = a.trigger_seq
              WHERE json_extract(e.body, '$.number') = ? ORDER BY c.id"""
RUNNING = """SELECT json_extract(e.body, '$.number') AS topic FROM activation a
             JOIN entry e ON e.board_id = a.board_id AND e.seq = a.trigger_seq WHERE a.state = 'running'"""


class Holding(MessagesServer):
    """A server that bills what was reserved, and lets wait while it is told to."""

    def __init__(self) -> None:
        self.holds_from: int | None = None  # the number of a request
        super().__init__(answer, usage=dearest, counts=False, troubles=self._trouble)

    def _trouble(self, number: int, _body: Any) -> Trouble:
        is_held = self.holds_from is not None and number >= self.holds_from
        return Trouble(seconds=SECONDS if is_held else 0)


@dataclass
class Crash:
    """How it stood when the worker was dead, and what became of the topic that it had asked about."""

    topic: int
    in_flight: int  # rows
    settled: int
    reserved: int
    billed: int
    requests: int = 0
    rows: tuple[Row, ...] = ()


def chain(workers: Till, server: Holding) -> dict[str, Crash]:
    """Start, kill, resume, kill, and so on; the last one is resumed to its end.

    Each but the first does again what the one before has died over, and dies over the next.
    """
    found: dict[str, Crash] = {}
    for place in PLACES:
        trap = "" if place == WAITING else f"{place}:{2 if found else 1}"
        server.holds_from = len(server.calls) + 2 if place == WAITING else None
        process = workers.resume(at=trap) if found else workers.run(TOPICS, at=trap)
        if place == WAITING:
            until(lambda: len(server.calls) == server.holds_from, "it waits for an answer")
            process.kill()
            until(lambda: not server.books.in_flight, "the server has noticed")
        assert process.wait() == -9, process.said
        found[place] = _dead(workers)
    workers.resume().wait()
    for crash in found.values():
        crash.requests = workers.asked.count(crash.topic)
        crash.rows = tuple(workers.rows(OF_TOPIC, crash.topic))
    return found


def _dead(workers: Till) -> Crash:
    budget = workers.budget(USD)
    ((topic,),) = [tuple(row.values()) for row in workers.rows(RUNNING)]
    (in_flight,) = workers.rows("SELECT count(*) AS n FROM call WHERE state = 'inflight'")
    return Crash(topic, in_flight["n"], budget["settled"], budget["reserved"], workers.server.nano_usd)
