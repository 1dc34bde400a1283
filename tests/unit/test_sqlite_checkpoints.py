"""The -wal stays small whoever reads, and no writer waits for that."""

import threading
import time
from contextlib import closing, contextmanager

import pytest
from loguru import logger

from store import checkpoints, sqlite
from store.checkpoints import PATIENCE, Checkpoints
from store.opening import connect
from store.sqlite import open_store
from tests.builders import Clock

SMALL, LARGE = 100_000, 400_000
SLACK = 4  # times: a busy machine lets the checkpointer sleep
BIG = "x" * 4000
SECONDS = 30


class Ticking(Clock):
    """Its monotonic time moves with the other one."""

    def monotonic(self) -> float:
        return self.time


class Scene:
    """A log that the test fills, and the checkpoints that it asks for by hand."""

    def __init__(self, folder) -> None:
        self.path = str(folder / "c.db")
        self.log = folder / "c.db-wal"
        self.clock = Ticking()
        self.writer = connect(self.path)
        for pragma in ("journal_mode = WAL", "wal_autocheckpoint = 0", f"journal_size_limit = {SMALL}"):
            self.writer.execute(f"PRAGMA {pragma}").fetchall()
        self.writer.execute("CREATE TABLE note (text)")
        self.turn = threading.RLock()
        self.checkpoints = Checkpoints(self.path, lambda: connect(self.path), self.clock, self.turn, SMALL, LARGE)

    def write(self, until: int) -> None:
        while self.size < until:
            self.writer.execute("INSERT INTO note VALUES (?)", (BIG,))

    @property
    def size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    @property
    def moved(self) -> bool:
        """Whether all of the log is in the database: the next commit starts it anew."""
        before = self.size
        for _ in range(2):
            self.writer.execute("INSERT INTO note VALUES (?)", (BIG,))
        return self.size < before


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.checkpoints.leave()
    made.writer.close()


