"""A document that five editors rewrite at once from four processes, some of which are killed: no edit is lost.

The long form, with figures: `python -m tests.stress.editing --runs 20`.
"""

import json

import pytest

from tests.stress.editing import EDITORS, SECTIONS, WORKERS, check, editing, lost_edits, manuscript, undisturbed
from tests.stress.editing import Figures as Seen
from tests.stress.fleet import Fleet, fleet, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def there(processes: Fleet) -> int:
    """How many workers have come."""
    if not processes.db.exists() or not processes.rows("SELECT 1 FROM sqlite_master WHERE name = 'worker'"):
        return 0
    return len(processes.rows("SELECT 1 FROM worker"))


class TestADocumentOfFortySections:
    def test_is_edited_by_four_processes_without_a_lost_edit(self, tmp_path):
        params, seen = manuscript(tmp_path), Seen()
        wanted = undisturbed(params)
        with fleet(tmp_path) as processes:
            files = ("--glossary", params.glossary, "--facts", params.facts, "--words", params.words)
            out = tmp_path / "new.md"
            others = [processes.work() for _ in range(WORKERS - 1)]
            until(lambda: there(processes) == len(others), "they are there")
            run = processes.start(
                "run", "edit", params.document, *files, "--out", out, "--log-json", "--log-level", "DEBUG"
            )
            run.is_expected_to_end = True

            assert run.wait(120) == 0, run.said[-2000:]

            helped = processes.rows("SELECT DISTINCT owner FROM activation WHERE state = 'done' AND owner IS NOT NULL")
            versions = processes.rows("SELECT * FROM entry WHERE kind = 'section' ORDER BY seq")
            reads = processes.rows("SELECT * FROM activation_read")
            shown = check(processes, wanted, seen).wrong

        assert out.read_text() == wanted
        assert lost_edits(versions, reads, wanted) == []
        assert not {name: wrong for name, wrong in shown.items() if wrong}
        assert len(helped) == WORKERS
        assert {v["author"] for v in versions} == {"person", *EDITORS}
        assert len({v["key"] for v in versions}) == SECTIONS
        assert seen.conflicts > 0, "no conflicts: nothing was proven"
        assert f"  {seen.conflicts} results refused, as what they rested on had changed" in run.said
        listed = run.out.partition("\n\nTo look at:")[0].splitlines()
        assert listed[0] == f"notes.md: {len(listed) - 1} changes"

    def test_comes_out_the_same_however_often_its_workers_are_killed(self, tmp_path):
        seen = editing(tmp_path, runs=1, seed=11)

        assert seen.wrong == []
        assert seen.killed.total() >= 3
        assert seen.conflicts > 0


class TestALostEdit:
    versions = tuple(
        {
            "key": "section-1", "version": number, "seq": number, "activation_id": number, "author": "tone",
            "body": json.dumps({"number": 0, "text": text}),
        }
        for number, text in enumerate("abc", 1)
    )  # fmt: skip

    def test_is_one_that_the_next_version_had_not_read(self):
        reads = [{"activation_id": 2, "seq": 1}, {"activation_id": 3, "seq": 1}]
        assert lost_edits(self.versions, reads, "c") == ["section-1 v3 by tone has not read v2"]

    def test_is_the_last_one_if_it_is_not_in_the_text(self):
        reads = [{"activation_id": 2, "seq": 1}, {"activation_id": 3, "seq": 2}]
        assert lost_edits(self.versions, reads, "c") == []
        assert lost_edits(self.versions, reads, "b") == ["the text is not that of the newest versions"]
