"""Which sentences answer an inquiry, and whether they are enough."""

from dataclasses import dataclass

import pytest

from blackboard.tools.extractive import Inquiry, lack, pick, trust
from blackboard.tools.extractive.meaning import defines
from blackboard.tools.extractive.statements import is_statement


@dataclass(frozen=True)
class Note:
    """A source of one's own: not a passage of a library."""

    text: str
    heading: str = ""
    document: str = "notes.md"
    start: int = 0
    line: int = 1
    prose: bool = True
    score: float = 1


LEASE = "A lease is a lock that expires by itself."
LIMIT = "A lease is not safe alone, because a paused holder can still write."
WHAT = Inquiry("What is a lease?", "lease", "definition")


def picked(inquiry: Inquiry, *notes: Note) -> list[str]:
    return [s.text for s in pick(notes, inquiry)]


class TestPicking:
    def test_takes_the_definition_first_if_one_was_asked_for(self):
        assert picked(WHAT, Note(LIMIT), Note(LEASE)) == [LEASE, LIMIT]

    def test_keeps_neighbours_in_the_order_of_the_document(self):
        assert picked(WHAT, Note(f"{LIMIT} {LEASE}")) == [LIMIT, LEASE]

    def test_takes_limits_if_these_were_asked_for(self):
        limits = Inquiry("What are the limits of a lease?", "lease", "limits")
        assert picked(limits, Note(f"{LEASE} {LIMIT}")) == [LIMIT]

    def test_takes_three_at_most_and_none_that_says_the_same(self):
        many = [Note(f"The lease of a worker number {n} ends after {n} long {w}.") for n, w in enumerate("abcdef")]
        assert len(picked(WHAT, Note(LEASE), Note(LEASE), *many)) <= 3
        assert picked(WHAT, Note(LEASE), Note(LEASE)) == [LEASE]

    def test_takes_nothing_from_code_and_nothing_of_another_subject(self):
        assert picked(WHAT, Note(LEASE, prose=False), Note("A soup is a meal that is mostly water and salt.")) == []
        assert pick([], WHAT) == []

    def test_says_where_a_sentence_stands_in_bytes_and_lines(self):
        source = Note(f"Naïve words come first here.\n{LEASE}", start=100, line=7)
        (statement,) = pick([source], WHAT)
        assert source.text[statement.start :] == LEASE
        assert (statement.byte, statement.line) == (100 + len("Naïve words come first here.\n".encode()), 8)


class TestEvidence:
    def test_lacks_nothing_where_the_subject_is_defined(self):
        found = pick([Note(LEASE)], WHAT)
        assert lack(found, WHAT) == ""
        assert trust(found, WHAT) == (0.9, "“lease” stands in these sentences; 1 of 1 is worded as a definition.")

    def test_lacks_a_sentence_about_the_subject_where_nothing_was_picked(self):
        assert lack([], WHAT) == "No sentence of the documents is about “lease”."

    def test_trusts_sentences_less_that_hold_fewer_of_the_words(self):
        vague = Inquiry("How does a lease feed a hungry holder?", "lease", "mechanism")
        found = pick([Note(LEASE)], vague)
        confidence, basis = trust(found, vague)
        assert confidence < 0.9
        assert "not “feed”, “hungry” and “holder”" in basis

    def test_lacks_for_a_why_a_sentence_that_says_what_happens(self):
        why = Inquiry("Why do long leases hallucinate?", "long leases", "reason")
        assert lack(pick([Note("Long leases are kept by many workers.")], why), why) == (
            "The nearest sentences do not say “hallucinate”."
        )
        told = "Long leases hallucinate because nobody renews them in time."
        assert lack(pick([Note(told)], why), why) == ""

    def test_takes_a_noun_of_the_same_stem_for_the_verb_of_a_why(self):
        why = Inquiry("Why do leases fail?", "leases", "reason")
        assert lack(pick([Note("The failure of leases comes from clocks that drift.")], why), why) == ""


class TestAStatement:
    @pytest.mark.parametrize(
        "text",
        [
            "A lease is a lock that expires.",
            "**RAG** reads `a.md` before it answers.",
            "A zebra is a striped horse.",
            "The timeout is 30 seconds.",
            "Workers renew their leases.",
        ],
    )
    def test_reads_well_by_itself(self, text):
        assert is_statement(text)

    @pytest.mark.parametrize(
        "text",
        [
            "Too short.",
            "It is short.",
            "A very short fragment.",
            "no capital begins this fragment of a list.",
            "This one introduces a list of things:",
            "Is this a question that one could ask?",
            "A sentence with **markup left open is none.",
            "See the image ![of a lease](lease.png) for more of this.",
            "Words <b>in tags</b> are not prose for a report.",
            "It goes on and on. " * 30,
        ],
    )
    def test_is_not_markup_a_fragment_or_a_question(self, text):
        assert not is_statement(text)

    @pytest.mark.parametrize(
        ("text", "subject"),
        [
            ("A lease is a lock.", "lease"),
            ("RAG, retrieval-augmented generation, gives a model passages.", "RAG"),
            ("Direct preference optimisation (DPO) trains a model.", "DPO"),
            ("Transformers are neural networks.", "transformer"),
            ("A blackboard is shared memory with types.", "blackboard"),
        ],
    )
    def test_may_define_something(self, text, subject):
        assert defines(text, subject)

    @pytest.mark.parametrize(
        "text", ["A lease is not a lock.", "A lease is used for locks.", "A lease is better than a lock."]
    )
    def test_defines_nothing_by_saying_what_it_is_not_or_does(self, text):
        assert not defines(text, "lease")
