"""A board on which each topic is asked about once; every answer tells which topic it is for."""

import asyncio
import os
from pathlib import Path
from typing import Any

from blackboard import Budget, Entry, Kind, Scenario, View, agent, all_done
from blackboard.llm.provider import Request

TOGETHER, OWN, PATIENCE = "PAYING_TOGETHER", "PAYING_OWN", 60.0
MOST = 64  # tokens of an answer
WIDTH = 3  # of numbers, so that all requests are of one size: each stands there three times


class Order(Kind):
    """So many topics are to be asked about."""

    topics: int


class Topic(Kind, lifecycle={"open": "answered"}):
    """What is asked about."""

    number: int
    filler: str  # as long as its number and that of its key are short


class Note(Kind):
    """What a model says of a topic."""

    topic: int


def topics(order: Order) -> list[Topic]:
    """All of one size, with their keys."""
    return [Topic(number=n, filler="x" * 3 * (WIDTH - len(str(n)))) for n in range(1, order.topics + 1)]


async def together() -> None:
    """Wait until so many processes are at work, where that is wanted."""
    if said := os.environ.get(TOGETHER):
        folder, _, wanted = said.rpartition(":")
        (Path(folder) / str(os.getpid())).touch()
        async with asyncio.timeout(PATIENCE):
            while len(os.listdir(folder)) < int(wanted):  # noqa: PTH208 nothing else is in there
                await asyncio.sleep(0.02)


@agent(
    watches=Topic, writes=(Note, Topic), model="fast", max_tokens=MOST, system="You number topics.",
    retry=30,  # whose worker is killed again and again is given up at some time: not what is looked at here
    budget=Budget(calls=int(own) if (own := os.environ.get(OWN)) else None),
)  # fmt: skip
async def asker(topic: Entry[Topic], view: View) -> None:
    """Asks one question."""
    await together()
    view.post(await view.ask("Which topic is this?", shape=Note), about=topic)
    view.amend(topic, status="answered")


def answer(request: Request) -> Note:
    """What the server says: the number of the topic that it is shown."""
    return Note(topic=topic_of(request.body))


def topic_of(body: Any) -> int:
    """Which topic a request is about."""
    shown = body["messages"][0]["content"][1]["text"]
    return int(shown.partition('"number": ')[2].partition(",")[0])


scenario = Scenario("paying", params=Order, agents=[asker], seed=topics, result=Note, done=all_done(Topic))
