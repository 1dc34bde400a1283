"""What goes wrong, as a sentence that names the thing and the remedy. No traceback, unless the log is at DEBUG."""

import typer
from pydantic import ValidationError

from blackboard import errors
from blackboard.cli import logs, speech
from blackboard.errors import BlackboardError, FeedGap

USAGE, FAILED, INTERRUPTED = 2, 5, 130


class Interrupted(BaseException):
    """The user, or the system, wants the program to end. Carries how to go on."""


def exit_code_of(error: BaseException) -> int:
    """Say what has gone wrong, and give the exit code."""
    match error:
        case typer.Exit():
            return error.exit_code
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case Interrupted():
            speech.tell(str(error))
            return INTERRUPTED
        case KeyboardInterrupt():
            return INTERRUPTED
        case BrokenPipeError():  # `| head` has seen enough
            speech.hush()
            return 0
    if isinstance(error, OSError):
        speech.hush()  # what could not be written would be tried again at the end
    speech.tell(sentence(error))
    logs.show_traceback(error)
    return FAILED if isinstance(error, FeedGap) else USAGE


def sentence(error: BaseException) -> str:
    """What went wrong in words for people: one line, or one for each field that was refused."""
    match error:
        case ValidationError():
            return "\n".join(refusals(error))
        case BlackboardError():
            return str(error)
        case typer.TyperException():
            return _usage(error)
    return f"{place(error)}{cause(error)}"


def refusals(error: ValidationError) -> list[str]:
    """`field: message`, one for each value that a model refuses."""
    return [f"{'.'.join(map(str, e['loc'])) or error.title}: {_bare(e['msg'])}" for e in error.errors()]


def _bare(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def cause(error: BaseException) -> str:
    """The error in one line."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    first = text.strip().splitlines()[0] if text.strip() else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def place(error: BaseException, default: str = "") -> str:
    """Where in the user's own files it happened: `FILE, line N: `."""
    found = errors.place(error)
    return f"{found[0]}, line {found[1]}: " if found else default


def _usage(error: typer.TyperException) -> str:
    """What the parser refused, and where help is."""
    message = " ".join(error.format_message().split()).replace("Value error, ", "").rstrip(".?")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "blackboard"
    return f"{message[:1].lower()}{message[1:]}; see {command} --help"
