"""The yardstick: the same work by hand-written SQL on one connection, which leaves the same rows as the store does.

A step is a claim transaction and a finish transaction. Nothing that protects a board is left out: the token, the check
that what was read is still the newest, the hash, the read set, the links, the counters, the cursor, the budget.
"""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from store.library import sqlite3
from store.sqlite import open_store

PAYLOAD = "x" * 1000
CAP = 100_000
LEASE = 30.0
Claimed = tuple[int, str, int, int]  # id, agent, trigger, token

NEXT = """SELECT id, agent, trigger_seq, trigger_kind, token FROM activation
          WHERE board_id = ? AND state = 'pending' ORDER BY rating DESC, id LIMIT 1"""
HEAD = "SELECT status, head, activations FROM board WHERE id = ?"
CLAIM = """UPDATE activation SET state = 'running', token = token + 1, attempt = attempt + 1, owner = ?,
           lease_until = ?, snapshot_seq = ? WHERE board_id = ? AND id = ? AND token = ? AND state = 'pending'"""
RESERVE = """UPDATE budget SET reserved = reserved + 1
             WHERE scope = ? AND unit = 'activations' AND settled - overrun + reserved + 1 <= cap"""
SETTLE = "UPDATE budget SET reserved = reserved - 1, settled = settled + 1 WHERE scope = ? AND unit = 'activations'"
READ = """SELECT seq, key, version, status, author, about, integrity, confidentiality, origins, born_seq, body
          FROM entry WHERE board_id = ? AND seq = ?"""
READ_ALL = """SELECT seq, key, version, status, author, about, integrity, confidentiality, origins, born_seq, body
              FROM entry WHERE board_id = ? AND kind = ? AND superseded_seq IS NULL ORDER BY born_seq"""
HELD = "SELECT 1 FROM activation WHERE board_id = ? AND id = ? AND token = ? AND state = 'running'"
CHANGED = "SELECT 1 FROM entry WHERE board_id = ? AND seq = ? AND superseded_seq IS NOT NULL"
MARKS = "SELECT kind, status, entries FROM kind_mark WHERE board_id = ? AND kind IN (?, ?)"
ENTRY = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, '[]', ?, ?, ?, NULL, ?)"
LINK = "INSERT INTO link VALUES (?, ?, ?)"
SUPERSEDE = "UPDATE entry SET superseded_seq = ? WHERE board_id = ? AND seq = ? AND superseded_seq IS NULL"
MARK = """INSERT INTO kind_mark VALUES (?, ?, ?, ?, ?, 1, 0) ON CONFLICT DO UPDATE
          SET entries = entries + excluded.entries, last_seq = max(last_seq, excluded.last_seq),
              integrity = min(integrity, excluded.integrity),
              confidentiality = max(confidentiality, excluded.confidentiality)"""
UNMARK = "UPDATE kind_mark SET entries = entries - ? WHERE board_id = ? AND kind = ? AND status = ?"
LOOKED = "INSERT INTO activation_read VALUES (?, ?, ?, 1, ?, ?)"
PROPOSE = """INSERT INTO activation VALUES (?, ?, ?, ?, ?, ?, 'pending', 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL)
             ON CONFLICT (board_id, agent, binding) DO NOTHING"""
SEEDED = (
    "INSERT INTO activation VALUES (?, 1, 'outside', 'seed', 0, NULL, 'done', 0, 1, 0, 0, 0, NULL, NULL, 1, NULL, NULL)"
)
POSTED = "INSERT INTO activation VALUES (?, ?, 'outside', ?, 0, NULL, 'done', 0, 1, 0, 0, ?, NULL, NULL, ?, NULL, NULL)"
KNOWN = "SELECT id FROM activation WHERE board_id = ? AND agent = 'outside' AND binding = ?"
FEED = "SELECT seq, kind, body FROM entry WHERE board_id = ? AND seq > ? ORDER BY seq LIMIT 500"
MOVE = "UPDATE agent SET cursor_seq = ? WHERE board_id = ? AND name = ? AND cursor_seq = ?"
ADVANCE = "UPDATE board SET head = ?, activations = ? WHERE id = ?"
CURSOR = "UPDATE agent SET cursor_seq = ? WHERE board_id = ? AND cursor_seq = ?"
ASKED = {
    "kind": "task", "status": ["done", "open"], "about": None, "fields": [], "limit": None, "authors": [],
    "counted": False,
}  # fmt: skip
FINISH = """UPDATE activation SET state = 'done', done_seq = ?, lease_until = NULL
            WHERE board_id = ? AND id = ? AND token = ? AND state = 'running'"""


