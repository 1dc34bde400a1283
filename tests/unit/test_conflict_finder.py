"""The conflict finder: what contradicts an accepted answer is told, before its subtask counts as answered."""

from itertools import permutations
from pathlib import Path

import pytest

from agents.research.conflicts import SEARCHES, conflicts
from agents.research.kinds import Answer, Disagreement, Subtask
from blackboard import Board
from blackboard.testing import memory_board, run_agent, run_team
from blackboard.tools.documents import Library, Passage, Quote, search_documents

OPENED = "The harbour bridge was opened on 3 May 1921."
RIVAL = "The harbour bridge was opened on 4 May 1921."
LONG = "The harbour bridge is 640 metres long."
LONGER = "The harbour bridge is 700 metres long."
PLAIN = "The harbour bridge leads over the river to the old town."


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "history.md").write_text(f"# History\n\n{PLAIN} {OPENED}\n")
    (tmp_path / "guide.md").write_text(f"# Guide\n\nVisitors come by train.\n\n{RIVAL} {LONG}\n")
    (tmp_path / "facts.md").write_text(f"# Facts\n\n{LONGER}\n")
    return tmp_path


def quote(folder: Path, document: str, text: str) -> Quote:
    before = (folder / document).read_text().partition(text)[0]
    return Quote.at(document, len(before.encode()), before.count("\n") + 1, text)


def answered(board: Board, *quotes: Quote, subject: str = "bridge", status: str = "accepted"):
    """An answer about a subtask of its own."""
    subtask = board.post(Subtask(text=f"What about the {subject}?", subject=subject))
    text = " ".join(q.sentence for q in quotes)
    return board.post(Answer(subject=subject, text=text, quotes=quotes), about=subtask, status=status)


def nothing(query: str, limit: int = 5) -> list[object]:
    return []


def told(board: Board) -> list[tuple[str, tuple[str, str], str]]:
    found = board.find(Disagreement)
    return sorted((e.body.subject, e.body.values, e.body.places) for e in found)


class TestADisagreement:
    def test_with_a_sentence_that_nobody_picked_is_found_in_the_documents(self, folder):
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", OPENED))

        written = run_agent(conflicts, answer, board=board, resources=[Library(folder)])

        (disagreement,) = [e for e in written if isinstance(e.body, Disagreement)]
        body = disagreement.body
        assert body.subject == "harbour bridge opened"
        assert body.values == ("4 May 1921", "3 May 1921")
        assert [(q.document, q.sentence) for q in body.quotes] == [("guide.md", RIVAL), ("history.md", OPENED)]
        assert disagreement.about == (answer.key,)

    def test_quotes_both_sentences_byte_for_byte(self, folder):
        board = memory_board()
        run_agent(
            conflicts, answered(board, quote(folder, "history.md", OPENED)), board=board, resources=[Library(folder)]
        )
        (found,) = board.find(Disagreement)
        assert Library(folder).check(found.body.quotes) == ["", ""]

    def test_is_found_between_the_quotes_of_one_answer(self, folder):
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", OPENED), quote(folder, "guide.md", RIVAL))
        run_agent(conflicts, answer, board=board, tools={search_documents: nothing})
        (found,) = board.find(Disagreement)
        assert found.body.values == ("4 May 1921", "3 May 1921")

    def test_is_found_with_an_answer_to_another_question_and_is_about_both(self, folder):
        board = memory_board()
        before = answered(board, quote(folder, "guide.md", LONG), subject="length", status="compared")
        answer = answered(board, quote(folder, "facts.md", LONGER), subject="bridge")
        run_agent(conflicts, answer, board=board, tools={search_documents: nothing})
        (found,) = board.find(Disagreement)
        assert found.body.values == ("700 metres", "640 metres")
        assert set(found.about) == {before.key, answer.key}

    def test_is_told_once_whoever_finds_it(self, folder):
        board = memory_board()
        for document, text in [("history.md", OPENED), ("guide.md", RIVAL)]:
            answer = answered(board, quote(folder, document, text))
            run_agent(conflicts, answer, board=board, resources=[Library(folder)])
        assert board.count(Disagreement) == 1

    def test_is_none_where_the_documents_say_the_same_in_other_words(self, folder):
        (folder / "guide.md").write_text("# Guide\n\nOn May 3, 1921 the harbour bridge was opened.\n")
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", OPENED))
        run_agent(conflicts, answer, board=board, resources=[Library(folder)])
        assert board.count(Disagreement) == 0

    def test_never_quotes_the_same_place_twice(self, folder):
        (folder / "guide.md").unlink()
        (folder / "history.md").write_text(f"# History\n\n{OPENED} {RIVAL}\n")
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", f"{OPENED} {RIVAL}"))
        run_agent(conflicts, answer, board=board, resources=[Library(folder)])
        assert board.count(Disagreement) == 0

    def test_with_the_same_words_in_many_copies_is_told_once_for_each_quote(self, folder):
        for copy in range(5):
            (folder / f"copy{copy}.md").write_text(f"# Copy\n\n{RIVAL}\n")
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", OPENED))
        run_agent(conflicts, answer, board=board, resources=[Library(folder)])
        assert board.count(Disagreement) == 1

    def test_with_copies_names_the_first_whichever_a_search_gives_first(self, folder):
        for copy in ("z.md", "b.md"):
            (folder / copy).write_text(f"# Copy\n\n{RIVAL}\n")
        library = Library(folder)
        for turned in (False, True):
            board = memory_board()
            answer = answered(board, quote(folder, "history.md", OPENED))

            def search(query: str, limit: int = 5, turned: bool = turned) -> list[Passage]:
                return library.search(query, limit)[:: -1 if turned else 1]

            run_agent(conflicts, answer, board=board, tools={search_documents: search})
            assert [e.body.quotes[0].document for e in board.find(Disagreement)] == ["b.md"]

    def test_may_stand_at_the_same_byte_of_two_pages(self):
        one, other = (
            Quote.at("a.pdf", 10, 1, text).model_copy(update={"page": page}) for text, page in ((OPENED, 2), (RIVAL, 1))
        )
        board = memory_board()
        run_agent(conflicts, answered(board, one, other), board=board, tools={search_documents: nothing})
        (found,) = board.find(Disagreement)
        assert [q.page for q in found.body.quotes] == [1, 2]

    def test_is_told_by_pages_before_bytes(self):
        one, other = (
            Quote.at("a.pdf", start, 1, text).model_copy(update={"page": page})
            for text, page, start in ((OPENED, 1, 900), (RIVAL, 2, 10))
        )
        board = memory_board()
        run_agent(conflicts, answered(board, one, other), board=board, tools={search_documents: nothing})
        (found,) = board.find(Disagreement)
        assert [q.page for q in found.body.quotes] == [1, 2]

    def test_of_a_sentence_that_has_changed_is_another_one(self, folder):
        board = memory_board()
        run_agent(
            conflicts, answered(board, quote(folder, "history.md", OPENED)), board=board, resources=[Library(folder)]
        )
        (folder / "guide.md").write_text((folder / "guide.md").read_text().replace("4 May", "5 May"))
        run_agent(
            conflicts, answered(board, quote(folder, "history.md", OPENED)), board=board, resources=[Library(folder)]
        )
        assert [e.body.values[0] for e in board.find(Disagreement)] == ["4 May 1921", "5 May 1921"]


