"""PDF: the text of its pages, and paragraphs from the lines on them. What lies in pictures is not read."""

import io
import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from blackboard.seam import REAL
from blackboard.tools.documents.encodings import Unreadable
from blackboard.tools.documents.passages import Block, Passage, Places, passages
from blackboard.tools.documents.readable import Readable, Writer

MOST_PAGES = 2_000
MOST_SECONDS = 120.0
MOST_UNPACKED = 20_000_000
"""Bytes of one stream: pypdf refuses more before it takes the memory."""
MOST_OPERATIONS = 500_000
"""On one page."""
MOST_TEXT = 20_000_000
"""Characters of all pages."""

HYPHEN = re.compile(r"(?<=[^\W\d_])[-\xad\u2010][ \t]*\r?\n[ \t]*(?=[^\W\d_])")
LIGATURE = re.compile(r"[\ufb00-\ufb06]")
CHANGED = re.compile(f"{HYPHEN.pattern}|{LIGATURE.pattern}")
COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
BEFORE, AFTER = re.compile(r"[^\W\d_]+\Z"), re.compile(r"[^\W\d_]+")
NUMBERED = re.compile(r"(?:(?:Chapter|Section|Appendix|Part|Annex)\s+\w+|\d{1,3}(?:\.\d{1,3}){0,4}\.?)\s+[A-Z]")
NUMBER = re.compile(r"^(?:\d{1,3}|[A-Z])(?:\.\d{1,3})*\.?\s+|\d+")
ITEM = re.compile(r"\s*(?:[-*\u2022\u2023\u25aa\u25cf\u25e6\u2013\uf0b7]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s")
SENTENCE_END = re.compile(r"[.!?:;\u3002][\"')\]\u201d\u2019]*\s*\Z")
LEADER = re.compile(r"(?:\.[ \t]?){5,}")
"""The dots of a table of contents."""
LONGEST_HEADING = 90  # characters
SHORT = 0.75
"""A line that ends this far before the others may end a paragraph."""
RUNNING = 2
"""On so many pages a line at the top or at the bottom is that of the book, not of the page."""


class Pdf:
    """An open PDF. Unreadable, from every method too: `encrypted`, `a damaged PDF`, too large."""

    def __init__(self, data: bytes) -> None:
        with _failures(), _limits():
            from pypdf import PdfReader

            self._reader = PdfReader(io.BytesIO(data))
            # Many are encrypted only to forbid printing: anybody may open them, with an empty password.
            if self._reader.is_encrypted and not self._reader.decrypt(""):
                raise Unreadable("encrypted")
            self.pages = len(self._reader.pages)
        if self.pages > MOST_PAGES:
            raise Unreadable(f"more than {MOST_PAGES} pages")

    def text(self, page: int) -> str:
        """What stands on a page, from 1; nothing if there is no such page."""
        if not 1 <= page <= self.pages:
            return ""
        with _failures(), _limits():
            found = self._reader.pages[page - 1].extract_text()
        return found.encode(errors="replace").decode()

    def title(self) -> str:
        """What the file says that it is called."""
        with suppress(Unreadable), _failures(), _limits():
            said = self._reader.metadata
            return " ".join(str(said.title or "").split()) if said else ""
        return ""

    def bookmarks(self) -> list[str]:
        """The headings that the file lists, without their numbers."""
        with suppress(Unreadable), _failures(), _limits():
            return list(_titles(self._reader.outline))
        return []


def read_pdf(path: str, data: bytes) -> tuple[str, list[Passage]]:
    """The title, and the passages page by page: their start and end are bytes of the page's text in UTF-8. Unreadable.

    A page that cannot be read has no passages, as long as there is another.
    """
    pdf = Pdf(data)
    texts = list(_texts(pdf))
    if not any(text.strip() for text in texts):
        raise Unreadable("no text in it; scanned pages need OCR first")
    layout = _Layout(texts, pdf.bookmarks())
    found: list[Passage] = []
    heading = ""
    for page, text in enumerate(texts, start=1):
        found += passages(path, layout.blocks(text, heading), Places(text, "utf-8"), page)
        heading = layout.heading
    return pdf.title() or _first_line(texts), found


def _texts(pdf: Pdf) -> Iterator[str]:
    until, length, failed = REAL.monotonic() + MOST_SECONDS, 0, None
    for page in range(1, pdf.pages + 1):
        text = ""
        try:
            text = pdf.text(page)
        except Unreadable as reason:
            failed = reason
        length += len(text)
        if REAL.monotonic() > until:
            raise Unreadable(f"a PDF that takes longer than {MOST_SECONDS:.0f} seconds")
        if length > MOST_TEXT:
            raise Unreadable(f"a PDF with more than {MOST_TEXT // 1_000_000} million characters")
        yield text
    if failed and not length:
        raise failed