def prepare(path: Path) -> None:
    """Make the database with the store's own schema."""
    open_store(str(path)).close()


class Hand:
    """One board, worked on by hand."""

    def __init__(
        self, path: Path, synchronous: str, board: str, agents: tuple[str, ...] = (), worker: str = "hand"
    ) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
        self.connection.execute(f"PRAGMA synchronous = {synchronous}")
        self.board, self.scope, self.worker = board, f"board:{board}", worker
        self.run = self.connection.execute
        self.many = self.connection.executemany
        self._agents = agents

    def begin(self, seed: str, watcher: str, kind: str) -> None:
        """The board, its seats, its seed, and the activation that the seed sets off."""
        now, board, text = time.time(), self.board, seed
        self.run("BEGIN IMMEDIATE")
        fixed = "'hand', '{}', '{}', 'open', 1, 1, 1, 0.0"
        row = f"?, 1, ?, ?, {fixed}, ?, NULL, NULL, NULL, NULL, 0"
        self.run(f"INSERT INTO board VALUES ({row})", (board, board, text, now))
        caps = [
            (self.scope, "activations", CAP),
            *((self.scope, unit, None) for unit in ("nano_usd", "tokens", "calls")),
        ]
        self.many("INSERT INTO budget VALUES (?, ?, ?, 0, 0, 0)", caps)
        self.many("INSERT INTO agent VALUES (?, ?, '', '', 0, NULL, NULL, NULL)", [(board, a) for a in self._agents])
        self.run(SEEDED, (board,))
        self.run(ENTRY, (board, 1, f"{kind}-1", 1, kind, "posted", "person", 1, "[]", sha(text), now, 1, text))
        self.run(MARK, (board, kind, "posted", 1, 1))
        self.run("COMMIT")
        self.run("BEGIN IMMEDIATE")
        self.run("INSERT INTO worker VALUES (?, '', 0, ?, ?, NULL)", (self.worker, now, now))
        self.run("COMMIT")
        self.run("BEGIN IMMEDIATE")
        self.run(PROPOSE, (board, 2, watcher, "1", 1, None))
        self.run(ADVANCE, (1, 2, board))
        self.run(CURSOR, (1, board, 0))
        self.run("COMMIT")

    def post(self, kind: str, text: str, operation: str) -> int:
        """An entry from outside, as an activation of its own; its seq. Nothing is set off before `notice`."""
        board = self.board
        digest, now = sha(text), time.time()
        self.run("BEGIN IMMEDIATE")
        assert self.run(KNOWN, (board, operation)).fetchone() is None
        status, head, activations = self.run(HEAD, (board,)).fetchone()
        assert status == "open"
        there = sum(count for _, _, count in self.run(MARKS, (board, kind, kind)))
        id_, seq = activations + 1, head + 1
        self.run(POSTED, (board, id_, operation, head, seq))
        self.run(ENTRY, (board, seq, f"{kind}-{there + 1}", 1, kind, "posted", "person", id_, "[]", digest, now, seq,
                         text))  # fmt: skip
        self.run(MARK, (board, kind, "posted", 1, seq))
        self.run(ADVANCE, (seq, id_, board))
        self.run("UPDATE board SET quiet = NULL WHERE id = ?", (board,))
        self.run("COMMIT")
        return seq

    def notice(self, agent: str, kind: str) -> None:
        """What has been posted since the agent looked sets off activations; its cursor moves."""
        board = self.board
        (cursor,) = self.run("SELECT cursor_seq FROM agent WHERE board_id = ? AND name = ?", (board, agent)).fetchone()
        rows = self.run(FEED, (board, cursor)).fetchall()
        seqs = [seq for seq, found, _ in rows if found == kind]
        self.run("BEGIN IMMEDIATE")
        status, head, activations = self.run(HEAD, (board,)).fetchone()
        assert status == "open"
        self.many(PROPOSE, [(board, activations + n, agent, str(seq), seq, None) for n, seq in enumerate(seqs, 1)])
        assert self.run(MOVE, (rows[-1][0], board, agent, cursor)).rowcount == 1
        self.run(ADVANCE, (head, activations + len(seqs), board))
        self.run("COMMIT")

    def claim(self) -> Claimed:
        """The claim transaction: id, agent, trigger, token. There must be something to do."""
        claimed = self.try_claim()
        assert claimed is not None
        return claimed

    def try_claim(self) -> Claimed | None:
        """The claim transaction; None where nothing is left to do."""
        self.run("BEGIN IMMEDIATE")
        _, head, _ = self.run(HEAD, (self.board,)).fetchone()
        found = self.run(NEXT, (self.board,)).fetchone()
        if found is None:
            self.run("ROLLBACK")
            return None
        id_, agent, trigger, kind, token = found
        if kind is None:
            assert self.run(CHANGED, (self.board, trigger)).fetchone() is None
        assert self.run(RESERVE, (self.scope,)).rowcount == 1
        until = time.time() + LEASE
        assert self.run(CLAIM, (self.worker, until, head, self.board, id_, token)).rowcount == 1
        self.run("COMMIT")
        return id_, agent, trigger, token + 1

    def open_finish(self, id_: int, token: int, read: list[int]) -> tuple[int, int]:
        """Begin the finish transaction behind its fence: head, activations."""
        self.run("BEGIN IMMEDIATE")
        status, head, activations = self.run(HEAD, (self.board,)).fetchone()
        assert status == "open"
        assert self.run(HELD, (self.board, id_, token)).fetchone() is not None
        for seq in read:
            assert self.run(CHANGED, (self.board, seq)).fetchone() is None
        return head, activations

    def close_finish(self, id_: int, token: int, before: int, head: int, activations: int) -> None:
        """End the finish transaction: board, cursors, activation, budget."""
        self.run(ADVANCE, (head, activations, self.board))
        self.run(CURSOR, (head, self.board, before))
        assert self.run(FINISH, (head, self.board, id_, token)).rowcount == 1
        self.run(SETTLE, (self.scope,))
        self.run("COMMIT")

    def end(self) -> None:
        """The verdict."""
        self.run("BEGIN IMMEDIATE")
        self.run("UPDATE board SET status = 'closed', verdict = 'complete' WHERE id = ?", (self.board,))
        self.run("COMMIT")
        self.connection.close()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def text_of(**body: Any) -> str:
    return json.dumps(body, separators=(",", ":"))


