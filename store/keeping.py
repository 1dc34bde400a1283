"""Safe-keeping: whether a database is sound and whole, and copies of it."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from blackboard.activation import Landed, Ruling
from blackboard.errors import FeedGap
from blackboard.records import Copy, Finding
from blackboard.seam import Seam
from store import copies, doctor
from store import queries as q
from store.looking import Reading, SqlLooking
from store.presence import Presence
from store.watermark import Watermark, beside


class SqlKeeping(SqlLooking):
    """The reads of a store, and what keeps it safe."""

    def __init__(self, reading: Reading, presence: Presence, url: str, seam: Seam) -> None:
        super().__init__(reading, presence)
        self.url, self._seam = url, seam
        self._numbers: dict[str, int] = {}  # of boards, by id: their places in the mark

    @cached_property
    def _made_at(self) -> float:
        """When the database was made: what tells it from one that was deleted."""
        return float(self._all(q.MADE_AT, {})[0][0])

    @cached_property
    def _mark(self) -> Watermark | None:
        """How far boards were acknowledged, beside the database; None in memory."""
        return None if self.url == doctor.MEMORY else beside(self.url, self._made_at)

    def _acknowledge(self, board: str, rulings: Sequence[Ruling]) -> None:
        """Take note of how far the board is committed, before anybody is told."""
        heads = [r.seqs[-1] for r in rulings if isinstance(r, Landed) and r.seqs]
        with suppress(Exception):  # the commit stands, noted or not
            if heads and self._mark is not None:
                self._mark.note(self._number(board), max(heads))

    def _number(self, board: str) -> int:
        if board not in self._numbers:
            self._numbers[board] = self._all(q.NUMBER, {"p_board": board})[0][0]
        return self._numbers[board]

    def _check_unmarked(self, number: int) -> None:
        """FeedGap if a board of this number was acknowledged, and is not there."""
        if self._mark is not None and (upto := self._mark.head_of(number)):
            raise FeedGap(f"{doctor.missing(number, upto)}; {doctor.restoring(self._mark)}")

    def check_head(self, board: str) -> None:
        mark = self._mark
        if mark is None or self.board(board) is None:
            return
        marked = mark.head_of(self._number(board))  # before the head is read: others go on
        head = self._all(q.HEAD, {"p_board": board})[0][0]
        if marked > head:
            raise FeedGap(f"{doctor.vanished(board, marked, head)}; {doctor.restoring(mark)}")
        mark.note(self._number(board), head)

    def examine(self) -> list[Finding]:
        with self._reading() as at:
            return doctor.examine(doctor.Patient(at, self.url, self._seam, self._presence.gone))

    def backup(self, path: str, *, overwrite: bool = False) -> Copy:
        with self._reading() as at:
            return copies.copy(at, self.url, Path(path), overwrite)

    def _let_go(self) -> None:
        if (mark := self.__dict__.get("_mark")) is not None:
            mark.close()
