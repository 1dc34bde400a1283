"""Migrations: a list of functions, each run once in a transaction with its record.

A new database gets today's tables at once (`fresh`); an older one goes through the migrations that it lacks, to
the same result. Append to them; never edit one that has landed.
"""

from collections.abc import Callable

from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from store.tables import TABLES

FROZEN = (
    "board_id, seq, key, version, kind, status, author, activation_id, about, integrity, confidentiality, origins, "
    "sha256, posted_at, born_seq, body"
)

# History and labels are immutable, whoever holds the connection (laws 9 and 13).
TRIGGERS: tuple[str, ...] = (
    f"""CREATE TRIGGER entry_is_immutable BEFORE UPDATE OF {FROZEN} ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry version never changes'); END""",
    """CREATE TRIGGER entry_is_superseded_once BEFORE UPDATE OF superseded_seq ON entry
        WHEN OLD.superseded_seq IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'an entry version is superseded once'); END""",
    # REPLACE deletes without firing the trigger of DELETE
    """CREATE TRIGGER entry_is_new BEFORE INSERT ON entry
        WHEN EXISTS (SELECT 1 FROM entry WHERE board_id = NEW.board_id AND seq = NEW.seq)
          OR EXISTS (SELECT 1 FROM entry WHERE board_id = NEW.board_id AND key = NEW.key AND version = NEW.version)
        BEGIN SELECT RAISE(ABORT, 'an entry version never changes'); END""",
    """CREATE TRIGGER entry_stays BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END""",
)

# So is what a version was about, found by and made from.
TRIGGERS += tuple(
    f"""CREATE TRIGGER {table}_{verb}_refused BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, 'what a version was about and made from never changes'); END"""
    for table in ("link", "field", "activation_read")
    for verb in ("UPDATE", "DELETE")
)

# Public interface: these names and columns are for people, Datasette and pandas (docs/database.md).
VIEWS = (
    """CREATE VIEW board_now AS
        SELECT board_id, key, version, kind, status, author, about, integrity, confidentiality, origins, seq,
               datetime(posted_at, 'unixepoch') AS posted_at, body
        FROM entry WHERE superseded_seq IS NULL""",
    """CREATE VIEW spend AS
        SELECT scope, unit, cap, settled, reserved, overrun, cap - settled + overrun - reserved AS remaining
        FROM budget""",
    """CREATE VIEW provenance AS
        SELECT w.board_id, w.key, w.version, w.author, r.strict, s.key AS from_key, s.version AS from_version,
               s.author AS from_author
        FROM entry w JOIN activation_read r ON r.board_id = w.board_id AND r.activation_id = w.activation_id
        JOIN entry s ON s.board_id = r.board_id AND s.seq = r.seq""",
)

LATER_VIEWS = (
    """CREATE VIEW boards AS
        SELECT number, id, scenario, status, json_extract(verdict, '$.ending') AS ending,
               (SELECT group_concat(r.value, '; ') FROM json_each(board.verdict, '$.reasons') r) AS reasons,
               head, epoch, ran_seconds, json_extract(options, '$.budget.seconds') AS seconds_cap,
               datetime(created_at, 'unixepoch') AS created_at, params
        FROM board""",
    """CREATE VIEW history AS
        SELECT board_id, seq, key, version, kind, status, author, about, integrity, confidentiality, origins,
               strftime('%Y-%m-%d %H:%M:%f', posted_at, 'unixepoch') AS posted_at, superseded_seq, activation_id, body
        FROM entry""",
    """CREATE VIEW workers AS
        SELECT s.board_id, s.worker_id, w.host, w.pid,
               (SELECT group_concat(a.key, ', ') FROM json_each(s.agents) a) AS agents, s.slots,
               datetime(s.since, 'unixepoch') AS since, datetime(s.beat_at, 'unixepoch') AS heard_at
        FROM serving s JOIN worker w ON w.id = s.worker_id""",
)

