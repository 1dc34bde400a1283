"""The tutorial does what it says: its blocks are run in order, as they stand, and give what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRESS = re.compile(r"\w+  \S.* -> ")  # what a terminal shows while it works, and no longer
FROM_RUN_TO_RUN = (
    (r"\d\d:\d\d:\d\d", "TIME"),
    (r"\b\d+\.\d+ ?(s|of 3600 seconds)\b", "SECONDS"),
    (r"  \d+ (s|min)  ", "  AGE  "),
    (r"\S*/expenses\.csv", "FILE"),
    (r"^ *\d+  TIME", "SEQ  TIME"),
    (r"\(activation \d+\)", "(activation N)"),
    (r"total-\d v\d", "total-N"),
    (r"\d+ results? refused", "SOME refused"),
    (r"had changed: \d+ (?:dropped for the newer version|done again).*", "had changed: SOME DONE AGAIN"),
    (r"\s+", " "),
)
LONGEST = 60  # seconds for one block; a machine may be busy
LINES_A_STEP = 20  # of Python: more is too much at once


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(PAGE)


def steady(text: str) -> list[str]:
    """What is the same in every run."""
    lines = []
    for line in text.strip().splitlines():
        if not PROGRESS.match(line):
            for pattern, word in FROM_RUN_TO_RUN:
                line = re.sub(pattern, word, line)
            lines.append(line.strip())
    return lines


def put(folder: Path, text: str) -> None:
    """A block of Python is a file, or goes on with one; its first line says which."""
    first, _, rest = text.partition("\n")
    name, _, continued = first.removeprefix("# ").partition(", ")
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{file.read_text()}\n\n{rest}" if continued else text)


def run(folder: Path, text: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-ec", text], cwd=folder, env=environment, text=True, timeout=LONGEST, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\n{done.stdout[-3000:]}"
    return done.stdout


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a stranger has: `blackboard` and `python` of this environment, and no settings."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, words in (("blackboard", "-m blackboard"), ("python", "")):
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (commands / name).chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BLACKBOARD_", "PYTEST_"))}
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return kept | {"PATH": f"{commands}{os.pathsep}{kept['PATH']}", "PYTHONPATH": paths}


class TestTheTutorial:
    @pytest.mark.slow
    @pytest.mark.timeout(5 * LONGEST)
    def test_every_block_gives_what_the_page_shows(self, tmp_path, environment):
        # given an empty folder
        folder = tmp_path / "expenses"
        folder.mkdir()
        # when the blocks are followed in order
        given, outputs = "", 0
        for language, text in blocks():
            if language == "python":
                put(folder, text)
            elif language == "sh":
                given = run(folder, text, environment)
            elif language == "text":
                # then what is seen is what the page shows
                assert steady(given) == steady(text), given
                outputs += 1
        assert outputs > 10

    def test_what_it_installs_is_what_the_readme_installs(self):
        (install,) = [text for language, text in blocks() if language == "bash"]
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        for command in install.splitlines()[0].split(" && "):
            assert command in readme

    def test_no_step_is_long(self):
        long = [text for language, text in blocks() if language == "python" and code_lines(text) > LINES_A_STEP]
        assert long == []


def code_lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())
