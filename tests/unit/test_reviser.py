"""The reviser: a second and a third look for an answer, in other words."""

from agents.research.kinds import Answer, Review, Subtask
from agents.research.offline import researcher, reviser
from blackboard.testing import memory_board, run_agent
from blackboard.tools.documents import Library, Quote
from blackboard.tools.extractive import Inquiry, queries, widened, with_feedback
from blackboard.tools.extractive.aspects import aspect_of
from blackboard.tools.extractive.forms import expansions, initials
from blackboard.tools.extractive.thesaurus import phrasal, synonyms


def revised(folder, text: str, subject: str, *missing: str):
    """The first answer, and what becomes of it when it is sent back."""
    board, library = memory_board(), Library(folder)
    subtask = board.post(Subtask(text=text, subject=subject, aspect=aspect_of(text)))
    (draft,) = run_agent(researcher, subtask, board=board, resources=[library])
    board.post(Review(score=2, feedback="Something is missing.", missing=missing), about=draft)
    board.amend(draft, status="revise")
    (after,) = run_agent(reviser, board.get(Answer, draft.key), board=board, resources=[library])
    return draft, after


class TestARevision:
    def test_finds_what_documents_spell_out_of_an_acronym(self, tmp_path):
        (tmp_path / "a.md").write_text(
            "Every reader of a database profits in many ways from the WAL (write-ahead logging).\n"
        )
        (tmp_path / "b.md").write_text("Write-ahead logging is a way to write every change into a log first.\n")
        draft, after = revised(tmp_path, "What is WAL?", "WAL")
        assert "first" not in draft.body.text
        assert after.status == "draft"
        assert "Write-ahead logging is a way to write every change into a log first." in after.body.text

    def test_that_finds_nothing_else_is_flagged_with_the_reason(self, tmp_path):
        (tmp_path / "a.md").write_text("A lease is a lock that expires by itself.\n")
        draft, after = revised(tmp_path, "How is a lease painted by hand?", "lease", "painted")
        assert after.status == "flagged"
        assert after.body.basis == "Something is missing."
        assert after.body.quotes == draft.body.quotes

    def test_of_an_answer_without_anything_is_flagged_too(self, tmp_path):
        (tmp_path / "a.md").write_text("A lease is a lock that expires by itself.\n")
        _, after = revised(tmp_path, "What is Paxos?", "Paxos", "Paxos")
        assert (after.status, after.body.quotes) == ("flagged", ())

    def test_never_goes_back_to_a_version_before_the_last(self, tmp_path):
        # given a draft that was revised once, so that what would be found now is what the first draft said
        (tmp_path / "a.md").write_text("A lease is a lock that expires by itself.\n")
        board, library = memory_board(), Library(tmp_path)
        part = board.post(Subtask(text="What is a lease?", subject="lease", aspect="definition"))
        (first,) = run_agent(researcher, part, board=board, resources=[library])
        board.amend(first, status="revise")
        other = Answer(subject="lease", text="Of locks.", quotes=(Quote.at("b.md", 0, 1, "Of locks."),))
        board.amend(board.get(Answer, first.key), other, status="draft")
        board.amend(board.get(Answer, first.key), status="revise")

        (after,) = run_agent(reviser, board.get(Answer, first.key), board=board, resources=[library])

        assert after.status == "flagged"

    def test_never_takes_the_place_of_a_better_one(self, tmp_path):
        (tmp_path / "a.md").write_text("Every month a lease costs more money than a lock does.\n")
        told = "A lease is a lock that expires by itself."
        board = memory_board()
        part = board.post(Subtask(text="What is a lease?", subject="lease", aspect="definition"))
        good = Answer(subject="lease", text=told, quotes=(Quote.at("old.md", 0, 1, told),))
        answer = board.post(good, about=part, status="revise")
        (after,) = run_agent(reviser, answer, board=board, resources=[Library(tmp_path)])
        assert (after.status, after.body.text) == ("flagged", told)


class TestAWiderInquiry:
    def test_knows_the_initials_of_a_term(self):
        assert initials("write-ahead logging") == "WAL"
        assert initials("shared state") == ""
        wide = widened(Inquiry("What is write-ahead logging?", "write-ahead logging", "definition"))
        assert ("WAL", "write-ahead logging") in wide.also
        assert wide.told("WAL is fast; a wal is not.") == "write-ahead logging is fast; a wal is not."

    def test_knows_what_an_acronym_stands_for_where_a_text_says_it(self):
        assert expansions("WAL", "a write-ahead log (WAL) is one") == ["write-ahead log"]
        assert expansions("RL", "Ripe lemons are sour") == []

    def test_tells_a_text_in_its_own_words_and_leaves_what_has_them(self):
        wide = widened(Inquiry("How are entries deleted?", "entries", "mechanism"))
        assert wide.told("Removing an entry is final.") == "deleted an entry is final."
        assert wide.told("Deleted entries are removed.") == "Deleted entries are removed."

    def test_asks_for_each_of_two_things_and_for_other_words(self):
        plain, left, right, wide = queries(Inquiry("How do A1 and B2 erase rows?", "A1 and B2", "mechanism"))
        assert (left, right) == ("A1", "B2")
        assert "delete" not in plain
        assert {"delete", "remove"} <= set(wide.split())

    def test_learns_words_that_some_of_the_best_passages_share(self):
        texts = ["badge visitor yellow", "badge visitor yellow", "badge door", "badge list", "badge hall", "badge fee"]
        found = with_feedback(Inquiry("Which badge?", "badge"), texts)
        assert set(found.beside) == {"visitor", "yellow"}


class TestTheThesaurus:
    def test_knows_words_in_any_form(self):
        assert "remove" in synonyms("deleting")
        assert synonyms("blackboard") == ()

    def test_knows_that_a_small_word_makes_another_verb(self):
        assert phrasal("How do I keep a judge from guessing?") == {"keep": ("prevent", "avoid", "stop")}
        assert phrasal("How do I keep a judge?") == {}


def test_an_answer_is_revised_only_by_its_own_kind():
    assert reviser.status == ("revise",)
    assert reviser.kind is Answer
