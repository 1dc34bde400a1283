"""What must hold between the tables of a sound database: each function tells what does not, a line each.

Plain SQL on purpose: these questions are put to the tables from outside, apart from the statements that fill them.
Nothing is kept in memory but what is wrong and a line for each kind; bodies are read one after the other.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

Cursor = Any  # a DB-API connection

VERSIONS = """
    SELECT board_id, key, version, kind, seq, superseded_seq, born_seq, row_number() OVER own, lead(seq) OVER own,
           first_value(seq) OVER own, first_value(kind) OVER own
    FROM entry WINDOW own AS (PARTITION BY board_id, key ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING
                              AND UNBOUNDED FOLLOWING)"""
COUNTED = """
    SELECT board_id, kind, status, sum(entries), sum(last), sum(noted), sum(noted_last) FROM (
        SELECT board_id, kind, status, sum(superseded_seq IS NULL) AS entries, max(seq) AS last, 0 AS noted,
               0 AS noted_last FROM entry GROUP BY board_id, kind, status
        UNION ALL SELECT board_id, kind, status, 0, 0, entries, last_seq FROM kind_mark)
    GROUP BY board_id, kind, status"""
UNLINKED = """
    SELECT e.board_id, e.key, e.version, a.value FROM entry e, json_each(e.about) a WHERE NOT EXISTS (
        SELECT 1 FROM link l WHERE l.board_id = e.board_id AND l.about_key = a.value AND l.seq = e.seq)"""
LINKED = """
    SELECT l.board_id, l.seq, l.about_key FROM link l WHERE NOT EXISTS (
        SELECT 1 FROM entry e, json_each(e.about) a
        WHERE e.board_id = l.board_id AND e.seq = l.seq AND a.value = l.about_key)"""
FIELDS = """
    SELECT f.board_id, f.kind, f.name, f.value, f.seq, e.kind, e.key, e.version, e.body
    FROM field f LEFT JOIN entry e ON e.board_id = f.board_id AND e.seq = f.seq"""
UNINDEXED = """
    SELECT f.board_id, f.kind, f.name, e.versions - f.versions
    FROM (SELECT board_id, kind, name, count(DISTINCT seq) AS versions FROM field GROUP BY board_id, kind, name) f
    JOIN (SELECT board_id, kind, count(*) AS versions FROM entry GROUP BY board_id, kind) e
      ON e.board_id = f.board_id AND e.kind = f.kind
    WHERE e.versions > f.versions"""
HELD = """
    SELECT b.scope, b.reserved, count(a.id) FROM budget b
    LEFT JOIN activation a
        ON a.board_id = substr(b.scope, 7) AND a.state IN ('pending', 'running', 'parked') AND a.attempt > 0
    WHERE b.unit = 'activations' AND b.scope LIKE 'board:%' GROUP BY b.scope HAVING b.reserved <> count(a.id)"""
CALLED = """
    WITH booked AS (
        SELECT s.value AS scope, total(CASE state WHEN 'inflight' THEN bound_usd END) AS usd_held,
               total(CASE state WHEN 'inflight' THEN bound_tokens END) AS tokens_held,
               total(state = 'inflight') AS calls_held, total(spent_usd) AS usd, total(spent_tokens) AS tokens,
               total(state <> 'inflight') AS calls
        FROM call, json_each(json_array('board:' || board_id, 'agent:' || board_id || '/' || agent, 'day:' || day,
                                        'day:' || day || '/' || model)) s
        GROUP BY s.value)
    SELECT b.scope, b.unit, b.reserved, b.settled,
           CAST(coalesce(CASE b.unit WHEN 'calls' THEN calls_held WHEN 'tokens' THEN tokens_held ELSE usd_held END, 0)
                AS INTEGER) AS held,
           CAST(coalesce(CASE b.unit WHEN 'calls' THEN calls WHEN 'tokens' THEN tokens ELSE usd END, 0)
                AS INTEGER) AS taken
    FROM budget b LEFT JOIN booked k ON k.scope = b.scope
    WHERE b.unit IN ('calls', 'tokens', 'nano_usd') AND (b.reserved <> held OR b.settled <> taken)"""
UNHELD = """
    SELECT c.board_id, c.id, c.activation_id FROM call c WHERE c.state = 'inflight' AND NOT EXISTS (
        SELECT 1 FROM activation a WHERE a.board_id = c.board_id AND a.id = c.activation_id AND a.state = 'running'
        AND a.token = c.token)"""
OVERDRAWN = """
    SELECT scope, unit, cap, settled, reserved, overrun FROM budget
    WHERE settled - overrun + reserved > cap OR settled < 0 OR reserved < 0 OR overrun < 0"""


def feed_gaps(at: Cursor) -> Iterator[str]:
    """Seqs of a board that are not there: they run from 1 to its head without a gap."""
    for board, head in at.execute("SELECT id, head FROM board ORDER BY number").fetchall():
        expected = 1
        for (seq,) in at.execute("SELECT seq FROM entry WHERE board_id = ? ORDER BY seq", (board,)):
            if seq != expected:
                yield f"{board} lacks {_span(expected, seq - 1)}"
            expected = seq + 1
        if expected - 1 != head:
            yield f"the feed of {board} ends at seq {expected - 1}, the board at {head}"
    for (board,) in at.execute("SELECT DISTINCT board_id FROM entry WHERE board_id NOT IN (SELECT id FROM board)"):
        yield f"there are entries of {board}, which is no board"


def _span(first: int, last: int) -> str:
    return f"seq {first}" if first == last else f"seq {first} to {last}"


def changed_bodies(at: Cursor) -> Iterator[str]:
    """Versions whose body is not the one that was written."""
    rows = at.execute(  # as bytes: a changed byte may leave what is no text
        "SELECT board_id, key, version, sha256, CAST(body AS BLOB) FROM entry ORDER BY board_id, seq"
    )
    for board, key, version, sha256, body in rows:
        if hashlib.sha256(body).hexdigest() != sha256:
            yield f"{key} v{version} of {board}"


def broken_histories(at: Cursor) -> Iterator[str]:
    """Versions from which the board of now does not follow: each is superseded by the next, the last by none."""
    for board, key, version, kind, seq, superseded, born, place, following, first, first_kind in at.execute(VERSIONS):
        name = f"{key} v{version} of {board}"
        if version != place:
            yield f"{name} has no version before it"
        elif superseded != following:
            yield f"{name} is superseded by {_by(superseded)}, not by {_by(following)}"
        elif born != first or kind != first_kind or (following or seq + 1) <= seq:
            yield f"{name} does not belong to the version before it"


def _by(seq: int | None) -> str:
    return "nothing" if seq is None else f"seq {seq}"


def wrong_counts(at: Cursor) -> Iterator[str]:
    """Kinds and statuses that are counted otherwise than they are on the board."""
    for board, kind, status, entries, last, noted, noted_last in at.execute(COUNTED):
        if entries != noted:
            yield f"{board} has {entries} {status} {kind}, kind_mark says {noted}"
        elif last != noted_last:
            yield f"{board} wrote its last {status} {kind} at seq {last}, kind_mark says {noted_last}"


def wrong_links(at: Cursor) -> Iterator[str]:
    """Entries that would not be found by what they are about, or would be by what they are not about."""
    for board, key, version, about in at.execute(UNLINKED):
        yield f"{key} v{version} of {board} is about {about}, without a link"
    for board, seq, about in at.execute(LINKED):
        yield f"a link says that seq {seq} of {board} is about {about}"


def wrong_fields(at: Cursor) -> Iterator[str]:
    """Indexed values that are not those of the body, as far as values were stored for a kind."""
    for board, kind, name, value, seq, own_kind, key, version, body in at.execute(FIELDS):
        if own_kind != kind:
            yield f"a value of {kind}.{name} names seq {seq} of {board}, which is no {kind}"
            continue
        fields = json.loads(body)
        if name in fields and fields[name] != json.loads(value):
            yield f"{key} v{version} of {board} is indexed by {name} = {value}, and has another"
    for board, kind, name, versions in at.execute(UNINDEXED):
        yield f"{versions} of the {kind} of {board} cannot be found by {name}"


def wrong_budgets(at: Cursor) -> Iterator[str]:
    """Budgets that are overdrawn, or hold reservations for nobody."""
    for scope, reserved, held in at.execute(HELD):
        yield f"{scope} has reserved {reserved} activations, {held} hold one"
    for scope, unit, reserved, settled, held, taken in at.execute(CALLED):
        yield f"{scope} has reserved {reserved} and settled {settled} {unit}, its calls hold {held} and took {taken}"
    for board, id_, activation in at.execute(UNHELD):
        yield f"call {id_} of {board} is in flight, and nobody acts on activation {activation}"
    for scope, unit, cap, settled, reserved, overrun in at.execute(OVERDRAWN):
        yield f"{scope}: {settled} {unit} settled - {overrun} overrun + {reserved} reserved, of {cap}"
