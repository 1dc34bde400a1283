"""Which JSON schemas the API takes for answers and strict tools."""

from typing import Any

from blackboard.testing.server.trouble import need

TAKEN = frozenset({
    "$defs", "$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "definitions", "description", "enum",
    "format", "items", "minItems", "properties", "required", "title", "type",
})  # fmt: skip
FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})


def check_schema(schema: Any, place: str) -> None:
    """Refused where objects are open, or where it says what the API cannot hold an answer to."""
    need(isinstance(schema, dict), f"{place}: Input should be a valid dictionary")
    for name in schema:
        need(name in TAKEN, f"{place}: For '{schema.get('type', 'any')}' type, property '{name}' is not supported")
    said = {"$ref", "type", "anyOf", "allOf", "enum", "const"} & set(schema)
    need(said, f"{place}: Schema type is missing")
    kind = schema.get("type")
    need(kind is None or kind in TYPES, f"{place}: Schema type '{kind}' is not supported")
    if kind == "object":
        is_closed = schema.get("additionalProperties") is False
        need(is_closed, f"{place}: For 'object' type, 'additionalProperties' must be explicitly set to false")
        unknown = set(schema.get("required", ())) - set(schema.get("properties", {}))
        need(not unknown, f"{place}: Required properties {sorted(unknown)} are not defined")
    need(schema.get("minItems", 0) in {0, 1}, f"{place}: For 'array' type, 'minItems' values other than 0 or 1")
    need(
        "format" not in schema or schema["format"] in FORMATS,
        f"{place}: 'format' {schema.get('format')!r} is not known",
    )
    for name in ("properties", "$defs", "definitions"):
        for key, inner in schema.get(name, {}).items():
            check_schema(inner, f"{place}.{name}.{key}")
    for name in ("anyOf", "allOf"):
        for at, inner in enumerate(schema.get(name, ())):
            check_schema(inner, f"{place}.{name}.{at}")
    if "items" in schema:
        check_schema(schema["items"], f"{place}.items")
