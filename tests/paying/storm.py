"""Eight agents that ask the same endpoint, each about its own topics."""

from dataclasses import replace

from blackboard import Agent, Scenario, all_done
from tests.paying.scenario import Note, Order, Topic, asker, topics

AGENTS = 8


def _one(number: int) -> Agent:
    return replace(asker, name=f"asker-{number}", where=lambda topic: topic.number % AGENTS == number)


scenario = Scenario(
    "storm", params=Order, agents=[_one(n) for n in range(AGENTS)], seed=topics, result=Note, done=all_done(Topic)
)
