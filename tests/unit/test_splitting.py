"""What a question falls into."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blackboard.tools.extractive import Inquiry, plan
from blackboard.tools.extractive.aspects import aspect_of
from blackboard.tools.extractive.splitting import LONGEST


def texts(question: str) -> list[str]:
    return [s.text for s in plan(question)]


def table(text: str) -> list[tuple[str, list[str]]]:
    """Lines `question -> part | part`, and what they say."""
    rows = (line.split("->") for line in text.strip().splitlines())
    return [(question.strip(), [part.strip() for part in parts.split("|")]) for question, parts in rows]


COMPARED = table("""
Compare RAG and DPO               -> What is RAG? | What is DPO? | How do RAG and DPO differ?
RAG versus DPO                    -> What is RAG? | What is DPO? | How do RAG and DPO differ?
How does RAG differ from DPO?     -> What is RAG? | What is DPO? | How do RAG and DPO differ?
Is DPO better than RLHF?          -> What is DPO? | What is RLHF? | How do DPO and RLHF differ?
Should I use RAG or DPO in a bot? -> What is RAG? | What is DPO? | How do RAG and DPO differ in a bot?
difference between a sea and a lake -> What is a sea? | What is a lake? | How do a sea and a lake differ?
Compare Raft, Paxos and Zab       -> What is Raft? | What is Paxos? | What is Zab? | How do Raft, Paxos and Zab differ?
When should I use a lock instead of a lease? -> What is a lock? | What is a lease? | How do a lock and a lease differ?
""")
SEVERAL = table("""
What is RLHF and how does DPO differ from it? -> What is RLHF? | What is DPO? | How do DPO and RLHF differ?
What does MCP standardise and what are its risks? -> What does MCP standardise? | What are MCP's risks?
I build bots. What is RAG? Why does it fail? -> What is RAG? | Why does RAG fail?
What is a blackboard, and when should I not use it? -> What is a blackboard? | When should I not use a blackboard?
""")
LISTED = table("""
What are the costs and risks of RAG?    -> What are the costs of RAG? | What are the risks of RAG?
What are transformers and RLHF?         -> What are transformers? | What is RLHF?
leases, fencing tokens and Paxos        -> What are leases? | What are fencing tokens? | What is Paxos?
""")
TOPICS = table("""
RLHF                  -> What is RLHF? | How does RLHF work? | What are the problems and limits of RLHF?
What is RLHF?         -> What is RLHF? | How does RLHF work? | What are the problems and limits of RLHF?
Please explain RLHF.  -> What is RLHF? | How does RLHF work? | What are the problems and limits of RLHF?
Tell me about leases  -> What are leases? | How do leases work? | What are the problems and limits of leases?
""")
COMMANDS = table("""
List the advantages and disadvantages of RAG. -> What are the advantages of RAG? | What are the disadvantages of RAG?
List advantages and risks of RAG  -> What are the advantages of RAG? | What are the risks of RAG?
Give examples of vector clocks    -> Examples of vector clocks
Can you name all the risks of MCP? -> The risks of MCP
Enumerate the endings of a board  -> The endings of a board
Tell how a lease works            -> How a lease works | What is a lease?
Give me RLHF -> What is RLHF? | How does RLHF work? | What are the problems and limits of RLHF?
""")
VERBS = table("""
What happens when a worker is killed?  -> What happens when a worker is killed? | What is a worker?
Does a killed run lose work?           -> Does a killed run lose work?
What is lost if nobody holds the lease of a worker? -> What is lost if nobody holds the lease of a worker? \
 | What is meant by “lease”? | What is a worker?
How long does a worker hold a lease?   -> How long does a worker hold a lease? | What is a worker? | What is a lease?
How are budgets enforced?              -> How are budgets enforced? | What are budgets?
""")
STATES = table("""
Why are querysets lazy?                -> Why are querysets lazy? | What are querysets?
How long is a beacon lease valid?      -> How long is a beacon lease valid? | What is a beacon lease?
When was the pass valid for 12 hours?  -> When was the pass valid for 12 hours? | What is the pass?
What does the verifier do?             -> What does the verifier do? | What is the verifier?
""")
PLAIN = table("""
How do agents agree on shared state? -> How do agents agree on shared state? | What does shared state require? \
 | What are the problems and limits of shared state?
