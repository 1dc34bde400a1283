"""What people do to a board: `post`, `amend`, `cancel`."""

import contextlib
import json
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from blackboard import team as teams
from blackboard.board import Board, open_board
from blackboard.cli import finding, params, speech
from blackboard.cli.boards import at, declared_in, row_as_json
from blackboard.cli.failures import refusals, sentence
from blackboard.cli.options import Look
from blackboard.entry import BOARD_KINDS, Kind, decode
from blackboard.errors import UsageError
from blackboard.looker import check
from blackboard.scenario import Scenario
from blackboard.team import Team

PATIENCE = 5.0  # seconds in which those who serve a board can be expected to end it


def post(board: str, kind: str, said: Look, words: Sequence[str], about: Sequence[str], status: str | None) -> int:
    """Post one entry; its key, to stdout."""
    with open_board(board, db=said.db) as opened:
        cls = _class(opened, kind)
        body = _body(cls, words, {})
        entry = opened.post(body, about=[opened.entry(key) for key in about], status=status)
        return _landed(opened, entry.seq, said)


def amend(board: str, key: str, said: Look, words: Sequence[str], status: str | None) -> int:
    """Post a new version of an entry; its key, to stdout."""
    if not words and status is None:
        raise UsageError(f"say what is to change of {key}: --status STATUS, FIELD=VALUE, or a whole body as JSON")
    with open_board(board, db=said.db) as opened:
        row = opened.row(key)
        check(row, opened.id)
        cls = _class(opened, row.kind)
        body = _body(cls, words, json.loads(row.body)) if words else decode(cls, row.body, row.key)
        entry = opened.amend(opened.entry(key, row.version), body, status=status)
        return _landed(opened, entry.seq, said)


def cancel(board: str, said: Look, reason: str) -> int:
    """End a board, or have it ended by those who serve it; says which."""
    with open_board(board, db=said.db) as opened:
        before = opened.verdict
        served = opened.is_served
        if before is None:
            opened.cancel(reason)
            if served:
                _wait(opened)
        verdict = opened.verdict
        if said.as_json:
            told = verdict and {"ending": verdict.ending, "reasons": verdict.reasons}
            speech.say_json(
                {"board": opened.id, "verdict": told, "was_served": served, "had_ended": before is not None}
            )
            return 0
        again = f"`blackboard resume {opened.id}{at(said.db)}` goes on with it"
        if before is not None:
            speech.tell(f"{opened.id} had ended already ({before.ending}); nothing was changed")
        elif verdict is None:
            speech.tell(f"whoever serves {opened.id} was told to end it, and has not yet; `blackboard show` tells who")
        else:
            by = "by those who served it" if served else "here, since nobody served it"
            speech.tell(f"{opened.id} has ended: {verdict}; {by}; {again}")
    return 0


def _wait(board: Board) -> None:
    """Until the board has ended, or for as long as that may reasonably take."""
    news = threading.Event()
    stop = board.store.watch(news.set)
    try:
        for _ in range(int(PATIENCE * 10)):
            if board.verdict is not None:
                return
            news.wait(0.1)
            news.clear()
    finally:
        stop()


def _landed(board: Board, seq: int, said: Look) -> int:
    row = board.store.by_seq(board.id, [seq])[0]
    if said.as_json:
        speech.say_json(row_as_json(row))
    else:
        speech.say(row.key)
    if not board.is_served:
        speech.tell(f"nobody works on {board.id} now; `blackboard resume {board.id}{at(said.db)}` goes on with it")
    return 0


# -- the class of a kind ---------------------------------------------------------------------------------------------
def seated(board: Board) -> tuple[Scenario[Any], Team]:
    """A board's scenario, and who sits at it by that. UsageError, or what the scenario's own code raises."""
    record = board.record
    with contextlib.redirect_stdout(sys.stderr):  # what user code prints is no result
        scenario = finding.again(record.scenario, declared_in(record))
        return scenario, scenario.joined(board.store, board.id, resources=()).agents


def _class(board: Board, name: str) -> type[Kind]:
    """The class of a kind by the board's scenario; without it, one that knows the lifecycle alone. UsageError."""
    if name in {k.kind_name for k in BOARD_KINDS}:
        raise UsageError(f"only the board itself writes {name}")
    known, trouble = _classes(board)
    stored = board.kinds
    if name in known:
        return known[name]
    if name not in stored:
        names = sorted({*known, *stored} - {k.kind_name for k in BOARD_KINDS})
        raise UsageError(finding.unknown("kind", name, names, f"{board.id} has"))
    because = trouble or f"the agents of {board.scenario} do not name it"
    speech.tell(f"the fields of {name} are not checked: {because}")
    return board.kind(name)


def _classes(board: Board) -> tuple[Mapping[str, type[Kind]], str]:
    """The kinds of the board's scenario; or none, and what is in the way."""
    try:
        scenario, team = seated(board)
    except Exception as error:  # whatever a user's scenario raises
        return {}, sentence(error)
    makers = (m.kind for each in scenario.teams.values() for m in teams.makers(each))
    return teams.kinds(team, [scenario.params, scenario.result, *makers]), ""


# -- the body --------------------------------------------------------------------------------------------------------
def _body(kind: type[Kind], words: Sequence[str], base: Mapping[str, Any]) -> Kind:
    """The body that was typed: JSON as a whole, or fields, which change those of `base`. UsageError."""
    if len(words) == 1 and (words[0] == "-" or words[0].lstrip().startswith(("{", "["))):
        text = _stdin() if words[0] == "-" else words[0]
        return _validated(kind, _parsed(text))
    return _validated(kind, {**base, **_fields(kind, words)})


def _validated(kind: type[Kind], fields: Mapping[str, Any]) -> Kind:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise UsageError("\n".join(f"{kind.kind_name}: {line}" for line in refusals(error))) from error
    except Exception as error:  # a validator of the kind's own
        raise UsageError(f"{kind.kind_name}: its own check failed: {type(error).__name__}: {error}") from error


def _stdin() -> str:
    if sys.stdin is None:
        raise UsageError("there is no stdin to read the body from")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"what stdin gives is not UTF-8 (byte {error.start}); write it in that encoding") from error


def _parsed(text: str) -> Mapping[str, Any]:
    def refuse(constant: str) -> None:
        raise UsageError(f"{constant} is no number in JSON; leave it out, or say it as a text")

    try:
        found = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise UsageError(f"the body is no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise UsageError("the body is nested deeper than it could be read again; make it flatter") from error
    if not isinstance(found, dict):
        raise UsageError('the body is a JSON object, as in {"text": "…"}')
    return found


def _fields(kind: type[Kind], words: Sequence[str]) -> Mapping[str, Any]:
    """`FIELD=VALUE`, read as the field's type wants it; a list repeats. UsageError."""
    found: dict[str, Any] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign:
            raise UsageError(f'a body is FIELD=VALUE …, or JSON as in {{"text": "…"}}, not {word!r}')
        field = kind.model_fields.get(name)
        if field is None and kind.model_config.get("extra") == "forbid":
            raise UsageError(finding.unknown("field", name, list(kind.model_fields), f"{kind.kind_name} has"))
        many, shape = params.shape(field.annotation) if field else (False, object)
        nested = field is None or not params.is_plain(shape) or (many and value.lstrip().startswith(("[", "{")))
        read = params.from_json(value) if nested else value
        found[name] = [*found.get(name, []), read] if many and not isinstance(read, list) else read
    return found
