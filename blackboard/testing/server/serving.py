"""The server itself: takes requests as they come, each on a thread of its own, and answers as it was told to."""

import json
import select
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self, cast

from blackboard.llm.provider import ProviderError, Request
from blackboard.seam import REAL
from blackboard.testing.scripts import Counted, Replies, Script, message_of, tokens
from blackboard.testing.server import streaming
from blackboard.testing.server.books import Books, Exchange, billed
from blackboard.testing.server.caching import Cache, size
from blackboard.testing.server.checks import LARGEST, check_body, check_headers
from blackboard.testing.server.listening import Listening
from blackboard.testing.server.specimens import plain_answer
from blackboard.testing.server.trouble import Refused, Trouble, Window, error

MESSAGES, COUNT = "/v1/messages", "/v1/messages/count_tokens"
Troubles = Mapping[int, Trouble] | Callable[[int, Mapping[str, Any]], Trouble | None]
NONE = Trouble()
STATUS = {"limited": 429, "overloaded": 529, "refused": 400}
GONE = (BrokenPipeError, ConnectionError, TimeoutError)


class MessagesServer:
    """A local server of the Messages API, to be asked by the real client. It refuses what the API would refuse.

    `replies`: as of ScriptedModel, agents being told by a text that stands in their `system`; without any it says the
    smallest thing that has the form that is asked for. `troubles`: by the number of the request, from 1, or a function
    (number, body). `limit`: so many requests in so many seconds, announced in headers. `usage`: a usage, or a function
    (request, message); else a token for every four bytes, less what is cached. `context`: tokens that fit. `counts`:
    whether it counts tokens. `unsupported`: parameters that it does not know, as `output_config`.
    `log`: a file that gets a line of JSON for each event before an answer is sent.

        with MessagesServer([Answer(text="42")], troubles={2: Trouble(529)}) as server:
            client = anthropic.Anthropic(base_url=server.url, api_key="any")
    """

    def __init__(
        self, replies: Replies | None = None, *, troubles: Troubles | None = None,
        limit: tuple[int, float] | None = None, usage: Counted | None = None, context: int = 1_000_000,
        cache_minimum: int = 512, counts: bool = True, unsupported: tuple[str, ...] = (),
        log: str | Path | None = None, port: int = 0,
    ) -> None:  # fmt: skip
        self.script = Script(plain_answer if replies is None else replies)
        self.roles = [role for role in replies if role != "*"] if isinstance(replies, Mapping) else []
        self.troubles = troubles or {}
        self.window = Window(*limit) if limit else None
        self.usage, self.context, self.cache = usage, context, Cache(cache_minimum)
        self.counts, self.unsupported = counts, unsupported
        self.paused: list[Any] = []  # the blocks that it has paused after
        self.books = Books(log)
        self._http = Listening(port, _Handler, self)
        self._lane = REAL.lane("messages", 1)

    @property
    def url(self) -> str:
        """Its address, as ANTHROPIC_BASE_URL takes it."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def log(self) -> list[Exchange]:
        """Every request, in the order in which they came."""
        return list(self.books.log)

    @property
    def calls(self) -> list[Exchange]:
        """The requests for messages."""
        return [exchange for exchange in self.books.log if exchange.path == MESSAGES]

    @property
    def nano_usd(self) -> int:
        """What it bills for all of them."""
        return sum(exchange.nano_usd or 0 for exchange in self.calls)

    @property
    def peak(self) -> int:
        """How many requests it had at once, at most."""
        return self.books.peak

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._http.open)

    def wait(self, holds: Callable[[], object], seconds: float = 10) -> None:
        """Until this holds. TimeoutError."""
        for _ in range(int(seconds / 0.005)):
            if holds():
                return
            REAL.pause(0.005)
        raise TimeoutError("what was waited for has not come")

    def trouble(self, exchange: Exchange) -> Trouble:
        """What is to go wrong with this request."""
        if exchange.path != MESSAGES:
            return NONE
        if callable(self.troubles):
            return self.troubles(exchange.number, exchange.body) or NONE
        return self.troubles.get(exchange.number, NONE)

    def message(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The message that answers this, with its usage. Refused if it does not fit."""
        request = Request("", body)
        system = json.dumps(body.get("system", ""), ensure_ascii=False)
        role = next((role for role in self.roles if role in system), "")
        if (entered := size(body)) > self.context:
            raise Refused(400, f"prompt is too long: {entered} tokens > {self.context} maximum")
        entering = self.cache.usage(body)
        answer, message = self._scripted(request, role)
        if not (isinstance(answer, Mapping) and "usage" in answer):
            room = self.context - entered
            left = min(body["max_tokens"], room)
            _cut(message, left, "max_tokens" if left < room else "model_context_window_exceeded")
            message["usage"] = {**entering, "output_tokens": min(left, max(1, tokens(message["content"])))}
        if message.get("stop_reason") == "pause_turn":
            self.paused += message["content"][-1:]
        if self.usage is not None:
            message["usage"] = dict(self.usage(request, message) if callable(self.usage) else self.usage)
        return message

    def _scripted(self, request: Request, role: str) -> tuple[Any, dict[str, Any]]:
        """What the script says, and the message that says it. Refused where the script fails, or says so."""
        try:
            answer = self.script.next(request, role)
            return answer, message_of(answer, request)
        except ProviderError as fault:
            raise Refused(STATUS.get(fault.fault, 500), fault.cause) from fault
        except Exception as wrong:  # the one who wrote the script is to read of it
            raise Refused(400, f"the script fails: {wrong}") from wrong

    def start(self) -> Self:
        """Answer from now on."""
        self._lane.submit(lambda: self._http.serve_forever(poll_interval=0.01))
        return self

    def stop(self) -> None:
        """Take no more requests, and let go of those who are connected."""
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._lane.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _cut(message: dict[str, Any], most: int, reason: str) -> None:
    """Without what goes beyond so many tokens: the text in which that happens is cut, what follows is lost."""
    kept, left = [], most
    for block in message["content"]:
        if tokens(block) > left:
            if block["type"] == "text" and (text := block["text"].encode()[: left * 4].decode(errors="ignore")):
                kept.append({**block, "text": text})
            message["content"], message["stop_reason"] = kept, reason
            return
        kept.append(block)
        left -= tokens(block)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer goes out in one piece unless it is flushed before

    @property
    def owner(self) -> MessagesServer:
        return cast(MessagesServer, cast(Listening, self.server).owner)

    def log_message(self, *_: object) -> None:
        """Stderr is for other things."""

    def do_POST(self) -> None:
        """As http.server names it."""
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("?")[0]
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        exchange = self.owner.books.asked(path, REAL.now(), body, len(raw))
        try:
            self._answer(exchange)
            self.wfile.flush()
        except GONE:
            exchange.is_gone = True
            self.close_connection = True
        finally:
            self.owner.books.left(exchange)

    do_GET = do_POST  # noqa: N815

    def _answer(self, exchange: Exchange) -> None:
        told: dict[str, str] = {}
        try:
            self._check(exchange)
            if exchange.path == COUNT:
                self.owner.books.answers(exchange, 200, {}, 0)
                self._send(200, {"input_tokens": size(exchange.body)}, told)
                return
            told = self.owner.window.take(REAL.now()) if self.owner.window else {}
            trouble = self.owner.trouble(exchange)
            is_gone = self._wait(trouble.seconds)
            trouble.refuse(told)
            if trouble.breaks == "before":
                self.owner.books.answers(exchange, None, {}, 0)
                self.close_connection = True
                return
            message = self.owner.message(exchange.body)
        except Refused as refused:
            self.owner.books.answers(exchange, refused.status, {}, 0)
            self._send(refused.status, error(refused.status, refused.say), {**told, **refused.headers})
            return
        price = billed(message["model"], message["usage"])
        self.owner.books.answers(exchange, 200, message["usage"], price)
        if is_gone:  # it was made for nobody, and costs all the same
            raise ConnectionError
        self._say(message, trouble, told | trouble.extra, is_stream=bool(exchange.body.get("stream")))

    def _check(self, exchange: Exchange) -> None:
        """Refused if this is not to be answered."""
        if self.command != "POST" or exchange.path not in {MESSAGES, COUNT}:
            raise Refused(404, f"Not found: {self.command} {exchange.path}")
        if exchange.path == COUNT and not self.owner.counts:
            raise Refused(404, "Not found")
        check_headers({name.lower(): value for name, value in self.headers.items()})
        if exchange.size > LARGEST:
            raise Refused(413, "Request exceeds the maximum size")
        if exchange.body is None:
            raise Refused(400, "The request body is not valid JSON")
        try:
            is_counted = exchange.path == COUNT
            check_body(exchange.body, self.owner.unsupported, is_counted=is_counted, paused=self.owner.paused)
        except (TypeError, AttributeError, KeyError) as wrong:
            raise Refused(400, f"the request is malformed: {wrong}") from wrong

    def _wait(self, seconds: float) -> bool:
        """Let time pass, but no longer than there is somebody who waits; whether nobody is there any more."""
        return bool(seconds and select.select([self.connection], [], [], seconds)[0])

    def _say(self, message: dict[str, Any], trouble: Trouble, headers: dict[str, str], *, is_stream: bool) -> None:
        if is_stream:
            pieces = [streaming.wire(event) for event in streaming.events(message)]
            kind = "text/event-stream"
        else:
            text = json.dumps(message).encode()
            pieces, kind = [text[: len(text) // 2], text[len(text) // 2 :]], "application/json"
        whole = b"".join(pieces)
        match trouble.breaks:
            case "garbled":
                whole = b"event: message_start\ndata: {]\n\n" if is_stream else b"<html>All is well</html>"
            case "short":
                whole = b"".join(pieces[: len(pieces) // 2])
            case "error":
                whole = b"".join(pieces[: len(pieces) // 2]) + _event_of(trouble)
        self._head(200, kind, len(whole), headers)
        if trouble.breaks in {"headers", "middle"}:
            self.wfile.write(whole[: len(whole) // 2] if trouble.breaks == "middle" else b"")
            self.close_connection = True
        elif trouble.trickle:
            self._trickle(pieces, trouble.trickle)
        else:
            self.wfile.write(whole)

    def _trickle(self, pieces: list[bytes], seconds: float) -> None:
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            if self._wait(seconds):
                raise ConnectionError

    def _send(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        data = json.dumps(body).encode()
        self._head(status, "application/json", len(data), headers)
        self.wfile.write(data)

    def _head(self, status: int, kind: str, size: int, headers: Mapping[str, str]) -> None:
        self.send_response(status, None)
        for name, value in {"content-type": kind, "content-length": str(size), **headers}.items():
            self.send_header(name, value)
        self.end_headers()


def _event_of(trouble: Trouble) -> bytes:
    return streaming.wire(trouble.error)
