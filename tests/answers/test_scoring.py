"""The tool that scores: what counts as a hit, what is told of a citation that does not stand in its file."""

import hashlib
import json
from dataclasses import replace

import pytest

from agents.research.kinds import Answer, Report, Subtask
from blackboard.testing import memory_board
from blackboard.tools.documents import Quote
from tests.answers import scoring
from tests.answers.__main__ import main
from tests.answers.questions import FOLDERS, Mark, Place, WrongMark, files_there, load
from tests.answers.scoring import Citation, Score, ask_all, checked, cited, totals

TEXT = "A kettle boils water.\n\nThe naïve kettle\nwhistles at 100 degrees.\n"
WHISTLES = "The naïve kettle\nwhistles at 100 degrees."


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "kettle.md").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def quote() -> Quote:
    return Quote.at("kettle.md", len("A kettle boils water.\n\n"), 3, WHISTLES)


class TestAMark:
    def test_is_found_by_its_bytes(self, folder):
        assert Mark("kettle.md", WHISTLES).place(folder) == Place("kettle.md", 23, 23 + len(WHISTLES.encode()))

    def test_may_name_bytes_of_others_documents_by_their_hash(self, folder):
        data = (folder / "kettle.md").read_bytes()
        sha256 = hashlib.sha256(data[3:20]).hexdigest()[:16]
        mark = Mark.read({"document": "kettle.md", "start": 3, "end": 20, "sha256": sha256})
        assert mark.place(folder) == Place("kettle.md", 3, 20)
        (folder / "kettle.md").write_bytes(b"new" + data)
        with pytest.raises(WrongMark, match="says something else there than when it was marked"):
            mark.place(folder)

    @pytest.mark.parametrize(("passage", "times"), [("kettle", 2), ("A teapot", 0), ("", 0)])
    def test_has_to_stand_there_once(self, folder, passage, times):
        with pytest.raises(WrongMark, match=rf"stands {times} times in kettle\.md"):
            Mark("kettle.md", passage).place(folder)

    def test_has_to_be_in_a_document_that_is_there(self, folder):
        with pytest.raises(WrongMark, match=r"teapot\.md cannot be read"):
            Mark("teapot.md", "A").place(folder)


class TestPlaces:
    @pytest.mark.parametrize(
        ("other", "overlap"),
        [
            (Place("a.md", 10, 20), True),
            (Place("a.md", 19, 30), True),
            (Place("a.md", 0, 11), True),
            (Place("a.md", 20, 30), False),
            (Place("a.md", 0, 10), False),
            (Place("b.md", 10, 20), False),
        ],
    )
    def test_overlap_if_they_share_a_byte_of_one_document(self, other, overlap):
        assert Place("a.md", 10, 20).overlaps(other) is overlap
        assert other.overlaps(Place("a.md", 10, 20)) is overlap


class TestTheQuestions:
    @pytest.mark.parametrize("file", files_there(), ids=lambda file: file.stem)
    def test_are_ten_for_each_corpus_over_many_documents(self, file):
        by_corpus = {}
        for question in load([file]):
            by_corpus.setdefault(question.corpus, []).append(question.marks[0].document)
        assert {len(documents) for documents in by_corpus.values()} == {10}
        assert all(len(set(documents)) >= 7 for documents in by_corpus.values())

    @pytest.mark.parametrize("file", files_there(), ids=lambda file: file.stem)
    def test_are_marked_with_what_stands_in_the_corpora_that_are_here(self, file):
        for question in load([file]):
            if question.corpus in FOLDERS:
                assert question.places(FOLDERS[question.corpus])

    def test_that_lack_something_are_named(self, tmp_path):
        file = tmp_path / "questions.json"
        file.write_text(json.dumps([{"corpus": "memos", "question": "Who?", "document": "a.txt"}]))
        with pytest.raises(WrongMark, match="lacks corpus, question, document or passage"):
            load([file])

    def test_of_a_corpus_that_is_not_there_are_not_asked(self, tmp_path):
        file = tmp_path / "questions.json"
        file.write_text(json.dumps([{"corpus": "elsewhere", "question": "Who?", "document": "a", "passage": "b"}]))
        assert list(ask_all(load([file]), FOLDERS)) == []


class TestACitation:
    def test_that_is_what_stands_in_the_file_is_right(self, folder, quote):
        assert checked(quote, folder).wrong == ""

    @pytest.mark.parametrize(
        ("change", "wrong"),
        [
            ({"text": WHISTLES.upper()}, "other bytes"),
            ({"start": 22}, "other bytes"),
            ({"text": WHISTLES + "\n", "end": 10_000}, "other bytes"),
            ({"sha256": "0" * 64}, "other hash"),
            ({"line": 4}, "other line"),
            ({"document": "teapot.md"}, "no such file"),
            ({"document": "../kettle.md"}, "outside the folder"),
            ({"start": 30, "end": 30, "text": ""}, "other bytes"),
        ],
    )
    def test_that_is_not_is_told_with_the_reason(self, folder, quote, change, wrong):
        assert checked(quote.model_copy(update=change), folder).wrong == wrong

    def test_of_a_document_with_pages_is_told_as_unchecked(self, folder, quote):
        found = checked(quote.model_copy(update={"page": 3, "document": "kettle.pdf"}), folder)
        assert (found.unchecked, found.wrong) == (True, "")


