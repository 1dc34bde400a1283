"""Stories of agents that ask a model: which answers, which team can run, what a board keeps. All by a script."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from blackboard import (
    Board,
    Budget,
    Entry,
    Kind,
    Quiescence,
    Scenario,
    Verdict,
    View,
    agent,
    agents_from,
    claude_agent,
    exists,
    list_boards,
    shortages,
)
from blackboard.board import open_store
from blackboard.calls import Short, Shortage
from blackboard.cli import launching
from blackboard.cli.options import Work
from blackboard.costs import Cost
from blackboard.errors import BudgetExceeded, ClaimLost, DeclarationError, ModelFailed, UsageError
from blackboard.llm.provider import Reply
from blackboard.models import HOW
from blackboard.terms import Terms
from blackboard.testing import memory_board, run_agent, run_team
from blackboard.working import Working
from store.store import SqlStore

SECONDS = 20


class Subtask(Kind, lifecycle={"open": ("answered", "flagged")}):
    """What is to be found out."""

    text: str = ""


class Source(Kind):
    """Where it may stand."""

    text: str = ""


class Answer(Kind):
    """What was found."""

    text: str = ""


@dataclass
class Script:
    """A provider: what it is asked, and by whom; and what stood for which model."""

    endpoint: str = "script"
    answer: Callable[[Any], Any] = lambda asked: Answer(text="so it is")
    asked: list[Any] = field(default_factory=list)
    models: list[dict[str, str]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


@pytest.fixture
def script(monkeypatch):
    """Answers in place of what makes calls; also where no provider was given."""
    made = Script()

    class Answering:
        def __init__(self, shop, provider, models):
            self.shop, self.provider = shop, provider
            made.models.append(dict(models))

        async def ask(self, asked):
            made.asked.append(asked)
            answer = made.answer(asked)
            if isinstance(answer, BaseException):
                raise answer
            if answer is None:
                await self._never()
            return answer

        async def _never(self):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await self.shop.in_store(lambda: made.log.append("journaled"))
                raise

        async def close(self):
            made.log.append("closed")

    module = ModuleType("blackboard.llm.answering")
    module.Answering = Answering  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "blackboard.llm.answering", module)
    return made


@pytest.fixture
def keyless(monkeypatch):
    """A machine that reaches no model."""
    monkeypatch.setattr("blackboard.settings.model_access", lambda: "")


@pytest.fixture
def keyed(monkeypatch):
    """A machine that reaches one."""
    monkeypatch.setattr("blackboard.settings.model_access", lambda: "ANTHROPIC_API_KEY")


@pytest.fixture
def db(tmp_path):
    return str(tmp_path / "b.db")


asks = claude_agent("researcher", watches=Subtask, writes=Answer, reads=Source, then="answered")


@agent(watches=Subtask, writes=(Answer, Subtask), name="researcher")
def guesses(subtask: Entry[Subtask], view: View) -> None:
    view.post(Answer(text="perhaps"), about=subtask)
    view.amend(subtask, status="answered")


TEAMS = {"claude": [asks], "offline": [guesses]}


def scenario(teams: Any = TEAMS, **options: Any) -> Scenario[Subtask]:
    return Scenario("asking", params=Subtask, agents=teams, result=Answer, **options)


class TestAnAgentByDeclaration:
    def test_shows_its_model_what_woke_it_and_what_is_linked_posts_the_answer_and_gives_the_status(self, script):
        board = memory_board()
        subtask, other = board.post(Subtask(text="why")), board.post(Subtask(text="whence"))
        source, _ = board.post(Source(), about=subtask), board.post(Source(), about=other)

        answer, changed = run_agent(asks, subtask, board=board, model=script)

        (asked,) = script.asked
        assert [one.entry.key for one in asked.shown] == [subtask.key, source.key]
        assert (asked.shape, asked.agent) == (Answer, asks)
        assert (answer.body, answer.about) == (Answer(text="so it is"), (subtask.key,))
        assert (changed.key, changed.status) == (subtask.key, "answered")

    def test_takes_part_in_a_team(self, script):
        board = run_team([asks], Subtask(), model=script)

        assert [a.body.text for a in board.find(Answer)] == ["so it is"]

    def test_without_a_model_says_what_is_missing(self):
        with pytest.raises(DeclarationError, match="researcher asks a model, and here is none; give one with model="):
            run_agent(asks, Subtask())


class TestWhichModel:
    def test_stands_for_which_is_said_by_the_scenario_and_each_by_each_by_the_run(self, script, keyed):
        own = scenario(models={"fast": "a", "strong": "b"})

        own.run(Subtask(), db=":memory:", models={"strong": "c", "researcher": "strong"})

        assert script.models == [{"fast": "a", "strong": "c", "researcher": "strong"}]

    def test_one_for_all_takes_the_place_of_whatever_the_scenario_says(self, script, keyed):
        scenario(models={"fast": "a"}).run(Subtask(), db=":memory:", model="d", models={"researcher": "fast"})

        assert script.models == [{"*": "d", "researcher": "fast"}]

    def test_is_kept_with_the_board_and_changed_by_resume(self, script, keyed, db):
        script.answer = lambda _: ModelFailed("would not", "refusal")
        own = scenario(models={"fast": "a"})
        kept = [own.run(Subtask(), db=db, model="d")]

        kept += [own.resume("last", db=db)]
        kept += [own.resume("last", db=db, models={"fast": "e"})]
        kept += [own.resume("last", db=db, model="f")]

        assert [board.verdict.ending for board in kept] == ["quiescent"] * 4
        assert script.models == [{"*": "d"}]
        assert Terms.of(kept[2].record.options).models == {"*": "f"}

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (
                {"models": {"resaercher": "x"}},
                "models: 'resaercher' is no tier and no agent that asks a model; there are",
            ),
            ({"models": {"fast": ""}}, "models: fast needs the id of a model, or a tier"),
            ({"model": " "}, "model= takes the id of a model"),
        ],
    )
    def test_that_means_nothing_is_refused_before_there_is_a_board(self, keyed, db, options, said):
        with pytest.raises(UsageError, match=said):
            scenario().run(Subtask(), db=db, **options)
        assert not Path(db).exists()

    def test_is_not_loaded_where_nobody_asks(self, script, keyed):
        scenario([guesses]).run(Subtask(), db=":memory:")

        assert script.models == []

    def test_is_asked_by_agents_that_are_made_of_entries_too(self, script, keyed):
        @agents_from(Source)
        def made(source: Entry[Source]):
            return claude_agent(f"by-{source.key}", watches=Subtask, writes=Answer)

        own = scenario([made], seed=lambda subtask: [Source(), subtask])

        assert own.run(Subtask(), db=":memory:").verdict.ending == "complete"
        assert [a.agent.name for a in script.asked] == ["by-source-1"]


class TestTheTeamOfItself:
    def team(self, own, **options) -> str:
        return own.run(Subtask(), db=":memory:", **options).record.team

    def test_is_the_first_where_a_model_is_reached(self, script, keyed):
        assert self.team(scenario()) == "claude"

    def test_is_the_first_that_asks_none_where_none_is_reached(self, keyless):
        assert self.team(scenario()) == "offline"

    def test_is_the_first_where_a_model_was_given_as_an_object(self, script, keyless):
        assert self.team(scenario(), model=script) == "claude"

    def test_counts_fallbacks_and_those_that_are_put_in_place(self, script, keyless):
        falls_back = {"falls": [replace(guesses, fallback=asks)], "offline": [guesses]}

        assert self.team(scenario(falls_back)) == "offline"
        assert self.team(scenario(), agents={"researcher": guesses}) == "claude"

    @pytest.mark.parametrize("team", ["claude", "auto"])
    def test_and_any_other_that_asks_is_refused_where_none_is_reached_before_there_is_a_board(self, keyless, db, team):
        own = scenario() if team == "claude" else scenario({"claude": [asks]})

        with pytest.raises(UsageError) as refused:
            own.run(Subtask(), db=db, team=team)

        other = "; --team offline works without" if team == "claude" else ""
        told = f"team 'claude' of asking asks a model (researcher), and no key is set: {HOW}{other}"
        assert str(refused.value) == told
        assert not Path(db).exists()

    def test_that_asks_only_in_place_of_another_is_refused_too(self, keyless):
        with pytest.raises(UsageError, match="team 'offline' of asking asks a model"):
            scenario().run(Subtask(), db=":memory:", team="offline", agents={"researcher": asks})

    def test_is_refused_when_it_is_resumed_and_the_board_stays_as_it_was(self, script, monkeypatch, keyed, db):
        script.answer = lambda _: ModelFailed("would not", "refusal")
        scenario().run(Subtask(), db=db)
        monkeypatch.setattr("blackboard.settings.model_access", lambda: "")

        with pytest.raises(UsageError, match="team 'claude' of asking asks a model"):
            scenario().resume("last", db=db)

        assert [(r.status, r.epoch) for r in list_boards(db=db)] == [("closed", 1)]

    def test_may_be_served_in_part_where_others_serve_who_asks(self, keyless, db):
        @agent(watches=Answer, writes=Source)
        def files(answer: Entry[Answer], view: View) -> None: ...

        own = scenario([asks, files], budget=Budget(seconds=0.2))

        assert own.run(Subtask(), db=db, only=["files"]).verdict.ending == "deadline"


class TestAWorkerWithoutAModel:
    def test_serves_those_who_ask_none_and_says_once_whom_it_leaves_to_others(self, script, monkeypatch, keyed, db):
        @agent(watches=Source, writes=Answer)
        def files(source: Entry[Source], view: View) -> None:
            view.post(Answer(text="filed"), about=source)

        script.answer = lambda _: ModelFailed("would not", "refusal")
        own = scenario([asks, files], seed=lambda s: [s, Source()], budget=Budget(seconds=0))
        own.run(Subtask(), db=db)
        store = open_store(db)
        store.reopen("asking-1", Budget().caps)
        with store._database.writing() as at:
            at.execute("UPDATE board SET options = json_remove(options, '$.budget')", {})
        monkeypatch.setattr("blackboard.settings.model_access", lambda: "")
        told: list[str] = []

        working = Working(store, lambda _: own, board="asking-1", tell=told.append)
        verdict = asyncio.run(asyncio.wait_for(working.run(), SECONDS))

        assert verdict is not None
        assert verdict.ending == "complete"
        assert told == [f"researcher of asking cannot be served here: a model is asked, and no key is set; {HOW}"]
        assert script.asked == []
        store.close()


class TestABudgetThatAllowsNoCall:
    def test_parks_the_activation_and_says_why(self, script, monkeypatch, keyed):
        """The store is asked to; what comes of that is told where stores are tested."""
        script.answer = lambda _: BudgetExceeded("nothing is left", "board:asking-1", "calls", 1)
        parked = []

        def park(self, claim, short, cause):
            parked.append((short, cause))
            return self.set_aside(claim, "waiting", cause)

        monkeypatch.setattr(SqlStore, "park", park, raising=False)
        events = []

        board = scenario().run(Subtask(), db=":memory:", observer=events.append)

        assert parked == [(Short("board:asking-1", "calls", 1, 0, 0), "nothing is left")]
        assert [e.detail for e in events if e.what == "waits"] == ["nothing is left"]
        assert board.count(Quiescence) == 1
        assert board.store.attempts(board.id, [a.id for a in board.store.activations(board.id)]) == []


class TestAClaimThatWasLostWhileItAsked:
    def test_is_told_as_lost_and_recorded_as_no_failure(self, script, keyed, db):
        def answer(asked):
            with store._database.writing() as at:
                at.execute("UPDATE activation SET token = token + 1 WHERE id = :id", {"id": asked.claim.id})
            return ClaimLost("another worker has it")

        def observer(event):
            events.append(event)
            if event.what == "lost":
                store.cancel(event.board, "seen enough")

        store = open_store(db)
        script.answer, events = answer, []

        made = scenario().run(Subtask(), db=db, observer=observer)

        assert [e.what for e in events if e.agent] == ["acting", "lost"]
        assert made.store.attempts(made.id, [a.id for a in made.store.activations(made.id)]) == []
        store.close()


class TestARunThatIsStopped:
    def test_lets_an_ask_write_down_what_it_must_before_it_leaves(self, script, keyed, db):
        script.answer = lambda _: None

        async def stopped() -> None:
            async with scenario().start(Subtask(), db=db):
                while not script.asked:
                    await asyncio.sleep(0)

        asyncio.run(asyncio.wait_for(stopped(), SECONDS))

        assert script.log[0] == "journaled"
        assert [a.state for a in open_store(db).activations("asking-1", "researcher")] == ["pending"]


class TestTheBudgetOfARun:
    def test_is_by_default_five_dollars_and_a_thousand_calls(self):
        assert scenario().budget == Budget(5, None, 1000, 10_000, 3600)

    def test_is_kept_in_the_store_in_all_its_units(self, script, keyed):
        board = scenario().run(Subtask(), db=":memory:", budget=Budget(usd=0.5, tokens=99))

        caps = {b.unit: b.cap for b in board.store.summary(board.id).budgets}
        assert caps == {"activations": 10_000, "nano_usd": 500_000_000, "tokens": 99, "calls": 1000}


class TestTheCommandLine:
    def test_takes_caps_and_models(self):
        said = Work(usd=0.5, tokens=9, calls=3, model=["opus", "fast=haiku", "critic=strong"])

        assert said.budget == Budget(usd=0.5, tokens=9, calls=3)
        assert launching._models(said.model) == ("opus", {"fast": "haiku", "critic": "strong"})

    @pytest.mark.parametrize("said", [["a", "b"], ["=x"], ["fast="], [""]])
    def test_refuses_models_that_say_nothing(self, told, said):
        words = [word for one in said for word in ("--model", one)]

        code, _, err = told("run", "hello", "Ada", *words)

        assert code == 2
        assert "--model " in err

    def test_says_which_team_it_has_picked_and_why(self, told, keyless, tmp_path):
        file = tmp_path / "two.py"
        teams = '{"claude": [claude_greeter.greeter, polisher, host], "offline": [greeter, polisher, host]}'
        file.write_text(
            "from agents.hello.greeter import greeter\nfrom scenarios.hello import *\n"
            f'scenario = Scenario("two", params=Guests, result=Welcome, agents={teams})\n'
        )

        assert f"team offline, since no key is set for team claude: {HOW}\n" in told("run", str(file), "Ada")[2]
        assert "team offline; --team takes another: claude\n" in told("run", "hello", "Ada")[2]
        assert "--team takes" not in told("run", "hello", "Ada", "--team", "offline")[2]

    def test_refuses_an_address_that_is_none_before_there_is_a_board(self, told, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "nonsense")

        code, out, err = told("run", "hello", "Ada", "--team", "claude")

        assert (code, out) == (2, "")
        assert err == "ANTHROPIC_BASE_URL: nonsense is no address such as http://localhost:11434\n"
        assert "there is no database" in told("boards")[2]

    def test_refuses_a_team_that_asks_with_what_to_set(self, told, keyless):
        code, out, err = told("run", "hello", "Ada", "--team", "claude")

        assert (code, out) == (2, "")
        refused = f"team 'claude' of hello asks a model (greeter), and no key is set: {HOW}"
        assert err == f"{refused}; --team offline works without\n"
        assert "there is no database" in told("boards")[2]

    @pytest.mark.parametrize(
        ("cost", "said"),
        [
            (None, ""),
            (Cost(Decimal("0.0021"), tokens=1204, calls=3), ", 3 calls, 1,204 tokens, 0.0021 USD"),
            (Cost(Decimal("0.0000182"), tokens=141, calls=1), ", 1 call, 141 tokens, 0.000018 USD"),
            (Cost(unpriced=1, tokens=10, calls=1), ", 1 call, 10 tokens, at no known price"),
            (Cost(Decimal("0.5"), unpriced=1, tokens=20, calls=2), ", 2 calls, 20 tokens, at least 0.5 USD"),
            (Cost(Decimal("0.5"), tokens=20, calls=2, presumed=1), ", 2 calls, 20 tokens, at most 0.5 USD"),
            (Cost(calls=3), ", 3 calls, 0 tokens, 0 USD"),
        ],
    )
    def test_tells_at_the_end_what_was_spent(self, cost, said):
        assert launching._spent(cost) == said


class TestWhatRaisesABudget:
    @pytest.mark.parametrize(
        ("scope", "unit", "remedy"),
        [
            ("board:x", "nano_usd", "raise it: AGAIN --usd N"),
            ("board:x", "tokens", "raise it: AGAIN --tokens N"),
            ("board:x", "calls", "raise it: AGAIN --calls N"),
            ("agent:x/researcher", "calls", "raise budget= where researcher is declared, then go on with: AGAIN"),
            (
                "day:2026-01-02",
                "calls",
                "`blackboard limits` shows and raises what the database may use in a day; or go on",
            ),
        ],
    )
    def test_is_said_by_its_option(self, scope, unit, remedy):
        board: Board = memory_board()
        reason = shortages.told(Shortage("researcher", 2, Short(scope, unit, 3, 5, 4)))

        said = launching._more(board, Verdict("budget", (reason,)), "AGAIN")

        assert said.startswith(remedy)


class Endpoint:
    """A provider whose every answer is the same; it goes the whole way of a call."""

    endpoint = "script"

    def __init__(self) -> None:
        self.sent = 0

    async def schema(self, shape):
        return shape.model_json_schema()

    async def count(self, request):
        return None

    async def send(self, request):
        self.sent += 1
        return Reply({
            "id": f"msg-{self.sent}", "type": "message", "role": "assistant", "model": request.body["model"],
            "content": [{"type": "text", "text": '{"text": "so it is"}'}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 10, "output_tokens": 5},
        })  # fmt: skip


class TestACapOfThreeCalls:
    FIVE = Scenario(
        "five", params=Subtask, agents=[asks], result=Answer, seed=lambda s: [s] * 5,
        done=exists(Answer, at_least=5),
    )  # fmt: skip

    def test_lets_three_be_made_ends_in_words_and_goes_on_where_it_is_raised(self, db):
        model = Endpoint()

        board = self.FIVE.run(Subtask(), db=db, model=model, budget=Budget(calls=3))

        assert model.sent == 3
        assert (board.verdict.ending, board.verdict.exit_code) == ("budget", 3)
        assert board.verdict.reasons[:2] == (
            "researcher needs another call, and nothing of the board's 3 calls is left (2 activations)",
            "2 of researcher not done",
        )
        (quiet,) = board.find(Quiescence)
        assert quiet.body.waiting == board.verdict.reasons[:1]
        assert board.why_not(asks).nearest == "subtask-4 v1 needs `blackboard resume five-1 --calls N`"
        assert launching._more(board, board.verdict, "AGAIN") == "raise it: AGAIN --calls N"

        board = self.FIVE.resume(db=db, model=model, budget=Budget(calls=5))

        assert (board.verdict.ending, model.sent) == ("complete", 5)

    def test_of_the_agents_own_is_told_as_its_own(self, db):
        own = replace(asks, budget=Budget(calls=1))
        five = Scenario(
            "five", params=Subtask, agents=[own], result=Answer, seed=lambda s: [s] * 2, done=self.FIVE.done
        )

        board = five.run(Subtask(), db=db, model=Endpoint())

        reason = "researcher needs another call, and nothing of its own 1 call is left"
        assert board.verdict.reasons[0] == reason
        assert "raise budget= where researcher is declared" in launching._more(board, board.verdict, "AGAIN")


def test_terms_of_an_older_release_know_no_models():
    assert Terms.of(json.dumps({})).models == {}