# -- a chain: each step posts the next ---------------------------------------------------------------------------------
def chain(path: Path, n: int, synchronous: str) -> None:
    """`walker` watches steps whose number is below n, and posts the next about the one that woke it."""
    hand = Hand(path, synchronous, "chain-1", ("walker",))
    hand.begin(text_of(number=0, payload=PAYLOAD), "walker", "step")
    for _ in range(n):
        _step(hand, n)
    hand.end()


def _step(hand: Hand, n: int) -> None:
    run, board = hand.run, hand.board
    id_, agent, trigger, token = hand.claim()
    row = run(READ, (board, trigger)).fetchone()
    number, now = json.loads(row[10])["number"] + 1, time.time()
    text = text_of(number=number, payload=PAYLOAD)
    digest = sha(text)
    before, activations = hand.open_finish(id_, token, [trigger])
    marks = {(kind, status): count for kind, status, count in run(MARKS, (board, "step", "finished"))}
    seq, key = before + 1, f"step-{marks['step', 'posted'] + 1}"
    about = json.dumps([row[1]])
    run(ENTRY, (board, seq, key, 1, "step", "posted", agent, id_, about, digest, now, seq, text))
    run(LINK, (board, row[1], seq))
    run(MARK, (board, "step", "posted", 1, seq))
    run(LOOKED, (board, id_, 0, trigger, None))
    if number < n:
        run(PROPOSE, (board, activations + 1, agent, str(seq), seq, None))
        activations += 1
    else:
        text, seq = text_of(number=number), seq + 1
        run(ENTRY, (board, seq, "finished-1", 1, "finished", "posted", agent, id_, "[]", sha(text), now, seq, text))
        run(MARK, (board, "finished", "posted", 1, seq))
    hand.close_finish(id_, token, before, seq, activations)


