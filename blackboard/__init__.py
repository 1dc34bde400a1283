"""A blackboard on which independent agents leave typed entries. Everything that users need stands here."""

from blackboard.agent import Agent, agent
from blackboard.board import Board, list_boards, open_board
from blackboard.budget import Budget
from blackboard.claude import claude_agent
from blackboard.conditions import Condition, all_done, batched, confident, exists, when
from blackboard.controller import Verdict
from blackboard.costs import Cost
from blackboard.entry import BudgetAlert, Entry, Failure, Kind, Label, Quiescence
from blackboard.maker import AgentMaker, agents_from
from blackboard.rating import value_per_cost
from blackboard.reader import Reader
from blackboard.running import Run
from blackboard.scenario import Scenario
from blackboard.tool import Tool, resource, tool
from blackboard.view import View

__all__ = [
    "Agent", "AgentMaker", "Board", "Budget", "BudgetAlert", "Condition", "Cost", "Entry", "Failure", "Kind", "Label",
    "Quiescence", "Reader", "Run", "Scenario", "Tool", "Verdict", "View", "agent", "agents_from", "all_done", "batched",
    "claude_agent", "confident", "exists", "list_boards", "open_board", "resource", "tool", "value_per_cost", "when",
]  # fmt: skip
