"""What the simulated workers do: a team that reads, changes and links one another's entries, fails and gives up."""

import asyncio
import contextlib
import random
from collections.abc import Sequence

from blackboard import Entry, Kind, View, agent
from blackboard.agent import Agent
from blackboard.conditions import all_done, batched, exists
from blackboard.entry import Quiescence
from blackboard.errors import NotFound
from blackboard.reader import Reader


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


class Job(Kind, lifecycle={"open": ("done", "dropped")}):
    """Something that may not succeed."""

    hard: bool = False


class Report(Kind, lifecycle={"draft": "final"}):
    """What the set of all items gave."""

    items: int


class Poison(Kind):
    """With one of these the board has failed."""


KINDS = (Seed, Item, Note, Job, Report, Poison)
EXPECTED = (
    "flaky",
    "never",
    "database is locked",
    "not finished within",
    "was lost again and again",
    "what it relied on changed",
)
"""The only causes for which an agent of this team may fail."""


def _even(_: object, board: Reader) -> bool:
    """What is so at one moment and not at the next, and is so at the end, when no note is open."""
    return board.count(Note, status="open") % 2 == 0


def _looks(entry: Entry[Item], view: View, chance: random.Random) -> None:
    """Some of every kind of look."""
    for look in chance.choices(range(7), k=2):
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
                    view.get(Note, f"note-{chance.randint(1, 12)}")


def team(chance: random.Random, *, poison: bool, ends: bool) -> Sequence[Agent]:  # noqa: C901  (one after the other)
    """The agents. With `poison` some of them may ruin the board; without `ends` no report is ever final."""

    async def think() -> None:
        hangs = chance.random() < 0.02
        await asyncio.sleep(60 if hangs else chance.choice((0.01, 0.1, 0.5, 1.5)) * chance.random())

    @agent(watches=Seed, writes=(Item, Job))
    def sower(seed: Entry[Seed], view: View) -> None:
        for number in range(seed.body.items):
            view.post(Item(tag=number % 3), about=seed)
        view.post(Job(hard=True), about=seed)

    @agent(watches=Seed, writes=Note, retry=4, timeout=5)
    async def counter(seed: Entry[Seed], view: View) -> None:
        raw = view.count(Item, status="raw") + view.count(Note)
        await asyncio.sleep(0.6)  # while the others work the counts seldom hold so long
        view.post(Note(tag=raw % 3))

    @agent(watches=Item, status=("raw", "half"), writes=(Item, Note, Job, Poison), retry=4, timeout=5, rating=1)
    async def walker(item: Entry[Item], view: View) -> None:
        _looks(item, view, chance)
        await think()
        if chance.random() < 0.08:
            raise OSError("flaky")
        _looks(item, view, chance)
        if chance.random() < 0.4:
            view.post(Note(tag=chance.randint(0, 2)), about=item)
        if poison and chance.random() < 0.05:
            view.post(Poison())
        for note in view.find(Note, status="open", limit=1) if chance.random() < 0.3 else []:
            view.retract(note) if chance.random() < 0.2 else view.amend(note, status="shut")
        done = item.body.round > 3 or (item.status == "half" and chance.random() < 0.7)
        after = "done" if done else "half" if item.status == "raw" else "raw"
        view.amend(item, Item(tag=chance.randint(0, 2), round=item.body.round + 1), status=after)

    @agent(watches=Note, writes=Note, retry=4, rating=lambda note: note.tag, timeout=20)
    def shutter(note: Entry[Note], view: View) -> None:
        for key in note.about:
            view.get(Item, key, strict=chance.random() < 0.7)
        view.amend(note, status="shut")

    @agent(watches=Note, writes=Job, status="shut", where=lambda note: note.tag == 0, concurrency=1)
    async def clerk(note: Entry[Note], view: View) -> None:
        await think()
        if view.count(Job) < 6:
            view.post(Job(), about=note)

    @agent(watches=Job, writes=Job, retry=1)
    async def helper(job: Entry[Job], view: View) -> None:
        if job.body.hard or chance.random() < 0.5:
            raise OSError("never")
        view.amend(job, status="done")

    @agent(watches=Job, writes=Job, retry=1, gives_up="dropped", timeout=5, fallback=helper, pending=2)
    async def laborer(job: Entry[Job], view: View) -> None:
        await think()
        if job.body.hard or chance.random() < 0.2:
            raise OSError("never")
        view.amend(job, status="done")

    @agent(watches=all_done(Item), writes=Report, timeout=5)
    async def gatherer(items: list[Entry[Item]], view: View) -> None:
        await think()
        view.post(Report(items=len(items)), about=items[:2])

    @agent(watches=batched(Note, 3), status="shut", writes=Job, retry=4, timeout=5)
    async def bundler(notes: list[Entry[Note]], view: View) -> None:
        await think()
        if chance.random() < 0.1:
            raise OSError("flaky")
        if view.count(Job) < 4:
            view.post(Job(), about=notes)

    @agent(watches=all_done(Item, by=lambda item: item.tag), writes=Job, timeout=5)
    async def sorter(items: list[Entry[Item]], view: View) -> None:
        await think()
        if view.count(Job) < 5:
            view.post(Job(), about=items)

    @agent(watches=all_done(Item, by=lambda item: item.tag, size=2), writes=Note, retry=4, timeout=5)
    async def pairer(items: list[Entry[Item]], view: View) -> None:
        await think()
        if chance.random() < 0.1:
            raise OSError("flaky")
        view.post(Note(tag=1), about=items)

    @agent(watches=Note, status="shut", where=lambda note: note.tag == 1, ready=_even, writes=Job, retry=2, timeout=5)
    async def patient(note: Entry[Note], view: View) -> None:
        await think()
        if chance.random() < 0.3:
            raise OSError("flaky")
        if view.count(Job) < 4:
            view.post(Job(), about=note)

    @agent(watches=all_done(Item), ready=exists(Job, status="done"), writes=Note, retry=4, timeout=5)
    async def archivist(items: list[Entry[Item]], view: View) -> None:
        await think()
        view.post(Note(tag=2), about=items[:1])

    @agent(watches=Note, status="shut", unless=exists(Report), writes=(), rating=-1)
    def doubter(note: Entry[Note], view: View) -> None:
        view.count(Note)

    @agent(watches=Report, writes=Report, where=lambda _: ends, strict=False)
    def editor(report: Entry[Report], view: View) -> None:
        if view.count(Item, status=("raw", "half")) == 0:
            view.amend(report, status="final")

    @agent(watches=Quiescence, writes=Item)
    def finalizer(quiet: Entry[Quiescence], view: View) -> None:
        if view.count(Item) < 12:
            view.post(Item(tag=1), about=quiet)

    return [
        sower, counter, walker, shutter, clerk, laborer, gatherer, bundler, sorter, pairer, patient, archivist, doubter,
        editor, finalizer,
    ]  # fmt: skip
