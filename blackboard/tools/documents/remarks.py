"""What a comment says: its lines without their signs, its paragraphs, lists and examples."""

import re

from blackboard.tools.documents.drawn import is_prose
from blackboard.tools.documents.gathered import Gathering
from blackboard.tools.documents.lines import Joined, Line, line_at, lines_of
from blackboard.tools.documents.passages import Block
from blackboard.tools.documents.readable import Writer

SIGNS = re.compile(r"//[/!]*|/\*[*!]*|#+[:!]?(?=\s|$|\w)|#+|--+\[*=*\[?|;+|=begin\b.*")
INSIDE = re.compile(r"\*+(?!/)(?=\s|$)|\*(?!/)(?=\S)")
CLOSING = re.compile(r"\s*(?:\*+/|\]=*\]|^=end\b.*)$")
FOR_TOOLS = re.compile(
    r"(?:!/|-\*-|type:\s*ignore|noqa|pylint|pragma|eslint|prettier|@ts-|ts-|flake8|mypy:|ruff:|isort|fmt:|clang-|NOLINT"
    r"|vim?:|go:|\+build|region\b|endregion\b|cspell|istanbul|c8 ignore|rubocop|shellcheck|coding[:=])",
    re.IGNORECASE,
)
FENCE = re.compile(r"```|~~~")
ITEM = re.compile(r"(?:[-*+\u2022]|\d{1,2}[.)])\s+(?=\S)")
TAG = re.compile(
    r"""[@\\](?:param|tparam|arg|property|throws|exception|template)(?:\[\w+\])?(?:\s+\{[^}]*\})?\s+\[?[\w.$]+\]?\s*-?\s*
    |[@\\]returns?\s+(?:\{[^}]*\}\s*|[\w\\|<>]+(?:\[\])?\s+(?=[A-Z]))?|[@\\]\w+\s*""",
    re.VERBOSE,
)
TAGS = """p b i em strong code tt pre ul ol li br a summary remarks para returns param c see seealso paramref typeparam
    typeparamref value example exception inheritdoc span div table tr td th blockquote sup sub dl dt dd h[1-6]"""
INLINE = re.compile(
    rf"""<see\s+cref="(?P<seen>[^"]+)"\s*/>|</?(?:{"|".join(TAGS.split())})(?:\s+\w+=(?:"[^"]*"|'[^']*'))*\s*/?>
    |\{{@\w+\s+(?P<linked>[^{{}}]*)\}}""",
    re.VERBOSE,
)
LICENCE = re.compile(
    r"""licen[cs]ed\s+(?:under|to)\b|SPDX-|permission\s+is\s+hereby\s+granted|redistribution\s+and\s+use|all\s+rights\s+reserved
    |General\s+Public\s+Licen[cs]e|copyright\s+(?:\(c\)|\u00a9|\d{4})|\(c\)\s+\d{4}|\u00a9\s*\d{4}""",
    re.IGNORECASE | re.VERBOSE,
)


def without_signs(text: str, start: int, end: int) -> list[Line]:
    """The lines of a comment or of comments in consecutive lines, without what marks them as such."""
    found = [_without_sign(text, line, at == 0) for at, line in enumerate(lines_of(text, start, end))]
    return [line if _says_something(text, line) else Line(line.start, line.start, line.indent) for line in found]


def read(text: str, lines: list[Line], heading: str) -> list[Block]:
    """The blocks of a comment. What looks like code is no prose. Never fails."""
    return _Reader(text, lines, heading).found.blocks()


def write(joined: Joined, writer: Writer) -> None:
    """Write a paragraph without the markup of documentation tools."""
    at = 0
    for found in INLINE.finditer(joined.text):
        joined.keep(writer, at, found.start())
        if found.lastgroup:
            joined.keep(writer, *found.span(found.lastgroup))
        at = found.end()
    joined.keep(writer, at, len(joined.text))


def _without_sign(text: str, line: Line, is_first: bool) -> Line:
    end = line.end
    if closing := CLOSING.search(text, line.start, end):
        end = max(line.start, closing.start())
    sign = SIGNS.match(text, line.start, end) or (None if is_first else INSIDE.match(text, line.start, end))
    start = sign.end() if sign else line.start
    return line_at(text, start, end, line.indent + start - line.start)


def _says_something(text: str, line: Line) -> bool:
    said = text[line.start : line.end]
    return any(char.isalnum() for char in said) or FENCE.match(said) is not None


class _Reader:
    """Takes the lines of a comment paragraph by paragraph."""

    def __init__(self, text: str, lines: list[Line], heading: str) -> None:
        self.found = Gathering(text, write)
        self._text = text
        self._heading = heading
        at = 0
        while at < len(lines):
            at = self._step(lines, at)

    def _said(self, line: Line) -> str:
        return self._text[line.start : line.end]

    def _step(self, lines: list[Line], at: int) -> int:
        if lines[at].is_blank or FOR_TOOLS.match(self._said(lines[at])):
            return at + 1
        stop = at + 1
        if FENCE.match(self._said(lines[at])):
            while stop < len(lines) and not FENCE.match(self._said(lines[stop])):
                stop += 1
            self.found.other(self._heading, lines[at : stop + 1])
            return stop + 1
        while stop < len(lines) and not self._ends(lines[stop]):
            stop += 1
        self._paragraph(lines[at:stop])
        return stop

    def _ends(self, line: Line) -> bool:
        return line.is_blank or FENCE.match(self._said(line)) is not None or TAG.match(self._said(line)) is not None

    def _paragraph(self, lines: list[Line]) -> None:
        said = [self._said(line) for line in lines]
        if not is_prose(said):
            self.found.end_list()
            self.found.other(self._heading, lines)
            return
        self._without_tag(lines)
        starts = [at for at, line in enumerate(said) if ITEM.match(line)]
        if not starts:
            self.found.end_list()
            self.found.prose(self._heading, lines)
            return
        if starts[0]:
            self.found.prose(self._heading, lines[: starts[0]])
        self.found.begin_list(self._heading)
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            item = ITEM.match(said[start])
            line = lines[start]
            taken = item.end() if item else 0
            content = line_at(self._text, line.start + taken, line.end, line.indent)
            marker = (self._text[line.start : content.start], line.start, content.start)
            self.found.prose(self._heading, [content, *lines[start + 1 : end]], marker)

    def _without_tag(self, lines: list[Line]) -> None:
        tag = TAG.match(self._said(lines[0]))
        if tag and tag.end() < len(tag.string):
            lines[0] = line_at(self._text, lines[0].start + tag.end(), lines[0].end, lines[0].indent)
