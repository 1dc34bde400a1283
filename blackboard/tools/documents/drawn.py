"""Which lines are no prose, by how they look: code, tables, diagrams, lists of contents."""

import re
from collections.abc import Sequence

LOOKED_AT = 200
"""Characters of a line; what a longer one is shows in them."""
WIDEST = 100
"""Characters of a line in which columns are looked for."""
DOTTED = re.compile(r"(?:\.\s?){4,}\s*(?:\d+|[ivxlc]+)$|\s{3,}\d+$")
"""A line of a table of contents, with the page at its end."""
SIGN = re.compile(r"[^\w\s.,;:!?'\"()-]|--| {3}|[;)]$|\d\s+\d|\w\(")
"""Without one, nothing is drawn or programmed."""
GAP = re.compile(r"\S {3,}\S")
DRAWING = re.compile(r"[-=+|_*#~^/\\<>.]{4,}|(?:^|\s)[|+](?:\s|$)|--+>|<--+|[-+]-[-+]|\|\s*$|^\s*\|")
GRAMMAR = re.compile(r"[\w<>-]+\s*(?:=/|::=|:=|=)\s*\S")
CODE = re.compile(
    r"""[;{}]\s*$|^\s*[{}\])]+,?\s*$|^[#$>%]\s\w|^\s*(?:</?\w[^>]*>\s*)+$|=>|->\s*\w+\s*[:{]|[\w\])]\(\S*\)\s*[:;{]?$
    |^\s*(?:def|class|func|fn|public|private|static|return|import|from|if|for|while|elif|else|var|let|const|int|char|void
        |struct|@\w+|try|except|raise|assert|await|yield|print|echo|export|include)\b.*(?:[:;{(),=\])]$|\(\S*\)|\bimport\b)
    |^\s*[\w.\[\]"'*&]+\s*(?:[-+*/|&]|<<|>>)?=\s*\S|^\s*["'][\w-]+["']\s*:\s*\S|^\s*[\w.]+\([^()\s]*\)?.*[,;)]$
    |^[A-Z]{3,8}\s/\S*(?:\sHTTP/[\d.]+)?$|^HTTP/[\d.]+\s\d{3}\b|^[A-Z][\w-]*:\s\S+$""",
    re.VERBOSE,
)
SENTENCE = re.compile(r"\b(?:[a-z]{2,}[,;:]?\s+){3,}[a-z]{2,}")
ENDED = re.compile(r"[a-z)\"'\u201d][.!?:]$")


def is_contents(lines: Sequence[str]) -> bool:
    """Whether these are lines of a table of contents."""
    return sum(DOTTED.search(line[-LOOKED_AT:]) is not None for line in lines) * 2 > len(lines)


def is_prose(lines: Sequence[str]) -> bool:
    """Whether lines of one paragraph, without their indentation, are sentences and nothing drawn or programmed."""
    count, lines = len(lines), [line[:LOOKED_AT] for line in lines]
    said = " ".join(lines)
    if not SIGN.search(said):
        return True
    letters = sum(char.isalpha() for char in said)
    if letters * 2 < len(said.replace(" ", "")):
        return False
    gaps = sum(len(line) <= WIDEST and GAP.search(line) is not None for line in lines)
    drawn = sum(DRAWING.search(line) is not None for line in lines)
    if gaps * 2 > count or drawn * 2 > count or (count > 1 and gaps + drawn >= 2 and (gaps + drawn) * 3 > count):
        return False
    return not _is_written_for_machines(lines, count) or _is_said(said, lines)


def _is_written_for_machines(lines: Sequence[str], count: int) -> bool:
    code = sum(CODE.search(line) is not None or GRAMMAR.match(line) is not None for line in lines)
    return code * 2 > count or (code * 2 == count and count > 1)


def _is_said(said: str, lines: Sequence[str]) -> bool:
    """Whether it reads as a sentence in spite of the signs in it."""
    return SENTENCE.search(said) is not None and ENDED.search(lines[-1]) is not None
