"""Calls of a model kept in a file, and given again from it: a test that once had a key, and then needs none."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from blackboard.errors import Misuse, UsageError
from blackboard.llm.provider import Provider, ProviderError, Reply, Request

HIDDEN = "[redacted]"
SECRET_NAME = re.compile(
    r"(^|[_-])(authorization|api[_-]?key|passw(or)?d|secret|credentials?|(access|auth)[_-]?token)($|[_-])",
    re.IGNORECASE,
)
SECRET = re.compile(
    r"\b(sk-[\w-]{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|xox[a-z]-[\w-]{8,}|AKIA[0-9A-Z]{12,}|eyJ[\w-]+\.[\w-]+\.[\w-]+)"
    r"|(?<=[Bb]earer )[\w.~+/=-]{8,}"
)


def recording(path: str | Path, provider: Provider) -> Provider:
    """A provider that asks this one, and adds what was said to the file, a line of JSON each.

    What looks like a key, a token or a password is not written down. See `replaying`.
    """
    return _Recorder(Path(path), provider)


def replaying(path: str | Path) -> Provider:
    """A provider that answers from the file as was answered before, and asks nobody.

    Requests are found by what they say; the same ones get their answers in the order in which they were given. Misuse
    for a request that is not there, saying what differs. UsageError if there is no such file.
    """
    return _Player(Path(path))


class _Recorder:
    def __init__(self, path: Path, provider: Provider) -> None:
        self._path, self._provider = path, provider
        self._lock = threading.Lock()
        self._shapes: set[type[BaseModel]] = set()

    @property
    def endpoint(self) -> str:
        return self._provider.endpoint

    async def send(self, request: Request) -> Reply:
        try:
            reply = await self._provider.send(request)
        except ProviderError as error:
            said = {"fault": error.fault, "cause": error.cause, "is_free": error.is_free, "rest": error.rest}
            self._keep(request, "error", said)
            raise
        self._keep(request, "message", reply.message)
        return reply

    async def count(self, request: Request) -> int | None:
        counted = await self._provider.count(request)
        self._keep(request, "count", counted)
        return counted

    async def schema(self, shape: type[BaseModel]) -> Mapping[str, Any]:
        taken = await self._provider.schema(shape)
        if shape not in self._shapes:
            self._shapes.add(shape)
            self._keep(_of_shape(shape), "schema", taken)
        return taken

    def _keep(self, request: Request, name: str, value: object) -> None:
        line = {"agent": request.agent, "request": redacted(request.body), name: redacted(value)}
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class _Player:
    endpoint = "script"

    def __init__(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path}: no recorded calls there; record some with recording()") from error
        self._path = path
        self._lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        self._asked = [line for line in self._lines if "message" in line or "error" in line]
        self._lock = threading.Lock()

    async def send(self, request: Request) -> Reply:
        line = self._taken(request, "message", "error")
        if line is None:
            raise Misuse(self._missing(request))
        if "error" in line:
            said = line["error"]
            raise ProviderError(said["fault"], said["cause"], is_free=said["is_free"], rest=said["rest"])
        return Reply(line["message"])

    async def count(self, request: Request) -> int | None:
        line = self._taken(request, "count")
        return None if line is None else line["count"]

    async def schema(self, shape: type[BaseModel]) -> Mapping[str, Any]:
        wanted = redacted(_of_shape(shape).body)
        plain = shape.model_json_schema()  # a shape that was not recorded: the request with it will not be found
        return next((line["schema"] for line in self._lines if "schema" in line and line["request"] == wanted), plain)

    def _taken(self, request: Request, *names: str) -> dict[str, Any] | None:
        """The next line of this request; each is given once."""
        wanted = redacted(request.body)
        with self._lock:
            for line in self._lines:
                if any(name in line for name in names) and line["request"] == wanted and not line.get("given"):
                    line["given"] = True
                    found: dict[str, Any] = line
                    return found
        return None

    def _missing(self, request: Request) -> str:
        wanted = redacted(request.body)
        there = f"{request.agent}: {self._path} has no answer to this request"
        same = [line for line in self._asked if line["request"] == wanted]
        if same:
            return f"{there} that was not given already; it was asked {len(same)} times when it was recorded"
        rest = [line for line in self._asked if not line.get("given")]
        near = [line for line in rest if line["agent"] == request.agent] or rest
        if not near:
            return f"{there}, and all of its answers have been given"
        differing = min((list(_differences(line["request"], wanted)) for line in near), key=len)
        return f"{there}; the nearest that it has differs at {differing[0]}"


def _of_shape(shape: type[BaseModel]) -> Request:
    return Request("", {"shape": shape.model_json_schema()})


def redacted(value: Any, name: str = "") -> Any:
    """Without what looks like a key, a token or a password."""
    if isinstance(value, str):
        return HIDDEN if SECRET_NAME.search(name) else SECRET.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {key: redacted(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner, name) for inner in value]
    return value


def _differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Where two requests differ, and how: `messages[0].content: "a" was recorded, now "b"`."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _differences(old.get(key), new.get(key), f"{place}.{key}" if place else key)
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            then, now = (items[at] if at < len(items) else None for items in (old, new))
            yield from _differences(then, now, f"{place}[{at}]")
    elif old != new:
        yield f"{place}: {_short(old)} was recorded, now {_short(new)}"


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:120]}…"
