"""Progress on stderr while a board is worked on: a live display on a terminal, else a line for each event."""

import sys
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from blackboard.board import Board
from blackboard.cli import gist, speech
from blackboard.runner import Event
from blackboard.seam import REAL

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

RECENT = 5  # landed activations that the live display still shows
WORKING = 8  # working agents that it shows
REFRESH = 8  # times a second
WORDS = {
    "retried": "failed, is tried again", "failed": "failed for good", "lost": "was taken over",
    "escalated": "was overtaken again and again",
}  # fmt: skip
PLUGINS: dict[str, str] = {
    "joined": "{agent}  has joined {detail}", "changed": "{agent}  acts by its new code from now on: {detail}",
    "remade": "{agent}  is made anew: {detail}",
    "left": "{agent}  has left: nothing makes it any more", "broken": "{detail}", "mended": "{detail} is mended",
}  # fmt: skip


class Silence:
    """Nothing at all: for those whose parent tells the same."""

    def notice(self, event: Event) -> None:
        """Something has happened. Called in the event loop."""


class Progress:
    """No progress: what --quiet shows, which is what is wrong with plugins. The others draw what they are told."""

    board: Board | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Go away."""

    def began(self, board: Board) -> None:
        """The board is there."""
        self.board = board

    def notice(self, event: Event) -> None:
        """Something has happened. Called in the event loop."""
        if event.what in {"broken", "mended"}:
            speech.tell(self.told(event))

    def told(self, event: Event) -> str:
        """An event in a line, or nothing if it does not matter."""
        if event.what == "landed":
            return f"{event.agent}  {self.woken_by(event)}{self._made(event)}"
        if event.what in WORDS:
            cause = f": {gist.shortened(event.detail)}" if event.detail else ""
            return f"{event.agent}  {self.woken_by(event)} {WORDS[event.what]}{cause}"
        return PLUGINS[event.what].format(agent=event.agent, detail=event.detail) if event.what in PLUGINS else ""

    def woken_by(self, event: Event) -> str:
        """The key of what an activation acts on."""
        query = "SELECT woken_by FROM agenda WHERE board_id = :board AND id = :activation"
        found = self.board.sql(query, board=event.board, activation=event.activation) if self.board else []
        return str(found[0]["woken_by"] or "").removesuffix(" v1") if found else ""

    def _made(self, event: Event) -> str:
        """What came of it: new entries by key, changed ones by their status."""
        if self.board is None or not event.keys:
            return " -> nothing"
        rows = [self.board.store.by_key(event.board, key) for key in event.keys[:RECENT]]
        woke = self.woken_by(event).partition(" v")[0]
        made = [(r.status if r.key == woke else r.key) + gist.scores(r.body) for r in rows if r is not None]
        more = f" and {len(event.keys) - RECENT} more" if len(event.keys) > RECENT else ""
        return f" -> {', '.join(made)}{more}"


class Lines(Progress):
    """A line for each event that matters: for pipes and logs."""

    def notice(self, event: Event) -> None:
        """Say it."""
        if line := self.told(event):
            speech.tell(line)


class Screen(Progress):
    """A display that is drawn anew several times a second and goes away at the end."""

    def __init__(self) -> None:
        self._working: dict[int, tuple[Event, float]] = {}
        self._recent: deque[str] = deque(maxlen=RECENT)
        self._done, self._began = 0, REAL.monotonic()

    def __enter__(self) -> Self:
        self._live = _live(self._draw)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def notice(self, event: Event) -> None:
        """Take note of it for the next drawing; what went wrong stays on the screen above."""
        if event.what == "acting":
            self._working[event.activation] = (event, REAL.monotonic())
        elif event.what not in {"redone", "escalated"}:
            self._working.pop(event.activation, None)
        if event.what == "landed":
            self._done += 1
            self._recent.append(self.told(event))
        elif line := self.told(event):
            self._live.console.print(speech.printable(line), markup=False, highlight=False)

    def _draw(self) -> "RenderableType":
        """The board's state, who works on what, and what landed last. Called in a thread of the display."""
        from rich.console import Group
        from rich.text import Text

        lines = [Text(self._headline(), style="bold")]
        working = list(self._working.values())
        names = max((len(e.agent) for e, _ in working), default=0)
        for event, since in working[:WORKING]:
            line = f"  {event.agent:<{names}}  {self.woken_by(event)}  {REAL.monotonic() - since:.0f} s"
            lines.append(Text(line, style="cyan"))
        if len(working) > WORKING:
            lines.append(Text(f"  and {len(working) - WORKING} more", style="cyan"))
        lines += [Text("  " + speech.printable(line), style="dim") for line in tuple(self._recent)]
        for one in lines:
            one.no_wrap, one.overflow = True, "ellipsis"
        return Group(*lines)

    def _headline(self) -> str:
        spent = f"{REAL.monotonic() - self._began:.0f} s"
        if self.board is None:
            return f"getting ready  {spent}"
        states = self.board.store.summary(self.board.id).states
        waiting = sum(n for state in ("pending", "parked") for n in states.get(state, {}).values())
        return f"{self.board.id}  {spent}  {self._done} done, {len(self._working)} working, {waiting} waiting"


def progress(*, quiet: bool) -> Progress:
    """What suits stderr."""
    if quiet or sys.stderr is None:
        return Progress()
    return Screen() if sys.stderr.isatty() else Lines()


def _live(draw: Callable[[], "RenderableType"]) -> "Live":
    from rich.live import Live

    return Live(get_renderable=draw, console=_console(), refresh_per_second=REFRESH, transient=True)


def _console() -> "Console":
    from rich.console import Console

    return Console(stderr=True, highlight=False)
