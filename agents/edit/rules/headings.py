"""Headings: levels that do not jump, one space after the #, no full stop at the end."""

import re
from collections.abc import Iterator, Sequence

from agents.edit.kinds import Style
from agents.edit.markdown import Block
from agents.edit.rules.edits import Edit

PARTS = re.compile(
    r"(?P<indent> {0,3})(?P<hashes>#{1,6})(?P<space>[ \t]*)(?P<title>.*?)(?P<closing>(?:(?<=[ \t])#+)?[ \t]*)$",
    re.DOTALL,
)
MARKS = re.compile(r"[ \t]*[.,;:!\u3002\uff0c\uff1b\uff1a\uff01]+$")
MEANT = re.compile(r"(?:&\#?\w+;|(?:^|\s):[\w+-]+:|\.\.\.|(?:\w\.){2,}|\b(?:etc|Inc|Ltd|Jr|Sr|vs|al)\.|\\.)$")


def edits(block: Block, _style: Style) -> Sequence[Edit]:
    """What is to change in a heading."""
    if not block.is_heading or (found := PARTS.match(block.text)) is None:
        return ()
    return [*_level(found, block.under), *_space(found), *_end(found, block)]


def remarks(block: Block, _style: Style) -> Iterator[str]:
    """That a heading is empty."""
    if block.is_heading and (found := PARTS.match(block.text)) and not found["title"].strip(" \t#"):
        yield f"the heading `{block.text.strip()}` is empty"


def _level(found: re.Match[str], under: tuple[int, ...]) -> Iterator[Edit]:
    """As deep as there are headings above it, counted from the outermost: what were siblings stay siblings."""
    if not under:
        return
    wanted, there = under[0] + len(under) - 1, len(found["hashes"])
    if wanted != there:
        above = f"h{wanted - 1}" if wanted > 1 else "the beginning"
        yield Edit(*found.span("hashes"), "#" * wanted, f"a heading after {above} is h{wanted}, not h{there}")


def _space(found: re.Match[str]) -> Iterator[Edit]:
    if found["title"] and found["space"] != " ":
        yield Edit(*found.span("space"), " ", "one space after the #")


def _end(found: re.Match[str], block: Block) -> Iterator[Edit]:
    """Marks at the end go, where something stays and they are not part of a word."""
    end = found.start("title") + len(found["title"].rstrip())
    title = block.text[found.start("title") : end]
    marks = MARKS.search(title)
    if marks is None or not marks.start() or MEANT.search(title):
        return
    start = found.start("title") + marks.start()
    if all(end <= a or start >= b for a, b in block.protected):
        yield Edit(start, end, "", "no punctuation at the end of a heading")
