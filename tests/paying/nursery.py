"""Processes that begin at once: `python -m tests.paying.nursery` has loaded all that is slow, and forks.

Each line of its input is a list: `["start", words, environment, file]` is answered with the number of a process that
runs these words, `["ended", number]` with its exit code, or null while it runs.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

LOADED = ("anthropic", "genai_prices", "blackboard.cli.app", "blackboard.runner", "blackboard.working",
          "blackboard.llm.answering", "store.sqlite", "tests.paying.traps")  # fmt: skip


def main() -> None:
    """Until the input ends."""
    for name in LOADED:
        import_module(name)
    from tests.paying.traps import main as run

    for line in sys.stdin:
        match json.loads(line):
            case ["start", words, environment, said]:
                answer: int | None = born(run, words, environment, Path(said))
            case ["ended", pid]:
                gone, status = os.waitpid(pid, os.WNOHANG)
                answer = os.waitstatus_to_exitcode(status) if gone else None
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


def born(run: Callable[[list[str]], int], words: list[str], environment: dict[str, str], said: Path) -> int:
    """A process of its own group that runs this."""
    if pid := os.fork():
        os.setpgid(pid, pid)
        return pid
    code = 1
    try:
        _connect("/dev/null", os.O_RDONLY, 0)
        for number, path in ((1, said.with_suffix(".out")), (2, said)):
            _connect(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, number)
        os.environ.update(environment)
        code = run(words)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _connect(path: str, flags: int, number: int) -> None:
    opened = os.open(path, flags, 0o666)
    os.dup2(opened, number)
    os.close(opened)


if __name__ == "__main__":
    main()
