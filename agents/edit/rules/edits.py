"""Edits of a text: where, what instead, and why."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents.edit.kinds import Style
from agents.edit.markdown import Block

NEAR = 24  # characters that are shown beside a change, at most
FARTHEST = 3 * NEAR  # where that would cut a word
FIRST = re.compile(r"\S+\s+")


@dataclass(frozen=True, slots=True)
class Edit:
    """`text[start:end]` is to become `new`."""

    start: int
    end: int
    new: str
    reason: str

    def moved(self, by: int) -> "Edit":
        """The same edit in a text that begins earlier."""
        return replace(self, start=self.start + by, end=self.end + by)


Rule = Callable[[Block, Style], Sequence[Edit]]


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text after all of these edits, which do not overlap."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def around(text: str, edit: Edit) -> tuple[str, str]:
    """The words around an edit, before and after it, on one line."""
    line_start = max(text.rfind("\n", 0, edit.start), text.rfind("\r", 0, edit.start)) + 1
    left = text[max(line_start, edit.start - NEAR) : edit.start]
    if edit.start - NEAR > line_start:
        left = FIRST.sub("", left, count=1) if FIRST.match(left) else left
    right = re.split(r"[\r\n]", text[edit.end : edit.end + FARTHEST])[0]
    if len(right) > NEAR:
        shorter = right[: NEAR + 1].rpartition(" ")[0]
        right = shorter if shorter.strip() else " ".join(right.split(" ")[:2])
    before, after = left + text[edit.start : edit.end] + right, left + edit.new + right
    return _in_line(before), _in_line(after)


def _in_line(text: str) -> str:
    return re.sub(r"[\r\n]+", " ", text).strip()
