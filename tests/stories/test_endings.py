"""Stories of boards that come to an end: in circles, in failures, at a budget, before everybody was asked."""

import asyncio
import json
from collections import Counter

import pytest

from blackboard import Board, Budget, Entry, Failure, Kind, Quiescence, Scenario, View, agent, exists, when
from blackboard.cli import run as cli
from blackboard.entry import BudgetAlert
from blackboard.errors import DeclarationError
from blackboard.testing import run_team


class Text(Kind, lifecycle={"rough": ("rough", "final")}):
    """What is worked on."""

    words: str = ""


class Page(Kind):
    """One of many."""

    number: int = 0


class Proof(Kind):
    """What people want."""

    text: str = ""


def scenario(*agents, **options) -> Scenario:
    return Scenario("s", params=Text, agents=list(agents), result=Proof, **options)


def run(*agents, on: Text | None = None, **options) -> Board:
    running = {name: options.pop(name) for name in ("slots", "db", "budget") if name in options}
    return scenario(*agents, **options).run(on or Text(), **{"db": ":memory:", **running})


def told(board: Board) -> str:
    assert board.verdict is not None
    return str(board.verdict)


def acted(board: Board) -> Counter[str]:
    return Counter(a.agent for a in board.store.activations(board.id) if a.state == "done" and a.agent != "outside")


@agent(watches=Text, writes=Page)
def printer(text: Entry[Text], view: View) -> None:
    """Makes as many pages as there are words."""
    for number, _ in enumerate(text.body.words.split()):
        view.post(Page(number=number), about=text)


def reader(name: str = "reader", **options):
    """Writes a proof of each page."""

    @agent(watches=Page, writes=Proof, name=name, **options)
    def reads(page: Entry[Page], view: View) -> None:
        view.post(Proof(text=f"page {page.body.number}"), about=page)

    return reads


TEN = Text(words="one two three four five six seven eight nine ten")
NEVER = when(lambda _: False, "never")


