"""`python -m tests.answers --corpus django=FOLDER`: how often the report cites what was marked.

The memos and the shipped documents are always asked; another corpus is asked where its folder is named. Exits 1 if a
citation is not, byte for byte, what stands in its file; 2 if it was called wrongly.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.answers.questions import FOLDERS, Marked, WrongMark, corpora, files_there, load
from tests.answers.scoring import Score, ask_all, totals

WIDEST = 90  # characters of a question


def main(words: Sequence[str] | None = None) -> int:
    """Ask, and print what came of it."""
    said = _parser().parse_args(words)
    folders = {**FOLDERS, **dict(said.corpus)}
    try:
        questions = load(said.questions or files_there())
        _tell_left_out(questions, folders)
        scores = _asked(questions, folders)
    except WrongMark as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(_as_json(scores) if said.json else _as_text(scores, misses=said.misses))
    return 1 if any(s.wrong for s in scores) else 0


def _parser() -> argparse.ArgumentParser:
    said = argparse.ArgumentParser(prog="python -m tests.answers", description=__doc__)
    said.add_argument("--questions", type=Path, nargs="+", metavar="FILE", help="instead of those in tests/answers")
    said.add_argument("--corpus", type=_corpus, nargs="+", action="extend", default=[], metavar="NAME=FOLDER")
    said.add_argument("--misses", action="store_true", help="tell what was cited instead")
    said.add_argument("--json", action="store_true", help="every citation of every question")
    return said


def _corpus(said: str) -> tuple[str, Path]:
    name, _, folder = said.partition("=")
    if not name or not Path(folder).is_dir() or not folder:
        raise argparse.ArgumentTypeError(
            f"{said!r} is no corpus: say its name and a folder, as in memos=tests/data/memos"
        )
    return name, Path(folder)


def _tell_left_out(questions: Sequence[Marked], folders: Mapping[str, Path]) -> None:
    for name in corpora(questions):
        if name not in folders:
            count = sum(q.corpus == name for q in questions)
            sys.stderr.write(f"left out: {count} questions over {name}; name its folder with --corpus {name}=FOLDER\n")


def _asked(questions: Sequence[Marked], folders: Mapping[str, Path]) -> list[Score]:
    """With an index of its own, so that the seconds of the first question of a corpus tell what making it takes."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["BLACKBOARD_CACHE"] = cache
        return list(ask_all(questions, folders))


def _as_json(scores: Sequence[Score]) -> str:
    told = {"questions": [s.as_json() for s in scores], "totals": [asdict(t) for t in totals(scores)]}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _as_text(scores: Sequence[Score], *, misses: bool) -> str:
    head = ("corpus", "question", "", "rank", "cited", "seconds")
    lines = [_line(head), *(_line(_cells(s)) for s in scores), ""]
    for total in totals(scores):
        unchecked = f", {total.unchecked} unchecked (documents with pages)" if total.unchecked else ""
        found = f"{total.corpus}: {total.hits} of {total.questions} hit"
        exact = f"{total.wrong} citations not byte-exact{unchecked}"
        lines.append(f"{found}, {total.citations} citations on average, {exact}, {total.seconds} s")
    for score in scores:
        lines += [f"WRONG {c.document}:{c.line} ({c.wrong}), cited for: {score.question}" for c in score.wrong]
    return "\n".join([*lines, *(_misses(scores) if misses else ())]) + "\n"


def _cells(score: Score) -> tuple[str, ...]:
    outcome = "hit" if score.hit else "miss" if score.ending == "complete" else f"miss ({score.ending})"
    return (
        score.corpus,
        score.question,
        outcome,
        str(score.rank or "-"),
        str(len(score.citations)),
        f"{score.seconds}",
    )


def _line(cells: Sequence[str]) -> str:
    corpus, question, outcome, *figures = cells
    return f"{corpus:8} {question[:WIDEST]:{WIDEST}} {outcome:6}" + "".join(f"{figure:>8}" for figure in figures)


def _misses(scores: Sequence[Score]) -> list[str]:
    lines = [""]
    for score in scores:
        if not score.hit:
            lines.append(f"MISS {score.corpus}: {score.question}")
            lines += [f"    {c.document}:{c.line} {c.reads[:160]}" for c in score.citations] or ["    cited nothing"]
    return lines


if __name__ == "__main__":
    sys.exit(main())
