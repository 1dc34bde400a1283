"""Shapes: whether what is declared is what it has to be, before anything runs.

What a type checker would have found is found here too, with a sentence: users' files are rarely checked.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from blackboard.errors import DeclarationError

Test = Callable[[Any], bool]
LONGEST = 60  # characters of a value that are shown


def check(who: str, said: Mapping[str, Any], options: Mapping[str, tuple[Test, str]]) -> None:
    """That each option is what it has to be: a test, and what it takes in words. DeclarationError."""
    for option, (fits, takes) in options.items():
        if not fits(said[option]):
            raise DeclarationError(f"{who}: {option}= takes {takes}, not {shown(said[option])}")


def is_number(value: object) -> bool:
    """A number that can be counted with; bools and NaN are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object, least: int | None = None) -> bool:
    """A whole number that is not less."""
    return isinstance(value, int) and not isinstance(value, bool) and (least is None or value >= least)


def takes(value: object, arguments: int) -> bool:
    """A function, no class, that can be called with so many arguments; True where that cannot be told."""
    if not callable(value) or isinstance(value, type):
        return False
    try:
        inspect.signature(value).bind(*[None] * arguments)
    except TypeError:
        return False
    except ValueError:  # one of the language's own
        return True
    return True


def shown(value: object) -> str:
    """A value as the user wrote it, or nearly."""
    if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
        return str(value.__name__).replace("<lambda>", "a lambda")
    text = repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