What happens when a lease expires? -> What happens when a lease expires? | What is a lease?
Who wrote the paper on RLHF? -> Who wrote the paper on RLHF? | What is RLHF?
""")


class TestAPlan:
    @pytest.mark.parametrize(("question", "parts"), COMPARED)
    def test_asks_of_things_compared_what_each_is_and_how_they_differ(self, question, parts):
        assert texts(question) == parts

    @pytest.mark.parametrize(("question", "parts"), SEVERAL)
    def test_parts_questions_and_says_what_their_pronouns_mean(self, question, parts):
        assert texts(question) == parts

    @pytest.mark.parametrize(("question", "parts"), LISTED)
    def test_takes_lists_apart(self, question, parts):
        assert texts(question) == parts

    @pytest.mark.parametrize(("question", "parts"), TOPICS)
    def test_of_one_topic_is_what_it_is_how_it_works_and_where_it_ends(self, question, parts):
        assert texts(question) == parts

    @pytest.mark.parametrize(("question", "parts"), PLAIN)
    def test_of_a_plain_question_is_the_question_and_what_else_one_wants_to_know(self, question, parts):
        assert texts(question) == parts

    @pytest.mark.parametrize(("question", "parts"), COMMANDS)
    def test_of_a_command_is_what_it_asks_for(self, question, parts):
        assert texts(question) == parts

    @pytest.mark.parametrize("topic", ["List comprehension", "Name resolution"])
    def test_does_not_take_a_topic_for_a_command(self, topic):
        assert texts(topic)[0] == f"What is meant by “{topic}”?"

    @pytest.mark.parametrize(("question", "parts"), VERBS)
    def test_asks_of_no_verb_what_it_is(self, question, parts):
        assert texts(question) == parts

    @pytest.mark.parametrize(("question", "parts"), STATES)
    def test_asks_of_no_state_and_no_amount_what_it_is(self, question, parts):
        assert texts(question) == parts

    def test_says_what_a_pronoun_means_with_its_article(self):
        asked = texts("When was the Lantern bridge opened and how long is it?")
        assert asked == ["When was the Lantern bridge opened?", "How long is the Lantern bridge?"]

    def test_takes_the_words_of_a_question_in_capitals_for_no_names(self):
        assert texts("HOW DO I USE F() EXPRESSIONS???") == texts("How do I use F() expressions?")
        assert texts("WHO WROTE THE PAPER ON RLHF?")[1:] == ["What is RLHF?"]
        assert texts("WHAT IS RAG?") == texts("What is RAG?")

    def test_keeps_the_question_mark_of_another_language(self):
        assert texts("Wann wurde die Brücke eröffnet?")[0] == "Wann wurde die Brücke eröffnet?"

    def test_takes_how_heavy_and_how_wide_for_quantities(self):
        assert {plan(f"How {word} is the bridge?")[0].aspect for word in ("heavy", "wide", "tall")} == {"quantity"}

    def test_says_what_each_part_is_about_and_wants_to_know(self):
        parts = plan("Compare RAG and DPO")
        assert [(p.subject, p.aspect) for p in parts] == [
            ("RAG", "definition"),
            ("DPO", "definition"),
            ("RAG and DPO", "difference"),
        ]

    @pytest.mark.parametrize(
        "question", ["", "???", " \n\t ", "why", "代理如何就共享状态达成一致", "Wie einigen sich Agenten?"]
    )
    def test_of_what_the_rules_do_not_know_is_still_an_inquiry(self, question):
        assert 1 <= len(texts(question)) <= 5
        assert all(text.strip() for text in texts(question))

    def test_of_five_thousand_characters_has_readable_headings(self):
        parts = texts("How do agents that read and write and wait agree " * 100 + "?")
        assert 1 <= len(parts) <= 5
        assert all(len(text) <= LONGEST + 2 for text in parts)

    @settings(deadline=None)
    @given(st.one_of(st.text(), st.lists(st.sampled_from(
        ["what", "is", "How", "do", "compare", "and", "or", "versus", "RAG", "agents", "shared state", "its", "the",
         "?", ",", ".", "of", "risks", "a", "it", "(", "\\", "differ", "from", "“", "x" * 90]
    )).map(" ".join)))  # fmt: skip
    def test_of_any_text_has_one_to_five_distinct_parts(self, question):
        parts = plan(question)
        assert 1 <= len(parts) <= 5
        assert all(p.text.strip() and len(p.text) <= LONGEST + 2 for p in parts)
        assert len({(p.text, p.aspect) for p in parts}) == len(parts)


class TestAnInquiry:
    def test_is_searched_for_with_its_subject_and_the_words_that_carry_meaning_each_once(self):
        assert Inquiry("How does a lease expire?", "lease").query == "lease expire"

    def test_without_a_subject_is_about_its_text(self):
        assert (Inquiry("Why?").about, Inquiry("Why?").query) == ("Why?", "Why?")
        assert Inquiry("What is a lease?", "lease").about == "lease"


class TestWhatAQuestionWantsToKnow:
    @pytest.mark.parametrize(
        ("question", "aspect"),
        [
            ("How is a lease different from a lock", "difference"),
            ("How can I move it to a different folder", "mechanism"),
            ("What does WAL mean", "definition"),
            ("What does it mean when a read gives nothing", "general"),
            ("What does the error “disk full” mean on a phone", "general"),
            ("What is a cache good for when nothing repeats", "benefits"),
        ],
    )
    def test_is_told_by_its_words_in_their_places(self, question, aspect):
        assert aspect_of(question) == aspect
