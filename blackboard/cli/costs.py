"""What `cost` shows: what a board's calls of models have cost, or what one entry has."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from blackboard.board import Board, open_board, open_store
from blackboard.budget import dollars
from blackboard.calls import CallRecord
from blackboard.cli import budgets, drawing, speech
from blackboard.cli.gist import count, few
from blackboard.cli.options import Look
from blackboard.costs import Cost, Step, cost_of, line, nano_usd, worth
from blackboard.ports import Looking
from blackboard.records import Row
from blackboard.waste import Saving, Waste, saved, wasted

FEW = 5  # of the dearest
STEPS = 20
BY_BOARD = """
    SELECT board_id, count(*) AS calls, sum(CAST(round(usd * 1e9) AS INTEGER)) AS nano_usd, sum(tokens) AS tokens,
           count(*) FILTER (WHERE state = 'inflight') AS under_way,
           count(*) FILTER (WHERE state <> 'inflight' AND usd IS NULL) AS unpriced
    FROM calls WHERE :board IS NULL OR board_id = :board GROUP BY board_id
"""
REASONS = ("conflicts", "retries", "crashes", "failures")
WROTE = """
    SELECT activation_id, key, version FROM history
    WHERE board_id = :board AND superseded_seq IS NULL
    AND activation_id IN (SELECT value FROM json_each(:ids))
    ORDER BY seq
