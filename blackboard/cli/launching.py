"""Running and resuming: the work, its progress, its interruption, and what is said at the end."""

import asyncio
import contextlib
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from pydantic import BaseModel

from blackboard import models, shortages
from blackboard import team as teams
from blackboard.agent import Agent
from blackboard.board import Board
from blackboard.budget import ACTIVATIONS, CALLS, TOKENS, amount
from blackboard.cli import conflicts, costs, logs, outfile, speech
from blackboard.cli.failures import FAILED, Interrupted, sentence
from blackboard.cli.gist import count
from blackboard.cli.options import Work
from blackboard.cli.progress import Progress, progress
from blackboard.cli.stopping import Stop
from blackboard.controller import Verdict
from blackboard.costs import Cost
from blackboard.entry import Kind
from blackboard.errors import UsageError
from blackboard.options import RunOptions
from blackboard.running import Run, blocking
from blackboard.scenario import Scenario
from blackboard.seam import REAL

Opening = Callable[[RunOptions], AbstractAsyncContextManager[Run]]


def launch(scenario: Scenario[Any], params: BaseModel, said: Work) -> int:
    """Run a scenario to its end; the exit code."""
    outfile.check(said.out)
    return _work(scenario, lambda options: scenario.start(params, **options), said, is_new=True)


def relaunch(scenario: Scenario[Any], board: Board, said: Work, *, more: bool = False) -> int:
    """Go on with a board, or show the result of one that is complete; the exit code."""
    outfile.check(said.out)
    if more:
        return _work(scenario, lambda options: _opened_for_more(scenario, board, options, said), said)
    if board.verdict is not None and board.verdict.ending == "complete":
        whole = Board(board.store, board.id, scenario.result)
        speech.tell(f"{board.id} is complete already")
        return _show_end(whole, board.verdict, said)
    return _work(scenario, lambda options: scenario.reopen(board.id, **options), said)


def _work(scenario: Scenario[Any], opening: Opening, said: Work, *, is_new: bool = False) -> int:
    screen, began = progress(quiet=said.quiet), REAL.monotonic()
    logs.begin(with_progress=type(screen) is not Progress)
    stop = Stop()
    try:
        with stop, contextlib.redirect_stdout(sys.stderr), screen:  # stdout is for the result alone
            picks = scenario if is_new and said.team in {None, "auto"} and not said.quiet else None
            verdict = blocking(_whole(opening(_options(scenario, said, screen)), screen, stop, said, picks))
    except (asyncio.CancelledError, KeyboardInterrupt) as error:
        raise Interrupted(_interrupted(screen.board, said)) from error
    except Exception as error:
        if screen.board is None:
            raise
        speech.tell(sentence(error))
        logs.show_traceback(error)
        return FAILED
    board = screen.board
    assert board is not None
    if verdict.ending != "complete" or not said.quiet:
        speech.tell(_summary(board, verdict, REAL.monotonic() - began, said))
    with board:
        return _show_end(board, verdict, said)


async def _whole(
    opening: AbstractAsyncContextManager[Run], screen: Progress, stop: Stop, said: Work, picks: Scenario[Any] | None
) -> Verdict:
    """`picks`: the scenario, where it was left to it which team works."""
    async with opening as run:
        screen.began(run.board)
        if picks is not None and len(picks.teams) > 1:
            speech.tell(_picked(picks, run.board.record.team))
        if said.only is not None and not said.quiet:
            _tell_who_is_missing(run.board, said)
        task = asyncio.current_task()
        assert task is not None
        stop.asks(task.cancel)
        return await run.end()


def _picked(scenario: Scenario[Any], title: str) -> str:
    """Which team works, and why."""
    first = next(iter(scenario.teams))
    if title != first:
        return f"team {title}, since no key is set for team {first}: {models.HOW}"
    return f"team {title}; --team takes another: {', '.join(t for t in scenario.teams if t != title)}"


