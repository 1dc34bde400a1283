"""What messages must be like: who speaks when, which blocks they hold, and that each use of a tool has its result."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from blackboard.testing.server.trouble import need

TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
SAID_BY = {
    "user": ("text", "image", "document", "tool_result", "search_result"),
    "assistant": ("text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "web_search_tool_result"),
}
FIELDS = {
    "text": {"text", "citations"}, "tool_use": {"id", "name", "input", "caller"},
    "tool_result": {"tool_use_id", "content", "is_error"}, "thinking": {"thinking", "signature"},
}  # fmt: skip
IN_RESULTS = ("text", "image", "document", "search_result")


def check_messages(messages: Any, *, has_tools: bool, paused: Collection[Any] = ()) -> None:
    """Refused unless a user begins and ends, in turns, and every tool_use is followed by its tool_result.

    `paused`: blocks that ended turns in which the model has paused; with one of these the assistant may end.
    """
    need(isinstance(messages, list), "messages: Input should be a valid list")
    need(messages, "messages: at least one message is required")
    before, waiting = "assistant", list[str]()
    for at, message in enumerate(messages):
        place = f"messages.{at}"
        _check_turn(message, before, place)
        before = message["role"]
        content = message["content"]
        if isinstance(content, str):
            need(content.strip(), f"{place}: text content blocks must be non-empty")
            content = [{"type": "text", "text": content}]
        check_blocks(content, f"{place}.content", SAID_BY[before])
        if before == "user":
            _check_results(content, waiting, place)
            waiting = []
        else:
            waiting = [block["id"] for block in content if block["type"] == "tool_use"]
            need(len(waiting) == len(set(waiting)), f"{place}: `tool_use` ids must be unique")
            need(has_tools or not waiting, f"{place}: `tool_use` blocks need tools= to be declared")
    is_paused = before == "assistant" and content[-1] in paused
    need(
        before == "user" or is_paused,
        "This model does not support assistant message prefill: the last message is the user's",
    )


def check_blocks(blocks: Any, place: str, allowed: Sequence[str]) -> None:
    """Refused unless these are blocks of such types, and none is empty."""
    need(isinstance(blocks, list), f"{place}: Input should be a valid list")
    need(blocks, f"{place}: at least one block is required")
    for at, block in enumerate(blocks):
        _check_block(block, f"{place}.{at}", allowed)


def _check_turn(message: Any, before: str, place: str) -> None:
    need(isinstance(message, dict), f"{place}: Input should be a valid dictionary")
    for name in ("role", "content"):
        need(name in message, f"{place}.{name}: Field required")
    extra = set(message) - {"role", "content"}
    need(not extra, f"{place}.{''.join(sorted(extra)[:1])}: Extra inputs are not permitted")
    role = message["role"]
    need(role in SAID_BY, f"{place}.role: Input should be 'user' or 'assistant'")
    need(role != before, f"{place}: roles must alternate between 'user' and 'assistant', beginning with 'user'")


def _check_block(block: Any, place: str, allowed: Sequence[str]) -> None:
    need(isinstance(block, dict), f"{place}: Input should be a valid dictionary")
    kind = block.get("type")
    need(kind in allowed, f"{place}.type: Input should be one of {', '.join(allowed)}, not {kind}")
    if kind in FIELDS:
        extra = sorted(set(block) - FIELDS[kind] - {"type", "cache_control"})
        need(not extra, f"{place}.{kind}.{''.join(extra[:1])}: Extra inputs are not permitted")
    if kind == "text":
        need(isinstance(block.get("text"), str), f"{place}.text.text: Field required")
        need(block["text"].strip(), f"{place}: text content blocks must contain non-whitespace text")
        need(not block.get("citations"), f"{place}.text.citations: not taken from a user")
    elif kind in {"thinking", "redacted_thinking"}:
        need("cache_control" not in block, f"{place}.{kind}.cache_control: not taken here")
    elif kind == "tool_use":
        need(
            TOOL_ID.fullmatch(str(block.get("id", ""))), f"{place}.tool_use.id: String should match '{TOOL_ID.pattern}'"
        )
        need(isinstance(block.get("name"), str) and block["name"], f"{place}.tool_use.name: Field required")
        need(isinstance(block.get("input"), dict), f"{place}.tool_use.input: Input should be a valid dictionary")
    elif kind == "tool_result":
        need(isinstance(block.get("tool_use_id"), str), f"{place}.tool_result.tool_use_id: Field required")
        if isinstance(block.get("content", ""), list):
            check_blocks(block["content"], f"{place}.tool_result.content", IN_RESULTS)


def _check_results(content: Sequence[Mapping[str, Any]], waiting: list[str], place: str) -> None:
    """The results come first, one for each use in the message before, and no other."""
    given = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
    for name in given:
        need(name in waiting, f"{place}: unexpected `tool_use_id` found in `tool_result` blocks: {name}")
    missing = [name for name in waiting if name not in given]
    need(
        not missing,
        f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}",
    )
    need(len(given) == len(set(given)), f"{place}: each tool_use must have a single result")
    kinds = [block["type"] for block in content]
    first = kinds[: len(given)]
    need(all(kind == "tool_result" for kind in first), f"{place}: `tool_result` blocks come first")
