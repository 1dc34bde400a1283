"""The server of the Messages API for tests: strict with requests, scripted in answers, exact in what it bills."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from decimal import Decimal
from urllib.parse import urlsplit

import pytest

from blackboard.llm.prices import cost, input_bound
from blackboard.testing import MessagesServer, Stopped, ToolUse, Trouble, fault

KEY = {"authorization": "Bearer a-key", "anthropic-version": "2026-10-21", "content-type": "application/json"}
USER = {"role": "user", "content": "What is it?"}
LOOK = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
USE = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {}}]}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "seen"}]}
LATE = {"role": "user", "content": [{"type": "text", "text": "x"}, *RESULT["content"]]}
CLOSED = {"type": "object", "properties": {"x": {"enum": ["seen"]}}, "additionalProperties": False}
MARK = {"cache_control": {"type": "ephemeral"}}


def body(**more: object) -> dict[str, object]:
    """A request; what is None is left out."""
    said = {"model": "claude-haiku-5-5", "max_tokens": 100, "messages": [USER], **more}
    return {name: value for name, value in said.items() if value is not None}


def post(server, said=None, headers=KEY, path="/v1/messages"):
    """Status, body, headers of the answer."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        data = said if isinstance(said, bytes) else json.dumps(body() if said is None else said)
        connection.request("POST", path, data, headers)
        answer = connection.getresponse()
        raw = answer.read()
        kind = answer.getheader("content-type")
        return answer.status, json.loads(raw) if kind == "application/json" else raw.decode(), answer.headers
    finally:
        connection.close()


def shape(schema):
    return {"format": {"type": "json_schema", "schema": schema}}


def text(words, **more):
    return {"type": "text", "text": words, **more}


