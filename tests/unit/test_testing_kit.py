"""The kit that users test their agents with."""

import asyncio
import doctest
import json
import socket
import threading

import pytest
from pydantic import BaseModel

from blackboard import Entry, Kind, View, agent, all_done
from blackboard.calls import Usage
from blackboard.errors import Misuse, UsageError
from blackboard.llm.prices import usage
from blackboard.llm.provider import ProviderError, Reply, Request
from blackboard.testing import (
    NetworkUsed,
    ScriptedModel,
    Stopped,
    ToolUse,
    fault,
    forbid_network,
    memory_board,
    recording,
    replaying,
    run_agent,
    run_team,
    stub_agent,
    stubs,
)


class Question(Kind, lifecycle={"open": "answered", "answered": ()}):
    text: str


class Answer(Kind):
    text: str


@agent(watches=Question, writes=Answer, model="fast")
async def asker(question: Entry[Question], view: View) -> None:
    view.post(await view.ask("Answer.", shape=Answer), about=question)


class Plan(BaseModel):
    steps: list[str]


def request(agent: str = "critic", text: str = "What is it?", **more: object) -> Request:
    said = [{"role": "user", "content": text}]
    return Request(agent, {"model": "claude-haiku-5-5", "max_tokens": 100, "messages": said, **more})


def sent(model, wanted: Request | None = None) -> Reply:
    return asyncio.run(model.send(wanted or request()))


def content(model, wanted: Request | None = None):
    return sent(model, wanted).message["content"]


