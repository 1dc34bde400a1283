"""Recalling: who works on something that has changed meanwhile is stopped early, not when it comes with the result."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from blackboard.activation import Claim
from blackboard.ports import Looking
from blackboard.runner.view import ActivationView
from blackboard.seam import Lane

AFTER = 0.2  # seconds that news ripen: whoever has ended by then was not worth a look


class Holding(Protocol):
    """Who can stop an activation."""

    def recall(self, claim: Claim, view: ActivationView) -> bool:
        """Stop it; False if it has ended or was stopped before."""


class Recalling:
    """Looks, a little after each piece of news, whether what the activations under way have read is still so."""

    def __init__(
        self, store: Looking, board: str, under_way: Mapping[int, ActivationView], lane: Lane, wake: Callable[[], None]
    ) -> None:
        """`under_way`: the views by activation. `wake` is called in the event loop when it is time to look."""
        self._store, self._board, self._under_way, self._lane, self._wake = store, board, under_way, lane, wake
        self._suspects: dict[int, ActivationView] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._more = False  # news that came while others ripened
        self.is_due = False

    def news(self) -> None:
        """Something on the board has changed."""
        if self._timer is not None or self.is_due:
            self._more = True
        elif self._under_way:
            self._suspects = dict(self._under_way)
            self._timer = asyncio.get_running_loop().call_later(AFTER, self._ripen)

    def close(self) -> None:
        """No more looks."""
        if self._timer is not None:
            self._timer.cancel()

    def _ripen(self) -> None:
        self._timer, self.is_due = None, True
        self._wake()

    async def look(self, hands: Holding) -> None:
        """Stop those that work for nothing. One that starves is let alone: it may come to an end between changes."""
        self.is_due = False
        suspects = {i: v for i, v in self._suspects.items() if self._is_under_way(i, v) and not v.claim.is_starving}
        if self._more:
            self._more = False
            self.news()
        if not suspects:
            return
        read = {seq for view in suspects.values() for seq in view.relied_on}
        changed = await self._lane.run(lambda: self._store.superseded(self._board, sorted(read)))
        for id_, view in suspects.items():
            if self._is_under_way(id_, view) and not changed.isdisjoint(view.relied_on):
                hands.recall(view.claim, view)

    def _is_under_way(self, id_: int, view: ActivationView) -> bool:
        return self._under_way.get(id_) is view
