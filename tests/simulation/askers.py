"""What the simulated workers of an asking world do: a team whose agents ask models in every way there is."""

import asyncio
import random
from collections.abc import Sequence

from pydantic import BaseModel

from blackboard import Budget, Entry, Kind, View, agent, tool
from blackboard.agent import Agent
from blackboard.conditions import all_done
from blackboard.entry import Quiescence
from blackboard.errors import BudgetExceeded, ModelFailed


class Topic(Kind):
    """Begin."""

    questions: int


class Question(Kind, lifecycle={"open": ("answered", "dropped")}):
    """Something to be found out."""

    number: int


class Finding(Kind, lifecycle={"new": ("checked", "doubted")}):
    """What was found out."""

    score: int


class Ledger(Kind, lifecycle={"open": "closed"}):
    """What all amend, so that whoever has read it is overtaken."""

    total: int


class Remark(Kind):
    """What else was said."""

    text: str


class Report(Kind, lifecycle={"draft": "final"}):
    """What came of it."""

    answered: int


class Poison(Kind):
    """Nobody posts it."""


class Score(BaseModel):
    """What is asked for."""

    score: int


EXPECTED = (
    "flaky", "database is locked", "not finished within", "was lost again and again", "what it relied on changed",
    "gave no", "came to no end", "declines to answer", "has paused", "the endpoint refuses it", "is not asked now",
    "the answer to COMMIT was lost",
)  # fmt: skip
"""The only causes for which an agent of this team may fail."""


@tool(effects="none")
def fetched(words: str) -> str:
    """What somebody else has written."""
    return f"they say {words}"


def own_budget(chance: random.Random) -> Budget:
    """One unit of one agent."""
    match chance.randint(0, 4):
        case 0:
            return Budget(calls=chance.randint(0, 8))
        case 1:
            return Budget(tokens=chance.randint(500, 20_000))
        case 2:
            return Budget(usd=chance.randint(1, 20) / 10_000)
    return Budget()


def team(chance: random.Random) -> Sequence[Agent]:  # noqa: C901  (one after the other)
    """The agents."""

    @agent(watches=Topic, writes=(Question, Ledger))
    def planner(topic: Entry[Topic], view: View) -> None:
        view.post(Ledger(total=0), about=topic)
        for number in range(topic.body.questions):
            view.post(Question(number=number), about=topic)

    @agent(watches=Question, writes=Question, retry=1, timeout=60, gives_up="dropped")
    async def guesser(question: Entry[Question], view: View) -> None:
        await asyncio.sleep(0.1)
        view.amend(question, status="dropped")

    @agent(watches=Question, writes=(Question, Finding), model="fast", max_tokens=48, retry=1, timeout=90,
           gives_up="dropped", fallback=guesser)  # fmt: skip
    async def second(question: Entry[Question], view: View) -> None:
        score = await view.ask("What is it?", shape=Score, show=[question])
        view.post(Finding(score=score.score), about=question)
        view.amend(question, status="answered")

    @agent(watches=Question, status="open", writes=(Question, Finding), model="fast", max_tokens=48, retry=1,
           timeout=chance.choice((8, 40, 200)), gives_up="dropped", fallback=second)  # fmt: skip
    async def researcher(question: Entry[Question], view: View) -> None:
        """Asks several at once, the same twice, and then one that its fallback asks in the same words."""
        asked = ["one side", "other side", "one side"][: 1 + question.body.number % 3]
        await asyncio.gather(*(view.ask(words, show=[question]) for words in asked))
        if chance.random() < 0.08:
            raise OSError("flaky")
        score = await view.ask("What is it?", shape=Score, show=[question])
        view.post(Finding(score=score.score), about=question)
        view.amend(question, status="answered")

    @agent(watches=Finding, status="new", writes=Finding, model="fast", max_tokens=32, retry=3, timeout=300,
           budget=own_budget(chance), concurrency=chance.choice((None, 1)))  # fmt: skip
    async def checker(finding: Entry[Finding], view: View) -> None:
        """Asks one after the other, the same at times."""
        first = await view.ask("Is it true?", shape=Score, show=[finding])
        if finding.body.score % 2:
            await view.ask("Is it true?", shape=Score, show=[finding])
        if chance.random() < 0.05:
            raise OSError("flaky")
        view.amend(finding, status="checked" if first.score % 3 else "doubted")

    @agent(watches=Finding, status=("checked", "doubted"), writes=(Ledger, Remark), model="fast", max_tokens=16,
           retry=4, timeout=60)  # fmt: skip
    async def keeper(finding: Entry[Finding], view: View) -> None:
        """Is overtaken by the others of its kind, and then has its answer for nothing."""
        ledgers = view.find(Ledger, status="open", limit=1)
        await view.ask("How much is it worth?", show=[finding])
        for ledger in ledgers:
            view.amend(ledger, Ledger(total=ledger.body.total + 1))

    @agent(watches=Finding, status="doubted", writes=Remark, model="fast", max_tokens=24, retry=2, timeout=60)
    async def careful(finding: Entry[Finding], view: View) -> None:
        """Takes what it gets for the money that there is."""
        try:
            text = await view.ask("Why?", tell_left=chance.random() < 0.5)
        except BudgetExceeded:
            text = "no money"
        except ModelFailed as error:
            text = error.outcome
        view.post(Remark(text=text), about=finding)

    @agent(watches=Finding, status="checked", writes=Remark, tools=[fetched], model="fast", max_tokens=24, retry=2,
           timeout=60)  # fmt: skip
    async def reader(finding: Entry[Finding], view: View) -> None:
        """Has read what nobody vouches for."""
        said = await view.call(fetched, f"{finding.body.score}")
        view.post(Remark(text=await view.ask(f"What of this? {len(said)}")), about=finding)

    @agent(watches=Remark, writes=(), model="fast", max_tokens=16, retry=0, timeout=20, rating=-1)
    async def listener(remark: Entry[Remark], view: View) -> None:
        await view.ask("Is it of use?")

    @agent(watches=all_done(Question), writes=Report, model="fast", max_tokens=64, retry=4, timeout=120)
    async def reporter(questions: list[Entry[Question]], view: View) -> None:
        await view.ask("What came of it?", show=questions[:1])
        view.post(Report(answered=len(questions)), about=questions[:1])

    @agent(watches=Report, status="draft", writes=Report, strict=False)
    def editor(report: Entry[Report], view: View) -> None:
        if view.count(Finding, status="new") == 0:
            view.amend(report, status="final")

    @agent(watches=Quiescence, writes=Report, model="fast", max_tokens=16, retry=0, timeout=60)
    async def finalizer(quiet: Entry[Quiescence], view: View) -> None:
        await view.ask("What is left?", show=[])
        for report in view.find(Report, status="draft"):
            view.amend(report, status="final")

    return [planner, researcher, checker, keeper, careful, reader, listener, reporter, editor, finalizer]
