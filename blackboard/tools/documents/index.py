"""The index of a folder: one SQLite file with full-text search, that can be thrown away and made again."""

import hashlib
import json
import os
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from blackboard.errors import StoreError
from blackboard.settings import cache_folder
from blackboard.tools.documents.files import File
from blackboard.tools.documents.passages import EDITION, Document, Passage

VERSION = 2
"""Part of the file's name too, so that two versions of this program never throw away each other's index."""
APPLICATION = 0x62626478
BUSY = 300.0
"""Seconds to wait for another process that is reading a large folder for the first time."""
BROKEN = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""What SQLite answers when the file is not, or not any more, what this module wrote."""
CANDIDATES = 50
"""How many of the best passages by bm25 are looked at more closely."""
WEIGHTS = "1.0, 0.7, 0.3"
"""What a word counts for bm25 in the text, in the heading, in the title."""

TABLES = f"""
CREATE TABLE document(path TEXT PRIMARY KEY, changed_ns INTEGER, size INTEGER, sha256 TEXT, skipped TEXT) WITHOUT ROWID;
CREATE TABLE passage(
  id INTEGER PRIMARY KEY, document TEXT, start INTEGER, "end" INTEGER, sha256 TEXT,
  heading TEXT, line INTEGER, prose INTEGER, page INTEGER, raw TEXT, runs TEXT, encoding TEXT
);
CREATE INDEX passage_of_document ON passage(document);
CREATE VIRTUAL TABLE words USING fts5(text, heading, title, tokenize='porter unicode61 remove_diacritics 2');
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""
PUT = "INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
BEST = f"""
SELECT p.id, p.document, p.start, p."end", words.text, p.sha256, p.heading, p.line, p.prose, p.page, p.raw, p.encoding,
  substr(d.sha256, 1, {EDITION}), -bm25(words, {WEIGHTS}), p.runs
FROM words JOIN passage p ON p.id = words.rowid JOIN document d ON d.path = p.document WHERE words MATCH ?
ORDER BY bm25(words, {WEIGHTS}), p.document, p.start LIMIT {CANDIDATES}
"""
FIELDS = (
    *("document", "start", "end", "text", "sha256", "heading", "line", "prose", "page", "raw", "encoding"),
    *("edition", "score"),
)


@dataclass(frozen=True)
class Known:
    """What the index says of a file. `skipped`: why its content is not read; empty if it is."""

    file: File
    sha256: str
    skipped: str


