"""Binds the sections when every editor has passed over all of them."""

import json
from collections.abc import Iterator

from agents.edit.kinds import Edited, Manuscript, Section, Style
from agents.edit.markdown import blocks
from agents.edit.rules import remarks
from blackboard import Entry, Failure, Quiescence, View, agent

ROOM = 240_000  # bytes of text, changes and remarks: what comes out is one entry, and entries are kept small


@agent(watches=Quiescence, writes=Edited)
def binder(_quiet: Entry[Quiescence], view: View) -> None:
    """Puts the newest version of all sections together, and lists who has changed what, and why."""
    (manuscript,), (style,) = view.find(Manuscript), view.find(Style)
    sections = sorted(view.find(Section), key=lambda s: s.body.number)
    changes = [line for section in sections for line in _changes(section, view)]
    left = [f"{_title(s.body)}: {remark}" for s in sections for remark in remarks(s.body, style.body)]
    left += [f"{f.body.agent} has failed: {f.body.cause}" for f in view.find(Failure)]
    text = "".join(s.body.text for s in sections)
    room = ROOM - _size(text)
    listed, said = _fitting(changes, room * 3 // 4), _fitting(left, room // 4)
    more = (f"and {len(left) - len(said)} more",) if len(left) > len(said) else ()
    view.post(
        Edited(
            document=manuscript.body.document.name, text=text, listed=listed,
            changes=len(changes), remarks=said + more,
        ),
        about=sections,
    )  # fmt: skip


def _changes(section: Entry[Section], view: View) -> Iterator[str]:
    """A line for each change, oldest first: `2 Storage, v3 by terms: “sqlite” -> “SQLite” (why)`."""
    for version in view.history(section)[1:]:
        where = f"{_title(section.body)}, v{version.version} by {version.author}: "
        for change in version.body.changes:
            yield f"{where}“{change.before}” -> “{change.after}” ({change.reason})"
        if not version.body.changes:
            yield f"{where}another text"


def _title(section: Section) -> str:
    """The section's place and heading."""
    first = next(blocks(section.text, first=section.number == 0), None)
    if first is None or not first.is_heading:
        return f"{section.number} (before the first heading)"
    return f"{section.number} {' '.join(first.text.strip('# ').split())[:60] or '(no heading)'}"


def _fitting(lines: list[str], room: int) -> tuple[str, ...]:
    """As many of the lines as there is room for."""
    kept = []
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        kept.append(line)
    return tuple(kept)


def _size(text: str) -> int:
    """Bytes that it takes on the board."""
    return len(json.dumps(text, ensure_ascii=False).encode())
