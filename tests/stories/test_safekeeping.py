"""Stories of `blackboard doctor` and `blackboard backup`: a file that was damaged, a writer that was killed, a copy."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from blackboard.cli import health, run
from blackboard.errors import UsageError
from store import copies
from store.sqlite import APPLICATION_ID, open_store

SECONDS = 60  # that any step may take at most
BACKUPS = 20
WRITER = """
import sys
from agents.hello.kinds import Guests
from blackboard.board import open_board

with open_board("last", db=sys.argv[1]) as board:
    board.store.reopen(board.id, ())
    while True:
        board.post(Guests(names=["Ada"] * 20))
        print(board.seq, flush=True)
"""


def blackboard(*words: str) -> "subprocess.CompletedProcess[str]":
    """The command, in a process of its own."""
    code = "import sys; from blackboard.cli import run; sys.exit(run())"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=SECONDS, check=False
    )


def findings(db: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """What doctor says, by what it looked at, and its exit code."""
    done = blackboard("doctor", "--json", "--db", str(db))
    assert "Traceback" not in done.stderr
    return done.returncode, {f["what"]: f for f in json.loads(done.stdout)}


def wrong(db: Path) -> tuple[int, set[str]]:
    """What doctor finds to be an error, and its exit code."""
    code, found = findings(db)
    return code, {what for what, f in found.items() if f["level"] == "error"}


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> Path:
    """A folder with the databases that tests copy: of a board that has ended, of one that its budget has ended."""
    folder = tmp_path_factory.mktemp("ended")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLACKBOARD_SYNCHRONOUS", "NORMAL")
        patch.setenv("BLACKBOARD_CACHE", str(folder / "cache"))
        for name, code, words in (("hello", 0, ["Ada", "Grace"]), ("stopped", 3, ["Ada", "--activations", "1"])):
            db = folder / f"{name}.db"
            assert blackboard("run", "hello", *words, "--db", str(db), "-q").returncode == code
    return folder


@pytest.fixture
def copied(ended) -> Callable[[str, Path], Path]:
    """Copies a database and all that lies beside it to a folder."""

    def copy(name: str, folder: Path) -> Path:
        for found in ended.glob(f"{name}*"):
            (shutil.copytree if found.is_dir() else shutil.copy)(found, folder / found.name)
        return folder / name

    return copy


@pytest.fixture
def db(tmp_path, monkeypatch, copied) -> Path:
    """A database with a board that has ended; nobody holds it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BLACKBOARD_DB")
    return copied("hello.db", tmp_path)


@pytest.fixture
def stopped(tmp_path, monkeypatch, copied) -> Path:
    """A database with a board that its budget has ended; it can be resumed."""
    monkeypatch.delenv("BLACKBOARD_DB")
    return copied("stopped.db", tmp_path)


