"""HTML and XHTML: the main part of a page, without its markup, menus and scripts."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from blackboard.tools.documents.passages import Block, Outline
from blackboard.tools.documents.readable import Writer

TOKEN = re.compile(
    r"""<!--(?s:.*?)(?:-->|\Z)
    | <a\b[^<>]*>\s*(?:[\xb6\xa7\#]|&para;|&\#(?:182|xb6);)\s*</a>  # a permalink
    | <(?P<close>/?)(?P<name>[a-zA-Z][^\s/<>"']*)
      (?P<rest>[^"'<>]*+(?:(?:"[^"]*+"|'[^']*+')[^"'<>]*+)*+|[^<>]*+)>
    | <[!?/][^<>]*>
    | (?P<entity>&(?:\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?)
    | [\xad\u200b\u2060\ufeff]+                                     # nobody sees them
    | (?P<space>(?!(?<=[^\s>;\xad\u200b\u2060\ufeff])[ \n][^\s<&\xad\u200b\u2060\ufeff])\s+)  # not one between words
    """,
    re.VERBOSE,
)
RAW = {name: re.compile(rf"(?=</{name}\b)|\Z", re.IGNORECASE) for name in ("script", "style", "title", "textarea")}
"""Elements in which nothing is markup but their own end."""
ATTRIBUTE = re.compile(r"""([^\s=/"'<>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+)))?""")
TELLING = re.compile("class|role|hidden", re.IGNORECASE)


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


HEADINGS = _names("h1 h2 h3 h4 h5 h6")
BLOCKS = HEADINGS | _names(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer"
    " form head header hgroup hr html legend li main menu nav ol p pre search section summary table tbody td tfoot th"
    " thead title tr ul"
)
CELLS = _names("td th")
SOFT = CELLS | _names("div p")
"""What does not part a row of a table."""
VOID = _names("area base basefont br col embed frame hr img input link meta param source track wbr")
NEVER = _names("audio button canvas iframe noscript object script select style svg template textarea title video")
"""What a person does not read as text."""
BESIDE = _names("aside dialog footer form header menu nav search")
"""What stands around the text of a page."""
BESIDE_ROLES = _names("banner complementary contentinfo navigation search")
BESIDE_CLASSES = _names("footnote-reference headerlink linenos mw-editsection navbox")
"""Permalinks, line numbers, links to edit, boxes of links, footnote numbers, as Sphinx and MediaWiki mark them."""
MAIN = re.compile(r"""<main\b|\brole\s*=\s*["']?main\b""", re.IGNORECASE)
ARTICLE = re.compile(r"<article\b", re.IGNORECASE)
CELL = " | "
LONGEST_TERM = 100  # characters
WORD = re.compile(r"[^\W_]")


def outline(text: str) -> Outline:
    """The title and the blocks of a page: its main part if one is marked, else all but what is around it.

    Never fails.
    """
    for within, beside in (("main", BESIDE), ("article", BESIDE), ("", BESIDE), ("", frozenset[str]())):
        if within and not (MAIN if within == "main" else ARTICLE).search(text):
            continue
        page = _Page(text, within, beside)
        if any(block.readable and WORD.search(block.readable.text) for block in page.blocks):
            return Outline(page.title or page.first_heading, page.blocks)
    return Outline(_Page(text, "", BESIDE).title, [])


def _tokens(text: str) -> Iterator[tuple[int, int, re.Match[str] | None]]:
    """Tags, entities, white space, and None for the words between, in order and without gaps that can be read."""
    at = 0
    while found := TOKEN.search(text, at):
        if at < found.start():
            yield at, found.start(), None
        yield found.start(), found.end(), found
        at = found.end()
        if (raw := RAW.get((found["name"] or "").lower())) and not found["close"] and not found["rest"].endswith("/"):
            rest = raw.search(text, at)
            at = rest.start() if rest else len(text)
    if at < len(text):
        yield at, len(text), None


@dataclass(frozen=True)
class _Element:
    name: str
    is_dropped: bool
    is_main: bool


class _Page:
    """One pass over the tags of a page: it knows which elements are open and the block that it is in."""

    def __init__(self, text: str, within: str, beside: frozenset[str]) -> None:
        self.text = text
        self.title = ""
        self.first_heading = ""
        self.blocks: list[Block] = []
        self._within = within
        self._beside = beside
        self._open: list[_Element] = []
        self._names: Counter[str] = Counter()
        self._dropped = self._main = 0
        """How many of the open elements are not read; are the main part."""
        self._heading = ""
        self._above: list[str] = []
        """The heading above each open list of definitions: in it, terms are headings."""
        self._in_row = False
        self._begin()
        for start, end, found in _tokens(text):
            if found is None:
                self._put(text[start:end], start, end)
            elif found["name"]:
                self._tag(found["name"].lower(), found)
            elif found["entity"]:
                self._entity(found)
            elif found["space"]:
                self._space(found)
        self._finish()

    def _begin(self) -> None:
        self._line = Writer(self.text)
        self._is_empty = True
        self._between: tuple[str, int, int] | None = None
        """What is written only if something follows."""
        self._cells = 0

    def _put(self, text: str, start: int, end: int) -> None:
        if self._dropped or (self._within and not self._main):
            return
        if self._between and not self._is_empty:
            self._line.put(*self._between)
        self._between = None
        self._line.put(text, start, end)
        self._is_empty = False

    def _part(self, text: str, start: int, end: int) -> None:
        if not self._between or (self._between[0].isspace() and not text.isspace()):
            self._between = (text, start, end)

    def _space(self, found: re.Match[str]) -> None:
        said, start, end = found[0], found.start(), found.end()
        if self._names["pre"]:
            self._put(said, start, end)
        else:
            self._part(said if said in {" ", "\n"} else " ", start, end)

    def _entity(self, found: re.Match[str]) -> None:
        said = html.unescape(found[0])
        if said.isspace():
            (self._put if self._names["pre"] else self._part)(" ", found.start(), found.end())
        elif said.strip("\xad\u200b\u2060\ufeff"):
            self._put(said, found.start(), found.end())

    def _tag(self, name: str, found: re.Match[str]) -> None:
        if name == "title" and not found["close"] and not self.title and not self._dropped:
            ends = RAW[name].search(self.text, found.end())
            self.title = " ".join(html.unescape(self.text[found.end() : ends.start() if ends else None]).split())
        if name == "br":
            (self._put if self._names["pre"] else self._part)("\n", found.start(), found.end())
        elif name in BLOCKS:
            self._boundary(name, found)
        if found["close"]:
            self._end(name)
        elif name not in VOID and not found["rest"].endswith("/"):
            self._start(name, found["rest"])

    def _boundary(self, name: str, found: re.Match[str]) -> None:
        """A block ends here, unless it is a row of a table that goes on."""
        if self._in_row and name in SOFT:
            is_cell = name in CELLS and not found["close"]
            self._cells += is_cell
            self._part(CELL if is_cell else " ", found.start(), found.end())
        else:
            self._finish()
            self._in_row = name == "tr" and not found["close"]

    def _start(self, name: str, attributes: str) -> None:
        said = _attributes(attributes)
        is_beside = name in self._beside and not (self._main and name == "header")  # of an article: its title
        if self._beside:
            is_note = name == "sup" and "reference" in said["class"]
            is_marked = BESIDE_ROLES & said["role"] or BESIDE_CLASSES & said["class"] or said["hidden"]
            is_beside = is_beside or is_note or bool(is_marked)
        is_dropped = is_beside or name in NEVER
        is_main = bool(self._within) and (name == self._within or self._within in said["role"])
        if is_dropped or is_main or name in BLOCKS:
            self._open.append(_Element(name, is_dropped, is_main))
            self._names[name] += 1
            self._dropped += is_dropped
            self._main += is_main
        if name == "dl":
            self._above.append(self._heading)
        elif name == "dt" and self._above:
            self._heading = self._above[-1]

    def _end(self, name: str) -> None:
        """The element ends, and those in it that are still open."""
        while self._names[name]:
            element = self._open.pop()
            self._names[element.name] -= 1
            self._dropped -= element.is_dropped
            self._main -= element.is_main
            if element.name == "dl":
                self._heading = self._above.pop()
            if element.name == name:
                return

    def _finish(self) -> None:
        whole = self._line.readable()
        end = len(whole.text.rstrip())
        begin = whole.text.rfind("\n", 0, len(whole.text) - len(whole.text.lstrip())) + 1  # code keeps its indentation
        if begin < end:
            readable = whole.cut(begin, end)
            if any(self._names[name] for name in HEADINGS):
                self._heading = " ".join(readable.text.split())
                self.first_heading = self.first_heading or self._heading
            else:
                is_term = self._names["dt"] > 0 and bool(self._above)
                prose = not self._names["pre"] and not is_term and self._cells < 2
                self.blocks.append(Block(*whole.place(begin, end), self._heading, prose, readable))
                if is_term:
                    self._heading = " ".join(readable.text.split())[:LONGEST_TERM]
        self._begin()


def _attributes(text: str) -> dict[str, frozenset[str]]:
    """The words of the attributes that tell what an element is for."""
    said = dict.fromkeys(("class", "role", "hidden"), frozenset[str]())
    for name, *values in ATTRIBUTE.findall(text) if TELLING.search(text) else ():
        if name.lower() in said:
            said[name.lower()] = frozenset("".join(values).lower().split() or [""])
    return said