"""


def cost(board: str, key: str | None, said: Look) -> int:
    """The cost of a board, or of the line of an entry."""
    with open_board(board, db=said.db) as opened:
        if key is not None:
            _of_entry(opened, opened.row(key), said)
            return 0
        calls = opened.store.calls(opened.id)
        if said.as_json:
            speech.say_json(_as_json(opened, calls))
        elif calls:
            _draw(opened, calls)
        else:
            speech.say(f"{opened.id} has called no model, so it has cost nothing")
    return 0


def of_boards(db: str | None) -> dict[str, Cost]:
    """What the boards of a database have cost: those that have called a model."""
    with closing(open_store(db, create=False)) as store:
        return by_board(store)


def by_board(store: Looking, board: str | None = None) -> dict[str, Cost]:
    """What each board (or this one) has cost, if it has called a model; without parts."""
    found = store.sql(BY_BOARD, {"board": board})
    return {
        r["board_id"]: Cost(
            dollars(r["nano_usd"] or 0), r["unpriced"], r["tokens"] or 0, r["calls"], under_way=r["under_way"]
        )
        for r in found
    }


# -- a board -------------------------------------------------------------------------------------------------------
def _draw(board: Board, calls: Sequence[CallRecord]) -> None:
    whole = cost_of(calls)
    drawing.line(f"{board.id}  {in_words(whole)}", style="bold")
    drawing.table((), list(_facts(board, calls)), indent=2)
    drawing.title("agents and their models")
    drawing.table(
        ("agent", "model", "calls", "tokens", "cost"),
        [(*part, *_cells(its)) for part, its in whole.parts.items()], indent=2,
    )  # fmt: skip
    if len(models := _by_model(calls)) > 1:
        drawing.title("models")
        drawing.table(("model", "calls", "tokens", "cost"), [(m, *_cells(c)) for m, c in models.items()], indent=2)
    drawing.title("dearest calls")
    drawing.table(
        ("call", "activation", "agent", "model", "tokens", "cost"), [_call(c) for c in _dearest(calls)], indent=2
    )
    if steps := _dearest_steps(board, calls):
        drawing.title("dearest entries")
        drawing.table(
            ("entry", "activation", "agent", "cost", "with all that it came from"),
            [(few(keys, 2), str(id_), agent, str(own), str(board.cost(keys[0].split()[0])))
             for id_, agent, keys, own in steps],
            indent=2, greedy=0,
        )  # fmt: skip


def in_words(cost: Cost) -> str:
    """`0.0213 USD, 12 calls, 48,210 tokens`."""
    return f"{cost}, {count(cost.calls, 'call')}, {cost.tokens:,} tokens"


def _cells(cost: Cost) -> tuple[str, str, str]:
    return f"{cost.calls:,}", f"{cost.tokens:,}", str(cost)


def _call(call: CallRecord) -> tuple[str, ...]:
    tokens = f"{call.spent.tokens:,}" if call.spent else ""
    return str(call.id), str(call.activation), call.agent, call.model, tokens, _charged(call)


def _charged(call: CallRecord) -> str:
    """What one call has cost, and what is to be known of that."""
    if call.spent is None:
        return "under way"
    if call.spent.nano_usd is None:
        return "unknown"
    at_most = "at most " if call.state == "unknown" else ""
    return at_most + worth(dollars(call.spent.nano_usd))


def _facts(board: Board, calls: Sequence[CallRecord]) -> Iterable[tuple[str, str]]:
    summary = board.store.summary(board.id)
    yield "used", budgets.used(summary.budgets)
    if capped := [b for b in summary.budgets if b.cap is not None]:
        yield "left", ", ".join(map(budgets.left, capped))
    for agent, own in summary.calls_of_agents.items():
        yield "", f"{budgets.used(own)} of {agent}"
    for told in budgets.today_in_words(board.store):
        yield "today", f"{told}, in all of the database"
    if told := _saved(saved(calls)):
        yield "cached", told
    if told := _wasted(_waste(board, calls)):
        yield "for nothing", told


def _saved(saving: Saving) -> str:
    if not saving.read and not saving.written:
        return ""
    what = f"{saving.read:,} tokens came from the cache, {saving.written:,} were put there: "
    how = f"{worth(saving.usd)} saved" if saving.usd >= 0 else f"{worth(-saving.usd)} more than without, so far"
    return what + how + (f"; {count(saving.unpriced, 'call')} of unknown price" if saving.unpriced else "")


def _waste(board: Board, calls: Sequence[CallRecord]) -> Waste:
    ids = sorted({c.activation for c in calls})
    return wasted(calls, board.store.activations_of(board.id, ids), board.store.attempts(board.id, ids))


def _wasted(waste: Waste) -> str:
    found = [(reason, getattr(waste, reason)) for reason in REASONS]
    return ", ".join(f"{its} by {reason} ({count(its.calls, 'call')})" for reason, its in found if its.calls)


def _by_model(calls: Iterable[CallRecord]) -> dict[str, Cost]:
    by_model: dict[str, list[CallRecord]] = {}
    for call in calls:
        by_model.setdefault(call.model, []).append(call)
    found = {model: cost_of(its) for model, its in by_model.items()}
    return dict(sorted(found.items(), key=lambda item: (-item[1].usd, -item[1].tokens)))


def _dearest(calls: Iterable[CallRecord]) -> list[CallRecord]:
    ended = [c for c in calls if c.spent is not None]
    return sorted(ended, key=lambda c: (-(c.spent.nano_usd or 0), -c.spent.tokens, c.id))[:FEW]  # type: ignore[union-attr]


def _dearest_steps(board: Board, calls: Iterable[CallRecord]) -> list[tuple[int, str, list[str], Cost]]:
    """The activations that have cost most of those that wrote what is on the board now: who it was, what that is."""
    by_activation: dict[int, list[CallRecord]] = {}
    for call in calls:
        by_activation.setdefault(call.activation, []).append(call)
    wrote: dict[int, list[str]] = {}
    for row in board.sql(WROTE, board=board.id, ids=str(sorted(by_activation))):
        wrote.setdefault(row["activation_id"], []).append(f"{row['key']} v{row['version']}")
    found = [(id_, by_activation[id_][0].agent, keys, cost_of(by_activation[id_])) for id_, keys in wrote.items()]
    return sorted(found, key=lambda one: (-one[3].usd, -one[3].tokens, one[0]))[:FEW]


def _as_json(board: Board, calls: Sequence[CallRecord]) -> dict[str, Any]:
    summary, whole, saving, waste = board.store.summary(board.id), cost_of(calls), saved(calls), _waste(board, calls)
    return {
        "board": board.id, **cost_as_json(whole),
        "parts": [{"agent": a, "model": m, **cost_as_json(c)} for (a, m), c in whole.parts.items()],
        "models": [{"model": m, **cost_as_json(c)} for m, c in _by_model(calls).items()],
        "dearest_calls": [call_as_json(c) for c in _dearest(calls)],
        "dearest_entries": [
            {"activation": id_, "agent": agent, "entries": keys, **cost_as_json(own),
             "in_all": cost_as_json(board.cost(keys[0].split()[0]))}
            for id_, agent, keys, own in _dearest_steps(board, calls)
        ],
        "cache": {"read": saving.read, "written": saving.written, "usd": str(saving.usd), "unpriced": saving.unpriced},
        "for_nothing": {reason: cost_as_json(getattr(waste, reason)) for reason in REASONS},
        "budgets": [budgets.budget_as_json(b) for b in summary.budgets],
        "today": [{"model": m, **budgets.budget_as_json(b)} for m, b in budgets.today(board.store)],
        "agent_budgets": [
            {"agent": agent, **budgets.budget_as_json(b)} for agent, own in summary.calls_of_agents.items() for b in own
        ],
    }  # fmt: skip


def cost_as_json(cost: Cost) -> dict[str, Any]:
    """A cost for programs: exact in whole nano-dollars."""
    return {
        "usd": float(cost.usd), "nano_usd": nano_usd(cost), "unpriced": cost.unpriced, "tokens": cost.tokens,
        "calls": cost.calls, "under_way": cost.under_way,
    }  # fmt: skip


def call_as_json(call: CallRecord) -> dict[str, Any]:
    """What is known of a call, without its texts, for programs."""
    spent = call.spent
    return {
        "call": call.id, "activation": call.activation, "agent": call.agent, "model": call.model,
        "endpoint": call.endpoint, "state": call.state, "fault": call.fault, "cause": call.cause,
        "rejected": call.rejected, "nano_usd": spent and spent.nano_usd, "tokens": spent and spent.tokens,
    }  # fmt: skip


# -- an entry ------------------------------------------------------------------------------------------------------
def of_version(board: Board, row: Row) -> Cost:
    """What it took to come to this version; quick on a board that has called no model."""
    if not by_board(board.store, board.id):
        return Cost()
    return cost_of(c for step in line(board.store, board.id, row) for c in step.calls)


def _of_entry(board: Board, row: Row, said: Look) -> None:
    steps = line(board.store, board.id, row)
    whole = cost_of(c for step in steps for c in step.calls)
    if said.as_json:
        told = [
            {"activation": s.activation, "agent": s.agent, "wrote": _wrote(s), **cost_as_json(s.cost)} for s in steps
        ]
        speech.say_json({"entry": f"{row.key} v{row.version}", **cost_as_json(whole), "steps": told})
        return
    drawing.line(f"{row.key} v{row.version}  {in_words(whole)}", style="bold")
    asking = [s for s in steps if s.calls]
    if not asking:
        drawing.line("it was made from nothing that a model was asked for", indent=2)
        return
    kept = {s.activation for s in sorted(asking, key=lambda s: (-s.cost.usd, -s.cost.tokens))[:STEPS]}
    rows = [
        (few(_wrote(s), 2), str(s.activation), s.agent, *_cells(s.cost)) for s in asking if s.activation in kept
    ]  # fmt: skip
    drawing.table(("made", "activation", "agent", "calls", "tokens", "cost"), rows, indent=2, greedy=0)
    if others := [s for s in asking if s.activation not in kept]:
        rest = cost_of(c for s in others for c in s.calls)
        drawing.line(f"… {len(others)} more, {in_words(rest)}", indent=2)
    if silent := len(steps) - len(asking):
        drawing.line(f"{count(silent, 'more step')} of its line asked no model", indent=2)


def _wrote(step: Step) -> list[str]:
    return [f"{row.key} v{row.version}" for row in step.wrote]
