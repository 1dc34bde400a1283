"""Texts whose name does not tell their markup: it shows in what they say."""

import re

from blackboard.tools.documents import markdown, plain, rest
from blackboard.tools.documents.passages import Outline

LOOKED_AT = 60_000
"""Characters; who writes markup uses it before."""
REST = re.compile(
    r"""^[ \t]*\.\.\s(?:[A-Za-z][\w:+-]*::|_[^:\n]+:|\|[^|\n]+\|)   # directives, targets, substitutions
    |:[A-Za-z][\w:+-]{0,60}:`[^`\n]+`                              # roles
    |`[^`<>\n]+<[^<>\n]+>`_                                        # links
    |(?<![`\w])``[^`\n]+``(?!`)""",
    re.VERBOSE | re.MULTILINE,
)
TITLE = re.compile(r"^(?=.*\w)(\S.*)\n([=\-~^\"*#+])\2{2,}[ \t]*$", re.MULTILINE)
MARKDOWN = re.compile(
    r"^#{1,6}[ \t]+\w|^[ \t]*(?:```|~~~)|^---\n|\[[^\]\n]{1,200}\]\((?:https?:|[\w./#-])[^)\n]*\)|^!\[", re.MULTILINE
)
ENOUGH = 2


def outline(text: str) -> Outline:
    """The title and the blocks of a text: as reStructuredText or Markdown if it is evidently that. Never fails."""
    beginning = text[:LOOKED_AT].replace("\r\n", "\n")
    marks = len(MARKDOWN.findall(beginning))
    signs = len(REST.findall(beginning))
    if signs > marks and signs + len(TITLE.findall(beginning)) >= ENOUGH:
        return rest.outline(text)
    if marks >= ENOUGH or (marks and MARKDOWN.match(beginning.lstrip())):
        return markdown.outline(text)
    return plain.outline(text)
