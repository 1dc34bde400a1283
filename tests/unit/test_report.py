"""The report: what a person in a hurry reads first, with the source of every sentence."""

import re
from dataclasses import replace
from itertools import permutations

import pytest

from agents.research.kinds import Answer, Disagreement, Question, Report, Review, Subtask
from agents.research.offline import synthesizer
from agents.research.report import Part, compose
from blackboard.testing import memory_board, run_agent
from blackboard.tools.documents import Quote, unread_documents


def quote(text: str, line: int = 1) -> Quote:
    return Quote.at("a.md", 10 * line, line, text)


def part(rank: int, *sentences: str, accepted: bool = True, score: int | None = None) -> Part:
    quotes = tuple(quote(s, line) for line, s in enumerate(sentences, 1))
    answer = Answer(subject="x", text=" ".join(sentences), quotes=quotes, confidence=0.5, basis=f"Basis {rank}.")
    scores = () if score is None else (score,)
    return Part(Subtask(text=f"Part {rank}?", rank=rank), answer, accepted=accepted, scores=scores)


def section(report: Report, heading: str) -> str:
    return report.markdown.partition(f"## {heading}\n\n")[2].partition("\n\n## ")[0]


class TestAReport:
    def test_opens_with_three_to_five_sentences_that_each_cite_a_source(self):
        for parts in (1, 2, 3, 5):
            report = compose("Why?", [part(n, *(f"Sentence {n}{m}." for m in "abc")) for n in range(parts)])
            opening = report.markdown.split("\n\n")[1]
            assert 3 <= len(re.findall(r"Sentence \w+\. \[\d+\]", opening)) <= 5
            assert re.sub(r"Sentence \w+\. \[\d+\]", "", opening).strip() == ""

    def test_opens_with_the_answer_to_the_question_not_with_what_was_asked_beside_it(self):
        itself = replace(part(0, "A.", "B."), subtask=Subtask(text="Why is that?"))
        report = compose("why is that", [itself, part(1, "C.", "D.")])
        assert report.markdown.split("\n\n")[1] == "A. [1] B. [2]"

    def test_says_so_where_only_what_was_asked_beside_the_question_found_an_answer(self):
        itself = replace(part(0, "A.", accepted=False), subtask=Subtask(text="Why is that?"))
        opening = compose("Why is that?", [itself, part(1, "C.")]).markdown.split("\n\n")[1]
        assert opening == "The documents do not answer this question itself. What they say on what it is about: C. [1]"

    def test_numbers_citations_in_the_order_in_which_they_are_read(self):
        report = compose("Why?", [part(0, "One.", "Two.", "Three."), part(1, "Four.")])
        cited = [int(n) for n in re.findall(r"\[(\d+)\]", report.markdown)]
        assert list(dict.fromkeys(cited)) == [1, 2, 3, 4]
        assert "4. `a.md:3` “Three.”" in report.markdown

    def test_gives_the_same_sentence_the_same_number_and_tells_it_in_one_section_only(self):
        report = compose("Why?", [part(0, "Same.", "One."), part(1, "Same.", "Two.")])
        assert section(report, "Part 0?").startswith("Same. [1] One. [2]")
        assert section(report, "Part 1?").startswith("Two. [3] See also [1] above.")
        assert report.quotes == 3

    def test_only_points_back_where_a_part_says_nothing_new(self):
        report = compose("Why?", [part(0, "A.", "B.", "C."), part(1, "A.", "B.", "C.")])
        assert section(report, "Part 1?") == "Answered in [1], [2] and [3] above."

    def test_points_back_in_the_order_of_the_sources(self):
        report = compose("Why?", [part(0, "A.", "B.", "C."), part(1, "C.", "A.")])
        assert section(report, "Part 1?") == "Answered in [1] and [3] above."

    def test_counts_a_part_that_says_nothing_new_neither_as_answered_nor_in_its_confidence(self):
        report = compose("Why?", [part(0, "A.", "B."), part(1, "B."), part(2, accepted=False)])
        assert "*1 of 3 parts answered, 1 more by the same sentences, 2 sentences quoted" in report.markdown
        assert (report.answered, report.confidence) == (1, 0.25)
        assert report.open_questions == ("Part 2?",)

    def test_names_before_its_sources_what_was_not_read(self):
        report = compose("Why?", [part(0, "One.")], unread=["huge.txt (larger than 5 MB)", "3 files (binary)"])
        before, _, _ = report.markdown.partition("\n\n## Sources")
        assert before.endswith("\n\nNot read: huge.txt (larger than 5 MB), 3 files (binary).")
        assert "Not read" not in compose("Why?", [part(0, "One.")]).markdown

    def test_hands_no_control_characters_on_to_a_terminal(self):
        quoted = Quote.at("a\x1b]0;b\x07.md", 0, 1, "Red \x1b[31malert\x9b \u202eis on.")
        answer = Answer(subject="x", text=quoted.sentence, quotes=(quoted,), confidence=1)
        report = compose("Why\x1b[2J?", [Part(Subtask(text="a\x07?\n# b"), answer, accepted=True)], unread=["\x1b (x)"])
        assert all(c.isprintable() or c == "\n" for c in report.markdown)
        assert "\n## a\N{REPLACEMENT CHARACTER}? # b\n" in report.markdown
        assert quoted.text.encode() == b"Red \x1b[31malert\xc2\x9b \xe2\x80\xaeis on."

    def test_lists_a_source_on_one_line_whatever_its_file_is_called(self):
        quoted = Quote.at("a`b\n``.md", 0, 7, "One.")
        answer = Answer(subject="x", text="One.", quotes=(quoted,), confidence=1)
        report = compose("Why?", [Part(Subtask(text="Part?"), answer, accepted=True)], unread=["c\nd (binary)"])
        listed = section(report, "Sources").split("\n\n")[0]
        assert listed == "1. ``` a`b\N{REPLACEMENT CHARACTER}``.md:7 ``` “One.”"
        assert "Not read: c\N{REPLACEMENT CHARACTER}d (binary).\n" in report.markdown

    def test_has_a_title_that_is_no_other_markup(self):
        assert compose("# Why\n\n## not?", []).markdown.splitlines()[0] == "# \\# Why ## not?"

    def test_says_what_remained_open_and_why(self):
        report = compose("Why?", [part(0, "One."), part(1, accepted=False), Part(Subtask(text="Part 2?"))])
        assert section(report, "What remained open").splitlines()[:2] == [
            "- **Part 1?** Basis 1.",
            "- **Part 2?** No agent could answer it.",
        ]
        assert (report.open_questions, report.answered) == (("Part 1?", "Part 2?"), 1)

    def test_keeps_flagged_answers_out(self):
        report = compose("Why?", [part(0, "One."), part(1, "Wrong.", accepted=False)])
        assert "Wrong." not in report.markdown

    def test_of_nothing_says_so(self):
        report = compose("Why?", [part(0, accepted=False)])
        assert report.markdown.startswith("# Why?\n\nThe documents do not answer this question")
        assert report.markdown.endswith("Extractive: no model was used; it cost nothing but this machine's time.")
        assert (report.confidence, report.quotes) == (0, 0)

    def test_says_that_no_model_was_used_and_how_far_to_trust_it(self):
        report = compose("Why?", [part(0, "One."), part(1, accepted=False)])
        assert report.markdown.endswith(
            "Extractive: no model was used; it cost nothing but this machine's time. Every sentence with a number is "
            "quoted from the documents; confidence is how much of the question's wording the quotes cover."
        )
        assert "*1 of 2 parts answered, 1 sentence quoted from 1 document. Confidence 0.25 of 1.*" in report.markdown

    def test_does_not_claim_to_be_extractive_when_an_answer_is_more_than_its_quotes(self):
        answer = Answer(subject="x", text="In my own words. [1]", quotes=(quote("One."),), confidence=1)
        report = compose("Why?", [Part(Subtask(text="Part?"), answer, accepted=True)])
        assert section(report, "Part?").startswith("In my own words. [1]")
        assert "is quoted from the documents" not in report.markdown

    def test_has_the_mean_of_the_reviews_as_its_quality(self):
        assert compose("Why?", [part(0, "A.", score=3), part(1, "B.", score=4)]).quality == 3.5

    def test_has_a_short_title_even_of_a_long_question(self):
        assert len(compose("why and how " * 400, []).markdown.splitlines()[0]) < 200

    def test_is_the_same_whatever_the_order_of_the_answers(self):
        reports = set()
        for order in permutations(range(3)):
            board = memory_board()
            question = board.post(Question(question="Why?"))
            subtasks = [board.post(Subtask(text=f"Part {rank}?", rank=rank), about=question) for rank in order]
            for rank, subtask in zip(order, subtasks, strict=True):
                answer = part(rank, f"One {rank}.", f"Two {rank}.").answer
                posted = board.post(answer, about=subtask, status="accepted")
                board.post(Review(score=rank + 2, feedback=""), about=posted)
                board.amend(subtask, status="answered")
            (report,) = run_agent(synthesizer, board=board, tools={unread_documents: lambda: ["a.md (binary)"]})
            reports.add(report.body)
            assert report.status == "draft"
        assert len(reports) == 1
        assert reports.pop().quality == 3


