"""The runner: one worker that serves boards, from the wake to the verdict."""

from blackboard.runner.events import Event, Observer
from blackboard.runner.loop import Runner
from blackboard.runner.plan import Plan

__all__ = ["Event", "Observer", "Plan", "Runner"]
