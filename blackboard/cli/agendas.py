"""The agenda of a board: who has done what, who waits for whom, what was done again, what has failed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from blackboard import shortages
from blackboard.board import Board
from blackboard.calls import Shortage
from blackboard.cli import drawing
from blackboard.cli.gist import clock, count, shortened
from blackboard.records import ActivationRecord, AgendaCount

OUTSIDE = "outside"  # the pseudo-agent of posts from outside
STATES = ("running", "pending", "waiting", "parked", "done", "failed", "moot")
BUDGET = "budget/"  # what begins so is no agent
FEW = 20  # activations of a state that are told of one by one


def draw(board: Board) -> None:
    """How far each agent is; who waits; what has failed. It costs the same however long the agenda is."""
    counts = [c for c in board.store.agenda(board.id) if c.agent != OUTSIDE]
    if not counts:
        return
    _draw_counts(counts)
    number = Counter({(c.agent, c.state): c.activations for c in counts})
    lines = list(_waits(board, number))
    if lines:
        drawing.title("waiting")
        for line in lines:
            drawing.paragraph("  ", line)
    _draw_failures(board, sum(c.activations for c in counts if c.state == "failed"))


def as_json(board: Board) -> dict[str, Any]:
    """The same for programs, every activation."""
    return {
        "agents": [
            {"agent": c.agent, "state": c.state, "activations": c.activations, "redone": c.redone}
            for c in board.store.agenda(board.id) if c.agent != OUTSIDE
        ],
        "activations": [
            {
                "id": a.id, "agent": a.agent, "state": a.state, "attempt": a.attempt, "redone": a.redone,
                "cause": a.cause, "waits_for": a.waits_for,
            }
            for a in board.store.activations(board.id) if a.agent != OUTSIDE
        ],
        "short": [
            {"agent": s.agent, "activations": s.activations, **asdict(s.short)}
            for s in board.store.summary(board.id).short
        ],
    }  # fmt: skip


def _draw_counts(counts: list[AgendaCount]) -> None:
    states = [s for s in STATES if any(c.state == s for c in counts)]
    number = {(c.agent, c.state): c.activations for c in counts}
    redone = Counter[str]()
    for one in counts:
        redone[one.agent] += one.redone
    conflicts = ["redone"] if redone.total() else []
    rows = [
        (name, *(str(number.get((name, s), "")) for s in states), *(str(redone[name] or "") for _ in conflicts))
        for name in dict.fromkeys(c.agent for c in counts)
    ]
    drawing.title("agenda")
    drawing.table(("agent", *states, *conflicts), rows, indent=2)


def _waits(board: Board, number: Counter[tuple[str, str]]) -> Iterator[str]:
    """`writer waits for reviewer (50 pending)`: one line for all of an agent that wait for the same."""
    for state in ("parked", "waiting"):
        if not any(s == state for _, s in number):
            continue
        found = Counter((a.agent, a.waits_for) for a in board.store.in_state(board.id, state, FEW))
        for (agent, what), times in found.items():
            if what and what.startswith(BUDGET):
                continue
            pending = number[what or "", "pending"]
            behind = f" ({pending} pending)" if pending else ""
            whom = f"for {what}" if what else "until its ready= holds" if state == "waiting" else "for somebody"
            often = f" ({count(times, 'activation')})" if times > 1 else ""
            yield f"{agent} waits {whom}{behind}{often}"
        if state == "parked":
            yield from (f"{s.agent} waits for a budget: it {_lack(s)}" for s in board.store.summary(board.id).short)
        told, all_of_it = sum(found.values()), sum(n for (_, s), n in number.items() if s == state)
        if all_of_it > told:
            yield f"… {all_of_it - told} more {state}; `blackboard why-not` tells of each"


def _lack(shortage: Shortage) -> str:
    many = shortage.activations
    return shortages.lack(shortage.short) + (f" ({count(many, 'activation')})" if many > 1 else "")


def _draw_failures(board: Board, failed: int) -> None:
    found = [a for state in ("failed", "running", "pending") for a in board.store.in_state(board.id, state, FEW)]
    causes = sorted((a for a in found if a.cause and a.agent != OUTSIDE), key=lambda a: a.id)[-FEW:]
    if not causes:
        return
    drawing.title("failures")
    if failed > FEW:
        drawing.line(f"… {failed - FEW} more failed before these", indent=2)
    rows = [(a.agent, f"activation {a.id}", _tried(a), shortened(a.cause or "")) for a in causes]
    drawing.table((), rows, indent=2)


def _tried(activation: ActivationRecord) -> str:
    again = f", again at {clock(activation.due_at)}" if activation.state == "pending" and activation.due_at else ""
    return f"{activation.state} after {count(activation.attempt, 'attempt')}{again}"
