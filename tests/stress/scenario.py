"""A board that is easy to break: agents that take a while, read and change one another's entries, fan out and join.

Every execution is told to a journal outside the database, so that what was done can be compared with what landed.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from blackboard import Budget, Entry, Kind, Scenario, View, agent, all_done

JOURNAL, PACE = "STRESS_JOURNAL", "STRESS_PACE"  # variables: the journal's file; how many times slower agents are
PATIENT = 60  # times that an agent is tried: its workers are killed all the time
LEDGERS = 2


def lasting(seconds: float) -> float:
    """How long something takes here."""
    return seconds * float(os.environ.get(PACE) or 1)


def note(*words: object) -> None:
    """One line for the journal, whole or not at all, also if this process dies in the next instant."""
    if path := os.environ.get(JOURNAL):
        journal = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(journal, (" ".join(map(str, words)) + "\n").encode())
        finally:
            os.close(journal)


@contextmanager
def journaled(view: View) -> Iterator[str]:
    """Tells that an execution begins and ends; gives the mark that it leaves on what it writes."""
    claim: Any = view._claim  # type: ignore[attr-defined]  # which execution this is: agents are not told
    note("begun", claim.board, claim.id, claim.token, os.getpid())
    yield str(claim.token)
    note("finished", claim.board, claim.id, claim.token, os.getpid())


class Order(Kind):
    """So many things are to be weighed."""

    items: int
    salt: int = 0


class Item(Kind, lifecycle={"raw": "weighed", "weighed": "checked"}, index=("number",)):
    """A thing."""

    number: int
    by: str


class Ledger(Kind, index=("tag",)):
    """A list that everybody adds to: a lost update is a missing number."""

    tag: int
    numbers: list[int]
    by: str


class Remark(Kind, lifecycle={"open": "shut"}):
    """Something that was seen of an item."""

    number: int
    by: str


class Tally(Kind):
    """The same in every run, however often its workers have died."""

    ledgers: list[list[int]]
    remarks: list[int]


@agent(watches=Order, writes=(Item, Ledger), retry=PATIENT)
def splitter(order: Entry[Order], view: View) -> None:
    """Fans out. Changes nothing that it has read: only the fence keeps it from landing twice."""
    with journaled(view) as mark:
        time.sleep(lasting(0.05))
        for tag in range(LEDGERS):
            view.post(Ledger(tag=tag, numbers=[], by=mark), about=order)
        for number in range(order.body.items):
            view.post(Item(number=number, by=mark), about=order)


@agent(watches=Item, writes=(Item, Ledger), retry=PATIENT)
async def weigher(item: Entry[Item], view: View) -> None:
    """Reads a ledger, takes its time, and writes the ledger with one number more."""
    with journaled(view) as mark:
        (ledger,) = view.find(Ledger, tag=item.body.number % LEDGERS)
        await asyncio.sleep(lasting(0.05 + 0.02 * (item.body.number % 5)))
        added = sorted([*ledger.body.numbers, item.body.number])
        view.amend(ledger, Ledger(tag=ledger.body.tag, numbers=added, by=mark))
        view.amend(item, Item(number=item.body.number, by=mark), status="weighed")


@agent(watches=Item, status="weighed", writes=(Item, Remark), retry=PATIENT)
def checker(item: Entry[Item], view: View) -> None:
    """The same in a thread that nobody can cancel."""
    with journaled(view) as mark:
        view.count(Remark, about=item)
        time.sleep(lasting(0.04 + 0.02 * (item.body.number % 4)))
        view.post(Remark(number=item.body.number, by=mark), about=item)
        view.amend(item, Item(number=item.body.number, by=mark), status="checked")


@agent(watches=Remark, writes=Remark, retry=PATIENT)
async def shutter(remark: Entry[Remark], view: View) -> None:
    """Relies on what others are about to change, without changing it."""
    with journaled(view) as mark:
        view.count(Item, status="weighed")
        for ledger in view.find(Ledger):
            view.linked(ledger, Order)
        await asyncio.sleep(lasting(0.03))
        view.amend(remark, Remark(number=remark.body.number, by=mark), status="shut")


@agent(watches=all_done(Remark), writes=Tally, retry=PATIENT)
async def closer(remarks: Sequence[Entry[Remark]], view: View) -> None:
    """Joins, once there is a remark about everything."""
    with journaled(view):
        (order,) = view.find(Order)
        ledgers = view.find(Ledger)
        await asyncio.sleep(lasting(0.05))
        if len(remarks) == order.body.items:
            numbers = [ledger.body.numbers for ledger in sorted(ledgers, key=lambda found: found.body.tag)]
            view.post(Tally(ledgers=numbers, remarks=sorted(r.body.number for r in remarks)), about=order)


def expected(items: int) -> dict[str, list[Any]]:
    """The body of the tally."""
    ledgers = [[n for n in range(items) if n % LEDGERS == tag] for tag in range(LEDGERS)]
    return {"ledgers": ledgers, "remarks": list(range(items))}


scenario = Scenario(
    "stress",
    params=Order,
    agents=[splitter, weigher, checker, shutter, closer],
    result=Tally,
    budget=Budget(activations=2000, seconds=3000),
)
