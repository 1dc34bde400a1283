"""Explaining: what an entry version was made from, by whom, and how that went, down to the quotes of documents.

A derivation is read level by level and within limits, so that it costs the same on a large board as on a small one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blackboard.entry import Entry, Label
from blackboard.gist import body_of, gist, shortened
from blackboard.looker import is_intact
from blackboard.ports import Looking
from blackboard.records import ActivationRecord, AttemptRecord, Row

OUTSIDE = "outside"  # the pseudo-agent of posts from outside: nobody acted
TEXTS, FILES = ("text", "quote"), ("document", "file", "path")
HOW = {"failed": "failed", "stale": "done again", "moot": "dropped", "lost": "taken over"}
FEW = 3  # attempts, and quotes, that are told of an entry
DEEPEST = 24  # levels of indentation; what is deeper stays below that
UNLIMITED = 2**31


@dataclass(frozen=True)
class Limits:
    """How much of a derivation is looked at."""

    breadth: int = 8  # versions of which one version was made
    depth: int = 12
    entries: int = 80  # versions in all


SOME, ALL = Limits(), Limits(UNLIMITED, UNLIMITED, UNLIMITED)


@dataclass(frozen=True)
class Quoted:
    """A passage of a document that a body holds."""

    text: str
    place: str  # FILE:LINE, or FILE

    def __str__(self) -> str:
        return f'"{shortened(self.text, 48)}" {self.place}'


@dataclass
class Node:
    """A version, the activation that wrote it, and what that had read."""

    row: Row
    activation: ActivationRecord | None
    attempts: tuple[AttemptRecord, ...]
    sources: dict[int, bool] = field(default_factory=dict)  # seq -> whether it was relied on
    read: int = 0  # how many versions it was made from, those beyond the limits too


class Why:
    """An entry version, who wrote it, and what they had read. `print` draws the tree."""

    def __init__(
        self, nodes: Mapping[int, Node], seq: int, to_entry: Callable[[Row], Entry[Any]], strict: bool
    ) -> None:
        self._nodes, self._node, self._to_entry = nodes, nodes[seq], to_entry
        self.strict = strict
        """Whether what was made of it relied on it; False: it was looked at with strict=False."""

    @property
    def entry(self) -> Entry[Any]:
        """The version. StoreError if its body was changed outside."""
        return self._to_entry(self._node.row)

    @property
    def activation(self) -> ActivationRecord | None:
        """The activation that wrote it; None for a post from outside."""
        return self._node.activation

    @property
    def attempts(self) -> tuple[AttemptRecord, ...]:
        """The attempts of that activation that did not succeed."""
        return self._node.attempts

    @property
    def because(self) -> tuple["Why", ...]:
        """What it was made from, in the order in which it was read."""
        kept = ((s, strict) for s, strict in self._node.sources.items() if s in self._nodes)
        return tuple(Why(self._nodes, s, self._to_entry, strict) for s, strict in kept)

    @property
    def more(self) -> int:
        """How many versions it was made from that are beyond the limits."""
        return self._node.read - len(self.because)

    @property
    def quotes(self) -> tuple[Quoted, ...]:
        """The passages of documents that its body holds."""
        return tuple(quotes(body_of(self._node.row.body)))

    def lines(self) -> Iterator[tuple[int, str]]:
        """The tree as (level, text). A version that is met twice is told once, then referred to."""
        told: set[int] = set()
        left: list[tuple[int, Why | str]] = [(0, self)]
        while left:
            level, one = left.pop()
            if isinstance(one, str):
                yield level, one
                continue
            row, loosely = one._node.row, "" if one.strict else "  (read loosely)"
            if row.seq in told:
                yield level, f"{row.key} v{row.version}  see above{loosely}"
                continue
            told.add(row.seq)
            yield level, _headline(one._node) + loosely
            yield from ((level + 1, text) for text in _details(one))
            if one.more:
                left.append((level + 1, f"… {one.more} more"))
            left += [(level + 1, why) for why in reversed(one.because)]

    def as_json(self) -> dict[str, Any]:
        """The derivation for programs: every version once, with the seqs that it was made from."""
        reached, left = dict[int, Why](), [self]
        while left:
            one = left.pop()
            if reached.setdefault(one._node.row.seq, one) is one:
                left += reversed(one.because)
        return {"seq": self._node.row.seq, "entries": [_as_json(one) for one in reached.values()]}

    def __str__(self) -> str:
        return "\n".join("  " * min(level, DEEPEST) + text for level, text in self.lines())


def derivation(
    store: Looking, board: str, root: Row, to_entry: Callable[[Row], Entry[Any]], limits: Limits = SOME
) -> Why:
    """What a version was made from, and what that was made from."""
    nodes: dict[int, Node] = {}
    level = [root]
    for depth in range(limits.depth):
        nodes |= {n.row.seq: n for n in _nodes(store, board, level, limits.breadth if depth + 1 < limits.depth else 0)}
        new = dict.fromkeys(s for row in level for s in nodes[row.seq].sources if s not in nodes)
        wanted = list(new)[: limits.entries - len(nodes)]
        level = store.by_seq(board, wanted) if wanted else []
        if not level:
            break
    return Why(nodes, root.seq, to_entry, strict=True)


def _nodes(store: Looking, board: str, rows: list[Row], breadth: int) -> Iterator[Node]:
    ids = {row.activation for row in rows}
    acted = {a.id: a for a in store.activations_of(board, sorted(ids)) if a.agent != OUTSIDE}
    attempts: dict[int, list[AttemptRecord]] = {}
    for one in store.attempts(board, sorted(acted)):
        attempts.setdefault(one.activation, []).append(one)
    looked = {id_: store.looked_at(board, id_, breadth) for id_ in ids}
    for row in rows:
        read, seen = looked[row.activation]
        sources = {seq: strict for seq, strict in reversed(seen) if seq < row.seq}
        if not read and row.version > 1 and (before := store.version(board, row.key, row.version - 1)) is not None:
            read, sources = 1, {before.seq: True} if breadth else {}  # amended from outside
        kept = dict(reversed(sources.items()))
        yield Node(row, acted.get(row.activation), tuple(attempts.get(row.activation, ())), kept, read)


def quotes(body: Any) -> Iterator[Quoted]:
    """The objects inside a body that have a text and a file."""
    left = list(_inside(body))
    while left:
        value = left.pop(0)
        text, file = _first(value, TEXTS), _first(value, FILES)
        if text and file:
            line = value.get("line")
            yield Quoted(text, f"{file}:{line}" if isinstance(line, int) else file)
        else:
            left[:0] = _inside(value)


def _inside(value: Any) -> Iterable[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _first(value: Any, names: tuple[str, ...]) -> str:
    found = (value.get(n) for n in names) if isinstance(value, dict) else ()
    return next((v for v in found if isinstance(v, str) and v), "")


# -- words -----------------------------------------------------------------------------------------------------------
def _headline(node: Node) -> str:
    row = node.row
    acted = f" (activation {node.activation.id})" if node.activation else ""
    return f"{row.key} v{row.version}  {row.status}  by {row.author}{acted}  {gist(row.body)}".rstrip()


def _details(one: Why) -> Iterator[str]:
    row, label = one._node.row, one._node.row.label
    if not is_intact(row):
        yield "its body was changed outside; `blackboard doctor` tells more"
    if label != Label():
        yield ", ".join(_trust(label))
    yield from _few([f"{HOW.get(a.outcome, a.outcome)}: {shortened(a.cause, 200)}" for a in one.attempts], "attempt")
    yield from _few([str(q) for q in one.quotes], "quote")


def _trust(label: Label) -> Iterator[str]:
    yield f"trust: {label.integrity.name.lower()}"
    if label.confidentiality:
        yield label.confidentiality.name.lower()
    if label.origins:
        yield f"from {', '.join(sorted(label.origins))}"


def _few(texts: list[str], what: str) -> list[str]:
    more = len(texts) - FEW
    return texts if more <= 0 else [*texts[:FEW], f"… {more} more {what}{'' if more == 1 else 's'}"]


def _as_json(one: Why) -> dict[str, Any]:
    row, acted = one._node.row, one.activation
    return {
        "seq": row.seq, "key": row.key, "version": row.version, "kind": row.kind, "status": row.status,
        "author": row.author, "about": row.about, "body": body_of(row.body), "intact": is_intact(row),
        "integrity": row.label.integrity.name.lower(), "confidentiality": row.label.confidentiality.name.lower(),
        "origins": sorted(row.label.origins), "quotes": [{"text": q.text, "place": q.place} for q in one.quotes],
        "activation": None if acted is None else {
            "id": acted.id, "agent": acted.agent, "attempt": acted.attempt, "redone": acted.redone,
            "attempts": [{"number": a.number, "outcome": a.outcome, "cause": a.cause} for a in one.attempts],
        },
        "made_from": [{"seq": w._node.row.seq, "strict": w.strict} for w in one.because], "more": one.more,
    }  # fmt: skip
