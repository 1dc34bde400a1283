"""The laws as protocols: what a store must offer. `tests/contract/` holds every store to them.

A store keeps many boards; boards never share rows. It is synchronous and thread-safe: any thread may look, and every
change is one short transaction that takes the board's serialization point first. No user code runs inside.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from blackboard.activation import Agenda, Claim, Contribution, GroupWatch, Landed, Query, Ruling, Stale, State
from blackboard.calls import Beginning, CallRecord, Ended, Gate, Limits, NewCall, Short
from blackboard.entry import Confidentiality, Integrity
from blackboard.records import (
    ActivationRecord,
    AgendaCount,
    Ancestor,
    AttemptRecord,
    BoardRecord,
    Changed,
    Claims,
    Copy,
    Finding,
    NewBoard,
    Notice,
    Row,
    Seat,
    Serving,
    Summary,
    Worker,
)


class Looking(Protocol):
    """Reads. `as_of` None is now; a seq is the board as it was when that was the newest."""

    def boards(self, status: str | None = None) -> list[BoardRecord]:
        """All boards (of this status), oldest first."""

    def board(self, board: str) -> BoardRecord | None:
        """One board's row."""

    def by_key(self, board: str, key: str, as_of: int | None = None) -> Row | None:
        """The version of this entry that was current then."""

    def by_seq(self, board: str, seqs: Iterable[int]) -> list[Row]:
        """These versions, in seq order."""

    def find(self, board: str, query: Query, as_of: int | None = None) -> list[Row]:
        """What the query gives, oldest key first."""

    def count(self, board: str, query: Query, as_of: int | None = None) -> int:
        """How many the query would give."""

    def current(self, board: str, as_of: int | None = None) -> list[Row]:
        """All that is on the board, retracted entries included, oldest key first. For people, not for agents."""

    def versions(self, board: str, key: str) -> list[Row]:
        """All versions of an entry, oldest first."""

    def version(self, board: str, key: str, version: int) -> Row | None:
        """One version of an entry."""

    def newest(self, board: str, kind: str, limit: int, as_of: int | None = None) -> list[Row]:
        """The entries of a kind that changed last, retracted ones included, newest first. The others are not read."""

    def counted(self, board: str, kind: str, as_of: int) -> int:
        """How many entries of a kind there were, retracted ones included."""

    def feed(self, board: str, after: int, limit: int = 500) -> list[Row]:
        """The versions after this seq, in order. FeedGap if one is missing."""

    def made_from(self, board: str, activation: int) -> list[int]:
        """The seqs of all that this activation had read."""

    def lineage(self, board: str, seq: int, after: int, steps: int) -> list[Ancestor]:
        """This version, what woke the activation that wrote it, what woke that, … newest first.

        So many steps at most, and not beyond what came `after` that seq.
        """

    def landed_since(self, board: str, seq: int, most: int) -> int:
        """How many activations of agents have landed or failed since this seq; at least `most` if there are as many."""

    def looked_at(self, board: str, activation: int, limit: int) -> tuple[int, list[tuple[int, bool]]]:
        """How many versions this activation had read, and the first of them: (seq, whether it relied on it)."""

    def kind_label(self, board: str, kind: str) -> tuple[Integrity, Confidentiality]:
        """The lowest integrity and the highest confidentiality among what is counted of a kind."""

    def summary(self, board: str, least: int | None = None) -> Summary:
        """What the controller needs. What is pending and rated below the least is counted apart, as `below`."""

    def seats(self, board: str) -> list[Seat]:
        """The registered agents."""

    def activations(self, board: str, agent: str | None = None) -> list[ActivationRecord]:
        """The activations of a board or of one of its agents, oldest first."""

    def waiting(self, board: str, agent: str) -> list[ActivationRecord]:
        """The activations of an agent that wait for its `ready`, oldest first."""

    def activations_of(self, board: str, ids: Iterable[int]) -> list[ActivationRecord]:
        """These activations."""

    def in_state(self, board: str, state: str, limit: int) -> list[ActivationRecord]:
        """The newest activations in this state, newest first."""

    def agenda(self, board: str) -> list[AgendaCount]:
        """How many activations each agent has in each state; in the order in which the agents came to act."""

    def attempts(self, board: str, activations: Iterable[int]) -> list[AttemptRecord]:
        """The attempts of these activations that did not succeed, in order."""

    def superseded(self, board: str, seqs: Iterable[int]) -> set[int]:
        """Those of these versions that are no longer the newest."""

    def acted(self, board: str) -> dict[str, int]:
        """How many activations each agent of a board has had."""

    def serving(self, board: str | None = None) -> list[Serving]:
        """Who serves a board, or any board, in the order in which they came. Those that have died are among them."""

    def calls(self, board: str, activations: Iterable[int] | None = None) -> list[CallRecord]:
        """The calls of models that a board (or these activations of it) has made, oldest first; without their texts.

        Of these, `request` is empty and `response` None.
        """

    def call(self, board: str, id_: int) -> CallRecord | None:
        """One call with the request as it was sent and the message as it came."""

    def last_seen(self, board: str, agent: str, key: str, before: int, as_of: int) -> Row | None:
        """The version of this entry, before this seq, that the agent had read when it last landed up to `as_of`.

        None where it had read none.
        """

    def left(self, board: str, agent: str) -> dict[str, int]:
        """What is left of the budgets that bind this agent's calls and activations: unit -> the least of them.

        A unit that nothing caps is not there. Today's budgets of the database are among them.
        """

    def limits(self) -> dict[str, Limits]:
        """What the database allows its processes together, by model; `*` is of all models."""

    def gates(self) -> list[Gate]:
        """How it stands with each model that has asked for a rest or whose breaker has opened, now."""

    def stamp(self) -> int:
        """A number that changes with every commit of whomever. Costs microseconds: the net under lost hints."""

    def sql(self, query: str, values: dict[str, object]) -> list[dict[str, Any]]:
        """Read with plain SQL; what would write is refused."""

    def examine(self) -> list[Finding]:
        """Look for all that can be wrong with the database and the ground that it stands on, a finding a check.

        A check that cannot run is an error among the findings; the others go on.
        """

    def backup(self, path: str, *, overwrite: bool = False) -> Copy:
        """Copy the database as it is now, while others write; the copy is checked before it bears its name.

        UsageError where it must not be written, StoreError if it cannot be made or is not sound.
        """

    def check_head(self, board: str) -> None:
        """FeedGap if the board ends before a version that was acknowledged: its end has vanished."""


