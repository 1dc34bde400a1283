"""Models that follow a script: what they answer is written down beforehand."""

import inspect
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pydantic import BaseModel

from blackboard.calls import Fault
from blackboard.errors import Misuse
from blackboard.llm.provider import ProviderError, Reply, Request

BYTES_A_TOKEN = 4  # about as many as a text has
EVERYBODY = "*"
_numbers = count(1)


@dataclass(frozen=True)
class ToolUse:
    """The model wants this tool called."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""  # one that no other has, unless said


@dataclass(frozen=True)
class Stopped:
    """An answer that ends otherwise than it should: `refusal`, `max_tokens`, `pause_turn`, ….

    `text` is what came until then.
    """

    reason: str
    text: str = ""
    details: Mapping[str, Any] | None = None


Part = BaseModel | str | ToolUse
Answer = Part | Stopped | Sequence[Part] | Mapping[str, Any] | BaseException
Single = Sequence[Answer] | Callable[[Request], Any]
Replies = Single | Mapping[str, Single]
Counted = Mapping[str, Any] | Callable[[Request, Mapping[str, Any]], Mapping[str, Any]]


def fault(name: Fault, cause: str = "", *, is_free: bool | None = None, rest: float | None = None) -> ProviderError:
    """An endpoint that gives no message, to stand among replies.

    `limited overloaded failing unreachable silent garbled refused`; silent and garbled ones may be charged unless
    `is_free`. `rest`: seconds for which it wants to hear nothing.
    """
    free = name not in {"silent", "garbled"} if is_free is None else is_free
    return ProviderError(name, cause or f"the script says {name}", is_free=free, rest=rest)


class Script:
    """What is answered to whom: each reply once, in order, or what a function makes of the request."""

    def __init__(self, replies: Replies) -> None:
        if isinstance(replies, str | BaseModel):
            raise Misuse("replies come as a list, a function, or a mapping of agents to either")
        self._replies = replies
        self._given: dict[str, int] = {}
        self._lock = threading.Lock()

    def next(self, request: Request, role: str = "") -> Any:
        """The reply to this request. Misuse if none is left."""
        role = role or request.agent
        if not isinstance(self._replies, Mapping):
            return self._from(self._replies, request, "", role)
        key = role if role in self._replies else EVERYBODY
        if key not in self._replies:
            raise Misuse(f"the script has nothing for {role or 'this request'}, only for {', '.join(self._replies)}")
        return self._from(self._replies[key], request, key, role)

    def _from(self, replies: Single, request: Request, key: str, role: str) -> Any:
        if callable(replies):
            return replies(request)
        with self._lock:
            place = self._given.get(key, 0)
            self._given[key] = place + 1
        if place >= len(replies):
            raise Misuse(f"{role or 'the model'} asks once more, and the script had {len(replies)} replies")
        return replies[place]


class ScriptedModel:
    """A model that answers by a script; stands wherever a run takes `model=`.

    `replies`: a list, given in order; or a function of the request; or agents by name, each with either ("*": all
    others). A reply is a body (its JSON is the answer), a str, ToolUse(name, arguments), a list of these, Stopped(…), a
    whole message as a dict, or an exception such as fault("overloaded"), which is raised. `usage`: the usage of every
    message, or a function (request, message) that tells it; else a token for every four bytes.

        model = ScriptedModel({"planner": [Plan(steps=["look"])], "researcher": lambda request: "nothing found"})

    `requests`: what it was asked. Misuse when the script has run out.
    """

    endpoint = "script"

    def __init__(self, replies: Replies, *, usage: Counted | None = None) -> None:
        self._script = Script(replies)
        self._usage = usage
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Reply:
        """What the script says next."""
        self.requests.append(request)
        answer = self._script.next(request)
        if inspect.isawaitable(answer):
            answer = await answer
        return Reply(message_of(answer, request, self._usage))

    async def schema(self, shape: type[BaseModel]) -> Mapping[str, Any]:
        """The schema as pydantic makes it."""
        return shape.model_json_schema()

    async def count(self, request: Request) -> int | None:
        """A token for every four bytes."""
        return tokens(request.body)


def message_of(answer: Any, request: Request, usage: Counted | None = None) -> dict[str, Any]:
    """The message of the Messages API that says this. What is an exception is raised."""
    if isinstance(answer, BaseException) or (isinstance(answer, type) and issubclass(answer, BaseException)):
        raise answer
    if isinstance(answer, Mapping):
        message = dict(answer)
    else:
        stopped = answer if isinstance(answer, Stopped) else None
        content = [_block(part) for part in _parts(answer)]
        calls = any(block["type"] == "tool_use" for block in content)
        message = {
            "id": f"msg_{next(_numbers)}", "type": "message", "role": "assistant", "model": request.body.get("model"),
            "content": content, "stop_reason": stopped.reason if stopped else "tool_use" if calls else "end_turn",
            "stop_sequence": None,
        }  # fmt: skip
        if stopped and stopped.details is not None:
            message["stop_details"] = dict(stopped.details)
    if usage is not None:
        message["usage"] = dict(usage(request, message) if callable(usage) else usage)
    message.setdefault("usage", counted(request, message))
    return message


def counted(request: Request, message: Mapping[str, Any]) -> dict[str, int]:
    """A plausible usage, never more output than was allowed."""
    output = min(tokens(message.get("content", [])), request.body.get("max_tokens", 1 << 30))
    cached = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"input_tokens": tokens(request.body), "output_tokens": output, **cached}


def tokens(value: object) -> int:
    """About so many tokens a text has, or the JSON of what is none."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return -(-len(text.encode(errors="surrogatepass")) // BYTES_A_TOKEN)


def _parts(answer: Any) -> Sequence[Any]:
    if isinstance(answer, Stopped):
        return [answer.text] if answer.text else []
    return answer if isinstance(answer, list | tuple) else [answer]


def _block(part: Any) -> dict[str, Any]:
    if isinstance(part, ToolUse):
        name = part.id or f"toolu_{next(_numbers)}"
        return {"type": "tool_use", "id": name, "name": part.name, "input": dict(part.arguments)}
    if isinstance(part, BaseModel):
        return {"type": "text", "text": part.model_dump_json()}
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if isinstance(part, Mapping):
        return dict(part)
    raise Misuse(f"a script cannot say {part!r}: it takes bodies, texts, ToolUse, lists of these, messages, exceptions")
