"""Source code: what its comments and docstrings say is prose, under the name of what they describe."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from blackboard.tools.documents import remarks, rest, rest_inline
from blackboard.tools.documents.languages import ASSIGNED, LANGUAGES, LONGEST, Language
from blackboard.tools.documents.lines import Line, dedented, lines_of
from blackboard.tools.documents.passages import Block, Outline

FEWEST = 12
"""Lines of code that stay together, whatever is declared in them."""
QUOTES = re.compile(r"[rRuU]?(\"\"\"|'''|\"|')")
GOES_ON = re.compile(r"(?:[(\[{,=+%\\]|\b(?:return|yield|in|and|or|not|if|else))$")
ABOVE_DECLARATION = re.compile(r"@|#\[|\[\w|template\s*<")


def outline(language: Language, text: str) -> Outline:
    """The title and the blocks of source code in this language. Never fails, however wrong the code is."""
    reader = _Reader(language, text)
    return Outline(reader.title, reader.blocks)


FORMATS: dict[str, Callable[[str], Outline]] = {
    suffix: partial(outline, language) for suffix, language in LANGUAGES.items()
}


@dataclass
class _Comment:
    """Comments in consecutive lines, or a docstring."""

    first: int
    last: int  # lines
    start: int
    end: int
    is_doc: bool


@dataclass
class _Scope:
    """What has been declared around the line that is being read, by indentation."""

    declared: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, indent: int, name: str) -> None:
        self.leave(indent)
        self.declared.append((indent, name))

    def leave(self, indent: int) -> None:
        while self.declared and self.declared[-1][0] >= indent:
            self.declared.pop()

    def has_fields(self, indent: int) -> bool:
        """Whether what is assigned here is known outside: in a file, or in a class, as its capital letter tells."""
        around = [name for column, name in self.declared if column < indent]
        return not around or around[-1].rpartition(".")[2][:1].isupper()

    def name(self, indent: int, own: str = "") -> str:
        """The qualified name of what stands at this indentation."""
        around = [name for column, name in self.declared if column < indent]
        return ".".join([*around, own] if own else around)


class _Reader:
    """Goes through the lines once, from comment to comment."""

    def __init__(self, language: Language, text: str) -> None:
        self.title = ""
        self.blocks: list[Block] = []
        self._language = language
        self._text = text
        self._lines = lines_of(text)
        self._scope = _Scope()
        at = 0
        for comment in self._comments():
            self._code(at, comment.first)
            self._comment(comment)
            at = comment.last + 1
        self._code(at, len(self._lines))

    def _said(self, at: int) -> str:
        line = self._lines[at]
        return self._text[line.start : line.end] if line.end - line.start <= LONGEST else ""

    def _comments(self) -> Iterator[_Comment]:
        """Those that stand by themselves; what stands behind code in its line belongs to the code."""
        last: _Comment | None = None
        starts, nth = [line.start for line in self._lines], 0
        for found in self._language.tokens.finditer(self._text):
            group = found.lastgroup or "string"
            if group == "string":
                continue
            start = found.start() + len(found[0]) - len(found[0].lstrip())
            while nth + 1 < len(starts) and self._line_begins(nth + 1) <= start:
                nth += 1
            if starts[nth] != start:
                continue
            comment = self._at(nth, group, start, found.end())
            if comment is None:
                continue
            if last and not comment.is_doc and not last.is_doc and self._joins(last, comment, group):
                last.last, last.end = comment.last, comment.end
                continue
            if last:
                yield last
            last = comment
        if last:
            yield last

    def _line_begins(self, at: int) -> int:
        line = self._lines[at]
        return self._text.rfind("\n", 0, line.start) + 1 if line.indent or line.is_blank else line.start

    def _at(self, nth: int, group: str, start: int, end: int) -> _Comment | None:
        """The comment that begins here, if nothing but it stands in its lines."""
        last = nth + self._text.count("\n", start, end)
        if group != "line" and self._lines[last].end > end and self._text[end : self._lines[last].end].strip(" ;"):
            return None
        if group == "doc" and self._is_inside_code(nth):
            return None
        return _Comment(nth, last, start, end, group == "doc")

    def _joins(self, last: _Comment, comment: _Comment, group: str) -> bool:
        is_below = (
            comment.first == last.last + 1 and self._lines[comment.first].indent == self._lines[last.first].indent
        )
        return is_below and group == "line" and not self._text.startswith("/*", last.start)

    def _is_inside_code(self, at: int) -> bool:
        """Whether a string is part of an expression that begins above."""
        at -= 1
        while at >= 0 and (self._lines[at].is_blank or self._said(at).startswith("#")):
            at -= 1
        return at >= 0 and GOES_ON.search(self._said(at)) is not None

    def _comment(self, comment: _Comment) -> None:
        if comment.is_doc:
            self._docstring(comment)
            return
        lines = remarks.without_signs(self._text, comment.start, comment.end)
        if not self._scope.declared and remarks.LICENCE.search(self._text, comment.start, comment.end):
            self._other("", comment.first, comment.last + 1)
            return
        self.blocks += remarks.read(self._text, lines, self._described(comment) or self.title)

    def _docstring(self, comment: _Comment) -> None:
        quotes = QUOTES.match(self._text, comment.start)
        start = quotes.end() if quotes else comment.start
        end = (
            comment.end - len(quotes[1])
            if quotes and self._text.endswith(quotes[1], start, comment.end)
            else comment.end
        )
        lines = lines_of(self._text, start, max(start, end))
        base = dedented(lines[1:])
        first = Line(lines[0].start, lines[0].end, 0)
        shifted = [first, *(line._replace(indent=max(0, line.indent - base)) for line in lines[1:])]
        indent, assigned = self._lines[comment.first].indent, self._assigned_above(comment)
        if not self.title and not indent and not assigned and not any(block.prose for block in self.blocks):
            spoken = next((line for line in lines if not line.is_blank), first)
            self.title = rest_inline.reads(self._text[spoken.start : spoken.end]).rstrip(".")
        heading = self._scope.name(indent, assigned)
        self.blocks += rest.blocks(self._text, shifted, heading or self.title)

    def _assigned_above(self, comment: _Comment) -> str:
        """The constant or field whose docstring this is."""
        at, indent = comment.first - 1, self._lines[comment.first].indent
        if at < 0 or self._lines[at].is_blank or self._lines[at].indent != indent:
            return ""
        found = ASSIGNED.match(self._said(at))
        return found["name"] if found else ""

    def _described(self, comment: _Comment) -> str:
        """The name of what is declared just below, else of what the comment stands in."""
        at, indent = comment.last + 1, self._lines[comment.first].indent
        while at < len(self._lines) and ABOVE_DECLARATION.match(self._said(at)):
            at += 1
        own = ""
        if at < len(self._lines) and self._lines[at].indent == indent:
            own = self._language.declared(self._said(at))
            if not own and self._scope.has_fields(indent) and (found := ASSIGNED.match(self._said(at))):
                own = found["name"]
        return self._scope.name(indent, own)

    def _code(self, at: int, end: int) -> None:
        """Blocks of code between two comments: a function each, small ones together."""
        begin, heading = at, ""
        for nth in range(at, end):
            line = self._lines[nth]
            if line.is_blank:
                continue
            if not line.indent and self._said(nth)[:1].isalnum():
                self._scope.leave(0)
            if name := self._language.declared(self._said(nth)):
                if nth - begin >= FEWEST or (line.indent == 0 and nth > begin):
                    self._other(heading, begin, nth)
                    begin, heading = nth, ""
                self._scope.enter(line.indent, name)
            if not heading:
                heading = self._scope.name(line.indent + (1 if name else 0))
        self._other(heading, begin, end)

    def _other(self, heading: str, begin: int, end: int) -> None:
        shown = [line for line in self._lines[begin:end] if not line.is_blank]
        if shown:
            self.blocks.append(Block(shown[0].start, shown[-1].end, heading or self.title, prose=False))
