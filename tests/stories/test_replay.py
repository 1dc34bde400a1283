"""Law 8, checked from outside: what each activation had read would still have been so when it landed.

A random workload of agents that read, change and link one another's entries runs with many slots; afterwards brute
force goes over every recorded read and query.
"""

import asyncio
import contextlib
import random
from typing import Any

import pytest

from blackboard import Budget, Entry, Kind, Scenario, View, agent, when
from blackboard.errors import NotFound
from tests.replaying import Replay


class Seed(Kind):
    """Begin."""

    items: int


class Item(Kind, lifecycle={"raw": ("half", "done"), "half": ("done", "raw")}, index=("tag",)):
    """Something that is worked on again and again."""

    tag: int
    round: int = 0


class Note(Kind, lifecycle={"open": "shut"}, index=("tag",)):
    """A remark about an item."""

    tag: int


def looks(entry: Entry[Item], view: View, chance: random.Random) -> None:
    """Some of every kind of look."""
    for look in chance.choices(range(7), k=3):
        match look:
            case 0:
                view.find(Item, status=chance.choice([None, "raw", ("raw", "done")]), limit=chance.choice([None, 1, 3]))
            case 1:
                view.count(Item, status=chance.choice([None, "half", "done"]))
            case 2:
                view.find(Note, tag=chance.randint(0, 2), limit=chance.choice([None, 2]))
            case 3:
                view.count(Note, about=entry)
            case 4:
                view.find(Note, about=entry, status="open")
            case 5:
                view.linked(entry, Note)
            case 6:
                with contextlib.suppress(NotFound):
                    view.get(Note, f"note-{chance.randint(1, 40)}")


def team(chance: random.Random) -> list:
    @agent(watches=Seed, writes=Item)
    def sower(seed: Entry[Seed], view: View) -> None:
        for number in range(seed.body.items):
            view.post(Item(tag=number % 3), about=seed)

    @agent(watches=Item, status=("raw", "half"), writes=(Item, Note), retry=5)
    async def walker(item: Entry[Item], view: View) -> None:
        looks(item, view, chance)
        await asyncio.sleep(chance.random() * 0.004)
        if chance.random() < 0.1:
            raise OSError("flaky")
        looks(item, view, chance)
        if chance.random() < 0.5:
            view.post(Note(tag=chance.randint(0, 2)), about=item)
        for note in view.find(Note, status="open", limit=1) if chance.random() < 0.3 else []:
            view.retract(note) if chance.random() < 0.2 else view.amend(note, status="shut")
        done = item.status == "half" and (item.body.round > 3 or chance.random() < 0.7)
        after = "done" if done else "half" if item.status == "raw" else "raw"
        view.amend(item, Item(tag=chance.randint(0, 2), round=item.body.round + 1), status=after)

    @agent(watches=Note, writes=Note, retry=5)
    def shutter(note: Entry[Note], view: View) -> None:
        for key in note.about:
            view.get(Item, key)
        view.amend(note, status="shut")

    return [sower, walker, shutter]


def replayed(board: Any) -> Replay:
    """Every read of every activation that has landed, checked."""
    replay = Replay.of(board.sql("SELECT * FROM entry ORDER BY seq"))
    first = {v["activation_id"]: v["seq"] for v in reversed(replay.versions)}
    for activation in board.sql("SELECT * FROM activation WHERE state = 'done' AND agent != 'outside'"):
        landed_on = first.get(activation["id"], activation["done_seq"] + 1) - 1
        for read in board.sql("SELECT * FROM activation_read WHERE activation_id = :id", id=activation["id"]):
            replay.check(read, activation["snapshot_seq"], landed_on)
    return replay


class TestAReplay:
    @pytest.mark.parametrize("seed", range(6))
    def test_finds_that_all_that_was_relied_on_was_still_so_when_it_landed(self, seed):
        one = Scenario(
            "replay", params=Seed, agents=team(random.Random(seed)), result=Item, done=when(lambda _: False, "never"),
            budget=Budget(seconds=60),
        )  # fmt: skip

        board = one.run(Seed(items=12), db=":memory:", slots=6 + 3 * seed)

        replay = replayed(board)
        assert replay.found == []
        assert board.verdict.ending == "quiescent"
        assert [v["seq"] for v in replay.versions] == list(range(1, board.seq + 1))
        redone = sum(a.redone for a in board.store.activations(board.id))
        assert replay.checked > 100, "a checker that saw nothing proves nothing"
        assert redone > 0, "a workload without conflicts proves nothing"