class TestASentenceWithoutACitation:
    def test_is_cut_and_counted(self):
        report = compose("Why?", [written("It expires. [1] Everybody knows that. It is cheap [2].")])
        assert section(report, "Part?").startswith("It expires. [1] It is cheap. [2]")
        assert "Everybody" not in report.markdown
        assert report.cut == 1
        assert "1 sentence without a citation was left out." in report.markdown

    @pytest.mark.parametrize(
        "text",
        [
            "It expires [1]. Cheap too.",
            "It expires.[1] Cheap too.",
            "It expires. [1]\nCheap too.",
            "It expires. [1][9]",
        ],
    )
    def test_is_told_from_one_with_a_mark_wherever_that_stands(self, text):
        report = compose("Why?", [written(text)])
        assert section(report, "Part?").startswith("It expires. [1]\n")

    @pytest.mark.parametrize("text", ["No mark at all.", "A mark of nothing. [3]", "None. [0]", ""])
    def test_leaves_its_part_open_if_there_is_no_other(self, text):
        report = compose("Why?", [written(text), part(1, "One.")])
        assert report.open_questions == ("Part?",)
        assert report.answered == 1

    def test_may_rest_on_several_quotes(self):
        report = compose("Why?", [written("It expires and is cheap. [1, 2]")])
        assert section(report, "Part?").startswith("It expires and is cheap. [1][2]")
        assert [q.text for q in report.citations] == ["Quote one.", "Quote two."]


