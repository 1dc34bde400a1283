"""What must be true of a board after every transaction, told from the rows alone and from who wrote them."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blackboard.activation import STARVING
from blackboard.agent import Agent
from blackboard.conditions import AllDone, Condition, exists
from blackboard.entry import RETRACTED, Failure, Kind
from blackboard.runner import Plan
from store.library import sqlite3
from tests.replaying import Replay
from tests.simulation.process import Process
from tests.simulation.workload import EXPECTED

Row = Mapping[str, Any]
OUTSIDE = "outside"
ENDED = {"done", "failed", "moot"}
COLUMNS = "seq, key, version, kind, status, author, activation_id, about, born_seq, superseded_seq, body"
COUNTED = "SELECT scope, cap, settled, reserved FROM budget WHERE unit = 'activations'"
LEAST: Mapping[str, Any] = {
    "token": 0,
    "attempt": 0,
    "redone": 0,
    "state": "pending",
    "owner": None,
    "snapshot_seq": None,
    "due_at": None,
}


class Violation(AssertionError):
    """Something that must never be so, by its name and with its details."""

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant


def _demand(good: object, invariant: str, detail: str = "") -> None:
    if not good:
        raise Violation(invariant, detail)


class Board:
    """One board as it was after the last transaction; `check` compares it with what it is now."""

    expected: Sequence[str] = EXPECTED

    def __init__(
        self,
        connection: sqlite3.Connection,
        board: str,
        agents: Sequence[Agent],
        least: int | None,
        count: Callable[[str], None],
    ) -> None:
        self._connection, self.id, self._count = connection, board, count
        self._least, self._agents = least, {a.name: a for a in agents}
        self._singles = [a for a in agents if not a.is_group]
        self._groups = [a for a in agents if a.is_whole]
        self._grouping = [a for a in agents if a.is_group and not a.is_whole]
        self._bounds = Plan(agents, exists(Failure)).bounds
        self.replay = Replay()
        self._now: dict[str, dict[str, Any]] = {}  # key -> its newest version
        self._written_by: dict[int, int] = {}  # activation -> the first seq that it wrote
        self.row: dict[str, Any] = {"status": "open", "head": 0, "activations": 0, "epoch": 1, "quiet": None}
        self.activations: dict[int, dict[str, Any]] = {}
        self._cursors: dict[str, int] = {}
        self._budget: dict[str, Any] = {"scope": f"board:{board}", "cap": None, "settled": 0, "reserved": 0}
        self._own: dict[str, dict[str, Any]] = {}  # the budgets of agents

    # -- what conditions ask ---------------------------------------------------------------------------------------
    def counted(self, kind: str) -> Counter[str]:
        """How many entries of a kind have which status."""
        return Counter(v["status"] for v in self._now.values() if v["kind"] == kind)

    def count(self, kind: type[Kind], *, status: Any = None) -> int:
        """What an agent's `ready` or `unless` would count."""
        wanted = kind.lifecycle.all - {RETRACTED} if status is None else {status} if isinstance(status, str) else status
        return sum(self.counted(kind.kind_name)[s] for s in wanted)

    def newest(self, kind: str) -> list[dict[str, Any]]:
        """The newest versions of all entries of a kind."""
        return [v for v in self._now.values() if v["kind"] == kind]

    @property
    def verdict(self) -> str | None:
        """How it has ended."""
        return json.loads(self.row["verdict"])["ending"] if self.row.get("verdict") else None

    # -- the check -------------------------------------------------------------------------------------------------
    def check(self, process: Process, goal: Callable[["Board"], bool], stop: Callable[["Board"], bool]) -> None:
        """After a transaction of this process. Violation."""
        row = self._one("SELECT * FROM board WHERE id = ?")
        activations = {a["id"]: a for a in self._all("SELECT * FROM activation WHERE board_id = ? ORDER BY id")}
        budget = self._one(f"{COUNTED} AND scope = 'board:' || ?")
        cursors = {
            a["name"]: a["cursor_seq"] for a in self._all("SELECT name, cursor_seq FROM agent WHERE board_id = ?")
        }
        old, self.row = self.row, row
        before, self.activations = self.activations, activations
        had, self._budget = self._budget, budget
        own = self._all(f"{COUNTED} AND scope LIKE 'agent:' || ? || '/%'")
        self._own = {b["scope"].rpartition("/")[2]: b for b in own}
        was, self._cursors = self._cursors, cursors
        if old["status"] == "closed" and row["epoch"] == old["epoch"]:
            stands = {k: v for k, v in old.items() if k not in {"ran_seconds", "beat_at"}}
            same = stands == {k: row[k] for k in stands} and before == activations and had == budget and was == cursors
            _demand(same, "a closed board does not change", f"{process.doing} by {process.name}")
        if row["status"] == "closed" and old["status"] == "open":
            self._ended(process, old, before, had, was, goal, stop)
        self._feed(old["head"])
        self._marks()
        self._agenda(process, before)
        self._budgets()
        self._noticed(process, was)

    def _all(self, text: str, *values: Any) -> list[dict[str, Any]]:
        cursor = self._connection.execute(text, (self.id, *values))
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, r, strict=True)) for r in cursor]

    def _one(self, text: str, *values: Any) -> dict[str, Any]:
        (found,) = self._all(text, *values)
        return found

    # -- the feed --------------------------------------------------------------------------------------------------
    def _feed(self, last: int) -> None:
        new = self._all(f"SELECT {COLUMNS} FROM entry WHERE board_id = ? AND seq > ? ORDER BY seq", last)
        seqs = [v["seq"] for v in new]
        head = self.row["head"]
        _demand(seqs == list(range(last + 1, head + 1)), "the feed has no gap", f"{seqs} after {last}, head {head}")
        if not new:
            return
        authors = dict.fromkeys(v["activation_id"] for v in new)
        again = [a for a in authors if a in self._written_by]
        _demand(not again, "an activation writes once", f"activations {again} have written before")
        for version in map(self.replay.add, new):
            self._written_by.setdefault(version["activation_id"], version["seq"])
            version["superseded_seq"] = None  # known by what follows it
            self._follow(version)
        (current,) = self._connection.execute(
            "SELECT count(*) FROM entry WHERE board_id = ? AND superseded_seq IS NULL", (self.id,)
        ).fetchone()
        _demand(current == len(self._now), "every key has one newest version", f"{current} for {len(self._now)} keys")
        self._check_failures(v for v in self.replay.versions[last:] if v["kind"] == "failure")

    def _follow(self, version: dict[str, Any]) -> None:
        before = self._now.get(version["key"])
        follows = version["version"] == 1 if before is None else version["version"] == before["version"] + 1
        _demand(follows, "versions of a key follow each other", str(version))
        born = version["seq"] if before is None else before["born_seq"]
        _demand(version["born_seq"] == born, "an entry keeps its place", str(version))
        if before is not None:
            before["superseded_seq"] = version["seq"]
        self._now[version["key"]] = version

    def _check_failures(self, failures: Any) -> None:
        for failure in failures:
            cause = failure["body"]["cause"]
            _demand(any(e in cause for e in self.expected), "an agent fails only by its own fault", cause)

    def _marks(self) -> None:
        stored = self._all("SELECT kind, status, entries FROM kind_mark WHERE board_id = ? AND entries > 0")
        marks = {(m["kind"], m["status"]): m["entries"] for m in stored}
        counted = Counter((v["kind"], v["status"]) for v in self._now.values())
        _demand(marks == counted, "kind marks are counts", f"{marks} for {dict(counted)}")

    # -- the agenda ------------------------------------------------------------------------------------------------
    def _agenda(self, process: Process, before: Mapping[int, Row]) -> None:
        numbered = list(self.activations) == sorted(set(self.activations))
        _demand(numbered and before.keys() <= self.activations.keys(), "no activation is lost")
        if len(self.activations) > len(before):
            bound = Counter((a["agent"], a["binding"]) for a in self.activations.values())
            _demand(max(bound.values()) == 1, "an agent is woken once by one thing", str(bound.most_common(1)))
        for id_, now in self.activations.items():
            old = before.get(id_)
            if old != now and now["agent"] != OUTSIDE:
                self._moved(process, old or LEAST, now)
        begun = [a for a in self.activations.values() if self._begins(before.get(a["id"], LEAST), a)]
        if begun:
            self._held_back(process, before, begun)

    @staticmethod
    def _begins(old: Row, new: Row) -> bool:
        """Whether it was waiting, and is at work now."""
        return new["agent"] != OUTSIDE and new["state"] == "running" and old["state"] in {"pending", "parked"}

    def _held_back(self, process: Process, before: Mapping[int, Row], begun: Sequence[Row]) -> None:
        """What is to wait has not begun."""
        now = process.seam.now()
        for id_, new in self.activations.items():
            old = before.get(id_, LEAST)
            both = old["state"] == new["state"] == "running"
            starves = both and min(old["redone"], new["redone"]) >= STARVING and old["lease_until"] >= now
            _demand(not starves, "nothing is begun beside what starves", f"{dict(new)}, but {dict(begun[0])}")
        busy = Counter(a["agent"] for a in self.activations.values() if a["state"] == "running")
        for new in begun:
            most = self._agents[new["agent"]].concurrency
            _demand(most is None or busy[new["agent"]] <= most, "an agent has so much at a time", f"{busy}: {new}")
        pending = Counter(a["agent"] for a in self.activations.values() if a["state"] == "pending")
        for new in begun:
            due = before.get(new["id"], LEAST)["due_at"]
            _demand(due is None or not now < due <= now + 120, "what is put off waits", f"{now}: {dict(new)}")
            for agent, most in self._bounds.get(new["agent"], ()):
                spent = [b for b in (self._budget, self._own.get(agent)) if b and b["cap"] is not None]
                full = any(b["settled"] + b["reserved"] >= b["cap"] for b in spent)
                may = new["attempt"] > 1 or pending[agent] < most or full
                _demand(may, "nobody begins to post for who has enough", f"{new} {pending[agent]}")

    def _moved(self, process: Process, old: Row, new: Row) -> None:
        """One activation has changed."""
        me, told = process.name, f"{process.doing} by {process.name}: {dict(old)} became {dict(new)}"
        _demand(old["state"] not in ENDED, "what has ended stays", told)
        _demand(new["token"] >= old["token"], "tokens only rise", told)
        claimed = new["token"] > old["token"]
        if new["state"] == "running" and (old["state"] != "running" or old["owner"] != new["owner"]):
            _demand(claimed and new["owner"] == me, "only a claim gives a right to act", told)
        if old["state"] == "running" and claimed and old["owner"] != me:
            self._count("takeovers of living workers" if self._lives(process, old["owner"]) else "takeovers")
        kept = old["snapshot_seq"] in {None, new["snapshot_seq"]} or new["redone"] > old["redone"]
        kept |= process.doing == "renew" and old["redone"] > 1  # it has not looked at anything yet
        kept |= process.doing == "set_aside"  # nor has this one
        _demand(kept, "only Stale moves a snapshot", told)
        _demand((new["state"] == "parked") == (new["waits_for"] is not None), "who is parked waits for somebody", told)
        _demand(new["due_at"] is None or new["state"] != "running", "what is at work is due", told)
        if old["state"] == "waiting" and new["state"] == "pending":
            self._count("promoted")
        if new["state"] == "parked" and old["state"] != "parked":
            self._count("parked")
        if new["redone"] == STARVING > old["redone"]:
            self._count("escalations")
        given_back = process.doing == "release" and old["state"] == "parked"
        if process.doing in {"beat", "release", "retry", "renew", "set_aside"} and not given_back:
            _demand(old["owner"] == me, "a worker touches only what it holds", told)
        if process.doing == "beat":
            same = {**old, "lease_until": 0} == {**new, "lease_until": 0}
            _demand(same, "a beat only extends leases", told)
        if new["state"] in {"done", "failed"} and new["attempt"]:
            held = old["state"] == "running" and old["owner"] == me and not claimed
            token = process.landing.get(new["id"])
            _demand(held and token == new["token"], "only who holds the claim lands", f"with token {token}, {told}")
            self._landed(new)
        if new["state"] == "moot" and self.row["status"] == "open":
            _demand(self._was_moot(new) or self._is_not_needed(new), "only what has changed makes work moot", told)

    @staticmethod
    def _lives(process: Process, worker: str) -> bool:
        return any(p.name == worker and not p.dead for p in process.world.processes)

    def _was_moot(self, activation: Row) -> bool:
        trigger = activation["trigger_seq"]
        if activation["trigger_kind"] is None:
            return self.replay.versions[trigger - 1]["superseded_seq"] is not None
        if activation["binding"].startswith("batch "):
            seqs = self._all("SELECT seq FROM batch WHERE board_id = ? AND activation_id = ?", activation["id"])
            return all(self.replay.versions[b["seq"] - 1]["superseded_seq"] is not None for b in seqs)
        return any(v["kind"] == activation["trigger_kind"] for v in self.replay.versions[trigger:])

    def _is_not_needed(self, activation: Row) -> bool:
        """What its agent's `unless` waits for stays, once it is there."""
        unless = self._agents[activation["agent"]].unless
        return unless is not None and unless.holds(self)  # type: ignore[arg-type]

    def _is_ready(self, activation: Row) -> bool:
        ready = self._agents[activation["agent"]].ready
        if isinstance(ready, Condition):
            return ready.holds(self)  # type: ignore[arg-type]
        return ready is None or bool(ready(None, self))  # type: ignore[arg-type]

    def _landed(self, activation: Row) -> None:
        """Law 8: what it had read was still so when it landed."""
        on = self._written_by.get(activation["id"], activation["done_seq"] + 1) - 1
        reads = "SELECT strict, seq, query FROM activation_read WHERE board_id = ? AND activation_id = ?"
        for read in self._all(reads, activation["id"]):
            self.replay.check(read, activation["snapshot_seq"], on)
        _demand(not self.replay.found, "nothing stale lands", "; ".join(self.replay.found))

    # -- budgets, cursors ------------------------------------------------------------------------------------------
    def _budgets(self) -> None:
        cap, settled, reserved = self._budget["cap"], self._budget["settled"], self._budget["reserved"]
        _demand(cap is None or settled + reserved <= cap, "the cap holds", str(self._budget))
        tried = Counter(a["state"] for a in self.activations.values() if a["attempt"])
        held, used = tried["pending"] + tried["running"] + tried["parked"], sum(tried[s] for s in ENDED)
        _demand(reserved == held, "what was tried and has not ended is reserved", f"{reserved} for {held}")
        _demand(settled == used, "what was tried and has ended is settled", f"{settled} for {used}")
        for agent, own in self._own.items():
            tried = Counter(
                a["state"] in ENDED for a in self.activations.values() if a["attempt"] and a["agent"] == agent
            )
            _demand(own["settled"] + own["reserved"] <= own["cap"], "the cap of an agent holds", str(own))
            kept = (own["settled"], own["reserved"]) == (tried[True], tried[False])
            _demand(kept, "an agent's budget is kept as the board's", f"{own} for {dict(tried)}")

    def _noticed(self, process: Process, was: Mapping[str, int]) -> None:
        head = self.row["head"]
        for name, cursor in self._cursors.items():
            looks_back = process.doing == "set_aside" and self._agents[name].ready is not None
            forward = was.get(name, 0) <= cursor or looks_back
            _demand(forward and cursor <= head, "cursors go forward, up to the head", f"{name} at {cursor}")
        waiting = [a for a in self.activations.values() if a["state"] == "waiting"]
        for one in waiting if self.row["status"] == "open" else ():
            asked = self._cursors[one["agent"]] == head
            _demand(not (asked and self._is_ready(one)), "nobody waits who is ready", f"{one} at {head}")
        woken = {(a["agent"], a["binding"]) for a in self.activations.values()}
        batched = self._all("SELECT agent, seq FROM batch WHERE board_id = ?")
        woken |= {(b["agent"], str(b["seq"])) for b in batched}
        for agent in self._singles:
            for version in self.replay.versions[was.get(agent.name, 0) : self._cursors.get(agent.name, 0)]:
                if version["kind"] == agent.kind.kind_name and version["status"] in agent.statuses:
                    wakes = agent.where is None or agent.where(agent.kind.model_validate(version["body"]))
                    replaced = version["superseded_seq"] is not None  # the next version wakes by itself
                    noticed = not wakes or replaced or (agent.name, str(version["seq"])) in woken
                    _demand(noticed, "nothing is missed", f"{agent.name} has passed {version}")
        for agent in self._groups:
            if self._cursors.get(agent.name) == head and self.row["status"] == "open":
                self._whole_set_noticed(agent, woken)
        for agent in self._grouping:
            self._groups_counted(agent, woken)

    def _whole_set_noticed(self, agent: Agent, woken: set[tuple[str, str]]) -> None:
        kind = agent.kind
        counts = self.counted(kind.kind_name)
        total = sum(n for status, n in counts.items() if status != RETRACTED)
        if total and total == sum(counts[s] for s in kind.lifecycle.done):
            last = max(v["seq"] for v in self.replay.versions if v["kind"] == kind.kind_name)
            _demand((agent.name, str(last)) in woken, "no whole set is missed", f"{agent.name}, as of {last}")

    def _groups_counted(self, agent: Agent, woken: set[tuple[str, str]]) -> None:
        """What is counted of each group is what a look at all that its agent has noticed gives."""
        assert isinstance(agent.watches, AllDone)
        assert agent.watches.by is not None
        cursor, newest = self._cursors.get(agent.name, 0), {}
        for version in self.replay.versions[:cursor]:
            if version["kind"] == agent.kind.kind_name:
                newest[version["key"]] = version
        entries: Counter[str] = Counter()
        done: Counter[str] = Counter()
        for version in newest.values():
            if version["status"] != RETRACTED:
                name = json.dumps(agent.watches.by(agent.kind.model_validate(version["body"])))
                entries[name] += 1
                done[name] += version["status"] in agent.kind.lifecycle.done
        groups = self._all("SELECT * FROM gathering WHERE board_id = ? AND agent = ?", agent.name)
        counted = {g["name"]: (g["entries"], g["done"]) for g in groups if g["entries"]}
        _demand(counted == {n: (entries[n], done[n]) for n in entries}, "groups are counts", f"{agent.name}: {counted}")
        for group in groups if self.row["status"] == "open" else ():
            self._group_noticed(agent, group, woken, cursor == self.row["head"])

    @staticmethod
    def _group_noticed(agent: Agent, group: Row, woken: set[tuple[str, str]], everything: bool) -> None:
        told = f"{agent.name}: {dict(group)}"
        if group["size"] is not None:
            handed = group["handed"]
            good = handed is not None or group["done"] < group["size"] or not everything
            _demand(good and (handed is None or (agent.name, f"{handed} {group['name']}") in woken),
                    "no whole group is missed", told)  # fmt: skip
        elif group["entries"] and group["entries"] == group["done"] and everything:
            _demand((agent.name, f"{group['last_seq']} {group['name']}") in woken, "no whole group is missed", told)

    # -- the end ---------------------------------------------------------------------------------------------------
    def _ended(
        self,
        process: Process,
        old: Row,
        before: Mapping[int, Row],
        budget: Row,
        cursors: Mapping[str, int],
        goal: Callable[["Board"], bool],
        stop: Callable[["Board"], bool],
    ) -> None:
        """The verdict is true of the board as it was when it was written."""
        ending, told = self.verdict, f"{self.row['verdict']} at {old['head']} by {process.name}"
        self._count(f"verdict {ending}")
        _demand(process.judged_at == old["head"], "a verdict is written at its head", f"{told}, at {process.judged_at}")
        least = -(2**62) if self._least is None else self._least
        may_begin = [a for a in before.values() if a["state"] != "pending" or a["rating"] >= least]
        states = Counter(a["state"] for a in may_begin)
        match ending:
            case "complete":
                good = goal(self)
            case "failed":
                good = stop(self)
            case "cancelled":
                good = old["cancelled"] is not None
            case "budget":
                spent = budget["cap"] is not None and budget["settled"] + budget["reserved"] >= budget["cap"]
                left = [a for a in may_begin if a["state"] in {"pending", "parked"}]
                waits = {a["agent"] for a in left if not (a["waits_for"] or "").startswith("budget/")}
                own = all(a in self._own and self._own[a]["settled"] >= self._own[a]["cap"] for a in waits)
                good = (spent or (own and old["quiet"] is not None)) and left and not states["running"]
            case "quiescent":
                noticed = all(c == old["head"] for c in cursors.values())
                open_ = states["pending"] or states["running"] or states["parked"]
                good = not open_ and noticed and old["quiet"] is not None
            case "breaker":
                good = sum(self.counted("failure").values()) >= 2
            case _:
                good = ending == "deadline"  # nothing here goes in circles
        _demand(good, "a verdict is true", f"{told}: {dict(states)}, {dict(budget)}, {dict(cursors)}")
        _demand(ending == "complete" or not goal(self), "a goal that is reached is seen", told)

    def check_history(self) -> None:
        """At the end: not one old version has changed."""
        stored = Replay.of(self._all(f"SELECT {COLUMNS} FROM entry WHERE board_id = ? ORDER BY seq"))
        _demand(stored.versions == self.replay.versions, "history does not change")
