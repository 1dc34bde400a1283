"""Greets the guests in the words of a model."""

from agents.hello.kinds import Greeting, Guests
from blackboard import claude_agent

greeter = claude_agent(
    "greeter",
    watches=Guests,
    writes=Greeting,
    system="You write rough greetings for the door of a house.",
    prompt="Greet these guests in one short sentence that names each of them.",
)
