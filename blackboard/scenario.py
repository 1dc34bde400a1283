"""Scenario: who sits at the board, what is put on it first, when it is done, what it may cost."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic

from pydantic import BaseModel
from typing_extensions import TypeVar, Unpack

from blackboard import models as asked
from blackboard import team as teams
from blackboard.activation import Claim, Contribution
from blackboard.agent import Agent
from blackboard.board import Board, find_board, open_store, to_verdict
from blackboard.budget import Budget
from blackboard.conditions import Condition, exists
from blackboard.controller import Verdict
from blackboard.crew import crew
from blackboard.declaring import SCENARIO
from blackboard.entry import BOARD_KINDS, Kind
from blackboard.errors import DeclarationError, UsageError
from blackboard.llm.provider import Provider
from blackboard.looker import write
from blackboard.options import OPTIONS, RunOptions, check_options, plugin_places, seated, warned
from blackboard.ports import Store
from blackboard.records import PERSON, BoardRecord, Changed, NewBoard
from blackboard.roster import Roster
from blackboard.running import Run, blocking
from blackboard.shapes import check, shown
from blackboard.team import Members, Team
from blackboard.terms import Terms
from blackboard.tool import Tool

if TYPE_CHECKING:
    from blackboard.runner import Plan, Workshop
    from blackboard.runner.plan import Lineup

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R")
RESUMABLE = {"budget", "deadline", "cancelled", "quiescent", "livelock", "breaker"}


@dataclass(frozen=True)
class _Session:
    """A board with all that is needed to work on it."""

    store: Store
    board: Board
    roster: Roster
    lineup: "Lineup"
    terms: Terms
    resources: Sequence[object]
    epoch: int | None = None
    reload: bool = False
    model: str | Provider | None = None


class Scenario(Generic[P]):
    """A declaration; nothing happens before run() or start()."""

    def __init__(
        self,
        name: str,
        /,
        *,
        params: type[P],
        agents: Members | Mapping[str, Members],
        result: type[Kind],
        seed: Callable[[P], Iterable[Kind]] | None = None,
        done: Condition | None = None,
        stop: Condition | None = None,
        budget: Budget = Budget(usd=5, calls=1_000, activations=10_000, seconds=3600),
        breaker: tuple[int, int] | None = (10, 20),
        resources: Callable[[P], Iterable[object]] | None = None,
        least_rating: int | None = None,
        models: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Declare.

        params: required fields are positional arguments, others --options. seed: what is posted first (default: the
        params, if they are a Kind). result: the kind that people want. done: when the board is complete (default: a
        result has reached a last status). stop: when it has failed. breaker: how many of the last activations must have
        failed for it to break off, e.g. 10 of 20; None: never. resources: what tools need. least_rating: what is rated
        lower is not begun. models: what tiers and agents ask, such as {"fast": ID, "critic": "strong"}.
        DeclarationError.
        """
        check(f"scenario {shown(name)}", locals(), SCENARIO)
        if bad := OPTIONS & set(params.model_fields):
            raise DeclarationError(f"{name}: the option --{min(bad)} belongs to every scenario; rename the parameter")
        if seed is None and not issubclass(params, Kind):
            raise DeclarationError(f"{name}: params are no Kind, so say with seed= what is posted first")
        self.name, self.params, self.result, self.seed = name, params, result, seed
        self.teams: Mapping[str, Members] = agents if isinstance(agents, Mapping) else {"default": agents}
        self.done = done if done is not None else exists(result, status=tuple(sorted(result.lifecycle.done)))
        self.stop, self.budget, self.breaker, self.resources = stop, budget, _checked(name, breaker), resources
        self.least_rating, self.models = least_rating, models
        self.declared_in = _caller()  # where resume finds it again
        for title, team in self.teams.items():
            teams.check(name, title, team)

    # -- running ---------------------------------------------------------------------------------------------------
    def run(self, params: P, /, **options: Unpack[RunOptions]) -> Board:
        """Run to the end and give the board back. Works in scripts and notebooks alike. UsageError, StoreError."""

        async def whole() -> Board:
            async with self.start(params, **options) as run:
                await run.end()
                return run.board

        return blocking(whole())

    def resume(self, board: str = "last", /, **options: Unpack[RunOptions]) -> Board:
        """Go on with a board that was interrupted, or stopped by a cap that is now higher. UsageError."""

        async def whole() -> Board:
            session = self._reopen(board, options)
            if session.board.verdict is not None:  # complete, and not opened for more
                return session.board
            async with self._serve(session, options) as run:
                await run.end()
                return run.board

        return blocking(whole())

    @contextlib.asynccontextmanager
    async def start(self, params: P, /, **options: Unpack[RunOptions]) -> AsyncIterator["Run"]:
        """Run inside asyncio code; leaving the block stops the work and leaves a resumable board."""
        async with self._serve(self._begin(params, options), options) as run:
            yield run

    @contextlib.asynccontextmanager
    async def reopen(self, board: str = "last", /, **options: Unpack[RunOptions]) -> AsyncIterator["Run"]:
        """Resume inside asyncio code; leaving the block stops the work and leaves a resumable board. UsageError."""
        async with self._serve(self._reopen(board, options), options) as run:
            yield run

    @contextlib.asynccontextmanager
    async def _serve(self, session: _Session, options: RunOptions) -> AsyncIterator["Run"]:
        from blackboard.runner import SLOTS, Workshop  # loads the log, which a mere import has no use for

        plan = self._plan(session, dict(options.get("tools", {})))
        slots, more = options.get("slots", SLOTS), options.get("workers", 0)
        workers = crew(more, session.store.url, session.board.id, slots, reload=session.reload)
        async with Workshop(session.store, slots) as shop:
            task = asyncio.create_task(self._worked(shop, session, plan, options))
            try:
                with workers:
                    yield Run(session.board, task)
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _worked(self, shop: "Workshop", session: _Session, plan: "Plan", options: RunOptions) -> Verdict:
        """Work until the board has ended; by a new plan when somebody else has opened it again with other words."""
        from blackboard.runner import Runner

        places = teams.places(self.teams, options.get("agents", {}))
        team = teams.agents(session.roster.team)
        mine = {a.name: a for a in team if places.get(a.name, "") is None}  # only this process has them
        while True:
            verdict = await Runner(shop, session.board.id, plan, observer=options.get("observer", warned)).run()
            if verdict is not None:
                return verdict
            plan = await shop.tool_lane.run(partial(self._rejoined, session, plan, mine))

    def _rejoined(self, session: _Session, plan: "Plan", mine: Mapping[str, Agent]) -> "Plan":
        """The plan of a board that somebody else has opened again. `mine`: agents that only this process has."""
        record = find_board(session.store, session.board.id)
        terms = Terms.of(record.options)
        found = self._roster(record, terms)
        team = [mine.get(a.name, a) for a in found.team]
        roster = replace(found, team=team, only=session.roster.only, elsewhere=found.elsewhere - mine.keys())
        roster = roster.kept(reload=session.reload)
        now = roster.lineup(session.store, record.id)
        again = replace(session, roster=roster, lineup=now, terms=terms, epoch=record.epoch)
        return self._plan(again, dict(plan.tools))

    def _plan(self, session: _Session, tools: Mapping[Tool[..., Any], Callable[..., object]]) -> "Plan":
        from blackboard.runner import Plan

        now = session.lineup
        return Plan(
            now.agents, self.done, self.stop, session.terms.budget, session.resources, tools, session.epoch,
            session.terms.least_rating, now.only, session.terms.breaker, session.terms.more,
            broken=now.broken, files=now.files, made=now.made,
            roster=session.roster if session.reload or now.made.makers else None,
            model=asked.answering(session.model, session.terms.models),
        )  # fmt: skip

    def joined(
        self,
        store: Store,
        board: str,
        only: Iterable[str] | None = None,
        resources: Sequence[object] | None = None,
        *,
        plugins: Sequence[str] = (),
        reload: bool = False,
    ) -> "Plan":
        """What a worker that joins an open board works on: all from the board's row. UsageError.

        `only`: the agents that it serves. One that Python code has put in place of a team's is not among them.
        `plugins`: folders whose agents it brings along, beside those of the board. `reload`: all of them are watched.
        """
        record = find_board(store, board)
        terms = Terms.of(record.options)
        params = self.params.model_validate_json(record.params)
        found = self._roster(record, terms)
        places = tuple(dict.fromkeys([*found.places, *plugins]))
        roster = replace(
            found, places=places, only=None if only is None else frozenset(only), can_ask=asked.is_reached()
        ).kept(reload=reload)
        given = self._given(params, {}) if resources is None else resources
        whole = Board(store, board, self.result)
        session = _Session(store, whole, roster, roster.lineup(store, board), terms, given, record.epoch, reload)
        return self._plan(session, {})

    def _roster(self, record: BoardRecord, terms: Terms) -> Roster:
        """Who sits at a board by its row."""
        others, elsewhere = teams.at(self.teams, terms.agents)
        _, team = self.team(record.team, others)
        return Roster(team, terms.plugins, elsewhere=elsewhere)

    def main(self) -> None:
        """The command line of this one scenario: the same as `blackboard run NAME`."""
        for door in entry_points(group="console_scripts", name="blackboard"):
            sys.exit(door.load()(["run", self, *sys.argv[1:]]))
        raise UsageError("blackboard is not installed; `pip install -e .` in its folder makes the command line")

    # -- boards ----------------------------------------------------------------------------------------------------
    def _begin(self, params: P, options: RunOptions) -> _Session:
        """A new board with its seed on it."""
        from blackboard.runner.plan import seats

        if not isinstance(params, self.params):
            raise UsageError(f"{self.name} takes a {self.params.__name__}, not {type(params).__name__}")
        check_options(options)
        params = _absolute(params)
        others = options.get("agents", {})
        title, own = self.team(self._title(options, options.get("team", "auto"), others), others)
        places = plugin_places(options)
        roster, lineup = seated(Roster(own, places), options)
        self._check_access(title, roster, options)
        team = lineup.agents
        before = Terms(budget=self.budget, least_rating=self.least_rating, models=self.models)
        terms = self._terms(options, before, places)
        if not (options.get("reload") or lineup.made.makers):
            asked.check_mapping(options.get("models", {}), team)
        resources = self._given(params, options)  # what is wrong with them is said before a board is made
        posted = self.seed(params) if self.seed else [params]
        seed = [body for body in posted if isinstance(body, Kind)]
        if not (options.get("reload") or lineup.made.makers):  # else who can reach it may yet come
            self._check_goal(title, team, seed)
        writes = tuple(write(body, body.lifecycle.first) for body in seed)
        new = NewBoard(
            scenario=self.name, params=params.model_dump_json(), team=title, options=str(terms),
            kinds=teams.lifecycles(team, [*map(type, seed), self.result, *(m.kind for m in teams.makers(own))]),
            caps=terms.budget.caps,
        )  # fmt: skip
        store = open_store(options.get("db"))
        outside = Claim("", 0, PERSON, 0, None, 0, 0, 0)
        board = store.create(new, seats(team), Contribution(outside, PERSON, writes))
        whole, reload = Board(store, board, self.result), options.get("reload", False)
        return _Session(store, whole, roster, lineup, terms, resources, reload=reload, model=options.get("model"))

    def _reopen(self, name: str, options: RunOptions) -> _Session:
        check_options(options)
        store = open_store(options.get("db"), create=False)
        record = find_board(store, name)
        if record.scenario != self.name:
            raise UsageError(f"{record.id} is a board of {record.scenario}, not of {self.name}")
        verdict = to_verdict(record.verdict)
        params = self.params.model_validate_json(record.params)
        before = Terms.of(record.options)
        others = {**teams.at(self.teams, before.agents)[0], **options.get("agents", {})}
        title, own = self.team(self._title(options, options.get("team") or record.team, others), others)
        places = plugin_places(options) if "plugins" in options else before.plugins
        roster, lineup = seated(Roster(own, places), options, store, record.id)
        team = lineup.agents
        goes_on = verdict is None and before.more
        terms = self._terms({"more": goes_on, **options, "agents": others}, before, places)
        if verdict is not None and not terms.more and verdict.ending not in {*RESUMABLE, "complete"}:
            raise UsageError(f"{record.id} has ended ({verdict}) and cannot be resumed; run it anew")
        ended = verdict is not None and verdict.ending == "complete" and not terms.more
        resources = [] if ended else self._given(params, options)
        if not ended:
            self._check_access(title, roster, options)
            if not (options.get("reload") or lineup.made.makers):
                asked.check_mapping(options.get("models", {}), team)
            kinds = teams.lifecycles(team, [self.result])
            store.reopen(record.id, terms.budget.caps, Changed(title, str(terms), kinds))
            store.retire(record.id, [a.name for a in team])
        whole, reload = Board(store, record.id, self.result), options.get("reload", False)
        return _Session(store, whole, roster, lineup, terms, resources, reload=reload, model=options.get("model"))

    def _terms(self, options: RunOptions, before: Terms, plugins: Sequence[str]) -> Terms:
        """What the options say, over what held before."""
        return Terms(
            declared_in=self.declared_in,
            budget=options.get("budget", Budget()).over(before.budget),
            agents=teams.places(self.teams, options.get("agents", {})),
            breaker=self.breaker,
            least_rating=options.get("least_rating", before.least_rating),
            more=options.get("more", False),
            plugins=plugins,
            models=asked.mapping(options.get("model"), options.get("models", {}), before.models),
        )

    def _given(self, params: BaseModel, options: RunOptions) -> Sequence[object]:
        if "resources" in options:
            return options["resources"]
        return list(self.resources(params)) if self.resources else []  # type: ignore[arg-type]

    # -- teams -----------------------------------------------------------------------------------------------------
    def team(self, name: str, others: Mapping[str, Agent]) -> tuple[str, Members]:
        """The agents of a team, some of them put in place of others; with the team's name. UsageError."""
        title = next(iter(self.teams)) if name == "auto" else name
        if title not in self.teams:
            raise UsageError(f"{self.name} has no team {title!r}; it has {', '.join(self.teams)}")
        if unknown := set(others) - {a.name for a in teams.agents(self.teams[title])}:
            known = ", ".join(a.name for a in teams.agents(self.teams[title]))
            raise UsageError(f"team {title!r} has no agent {min(unknown)!r}; it has {known}")
        return title, [replace(others[a.name], name=a.name) if a.name in others else a for a in self.teams[title]]

    def _title(self, options: RunOptions, wanted: str, others: Mapping[str, Agent]) -> str:
        """The team that is wanted; `auto` is the first that this machine can run."""
        if wanted != "auto":
            return wanted
        return asked.first_that_runs(self.teams, others, reached=asked.is_reached(options.get("model")))

    def _check_access(self, title: str, roster: Roster, options: RunOptions) -> None:
        """That a model is reached, where those of the team who are served here ask one. UsageError."""
        if not asked.is_given(options.get("model")):
            served = [a for a in teams.agents(roster.team) if roster.only is None or a.name in roster.only]
            asked.check_team(self.name, title, served, self.teams)

    def _check_goal(self, title: str, team: Team, seed: Sequence[Kind]) -> None:
        """A goal that nobody can reach is refused before it starts. DeclarationError."""
        written = {k.kind_name for k in BOARD_KINDS} | {b.kind_name for b in seed}
        written |= {kind for a in team for kind in a.grants.writes}
        for kind in sorted(k.kind_name for k in self.done.kinds or ()):
            if kind not in written:
                raise DeclarationError(
                    f"{self.name}: the goal is {self.done}, but no agent of team {title!r} writes {kind}; "
                    "add one that does, or say another goal with done="
                )


def _checked(name: str, breaker: tuple[int, int] | None) -> tuple[int, int] | None:
    if breaker is not None and not 1 <= breaker[0] <= breaker[1]:
        raise DeclarationError(
            f"{name}: breaker={breaker}: say how many failures of how many activations, e.g. (10, 20)"
        )
    return breaker


def _caller() -> str:
    """The file that declares a scenario. `Scenario[Question](...)` comes here by way of typing."""
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__") == "typing" and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__file__", ""))


def _absolute(params: P) -> P:
    """Paths made absolute: resume may run elsewhere."""
    paths = {n: v.absolute() for n in type(params).model_fields if isinstance(v := getattr(params, n), Path)}
    return params.model_copy(update=paths) if paths else params