class TestAScriptedModel:
    def test_gives_its_replies_in_order_and_keeps_what_it_was_asked(self):
        model = ScriptedModel(["one", "two"])

        assert [content(model, request(text=text)) for text in "ab"] == [
            [{"type": "text", "text": "one"}], [{"type": "text", "text": "two"}],
        ]  # fmt: skip
        assert [r.body["messages"][0]["content"] for r in model.requests] == ["a", "b"]

    def test_answers_by_a_function_which_may_wait(self):
        async def later(asked: Request) -> str:
            await asyncio.sleep(0)
            return f"to {asked.agent}"

        assert content(ScriptedModel(lambda asked: f"for {asked.agent}"))[0]["text"] == "for critic"
        assert content(ScriptedModel(later))[0]["text"] == "to critic"

    def test_answers_each_agent_from_its_own_script(self):
        model = ScriptedModel({"planner": ["plan"], "critic": lambda _: "no", "*": ["x"]})

        assert content(model, request("planner"))[0]["text"] == "plan"
        assert content(model)[0]["text"] == "no"
        assert content(model, request("third"))[0]["text"] == "x"

    def test_says_bodies_texts_uses_of_tools_lists_and_whole_messages(self):
        whole = {"content": [], "stop_reason": "pause_turn", "usage": {"input_tokens": 1, "output_tokens": 2}}
        both = ["Let me see.", ToolUse("look", {"at": 1}, id="t1")]
        model = ScriptedModel([Plan(steps=["look"]), both, ToolUse("look"), whole])

        body, mixed, use, message = (sent(model).message for _ in range(4))

        assert Plan.model_validate_json(body["content"][0]["text"]) == Plan(steps=["look"])
        assert (body["stop_reason"], mixed["stop_reason"]) == ("end_turn", "tool_use")
        assert mixed["content"][1] == {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": 1}}
        assert use["content"][0]["id"].startswith("toolu_")
        assert message == whole

    def test_can_stop_otherwise_and_fail_as_endpoints_do(self):
        model = ScriptedModel([Stopped("refusal", "No.", {"category": None}), fault("limited", rest=3), KeyError("x")])

        refused = sent(model).message
        assert (refused["stop_reason"], refused["stop_details"]) == ("refusal", {"category": None})
        with pytest.raises(ProviderError) as limited:
            sent(model)
        assert (limited.value.fault, limited.value.is_free, limited.value.rest) == ("limited", True, 3)
        with pytest.raises(KeyError):
            sent(model)

    @pytest.mark.parametrize(("name", "is_free"), [("overloaded", True), ("silent", False), ("garbled", False)])
    def test_a_fault_costs_where_it_may(self, name, is_free):
        assert fault(name).is_free is is_free

    def test_that_has_run_out_says_who_asked_and_how_much_it_had(self):
        model = ScriptedModel({"critic": ["one"]})
        sent(model)

        with pytest.raises(Misuse, match="critic asks once more, and the script had 1 replies"):
            sent(model)
        with pytest.raises(Misuse, match="nothing for planner, only for critic"):
            sent(model, request("planner"))

    def test_that_has_run_out_fails_the_agent_at_once(self):
        with pytest.raises(Misuse, match="asker asks once more, and the script had 0 replies"):
            run_agent(asker, Question(text="Why?"), model=ScriptedModel([]))

    def test_counts_a_plausible_usage_that_can_be_set(self):
        counted = usage(sent(ScriptedModel(["word " * 1000])).message)
        own = usage(sent(ScriptedModel(["x"], usage={"input_tokens": 7, "output_tokens": 3})).message)
        made = ScriptedModel(
            ["x"], usage=lambda asked, _: {"input_tokens": 1, "output_tokens": asked.body["max_tokens"]}
        )

        assert (counted.output, counted.cache_read, counted.cache_write) == (100, 0, 0)
        assert 20 < counted.input < 60
        assert own == Usage(7, 3)
        assert usage(sent(made).message) == Usage(1, 100)
        assert asyncio.run(ScriptedModel([]).count(request())) == counted.input

    def test_gives_no_reply_twice_to_threads_that_ask_at_once(self):
        model = ScriptedModel([str(number) for number in range(200)])
        told: list[str] = []
        threads = [
            threading.Thread(target=lambda: told.extend(content(model)[0]["text"] for _ in range(25))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        assert sorted(told, key=int) == [str(number) for number in range(200)]

    def test_takes_no_single_text_for_a_list_of_them(self):
        with pytest.raises(Misuse, match="a list, a function"):
            ScriptedModel("hello")


class TestAStub:
    def test_posts_what_it_is_told_and_remembers_what_it_was_given(self):
        stub = stub_agent(Question, [Answer(text="a"), Answer(text="b")], then="answered")
        board = memory_board()

        written = run_agent(stub, Question(text="Why?"), board=board)

        assert [e.body.text for e in written if e.kind == "answer"] == ["a", "b"]
        assert (stub.calls, stub.seen[0].body, stub.name) == (1, Question(text="Why?"), "stub-question")
        assert board.find(Question)[0].status == "answered"

    def test_replies_by_a_function(self):
        def louder(question: Entry[Question]) -> Answer:
            return Answer(text=question.body.text.upper())

        stub = stub_agent(Question, louder, writes=Answer, name="loud")

        assert [e.body.text for e in run_agent(stub, Question(text="why"))] == ["WHY"]

    def test_fails_if_told_to_and_counts_that_too(self):
        stub = stub_agent(Question, ValueError("no"))

        with pytest.raises(ValueError, match="no"):
            run_agent(stub, Question(text="Why?"))
        assert stub.calls == 1

    def test_stands_in_a_team_and_for_what_is_given_a_whole_group(self):
        answers = stub_agent(Question, Answer(text="x"), then="answered")
        closing = stub_agent(all_done(Question), then="answered", name="closing", reply=lambda _: None)
        silent = stub_agent(all_done(Question), name="silent")

        run_team([answers, silent], Question(text="a"), Question(text="b"))

        assert answers.calls == 2
        assert [sorted(e.body.text for e in group) for group in silent.seen] == [["a", "b"]]
        assert closing.writes == (Question,)

    def test_does_as_its_documentation_says(self):
        assert doctest.testmod(stubs).failed == 0


class TestATape:
    def test_gives_again_what_was_recorded_and_asks_nobody(self, tmp_path):
        tape = tmp_path / "calls.jsonl"
        recorder = recording(tape, ScriptedModel(["one", "two", fault("overloaded", "full", rest=2), "three"]))
        first = [sent(recorder).message, sent(recorder).message]
        with pytest.raises(ProviderError):
            sent(recorder)
        other = sent(recorder, request(text="Other?")).message
        counts = asyncio.run(recorder.count(request()))

        player = replaying(tape)

        assert sent(player, request(text="Other?")).message == other
        assert [sent(player).message, sent(player).message] == first
        with pytest.raises(ProviderError) as full:
            sent(player)
        assert (full.value.fault, full.value.cause, full.value.rest) == ("overloaded", "full", 2)
        assert asyncio.run(player.count(request())) == counts
        assert recorder.endpoint == player.endpoint == "script"

    def test_knows_the_schemas_that_were_asked_for(self, tmp_path):
        class Odd(ScriptedModel):
            async def schema(self, shape):
                return {"title": shape.__name__}

        tape = tmp_path / "calls.jsonl"
        recorder = recording(tape, Odd(["one"]))
        for _ in range(2):
            assert asyncio.run(recorder.schema(Plan)) == {"title": "Plan"}

        assert asyncio.run(replaying(tape).schema(Plan)) == {"title": "Plan"}
        assert len(tape.read_text().splitlines()) == 1

    def test_names_what_differs_in_a_request_that_was_not_recorded(self, tmp_path):
        tape = tmp_path / "calls.jsonl"
        recorder = recording(tape, ScriptedModel(["one", "two"]))
        sent(recorder, request("planner", "far away", system="Another."))
        sent(recorder)
        player = replaying(tape)

        with pytest.raises(Misuse) as changed:
            sent(player, request(text="What was it?"))
        assert str(changed.value).endswith(
            'differs at messages[0].content: "What is it?" was recorded, now "What was it?"'
        )
        sent(player)
        with pytest.raises(Misuse, match="not given already; it was asked 1 times"):
            sent(player)

    def test_keeps_no_keys_and_passwords_and_still_finds_the_request(self, tmp_path):
        tape = tmp_path / "calls.jsonl"
        secret = request(
            text="My key is sk-ant-api03-abcdefgh and Bearer abcdefghijkl", metadata={"api_key": "hidden-1"}
        )
        said = {"content": [{"type": "text", "text": "ghp_0123456789abcdefghij", "password": "hidden-2"}], "usage": {}}
        sent(recording(tape, ScriptedModel([said])), secret)

        kept = tape.read_text()
        for word in ("abcdefgh", "hidden-1", "hidden-2", "0123456789"):
            assert word not in kept
        assert json.loads(kept)["request"]["max_tokens"] == 100
        assert content(replaying(tape), secret)[0]["text"] == "[redacted]"

    def test_that_is_not_there_says_how_to_make_it(self, tmp_path):
        with pytest.raises(UsageError, match="record some with recording"):
            replaying(tmp_path / "nothing.jsonl")


class TestForbiddingTheNetwork:
    def test_stops_what_leaves_this_machine(self):
        with forbid_network(), socket.socket() as one, socket.socket(type=socket.SOCK_DGRAM) as other:
            for job in (
                lambda: one.connect(("192.0.2.1", 80)),
                lambda: one.connect_ex(("192.0.2.1", 80)),
                lambda: other.sendto(b"x", ("192.0.2.1", 53)),
                lambda: socket.getaddrinfo("example.org", 80),
            ):
                with pytest.raises(NetworkUsed):
                    job()

    def test_leaves_this_machine_open(self):
        with forbid_network(), socket.socket() as server, socket.socket() as client:
            server.bind(("127.0.0.1", 0))
            server.listen()
            client.connect(server.getsockname())
            assert socket.getaddrinfo("localhost", 80)

    def test_inside_another_leaves_that_in_force(self):
        with forbid_network():
            with forbid_network():
                pass
            with socket.socket() as one, pytest.raises(NetworkUsed):
                one.connect(("192.0.2.1", 80))

    def test_ends_with_its_block(self):
        before = socket.socket.connect
        with forbid_network():
            assert socket.socket.connect is not before
        assert socket.socket.connect is before
