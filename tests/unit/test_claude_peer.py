"""The client against an endpoint that somebody else has written: aimock, from npm. Not part of the project.

npm install --prefix "${TMPDIR:-/tmp}/aimock" @copilotkit/aimock
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from blackboard.llm.client import Claude
from blackboard.llm.provider import ProviderError, Request

FOLDER = Path(os.environ.get("AIMOCK") or Path(tempfile.gettempdir()) / "aimock")
PROGRAM = FOLDER / "node_modules" / ".bin" / "llmock"
USAGE = {"input_tokens": 12, "output_tokens": 3}
FIXTURES = {
    "text": {"content": "Fine.", "usage": USAGE},
    "tool": {"toolCalls": [{"name": "look", "arguments": '{"at": 1}'}], "usage": USAGE},
}
ERRORS = {
    "limited": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 7},
    "overloaded": {"error": {"message": "full", "type": "overloaded_error"}, "status": 529},
    "failing": {"error": {"message": "broken", "type": "api_error"}, "status": 500},
}
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not PROGRAM.exists(), reason="@copilotkit/aimock is not installed (AIMOCK, or in the temp folder)"
    ),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    fixtures = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    told = [{"match": {"userMessage": word}, "response": said} for word, said in (FIXTURES | ERRORS).items()]
    fixtures.write_text(json.dumps({"fixtures": told}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(PROGRAM), "-p", str(port), "-f", str(fixtures)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert any("listening" in line for line in process.stdout)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def sent(url: str, word: str, max_tokens: int):
    body = {"model": "claude-haiku-5-5", "max_tokens": max_tokens, "messages": [{"role": "user", "content": word}]}

    async def whole():
        claude = Claude(base_url=url, api_key="any")
        try:
            return await claude.send(Request("critic", body)), await claude.count(Request("critic", body))
        finally:
            await claude.close()

    return asyncio.run(asyncio.wait_for(whole(), 20))


@pytest.mark.parametrize("max_tokens", [100, 20_000])
class TestAnEndpointOfSomebodyElse:
    def test_is_understood_when_it_answers(self, url, max_tokens):
        said, _ = sent(url, "text", max_tokens)
        used, counted = sent(url, "tool", max_tokens)

        assert said.message["content"] == [{"type": "text", "text": "Fine."}]
        assert (said.message["stop_reason"], said.message["usage"]) == ("end_turn", USAGE)
        assert (used.message["content"][0]["input"], used.message["stop_reason"]) == ({"at": 1}, "tool_use")
        assert counted is None

    @pytest.mark.parametrize(("fault", "rest"), [("limited", 7), ("overloaded", None), ("failing", None)])
    def test_is_understood_when_it_does_not(self, url, max_tokens, fault, rest):
        with pytest.raises(ProviderError) as raised:
            sent(url, fault, max_tokens)

        assert (raised.value.fault, raised.value.is_free, raised.value.rest) == (fault, True, rest)
