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
from blackboard.seam import REAL, Seam
from blackboard.tools.documents import files
from blackboard.tools.documents.files import Skipped
from blackboard.tools.documents.index import Index, is_broken
from blackboard.tools.documents.passages import EDITION, Passage
from blackboard.tools.documents.quotes import Quote
from blackboard.tools.documents.reading import Original, Unreadable
from blackboard.tools.documents.upkeep import Upkeep
from blackboard.tools.extractive import STOPWORDS, stem

T = TypeVar("T")

MOST_RESULTS = 50
MOST_WORDS = 64
"""Further words of a query are not looked for."""
NOT_PROSE = 0.5
"""What code and tables count against prose that matches as well."""
TOKEN = re.compile(r"[^\W_]+")


class Library:
    """The documents in a folder: `search` finds passages, `read` and `verify` look again into the files themselves.

    `folder`: with Markdown, text, HTML, PDF, source code, at any depth. UsageError if it is no folder. The index is
    kept in the cache folder (BLACKBOARD_CACHE). A search that comes more than a second after the last look at the
    folder looks again, so that changed, new and deleted files count while a board is open. Threads and processes may
    share a folder and a Library. StoreError where the index cannot be written.
    """

    def __init__(self, folder: Path, seam: Seam = REAL) -> None:
        self.folder = files.folder_of_documents(Path(folder))
        self._index = Index(self.folder)
        self._upkeep = Upkeep(self.folder, self._index, seam)
        self._lock = threading.RLock()

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
        return self._with_index(self._index.documents)

    @property
    def skipped(self) -> list[Skipped]:
        """What was not read, by path: (path, reason). Errors as for `refresh`."""
        return self._with_index(lambda: list(self._upkeep.skipped))

    def refresh(self) -> None:
        """Read again what has changed in the folder. StoreError; UsageError if it has and had no readable document."""
        with self._lock:
            self._upkeep.again()
            self._with_index(lambda: None)

    def search(self, query: str, limit: int = 5) -> list[Passage]:
        """The passages that answer the query best, best first; none if no word of it occurs.

        `query`: free text; nothing in it is syntax. `limit`: 1 to 50. Errors as for `refresh`.
        """
        phrases = _phrases(query)
        return self._with_index(lambda: self._ranked(phrases)[: max(1, min(limit, MOST_RESULTS))])

    def read(self, document: str, start: int, end: int, page: int = 0) -> bytes:
        """What stands now in the file from byte `start` to before `end`, less if the file is shorter.

        `page`: of a PDF, from 1; the bytes are those of its text in UTF-8. UsageError for what is not a document of
        this folder or cannot be read, and for offsets that are no range.
        """
        return self._piece(document, start, end, page)[0]

    def read_text(self, document: str, start: int, end: int, page: int = 0) -> str:
        """The same as text, decoded as the file is; a replacement character for what is cut in the middle of one."""
        piece, encoding = self._piece(document, start, end, page)
        return piece.decode(encoding, errors="replace")

    def verify(self, cited: Passage | Quote) -> bool:
        """Whether the file still says exactly this at exactly this place."""
        try:
            found = self.read(cited.document, cited.start, cited.end, cited.page)
        except UsageError:
            return False
        exact = cited.exact if isinstance(cited, Passage) else cited.text
        return _stands(found, exact, cited.encoding, cited.sha256)

    def check(self, quotes: Sequence[Quote]) -> list[str]:
        """What is wrong with each, by reading every file once, anew; empty for a quote that stands as it was read.

        Where a file is not what it was, the next search looks at the folder first.
        """
        by_document = {
            name: self._checked(name, [q for q in quotes if q.document == name])
            for name in {q.document for q in quotes}
        }
        if doubtful := [name for name, wrong in by_document.items() if any(wrong.values())]:
            with self._lock:
                self._upkeep.doubt(doubtful)
        return [by_document[q.document][q] for q in quotes]

    def _piece(self, document: str, start: int, end: int, page: int) -> tuple[bytes, str]:
        if not 0 <= start <= end:
            raise UsageError(f"{start} to {end} is no range of bytes")
        try:
            original = Original(document, files.read_file(self.folder, document))
            return original.bytes(page)[start:end], original.encoding()
        except OSError as error:
            raise UsageError(f"{document!r} cannot be read: {error.strerror}") from error
        except Unreadable as reason:
            raise UsageError(f"{document!r} cannot be read: {reason}") from reason

    def _checked(self, document: str, quotes: Sequence[Quote]) -> dict[Quote, str]:
        try:
            data = files.read_file(self.folder, document)
            original, edition = Original(document, data), _sha256(data)[:EDITION]
            return {q: _wrong(q, original, edition) for q in quotes}
        except (OSError, UsageError, Unreadable):
            return dict.fromkeys(quotes, f"{document} cannot be read any more")

    def _with_index(self, job: Callable[[], T]) -> T:
        """Do it with an index that is up to date; with a new one if the old one breaks."""
        with self._lock, self._store_errors():
            try:
                self._upkeep.look()
                return job()
            except sqlite3.DatabaseError as error:
                if not is_broken(error):
                    raise
            self._index.throw_away()
            self._upkeep.again()
            self._upkeep.look()
            return job()

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreError(f"the index of {self.folder} cannot be used: {error}") from error

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


def _wrong(quote: Quote, original: Original, edition: str) -> str:
    if quote.edition not in ("", edition):
        return f"{quote.document} has changed since it was read"
    found = original.bytes(quote.page)[quote.start : quote.end]
    return (
        "" if _stands(found, quote.text, quote.encoding, quote.sha256) else f"{quote.document} does not say this there"
    )


def _stands(found: bytes, text: str, encoding: str, sha256: str) -> bool:
    try:
        return found == text.encode(encoding, errors="replace") and _sha256(found) == sha256
    except (LookupError, ValueError):  # no encoding of this name
        return False


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