class Store(Looking, Protocol):
    """Reads and writes."""

    url: str

    def create(self, new: NewBoard, seats: Sequence[Seat], seed: Contribution) -> str:
        """Make a board with its seed in one transaction; its id."""

    def seat(self, board: str, seats: Sequence[Seat]) -> None:
        """Register agents; those that are there keep their cursor."""

    def retire(self, board: str, keep: Sequence[str]) -> None:
        """Take the seats of all agents but these, and drop what is pending for them."""

    def dismiss(self, board: str, agents: Sequence[str]) -> None:
        """Take the seats of these agents, drop what is pending for them and what any worker holds for them.

        What was dropped so is on the agenda again when such an agent is back, and notices what woke it.
        """

    def learn(self, board: str, kinds: str) -> None:
        """Add the lifecycles of kinds (name -> lifecycle, as JSON) to those that the board knows."""

    def post(self, board: str, operation: str, contribution: Contribution) -> Landed:
        """A contribution from outside, once for each operation id. BoardClosed, UsageError if stale."""

    def commit(
        self, board: str, contributions: Sequence[Contribution], agenda: Agenda | None = None
    ) -> tuple[list[Ruling], Claims]:
        """Judge and apply in one transaction, then claim what the agenda allows. A bad contribution fails alone."""

    def notice(self, board: str, notices: Sequence[Notice], groups: Sequence[GroupWatch] = ()) -> bool:
        """Make activations and move cursors together; False if a cursor was not where it was thought to be."""

    def claim(self, board: str, agenda: Agenda) -> Claims:
        """Take the best-rated activations that can be had, those of dead workers included."""

    def retry(
        self, claim: Claim, cause: str, looked: Contribution | None = None, *, delay: float = 0, used: int | None = None
    ) -> bool | Stale:
        """Record a failed attempt and put the activation back; False if the claim was lost.

        It is due in `delay` seconds. `used`: so many attempts count as used up, where it is not the number of this one.
        Stale if what it had `looked` at has changed: then it was no failure, and is done again on a newer snapshot.
        """

    def set_aside(self, claim: Claim, state: State, cause: str) -> bool:
        """Take back a claim that was not acted on: it is `moot`, or `waiting` again; False if the claim was lost.

        Where it waits, its agent has noticed nothing that came after the claim's snapshot.
        """

    def renew(self, claim: Claim) -> Claim | None:
        """The same claim on the newest snapshot, for what has waited before it looked at anything; None if lost."""

    def begin_call(self, call: NewCall) -> Beginning:
        """Reserve a call at its bound and write it down; or the answer that the journal has, or why not now.

        Of a call that was begun under an older claim nothing is known: it is booked at its bound.
        """

    def end_call(self, ended: Ended) -> bool:
        """Write down how a call went and settle it, whoever holds the claim by now; False if that was done before.

        One that was booked at its bound meanwhile is corrected. What it no longer takes may let parked activations go
        on. Repeating it changes nothing.
        """

    def keep(self, ended: Ended) -> None:
        """Keep how a call went where the database cannot be reached: beside it, until `take_up`. OSError."""

    def take_up(self) -> int:
        """Write down what was kept, and forget it; how many calls that were."""

    def reject_calls(self, board: str, ids: Iterable[int], cause: str) -> None:
        """Say of these calls that nothing came of them, for people: the journal gives them all the same."""

    def park(self, claim: Claim, short: Short, cause: str) -> bool:
        """Put an activation aside until this budget allows more, on its snapshot and untried; False if it was lost.

        Where it allows more by now it is pending at once.
        """

    def limit(self, model: str, limits: Limits) -> None:
        """Set what the database allows its processes together of a model, or with `*` of all."""

    def announce(self, worker: Worker) -> None:
        """Register a worker: from now on others can tell whether its process is still there."""

    def serve(self, board: str, worker: str, agents: Mapping[str, str], slots: int) -> None:
        """Say that a worker serves these agents (name -> code version) of a board."""

    def beat(self, board: str, agenda: Agenda, ran_seconds: float) -> set[tuple[int, int]]:
        """Extend the leases of a worker; the (activation, token) pairs that it still holds.

        `ran_seconds` since its last beat are added to the board's working time, as far as no other worker's beat has
        added them.
        """

    def release(self, board: str, worker: str) -> None:
        """Put back untried what a worker holds at a board: it serves it no longer."""

    def leave(self, worker: str) -> None:
        """A worker ends. What it still holds can be taken over at once."""

    def strike(self, board: str, at_head: int, contribution: Contribution) -> bool:
        """Record the first quiescence, with its entry; False if the board has moved since."""

    def conclude(
        self, board: str, verdict: str, at_head: int, final: bool, quiet: bool = False, epoch: int | None = None
    ) -> bool:
        """Write the verdict and close the board; False if the board has moved since. Final: nothing can be resumed.

        Epoch: the one that was judged; False if the board has ended and was resumed since, which moves no head.

        Quiet: it says that nothing is left to do, so it is refused too if an agent has not noticed everything.
        """

    def cancel(self, board: str, reason: str) -> None:
        """Ask that the board be ended. No effect on one that has."""

    def reopen(self, board: str, caps: Sequence[tuple[str, int | None]], changed: Changed | None = None) -> None:
        """Open a board again, with these caps and what has changed: a new epoch, if anything has."""

    def watch(self, hint: Callable[[], None]) -> Callable[[], None]:
        """Call the hint after commits, in this process or another; gives back how to stop that. From any thread.

        A hint, never a message: it may come for nothing, and it may be lost.
        """

    def close(self) -> None:
        """Let go of the database."""