def written(text: str) -> Part:
    """A part answered in words of its own."""
    answer = Answer(subject="x", text=text, quotes=(quote("Quote one.", 1), quote("Quote two.", 2)), confidence=1)
    return Part(Subtask(text="Part?"), answer, accepted=True)


def dispute(one: str, other: str, *values: str) -> Disagreement:
    quotes = (Quote.at("a.md", 10, 1, one), Quote.at("b.md", 40, 7, other))
    return Disagreement(subject="x", values=(values[0], values[1]), quotes=quotes, places="a b")


class TestADisagreement:
    def test_is_shown_with_both_quotes_and_marked_where_one_is_told(self):
        landed = dispute("It landed on 20 July.", "It landed on 21 July.", "20 July", "21 July")
        report = compose("When?", [part(0, "It landed on 20 July.", "It was far.")], disagreements=[landed])
        assert section(report, "Where the documents disagree") == (
            "- **20 July** or **21 July**: `a.md:1` says “It landed on 20 July.” [1]; "
            "`b.md:7` says “It landed on 21 July.” [3]"
        )
        assert section(report, "Part 0?").startswith(
            "It landed on 20 July. [1] *(disputed, see below)* It was far. [2]"
        )
        assert "The documents disagree on 1 point.*" in report.markdown
        assert (report.disagreements, report.quotes) == (1, 3)
        assert [q.place for q in report.citations] == ["a.md:1", "a.md:2", "b.md:7"]

    def test_of_what_the_report_does_not_say_is_left_out(self):
        other = dispute("It was red.", "It was blue.", "red", "blue")
        report = compose(
            "When?", [part(0, "It landed."), part(1, "It was red.", accepted=False)], disagreements=[other]
        )
        assert "disagree" not in report.markdown
        assert report.disagreements == 0

    def test_stays_on_one_line_whatever_it_says(self):
        quotes = (quote("It was in 1969."), quote("It was in 1970.", 5))
        found = Disagreement(subject="it", values=("20\nJuly", "21\n\nJuly"), quotes=quotes, places="p")
        report = compose("When?", [part(0, "It was in 1969.")], disagreements=[found])
        assert "- **20 July** or **21 July**: " in report.markdown

    def test_names_only_places_that_are_cited_so_that_they_are_verified(self):
        # given the disputed sentence in two documents: the answer quotes one of them, the disagreement the other
        told = part(0, "It was in 1969.")
        copy = Quote.at("copy.md", 10, 1, "It was in 1969.")
        rival = Quote.at("rival.md", 0, 1, "It was in 1970.")
        found = Disagreement(subject="it", values=("1969", "1970"), quotes=(copy, rival), places="p")

        report = compose("When?", [told], disagreements=[found])

        # then both places of it are sources, each with its number
        assert [q.place for q in report.citations] == ["a.md:1", "copy.md:1", "rival.md:1"]
        assert "`copy.md:1` says “It was in 1969.” [2]; `rival.md:1`" in report.markdown
        assert section(report, "Part 0?").startswith("It was in 1969. [1] *(disputed")

    def test_stands_at_the_same_place_whoever_found_it_first(self):
        one = dispute("One.", "Not one.", "1", "0")
        other = Disagreement(subject="y", values=("2", "3"), quotes=(quote("Two.", 2), quote("Three.", 9)), places="c")
        reports = [compose("?", [part(0, "One.", "Two.")], disagreements=d) for d in ([one, other], [other, one])]
        assert reports[0] == reports[1]


