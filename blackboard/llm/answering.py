"""Answering: what an agent asks becomes a prompt, calls, and an answer of the asked shape or a typed failure."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from blackboard.asking import Asked, Shop
from blackboard.budget import Budget
from blackboard.errors import BudgetExceeded, ModelFailed, NotDeclared
from blackboard.llm import tiers
from blackboard.llm.assembling import Prompt, assemble, told_left
from blackboard.llm.calling import Answer, Calling, Line, RefusedError
from blackboard.llm.provider import Provider
from blackboard.llm.shaping import MisshapenError, shaped, text_of

if TYPE_CHECKING:
    from blackboard.llm.client import Claude

MOST_PAUSES = 5  # turns in which a model may pause
FORMATS = re.compile(r"\b(output_config|output_format|json_schema|effort|format)\b")  # in the words of who knows none


class Answering:
    """Who answers at the boards of one worker. See `blackboard.asking.Model`."""

    def __init__(self, shop: Shop, provider: Provider | None, models: Mapping[str, str]) -> None:
        """`provider` None: Claude, by the settings of this machine. `models`: what tiers and agents use instead."""
        self._shop, self._models = shop, models
        self._given: Provider | None = provider
        self._own: Claude | None = None
        self._calling = Calling(shop, self._provider)
        self._plain: set[str] = set()  # models that know no output formats here

    def _provider(self) -> Provider:
        if self._given is None:
            from blackboard.llm.client import Claude

            self._given = self._own = Claude()
        return self._given

    async def close(self) -> None:
        """Let go of the connections."""
        if self._own is not None:
            await self._own.close()

    async def ask(self, asked: Asked) -> Any:
        """See `Model`."""
        if not asked.prompt.strip():
            raise NotDeclared(f"{asked.agent.name}: ask() takes the words of the question first")
        return await _Conversation(self._calling, self._provider, self._plain, self._left(asked), asked).answer(
            self._prompt(asked)
        )

    def _prompt(self, asked: Asked) -> Prompt:
        agent = asked.agent
        tier = tiers.defaults(agent, self._models)
        most, effort = agent.max_tokens or tier.max_tokens, agent.effort or tier.effort
        return assemble(asked, tiers.resolve(agent, self._models), most, effort)

    def _left(self, asked: Asked) -> str:
        if not asked.tell_left:
            return ""
        return told_left(Budget.of(self._shop.store.left(asked.claim.board, asked.claim.agent)))


class _Conversation:
    """One question until it is answered: cut off once, mended once."""

    def __init__(
        self, calling: Calling, provider: Callable[[], Provider], plain: set[str], left: str, asked: Asked
    ) -> None:
        self._calling, self._provider, self._plain, self._left, self._asked = calling, provider, plain, left, asked
        self._calls: list[int] = []

    async def answer(self, prompt: Prompt) -> Any:
        try:
            return await self._answered(prompt)
        except ModelFailed as error:
            if self._calls:
                await self._calling.rejected(self._asked.claim.board, self._calls, f"{error.outcome}: {error}")
            raise

    async def _answered(self, prompt: Prompt) -> Any:
        shape = self._asked.shape
        message = await self._finished(prompt)
        text = text_of(message)
        if shape is None:
            return text
        try:
            return shaped(shape, text)
        except MisshapenError as error:
            if not error.is_json:
                self._plain.add(prompt.model)
            again = text_of(await self._finished(prompt.with_problems(text, str(error))))
        try:
            return shaped(shape, again)
        except MisshapenError as error:
            raise ModelFailed(
                f"{prompt.model} gave no {shape.__name__}, also when asked once more: {error}", "misshapen"
            ) from error

    async def _finished(self, prompt: Prompt) -> Mapping[str, Any]:
        """A message that has come to its end."""
        pauses, is_longer = 0, False
        while True:
            try:
                message = (await self._call(prompt)).message
            except BudgetExceeded as error:
                if not is_longer:
                    raise
                raise ModelFailed(_cut_off(prompt, str(error)), "truncated") from error
            match message.get("stop_reason"):
                case "pause_turn" if pauses < MOST_PAUSES:
                    pauses += 1
                    prompt = prompt.going_on(message.get("content") or [])
                case "pause_turn":
                    raise ModelFailed(f"{prompt.model} has paused {pauses + 1} times without an answer", "unfinished")
                case "max_tokens" if not is_longer:
                    is_longer, prompt = True, prompt.longer()
                case "max_tokens":
                    raise ModelFailed(_cut_off(prompt, "with twice as much too"), "truncated")
                case "refusal":
                    raise ModelFailed(_refused(prompt.model, message), "refusal")
                case "model_context_window_exceeded":
                    raise ModelFailed(f"what {prompt.model} was shown does not fit its context", "overlong")
                case _:
                    return message

    async def _call(self, prompt: Prompt) -> Answer:
        """One call; an endpoint that takes no output format is asked in words."""
        asked, hash_ = self._asked, prompt.hash
        asked.times[hash_] += 1
        while True:
            plain = prompt.model in self._plain
            schema = None if asked.shape is None else await self._provider().schema(asked.shape)
            body = prompt.body(schema, plain=plain, left=self._left)
            line = Line(asked, prompt.model, hash_, asked.times[hash_], body)
            try:
                answer = await self._calling.answered(line)
            except RefusedError as error:
                if not plain and FORMATS.search(str(error)):
                    self._plain.add(prompt.model)
                    continue
                outcome = "overlong" if "prompt is too long" in str(error) else "rejected"
                raise ModelFailed(f"the endpoint refuses it: {error}", outcome) from error  # type: ignore[arg-type]
            self._calls.append(answer.call)
            return answer


def _cut_off(prompt: Prompt, why: str) -> str:
    return f"{prompt.model} came to no end within max_tokens ({why})"


def _refused(model: str, message: Mapping[str, Any]) -> str:
    details = message.get("stop_details") or {}
    why = ", ".join(str(details[k]) for k in ("category", "explanation") if details.get(k))
    return f"{model} declines to answer" + (f": {why}" if why else "")
