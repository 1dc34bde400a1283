"""Matching: which agents can act on an entry version. Pure but for the agents' own `where` and `rating`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from blackboard.activation import GroupWatch, Proposal
from blackboard.entry import Kind, decode
from blackboard.errors import told
from blackboard.records import PERSON

HIGHEST_RATING = 2**53


@dataclass(frozen=True)
class Pattern:
    """What wakes one agent on single entries."""

    agent: str
    kind: type[Kind]
    statuses: tuple[str, ...]
    where: Callable[[Any], bool] | None = None
    rating: int | Callable[[Any], int] = 0
    waits: bool = False  # it has a `ready`, which is asked later


class Matcher:
    """The patterns of the agents that one worker serves, by kind and status."""

    def __init__(
        self, patterns: Sequence[Pattern], groups: Sequence[GroupWatch], conditional: Iterable[str] = ()
    ) -> None:
        """`conditional`: the agents with `ready` or `unless`, which a commit cannot ask: they notice it afterwards."""
        self.groups = tuple(groups)
        self.singles = tuple(p.agent for p in patterns)
        self.conditional = frozenset(conditional)
        names = (*self.singles, *(g.agent for g in groups))
        self.served = tuple(name for name in names if name not in self.conditional)
        self._patterns: dict[tuple[str, str], list[Pattern]] = {}
        for pattern in patterns:
            for status in pattern.statuses:
                self._patterns.setdefault((pattern.kind.kind_name, status), []).append(pattern)

    def match(self, kind: str, status: str, body: Kind | str, trigger: int, author: str = "") -> list[Proposal]:
        """Proposals for one entry version. An agent whose `where` or `rating` fails gets one that says so."""
        found = []
        for pattern in self._patterns.get((kind, status), ()):
            if pattern.kind.private and author not in {pattern.agent, PERSON}:
                continue
            try:
                proposal = _match(pattern, body, trigger)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # an agent can fail only itself, whatever it raises
                cause = f"{pattern.agent}: where= or rating= failed: {told(error)}"
                proposal = Proposal(pattern.agent, trigger, broken=cause)
            if proposal is not None:
                found.append(proposal)
        return found


def _match(pattern: Pattern, body: Kind | str, trigger: int) -> Proposal | None:
    if pattern.where is None and not callable(pattern.rating):
        return Proposal(pattern.agent, trigger, pattern.rating, waiting=pattern.waits)
    if not isinstance(body, pattern.kind):
        text = body if isinstance(body, str) else body.model_dump_json()
        body = decode(pattern.kind, text, pattern.kind.kind_name)
    if pattern.where is not None and not pattern.where(body):
        return None
    rating = pattern.rating(body) if callable(pattern.rating) else pattern.rating
    if not isinstance(rating, int) or abs(rating) > HIGHEST_RATING:
        raise ValueError(f"a rating is a whole number of at most {HIGHEST_RATING}, not {rating!r}")
    return Proposal(pattern.agent, trigger, int(rating), waiting=pattern.waits)