AGENDA = """CREATE VIEW agenda AS
        SELECT a.board_id, a.id, a.agent, a.state, a.rating, a.attempt, a.redone, a.owner,
               CASE WHEN a.binding LIKE 'batch %' THEN 'batch of ' || (
                   SELECT count(*) FROM batch m JOIN entry v ON v.board_id = m.board_id AND v.seq = m.seq
                   WHERE m.board_id = a.board_id AND m.activation_id = a.id
                   AND (v.superseded_seq IS NULL OR v.superseded_seq > a.snapshot_seq)) || ' ' || a.trigger_kind
               WHEN a.trigger_kind IS NOT NULL AND a.binding LIKE '% _%'
               THEN 'all ' || a.trigger_kind || substr(a.binding, instr(a.binding, ' '))
               ELSE coalesce('all ' || a.trigger_kind, e.key || ' v' || e.version) END AS woken_by,
               a.snapshot_seq, a.done_seq,
               (SELECT t.cause FROM attempt t WHERE t.board_id = a.board_id AND t.activation_id = a.id
                ORDER BY t.number DESC LIMIT 1) AS last_cause,
               a.waits_for, datetime(a.due_at, 'unixepoch') AS due_at
        FROM activation a LEFT JOIN entry e ON e.board_id = a.board_id AND e.seq = a.trigger_seq"""

# What is awaited of a budget, in words; whom else it waits for is an agent by its name.
AGENDA_WITH_BUDGETS = AGENDA.replace(
    "a.waits_for,",
    """CASE WHEN a.waits_for LIKE 'budget/%' THEN coalesce((
                   SELECT CASE w.unit WHEN 'nano_usd'
                          THEN rtrim(rtrim(printf('%.9f', w.amount / 1e9), '0'), '.') || ' USD of '
                          ELSE w.amount || ' ' || w.unit || ' of ' END || w.scope
                   FROM short w WHERE w.board_id = a.board_id AND w.activation_id = a.id), a.waits_for)
               ELSE a.waits_for END AS waits_for,""",
)

CALL_FROZEN = (
    "board_id, id, activation_id, agent, token, asked, nth, endpoint, model, bound_usd, bound_tokens, day, begun_at, "
    "request"
)
CALL_TRIGGERS = (
    f"""CREATE TRIGGER call_is_immutable BEFORE UPDATE OF {CALL_FROZEN} ON call
        BEGIN SELECT RAISE(ABORT, 'what was asked of a model never changes'); END""",
    """CREATE TRIGGER call_is_answered_once BEFORE UPDATE OF response ON call WHEN OLD.response IS NOT NULL
        BEGIN SELECT RAISE(ABORT, 'an answer in the journal never changes'); END""",
    """CREATE TRIGGER call_is_settled_once BEFORE UPDATE OF state, fault, spent_usd, spent_tokens, price, ended_at
        ON call WHEN OLD.state IN ('done', 'late')
        BEGIN SELECT RAISE(ABORT, 'a call is settled once'); END""",
    """CREATE TRIGGER call_is_new BEFORE INSERT ON call
        WHEN EXISTS (SELECT 1 FROM call WHERE board_id = NEW.board_id AND id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'an answer in the journal never changes'); END""",
    """CREATE TRIGGER call_stays BEFORE DELETE ON call
        BEGIN SELECT RAISE(ABORT, 'calls are never deleted'); END""",
)
CALL_VIEWS = (
    """CREATE VIEW calls AS
        SELECT board_id, id, activation_id, agent, endpoint, model, state, fault, cause, rejected,
               bound_usd / 1e9 AS bound_usd, spent_usd / 1e9 AS usd, bound_tokens, spent_tokens AS tokens,
               input_tokens, output_tokens, cache_read_tokens,
               cache_write_tokens + cache_write_1h_tokens AS cache_write_tokens,
               strftime('%Y-%m-%d %H:%M:%f', begun_at, 'unixepoch') AS begun_at, ended_at - begun_at AS seconds,
               day, asked, nth, request, response
        FROM call""",
    """CREATE VIEW spend AS
        SELECT scope, unit, cap, settled, reserved, overrun, max(cap - settled - reserved, 0) AS remaining,
               CASE unit WHEN 'nano_usd' THEN cap / 1e9 END AS cap_usd,
               CASE unit WHEN 'nano_usd' THEN (settled + reserved) / 1e9 END AS used_usd
        FROM budget""",
)
OTHER_VIEWS = tuple(view for view in VIEWS if "VIEW spend" not in view)

