"""reStructuredText: what directives, definitions and lists hold is prose at any depth, under the name it describes."""

import re
from dataclasses import replace

from blackboard.tools.documents import rest_directives as directives
from blackboard.tools.documents import rest_inline as inline
from blackboard.tools.documents import rest_lines
from blackboard.tools.documents.gathered import Gathering, Marker
from blackboard.tools.documents.lines import Line, lines_of
from blackboard.tools.documents.passages import Block, Outline
from blackboard.tools.documents.rest_directives import Under
from blackboard.tools.documents.rest_lines import Lines

DEEPEST = 30
"""Indentations; what is deeper is read as if it were not indented further."""
MOST_NAMES = 3
LONGEST_TERM = 100  # characters
WORDS_OF_TERM = 12
"""In docstrings half of it: there a paragraph may hang."""

RULE = re.compile(r"([!-/:-@[-`{-~])\1*")
EXPLICIT = re.compile(r"\.\.(?:\s|$)")
DIRECTIVE = re.compile(r"\.\.\s+(?:\|[^|]*\|\s+)?([A-Za-z][\w:+.-]*?)\s?::(?:\s+|$)")
TARGET = re.compile(r"\.\.\s+(?:_|\|)|__(?:\s|$)")
NOTE = re.compile(r"\.\.\s+\[[^\]]+\](?:\s+|$)")
ITEM = re.compile(r"(?:[-*+\u2022\u2023]|\d{1,3}[.)]|#\.|[a-z]\)|\([a-z\d]{1,2}\))(?:\s+|$)")
KEPT_ITEM = re.compile(r"[-*+\u2022]|\d{1,2}[.)]")
ONE_OPTION = r"--?[A-Za-z][\w-]*(?:[ =][\w<>.]+)?"
OPTION = re.compile(rf"{ONE_OPTION}(?:, {ONE_OPTION})*(?:\s{{2,}}|$)")
TYPES = re.compile(r"(?:var|r)?type\b")
GRID = re.compile(r"\+(?:[-=]+\+)+$")
COLUMN = re.compile(r"\|(?:\s+|$)")
SECTIONS = frozenset(
    (
        "args",
        "arguments",
        "attributes",
        "example",
        "examples",
        "note",
        "notes",
        "raises",
        "returns",
        "return",
        "yields",
        "see",
        "also",
    )
)
"""Headings of docstrings that say nothing by themselves."""


def outline(text: str) -> Outline:
    """The title and the blocks of a reStructuredText document. Never fails."""
    reader = _Reader(text, lines_of(text), Under())
    found = reader.read()
    return Outline(reader.title, found)


def blocks(text: str, lines: list[Line], heading: str) -> list[Block]:
    """The blocks of lines that stand in something else, a docstring, all under its heading. Never fails."""
    return _Reader(text, lines, Under(section=heading, has_sections=False)).read()


