"""What the verbs that look at boards show: `boards`, `show`, `log`. One function draws, one gives it to programs."""

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blackboard.board import Board, to_verdict
from blackboard.budget import ACTIVATIONS
from blackboard.cli import agendas, budgets, conflicts, costs, drawing, speech
from blackboard.cli.finding import unknown
from blackboard.cli.gist import age, body_of, clock, count, few, gist, iso
from blackboard.costs import Cost
from blackboard.errors import UsageError
from blackboard.looker import is_intact
from blackboard.records import BoardRecord, Row, Serving

CHANGED = "(changed outside)"  # it is shown all the same: whoever looks wants to see what is there
FEW = 20  # entries of a kind that are shown where nobody asks for more
MANY = 2**31


# -- boards --------------------------------------------------------------------------------------------------------
def draw_boards(records: Iterable[BoardRecord], workers: Mapping[str, int], spent: Mapping[str, Cost]) -> None:
    """A line for each board, newest last. What they have cost stands there if any has called a model."""
    heads = ("board", "scenario", "state", "workers", "entries", *(["cost"] if spent else []), "age", "params")
    rows = [
        (r.id, r.scenario, _state(r), _served(r, workers), str(r.head),
         *([spent[r.id].short if r.id in spent else ""] if spent else []), age(r.created_at), gist(r.params))
        for r in records
    ]  # fmt: skip
    drawing.table(heads, rows)


def workers_at(serving: Iterable[Serving]) -> dict[str, int]:
    """How many workers each board has."""
    return Counter(s.board for s in serving)


def _served(record: BoardRecord, workers: Mapping[str, int]) -> str:
    return str(workers.get(record.id) or ("none" if record.status == "open" else ""))


def declared_in(record: BoardRecord) -> str:
    """The file that declares the board's scenario."""
    return str(json.loads(record.options).get("declared_in", ""))


def board_as_json(record: BoardRecord, workers: int, cost: Cost | None) -> dict[str, Any]:
    """A board for programs."""
    verdict = to_verdict(record.verdict)
    told = verdict and {"ending": verdict.ending, "reasons": verdict.reasons, "exit_code": verdict.exit_code}
    return {
        "board": record.id, "scenario": record.scenario, "team": record.team, "params": json.loads(record.params),
        "status": record.status, "verdict": told, "entries": record.head, "created_at": iso(record.created_at),
        "ran_seconds": round(record.ran_seconds, 3), "workers": workers,
        "cost": costs.cost_as_json(cost or Cost()),
    }  # fmt: skip


def _state(record: BoardRecord) -> str:
    verdict = to_verdict(record.verdict)
    return verdict.ending if verdict is not None and record.status == "closed" else record.status


# -- show ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Shown:
    """What of a board is to be shown."""

    as_of: int | None = None
    kind: str | None = None
    everything: bool = False

    def check(self, board: Board) -> None:
        """UsageError if the board has no such seq or kind."""
        if self.as_of is not None and self.as_of > board.seq:
            raise UsageError(f"{board.id} has {board.seq} versions; --as-of takes 0 to {board.seq}")
        if self.kind is not None:
            _check_kind(board, self.kind)


def draw_board(board: Board, wanted: Shown, db: str | None = None) -> None:
    """The board by kind, with its state above and its agenda below."""
    _draw_header(board, wanted.as_of)
    for kind, number in _counted(board, wanted).items():
        most = MANY if wanted.everything or wanted.kind else FEW
        rows = sorted(board.store.newest(board.id, kind, most, wanted.as_of), key=lambda r: r.born)
        drawing.title(f"{kind} ({number})")
        if number > len(rows):
            drawing.line(f"… {number - len(rows)} more (--all, or --kind {kind}); these changed last", indent=2)
        drawing.table((), [_cells(r) for r in rows], indent=2)
    if wanted.as_of is None and wanted.kind is None:
        if board.record.status == "open":
            _draw_workers(board, db)
            _draw_troubles(board)
        agendas.draw(board)


