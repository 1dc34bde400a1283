"""What `log --prompt` shows: each call of an activation, as it was sent and as it was answered."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from blackboard.board import Board
from blackboard.budget import dollars
from blackboard.calls import CallRecord
from blackboard.cli import drawing, speech
from blackboard.cli.costs import call_as_json
from blackboard.cli.gist import clock, iso
from blackboard.costs import worth
from blackboard.errors import UsageError
from blackboard.explaining import OUTSIDE

TOLD_APART = ("model", "system", "tools", "messages")  # of a request: what has lines of its own
Lines = Iterator[tuple[int, str]]  # level, text of one or more lines


def prompts(board: Board, activation: int, *, as_json: bool) -> None:
    """The calls of an activation, oldest first. UsageError if there is no such activation."""
    found = board.store.activations_of(board.id, [activation])
    if not found:
        raise UsageError(
            f"{board.id} has no activation {activation}; `blackboard why {board.id} KEY` and `blackboard cost "
            f"{board.id}` tell their numbers"
        )
    whole = (board.store.call(board.id, c.id) for c in board.store.calls(board.id, [activation]))
    calls = [c for c in whole if c is not None]
    if as_json:
        speech.say_json([_as_json(c) for c in calls])
    elif not calls:
        by = found[0].agent
        how = " is a post from outside: nobody acted" if by == OUTSIDE else f" of {by} has called no model"
        speech.say(f"activation {activation}{how}")
    for call in calls if not as_json else ():
        drawing.title(headline(call))
        for level, text in (*facts(call), *request(call), *answer(call)):
            drawing.verbatim(text, indent=2 * level)


def asking(board: Board, *, follows: bool) -> Callable[[int], bool]:
    """Tells whether an activation has called a model; where more may come it looks each time."""
    if follows:
        return lambda id_: bool(board.store.calls(board.id, [id_]))
    found = {c.activation for c in board.store.calls(board.id)}
    return found.__contains__


def headline(call: CallRecord) -> str:
    """Which call it is, of whom, and how it went."""
    how = f"{call.state}, {call.fault}" if call.fault else call.state
    return f"call {call.id}  {call.model} at {call.endpoint}  {how}  activation {call.activation} of {call.agent}"


def facts(call: CallRecord) -> Lines:
    """When it was, what it took, what went wrong."""
    took = f", {call.ended_at - call.begun_at:.1f} s" if call.ended_at is not None else ""
    yield 1, f"begun {clock(call.begun_at)}{took}, {_charged(call)}"
    if usage := call.usage:
        cached = [f"{usage.cache_read:,} from the cache"] if usage.cache_read else []
        written = usage.cache_write + usage.cache_write_1h
        cached += [f"{written:,} into the cache"] if written else []
        yield 1, ", ".join((f"tokens: {usage.input:,} in", *cached, f"{usage.output:,} out"))
    if call.cause:
        yield 1, f"fault: {call.cause}"
    if call.rejected:
        yield 1, f"not used: {call.rejected}"


def _charged(call: CallRecord) -> str:
    if call.spent is None:
        return "not ended"
    if call.spent.nano_usd is None:
        return f"{call.spent.tokens:,} tokens, price unknown"
    at_most = "at most " if call.state == "unknown" else ""
    return at_most + worth(dollars(call.spent.nano_usd))


# -- what was sent -------------------------------------------------------------------------------------------------
def request(call: CallRecord) -> Lines:
    """The body of the request: its caps, the tools, the system prompt, then each message."""
    sent = _parsed(call.request)
    if not isinstance(sent, Mapping):
        yield 1, f"sent: {call.request}"
        return
    for name, value in sent.items():
        if name not in TOLD_APART:
            yield from _value(1, name, value)
    for tool in sent.get("tools") or ():
        yield from _tool(tool)
    if "system" in sent:
        yield 1, "system:"
        yield from _content(sent["system"])
    for message in sent.get("messages") or ():
        yield 1, f"{message.get('role', 'somebody')}:"
        yield from _content(message.get("content"))


def _tool(tool: Mapping[str, Any]) -> Lines:
    yield 1, f"tool {tool.get('name') or tool.get('type')}: {tool.get('description', '')}".rstrip(" :")
    if "input_schema" in tool:
        yield 2, pretty(tool["input_schema"])


def answer(call: CallRecord) -> Lines:
    """The message that came, if one did."""
    if call.response is None:
        return
    came = _parsed(call.response)
    yield 1, "answer:"
    if not isinstance(came, Mapping):
        yield 2, call.response
        return
    yield from _content(came.get("content"))
    if stop := came.get("stop_reason"):
        yield 2, f"({stop})"


def _content(content: object) -> Lines:
    """Blocks of a message: texts as texts, what is data as data."""
    if isinstance(content, str):
        yield 2, content
        return
    for block in content if isinstance(content, list) else ():
        yield from _block(block)


def _block(block: Mapping[str, Any]) -> Lines:
    match block.get("type"):
        case "text":
            yield 2, str(block.get("text", ""))
        case "thinking":
            yield 2, "thinking:"
            yield 3, str(block.get("thinking", ""))
        case "tool_use":
            yield 2, f"uses {block.get('name')} ({block.get('id')}):"
            yield 3, pretty(block.get("input"))
        case "tool_result":
            wrong = "an error of " if block.get("is_error") else ""
            yield 2, f"{wrong}tool result ({block.get('tool_use_id')}):"
            yield from _result(block.get("content"))
        case _:
            yield 2, pretty(block)
    if "cache_control" in block:
        yield 2, "(the cache is to keep all up to here)"


def _result(content: object) -> Lines:
    """What a tool gave: data that came as JSON is shown as data."""
    texts: Iterable[object] = content if isinstance(content, list) else [content]
    for one in texts:
        text = one.get("text") if isinstance(one, Mapping) and one.get("type") == "text" else one
        yield 3, text if isinstance(text, str) and not _is_data(_parsed(text)) else pretty(text)


# -- JSON for people -----------------------------------------------------------------------------------------------
def pretty(value: object) -> str:
    """A value as JSON over several lines. JSON that stands in it as a text is no text any more: it is escaped once."""
    return json.dumps(_opened(value), indent=2, ensure_ascii=False, default=str)


def _opened(value: object) -> object:
    if isinstance(value, str):
        inner = _parsed(value)
        return _opened(inner) if _is_data(inner) else value
    if isinstance(value, Mapping):
        return {name: _opened(one) for name, one in value.items()}
    return [_opened(one) for one in value] if isinstance(value, list) else value


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_data(value: object) -> bool:
    return isinstance(value, dict | list)


def _value(level: int, name: str, value: object) -> Lines:
    if _is_data(value):
        yield level, f"{name}:"
        yield level + 1, pretty(value)
    else:
        yield level, f"{name}: {value if isinstance(value, str) else json.dumps(value)}"


def _as_json(call: CallRecord) -> dict[str, Any]:
    """A call for programs: the request as it was sent, the message as it came."""
    ended = None if call.ended_at is None else iso(call.ended_at)
    return {
        **call_as_json(call), "begun_at": iso(call.begun_at), "ended_at": ended,
        "bound": {"nano_usd": call.bound.nano_usd, "tokens": call.bound.tokens},
        "price": _parsed(call.price) if call.price else None,
        "request": _parsed(call.request) or call.request,
        "response": None if call.response is None else _parsed(call.response) or call.response,
    }  # fmt: skip
