"""One agent alone, a team. Nothing here needs an event loop, a network or a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from typing_extensions import Unpack

from blackboard.activation import Agenda, Claim, Contribution, Landed, Lot, Proposal
from blackboard.agent import Agent
from blackboard.asking import Model
from blackboard.board import Board, open_store
from blackboard.budget import Budget
from blackboard.conditions import when
from blackboard.entry import Entry, Kind
from blackboard.errors import UsageError
from blackboard.llm.provider import Provider
from blackboard.looker import to_entry
from blackboard.models import answering
from blackboard.plugins import Loaded
from blackboard.ports import Store
from blackboard.records import PERSON, NewBoard, Notice
from blackboard.roster import Roster
from blackboard.runner import Plan, Runner, Workshop
from blackboard.runner.acting import Acted, Acting
from blackboard.runner.plan import matcher, seats
from blackboard.runner.view import Toolbox
from blackboard.running import blocking
from blackboard.team import Members
from blackboard.tool import Tool

WORKER = "test"


class StandIns(TypedDict, total=False):
    """What stands in for the run's own."""

    resources: Sequence[object]
    tools: Mapping[Tool[..., Any], Callable[..., object]]
    model: "str | Provider"
    models: Mapping[str, str]


def memory_board() -> Board:
    """An empty board in memory that no agent watches, to put things on."""
    store = open_store(":memory:")
    nothing = Contribution(Claim("", 0, PERSON, 0, None, 0, 0, 0), PERSON)
    return Board(store, store.create(NewBoard("test", caps=Budget().caps), [], nothing))


def run_agent(
    agent: Agent, /, *on: Kind | Entry[Any], board: Board | None = None, **options: Unpack[StandIns]
) -> list[Entry[Any]]:
    """Let one agent act once on these entries; what it wrote comes back. Its own errors come out as they are.

    An agent that watches groups acts on the first that is whole; without entries, among all that the board holds.
    """
    own = board or memory_board()
    entries = [own.post(e) if isinstance(e, Kind) else e for e in on]
    claim = _claimed(own, agent, entries)
    acted = blocking(_acted(own.store, agent, claim, options))
    if acted.aside is not None:
        own.store.set_aside(claim, *acted.aside)
        raise UsageError(f"{agent.name} does not act: {acted.aside[1]}")
    if acted.error is not None:
        own.store.release(own.id, WORKER)
        raise acted.error
    assert acted.contribution is not None
    (ruling,), _ = own.store.commit(own.id, [acted.contribution])
    if not isinstance(ruling, Landed):
        raise UsageError(f"what {agent.name} wrote did not land: {ruling}")
    kinds = {k.kind_name: k for k in agent.writes}
    return [to_entry(kinds[r.kind], r) for r in own.store.by_seq(own.id, ruling.seqs)]


async def _acted(store: Store, agent: Agent, claim: Claim, options: StandIns) -> Acted:
    """How it went; the model that was given answers."""
    async with Workshop(store) as shop:
        model = _model(options, shop)
        tools = Toolbox(shop.tool_lane, options.get("resources", ()), options.get("tools", {}), model)
        try:
            return await Acting(store, {agent.name: agent}, matcher([]), shop.agent_lane, tools).act(claim)
        finally:
            if model is not None:
                await model.close()


def _model(options: StandIns, shop: Workshop) -> Model | None:
    """Who answers what is asked; nobody, where nobody was given."""
    return answering(options["model"], options.get("models", {}))(shop) if "model" in options else None


def _claimed(board: Board, agent: Agent, entries: Sequence[Entry[Any]]) -> Claim:
    """A claim on exactly these entries, whatever the agent's `where` and `status` say."""
    store = board.store
    store.seat(board.id, [replace(s, cursor=board.seq) for s in seats([agent])])
    cursor = next(s.cursor for s in store.seats(board.id) if s.name == agent.name)
    if boards := matcher([agent]).groups:
        store.notice(board.id, [], boards)
    else:
        store.notice(board.id, [Notice(agent.name, cursor, cursor, _proposals(board, agent, entries))])
    taken = store.claim(board.id, Agenda(WORKER, {agent.name: 1}, 1)).taken
    if not taken:
        named = ", ".join(e.key for e in entries)
        what = (
            "not every one is done"
            if boards
            else "no group is whole"
            if agent.is_group
            else f"it has acted on {named or 'everything'} already"
        )
        raise UsageError(f"{agent.name} cannot act: {what}")
    return taken[0]


def _proposals(board: Board, agent: Agent, entries: Sequence[Entry[Any]]) -> tuple[Proposal, ...]:
    """What wakes the agent if there were nothing but these entries."""
    if agent.is_group:
        rows = board.store.by_seq(board.id, [e.seq for e in entries]) if entries else board.store.current(board.id)
        grouped = matcher([agent]).grouped
        found = [p for r in sorted(rows, key=lambda r: r.seq) for p in grouped(r.kind, r.status, r.body, r.seq)]
        for broken in (p.broken for p in found if p.broken):
            raise UsageError(broken)
        return tuple(found)
    if agent.is_batched and entries:
        size = max(len(entries), getattr(agent.watches, "size", 1))
        return tuple(Proposal(agent.name, e.seq, many=Lot(agent.kind.kind_name, size)) for e in entries)
    if len(entries) != 1:
        raise UsageError(f"{agent.name} acts on one {agent.kind.kind_name}; give it one")
    return (Proposal(agent.name, entries[0].seq),)


def run_team(agents: Members, /, *on: Kind, board: Board | None = None, **options: Unpack[StandIns]) -> Board:
    """Let several agents act until nothing is left to do; the board comes back, open for more."""
    own = board or memory_board()
    for body in on:
        own.post(body)
    roster = Roster(agents, loaded=Loaded())
    now = roster.lineup(own.store, own.id)
    plan = Plan(
        now.agents, when(lambda _: False, "to the end"), None, Budget(activations=10_000, seconds=60),
        options.get("resources", ()), dict(options.get("tools", {})), backoff=0,
        made=now.made, roster=roster if now.made.makers else None,
        model=answering(options["model"], options.get("models", {})) if "model" in options else None,
    )  # fmt: skip

    async def whole() -> None:
        async with Workshop(own.store) as shop:
            await Runner(shop, own.id, plan).run()

    blocking(whole())
    own.store.reopen(own.id, Budget().caps)
    return own
