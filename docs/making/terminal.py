"""A command as a terminal shows it: run for real, its colours kept, what differs from run to run made steady."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = 100
LONGEST = 120  # seconds for one command
DIM, PLAIN = "\x1b[2m", "\x1b[0m"
STEADY = (
    (r"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d|\b\d\d:\d\d:\d\d\b", "12:00:00"),
    (r"\bage((?:\x1b\[[\d;]*m)*) +", r"age\1  "),
    (r"\b\d+ (s|min)  +", "1 s  "),
    (r"\b\d+(\.\d+)? s(?= |:|$)", "1 s"),
    (r"\b\d+\.\d (of \d+ )?seconds", r"0.5 \1seconds"),
    (r"SQLite \d[\d.]+ \(\w+\)", "SQLite 3.53.4 (pysqlite3)"),
    (r"(file system +)\w+", r"\1ext4"),
)
"""What is read of a clock, or of the machine, and what stands in a picture instead."""


def environment(folder: Path) -> Mapping[str, str]:
    """A terminal with colours, none of this machine's settings, and nothing written outside the folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BLACKBOARD_", "NO_COLOR", "COLORTERM"))}
    own = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": "50"}
    return kept | own | {"BLACKBOARD_CACHE": str(folder / ".cache")}


def shown(folder: Path, words: list[str], told: Callable[[str], None] = lambda _: None) -> str:
    """What the command writes, stderr first and dim, the same in every run. `told` hears lines of stderr at once."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "blackboard", *words], cwd=folder, env=environment(folder),
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        out: list[bytes] = []
        reader = threading.Thread(target=_drain, args=(ours, out))
        reader.start()
        alarm = threading.Timer(LONGEST, process.kill)
        alarm.start()
        beside = []
        for line in process.stderr or ():
            beside.append(f"{DIM}{line.rstrip()}{PLAIN}\n")
            told(line)
        process.wait()
        alarm.cancel()
        reader.join()
    os.close(ours)
    return steady("".join(beside) + b"".join(out).decode().replace("\r\n", "\n"), folder)


def _drain(terminal: int, into: list[bytes]) -> None:
    with suppress(OSError):  # how a terminal ends
        while data := os.read(terminal, 65536):
            into.append(data)


def steady(text: str, folder: Path) -> str:
    """The same for every run: no time, no folder of this machine. Columns stay where they are."""
    text = text.replace(str(folder.resolve()), "~/board").replace(str(ROOT), "~/blackboard")
    for pattern, word in STEADY:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text