class TestARequest:
    @pytest.fixture
    def server(self):
        with MessagesServer() as server:
            yield server

    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"system": "You judge.", "stop_sequences": ["END"], "metadata": {"user_id": "7"}, "stream": False},
            {"system": [text("You judge.", **MARK)], "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"tools": [LOOK], "tool_choice": {"type": "auto"}, "messages": [USER, USE, RESULT]},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
            {
                "output_config": shape(
                    {"type": "object", "properties": {"a": {"enum": [1]}}, "additionalProperties": False}
                )
            },
        ],
    )
    def test_as_it_should_be_is_answered(self, server, more):
        assert post(server, body(**more))[0] == 200

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"temperature": 0.5}, "temperature: Extra inputs"),
            ({"top_p": 0.5}, "top_p: Extra inputs"),
            ({"top_k": 5}, "top_k: Extra inputs"),
            ({"prompt": "hello"}, "prompt: Extra inputs"),
            ({"output_format": {}}, "output_format: Extra inputs"),
            ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "budget_tokens"),
            ({"thinking": {"type": "disabled"}, "model": "claude-opus-5-5"}, "disabled is not supported"),
            ({"max_tokens": None}, "max_tokens: Field required"),
            ({"max_tokens": 0}, "greater than or equal to 1"),
            ({"max_tokens": 1_000_000}, "maximum allowed"),
            ({"max_tokens": "100"}, "valid integer"),
            ({"model": None}, "model: Field required"),
            ({"messages": None}, "messages: Field required"),
            ({"messages": []}, "at least one message"),
            ({"messages": [USE, RESULT], "tools": [LOOK]}, "beginning with 'user'"),
            ({"messages": [USER, USER]}, "must alternate"),
            ({"messages": [{"role": "system", "content": "x"}]}, "'user' or 'assistant'"),
            ({"messages": [USER, {"role": "assistant", "content": "It is"}]}, "prefill"),
            ({"messages": [{"role": "user", "content": " "}]}, "must be non-empty"),
            ({"messages": [{"role": "user", "content": [text("")]}]}, "non-whitespace"),
            ({"messages": [{"role": "user", "content": []}]}, "at least one block"),
            ({"messages": [{"role": "user", "content": [{"type": "toot"}]}]}, "not toot"),
            ({"messages": [USER | {"name": "Ada"}]}, "name: Extra inputs"),
            ({"messages": [{"role": "user", "content": [text("x", parsed_output=1)]}]}, "parsed_output: Extra inputs"),
            ({"messages": [USER, USE, RESULT]}, "need tools="),
            ({"messages": [USER, USE, USER], "tools": [LOOK]}, "without `tool_result` blocks immediately after: t1"),
            ({"messages": [RESULT], "tools": [LOOK]}, "unexpected `tool_use_id`"),
            (
                {"messages": [USER, USE, LATE], "tools": [LOOK]},
                "come first",
            ),
            ({"system": ""}, "must be non-empty"),
            ({"system": [text("")]}, "non-whitespace"),
            ({"system": [text("x", **MARK)] * 5}, "A maximum of 4 blocks"),
            ({"system": [text("x", **MARK), text("y", cache_control={"type": "ephemeral", "ttl": "1h"})]}, "1h"),
            ({"system": [text("x", cache_control={"type": "for ever"})]}, "'ephemeral'"),
            ({"tools": [LOOK], "tool_choice": {"type": "any"}}, "forced tool use"),
            ({"tools": [LOOK], "tool_choice": {"type": "tool", "name": "look"}}, "forced tool use"),
            ({"tool_choice": {"type": "auto"}}, "while providing tools"),
            ({"tools": [LOOK, LOOK]}, "unique"),
            ({"tools": [LOOK | {"name": "look up"}]}, "pattern"),
            ({"tools": [LOOK | {"strict": True}]}, "additionalProperties"),
            ({"output_config": {"effort": "huge"}}, "effort"),
            ({"output_config": {"format": {"type": "text", "schema": {}}}}, "'json_schema'"),
            ({"output_config": shape({"type": "object", "properties": {}})}, "must be explicitly set to false"),
            ({"output_config": shape({"type": "array", "items": {"type": "object"}})}, "explicitly set to false"),
            ({"output_config": shape({"type": "integer", "minimum": 1})}, "'minimum' is not supported"),
            ({"metadata": 7}, "metadata"),
            ({"messages": 7}, "valid list"),
            ({"tools": 7}, "valid list"),
            ({"service_tier": {}}, "malformed"),
        ],
    )  # fmt: skip
    def test_that_the_api_would_refuse_is_refused_in_its_form(self, server, more, said):
        status, answer, _ = post(server, body(**more))

        assert (status, answer["type"], answer["error"]["type"]) == (400, "error", "invalid_request_error")
        assert said in answer["error"]["message"]

    @pytest.mark.parametrize(
        ("without", "status", "said"),
        [
            ("authorization", 401, "x-api-key"),
            ("anthropic-version", 400, "header is required"),
            ("content-type", 400, "application/json"),
        ],
    )
    def test_needs_its_headers(self, server, without, status, said):
        answered, answer, _ = post(server, headers={k: v for k, v in KEY.items() if k != without})

        assert answered == status
        assert said in answer["error"]["message"]

    def test_may_bring_its_key_either_way_but_only_in_the_version_that_is_served(self, server):
        own = {k: v for k, v in KEY.items() if k != "authorization"} | {"x-api-key": "a-key"}

        assert post(server, headers=own)[0] == 200
        assert post(server, headers=KEY | {"authorization": "Bearer "})[0] == 401
        assert post(server, headers=KEY | {"anthropic-version": "2023-06-01"})[0] == 400

    def test_must_be_json_and_go_to_where_something_is(self, server):
        assert post(server, b"{nothing")[0] == 400
        assert post(server, b"[]")[0] == 400
        assert post(server, path="/v1/complete")[1]["error"]["type"] == "not_found_error"

    def test_for_a_count_takes_no_more_than_counts(self, server):
        status, answer, _ = post(server, body(max_tokens=None), path="/v1/messages/count_tokens")

        assert status == 200
        assert 0 < answer["input_tokens"] <= input_bound(body())
        assert post(server, body(), path="/v1/messages/count_tokens")[0] == 400

    def test_can_be_refused_for_what_this_endpoint_does_not_know(self):
        with MessagesServer(unsupported=("output_config",)) as server:
            assert post(server, body(output_config={"effort": "low"}))[0] == 400


