"""What must be true of a database after whatever has happened: brute force over its rows, the logs and the journal."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.replaying import Replay
from tests.stress.fleet import Fleet, Process, Row
from tests.stress.scenario import LEDGERS, expected

WRITTEN = {"weigher": {2}, "checker": {2}, "shutter": {1}, "closer": {0, 1}}  # entries of one activation
DEFECTS = ("cannot be served", "Traceback", "database is locked", "malformed", "missing from the feed")


@dataclass
class Truth:
    """What is wrong, by the check that found it, and how much there was to check."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    seen: Counter[str] = field(default_factory=Counter)

    def holds(self, check: str, good: bool, what: object) -> None:
        """Note down a check."""
        self.seen[check] += 1
        if not good:
            self.wrong[check].append(str(what))

    @property
    def lost(self) -> int:
        """What was acknowledged or owed, and is not there."""
        return sum(len(self.wrong.get(c, ())) for c in ("acknowledged is there", "feed gapless", "board complete"))

    @property
    def doubled(self) -> int:
        """What was done again after it had landed, or landed twice."""
        checks = ("landed once", "one execution's entries", "not executed again", "as many entries as it writes")
        return sum(len(self.wrong.get(c, ())) for c in checks)


def truth(fleet: Fleet, report: str | None = None) -> Truth:
    """Check everything. `report`: the body of the research report of an undisturbed run."""
    found = Truth()
    for row in fleet.rows("PRAGMA integrity_check"):
        found.holds("the file is whole", row == {"integrity_check": "ok"}, row)
    landed = _landed(fleet)
    begun = _acting(fleet) | Counter((board, int(id_)) for board, id_, *_ in fleet.told("begun"))
    for board in fleet.rows("SELECT * FROM board ORDER BY number"):
        _Board(fleet, board, found, landed, begun).check(report)
    for process in fleet.every:
        _process(process, found)
    return found


def _landed(fleet: Fleet) -> dict[tuple[str, int], list[tuple[str, ...]]]:
    """The keys that workers were told to have landed, by activation: what was acknowledged."""
    landed = defaultdict(list)
    for process in fleet.every:
        for event in process.events():
            word, *keys = event["message"].split()
            if word == "landed" and event.get("activation"):
                landed[event["board"], event["activation"]].append(tuple(keys))
    return landed


def _acting(fleet: Fleet) -> Counter[tuple[str, int]]:
    """How often an activation was begun, as far as the logs tell."""
    events = (event for process in fleet.every for event in process.events())
    return Counter((e["board"], e["activation"]) for e in events if e["message"].split()[0] == "acting")


def _process(process: Process, found: Truth) -> None:
    defects = [line for line in process.said.splitlines() if any(word in line for word in DEFECTS)]
    found.holds("no worker falls over", not defects, f"{process.command[-12:]}: {defects[:3]}")
    found.holds("no worker ends by itself", process.is_expected_to_end or process.is_up, process.said[-600:])


