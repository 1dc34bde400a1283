"""Noticing: what agents have not seen of the feed, what of it they can act on, and who need not wait any more."""

from collections.abc import Mapping

from blackboard.activation import GroupWatch, Proposal
from blackboard.agent import Agent
from blackboard.errors import FeedGap
from blackboard.looker import check
from blackboard.matching import Matcher
from blackboard.ports import Looking
from blackboard.records import Notice, Row
from blackboard.runner.readiness import Readiness, Seen
from blackboard.runner.view import Toolbox


class Noticing:
    """The looks of the agents that a worker serves at one board."""

    def __init__(self, store: Looking, board: str, tools: Toolbox) -> None:
        self._store, self._board = store, board
        self._readiness = Readiness(store, board, tools)
        self._is_first = True

    def unnoticed(self, agents: Mapping[str, Agent], matcher: Matcher) -> tuple[list[Notice], list[GroupWatch]]:
        """For each agent behind the head: its proposals up to the head; and the fan-in watches to be looked at again.

        User code (`where`, `rating`, `ready`, `unless`) runs here, outside any transaction. FeedGap, StoreError.
        """
        record = self._store.board(self._board)
        head = record.head if record else 0
        cursors = {s.name: s.cursor for s in self._store.seats(self._board)}
        groups = [g for g in matcher.groups if cursors.get(g.agent, head) < head]  # without a seat: it has just left
        names = (*matcher.singles, *(g.agent for g in groups if g.agent in matcher.conditional))
        behind = {name: cursors[name] for name in names if cursors.get(name, head) < head}
        began = self._left_waiting(agents, cursors)
        if not (behind or began):
            return [], groups
        found, seen = self._looked(matcher, behind, head)
        notices = [Notice(name, after, max(seen.upto, after), tuple(found[name])) for name, after in behind.items()]
        notices += [Notice(name, cursors[name], cursors[name]) for name in began if name not in behind]
        asked = {*matcher.conditional, *began}
        return [self._readiness.judged(agents[n.agent], n, seen) if n.agent in asked else n for n in notices], groups

    def _left_waiting(self, agents: Mapping[str, Agent], cursors: Mapping[str, int]) -> list[str]:
        """At the first look: those for whom something waits since before. Their `ready` may be another one now."""
        if not self._is_first:
            return []
        self._is_first = False
        waiting = self._store.summary(self._board).states.get("waiting", {})
        return [name for name in agents if name in waiting and name in cursors]

    def _looked(self, matcher: Matcher, behind: dict[str, int], head: int) -> tuple[dict[str, list[Proposal]], Seen]:
        """Match the feed from where the hindmost has got to."""
        found: dict[str, list[Proposal]] = {name: [] for name in behind}
        upto = min(behind.values(), default=head)
        seen = Seen(after=upto)
        while rows := self._store.feed(self._board, upto):
            for row in rows:
                check(row, self._board)  # a `where` that sees a body which nobody wrote would let work be missed
                seen.changed[row.kind] = row.seq
                for proposal in _matched(matcher, row):
                    if row.seq > behind.get(proposal.agent, row.seq):
                        found[proposal.agent].append(proposal)
                        if proposal.waiting:
                            seen.rows[row.seq] = row
            upto = rows[-1].seq
        if upto < head:
            where = f"{self._board}: the feed ends at seq {upto}, the board at {head}"
            raise FeedGap(f"{where}; `blackboard doctor` tells more")
        seen.upto = upto
        return found, seen


def _matched(matcher: Matcher, row: Row) -> list[Proposal]:
    """What has been replaced already wakes nobody any more, but who counts has to count it."""
    if row.superseded is not None:
        return matcher.grouped(row.kind, row.status, row.body, row.seq)
    return matcher.match(row.kind, row.status, row.body, row.seq, row.author)
