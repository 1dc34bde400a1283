"""Claude, or whatever speaks its Messages API: the one file that imports anthropic, and only when it is asked."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from pydantic import BaseModel, TypeAdapter

from blackboard import settings
from blackboard.errors import UsageError
from blackboard.llm.gathering import Gathered, NoMessage, checked
from blackboard.llm.provider import ProviderError, Reply, Request
from blackboard.llm.troubles import of_answer, of_event, spent_rest
from blackboard.seam import REAL, Seam

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

CONNECT = 5.0  # seconds
LONGEST = 600.0  # seconds for a whole call
WHOLE = 4096  # tokens: longer answers come as a stream, which no idle connection cuts off
COUNTED = frozenset({"cache_control", "output_config", "speed", "system", "thinking", "tool_choice", "tools"})
NO_ACCESS = "no way to a model: set ANTHROPIC_API_KEY, or take --team offline, which needs none"
PLACEHOLDER = "none"  # a server that wants no key ignores it; without one the library refuses to ask


class Claude:
    """A Provider: asks Claude, or the server at ANTHROPIC_BASE_URL. Never twice of itself.

    `timeout`: seconds for a whole call. UsageError where nothing is set that opens the way to a model.
    """

    def __init__(
        self, *, base_url: str | None = None, api_key: str | None = None, timeout: float = LONGEST, seam: Seam = REAL
    ) -> None:
        if not (base_url or api_key or settings.model_access()):
            raise UsageError(NO_ACCESS)
        self._url = (base_url or settings.model_endpoint()).rstrip("/")
        _check_address(self._url)
        self._key = api_key or self._known_key(base_url)
        _check_key(self._key or settings.model_key())
        self._timeout, self._seam = timeout, seam
        self._is_chosen = base_url is not None
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncAnthropic] = WeakKeyDictionary()

    @property
    def endpoint(self) -> str:
        """The host that is asked, with its port where it is not the usual one."""
        return urlsplit(self._url).netloc.rpartition("@")[2]

    async def send(self, request: Request) -> Reply:
        """The message, as it came. Cancelled, it closes the connection. ProviderError."""
        body = dict(request.body)
        async with self._faults() as client:
            if body["max_tokens"] > WHOLE:
                return await self._streamed(client, body)
            raw = await client.messages.with_raw_response.create(**_arguments(body))
            return self._reply(_json(raw.http_response), raw.http_response.headers)

    async def schema(self, shape: type[BaseModel]) -> Mapping[str, Any]:
        """The schema of a shape as the Messages API takes it."""
        await self._client()  # what it needs is loaded by then
        return schema_of(shape)

    async def count(self, request: Request) -> int | None:
        """The tokens of the input as the endpoint counts them; None where it has no such service. ProviderError."""
        body = {name: value for name, value in request.body.items() if name in COUNTED}
        said = {"model": request.body["model"], "messages": request.body["messages"]}
        try:
            async with self._faults() as client:
                raw = await client.messages.with_raw_response.count_tokens(**said, extra_body=body)
                counted = _json(raw.http_response)
        except ProviderError as error:
            if error.cause.startswith(("404:", "405:", "501:")):
                return None
            raise ProviderError(error.fault, error.cause, is_free=True, rest=error.rest) from error
        tokens = counted.get("input_tokens") if isinstance(counted, dict) else None
        return tokens if isinstance(tokens, int) and tokens >= 0 else None

    async def close(self) -> None:
        """Close the connections of this event loop."""
        if client := self._clients.pop(asyncio.get_running_loop(), None):
            await client.close()

    async def _streamed(self, client: "AsyncAnthropic", body: dict[str, Any]) -> Reply:
        from anthropic import APIStatusError

        gathered = Gathered()
        arguments = _arguments(body)
        async with await client.messages.create(**arguments, stream=True) as stream:
            try:
                async for event in stream:
                    gathered.take(_plain(event))
            except APIStatusError as error:
                raise of_event(error.body) from error
            headers = stream.response.headers
        if not gathered.is_whole:
            raise ProviderError("silent", "the stream broke off", is_free=False)
        return self._reply(gathered.message, headers)

    def _reply(self, message: object, headers: Mapping[str, str]) -> Reply:
        return Reply(checked(message), spent_rest(headers, self._seam.now()))

    @asynccontextmanager
    async def _faults(self) -> "AsyncIterator[AsyncAnthropic]":
        """A client to ask with; whatever goes wrong comes out as a ProviderError."""
        client = await self._client()
        import anthropic
        import httpx2

        try:
            async with asyncio.timeout(self._timeout):
                yield client
        except anthropic.APIStatusError as error:
            raise of_answer(error.status_code, error.response.headers, error.body, self._seam.now()) from error
        except anthropic.APIConnectionError as error:
            raise _unheard(error.__cause__ or error, self.endpoint) from error
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            raise _unheard(error, self.endpoint) from error
        except anthropic.AnthropicError as error:  # the profile or the identity that it found is of no use
            raise ProviderError("refused", str(error), is_free=True) from error
        except UnicodeEncodeError as error:
            raise ProviderError("refused", f"the request cannot be sent: {error.reason}", is_free=True) from error
        except (NoMessage, ValueError) as error:
            raise ProviderError("garbled", f"no message came: {error}", is_free=False) from error

    async def _client(self) -> "AsyncAnthropic":
        """The client of this event loop: connections belong to one. The library is loaded beside it, as it is slow."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            lane = self._seam.lane("anthropic", 1)
            try:
                made = await lane.run(self._made)
            finally:
                lane.close()
            self._clients.setdefault(loop, made)
        return self._clients[loop]

    def _made(self) -> "AsyncAnthropic":
        import anthropic
        import httpx2

        timeout = httpx2.Timeout(self._timeout, connect=CONNECT)
        # No connection is used twice: one that had been closed meanwhile would look like an answer that is lost.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        client = anthropic.DefaultAsyncHttpxClient(timeout=timeout, limits=limits)
        options: dict[str, Any] = {
            "max_retries": 0, "timeout": timeout, "api_key": self._key, "http_client": client,
        }  # fmt: skip
        if self._is_chosen or self._key:
            options["base_url"] = self._url
        try:
            return anthropic.AsyncAnthropic(**options)
        except (anthropic.AnthropicError, ValueError) as error:
            raise ProviderError("refused", str(error), is_free=True) from error

    @staticmethod
    def _known_key(base_url: str | None) -> str | None:
        """None: the library finds one itself. An address alone, of a server that may want none, gets a placeholder."""
        if base_url is not None:
            return None if settings.model_access() not in {"", "ANTHROPIC_BASE_URL"} else PLACEHOLDER
        return PLACEHOLDER if settings.model_access() == "ANTHROPIC_BASE_URL" else None


