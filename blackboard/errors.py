"""Every error of the framework, one base. The docstring is the default message.

BlackboardError
 |- DeclarationError     wrong in the source; raised where the kind, agent, tool or scenario is declared
 |- Misuse               wrong at a line of an agent; nothing was written, trying again would not help
 |   |- NotDeclared       a kind or tool that its declaration does not name
 |   |- UnknownStatus     |- IllegalTransition   |- UnknownField   |- NotFound   |- TooMany   |- BodyRefused
 |- Outcome              what the world answered; an agent may catch these and go on
 |   |- Denied            |- BudgetExceeded       |- ToolFailed
 |- StoreError           the database cannot be used
 |   |- NoDatabase        |- FeedGap
 '- UsageError           a wrong command or argument; the command line exits 2
     |- BoardClosed
"""


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
    """The reservation for this would pass a cap, so it was not done."""


class ToolFailed(Outcome):
    """The tool raised an error."""


class StoreError(BlackboardError):
    """The database cannot be used."""


class NoDatabase(StoreError):
    """This is not a database of blackboards."""


class FeedGap(StoreError):
    """The feed of a board has a hole: something that was acknowledged is not there."""


class UsageError(BlackboardError):
    """The command or its arguments are wrong."""


class BoardClosed(UsageError):
    """The board has ended; `blackboard resume` opens it again."""


LONGEST_CAUSE = 2000  # characters


def told(error: BaseException) -> str:
    """What an error says, as a cause that any database can store: an agent may raise anything."""
    try:
        text = str(error)
    except Exception:  # an error that cannot even be printed is named
        text = ""
    plain = text if isinstance(error, Misuse) else f"{type(error).__name__}: {text or 'no message'}"
    return plain.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()[:LONGEST_CAUSE]
