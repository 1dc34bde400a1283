"""Stories of `edit`: somebody has a document, a glossary and facts, and gets a new document and a list of changes."""

import json
import os
import re
import stat
from pathlib import Path

import pytest

from agents.edit.binder import ROOM, binder
from agents.edit.kinds import Edited, Manuscript, Section, Style
from agents.edit.opening import LARGEST
from agents.edit.tone import tone
from blackboard import Failure, Quiescence
from blackboard.cli import run
from blackboard.testing import memory_board, run_agent
from scenarios.edit import scenario

DRAFTS = Path(__file__).parents[2] / "scenarios" / "drafts"
NOTES = "# Notes on sqlite:\r\n\r\nIt is very old.\r\n\r\n### Pages\r\n\r\nThe page size is 512 bytes.\r\n"
NEW = "# Notes on SQLite\r\n\r\nIt is old.\r\n\r\n## Pages\r\n\r\nThe page size is 4096 bytes.\r\n"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("notes.md").write_bytes(NOTES.encode())
    Path("terms.txt").write_text("# ours\n\nSQLite: sqlite, Sqlite\n")
    Path("facts.txt").write_text("page size: 4096 bytes\n")


@pytest.fixture
def told(capsys):
    """What a command gives: its exit code, what it wrote to stdout and what to stderr."""

    def command(*words):
        code = run([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return command


EDIT = ("run", "edit", "notes.md", "--glossary", "terms.txt", "--facts", "facts.txt")


class TestADocument:
    def test_comes_out_edited_with_a_list_of_what_was_changed_by_whom_and_why(self, told):
        code, out, err = told(*EDIT, "--out", "new.md")

        assert code == 0
        assert Path("new.md").read_bytes() == NEW.encode()
        assert Path("notes.md").read_bytes() == NOTES.encode()
        assert err.endswith("written to new.md\n")
        first, *listed = out.splitlines()
        assert first == "notes.md: 5 changes"
        assert [re.sub(r"v\d", "vN", line) for line in listed if " by facts" in line] == [
            "1 Pages, vN by facts: “The page size is 512 bytes.” -> “The page size is 4096 bytes.”"
            " (facts.txt, line 1: page size: 4096 bytes)"
        ]
        assert any("by terms: “# Notes on sqlite:” -> “# Notes on SQLite:” (the glossary prefers" in x for x in listed)

    def test_without_a_file_to_write_is_kept_on_the_board_until_one_is_named(self, told):
        _, listed, err = told(*EDIT, "-q")
        assert (
            err == "the text that comes out is not printed; write it to a file: blackboard resume edit-1 --out FILE\n"
        )

        code, out, err = told("resume", "last", "--out", "new.md")

        assert (code, out) == (0, listed)
        assert err == "edit-1 is complete already\nwritten to new.md\n"
        assert Path("new.md").read_bytes() == NEW.encode()

    @pytest.mark.parametrize(
        "text", ["Plain.", "\ufeff# A\r\r\nb\u2028c\n\n\n", "---\na: very\n---\n# B\n```\n# very", "#\n##\n###"]
    )
    def test_that_needs_nothing_is_the_same_byte_for_byte(self, told, text):
        Path("notes.md").write_bytes(text.encode())

        code, out, _ = told("run", "edit", "notes.md", "--out", "notes.md", "-q")

        assert (code, out.splitlines()[0]) == (0, "notes.md: no changes")
        assert Path("notes.md").read_bytes() == text.encode()

    def test_that_was_edited_needs_nothing_more(self, told):
        told(*EDIT, "--out", "notes.md")
        _, out, _ = told(*EDIT, "--out", "again.md")

        assert out == "notes.md: no changes\n"
        assert Path("again.md").read_bytes() == NEW.encode()

    def test_has_remarks_on_what_nobody_could_mend(self, told):
        long = "word " * 50
        Path("notes.md").write_text(f"# A\n\n{long}end.\n\n##\n")

        _, out, _ = told("run", "edit", "notes.md", "--words", "40", "-q")

        assert out.splitlines()[1:] == [
            "", "To look at:",
            "- 0 A: a sentence of 51 words is longer than 40: “word word word word word word word word …”",
            "- 1 (no heading): the heading `##` is empty",
        ]  # fmt: skip

    def test_of_the_shipped_draft_is_ready_to_try(self, told):
        files = ("--glossary", DRAFTS / "terms.txt", "--facts", DRAFTS / "facts.txt", "--out", "new.md")
        code, out, _ = told("run", "edit", DRAFTS / "release-notes.md", *files)

        assert code == 0
        assert {name for name in ("structure", "terms", "tone", "facts", "length") if f" by {name}: " in out} == {
            "structure", "terms", "tone", "facts", "length",
        }  # fmt: skip
        assert "To look at:" in out


class TestConflicts:
    def test_are_counted_at_the_end_and_shown_by_show_and_log(self, told):
        Path("notes.md").write_text("".join(f"# On sqlite {n}:\n\nIt is very old.\n" for n in range(20)))
        _, _, err = told(*EDIT)
        (line,) = [line.strip() for line in err.splitlines() if "refused" in line]
        n = int(line.split()[0])

        assert n > 0
        refused = f"{n} results refused, as what they rested on had changed"
        assert line == f"{refused}: {n} dropped for the newer version"
        assert line in " ".join(told("show", "last")[1].split())
        assert json.loads(told("show", "last", "--json")[1])["conflicts"] == {"refused": n, "again": 0, "dropped": n}
        shown = [x.partition("refused: ")[2].split(", ") for x in told("log", "last")[1].splitlines() if "refused" in x]
        assert sum(map(len, shown)) == n
        rows = [json.loads(x) for x in told("log", "last", "--json")[1].splitlines()]
        assert sum(len(row["refused"]) for row in rows) == n


UNREADABLE = "cannot be read: No such file or directory; give the path of a text file"


class TestWhatCannotBeUsed:
    @pytest.mark.parametrize(
        ("name", "content", "sentence"),
        [
            ("notes.md", None, f"notes.md: the document {UNREADABLE}"),
            ("notes.md", b"a\xff", "notes.md: the document is not UTF-8 (byte 1); save it in that encoding"),
            ("notes.md", b"a\0", "notes.md holds the character NUL, so it is no text; name a Markdown document"),
            ("notes.md", b"\n \n", "notes.md is empty; name a Markdown document with some text"),
            ("notes.md", b"a" * (LARGEST + 1), "notes.md has 150 kB, and `edit` takes 150 kB at most"),
            ("terms.txt", None, f"terms.txt: the glossary {UNREADABLE}"),
            ("terms.txt", b"\xff", "terms.txt: the glossary is not UTF-8 (byte 0); save it in that encoding"),
            ("terms.txt", b"\nSQLite", "terms.txt, line 2: “SQLite” is not of the form `preferred: variant, variant`"),
            ("terms.txt", b"a: `b`", "terms.txt, line 1: “`b`” is no term; a term is words, and ends with"),
            ("terms.txt", b"a: x\nb: x", "terms.txt, line 2: “x” is a variant of “a” already; keep one of them"),
            ("terms.txt", b"a: b\nb: a", "terms.txt, line 1: “a” is preferred here, but “b” is preferred to it"),
            ("facts.txt", b"page size 4096", "facts.txt, line 1: “page size 4096” is not of the form `subject: value`"),
            ("facts.txt", b"x: 1e5 bytes", "facts.txt, line 1: “1e5 bytes” is no number with or without a unit, as in"),
            ("facts.txt", b"x: y", "facts.txt, line 1: “y” is no number with or without a unit, as in"),
            ("facts.txt", b"x: 1\nX: 2", "facts.txt, line 2: “X” has a value already (facts.txt, line 1: x: 1)"),
        ],
    )  # fmt: skip
    def test_is_said_in_a_sentence_before_there_is_a_board(self, told, tmp_path, name, content, sentence):
        Path(name).write_bytes(content) if content is not None else Path(name).unlink()

        code, out, err = told(*EDIT)

        assert (code, out) == (2, "")
        assert err.replace(f"{tmp_path}/", "").startswith(sentence)
        assert err.count("\n") == 1
        assert not Path("default.db").exists()

    def test_is_a_folder_too(self, told, tmp_path):
        code, _, err = told("run", "edit", tmp_path)
        assert (code, err.count("\n")) == (2, 1)
        assert "the document cannot be read: Is a directory" in err


class TestTheFileOfOut:
    @pytest.mark.parametrize(
        ("out", "sentence"),
        [
            ("folder", "--out folder is a folder; name a file"),
            ("gone/new.md", "--out gone/new.md: there is no folder "),
            ("notes.md/new.md", "--out notes.md/new.md: "),
            ("pipe", "--out pipe is no file that can be replaced; name a file"),
            ("n" * 300, f"--out {'n' * 300}: "),
        ],
    )
    def test_that_cannot_be_is_refused_before_there_is_a_board(self, told, out, sentence):
        Path("folder").mkdir()
        os.mkfifo("pipe")

        code, _, err = told(*EDIT, "--out", out)

        assert (code, err.count("\n")) == (2, 1)
        assert err.startswith(sentence)
        assert not Path("default.db").exists()
        assert {p.name for p in Path().iterdir()} >= {"pipe", "folder", "notes.md"}
        assert not list(Path().glob(".*.tmp"))

    def test_is_replaced_as_a_whole_and_keeps_its_mode(self, told):
        Path("new.md").write_text("old")
        Path("new.md").chmod(0o600)
        Path("link.md").symlink_to("new.md")

        assert told(*EDIT, "--out", "link.md")[0] == 0

        assert Path("link.md").is_symlink()
        assert Path("new.md").read_bytes() == NEW.encode()
        assert stat.S_IMODE(Path("new.md").stat().st_mode) == 0o600
        assert not list(Path().glob(".*.tmp"))

    def test_that_cannot_be_written_in_the_end_can_be_had_later(self, told, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        Path("new.md").write_text("old")
        monkeypatch.setattr(os, "fsync", full)
        code, _, err = told(*EDIT, "--out", "new.md")

        assert code == 2
        sentence = "new.md cannot be written: No space left on device; get it again with: "
        assert err.endswith(f"{sentence}blackboard resume edit-1 --out FILE\n")
        assert Path("new.md").read_text() == "old"
        assert not list(Path().glob(".*.tmp"))

    def test_holds_what_is_printed_where_a_kind_says_nothing_else(self, told):
        code, out, _ = told("run", "hello", "ada", "bob", "--out", "greeting.txt")
        assert code == 0
        assert Path("greeting.txt").read_text() == out
        assert "write it to a file" not in told("run", "hello", "ada")[2]

    def test_is_not_written_where_there_is_no_result(self, told):
        code, _, err = told(*EDIT, "--out", "new.md", "--activations", "2")
        assert code == 3
        assert "nothing was written to new.md: there is no result yet" in err
        assert not Path("new.md").exists()


class TestAnEditor:
    def test_amends_a_section_or_passes_over_it(self):
        board = memory_board()
        board.post(Style())
        (written,) = run_agent(tone, Section(number=0, text="It is very old."), board=board)
        assert (written.body.text, written.version) == ("It is old.", 2)
        assert [c.after for c in written.body.changes] == ["It is old."]
        assert run_agent(tone, Section(number=1, text="It is old."), board=board) == []


class TestTheBinder:
    def bound(self, *sections, failure=None):
        board = memory_board()
        board.post(Manuscript(document=Path("x.md")))
        board.post(Style())
        posted = [board.post(section) for section in sections]
        return board, posted

    def test_puts_sections_in_their_order_whatever_the_order_of_their_entries(self):
        board, _ = self.bound(Section(number=1, text="# b"), Section(number=0, text="a\n"))
        (edited,) = run_agent(binder, Quiescence(), board=board)
        assert edited.body.text == "a\n# b"

    def test_names_who_has_failed_and_who_has_edited_from_outside(self):
        board, (section,) = self.bound(Section(number=0, text="a"))
        board.amend(section, Section(number=0, text="b"))
        board.post(Failure(agent="tone", cause="ValueError: no", attempts=3), about=section)
        (edited,) = run_agent(binder, Quiescence(), board=board)
        assert edited.body.listed == ("0 (before the first heading), v2 by person: another text",)
        assert edited.body.remarks == ("tone has failed: ValueError: no",)

    def test_lists_no_more_than_an_entry_holds(self):
        very = "It is very old. It is very new. It is very good. It is very bad."
        text = "".join(f"# {n} {'y' * 600}\n\n{'x' * 720}: {very}\n" for n in range(105))
        board = scenario.run(Manuscript(document=written(text)), db=":memory:", slots=1)
        (edited,) = board.find(Edited)
        assert edited.body.changes == 420
        assert len(edited.body.model_dump_json()) < ROOM
        assert len(edited.body.listed) > 300
        assert str(edited.body).splitlines()[-1] == f"and {420 - len(edited.body.listed)} more"


def written(text):
    Path("long.md").write_text(text)
    return Path("long.md").absolute()
