"""The client of the Messages API, through the real library against a server on this machine."""

import asyncio
import json
import socket
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from blackboard import settings
from blackboard.errors import UsageError
from blackboard.llm.client import Claude, schema_of
from blackboard.llm.gathering import Gathered
from blackboard.llm.provider import ProviderError, Request
from blackboard.llm.troubles import of_answer, wanted_rest
from blackboard.testing import MessagesServer, Stopped, ToolUse, Trouble
from blackboard.testing.server.streaming import events

NOW = 1_795_000_000.0
LONG = 20_000  # tokens: such an answer comes as a stream


class Verdict(BaseModel):
    """What is thought of it."""

    score: int = Field(ge=1, le=5)
    words: list[str] = []
    remark: str | None = None


def request(max_tokens: int = 100, **more: object) -> Request:
    said = {"role": "user", "content": "What is it?"}
    return Request("critic", {"model": "claude-haiku-5-5", "max_tokens": max_tokens, "messages": [said], **more})


def sent(server: MessagesServer, wanted: Request | None = None, **options: object):
    """What comes of sending this."""
    return _with_claude(server.url, lambda claude: claude.send(wanted or request()), **options)


def counted(server: MessagesServer, wanted: Request | None = None):
    return _with_claude(server.url, lambda claude: claude.count(wanted or request()))


def _with_claude(url, job, **options):
    async def whole():
        claude = Claude(base_url=url, api_key="a-key", **options)
        try:
            return await job(claude)
        finally:
            await claude.close()

    return asyncio.run(asyncio.wait_for(whole(), 20))


def fault_of(server: MessagesServer, wanted: Request | None = None, **options: object) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        sent(server, wanted, **options)
    return raised.value


@pytest.fixture(autouse=True)
def _no_key_here(monkeypatch, tmp_path):
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "PROFILE", "CUSTOM_HEADERS", "FEDERATION_RULE_ID"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path / "anthropic"))


