"""Joining: agents that come to a running board, change, or leave it, while the others go on.

What has changed is loaded in a thread, first; the runner takes it between two rounds of its loop.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from blackboard.activation import Query
from blackboard.agent import Agent
from blackboard.conditions import AllDone
from blackboard.looker import Looker
from blackboard.ports import Looking, Store
from blackboard.records import Notice
from blackboard.runner.events import What
from blackboard.runner.plan import Lineup, Plan, matcher, seats
from blackboard.seam import Seam
from blackboard.team import lifecycles

CALM = 0.3  # seconds without a further change after which files are looked at: an editor writes several times


@dataclass(frozen=True)
class Change:
    """From one lineup to the next."""

    lineup: Lineup
    new: tuple[Agent, ...]
    edited: tuple[Agent, ...]
    gone: tuple[str, ...]
    broken: tuple[str, ...]  # what is wrong now and was not before, in sentences
    mended: tuple[str, ...]  # files, or makers and entries, with which something was wrong before
    backlog: dict[str, int]  # of each new agent: how many activations the entries that are there make

    @property
    def regrouped(self) -> tuple[str, ...]:
        """Those whose groups are to be counted anew: nobody can tell whether `by` and `size` are what they were."""
        return tuple(a.name for a in self.edited if isinstance(a.watches, AllDone) and a.watches.by is not None)

    @property
    def is_of_agents(self) -> bool:
        """Whether others act than before."""
        return bool(self.new or self.edited or self.gone)

    def told(self) -> Iterator[tuple[What, str, str]]:
        """What has happened, to whom, in words."""
        files = self.lineup.files
        for said in self.broken:
            yield "broken", "", said
        for file in self.mended:
            yield "mended", "", file
        for agent in self.new:
            there = f"{self.backlog[agent.name]} activations" if self.backlog[agent.name] != 1 else "1 activation"
            backlog = "is shown only what is new" if agent.backlog == "new" else f"{there} from what is there"
            yield "joined", agent.name, f"from {files.get(agent.name)}; watches {agent.watching}; {backlog}"
        for agent in self.edited:
            what: What = "remade" if agent.name in self.lineup.made.by else "changed"
            yield what, agent.name, f"{files.get(agent.name)}"
        for name in self.gone:
            yield "left", name, ""


class Joining:
    """Watches a roster for a runner."""

    def __init__(self, plan: Plan, store: Looking, board: str, seam: Seam) -> None:
        assert plan.roster is not None
        self._roster, self._now, self._store, self._board = plan.roster, plan.lineup, store, board
        self._lane = seam.lane("joining", 1)
        self._calm: asyncio.TimerHandle | None = None
        self._looking: asyncio.Future[Change] | None = None
        self._again = False

    def begin(self, news: Callable[[], None]) -> Callable[[], None]:
        """Look out for changes, in the running event loop; `news` is called when there is one to take. UsageError."""
        loop = asyncio.get_running_loop()
        self._loop, self._news = loop, news

        def changed() -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody looks any more
                loop.call_soon_threadsafe(self._touched)

        stop = self._roster.watch(changed)
        if stop is not None:
            self._touched()  # something may have changed before it was watched

        def end() -> None:
            if stop is not None:
                stop()
            if self._calm is not None:
                self._calm.cancel()
            self._lane.close()

        return end

    @property
    def is_unsettled(self) -> bool:
        """Whether something has changed that was not taken yet."""
        return self._calm is not None or self._looking is not None

    @property
    def is_due(self) -> bool:
        """Whether there is something to take."""
        return self._looking is not None and self._looking.done()

    async def is_of_now(self) -> bool:
        """Whether those who were made of entries were made of those that are there now. If not, it looks."""
        if not self._now.made.makers:
            return True
        if self._looking is None and await self._lane.run(lambda: self._now.made.is_of_now(self._store, self._board)):
            return True
        if self._looking is None:
            self._begin_looking()
        return False

    def take(self) -> Change | None:
        """What has changed since the last time, once it is loaded. What went wrong in looking is raised."""
        if self._looking is None or not self._looking.done():
            return None
        change, self._looking = self._looking.result(), None
        self._now = change.lineup
        if self._again:
            self._again = False
            self._touched()
        return change

    def _touched(self) -> None:
        if self._calm is not None:
            self._calm.cancel()
        self._calm = self._loop.call_later(CALM, self._look)

    def _look(self) -> None:
        self._calm = None
        if self._looking is not None:
            self._again = True
            return
        self._begin_looking()

    def _begin_looking(self) -> None:
        self._looking = self._lane.start(self._compared)
        self._looking.add_done_callback(lambda _: self._news())

    def _compared(self) -> Change:
        then, now = self._now, self._roster.lineup(self._store, self._board)
        before = {a.name: a for a in then.agents}
        new = tuple(a for a in now.agents if a.name not in before)
        return Change(
            now, new,
            edited=tuple(a for a in now.agents if before.get(a.name, a) is not a),
            gone=tuple(sorted(before.keys() - {a.name for a in now.agents})),
            broken=tuple(said for file, said in now.broken.items() if then.broken.get(file) != said),
            mended=tuple(f for f in then.broken if f not in now.broken and f in now.files.values()),
            backlog={a.name: backlog(self._store, self._board, a) for a in new},
        )  # fmt: skip


def reseat(store: Store, board: str, change: Change) -> None:
    """Write down who has left, who has come, and the kinds that they bring. Several transactions: each stands alone."""
    if unseated := (*change.gone, *change.regrouped):
        store.dismiss(board, unseated)
    seat(store, board, change.lineup, (*change.new, *change.edited))
    for agent in change.edited:
        _wake_waiting(store, board, agent.name)


def seat(store: Store, board: str, lineup: Lineup, agents: Iterable[Agent]) -> None:
    """Give seats to those of these agents who are served here, and to all who were made; learn the kinds they bring.

    Whoever sees an entry first seats the agent that is made of it, else the board might end before that is served.
    """
    come = [a for a in agents if lineup.only is None or a.name in lineup.only | lineup.made.by.keys()]
    if come:
        store.learn(board, lifecycles(come, []))
        record = store.board(board)
        store.seat(board, seats(come, record.head if record else 0))


def _wake_waiting(store: Store, board: str, agent: str) -> None:
    """Let what waits for an agent's `ready` begin: another one may be asked now, and is before it acts."""
    waiting = tuple(a.id for a in store.waiting(board, agent))
    while waiting:
        cursor = next((s.cursor for s in store.seats(board) if s.name == agent), None)
        if cursor is None or store.notice(board, [Notice(agent, cursor, cursor, ready=waiting)]):
            return


def backlog(store: Looking, board: str, agent: Agent) -> int:
    """How many activations the entries that are there make for an agent that joins now. Runs its `where`."""
    if agent.backlog == "new":
        return 0
    if isinstance(agent.watches, AllDone):
        return int(agent.watches.by is None and agent.watches.holds(Looker(store, board)))
    rows = store.find(board, Query(agent.kind.kind_name, agent.statuses))
    woken = [r for r in rows if matcher([agent]).match(r.kind, r.status, r.body, r.seq, r.author)]
    acted = {a.trigger for a in store.activations(board, agent.name) if a.state in {"done", "failed"}}
    waking = [r for r in woken if r.seq not in acted]
    size = getattr(agent.watches, "size", 1)  # of a batch
    return -(-len(waking) // size)
