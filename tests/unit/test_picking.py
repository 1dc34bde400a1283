"""Which sentences answer an inquiry, and whether they are enough."""

from dataclasses import dataclass

import pytest

from blackboard.tools.extractive import Inquiry, Said, judge, lack, pick, trust
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

    def test_prefers_what_says_the_same_in_another_word(self):
        how = Inquiry("How do workers get old entries deleted?", "workers", "mechanism")
        other, same = "Old entries are painted by night in a job.", "Old entries are removed by night in a job."
        assert picked(how, Note(other, document="a.md"), Note(same, document="b.md"))[0] == same

    def test_trusts_the_document_that_says_most_of_what_was_asked(self):
        when = Inquiry("When does the badge of a visitor expire?", "badge of a visitor", "time")
        about = Note("visitor = badge", document="gate.md", prose=False)
        there, elsewhere = "The paper one expires after 3 days.", "The frozen one expires after 9 days."
        found = picked(when, Note(elsewhere, document="milk.md"), Note(there, document="gate.md"), about)
        assert found.index(there) < (found.index(elsewhere) if elsewhere in found else len(found))

    def test_prefers_what_stands_beside_the_name_that_was_asked_for(self):
        how = Inquiry("How does Quarry copy and keep a log on several machines?", "Quarry", "mechanism")
        nameless, named = "The log is kept and copied on several machines.", "The machines of Quarry hum by night."
        assert picked(how, Note(nameless, document="a.md"), Note(named, document="b.md"))[0] == named

    def test_takes_any_sentence_for_a_question_of_many_words(self):
        why = Inquiry("Why are suspicious letters not opened by the porter?", "suspicious letters", "reason")
        assert picked(why, Note("Nothing is opened, because the porter has no right to it.")) != []


class TestTheJudge:
    def test_wants_the_whole_of_a_name(self):
        built = Inquiry("When was the Eiffel Tower built in the town?", "Eiffel Tower", "time")
        found = judge([Said("The tower of the town was built in 1990.")], built)
        assert (found.score, found.feedback) == (1, "No sentence of the documents is about “Eiffel Tower”.")

    def test_gives_2_to_sentences_about_the_subject_that_do_not_answer(self):
        melting = Inquiry("How does a lease melt?", "lease", "mechanism")
        found = judge([Said(LEASE)], melting)
        assert found.score == 2
        assert found.feedback == "The nearest sentences are about the subject, but do not say “melt”."
        assert found.missing == ("melt",)

    def test_gives_less_than_5_where_only_another_word_was_found(self):
        deleted = Inquiry("How are old entries deleted?", "old entries", "mechanism")
        exact, other = "Old entries are deleted by a job.", "Old entries are removed by a job."
        assert (judge([Said(exact)], deleted).score, judge([Said(other)], deleted).score) == (5, 4)

    def test_gives_3_to_a_comparison_that_only_tells_of_each(self):
        differ = Inquiry("How do a lease and a token differ?", "lease and token", "difference")
        found = judge([Said(LEASE), Said("A token is a number that grows.")], differ)
        assert found.score == 3


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

    def test_trusts_what_stands_only_above_a_sentence_half_as_much_as_what_it_says(self):
        asked = Inquiry("When should I use a lease?", "lease", "general")
        below, beside = (
            pick([Note("Protects a holder from being cancelled.", above)], asked) for above in ("Lease", "")
        )
        assert trust(below, asked) == (0.45, "“lease” stands above them.")
        assert beside == []

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
            "Widget 77 weighs 539 grams.",
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
