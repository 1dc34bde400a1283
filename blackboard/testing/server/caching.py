"""The cache of prompts: what begins as a request before it, up to a mark, is read and not counted again."""

import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any

from blackboard.testing.scripts import tokens

MARKED = "cache_control"
LOOK_BACK = 20  # blocks before a mark that may end what is in the cache
Prefix = tuple[str, int, str | None]  # hash, tokens up to here, how long it is to be kept where it is marked


def size(body: Mapping[str, Any]) -> int:
    """Tokens of the whole prompt."""
    return _prefixes(body)[-1][1]


class Cache:
    """What was kept, for as long as the server lives."""

    def __init__(self, minimum: int) -> None:
        self._minimum = minimum
        self._kept: set[str] = set()
        self._lock = threading.Lock()

    def usage(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The input side of the usage of this request; what it marks is kept from now on."""
        prefixes = _prefixes(body)
        whole = prefixes[-1][1]
        marks = [at for at, (_, size, mark) in enumerate(prefixes) if mark and size >= self._minimum]
        with self._lock:
            read = self._read(prefixes, marks)
            self._kept.update(prefixes[at][0] for at in marks)
        written = {"5m": 0, "1h": 0}
        so_far = read
        for at in marks:
            _, size, mark = prefixes[at]
            written[mark or "5m"] += max(0, size - so_far)
            so_far = max(so_far, size)
        return {
            "input_tokens": whole - so_far,
            "cache_creation_input_tokens": sum(written.values()),
            "cache_read_input_tokens": read,
            "cache_creation": {"ephemeral_5m_input_tokens": written["5m"], "ephemeral_1h_input_tokens": written["1h"]},
        }

    def _read(self, prefixes: list[Prefix], marks: list[int]) -> int:
        near = {place for at in marks for place in range(max(0, at - LOOK_BACK), at + 1)}
        return max((prefixes[place][1] for place in near if prefixes[place][0] in self._kept), default=0)


def _prefixes(body: Mapping[str, Any]) -> list[Prefix]:
    """After each block of the prompt, in the order in which it is read: tools, system, messages."""
    blocks = [("tool", block) for block in body.get("tools") or []]
    blocks += [("system", block) for block in _blocks(body.get("system") or [])]
    for message in body["messages"]:
        blocks += [(message["role"], block) for block in _blocks(message["content"])]
    digest = hashlib.sha256(repr((body["model"], body.get("output_config"), body.get("thinking"))).encode())
    size, prefixes = 0, list[Prefix]()
    for role, block in blocks:
        text = json.dumps([role, {name: value for name, value in block.items() if name != MARKED}], sort_keys=True)
        digest.update(text.encode())
        size += tokens(text)
        prefixes.append((digest.hexdigest(), size, _ttl(block)))
    if whole := _ttl(body):  # marks the last block by itself
        prefixes[-1] = (*prefixes[-1][:2], prefixes[-1][2] or whole)
    return prefixes


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _ttl(marked: Mapping[str, Any]) -> str | None:
    mark = marked.get(MARKED)
    return str(mark.get("ttl") or "5m") if mark else None
