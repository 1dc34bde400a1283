"""Shaping: the text of a message, and the shape that was asked for made of it."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

LONGEST = 10  # problems that are told


class MisshapenError(Exception):
    """The text does not have the shape. `is_json`: whether it is JSON at all."""

    def __init__(self, problems: str, *, is_json: bool) -> None:
        super().__init__(problems)
        self.is_json = is_json


def text_of(message: Mapping[str, Any]) -> str:
    """All that a message says, whatever stands between its texts; half a character becomes a question mark."""
    blocks = message.get("content") or []
    said = "".join(b.get("text") or "" for b in blocks if isinstance(b, Mapping) and b.get("type") == "text")
    return said.encode("utf-8", "replace").decode()


def shaped(shape: type[BaseModel], text: str) -> BaseModel:
    """The shape, validated. Also of JSON with words or a fence around it. MisshapenError."""
    said, is_json = _json(text)
    if not is_json:
        raise MisshapenError("it is no JSON object", is_json=False)
    try:
        return shape.model_validate_json(said)
    except ValidationError as error:
        raise MisshapenError(_problems(error), is_json=True) from error


def _json(text: str) -> tuple[str, bool]:
    """The JSON object in a text, and whether there is one."""
    for said in (text, text[text.find("{") : text.rfind("}") + 1]):
        try:
            if isinstance(json.loads(said), dict):
                return said, True
        except (ValueError, RecursionError):
            continue
    return text, False


def _problems(error: ValidationError) -> str:
    """What is wrong where, without what stood there."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in found[:LONGEST]]
    more = len(found) - len(told)
    return "; ".join([*told, *([f"and {more} more"] if more else [])])