class TestAnAnswer:
    def test_follows_the_script_for_whoever_is_told_so_in_its_system_text(self):
        replies = {"You plan.": ["a plan"], "*": lambda request: [ToolUse("look", {"at": request.body["model"]})]}
        with MessagesServer(replies) as server:
            planned = post(server, body(system=[text("You plan. Be brief.")]))[1]
            looked = post(server)[1]

        assert planned["content"] == [text("a plan")]
        assert looked["content"][0]["input"] == {"at": "claude-haiku-5-5"}
        assert looked["stop_reason"] == "tool_use"

    def test_has_the_form_that_is_asked_for_where_nothing_is_scripted(self):
        schema = {
            "type": "object", "additionalProperties": False, "required": ["n", "deep", "one", "list"],
            "$defs": {"Deep": CLOSED},
            "properties": {
                "n": {"type": "integer"}, "deep": {"$ref": "#/$defs/Deep"}, "one": {"enum": ["a", "b"]},
                "list": {"type": "array", "items": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}},
                "left_out": {"type": "number"},
            },
        }  # fmt: skip
        with MessagesServer() as server:
            answer = post(server, body(output_config=shape(schema)))[1]

        assert json.loads(answer["content"][0]["text"]) == {"n": 1, "deep": {"x": "seen"}, "one": "a", "list": [True]}

    def test_comes_as_events_in_the_order_of_the_api_if_a_stream_is_wanted(self):
        with MessagesServer([["Well. ", ToolUse("look", {"at": 1}, id="t1")]]) as server:
            _, stream, headers = post(server, body(stream=True))

        names = [line.removeprefix("event: ") for line in stream.splitlines() if line.startswith("event: ")]
        block = ["content_block_start", "content_block_delta", "content_block_stop"]
        assert headers["content-type"] == "text/event-stream"
        assert names == ["message_start", "ping", *block, *block, "message_delta", "message_stop"]

    def test_is_cut_where_it_would_be_too_long(self):
        with MessagesServer(["word " * 1000] * 2, context=200) as server:
            _, cut, _ = post(server, body(max_tokens=20))
            _, full, _ = post(server, body(max_tokens=500))

        assert (cut["stop_reason"], len(cut["content"][0]["text"]), cut["usage"]["output_tokens"]) == (
            "max_tokens",
            80,
            20,
        )
        assert full["stop_reason"] == "model_context_window_exceeded"
        assert full["usage"]["input_tokens"] + full["usage"]["output_tokens"] == 200

    def test_is_refused_where_the_prompt_alone_does_not_fit(self):
        with MessagesServer(context=100) as server:
            status, answer, _ = post(server, body(system="word " * 100))

        assert status == 400
        assert answer["error"]["message"].startswith("prompt is too long: ")

    @pytest.mark.parametrize("reason", ["refusal", "pause_turn"])
    def test_may_end_otherwise_than_it_should(self, reason):
        with MessagesServer([Stopped(reason)]) as server:
            assert post(server)[1]["stop_reason"] == reason

    def test_is_an_error_where_the_script_has_ended_or_says_so(self):
        with MessagesServer([fault("overloaded")]) as server:
            assert post(server)[0] == 529
            status, answer, _ = post(server)

        assert (status, answer["error"]["message"]) == (
            400, "the script fails: the model asks once more, and the script had 1 replies",
        )  # fmt: skip


class TestTheCache:
    LONG = "All that a judge must know. " * 100

    def told(self, server, messages, system=None, **more):
        usage = post(server, body(system=system, messages=messages, **more))[1]["usage"]
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        return tuple(usage[name] for name in names)

    def test_is_written_once_and_read_by_all_that_begin_alike(self):
        marked = [text(self.LONG, **MARK)]
        with MessagesServer() as server:
            new, written, none = self.told(server, [USER], marked)
            again = self.told(server, [{"role": "user", "content": "Another question?"}], marked)
            other = self.told(server, [USER], [text("!" + self.LONG, **MARK)])

        assert none == 0
        assert written > 700
        assert new < 20
        assert again[1:] == (0, written)
        assert other[1] > 700

    def test_grows_with_a_conversation(self):
        told = [{"role": "user", "content": [text(self.LONG, **MARK)]}]
        answered = [
            {"role": "user", "content": [text(self.LONG)]},
            {"role": "assistant", "content": "And?"},
            {"role": "user", "content": [text("More. " * 50, **MARK)]},
        ]
        with MessagesServer() as server:
            _, first, _ = self.told(server, told)
            _, written, read = self.told(server, answered)

        assert read == first
        assert 50 < written < 150

    def test_marks_the_end_by_itself_if_the_request_says_so_as_a_whole(self):
        with MessagesServer() as server:
            _, written, _ = self.told(server, [{"role": "user", "content": self.LONG}], **MARK)
            _, _, read = self.told(server, [{"role": "user", "content": self.LONG}], **MARK)

        assert read == written > 700

    def test_keeps_what_is_marked_for_an_hour_apart(self):
        marked = [text(self.LONG, cache_control={"type": "ephemeral", "ttl": "1h"}), text(self.LONG, **MARK)]
        with MessagesServer() as server:
            usage = post(server, body(system=marked))[1]["usage"]

        split = usage["cache_creation"]
        assert split["ephemeral_1h_input_tokens"] > 700 < split["ephemeral_5m_input_tokens"]
        assert sum(split.values()) == usage["cache_creation_input_tokens"]

    def test_leaves_out_what_is_too_short(self):
        with MessagesServer() as server:
            assert self.told(server, [USER], [text("Short.", **MARK)])[1:] == (0, 0)


