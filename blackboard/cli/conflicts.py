"""Conflicts: results that were refused, as what they rested on had been replaced while the agent worked."""

import re
from collections.abc import Mapping

from blackboard.board import Board
from blackboard.cli.gist import count

REFUSED = """
    SELECT a.agent, t.outcome, t.cause FROM attempt t
    JOIN activation a ON a.board_id = t.board_id AND a.id = t.activation_id
    WHERE t.board_id = :board AND (
        t.outcome = 'stale' OR t.outcome = 'moot' AND (t.cause LIKE '%was replaced by%' OR t.cause LIKE '%would be%')
    )
    ORDER BY t.at, a.id
"""
BY = re.compile(r"was replaced by (\d+)")


def counted(board: Board) -> dict[str, int]:
    """How many results were refused; `again`: those that were done again, `dropped`: a new version woke the agent."""
    outcomes = [row["outcome"] for row in board.sql(REFUSED, board=board.id)]
    return {"refused": len(outcomes), "again": outcomes.count("stale"), "dropped": outcomes.count("moot")}


def in_words(board: Board) -> list[str]:
    """The same in a line, if there are any."""
    found = counted(board)
    ways = {"dropped for the newer version": found["dropped"], "done again": found["again"]}
    how = ", ".join(f"{number} {way}" for way, number in ways.items() if number)
    refused = f"{count(found['refused'], 'result')} refused, as what they rested on had changed"
    return [f"{refused}: {how}"] if found["refused"] else []


def by_seq(board: Board) -> Mapping[int, list[str]]:
    """For a version: the agents whose results it made stale by landing first."""
    lost: dict[int, list[str]] = {}
    for row in board.sql(REFUSED, board=board.id):
        for seq in dict.fromkeys(map(int, BY.findall(row["cause"]))):
            lost.setdefault(seq, []).append(row["agent"])
    return lost
