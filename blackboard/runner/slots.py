"""Slots: how many activations a worker acts on at a time, shared fairly by the boards that it serves."""

from collections import Counter
from collections.abc import Callable


class Slots:
    """A board may use all of them, until another one wants some too: then each has a right to its share."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0  # how many are at work, or about to be
        self._used: Counter[str] = Counter()
        self._hungry: dict[str, Callable[[], None]] = {}  # who would take more: how to tell them that there is

    def take(self, board: str, more: Callable[[], None]) -> int:
        """How many more activations the board may begin now. `more` tells it when it is worth asking again."""
        got = max(0, min(self._right(board) - self._used[board], self.size - self.used))
        self._used[board] += got
        self.used += got
        self._hungry[board] = more
        return got

    def _right(self, board: str) -> int:
        if not self._hungry or (len(self._hungry) == 1 and board in self._hungry):
            return self.size
        boards = {board, *self._hungry, *(b for b, n in self._used.items() if n)}
        return -(-self.size // len(boards))

    def hold(self, board: str, n: int, *, sated: bool = False) -> None:
        """The board has n at work. `sated`: it has found no more to do; others who would take more are told."""
        before, self._used[board] = self._used[board], n
        self.used += n - before
        if sated:
            self._hungry.pop(board, None)
        if self._hungry and (sated or n < before):
            for hungry, more in tuple(self._hungry.items()):
                if hungry != board:
                    more()

    def close(self, board: str) -> None:
        """The board wants no more."""
        self.hold(board, 0, sated=True)
        del self._used[board]