def _tell_who_is_missing(board: Board, said: Work) -> None:
    others = [s.name for s in board.store.seats(board.id) if s.name not in (said.only or ())]
    if others:
        database = f" --db {shlex.quote(said.db)}" if said.db else ""
        speech.tell(f"others are to serve the rest: blackboard work --agents {','.join(others)}{database}")


def _options(scenario: Scenario[Any], said: Work, screen: Progress) -> RunOptions:
    options = RunOptions(budget=said.budget, agents=_others(scenario, said.agent or []), observer=screen.notice)
    if said.db is not None:
        options["db"] = said.db
    if said.team is not None:
        options["team"] = said.team
    every, others = _models(said.model or [])
    if every is not None:
        options["model"] = every
    if others:
        options["models"] = others
    if said.slots is not None:
        options["slots"] = said.slots
    if said.workers is not None:
        options["workers"] = said.workers
    if said.only is not None:
        options["only"] = said.only
    if said.plugins is not None:
        options["plugins"] = said.plugins
    if said.reload:
        options["reload"] = True
    return options


def _models(said: list[str]) -> tuple[str | None, dict[str, str]]:
    """`--model ID` and `--model WHO=ID`, read. UsageError."""
    every = [one for one in said if "=" not in one]
    split = [one.partition("=") for one in said if "=" in one]
    pairs = [(who.strip(), which.strip()) for who, _, which in split]
    if len(every) > 1:
        raise UsageError(f"--model says {' and '.join(every)} for all agents; say one of them, or WHO=ID for some")
    if any(not all(pair) for pair in pairs) or "" in every:
        raise UsageError("--model takes ID, TIER=ID or AGENT=TIER, e.g. fast=claude-haiku-5-5 or critic=strong")
    return (every[0] if every else None), dict(pairs)


def _others(scenario: Scenario[Any], places: list[str]) -> Mapping[str, Agent]:
    """`--agent critic=offline.critic`, read. UsageError."""
    others = {}
    for one in places:
        name, _, other = one.partition("=")
        team, _, agent = other.partition(".")
        if not (name and team and agent):
            raise UsageError(f"--agent takes NAME=TEAM.AGENT, e.g. critic=offline.critic, not {one!r}")
        seated = {a.name: a for a in teams.agents(scenario.team(team, {})[1])}
        if agent not in seated:
            raise UsageError(f"team {team!r} has no agent {agent!r}; it has {', '.join(seated)}")
        others[name] = seated[agent]
    return others


# -- the end -------------------------------------------------------------------------------------------------------
def _show_end(board: Board, verdict: Verdict, said: Work) -> int:
    """The result, to stdout; the exit code."""
    result = board.result
    with _whoever_reads(_command("resume", board, said)):
        if said.as_json:
            speech.say_json(as_json(board, verdict))
        elif result is not None:
            speech.say(str(result.body))
    _write_out(board, said)
    return verdict.exit_code


def _write_out(board: Board, said: Work) -> None:
    """What comes out, to the file that was said; or how to get it, where it is not what was printed. UsageError."""
    result, again = board.result, _command("resume", board, said)
    if said.out is None:
        if result is not None and type(result.body).artefact is not Kind.artefact:
            speech.tell(f"the text that comes out is not printed; write it to a file: {again} --out FILE")
    elif result is None:
        speech.tell(f"nothing was written to {said.out}: there is no result yet")
    else:
        outfile.write(said.out, result.body.artefact(), f"{again} --out FILE")
        speech.tell(f"written to {said.out}")


def as_json(board: Board, verdict: Verdict) -> dict[str, Any]:
    """A run for programs."""
    result = board.result
    return {
        "board": board.id,
        "verdict": {"ending": verdict.ending, "reasons": verdict.reasons, "exit_code": verdict.exit_code},
        "result": None if result is None else {
            "key": result.key, "kind": result.kind, "version": result.version, "status": result.status,
            "body": result.body.model_dump(mode="json"),
        },
    }  # fmt: skip