class TestAFollowUp:
    def asked(self, answered: bool) -> Report:
        lost = replace(part(0, "Wrong.", accepted=False), reason="Nothing is said of Paxos.")
        after = part(0, "A lease expires.", accepted=answered)
        after = replace(after, subtask=Subtask(text="What is a lease?", rank=0, follows=True))
        return compose("How do a lease and Paxos differ?", [lost, after])

    def test_is_told_without_answering_the_question(self):
        report = self.asked(answered=True)
        assert report.markdown.split("\n\n")[1].startswith("The documents do not answer this question itself.")
        assert "*Asked because a part of the question stayed open. Confidence 0.50. Basis 0.*" in report.markdown
        assert "*0 of 1 part answered, 1 more beside it, 1 sentence quoted from 1 document." in report.markdown
        assert (report.answered, report.confidence, report.open_questions) == (0, 0, ("Part 0?",))

    def test_that_says_nothing_new_has_no_section(self):
        again = replace(part(0, "A."), subtask=Subtask(text="What is there about A?", follows=True))
        report = compose("Why?", [part(0, "A.", "B."), again, part(1, accepted=False)])
        assert "## What is there about A?" not in report.markdown
        assert report.open_questions == ("Part 1?",)

    def test_is_no_part_of_the_short_answer_where_the_question_has_one(self):
        told = part(0, "Asked.")
        near = replace(part(1, "Near."), subtask=Subtask(text="Near?", rank=1, follows=True))
        opening = compose("Why?", [told, near]).markdown.split("\n\n")[1]
        assert opening == "Asked. [1]"

    def test_without_an_answer_is_open_too(self):
        assert self.asked(answered=False).open_questions == ("Part 0?", "What is a lease?")


class TestWhatComesNearest:
    lost = replace(part(0, "One.", "Two.", "Three.", "Four.", accepted=False), reason="It does not say “why”.")

    def test_to_an_open_question_is_shown_with_its_places_and_outside_the_conclusion(self):
        report = compose("Why?", [replace(self.lost, is_grounded=True), part(1, "Five.")])
        assert section(report, "What remained open").split("\n\n")[0] == (
            "- **Part 0?** It does not say “why”. Nearest to it: “One.” [2] “Two.” [3] “Three.” [4]"
        )
        assert "One." not in report.markdown.partition("## What remained open")[0]
        assert [q.text for q in report.citations] == ["Five.", "One.", "Two.", "Three."]
        assert report.open_questions == ("Part 0?",)

    def test_is_not_shown_where_its_quotes_do_not_stand(self):
        assert "Nearest" not in compose("Why?", [self.lost, part(1, "Five.")]).markdown


