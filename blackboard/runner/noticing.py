"""Noticing: what agents have not seen of the feed, and what of it they can act on."""

from blackboard.activation import GroupWatch, Proposal
from blackboard.errors import FeedGap
from blackboard.looker import check
from blackboard.matching import Matcher
from blackboard.ports import Looking
from blackboard.records import Notice


def unnoticed(store: Looking, board: str, matcher: Matcher) -> tuple[list[Notice], list[GroupWatch]]:
    """For each agent behind the head: its proposals up to the head; and the fan-in watches to be looked at again.

    User code (`where`, `rating`) runs here, outside any transaction. FeedGap, StoreError.
    """
    record = store.board(board)
    head = record.head if record else 0
    cursors = {s.name: s.cursor for s in store.seats(board)}
    groups = [g for g in matcher.groups if cursors.get(g.agent, 0) < head]
    behind = {name: cursors.get(name, 0) for name in matcher.singles if cursors.get(name, 0) < head}
    if not behind:
        return [], groups
    found: dict[str, list[Proposal]] = {name: [] for name in behind}
    upto = min(behind.values())
    while rows := store.feed(board, upto):
        for row in rows:
            check(row, board)  # a `where` that sees a body which nobody wrote would let work be missed
            for proposal in matcher.match(row.kind, row.status, row.body, row.seq, row.author):
                if row.seq > behind.get(proposal.agent, row.seq):
                    found[proposal.agent].append(proposal)
        upto = rows[-1].seq
    if upto < head:
        raise FeedGap(f"{board}: the feed ends at seq {upto}, the board at {head}; `blackboard doctor` tells more")
    return [Notice(agent, cursor, max(upto, cursor), tuple(found[agent])) for agent, cursor in behind.items()], groups