class TestACircle:
    @staticmethod
    def changer(name: str, old: str, new: str):
        @agent(watches=Text, writes=Text, name=name, where=lambda text: text.words == old)
        def changes(text: Entry[Text], view: View) -> None:
            view.amend(text, Text(words=new))

        return changes

    def test_of_two_agents_that_undo_each_others_edits_ends_the_board_and_names_them(self):
        polisher, sander = self.changer("polisher", "rough", "smooth"), self.changer("sander", "smooth", "rough")

        board = run(polisher, sander, on=Text(words="rough"), done=NEVER)

        assert (board.verdict.ending, board.verdict.exit_code) == ("livelock", 4)
        assert "the same again and again: " in told(board)
        assert "polisher" in told(board)
        assert "sander" in told(board)
        assert "text-1" in told(board)
        assert sum(acted(board).values()) < 60

    def test_of_new_entries_that_set_off_one_another_ends_it_too(self):
        @agent(watches=Page, writes=Text)
        def asker(page: Entry[Page], view: View) -> None:
            view.post(Text(words="why"), about=page)

        @agent(watches=Text, writes=Page)
        def answerer(text: Entry[Text], view: View) -> None:
            view.post(Page(), about=text)

        board = run(asker, answerer, done=NEVER)

        assert board.verdict.ending == "livelock"
        assert "out of itself by way of" in told(board)

    def test_among_much_other_work_is_found(self):
        polisher, sander = self.changer("polisher", "rough", "smooth"), self.changer("sander", "smooth", "rough")

        @agent(watches=Page, writes=Page, where=lambda page: page.number < 100_000)
        def counter(page: Entry[Page], view: View) -> None:
            view.post(Page(number=page.body.number + 1), about=page)

        @agent(watches=Text, writes=Page, where=lambda text: text.words == "begin")
        def starter(text: Entry[Text], view: View) -> None:
            view.post(Page(), about=text)

        sower = Scenario(
            "s", params=Text, agents=[starter, counter, polisher, sander], result=Proof, done=NEVER,
            seed=lambda text: [text, Text(words="begin")],
        )  # fmt: skip

        board = sower.run(Text(words="rough"), db=":memory:", budget=Budget(activations=2000))

        assert board.verdict.ending == "livelock"

    def test_can_be_gone_on_with_and_is_found_anew(self, tmp_path):
        polisher, sander = self.changer("polisher", "rough", "smooth"), self.changer("sander", "smooth", "rough")
        made, db = scenario(polisher, sander, done=NEVER), str(tmp_path / "b.db")
        first = made.run(Text(words="rough"), db=db)
        before = first.seq

        again = made.resume(first.id, db=db)

        assert again.verdict.ending == "livelock"
        assert again.seq >= before + 10, "what came before the resume counts no more"

    def test_counts_no_more_when_the_agents_were_mended_and_the_board_goes_on(self, tmp_path):
        def counting(text: Entry[Text], view: View) -> None:
            number = int(text.body.words) if text.body.words.isdigit() else 0
            view.amend(text, Text(words=str(number + 1)), status="final" if number > 60 else "rough")

        def counter(name: str, rest: int):
            return agent(
                watches=Text, writes=Text, name=name,
                where=lambda text: text.words.isdigit() and int(text.words) % 2 == rest,
            )(counting)  # fmt: skip

        polisher, sander = self.changer("polisher", "rough", "smooth"), self.changer("sander", "smooth", "rough")
        db, done = str(tmp_path / "b.db"), exists(Text, status="final")
        board = scenario(polisher, sander, done=done).run(Text(words="rough"), db=db)
        assert board.verdict.ending == "livelock"

        mended = scenario(counter("polisher", 0), counter("sander", 1), done=done)

        assert mended.resume(board.id, db=db).verdict.ending == "complete"

    def test_is_not_a_long_chain_of_things_that_differ(self):
        @agent(watches=Page, writes=(Page, Proof))
        def counter(page: Entry[Page], view: View) -> None:
            if page.body.number == 1000:
                view.post(Proof(), about=page)
            else:
                view.post(Page(number=page.body.number + 1), about=page)

        @agent(watches=Text, writes=Page)
        def starter(text: Entry[Text], view: View) -> None:
            view.post(Page(), about=text)

        assert run(starter, counter).verdict.ending == "complete"

    def test_is_not_the_same_done_for_many_inputs_side_by_side(self):
        @agent(watches=Text, writes=Page)
        def copier(text: Entry[Text], view: View) -> None:
            for _ in range(100):
                view.post(Page(), about=text)

        @agent(watches=Page, writes=Proof)
        def same(page: Entry[Page], view: View) -> None:
            view.post(Proof(text="fine"), about=page)

        assert run(copier, same, done=exists(Proof, at_least=100)).verdict.ending == "complete"