class _Reader:
    """Reads lines from the outside in."""

    def __init__(self, text: str, lines: list[Line], under: Under) -> None:
        self.title = ""
        self._text = text
        self._lines = Lines(text, lines)
        self._under = under
        self._found = Gathering(text, inline.write)
        self._module = ""
        self._above: list[str] = []
        """Who is described together with what comes next."""
        self._marker: Marker | None = None
        """Of the list item whose first paragraph comes next."""

    def read(self) -> list[Block]:
        self._body(0, len(self._lines), self._under, 0)
        return self._found.blocks()

    def _heading(self, under: Under) -> str:
        return replace(under, section=self._under.section).heading(self.title)

    def _body(self, at: int, end: int, under: Under, depth: int, *, terms: bool = False) -> None:
        """Everything between two lines; what is indented further has been read with what stands above it."""
        while at < end:
            line = self._lines[at]
            if line.is_blank:
                at += 1
            elif depth > DEEPEST:
                at = self._paragraph(at, self._lines.until_blank(at, end), under)
            else:
                at = self._element(at, end, under, depth, terms=terms)

    def _element(self, at: int, end: int, under: Under, depth: int, *, terms: bool) -> int:
        """Read what begins at this line; give the line after it."""
        said = self._lines.said(at)
        if EXPLICIT.match(said) or said.startswith("__ "):
            return self._explicit(at, self._lines.inside(at, end), under, depth)
        if not said[0].isalnum() and (stop := self._drawn(at, end, said, under)):
            return stop
        if not said[0].isalnum() and (stop := self._marked(at, end, said, under, depth)):
            return stop
        if ITEM.match(said):
            return self._list(at, end, under, depth)
        if self._is_title(at, end):
            if self._under.has_sections:
                self._titled(said)
            return at + 2
        return self._text_at(at, end, under, depth, terms=terms)

    def _drawn(self, at: int, end: int, said: str, under: Under) -> int:
        """The line after an overlined title, a rule, a table or an example session; 0 if there is none."""
        if height := self._ruled(at, end, said):
            return at + height
        if said.startswith(">>> ") or GRID.match(said):
            return self._code(at, self._lines.until_blank(at, end), under)
        if rest_lines.TABLE.match(said):
            return self._code(at, self._lines.table_end(at, end), under)
        return 0

    def _marked(self, at: int, end: int, said: str, under: Under, depth: int) -> int:
        """The line after a field, an option or a line that keeps its end; 0 if there is none."""
        if field := rest_lines.FIELD.match(said):
            return self._field(at, self._lines.inside(at, end), field, under, depth)
        if option := OPTION.match(said):
            return self._option(at, self._lines.inside(at, end), option, under, depth)
        if column := COLUMN.match(said):
            self._lines.without(at, column.end())
            return self._paragraph(at, at + 1, under)
        return 0

    def _text_at(self, at: int, end: int, under: Under, depth: int, *, terms: bool) -> int:
        """A paragraph, or a term with its definition."""
        indent = self._lines[at].indent
        stop = at + 1
        while stop < end and not self._lines[stop].is_blank and self._lines[stop].indent == indent:
            stop += 1
        is_defined = stop < end and not self._lines[stop].is_blank and self._lines[stop].indent > indent
        if is_defined and (terms or stop == at + 1) and self._is_term(at):
            return self._definition(at, stop, end, under, depth)
        if is_defined and stop == at + 1:
            stop = self._lines.until_blank(at, end)  # a paragraph that hangs
        return self._literal(self._paragraph(at, stop, under), end, under, indent, self._lines.said(stop - 1))

    def _literal(self, at: int, end: int, under: Under, indent: int, said: str) -> int:
        """What is indented below `::` is code."""
        if not said.endswith("::"):
            return at
        stop = self._lines.below(at, end, indent)
        self._found.other(self._heading(under), self._lines.between(at, stop))
        return stop

    def _definition(self, at: int, body: int, end: int, under: Under, depth: int) -> int:
        stop = self._lines.inside(body - 1, end)
        if self._lines.said(body - 1).endswith("::"):
            self._paragraph(at, body, under)
            return self._literal(body, end, under, self._lines[at].indent, "::")
        term = ", ".join(inline.reads(self._lines.said(nth).split(" : ")[0]).rstrip(":") for nth in range(at, body))
        is_named = term.lower() not in SECTIONS
        self._body(body, stop, replace(under, term=term[:LONGEST_TERM]) if is_named else under, depth + 1)
        return stop

    def _is_term(self, at: int) -> bool:
        said = self._lines.said(at)
        most = WORDS_OF_TERM if self._under.has_sections else WORDS_OF_TERM // 2
        is_short = len(said) <= LONGEST_TERM and len(said.split()) <= most
        return is_short and not said.endswith((".", ",", ";", "!", "?")) and " -- " not in said

    def _paragraph(self, at: int, stop: int, under: Under) -> int:
        if at < stop:
            self._found.prose(self._heading(under), self._lines.between(at, stop), self._marker)
            self._marker = None
        return stop

    def _code(self, at: int, stop: int, under: Under) -> int:
        self._found.other(self._heading(under), self._lines.between(at, stop))
        return stop

    def _list(self, at: int, end: int, under: Under, depth: int) -> int:
        """The items that follow each other are one block, together with what is listed inside them."""
        indent = self._lines[at].indent
        is_outermost = self._found.begin_list(self._heading(under))
        stop = at
        while at < end and self._lines[at].indent == indent and (item := ITEM.match(self._lines.said(at))):
            stop = self._lines.inside(at, end)
            self._item(at, stop, item, under, depth)
            at = self._lines.after_blanks(stop, end)
        if is_outermost:
            self._found.end_list()
        return stop

    def _item(self, at: int, stop: int, item: re.Match[str], under: Under, depth: int) -> None:
        line = self._lines[at]
        sign = item[0] if KEPT_ITEM.match(item[0]) else "- "
        self._lines.without(at, item.end())
        if not self._lines[at].is_blank:
            self._marker = (sign, line.start, line.start + item.end())
        self._body(at, stop, under, depth + 1)
        self._marker = None

    def _field(self, at: int, stop: int, field: re.Match[str], under: Under, depth: int) -> int:
        """`:param name: what it is`. Those before the title are about the file."""
        if (self._found.is_empty and not self.title and under.has_sections) or TYPES.match(field[1]):
            return stop
        _, _, argument = field[1].rpartition(" ")
        is_named = argument.lower() not in SECTIONS
        self._lines.without(at, field.end())
        self._body(at, stop, replace(under, term=argument) if is_named else under, depth + 1)
        return stop

    def _option(self, at: int, stop: int, option: re.Match[str], under: Under, depth: int) -> int:
        if stop == at + 1 and option.end() == len(option.string):
            return self._paragraph(at, stop, under)
        self._lines.without(at, option.end())
        self._body(at, stop, replace(under, term=option[0].strip()), depth + 1)
        return stop

    def _explicit(self, at: int, stop: int, under: Under, depth: int) -> int:
        """Directives and footnotes; comments, targets and substitutions are passed over."""
        said = self._lines.said(at)
        if note := NOTE.match(said):
            self._lines.without(at, note.end())
            self._body(at, stop, under, depth + 1)
        elif not TARGET.match(said) and (directive := DIRECTIVE.match(said)):
            self._directive(at, stop, directive, under, depth)
        return stop

    def _directive(self, at: int, stop: int, directive: re.Match[str], under: Under, depth: int) -> None:
        name, given = directive[1].lower(), directive.string[directive.end() :]
        if name in directives.NOTHING:
            if name.rpartition(":")[2] in directives.MODULES:
                self._module = given.strip()
            return
        if name in directives.CODE:
            self._found.other(self._heading(under), self._lines.between(self._lines.after_options(at + 1, stop), stop))
            return
        if name in directives.VERSIONS:
            self._version(at, stop, directive, under, depth)
            return
        if name in directives.ADMONITIONS:
            self._lines.without(at, directive.end())
            self._body(self._lines.after_options(at, stop), stop, under, depth + 1)
            return
        self._named(at, stop, name, given, under, depth)

    def _named(self, at: int, stop: int, name: str, given: str, under: Under, depth: int) -> None:
        """A directive with an argument, or one that is not known: its body is prose under what it names."""
        body = at + 1
        while body < stop and not self._lines[body].is_blank and not self._lines.said(body).startswith(":"):
            body += 1
        within = under
        if directives.describes(name):
            signatures = [given, *(self._lines.said(nth) for nth in range(at + 1, body))]
            named = [*self._above, *self._described(name, signatures, under.described)]
            shares = body == stop and stop < len(self._lines) and not self._lines[stop].is_blank
            self._above = named if shares else []
            within = replace(under, described=", ".join(named[:MOST_NAMES]), term="")
        elif name in directives.TITLED and given:
            within = replace(under, term=inline.reads(given))
        elif name == "rubric" and under.has_sections:
            self._under = replace(self._under, section=inline.reads(given))
        elif not given:
            body = at + 1
        self._body(self._lines.after_options(body, stop), stop, within, depth + 1, terms=name == "glossary")

    def _described(self, name: str, signatures: list[str], within: str) -> list[str]:
        named = [directives.name_described(name, said, self._module, within) for said in signatures if said.strip()]
        return list(dict.fromkeys(named))

    def _version(self, at: int, stop: int, directive: re.Match[str], under: Under, depth: int) -> None:
        """`.. versionchanged:: 3.8` reads `Changed in version 3.8: `, and goes on with what stands below it."""
        line, words = self._lines[at], directives.VERSIONS[directive[1].lower()]
        given = re.match(
            r"\S+(?:\s+\S+$)?" if directive[1].lower().endswith("removed") else r"\S+", self._rest(directive)
        )
        version = given[0] if given and not words.endswith(":") else ""
        end = directive.end() + len(version)
        self._marker = (
            f"{words} {version}".strip() + (" " if words.endswith(":") else ": "),
            line.start,
            line.start + end,
        )
        self._lines.without(at, end)
        begin = at if not self._lines[at].is_blank else self._lines.after_blanks(at, stop)
        below = begin
        while (
            below < stop
            and not self._lines[below].is_blank
            and (below == at or not ITEM.match(self._lines.said(below)))
        ):
            below += 1
        if below > begin and not EXPLICIT.match(self._lines.said(begin)):
            self._paragraph(begin, below, under)
            below = self._literal(below, stop, under, line.indent, self._lines.said(below - 1))
        self._marker = None
        self._body(below, stop, under, depth + 1)

    def _rest(self, found: re.Match[str]) -> str:
        return found.string[found.end() :]

    def _titled(self, said: str) -> None:
        section = inline.reads(said)
        self.title = self.title or section
        self._under = replace(self._under, section=section)

    def _ruled(self, at: int, end: int, said: str) -> int:
        """How many lines an overlined title takes, or a rule that parts a text; 0 if there is none."""
        if not RULE.fullmatch(said) or len(said) < 3:
            return 0
        if (
            at + 2 < end
            and RULE.fullmatch(below := self._lines.said(at + 2))
            and below[0] == said[0]
            and self._lines.said(at + 1)
        ):
            if len(self._lines.said(at + 1)) > len(below) + 2:
                return 1
            if self._under.has_sections:
                self._titled(self._lines.said(at + 1))
            return 3
        return 1 if len(said) >= 4 and (at + 1 == end or self._lines[at + 1].is_blank) else 0

    def _is_title(self, at: int, end: int) -> bool:
        if at + 1 >= end or self._lines[at].indent or self._lines[at + 1].indent:
            return False
        said, below = self._lines.said(at), self._lines.said(at + 1)
        return bool(RULE.fullmatch(below)) and len(below) >= min(4, len(said)) and below not in {"::", "..."}