class TestWhatWasAskedBesideTheQuestion:
    def reported(self, *, found: bool) -> Report:
        itself = replace(part(0, "A lease expires."), subtask=Subtask(text="When does a lease end?"))
        return compose(
            "when does a lease end", [itself, part(1, "A lease is a lock.", accepted=found), part(2, accepted=False)]
        )

    def test_is_told_and_not_counted(self):
        report = self.reported(found=True)
        assert "*1 of 1 part answered, 1 more beside it, 2 sentences quoted" in report.markdown
        assert section(report, "Part 1?").startswith("A lease is a lock. [2]")
        assert (report.answered, report.confidence) == (1, 0.5)

    def test_is_not_missed_where_it_found_no_answer(self):
        report = self.reported(found=False)
        assert report.open_questions == ()
        assert "Nothing: every part of the question found an answer." in report.markdown


class TestItsCost:
    def test_counts_an_answer_that_nobody_reviewed_as_a_draft(self):
        report = compose("Why?", [part(0, "One.", score=4), part(1, "Two.")])
        assert "2 drafts, 1 review" in report.markdown

    def test_is_not_told_of_answers_that_a_model_may_have_written(self):
        told = Answer(subject="x", text="In other words. [1]", quotes=(quote("One."),), confidence=1)
        report = compose("Why?", [Part(Subtask(text="Part?"), told, accepted=True, scores=(4,))])
        assert "What it cost" not in report.markdown

    def test_tells_how_often_answers_were_tried_and_that_no_model_was_called(self):
        parts = [replace(part(0, "One."), scores=(2, 4)), replace(part(1, "Two."), scores=(5,))]
        report = compose("Why?", parts)
        assert "no model was used; it cost nothing but this machine's time (2 parts, 3 drafts, 3 reviews)." in (
            report.markdown
        )
        assert report.quality == 4.5
        assert "Confidence 0.50 of 1, quality 4.5 of 5.*" in report.markdown
        assert "*Confidence 0.50, quality 4 of 5. Basis 0.*" in report.markdown


class TestThePartsOfAReport:
    def reported(self, *posted: tuple[Subtask, str, list[tuple[str, str]]]) -> Report:
        """Of subtasks with their status and the texts of their answers, each with its status."""
        board = memory_board()
        question = board.post(Question(question="Why?"))
        subtasks = []
        for subtask, status, answers in posted:
            part = board.post(subtask, about=question, status=status)
            for text, at in answers:
                answer = Answer(subject="x", text=text, quotes=(quote(text),), confidence=0.5)
                board.post(answer, about=part, status=at)
            subtasks.append(part)
        (written,) = run_agent(synthesizer, *subtasks, board=board, tools={unread_documents: list})
        return written.body

    def test_show_an_accepted_answer_also_where_another_researcher_has_come_later(self):
        answers = [("Found.", "compared"), ("Not yet reviewed.", "draft")]
        report = self.reported((Subtask(text="Part?"), "answered", answers))
        assert section(report, "Part?").startswith("Found. [1]")

    def test_show_no_answer_that_was_not_accepted_even_if_the_part_was_closed(self):
        report = self.reported((Subtask(text="Part?"), "answered", [("Not yet reviewed.", "draft")]))
        assert report.open_questions == ("Part?",)
        assert "Not yet reviewed" not in report.markdown

    def test_have_a_follow_up_after_the_part_that_stands_at_its_place(self):
        report = self.reported(
            (Subtask(text="About what?", follows=True), "answered", [("This.", "compared")]),
            (Subtask(text="Why?"), "answered", [("That.", "compared")]),
        )
        assert report.markdown.index("## Why?") < report.markdown.index("## About what?")
