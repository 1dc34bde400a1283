"""Agents that answer a question from documents; several teams on the same kinds."""