class TestTheBreaker:
    @staticmethod
    def breaking(good: int = 0):
        """Works for the first pages, then fails for every one."""

        @agent(watches=Page, writes=Proof, retry=0, concurrency=1)
        def flaky(page: Entry[Page], view: View) -> None:
            if page.body.number >= good:
                raise ConnectionError("the line is dead")
            view.post(Proof(), about=page)

        return flaky

    MANY = Text(words="page " * 40)

    def test_ends_a_board_on_which_half_of_the_last_twenty_have_failed_and_names_the_causes(self):
        board = run(printer, self.breaking(), on=self.MANY, done=exists(Proof, at_least=40))

        assert (board.verdict.ending, board.verdict.exit_code) == ("breaker", 5)
        assert board.verdict.reasons[0] == "10 of the last 10 activations failed"
        assert board.verdict.reasons[1].startswith("flaky failed 10 times: ConnectionError: the line is dead")
        assert board.count(Failure) < 20

    def test_does_not_mind_failures_among_much_that_goes_well(self):
        @agent(watches=Page, writes=Proof, retry=0, concurrency=1)
        def mostly(page: Entry[Page], view: View) -> None:
            if page.body.number % 3 == 0:
                raise ConnectionError("busy")
            view.post(Proof(), about=page)

        board = run(printer, mostly, on=self.MANY, done=exists(Proof, at_least=26))

        assert board.verdict.ending == "complete"
        assert board.count(Failure) >= 10

    def test_counts_those_that_had_nothing_to_write_as_well_done(self):
        @agent(watches=Page, writes=Proof, retry=0, concurrency=1)
        def silent(page: Entry[Page], view: View) -> None:
            if page.body.number % 3 == 0:
                raise ConnectionError("busy")

        assert run(printer, silent, on=self.MANY, done=NEVER).verdict.ending == "quiescent"

    def test_can_be_changed_or_switched_off_by_a_scenario(self):
        few = run(printer, self.breaking(), on=TEN, breaker=(2, 4), done=NEVER)
        none = run(printer, self.breaking(), on=self.MANY, breaker=None, done=NEVER)

        assert (few.verdict.ending, few.verdict.reasons[0]) == ("breaker", "2 of the last 2 activations failed")
        assert (none.verdict.ending, none.count(Failure)) == ("quiescent", 40)

    def test_is_known_to_every_worker_by_the_row_of_the_board(self, tmp_path):
        made = scenario(printer, self.breaking(), breaker=(3, 9), done=NEVER)
        board = made.run(TEN, db=str(tmp_path / "b.db"))

        assert json.loads(board.record.options)["breaker"] == [3, 9]
        made.breaker = None
        assert made.joined(board.store, board.id).breaker == (3, 9)

    def test_counts_anew_when_the_board_goes_on(self, tmp_path):
        made, db = scenario(printer, self.breaking(), done=NEVER), str(tmp_path / "b.db")
        board = made.run(self.MANY, db=db)
        failures = board.count(Failure)

        again = made.resume(board.id, db=db)

        assert again.verdict.ending == "breaker"
        assert again.count(Failure) >= failures + 10

    @pytest.mark.parametrize("breaker", [(0, 5), (6, 5)])
    def test_that_makes_no_sense_is_refused_in_words(self, breaker):
        with pytest.raises(DeclarationError, match="how many failures of how many"):
            scenario(printer, breaker=breaker)


class TestAnAgentWithABudget:
    def test_acts_no_more_often_and_the_board_ends_for_it_with_its_name(self):
        board = run(printer, reader(budget=Budget(activations=3)), on=TEN, done=exists(Proof, at_least=10))

        assert (board.verdict.ending, board.verdict.exit_code) == ("budget", 3)
        assert board.verdict.reasons == (
            "reader has used up its 3 activations", "7 of reader not done", "missing: 10 proof, there are 3",
        )  # fmt: skip
        assert acted(board)["reader"] == 3

    def test_keeps_nobody_else_from_their_work(self):
        first = reader("first", budget=Budget(activations=1), rating=9)

        board = run(printer, first, reader("second"), on=TEN, done=exists(Proof, at_least=11), slots=2)

        assert board.verdict.ending == "complete"
        assert acted(board) == {"printer": 1, "first": 1, "second": 10}

    def test_leaves_the_last_word_to_a_finalizer(self):
        @agent(watches=Quiescence, writes=Proof)
        def finalizer(quiet: Entry[Quiescence], view: View) -> None:
            view.post(Proof(text=f"{view.count(Proof)} of them"), about=quiet)

        board = run(
            printer, reader(budget=Budget(activations=3)), finalizer, on=TEN,
            done=when(lambda b: any("of them" in p.body.text for p in b.find(Proof)), "a last word"),
        )  # fmt: skip

        assert (board.verdict.ending, board.result.body.text) == ("complete", "3 of them")
        assert "reader was not asked about 7" in told(board)

    def test_goes_on_when_it_may_do_more(self, tmp_path):
        db = str(tmp_path / "b.db")
        board = scenario(printer, reader(budget=Budget(activations=3)), done=exists(Proof, at_least=10)).run(TEN, db=db)

        more = scenario(printer, reader(budget=Budget(activations=10)), done=exists(Proof, at_least=10))
        again = more.resume(board.id, db=db)

        assert again.verdict.ending == "complete"
        assert acted(again)["reader"] == 10


