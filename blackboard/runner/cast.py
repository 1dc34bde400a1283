"""The cast: who acts at a board in this process now, what wakes them, and what runs their functions."""

from collections.abc import Iterable
from dataclasses import replace

from blackboard.activation import Contribution, GroupWatch
from blackboard.records import Notice
from blackboard.runner.acting import Acting
from blackboard.runner.noticing import Noticing
from blackboard.runner.plan import Plan, matcher
from blackboard.runner.view import Toolbox
from blackboard.runner.workshop import Workshop


class Cast:
    """The agents that a worker serves. Others may take their places between two rounds of its loop."""

    def __init__(self, shop: Workshop, board: str, plan: Plan) -> None:
        self._shop, self._board = shop, board
        model = plan.model(shop) if plan.model is not None else None
        self._toolbox = Toolbox(shop.tool_lane, plan.resources, plan.tools, model)
        self._matched_before: set[int] = set()  # activations whose writes were matched with those who sat here before
        self._take(plan)

    def _take(self, plan: Plan) -> None:
        shop = self._shop
        self.agents = {a.name: a for a in plan.served}
        self.matcher = matcher(plan.served)
        # whoever was made may be another by now, which only a look at the entries tells: see Runner._notice
        at_commit = matcher([a for a in plan.served if a.name not in plan.made.by])
        self.acting = Acting(shop.store, self.agents, at_commit, shop.agent_lane, self._toolbox)
        self.noticing = Noticing(shop.store, self._board, self._toolbox)

    async def close(self) -> None:
        """Let go of what its tools hold."""
        if self._toolbox.model is not None:
            await self._toolbox.model.close()

    def change(self, plan: Plan, begun: Iterable[int]) -> None:
        """Others act from now on. What was begun ends with the code that it began with."""
        under_way = self.acting.under_way
        self._take(plan)
        self.acting.under_way = under_way  # who recalls looks there, whoever began
        self._matched_before = set(begun)

    def asks(self, agent: str) -> bool:
        """Whether it may have asked a model, which takes of budgets."""
        one = self.agents.get(agent)
        return one is not None and one.asks

    def unnoticed(self) -> tuple[list[Notice], list[GroupWatch]]:
        """What they have not seen yet. User code: not for the event loop."""
        return self.noticing.unnoticed(self.agents, self.matcher)

    def begins(self, activation: int) -> None:
        """It is acted on by those of now."""
        self._matched_before.discard(activation)

    def of_now(self, contribution: Contribution) -> Contribution | None:
        """Without its proposals, if they were made for others than act now; None if they are right."""
        if contribution.claim.id not in self._matched_before:
            return None
        self._matched_before.discard(contribution.claim.id)
        return replace(contribution, proposals=(), served=(), groups=())
