"""The inline markup of reStructuredText: how a paragraph reads, and where its characters stand."""

import re

from blackboard.tools.documents.lines import Joined, lines_of
from blackboard.tools.documents.readable import Writer

MARKED = r"(?:\\.|[^\s{0}\\])(?:(?:\\.|[^{0}\\])*(?:\\.|[^\s{0}\\]))?"
"""What stands between two marks: it neither begins nor ends with a space."""
INLINE = re.compile(
    rf"""(?<![`\\])``(?P<literal>.+?)``(?!`)
    | (?::(?P<role>[A-Za-z][\w:+.-]{{0,60}}):)?`(?P<inner>{MARKED.format("`")})`(?P<link>__?(?!\w))?
    | \*\*(?P<strong>\S(?:(?:[^*]|\*(?!\*))*[^\s*])?)\*\*
    | (?<![\w*])\*(?P<emphasis>{MARKED.format("*")})\*(?![\w*])
    | (?P<note>\s?\[(?:\#?\w*|\*)\]_)(?!\w)
    | (?<![\w./:@-])(?P<reference>[A-Za-z](?:[\w.-]*[A-Za-z0-9])?)__?(?=[\s.,;:!?)\]'"]|\Z)
    | \\(?P<escaped>[\s\S])
    | (?<!-)(?P<dash>---)(?!-)
    | (?P<colons>\s?::)\Z""",
    re.VERBOSE | re.DOTALL,
)
TITLED = re.compile(r"(?P<text>\S.*?)\s*<[^<>]*>\Z", re.DOTALL)
PACKAGES = re.compile(r"(?:[a-z_][\w]*\.)+(?=[A-Z])")
PREFIXES = {"pep": "PEP ", "rfc": "RFC ", "cve": "CVE-", "ticket": "#", "issue": "#", "gh": "#", "bpo": "#"}


def write(joined: Joined, writer: Writer) -> None:
    """Write a paragraph as Sphinx would show it: of links and roles only the words."""
    at = 0
    for found in INLINE.finditer(joined.text):
        joined.keep(writer, at, found.start())
        _write(joined, writer, found)
        at = found.end()
    joined.keep(writer, at, len(joined.text))


def reads(text: str) -> str:
    """A short text as it reads, in one line."""
    writer = Writer(text)
    write(Joined(text, lines_of(text)), writer)
    return " ".join(writer.readable().text.split())


def _write(joined: Joined, writer: Writer, found: re.Match[str]) -> None:
    group = found.lastgroup
    if found["inner"] is not None:
        _write_interpreted(joined, writer, found)
    elif group in {"literal", "reference"}:
        joined.keep(writer, *found.span(group))
    elif group in {"strong", "emphasis"}:
        _write_unescaped(joined, writer, *found.span(group))
    elif group == "escaped" and not found["escaped"].isspace():
        joined.keep(writer, *found.span("escaped"))
    elif group == "dash":
        joined.put(writer, "\u2014", *found.span())
    elif group == "colons" and not found["colons"][0].isspace() and found.start():
        joined.keep(writer, found.start(), found.start() + 1)


def _write_interpreted(joined: Joined, writer: Writer, found: re.Match[str]) -> None:
    role = (found["role"] or "").rpartition(":")[2].lower()
    start, end = found.span("inner")
    inner = found["inner"]
    if (role or found["link"]) and (titled := TITLED.match(inner)):
        _write_unescaped(joined, writer, start, start + titled.end("text"))
        return
    if role in PREFIXES:
        joined.put(writer, PREFIXES[role], found.start(), start)
    elif role:
        start += len(inner) - len(inner.lstrip("~!."))
        if inner.startswith("~") and (packages := PACKAGES.match(joined.text, start, end)):
            start = packages.end()
    _write_unescaped(joined, writer, start, end)


def _write_unescaped(joined: Joined, writer: Writer, start: int, end: int) -> None:
    at = start
    for found in re.finditer(r"\\(\s?)", joined.text[start:end]):
        joined.keep(writer, at, start + found.start())
        at = max(at, start + found.end())
        if start + found.start() + 1 < end and joined.text[start + found.start() + 1] == "\\":
            joined.keep(writer, at, at + 1)
            at += 1
    joined.keep(writer, at, end)
