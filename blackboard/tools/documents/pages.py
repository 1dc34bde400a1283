"""The pages of a text as it was printed: running headers and footers, which are no part of what it says."""

import re
from collections import Counter
from collections.abc import Sequence

FEED = "\f"
WIDEST = 160  # characters
FOOTER = re.compile(r"\S.*\[Page\s+[\divxlc]+\]$|(?:- ?|Page )?\d{1,4}(?: ?-)?$", re.IGNORECASE)
NUMBERED_FOOTER = re.compile(r"\S.*\[Page\s+[\divxlc]+\]$", re.IGNORECASE)
HEADER = re.compile(r"(?:RFC|Internet-Draft|INTERNET.DRAFT|BCP|STD|FYI)\b.*\s{3,}\S|\S.*\s{3,}\S.*\s{3,}\S")
DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")


def furniture(lines: Sequence[str]) -> set[int]:
    """Which lines only say which page this is, and of which document: with the empty lines around a page break.

    `lines`: of the whole text, without the white space at their ends; a form feed stands where it stood.
    """
    found: set[int] = set()
    feeds = [at for at, line in enumerate(lines) if line.startswith(FEED)]
    repeated = Counter(_masked(lines[_next(lines, at)]) for at in feeds if _next(lines, at) < len(lines))
    for at in feeds:
        found |= _page_break(lines, at, repeated)
    for at, line in enumerate(lines):
        if at not in found and NUMBERED_FOOTER.match(line):
            found |= _around(lines, at, at)
            below = _next(lines, at + 1)
            if below < len(lines) and below - at < 8 and _is_header(lines[below]):
                found |= _around(lines, below, below)
    return found


def _page_break(lines: Sequence[str], at: int, repeated: Counter[str]) -> set[int]:
    above, below = at - 1, _next(lines, at)
    while above >= 0 and not lines[above].strip():
        above -= 1
    found = set(range(above + 1, at + 1)) if not lines[at].strip(FEED).strip() else set(range(above + 1, at))
    if above >= 0 and FOOTER.match(lines[above].strip()):
        found |= _around(lines, above, above)
    if below < len(lines) and (_is_header(lines[below].strip(FEED)) or repeated[_masked(lines[below])] > 1):
        found |= _around(lines, below, below)
    return found


def _is_header(line: str) -> bool:
    return len(line) <= WIDEST and HEADER.match(line) is not None


def _around(lines: Sequence[str], first: int, last: int) -> set[int]:
    """These lines with the empty ones before and after them."""
    while first > 0 and not lines[first - 1].strip():
        first -= 1
    while last + 1 < len(lines) and not lines[last + 1].strip():
        last += 1
    return set(range(first, last + 1))


def _next(lines: Sequence[str], at: int) -> int:
    """The first line from here on that says something."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at


def _masked(line: str) -> str:
    return DIGITS.sub("0", line.strip())
