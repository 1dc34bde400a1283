"""The verbs. Each is one function that asks the framework and hands on what it says."""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from blackboard import calls, settings
from blackboard.board import list_boards, list_serving, open_board
from blackboard.cli import boards as shown
from blackboard.cli import (
    catalogue,
    conflicts,
    costs,
    drawing,
    finding,
    health,
    limiting,
    posting,
    prompts,
    reasons,
    scaffold,
    speech,
)
from blackboard.cli.failures import USAGE
from blackboard.cli.options import Find, Look, Serve, Work, taking, verb_first
from blackboard.cli.scenarios import Scenarios
from blackboard.errors import UsageError
from blackboard.scenario import Scenario


class Verbs(TyperGroup):
    """The verbs in the order in which one needs them."""

    @override
    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return ["run", *(name for name in self.commands if name != "run")]

    @override
    def resolve_command(self, ctx: typer.Context, args: list[str]) -> tuple[str | None, Any, list[str]]:  # type: ignore[override]
        if args[0] not in self.commands and args[0] in {k.name for k in finding.known()}:
            raise UsageError(f"{args[0]!r} is a scenario; run it: blackboard run {args[0]} …")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Verbs, add_completion=False, rich_markup_mode="rich",
    help="Agents that work together on a blackboard, in one database that can be inspected and resumed.",
    epilog="Every verb takes --db PATH|URL, --json, --log-level LEVEL and --log-json; see blackboard VERB --help.",
)  # fmt: skip
runs = typer.Typer(cls=Scenarios, invoke_without_command=True, add_completion=False, rich_markup_mode="rich")
app.add_typer(runs, name="run", help="Run a scenario: a name, or the path of a .py file. Alone: list the scenarios.")

Name = Annotated[str, typer.Argument(metavar="BOARD", help="Its id, the beginning of its id, or `last`.")]

Body = Annotated[
    list[str] | None,
    typer.Argument(metavar="JSON|FIELD=VALUE …", help="The body: its fields, or JSON; `-` reads JSON from stdin."),
]
Key = Annotated[str, typer.Argument(metavar="KEY", help="The key of an entry, as in `answer-3`.")]


def perform(words: Sequence[object]) -> int:
    """Do what the words say; the exit code."""
    if finding.is_loading():
        raise typer.Exit(USAGE)  # main() at import: whoever imports says what is wrong
    given = {w.name: w for w in words if isinstance(w, Scenario)}
    texts = [w.name if isinstance(w, Scenario) else str(w) for w in words]
    if wrong := [t for t in texts if any("\ud800" <= c <= "\udfff" for c in t)]:
        raise UsageError(f"the argument {wrong[0]!r} is not UTF-8; write it in that encoding")
    command = typer.main.get_command(app)
    with command.make_context("blackboard", verb_first(texts) or ["--help"], obj=given) as context:
        return int(command.invoke(context) or 0)