@contextlib.contextmanager
def _whoever_reads(again: str) -> Iterator[None]:
    """That nobody reads the result does not change how the board ended. UsageError if it cannot be written."""
    try:
        yield
    except BrokenPipeError:
        speech.hush()
    except OSError as error:
        speech.hush()
        raise UsageError(f"the result cannot be written: {error.strerror}; get it again with: {again}") from error


def _summary(board: Board, verdict: Verdict, seconds: float, said: Work) -> str:
    used = {b.unit: b.settled for b in board.store.summary(board.id).budgets}
    how = "complete" if verdict.ending == "complete" else f"ended: {verdict.ending}"
    cost = costs.by_board(board.store, board.id).get(board.id)
    acted, entries = count(used.get(ACTIVATIONS, 0), "activation"), count(board.seq, "entry")
    line = f"{board.id} {how} in {seconds:.1f} s: {acted}, {entries}{_spent(cost)}"
    lines = [line, *(f"  {reason}" for reason in (*verdict.reasons, *conflicts.in_words(board)))]
    if verdict.ending != "complete":
        result = board.result
        there = f"the result is a partial one: {result.key}, {result.status}" if result else "there is no result"
        lines += [f"  {there}", _remedy(board, verdict, said)]
    return "\n".join(lines)


def _spent(cost: Cost | None) -> str:
    """What calls have taken, if there were any: `, 3 calls, 1,204 tokens, 0.0021 USD`; in the words of `cost`."""
    if cost is None:
        return ""
    worth = "at no known price" if cost.short == "unknown" else cost.short
    return f", {amount(CALLS, cost.calls)}, {amount(TOKENS, cost.tokens)}, {worth}"


def _remedy(board: Board, verdict: Verdict, said: Work) -> str:
    again, look = _command("resume", board, said), _command("show", board, said)
    match verdict.ending:
        case "budget":
            return _more(board, verdict, again)
        case "deadline":
            return f"raise it: {again} --seconds N"
        case "cancelled":
            return f"go on with: {again}"
        case "livelock":
            return f"see how it came about: {_command('log', board, said)}; change one of these agents, then: {again}"
        case "breaker":
            return f"when the cause is mended, go on with: {again}"
    return f"look at it: {look}"


def _more(board: Board, verdict: Verdict, again: str) -> str:
    """How there can be more of the budget that has ended the board."""
    summary, first = board.store.summary(board.id), verdict.reasons[0]
    owner = next((agent for agent in summary.of_agents if first.startswith(f"{agent} has used up")), None)
    asker, short = shortages.read(first) or (None, None)
    if short is not None and short.scope.startswith("day:"):
        return f"{shortages.DAY}; or go on tomorrow with: {again}"
    if short is not None and not shortages.is_of_board(short):
        owner = asker
    if owner is not None:
        return f"raise budget= where {owner} is declared, then go on with: {again}"
    return f"raise it: {again} {shortages.OPTIONS[short.unit if short is not None else ACTIVATIONS]}"


@contextlib.asynccontextmanager
async def _opened_for_more(
    scenario: Scenario[Any], board: Board, options: RunOptions, said: Work
) -> AsyncIterator[Run]:
    """The board, open again; that it waits, and for what, is told when one can post."""
    options["more"] = True
    async with scenario.reopen(board.id, **options) as run:
        if not said.quiet:
            kind = scenario.params.kind_name if issubclass(scenario.params, Kind) else "KIND"
            speech.tell(
                f"{board.id} is open for more; in another terminal: {_command('post', board, said)} {kind} …\n"
                "it ends when all that came in is done; Ctrl-C stops here"
            )
        yield run


def _interrupted(board: Board | None, said: Work) -> str:
    return "interrupted" if board is None else f"interrupted; go on with: {_command('resume', board, said)}"


def _command(verb: str, board: Board, said: Work) -> str:
    database = f" --db {shlex.quote(said.db)}" if said.db else ""
    return f"blackboard {verb} {board.id}{database}"
