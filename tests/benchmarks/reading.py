"""A question to a folder with a thousand documents: reading it for the first time, answering, looking again, memory."""

import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.research.kinds import Question, Report
from blackboard.tools.documents import Library
from scenarios.research import SHIPPED, scenario
from tests.benchmarks.sizes import Sizes
from tests.benchmarks.table import Bar, Figure

QUESTION = "How do agents agree on shared state, and what does a lease require?"
PARAGRAPHS = 50  # of each document, some 20 kB
HEADING = 5  # paragraphs under one
SECONDS = Bar(20, 10, at_most=True)  # for a thousand documents, index and answer together
FLAT = Bar(1.25, 1.1, at_most=True)


def write_documents(folder: Path, documents: int) -> None:
    """So many documents of paragraphs of those that ship with the project, mixed; always the same."""
    chance = random.Random(7)
    texts = [file.read_text(encoding="utf-8") for file in sorted(SHIPPED.glob("*.md"))]
    paragraphs = [p for text in texts for p in text.split("\n\n") if not p.startswith(("#", "```"))]
    for number in range(documents):
        chosen = [chance.choice(paragraphs) for _ in range(PARAGRAPHS)]
        for at in range(0, PARAGRAPHS, HEADING):
            chosen[at] = f"## Part {number}.{at}\n\n{chosen[at]}"
        path = folder / f"{number % 30:02}" / f"document-{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Document {number}\n\n" + "\n\n".join(chosen) + "\n", encoding="utf-8")


def steps(folder: Path) -> dict[str, float]:
    """Seconds for each step of a run on this folder, and the peak of resident memory in MB; in a fresh process."""
    times = [time.perf_counter()]
    Library.opened(folder)
    times.append(time.perf_counter())
    board = scenario.run(Question(question=QUESTION, documents=folder), db=":memory:")
    times.append(time.perf_counter())
    Library.opened(folder)
    times.append(time.perf_counter())
    (report,) = board.find(Report)
    assert report.body.answered, report.body.markdown
    took = [after - before for before, after in pairwise(times)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"read": took[0], "answered": took[1], "looked at again": took[2], "peak": peak}


def raw(folder: Path, path: Path) -> float:
    """Seconds to put the same paragraphs into a full-text table by hand."""
    began = time.perf_counter()
    db = sqlite3.connect(path)
    db.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize='porter unicode61 remove_diacritics 2')")
    db.executemany("INSERT INTO words VALUES (?)", _paragraphs(folder))
    db.commit()
    db.close()
    return time.perf_counter() - began


def _paragraphs(folder: Path) -> Iterator[tuple[str]]:
    for file in sorted(folder.rglob("*.md")):
        yield from ((paragraph,) for paragraph in file.read_text(encoding="utf-8").split("\n\n"))


def measure_reading(sizes: Sizes) -> list[Figure]:
    """All at a tenth of the documents, and with all of them."""
    few, many = max(10, sizes.n // 10), max(10, sizes.n)
    found: dict[int, list[dict[str, float]]] = {few: [], many: []}
    by_hand: list[float] = []
    with TemporaryDirectory() as name:
        for documents in found:
            write_documents(Path(name) / str(documents), documents)
        for repeat in range(sizes.repeats):
            by_hand.append(raw(Path(name) / str(many), Path(name) / f"{repeat}.db"))
            for documents, runs in found.items():
                runs.append(_child(Path(name) / str(documents), Path(name) / f"cache-{repeat}-{documents}"))
    of = {step: [run[step] for run in found[many]] for step in found[many][0]}
    whole = [read + answered for read, answered in zip(of["read"], of["answered"], strict=True)]
    flat = [m["peak"] / f["peak"] for f, m in zip(found[few], found[many], strict=True)]
    said = f"{many:,} documents"
    return [
        Figure(f"{said}, read for the first time", "", "s", of["read"], by_hand, form=".2f"),
        Figure(f"{said}, a question of several parts answered", "", "s", of["answered"], form=".2f"),
        Figure(f"{said}, read and answered", "", "s", whole, bar=SECONDS, form=".2f"),
        Figure(f"{said}, looked at again, nothing changed", "", "s", of["looked at again"], form=".3f"),
        Figure(f"{said}, peak of resident memory", "", "MB", of["peak"]),
        Figure(f"growth: peak of memory, {many:,} to {few:,} documents", "", "", flat, bar=FLAT, form=".2f"),
    ]


def _child(folder: Path, cache: Path) -> dict[str, float]:
    said = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.reading", str(folder)],
        env={**os.environ, "BLACKBOARD_CACHE": str(cache)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(json.loads(said.stdout))


if __name__ == "__main__":
    print(json.dumps(steps(Path(sys.argv[1]))))  # noqa: T201