class _Layout:
    """Knows what the pages of a document have in common."""

    def __init__(self, texts: Sequence[str], bookmarks: Sequence[str]) -> None:
        self.heading = ""
        self._bookmarks = {_plain(title) for title in bookmarks} - {""}
        self._compounds = {found.lower() for text in texts for found in COMPOUND.findall(text)}
        edges = Counter(edge for text in texts for edge in {_plain(line) for line in _edges(text)})
        self._running = {edge for edge, times in edges.items() if times >= RUNNING}

    def blocks(self, text: str, heading: str) -> Iterator[Block]:
        """The paragraphs of a page, under the heading of the page before unless it has its own."""
        self.heading = heading
        edges = set(_edges(text))
        lines = [found for found in re.finditer(r"[^\n]+", text) if not self._is_running(found[0], edges)]
        lengths = sorted(len(line[0]) for line in lines)
        short = SHORT * lengths[len(lengths) * 3 // 4] if lengths else 0
        first = 0
        for at, line in enumerate(lines):
            if at == first and self._is_heading(line[0]):
                self.heading = " ".join(line[0].split())
                first = at + 1
            elif at + 1 == len(lines) or self._ends(line, lines[at + 1], short):
                yield from self._paragraph(text, lines[first].start(), line.end())
                first = at + 1

    def _is_running(self, line: str, edges: set[str]) -> bool:
        return not line.strip() or (line in edges and (_plain(line) in self._running or line.strip().isdigit()))

    def _is_heading(self, line: str) -> bool:
        if len(line) > LONGEST_HEADING or LEADER.search(line):
            return False
        if self._bookmarks:
            return _plain(line) in self._bookmarks
        return bool(NUMBERED.match(line)) and not SENTENCE_END.search(line)

    def _ends(self, line: re.Match[str], following: re.Match[str], short: float) -> bool:
        """Whether a paragraph ends between these lines."""
        below = following[0]
        if following.start() > line.end() + 1 or ITEM.match(below) or self._is_heading(below):
            return True
        is_short = len(line[0]) < short
        return is_short and (bool(SENTENCE_END.search(line[0])) or not below.lstrip()[:1].islower())

    def _paragraph(self, text: str, start: int, end: int) -> Iterator[Block]:
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if start < end:
            readable = self._readable(text, start, end)
            yield Block(start, end, self.heading, not LEADER.search(text, start, end), readable)

    def _readable(self, text: str, start: int, end: int) -> Readable | None:
        """Words that are parted at the end of a line are whole again."""
        writer, at = Writer(text), start
        for found in CHANGED.finditer(text, start, end):
            writer.keep(at, found.start())
            if LIGATURE.match(found[0]):
                writer.put(unicodedata.normalize("NFKC", found[0]), found.start(), found.end())
            elif self._keeps_hyphen(text, found):
                writer.put("-", found.start(), found.end())
            at = found.end()
        writer.keep(at, end)
        return writer.readable() if at > start else None

    def _keeps_hyphen(self, text: str, found: re.Match[str]) -> bool:
        before, after = text[found.start() - 1], text[found.end()]
        if found[0][0] == "\xad" or (before.isupper() and after.isupper()):
            return False
        first = BEFORE.search(text, max(0, found.start() - 40), found.start())
        second = AFTER.match(text, found.end())
        whole = f"{first[0] if first else ''}-{second[0] if second else ''}".lower()
        return after.isupper() or whole in self._compounds


def _first_line(texts: Sequence[str]) -> str:
    lines = (line.strip() for text in texts for line in text.split("\n"))
    return next((line[:LONGEST_HEADING] for line in lines if any(map(str.isalpha, line))), "")


def _edges(text: str) -> list[str]:
    """The first and the last line of a page, where its number stands and the title of the book."""
    lines = [line for line in text.split("\n") if line.strip()]
    return [*lines[:1], *lines[-1:]]


def _plain(line: str) -> str:
    """A line without numbers, so that it is the same on each page, in a bookmark and in the text."""
    return " ".join(NUMBER.sub(" ", line.strip()).lower().split())


def _titles(outline: Sequence[Any]) -> Iterator[str]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _titles(entry)
        else:
            yield str(entry.title)


@contextmanager
def _failures() -> Iterator[None]:
    """Whatever goes wrong in pypdf, said of the file: broken files make it raise errors of all kinds."""
    try:
        import pypdf.errors as known
    except ImportError as error:
        raise Unreadable("a PDF; install pypdf to read it") from error
    log = logging.getLogger("pypdf")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # a library is silent
    try:
        yield
    except Unreadable:
        raise
    except (known.FileNotDecryptedError, known.DependencyError) as error:
        raise Unreadable("encrypted") from error
    except known.LimitReachedError as error:
        raise Unreadable("a PDF with more in it than is safe to unpack") from error
    except Exception as error:
        raise Unreadable("a damaged PDF") from error


@contextmanager
def _limits() -> Iterator[None]:
    from pypdf import apply_configuration

    with apply_configuration(
        array_based_stream_maximum_output_length=MOST_UNPACKED,
        lzw_maximum_output_length=MOST_UNPACKED,
        run_length_maximum_output_length=MOST_UNPACKED,
        zlib_maximum_output_length=MOST_UNPACKED,
        stream_parsing_work_maximum_count=MOST_OPERATIONS,
    ):
        yield
