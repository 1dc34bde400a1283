"""Examining a database and the ground that it stands on. A check that cannot run is a finding too; the others go on."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from blackboard import settings
from blackboard.records import Finding
from blackboard.seam import Seam
from store import consistency, mounts, spill
from store import queries as q
from store.library import has_wal_reset_bug
from store.migrations import MIGRATIONS
from store.watermark import Watermark, beside

MEMORY = ":memory:"
SILENT = 30.0  # seconds since its last beat after which a worker is asked about
TOLD = 3  # of the things that one check finds; the others are counted
RESTORE = "restore a backup (`blackboard backup` makes them)"


@dataclass(frozen=True)
class Patient:
    """What is examined: a connection to the database, and where that is."""

    at: Any
    path: str
    seam: Seam
    gone: Callable[[str], bool] = lambda _: False  # whether a worker is known to have died


Check = Callable[[Patient], Finding]


def examine(patient: Patient) -> list[Finding]:
    """Every check, one finding each. Of a database in memory only what can be asked of the machine."""
    checks = {**OF_THE_MACHINE, **(OF_THE_FILE if patient.path != MEMORY else {})}
    return [_checked(what, check, patient) for what, check in checks.items()]


def _checked(what: str, check: Check, patient: Patient) -> Finding:
    try:
        with _snapshot(patient.at):
            return check(patient)
    except Exception as error:  # a broken database can make anything fail
        return Finding("error", what, f"it cannot be checked: {error}", RESTORE)


@contextmanager
def _snapshot(at: Any) -> Iterator[None]:
    """Both sides of a comparison are of one moment, while others write."""
    at.execute("BEGIN")
    try:
        yield
    finally:
        if at.in_transaction:
            at.execute("ROLLBACK")


# -- the machine ---------------------------------------------------------------------------------------------------
def library(patient: Patient) -> Finding:
    """Which SQLite it is, and whether that can corrupt a database that several processes write."""
    (version,) = patient.at.execute("SELECT sqlite_version()").fetchone()
    name = type(patient.at).__module__.partition(".")[0]
    if not has_wal_reset_bug(tuple(map(int, version.split(".")))):
        return Finding("ok", "library", f"SQLite {version} ({name})")
    said = f"SQLite {version} ({name}) has the WAL-reset bug: processes that write at once can corrupt the file, rarely"
    return Finding("warning", "library", said, "pip install -U pysqlite3, which brings a SQLite of its own")


# -- the file ------------------------------------------------------------------------------------------------------
def ground(patient: Patient) -> Finding:
    """Whether the database is on a disk of this machine: WAL needs memory that is shared."""
    kind = mounts.of(patient.path)
    if kind is not None and mounts.is_network(kind):
        said = f"{kind} is not a local disk: what is committed can be lost, or the file corrupted"
        return Finding("error", "file system", said, "move the database to a local disk, and say --db")
    return Finding("ok", "file system", kind or "unknown")


def journal(patient: Patient) -> Finding:
    """Whether those who look and the one who writes do not wait for each other."""
    (mode,) = patient.at.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal":
        return Finding("ok", "journal", "WAL")
    return Finding("warning", "journal", f"{mode}, not WAL: readers and writers wait for each other",
                   "let go of the file in all other programs, then open it again")  # fmt: skip


def synchronous(_: Patient) -> Finding:
    """Whether a commit survives a power cut."""
    if settings.synchronous() != "NORMAL":
        return Finding("ok", "durability", "FULL: a commit survives a power cut")
    return Finding("warning", "durability", "NORMAL: a power cut can take back the last commits",
                   "unset BLACKBOARD_SYNCHRONOUS, or set it to FULL")  # fmt: skip


def schema(patient: Patient) -> Finding:
    """Whether this version of the program knows these tables."""
    (version,) = patient.at.execute("SELECT max(version) FROM schema_version").fetchone()
    if version == len(MIGRATIONS):
        return Finding("ok", "schema", f"version {version}")
    return Finding(
        "error", "schema", f"version {version}; this blackboard knows {len(MIGRATIONS)}", "upgrade blackboard"
    )


def pages(patient: Patient) -> Finding:
    """Whether SQLite finds the structure of the file sound."""
    said = (line.strip() for (text,) in patient.at.execute("PRAGMA quick_check") for line in text.splitlines())
    wrong = (line for line in said if line not in {"", "ok"} and not line.startswith("***"))
    return _verdict("pages", "sound", wrong, RESTORE)


# -- the tables ----------------------------------------------------------------------------------------------------
def bodies(patient: Patient) -> Finding:
    """Whether every body is the one that was written."""
    (versions,) = patient.at.execute("SELECT count(*) FROM entry").fetchone()
    wrong = (f"{name} was changed outside" for name in consistency.changed_bodies(patient.at))
    return _verdict("bodies", f"{_count(versions, 'version')} as written", wrong, RESTORE)


def feeds(patient: Patient) -> Finding:
    """Whether every feed is whole."""
    (boards,) = patient.at.execute("SELECT count(*) FROM board").fetchone()
    return _verdict("feeds", f"{_count(boards, 'board')} without a gap", consistency.feed_gaps(patient.at), RESTORE)


def acknowledged(patient: Patient) -> Finding:
    """Whether the end of every feed is there."""
    at = patient.at
    mark = beside(patient.path, at.execute(q.MADE_AT).fetchone()[0])
    boards = at.execute("SELECT number FROM board ORDER BY number").fetchall()
    marked = {number: mark.head_of(number) for (number,) in boards}  # before the heads are read: others go on
    at.execute("COMMIT")
    heads = at.execute("SELECT id, number, head FROM board ORDER BY number").fetchall()
    wrong = [vanished(board, upto, head) for board, n, head in heads if (upto := marked.get(n, 0)) > head]
    after = len(boards) + 1
    wrong += [missing(after + n, upto) for n, upto in enumerate(mark.heads_from(after)) if upto]
    known = sum(map(bool, marked.values()))
    sound = f"all that was acknowledged is there ({_count(known, 'board')} noted)" if known else "nothing is noted"
    return _verdict("ends", sound, wrong, restoring(mark))


def vanished(board: str, acknowledged_upto: int, head: int) -> str:
    """What is said of a board whose end is not there."""
    return f"{board} was acknowledged up to seq {acknowledged_upto}, the file ends at {head}"


def missing(number: int, acknowledged_upto: int) -> str:
    """What is said of a board that is not there at all."""
    return f"board {number} of the file was acknowledged up to seq {acknowledged_upto}, and is not there"


def restoring(mark: Watermark) -> str:
    """What to do where the end of a board is not there."""
    return f"restore its -wal or a backup; to go on with what is there, delete {mark.path}"


def calls(patient: Patient) -> Finding:
    """Whether something lies beside the database that nobody has taken up."""
    found = spill.kept(patient.path, patient.at.execute(q.MADE_AT).fetchone()[0])
    known = "SELECT 1 FROM call WHERE board_id = ? AND id = ?"
    strange = [p for p, one in found.readable if not patient.at.execute(known, (one.board, one.id)).fetchone()]
    if left := [*found.others, *strange]:
        remedy = "nothing reads these: look into them, and delete them"
        return _verdict("calls", "", (f"{path} is broken, or of another database" for path in left), remedy)
    if found.readable:
        said = f"{_count(len(found.readable), 'call')} kept beside the database"
        return Finding("warning", "calls", said, "the next `blackboard run` or `resume` takes that up")
    return Finding("ok", "calls", "nothing is kept beside the database")


def _holding(what: str, sound: str, ask: Callable[[Any], Iterator[str]], remedy: str, *, grave: bool = True) -> Check:
    """A check that something holds throughout the tables."""
    return lambda patient: _verdict(what, sound, ask(patient.at), remedy, grave=grave)


def workers(patient: Patient) -> Finding:
    """Whether somebody holds work and is not heard of any more."""
    seam, held = patient.seam, patient.at.execute(
        """SELECT a.owner, w.host, w.pid, w.beat_at, a.board_id, count(*) FROM activation a
           LEFT JOIN worker w ON w.id = a.owner WHERE a.state = 'running' GROUP BY a.owner, a.board_id"""
    ).fetchall()  # fmt: skip
    wrong, boards = [], []
    for owner, host, pid, beat, board, activations in held:
        work = f"{_count(activations, 'activation')} of {board}"
        if beat is None:
            wrong.append(f"{owner} holds {work} and never registered")
        elif seam.now() - beat > SILENT or patient.gone(owner):
            wrong.append(f"process {pid} on {host} holds {work}, last heard of {seam.now() - beat:.0f} s ago")
        else:
            continue
        boards.append(board)
    remedy = "; ".join(f"`blackboard resume {board}` takes it over" for board in dict.fromkeys(boards))
    return _verdict("workers", f"{len(held)} at work", wrong, remedy, grave=False)


def _verdict(what: str, sound: str, wrong: Iterable[str], remedy: str, *, grave: bool = True) -> Finding:
    """Fine where nothing is wrong; otherwise the first of it, and how much more there is."""
    rest = iter(wrong)
    told = list(islice(rest, TOLD))
    if not told:
        return Finding("ok", what, sound)
    more = sum(1 for _ in rest)
    level: Literal["warning", "error"] = "error" if grave else "warning"
    return Finding(level, what, "; ".join(told) + (f"; and {more} more" if more else ""), remedy)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


OF_THE_MACHINE: dict[str, Check] = {"library": library, "durability": synchronous}
OF_THE_FILE: dict[str, Check] = {
    "file system": ground,
    "journal": journal,
    "schema": schema,
    "pages": pages,
    "feeds": feeds,
    "ends": acknowledged,
    "bodies": bodies,
    "histories": _holding("histories", "the board now follows from them", consistency.broken_histories, RESTORE),
    "counts": _holding("counts", "as on the boards", consistency.wrong_counts, RESTORE),
    "links": _holding("links", "as the entries say", consistency.wrong_links, RESTORE),
    "fields": _holding(
        "fields", "as in the bodies", consistency.wrong_fields,
        f"{RESTORE}, unless the kind has declared that field otherwise since", grave=False,
    ),
    "budgets": _holding("budgets", "reserved is held, no cap is passed", consistency.wrong_budgets, RESTORE),
    "calls": calls,
    "workers": workers,
}  # fmt: skip
"""In the order in which they are told: what `_checked` calls a check is what its finding calls it."""
