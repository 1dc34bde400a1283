"""`blackboard run`: every scenario is a command, made from its parameters when it is named."""

import inspect
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from blackboard.cli import finding, params
from blackboard.cli.options import PANEL, Work, command, parameters
from blackboard.scenario import Scenario


class Scenarios(TyperGroup):
    """The scenarios as commands. Listing them loads none; naming one loads that one."""

    @override
    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [k.name for k in finding.known()]

    @override
    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        listed = {k.name: k for k in finding.known()}
        return TyperCommand(cmd_name, help=params.escaped(listed[cmd_name].help), rich_help_panel="Scenarios")

    @override
    def resolve_command(self, ctx: typer.Context, args: list[str]) -> tuple[str, Any, list[str]]:  # type: ignore[override]
        given = ctx.obj or {}
        return args[0], made(given.get(args[0]) or finding.find(args[0])), args[1:]


def made(scenario: Scenario[Any]) -> TyperCommand:
    """The command of a scenario: its parameters, and the options of every run."""

    def start(said: Work, **words: Any) -> int:
        from blackboard.cli.launching import launch  # loads the runner and its log

        return launch(scenario, params.validated(scenario.params, words), said)

    start.__doc__ = params.described(scenario.params)
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    own: Sequence[inspect.Parameter] = params.parameters(scenario.params)
    app.command(scenario.name)(command(start, own, Work, parameters(Work, PANEL)))
    found = typer.main.get_command(app)
    assert isinstance(found, TyperCommand)
    return found