@contextmanager
def snapshot(path):
    """A reader in the middle of something."""
    with closing(connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM note").fetchall()
        yield reader


@contextmanager
def warnings():
    told: list[str] = []
    sink = logger.add(lambda message: told.append(str(message)), level="WARNING")
    yield told
    logger.remove(sink)


class TestACheckpoint:
    def test_is_not_made_of_a_small_log(self, scene):
        scene.write(until=SMALL // 2)

        scene.checkpoints.check()

        assert not scene.moved

    def test_moves_a_grown_log_into_the_database_and_it_starts_anew(self, scene):
        scene.write(until=SMALL + 1)

        scene.checkpoints.check()

        assert scene.moved
        assert scene.size == SMALL

    def test_empties_a_large_log(self, scene):
        scene.write(until=LARGE + 1)

        scene.checkpoints.check()

        assert scene.size == 0

    def test_leaves_a_large_log_to_a_reader_and_makes_nobody_wait_longer_than_it_may(self, scene):
        with snapshot(scene.path):
            scene.write(until=LARGE + 1)
            began = time.perf_counter()
            scene.checkpoints.check()
            took = time.perf_counter() - began

        assert scene.size > LARGE
        assert PATIENCE / 2 < took < PATIENCE * 10
        assert scene.checkpoints.held == 1

    def test_that_makes_others_wait_is_tried_once_a_second(self, scene):
        with snapshot(scene.path):
            scene.write(until=LARGE + 1)
            for seconds, held in ((0, 1), (0.9, 1), (0.2, 2), (0.5, 2), (0.6, 3)):
                scene.clock.pass_by(seconds)
                scene.checkpoints.check()
                assert scene.checkpoints.held == held
        scene.clock.pass_by(1)

        scene.checkpoints.check()

        assert (scene.size, scene.checkpoints.held) == (0, 0)

    def test_warns_of_a_log_that_stays_large_once_a_minute(self, scene):
        with warnings() as told, snapshot(scene.path):
            scene.write(until=LARGE + 1)
            counts = []
            for seconds in (0, 1, 1, 57, 3, 60):
                scene.clock.pass_by(seconds)
                scene.checkpoints.check()
                counts.append(len(told))

        assert counts == [0, 1, 1, 1, 2, 3]
        assert "c.db-wal has" in told[0]
        assert "find the open transaction" in told[0]

    def test_beside_writers_is_not_made_where_that_could_break_the_file(self, scene, monkeypatch):
        monkeypatch.setattr(checkpoints, "has_wal_reset_bug", lambda: True)
        made = []
        real = scene.checkpoints._checkpoint
        monkeypatch.setattr(
            scene.checkpoints, "_checkpoint", lambda mode: made.append(scene.turn._is_owned()) or real(mode)
        )
        scene.write(until=LARGE + 1)

        scene.checkpoints.check()

        assert made == [True, True]


class TestWhenACheckpointIsDue:
    @pytest.fixture
    def due(self, scene, monkeypatch):
        """Which sizes of the log set off a checkpoint."""
        monkeypatch.setattr(threading.Thread, "start", lambda _: None)

        def due(*sizes):
            found = []
            for size in sizes:
                scene.checkpoints._due.clear()
                scene.checkpoints.written(size)
                found.append(scene.checkpoints._due.is_set())
            return found

        return due

    def test_is_when_the_log_has_passed_a_bound_and_then_each_time_that_it_has_grown_by_as_much(self, due):
        assert due(SMALL, SMALL + 1, SMALL + 2, 2 * SMALL + 1, 2 * SMALL + 2) == [False, True, False, False, True]

    def test_begins_anew_with_the_log(self, due):
        assert due(3 * SMALL, SMALL, SMALL + 1) == [True, False, True]

    def test_is_never_after_the_end(self, due, scene):
        scene.checkpoints.close()

        assert due(SMALL + 1) == [False]


@pytest.mark.slow
class TestALogUnderLoad:
    @pytest.fixture
    def path(self, tmp_path, monkeypatch):
        """A database whose log is small at a few commits."""
        monkeypatch.setattr(sqlite, "SMALL", SMALL)
        monkeypatch.setattr(sqlite, "Checkpoints", lambda *given: Checkpoints(*given, SMALL, LARGE))
        return tmp_path / "c.db"

    @pytest.fixture
    def database(self, path):
        store = open_store(str(path))
        with store._database.writing() as at:
            at.execute("CREATE TABLE note (text)")
        yield store._database
        store.close()

    @staticmethod
    def write(database) -> float:
        """The seconds that it took."""
        began = time.perf_counter()
        with database.writing() as at:
            at.execute("INSERT INTO note VALUES (?)", (BIG,))
        return time.perf_counter() - began

    @staticmethod
    def size(path) -> int:
        return path.with_name("c.db-wal").stat().st_size

    def test_is_no_work_of_the_writer_but_to_cut_it_when_it_starts_anew(self, database):
        asked = ("wal_autocheckpoint", "journal_size_limit")

        assert [database._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in asked] == [0, SMALL]

    def test_comes_down_while_readers_come_and_go(self, database, path):
        over = threading.Event()

        def read() -> None:
            while not over.is_set():
                with snapshot(str(path)):
                    over.wait(0.005)

        readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
        for reader in readers:
            reader.start()
        until = time.monotonic() + SECONDS
        falls = size = 0
        while falls < 2 and time.monotonic() < until:
            self.write(database)
            before, size = size, self.size(path)
            falls += size < before
        over.set()
        for reader in readers:
            reader.join(SECONDS)

        assert falls >= 1, "it has only grown"

    def test_that_a_reader_holds_stops_no_writer_and_comes_down_when_it_lets_go(self, database, path):
        until, pace = time.monotonic() + SECONDS, threading.Event()
        with snapshot(str(path)):
            longest = 0.0
            while self.size(path) < SLACK * LARGE or database._open_now.checkpoints.held < 2:
                longest = max(longest, self.write(database))
                pace.wait(0.001)
                assert time.monotonic() < until, "nobody has tried to empty it"
        while self.size(path) > SMALL:  # nobody writes any more
            assert time.monotonic() < until, "it has stayed"

        assert longest < PATIENCE * 10