@pytest.fixture
def writer(stopped):
    """A process that posts without a pause, and says how far it is acknowledged."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(stopped)], stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.wait(SECONDS)
    process.stdout.close()


class TestDoctor:
    def test_finds_nothing_wrong_with_a_board_that_has_just_ended(self, db, capsys):
        code, found = findings(db)

        assert code == 0
        assert {what for what, f in found.items() if f["level"] == "error"} == set()
        assert found["database"]["detail"] == str(db)
        assert found["bodies"]["detail"] == "6 versions as written"
        assert run(["doctor", "--db", str(db)]) == 0
        lines = capsys.readouterr().out.splitlines()
        widest = max(map(len, found))
        for what, f in found.items():
            assert f"{f['level']:<9}{what:<{widest}}  {f['detail']}" in lines
        assert lines[-1] in {"nothing is wrong", "1 warning", "2 warnings"}

    def test_looks_at_the_machine_where_there_is_no_database(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("BLACKBOARD_DB")

        assert run(["doctor"]) == 0

        said = capsys.readouterr().out
        assert "there is no blackboard.db here, and no --db: only the machine was examined" in said
        assert "library" in said
        assert list(tmp_path.iterdir()) == []

    def test_takes_a_database_that_was_named_and_is_not_there_for_an_error(self, tmp_path):
        code, found = findings(tmp_path / "none.db")

        assert code == 5
        assert "there is no database" in found["database"]["detail"]

    def test_finds_one_changed_byte(self, db):
        content = db.read_bytes()
        place = content.index(b"Hello Grace!")
        db.write_bytes(content[:place] + b"J" + content[place + 1 :])

        assert wrong(db) == (5, {"bodies"})

    def test_finds_a_byte_that_makes_a_text_none(self, db):
        content = db.read_bytes()
        place = content.index(b"Hello Grace!")
        db.write_bytes(content[:place] + b"\xff" + content[place + 1 :])

        code, found = findings(db)

        assert code == 5
        assert found["bodies"]["level"] == "error"
        assert "was changed outside" in found["bodies"]["detail"]

    def test_finds_that_the_end_of_the_file_was_cut_off(self, db):
        content = db.read_bytes()
        db.write_bytes(content[: len(content) // 2])

        code, errors = wrong(db)

        assert code == 5
        assert errors & {"database", "pages"}

    def test_finds_that_the_header_is_garbage(self, db):
        content = db.read_bytes()
        db.write_bytes(b"garbage!" * 4 + content[32:])

        code, found = findings(db)

        assert code == 5
        assert "is not a database" in found["database"]["detail"]
        assert "library" in found, "the machine is examined all the same"

    @pytest.mark.slow
    def test_finds_that_the_wal_of_a_killed_writer_was_deleted_and_no_worker_goes_on_with_the_rest(
        self, stopped, writer
    ):
        acknowledged = [int(writer.stdout.readline()) for _ in range(20)][-1]
        writer.kill()
        writer.wait(SECONDS)
        for end in ("-wal", "-shm"):
            stopped.with_name(stopped.name + end).unlink()

        code, found = findings(stopped)
        resumed = blackboard("resume", "last", "--activations", "9", "--db", str(stopped))

        assert code == 5
        assert found["ends"]["level"] == "error"
        noted = re.fullmatch(r"hello-1 was acknowledged up to seq (\d+), the file ends at 2", found["ends"]["detail"])
        assert int(noted[1]) >= acknowledged
        assert resumed.returncode == 5
        assert resumed.stderr.startswith("hello-1 was acknowledged up to seq ")
        assert len(resumed.stderr.splitlines()) == 1
        assert blackboard("show", "last", "--db", str(stopped)).returncode == 0, "one may still look"

    @pytest.mark.slow
    def test_finds_nothing_wrong_after_a_writer_was_killed(self, stopped, writer):
        for _ in range(20):
            writer.stdout.readline()
        writer.kill()
        writer.wait(SECONDS)

        assert wrong(stopped) == (0, set())

    @pytest.mark.slow
    def test_finds_nothing_wrong_while_others_write(self, stopped, writer):
        for _ in range(3):
            writer.stdout.readline()
            assert wrong(stopped) == (0, set())
        assert writer.poll() is None


class TestARun:
    def test_ends_with_one_sentence_where_what_wakes_an_agent_was_changed(self, stopped):
        content = stopped.read_bytes()
        place = content.index(b"hello Ada")
        stopped.write_bytes(content[:place] + b"j" + content[place + 1 :])

        resumed = blackboard("resume", "last", "--activations", "9", "--db", str(stopped), "-q")

        assert resumed.returncode == 5
        assert resumed.stderr.splitlines()[-1].startswith("greeting-1 v1")
        assert "was changed outside; `blackboard doctor` tells more; restore a backup" in resumed.stderr
        assert "Traceback" not in resumed.stderr


class TestAPackageOfAnotherProject:
    @pytest.fixture
    def installed(self, tmp_path, monkeypatch):
        """Somebody else's distribution that brings a package `agents`, found before ours or after."""

        def install(first):
            package, about = tmp_path / "agents", tmp_path / "openai_agents-0.1.dist-info"
            for folder in (package, about):
                folder.mkdir()
            (package / "__init__.py").write_text("")
            (about / "METADATA").write_text("Metadata-Version: 2.1\nName: openai-agents\nVersion: 0.1\n")
            (about / "RECORD").write_text("agents/__init__.py,,\n")
            monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path] if first else [*sys.path, str(tmp_path)])
            if first:
                for name in [n for n in sys.modules if n.partition(".")[0] == "agents"]:
                    monkeypatch.delitem(sys.modules, name)

        return install

    def test_that_hides_ours_is_an_error(self, installed):
        installed(first=True)

        found = health.packages()

        assert found.level == "error"
        assert "openai-agents installs a package 'agents' too; 'agents' is imported from " in found.detail
        assert "pip uninstall openai-agents" in found.remedy

    def test_that_ours_hides_is_a_warning(self, installed):
        installed(first=False)

        found = health.packages()

        assert found.level == "warning"
        assert found.detail == "openai-agents installs a package 'agents' too"

    def test_that_was_written_over_ours_is_an_error(self, installed, tmp_path, monkeypatch):
        installed(first=False)
        monkeypatch.setattr(health, "distribution", lambda _: type("D", (), {"locate_file": lambda *_: _home()})())

        assert health.packages().level == "error"

    @pytest.mark.parametrize("file", ["scenarios/__init__.py", "scenarios.py"])
    def test_that_is_just_a_file_here_is_an_error(self, tmp_path, monkeypatch, file):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in [n for n in sys.modules if n.partition(".")[0] == "scenarios"]:
            monkeypatch.delitem(sys.modules, name)

        found = health.packages()

        assert (found.level, found.remedy) == ("error", "run it from another folder, or rename what is found there")
        assert found.detail == f"'scenarios' is imported from {tmp_path}, not from {_home()}"

    def test_is_not_there_as_a_rule(self):
        assert health.packages().level == "ok"


