"""The yardstick of the benchmarks with several processes: what the agents of `scene` do, by hand-written SQL.

The processes wake each other through pipes, which is as fast as it gets: one byte, and who reads it looks.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import raw
from tests.benchmarks.raw import Claimed, Hand

Body = dict[str, Any]
LOOK = "SELECT seq, kind, body FROM entry WHERE board_id = ? AND seq > ? ORDER BY seq"


def answer(hand: Hand) -> None:
    """What `answerer` does: notice, claim, answer."""
    hand.notice("answerer", "question")
    respond(hand, hand.claim(), "answer", lambda body: {"number": body["number"], "payload": raw.PAYLOAD})


def walk(hand: Hand, steps: int) -> None:
    """What `walker` does on a first step that has just been posted."""
    hand.notice("walker", "step")
    for _ in range(steps):
        respond(hand, hand.claim(), "step", lambda body: {"left": body["left"] - 1, "payload": raw.PAYLOAD},
                wakes=lambda body: bool(body["left"] > 0))  # fmt: skip


def respond(
    hand: Hand,
    claimed: Claimed,
    kind: str,
    respond_to: Callable[[Body], Body],
    wakes: Callable[[Body], bool] = lambda _: False,
) -> None:
    """Finish a claim with one entry about what woke it; where it `wakes`, it sets off the same agent."""
    run, board = hand.run, hand.board
    id_, agent, trigger, token = claimed
    row = run(raw.READ, (board, trigger)).fetchone()
    body = respond_to(json.loads(row[10]))
    text, now = raw.text_of(**body), time.time()
    digest = raw.sha(text)
    before, activations = hand.open_finish(id_, token, [trigger])
    seq = before + 1
    there = sum(count for _, _, count in run(raw.MARKS, (board, kind, kind)))
    about = json.dumps([row[1]])
    run(raw.ENTRY, (board, seq, f"{kind}-{there + 1}", 1, kind, "posted", agent, id_, about, digest, now, seq, text))
    run(raw.LINK, (board, row[1], seq))
    run(raw.MARK, (board, kind, "posted", 1, seq))
    run(raw.LOOKED, (board, id_, 0, trigger, None))
    if wakes(body):
        run(raw.PROPOSE, (board, activations + 1, agent, str(seq), seq, None))
        activations += 1
    hand.close_finish(id_, token, before, seq, activations)


# -- processes ---------------------------------------------------------------------------------------------------------
def _listen(hand: Hand, _: str) -> None:
    """Say which row it has, and when, after each byte."""
    (after,) = hand.run("SELECT head FROM board WHERE id = ?", (hand.board,)).fetchone()
    _say("ready")
    while os.read(0, 1):
        for seq, _kind, _body in hand.run(LOOK, (hand.board, after)).fetchall():
            _say(f"{seq} {time.monotonic_ns()}")
            after = seq


def _answer(hand: Hand, _: str) -> None:
    """Answer after each byte, with a byte."""
    _say("ready")
    while os.read(0, 1):
        answer(hand)
        os.write(1, b"\n")


def _contend(hand: Hand, notes: str) -> None:
    """After one byte solve what there is to solve."""
    noted = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    _say("ready")
    os.read(0, 1)
    while (claimed := hand.try_claim()) is not None:
        if claimed[1] == "joiner":
            raw.join(hand, claimed, "ended")
        else:
            raw.solve(hand, claimed, lambda number: os.write(noted, b"%d\n" % number))
    _say("done")


def _say(words: str) -> None:
    os.write(1, words.encode() + b"\n")


PARTS: dict[str, Callable[[Hand, str], None]] = {"listen": _listen, "answer": _answer, "contend": _contend}


def main(part: str, path: str, mode: str, board: str, more: str = "") -> None:
    """One process."""
    PARTS[part](Hand(Path(path), mode, board, worker=f"hand-{os.getpid()}"), more)


if __name__ == "__main__":
    main(*sys.argv[1:])