class Index:
    """Files and their passages as they were last read. One thread at a time may use it.

    Every method may raise sqlite3.DatabaseError; `is_broken` says whether `throw_away` helps.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db: sqlite3.Connection | None = None
        self._path = Path()
        self._inode = 0

    def known(self, paths: Sequence[str] | None = None) -> dict[str, Known]:
        """The files that the index knows, by path: all, or those of these."""
        asked = "" if paths is None else " WHERE path IN (SELECT value FROM json_each(?))"
        statement = f"SELECT path, changed_ns, size, sha256, skipped FROM document{asked} ORDER BY path"
        rows = self._open().execute(statement, () if paths is None else (json.dumps(paths),))
        return {row[0]: Known(File(*row[:3]), *row[3:]) for row in rows}

    def skipped(self) -> list[tuple[str, str]]:
        """The files whose content is not read, and why, by path."""
        statement = "SELECT path, skipped FROM document WHERE skipped != '' ORDER BY path"
        return list(self._open().execute(statement))

    def documents(self) -> int:
        """How many files have passages."""
        found: int = self._open().execute("SELECT count(*) FROM document WHERE skipped = ''").fetchone()[0]
        return found

    def edition(self) -> tuple[int, int]:
        """Another one than before if somebody else has written into the index, or this is another file."""
        return self._inode, self._open().execute("PRAGMA data_version").fetchone()[0]

    def put(self, file: File, sha256: str, content: Document | str) -> None:
        """Remember a file with its passages, or the reason why it has none, in place of what was known of it."""
        db = self._open()
        if db.execute("SELECT 1 FROM document WHERE path = ?", (file.path,)).fetchone():
            self.drop(file.path)
        skipped = content if isinstance(content, str) else ""
        row = (file.path, file.changed_ns, file.size, sha256, skipped)
        db.execute("INSERT INTO document VALUES (?, ?, ?, ?, ?)", row)
        if isinstance(content, Document):
            self._put_passages(content)

    def touch(self, file: File) -> None:
        """Remember that a file was written again with the same content."""
        row = (file.changed_ns, file.size, file.path)
        self._open().execute("UPDATE document SET changed_ns = ?, size = ? WHERE path = ?", row)

    def drop(self, path: str) -> None:
        """Forget a file."""
        db = self._open()
        db.execute("DELETE FROM words WHERE rowid IN (SELECT id FROM passage WHERE document = ?)", (path,))
        db.execute("DELETE FROM passage WHERE document = ?", (path,))
        db.execute("DELETE FROM document WHERE path = ?", (path,))

    def best(self, expression: str) -> dict[int, Passage]:
        """The best passages for an FTS5 expression by their numbers, best first, scored by bm25."""
        rows = self._open().execute(BEST, (expression,))
        return {
            row[0]: Passage(**dict(zip(FIELDS, row[1:-1], strict=True)), runs=json.loads(row[-1] or "[]"))
            for row in rows
        }

    def containing(self, expression: str, numbers: list[int]) -> set[int]:
        """Which of these passages match an FTS5 expression."""
        statement = "SELECT rowid FROM words WHERE words MATCH ? AND rowid IN (SELECT value FROM json_each(?))"
        return {row[0] for row in self._open().execute(statement, (expression, json.dumps(numbers)))}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is put and dropped inside; one process at a time."""
        db = self._open()
        # SQLite before 3.51.3 can break a file when one process writes while another checkpoints (the WAL-reset bug).
        with _alone(self._path):
            db.execute("BEGIN IMMEDIATE")
            try:
                yield
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def throw_away(self) -> None:
        """Delete the file if it is still the one that this object opened. The next use makes a new one."""
        if self._db is not None:
            self._db.close()
            self._db = None
        with _alone(self._path):
            if self._path.exists() and self._path.stat().st_ino == self._inode:
                _delete(self._path)

    def _put_passages(self, document: Document) -> None:
        db = self._open()
        first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM passage").fetchone()[0]
        numbered = list(enumerate(document.passages, start=first))
        db.executemany(PUT, ((number, *_place(passage)) for number, passage in numbered))
        words = "INSERT INTO words(rowid, text, heading, title) VALUES (?, ?, ?, ?)"
        db.executemany(words, ((number, p.text, p.heading, document.title) for number, p in numbered))

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._path = (
                _cache() / f"documents-{VERSION}-{hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:24]}.db"
            )
            with _alone(self._path):
                self._db = _opened(self._path)
                self._inode = self._path.stat().st_ino
            weakref.finalize(self, self._db.close)
        return self._db


def _place(p: Passage) -> tuple[str | int, ...]:
    runs = json.dumps(p.runs) if p.runs else ""
    return (p.document, p.start, p.end, p.sha256, p.heading, p.line, p.prose, p.page, p.raw, runs, p.encoding)


def is_broken(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is at fault, not a full disk or another process."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in BROKEN


def _opened(path: Path) -> sqlite3.Connection:
    """The index in this file, made anew if the file is new, or not an index."""
    db = _connected(path)
    with suppress(sqlite3.DatabaseError):
        marks = (db.execute("PRAGMA application_id").fetchone()[0], db.execute("PRAGMA user_version").fetchone()[0])
        if marks == (APPLICATION, VERSION):
            db.execute("PRAGMA synchronous = NORMAL")
            return db
    db.close()
    _delete(path)
    db = _connected(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript(f"BEGIN IMMEDIATE; {TABLES} COMMIT;")
    return db


def _connected(path: Path) -> sqlite3.Connection:
    # The threads that use a Library take turns, so that they may share its connection.
    return sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)


def _delete(path: Path) -> None:
    for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), Path(f"{path}-journal")):
        part.unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time opens, writes or deletes an index: deleted under one that opens it, it would break anew.

    The lock is an empty SQLite file, because that works on every system and ends with its process.
    """
    lock = sqlite3.connect(path.with_suffix(".lock"), timeout=BUSY, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        lock.close()


def _cache() -> Path:
    """The cache folder, or one of this user in the system's temporary folder."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    own, shared = Path(cache_folder()), Path(tempfile.gettempdir(), f"blackboard-{user}")
    for folder in (own, shared):
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Where everybody can write, somebody else may have made the folder first, with an index of his own.
            is_ours = folder is own or (folder.lstat().st_uid == user and not folder.is_symlink())
            if is_ours and os.access(folder, os.W_OK | os.X_OK):
                return folder
    raise StoreError("neither the cache folder (BLACKBOARD_CACHE) nor the temporary folder can be written")