def _check_kind(board: Board, kind: str) -> None:
    """UsageError where neither a declaration nor an entry of the board has it."""
    if kind not in (kinds := {**board.kinds, **board.store.summary(board.id).marks}):
        raise UsageError(unknown("kind", kind, sorted(kinds), f"{board.id} has"))


def _counted(board: Board, wanted: Shown) -> dict[str, int]:
    """How many entries of each kind there are; nothing is read for that but counters."""
    marks = board.store.summary(board.id).marks
    kinds = [k for k in dict.fromkeys((*board.kinds, *marks)) if wanted.kind in {None, k}]
    if wanted.as_of is not None:
        counted = {k: board.store.counted(board.id, k, wanted.as_of) for k in kinds}
    else:
        counted = {k: sum(marks.get(k, {}).values()) for k in kinds}
    return {kind: n for kind, n in counted.items() if n}


def _cells(row: Row) -> tuple[str, ...]:
    about = f"about {few(row.about)}" if row.about else ""
    if not is_intact(row):
        about = f"{CHANGED} {about}".rstrip()
    return f"{row.key} v{row.version}", row.status, row.author, gist(row.body), about


def _draw_header(board: Board, as_of: int | None) -> None:
    record, verdict = board.record, board.verdict
    then = f"  as of seq {as_of} of {record.head}" if as_of is not None else ""
    if as_of is not None:  # how it ended and what it used is of today
        drawing.line(f"{record.id}{then}", style="bold")
        return
    drawing.line(f"{record.id}  {_state(record)}", style="bold")
    for reason in verdict.reasons if verdict else ():
        drawing.line(reason, indent=2)
    summary = board.store.summary(board.id)
    acted = [b for b in summary.budgets if b.unit == ACTIVATIONS]
    asked, held = budgets.used(b for b in summary.budgets if b not in acted), budgets.held(summary.budgets)
    own = [("", f"{budgets.used([b])} of {agent}") for agent, b in summary.of_agents.items()]
    own += [("", f"{budgets.used(its, is_of_one=True)} of {agent}") for agent, its in summary.calls_of_agents.items()]
    seconds = json.loads(record.options).get("budget", {}).get("seconds")
    ran = f"{record.ran_seconds:.1f}" + (f" of {seconds:g}" if seconds is not None else "")
    drawing.table((), [
        ("scenario", f"{record.scenario}, team {record.team}"), ("params", gist(record.params)),
        ("begun", clock(record.created_at)), ("used", f"{budgets.used(acted) or 'nothing'}, {ran} seconds"),
        *(("", its) for its in (asked,) if its), *own,
        *(("held", f"{its} for calls under way") for its in (held,) if its),
        *(("today", f"{told}, on all boards") for told in budgets.today_in_words(board.store)),
        *(("cost", f"{cost.short}; `blackboard cost {record.id}` tells more") for cost in _cost(board)),
        ("entries", f"{count(record.head, 'version')} in the feed"),
        *(("conflicts", line) for line in conflicts.in_words(board)),
    ], indent=2)  # fmt: skip


def _cost(board: Board) -> list[Cost]:
    """What it has cost, if it has called a model."""
    return list(costs.by_board(board.store, board.id).values())


def at(db: str | None) -> str:
    """What a remedy says of the database: ` --db PATH` where one was said."""
    return f" --db {shlex.quote(db)}" if db else ""