class TestWhatAReportCites:
    @pytest.fixture
    def quotes(self) -> list[Quote]:
        return [Quote.at("kettle.md", start, 1, "abc") for start in (0, 10, 20)]

    @pytest.fixture
    def board(self, quotes):
        """Two answers that are believed, the later subtask first, and one that is not."""
        board = memory_board()
        for rank, quote, status in ((1, quotes[1], "accepted"), (0, quotes[0], "compared"), (2, quotes[2], "flagged")):
            subtask = board.post(Subtask(text="What?", rank=rank))
            board.post(Answer(subject="kettle", text="abc", quotes=(quote,)), about=subtask, status=status)
        return board

    def test_is_what_it_says_itself_each_once_and_in_its_order(self, board, quotes):
        board.post(Report(markdown="", citations=(quotes[2], quotes[0], quotes[2])), status="final")
        assert cited(board) == [quotes[2], quotes[0]]

    def test_is_in_a_report_that_does_not_say_what_its_answers_quote_in_the_order_of_the_parts(self, board, quotes):
        board.post(Report(markdown=""), status="final")
        assert cited(board) == [quotes[0], quotes[1]]

    def test_is_nothing_before_it_is_final(self, board, quotes):
        board.post(Report(markdown="", citations=tuple(quotes)))
        assert cited(board) == []


class TestTheTotals:
    def test_count_hits_and_mean_citations_for_each_corpus_and_for_all(self):
        one = Citation("a.md", 1, 0, 5, "Right")
        hit = Score("memos", "Who?", 1, (one, one), 0.5, "complete")
        miss = replace(hit, rank=None, citations=(replace(one, wrong="other bytes"),))
        elsewhere = replace(hit, corpus="shipped", citations=())

        found = totals([hit, miss, elsewhere])

        assert [(t.corpus, t.hits, t.questions, t.citations, t.wrong, t.seconds) for t in found] == [
            ("memos", 1, 2, 1.5, 1, 1.0),
            ("shipped", 1, 1, 0, 0, 0.5),
            ("all", 2, 3, 1.0, 1, 1.5),
        ]


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def questions(self, tmp_path, folder, monkeypatch):
        monkeypatch.setenv("BLACKBOARD_CACHE", "")  # restored afterwards: the command sets its own
        asked = {"question": "At how many degrees does a kettle whistle?", "document": "kettle.md", "passage": WHISTLES}
        self.file = tmp_path / "questions.json"
        self.file.write_text(json.dumps([{"corpus": "kitchen", **asked}, {"corpus": "elsewhere", **asked}]))
        self.words = ["--questions", str(self.file), "--corpus", f"kitchen={folder}"]

    def test_tells_hits_and_what_it_has_left_out(self, capsys):
        assert main(self.words) == 0
        told = capsys.readouterr()
        assert "kitchen: 1 of 1 hit" in told.out
        assert "left out: 1 questions over elsewhere" in told.err

    def test_tells_every_citation_as_json(self, capsys):
        assert main([*self.words, "--json"]) == 0
        (asked,) = json.loads(capsys.readouterr().out)["questions"]
        assert (asked["hit"], asked["rank"], asked["citations"][0]["document"]) == (True, 1, "kettle.md")

    def test_exits_with_1_for_a_citation_that_does_not_stand_in_its_file(self, capsys, monkeypatch):
        monkeypatch.setattr(
            scoring, "checked", lambda quote, folder: replace(checked(quote, folder), wrong="other bytes")
        )
        assert main(self.words) == 1
        assert "WRONG kettle.md:3 (other bytes)" in capsys.readouterr().out

    def test_tells_what_was_cited_instead(self, capsys, folder):
        (folder / "soup.md").write_text("A soup is a meal that is mostly water.\n")
        asked = {"corpus": "kitchen", "question": "At how many degrees does a kettle whistle?"}
        self.file.write_text(json.dumps([{**asked, "document": "soup.md", "passage": "A soup is a meal"}]))
        assert main([*self.words, "--misses"]) == 0
        assert (
            "MISS kitchen: At how many degrees does a kettle whistle?\n    kettle.md:3 The naïve"
            in capsys.readouterr().out
        )

    def test_exits_with_2_for_a_mark_that_does_not_stand_there(self, capsys, folder):
        (folder / "kettle.md").write_text("Empty.\n")
        assert main(self.words) == 2
        assert "stands 0 times" in capsys.readouterr().err

    def test_exits_with_2_for_a_corpus_without_a_folder(self, capsys):
        with pytest.raises(SystemExit, match="2"):
            main(["--corpus", "kitchen=nowhere"])
        assert "'kitchen=nowhere' is no corpus" in capsys.readouterr().err
