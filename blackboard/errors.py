"""Every error of the framework, one base. The docstring is the default message.

BlackboardError
 |- DeclarationError     wrong in the source; raised where the kind, agent, tool or scenario is declared
 |- Misuse               wrong at a line of an agent; nothing was written, trying again would not help
 |   |- NotDeclared       a kind or tool that its declaration does not name
 |   |- UnknownStatus     |- IllegalTransition   |- UnknownField   |- NotFound   |- TooMany   |- BodyRefused
 |- Outcome              what the world answered; an agent may catch these and go on
 |   |- Denied            |- BudgetExceeded       |- ToolFailed      |- ModelFailed
 |- ClaimLost            somebody else acts on it by now, or the board has ended
 |- StoreError           the database cannot be used
 |   |- NoDatabase        |- FeedGap        |- DatabaseReplaced
 '- UsageError           a wrong command or argument; the command line exits 2
     |- BoardClosed
"""

import sysconfig
import traceback
from functools import cache
from pathlib import Path
from typing import Literal


class BlackboardError(Exception):
    """Something on the blackboard went wrong."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or (type(self).__doc__ or "").strip())


class DeclarationError(BlackboardError):
    """A kind, agent, tool, condition or scenario is declared wrongly."""


class Misuse(BlackboardError):
    """An agent did what cannot be done."""


class NotDeclared(Misuse):
    """An agent used a kind or a tool that it does not declare."""


class UnknownStatus(Misuse):
    """The lifecycle of this kind has no such status."""


class IllegalTransition(Misuse):
    """The lifecycle of this kind does not allow this change of status."""


class UnknownField(Misuse):
    """Entries can be found only by fields that their kind declares as indexed."""


class NotFound(Misuse):
    """No current entry answers this description."""


class TooMany(Misuse):
    """More than one entry answers this description."""


class BodyRefused(Misuse):
    """The body cannot be stored as it is."""


class Outcome(BlackboardError):
    """A tool, model, budget or person said no; an agent may catch this and go on."""


class Denied(Outcome):
    """A person, or the policy, refused this effect."""


class BudgetExceeded(Outcome):
    """The reservation for this would pass a cap, so it was not done.

    Uncaught, it parks the activation until the budget allows more. `scope`, `unit`, `amount`: what was asked of which.
    """

    def __init__(self, detail: str = "", scope: str = "", unit: str = "", amount: int = 0) -> None:
        super().__init__(detail)
        self.scope, self.unit, self.amount = scope, unit, amount


class ToolFailed(Outcome):
    """The tool raised an error."""


Unanswered = Literal[
    "refusal", "truncated", "overlong", "unfinished", "misshapen", "unavailable", "rejected", "unpriced"
]


class ModelFailed(Outcome):
    """The model gave no usable answer.

    `outcome`: refusal (it would not), truncated (cut off twice by `max_tokens`), overlong (what it was shown does not
    fit its context), unfinished (it paused again and again), misshapen (not of the asked shape, nor when asked once
    more), unavailable (all attempts failed), rejected (the endpoint refuses such a request), unpriced (only money is
    budgeted, and the price of the model is not known). Uncaught, it is not tried again: the fallback acts, or it is a
    failure.
    """

    def __init__(self, detail: str = "", outcome: Unanswered = "unavailable") -> None:
        super().__init__(detail)
        self.outcome = outcome


class ClaimLost(BlackboardError):
    """The claim was lost while the agent acted: nothing more may be begun under it."""


class StoreError(BlackboardError):
    """The database cannot be used."""


class NoDatabase(StoreError):
    """This is not a database of blackboards."""


class DatabaseReplaced(StoreError):
    """What is now under the name of the database is not what this process has opened: only a new start helps."""


class FeedGap(StoreError):
    """The feed of a board has a hole: something that was acknowledged is not there."""


class UsageError(BlackboardError):
    """The command or its arguments are wrong."""


class BoardClosed(UsageError):
    """The board has ended; `blackboard resume --more` opens it again."""


LONGEST_CAUSE = 2000  # characters


def told(error: BaseException) -> str:
    """What an error says and where, as a cause of one line that any database can store: an agent may raise anything."""
    try:
        text = str(error)
    except Exception:  # an error that cannot even be printed is named
        text = ""
    said = " ".join(
        line.strip() for line in text.splitlines() if not line.lstrip().startswith("For further information")
    )
    plain = said if isinstance(error, Misuse) else f"{type(error).__name__}: {said or 'no message'}"
    file, line = place(error) or ("", 0)
    at = f" ({Path(file).name}:{line})" if file else ""
    stored = plain.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return stored[: LONGEST_CAUSE - len(at)] + at


def place(error: BaseException) -> tuple[str, int] | None:
    """File and line of the user's own code where it happened; None if it was not there."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    blamed = [f for f in frames if not f.filename.startswith(_not_to_blame())]
    return (blamed[-1].filename, blamed[-1].lineno or 0) if blamed else None


@cache
def _not_to_blame() -> tuple[str, ...]:
    """Where the framework, the standard library and installed packages are."""
    folders = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    return (str(Path(__file__).parent), *folders, "<")
