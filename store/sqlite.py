"""SQLite: how connections are made, how a transaction begins, and which files are refused.

One connection writes, under a lock in this process and BEGIN IMMEDIATE between processes; others only read.
"""

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blackboard import settings
from blackboard.errors import NoDatabase, StoreError
from blackboard.seam import REAL, Seam
from store.core import DIALECT
from store.migrations import MIGRATIONS, fresh
from store.presence import Attendance, Sidecar
from store.store import SqlStore

APPLICATION_ID = 0x426C6B42  # "BlkB": how a database of ours is told from any other
PATIENCE = 30.0  # seconds that a transaction waits for its turn
SHORTEST, LONGEST = 0.0005, 0.003  # seconds between tries: jittered, since the built-in handler is unfair
MEMORY = ":memory:"


class SqliteDatabase:
    """The connections to one file, or to one private memory."""

    def __init__(self, path: str, seam: Seam, create: bool) -> None:
        self.path, self._seam = path, seam
        self._turn = threading.RLock()
        self._readers: list[sqlite3.Connection] = []
        self._stamper: sqlite3.Connection | None = None
        self._all: list[sqlite3.Connection] = []  # closed with the last user, also if that forgot to
        weakref.finalize(self, _close, self._all).atexit = False
        self._writer = self._open(create)

    # -- transactions ----------------------------------------------------------------------------------------------
    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all or nothing. StoreError if the database cannot be used."""
        with self._turn:
            try:  # from before BEGIN: an interrupt right after it must not leave the transaction open
                with self._said():
                    self._begin()
                    yield self._writer
                    self._writer.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self, people: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection to look with; for `people`, whatever their SQL does, it is left as it was."""
        with self._reader() as reader, self._said():
            if not people:
                yield reader
                return
            reader.execute("PRAGMA query_only = ON")
            try:
                yield reader
            finally:
                if reader.in_transaction:
                    reader.execute("ROLLBACK")
                reader.execute(f"PRAGMA query_only = {'OFF' if reader is self._writer else 'ON'}")

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """One reader to a thread at a time. In memory it is the one that writes, under its lock."""
        if self.path == MEMORY:
            with self._turn:
                yield self._writer
            return
        try:
            reader = self._readers.pop()
        except IndexError:
            reader = self._connect(writable=False)
        try:
            yield reader
        finally:
            self._readers.append(reader)

    def stamp(self) -> int:
        """A number that changes with every commit."""
        if self.path == MEMORY:
            return self._writer.total_changes
        if self._stamper is None:  # its own: the numbers of two connections cannot be compared
            self._stamper = self._connect(writable=False)
        return int(self._stamper.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._readers.clear()
            _close(self._all)

    def _begin(self) -> None:
        """BEGIN IMMEDIATE, tried again with jitter: a deferred transaction that turns to writing fails at once."""
        until = self._seam.monotonic() + PATIENCE
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or self._seam.monotonic() > until:
                    raise
                self._seam.pause(self._seam.jitter(SHORTEST, LONGEST))
            else:
                return

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What SQLite says of the database, as one sentence with the remedy; not what it says of one contribution."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path}: {error}; {_remedy(str(error))}") from error

    # -- opening ---------------------------------------------------------------------------------------------------
    def _open(self, create: bool) -> sqlite3.Connection:
        if self.path != MEMORY:
            self._check_path(create)
        try:
            writer = self._connect(writable=True)
            self._prepare(writer, create)
        except sqlite3.DatabaseError as error:
            if "not a database" in str(error):
                raise NoDatabase(f"{self.path} is not a database; say another --db, or move that file away") from error
            raise StoreError(f"{self.path}: {error}; {_remedy(str(error))}") from error
        return writer

    def _check_path(self, create: bool) -> None:
        path = Path(self.path)
        if path.is_dir():
            raise NoDatabase(f"{self.path} is a folder; --db takes a file")
        if not path.exists() and not create:
            raise NoDatabase(f"there is no database {self.path}; `blackboard run` makes one, or say another --db")
        if not path.absolute().parent.is_dir():
            raise NoDatabase(f"the folder of {self.path} does not exist; make it, or say another --db")

    def _connect(self, writable: bool) -> sqlite3.Connection:
        # Statements are cached by text; the checks on threads are ours: a lock, and one reader to a thread at a time.
        made = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=5
        )
        self._all.append(made)
        if not writable:
            made.execute("PRAGMA query_only = ON")
        return made

    def _prepare(self, writer: sqlite3.Connection, create: bool) -> None:
        (application,) = writer.execute("PRAGMA application_id").fetchone()
        (tables,) = writer.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and tables:
            raise NoDatabase(f"{self.path} is a database of something else; say another --db")
        if not tables and not create:
            raise NoDatabase(f"{self.path} is empty; `blackboard run` makes a board in it, or say another --db")
        synchronous = settings.synchronous()
        if self.path != MEMORY:
            writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA busy_timeout = 0")  # from now on the turns are fair: see _begin
        writer.execute(f"PRAGMA synchronous = {'NORMAL' if synchronous == 'NORMAL' else 'FULL'}")
        self._writer = writer
        self._migrate()

    def _migrate(self) -> None:
        with self.writing() as at:
            known = at.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
            done = at.execute("SELECT max(version) FROM schema_version").fetchone()[0] if known else 0
            if done > len(MIGRATIONS):
                raise StoreError(
                    f"{self.path} was written by a newer blackboard (schema {done}); upgrade, or say another --db"
                )
            for version, migration in enumerate(MIGRATIONS[done:], done + 1):
                for ddl in migration(DIALECT) if known else fresh(DIALECT) if version == 1 else ():
                    at.execute(ddl)
                at.execute("INSERT INTO schema_version VALUES (?, ?)", (version, self._seam.now()))
            if not known:
                at.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _close(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()


def _remedy(error: str) -> str:
    if "full" in error:
        return "free some space and `blackboard resume last`; everything acknowledged is kept"
    if "readonly" in error or "unable to open" in error:
        return "make the file and its folder writable, or say another --db"
    if "locked" in error:
        return "another process holds it; try again when that has ended"
    return "run `blackboard resume last` when that is mended; everything acknowledged is kept"


def open_store(url: str, create: bool = True, seam: Seam = REAL) -> SqlStore:
    """The store of a path, of `sqlite:///PATH`, or of `:memory:` (private). NoDatabase, StoreError."""
    path = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else url
    database = SqliteDatabase(path, seam, create)
    presence = Attendance() if path == MEMORY else Sidecar(Path(f"{path}-live"), seam)
    return SqlStore(database, seam, presence)
