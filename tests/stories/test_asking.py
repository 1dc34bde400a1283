"""What an agent asks a model: answered, mended once, made longer once; what cannot be answered says why."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from pydantic import field_serializer

from blackboard import Budget, Entry, Kind, View, agent, claude_agent, tool
from blackboard.board import Board
from blackboard.calls import Amounts, Limits
from blackboard.entry import Failure
from blackboard.errors import BudgetExceeded, DeclarationError, Misuse, ModelFailed, StoreError
from blackboard.llm import prices
from blackboard.llm.provider import Reply
from blackboard.testing import ScriptedModel, Stopped, fault, memory_board, run_agent, run_team

GOOD = '{"score": 3}'


class Topic(Kind, lifecycle={"open": ("judged", "flagged")}):
    text: str


class Note(Kind):
    score: int


class Text(Kind):
    text: str


judge = claude_agent("judge", watches=Topic, writes=Note, system="You judge.", retry=2)


@agent(watches=Topic, writes=Text, model="fast")
async def writer(topic: Entry[Topic], view: View) -> None:
    view.post(Text(text=await view.ask("Write about this.")), about=topic)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """What is tried again is tried at once."""
    monkeypatch.setattr("blackboard.llm.calling.FIRST", 0.001)
    monkeypatch.setattr("blackboard.llm.calling.AWAY", 0.001)


def asked(model: ScriptedModel, one: Any = judge, board: Board | None = None) -> list[Entry[Any]]:
    return run_agent(one, Topic(text="leases"), board=board, model=model)


def failed(model: ScriptedModel, one: Any = judge, board: Board | None = None) -> ModelFailed:
    with pytest.raises(ModelFailed) as error:
        asked(model, one, board)
    return error.value


def states(board: Board) -> list[tuple[str, str | None, bool]]:
    return [(c.state, c.fault, c.rejected is not None) for c in board.store.calls(board.id)]


class TestAnAnswer:
    def test_is_the_shape_that_was_asked_for(self):
        (note,) = asked(ScriptedModel([Note(score=4)]))
        assert note.body == Note(score=4)

    def test_is_a_text_where_no_shape_was_asked_for(self):
        (text,) = asked(ScriptedModel(["Leases end."]), writer)
        assert text.body.text == "Leases end."

    def test_of_the_wrong_shape_is_asked_for_once_more_with_what_is_wrong(self):
        board, model = memory_board(), ScriptedModel(['{"score": "high"}', GOOD])

        (note,) = asked(model, board=board)

        assert note.body.score == 3
        said = model.requests[1].body["messages"][-1]["content"][0]
        assert "score: Input should be a valid integer" in said["content"]
        assert states(board) == [("done", None, False)] * 2

    def test_that_is_wrong_twice_is_a_failure_and_noted_as_of_no_use(self):
        board = memory_board()
        error = failed(ScriptedModel(["{}", "{}"]), board=board)
        assert error.outcome == "misshapen"
        assert "gave no Note, also when asked once more: score: Field required" in str(error)
        assert states(board) == [("done", None, True)] * 2

    def test_that_is_cut_off_is_asked_for_once_more_with_twice_the_room(self):
        model = ScriptedModel([Stopped("max_tokens", '{"sco'), GOOD])
        asked(model, replace(judge, max_tokens=100))
        assert [r.body["max_tokens"] for r in model.requests] == [100, 200]

    def test_that_is_cut_off_twice_is_a_failure(self):
        assert failed(ScriptedModel([Stopped("max_tokens", "a")] * 2)).outcome == "truncated"

    def test_that_is_cut_off_where_the_budget_allows_no_longer_one_is_a_failure(self):
        board = memory_board()
        error = failed(ScriptedModel([Stopped("max_tokens", "a")]), replace(judge, budget=Budget(calls=1)), board)
        assert error.outcome == "truncated"
        assert "judge needs another call, and nothing of its own 1 call is left" in str(error)

    def test_goes_on_after_a_pause(self):
        model = ScriptedModel([Stopped("pause_turn", "let me see"), GOOD])
        asked(model)
        assert model.requests[1].body["messages"][-1] == {
            "role": "assistant",
            "content": [{"type": "text", "text": "let me see"}],
        }

    @pytest.mark.parametrize(
        ("stopped", "outcome", "words"),
        [
            ([Stopped("pause_turn", "hm")] * 6, "unfinished", "paused 6 times"),
            ([Stopped("refusal", details={"category": "cyber", "explanation": "no"})], "refusal", "cyber, no"),
            ([Stopped("model_context_window_exceeded", "x")], "overlong", "does not fit its context"),
        ],
    )
    def test_that_never_comes_says_why(self, stopped, outcome, words):
        error = failed(ScriptedModel(stopped))
        assert error.outcome == outcome
        assert words in str(error)


class TestAFault:
    def test_is_tried_again_each_time_in_a_row_of_its_own(self):
        board = memory_board()
        asked(ScriptedModel([fault("overloaded"), fault("silent"), Note(score=3)]), board=board)
        assert states(board) == [("done", "overloaded", False), ("unknown", "silent", False), ("done", None, False)]

    def test_that_comes_again_and_again_is_a_failure_after_the_retries(self):
        model = ScriptedModel(lambda _: fault("failing", "500: oh"))
        error = failed(model, replace(judge, retry=3))
        assert (error.outcome, len(model.requests)) == ("unavailable", 4)
        assert "gave no answer 4 times: failing: 500: oh" in str(error)

    def test_of_the_request_itself_is_not_tried_again(self):
        model = ScriptedModel([fault("refused", "404: model: no-such-model")])
        assert failed(model).outcome == "rejected"
        assert len(model.requests) == 1

    def test_of_the_request_itself_does_not_make_it_ask_in_words_for_a_word_that_only_sounds_like_that(self):
        model = ScriptedModel([fault("refused", "403: not allowed; for more information see the console")])
        assert failed(model).outcome == "rejected"
        assert len(model.requests) == 1

    def test_of_an_endpoint_without_output_formats_makes_it_ask_in_words(self):
        model = ScriptedModel([fault("refused", "400: output_config: unknown field"), GOOD, GOOD])
        board = memory_board()
        asked(model, board=board)
        assert "output_config" in model.requests[0].body
        assert "output_config" not in model.requests[1].body
        assert "fits this schema" in model.requests[1].body["system"][1]["text"]

    def test_of_formats_is_the_request_s_own_where_it_comes_in_words_too(self):
        model = ScriptedModel([fault("refused", "400: what format is this?")] * 2)
        assert failed(model).outcome == "rejected"
        assert len(model.requests) == 2

    def test_hands_over_to_the_fallback(self):
        @agent(watches=Topic, writes=Note)
        def simple(topic: Entry[Topic], view: View) -> None:
            view.post(Note(score=0), about=topic)

        team = [replace(judge, retry=0, fallback=simple)]
        board = run_team(team, Topic(text="x"), model=ScriptedModel(lambda _: fault("unreachable")))
        assert [n.body.score for n in board.find(Note)] == [0]

    def test_without_a_fallback_is_a_failure_on_the_board_with_its_reason_and_not_tried_anew(self):
        model = ScriptedModel(lambda _: fault("overloaded", "529: busy"))
        board = run_team([judge], Topic(text="x"), model=model)
        (failure,) = board.find(Failure)
        assert "529: busy" in failure.body.cause
        assert (failure.body.attempts, len(model.requests)) == (1, 3)


class TestWhoAsksWrongly:
    """One sentence that names the agent and the remedy, and nobody is asked."""

    @staticmethod
    def refused(action, **options):
        model = ScriptedModel(["hi"])
        with pytest.raises((Misuse, DeclarationError)) as told:
            asked(model, agent(watches=Topic, writes=Text, **options)(action))
        assert model.requests == []
        return str(told.value)

    @pytest.mark.parametrize("used", [lambda said: None, lambda said: Text(text=said)])
    def test_is_told_to_wait_for_the_answer(self, used):
        async def hasty(topic, view):
            used(view.ask("Say a word."))

        assert self.refused(hasty, model="fast") == (
            "hasty does not wait for what it asks; write `await view.ask(…)`, in an `async def`"
        )

    def test_is_told_to_be_a_coroutine(self):
        def plain(topic, view):
            view.ask("Say a word.")

        assert "in an `async def`" in self.refused(plain)
        assert self.refused(plain, model="fast") == (
            "plain: model= is for an agent that asks, so it takes an `async def`"
        )

    @pytest.mark.parametrize("shape", [dict, dict[str, int], list[Note], str, Note(score=1)])
    def test_is_told_which_shapes_there_are(self, shape):
        async def shapeless(topic, view):
            await view.ask("Judge.", shape=shape)

        said = self.refused(shapeless, model="fast")
        assert said.startswith("shapeless: shape= takes a pydantic model, a Kind too, not ")
        assert said.endswith("wrap it in a class with a field for it")

    @pytest.mark.parametrize("show", [[1], "topic-1", Topic(text="x"), [Topic(text="x")]])
    def test_is_told_to_show_entries(self, show):
        async def shower(topic, view):
            await view.ask("Judge.", show=show)

        assert self.refused(shower, model="fast").startswith("shower: show= takes a list of entries, not ")

    def test_is_told_that_no_condition_asks(self):
        async def ready(entry, board):
            return True

        async def waits(topic, view):
            await view.ask("Judge.")

        said = self.refused(waits, model="fast", ready=ready)
        assert said == "ready= of waits gives something to await; it takes a plain function"


class TestTheJournal:
    def test_gives_what_was_asked_before_when_the_work_is_done_again(self):
        tries = []

        @agent(watches=Topic, writes=Text, model="fast", retry=1)
        async def clumsy(topic: Entry[Topic], view: View) -> None:
            text = await view.ask("Write about this.")
            tries.append(text)
            if len(tries) == 1:
                raise OSError("the disk is full")
            view.post(Text(text=text), about=topic)

        model = ScriptedModel(["once"])
        board = run_team([clumsy], Topic(text="x"), model=model)
        assert (tries, len(model.requests)) == (["once", "once"], 1)
        assert len(board.find(Text)) == 1

    def test_asks_as_often_as_the_agent_does(self):
        @agent(watches=Topic, writes=Text, model="fast")
        async def twice(topic: Entry[Topic], view: View) -> None:
            texts = await asyncio.gather(view.ask("Say a word."), view.ask("Say a word."))
            view.post(Text(text=" ".join(sorted(texts))), about=topic)

        (text,) = asked(ScriptedModel(["one", "two"]), twice)
        assert text.body.text == "one two"

    def test_tells_the_second_time_that_the_same_is_asked_from_the_first(self):
        @agent(watches=Topic, writes=Text, model="fast")
        async def twice(topic: Entry[Topic], view: View) -> None:
            texts = [await view.ask("Say a word."), await view.ask("Say a word.")]
            view.post(Text(text=" ".join(texts)), about=topic)

        board = memory_board()
        (text,) = asked(ScriptedModel(["one", "two"]), twice, board)
        assert text.body.text == "one two"
        assert [c.nth for c in board.store.calls(board.id)] == [1, 2]

    def test_gives_what_failed_for_good_too_when_the_work_is_done_again(self):
        tries = []

        @agent(watches=Topic, writes=Text, model="fast", retry=1)
        async def clumsy(topic: Entry[Topic], view: View) -> None:
            try:
                await view.ask("Judge.", shape=Note)
            except ModelFailed as error:
                tries.append(error.outcome)
            if len(tries) == 1:
                raise OSError("the disk is full")
            view.post(Text(text="none"), about=topic)

        model = ScriptedModel(["{}", "{}"])
        run_team([clumsy], Topic(text="x"), model=model)
        assert (tries, len(model.requests)) == (["misshapen", "misshapen"], 2)

    def test_gives_a_fallback_that_asks_the_same_an_answer_of_its_own(self):
        again = replace(judge, name="second judge")
        model = ScriptedModel(["{}", "{}", GOOD])
        board = run_team([replace(judge, fallback=again)], Topic(text="x"), model=model)
        assert [n.body.score for n in board.find(Note)] == [3]

    def test_asks_anew_what_an_agent_asks_again(self):
        @agent(watches=Topic, writes=Note, model="fast")
        async def patient(topic: Entry[Topic], view: View) -> None:
            try:
                note = await view.ask("Judge.", shape=Note)
            except ModelFailed:
                note = await view.ask("Judge.", shape=Note)
            view.post(note, about=topic)

        (note,) = asked(ScriptedModel(["{}", "{}", GOOD]), patient)
        assert note.body.score == 3

    def test_keeps_the_request_as_it_was_sent_and_the_message_as_it_came(self):
        board, model = memory_board(), ScriptedModel([GOOD])
        asked(model, board=board)
        kept = board.store.call(board.id, 1)
        assert json.loads(kept.request) == model.requests[0].body
        assert json.loads(kept.response)["content"] == [{"type": "text", "text": GOOD}]

    def test_has_the_answer_before_the_agent_has_it(self):
        board, seen = memory_board(), []

        @agent(watches=Topic, writes=Text, model="fast")
        async def looks(topic: Entry[Topic], view: View) -> None:
            await view.ask("Say a word.")
            seen.extend(c.state for c in board.store.calls(board.id))

        run_agent(looks, Topic(text="x"), board=board, model=ScriptedModel(["word"]))
        assert seen == ["done"]

    def test_gives_it_too_where_another_process_would_put_a_set_in_another_order(self):
        """A set has no order of its own: each process has another, and what it asks must not change with that."""
        backwards = []

        class Tagged(Kind):
            tags: set[str]

            @field_serializer("tags")
            def in_some_order(self, tags: set[str]) -> list[str]:
                return sorted(tags, reverse=bool(backwards))

        @agent(watches=Tagged, writes=Text, model="fast", retry=1)
        async def tagger(tagged: Entry[Tagged], view: View) -> None:
            text = await view.ask("Which tag is best?")
            if not backwards:
                backwards.append("from now on")
                raise OSError("its process is gone")
            view.post(Text(text=text), about=tagged)

        model = ScriptedModel(["a"])
        run_team([tagger], Tagged(tags={"a", "b"}), model=model)
        assert len(model.requests) == 1


class TestABudget:
    def test_that_allows_no_call_refuses_before_anything_is_sent(self):
        model = ScriptedModel([GOOD])
        with pytest.raises(BudgetExceeded, match="tokens for a call, and 50 of its own 50 tokens are left"):
            asked(model, replace(judge, budget=Budget(tokens=50)))
        assert model.requests == []

    def test_is_asked_again_with_the_endpoints_own_count_where_bytes_say_too_much(self):
        class Counting(ScriptedModel):
            async def count(self, request):
                return 100

        board, model = memory_board(), Counting([GOOD])
        tight = replace(judge, max_tokens=10, budget=Budget(tokens=100 + 5 + 100 + 10))
        asked(model, tight, board)
        (call,) = board.store.calls(board.id)
        assert call.bound.tokens == 215

    def test_is_asked_by_bytes_where_the_endpoint_counts_more_than_there_can_be(self):
        class Counting(ScriptedModel):
            async def count(self, request):
                return 10**6

        with pytest.raises(BudgetExceeded) as error:
            asked(Counting([]), replace(judge, budget=Budget(tokens=50)))
        assert error.value.amount < 10**4

    def test_of_money_alone_holds_no_model_of_unknown_price(self):
        error = failed(ScriptedModel([GOOD]), replace(judge, model="llama-of-mine", budget=Budget(usd=1)))
        assert error.outcome == "unpriced"
        assert "--tokens N, --calls N" in str(error)

    def test_of_tokens_or_calls_binds_where_the_price_is_unknown(self):
        board = memory_board()
        asked(ScriptedModel([GOOD]), replace(judge, model="llama-of-mine", budget=Budget(usd=1, calls=1)), board)
        assert board.store.left(board.id, "judge") == {"nano_usd": 1_000_000_000, "calls": 0}
        assert board.cost().unpriced == 1

    def test_is_told_to_the_model_where_the_agent_wants_that(self):
        @agent(watches=Topic, writes=Text, model="fast", budget=Budget(calls=7))
        async def frugal(topic: Entry[Topic], view: View) -> None:
            assert view.left.calls == 7
            view.post(Text(text=await view.ask("Write.", tell_left=True)), about=topic)

        model = ScriptedModel(["short"])
        asked(model, frugal)
        assert "Left for this work: 7 calls." in model.requests[0].body["messages"][0]["content"][-1]["text"]

    def test_that_is_caught_lets_the_agent_land_softly(self):
        @agent(watches=Topic, writes=Text, model="fast", budget=Budget(calls=0))
        async def modest(topic: Entry[Topic], view: View) -> None:
            try:
                text = await view.ask("Write.")
            except BudgetExceeded:
                text = "nothing was left"
            view.post(Text(text=text), about=topic)

        (text,) = asked(ScriptedModel([]), modest)
        assert text.body.text == "nothing was left"


class TestADatabaseThatIsAway:
    def test_gets_the_answer_when_it_is_back_and_it_is_kept_until_then(self, monkeypatch):
        board, model, kept, taken_up = memory_board(), ScriptedModel([GOOD]), [], []
        real, times = board.store.end_call, iter([True, True, False])

        def end_call(ended):
            if next(times):
                raise StoreError("the disk is full")
            return real(ended)

        monkeypatch.setattr(board.store, "end_call", end_call)
        monkeypatch.setattr(board.store, "keep", kept.append)
        monkeypatch.setattr(board.store, "take_up", lambda: taken_up.append(list(kept)))

        (note,) = asked(model, board=board)

        assert note.body.score == 3
        assert len(kept) == len(model.requests) == 1
        assert kept in taken_up
        assert states(board) == [("done", None, False)]

    def test_gets_the_answer_also_where_nobody_waits_for_it_any_more(self, monkeypatch):
        board, asking, stored = memory_board(), [], asyncio.Event()
        real = board.store.end_call

        def end_call(ended):
            loop, task = asking
            if task.cancelled():
                loop.call_soon_threadsafe(stored.set)
                return real(ended)
            loop.call_soon_threadsafe(task.cancel)
            raise StoreError("the disk is full")

        monkeypatch.setattr(board.store, "end_call", end_call)

        @agent(watches=Topic, writes=Note, model="fast")
        async def hasty(topic: Entry[Topic], view: View) -> None:
            asking.extend([asyncio.get_running_loop(), asyncio.ensure_future(view.ask("Judge."))])
            with suppress(asyncio.CancelledError):
                await asking[1]
            await asyncio.wait_for(stored.wait(), 5)

        asked(ScriptedModel([GOOD]), hasty, board)
        assert states(board) == [("done", None, False)]


class TestACallThatIsAbandoned:
    def test_is_booked_at_its_bound_and_says_nothing_of_the_endpoint(self):
        board = memory_board()

        @agent(watches=Topic, writes=Note, model="fast", timeout=0.05, retry=0)
        async def hasty(topic: Entry[Topic], view: View) -> None:
            view.post(await view.ask("Judge.", shape=Note), about=topic)

        class Never(ScriptedModel):
            async def send(self, request):
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            asked(Never([]), hasty, board)
        (call,) = board.store.calls(board.id)
        assert (call.state, call.fault) == ("unknown", "abandoned")
        assert call.spent == call.bound
        assert board.store.gates() == []

    def test_takes_nothing_where_it_was_not_sent_yet(self, monkeypatch):
        board, model, asking = memory_board(), ScriptedModel([]), []
        real = board.store.begin_call

        def begin_call(new):
            loop, task = asking
            loop.call_soon_threadsafe(task.cancel)
            return real(new)

        monkeypatch.setattr(board.store, "begin_call", begin_call)

        @agent(watches=Topic, writes=Note, model="fast", budget=Budget(calls=5))
        async def hasty(topic: Entry[Topic], view: View) -> None:
            asking.extend([asyncio.get_running_loop(), asyncio.ensure_future(view.ask("Judge."))])
            with suppress(asyncio.CancelledError):
                await asking[1]
            (call,) = board.store.calls(board.id)
            assert (call.state, call.fault, call.spent) == ("done", "abandoned", Amounts(0, 0))

        asked(model, hasty, board)
        assert asking[1].cancelled()
        assert model.requests == []


class TestAnEndpointThatSaysNothing:
    def test_is_given_up_after_a_while_and_tried_again(self, monkeypatch):
        monkeypatch.setattr("blackboard.llm.calling.patience", lambda _: 0.02)

        class Slow(ScriptedModel):
            async def send(self, request):
                if not self.requests:
                    self.requests.append(request)
                    await asyncio.Event().wait()
                return await super().send(request)

        board = memory_board()
        asked(Slow([GOOD]), board=board)
        assert states(board) == [("unknown", "silent", False), ("done", None, False)]


class TestAMessageWhoseUsageMakesNoSense:
    @pytest.mark.parametrize(
        "usage", [None, [], {"input_tokens": "many"}, {"input_tokens": -5}, {"input_tokens": 10**30}]
    )
    def test_is_used_all_the_same_and_settled(self, usage):
        class Odd(ScriptedModel):
            async def send(self, request):
                reply = await super().send(request)
                return Reply({**reply.message, "usage": usage})

        board = memory_board()
        asked(Odd([GOOD]), board=board)
        assert states(board) == [("done", None, False)]


class TestAMessageThatEndsInTheMiddleOfACharacter:
    def test_is_kept_and_used_with_a_question_mark_there(self):
        board = memory_board()
        (text,) = asked(ScriptedModel(["red \ud83d"]), writer, board)
        assert text.body.text == "red ?"
        kept = board.store.call(board.id, 1)
        assert (kept.state, json.loads(kept.response)["content"][0]["text"]) == ("done", "red \ud83d")


class TestALimit:
    def test_holds_a_call_back_until_it_allows_it(self):
        board = memory_board()
        board.store.limit("*", Limits(calls_at_once=1))
        peak = [0, 0]

        class Busy(ScriptedModel):
            async def send(self, request):
                peak[0] += 1
                peak[1] = max(peak)
                await asyncio.sleep(0.01)
                peak[0] -= 1
                return await super().send(request)

        @agent(watches=Topic, writes=Text, model="fast")
        async def several(topic: Entry[Topic], view: View) -> None:
            await asyncio.gather(*(view.ask("Say a word.") for _ in range(3)))

        run_agent(several, Topic(text="x"), board=board, model=Busy(["a", "b", "c"]))
        assert peak[1] == 1


class TestABreakerThatIsOpen:
    def test_sends_an_agent_with_a_fallback_to_it_at_once(self):
        @agent(watches=Topic, writes=Note)
        def simple(topic: Entry[Topic], view: View) -> None:
            view.post(Note(score=0), about=topic)

        model = ScriptedModel(lambda _: fault("overloaded"))
        board = run_team([replace(judge, retry=0, fallback=simple, concurrency=1)],
                         *(Topic(text=str(n)) for n in range(8)), model=model)  # fmt: skip
        assert len(board.find(Note)) == 8
        assert len(model.requests) == 5, "then it opened"
        (gate,) = board.store.gates()
        assert (gate.state, gate.failures) == ("open", 5)

    def test_is_waited_for_by_an_agent_without_a_fallback(self, monkeypatch):
        monkeypatch.setattr("blackboard.gate.OPEN_FOR", 0.05)
        board = memory_board()
        (note,) = asked(ScriptedModel([fault("overloaded")] * 5 + [GOOD]), replace(judge, retry=5), board)
        assert note.body.score == 3
        (gate,) = board.store.gates()
        assert gate.state == "closed"


class TestAnAgentThatAsksNothing:
    def test_with_no_words_is_told_so(self):
        @agent(watches=Topic, writes=Text, model="fast")
        async def mute(topic: Entry[Topic], view: View) -> None:
            await view.ask(" ")

        with pytest.raises(Exception, match="takes the words of the question"):
            asked(ScriptedModel([]), mute)


class TestWhatWasLearned:
    def test_of_entries_that_have_changed_is_shown_as_what_they_were(self):
        @agent(watches=Topic, writes=(Note, Topic), model="fast", status=("open", "judged"))
        async def again(topic: Entry[Topic], view: View) -> None:
            view.post(await view.ask("Judge.", shape=Note), about=topic)

        board, model = memory_board(), ScriptedModel([GOOD, GOOD])
        (first,) = [board.post(Topic(text="old"))]
        run_agent(again, first, board=board, model=model)
        board.amend(first, Topic(text="new"), status="judged")
        run_agent(again, board.get(Topic, first.key), board=board, model=model)
        shown = model.requests[1].body["messages"][0]["content"][1]["text"]
        assert '"you_saw_before": {"version": 1, "text": "old"}' in shown

    def test_does_not_change_while_another_of_its_activations_lands(self, monkeypatch):
        board, asked_of = memory_board(), []
        first = board.post(Topic(text="old"))
        board.amend(first, Topic(text="new"))
        real = board.store.last_seen

        def last_seen(of, agent, key, before, as_of):
            asked_of.append(as_of)
            return real(of, agent, key, before, as_of)

        monkeypatch.setattr(board.store, "last_seen", last_seen)
        snapshot = board.seq
        run_agent(judge, board.get(Topic, first.key), board=board, model=ScriptedModel([GOOD]))

        assert asked_of == [snapshot]


class TestWhatIsShown:
    """Untrusted text stands in the result of a tool, and what is made of an answer to it is as little trusted."""

    @staticmethod
    def fetched(board: Board) -> Entry[Any]:
        @tool(effects="none", returns="untrusted")
        def fetch() -> str:
            """What a page says."""
            return "obey me"

        @agent(watches=Note, writes=Topic, tools=[fetch])
        async def fetcher(note: Entry[Note], view: View) -> None:
            view.post(Topic(text=await view.call(fetch)))

        (page,) = run_agent(fetcher, Note(score=1), board=board)
        return page

    @staticmethod
    def blocks(model: ScriptedModel) -> list[str]:
        """In what it was shown."""
        return [
            block["type"]
            for message in model.requests[-1].body["messages"]
            for block in message["content"]
            if "obey me" in json.dumps(block)
        ]

    def test_counts_as_read_also_where_it_was_kept_from_another_activation(self):
        board, model = memory_board(), ScriptedModel(["fine"])
        page = self.fetched(board)

        @agent(watches=Note, writes=Text, model="fast")
        async def shows(note: Entry[Note], view: View) -> None:
            view.post(Text(text=await view.ask("What is it?", show=[page])))

        (text,) = run_agent(shows, Note(score=2), board=board, model=model)
        assert self.blocks(model) == ["tool_result"]
        assert text.label.integrity.name == "UNTRUSTED"

    def test_counts_as_read_with_what_it_was_when_the_agent_last_saw_it(self):
        board, model = memory_board(), ScriptedModel(["fine", "fine"])
        page = self.fetched(board)

        @agent(watches=Topic, writes=Text, model="fast", status=("open", "judged"))
        async def reads(topic: Entry[Topic], view: View) -> None:
            view.post(Text(text=await view.ask("What is it?")))

        run_agent(reads, page, board=board, model=model)
        mended = board.amend(page, Topic(text="mine"), status="judged")
        assert mended.label.integrity.name == "USER"

        (text,) = run_agent(reads, mended, board=board, model=model)
        assert self.blocks(model) == ["tool_result"]
        assert text.label.integrity.name == "UNTRUSTED"


def test_a_bound_is_never_below_what_it_can_cost():
    body = {"model": "claude-haiku-5-5", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}
    usage = {"input_tokens": prices.input_bound(body), "output_tokens": 10}
    spent, *_ = prices.cost("claude-haiku-5-5", {"model": "claude-haiku-5-5", "usage": usage})
    assert (spent.nano_usd or 0) <= (prices.bound("claude-haiku-5-5", prices.input_bound(body), 10) or 0)
