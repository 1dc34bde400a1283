"""What becomes of the files under an open database is told before anything more is acknowledged."""

import os
import shutil
from pathlib import Path

import pytest

from blackboard.errors import StoreError
from store.files import Fate, Files
from store.library import sqlite3
from store.sqlite import open_store

ROWS = 20
BIG = "x" * 3000


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "f.db"


@pytest.fixture
def database(path):
    """An open database with a table of acknowledged rows."""
    store = open_store(str(path))
    with store._database.writing() as at:
        at.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, text)")
    for _ in range(ROWS):
        write(store._database)
    yield store._database
    store.close()


def write(database, meanwhile=lambda: None) -> None:
    with database.writing() as at:
        at.execute("INSERT INTO note (text) VALUES (?)", (BIG,))
        meanwhile()


def rows(path) -> int:
    """What somebody finds who opens the file anew."""
    store = open_store(str(path))
    try:
        return store.sql("SELECT count(*) AS n FROM note", {})[0]["n"]
    finally:
        store.close()


def log(path) -> Path:
    return path.with_name(f"{path.name}-wal")


class TestADeletedLog:
    def test_is_saved_into_the_database_before_anybody_is_told(self, database, path):
        log(path).unlink()

        with pytest.raises(StoreError, match=r"f\.db-wal was deleted.*everything acknowledged was saved into .*f\.db"):
            write(database)

        copy = path.with_name("copy.db")
        database.close()
        shutil.copy(path, copy)
        assert rows(copy) == ROWS

    def test_is_saved_even_if_the_process_ends_without_closing(self, database, path, tmp_path):
        log(path).unlink()

        with pytest.raises(StoreError, match="saved"):
            write(database)

        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)  # the file alone
        assert connection.execute("SELECT count(*) FROM note").fetchall() == [(ROWS,)]
        connection.close()

    def test_that_goes_while_a_transaction_is_open_is_told_after_its_commit(self, database, path):
        with pytest.raises(StoreError, match="everything acknowledged was saved"):
            write(database, meanwhile=log(path).unlink)

        database.close()
        assert rows(path) == ROWS + 1

    def test_is_told_again_at_the_next_write_until_the_database_is_opened_anew(self, database, path):
        log(path).unlink()
        for _ in range(2):
            with pytest.raises(StoreError, match="was deleted"):
                write(database)

        database.close()

        store = open_store(str(path))
        write(store._database)
        store.close()
        assert rows(path) == ROWS + 1

    def test_that_a_reader_keeps_from_being_saved_is_said_to_be_so(self, database, path, monkeypatch):
        monkeypatch.setattr("store.sqlite.RESCUE", 1)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM note").fetchall()
        write(database)
        log(path).unlink()

        with pytest.raises(StoreError, match="keeps it from being saved"):
            write(database)
        reader.close()
        with pytest.raises(StoreError, match="was saved"):
            write(database)

        database.close()
        assert rows(path) == ROWS + 1

    def test_in_whose_place_another_is_written_is_left_alone(self, database, path):
        log(path).unlink()
        log(path).write_bytes(b"somebody else's")

        with pytest.raises(StoreError, match=r"f\.db-wal was replaced"):
            write(database)
        database.close()

        assert log(path).read_bytes() == b"somebody else's"


class TestADatabase:
    def test_that_was_deleted_takes_no_more_writes(self, database, path):
        path.unlink()

        with pytest.raises(StoreError, match=r"f\.db was deleted or moved while it was open"):
            write(database)

    def test_that_was_deleted_within_a_transaction_is_not_acknowledged(self, database, path):
        with pytest.raises(StoreError, match="was deleted or moved"):
            write(database, meanwhile=path.unlink)

    def test_that_was_replaced_takes_no_more_writes_and_the_other_is_not_touched(self, database, path, tmp_path):
        other = tmp_path / "other.db"
        open_store(str(other)).close()
        other.replace(path)
        log(path).unlink()
        log(path).write_bytes(b"of the other one")

        with pytest.raises(StoreError, match=r"f\.db was replaced by another file"):
            write(database)
        database.close()

        assert log(path).read_bytes() == b"of the other one"

    @pytest.mark.parametrize("size", [0, 100, 8192])
    def test_that_was_cut_off_says_so(self, database, path, size):
        database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        write(database)
        database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        write(database)

        os.truncate(path, size)

        with pytest.raises(StoreError, match=r"f\.db.* cut off"):
            write(database)

    def test_that_was_cut_off_while_closed_says_so_too(self, database, path):
        database.close()
        with path.open("r+b") as file:
            file.truncate(8192)

        with pytest.raises(StoreError, match="damaged or was cut off; put back a backup"):
            open_store(str(path)).boards()

    def test_that_a_vacuum_made_smaller_goes_on(self, database, path):
        with database.writing() as at:
            at.execute("DELETE FROM note WHERE id > 1")
        vacuum = sqlite3.connect(path, isolation_level=None)
        vacuum.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        write(database)
        before = path.stat().st_size
        vacuum.execute("VACUUM")
        vacuum.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        vacuum.close()
        assert path.stat().st_size < before

        write(database)

        database.close()
        assert rows(path) == 3


class TestLooking:
    def test_tells_the_size_of_the_log(self, database, path):
        files = Files(str(path))
        write(database)

        assert files.look() is Fate.SAME
        assert files.log_size == log(path).stat().st_size > 0

    def test_finds_the_log_beside_the_file_itself_also_through_a_link(self, tmp_path, path):
        link = tmp_path / "elsewhere" / "link.db"
        link.parent.mkdir()
        open_store(str(path)).close()
        link.symlink_to(path)
        store = open_store(str(link))

        assert log(path).exists()
        with store._database.writing() as at:
            at.execute("CREATE TABLE note (text)")
        assert store._database._open_now.files.log_size > 0
        with pytest.raises(StoreError, match="is open in this process"):
            log(path).read_bytes()
        store.close()