# Without statistics SQLite takes a board for ten rows and walks through all of it. These pin the plans to a large
# board (rows, then rows for each longer prefix of the index); `tests/contract/test_query_plans.py` holds them.
STATISTICS = {
    ("entry", "sqlite_autoindex_entry_1"): "100000 50000 1",
    ("entry", "sqlite_autoindex_entry_2"): "100000 50000 3 1",
    ("entry", "entry_current"): "60000 30000 1",
    ("entry", "entry_by_kind"): "100000 50000 10000 2000 1 1",
    ("link", "link"): "100000 50000 5 1",
    ("field", "field"): "50000 25000 10000 10000 20 1",
    ("activation", "activation"): "50000 25000 1",
    ("activation", "sqlite_autoindex_activation_2"): "50000 25000 5000 1",
    ("activation", "activation_state"): "50000 25000 2500 500",
    ("activation", "activation_agenda"): "100 100 50 1",
    ("activation", "activation_running"): "10 10 5",
    ("attempt", "attempt"): "5000 2500 2 1",
    ("activation_read", "activation_read"): "200000 100000 4 1",
    ("activation_read", "activation_read_by_seq"): "200000 100000 4",
    ("board", "sqlite_autoindex_board_1"): "100 1",
    ("worker", "sqlite_autoindex_worker_1"): "100 1",
    ("serving", "serving"): "20 4 1",
    ("gathering", "gathering"): "10000 5000 1000 1",
    ("gathered", "gathered"): "50000 25000 5000 1",
    ("gathered", "gathered_by_group"): "50000 25000 5000 20",
    ("batch", "batch"): "50000 25000 5000 1",
    ("batch", "batch_by_activation"): "50000 25000 10",
    ("call", "sqlite_autoindex_call_1"): "50000 25000 1",
    ("call", "call_asked"): "50000 25000 4 2 1",
    ("call", "call_inflight"): "20 10 1 1 1 1 1",
    ("call", "call_begun"): "50000 1 1 1 1",
    ("call", "call_outcome"): "50000 25000 10000 1",
    ("short", "short"): "50 25 1",
    ("short", "short_by_scope"): "50 10 5",
}


def _pinned_plans(dialect: Dialect) -> list[str]:
    if dialect.name != "sqlite":
        return []
    rows = (f"INSERT INTO sqlite_stat1 VALUES ('{t}', '{i}', '{stat}')" for (t, i), stat in STATISTICS.items())
    return ["ANALYZE", "DELETE FROM sqlite_stat1", *rows, "ANALYZE sqlite_schema"]


def fresh(dialect: Dialect) -> list[str]:
    """All that a new database holds."""
    tables = TABLES.sorted_tables
    indices = sorted((i for t in tables for i in t.indexes), key=lambda i: str(i.name))
    ddl = [str(CreateTable(t).compile(dialect=dialect)) for t in tables]
    created = [str(CreateIndex(i).compile(dialect=dialect)) for i in indices]
    made = (*TRIGGERS, *CALL_TRIGGERS, *OTHER_VIEWS, *LATER_VIEWS, *CALL_VIEWS, AGENDA_WITH_BUDGETS)
    return [*ddl, *created, *made, *_pinned_plans(dialect)]


def _nothing(_: Dialect) -> list[str]:
    """The first tables: no database is older."""
    return []


def _who_serves_what(dialect: Dialect) -> list[str]:
    return [
        """CREATE TABLE serving (board_id TEXT NOT NULL, worker_id TEXT NOT NULL, agents TEXT NOT NULL,
           slots INTEGER NOT NULL, since FLOAT NOT NULL, beat_at FLOAT NOT NULL, PRIMARY KEY (board_id, worker_id))
           WITHOUT ROWID""",
        "ALTER TABLE worker ADD COLUMN left_at FLOAT",
        "ALTER TABLE board ADD COLUMN beat_at FLOAT",
        *LATER_VIEWS,
        *_pinned_plans(dialect),
    ]


