"""The library: one folder of documents, searched by words and quoted by byte offsets."""

import hashlib
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from blackboard.errors import StoreError, UsageError
from blackboard.tools.documents import files
from blackboard.tools.documents.files import File, Skipped, in_words
from blackboard.tools.documents.index import Index, Known, is_broken
from blackboard.tools.documents.passages import EDITION, Document, Passage
from blackboard.tools.documents.quotes import Quote
from blackboard.tools.documents.reading import Unreadable, read_document
from blackboard.tools.extractive import STOPWORDS, stem

T = TypeVar("T")

MOST_RESULTS = 50
MOST_WORDS = 32
"""Further words of a query are not looked for."""
NOT_PROSE = 0.5
"""What code and tables count against prose that matches as well."""
TOKEN = re.compile(r"[^\W_]+")


class Library:
    """The documents in a folder: `search` finds passages, `read` and `verify` look again into the files themselves.

    `folder`: with .md, .markdown, .txt, .rst and .text files, at any depth. UsageError if it is no folder. The index
    is brought up to date at the first search and by `refresh`; it is kept in the cache folder (BLACKBOARD_CACHE).
    Threads and processes may share a folder and a Library. StoreError where the index cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = files.folder_of_documents(Path(folder))
        self._index = Index(self.folder)
        self._lock = threading.RLock()
        self._is_current = False
        self._skipped: list[Skipped] = []

    @classmethod
    def opened(cls, folder: Path) -> "Library":
        """With its index up to date: says at once what is wrong with the folder. Errors as for `refresh`."""
        library = cls(folder)
        library.refresh()
        return library

    def __repr__(self) -> str:
        return f"Library({str(self.folder)!r})"

    @property
    def documents(self) -> int:
        """How many documents can be searched. Errors as for `refresh`."""
        return self._with_index(lambda: sum(not known.skipped for known in self._index.known().values()))

    @property
    def skipped(self) -> list[Skipped]:
        """What was not read, by path: (path, reason). Errors as for `refresh`."""
        return self._with_index(lambda: list(self._skipped))

    def refresh(self) -> None:
        """Read again what has changed in the folder. UsageError if it holds no readable document; StoreError."""
        with self._lock:
            self._is_current = False
            self._with_index(lambda: None)

    def search(self, query: str, limit: int = 5) -> list[Passage]:
        """The passages that answer the query best, best first; none if no word of it occurs.

        `query`: free text; nothing in it is syntax. `limit`: 1 to 50. Errors as for `refresh`.
        """
        phrases = _phrases(query)
        return self._with_index(lambda: self._ranked(phrases)[: max(1, min(limit, MOST_RESULTS))])

    def read(self, document: str, start: int, end: int) -> bytes:
        """What stands now in the file from byte `start` to before `end`, less if the file is shorter.

        UsageError for what is not a document of this folder, and for offsets that are no range.
        """
        if not 0 <= start <= end:
            raise UsageError(f"{start} to {end} is no range of bytes")
        try:
            return files.read_file(self.folder, document)[start:end]
        except OSError as error:
            raise UsageError(f"{document!r} cannot be read: {error.strerror}") from error

    def verify(self, cited: Passage | Quote) -> bool:
        """Whether the file still says exactly this at exactly this place."""
        try:
            found = self.read(cited.document, cited.start, cited.end)
        except UsageError:
            return False
        exact = cited.exact if isinstance(cited, Passage) else cited.text
        return found == exact.encode(cited.encoding, errors="replace") and _sha256(found) == cited.sha256

    def check(self, quotes: Sequence[Quote]) -> list[str]:
        """What is wrong with each, by reading every file once, anew; empty for a quote that stands as it was read."""
        by_document = {
            name: self._checked(name, [q for q in quotes if q.document == name])
            for name in {q.document for q in quotes}
        }
        return [by_document[q.document][q] for q in quotes]

    def _checked(self, document: str, quotes: Sequence[Quote]) -> dict[Quote, str]:
        try:
            data = files.read_file(self.folder, document)
        except (OSError, UsageError):
            return dict.fromkeys(quotes, f"{document} cannot be read any more")
        edition = _sha256(data)[:EDITION]
        return {q: _wrong(q, data, edition) for q in quotes}

    def _with_index(self, job: Callable[[], T]) -> T:
        """Do it with an index that is up to date; with a new one if the old one breaks."""
        with self._lock, self._store_errors():
            try:
                self._bring_up_to_date()
                return job()
            except sqlite3.DatabaseError as error:
                if not is_broken(error):
                    raise
            self._index.throw_away()
            self._is_current = False
            self._bring_up_to_date()
            return job()

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreError(f"the index of {self.folder} cannot be used: {error}") from error

    def _bring_up_to_date(self) -> None:
        if self._is_current:
            return
        found, skipped = files.list_documents(self.folder)
        if found != [known.file for known in self._index.known().values()]:
            with self._index.transaction():
                skipped += self._read_again(found)
        known = self._index.known().values()
        self._skipped = sorted([*skipped, *((k.file.path, k.skipped) for k in known if k.skipped)])
        if all(k.skipped for k in known):
            why = f": {', '.join(passed)}" if (passed := in_words(self._skipped)) else ""
            wanted = f"--documents takes a folder with {', '.join(files.SUFFIXES)}"
            raise UsageError(f"{self.folder} has no readable document{why}; {wanted}")
        self._is_current = True

    def _read_again(self, found: list[File]) -> list[Skipped]:
        """Bring what has changed into the index; give what could not be opened."""
        known = self._index.known()  # again: another process may have done the work while this one waited
        for path in known.keys() - {file.path for file in found}:
            self._index.drop(path)
        changed = [file for file in found if file.path not in known or known[file.path].file != file]
        return [(file.path, "cannot be opened") for file in changed if not self._take(file, known.get(file.path))]

    def _take(self, file: File, known: Known | None) -> bool:
        try:
            data = files.read_file(self.folder, file.path)
        except (OSError, UsageError):
            self._index.drop(file.path)
            return False
        sha256 = _sha256(data)
        if known and known.sha256 == sha256:
            self._index.touch(file)
        else:
            self._index.put(file, sha256, _content(file.path, data))
        return True

    def _ranked(self, phrases: list[str]) -> list[Passage]:
        """bm25 times the share of the query's words that a passage has: one word often does not beat two words once."""
        if not phrases:
            return []
        best = self._index.best(" OR ".join(phrases))
        having = [self._index.containing(phrase, list(best)) for phrase in phrases]
        ranked = [_scored(p, sum(number in h for h in having) / len(phrases)) for number, p in best.items()]
        return sorted(ranked, key=lambda passage: (-passage.score, passage.document, passage.start))


def _phrases(query: str) -> list[str]:
    """The content words of a free text, each once, quoted for FTS5; if there are only stopwords, those."""
    found = TOKEN.findall(query)
    content = [word for word in found if word.lower() not in STOPWORDS] or found
    by_stem = {stem(word.lower()): f'"{word}"' for word in reversed(content)}
    return list(reversed(by_stem.values()))[:MOST_WORDS]


def _scored(passage: Passage, coverage: float) -> Passage:
    return passage.model_copy(update={"score": passage.score * coverage * (1 if passage.prose else NOT_PROSE)})


def _content(path: str, data: bytes) -> Document | str:
    """What is in a file, or why it is not read."""
    try:
        document = read_document(path, data)
    except Unreadable as reason:
        return str(reason)
    return document if document.passages else "no text in it"


def _wrong(quote: Quote, data: bytes, edition: str) -> str:
    if quote.edition not in ("", edition):
        return f"{quote.document} has changed since it was read"
    found = data[quote.start : quote.end]
    stands = found == quote.text.encode(quote.encoding, errors="replace") and _sha256(found) == quote.sha256
    return "" if stands else f"{quote.document} does not say this there"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