class TestAnAlert:
    def test_comes_once_for_each_budget_of_which_four_fifths_are_used(self):
        board = run(
            printer, reader(budget=Budget(activations=5)), on=TEN, done=NEVER, slots=1, budget=Budget(activations=7)
        )

        said = [(a.body.unit, a.body.used, a.body.cap) for a in board.find(BudgetAlert)]
        assert sorted(said) == [("activations", 6, 7), ("activations of reader", 4, 5)]
        assert {a.author for a in board.find(BudgetAlert)} == {"board"}

    def test_does_not_come_where_there_is_enough(self):
        assert run(printer, reader(), on=TEN, done=NEVER).count(BudgetAlert) == 0

    def test_lets_an_agent_bring_things_to_an_end(self):
        @agent(watches=BudgetAlert, writes=Text, rating=9)
        def closer(alert: Entry[BudgetAlert], view: View) -> None:
            (text,) = view.find(Text, strict=False)
            view.amend(text, Text(words=f"{view.count(Proof, strict=False)} pages read"), status="final")

        board = run(
            printer, reader(), closer, on=Text(words="page " * 100), done=exists(Text, status="final"), slots=1,
            budget=Budget(activations=20),
        )  # fmt: skip

        assert board.verdict.ending == "complete"
        (text,) = board.find(Text)
        assert text.body.words in {"15 pages read", "16 pages read"}
        assert "reader was not asked about" in told(board)

    def test_comes_again_when_the_board_goes_on_with_a_higher_cap(self, tmp_path):
        made, db = scenario(printer, reader(), done=NEVER), str(tmp_path / "b.db")
        board = made.run(Text(words="page " * 30), db=db, slots=1, budget=Budget(activations=10))

        same = made.resume(board.id, db=db, slots=1)
        assert [a.body.cap for a in same.find(BudgetAlert)] == [10]

        more = made.resume(board.id, db=db, slots=1, budget=Budget(activations=20))
        assert [a.body.cap for a in more.find(BudgetAlert)] == [10, 20]

    def test_of_the_working_time_comes_while_an_agent_works(self, tmp_path, monkeypatch):
        from blackboard.runner import waking

        monkeypatch.setattr(waking, "POLL", 0.01)
        monkeypatch.setattr("blackboard.controller.LEAST_CAP", 0)

        @agent(watches=Text, writes=Proof)
        async def slow(text: Entry[Text], view: View) -> None:
            await asyncio.Event().wait()

        board = run(slow, budget=Budget(seconds=0.5))

        assert board.verdict.ending == "deadline"
        assert [a.body.unit for a in board.find(BudgetAlert)] == ["seconds"]