def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a shape as the Messages API takes it, the same as `messages.parse` would send."""
    from anthropic import transform_schema

    return transform_schema(TypeAdapter(shape).json_schema())


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """Sent as it stands: what the library has no name for goes beside what it has."""
    named = ("model", "max_tokens", "messages")
    return {
        **{name: body[name] for name in named},
        "extra_body": {k: v for k, v in body.items() if k not in {*named, "stream"}},
    }


def _plain(event: Any) -> Mapping[str, Any]:
    """NoMessage for what is no event: the library lets anything through."""
    if not isinstance(event, BaseModel):
        raise NoMessage(f"the stream makes no sense at {str(event)[:200]}")
    return event.model_dump(mode="json", exclude_unset=True, by_alias=True, warnings=False)


def _json(response: Any) -> object:
    try:
        return response.json()
    except ValueError as error:
        raise NoMessage(response.text[:200]) from error


def _unheard(error: BaseException, endpoint: str) -> ProviderError:
    """No answer: was it because nothing could be said, or because nothing came back?"""
    import httpx2

    said = str(error) or type(error).__name__
    if isinstance(error, httpx2.LocalProtocolError):  # its words hold the header, and so the key
        return ProviderError("refused", "a key or header has characters that cannot be sent", is_free=True)
    never_begun = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
    if isinstance(error, (*never_begun, httpx2.UnsupportedProtocol)):
        return ProviderError("unreachable", f"no connection to {endpoint}: {said}", is_free=True)
    if isinstance(error, httpx2.DecodingError | httpx2.TooManyRedirects):
        return ProviderError("garbled", f"no message came: {said}", is_free=False)
    return ProviderError("silent", f"no answer: {said}", is_free=False)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UsageError(f"ANTHROPIC_BASE_URL: {url} is no address such as http://localhost:11434")


def _check_key(key: str) -> None:
    if key and (not key.isascii() or not key.isprintable() or key != key.strip()):
        raise UsageError("ANTHROPIC_API_KEY has characters that no key has; copy it once more")
