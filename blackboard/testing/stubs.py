"""Agents without a model that stand for others in a test, and remember what they were given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import Unpack

from blackboard.agent import Agent, Options
from blackboard.conditions import AllDone, Batched
from blackboard.entry import Kind
from blackboard.view import View

Said = Kind | Sequence[Kind] | BaseException | Callable[[Any], Any] | None


@dataclass(frozen=True, kw_only=True)
class Stub(Agent):
    """An agent that remembers."""

    seen: list[Any] = field(default_factory=list, compare=False)  # what it was given: entries, or lists of them

    @property
    def calls(self) -> int:
        """How often it has acted, tries that failed among it."""
        return len(self.seen)


def stub_agent(
    watches: type[Kind] | AllDone[Any] | Batched[Any],
    reply: Said = None,
    *,
    writes: type[Kind] | Sequence[type[Kind]] = (),
    then: str | None = None,
    name: str = "",
    **options: Unpack[Options],
) -> Stub:
    """An agent that says what it is told to, and keeps what it was given.

    `reply`: a body or several, posted about what woke it; a function of what woke it that gives them; an exception,
    which is raised; or nothing. `writes` need only be said where a function replies. `then`: the status that what woke
    it gets. Else as any agent.

    >>> from blackboard import Kind
    >>> from blackboard.testing import run_agent
    >>> class Question(Kind):
    ...     text: str
    >>> class Answer(Kind):
    ...     text: str
    >>> answers = stub_agent(Question, Answer(text="42"))
    >>> [written.body.text for written in run_agent(answers, Question(text="Why?"))]
    ['42']
    >>> answers.calls, answers.seen[0].body.text
    (1, 'Why?')
    """
    kind = watches if isinstance(watches, type) else watches.kind
    said = [reply] if isinstance(reply, Kind) else list(reply) if isinstance(reply, Sequence) else []
    wanted = [writes] if isinstance(writes, type) else list(writes)
    seen: list[Any] = []

    def action(woke: Any, view: View) -> None:
        seen.append(woke)
        if isinstance(reply, BaseException):
            raise reply
        for body in _bodies(reply(woke) if callable(reply) else said):
            view.post(body, about=woke)
        for entry in (woke if isinstance(woke, list) else [woke]) if then else ():
            view.amend(entry, status=then)

    every = [*wanted, *(type(body) for body in said), *([kind] if then or options.get("gives_up") else [])]
    return Stub(
        name=name or f"stub-{kind.kind_name}", action=action, watches=watches, writes=tuple(dict.fromkeys(every)),
        seen=seen, **options,  # type: ignore[arg-type]
    )  # fmt: skip


def _bodies(said: Any) -> Sequence[Kind]:
    return () if said is None else (said,) if isinstance(said, Kind) else said
