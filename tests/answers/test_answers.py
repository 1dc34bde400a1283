"""The report cites what answers the question: over memos and the shipped documents, by questions marked beforehand."""

import pytest

from tests.answers.questions import FOLDERS, files_there, load
from tests.answers.scoring import Score, ask_all

FLOOR = 0.25
"""Share of the questions for which a marked passage is among the citations: no fewer than this. The goal is 0.8."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> list[Score]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLACKBOARD_CACHE", str(tmp_path_factory.mktemp("cache")))
        return list(ask_all(load(files_there()), FOLDERS))


class TestTheReport:
    def test_is_written_for_every_question(self, scores):
        assert len(scores) >= 20
        assert {s.ending for s in scores} == {"complete"}

    def test_cites_what_was_marked(self, scores):
        missed = [f"{s.corpus}: {s.question}" for s in scores if not s.hit]
        assert len(scores) - len(missed) >= FLOOR * len(scores), "\n".join(missed)

    def test_cites_nothing_but_the_bytes_of_its_documents(self, scores):
        assert sum(len(s.citations) for s in scores) > 0
        assert [(s.question, c) for s in scores for c in s.citations if c.wrong or c.unchecked] == []