class TestTrouble:
    def test_comes_with_the_request_that_it_is_meant_for(self):
        with MessagesServer(troubles={2: Trouble(529, retry_after=0.5)}) as server:
            statuses = [post(server)[0] for _ in range(3)]
            headers = post(server)[2]

        assert statuses == [200, 529, 200]
        assert "retry-after" not in headers

    def test_can_be_made_by_a_function(self):
        with MessagesServer(troubles=lambda number, said: Trouble(503) if said.get("stream") else None) as server:
            assert [post(server, body(stream=stream))[0] for stream in (True, False)] == [503, 200]

    def test_that_breaks_off_leaves_the_client_without_an_answer(self):
        for breaks in ("before", "headers", "middle"):
            with MessagesServer(troubles={1: Trouble(breaks=breaks)}) as server:
                with pytest.raises((http.client.HTTPException, ConnectionError)):
                    post(server)
                assert (server.nano_usd > 0) is (breaks != "before")


class TestTheLimit:
    def test_is_announced_and_kept(self):
        with MessagesServer(limit=(2, 60)) as server:
            answers = [post(server) for _ in range(3)]

        assert [status for status, _, _ in answers] == [200, 200, 429]
        remaining = [headers["anthropic-ratelimit-requests-remaining"] for _, _, headers in answers]
        assert remaining == ["1", "0", "0"]
        assert 55 < float(answers[2][2]["retry-after"]) <= 60

    def test_is_new_after_its_time(self):
        from blackboard.testing.server.trouble import Refused, Window

        window = Window(1, 10.0)
        window.take(100.0)
        with pytest.raises(Refused):
            window.take(109.9)

        assert window.take(110.0)["anthropic-ratelimit-requests-reset"] == "1970-01-01T00:02:00Z"


class TestTheBooks:
    def test_tell_what_was_asked_answered_and_billed(self):
        usage = {
            "input_tokens": 1_003, "output_tokens": 77, "cache_read_input_tokens": 501,
            "cache_creation_input_tokens": 70,
            "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 30},
        }  # fmt: skip
        with MessagesServer(usage=usage) as server:
            answer = post(server, body(model="claude-opus-5-5"))[1]
            post(server, body(temperature=1))

        done, refused = server.calls
        dollars = (1_003 * Decimal(4) + 77 * 20 + 501 * Decimal("0.2") + 40 * 5 + 30 * 8) / 1_000_000
        assert (done.number, done.status, done.usage, done.nano_usd) == (1, 200, usage, int(dollars * 10**9))
        assert (refused.number, refused.status, refused.nano_usd) == (2, 400, 0)
        assert server.nano_usd == cost("claude-opus-5-5", answer)[0].nano_usd

    def test_do_not_know_a_price_that_nobody_knows(self):
        with MessagesServer() as server:
            post(server, body(model="llama3.3"))

        assert server.calls[0].nano_usd is None

    def test_are_open_to_other_processes_before_an_answer_is_sent(self, tmp_path):
        file = tmp_path / "log.jsonl"
        at_answer: list[list[str]] = []
        with MessagesServer(log=file, troubles={2: Trouble(breaks="before")}) as server:
            post(server)
            at_answer.append([json.loads(line)["event"] for line in file.read_text().splitlines()][:2])
            with pytest.raises(http.client.HTTPException):
                post(server)

        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert at_answer == [["asked", "answers"]]
        assert [(line["number"], line["event"]) for line in lines if line["event"] != "sent"] == [
            (1, "asked"), (1, "answers"), (2, "asked"), (2, "answers"),
        ]  # fmt: skip
        assert lines[0]["body"] == body()
        assert "a-key" not in file.read_text()

    def test_count_how_many_were_there_at_once(self):
        together = threading.Barrier(3, timeout=10)
        with MessagesServer(lambda _: f"number {together.wait()}") as server:
            threads = [threading.Thread(target=post, args=(server,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)

        assert server.peak == 3

    def test_bill_what_was_made_for_somebody_who_has_gone(self):
        with MessagesServer(troubles={1: Trouble(seconds=10)}) as server:
            parts = urlsplit(server.url)
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
            connection.request("POST", "/v1/messages", json.dumps(body()), KEY)
            connection.close()
            server.wait(lambda: server.calls and server.calls[0].is_gone)

            assert server.nano_usd > 0


class TestTheServerAsAProcess:
    @pytest.mark.slow
    def test_prints_its_address_and_serves_until_it_is_ended(self, tmp_path):
        file = tmp_path / "log.jsonl"
        command = [sys.executable, "-m", "blackboard.testing.server", "--log", str(file), "--reply", "Fine."]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
            try:
                url = process.stdout.readline().strip()
                answer = post(type("Server", (), {"url": url}))[1]
            finally:
                process.send_signal(signal.SIGKILL)

        assert answer["content"] == [text("Fine.")]
        assert [json.loads(line)["event"] for line in file.read_text().splitlines()][:2] == ["asked", "answers"]
