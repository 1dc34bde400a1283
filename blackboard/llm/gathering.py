"""A message that comes as a stream, put together again. Pure."""

import json
from collections.abc import Mapping
from typing import Any


class NoMessage(Exception):
    """What came is no message."""


class Gathered:
    """The message so far. Fields that nobody knows yet are kept."""

    def __init__(self) -> None:
        self.message: dict[str, Any] = {}
        self.is_whole = False
        self._inputs: dict[int, list[str]] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        """The next event. NoMessage."""
        try:
            match event.get("type"):
                case "message_start":
                    self.message = {**event["message"], "content": []}
                case "content_block_start":
                    self.message["content"].append(dict(event["content_block"]))
                case "content_block_delta":
                    self._grow(event["index"], event["delta"])
                case "content_block_stop":
                    self._close(event["index"])
                case "message_delta":
                    self._finish(event)
                case "message_stop":
                    self.is_whole = True
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise NoMessage(f"the stream makes no sense at {event.get('type')}") from error

    def _grow(self, index: int, delta: Mapping[str, Any]) -> None:
        block = self.message["content"][index]
        match delta["type"]:
            case "text_delta":
                block["text"] += delta["text"]
            case "thinking_delta":
                block["thinking"] += delta["thinking"]
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta":
                self._inputs.setdefault(index, []).append(delta["partial_json"])
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or []), delta["citation"]]

    def _close(self, index: int) -> None:
        if text := "".join(self._inputs.get(index, [])):
            try:
                self.message["content"][index]["input"] = json.loads(text)
                del self._inputs[index]
            except ValueError:  # cut off in the middle of it, if the end of the message says so
                self.message["content"][index]["input"] = {}

    def _finish(self, event: Mapping[str, Any]) -> None:
        """Counts are totals, so they stand instead of those of the start; what is not told again stays."""
        self.message.update(event["delta"])
        told = {name: value for name, value in (event.get("usage") or {}).items() if value is not None}
        self.message["usage"] = {**(self.message.get("usage") or {}), **told}
        if any("".join(parts) for parts in self._inputs.values()) and event["delta"]["stop_reason"] != "max_tokens":
            raise ValueError


def checked(message: object) -> dict[str, Any]:
    """The message, if it is one: it has content, and tells what it took. NoMessage."""
    if not isinstance(message, dict):
        raise NoMessage(f"not a message: {str(message)[:200]}")
    content, usage = message.get("content"), message.get("usage")
    if not isinstance(content, list) or not all(isinstance(block, dict) and "type" in block for block in content):
        raise NoMessage("a message without content")
    counts = [usage.get(name) for name in ("input_tokens", "output_tokens")] if isinstance(usage, dict) else []
    if not counts or not all(isinstance(count, int) and count >= 0 for count in counts):
        raise NoMessage("a message that does not tell its usage")
    return message
