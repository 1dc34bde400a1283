"""What the API of version 2026-10-21 refuses, in its order: who asks, which parameters, what they hold."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from blackboard.testing.server.conversation import check_blocks, check_messages
from blackboard.testing.server.schemas import check_schema
from blackboard.testing.server.trouble import Refused, need

VERSION = "2026-10-21"
LARGEST = 32 * 1024 * 1024  # bytes of a request
MOST_TOKENS = 128_000
MOST_MARKS = 4
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
EFFORTS = ("low", "medium", "high", "xhigh", "max")
COUNTED = frozenset({
    "model", "messages", "cache_control", "output_config", "speed", "system", "thinking", "tool_choice", "tools",
})  # fmt: skip
KNOWN = COUNTED | {
    "max_tokens", "container", "diagnostics", "inference_geo", "metadata", "service_tier", "stop_sequences", "stream",
}  # fmt: skip
ALWAYS_THINKS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5")


def check_headers(headers: Mapping[str, str]) -> None:
    """Refused without a key, or in another version."""
    bearer = headers.get("authorization", "")
    if not headers.get("x-api-key") and not (bearer.startswith("Bearer ") and bearer[7:].strip()):
        raise Refused(401, "x-api-key header is required")
    version = headers.get("anthropic-version")
    need(version, "anthropic-version: header is required")
    need(version == VERSION, f'anthropic-version: "{version}" is not a valid version')
    need(headers.get("content-type", "").startswith("application/json"), "content-type: must be application/json")


def check_body(
    body: Any, unsupported: Sequence[str] = (), *, is_counted: bool = False, paused: Collection[Any] = ()
) -> None:
    """Refused unless this can be answered (or counted). `paused`: see `check_messages`."""
    need(isinstance(body, dict), "Input should be a valid dictionary")
    known = (COUNTED if is_counted else KNOWN) - set(unsupported)
    for name in body:
        need(name in known, f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages", *(() if is_counted else ("max_tokens",))):
        need(name in body, f"{name}: Field required")
    need(isinstance(body["model"], str) and body["model"], "model: String should have at least 1 character")
    if not is_counted:
        _check_numbers(body)
    tools = _check_tools(body.get("tools", []))
    _check_choice(body, tools)
    _check_thinking(body)
    _check_output(body.get("output_config", {}))
    if isinstance(system := body.get("system", "-"), str):
        need(system.strip(), "system: text content blocks must be non-empty")
    else:
        check_blocks(system, "system", ("text",))
    check_messages(body["messages"], has_tools=bool(tools), paused=paused)
    _check_marks(body)


def _check_numbers(body: Mapping[str, Any]) -> None:
    most = body["max_tokens"]
    need(type(most) is int, "max_tokens: Input should be a valid integer")
    need(most >= 1, "max_tokens: Input should be greater than or equal to 1")
    need(most <= MOST_TOKENS, f"max_tokens: {most} > {MOST_TOKENS}, which is the maximum allowed for {body['model']}")
    need(isinstance(body.get("stream", False), bool), "stream: Input should be a valid boolean")
    need(body.get("service_tier", "auto") in {"auto", "standard_only"}, "service_tier: not a tier")
    stops = body.get("stop_sequences", [])
    need(isinstance(stops, list) and all(isinstance(s, str) and s.strip() for s in stops), "stop_sequences: not texts")
    about = body.get("metadata", {})
    need(isinstance(about, dict) and set(about) <= {"user_id"}, "metadata: Extra inputs are not permitted")


def _check_tools(tools: Any) -> list[str]:
    need(isinstance(tools, list), "tools: Input should be a valid list")
    for at, tool in enumerate(tools):
        place = f"tools.{at}"
        need(isinstance(tool, dict), f"{place}: Input should be a valid dictionary")
        need(NAME.fullmatch(str(tool.get("name", ""))), f"{place}.name: String should match pattern '{NAME.pattern}'")
        if tool.get("type", "custom") != "custom":
            continue  # one of the endpoint's own
        schema = tool.get("input_schema")
        need(isinstance(schema, dict), f"{place}.input_schema: Field required")
        need(schema.get("type") == "object", f"{place}.input_schema.type: Input should be 'object'")
        if tool.get("strict"):
            check_schema(schema, f"{place}.input_schema")
    names = [tool["name"] for tool in tools]
    need(len(names) == len(set(names)), "tools: Tool names must be unique")
    return names


def _check_choice(body: Mapping[str, Any], tools: list[str]) -> None:
    if "tool_choice" not in body:
        return
    kind = (body["tool_choice"] or {}).get("type")
    need(kind in {"auto", "any", "tool", "none"}, "tool_choice.type: not a choice")
    need(tools, "tool_choice: may only be specified while providing tools")
    need(kind not in {"any", "tool"}, f"tool_choice: forced tool use ({kind}) is not supported by {body['model']}")


def _check_thinking(body: Mapping[str, Any]) -> None:
    thinking = body.get("thinking")
    if thinking is None:
        return
    need("budget_tokens" not in thinking, "thinking.budget_tokens: Extra inputs are not permitted; set an effort")
    kind = thinking.get("type")
    need(kind in {"adaptive", "between_tools", "disabled"}, f"thinking.type: {kind} is not supported")
    is_off = kind == "disabled" and body["model"].startswith(ALWAYS_THINKS)
    need(not is_off, f"thinking.type: disabled is not supported by {body['model']}")


def _check_output(config: Any) -> None:
    need(isinstance(config, dict), "output_config: Input should be a valid dictionary")
    for name in config:
        need(name in {"effort", "format"}, f"output_config.{name}: Extra inputs are not permitted")
    need(config.get("effort", "low") in EFFORTS, f"output_config.effort: Input should be one of {', '.join(EFFORTS)}")
    wanted = config.get("format")
    if wanted is None:
        return
    need(set(wanted) == {"type", "schema"}, "output_config.format: a type and a schema are required, and nothing else")
    need(wanted["type"] == "json_schema", "output_config.format.type: Input should be 'json_schema'")
    check_schema(wanted["schema"], "output_config.format.schema")


def _check_marks(body: Mapping[str, Any]) -> None:
    """At most four breakpoints of the cache, those that last longer first."""
    marked = [body] if body.get("cache_control") else []
    contents = [body.get("tools") or [], body.get("system") or [], *(m["content"] for m in body["messages"])]
    for content in contents:
        marked += [b for b in content if isinstance(b, dict) and b.get("cache_control")]
    need(len(marked) <= MOST_MARKS, f"A maximum of {MOST_MARKS} blocks with cache_control may be provided")
    lasting = []
    for block in marked:
        mark = block["cache_control"]
        need(
            isinstance(mark, dict) and mark.get("type") == "ephemeral",
            "cache_control.type: Input should be 'ephemeral'",
        )
        need(mark.get("ttl", "5m") in {"5m", "1h"}, "cache_control.ttl: Input should be '5m' or '1h'")
        need(set(mark) <= {"type", "ttl"}, "cache_control: Extra inputs are not permitted")
        lasting.append(mark.get("ttl", "5m"))
    own = lasting[1:] if body.get("cache_control") else lasting
    need(own == sorted(own), "cache_control.ttl: a ttl='1h' block must not come after a ttl='5m' block")
