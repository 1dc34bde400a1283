"""What each wrong use raises, and where; and that an agent can fail only itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from blackboard import (
    Board,
    Budget,
    Entry,
    Failure,
    Kind,
    Label,
    Quiescence,
    Scenario,
    View,
    agent,
    all_done,
    batched,
    confident,
    exists,
    resource,
    tool,
    when,
)
from blackboard.errors import (
    BlackboardError,
    BoardClosed,
    BodyRefused,
    DeclarationError,
    Denied,
    IllegalTransition,
    NoDatabase,
    NotDeclared,
    NotFound,
    ToolFailed,
    TooMany,
    UnknownField,
    UnknownStatus,
    UsageError,
)
from blackboard.testing import memory_board, run_agent, run_team


class Question(Kind):
    question: str


class Subtask(Kind, lifecycle={"open": ("answered", "flagged")}):
    text: str = ""


class Answer(Kind, lifecycle={"draft": ("accepted", "flagged"), "accepted": "compared"}, index=("subject",)):
    subject: str = ""
    text: str = ""


class Review(Kind):
    score: int = Field(ge=1, le=5)


class Report(Kind, lifecycle={"draft": "final"}):
    text: str = ""


@tool(effects="none", returns="user")
def fails(text: str) -> str:
    """Fails."""
    raise OSError(text)


@tool(effects="external")
def sends(text: str) -> str:
    """Sends."""
    return text


class Archive:
    """What a tool may need of the run."""


@tool(effects="none")
def looks_up(text: str, archive: Archive = resource(Archive)) -> str:
    """Looks up."""
    return text


def nothing(entry: Any, view: Any) -> None:
    """An agent that does nothing."""


class TestInTheSource:
    """Raised where it is declared."""

    def test_a_status_that_the_lifecycle_does_not_have(self):
        with pytest.raises(UnknownStatus, match="report has no status 'finl'; it has draft, final, retracted"):
            exists(Report, status="finl")
        with pytest.raises(UnknownStatus):
            agent(watches=Report, status="finl", writes=())(nothing)
        with pytest.raises(UnknownStatus):
            agent(watches=Report, writes=Report, gives_up="finl")(nothing)

    def test_conditions_combined_with_words(self):
        for combine in (lambda a, b: a and b, lambda a, b: a or b, lambda a, _: not a):
            with pytest.raises(DeclarationError, match=r"with & \| ~"):
                combine(exists(Report), exists(Review))

    def test_an_agent_that_takes_too_much_or_too_little(self):
        for action in (lambda a, b, c: None, lambda a: None, lambda: None):
            with pytest.raises(DeclarationError, match=r"an agent takes \(entry, view\)"):
                agent(watches=Subtask, writes=())(action)

    def test_giving_up_needs_the_right_to_write(self):
        with pytest.raises(DeclarationError, match="changes subtask; add it to writes="):
            agent(watches=Subtask, writes=Answer, gives_up="flagged")(nothing)

    @pytest.mark.parametrize("kind", [Failure, Quiescence])
    def test_writing_what_only_the_board_writes(self, kind):
        with pytest.raises(DeclarationError, match=f"only the board itself writes {kind.kind_name}"):
            agent(watches=Subtask, writes=kind)(nothing)

    def test_watching_or_writing_what_is_no_kind(self):
        for watched in ("subtask", BaseModel, None, exists(Report)):
            with pytest.raises(DeclarationError, match="watches= takes a kind, all_done"):
                agent(watches=watched, writes=())(nothing)
        with pytest.raises(DeclarationError, match="writes= takes kinds"):
            agent(watches=Subtask, writes=(Answer, "report"))(nothing)

    def test_choosing_among_what_comes_all_at_once(self):
        for options, match in (
            ({"status": "answered"}, "leave out status="),
            ({"where": lambda s: True}, "leave out where="),
            ({"rating": lambda s: 1}, "rating= is one number"),
        ):
            with pytest.raises(DeclarationError, match=match):
                agent(watches=all_done(Subtask), writes=(), **options)(nothing)

    def test_control_that_makes_no_sense(self):
        other = agent(watches=Answer, writes=(), name="other")(nothing)
        for options, match in (
            ({"unless": lambda board: True}, "unless= takes a condition"),
            ({"ready": "soon"}, "ready= takes a condition"),
            ({"fallback": other}, "its fallback other watches something else"),
            ({"budget": Budget(seconds=3)}, "timeout= bounds"),
            ({"pending": 0}, "pending= takes a whole number of at least 1"),
            ({"pending": "3"}, "pending= takes a whole number of at least 1, not '3'"),
            ({"fallback": nothing}, "fallback= takes an agent, not nothing"),
            ({"budget": 5}, r"budget= takes a Budget, such as Budget\(activations=100\), not 5"),
            ({"backlog": ["all"]}, "takes 'all' or 'new'"),
            ({"reads": "answer"}, "reads= takes kinds"),
            ({"ready": Answer}, "ready= takes a condition"),
            ({"ready": lambda entry: True}, r"a function \(entry, board\), not a lambda"),
            ({"where": "score"}, "where= takes a function of the body"),
            ({"where": lambda: True}, "where= takes a function of the body"),
            ({"rating": "high"}, "rating= takes a whole number"),
            ({"strict": "no"}, "strict= takes True or False"),
            ({"tools": [nothing]}, "tools= takes a list of functions that @tool"),
            ({"tools": nothing}, "tools= takes a list of functions that @tool"),
            ({"name": "a,b"}, "name= takes a name without"),
            ({"name": "outside"}, "name= takes a name without"),
            ({"name": ""}, "name= takes a name without"),
            ({"backlog": "some"}, "takes 'all' or 'new'"),
        ):
            with pytest.raises(DeclarationError, match=match):
                agent(watches=Subtask, writes=(), **options)(nothing)

    def test_a_batch_or_a_whole_of_none(self):
        with pytest.raises(DeclarationError, match="a batch has at least 1"):
            batched(Answer, 0)
        with pytest.raises(DeclarationError, match="a whole has at least 1"):
            all_done(Answer, size=0)

    def test_a_scenario_of_other_things(self):
        for options, match in (
            ({"done": "soon"}, "done= takes a condition such as exists"),
            ({"stop": lambda board: True}, "stop= takes a condition such as exists"),
            ({"budget": 3}, "budget= takes a Budget"),
            ({"result": "answer"}, "result= takes the kind that people want, not 'answer'"),
            ({"params": "question"}, "params= takes a kind"),
            ({"seed": [1]}, "seed= takes a function of the params"),
            ({"agents": [nothing]}, "agents= takes a list of agents, not nothing"),
            ({"agents": agent(watches=Question, writes=())(nothing)}, "agents= takes a list of agents"),
        ):
            with pytest.raises(DeclarationError, match=match):
                Scenario("wrong", **({"params": Question, "agents": [], "result": Answer} | options))

    def test_conditions_of_what_is_none(self):
        for declare, match in (
            (lambda: exists("answer"), "exists\\(\\) takes a kind, not 'answer'"),
            (lambda: exists(Answer, at_least=0), "at_least= takes a whole number of at least 1"),
            (lambda: exists(Answer) & Answer, "join conditions such as exists\\(Kind\\), not Answer"),
            (lambda: exists(Answer) | True, "join conditions"),
            (lambda: all_done(Answer, by="group"), "by= takes a function of the body"),
            (lambda: all_done(Answer, size="3"), "size= takes such a number"),
            (lambda: batched(Answer, "3"), "a batch has at least 1, a whole number"),
            (lambda: confident(Answer, "high"), "a confidence is a number, not 'high'"),
            (lambda: when(lambda: True, "sure"), "takes a function of the board and what it means"),
            (lambda: when(lambda board: True, ""), "takes a function of the board and what it means"),
        ):
            with pytest.raises(DeclarationError, match=match):
                declare()

    @pytest.mark.parametrize("caps", [{"activations": -1}, {"activations": 2.5}, {"seconds": "3"}, {"seconds": -1}])
    def test_budgets_of_no_number(self, caps):
        with pytest.raises(DeclarationError, match=f"Budget: {min(caps)}= takes a"):
            Budget(**caps)

    def test_a_confidence_that_the_kind_does_not_have(self):
        with pytest.raises(DeclarationError, match="it has no field 'confidence'"):
            confident(Answer, 0.8)

    @pytest.mark.parametrize("options", [{"concurrency": 0}, {"timeout": 0}, {"timeout": -1}, {"retry": -1}])
    def test_numbers_that_make_no_sense(self, options):
        with pytest.raises(DeclarationError, match=f"{min(options)}= takes .* not {min(options.values())}"):
            agent(watches=Subtask, writes=(), **options)(nothing)

    def test_a_tool_without_types_or_words(self):
        with pytest.raises(DeclarationError, match="parameter 'x' has no type"):
            tool()(lambda x: x)

        def silent(text: str) -> str:
            return text

        with pytest.raises(DeclarationError, match="docstring is what the model reads"):
            tool()(silent)

    def test_a_field_may_be_called_kind_or_index(self):
        class Thing(Kind, index=("kind",)):
            kind: str
            index: int

        with memory_board() as board:
            board.post(Thing(kind="a", index=1))
            assert [t.body.index for t in board.find(Thing, kind="a")] == [1]


class TestInAScenario:
    def scenario(self, **options: Any) -> Scenario[Any]:
        return Scenario("s", **{"params": Question, "agents": [], "result": Report, **options})

    def test_two_agents_of_one_name(self):
        one = agent(watches=Subtask, writes=Answer, name="a")(nothing)
        with pytest.raises(DeclarationError, match="two agents called 'a'"):
            self.scenario(agents=[one, one])

    def test_one_name_for_two_kinds(self):
        class Other(Kind, name="answer", lifecycle={"a": "b"}):
            pass

        team = [agent(watches=Subtask, writes=k, name=n)(nothing) for n, k in (("a", Answer), ("b", Other))]
        with pytest.raises(DeclarationError, match="two kinds called 'answer'"):
            self.scenario(agents=team)

    def test_params_that_take_an_option_of_every_scenario(self):
        class Params(BaseModel):
            team: str

        with pytest.raises(DeclarationError, match="--team belongs to every scenario"):
            self.scenario(params=Params, seed=lambda p: [Question(question=p.team)])

    def test_params_that_are_no_kind_without_a_seed(self):
        class Params(BaseModel):
            text: str

        with pytest.raises(DeclarationError, match="say with seed="):
            self.scenario(params=Params)

    def test_a_team_or_an_agent_that_is_not_there(self):
        one = self.scenario(agents=[agent(watches=Subtask, writes=Report, name="a")(nothing)])
        with pytest.raises(UsageError, match="s has no team 'nobody'; it has default"):
            one.run(Question(question="?"), db=":memory:", team="nobody")
        with pytest.raises(UsageError, match="has no agent 'b'; it has a"):
            one.run(Question(question="?"), db=":memory:", agents={"b": agent(watches=Subtask, writes=())(nothing)})

    def test_a_goal_that_no_agent_writes_is_refused_before_there_is_a_board(self, tmp_path):
        with pytest.raises(DeclarationError, match="no agent of team 'default' writes report"):
            self.scenario().run(Question(question="?"), db=str(tmp_path / "b.db"))
        assert not (tmp_path / "b.db").exists()

    def test_a_database_that_cannot_be(self, tmp_path):
        text = tmp_path / "text.db"
        text.write_text("not a database, but long enough to be read as one" * 10)
        one = self.scenario(agents=[agent(watches=Question, writes=Report, name="a")(nothing)])
        for db, says in (
            (text, "is not a database"),
            (tmp_path, "is a folder"),
            (tmp_path / "no" / "b.db", "does not exist"),
        ):
            with pytest.raises(NoDatabase, match=says):
                one.run(Question(question="?"), db=str(db))
        with pytest.raises(UsageError, match="no store is installed for mongo://"):
            one.run(Question(question="?"), db="mongo://somewhere")
        with pytest.raises(NoDatabase, match="there is no database"):
            one.resume(db=str(tmp_path / "none.db"))


def acting(action: Callable[..., Any], *, board: Board | None = None, **options: Any) -> list[Entry[Any]]:
    """Run `action` as an agent on a subtask."""
    made = agent(watches=Subtask, writes=(Subtask, Answer), name="a", **options)(action)
    return run_agent(made, Subtask(text="t"), board=board)


class TestInAnAgent:
    """Raised at its line; nothing is written."""

    def test_posting_or_amending_what_is_not_declared(self):
        with pytest.raises(NotDeclared, match="a writes review; add it to writes="):
            acting(lambda s, v: v.post(Review(score=1)) and None)
        only_answers = agent(watches=Subtask, writes=Answer, name="a")(lambda s, v: v.amend(s, status="answered"))
        with pytest.raises(NotDeclared, match="a writes subtask"):
            run_agent(only_answers, Subtask())

    def test_posting_what_is_no_kind(self):
        with pytest.raises(NotDeclared, match="a writes str, which is no Kind"):
            acting(lambda s, v: v.post("an answer") and None)

    def test_a_body_that_its_kind_refuses(self):
        with pytest.raises(ValidationError):
            acting(lambda s, v: v.post(Answer(txt="?")) and None)

    def test_a_body_that_cannot_be_stored(self):
        for text in ("a\0b", "x" * 300_000):
            with pytest.raises(BodyRefused):
                acting(posting(text))

    def test_a_status_that_does_not_follow(self):
        with memory_board() as board:
            done = board.post(Subtask(), status="answered")
            with pytest.raises(IllegalTransition, match="subtask: 'answered' does not lead to 'open'"):
                acting(lambda s, v: v.amend(done, status="open"), board=board)
        with pytest.raises(UnknownStatus):
            acting(lambda s, v: v.post(Answer(), status="done") and None)

    def test_amending_with_a_body_of_another_kind(self):
        with pytest.raises(IllegalTransition, match="subtask-1 cannot become a answer"):
            acting(lambda s, v: v.amend(s, Answer()))

    def test_amending_what_has_been_retracted_or_replaced(self):
        with memory_board() as board:
            old = board.post(Answer())
            board.amend(old, status="retracted")
            with pytest.raises(IllegalTransition, match="is not its newest version"):
                acting(lambda s, v: v.amend(old, status="accepted"), board=board)

    def test_amending_an_entry_of_another_board(self):
        with memory_board() as board, memory_board() as other:
            board.post(Question(question="?"))
            foreign = other.post(Answer(text="foreign"))
            with pytest.raises(BlackboardError):
                acting(lambda s, v: v.amend(foreign, status="accepted"), board=board)
            assert [e.key for e in board.find(Question)] == ["question-1"], "an entry of this board was replaced"

    def test_reading_what_is_not_there(self):
        with pytest.raises(NotFound, match="no question of subtask-1"):
            acting(lambda s, v: v.get(Question, of=s) and None)
        for key in ("answer-9", "subtask-1"):
            with pytest.raises(NotFound, match=f"no answer has the key '{key}'"):
                acting(getting(key))

    def test_reading_one_where_there_are_several(self):
        with memory_board() as board:
            both = [board.post(Question(question=q)) for q in "ab"]
            subtask = board.post(Subtask(), about=both)
            with pytest.raises(TooMany, match="2 question of subtask-1"):
                board.get(Question, of=subtask)

    def test_finding_by_what_is_not_indexed_or_does_not_exist(self):
        with pytest.raises(UnknownField, match="answer cannot be found by 'text'; it is indexed by subject"):
            acting(lambda s, v: v.find(Answer, text="x") and None)
        with pytest.raises(UnknownField, match="it is indexed by nothing"):
            acting(lambda s, v: v.count(Subtask, text="x") and None)
        with pytest.raises(UnknownStatus):
            acting(lambda s, v: v.find(Answer, status="done") and None)

    def test_an_entry_whose_class_has_changed(self):
        class Changed(Kind, name="answer"):
            score: int

        with memory_board() as board:
            board.post(Answer(text="t"))
            with pytest.raises(BodyRefused, match="answer-1 does not fit Changed"):
                board.get(Changed, "answer-1")

    def test_a_plain_function_that_returns_something_to_await(self):
        async def later() -> None:
            """Never awaited by whoever wrote this."""

        waiting: list[Any] = []

        def acts(subtask: Entry[Subtask], view: View) -> Any:
            waiting.append(later())
            return waiting[-1]

        with pytest.raises(DeclarationError, match="make it `async def`"):
            acting(acts)
        waiting[0].close()

    def test_tools_that_are_not_declared_or_fail_or_need_a_person(self):
        async def calls(subtask: Entry[Subtask], view: View) -> None:
            await view.call(fails, "disk")

        async def sending(subtask: Entry[Subtask], view: View) -> None:
            await view.call(sends, "a letter")

        async def looking(subtask: Entry[Subtask], view: View) -> None:
            await view.call(looks_up, "x")

        with pytest.raises(NotDeclared, match="a calls fails; add it to tools="):
            acting(calls)
        with pytest.raises(ToolFailed, match="fails: OSError: disk"):
            acting(calls, tools=[fails])
        with pytest.raises(Denied, match="nobody can approve"):
            acting(sending, tools=[sends])
        with pytest.raises(DeclarationError, match="tool looks_up needs a Archive"):
            acting(looking, tools=[looks_up])

    def test_nothing_is_written_of_what_was_posted_before_the_error(self):
        def acts(subtask: Entry[Subtask], view: View) -> None:
            view.post(Answer(text="half"))
            view.amend(subtask, status="answered")
            raise ValueError("the other half")

        with memory_board() as board:
            with pytest.raises(ValueError, match="the other half"):
                acting(acts, board=board)
            assert board.count(Answer) == 0
            assert board.get(Subtask, "subtask-1").status == "open"


def posting(text: str) -> Callable[..., None]:
    """An agent that posts an answer with this text."""

    def acts(subtask: Entry[Subtask], view: View) -> None:
        view.post(Answer(text=text))

    return acts


def getting(key: str) -> Callable[..., None]:
    """An agent that reads the answer of this key."""

    def acts(subtask: Entry[Subtask], view: View) -> None:
        view.get(Answer, key)

    return acts


class TestByAPerson:
    def test_a_board_that_has_ended_or_was_closed(self):
        with memory_board() as board:
            entry = board.post(Answer())
            board.store.conclude(board.id, "{}", board.seq, False)
            for act in (lambda: board.post(Answer()), lambda: board.amend(entry, status="accepted")):
                with pytest.raises(BoardClosed, match="blackboard resume"):
                    act()

    def test_an_amendment_of_what_is_not_the_newest(self):
        with memory_board() as board:
            entry = board.post(Answer())
            board.amend(entry, Answer(text="new"))
            with pytest.raises(UsageError, match="read the entry again and repeat"):
                board.amend(entry, status="accepted")

    def test_an_amendment_that_cannot_be(self):
        with memory_board() as board, memory_board() as other:
            entry = board.post(Answer())
            with pytest.raises(IllegalTransition):
                board.amend(entry, status="compared")
            with pytest.raises(IllegalTransition, match="cannot become a review"):
                board.amend(entry, Review(score=1))
            foreign = other.post(Report())
            with pytest.raises(BlackboardError):
                board.amend(foreign, status="final")
            assert [e.key for e in board.entries()] == ["answer-1"]

    def test_writing_through_sql(self):
        with memory_board() as board:
            board.post(Answer())
            with pytest.raises(BlackboardError):
                board.sql("UPDATE board SET head = 7")
            assert board.seq == 1

    def test_asking_why_of_what_is_not_there(self):
        with memory_board() as board, pytest.raises(NotFound, match="no entry has the key 'answer-1'"):
            board.why("answer-1")


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("an error that cannot even be printed")


ERRORS = {
    "a file name that is no text": OSError("\udc80"),
    "NUL": OSError("a\0b"),
    "a very long message": ValueError("x" * 300_000),
    "an error that cannot be printed": Unprintable(),
    "an end of the program": SystemExit(3),
    "a cancelled task of its own": asyncio.CancelledError(),
    "a generator that is over": StopIteration(),
    "an async generator that is over": StopAsyncIteration(),
    "a closed generator": GeneratorExit(),
    "no more memory": MemoryError(),
    "a group of errors": ExceptionGroup("several", [ValueError("one"), OSError("two")]),
}


class TestAnAgentThatFails:
    """Law 14: it can fail only itself. The others act, the failure is recorded, the board ends in order."""

    def team(self, bad: Callable[..., Any], **options: Any) -> tuple[str, list[str]]:
        """How a board with this agent and a good one ends, and the causes of the failures on it."""

        def good(question: Entry[Question], view: View) -> None:
            view.post(Report(text="good"), status="final")

        agents = [
            agent(watches=Question, writes=Answer, name="bad", **{"retry": 0, **options})(bad),
            agent(watches=Question, writes=Report, name="good")(good),
        ]
        one = Scenario(
            "s", params=Question, agents=agents, result=Report, done=exists(Report) & exists(Failure),
            budget=Budget(activations=20, seconds=2),
        )  # fmt: skip
        board = one.run(Question(question="?"), db=":memory:")
        assert board.count(Report) == 1
        return str(board.verdict and board.verdict.ending), [e.body.cause for e in board.entries("failure")]

    @pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
    @pytest.mark.parametrize("what", ERRORS)
    def test_whatever_it_raises_is_a_failure_of_its_own(self, what, asynchronous):
        def raises(question: Entry[Question], view: View) -> None:
            raise ERRORS[what]

        async def raises_later(question: Entry[Question], view: View) -> None:
            raise ERRORS[what]

        verdict, causes = self.team(raises_later if asynchronous else raises)

        assert (verdict, len(causes)) == ("complete", 1)

    def test_a_first_attempt_that_fails_so_is_tried_again(self):
        for error in (OSError("\udc80"), Unprintable()):
            attempts: list[int] = []

            verdict, causes = self.team(failing(error, attempts), retry=1)

            assert (verdict, len(causes), attempts) == ("complete", 1, [1, 2])

    @pytest.mark.parametrize("rating", [None, 10**30, "high"], ids=str)
    def test_a_rating_that_is_no_number_is_its_own_failure(self, rating):
        done: list[str] = []

        def good(question: Entry[Question], view: View) -> None:
            done.append("good")

        agents = [
            agent(watches=Question, writes=(), name="bad", rating=lambda q: rating)(nothing),
            agent(watches=Question, writes=(), name="good")(good),
        ]
        board = run_team(agents, Question(question="?"))

        assert done == ["good"]
        (record,) = board.store.activations(board.id, "bad")
        assert record.state == "failed"

    def test_a_bad_pattern_does_not_refuse_the_work_of_the_agent_that_set_it_off(self):
        def writes(question: Entry[Question], view: View) -> None:
            view.post(Answer(text="fine"))

        agents = [
            agent(watches=Question, writes=Answer, name="writer")(writes),
            agent(watches=Answer, writes=(), name="bad", rating=lambda a: None)(nothing),
        ]
        board = run_team(agents, Question(question="?"))

        assert [a.body.text for a in board.find(Answer)] == ["fine"]

    def test_a_condition_that_fails_says_so(self):
        def broken(board: Any) -> bool:
            raise ZeroDivisionError("in done=")

        one = Scenario("s", params=Question, agents=[agent(watches=Question, writes=Report, name="a")(nothing)],
                       result=Report, done=when(broken, "never"), budget=Budget(seconds=5))  # fmt: skip
        with pytest.raises(ZeroDivisionError, match="in done="):
            one.run(Question(question="?"), db=":memory:")


def failing(error: Exception, attempts: list[int]) -> Callable[..., None]:
    """An agent that raises this, and keeps count."""

    def acts(question: Entry[Question], view: View) -> None:
        attempts.append(view.attempt)
        raise error

    return acts


class TestLabels:
    def test_no_agent_makes_trust(self):
        with memory_board() as board:
            (answer,) = acting(posting("t"), board=board)
            assert answer.label == Label()
