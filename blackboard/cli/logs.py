"""The log: what the runner tells, to stderr, with board, agent and activation. Bodies stand in it at DEBUG only."""

import json
import sys
import traceback
from typing import TYPE_CHECKING, Literal

from blackboard import settings
from blackboard.cli import speech
from blackboard.errors import UsageError

if TYPE_CHECKING:
    from loguru import Message, Record

Level = Literal["TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"]
LEVELS = ("TRACE", "DEBUG", "INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL")
SHOWN_ANYWAY = "blackboard.runner"  # progress on the screen tells the same, nicer
_wanted: dict[str, str | bool] = {}


def want(level: str | None, as_json: bool) -> None:
    """Take note of how the log is wanted. Nothing is loaded before somebody logs. UsageError."""
    name = (level or settings.log_level()).upper()
    if name not in LEVELS:
        raise UsageError(f"there is no log level {name!r} (BLACKBOARD_LOG); it is one of {', '.join(LEVELS)}")
    _wanted.update(level=name, json=as_json)


def begin(*, with_progress: bool) -> None:
    """Let the framework speak. With progress on the screen, its usual events are not said twice."""
    from loguru import logger

    level, as_json = str(_wanted.get("level", "WARNING")), bool(_wanted.get("json"))
    twice = with_progress and level == "WARNING" and not as_json
    logger.remove()
    logger.add(
        _write_json if as_json else _write, level=level, format=_format, catch=True,
        filter=lambda record: not (twice and str(record["name"]).startswith(SHOWN_ANYWAY)),
    )  # fmt: skip
    logger.enable("blackboard")


def show_traceback(error: BaseException) -> None:
    """The whole story of an error, for who has asked for a log at DEBUG."""
    if _wanted.get("level") in {"TRACE", "DEBUG"}:
        speech.tell("".join(traceback.format_exception(error)).rstrip())


def _format(record: "Record") -> str:
    bound = [name for name in ("board", "agent", "activation") if record["extra"].get(name)]
    where = "".join(f" {{extra[{name}]}}" for name in bound)
    return "{time:HH:mm:ss.SSS} {level: <7}" + where + " {message}\n{exception}"


def _write(message: "Message") -> None:
    sys.stderr.write(speech.printable(message, keep="\n"))


def _write_json(message: "Message") -> None:
    record = message.record
    line = {"time": record["time"].isoformat(), "level": record["level"].name, "message": record["message"]}
    sys.stderr.write(json.dumps({**line, **record["extra"]}, ensure_ascii=False, default=str) + "\n")
