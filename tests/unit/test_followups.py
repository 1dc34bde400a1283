"""Follow-ups: what is asked instead of a part that found no answer."""

import pytest

from agents.research.followups import TRIED, closer, followups
from agents.research.kinds import Answer, Question, Subtask
from blackboard.testing import memory_board, run_agent
from blackboard.tools.documents import Library, search_documents
from blackboard.tools.extractive import Inquiry, instead, lack, plan
from blackboard.tools.extractive.aspects import aspect_of

TEXT = "A lease is a lock that expires by itself. A fencing token is a number that grows with every lease.\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.md").write_text(TEXT)
    return tmp_path


def subtask(text: str, subject: str, rank: int = 0, *, follows: bool = False) -> Subtask:
    return Subtask(text=text, subject=subject, aspect=aspect_of(text), rank=rank, follows=follows)


def flagged(folder, *parts: Subtask, of: int = 0):
    """What is written when the answer to one of the parts is flagged."""
    board = memory_board()
    question = board.post(Question(question="Why?"))
    posted = [board.post(part, about=question) for part in parts]
    answer = board.post(Answer(subject="x", text="Nothing."), about=posted[of], status="flagged")
    return run_agent(followups, answer, board=board, resources=[Library(folder)]), question, posted[of]


DIFFER = subtask("How do a lease and Paxos differ?", "lease and Paxos", 3)


class TestFollowUps:
    def test_ask_what_the_documents_can_tell_near_to_it(self, folder):
        (asked, *rest), question, part = flagged(folder, DIFFER)
        assert asked.body.text == "What is a lease?"
        assert (asked.body.follows, asked.body.rank, asked.status) == (True, 3, "open")
        assert set(asked.about) == {part.key, question.key}
        assert rest[-1].key == part.key
        assert rest[-1].status == "flagged"

    def test_are_two_at_most(self, folder):
        written, *_ = flagged(folder, subtask("Why do leases and fencing tokens sing?", "leases and fencing tokens"))
        assert len([e for e in written if e.body.follows]) == 2

    def test_are_none_where_the_documents_tell_nothing(self, folder):
        written, *_ = flagged(folder, subtask("What is Paxos?", "Paxos"))
        assert [(e.body.text, e.status) for e in written] == [("What is Paxos?", "flagged")]

    def test_raise_none_of_their_own(self, folder):
        written, *_ = flagged(folder, subtask("Why do leases sing?", "leases", follows=True))
        assert [e.status for e in written] == ["flagged"]

    def test_never_repeat_another_part_nor_ask_less_than_it(self, folder):
        written, *_ = flagged(folder, DIFFER, subtask("What is a lease?", "lease", 1))
        assert [e.body.text for e in written] == [DIFFER.text]
        otherwise = subtask("What is meant by “lease”?", "lease", 1)
        written, *_ = flagged(folder, DIFFER, otherwise.model_copy(update={"aspect": "definition"}))
        assert [e.body.text for e in written] == [DIFFER.text]

    def test_are_worded_as_the_first_part_would_that_could_have_raised_them(self, folder):
        parts = (subtask("Why do leases sing?", "leases", 2), subtask("Why do Leases dance?", "Leases", 5))
        for of in (0, 1):
            written, *_ = flagged(folder, *parts, of=of)
            assert next((e.body.text, e.body.subject) for e in written if e.body.follows) == (
                "What are leases?",
                "leases",
            )

    def test_are_raised_once_by_two_parts(self, folder):
        # given two parts that could raise the same, the first of which has raised it
        board, library = memory_board(), Library(folder)
        question = board.post(Question(question="Why?"))
        for text in ("Why do leases sing?", "Why do leases dance?"):
            part = board.post(subtask(text, "leases"), about=question)
            answer = board.post(Answer(subject="x", text="Nothing."), about=part, status="flagged")
            run_agent(followups, answer, board=board, resources=[library])
        raised = [s.body.text for s in board.find(Subtask) if s.body.follows]
        assert raised == list(dict.fromkeys(raised)) != []

    def test_do_not_ask_twice_about_one_thing(self, folder):
        # given what can be asked of one thing only: what it is, and whatever is said of it
        written, *_ = flagged(folder, subtask("Why do leases sing?", "leases"))
        assert [e.body.text for e in written if e.body.follows] == ["What are leases?"]

    def test_do_not_ask_what_another_part_asks_in_capitals(self, folder):
        other = subtask("What is meant by “Lease”?", "LEASE", 1).model_copy(update={"aspect": "definition"})
        written, *_ = flagged(folder, DIFFER, other)
        assert not [e for e in written if e.body.follows]

    def test_are_looked_up_within_bounds(self, folder):
        calls: list[str] = []

        def nothing(query: str, limit: int) -> list[object]:
            calls.append(query)
            return []

        names = [f"Thing{letter}" for letter in "ABCDEFGHIJKL"]
        board = memory_board()
        part = board.post(subtask(f"How do {', '.join(names)} and Zab differ?", f"{', '.join(names)} and Zab"))
        answer = board.post(Answer(subject="x", text="Nothing."), about=part, status="flagged")
        run_agent(followups, answer, board=board, tools={search_documents: nothing})
        assert len(calls) == TRIED

    def test_leave_a_part_alone_that_is_closed(self, folder):
        board = memory_board()
        part = board.post(DIFFER)
        answer = board.post(Answer(subject="x", text="Nothing."), about=part, status="flagged")
        board.amend(part, status="answered")
        assert run_agent(followups, answer, board=board, resources=[Library(folder)]) == []
        assert run_agent(closer, answer, board=board) == []

    def test_stand_where_the_first_part_stands_that_could_have_raised_them(self, folder):
        parts = (subtask("Why do leases sing?", "leases", 2), subtask("Why do leases dance?", "leases", 5))
        for of in (0, 1):
            written, *_ = flagged(folder, *parts, of=of)
            assert {e.body.rank for e in written if e.body.follows} == {2}


class TestSmallerQuestions:
    def test_are_what_each_thing_is_and_then_whatever_is_said_of_it(self):
        assert [one.text for one in instead(Inquiry("How do a lease and Paxos differ?", "lease and Paxos"))] == [
            "What is a lease?",
            "What is Paxos?",
            "What is there about a lease?",
            "What is there about Paxos?",
        ]

    def test_ask_of_a_thing_and_of_its_possessive_once(self):
        asked = [one.text for one in instead(plan("What are the bridge's foundations?")[0])]
        assert asked == ["What is there about the bridge's foundations?"]

    def test_are_none_of_a_single_letter_which_no_search_finds(self):
        assert instead(plan("What is C?")[0]) == []
        assert lack([], plan("What is C?")[0]) == "No sentence of the documents is about “C”."

    def test_do_not_ask_again_what_was_asked(self):
        what = Inquiry("What is Paxos?", "Paxos", "definition")
        assert [one.text for one in instead(what)] == ["What is there about Paxos?"]
