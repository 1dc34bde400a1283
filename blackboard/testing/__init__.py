"""Testing kit: one agent alone, a team, models that follow a script, an endpoint of your own. No network, no key."""

from typing import TYPE_CHECKING

from blackboard.testing.acting import memory_board, run_agent, run_team
from blackboard.testing.network import NetworkUsed, forbid_network
from blackboard.testing.scripts import ScriptedModel, Stopped, ToolUse, fault
from blackboard.testing.stubs import Stub, stub_agent
from blackboard.testing.tapes import recording, replaying

if TYPE_CHECKING:
    from blackboard.testing.server import MessagesServer, Trouble

__all__ = [
    "memory_board", "run_agent", "run_team",
    "ScriptedModel", "ToolUse", "Stopped", "fault",
    "stub_agent", "Stub",
    "recording", "replaying",
    "forbid_network", "NetworkUsed",
    "MessagesServer", "Trouble",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name in {"MessagesServer", "Trouble"}:  # few tests want an HTTP server loaded
        from blackboard.testing import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__} has no {name}")
