"""A folder with a document, and a cache for its index that no other test sees."""

import pytest

GUIDE = """# Guide

Agents watch for entries and post entries.

## Leases

A lease says until when a claim is held. When it expires, another agent may take over.

## Money

A budget is reserved before a call and settled after it.
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("BLACKBOARD_CACHE", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path, cache):
    found = tmp_path / "docs"
    found.mkdir()
    (found / "guide.md").write_text(GUIDE, encoding="utf-8", newline="")
    return found
