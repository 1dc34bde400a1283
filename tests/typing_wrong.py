"""Wrong uses that mypy must refuse: each ignore names the error; `warn_unused_ignores` fails if it is not one."""

from collections.abc import Sequence
from dataclasses import replace

from blackboard import Agent, Budget, Entry, Kind, Scenario, View, agent, agents_from, all_done, exists, tool


class Guests(Kind):
    """Greet these people."""

    names: list[str]


class Subtask(Kind, lifecycle={"open": "answered"}):
    """One part."""

    text: str = ""


class Answer(Kind, index=("subject",)):
    """What was found out."""

    subject: str
    text: str = ""


@tool(effects="none", returns="user")
async def look_up(query: str, limit: int = 3) -> list[str]:
    """Looks things up."""
    return [query] * limit


@tool(effects="none", returns="user")
def measure(query: str) -> int:
    """Measures."""
    return len(query)


@agent(watches=Subtask, writes=Answer)  # type: ignore[arg-type]
def of_another_kind(answer: Entry[Answer], view: View) -> None:
    """Takes what it does not watch."""


@agent(watches=all_done(Subtask), writes=Answer)  # type: ignore[arg-type]
def one_of_many(subtask: Entry[Subtask], view: View) -> None:
    """Takes one where it gets many."""


@agent(watches=Subtask, writes=Answer)  # type: ignore[arg-type]
def many_of_one(subtasks: Sequence[Entry[Subtask]], view: View) -> None:
    """Takes many where it gets one."""


@agent(watches=Subtask, writes=Answer)  # type: ignore[arg-type]
def gives_back(subtask: Entry[Subtask], view: View) -> Answer:
    """Returns what it should post."""
    return Answer(subject=subtask.body.text)


@agent(watches=Subtask, writes=Answer, concurency=2)  # type: ignore[call-overload, untyped-decorator]
def misspelt(subtask: Entry[Subtask], view: View) -> None:
    """An option that does not exist."""


@agent(watches=Subtask, writes=Answer, where=lambda s: s.txt == "")  # type: ignore[attr-defined]
def wrong_field(subtask: Entry[Subtask], view: View) -> None:
    """A field that the kind does not have."""


@agent(watches=Subtask, writes=Answer, rating=lambda s: s.text)  # type: ignore[arg-type, return-value]
def wrong_rating(subtask: Entry[Subtask], view: View) -> None:
    """A rating that is no number."""


@agent(watches=all_done(Subtask), writes=Answer, rating=lambda s: 1)  # type: ignore[call-overload, untyped-decorator]
def choosy(subtasks: Sequence[Entry[Subtask]], view: View) -> None:
    """Rates what comes all at once by one body."""


@agent(watches=exists(Answer), writes=Answer)  # type: ignore[call-overload, untyped-decorator]
def on_a_condition(answer: Entry[Answer], view: View) -> None:
    """Watches what can only be asked."""


@agent(watches=Subtask, writes=Answer, tools=[look_up, measure])
async def careless(subtask: Entry[Subtask], view: View) -> None:
    """Wrong bodies, shapes, arguments."""
    view.post("an answer")  # type: ignore[arg-type]
    view.post(Answer(subject="s", txt="t"))  # type: ignore[call-arg]
    view.post(Answer(subject="s"), about="subtask-1")  # type: ignore[arg-type]
    view.amend(subtask, Answer(subject="s"))  # mypy cannot see this (Entry is covariant); IllegalTransition
    view.amend(subtask.key, status="answered")  # type: ignore[arg-type]
    await view.call(look_up, qery="x")  # type: ignore[call-arg]
    await view.call(look_up, "x", limit="many")  # type: ignore[arg-type]
    await view.call(len, "x")  # type: ignore[arg-type]
    number: str = await view.call(measure, "x")  # type: ignore[arg-type]
    words: list[int] = await view.call(look_up, "x")  # type: ignore[arg-type]
    found: list[Entry[Subtask]] = view.find(Answer)  # type: ignore[arg-type]
    view.get(Answer)  # type: ignore[call-overload]
    view.get(Answer, "answer-1", of=subtask)  # type: ignore[call-overload]
    subtask.body.text = "changed"  # type: ignore[misc]
    subtask.status = "answered"  # type: ignore[misc]
    assert number or words or found
    assert view.get(Subtask, of=subtask).body.txt  # type: ignore[attr-defined]


@agents_from(Subtask)
def maker(subtask: Entry[Subtask]) -> Agent:
    """Is right."""
    return careless


@agents_from(Subtask)  # type: ignore[arg-type]
def maker_of_another_kind(answer: Entry[Answer]) -> Agent:
    """Takes what it is not made from."""
    return careless


@agents_from(Subtask)  # type: ignore[arg-type]
def maker_of_nothing(subtask: Entry[Subtask]) -> None:
    """Gives no agent."""


def many(answers: Sequence[Entry[Kind]]) -> None:
    """Entries are covariant."""
    assert answers


def fine(answers: Sequence[Entry[Answer]]) -> None:
    """So this is right."""
    many(answers)


scenario = Scenario("s", params=Guests, agents=[careless, maker], result=Answer)
other = replace(careless, modell="fast")  # type: ignore[call-arg]
scenario.run(Answer(subject="s"))  # type: ignore[arg-type]
scenario.run(Guests(names=[]), databse="x")  # type: ignore[call-arg]
scenario.run(Guests(names=[]), budget=3)  # type: ignore[arg-type]
scenario.run(Guests(names=[]), budget=Budget(dollars=3))  # type: ignore[call-arg]
Scenario("s", params=Guests, agents=[], result=str)  # type: ignore[arg-type]
Scenario("s", params=Guests, agents=[], result=Answer, done=Answer)  # type: ignore[arg-type]
Scenario("s", params=Guests, agents=[], result=Answer, seed=lambda g: g.names)  # type: ignore[arg-type, return-value]
