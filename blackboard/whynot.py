"""Why not: for each entry that an agent watches, what kept it from acting; and which comes closest."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from blackboard.conditions import AllDone
from blackboard.entry import RETRACTED, decode
from blackboard.errors import told
from blackboard.gist import count
from blackboard.hindering import MANY, Case, Hindrance, Reason
from blackboard.hindrances import became, hindrance, unseen
from blackboard.records import ActivationRecord, Row

CLOSEST: tuple[Reason, ...] = get_args(Reason)  # from what needs only time to what can never be
FEW = 3  # entries that are named, each with what came of it; more are counted
WRITTEN = 5  # entries of an activation that are named


@dataclass(frozen=True)
class Finding:
    """Entries that the same thing keeps the agent from acting on."""

    hindrance: Hindrance
    rows: tuple[Row, ...]

    @property
    def what(self) -> str:
        """The entries, by name or counted."""
        if len(self.rows) <= FEW:
            return ", ".join(f"{r.key} v{r.version}" for r in self.rows)
        return count(len(self.rows), self.rows[0].kind)

    def __str__(self) -> str:
        return f"{self.what}: {self.hindrance.sentence}"


@dataclass(frozen=True)
class WhyNot:
    """What keeps an agent from acting. `print` tells it, a sentence for all that are kept by the same."""

    agent: str
    watches: str
    findings: tuple[Finding, ...]
    nearest: str  # the entry that comes closest, and the one thing that is missing
    notes: tuple[str, ...] = ()  # what could not be asked

    def __str__(self) -> str:
        lines = [f"{self.agent} watches {self.watches}", *map(str, self.findings), f"nearest: {self.nearest}"]
        return "\n".join([*lines, *(f"({note})" for note in self.notes)])

    def as_json(self) -> dict[str, Any]:
        """The same for programs, with every entry."""
        return {
            "agent": self.agent, "watches": self.watches, "nearest": self.nearest, "notes": self.notes,
            "findings": [
                {
                    "reason": f.hindrance.reason, "sentence": f.hindrance.sentence, "lacks": f.hindrance.lacks,
                    "entries": [{"key": r.key, "version": r.version, "status": r.status} for r in f.rows],
                }
                for f in self.findings
            ],
        }  # fmt: skip


def why_not(case: Case, key: str | None, notes: Sequence[str] = ()) -> WhyNot:
    """What kept the agent from acting on all that it watches, or on this entry."""
    rows = _rows(case, key)
    judged = _of_sets(case, rows) if case.watched.by_set else _one_by_one(case, rows, key)
    findings = tuple(_detailed(case, _grouped(judged)))
    return WhyNot(case.name, case.watched.words, findings, _nearest(case, findings), tuple(notes))


def _rows(case: Case, key: str | None) -> list[Row]:
    if key is not None:
        found = case.store.by_key(case.record.id, key)
        return [found] if found else []
    newest = case.store.newest(case.record.id, case.watched.kind, MANY)
    return [r for r in sorted(newest, key=lambda r: r.born) if r.status != RETRACTED]


# -- one entry at a time ---------------------------------------------------------------------------------------------
def _one_by_one(case: Case, rows: list[Row], key: str | None) -> Iterator[tuple[Row, Hindrance]]:
    store, board = case.store, case.record.id
    had = {a.trigger: a for a in store.activations(board, case.name)}
    batch = store.sql(
        "SELECT seq, activation_id FROM batch WHERE board_id = :board AND agent = :agent",
        {"board": board, "agent": case.name},
    )
    by_id = {a.id: a for a in had.values()}
    had |= {b["seq"]: by_id[b["activation_id"]] for b in batch if b["activation_id"] in by_id}
    current = {r.seq for r in rows}
    older = store.versions(board, key) if key is not None else store.by_seq(board, [s for s in had if s not in current])
    earlier = {r.key: (had[r.seq], r.version) for r in older if r.seq in had and r.seq not in current}
    for row in rows:
        yield row, hindrance(case, row, had.get(row.seq), earlier.get(row.key))


# -- all of a kind, or of a group, at once -----------------------------------------------------------------------------
def _of_sets(case: Case, rows: list[Row]) -> Iterator[tuple[Row, Hindrance]]:
    if rows and rows[0].kind != case.watched.kind:
        yield rows[0], hindrance(case, rows[0], None, None)
        return
    everything = rows if len(rows) != 1 else _rows(case, None)
    had = {a.trigger: a for a in case.store.activations(case.record.id, case.name)}
    asked = {r.seq for r in rows}
    for name, group in _groups(case, everything):
        newest = max(group, key=lambda r: r.seq)
        acted = had.get(newest.seq)  # of the whole as it is now
        if acted is None and _is_sized(case):  # what comes after so many does not make it another
            acted = next((had[r.seq] for r in group if r.seq in had), None)
        of_whole = became(case, acted) if acted is not None else _of_set(case, name, group, newest)
        for row in group:
            if row.seq in asked:
                yield row, of_whole if acted is not None else _unfinished(case, name, row) or of_whole


def _groups(case: Case, rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    watches = case.agent.watches if case.agent is not None else None
    if not isinstance(watches, AllDone) or watches.by is None:
        yield "", rows
        return
    groups: dict[str, list[Row]] = {}
    for row in rows:
        try:
            name = repr(watches.by(decode(watches.kind, row.body, row.key)))
        except Exception as error:  # user code
            name = f"(its by= fails: {told(error)})"
        groups.setdefault(name, []).append(row)
    yield from groups.items()


def _unfinished(case: Case, name: str, row: Row) -> Hindrance | None:
    if row.status in case.watched.statuses:
        return None
    sentence = f"it is {row.status}, and {case.name} waits until all{_of(name)} are done"
    return Hindrance("trigger", sentence, "a status that leads nowhere", 1)


def _of(name: str) -> str:
    return f" of group {name}" if name else ""


def _of_set(case: Case, name: str, group: list[Row], newest: Row) -> Hindrance:
    """What keeps the agent from acting on the whole, for those that are done."""
    left = [r for r in group if r.status not in case.watched.statuses]
    least = _least(case, group[0])
    if left:
        names = ", ".join(f"{r.key} {r.status}" for r in left[:FEW])
        more = f" and {len(left) - FEW} more" if len(left) > FEW else ""
        return Hindrance("ready", f"it waits for the others{_of(name)}: {names}{more}", f"{names}{more} to be done", 1)
    if len(group) < least:
        sentence = f"{len(group)} of {least}{_of(name)} are done, the others are not there yet"
        return Hindrance("ready", sentence, count(least - len(group), f"more {newest.kind}"))
    return case.held_back or unseen(case, newest)


def _is_sized(case: Case) -> bool:
    watches = case.agent.watches if case.agent is not None else None
    return isinstance(watches, AllDone) and watches.size is not None


def _least(case: Case, row: Row) -> int:
    watches = case.agent.watches if case.agent is not None else None
    size = watches.size if isinstance(watches, AllDone) else None
    if callable(size) and isinstance(watches, AllDone):
        try:
            return int(size(decode(watches.kind, row.body, row.key)))
        except Exception:  # user code; that it fails is told by the failure that it leads to
            return 1
    return size if isinstance(size, int) else 1


# -- telling ---------------------------------------------------------------------------------------------------------
def _grouped(judged: Iterable[tuple[Row, Hindrance]]) -> list[Finding]:
    groups: dict[tuple[str, str], list[tuple[Row, Hindrance]]] = {}
    for row, one in judged:
        groups.setdefault((one.reason, one.sentence), []).append((row, one))
    findings = [Finding(min((h for _, h in g), key=_rank), tuple(r for r, _ in g)) for g in groups.values()]
    return sorted(findings, key=lambda f: _rank(f.hindrance))


def _rank(one: Hindrance) -> tuple[int, int]:
    return CLOSEST.index(one.reason), one.distance


def _detailed(case: Case, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What came of it, and who goes first, where few enough are told that somebody reads it."""
    for finding in findings:
        ids = [finding.hindrance.activation] if finding.hindrance.activation is not None else []
        if len(finding.rows) > 1 or not ids or finding.hindrance.reason not in {"refraction", "turn"}:
            yield finding
            continue
        (one,) = case.store.activations_of(case.record.id, ids)
        more = _came_of(case, one) if finding.hindrance.reason == "refraction" else case.went_first(one)
        told = f"{finding.hindrance.sentence} (activation {one.id}, {more})"
        yield replace(finding, hindrance=replace(finding.hindrance, sentence=told))