class TestAnEarlyEnd:
    def test_says_who_was_not_asked_and_drops_what_was_left(self):
        board = run(printer, reader(concurrency=1), on=TEN, slots=1)

        assert board.verdict.ending == "complete"
        assert board.verdict.reasons == ("reader was not asked about 8, and 1 of reader was under way",)
        assert {a.state for a in board.store.activations(board.id)} == {"done", "moot"}

    def test_by_a_stop_drops_what_was_left_too(self):
        board = run(printer, reader(concurrency=1), on=TEN, slots=1, done=NEVER, stop=exists(Proof, at_least=2))

        assert board.verdict.ending == "failed"
        assert board.verdict.reasons == ("2 proof", "reader was not asked about 7, and 1 of reader was under way")
        assert {a.state for a in board.store.activations(board.id)} == {"done", "moot"}

    def test_at_a_budget_keeps_what_was_left(self):
        board = run(printer, reader(), on=TEN, slots=1, done=NEVER, budget=Budget(activations=4))

        assert board.verdict.ending == "budget"
        assert [a.state for a in board.store.activations(board.id)].count("pending") == 7

    def test_at_a_budget_keeps_the_best_that_there_is_which_is_what_is_done_before_what_is_newest(self):
        @agent(watches=Text, writes=Text)
        def finisher(text: Entry[Text], view: View) -> None:
            view.post(Text(words="a rough one that is newer"))
            view.amend(text, status="final")

        best = Scenario("s", params=Text, agents=[finisher], result=Text, done=NEVER)

        board = best.run(Text(words="a good one"), db=":memory:", budget=Budget(activations=1))

        assert board.verdict.ending == "budget"
        assert (board.result.body.words, board.result.status) == ("a good one", "final")

    @pytest.mark.parametrize(
        ("condition", "holds"),
        [
            (exists(Page, at_least=2) & ~exists(Text, status="final"), True),
            (exists(Text, at_least=99) | exists(Page, at_least=10), True),
            (exists(Page) & exists(Text, at_least=99), False),
        ],
        ids=["and, not", "or", "and"],
    )
    def test_is_brought_about_by_conditions_in_any_combination(self, condition, holds):
        done = run(printer, on=TEN, done=condition)
        stopped = run(printer, on=TEN, done=NEVER, stop=condition)

        assert done.verdict.ending == ("complete" if holds else "quiescent")
        assert stopped.verdict.ending == ("failed" if holds else "quiescent")

    def test_of_a_team_that_is_tried_out_knows_no_breaker(self):
        board = run_team([printer, TestTheBreaker.breaking()], TestTheBreaker.MANY)

        assert board.count(Failure) == 40


class TestOnTheCommandLine:
    """What people are told to do next, and where they see what is used."""

    FILE = """
from blackboard import Budget, Entry, Kind, Scenario, View, agent, exists

class Text(Kind):
    words: str = ""

class Page(Kind, lifecycle={"rough": "rough"}):
    words: str = ""

class Proof(Kind):
    pass

@agent(watches=Text, writes=Page)
def printer(text: Entry[Text], view: View) -> None:
    for word in text.body.words.split():
        view.post(Page(words=word))

@agent(watches=Page, writes=Proof, where=lambda page: page.words == "sparing", budget=Budget(activations=1))
def reader(page: Entry[Page], view: View) -> None:
    view.post(Proof())

@agent(watches=Page, writes=Page, where=lambda page: page.words == "round")
def circler(page: Entry[Page], view: View) -> None:
    view.amend(page)

@agent(watches=Page, writes=Proof, where=lambda page: page.words == "bad", retry=0)
def breaker(page: Entry[Page], view: View) -> None:
    raise ConnectionError("the line is dead")

story = Scenario("story", params=Text, agents=[printer, reader, circler, breaker], result=Proof,
                 done=exists(Proof, at_least=9))
"""

    @pytest.mark.parametrize(
        ("words", "code", "remedy"),
        [
            (
                "sparing sparing",
                3,
                "raise budget= where reader is declared, then go on with: blackboard resume story-1",
            ),
            ("round", 4, "see how it came about: blackboard log story-1"),
            ("bad " * 10, 5, "when the cause is mended, go on with: blackboard resume story-1"),
        ],
        ids=["budget of an agent", "livelock", "breaker"],
    )
    def test_each_of_these_endings_has_a_code_and_a_remedy(self, tmp_path, capsys, words, code, remedy):
        file, db = tmp_path / "story.py", str(tmp_path / "b.db")
        file.write_text(self.FILE)

        assert cli(["run", str(file), "--words", words, "--db", db]) == code

        assert remedy in capsys.readouterr().err

    def test_show_lists_the_budgets_of_agents(self, tmp_path, capsys):
        file, db = tmp_path / "story.py", str(tmp_path / "b.db")
        file.write_text(self.FILE)
        cli(["run", str(file), "--words", "sparing sparing", "--db", db])
        capsys.readouterr()

        cli(["show", "last", "--db", db])
        assert "1 of 1 activations of reader" in capsys.readouterr().out

        cli(["show", "last", "--db", db, "--json"])
        assert json.loads(capsys.readouterr().out)["agent_budgets"] == [
            {"agent": "reader", "unit": "activations", "cap": 1, "used": 1, "reserved": 0}
        ]