class TestAMessage:
    @pytest.mark.parametrize("max_tokens", [100, LONG])
    def test_comes_back_with_all_that_it_holds_whole_or_as_a_stream(self, max_tokens):
        said = {
            "id": "msg_7", "type": "message", "role": "assistant", "model": "claude-haiku-5-5", "stop_sequence": None,
            "stop_reason": "tool_use", "of_tomorrow": {"deep": [1, None]},
            "content": [
                {"type": "thinking", "thinking": "Well, " * 20, "signature": "sig"},
                {"type": "text", "text": "Grüße an 象 " * 20},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"for": ["a", {"b": 1.5}]}},
                {"type": "of_tomorrow", "what": "nobody knows"},
            ],
            "usage": {"input_tokens": 10, "output_tokens": 70, "cache_creation": None, "of_tomorrow": 3},
        }  # fmt: skip
        with MessagesServer([said]) as server:
            assert sent(server, request(max_tokens)).message == said
            assert server.calls[0].body.get("stream", False) is (max_tokens == LONG)

    def test_is_asked_for_with_the_body_as_it_stands(self):
        system = [{"type": "text", "text": "You judge.", "cache_control": {"type": "ephemeral"}}]
        wanted = request(system=system, output_config={"effort": "low"}, stop_sequences=["END"])
        with MessagesServer(["Fine."]) as server:
            sent(server, wanted)

            assert server.calls[0].body == wanted.body

    def test_is_asked_for_once_whatever_comes(self):
        with MessagesServer([], troubles=lambda *_: Trouble(529)) as server:
            fault_of(server)

            assert len(server.calls) == 1

    def test_takes_the_shape_as_the_library_would_send_it(self):
        import anthropic

        shape = {"format": {"type": "json_schema", "schema": schema_of(Verdict)}}
        wanted = request(output_config={"effort": "low", **shape})
        with MessagesServer() as server:
            sent(server, wanted)
            with anthropic.Anthropic(base_url=server.url, api_key="a-key", max_retries=0) as library:
                said = {name: wanted.body[name] for name in ("model", "max_tokens", "messages")}
                library.messages.parse(**said, output_format=Verdict, output_config={"effort": "low"})

            ours, theirs = (call.body for call in server.calls)
            assert ours == theirs

    def test_that_is_cut_off_or_refused_is_a_message_too(self):
        with MessagesServer([Stopped("refusal", details={"category": "cyber"}), "word " * 500]) as server:
            refused, cut = sent(server).message, sent(server, request(max_tokens=10)).message

        assert (refused["stop_reason"], refused["stop_details"]) == ("refusal", {"category": "cyber"})
        assert (cut["stop_reason"], cut["usage"]["output_tokens"]) == ("max_tokens", 10)

    def test_a_stream_may_be_cut_off_in_the_middle_of_what_a_tool_is_given(self):
        gathered = Gathered()
        gathered.take({"type": "message_start", "message": {"usage": {}}})
        gathered.take({"type": "content_block_start", "content_block": {"type": "tool_use", "input": {}}})
        gathered.take(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"a'}}
        )
        gathered.take({"type": "content_block_stop", "index": 0})
        gathered.take({"type": "message_delta", "delta": {"stop_reason": "max_tokens"}})

        assert gathered.message["content"] == [{"type": "tool_use", "input": {}}]

    def test_a_stream_that_tells_nothing_new_of_a_count_leaves_it_as_it_was(self):
        gathered = Gathered()
        gathered.take({"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 1}}})
        gathered.take({"type": "message_delta", "delta": {}, "usage": {"input_tokens": None, "output_tokens": 5}})

        assert gathered.message["usage"] == {"input_tokens": 7, "output_tokens": 5}

    @given(st.lists(st.text(min_size=1)), st.dictionaries(st.text(), st.integers() | st.text()))
    def test_a_stream_comes_together_as_it_was_taken_apart(self, texts, arguments):
        blocks = [{"type": "text", "text": text} for text in texts]
        blocks.append({"type": "tool_use", "id": "t", "name": "look", "input": arguments})
        usage = {"input_tokens": 1, "output_tokens": 9}
        message = {"content": blocks, "usage": usage, "stop_reason": "tool_use", "stop_sequence": None}
        gathered = Gathered()

        for event in events(message):
            gathered.take(json.loads(json.dumps(event)))

        assert gathered.is_whole
        assert gathered.message == message


class TestAnErrorOfTheEndpoint:
    @pytest.mark.parametrize(
        ("status", "remedy"),
        [(401, " (is ANTHROPIC_API_KEY "), (403, " (is ANTHROPIC_API_KEY "), (404, " (--model takes "), (400, "")],
    )
    def test_that_a_person_can_mend_says_with_what(self, status, remedy):
        with MessagesServer(troubles={1: Trouble(status, "out of order")}) as server:
            error = fault_of(server, request())

        assert error.cause.startswith(f"{status}: out of order{remedy}")
        assert error.cause.endswith(")" if remedy else "order")

    @pytest.mark.parametrize(
        ("status", "fault"),
        [
            (400, "refused"), (401, "refused"), (402, "refused"), (403, "refused"), (404, "refused"), (413, "refused"),
            (408, "failing"), (409, "failing"), (500, "failing"), (503, "failing"), (504, "failing"),
            (429, "limited"), (529, "overloaded"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("max_tokens", [100, LONG])
    def test_has_its_name_is_free_and_keeps_the_words_of_the_endpoint(self, status, fault, max_tokens):
        with MessagesServer(troubles={1: Trouble(status, "out of order")}) as server:
            error = fault_of(server, request(max_tokens))

        assert (error.fault, error.is_free, error.rest) == (fault, True, None)
        assert error.cause.startswith(f"{status}: out of order")

    def test_of_what_the_request_says_comes_from_the_endpoint_itself(self):
        with MessagesServer() as server:
            error = fault_of(server, request(temperature=0.5))

        assert (error.fault, error.cause) == ("refused", "400: temperature: Extra inputs are not permitted")

    @pytest.mark.parametrize("status", [429, 503, 529])
    def test_says_how_long_the_endpoint_wants_rest(self, status):
        with MessagesServer(troubles={1: Trouble(status, retry_after=2.5)}) as server:
            assert fault_of(server).rest == 2.5

    def test_that_a_limit_is_used_up_says_until_when(self):
        with MessagesServer(limit=(1, 30)) as server:
            last, over = sent(server), fault_of(server)

        assert 28 < last.rest <= 30
        assert (over.fault, over.is_free) == ("limited", True)
        assert 28 < over.rest <= 30

    def test_a_gateway_in_its_own_words_leaves_open_whether_it_costs(self):
        of_gateway = of_answer(502, {}, "<html>Bad Gateway</html>", NOW)
        of_endpoint = of_answer(502, {}, {"error": {"message": "down"}}, NOW)

        assert (of_gateway.is_free, of_endpoint.is_free) == (False, True)
        assert of_gateway.cause == "502: <html>Bad Gateway</html>"

    def test_a_limit_that_no_waiting_lifts_is_a_refusal(self):
        assert of_answer(429, {"x-should-retry": "false"}, None, NOW).fault == "refused"

    def test_in_the_middle_of_a_stream_may_cost(self):
        broken = Trouble(529, "full", breaks="error")
        with MessagesServer(["A long answer. " * 50], troubles={1: broken}) as server:
            error = fault_of(server, request(LONG))

        assert (error.fault, error.is_free, error.cause) == ("overloaded", False, "broke off: full")


class TestTheRestThatIsWanted:
    @pytest.mark.parametrize(
        ("headers", "rest"),
        [
            ({}, None),
            ({"retry-after": "7"}, 7),
            ({"retry-after": "0.25"}, 0.25),
            ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
            ({"retry-after": "Wed, 18 Nov 2026 11:07:10 GMT"}, 30),
            ({"retry-after": "Wed, 18 Nov 2026 11:06:00 GMT"}, 0),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "-1"}, None),
            ({"retry-after": "inf"}, None),
            ({"anthropic-ratelimit-requests-remaining": "0"}, None),
            ({"anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "later"}, None),
        ],
    )
    def test_stands_in_its_headers(self, headers, rest):
        assert wanted_rest(headers, 1_795_000_000.0) == rest

    def test_is_that_of_the_limit_that_is_new_last_among_those_used_up(self):
        headers = {
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2026-11-18T11:06:50Z",
            "anthropic-ratelimit-input-tokens-remaining": "0",
            "anthropic-ratelimit-input-tokens-reset": "2026-11-18T11:07:00Z",
            "anthropic-ratelimit-output-tokens-remaining": "12",
            "anthropic-ratelimit-output-tokens-reset": "2026-11-18T11:08:00Z",
        }

        assert wanted_rest(headers, NOW) == 20

    def test_is_no_longer_because_the_clock_here_is_wrong(self):
        headers = {
            "date": "Wed, 18 Nov 2026 11:06:40 GMT",
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2026-11-18T11:06:50Z",
        }

        assert wanted_rest(headers, NOW - 3600) == 11


class TestNoAnswer:
    def test_for_want_of_a_connection_is_free(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"

            with pytest.raises(ProviderError) as raised:
                _with_claude(url, lambda claude: claude.send(request()))

        assert (raised.value.fault, raised.value.is_free) == ("unreachable", True)
        assert raised.value.cause.startswith(f"no connection to {url.removeprefix('http://')}: ")

    @pytest.mark.parametrize("max_tokens", [100, LONG])
    @pytest.mark.parametrize("breaks", ["before", "headers", "middle"])
    def test_when_the_request_was_sent_may_cost(self, breaks, max_tokens):
        with MessagesServer(["A long answer. " * 50], troubles={1: Trouble(breaks=breaks)}) as server:
            error = fault_of(server, request(max_tokens))

        assert (error.fault, error.is_free) == ("silent", False)

    def test_from_a_stream_that_ends_too_soon_may_cost(self):
        with MessagesServer(["A long answer. " * 50], troubles={1: Trouble(breaks="short")}) as server:
            error = fault_of(server, request(LONG))

        assert (error.fault, error.is_free, error.cause) == ("silent", False, "the stream broke off")

    @pytest.mark.parametrize("max_tokens", [100, LONG])
    def test_in_time_may_cost(self, max_tokens):
        with MessagesServer(troubles={1: Trouble(seconds=5)}) as server:
            error = fault_of(server, request(max_tokens), timeout=0.05)

        assert (error.fault, error.is_free) == ("silent", False)

    def test_in_time_as_a_whole_may_cost_though_something_always_comes(self):
        with MessagesServer(["word " * 2000], troubles={1: Trouble(trickle=0.02)}) as server:
            error = fault_of(server, request(LONG), timeout=0.2)

        assert (error.fault, error.is_free) == ("silent", False)

    def test_is_waited_for_no_longer_when_the_call_is_cancelled_and_the_endpoint_hears_of_it(self):
        async def whole(server):
            claude = Claude(base_url=server.url, api_key="a-key")
            call = asyncio.create_task(claude.send(request()))
            while not server.calls:
                await asyncio.sleep(0.005)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            while not server.calls[0].is_gone:
                await asyncio.sleep(0.005)
            await claude.close()

        with MessagesServer(troubles={1: Trouble(seconds=20)}) as server:
            asyncio.run(asyncio.wait_for(whole(server), 10))


class TestAnAnswerThatIsNone:
    @pytest.mark.parametrize("max_tokens", [100, LONG])
    def test_may_cost(self, max_tokens):
        with MessagesServer(["Fine."], troubles={1: Trouble(breaks="garbled")}) as server:
            error = fault_of(server, request(max_tokens))

        assert (error.fault, error.is_free) == ("garbled", False)

    @pytest.mark.parametrize(
        "message",
        [
            {"type": "message", "content": "text", "usage": {"input_tokens": 1, "output_tokens": 1}},
            {"type": "message", "content": [], "usage": {"input_tokens": None, "output_tokens": 1}},
            {"type": "message", "content": [7], "usage": {"input_tokens": 1, "output_tokens": 1}},
        ],
    )
    def test_is_one_that_has_no_content_or_does_not_tell_its_usage(self, message):
        from blackboard.llm.gathering import NoMessage, checked

        for wrong in (message, [], None, {}):
            with pytest.raises(NoMessage):
                checked(wrong)


class TestCountingTokens:
    def test_is_left_to_the_endpoint(self):
        wanted = request(system="You judge.", output_config={"effort": "low"}, stop_sequences=["END"])
        with MessagesServer() as server:
            assert counted(server, wanted) > counted(server)
            assert server.calls == []
            assert set(server.log[0].body) == {"model", "messages", "system", "output_config"}

    def test_is_not_known_where_the_endpoint_has_no_such_service(self):
        with MessagesServer(counts=False) as server:
            assert counted(server) is None

    def test_never_costs(self):
        with MessagesServer() as server:
            server.stop()
            with pytest.raises(ProviderError) as raised:
                counted(server)

        assert (raised.value.fault, raised.value.is_free) == ("unreachable", True)


class TestTheWayToAModel:
    def test_is_missing_in_one_sentence_that_says_what_to_do(self):
        assert settings.model_access() == ""
        with pytest.raises(UsageError, match=r"set ANTHROPIC_API_KEY, or take --team offline"):
            Claude()

    @pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE"])
    def test_is_opened_by_a_key_a_token_or_a_profile(self, monkeypatch, name):
        monkeypatch.setenv(name, "something")

        assert settings.model_access() == name
        assert Claude().endpoint == "api.anthropic.com"

    def test_is_opened_by_a_header_and_by_an_identity(self, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Team: one\nAuthorization: Bearer it")
        assert settings.model_access() == "ANTHROPIC_CUSTOM_HEADERS"

        monkeypatch.delenv("ANTHROPIC_CUSTOM_HEADERS")
        for name in ("FEDERATION_RULE_ID", "ORGANIZATION_ID", "IDENTITY_TOKEN"):
            assert settings.model_access() == ""
            monkeypatch.setenv(f"ANTHROPIC_{name}", "it")
        assert settings.model_access() == "ANTHROPIC_FEDERATION_RULE_ID"

    def test_is_opened_by_a_profile_that_lies_there_and_leads_where_that_says(self, tmp_path):
        configs = tmp_path / "anthropic" / "configs"
        configs.mkdir(parents=True)
        (configs / "work.json").write_text('{"base_url": "https://gateway.example:8443/"}')
        assert settings.model_access() == ""

        (tmp_path / "anthropic" / "active_config").write_text("work\n")
        assert settings.model_access() == "a profile of anthropic"
        assert settings.model_endpoint() == "https://gateway.example:8443"

    def test_to_a_server_of_ones_own_needs_no_key(self, monkeypatch):
        with MessagesServer(["Fine."]) as server:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)

            async def whole():
                claude = Claude()
                try:
                    return await claude.send(request()), claude.endpoint
                finally:
                    await claude.close()

            reply, endpoint = asyncio.run(whole())

        assert settings.model_access() == "ANTHROPIC_BASE_URL"
        assert reply.message["content"] == [{"type": "text", "text": "Fine."}]
        assert endpoint == server.url.removeprefix("http://")

    def test_to_anthropic_itself_needs_one(self, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://api.anthropic.com/")

        assert settings.model_access() == ""

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("BASE_URL", "localhost:11434", "is no address such as http://"),
            ("API_KEY", "a key\n", "has characters that no key has"),
            ("API_KEY", "clé", "has characters that no key has"),
        ],
    )
    def test_that_is_written_wrongly_is_said_to_be_without_showing_it(self, monkeypatch, name, value, said):
        monkeypatch.setenv(f"ANTHROPIC_{name}", value)

        with pytest.raises(UsageError, match=said) as raised:
            Claude()

        assert "clé" not in str(raised.value)

    def test_a_profile_that_cannot_be_read_is_a_refusal_in_the_words_of_the_library(self, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_PROFILE", "nowhere")

        async def whole():
            with pytest.raises(ProviderError) as raised:
                await Claude().send(request())
            return raised.value

        error = asyncio.run(whole())
        assert (error.fault, error.is_free) == ("refused", True)
        assert "nowhere" in error.cause

    def test_what_cannot_be_sent_is_refused_and_free(self):
        with MessagesServer() as server:
            error = fault_of(server, request(system="half a \ud83d pair"))

        assert (error.fault, error.is_free) == ("refused", True)


class TestTheClient:
    def test_works_in_one_event_loop_after_another(self):
        with MessagesServer(lambda _: "Fine.") as server:
            claude = Claude(base_url=server.url, api_key="a-key")

            async def once():
                try:
                    return await claude.send(request())
                finally:
                    await claude.close()

            assert [asyncio.run(once()).message["stop_reason"] for _ in range(2)] == ["end_turn"] * 2

    def test_leaves_no_connection_behind_that_a_later_call_could_find_closed(self):
        async def whole(server):
            claude = Claude(base_url=server.url, api_key="a-key")
            await claude.send(request())
            await claude.send(request(LONG))
            server.wait(lambda: not server.connections)

        with MessagesServer(lambda _: "Fine.") as server:
            asyncio.run(asyncio.wait_for(whole(server), 20))

    def test_loads_the_library_of_anthropic_only_when_it_asks(self):
        code = (
            "import sys, blackboard.llm.client, blackboard.llm.prices, blackboard.llm.tiers, blackboard.testing;"
            "blackboard.llm.client.Claude(api_key='a-key').endpoint;"
            "print([name for name in ('anthropic', 'httpx2', 'genai_prices') if name in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

        assert done.stdout == "[]\n"

    def test_calls_run_side_by_side(self):
        async def whole(url):
            claude = Claude(base_url=url, api_key="a-key")
            try:
                await asyncio.gather(*(claude.send(request()) for _ in range(8)))
            finally:
                await claude.close()

        together = threading.Barrier(8, timeout=20)
        with MessagesServer(lambda _: ToolUse("look", {"place": together.wait()})) as server:
            asyncio.run(asyncio.wait_for(whole(server.url), 20))

            assert server.peak == 8


class TestAHeaderThatCannotBeSent:
    def test_is_refused_without_a_word_of_what_stands_in_it(self, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Token: sk-secret\rvalue")

        with MessagesServer(["never asked"]) as server:
            fault = fault_of(server)

        assert (fault.fault, fault.is_free) == ("refused", True)
        assert "sk-secret" not in f"{fault} {fault.cause}"
