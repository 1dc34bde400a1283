"""What all editors do with a section: read the style, amend the section if there is something to change."""

from agents.edit.kinds import Section, Style
from agents.edit.rules import revised
from blackboard import Entry, View


def revise(editor: str, section: Entry[Section], view: View) -> None:
    """Amend the section as this editor would have it, or do nothing: then it has passed over this version."""
    (style,) = view.find(Style)
    revision = revised(editor, section.body, style.body)
    if revision is not None:
        update = {"text": revision.text, "changes": revision.changes}
        view.amend(section, section.body.model_copy(update=update))
