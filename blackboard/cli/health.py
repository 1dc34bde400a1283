"""The verbs that look after a database: `doctor` and `backup`."""

import importlib.util
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path
from typing import Any

import blackboard
from blackboard import settings
from blackboard.board import open_store
from blackboard.cli import drawing, modelling, speech
from blackboard.cli.failures import FAILED
from blackboard.cli.gist import count
from blackboard.cli.options import Look
from blackboard.errors import BlackboardError, NoDatabase, StoreError
from blackboard.records import Finding

OURS = "blackboard-agents"
PACKAGES = ("blackboard", "agents", "store", "scenarios")  # top-level names that this distribution installs
STYLES = {"ok": "", "warning": "yellow", "error": "bold red"}
LEVEL = 9  # columns of the first word


# -- doctor --------------------------------------------------------------------------------------------------------
def examined(db: str | None) -> list[Finding]:
    """What there is to say of the packages, the machine, and the database if there is one."""
    url = db or settings.database()
    if url == settings.DATABASE and not Path(url).exists():
        there_is_none = Finding("ok", "database", f"there is no {url} here, and no --db: only the machine was examined")
        return [*_of_what_is_here(), *_of_the_machine(), there_is_none]
    try:
        with closing(open_store(db, create=False)) as store:
            found = Finding("ok", "database", url)
            return [*_of_what_is_here(), found, *store.examine(), *modelling.of_today(store)]
    except BlackboardError as error:
        restore = "restore a backup (`blackboard backup` makes them)"
        remedy = f"if there was one, {restore}" if isinstance(error, NoDatabase) else restore
        wrong = Finding("error", "database", f"it cannot be opened: {error}", remedy)
        return [*_of_what_is_here(), *_of_the_machine(), wrong]


def _of_what_is_here() -> list[Finding]:
    return [packages(), *modelling.of_this_machine()]


def _of_the_machine() -> list[Finding]:
    with closing(open_store(":memory:")) as store:
        return store.examine()


def packages() -> Finding:
    """Whether what is imported under the names of our packages is ours."""
    home = Path(blackboard.__file__).parent.parent
    installed = packages_distributions()
    others = {(name, other) for name in PACKAGES for other in installed.get(name, ()) if other != OURS}
    elsewhere = [(name, place) for name in PACKAGES if (place := _imported_from(name)) not in {None, home}]
    if not others and not elsewhere:
        return Finding("ok", "packages", f"{OURS} {version(OURS)}, nothing hides it")
    over_ours = any(Path(str(distribution(other).locate_file(""))).resolve() == home.resolve() for _, other in others)
    said = [f"{other} installs a package {name!r} too" for name, other in sorted(others)]
    said += [f"{name!r} is imported from {place}, not from {home}" for name, place in elsewhere]
    away = " ".join(sorted({other for _, other in others}))
    remedy = f"pip uninstall {away}, then pip install --force-reinstall {OURS}; or an environment of its own for each"
    return Finding(
        "error" if elsewhere or over_ours else "warning", "packages", "; ".join(said),
        remedy if others else "run it from another folder, or rename what is found there",
    )  # fmt: skip


def shadowed() -> list[str]:
    """A sentence, where another distribution or a file here bears the name of one of our packages. Slow."""
    found = packages()
    return [] if found.level == "ok" else [f"{found.detail}; {found.remedy}"]


def _imported_from(name: str) -> Path | None:
    """The folder that holds the package, or the file, of this name; None where there is none."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        return None
    places = [*(spec.submodule_search_locations or ()), spec.origin]
    return Path(str(places[0])).parent


def draw(findings: Sequence[Finding]) -> None:
    """A line a check; what is wrong is told whole, with its remedy below."""
    widest = max(len(f.what) for f in findings)
    for one in findings:
        first = f"{one.level:<{LEVEL}}{one.what:<{widest}}  "
        if one.level == "ok":
            drawing.line(first + one.detail)
            continue
        drawing.paragraph(first, one.detail, style=STYLES[one.level])
        if one.remedy:
            drawing.paragraph(" " * (len(first) - 2) + "→ ", one.remedy)
    levels = Counter(f.level for f in findings)
    wrong = [count(levels[level], level) for level in ("error", "warning") if levels[level]]
    drawing.line(", ".join(wrong) or "nothing is wrong", style="bold")


def as_json(finding: Finding) -> dict[str, Any]:
    """A finding for programs."""
    return asdict(finding)


def exit_code(findings: Sequence[Finding]) -> int:
    """5 where something is an error; warnings are none."""
    return FAILED if any(f.level == "error" for f in findings) else 0


# -- backup --------------------------------------------------------------------------------------------------------
def back_up(file: Path, said: Look, *, replace: bool) -> int:
    """Copy the database, and say what the copy holds. 5 where there is none because the database or a disk failed."""
    try:
        with closing(open_store(said.db, create=False)) as store:
            copy = store.backup(str(file), overwrite=replace)
    except NoDatabase:
        raise
    except StoreError as error:
        speech.tell(str(error))
        return FAILED
    if said.as_json:
        speech.say_json(asdict(copy))
    else:
        holds = f"{count(copy.boards, 'board')}, {count(copy.versions, 'version')}, {_size(copy.size)}"
        speech.say(f"{copy.path}: {holds}; checked")
    return 0


def _size(size: float) -> str:
    """`512 bytes`, `1.4 MB`."""
    if size < 1000:
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000 or unit == "GB":
            break
    return f"{size:.1f} {unit}"
