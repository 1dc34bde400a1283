"""Brute force over a board's history, without the store's indices: what would a query have given then?"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Replay:
    """A board's history as plain rows, in the order of their seqs."""

    versions: list[dict[str, Any]] = field(default_factory=list)
    found: list[str] = field(default_factory=list)  # what is wrong
    checked: int = 0

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> "Replay":
        replay = cls()
        for row in rows:
            replay.add(row)
        return replay

    def add(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The next version."""
        version = {**row, "about": json.loads(row["about"]), "body": json.loads(row["body"])}
        self.versions.append(version)
        return version

    def at(self, query: dict[str, Any], seq: int) -> list[int]:
        """What the query would have given when this seq was the newest."""
        hits = [
            v
            for v in self.versions[:seq]
            if v["kind"] == query["kind"]
            and seq < (v["superseded_seq"] or seq + 1)
            and v["status"] in query["status"]
            and (query["about"] is None or query["about"] in v["about"])
            and (not query["authors"] or v["author"] in query["authors"])
            and all(json.dumps(v["body"][name]) == value for name, value in query["fields"])
        ]
        return [v["seq"] for v in sorted(hits, key=lambda v: v["born_seq"])][: query["limit"]]

    def check(self, read: Mapping[str, Any], snapshot: int, landed_on: int) -> None:
        """One read or query of an activation that saw `snapshot` and landed just after `landed_on`."""
        self.checked += 1
        if read["seq"] is not None:
            ended = self.versions[read["seq"] - 1]["superseded_seq"]
            good = read["seq"] <= snapshot and not (read["strict"] and ended and ended <= landed_on)
        else:
            query = json.loads(read["query"])
            if "absent" in query:
                good = all(v["key"] != query["absent"] for v in self.versions[:landed_on])
            else:
                then, now = self.at(query, snapshot), self.at(query, landed_on)
                good = len(then) == len(now) if query["counted"] else then == now
        if not good:
            self.found.append(f"{dict(read)} at {snapshot}, landed on {landed_on}")