@runs.callback()
def scenarios(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", hidden=True)] = False) -> None:
    """List the scenarios, where none is named."""
    if ctx.invoked_subcommand is not None:
        return
    found = finding.known()
    if as_json:
        speech.say_json([{"name": k.name, "module": k.module, "help": k.help} for k in found])
        return
    drawing.table(("scenario", "what it does"), [(k.name, k.help) for k in found])
    speech.tell("run one: blackboard run SCENARIO …; what it takes: blackboard run SCENARIO --help")


@app.command()
@taking(Work)
def resume(
    board: Name,
    said: Work,
    more: Annotated[
        bool, typer.Option("--more", help="Open it again however it ended: for what you post, until that is done.")
    ] = False,
) -> int:
    """Go on with a board that was interrupted, or stopped by a cap that is now higher."""
    from blackboard.cli.launching import relaunch  # loads the runner and its log

    with open_board(board, db=said.db) as opened:
        return relaunch(finding.again(opened.scenario, shown.declared_in(opened.record)), opened, said, more=more)


@app.command()
@taking(Serve)
def work(said: Serve) -> int:
    """Serve open boards with this process, beside others; new ones too, until it is told to stop."""
    from blackboard.cli.shift import shift  # loads the runner and its log

    return shift(said)


@app.command()
@taking(Look)
def boards(said: Look) -> int:
    """List the boards of a database, newest last."""
    found = list_boards(db=said.db)
    serving = shown.workers_at(list_serving(db=said.db)) if found else {}
    cost = costs.of_boards(said.db) if found else {}
    if said.as_json:
        speech.say_json([shown.board_as_json(r, serving.get(r.id, 0), cost.get(r.id)) for r in found])
    elif found:
        shown.draw_boards(found, serving, cost)
    else:
        speech.tell("no board yet; `blackboard run` makes one")
    return 0


@app.command()
@taking(Look)
def show(
    board: Name,
    said: Look,
    as_of: Annotated[int | None, typer.Option(metavar="SEQ", min=0, help="The board as it was then.")] = None,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only entries of this kind, all of them.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All entries, however many.")] = False,
) -> int:
    """Show what is on a board, by kind, and how it stands."""
    wanted = shown.Shown(as_of, kind, everything)
    with open_board(board, db=said.db) as opened:
        wanted.check(opened)
        if said.as_json:
            speech.say_json(shown.show_as_json(opened, wanted))
        else:
            shown.draw_board(opened, wanted, said.db)
    return 0


@app.command()
@taking(Look)
def log(
    board: Name,
    said: Look,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more until the board has ended.")] = False,
    kind: Annotated[str | None, typer.Option(metavar="KIND", help="Only entries of this kind.")] = None,
    prompt: Annotated[
        int | None,
        typer.Option(metavar="ACTIVATION", help="Instead, what this activation asked models, and what they answered."),
    ] = None,
) -> int:
    """List what was written to a board, in order, one version a line."""
    if prompt is not None and (follow or kind):
        raise UsageError("--prompt shows the calls of one activation; leave out --follow and --kind")
    with open_board(board, db=said.db) as opened:
        if prompt is not None:
            prompts.prompts(opened, prompt, as_json=said.as_json)
            return 0
        if follow and opened.verdict is None and not opened.is_served:
            again = f"blackboard resume {opened.id}{shown.at(said.db)}"
            speech.tell(f"nobody works on {opened.id} now; `{again}` goes on with it")
        asked = prompts.asking(opened, follows=follow)
        refused = conflicts.by_seq(opened) if opened.verdict is not None or not follow else {}
        for row in shown.versions(opened, kind, wait=follow):
            if said.as_json:
                speech.say_json({**shown.row_as_json(row), "refused": refused.get(row.seq, [])}, indent=None)
            else:
                speech.say(shown.log_line(row, refused.get(row.seq, ()), asked=asked(row.activation)))
    return 0


@app.command()
@taking(Look)
def post(
    board: Name,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The kind of the entry, as in `answer`.")],
    said: Look,
    body: Body = None,
    about: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="An entry that it is about; repeatable.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="Its status; else the first of its kind.")
    ] = None,
) -> int:
    """Put an entry on a board; its key is printed."""
    return posting.post(board, kind, said, body or [], about or [], status)


@app.command()
@taking(Look)
def amend(
    board: Name,
    key: Key,
    said: Look,
    body: Body = None,
    status: Annotated[str | None, typer.Option(metavar="STATUS", help="Its new status.")] = None,
) -> int:
    """Give an entry a new version: another status, other fields, or a whole new body."""
    return posting.amend(board, key, said, body or [], status)


@app.command()
@taking(Look)
def cancel(
    board: Name,
    said: Look,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, in words that stay with the board.")] = "",
) -> int:
    """End a board: what runs is stopped, what has landed stays, and `resume` goes on with it."""
    return posting.cancel(board, said, reason)


