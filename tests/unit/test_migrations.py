"""A database of an older release becomes what a new one is, and keeps what it holds."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from blackboard.errors import StoreError
from store.migrations import MIGRATIONS
from store.sqlite import open_store

OLD = sorted((Path(__file__).parent.parent / "data").glob("schema-*.sql"))


def made_from(dump: Path, folder: Path) -> Path:
    path = folder / "old.db"
    with closing(sqlite3.connect(path)) as at:
        text = dump.read_text(encoding="utf-8")
        at.executescript(text.replace("BEGIN TRANSACTION;", "BEGIN TRANSACTION; PRAGMA writable_schema = ON;"))
    return path


def shape(path: Path) -> dict[str, object]:
    """Every table by its columns, everything else by its text, and the plans."""
    with closing(sqlite3.connect(path)) as at:
        found: dict[str, object] = {}
        for kind, name, sql in at.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"):
            if kind == "table":
                columns = at.execute(f"PRAGMA table_info({name})").fetchall()
                found[name] = sorted((*c[1:4], c[5]) for c in columns)
            else:
                found[name] = re.sub(r"\\s+", " ", sql)
        found["plans"] = sorted(at.execute("SELECT tbl, idx, stat FROM sqlite_stat1").fetchall(), key=str)
        return found


class TestAnOldDatabase:
    @pytest.mark.parametrize("dump", OLD, ids=lambda d: d.stem)
    def test_becomes_what_a_new_one_is(self, dump, tmp_path):
        old, new = made_from(dump, tmp_path), tmp_path / "new.db"

        open_store(str(old)).close()
        open_store(str(new)).close()

        assert shape(old) == shape(new)

    @pytest.mark.parametrize("dump", OLD, ids=lambda d: d.stem)
    def test_keeps_its_boards_and_is_sound(self, dump, tmp_path):
        with closing(open_store(str(made_from(dump, tmp_path)))) as store:
            (board,) = store.boards()

            assert [r.seq for r in store.feed(board.id, 0)] == list(range(1, board.head + 1))
            assert [f for f in store.examine() if f.level == "error"] == []

    def test_is_migrated_once(self, tmp_path):
        path = made_from(OLD[0], tmp_path)
        for _ in range(2):
            open_store(str(path)).close()

        with closing(sqlite3.connect(path)) as at:
            assert [v for (v,) in at.execute("SELECT version FROM schema_version")] == list(
                range(1, len(MIGRATIONS) + 1)
            )

    def test_of_a_newer_release_is_refused(self, tmp_path):
        path = tmp_path / "new.db"
        open_store(str(path)).close()
        with closing(sqlite3.connect(path)) as at:
            at.execute("INSERT INTO schema_version VALUES (?, 0)", (len(MIGRATIONS) + 1,))
            at.commit()

        with pytest.raises(StoreError, match=rf"newer blackboard \(schema {len(MIGRATIONS) + 1}\)"):
            open_store(str(path))