def _came_of(case: Case, one: ActivationRecord) -> str:
    """What an activation that is done has written."""
    last = one.last_seq or 0
    rows = case.store.by_seq(case.record.id, range(max(1, last - WRITTEN), last + 1))
    keys = [f"{r.key} v{r.version}" for r in rows if r.activation == one.id]
    more = " and more" if len(keys) > WRITTEN else ""
    return f"which wrote {', '.join(keys[-WRITTEN:])}{more}" if keys else "which wrote nothing"


def _nearest(case: Case, findings: Sequence[Finding]) -> str:
    if not findings:
        return _nothing_there(case)
    first = findings[0]
    if first.hindrance.reason == "refraction":
        return "it has acted on all that it watches; a new entry or version would wake it"
    closest = min(first.rows, key=lambda r: r.seq)
    return f"{closest.key} v{closest.version} needs {first.hindrance.lacks}"


def _nothing_there(case: Case) -> str:
    """No entry of the kind is there: who could write one."""
    kind = case.watched.kind
    seats = case.store.seats(case.record.id)
    writers = [s.name for s in seats if s.grants is not None and kind in s.grants.writes]
    post = f"no agent of this board writes it; `blackboard post {case.record.id} {kind} …` does"
    who = f"{' or '.join(writers)} may write it" if writers else post
    return f"there is no {kind} on the board; {who}"