class _Board:
    """One board with all that belongs to it."""

    def __init__(self, fleet: Fleet, board: Row, found: Truth, landed: Any, begun: Any) -> None:
        self._board, self._found, self._begun = board, found, begun
        self._id: str = board["id"]
        self._landed = {id_: keys for (of, id_), keys in landed.items() if of == self._id}

        def of(table: str, order: str) -> list[Row]:
            return fleet.rows(f"SELECT * FROM {table} WHERE board_id = ? ORDER BY {order}", self._id)

        self.versions, self.activations = of("entry", "seq"), of("activation", "id")
        self.attempts, self.reads = of("attempt", "number"), of("activation_read", "ordinal")
        self.agents = of("agent", "name")
        (self.budget,) = fleet.rows(
            "SELECT * FROM budget WHERE scope = ? AND unit = 'activations'", f"board:{self._id}"
        )
        self.by: dict[int, list[Row]] = defaultdict(list)
        for version in self.versions:
            self.by[version["activation_id"]].append(version)

    def check(self, report: str | None) -> None:
        """Every check."""
        self._complete(report)
        self._feed()
        for activation in self.activations:
            if activation["agent"] != "outside":
                self._activation(activation)
        self._acknowledged()
        self._relied_on()
        self._spent()

    def _holds(self, check: str, good: bool, what: object) -> None:
        self._found.holds(check, good, f"{self._id}: {what}")

    def _complete(self, report: str | None) -> None:
        ending = json.loads(self._board["verdict"] or "{}")
        self._holds("board complete", ending.get("ending") == "complete", ending or "no verdict")
        bodies = {
            kind: [json.loads(v["body"]) for v in self.versions if v["kind"] == kind] for kind in ("tally", "order")
        }
        if self._board["scenario"] == "stress":
            wanted = [expected(bodies["order"][0]["items"])]
            self._holds("the same report", bodies["tally"] == wanted, bodies["tally"])
            ledgers = [v for v in self.versions if v["kind"] == "ledger" and v["superseded_seq"] is None]
            self._holds("no ledger twice", len(ledgers) == LEDGERS, len(ledgers))
        elif report is not None:
            reports = [v["body"] for v in self.versions if v["kind"] == "report"]
            self._holds("the same report", set(reports) == {report}, reports)

    def _bodies(self, kind: str) -> list[Any]:
        return [json.loads(v["body"]) for v in self.versions if v["kind"] == kind]

    def _feed(self) -> None:
        seqs = [v["seq"] for v in self.versions]
        self._holds("feed gapless", seqs == list(range(1, self._board["head"] + 1)), seqs)
        last: dict[str, Row] = {}
        for version in self.versions:
            before = last.get(version["key"])
            number = before["version"] + 1 if before else 1
            replaced = before is None or before["superseded_seq"] == version["seq"]
            self._holds("version chains", version["version"] == number and replaced, version["key"])
            last[version["key"]] = version
        for version in last.values():
            self._holds("version chains", version["superseded_seq"] is None, version["key"])
        for agent in self.agents:
            self._holds("cursors within the feed", agent["cursor_seq"] <= self._board["head"], agent)

    def _activation(self, activation: Row) -> None:
        id_, mine = activation["id"], self.by[activation["id"]]
        tried = Counter(a["outcome"] for a in self.attempts if a["activation_id"] == id_)
        if activation["state"] != "done":
            self._holds("only what has ended has entries", not mine or activation["state"] == "failed", activation)
            self._holds("nothing fails", activation["state"] in {"moot", "pending"}, (activation, tried))
        else:
            seqs = [v["seq"] for v in mine]
            done = activation["done_seq"]
            self._holds("one execution's entries", seqs == list(range(done - len(seqs) + 1, done + 1)), seqs)
            marks = {json.loads(v["body"]).get("by", str(activation["token"])) for v in mine}
            self._holds("one execution's entries", marks <= {str(activation["token"])}, (activation, marks))
            if wanted := self._written(activation["agent"]):
                self._holds("as many entries as it writes", len(mine) in wanted, (activation, len(mine)))
        again = tried["lost"] + tried["failed"]
        self._holds("each attempt has its reason", activation["attempt"] <= 1 + again, (activation, tried))
        began = self._begun[self._id, id_]
        self._holds("not executed again", began <= activation["token"] + activation["redone"], (activation, began))

    def _written(self, agent: str) -> set[int] | None:
        if agent == "splitter":
            (order,) = self._bodies("order")
            return {order["items"] + LEDGERS}
        return WRITTEN.get(agent)

    def _acknowledged(self) -> None:
        for id_, told in self._landed.items():
            self._holds("landed once", len(told) == 1, (id_, told))
            there = tuple(v["key"] for v in self.by[id_])
            self._holds("acknowledged is there", all(keys == there for keys in told), (id_, told, there))

    def _relied_on(self) -> None:
        replay = Replay.of(self.versions)
        done = {a["id"]: a for a in self.activations if a["state"] == "done" and a["agent"] != "outside"}
        for read in self.reads:
            if activation := done.get(read["activation_id"]):
                mine = self.by[activation["id"]]
                landed_on = mine[0]["seq"] - 1 if mine else activation["done_seq"]
                replay.check(read, activation["snapshot_seq"], landed_on)
        self._found.seen["reads"] += replay.checked
        self._holds("what was relied on was still so", not replay.found, replay.found[:3])

    def _spent(self) -> None:
        ended = [a for a in self.activations if a["agent"] != "outside" and a["attempt"] and a["state"] != "pending"]
        self._holds("nothing stays reserved", self.budget["reserved"] == 0, self.budget)
        self._holds("budget = finished attempts", self.budget["settled"] == len(ended), (self.budget, len(ended)))
