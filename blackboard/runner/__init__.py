"""The runner: one worker that serves boards, from the wake to the verdict."""

from blackboard.runner.events import Event, Observer
from blackboard.runner.loop import Runner
from blackboard.runner.plan import Plan
from blackboard.runner.workshop import SLOTS, Workshop

__all__ = ["SLOTS", "Event", "Observer", "Plan", "Runner", "Workshop"]
