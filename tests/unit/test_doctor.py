"""Each check of a database finds what it is there for, says it in a sentence, and leaves the others alone."""

import json
import os
import sqlite3
from contextlib import closing

import pytest

from blackboard.board import open_board
from blackboard.cli import run
from blackboard.errors import FeedGap, StoreError
from blackboard.matching import Matcher, Pattern
from blackboard.records import Seat, Worker
from blackboard.runner.noticing import Noticing
from blackboard.runner.view import Toolbox
from blackboard.seam import REAL
from store import doctor
from store.sqlite import open_store
from tests.builders import Bench, Body, Clock, note

CHECKS = [
    "library", "durability", "file system", "journal", "schema", "pages", "feeds", "ends", "bodies", "histories",
    "counts", "links", "fields", "budgets", "calls", "workers",
]  # fmt: skip
OF_THE_TABLES = CHECKS[CHECKS.index("feeds") :]


class Case:
    """A database with a board of some history, which the test may damage while nobody holds it."""

    def __init__(self, folder, clock):
        self.path, self.clock = folder / "board.db", clock

    def __enter__(self):
        self.store = open_store(str(self.path), True, self.clock)
        return self

    def __exit__(self, *_):
        self.store.close()

    def live(self):
        """First, an amended answer about two others, work that is claimed, and work that waits."""
        bench = Bench.on(self.store, self.clock, cap=10, tokens=None)
        first = bench.note("first", fields=(("text", '"first"'),))
        second = bench.note("second", fields=(("text", '"second"'),), about=(first.key,))
        bench.amend(first, "third", fields=(("text", '"third"'),))
        claim = bench.start("a", on=second, worker="w1")
        bench.answer(bench.call(claim))
        bench.call(claim, "more")
        bench.note("last", kind="remark", about=(first.key, second.key))
        return bench

    def damage(self, *statements):
        """What somebody does who knows how to get around the triggers."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as at:
            for (trigger,) in at.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                at.execute(f"DROP TRIGGER {trigger}")
            at.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                assert at.execute(statement).rowcount != 0, f"nothing was damaged by {statement}"
            at.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def examine(self, *, alive=True):
        with self:
            if alive:
                self.store._presence.arrive("w1")
            return {f.what: f for f in self.store.examine()}


@pytest.fixture
def case(tmp_path, clock):
    one = Case(tmp_path, clock)
    with one:
        one.live()
        one.store.announce(Worker("w1", clock.host(), os.getpid()))
    return one


def patient(at, path, clock=None):
    return doctor.Patient(at, str(path), clock or Clock())


class TestASoundDatabase:
    def test_is_looked_at_from_all_sides_and_nothing_is_wrong(self, case):
        found = case.examine()

        assert list(found) == CHECKS
        assert {what: found[what].detail for what in OF_THE_TABLES if found[what].level != "ok"} == {}
        assert found["bodies"].detail == "4 versions as written"
        assert found["feeds"].detail == "1 board without a gap"
        assert found["workers"].detail == "1 at work"
        assert found["ends"].detail == "all that was acknowledged is there (1 board noted)"

    def test_in_memory_is_asked_about_the_machine_only(self):
        assert [f.what for f in open_store(":memory:").examine()] == ["library", "durability"]

    def test_may_be_written_while_it_is_examined(self, case, monkeypatch):
        with case:
            bench = Bench(case.store, "test-1", case.clock)
            counted = doctor.consistency.wrong_counts

            def meanwhile(at):
                rows = list(at.execute("SELECT count(*) FROM entry"))
                bench.post(note("written meanwhile"), operation="meanwhile")
                assert list(at.execute("SELECT count(*) FROM entry")) == rows
                return counted(at)

            check = doctor._holding("counts", "", meanwhile, "")
            monkeypatch.setitem(doctor.OF_THE_FILE, "counts", check)
            found = {f.what: f.level for f in case.store.examine()}

            assert bench.head == 5

        assert found["counts"] == "ok"
        assert found["feeds"] == found["ends"] == "ok"


DAMAGES = {
    "a body": (
        "bodies", "error", "UPDATE entry SET body = replace(body, 'second', 'secand') WHERE seq = 2",
        "note-2 v1 of test-1 was changed outside",
    ),
    "a body that is no text any more": (
        "bodies", "error", "UPDATE entry SET body = CAST(x'7bff7d' AS TEXT) WHERE seq = 4", "remark-1 v1 of test-1 was",
    ),
    "a row in the middle": ("feeds", "error", "DELETE FROM entry WHERE seq = 2", "test-1 lacks seq 2"),
    "the newest row": (
        "feeds", "error", "DELETE FROM entry WHERE seq = 4", "the feed of test-1 ends at seq 3, the board at 4",
    ),
    "the head": (
        "feeds", "error", "UPDATE board SET head = 9", "the feed of test-1 ends at seq 4, the board at 9",
    ),
    "the board's row": (
        "feeds", "error", "UPDATE board SET id = 'other-1'", "there are entries of test-1, which is no board",
    ),
    "what supersedes a version": (
        "histories", "error", "UPDATE entry SET superseded_seq = 4 WHERE seq = 1",
        "note-1 v1 of test-1 is superseded by seq 4, not by seq 3",
    ),
    "a version that nothing supersedes any more": (
        "histories", "error", "UPDATE entry SET superseded_seq = 4 WHERE seq = 2",
        "note-2 v1 of test-1 is superseded by seq 4, not by nothing",
    ),
    "the number of a version": (
        "histories", "error", "UPDATE entry SET version = 3 WHERE seq = 3",
        "note-1 v3 of test-1 has no version before it",
    ),
    "where an entry began": (
        "histories", "error", "UPDATE entry SET born_seq = 2 WHERE seq = 3",
        "note-1 v2 of test-1 does not belong to the version before it",
    ),
    "a count": (
        "counts", "error", "UPDATE kind_mark SET entries = 7 WHERE kind = 'note'",
        "test-1 has 2 open note, kind_mark says 7",
    ),
    "when a kind was last written": (
        "counts", "error", "UPDATE kind_mark SET last_seq = 1 WHERE kind = 'note'",
        "test-1 wrote its last open note at seq 3, kind_mark says 1",
    ),
    "a count that is not there": (
        "counts", "error", "DELETE FROM kind_mark WHERE kind = 'remark'",
        "test-1 has 1 open remark, kind_mark says 0",
    ),
    "a link that is not there": (
        "links", "error", "DELETE FROM link WHERE seq = 4 AND about_key = 'note-2'",
        "remark-1 v1 of test-1 is about note-2, without a link",
    ),
    "a link too many": (
        "links", "error", "INSERT INTO link VALUES ('test-1', 'note-2', 1)",
        "a link says that seq 1 of test-1 is about note-2",
    ),
    "the value of a field": (
        "fields", "warning", "UPDATE field SET value = '\"fourth\"' WHERE seq = 3",
        "note-1 v2 of test-1 is indexed by text = \"fourth\", and has another",
    ),
    "a field that is not there": (
        "fields", "warning", "DELETE FROM field WHERE seq = 3", "1 of the note of test-1 cannot be found by text",
    ),
    "the field of another kind": (
        "fields", "warning", "INSERT INTO field VALUES ('test-1', 'note', 'text', '1', 4)",
        "a value of note.text names seq 4 of test-1, which is no note",
    ),
    "a reservation": (
        "budgets", "error", "UPDATE budget SET reserved = 3 WHERE unit = 'activations'",
        "board:test-1 has reserved 3 activations, 1 hold one",
    ),
    "a cap": (
        "budgets", "error", "UPDATE budget SET cap = 2, settled = 5 WHERE unit = 'activations'",
        "board:test-1: 5 activations settled - 0 overrun + 1 reserved, of 2",
    ),
    "what a call holds": (
        "budgets", "error", "UPDATE call SET bound_tokens = 11 WHERE state = 'inflight'",
        "board:test-1 has reserved 10 and settled 4 tokens, its calls hold 11 and took 4",
    ),
    "what a call took": (
        "budgets", "error", "UPDATE call SET spent_tokens = 5 WHERE state = 'done'",
        "board:test-1 has reserved 10 and settled 4 tokens, its calls hold 10 and took 5",
    ),
    "whose call it is": (
        "budgets", "error", "UPDATE call SET token = 9 WHERE state = 'inflight'",
        "call 2 of test-1 is in flight, and nobody acts on activation 5",
    ),
}  # fmt: skip


class TestDamage:
    @pytest.mark.parametrize(("what", "level", "statement", "said"), DAMAGES.values(), ids=DAMAGES)
    def test_is_found_by_the_check_that_is_there_for_it(self, case, what, level, statement, said):
        case.damage(statement)

        found = case.examine()

        assert found[what].level == level
        assert said in found[what].detail
        assert found[what].remedy
        assert list(found) == CHECKS, "the others go on"

    def test_of_a_page_is_found_and_the_others_are_checked_all_the_same(self, case):
        with closing(sqlite3.connect(case.path)) as at:
            ((root,),) = at.execute("SELECT rootpage FROM sqlite_master WHERE name = 'kind_mark'")
            ((size,),) = at.execute("PRAGMA page_size")
        with case.path.open("r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * 100)

        found = case.examine()

        assert found["pages"].level == "error"
        assert found["counts"].level == "error"
        assert found["counts"].detail.startswith("it cannot be checked: ")
        assert found["bodies"].level == found["links"].level == found["budgets"].level == "ok"

    def test_of_what_sqlite_itself_holds_is_told_in_its_words(self, case):
        case.damage(DAMAGES["a cap"][2])

        assert case.examine()["pages"].detail == "CHECK constraint failed in budget"

    def test_that_is_found_often_is_told_thrice_and_counted(self, case):
        case.damage("UPDATE entry SET sha256 = 'x'")

        assert case.examine()["bodies"].detail.endswith("note-1 v2 of test-1 was changed outside; and 1 more")


class TestTheEnd:
    def test_of_a_board_is_missed_when_an_older_copy_was_put_in_its_place(self, case):
        older = case.path.read_bytes()
        with case:
            Bench(case.store, "test-1", case.clock).post(note("acknowledged"), operation="later")
        case.path.write_bytes(older)

        found = case.examine()

        assert found["ends"].level == "error"
        assert found["ends"].detail == "test-1 was acknowledged up to seq 5, the file ends at 4"
        assert str(case.path) + "-live/mark" in found["ends"].remedy
        assert found["feeds"].level == "ok"


class TestAWorker:
    def test_that_holds_work_and_is_silent_is_asked_about(self, case):
        case.clock.pass_by(31)

        found = case.examine()["workers"]

        assert found.level == "warning"
        assert f"process {os.getpid()} on {case.clock.host()} holds 1 activation of test-1, last heard of 31 s ago" in (
            found.detail
        )
        assert found.remedy == "`blackboard resume test-1` takes it over"

    def test_whose_process_has_ended_is_asked_about_at_once(self, case):
        assert case.examine(alive=False)["workers"].level == "warning"

    def test_that_nobody_knows_is_asked_about(self, case):
        case.damage("DELETE FROM worker")

        assert "w1 holds 1 activation of test-1 and never registered" in case.examine()["workers"].detail


class TestTheGround:
    @pytest.mark.parametrize(
        ("version", "level"),
        [("3.6.23", "ok"), ("3.7.0", "warning"), ("3.40.1", "warning"), ("3.51.2", "warning"), ("3.51.3", "ok"),
         ("3.53.4", "ok")],
    )  # fmt: skip
    def test_of_an_sqlite_that_can_corrupt_the_file_is_told_with_the_remedy(self, version, level):
        class Library:
            def execute(self, _):
                return self

            def fetchone(self):
                return (version,)

        found = doctor.library(patient(Library(), "x"))

        assert found.level == level
        assert version in found.detail
        assert ("pysqlite3" in found.remedy) == (level == "warning")

    def test_of_a_commit_that_a_power_cut_takes_back_is_told(self, monkeypatch):
        monkeypatch.setenv("BLACKBOARD_SYNCHRONOUS", "normal")
        assert doctor.synchronous(patient(None, "x")).level == "warning"
        monkeypatch.setenv("BLACKBOARD_SYNCHRONOUS", "FULL")
        assert doctor.synchronous(patient(None, "x")).level == "ok"

    def test_that_is_no_disk_of_this_machine_is_an_error(self, tmp_path, monkeypatch):
        monkeypatch.setattr(doctor.mounts, "of", lambda _: "nfs4")

        found = doctor.ground(patient(None, tmp_path / "x.db"))

        assert (found.level, found.detail.split()[0]) == ("error", "nfs4")

    def test_of_a_journal_that_makes_readers_wait_is_told(self, case):
        with closing(sqlite3.connect(case.path)) as at:
            assert doctor.journal(patient(at, case.path)).level == "ok"
            at.execute("PRAGMA journal_mode = DELETE")
            assert doctor.journal(patient(at, case.path)).level == "warning"

    def test_of_tables_that_a_newer_program_made_is_an_error(self, case):
        with closing(sqlite3.connect(case.path)) as at:
            assert doctor.schema(patient(at, case.path)).level == "ok"
            at.execute("INSERT INTO schema_version VALUES (99, 0)")
            found = doctor.schema(patient(at, case.path))

        assert (found.level, found.remedy) == ("error", "upgrade blackboard")
        assert "99" in found.detail


class TestABodyThatWasChanged:
    def test_is_never_used(self, case):
        case.damage(DAMAGES["a body"][2])

        with open_board("last", db=str(case.path)) as board:
            with pytest.raises(StoreError, match="note-2 v1 of test-1 was changed outside; `blackboard doctor` tells"):
                board.get(Body, "note-2")
            with pytest.raises(StoreError, match="note-2 v1 of test-1"):
                board.entries()
            assert board.get(Body, "note-1").body.text == "third"

    def test_wakes_nobody(self, case):
        case.damage(DAMAGES["a body"][2])
        matcher = Matcher([Pattern("b", Body, ("open",), where=lambda body: body.text == "second")], [])
        with case:
            case.store.seat("test-1", [Seat("b", "note open")])

        with case, pytest.raises(StoreError, match="note-2 v1 of test-1 was changed outside"):
            Noticing(case.store, "test-1", Toolbox(REAL.lane("tool", 1))).unnoticed({}, matcher)

    def test_is_shown_and_said_to_be_changed(self, case, capsys):
        case.damage('UPDATE entry SET body = \'{"text": "sec\' WHERE seq = 2')
        db = ["--db", str(case.path)]

        assert run(["show", "last", *db]) == 0
        assert run(["log", "last", *db]) == 0
        lines = [line for line in capsys.readouterr().out.splitlines() if "note-2 v1" in line]
        assert [("(changed outside)" in line) for line in lines] == [True, True]
        assert run(["log", "last", "--json", *db]) == 0
        told = {row["seq"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
        assert told[2]["body"] == '{"text": "sec'
        assert {seq: row["intact"] for seq, row in told.items()} == {1: True, 2: False, 3: True, 4: True}

    def test_gives_one_sentence_that_names_doctor_where_the_feed_has_a_hole(self, case):
        case.damage("DELETE FROM entry WHERE seq = 2")

        with case, pytest.raises(FeedGap, match="seq 2 is missing from the feed; `blackboard doctor` tells more"):
            case.store.feed("test-1", 0)