def _home() -> Path:
    return Path(health.blackboard.__file__).parent.parent


class TestABackup:
    def test_holds_what_the_database_holds(self, db, tmp_path):
        done = blackboard("backup", str(tmp_path / "copy.db"), "--db", str(db))

        assert done.returncode == 0
        assert done.stdout.startswith(f"{tmp_path}/copy.db: 1 board, 6 versions, ")
        assert wrong(tmp_path / "copy.db") == (0, set())
        assert dump(tmp_path / "copy.db") == dump(db)
        with closing(sqlite3.connect(tmp_path / "copy.db")) as at:
            assert at.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert blackboard("show", "last", "--db", str(tmp_path / "copy.db")).returncode == 0

    def test_is_told_to_programs(self, db, tmp_path, capsys):
        assert run(["backup", str(tmp_path / "copy.db"), "--db", str(db), "--json"]) == 0

        size = (tmp_path / "copy.db").stat().st_size
        told = {"path": str(tmp_path / "copy.db"), "size": size, "boards": 1, "versions": 6}
        assert json.loads(capsys.readouterr().out) == told

    @pytest.mark.parametrize("mode", [0o600, 0o644])
    def test_leaves_nothing_beside_it_and_is_read_by_the_same_people(self, db, tmp_path, mode):
        db.chmod(mode)
        (tmp_path / "safe").mkdir()

        blackboard("backup", str(tmp_path / "safe" / "copy.db"), "--db", str(db))

        assert [p.name for p in (tmp_path / "safe").iterdir()] == ["copy.db"]
        assert (tmp_path / "safe" / "copy.db").stat().st_mode & 0o777 == mode

    def test_replaces_a_file_only_when_that_is_said(self, db, tmp_path):
        target = tmp_path / "copy.db"
        target.write_text("something else")

        refused = blackboard("backup", str(target), "--db", str(db))
        assert (refused.returncode, target.read_text()) == (2, "something else")
        assert refused.stderr == f"{target} is there already; say another file, or --force to replace it\n"
        assert blackboard("backup", str(target), "--db", str(db), "--force").returncode == 0
        assert dump(target) == dump(db)

    @pytest.mark.parametrize("name", ["hello.db", "linked.db", "hard.db", "hello.db-wal", "folder", "none/copy.db"])
    def test_is_never_written_over_the_database_nor_where_no_file_can_be(self, db, tmp_path, name):
        (tmp_path / "linked.db").symlink_to(db)
        (tmp_path / "hard.db").hardlink_to(db)
        (tmp_path / "folder").mkdir()
        before = db.read_bytes()

        done = blackboard("backup", str(tmp_path / name), "--db", str(db), "--force")

        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert db.read_bytes() == before

    @pytest.mark.parametrize("end", ["-wal", "-journal"])
    def test_is_never_put_under_what_sqlite_would_play_into_it(self, db, tmp_path, end):
        (tmp_path / "copy.db").write_text("")
        (tmp_path / f"copy.db{end}").write_text("")

        done = blackboard("backup", str(tmp_path / "copy.db"), "--db", str(db), "--force")

        assert done.returncode == 2
        assert f"copy.db{end}" in done.stderr

    def test_of_a_database_that_is_broken_is_not_made(self, db, tmp_path):
        with closing(sqlite3.connect(db, isolation_level=None)) as at:
            at.execute("DROP TRIGGER entry_stays")
            at.execute("DELETE FROM entry WHERE seq = 2")

        done = blackboard("backup", str(tmp_path / "copy.db"), "--db", str(db))

        assert done.returncode == 5
        assert done.stderr == (
            "no backup was made, the copy is not sound: hello-1 lacks seq 2; run `blackboard doctor`\n"
        )
        assert not (tmp_path / "copy.db").exists()
        assert list(tmp_path.glob(".*.part*")) == []

    def test_with_broken_pages_is_not_made(self, db, tmp_path):
        with closing(sqlite3.connect(db)) as at:
            ((root,),) = at.execute("SELECT rootpage FROM sqlite_master WHERE name = 'kind_mark'")
            ((size,),) = at.execute("PRAGMA page_size")
        with db.open("r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * 100)

        done = blackboard("backup", str(tmp_path / "copy.db"), "--db", str(db))

        assert (done.returncode, (tmp_path / "copy.db").exists()) == (5, False)

    def test_to_a_place_that_somebody_else_has_taken_meanwhile_is_refused(self, db, tmp_path, monkeypatch):
        target, fill = tmp_path / "copy.db", copies._fill

        def slowly(*words):
            fill(*words)
            target.write_text("somebody else's")

        monkeypatch.setattr(copies, "_fill", slowly)
        with closing(open_store(str(db))) as store, pytest.raises(UsageError, match="is there already"):
            store.backup(str(target))

        assert target.read_text() == "somebody else's"

    @pytest.mark.slow
    def test_is_of_one_moment_twenty_times_of_twenty_while_another_process_writes(self, stopped, writer, tmp_path):
        writer.stdout.readline()
        heads = []
        with closing(open_store(str(stopped))) as store:
            for n in range(BACKUPS):
                store.backup(str(tmp_path / f"{n}.db"))
                with closing(open_store(str(tmp_path / f"{n}.db"))) as copy:
                    assert [f for f in copy.examine() if f.level == "error"] == []
                    heads.append(copy.boards()[0].head)
                writer.stdout.readline()

        assert writer.poll() is None
        assert heads == sorted(heads)
        assert len(set(heads)) > BACKUPS // 2, "nobody has written meanwhile"


def dump(path: Path) -> list[str]:
    """All that a database holds."""
    with closing(sqlite3.connect(path)) as at:
        return list(at.iterdump())
