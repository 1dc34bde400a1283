"""The offline research team: the subtasks of a question, answers with exact quotes, and the report on both."""

import hashlib
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest
from pydantic import ValidationError

from agents.research.inquiries import inquiry_of
from agents.research.kinds import Answer, Question, Report, Review, Subtask
from agents.research.offline import planner, researcher
from agents.research.offline.critic import reviewed
from blackboard.board import Board
from blackboard.cli import run
from blackboard.cli.app import app
from blackboard.testing import run_agent
from blackboard.tools.documents import Library, Passage, search_documents
from blackboard.tools.extractive import plan
from blackboard.tools.extractive.aspects import aspect_of
from scenarios.research import SHIPPED, scenario

LEASES = """# Leases

## What a lease is

A lease is a lock that expires, so that a crash of its holder (however naïve) blocks nobody for ever.
It was described in 1989. Renewing a lease costs
one message for each interval, which is cheap.

```
A lease is code that must never be quoted here.
```

* a fragment about a lease
* A lease must be renewed before it expires, or its holder has to stop.

## Limits of leases

A lease is not safe alone, because a paused holder of the lease can still write. Is a lease a lock?

## Fencing tokens

A fencing token is a number that grows with every grant of a lease.
Unlike a lease, a fencing token does not depend on a clock.
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "leases.md").write_text(LEASES, encoding="utf-8")
    (tmp_path / "cooking.md").write_text("# Soup\n\nA soup is a meal that is mostly water, salt and time.\n")
    return tmp_path


class TestThePlanner:
    def test_is_posted_about_the_question(self):
        written = run_agent(planner, Question(question="RAG versus DPO"))
        assert [(e.body.text, e.body.rank, e.status) for e in written] == [
            ("What is RAG?", 0, "open"),
            ("What is DPO?", 1, "open"),
            ("How do RAG and DPO differ?", 2, "open"),
        ]
        assert {e.about for e in written} == {("question-1",)}

    @pytest.mark.parametrize("question", ["?!a", "why", "Compare Raft, Paxos and Zab", "leases " * 900])
    def test_ranks_the_parts_of_any_question_in_their_order(self, question):
        written = run_agent(planner, Question(question=question))
        assert [(e.body.text, e.body.rank) for e in written] == [(p.text, n) for n, p in enumerate(plan(question))]

    def test_says_what_each_part_is_about_and_wants_to_know(self):
        written = run_agent(planner, Question(question="Compare RAG and DPO"))
        assert [(e.body.subject, e.body.aspect) for e in written] == [
            ("RAG", "definition"),
            ("DPO", "definition"),
            ("RAG and DPO", "difference"),
        ]


def research(subtask: Subtask, folder: Path) -> tuple[Answer, str, int]:
    """The answer, its status, and what a critic gives it."""
    (answer,) = run_agent(researcher, subtask, resources=[Library(folder)])
    sound = [""] * len(answer.body.quotes)
    return answer.body, answer.status, reviewed(answer.body, inquiry_of(subtask), sound).score


def ask(text: str, subject: str) -> Subtask:
    return Subtask(text=text, subject=subject, aspect=aspect_of(text))


class TestAnAnswer:
    def test_is_made_of_exact_quotes(self, folder):
        answer, status, _ = research(ask("What is a lease?", "lease"), folder)

        assert status == "draft"
        assert answer.text == " ".join(q.sentence for q in answer.quotes)
        for quote in answer.quotes:
            data = (folder / quote.document).read_bytes()
            assert data[quote.start : quote.end] == quote.text.encode()
            assert hashlib.sha256(data[quote.start : quote.end]).hexdigest() == quote.sha256
            assert data[: quote.start].count(b"\n") + 1 == quote.line

    def test_of_a_file_with_windows_line_ends_quotes_its_bytes_too(self, tmp_path):
        (tmp_path / "w.md").write_bytes(LEASES.replace("\n", "\r\n").encode())
        answer, *_ = research(ask("What is a lease?", "lease"), tmp_path)
        data = (tmp_path / "w.md").read_bytes()
        assert answer.quotes
        assert all(data[q.start : q.end] == q.text.encode() for q in answer.quotes)
        assert "\r" not in answer.text

    def test_begins_with_the_definition_if_one_was_asked_for(self, folder):
        answer, *_ = research(ask("What is a lease?", "lease"), folder)
        assert answer.text.startswith("A lease is a lock that expires")

    def test_to_a_question_for_limits_quotes_limits(self, folder):
        answer, *_ = research(ask("What are the limits of a lease?", "lease"), folder)
        assert answer.text.startswith("A lease is not safe alone")
        assert "worded as a limit" in answer.basis

    def test_to_a_comparison_names_both(self, folder):
        answer, *_ = research(ask("How do a lease and a fencing token differ?", "lease and fencing token"), folder)
        assert "Unlike a lease, a fencing token does not depend on a clock." in answer.text

    def test_quotes_neither_code_nor_headings_nor_fragments_nor_questions(self, folder):
        for part in plan("leases, fencing tokens"):
            answer, *_ = research(ask(part.text, part.subject), folder)
            assert not re.search(r"code|Limits of|fragment|\?", answer.text)

    def test_says_why_one_may_believe_it_and_how_far(self, folder):
        sure, *_ = research(ask("What is a lease?", "lease"), folder)
        vague, *_ = research(ask("How does a lease help hungry people?", "lease"), folder)
        assert sure.basis == "“lease” stands in these sentences; 1 of 2 is worded as a definition."
        assert 0.8 <= sure.confidence <= 1
        assert not vague.quotes or vague.confidence < sure.confidence

    @pytest.mark.parametrize(
        ("text", "subject", "because"),
        [
            ("What is Paxos?", "Paxos", "No sentence of the documents is about “Paxos”."),
            (
                "How do a lease and Paxos differ?",
                "lease and Paxos",
                "No sentence of the documents is about “Paxos”.",
            ),
            ("What is meant by “grant”?", "grant", "No sentence of the documents says what “grant” is."),
            (
                "How do leases sell purple elephants abroad?",
                "leases",
                "The nearest sentences do not say “sell”, “purple”, “elephants” or “abroad”.",
            ),
        ],
    )
    def test_to_what_is_not_told_says_what_is_missing_and_gets_a_low_score(self, folder, text, subject, because):
        answer, status, score = research(ask(text, subject), folder)
        assert status == "draft"
        assert score < 3
        assert answer.basis == because

    def test_to_a_subtask_without_a_subject_is_about_its_words(self, folder):
        answer, _, score = research(Subtask(text="fencing tokens grow"), folder)
        assert score >= 3
        assert answer.subject == "fencing tokens grow"
        assert answer.text.startswith("A fencing token is a number that grows")

    def test_does_not_take_a_verb_for_a_name(self, tmp_path):
        (tmp_path / "a.md").write_text("Agents react to entries that others have posted on the board.\n")
        assert research(ask("What is ReAct?", "ReAct"), tmp_path)[0].quotes == ()

    def test_takes_a_long_name_with_capitals_for_the_same_word_in_small_letters(self, tmp_path):
        (tmp_path / "a.md").write_text("A queryset is a collection of rows that is read only when needed.\n")
        assert research(ask("What is a QuerySet?", "QuerySet"), tmp_path)[2] == 5

    def test_finds_what_is_said_in_other_words_beside_what_shares_one_word(self, tmp_path):
        (tmp_path / "pay.md").write_text("# Pay\n\nInvoices are paid by the office.\n\nA paid invoice is filed.\n")
        (tmp_path / "stay.md").write_text(
            "# Visitors\n\nGuests sign a list.\n\nThe badge of a guest expires after 3 days.\n\nA badge is yellow.\n"
        )
        question = "When does the badge of a visitor stop to be valid?"
        answer, *_ = research(ask(question, "badge"), tmp_path)
        assert "The badge of a guest expires after 3 days." in answer.text

    def test_is_the_best_that_there_is_even_if_it_is_not_enough(self, folder):
        answer, _, score = research(ask("How does a lease feed hungry people?", "lease"), folder)
        assert answer.quotes
        assert score < 3

    def test_says_nothing_twice(self, tmp_path):
        same = "A lease is a lock that expires after a while."
        (tmp_path / "a.md").write_text(f"# Leases\n\n{same}\n\nA lease is a lock which expires after a while, too.\n")
        (tmp_path / "b.md").write_text(f"{same}\n")
        answer, *_ = research(ask("What is a lease?", "lease"), tmp_path)
        assert len(answer.quotes) == 1

    def test_quotes_a_sentence_that_leans_on_another_only_after_it(self, tmp_path):
        (tmp_path / "a.md").write_text(
            "The lease of a worker is short by design. It must renew the lease or lose the lease.\n"
        )
        answer, *_ = research(ask("How does a lease work?", "lease"), tmp_path)
        assert not answer.text.startswith("It ")

    def test_can_be_tried_without_a_library(self):
        text = "A lease is a lock that expires."
        found = Passage(document="a.md", start=7, end=7 + len(text), text=text, sha256="", line=3)
        (answer,) = run_agent(
            researcher, ask("What is a lease?", "lease"), tools={search_documents: lambda query, limit: [found]}
        )
        assert [(q.place, q.start) for q in answer.body.quotes] == [("a.md:3", 7)]


class TestAQuestion:
    @pytest.mark.parametrize("question", ["", " \n\t", "?!", "___"])
    def test_without_a_word_is_refused_before_there_is_a_board(self, question, tmp_path, capsys):
        with pytest.raises(ValidationError, match="there is no word in it; say what you want to know"):
            Question(question=question)
        assert run(["run", "research", question, "--db", str(tmp_path / "x.db")]) == 2
        assert "question: there is no word in it; say what you want to know\n" in capsys.readouterr().err
        assert not (tmp_path / "x.db").exists()

    def test_about_a_folder_without_readable_documents_is_refused_before_there_is_a_board(self, tmp_path, capsys):
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "huge.txt").write_bytes(b"a" * 5_000_001)
        said = ["run", "research", "Why?", "--documents", str(tmp_path / "docs"), "--db", str(tmp_path / "x.db")]
        assert run(said) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "docs has no readable document: huge.txt (larger than 5 MB); --documents takes a folder" in line
        assert not (tmp_path / "x.db").exists()


class TestTheShippedDocuments:
    @pytest.mark.parametrize(
        "document", [*SHIPPED.glob("*.md"), SHIPPED.parents[1] / "README.md"], ids=lambda p: p.stem
    )
    def test_name_only_verbs_that_there_are(self, document):
        verbs = {"run", *(command.name or command.callback.__name__ for command in app.registered_commands)}
        text = " ".join(document.read_text(encoding="utf-8").split())
        assert set(re.findall(r"[`/]blackboard ([a-z][\w-]*)", text)) <= verbs
        assert set(re.findall(r"\bcommands? `(?:blackboard )?([a-z][\w-]*)", text)) <= verbs

    @pytest.mark.parametrize("document", sorted(SHIPPED.glob("*.md")), ids=lambda p: p.stem)
    def test_tell_of_what_is_planned_in_one_marked_sentence_at_most(self, document):
        text = " ".join(document.read_text(encoding="utf-8").split())
        assert text.lower().count("planned, and not there yet:") <= 1
        told = re.sub(r"Planned, and not there yet:[^.]*\.", "", text)
        if document.stem.startswith("this-project"):
            assert not re.search(
                r"PostgreSQL|journal|livelock|breaker|inbox|audit hook|exit code 6", told, re.IGNORECASE
            )


QUESTIONS = [
    "How do agents agree on shared state?",
    "Compare RAG and fine-tuning",
    "What is RLHF and how does DPO differ from it?",
    "What does MCP standardise and what are its risks?",
    "Raft versus Paxos",
    "What is prompt injection?",
    "How does a frobnicator quantise marmalade?",
]


@lru_cache
def asked_of_the_shipped(question: str) -> Board:
    """What became of it: one run serves all that read it."""
    return scenario.run(Question(question=question), db=":memory:")


class TestTheTeam:
    def test_says_which_documents_it_has_not_read(self, folder):
        (folder / "picture.md").write_bytes(b"\0")
        (report,) = scenario.run(Question(question="What is a lease?", documents=folder), db=":memory:").find(Report)
        assert "\n\nNot read: picture.md (binary).\n\n## Sources" in report.body.markdown

    def test_quotes_a_short_sentence_that_answers(self, tmp_path):
        (tmp_path / "zebra.md").write_text("A zebra is a striped horse.\n")
        (report,) = scenario.run(Question(question="What is a zebra?", documents=tmp_path), db=":memory:").find(Report)
        assert "A zebra is a striped horse. [1]" in report.body.markdown

    def test_leaves_open_why_something_happens_that_no_document_says_to_happen(self):
        question = Question(question="Why do language models dream?")
        (report,) = scenario.run(question, db=":memory:").find(Report)
        assert report.body.open_questions == ("Why do language models dream?",)

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_answers_from_the_shipped_documents_with_one_review_for_each_version(self, question):
        board = asked_of_the_shipped(question)

        subtasks = board.find(Subtask)
        done = Counter(a.agent for a in board.store.activations(board.id) if a.agent != "outside")
        assert [done[name] for name in ("planner", "synthesizer", "verifier")] == [1, 1, 1]
        assert (done["researcher"], done["critic"]) == (len(subtasks), len(board.find(Review)))
        assert board.verdict
        assert board.verdict.ending == "complete"
        for answer in board.find(Answer):
            for q in answer.body.quotes:
                assert (SHIPPED / q.document).read_bytes()[q.start : q.end] == q.text.encode()

    @pytest.mark.parametrize("question", QUESTIONS[:-1])
    def test_answers_every_part_of_what_the_shipped_documents_cover(self, question):
        (report,) = asked_of_the_shipped(question).find(Report)
        assert report.body.open_questions == ()
        assert report.body.quotes >= 5
        assert str(report.body).startswith(f"# {question}\n")

    def test_says_honestly_that_it_found_nothing(self):
        (report,) = asked_of_the_shipped(QUESTIONS[-1]).find(Report)
        assert report.body.answered == 0
        assert "“frobnicator”" in report.body.markdown

    def test_reports_the_same_with_one_slot_and_with_eight(self, folder):
        reports = {
            scenario.run(Question(question="leases and fencing tokens", documents=folder), db=":memory:", slots=slots)
            .find(Report)[0]
            .body
            for slots in (1, 8)
        }
        assert len(reports) == 1