@app.command()
@taking(Look)
def why(
    board: Name,
    key: Key,
    said: Look,
    version: Annotated[int | None, typer.Option(metavar="N", min=1, help="This version; else the newest.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole tree, however large.")] = False,
) -> int:
    """Show what an entry was made from: by whom, in which attempts, down to the quotes of documents."""
    return reasons.why(board, key, said, version, everything)


@app.command()
@taking(Look)
def cost(
    board: Name,
    said: Look,
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="This entry, and all that it came from.")] = None,
) -> int:
    """Show what calls of models have cost: by agent and model, the dearest, and what of it was for nothing."""
    return costs.cost(board, key, said)


@app.command("why-not")
@taking(Look)
def why_not(
    board: Name,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="An agent of the board.")],
    said: Look,
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="This entry; else all that it watches.")] = None,
) -> int:
    """Show what keeps an agent from acting, entry by entry, and which comes closest."""
    return reasons.why_not(board, agent, key, said)


@app.command()
@taking(Find)
def agents(said: Find) -> int:
    """List the agents that there are: what wakes them, what they write, with which tools; 2 if one is broken."""
    places = settings.plugins() if said.plugins is None else said.plugins
    with contextlib.redirect_stdout(sys.stderr):  # what is imported may print
        found = catalogue.catalogue(places)
    if said.as_json:
        speech.say_json([catalogue.as_json(one) for one in found.listed])
    else:
        catalogue.draw(found.listed)
    for sentence in (*found.broken, *health.shadowed()):
        speech.tell(sentence)
    return USAGE if found.broken else 0


@app.command("new-agent")
@taking(Look)
def new_agent(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called, as a Python name.")],
    said: Look,
    watches: Annotated[str | None, typer.Option(metavar="KIND", help="What wakes it; else a kind of its own.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--in", metavar="DIR", help="Where; else BLACKBOARD_PLUGINS, else plugins.")
    ] = None,
) -> int:
    """Write a working agent and its test, to be edited."""
    return scaffold.new_agent(name, watches, folder, said)


@app.command()
@taking(Look)
def limits(
    said: Look,
    model: Annotated[str, typer.Option(metavar="M", help="Of this model; else of all together.")] = calls.ANY,
    requests_a_minute: Annotated[int | None, typer.Option(metavar="N", help="Requests in any minute.")] = None,
    tokens_a_minute: Annotated[int | None, typer.Option(metavar="N", help="Tokens in any minute.")] = None,
    calls_at_once: Annotated[int | None, typer.Option(metavar="N", help="Calls under way at a time.")] = None,
    usd_a_day: Annotated[float | None, typer.Option(metavar="X", help="Dollars in a day.")] = None,
    tokens_a_day: Annotated[int | None, typer.Option(metavar="N", help="Tokens in a day.")] = None,
    calls_a_day: Annotated[int | None, typer.Option(metavar="N", help="Calls in a day.")] = None,
    none: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Lift this limit, as in `calls-a-day`; repeatable.")
    ] = None,
) -> int:
    """Show and set what a database allows all of its processes together, at most. A day is one of UTC."""
    given = {
        "requests_a_minute": requests_a_minute, "tokens_a_minute": tokens_a_minute, "calls_at_once": calls_at_once,
        "usd_a_day": usd_a_day, "tokens_a_day": tokens_a_day, "calls_a_day": calls_a_day,
    }  # fmt: skip
    return limiting.limits(model, given, none or [], said)


@app.command()
@taking(Look)
def doctor(said: Look) -> int:
    """Examine the machine and the database: what is wrong, and what to do. Exit code 5 if there is an error."""
    findings = health.examined(said.db)
    if said.as_json:
        speech.say_json([health.as_json(one) for one in findings])
    else:
        health.draw(findings)
    return health.exit_code(findings)


@app.command()
@taking(Look)
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file that the copy is to be.")],
    said: Look,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there already.")] = False,
) -> int:
    """Copy the database while others work on it. The copy is checked before it bears its name."""
    return health.back_up(file, said, replace=force)
