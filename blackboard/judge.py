"""The judge: whether a contribution may land, and exactly what is then written. Pure; no database, no clock.

The store loads the facts in one read under the board's lock, asks the judge, and applies the writes in one batch.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blackboard.activation import Contribution, Fenced, Landed, Lot, Part, Refused, Stale, State, Write
from blackboard.entry import RETRACTED
from blackboard.records import Grants


@dataclass(frozen=True, slots=True)
class Facts:
    """What the board looks like under the lock, as far as one contribution depends on it."""

    board: str  # open or closed
    head: int
    state: State
    token: int
    done_seq: int | None = None
    grants: Grants | None = None  # what the agent has declared; None: nothing is refused
    superseded: Mapping[int, int] = field(default_factory=dict)  # of the seqs relied on: replaced -> by which
    appeared: Sequence[str] = ()  # of the absent keys: those that are there now
    drifted: Mapping[int, str] = field(default_factory=dict)  # place of a query that would now give something else: how
    regrouped: bool = False  # the group that woke it is not the set any more that it was
    marks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # kind -> status -> entries
    cursors: Mapping[str, int] = field(default_factory=dict)  # agent -> seq


@dataclass(frozen=True, slots=True)
class NewVersion:
    """One row of the feed to be."""

    seq: int
    key: str
    version: int
    write: Write
    about: tuple[str, ...]
    born: int
    replaces: int | None


@dataclass(frozen=True, slots=True)
class NewActivation:
    """One row of the agenda to be; refraction drops it if there is such a one."""

    agent: str
    trigger: int
    rating: int
    group: str | None = None
    broken: str | None = None
    waiting: bool = False
    many: Lot | Part | None = None  # no row of its own: what it is to become a part of
    binding: str | None = None  # None: its trigger


@dataclass(frozen=True, slots=True)
class Writes:
    """All that a contribution changes."""

    entries: tuple[NewVersion, ...]
    head: int
    marks: Mapping[tuple[str, str], int]  # (kind, status) -> change of the number of entries
    activations: tuple[NewActivation, ...]
    advanced: tuple[str, ...]  # agents whose cursor moves to the new head
    lagging: bool


def judge(facts: Facts, contribution: Contribution) -> Writes | Landed | Stale | Fenced | Refused:
    """Writes if it may land. Landed if it has landed before: a retried commit whose answer was lost."""
    claim = contribution.claim
    if facts.state in {"done", "failed"} and facts.token == claim.token and facts.done_seq is not None:
        seqs = tuple(range(facts.done_seq - len(contribution.writes) + 1, facts.done_seq + 1))
        return Landed(seqs)
    if facts.board != "open":
        return Fenced("the board has ended")
    if facts.state != "running" or facts.token != claim.token:
        return Fenced(f"activation {claim.id} is {facts.state} under token {facts.token}, not {claim.token}")
    if facts.grants is not None and (beyond := _beyond(facts.grants, contribution)):
        return Refused(f"{contribution.author} {beyond}")
    if changed := _changed(facts, contribution):
        return Stale(tuple(changed), moot=_is_moot(facts, contribution))
    return _writes(facts, contribution)


def _beyond(grants: Grants, contribution: Contribution) -> str | None:
    """What the agent has done without having declared it. What the board writes for it needs no grant."""
    for write in contribution.writes:
        if write.author is None and write.kind not in grants.writes:
            return f"writes {write.kind}; add it to writes="
    if contribution.failed is not None:
        return None
    if grants.reads is not None and (read := contribution.kinds_read - grants.reads):
        return f"reads {min(read)}; add it to reads="
    if called := contribution.called - grants.tools:
        return f"calls {min(called)}; add it to tools="
    return None


def _changed(facts: Facts, contribution: Contribution) -> list[str]:
    """What it relied on and what is no longer so, in words."""
    replaced = sorted(contribution.relied_on & set(facts.superseded))
    return [
        *(f"seq {old} was replaced by {facts.superseded[old]}" for old in replaced),
        *(f"{key} has appeared" for key in facts.appeared),
        *facts.drifted.values(),
        *(["its group has changed"] if facts.regrouped else []),
    ]


def _is_moot(facts: Facts, contribution: Contribution) -> bool:
    """Whether that was what woke the agent: then the new version wakes it by itself."""
    queries = contribution.reads.queries
    replaced = [seq in facts.superseded for seq in contribution.woken_by]
    gone = any(replaced) and (all(replaced) or not contribution.claim.is_batch)
    return gone or facts.regrouped or any(queries[place].waking for place in facts.drifted)


def _writes(facts: Facts, contribution: Contribution) -> Writes:
    entries = _versions(facts, contribution.writes)
    head = facts.head + len(entries)
    marks = _marks(entries)
    noticed = tuple(a for a in contribution.served if facts.cursors.get(a) == facts.head)
    proposed = [
        NewActivation(p.agent, entries[p.trigger].seq, p.rating, broken=p.broken, many=p.many)
        for p in contribution.proposals
        if p.agent in noticed
    ]
    whole = _whole_groups(facts, contribution, entries, marks, noticed)
    lagging = len(noticed) < len(contribution.served) or (contribution.unasked and bool(entries))
    return Writes(entries, head, marks, (*proposed, *whole), noticed, lagging)


def _versions(facts: Facts, writes: Sequence[Write]) -> tuple[NewVersion, ...]:
    """Number the writes: seqs follow the head without a gap, new keys follow the last key of their kind."""
    keys: list[str] = []
    numbers = {kind: sum(by_status.values()) for kind, by_status in facts.marks.items()}
    for write in writes:
        if write.base is None:
            numbers[write.kind] = numbers.get(write.kind, 0) + 1
            keys.append(f"{write.kind}-{numbers[write.kind]}")
        else:
            keys.append(write.base.key)
    versions = []
    for place, write in enumerate(writes):
        seq, base = facts.head + 1 + place, write.base
        about = tuple(dict.fromkeys(keys[a] if isinstance(a, int) else a for a in write.about))
        version, born, replaces = (base.version + 1, write.born or base.seq, base.seq) if base else (1, seq, None)
        versions.append(NewVersion(seq, keys[place], version, write, about, born, replaces))
    return tuple(versions)


def _marks(entries: Sequence[NewVersion]) -> dict[tuple[str, str], int]:
    marks: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        marks[entry.write.kind, entry.write.status] += 1
        if entry.write.base is not None:
            marks[entry.write.kind, entry.write.base.status] -= 1
    return dict(marks)


def _whole_groups(
    facts: Facts,
    contribution: Contribution,
    entries: Sequence[NewVersion],
    marks: Mapping[tuple[str, str], int],
    noticed: Sequence[str],
) -> list[NewActivation]:
    """The fan-in watches that these writes have made whole."""
    found = []
    for group in contribution.groups:
        touched = [e.seq for e in entries if e.write.kind == group.kind]
        if not touched or group.agent not in noticed:
            continue
        counts = Counter(facts.marks.get(group.kind, {}))
        for (kind, status), change in marks.items():
            if kind == group.kind:
                counts[status] += change
        if is_whole(counts, group.done):
            found.append(NewActivation(group.agent, touched[-1], group.rating, group=group.kind))
    return found


def is_whole(counts: Mapping[str, int], done: frozenset[str]) -> bool:
    """Whether there is one at least, and every one that was not retracted has reached a last status."""
    total = sum(n for status, n in counts.items() if status != RETRACTED)
    return total > 0 and total == sum(n for status, n in counts.items() if status in done)
