"""Draws what a terminal shows as an SVG that needs nothing from outside: dark or light, as the reader has it."""

import io
from collections.abc import Iterator
from html import escape

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

WIDTH, SIZE, LINE, MARGIN = 8.0, 13, 18, 14  # pixels: a character, its font, a line, the edge
COLOURS = {  # of the terminal, on dark and on light
    "red": ("#ff7b72", "#b3261e"), "green": ("#7ee787", "#176f2c"), "yellow": ("#e3b341", "#845400"),
    "blue": ("#79c0ff", "#0550ae"), "magenta": ("#d2a8ff", "#7b3fbf"), "cyan": ("#76e3ea", "#0b6b74"),
}  # fmt: skip
TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>{title}</title>
<style>
rect {{ fill: #161b22; stroke: #30363d }}
text {{ fill: #d7dde4; font: {size}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
white-space: pre }}
.bold {{ font-weight: bold; fill: #ffffff }} .dim {{ fill: #97a1ac }} .typed {{ fill: #7ee787; font-weight: bold }}
{dark}
@media (prefers-color-scheme: light) {{
rect {{ fill: #fbfbfa; stroke: #d0d7de }} text {{ fill: #24292f }} .bold {{ fill: #000000 }} .dim {{ fill: #57606a }}
.typed {{ fill: #176f2c }}
{light}
}}
</style>
<rect x="0.5" y="0.5" width="{inner}" height="{tall}" rx="8"/>
{lines}
</svg>
"""


def drawn(title: str, text: str, columns: int) -> str:
    """The picture. `text` may hold the colours of a terminal; lines that are too long go on below themselves."""
    lines = list(_lines(text, columns))
    width, height = round(columns * WIDTH + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN
    body = [_line(line, number) for number, line in enumerate(lines, 1)]
    return TEMPLATE.format(
        title=escape(title), width=width, height=height, inner=width - 1, tall=height - 1, size=SIZE,
        dark=_rules(0), light=_rules(1), lines="\n".join(filter(None, body)),
    )  # fmt: skip


def _rules(place: int) -> str:
    return " ".join(f".{name} {{ fill: {shades[place]} }}" for name, shades in COLOURS.items())


def _lines(text: str, columns: int) -> Iterator[list[Segment]]:
    console = Console(width=columns, file=io.StringIO(), color_system="standard", force_terminal=True, markup=False)
    for line in text.rstrip("\n").split("\n"):
        whole = Text.from_ansi(line)
        parts = whole.divide(range(columns, whole.cell_len, columns)) if whole.cell_len > columns else [whole]
        for part in parts:
            yield list(part.render(console))


def _line(segments: list[Segment], number: int) -> str:
    """One line: its parts stand at their columns, whatever font the reader has."""
    spans, column = [], 0
    for segment in segments:
        text = segment.text.rstrip("\n")
        shown = text.strip(" ")
        if shown:
            x = MARGIN + (column + len(text) - len(text.lstrip(" "))) * WIDTH
            cells = Segment(shown).cell_length
            name = f' class="{named}"' if (named := _named(segment.style)) else ""
            spans.append(
                f'<tspan{name} x="{x:g}" textLength="{cells * WIDTH:g}" lengthAdjust="spacingAndGlyphs">'
                f"{escape(shown, quote=False)}</tspan>"
            )
        column += Segment(text).cell_length
    return f'<text y="{MARGIN + number * LINE - 5}">{"".join(spans)}</text>' if spans else ""


def _named(style: Style | None) -> str:
    """The class of a style. What is underlined was typed: the program underlines nothing."""
    if style is None:
        return ""
    if style.color is not None and style.color.name in COLOURS:
        return style.color.name
    return "typed" if style.underline else "bold" if style.bold else "dim" if style.dim else ""
