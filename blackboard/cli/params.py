"""A scenario's parameters on the command line: required fields are arguments, the others --options.

The model has the last word: the words are handed to it as they were typed, and its refusals are what people read.
"""

import inspect
import json
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

P = TypeVar("P", bound=BaseModel)
MANY = (list, tuple, set, frozenset)


def parameters(model: type[BaseModel]) -> list[inspect.Parameter]:
    """One for each field, as the parser reads them. One list can be positional; a second repeats as --option."""
    found: list[inspect.Parameter] = []
    listed = False
    for name, field in model.model_fields.items():
        many, _ = shape(field.annotation)
        positional = field.is_required() and not (many and listed)
        listed |= positional and many
        found.append(_parameter(name, field, positional))
    return found


def validated(model: type[P], words: dict[str, Any]) -> P:
    """The parameters from what was typed; what was not typed is left to the model. ValidationError."""
    given: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        typed = words.get(name)
        if typed is None or (not field.is_required() and typed in ([], _shown(field))):
            continue
        many, kind = shape(field.annotation)
        given[name] = typed if many or is_plain(kind) else from_json(typed)
    return model.model_validate(given, by_name=True)


def shape(annotation: Any) -> tuple[bool, Any]:
    """Whether it repeats, and the type of one value. `X | None` is an X that may be left out."""
    annotation = getattr(annotation, "__value__", annotation)  # type X = ...
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        kinds = [a for a in args if a is not NoneType]
        return shape(kinds[0]) if len(kinds) == 1 else (False, str)
    if hasattr(annotation, "__metadata__"):
        return shape(args[0])
    if annotation in MANY or origin in MANY:
        inner = shape(args[0])[1] if args else str
        return True, inner if is_plain(inner) else str
    return False, annotation


def is_plain(kind: Any) -> bool:
    """Whether one word can be such a value; others are typed as JSON."""
    if get_origin(kind) is Literal:
        return True
    return isinstance(kind, type) and get_origin(kind) is None and not issubclass(kind, (BaseModel, dict, *MANY))


def _parameter(name: str, field: FieldInfo, positional: bool) -> inspect.Parameter:
    many, kind = shape(field.annotation)
    chosen = get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum))
    plain = kind if is_plain(kind) else str
    about: dict[str, Any] = {"help": escaped(field.description or "")}
    if plain is bool and not positional and not many:
        flag = name.replace("_", "-")
        default: Any = typer.Option(_shown(field), f"--{flag}/--no-{flag}", **about)
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=bool)
    if not chosen:
        about["parser"] = _as_typed
    if kind is not plain and not many:
        about["help"] = f"{about['help']} (JSON)".strip()
    first = ... if field.is_required() else _shown(field)
    default = typer.Argument(first, **about) if positional else typer.Option(first, **about)
    annotation = list[plain] if many else plain  # type: ignore[valid-type]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _as_typed(word: Any) -> Any:
    """The model reads it, not the parser."""
    return word


def _shown(field: FieldInfo) -> Any:
    """The default as the help shows it; None where there is nothing to show, and the model fills it in."""
    default = field.get_default()
    if isinstance(default, (tuple, set, frozenset)):
        default = list(default)
    simple = (str, int, float, Path, Enum)
    wanted = default if isinstance(default, list) else [default]
    return default if default not in ("", []) and all(isinstance(d, simple) for d in wanted) else None


def from_json(typed: Any) -> Any:
    """A nested value, typed as JSON; what is no JSON goes to the model as it is, which says what it wants."""
    try:
        return json.loads(typed) if isinstance(typed, str) else typed
    except ValueError:
        return typed


def escaped(text: str) -> str:
    """Help of a user's own words: brackets in it are no markup."""
    return text.replace("[", "\\[")


def described(model: type[BaseModel]) -> str:
    """What the model's docstring says, for the help."""
    own = model.__doc__ if model.__doc__ != BaseModel.__doc__ else ""
    return escaped(inspect.cleandoc(own or ""))
