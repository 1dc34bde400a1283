"""The documents: what is generated is what the program gives, words can be looked up, links lead somewhere."""

import re
import shlex
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import get_args

import pytest

import blackboard
from agents.research.kinds import Answer, Subtask
from blackboard import open_board
from blackboard.activation import State
from blackboard.cli import health, progress, run
from blackboard.controller import EXIT
from blackboard.entry import BOARD_KINDS, Confidentiality, Integrity
from blackboard.explaining import HOW
from blackboard.tools.documents import reading
from docs.making import commands, pictures
from docs.making.examples import EXAMPLES
from docs.making.svg import drawn
from docs.making.terminal import steady

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CONCEPTS = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)\s]+)\)")
LARGEST_PICTURE = 60_000  # bytes
ANEW = "make it anew: python docs/make.py"


class TestThePageOfTheCommandLine:
    def test_is_what_the_program_gives(self):
        for file, text in commands.files().items():
            assert file.read_text(encoding="utf-8") == text, ANEW

    def test_has_an_example_of_every_verb(self):
        verbs = set(re.findall(r"^\| \[([\w-]+)\]\(#", commands.PAGE.read_text(encoding="utf-8"), re.MULTILINE))
        assert {one.verb for one in EXAMPLES} == verbs

    def test_its_examples_do_what_they_say(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        for one in EXAMPLES:
            if one.code is None:
                continue
            if one.verb in {"post", "amend"}:
                opened_again()
            code = run(shlex.split(one.line)[1:])
            told = capsys.readouterr()
            assert code == one.code, f"{one.line}\n{told.err}"


def opened_again() -> None:
    """The newest board takes posts."""
    with open_board() as board:
        board.store.reopen(board.id, (("activations", None),))


class TestTheConcepts:
    def test_have_every_public_name(self):
        assert [name for name in blackboard.__all__ if f"`{name}`" not in CONCEPTS] == []

    def test_have_every_ending_with_its_exit_code(self):
        told = dict(re.findall(r"^\| (\w+) \| (\d) \|", CONCEPTS, re.MULTILINE))
        assert told == {ending: str(code) for ending, code in EXIT.items()}

    def test_have_every_state_of_an_activation(self):
        assert [state for state in get_args(State) if f"| {state} |" not in CONCEPTS] == []

    def test_have_what_why_tells_of_attempts_and_trust(self):
        words = [*HOW.values(), *(one.name.lower() for one in (*Integrity, *Confidentiality))]
        assert [word for word in words if word not in CONCEPTS.lower()] == []

    def test_have_what_a_run_tells_of_its_agents(self):
        words = " ".join(CONCEPTS.split())
        assert [told for told in progress.WORDS.values() if f"*{told}*" not in words] == []

    def test_have_what_the_board_itself_writes(self):
        assert [kind.kind_name for kind in BOARD_KINDS if f"`{kind.kind_name}`" not in CONCEPTS] == []

    def test_have_every_status_of_a_part_of_a_question_and_of_its_answer(self):
        section = CONCEPTS.partition("## A report of research")[2].partition("\n## ")[0]
        known = {word for row in re.findall(r"^\| ([a-z, ]+) \|", section, re.MULTILINE) for word in row.split(", ")}
        assert {status for kind in (Answer, Subtask) for status in kind.lifecycle.all} - known == {"retracted"}

    def test_have_what_doctor_looks_at(self, tmp_path, capsys):
        # given a database
        file = str(tmp_path / "some.db")
        assert run(["run", "hello", "Ada", "--quiet", "--db", file]) == 0
        # then each line of its examination can be looked up
        section = CONCEPTS.partition("## What doctor looks at")[2].partition("\n## ")[0]
        known = {word for row in re.findall(r"^\| ([a-z, ]+) \|", section, re.MULTILINE) for word in row.split(", ")}
        assert {one.what for one in health.examined(file)} <= known


class TestContributing:
    @pytest.fixture
    def examples(self):
        """What its blocks of Python define, one after the other."""
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        names: dict = {}
        exec("\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)), names)
        return names

    def test_its_scenario_reaches_its_goal(self, examples):
        board = examples["scenario"].run(examples["Guests"](names=["Ada"]), db=":memory:")
        assert board.verdict.ending == "complete"
        assert [greeting.body.text for greeting in board.find(examples["Greeting"])] == ["HELLO ADA"]

    def test_its_format_makes_passages_that_stand_where_they_say(self, examples, monkeypatch):
        monkeypatch.setitem(reading.FORMATS, ".log", examples["outline"])
        data = "[10:00] Es begann früh am Morgen.\r\n\r\n[10:05] It ended.\n".encode()
        found = reading.read_document("a.log", data).passages
        assert [p.heading for p in found] == ["10:00", "10:05"]
        assert [p.exact for p in found] == ["[10:00] Es begann früh am Morgen.", "[10:05] It ended."]
        assert [data[p.start : p.end].decode() for p in found] == [p.exact for p in found]


class TestLinks:
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_lead_somewhere(self, page):
        broken = []
        for link in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
            place, _, anchor = link.partition("#")
            if place.startswith("http"):
                continue
            file = (page.parent / place).resolve() if place else page
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(link)
        assert broken == []


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names that headings get."""
    heads = re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


class TestThePictures:
    def test_stand_on_the_page_that_the_program_gives(self):
        assert pictures.PAGE.read_text(encoding="utf-8") == pictures.page(), ANEW

    def test_are_all_there_and_no_others(self):
        assert {file.stem for file in pictures.FOLDER.iterdir()} == {shot.name for shot in pictures.SHOTS}

    @pytest.mark.parametrize("name", [shot.name for shot in pictures.SHOTS])
    def test_are_small_whole_and_need_nothing_from_outside(self, name):
        text = (pictures.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        assert len(text.encode()) < LARGEST_PICTURE
        tree = ET.fromstring(text)
        outside = [key for one in tree.iter() for key in one.attrib if key.endswith(("href", "src"))]
        assert outside == []
        style = next(one.text or "" for one in tree.iter() if one.tag.endswith("style"))
        assert "url(" not in style
        assert "@import" not in style

    @pytest.mark.parametrize("name", [shot.name for shot in pictures.SHOTS])
    def test_hold_nothing_of_the_machine_that_made_them(self, name):
        text = (pictures.FOLDER / f"{name}.svg").read_text(encoding="utf-8")
        assert set(re.findall(r"\d\d:\d\d:\d\d", text)) <= {"12:00:00"}
        assert "/tmp" not in text
        assert str(ROOT) not in text


class TestADrawing:
    def test_puts_each_part_at_its_column_whatever_the_font(self):
        svg = drawn("a title", "ab  \x1b[1mcd\x1b[0m", 20)
        spans = re.findall(r"<tspan([^>]*)>([^<]*)</tspan>", svg)
        assert [text for _, text in spans] == ["ab", "cd"]
        assert 'x="14" textLength="16"' in spans[0][0]
        assert 'class="bold" x="46"' in spans[1][0]

    def test_goes_on_below_where_a_line_is_too_long(self):
        assert re.findall(r"<tspan[^>]*>([^<]*)<", drawn("", "abcdefgh", 5)) == ["abcde", "fgh"]

    def test_shows_what_would_be_markup(self):
        tree = ET.fromstring(drawn('"<&>"', "a <b> & 'c'", 20))
        assert "a <b> & 'c'" in "".join(tree.itertext())

    def test_of_two_runs_is_the_same(self, tmp_path):
        first = f"hello-1  1 min   {tmp_path}/a.md\nhello-1 complete in 0.4 s: 3 activations\nbegun 09:10:11"
        other = f"hello-1  3 s  {tmp_path}/a.md\nhello-1 complete in 12.0 s: 3 activations\nbegun 2026-01-02 23:59:59"
        assert steady(first, tmp_path) == steady(other, tmp_path)
