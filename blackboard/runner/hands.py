"""What a runner has in hand: the activations that are being acted on, each in a task of its own."""

import asyncio
from collections import Counter
from collections.abc import Callable, Container, Coroutine
from typing import Any

from blackboard.activation import Claim
from blackboard.runner.acting import Acted
from blackboard.runner.view import ActivationView

Pair = tuple[int, int]  # activation, token


class Hands:
    """Tasks by activation. A task that ends hands over how it went, unless it was given up."""

    def __init__(self, ended: Callable[[Acted | None], None]) -> None:
        """`ended` is called in the event loop for each task that ends; with None for one that was given up."""
        self._ended = ended
        self._tasks: dict[int, tuple[Claim, asyncio.Task[Acted]]] = {}
        self._given_up: set[asyncio.Task[Acted]] = set()  # tasks that we have cancelled
        self._recalled: dict[asyncio.Task[Acted], Acted] = {}  # that we have cancelled to do them again

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def busy(self) -> Counter[str]:
        """How many activations each agent is acting on."""
        return Counter(claim.agent for claim, _ in self._tasks.values())

    @property
    def pairs(self) -> set[Pair]:
        """What is in hand, with the token of each claim. May be called from any thread."""
        return {(claim.id, claim.token) for claim, _ in tuple(self._tasks.values())}

    def held_by(self, agents: Container[str]) -> set[Pair]:
        """What of it these agents act on."""
        return {(claim.id, claim.token) for claim, _ in self._tasks.values() if claim.agent in agents}

    def take(self, claim: Claim, act: Coroutine[Any, Any, Acted]) -> None:
        """Begin to act."""
        task = asyncio.create_task(act)
        self._tasks[claim.id] = (claim, task)
        task.add_done_callback(lambda done: self._done(claim, done))

    def give_up(self, pairs: set[Pair]) -> list[Claim]:
        """Stop acting on these; those that were in hand."""
        found = [(claim, task) for claim, task in self._tasks.values() if (claim.id, claim.token) in pairs]
        for _, task in found:
            self._cancel(task)
        return [claim for claim, _ in found]

    def recall(self, claim: Claim, view: ActivationView) -> bool:
        """Stop acting, to do it again; False if it has ended or was stopped before. Who swallows that goes on."""
        held, task = self._tasks.get(claim.id, (None, None))
        if held is None or task is None or held.token != claim.token:
            return False
        if task.done() or task in self._recalled or task in self._given_up:
            return False
        self._recalled[task] = Acted(claim, retry=True, looked=view.looked())
        task.cancel()
        return True

    async def drop(self, grace: float) -> None:
        """Stop acting on anything, and wait so many seconds for that; who swallows it is left to itself."""
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            self._cancel(task)
        if tasks:
            await asyncio.wait(tasks, timeout=grace)

    def _cancel(self, task: "asyncio.Task[Acted]") -> None:
        self._given_up.add(task)
        task.cancel()

    def _done(self, claim: Claim, task: "asyncio.Task[Acted]") -> None:
        if self._tasks.get(claim.id, (claim, task))[1] is task:
            self._tasks.pop(claim.id, None)
        if not task.cancelled():
            self._ended(task.result())
        elif task in self._given_up:
            self._ended(None)
        elif task in self._recalled:
            self._ended(self._recalled[task])
        else:
            self._ended(Acted(claim, error=RuntimeError("it cancelled its own task")))
        self._given_up.discard(task)
        self._recalled.pop(task, None)
