"""An answer for whoever has scripted none: the smallest that has the form that was asked for."""

import json
from collections.abc import Mapping
from typing import Any

from blackboard.llm.provider import Request

PLAIN: Mapping[str, Any] = {"string": "ok", "integer": 1, "number": 1.5, "boolean": True, "null": None}
DEEPEST = 20


def plain_answer(request: Request) -> str:
    """`ok`, or JSON of the schema that is asked for."""
    wanted = (request.body.get("output_config") or {}).get("format")
    return json.dumps(specimen(wanted["schema"], wanted["schema"])) if wanted else "ok"


def specimen(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that the schema allows."""
    if "$ref" in schema:
        found = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return specimen(found, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        way = schema["anyOf"][-1 if depth > DEEPEST else 0]  # what may be absent has its null last
        return specimen(way, root, depth + 1)
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        return {name: specimen(fields[name], root, depth + 1) for name in schema.get("required", fields)}
    if schema.get("type") == "array":
        return [specimen(schema["items"], root, depth + 1)] if depth < DEEPEST and "items" in schema else []
    return PLAIN.get(str(schema.get("type")), "ok")
