# ruff: noqa: PTH123, SIM115 it is plain `open` that is tried here
"""A file that SQLite has open here is not opened past it: closing it again would drop SQLite's locks."""

import io
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from blackboard.errors import StoreError
from store import guard, library
from store.sqlite import open_store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere locks belong to the descriptor")
SECONDS = 60
COMMITS = 50

OTHER = """
import sys
from store.library import sqlite3
at = sqlite3.connect(sys.argv[1], isolation_level=None)
((seen,),) = at.execute("SELECT count(*) FROM note").fetchall()
print(seen)
at.close()
"""
VICTIM = """
import subprocess, sys
from store import guard
from store.library import sqlite3

path, other, guarded = sys.argv[1], sys.argv[2], sys.argv[3] == "guarded"
at = sqlite3.connect(path, isolation_level=None)
at.execute("PRAGMA journal_mode = WAL")
at.execute("CREATE TABLE note (id)")
if guarded:
    guard.Hold(path)
for suffix in ("", "-wal", "-shm"):  # as a backup would; older versions of SQLite need only the first
    try:
        open(path + suffix, "rb").close()
    except Exception as error:
        print(type(error).__name__, file=sys.stderr)
subprocess.run([sys.executable, "-c", other, path], check=True, capture_output=True)
for number in range(50):
    at.execute("INSERT INTO note VALUES (?)", (number,))
"""


def seen_after(path: Path, guarded: str) -> tuple[int, list[str]]:
    """What another process sees of 50 acknowledged commits while their writer lives on; what the writer was told."""
    script = textwrap.dedent(VICTIM) + "print('acknowledged', flush=True)\nsys.stdin.read()\n"
    words = [sys.executable, "-c", script, str(path), OTHER, guarded]
    victim = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert victim.stdout.readline() == "acknowledged\n"
        other = subprocess.run(
            [sys.executable, "-c", OTHER, str(path)], capture_output=True, text=True, check=True, timeout=SECONDS
        )
    finally:
        _, told = victim.communicate(timeout=SECONDS)
    return int(other.stdout), told.split()


@pytest.fixture
def held(tmp_path):
    """A database that is open, and its path."""
    path = tmp_path / "held.db"
    store = open_store(str(path))
    yield path
    store.close()


class TestReadingTheFileItself:
    @pytest.mark.slow
    def test_loses_every_commit_that_follows_if_nobody_refuses_it(self, tmp_path):
        assert seen_after(tmp_path / "v.db", "unguarded") == (0, [])

    @pytest.mark.slow
    def test_is_refused_and_loses_none(self, tmp_path):
        assert seen_after(tmp_path / "v.db", "guarded") == (COMMITS, ["StoreError"] * 3)

    @pytest.mark.parametrize("suffix", guard.FILES)
    @pytest.mark.parametrize("opening", [
        lambda path: open(path, "rb"),
        lambda path: path.open("ab"),
        lambda path: open(os.fsencode(path), "rb"),
        lambda path: io.FileIO(path),
        lambda path: os.open(path, os.O_RDONLY),
        lambda path: shutil.copy(path, path.with_suffix(".copy")),
        lambda path: open(os.path.relpath(path), "rb"),
        lambda path: open(path.parent / ".." / path.parent.name / path.name, "rb"),
    ], ids=["open", "Path.open", "bytes", "FileIO", "os.open", "copy", "relative", "roundabout"])  # fmt: skip
    def test_is_refused_in_each_way(self, held, suffix, opening):
        with pytest.raises(StoreError, match=r"use board\.sql\(\) instead"):
            opening(Path(f"{held}{suffix}"))

    def test_is_refused_through_links(self, held):
        soft, hard = held.with_name("soft"), held.with_name("hard")
        soft.symlink_to(held)
        hard.hardlink_to(held)

        for name in (soft, hard):
            with pytest.raises(StoreError, match=f"{name.name} is open in this process"):
                open(name, "rb")

    def test_is_refused_while_anybody_here_has_it_open(self, held):
        second = open_store(str(held))

        second.close()
        second.close()

        with pytest.raises(StoreError):
            held.read_bytes()

    def test_is_free_after_close(self, tmp_path):
        path = tmp_path / "free.db"
        open_store(str(path)).close()

        assert path.read_bytes().startswith(b"SQLite format 3")

    def test_is_free_for_other_files_and_for_names_that_are_none(self, held):
        held.with_name("other").write_text("free")
        with pytest.raises(FileNotFoundError):
            open(held.with_name("none"))
        with pytest.raises(ValueError, match="null byte"):
            open("a\0b")
        os.close(os.open(held.parent, os.O_RDONLY))
        reading, writing = os.pipe()
        with open(reading), open(writing, "w"):
            pass


class TestASecondLibrary:
    @pytest.mark.skipif(library.NAME == library.STANDARD, reason="there is only one library here")
    def test_is_refused_by_path_and_by_uri(self, held):
        for name, is_uri in ((held, False), (str(held), False), (f"{held.as_uri()}?mode=ro", True)):
            with pytest.raises(StoreError, match=r"second SQLite library.*board\.sql\(\)"):
                sqlite3.connect(name, uri=is_uri)

    def test_is_welcome_to_every_other_file(self, held, tmp_path):
        for name in (tmp_path / "other.db", ":memory:"):
            sqlite3.connect(name).close()

    def test_the_one_that_has_it_open_may_open_it_again(self, held):
        library.sqlite3.connect(held).close()
