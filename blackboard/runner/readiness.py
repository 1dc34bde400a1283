"""Readiness: whether what an agent could act on may begin (`ready`), or is not needed any more (`unless`).

What is said here lets activations begin or drop out; the agent asks again on its own snapshot before it acts.
"""

from dataclasses import dataclass, field, replace

from blackboard.activation import Claim
from blackboard.agent import Agent
from blackboard.conditions import Condition
from blackboard.ports import Looking
from blackboard.reader import Reader
from blackboard.records import Notice, Row
from blackboard.runner.acting import is_ready
from blackboard.runner.ending import AtHead
from blackboard.runner.view import ActivationView, Toolbox, eyes_of


@dataclass
class Seen:
    """What was seen of the feed in one look, from `after` up to `upto`."""

    after: int
    upto: int = 0
    changed: dict[str, int] = field(default_factory=dict)  # kind -> the last seq that changed it
    rows: dict[int, Row] = field(default_factory=dict)  # what has woken an agent with `ready`


class Readiness:
    """Asks `ready` and `unless`. A function is asked again only when something of a kind that it read has changed."""

    def __init__(self, store: Looking, board: str, tools: Toolbox) -> None:
        self._store, self._board, self._tools = store, board, tools
        self._unready: dict[tuple[str, int], tuple[int, frozenset[str]]] = {}  # asked at which seq, what it read

    def judged(self, agent: Agent, notice: Notice, seen: Seen) -> Notice:
        """The notice with what its agent's conditions say."""
        waiting = self._store.waiting(self._board, agent.name)  # first: what comes to wait later was not asked
        now = AtHead(self._store, self._board, self._store.summary(self._board), eyes_of(agent))
        noticed = replace(notice, stays=agent.is_whole, asked=tuple(a.id for a in waiting))
        if agent.unless is not None and _holds(agent.unless, now, failing=False):
            return replace(noticed, obviated=f"not needed: {agent.unless}")
        if agent.ready is None:  # it had one when these began to wait
            return replace(noticed, ready=tuple(a.id for a in waiting))
        promoted = tuple(replace(p, waiting=False) for p in notice.proposals)
        if isinstance(agent.ready, Condition):
            if not _holds(agent.ready, now, failing=True):
                return replace(noticed, proposals=tuple(replace(p, waiting=True) for p in notice.proposals))
            return replace(noticed, proposals=promoted, ready=tuple(a.id for a in waiting))
        if agent.is_batched or (agent.is_group and not agent.is_whole):  # asked of all that it is handed, when it acts
            return replace(noticed, proposals=promoted, ready=tuple(a.id for a in waiting))
        new = (replace(p, waiting=not self._is_ready(agent, p.trigger, None, seen)) for p in notice.proposals)
        ready = tuple(a.id for a in waiting if self._is_ready(agent, a.trigger, a.group, seen))
        return replace(noticed, proposals=tuple(new), ready=ready)

    def _is_ready(self, agent: Agent, trigger: int, group: str | None, seen: Seen) -> bool:
        """Ask about one activation, as of what was seen. What fails here fails again, and tells why, when it acts."""
        asked, kinds = self._unready.pop((agent.name, trigger), (-1, frozenset()))
        if asked >= seen.after and not any(seen.changed.get(kind, 0) > asked for kind in kinds):
            self._unready[agent.name, trigger] = (seen.upto, kinds)
            return False
        claim = Claim(self._board, 0, agent.name, trigger, group, seen.upto, 0, 1)
        view = ActivationView(self._store, agent, claim, self._tools, seen.rows.get(trigger))
        try:
            ready = is_ready(agent, view.trigger(), view)
        except Exception:
            return True
        if not ready:
            self._unready[agent.name, trigger] = (seen.upto, view.kinds_read | {agent.kind.kind_name})
        return ready


def _holds(condition: Condition, board: Reader, *, failing: bool) -> bool:
    """What fails here lets the agent act, where it fails again, and tells why."""
    try:
        return condition.holds(board)
    except Exception:
        return failing
