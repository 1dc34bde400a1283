"""The scenario of the benchmarks with several processes: one file, so that `blackboard work` finds it.

Each team has an agent that is never served while it is measured: its pending activation keeps the board open.
"""

import os
from collections.abc import Sequence
from functools import cache

from blackboard import Budget, Entry, Kind, Scenario, View, agent, all_done
from tests.benchmarks import raw


class Opening(Kind):
    """The seed."""

    tasks: int = 0
    steps: int = 0


class Ended(Kind):
    """The goal."""

    total: int


class Question(Kind):
    """What a worker is woken by."""

    number: int


class Answer(Kind):
    """What it says."""

    number: int
    payload: str


class Step(Kind):
    """One link of a chain. `left`: how many are to follow."""

    left: int
    payload: str


class Task(Kind, lifecycle={"open": "done"}):
    """One piece of a job."""

    number: int


class Result(Kind):
    """The answer to a task."""

    number: int
    payload: str


@agent(watches=Opening, writes=Ended)
def keeper(opening: Entry[Opening], view: View) -> None:
    """Never served: it keeps the board open."""
    view.post(Ended(total=0))


@agent(watches=Question, writes=Answer)
def answerer(question: Entry[Question], view: View) -> None:
    """Answers at once."""
    view.post(Answer(number=question.body.number, payload=raw.PAYLOAD), about=question)


@agent(watches=Step, writes=Step, where=lambda step: step.left > 0)
def walker(step: Entry[Step], view: View) -> None:
    """Takes the next step."""
    view.post(Step(left=step.body.left - 1, payload=raw.PAYLOAD), about=step)


@agent(watches=Opening, writes=Task)
def splitter(opening: Entry[Opening], view: View) -> None:
    """Posts all tasks at once."""
    for number in range(opening.body.tasks):
        view.post(Task(number=number), about=opening)


@agent(watches=Task, writes=[Result, Task])
def solver(task: Entry[Task], view: View) -> None:
    """Answers a task, and notes outside the board that it did."""
    note(task.body.number)
    view.post(Result(number=task.body.number, payload=raw.PAYLOAD), about=task)
    view.amend(task, status="done")


@agent(watches=all_done(Task), writes=Ended)
def joiner(tasks: Sequence[Entry[Task]], view: View) -> None:
    """Adds up."""
    view.post(Ended(total=sum(task.body.number for task in tasks)), about=tasks)


NOTES = "BENCHMARK_NOTES"  # the environment variable with the file of executions


def note(number: int) -> None:
    """One line for one execution, whichever process did it and whether or not it lands."""
    os.write(_notes(), b"%d\n" % number)


@cache
def _notes() -> int:
    return os.open(os.environ[NOTES], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


scenario = Scenario(
    "scene",
    params=Opening,
    agents={"answering": [keeper, answerer], "walking": [keeper, walker], "pool": [splitter, solver, joiner]},
    result=Ended,
    budget=Budget(activations=10 * raw.CAP, seconds=3600),
)
