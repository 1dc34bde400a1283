"""The command line in a process that dies, or stops, at a named place of a call. The program itself has none of this.

python -m tests.paying.traps [--at PLACE:N[:stop]] run ...
"""

import os
import signal
import sys
from typing import Any

from blackboard.llm.client import Claude
from store.store import SqlStore

BEFORE, AFTER_SEND, JOURNALED, COMMIT = "before-send", "after-response", "after-journal", "before-commit"
PLACES = (BEFORE, AFTER_SEND, JOURNALED, COMMIT)


class Trap:
    """Death, or a stop, at the n-th passing of a place."""

    def __init__(self, place: str, number: int, signal_: int) -> None:
        self._place, self._left, self._signal = place, number, signal_

    def passing(self, place: str) -> None:
        """Die or stop here, if it is the place and time."""
        self._left -= place == self._place
        if place == self._place and self._left == 0:
            os.kill(os.getpid(), self._signal)

    def set(self) -> None:
        """Watch the provider and the store."""
        send, end, commit = Claude.send, SqlStore.end_call, SqlStore.commit

        async def sending(self_: Any, request: Any) -> Any:
            self.passing(BEFORE)
            reply = await send(self_, request)
            self.passing(AFTER_SEND)
            return reply

        def ending(self_: Any, ended: Any) -> bool:
            done = end(self_, ended)
            self.passing(JOURNALED)
            return done

        def committing(self_: Any, board: str, contributions: Any, agenda: Any = None) -> Any:
            if any(c.claim is not None and c.author == "asker" for c in contributions):
                self.passing(COMMIT)
            return commit(self_, board, contributions, agenda)

        Claude.send, SqlStore.end_call, SqlStore.commit = sending, ending, committing  # type: ignore[method-assign,assignment]


def main(words: list[str]) -> int:
    """Take the words that are meant for here, then run the others."""
    if words[0] == "--at":
        place, number, *stops = words[1].split(":")
        assert place in PLACES, place
        Trap(place, int(number), signal.SIGSTOP if stops else signal.SIGKILL).set()
        words = words[2:]
    from blackboard.cli import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
