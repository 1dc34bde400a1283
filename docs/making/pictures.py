"""docs/pictures.md and its pictures: what the program shows, from real runs that are the same every time."""

import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from .svg import drawn
from .terminal import COLUMNS, ROOT, shown

PAGE = ROOT / "docs" / "pictures.md"
FOLDER = ROOT / "docs" / "pictures"
TYPED, PLAIN = "\x1b[4m", "\x1b[0m"
MOST, LAST = 36, 16  # lines of a picture, and how many of them are the last ones where it is cut
BOARD = "hello-2"  # where the plugin joins
QUESTION = "How do agents agree on shared state?"
BEGIN = """\
# How it looks

Pictures of real runs, made by `python docs/make.py` (times are set to noon, so that they are the same every time). What
is dimmed is stderr: progress as a pipe gets it; on a terminal it is a display that is drawn anew and goes away at the
end. Words that you do not know stand in [concepts.md](concepts.md), the verbs in [cli.md](cli.md).
"""
GUESTBOOK = '''"""Keeps a guest book."""

from agents.hello.kinds import Greeting
from blackboard import Entry, Kind, View, agent


class Signature(Kind):
    """A line of the book."""

    text: str


@agent(watches=Greeting, status="polished", writes=Signature, backlog="new")
def guestbook(greeting: Entry[Greeting], view: View) -> None:
    """Notes who was greeted."""
    view.post(Signature(text=greeting.body.text), about=greeting)
'''


@dataclass(frozen=True)
class Shot:
    """A picture: its name, what stands above it, and the words that are typed."""

    name: str
    title: str
    said: str
    words: tuple[str, ...]
    run: tuple[str, ...] = ()  # what is run in truth, where that differs: one thing after the other


SHOTS = (
    Shot(
        "run", "A run", "A question, over the documents that ship with the project. The report goes to stdout.",
        ("run", "research", QUESTION), ("--slots", "1"),
    ),
    Shot(
        "boards", "The boards of a database", "One file holds many; each says how it ended.", ("boards",),
    ),
    Shot(
        "show", "A board", "Its budget, its entries by kind, and how far each agent is.", ("show", "research-1"),
    ),
    Shot(
        "log", "Its history", "Every version that was written, in the order in which they landed.",
        ("log", "research-1"),
    ),
    Shot(
        "why", "Why is it there?", "What an entry was made from: by whom, in which activation, down to the quotes.",
        ("why", "research-1", "answer-1"),
    ),
    Shot(
        "why-not", "Why did nothing happen?", "What keeps an agent from acting, and what is missing.",
        ("why-not", "hello-1", "host"),
    ),
    Shot(
        "budget", "Stopped by its budget",
        "What has landed is kept; `resume` with a higher cap does the rest. The exit code is 3.",
        ("run", "hello", "Ada", "Bob", "Cem", "--activations", "3"), ("--slots", "1"),
    ),
    Shot(
        "plugin", "An agent joins a running board",
        "The board waits for posts. A file is dropped into the folder: its agent takes part at once. Then a guest is "
        "posted from another terminal.",
        ("resume", BOARD, "--more", "--plugins", "plugins", "--reload"), ("--slots", "1"),
    ),
    Shot(
        "edit", "Five editors at one document",
        "No order is prescribed; each watches for sections that it has not passed.",
        ("run", "edit", "release-notes.md", "--glossary", "terms.txt", "--facts", "facts.txt", "--out", "new.md"),
        ("--slots", "1"),
    ),
    Shot(
        "doctor", "Is the database sound?", "The machine, the file, and every board in it. Each problem has a remedy.",
        ("doctor",),
    ),
)  # fmt: skip
ORDER = ("run", "budget", "why-not", "plugin", "boards", "edit", "show", "log", "why", "doctor")
"""In which they are taken, in one folder: what is looked at has to be there."""


def page() -> str:
    """The page that shows them."""
    parts = [BEGIN]
    for shot in SHOTS:
        parts += [f"## {shot.title}\n", f"{shot.said}\n", f"![{command(shot)}](pictures/{shot.name}.svg)\n"]
    return "\n".join(parts)


def files() -> dict[Path, str]:
    """The page and the pictures. Takes runs of the program, one after the other."""
    by_name = {shot.name: shot for shot in SHOTS}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve() / "board"
        folder.mkdir()
        for draft in (ROOT / "scenarios" / "drafts").iterdir():
            shutil.copy(draft, folder)
        taken = {FOLDER / f"{name}.svg": picture(folder, by_name[name]) for name in ORDER}
    return {PAGE: page(), **taken}


def picture(folder: Path, shot: Shot) -> str:
    """One picture."""
    words = [*shot.words, *shot.run]
    text = joined(folder, words) if shot.name == "plugin" else shown(folder, words)
    return drawn(command(shot), f"$ {TYPED}{command(shot)}{PLAIN}\n{cut(text)}", COLUMNS)


def command(shot: Shot) -> str:
    """What is typed."""
    return " ".join(["blackboard", *(f'"{word}"' if " " in word else word for word in shot.words)])


def cut(text: str) -> str:
    """The beginning and the end, where it is long."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) <= MOST:
        return text
    left = len(lines) - MOST + 1
    return "\n".join([*lines[: MOST - LAST - 1], f"\x1b[2m… {left} more lines\x1b[0m", *lines[-LAST:]])


def joined(folder: Path, words: list[str]) -> str:
    """A run at which a plugin is dropped into the folder, and then a guest is posted."""
    plugins = folder / "plugins"
    plugins.mkdir()
    shown(folder, ["run", "hello", "Ada"])
    helpers: list[threading.Thread] = []

    def told(line: str) -> None:
        if "is open for more" in line:
            (plugins / "guestbook.py").write_text(GUESTBOOK, encoding="utf-8")
        elif "has joined" in line:
            helpers.append(threading.Thread(target=shown, args=(folder, ["post", BOARD, "guests", "names=Dee"])))
            helpers[-1].start()

    text = shown(folder, words, told)
    for helper in helpers:
        helper.join()
    return text
