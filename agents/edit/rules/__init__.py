"""The editors' rules: pure functions from a block of text to edits.

For each block the first rule that has something to say is the one that may edit it; the others leave the block alone
until that is settled. So a block goes the same way whoever comes first, and no two editors can undo each other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agents.edit.kinds import Change, Section, Style
from agents.edit.markdown import Block, blocks
from agents.edit.rules import figures, headings, plainness, sentences, spelling
from agents.edit.rules.edits import Edit, Rule, applied, around

MOST = 50  # edits of one version, or little more: the next one wakes the editor again, and bodies stay small

HEADING: Mapping[str, Rule] = {"terms": spelling.edits, "structure": headings.edits}
PROSE: Mapping[str, Rule] = {
    "terms": spelling.edits, "tone": plainness.edits, "facts": figures.edits, "length": sentences.edits,
}  # fmt: skip


@dataclass(frozen=True)
class Revision:
    """A new text, and what was changed in it."""

    text: str
    changes: tuple[Change, ...]


def revised(editor: str, section: Section, style: Style) -> Revision | None:
    """The section as this editor would have it; None if it has nothing to change now."""
    found: list[Edit] = []
    for block in _blocks(section):
        if len(found) < MOST:  # a block as a whole or not at all
            found += _turn(editor, block, style)
    if not found:
        return None
    changes = tuple(_change(section.text, edit) for edit in found)
    return Revision(applied(section.text, found), changes)


def _change(text: str, edit: Edit) -> Change:
    before, after = around(text, edit)
    return Change(reason=edit.reason, before=before, after=after)


def _turn(editor: str, block: Block, style: Style) -> Iterator[Edit]:
    """The editor's edits of a block, if it is the first one that has some; places are those in the section."""
    for name, rule in (HEADING if block.is_heading else PROSE).items():
        if found := rule(block, style):
            yield from (edit.moved(block.start) for edit in found if name == editor)
            return


def remarks(section: Section, style: Style) -> Iterator[str]:
    """What is left for a person to look at."""
    for block in _blocks(section):
        for rule in (headings, figures, sentences):
            yield from rule.remarks(block, style)


def _blocks(section: Section) -> Iterator[Block]:
    return blocks(section.text, first=section.number == 0, under=section.under)
