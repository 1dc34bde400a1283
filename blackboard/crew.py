"""A crew: more processes of this machine that work on one board, for as long as this process does."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from blackboard.errors import UsageError

GRACE = 10.0  # seconds that they have to leave when the run ends


@contextmanager
def crew(n: int, db: str, board: str, slots: int, *, reload: bool = False) -> Iterator[None]:
    """While it is entered n processes serve the board. They end with the board, or with this process. UsageError.

    `reload`: they watch the plugin folders of the board.
    """
    if n and db == ":memory:":
        raise UsageError("a database in memory is of one process; say a file with --db, or leave out the workers")
    words = [sys.executable, "-m", "blackboard", "work", "--board", board, "--db", db, "--slots", str(slots)]
    words += ["--reload"] * reload
    started = [
        subprocess.Popen([*words, "--quiet", "--with-parent"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        for _ in range(n)
    ]
    try:
        yield
        for process in started:  # the board has ended, which they are just being told
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)
    finally:
        for process in started:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It sees that its parent has gone when its stdin is closed, and leaves."""
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
