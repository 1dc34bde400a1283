"""Speaking: results go to stdout and nothing else does; what is for people beside them goes to stderr."""

import io
import json
import os
import sys
from contextlib import suppress
from typing import Any

from blackboard.gist import printable


def say(text: str) -> None:
    """A result, to stdout. On a terminal without its control characters: what documents hold is not to steer it."""
    if sys.stdout is None:
        return
    shown = printable(text, keep="\n\t") if sys.stdout.isatty() else text
    sys.stdout.write(shown + "\n")
    sys.stdout.flush()


def say_json(value: Any, *, indent: int | None = 2) -> None:
    """A result as JSON, to stdout; without `indent` on one line."""
    say(json.dumps(value, indent=indent, ensure_ascii=False, default=str))


def tell(text: str) -> None:
    """A line beside the results, to stderr. That nobody listens is no error."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(printable(text, keep="\n") + "\n")
            sys.stderr.flush()


def forgive() -> None:
    """Characters that the terminal does not know are escaped, not refused."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def hush() -> None:
    """Nobody reads stdout any more: let what is still buffered go nowhere, so that the end is quiet too."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


__all__ = ["forgive", "hush", "printable", "say", "say_json", "tell"]
