"""SQLite: how connections are made, how a transaction begins, and which files are refused.

One connection writes, under a lock in this process and BEGIN IMMEDIATE between processes; others only read. Beside it:
`library` (which SQLite), `opening` (which files), `guard` (who else may open them), `files` (whether they are still
there), `checkpoints` (how the log is kept small), `remedies` (what errors mean).
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

from blackboard import settings
from blackboard.errors import DatabaseReplaced, NoDatabase, StoreError
from blackboard.seam import REAL, Seam
from store import opening
from store.checkpoints import SMALL, Checkpoints
from store.core import DIALECT
from store.files import Fate, Files, live_folder_of
from store.guard import Hold
from store.library import code, sqlite3
from store.migrations import MIGRATIONS, fresh
from store.opening import MEMORY, Handles
from store.presence import Attendance, Sidecar
from store.readers import Readers
from store.remedies import BUSY, UNWRITABLE, said, said_at_opening
from store.store import SqlStore
from store.watermark import remembers

APPLICATION_ID = 0x426C6B42  # "BlkB": how a database of ours is told from any other
PATIENCE = 30.0  # seconds that a transaction waits for its turn
SHORTEST, LONGEST = 0.0005, 0.003  # seconds between tries: jittered, since the built-in handler is unfair
RESCUE = 1000  # milliseconds that saving a deleted log waits for others


class SqliteDatabase:
    """The connections to one file, or to one private memory."""

    def __init__(self, path: str, seam: Seam, create: bool) -> None:
        self.path, self._seam, self._pid = path, seam, seam.pid()
        self._turn = threading.RLock()
        self._readers = Readers(self._new_reader, seam)
        self._closed = self._was_there = False
        self._mode = ""  # of a URI, where the file can only be read
        self._stamper: sqlite3.Connection | None = None
        self._open_now = Handles()
        weakref.finalize(self, self._open_now.close).atexit = False
        _databases.add(self)
        try:
            self._writer = self._open(create)
        except BaseException:
            self._open_now.close()
            raise

    # -- transactions ----------------------------------------------------------------------------------------------
    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all or nothing. StoreError if the database cannot be used."""
        self._check_process()
        if self._mode:
            raise StoreError(f"{self.path} is read-only; make the file and its folder writable, or say another --db")
        with self._turn:
            try:  # from before BEGIN: an interrupt right after it must not leave the transaction open
                with said(self.path):
                    self._begin()
                    self._check_files()
                    yield self._writer
                    self._writer.execute("COMMIT")
                    self._check_files()  # or the commit would be acknowledged, and be nowhere
            except BaseException:
                with suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise
            if self._open_now.checkpoints is not None and self._open_now.files is not None:
                self._open_now.checkpoints.written(self._open_now.files.log_size)

    @contextmanager
    def reading(self, people: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection to look with; for `people`, whatever their SQL does, it is left as it was."""
        self._check_process()
        with self._reader() as reader, said(self.path):
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
        with self._readers.one() as reader:
            yield reader

    def _new_reader(self) -> sqlite3.Connection:
        self._check_process()
        with said(self.path):
            reader = self._connect(self._mode)
            reader.execute("PRAGMA query_only = ON")
        return reader

    def stamp(self) -> int:
        """A number that changes with every commit."""
        self._check_process()
        if self.path == MEMORY:
            return self._writer.total_changes
        if self._stamper is None:  # its own: the numbers of two connections cannot be compared
            self._stamper = self._connect(self._mode)
        return int(self._stamper.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file. In a child that was forked, nothing: the parent has it open."""
        if self._seam.pid() != self._pid:
            return
        self._closed = True
        stuck = self._readers.call_back()
        self._open_now.connections[:] = [c for c in self._open_now.connections if c not in stuck]
        if self._open_now.checkpoints is not None:
            self._open_now.checkpoints.close()  # before the lock, which its thread may be waiting for
        with self._turn:
            self._open_now.close()

    def leave(self) -> None:
        """In a child that was forked: never touch again what the parent has open."""
        self._readers.forget()
        self._open_now.leave()

    def _begin(self) -> None:
        """BEGIN IMMEDIATE, tried again with jitter: a deferred transaction that turns to writing fails at once."""
        until = self._seam.monotonic() + PATIENCE
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if code(error) != BUSY or self._seam.monotonic() > until:
                    raise
                self._seam.pause(self._seam.jitter(SHORTEST, LONGEST))
            else:
                return

    # -- what may not happen meanwhile -----------------------------------------------------------------------------
    def _check_process(self) -> None:
        if self._seam.pid() != self._pid:
            raise opening.left_before_a_fork(self.path)
        if self._closed:
            raise StoreError(f"{self.path} was closed here; open it again")

    def _check_files(self) -> None:
        """StoreError if what was opened is not what is there now."""
        if self._open_now.files is None:
            return
        fate = self._open_now.files.look()
        if fate is Fate.SAME:
            return
        if fate is Fate.GONE:
            raise StoreError(f"{self.path} was deleted or moved while it was open; put it back, or say another --db")
        if fate is Fate.REPLACED:
            raise DatabaseReplaced(
                f"{self.path} was replaced by another file while it was open; start again to use that one"
            )
        if fate is Fate.LOG_REPLACED:
            raise DatabaseReplaced(
                f"{self.path}-wal was replaced while it was open; end every process that uses {self.path}, and put back"
                " a backup"
            )
        if fate is Fate.SMALLER:
            self._check_size()
        else:
            self._rescue()

    def _check_size(self) -> None:
        """A VACUUM may have made it smaller; whoever cut it off has broken it."""
        if not opening.is_whole(self.path):
            raise StoreError(f"{self.path} was cut off while it was open; put back a backup of it, or say another --db")

    def _rescue(self) -> None:
        """The deleted log is still open here: write what it holds into the database, and say so."""
        with suppress(sqlite3.Error):
            self._writer.execute("ROLLBACK")
        self._writer.execute(f"PRAGMA busy_timeout = {RESCUE}")
        try:
            _, held, moved = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._writer.execute("PRAGMA busy_timeout = 0")
        if held == moved:
            raise StoreError(
                f"{self.path}-wal was deleted while it was open; everything acknowledged was saved into {self.path},"
                " start again to go on"
            )
        raise StoreError(
            f"{self.path}-wal was deleted while it was open, and somebody who reads keeps it from being saved; end the"
            " other processes that use it, this one last"
        )

    # -- opening ---------------------------------------------------------------------------------------------------
    def _open(self, create: bool) -> sqlite3.Connection:
        if self.path != MEMORY:
            opening.check_path(self.path, create)
            self._was_there = os.path.exists(self.path)  # noqa: PTH110
        with said_at_opening(self.path):
            try:
                return self._open_to_write(create)
            except sqlite3.OperationalError as error:
                if create or code(error) not in UNWRITABLE:
                    raise
            return self._open_to_look()

    def _open_to_write(self, create: bool) -> sqlite3.Connection:
        try:
            self._writer = writer = self._connect()
            self._check_content(writer, create)
            synchronous = settings.synchronous()
            if self.path != MEMORY:
                self._check_mode(*writer.execute("PRAGMA journal_mode = WAL").fetchone())
                writer.execute("PRAGMA wal_autocheckpoint = 0")
                writer.execute(f"PRAGMA journal_size_limit = {SMALL}")
            writer.execute("PRAGMA busy_timeout = 0")  # from now on the turns are fair: see _begin
            writer.execute(f"PRAGMA synchronous = {'NORMAL' if synchronous == 'NORMAL' else 'FULL'}")
            if self._schema(writer) < len(MIGRATIONS):  # without the lock: who only looks waits for nobody
                self._migrate(writer)
        except sqlite3.OperationalError:
            self._open_now.close()
            raise
        if self.path != MEMORY:
            self._watch_over()
        return writer

    def _open_to_look(self) -> sqlite3.Connection:
        """The file cannot be written: look at it, if it can be read."""
        reader, self._mode = opening.connect_to_look(self.path)
        self._open_now.connections.append(reader)
        self._open_now.hold = Hold(self.path)
        self._check_content(reader, create=False)
        if (done := self._schema(reader)) < len(MIGRATIONS):
            raise StoreError(
                f"{self.path} is read-only, and of an older blackboard (schema {done}); copy it to a folder that you"
                " can write, and say that --db"
            )
        return reader

    def _watch_over(self) -> None:
        """From here on the files are there: nobody else may open them here, and they must stay."""
        now = self._open_now
        if now.hold is not None:
            now.hold.take()
        now.files = Files(self.path)
        now.checkpoints = Checkpoints(self.path, partial(opening.connect, self.path), self._seam, self._turn)

    def _connect(self, mode: str = "") -> sqlite3.Connection:
        made = opening.connect(self.path, mode)
        self._open_now.connections.append(made)
        if self._open_now.hold is None and self.path != MEMORY:
            self._open_now.hold = Hold(self.path)
        return made

    def _check_content(self, at: sqlite3.Connection, create: bool) -> None:
        (application,) = at.execute("PRAGMA application_id").fetchone()
        (tables,) = at.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and tables:
            raise NoDatabase(f"{self.path} is a database of something else; say another --db")
        if not tables and self._was_there and remembers(self.path):
            raise StoreError(
                f"{self.path} is empty, but boards were acknowledged in it: its -wal is missing; put that or a backup"
                f" back, or delete {live_folder_of(self.path)} to begin anew"
            )
        if not tables and not create:
            raise NoDatabase(f"{self.path} is empty; `blackboard run` makes a board in it, or say another --db")

    def _check_mode(self, mode: str) -> None:
        if mode != "wal":
            raise StoreError(f"{self.path} cannot be shared here (journal mode {mode}); use a local disk")

    def _schema(self, at: sqlite3.Connection) -> int:
        """How many migrations it has had. StoreError if that is more than there are."""
        known = at.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone()
        done = int(at.execute("SELECT max(version) FROM schema_version").fetchone()[0] or 0) if known else 0
        if done > len(MIGRATIONS):
            raise StoreError(
                f"{self.path} was written by a newer blackboard (schema {done}); upgrade, or say another --db"
            )
        return done

    def _migrate(self, writer: sqlite3.Connection) -> None:
        self._begin()
        try:
            done = self._schema(writer)
            for version, migration in enumerate(MIGRATIONS[done:], done + 1):
                for ddl in migration(DIALECT) if done else fresh(DIALECT) if version == 1 else ():
                    writer.execute(ddl)
                writer.execute("INSERT INTO schema_version VALUES (?, ?)", (version, self._seam.now()))
            if not done:
                writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            writer.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                writer.execute("ROLLBACK")
            raise


_databases: "weakref.WeakSet[SqliteDatabase]" = weakref.WeakSet()


def _leave_all() -> None:
    for database in tuple(_databases):
        database.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all)


def open_store(url: str, create: bool = True, seam: Seam = REAL) -> SqlStore:
    """The store of a path, of `sqlite:///PATH`, or of `:memory:` (private). NoDatabase, StoreError."""
    path = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else url
    database = SqliteDatabase(path, seam, create)
    presence = Attendance() if path == MEMORY else Sidecar(live_folder_of(path), seam)
    return SqlStore(database, seam, presence)
