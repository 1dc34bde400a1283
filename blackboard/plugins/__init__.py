"""Plugins: agents in files of a folder. They are found, loaded, and loaded anew when a file has changed."""

from blackboard.plugins.shelf import Loaded, Plugin, Trouble, load
from blackboard.plugins.watching import watch

__all__ = ["Loaded", "Plugin", "Trouble", "load", "watch"]
