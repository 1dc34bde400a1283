"""What every test has: no network, folders of its own, a store of each kind, a clock that stands still.

A test asks for `store` (or `bench`, a board on it) and never learns which database it got; a new database is one line
in BACKENDS.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from blackboard.ports import Store
from blackboard.testing import forbid_network
from store.sqlite import open_store
from tests.builders import Bench, Clock

settings.register_profile("board", deadline=None, max_examples=50)
settings.load_profile("board")

Opener = Callable[[Path, Clock], Any]
BACKENDS: dict[str, Opener] = {
    "sqlite-file": lambda folder, clock: open_store(str(folder / "board.db"), True, clock),
    "sqlite-memory": lambda _, clock: open_store(":memory:", True, clock),
}
SHARED = ("sqlite-file",)  # those that several processes can open


class Refusal(Exception):
    """The database itself has refused a statement."""


# -- processes that tests run in --------------------------------------------------------------------------------------
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """One file alone is run in this process: others would take longer to begin than most files to run."""
    files = {word.partition("::")[0] for word in config.args}
    return 0 if len(files) == 1 and files.pop().endswith(".py") else None


# -- no test leaves this machine -------------------------------------------------------------------------------------
@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Any connection that is not to this machine is an error, and so is asking for a name."""
    with forbid_network():
        yield


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written outside the folders of the test. Durability against power cuts is not what is tested here."""
    # Beside the folder, which may be one with documents: an index in there would be counted as a file of another type.
    monkeypatch.setenv("BLACKBOARD_CACHE", str(tmp_path.with_name(f"{tmp_path.name}-cache")))
    monkeypatch.setenv("BLACKBOARD_DB", str(tmp_path / "default.db"))
    monkeypatch.setenv("BLACKBOARD_SYNCHRONOUS", "NORMAL")


# -- stores ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def clock() -> Clock:
    """The time, which only the test moves."""
    return Clock()


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """An empty store of each kind."""
    made = BACKENDS[request.param](tmp_path, clock)
    yield made
    made.close()


@pytest.fixture(params=SHARED)
def opening(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Callable[[], Store]]:
    """Opens the same database once more, as another process would."""
    made: list[Any] = []

    def again() -> Store:
        made.append(BACKENDS[request.param](tmp_path, clock))
        return made[-1]

    yield again
    for one in made:
        one.close()


@pytest.fixture
def bench(store: Store, clock: Clock) -> Bench:
    """An empty board."""
    return Bench.on(store, clock)


@pytest.fixture
def raw(store: Any) -> Callable[..., list[Any]]:
    """Runs SQL as somebody would who holds the connection. Refusal if a constraint or a trigger says no."""

    def run(sql: str, **values: object) -> list[Any]:
        try:
            with store._database.writing() as at:
                return list(at.execute(sql, values).fetchall())
        except Exception as error:
            raise Refusal(str(error)) from error

    return run
