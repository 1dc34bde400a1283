"""Agents by declaration: no function is written, a model is asked and its answer is posted."""

from collections.abc import Callable, Sequence
from typing import Any, LiteralString

from typing_extensions import Unpack

from blackboard.agent import Agent, Options, as_kinds, tupled
from blackboard.conditions import AllDone, Batched, Condition
from blackboard.entry import Entry, K, Kind
from blackboard.errors import DeclarationError
from blackboard.reader import Reader
from blackboard.shapes import shown
from blackboard.view import View

TASK: LiteralString = "Do your task with what you are shown."


def claude_agent(
    name: str,
    /,
    *,
    watches: type[K] | AllDone[K] | Batched[K],
    writes: type[Kind],
    prompt: LiteralString = TASK,
    then: str | None = None,
    status: str | Sequence[str] | None = None,
    where: Callable[[K], bool] | None = None,
    ready: Condition | Callable[[Any, Reader], bool] | None = None,
    rating: int | Callable[[K], int] = 0,
    **options: Unpack[Options],
) -> Agent:
    """An agent without a function: its model is shown what woke it, and what of `reads` is linked with that.

    The answer, one `writes`, is posted about what woke it, which gets the status `then`. `model` is "fast" unless said;
    `system` says what the agent is. DeclarationError, UnknownStatus.
    """
    more: dict[str, Any] = {"model": "fast", **options, "reads": as_kinds(options.get("reads", ()))}
    if more.get("tools"):
        raise DeclarationError(f"{name}: a model calls no tools yet; write an @agent, which calls them by view.call()")
    if not isinstance(writes, type):
        raise DeclarationError(f"{name}: writes= takes the one kind that its answers are, not {shown(writes)}")
    woken: tuple[Any, ...] = (watches if isinstance(watches, type) else getattr(watches, "kind", watches),)
    changes = then is not None or more.get("gives_up") is not None
    made = Agent(
        name=name, action=_action(writes, more["reads"], prompt, then), watches=watches,
        writes=(writes, *woken) if changes else (writes,), status=tupled(status), where=where, ready=ready,
        rating=rating, purpose=more.get("system", ""), **more,
    )  # fmt: skip
    if then is not None:
        _check_then(made, then)
    return made


def _check_then(made: Agent, then: str) -> None:
    """That what wakes it can get this status, and does not wake it again by it. DeclarationError, UnknownStatus."""
    lifecycle = made.kind.lifecycle
    lifecycle.check(made.kind.kind_name, then)
    if made.is_group:
        raise DeclarationError(f"{made.name}: all_done() hands over what is done, which leads nowhere; leave out then=")
    for before in made.statuses:
        ways = lifecycle.steps.get(before, ())
        if then not in ways:
            there = f"leads to {', '.join(ways)}" if ways else "leads nowhere"
            raise DeclarationError(f"{made.name}: then={then!r}, but {made.kind.kind_name} {before} {there}")


def _action(writes: type[Kind], reads: Sequence[type[Kind]], prompt: LiteralString, then: str | None) -> Any:
    """The function that such an agent has."""

    async def act(trigger: Entry[Any] | Sequence[Entry[Any]], view: View) -> None:
        woke = [trigger] if isinstance(trigger, Entry) else list(trigger)
        beside = [entry for one in woke for kind in reads for entry in view.linked(one, kind)]
        seen = {entry.key: entry for entry in (*woke, *beside)}
        view.post(await view.ask(prompt, shape=writes, show=seen.values()), about=woke)
        if then is not None:
            for one in woke:
                view.amend(one, status=then)

    kinds = tuple(kind.kind_name for kind in (writes, *reads))
    act.made_with = (prompt, then, kinds)  # type: ignore[attr-defined]
    return act