class TestAComparedAnswer:
    def test_closes_its_subtask_in_the_same_commit(self, folder):
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", PLAIN))
        written = run_agent(conflicts, answer, board=board, resources=[Library(folder)])
        assert [(e.key, e.status) for e in written] == [("answer-1", "compared"), ("subtask-1", "answered")]

    def test_leaves_a_subtask_alone_that_is_not_open(self, folder):
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", PLAIN))
        board.amend(board.get(Subtask, of=answer), status="flagged")
        run_agent(conflicts, answer, board=board, resources=[Library(folder)])
        assert board.get(Subtask, of=answer).status == "flagged"
        assert board.get(Answer, "answer-1").status == "compared"

    def test_keeps_its_text_and_quotes_also_where_it_is_contradicted(self, folder):
        board = memory_board()
        answer = answered(board, quote(folder, "history.md", OPENED))
        run_agent(conflicts, answer, board=board, resources=[Library(folder)])
        assert board.count(Disagreement) == 1
        assert board.get(Answer, "answer-1").body == answer.body

    def test_has_cost_a_search_for_each_number_that_it_says_and_a_dozen_at_most(self, folder):
        asked: list[str] = []

        def search(query: str, limit: int = 5) -> list[object]:
            asked.append(query)
            return []

        quotes = [
            Quote.at("many.md", 100 * n, n + 1, f"The pier number {n} of the bridge is {n} m high.") for n in range(20)
        ]
        for given in ([quote(folder, "history.md", PLAIN)], [quote(folder, "history.md", OPENED)], quotes):
            asked.clear()
            board = memory_board()
            run_agent(conflicts, answered(board, *given), board=board, tools={search_documents: search})
            assert len(asked) == min(SEARCHES, sum(q.text != PLAIN for q in given))


class TestTheOrder:
    @pytest.mark.parametrize("order", list(permutations(range(4))))
    def test_in_which_answers_are_compared_changes_nothing_of_what_is_told(self, folder, order):
        said = [("history.md", OPENED), ("guide.md", RIVAL), ("guide.md", LONG), ("facts.md", LONGER)]
        board = memory_board()
        for number in order:
            answered(board, quote(folder, *said[number]), subject=f"bridge {number}")

        run_team([conflicts], board=board, resources=[Library(folder)])

        assert [(subject, values) for subject, values, _ in told(board)] == [
            ("harbour bridge long", ("700 metres", "640 metres")),
            ("harbour bridge opened", ("4 May 1921", "3 May 1921")),
        ]
        assert {e.status for e in board.find(Answer)} == {"compared"}
        assert {e.status for e in board.find(Subtask)} == {"answered"}

    @pytest.mark.parametrize("turned", [False, True])
    def test_is_none_of_several_at_once_when_only_answers_tell(self, folder, turned):
        said = [("history.md", OPENED), ("guide.md", RIVAL), ("guide.md", LONG), ("facts.md", LONGER)]
        board = memory_board()
        for place in reversed(said) if turned else said:
            answered(board, quote(folder, *place))
        run_team([conflicts], board=board, tools={search_documents: nothing})
        assert board.count(Disagreement) == 2
