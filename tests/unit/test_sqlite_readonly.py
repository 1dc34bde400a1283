"""A database that cannot be written can be looked at, and a full disk loses nothing."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from blackboard.errors import StoreError
from store.library import sqlite3
from store.migrations import MIGRATIONS
from store.remedies import remedy
from store.sqlite import open_store

BIG = "x" * 4000


def mounted(*words: str) -> None:
    """Mount something, or skip the test with the reason."""
    if sys.platform != "linux" or not shutil.which("mount"):
        pytest.skip("mounts are tried on Linux")
    done = subprocess.run(["mount", *words], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")


@pytest.fixture
def place():
    """A folder for mounts that no other run of the tests sweeps out."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@pytest.fixture
def folder(place):
    """A folder with a database of one row, that `locked` makes read-only."""
    (place / "real").mkdir()
    store = open_store(str(place / "real" / "r.db"))
    write(store, "CREATE TABLE note (text)")
    write(store, "INSERT INTO note VALUES ('first')")
    store.close()
    return place / "real"


@pytest.fixture
def locked(folder):
    """Mounts the folder a second time, to be read only."""
    place = folder.with_name("locked")
    place.mkdir()
    done = []

    def lock() -> str:
        mounted("--bind", str(folder), str(place))
        done.append(place)
        mounted("-o", "remount,bind,ro", str(place))
        return str(place / "r.db")

    yield lock
    if done:
        subprocess.run(["umount", "-l", str(place)], check=True)


def write(store, sql: str, *values: object) -> None:
    with store._database.writing() as at:
        at.execute(sql, values)


def notes(store) -> list[str]:
    return [row["text"] for row in store.sql("SELECT text FROM note ORDER BY rowid", {})]


class TestADatabaseThatCannotBeWritten:
    def test_can_be_looked_at(self, locked):
        store = open_store(locked(), create=False)

        assert notes(store) == ["first"]
        assert store.boards() == []
        store.close()

    def test_says_so_when_somebody_writes(self, locked):
        store = open_store(locked(), create=False)

        with pytest.raises(StoreError, match=r"r\.db is read-only; make the file and its folder writable"):
            write(store, "INSERT INTO note VALUES ('second')")
        store.close()

    def test_is_refused_to_who_wants_to_make_boards(self, locked):
        with pytest.raises(StoreError, match=r"r\.db: .*make the file and its folder writable"):
            open_store(locked())

    def test_can_be_looked_at_while_somebody_writes_it_elsewhere(self, folder, locked):
        writer = open_store(str(folder / "r.db"))
        write(writer, "INSERT INTO note VALUES ('second')")

        reader = open_store(locked(), create=False)

        assert notes(reader) == ["first", "second"]
        write(writer, "INSERT INTO note VALUES ('third')")
        assert notes(reader) == ["first", "second", "third"]
        reader.close()
        writer.close()

    def test_whose_log_nobody_can_read_says_what_to_do(self, folder, locked):
        writer = open_store(str(folder / "r.db"))
        write(writer, "INSERT INTO note VALUES ('second')")
        log = folder / "r.db-wal"
        saved = folder / "saved"
        subprocess.run(["cp", str(log), str(saved)], check=True)  # by another process: here it is guarded
        writer.close()
        saved.rename(log)

        with pytest.raises(StoreError, match=r"newest entries are in .*r\.db-wal; copy both files to a folder"):
            open_store(locked(), create=False)

    def test_with_an_empty_log_can_be_looked_at(self, folder, locked):
        (folder / "r.db-wal").touch()

        store = open_store(locked(), create=False)

        assert notes(store) == ["first"]
        store.close()

    def test_of_a_newer_or_older_schema_is_refused(self, folder, locked):
        path = locked()
        for change, says in (
            (f"INSERT INTO schema_version VALUES ({len(MIGRATIONS) + 1}, 0)", "newer blackboard"),
            ("DELETE FROM schema_version", "older blackboard.*copy it to a folder"),
        ):
            with closing(sqlite3.connect(folder / "r.db", isolation_level=None)) as at:
                at.execute(change)
            with pytest.raises(StoreError, match=says):
                open_store(path, create=False)

    @pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="it takes root to become somebody else")
    def test_by_its_permissions_can_be_looked_at_too(self, folder):
        for parent in (folder, *list(folder.parents)[:3]):
            parent.chmod(0o755)
        (folder / "r.db").chmod(0o444)
        script = """
import os, sys
from blackboard.errors import StoreError
from store.sqlite import open_store
os.setgid(65534), os.setuid(65534)
store = open_store(sys.argv[1], create=False)
print(store.sql("SELECT text FROM note", {})[0]["text"])
try:
    store.retire("b-1", [])
except StoreError as error:
    print(error)
"""

        done = subprocess.run([sys.executable, "-c", script, str(folder / "r.db")], capture_output=True, text=True)

        assert done.stdout.splitlines()[0] == "first", done.stderr
        assert "r.db is read-only" in done.stdout.splitlines()[1]


class TestAFullDisk:
    @pytest.fixture
    def disk(self, place):
        """A disk of 3 MB."""
        made = place / "disk"
        made.mkdir()
        mounted("-t", "tmpfs", "-o", "size=3m", "tmpfs", str(made))
        yield made
        subprocess.run(["umount", "-l", str(made)], check=True)

    def test_loses_nothing_that_was_acknowledged_and_goes_on_when_there_is_room(self, disk):
        path, ballast = disk / "d.db", disk / "ballast"
        ballast.write_bytes(b"x" * 2**20)
        store = open_store(str(path))
        write(store, "CREATE TABLE note (text)")
        acknowledged, refused = 0, []
        for _ in range(1000):
            try:
                write(store, "INSERT INTO note VALUES (?)", BIG)
                acknowledged += 1
            except StoreError as error:
                refused.append(str(error))
        assert len(notes(store)) == acknowledged > 100
        assert refused
        assert all("free some space" in said and "d.db: " in said for said in refused)

        ballast.unlink()
        write(store, "INSERT INTO note VALUES (?)", "after")
        store.close()

        again = open_store(str(path))
        assert len(notes(again)) == acknowledged + 1
        assert again.sql("PRAGMA integrity_check", {}) == [{"integrity_check": "ok"}]
        again.close()

    def test_that_was_full_from_the_start_is_one_sentence(self, disk):
        with (disk / "ballast").open("wb") as ballast, pytest.raises(OSError, match="No space"):
            ballast.write(b"x" * 2**22)

        with pytest.raises(StoreError, match="free some space"):
            open_store(str(disk / "d.db"))

    def test_that_sqlite_calls_an_error_of_the_device_is_told_from_one(self, tmp_path, monkeypatch):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = 10 | 19 << 8

        said = []
        for free in (1000, 10**9):
            monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
            said.append(remedy(str(tmp_path / "d.db"), error))

        assert "free some space" in said[0]
        assert "when that is mended" in said[1]