def _what_is_declared(dialect: Dialect) -> list[str]:
    """Grants, back-off and parking, groups and batches."""
    return [
        "ALTER TABLE board ADD COLUMN epoch_head INTEGER NOT NULL DEFAULT 0",
        *(f"ALTER TABLE agent ADD COLUMN {name} TEXT" for name in ("writes", "reads", "tools")),
        "ALTER TABLE activation ADD COLUMN due_at FLOAT",
        "ALTER TABLE activation ADD COLUMN waits_for TEXT",
        """CREATE TABLE gathering (board_id TEXT NOT NULL, agent TEXT NOT NULL, name TEXT NOT NULL,
           entries INTEGER NOT NULL, done INTEGER NOT NULL, last_seq INTEGER NOT NULL, size INTEGER, handed INTEGER,
           PRIMARY KEY (board_id, agent, name)) WITHOUT ROWID""",
        """CREATE TABLE gathered (board_id TEXT NOT NULL, agent TEXT NOT NULL, "key" TEXT NOT NULL, name TEXT,
           seq INTEGER NOT NULL, done BOOLEAN NOT NULL, PRIMARY KEY (board_id, agent, "key")) WITHOUT ROWID""",
        "CREATE INDEX gathered_by_group ON gathered (board_id, agent, name)",
        """CREATE TABLE batch (board_id TEXT NOT NULL, agent TEXT NOT NULL, seq INTEGER NOT NULL,
           activation_id INTEGER NOT NULL, PRIMARY KEY (board_id, agent, seq)) WITHOUT ROWID""",
        "CREATE INDEX batch_by_activation ON batch (board_id, activation_id)",
        "DROP VIEW agenda",
        AGENDA,
        *_pinned_plans(dialect),
    ]


def _calls_of_models(dialect: Dialect) -> list[str]:
    """The journal of calls, what they wait for, limits of a database."""
    return [
        """CREATE TABLE call (board_id TEXT NOT NULL, id INTEGER NOT NULL, activation_id INTEGER NOT NULL,
           agent TEXT NOT NULL, token INTEGER NOT NULL, asked TEXT NOT NULL, nth INTEGER NOT NULL,
           endpoint TEXT NOT NULL, model TEXT NOT NULL, state TEXT NOT NULL, fault TEXT, cause TEXT NOT NULL,
           rejected TEXT, bound_usd INTEGER, bound_tokens INTEGER NOT NULL, spent_usd INTEGER, spent_tokens INTEGER,
           input_tokens INTEGER, output_tokens INTEGER, cache_read_tokens INTEGER, cache_write_tokens INTEGER,
           cache_write_1h_tokens INTEGER, price TEXT, day TEXT NOT NULL, begun_at FLOAT NOT NULL, ended_at FLOAT,
           request TEXT NOT NULL, response TEXT, PRIMARY KEY (board_id, id),
           CONSTRAINT call_state CHECK (state IN ('inflight', 'done', 'unknown', 'late')),
           CONSTRAINT call_ended CHECK ((state = 'inflight') = (ended_at IS NULL)),
           CONSTRAINT call_signs
           CHECK (bound_usd >= 0 AND bound_tokens >= 0 AND spent_usd >= 0 AND spent_tokens >= 0))""",
        "CREATE INDEX call_asked ON call (board_id, activation_id, asked, nth)",
        "CREATE INDEX call_begun ON call (begun_at, model, bound_tokens, spent_tokens)",
        "CREATE INDEX call_inflight ON call (board_id, activation_id, token, endpoint, model, begun_at)"
        " WHERE state = 'inflight'",
        "CREATE INDEX call_outcome ON call (endpoint, model, ended_at) WHERE ended_at IS NOT NULL",
        """CREATE TABLE short (board_id TEXT NOT NULL, activation_id INTEGER NOT NULL, scope TEXT NOT NULL,
           unit TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (board_id, activation_id)) WITHOUT ROWID""",
        "CREATE INDEX short_by_scope ON short (scope, unit)",
        """CREATE TABLE limits (model TEXT NOT NULL, requests_a_minute INTEGER, tokens_a_minute INTEGER,
           calls_at_once INTEGER, nano_usd_a_day INTEGER, tokens_a_day INTEGER, calls_a_day INTEGER,
           PRIMARY KEY (model)) WITHOUT ROWID""",
        """CREATE TABLE gate (endpoint TEXT NOT NULL, model TEXT NOT NULL, rest_until FLOAT, at_once INTEGER,
           open_until FLOAT, opened INTEGER NOT NULL, since FLOAT, PRIMARY KEY (endpoint, model)) WITHOUT ROWID""",
        *CALL_TRIGGERS,
        "DROP VIEW spend",
        *CALL_VIEWS,
        "DROP VIEW agenda",
        AGENDA_WITH_BUDGETS,
        *_pinned_plans(dialect),
    ]


MIGRATIONS: tuple[Callable[[Dialect], list[str]], ...] = (
    _nothing, _pinned_plans, _who_serves_what, _what_is_declared, _calls_of_models,
)  # fmt: skip
