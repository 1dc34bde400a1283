"""Drawing: tables and the board on stdout. On a terminal cut to its width; elsewhere whole and plain."""

import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from blackboard.cli.speech import printable

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 10_000  # columns where nobody looks at a terminal: nothing is cut
NARROWEST = 15  # columns of a table's greedy column
GAP = 2


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, indent: int = 0, greedy: int = -1) -> None:
    """Columns, aligned. The greedy one is cut first where the terminal is too narrow. No heads: no head line."""
    from rich.table import Table
    from rich.text import Text

    listed = [[printable(cell) for cell in row] for row in rows]
    drawn = Table(box=None, pad_edge=False, show_header=bool(heads), padding=(0, GAP, 0, 0), header_style="bold")
    widths = fitting(_widths([list(heads), *listed]), _console().width - indent, greedy)
    for place, width in enumerate(widths):
        drawn.add_column(heads[place] if heads else "", no_wrap=True, overflow="ellipsis", width=width)
    for row in listed:
        drawn.add_row(*(Text(cell) for cell in row))
    _print(drawn, indent)


def fitting(widths: Sequence[int], room: int, greedy: int) -> list[int]:
    """The widths of columns that fit: the greedy one gives first, as long as it tells something, then the widest."""
    fitted = list(widths)
    too_wide = sum(fitted) + GAP * (len(fitted) - 1) - room
    if fitted and too_wide > 0:
        given = max(0, min(too_wide, fitted[greedy] - NARROWEST))
        fitted[greedy] -= given
        too_wide -= given
    while too_wide > 0 and max(fitted) > 1:
        fitted[fitted.index(max(fitted))] -= 1
        too_wide -= 1
    return fitted


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    filled = [row for row in rows if row]
    return [max(cell_len(row[place]) for row in filled) for place in range(len(filled[0]))] if filled else []


def title(text: str) -> None:
    """An empty line and a line above what belongs together."""
    line("")
    line(text, style="bold")


def line(text: str, *, indent: int = 0, style: str = "") -> None:
    """One line, cut where the terminal ends."""
    from rich.text import Text

    _print(Text(printable(text), style=style, no_wrap=True, overflow="ellipsis"), indent)


def tree(lines: Iterable[tuple[int, str]]) -> None:
    """Lines at their levels, each cut where the terminal ends; the first is bold. Large ones are drawn as they come."""
    for place, (level, text) in enumerate(lines):
        line(text, indent=2 * level, style="" if place else "bold")


def paragraph(first: str, text: str, *, style: str = "") -> None:
    """Text behind its first words, whole: where the terminal is too narrow it goes on below itself."""
    from rich.text import Text

    room = max(_console().width - len(first), NARROWEST)
    for part in wrap(printable(text), room, break_on_hyphens=False) or [""]:
        _print(Text(first + part, style=style, no_wrap=True))
        first = " " * len(first)


def verbatim(text: str, *, indent: int = 0) -> None:
    """Text with its own lines and their indentation; each is whole, and goes on below itself on a narrow terminal."""
    for part in text.splitlines() or [""]:
        bare = part.lstrip(" ")
        paragraph(" " * (indent + len(part) - len(bare)), bare)


def _print(drawn: object, indent: int = 0) -> None:
    from rich.padding import Padding

    if sys.stdout is None:
        return
    console = _console()
    with console.capture() as captured:
        console.print(Padding(drawn, (0, 0, 0, indent), expand=False) if indent else drawn)  # type: ignore[arg-type]
    sys.stdout.write("\n".join(row.rstrip() for row in captured.get().splitlines()) + "\n")
    sys.stdout.flush()


def _console() -> "Console":
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(highlight=False, markup=False)
    return Console(highlight=False, markup=False, width=WIDE, color_system=None)
