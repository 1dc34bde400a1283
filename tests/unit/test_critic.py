"""The critic: scores from 1 to 5, each with one sentence that says why."""

import pytest

from agents.research.claims import claims, faults
from agents.research.kinds import Answer, Review, Subtask
from agents.research.offline import critic
from blackboard.testing import memory_board, run_agent
from blackboard.tools.documents import Library, Quote
from blackboard.tools.extractive.aspects import aspect_of

LEASE = "A lease is a lock that expires by itself."
SAFE = "A lease is not safe alone, because a paused holder can still write."
SOUP = "A soup is a meal that is mostly water and salt."
TEXT = f"{LEASE}\n\n{SAFE}\n\n{SOUP}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.md").write_text(TEXT)
    return tmp_path


def quoted(*sentences: str) -> tuple[Quote, ...]:
    return tuple(Quote.at("a.md", TEXT.index(s), TEXT[: TEXT.index(s)].count("\n") + 1, s) for s in sentences)


def extract(*sentences: str) -> Answer:
    return Answer(subject="lease", text=" ".join(sentences), quotes=quoted(*sentences), confidence=0.5, basis="So.")


def asked(text: str = "What is a lease?", subject: str = "lease") -> Subtask:
    return Subtask(text=text, subject=subject, aspect=aspect_of(text))


def judged(answer: Answer, folder, subtask: Subtask | None = None, reviews: int = 0) -> tuple[Review, str]:
    """The review of a draft, and the status that the draft gets; `reviews`: how many it has had before."""
    board = memory_board()
    posted = board.post(answer, about=board.post(subtask or asked()))
    for _ in range(reviews):
        board.post(Review(score=2, feedback="Again."), about=posted)
    review, after = run_agent(critic, posted, board=board, resources=[Library(folder)])
    return review.body, after.status


class TestTheScore:
    def test_is_5_for_what_was_asked_and_nothing_else(self, folder):
        review, status = judged(extract(LEASE), folder)
        assert (review.score, status) == (5, "accepted")
        assert (review.relevance, review.groundedness, review.concision) == (1, 1, 1)
        assert review.feedback == "It says what was asked for, and every sentence stands as quoted in its document."

    def test_is_3_where_the_kind_of_answer_is_missing(self, folder):
        review, status = judged(extract(LEASE), folder, asked("What are the limits of a lease?"))
        assert (review.score, status) == (3, "accepted")
        assert review.feedback == "It answers this, but no sentence is worded as a limit."

    def test_is_less_where_half_of_it_is_beside_the_point(self, folder):
        review, _ = judged(extract(LEASE, SOUP), folder)
        assert review.score == 4
        assert review.concision < 0.6
        assert review.feedback == "It answers this, but 1 of 2 sentences is beside the point."

    def test_is_2_for_the_right_subject_and_another_point(self, folder):
        review, status = judged(extract(LEASE), folder, asked("How is a lease painted by hand?"))
        assert (review.score, status) == (2, "revise")
        assert "painted" in review.feedback
        assert "painted" in review.missing

    def test_is_1_for_another_subject(self, folder):
        review, status = judged(extract(SOUP), folder, asked("What is Paxos?", "Paxos"))
        assert (review.score, review.relevance, status) == (1, 0, "revise")
        assert review.feedback == "No sentence of the documents is about “Paxos”."
        assert review.missing == ("Paxos",)

    def test_is_1_for_an_answer_without_quotes_whatever_it_says(self, folder):
        review, _ = judged(Answer(subject="lease", text=LEASE, basis="Nothing was found."), folder)
        assert (review.score, review.groundedness, review.feedback) == (1, 0, "Nothing was found.")

    def test_takes_an_acronym_for_its_words(self, folder):
        told = "WAL is a log to which every change is written first."
        (folder / "a.md").write_text(told)
        answer = Answer(subject="x", text=told, quotes=(Quote.at("a.md", 0, 1, told),))
        review, _ = judged(answer, folder, asked("What is write-ahead logging?", "write-ahead logging"))
        assert review.score >= 4


class TestTheGround:
    def test_is_lost_when_the_file_does_not_say_it_there(self, folder):
        (folder / "a.md").write_text("# New\n\n" + TEXT)
        review, status = judged(extract(LEASE), folder)
        assert (review.score, review.groundedness, status) == (1, 0, "revise")
        assert review.feedback == "The first quote is not in a.md at line 1."

    def test_is_lost_when_the_file_is_of_another_edition(self, folder):
        (quote,) = quoted(LEASE)
        old = quote.model_copy(update={"edition": "0" * 16})
        review, _ = judged(Answer(subject="lease", text=LEASE, quotes=(old,)), folder)
        assert review.feedback == "a.md has changed since it was read: the first quote cannot be relied on."

    @pytest.mark.parametrize(
        ("text", "because"),
        [
            ("A lease expires by itself. [1] It is nice.", "The second sentence cites no quote."),
            ("A lease expires by itself. [7]", "The first sentence cites [7], and there is no such quote."),
            ("A lease expires after 30 seconds. [1]", "The first sentence says 30, which is not in what it cites."),
            ("Bananas ripen. [1]", "The first sentence shares no word with what it cites."),
        ],
    )
    def test_of_sentences_in_other_words_is_their_marks(self, folder, text, because):
        review, _ = judged(Answer(subject="lease", text=text, quotes=quoted(LEASE)), folder)
        assert review.score < 3
        assert review.feedback == because

    def test_holds_for_sentences_that_each_cite_what_they_rest_on(self, folder):
        text = "A lease is a lock which expires. [1] It is not safe if its holder is paused [2]."
        review, status = judged(Answer(subject="lease", text=text, quotes=quoted(LEASE, SAFE)), folder)
        assert (review.groundedness, status) == (1, "accepted")


class TestAClaim:
    def test_of_a_pdf_is_missed_on_its_page(self):
        on_page = quoted(LEASE)[0].model_copy(update={"page": 7})
        answer = Answer(subject="x", text=LEASE, quotes=(on_page,))
        assert faults(answer, ["a.md does not say this there"]) == ["The first quote is not in a.md on page 7."]

    def test_has_the_marks_before_and_after_its_full_stop(self):
        answer = Answer(subject="x", text="One thing [1]. Two things. [1] [2] Three.", quotes=quoted(LEASE, SAFE))
        assert [(c.text, c.cites) for c in claims(answer)] == [
            ("One thing.", (0,)),
            ("Two things.", (0, 1)),
            ("Three.", ()),
        ]


class TestSendingBack:
    def test_happens_twice_at_most(self, folder):
        assert judged(extract(SOUP), folder, reviews=1)[1] == "revise"
        assert judged(extract(SOUP), folder, reviews=2)[1] == "flagged"

    def test_ends_with_the_reason_in_the_answer(self, folder):
        board = memory_board()
        posted = board.post(extract(SOUP), about=board.post(asked()))
        for _ in range(2):
            board.post(Review(score=2, feedback="Again."), about=posted)
        review, after = run_agent(critic, posted, board=board, resources=[Library(folder)])
        assert after.body.basis == review.body.feedback
