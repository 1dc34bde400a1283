"""What the verbs that explain show: `why` and `why-not`."""

from dataclasses import replace

from blackboard.agent import Agent
from blackboard.board import Board, open_board
from blackboard.cli import costs, drawing, speech
from blackboard.cli.failures import sentence
from blackboard.cli.finding import unknown
from blackboard.cli.options import Look
from blackboard.cli.posting import seated
from blackboard.errors import UsageError
from blackboard.explaining import ALL, DEEPEST, SOME


def why(board: str, key: str, said: Look, version: int | None, everything: bool) -> int:
    """The tree of what an entry was made from."""
    with open_board(board, db=said.db) as opened:
        found = opened.why(key, version=version, limits=ALL if everything else SOME)
        spent = costs.of_version(opened, opened.row(key, version))
        if said.as_json:
            speech.say_json({**found.as_json(), "cost": costs.cost_as_json(spent)})
            return 0
        told = f"  {spent.short}" if spent.calls else ""
        lines = ((min(level, DEEPEST), text) for level, text in found.lines())
        drawing.tree((level, text + (told if not place else "")) for place, (level, text) in enumerate(lines))
    return 0


def why_not(board: str, agent: str, key: str | None, said: Look) -> int:
    """What keeps an agent from acting."""
    with open_board(board, db=said.db) as opened:
        who, notes = _agent(opened, agent)
        found = replace(opened.why_not(who, key), notes=notes)
        if said.as_json:
            speech.say_json(found.as_json())
            return 0
        drawing.line(f"{found.agent} watches {found.watches}", style="bold")
        for finding in found.findings:
            drawing.paragraph(f"  {finding.what}: ", finding.hindrance.sentence)
        drawing.paragraph("nearest: ", found.nearest)
        for note in found.notes:
            speech.tell(note)
    return 0


def _agent(board: Board, name: str) -> tuple[Agent | str, tuple[str, ...]]:
    """The agent as the board's scenario has it, or its name where that cannot be loaded, with a note. UsageError."""
    seats = [s.name for s in board.store.seats(board.id)]
    trouble = ""
    try:
        found = {a.name: a for a in seated(board)[1]}
    except Exception as error:  # whatever a user's scenario raises
        found, trouble = {}, sentence(error)
    if name in found:
        return found[name], ()
    if (first := next((a.name for a in found.values() if name in {f.name for f in a.chain[1:]}), None)) is not None:
        raise UsageError(f"{name} is a fallback of {first} and acts on what that has failed at; ask for {first}")
    if name not in seats:
        raise UsageError(unknown("agent", name, sorted({*seats, *found}), f"{board.id} has"))
    why = trouble or f"{board.scenario} has no such agent any more"
    return name, (f"only what is stored could be told, where= and ready= were not asked: {why}",)