def _draw_workers(board: Board, db: str | None) -> None:
    """Who serves which agents, and whom nobody serves."""
    drawing.title("workers")
    seated = {s.name for s in board.store.seats(board.id)}
    rows = [
        (f"{s.worker.host}:{s.worker.pid}", "all agents" if seated <= s.agents.keys() else ", ".join(s.agents),
         f"{s.holds} of {s.slots} slots", f"since {clock(s.since)}", f"heard {age(s.beat_at)} ago")
        for s in board.serving
    ]  # fmt: skip
    if rows:
        drawing.table((), rows, indent=2, greedy=1)
    again, serve = f"`blackboard resume {board.id}{at(db)}`", f"blackboard work{at(db)}"
    if not rows:
        drawing.line(f"nobody works on it; {again} goes on with it, `{serve}` serves it", indent=2)
    elif board.unserved:
        names = ",".join(board.unserved)
        drawing.line(f"nobody serves {', '.join(board.unserved)}; `{serve} --agents {names}` does", indent=2)


def _draw_troubles(board: Board) -> None:
    """The models that do not take calls as they usually do."""
    if told := budgets.troubles(board.store.gates()):
        drawing.title("models")
        for line in told:
            drawing.paragraph("  ", line)


def _worker_as_json(one: Serving) -> dict[str, Any]:
    return {
        "worker": one.worker.id, "host": one.worker.host, "pid": one.worker.pid, "agents": dict(one.agents),
        "slots": one.slots, "holds": one.holds, "since": iso(one.since), "heard_at": iso(one.beat_at),
    }  # fmt: skip


def show_as_json(board: Board, wanted: Shown) -> dict[str, Any]:
    """The whole board, or all of one kind, for programs."""
    summary, as_of = board.store.summary(board.id), wanted.as_of
    owned = [(agent, b) for agent, b in summary.of_agents.items()]
    owned += [(agent, b) for agent, its in summary.calls_of_agents.items() for b in its]
    own = [{"agent": agent, **budgets.budget_as_json(b)} for agent, b in owned]
    cost = next(iter(_cost(board)), None)
    if wanted.kind is None:
        rows = board.store.current(board.id, as_of)
    else:
        rows = sorted(board.store.newest(board.id, wanted.kind, MANY, as_of), key=lambda r: r.born)
    return {
        **board_as_json(board.record, len(board.serving), cost), "serving": [_worker_as_json(s) for s in board.serving],
        "unserved": board.unserved, "as_of": board.seq if as_of is None else as_of,
        "budgets": [budgets.budget_as_json(b) for b in summary.budgets], "agent_budgets": own,
        "today": [{"model": model, **budgets.budget_as_json(b)} for model, b in budgets.today(board.store)],
        "models": [budgets.gate_as_json(g) for g in board.store.gates()], "conflicts": conflicts.counted(board),
        "entries": [row_as_json(r) for r in rows], **agendas.as_json(board),
    }  # fmt: skip


# -- log -----------------------------------------------------------------------------------------------------------
def versions(board: Board, kind: str | None, *, wait: bool) -> Iterator[Row]:
    """What was written, in order, of one kind if one is named. UsageError."""
    if kind is not None:
        _check_kind(board, kind)
    return (row for row in board.feed(wait=wait) if kind in {None, row.kind})


def log_line(row: Row, refused: Iterable[str] = (), *, asked: bool = False) -> str:
    """A version of an entry on one line, with the agents whose results were refused as it was there first.

    Where its author had `asked` a model the activation is named, for `--prompt`.
    """
    about = f"  about {few(row.about)}" if row.about else ""
    about += "" if is_intact(row) else f"  {CHANGED}"
    about += f"  activation {row.activation}" if asked else ""
    about += f"  refused: {', '.join(refused)}" if refused else ""
    key = f"{row.key} v{row.version}"
    return speech.printable(
        f"{row.seq:>5}  {clock(row.posted_at)}  {row.author:<14}  {key:<18}  {row.status:<9}{about}".rstrip()
    )


def row_as_json(row: Row) -> dict[str, Any]:
    """A version of an entry for programs."""
    return {
        "seq": row.seq, "time": iso(row.posted_at), "author": row.author, "key": row.key, "version": row.version,
        "kind": row.kind, "status": row.status, "about": row.about, "body": body_of(row.body),
        "activation": row.activation, "intact": is_intact(row),
    }  # fmt: skip
