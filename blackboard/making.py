"""Making: the agents that makers give for the entries of a board, each made once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from blackboard.agent import Agent
from blackboard.entry import Integrity
from blackboard.errors import BodyRefused, told
from blackboard.looker import to_entry
from blackboard.maker import AgentMaker
from blackboard.ports import Looking
from blackboard.records import Row


@dataclass(frozen=True)
class Made:
    """Which of the agents at a board were made, by whom, and of which entries."""

    makers: tuple[AgentMaker, ...] = ()
    seqs: frozenset[int] = frozenset()
    by: Mapping[str, str] = field(default_factory=dict)  # agent -> its maker

    def is_of_now(self, store: Looking, board: str) -> bool:
        """Whether the entries that are there now are those that they were made of."""
        return self.seqs == {row.seq for maker in self.makers for row in store.find(board, maker.query)}

    @property
    def idle(self) -> list[AgentMaker]:
        """Those of whom no agent has come yet."""
        return [m for m in self.makers if m.name not in self.by.values()]


class One(NamedTuple):
    """What came of one entry: an agent, or else a sentence that says why there is none."""

    maker: str
    seq: int
    source: str  # `analyst for role-1`
    made: Agent | str


class Making:
    """Remembers what it has made: the same version gives the same agent, so nobody seems to have changed."""

    def __init__(self) -> None:
        self._made: dict[tuple[AgentMaker, int], One] = {}

    def of(self, makers: Sequence[AgentMaker], store: Looking, board: str) -> list[One]:
        """What the makers give for the entries that are there, oldest first. Runs user code. StoreError."""
        rows = [(maker, row) for maker in makers for row in store.find(board, maker.query)]
        self._made = {(m, r.seq): self._made.get((m, r.seq)) or _one(m, r, board) for m, r in rows}
        return list(self._made.values())


def _one(maker: AgentMaker, row: Row, board: str) -> One:
    source = f"{maker.name} for {row.key}"
    try:
        entry = to_entry(maker.kind, row, board)
    except BodyRefused as error:
        return One(maker.name, row.seq, source, f"{source}: {error}")
    try:
        made: object = maker.make(entry)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it can fail only its own agent, whatever it raises
        return One(maker.name, row.seq, source, f"{source}: {told(error)}")
    if not isinstance(made, Agent):
        return One(maker.name, row.seq, source, f"{source}: it gives {type(made).__name__}, not an agent")
    if made.asks and row.label.integrity < Integrity.USER:  # its words would be the operator's own
        return One(maker.name, row.seq, source, f"{source}: nobody vouches for that, so no agent of it asks a model")
    return One(maker.name, row.seq, source, made)
