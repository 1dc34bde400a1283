"""A small server of the Messages API for tests: strict with requests, scripted in answers, exact in what it bills."""

from blackboard.testing.server.books import Exchange
from blackboard.testing.server.serving import MessagesServer
from blackboard.testing.server.trouble import Trouble

__all__ = ["Exchange", "MessagesServer", "Trouble"]
