"""The verifier: a report is final only if every quote in it stands in its document at that moment."""

from pathlib import Path

import pytest

from agents.research.kinds import Answer, Disagreement, Question, Report, Subtask
from agents.research.verifier import AGAIN, verifier
from blackboard import Entry
from blackboard.board import Board
from blackboard.testing import memory_board, run_agent
from blackboard.tools.documents import Library, Quote

LEASES = "A lease is a lock that expires."
PAXOS = "Paxos is older than Raft."
RIVAL = "A lease is a lock that never expires."


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, text in (("leases.md", LEASES), ("paxos.md", PAXOS), ("rival.md", RIVAL)):
        (tmp_path / name).write_text(f"{text}\n")
    return tmp_path


@pytest.fixture
def library(folder) -> Library:
    return Library(folder)


def quoted(library: Library, text: str) -> Quote:
    (passage,) = [p for p in library.search(text, limit=9) if p.text == text]
    return Quote.of(passage, 0, len(text))


class Reported:
    """A board whose report cites two documents, in one part each."""

    def __init__(self, library: Library, again: int = 0) -> None:
        self.library, self.board = library, memory_board()
        self.question = self.board.post(Question(question="What are leases and Paxos?"))
        self.answers = [self.answered(n, text, again) for n, text in enumerate((LEASES, PAXOS))]
        self.quotes = tuple(quoted(library, text) for text in (LEASES, PAXOS))
        self.report = self.board.post(Report(markdown="", citations=self.quotes))

    def answered(self, rank: int, text: str, again: int) -> Entry[Answer]:
        subtask = Subtask(text=f"Part {rank}?", rank=rank, again=again)
        posted = self.board.post(subtask, about=self.question, status="answered")
        answer = Answer(subject="x", text=text, quotes=(quoted(self.library, text),))
        return self.board.post(answer, about=posted, status="compared")

    def verified(self) -> Board:
        run_agent(verifier, self.report, board=self.board, resources=[self.library])
        return self.board

    def statuses(self, kind: type) -> dict[str, str]:
        return {e.key: e.status for e in self.board.entries(kind.kind_name)}


class TestAReport:
    def test_whose_quotes_all_stand_becomes_final(self, library):
        reported = Reported(library)
        assert [r.status for r in reported.verified().find(Report)] == ["final"]
        assert reported.statuses(Answer) == {"answer-1": "compared", "answer-2": "compared"}

    def test_that_cites_nothing_becomes_final(self, library):
        board = memory_board()
        run_agent(verifier, board.post(Report(markdown="")), board=board, resources=[library])
        assert [r.status for r in board.find(Report)] == ["final"]

    @pytest.mark.parametrize("change", ["changed", "deleted", "longer"])
    def test_is_taken_back_and_the_parts_concerned_asked_anew_if_a_document_changed(self, change, library, folder):
        # given a report, and then a change of one of its documents
        reported = Reported(library)
        if change == "deleted":
            (folder / "leases.md").unlink()
        elif change == "longer":  # the quote itself still stands
            (folder / "leases.md").write_text(f"{LEASES}\n\nIt also says more.\n")
        else:
            (folder / "leases.md").write_text("A lease is a lock that ends.\n")

        board = reported.verified()

        # then only what rests on that document is done again
        assert board.find(Report) == []
        assert reported.statuses(Answer) == {"answer-1": "stale", "answer-2": "compared"}
        assert [(s.body.text, s.body.again, s.status) for s in board.find(Subtask)] == [
            ("Part 1?", 0, "answered"),
            ("Part 0?", 1, "open"),
        ]
        assert board.find(Subtask)[-1].about == ("question-1",)

    def test_asks_a_part_anew_once_however_many_answers_it_has(self, library, folder):
        # given a second answer to the same part, by another researcher
        reported = Reported(library)
        part = reported.board.get(Subtask, of=reported.answers[0])
        reported.board.post(reported.answers[0].body, about=part, status="accepted")
        (folder / "leases.md").unlink()

        board = reported.verified()

        assert [(s.body.text, s.body.again) for s in board.find(Subtask)] == [("Part 1?", 0), ("Part 0?", 1)]
        assert reported.statuses(Answer) == {"answer-1": "stale", "answer-2": "compared", "answer-3": "stale"}

    def test_stands_if_a_document_was_written_again_with_the_same_content(self, library, folder):
        reported = Reported(library)
        (folder / "leases.md").write_text(f"{LEASES}\n")
        assert [r.status for r in reported.verified().find(Report)] == ["final"]

    def test_asks_a_part_as_often_as_it_may(self, library, folder):
        reported = Reported(library, again=AGAIN - 1)
        (folder / "leases.md").unlink()
        assert [(s.body.again, s.status) for s in reported.verified().find(Subtask)][-1] == (AGAIN, "open")

    def test_gives_a_part_up_whose_documents_never_rest(self, library, folder):
        reported = Reported(library, again=AGAIN)
        (folder / "leases.md").unlink()
        given_up = reported.verified().find(Subtask)[-1]
        assert given_up.status == "flagged"
        assert given_up.body.reason == "Its documents changed again and again while they were read: leases.md."


class TestAnAnswerThatWasNotAccepted:
    def test_and_is_shown_as_nearest_is_asked_anew_too_if_its_document_changed(self, library, folder):
        # given a report that cites what comes nearest to an open part
        reported = Reported(library)
        reported.board.amend(reported.board.find(Answer)[0], status="stale")
        open_part = reported.board.post(Subtask(text="Part 9?", rank=9), about=reported.question, status="flagged")
        nearest = Answer(subject="x", text=RIVAL, quotes=(quoted(library, RIVAL),))
        reported.board.post(nearest, about=open_part, status="flagged")
        reported.board.amend(reported.report, Report(markdown="", citations=nearest.quotes))
        reported.report = reported.board.find(Report)[0]
        (folder / "rival.md").write_text("A lease is a lock after all.\n")

        board = reported.verified()

        # then somebody is at work again: nobody else would ever write the report anew
        assert [(s.body.text, s.body.again) for s in board.find(Subtask, status="open")] == [("Part 9?", 1)]
        assert board.find(Report) == []


class TestADisagreement:
    def test_is_taken_back_with_what_rests_on_it_if_its_rival_has_changed(self, library, folder):
        # given an answer that another document contradicts, in words that the answer does not quote
        reported = Reported(library)
        quotes = (reported.quotes[0], quoted(library, RIVAL))
        found = Disagreement(subject="lease", values=("ever", "never"), quotes=quotes, places="x")
        reported.board.post(found, about=reported.answers[0])
        body = reported.report.body.model_copy(update={"citations": (*reported.quotes, quotes[1])})
        reported.board.amend(reported.report, body)
        reported.report = reported.board.find(Report)[0]
        (folder / "rival.md").unlink()

        board = reported.verified()

        assert board.find(Disagreement) == []
        assert reported.statuses(Answer) == {"answer-1": "stale", "answer-2": "compared"}

    def test_stays_where_only_another_document_has_changed(self, library, folder):
        reported = Reported(library)
        quotes = (reported.quotes[0], quoted(library, RIVAL))
        found = Disagreement(subject="lease", values=("ever", "never"), quotes=quotes, places="x")
        reported.board.post(found, about=reported.answers[0])
        (folder / "paxos.md").unlink()
        assert len(reported.verified().find(Disagreement)) == 1
