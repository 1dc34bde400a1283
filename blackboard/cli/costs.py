"""What `cost` shows: what a board's calls of models have cost, or what one entry has."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

from blackboard.board import Board, open_board, open_store
from blackboard.budget import ACTIVATIONS, dollars
from blackboard.calls import ANY, CallRecord
from blackboard.cli import budgets, drawing, speech
from blackboard.cli.gist import count, few
from blackboard.cli.options import Look
from blackboard.costs import Cost, Step, cost_of, line, nano_usd, worth
from blackboard.ports import Looking
from blackboard.records import Row
from blackboard.waste import Saving, Waste, saved, wasted

FEW = 5  # of the dearest
STEPS = 20
COUNTED = ("calls", "tokens", "cost")
CALL = ("call", "activation", "agent", "model", "tokens", "cost")
ENTRY = ("entry", "activation", "agent", "own cost", "whole line")
BY_BOARD = """
    SELECT board_id, count(*) AS calls, sum(CAST(round(usd * 1e9) AS INTEGER)) AS nano_usd, sum(tokens) AS tokens,
           count(*) FILTER (WHERE state = 'inflight') AS under_way,
           count(*) FILTER (WHERE state = 'unknown' AND usd IS NOT NULL) AS presumed,
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
            dollars(r["nano_usd"] or 0), r["unpriced"], r["tokens"] or 0, r["calls"], r["under_way"], r["presumed"]
        )
        for r in found
    }


# -- a board -------------------------------------------------------------------------------------------------------
def _draw(board: Board, calls: Sequence[CallRecord]) -> None:
    whole = cost_of(calls)
    _draw_headline(board.id, whole)
    if told := _saved(saved(calls)):
        drawing.line(told, indent=2)
    _draw_budgets(board)
    _section("agents", ("agent", "model", *COUNTED), [(*part, *_cells(its)) for part, its in whole.parts.items()])
    if len(models := _by_model(calls)) > 1:
        _section("models", ("model", *COUNTED), [(model, *_cells(its)) for model, its in models.items()])
    _section("for nothing", ("by", *COUNTED), [(r, *_cells(its)) for r, its in _reasons(_waste(board, calls)).items()])
    _section("dearest calls", CALL, [_call(c) for c in _dearest(calls)])
    _section("dearest entries", ENTRY, [
        (few(keys, 2), str(id_), agent, own.short, board.cost(keys[0].split()[0]).short)
        for id_, agent, keys, own in _dearest_steps(board, calls)
    ])  # fmt: skip


def _section(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        drawing.title(title)
        drawing.table(heads, rows, indent=2, greedy=0)


def _draw_headline(what: str, cost: Cost) -> None:
    """What it has cost; below, what of that is not known."""
    drawing.line(f"{what}  {in_words(cost)}", style="bold")
    beside = {"of unknown price": cost.unpriced, "under way": cost.under_way}
    if told := [f"{count(n, 'call')} {how}" for how, n in beside.items() if n]:
        drawing.line(f"not in it: {', '.join(told)}", indent=2)
    if cost.presumed:
        drawing.line(f"in it at most: {count(cost.presumed, 'call')} of which nothing was heard any more", indent=2)


def in_words(cost: Cost) -> str:
    """`0.0213 USD, 12 calls, 48,210 tokens`."""
    return f"{cost.short}, {count(cost.calls, 'call')}, {cost.tokens:,} tokens"


def _cells(cost: Cost) -> tuple[str, str, str]:
    return f"{cost.calls:,}", f"{cost.tokens:,}", cost.short


def _call(call: CallRecord) -> tuple[str, ...]:
    tokens = f"{call.spent.tokens:,}" if call.spent else ""
    return str(call.id), str(call.activation), call.agent, call.model, tokens, cost_of([call]).short


def _draw_budgets(board: Board) -> None:
    """What bounds it, and what is left of that."""
    summary = board.store.summary(board.id)
    found = [("this board", b) for b in budgets.in_order(summary.budgets) if b.unit != ACTIVATIONS]
    found += [(agent, b) for agent, own in summary.calls_of_agents.items() for b in budgets.in_order(own)]
    found += [("today" if m == ANY else f"today, {m}", b) for m, b in budgets.today(board.store)]
    rows = [(whose, *budgets.cells(b)) for whose, b in found if b.cap is not None]
    _section("budgets", ("of", "unit", "used", "held for calls", "left", "at most"), rows)


def _saved(saving: Saving) -> str:
    if not saving.read and not saving.written:
        return ""
    what = f"cached: {saving.read:,} tokens read, {saving.written:,} written, "
    how = f"{worth(saving.usd)} saved" if saving.usd >= 0 else f"{worth(-saving.usd)} more than without, so far"
    return what + how + (f"; {count(saving.unpriced, 'call')} of unknown price" if saving.unpriced else "")


def _reasons(waste: Waste) -> dict[str, Cost]:
    return {reason: its for reason in REASONS if (its := getattr(waste, reason)).calls}


def _waste(board: Board, calls: Sequence[CallRecord]) -> Waste:
    ids = sorted({c.activation for c in calls})
    return wasted(calls, board.store.activations_of(board.id, ids), board.store.attempts(board.id, ids))


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
        "calls": cost.calls, "under_way": cost.under_way, "presumed": cost.presumed,
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
    _draw_headline(f"{row.key} v{row.version}", whole)
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