# -- a fan-out: one seed, n tasks, one join ----------------------------------------------------------------------------
def fan_out(path: Path, n: int, synchronous: str) -> None:
    """`splitter` posts n tasks at once; `solver` answers each and closes it; `joiner` reads them all."""
    hand = Hand(path, synchronous, "fan_out-1", ("splitter", "solver", "joiner"))
    hand.begin(text_of(tasks=n), "splitter", "job")
    split(hand, n)
    for _ in range(n):
        solve(hand, hand.claim())
    join(hand, hand.claim())
    hand.end()


def split(hand: Hand, n: int) -> None:
    """All tasks at once."""
    board = hand.board
    id_, agent, trigger, token = hand.claim()
    key, now = hand.run(READ, (board, trigger)).fetchone()[1], time.time()
    texts = [text_of(number=number) for number in range(n)]
    digests = [sha(text) for text in texts]
    before, activations = hand.open_finish(id_, token, [trigger])
    about, seqs = json.dumps([key]), range(before + 1, before + n + 1)
    hand.many(ENTRY, [
        (board, seq, f"task-{place}", 1, "task", "open", agent, id_, about, digest, now, seq, text)
        for place, (seq, digest, text) in enumerate(zip(seqs, digests, texts, strict=True), 1)
    ])  # fmt: skip
    hand.many(LINK, [(board, key, seq) for seq in seqs])
    hand.run(MARK, (board, "task", "open", n, before + n))
    hand.run(LOOKED, (board, id_, 0, trigger, None))
    hand.many(PROPOSE, [(board, activations + m, "solver", str(seq), seq, None) for m, seq in enumerate(seqs, 1)])
    hand.close_finish(id_, token, before, before + n, activations + n)


def solve(hand: Hand, claimed: Claimed, tell: Callable[[int], None] = lambda _: None) -> None:
    """One task. `tell` is told its number when it is executed."""
    run, board = hand.run, hand.board
    id_, agent, trigger, token = claimed
    _, key, version, *_, about, _, _, _, born, task = run(READ, (board, trigger)).fetchone()
    number, now = json.loads(task)["number"], time.time()
    tell(number)
    text = text_of(number=number, payload=PAYLOAD)
    digest, again = sha(text), sha(task)
    before, activations = hand.open_finish(id_, token, [trigger])
    marks = {(kind, status): count for kind, status, count in run(MARKS, (board, "task", "result"))}
    result, done = before + 1, before + 2
    name, links = f"result-{marks.get(('result', 'posted'), 0) + 1}", json.dumps([key])
    run(SUPERSEDE, (done, board, trigger))
    run(ENTRY, (board, result, name, 1, "result", "posted", agent, id_, links, digest, now, result, text))
    run(ENTRY, (board, done, key, version + 1, "task", "done", agent, id_, about, again, now, born, task))
    run(LINK, (board, key, result))
    run(LINK, (board, json.loads(about)[0], done))
    run(MARK, (board, "result", "posted", 1, result))
    run(MARK, (board, "task", "done", 1, done))
    run(UNMARK, (1, board, "task", "open"))
    run(LOOKED, (board, id_, 0, trigger, None))
    if marks["task", "open"] == 1:
        run(PROPOSE, (board, activations + 1, "joiner", str(done), done, "task"))
        activations += 1
    hand.close_finish(id_, token, before, done, activations)


def join(hand: Hand, claimed: Claimed, kind: str = "total") -> None:
    """All tasks read, one total."""
    board = hand.board
    id_, agent, _, token = claimed
    rows, now = hand.run(READ_ALL, (board, "task")).fetchall(), time.time()
    read = [row[0] for row in rows]
    text = text_of(total=sum(json.loads(row[10])["number"] for row in rows))
    before, activations = hand.open_finish(id_, token, read)
    seq, about = before + 1, json.dumps([row[1] for row in rows])
    hand.run(ENTRY, (board, seq, f"{kind}-1", 1, kind, "posted", agent, id_, about, sha(text), now, seq, text))
    hand.many(LINK, [(board, row[1], seq) for row in rows])
    hand.run(MARK, (board, kind, "posted", 1, seq))
    hand.many(LOOKED, [(board, id_, place, one, None) for place, one in enumerate(read)])
    hand.run(LOOKED, (board, id_, len(read), None, json.dumps(ASKED)))
    hand.close_finish(id_, token, before, seq, activations)
