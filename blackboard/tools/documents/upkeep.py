"""Keeps the index of a folder up to date while the folder changes."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from blackboard.errors import UsageError
from blackboard.seam import REAL, Seam
from blackboard.tools.documents import files
from blackboard.tools.documents.files import File, Skipped, in_words
from blackboard.tools.documents.index import Index
from blackboard.tools.documents.passages import Document
from blackboard.tools.documents.reading import Unreadable, read_document

EVERY = 1.0
"""Seconds for which a look at the folder holds."""
SHARE = 20
"""A look at a large folder holds for so many times as long as it took."""
MOST_FILES = 256
MOST_BYTES = 4_000_000
"""In one transaction: for that long others wait, and that much is done again after a kill."""


class Upkeep:
    """Looks at the folder and brings what has changed into the index. One thread at a time may use it."""

    def __init__(self, folder: Path, index: Index, seam: Seam = REAL) -> None:
        self.skipped: list[Skipped] = []
        """What was not read at the last look: path and reason."""
        self._folder = folder
        self._index = index
        self._seam = seam
        self._good_until: float | None = None
        self._found: list[File] | None = None
        self._passed: list[Skipped] = []
        self._edition = (0, 0)
        self._doubted: set[str] = set()
        self._has_had_documents = False

    def doubt(self, documents: Sequence[str]) -> None:
        """These files are not as the index has them: the next look is due, and reads them whatever their time says."""
        self._doubted.update(documents)
        self._good_until = None

    def again(self) -> None:
        """The next look is due, and compares everything."""
        self._good_until = self._found = None

    def look(self) -> None:
        """Bring the index up to date if the last look is too old.

        UsageError if the folder holds no readable document and held none before: to become empty is no mistake.
        """
        begun = self._seam.monotonic()
        if self._good_until is not None and begun < self._good_until:
            return
        found, passed = files.list_documents(self._folder)
        if found != self._found or self._doubted or self._edition != self._index.edition():
            unopened = self._compare(found)
            self.skipped = sorted([*passed, *unopened, *self._index.skipped()])
            self._found, self._edition = found, self._index.edition()
        elif self._passed != passed:
            self.skipped = sorted([*passed, *self._index.skipped()])
        self._passed = passed
        self._refuse_nothing()
        ended = self._seam.monotonic()
        self._good_until = ended + max(EVERY, SHARE * (ended - begun))

    def _refuse_nothing(self) -> None:
        if not self._has_had_documents and not self._index.documents():
            why = f": {', '.join(passed)}" if (passed := in_words(self.skipped)) else ""
            raise UsageError(f"{self._folder} has no readable document{why}; {files.wanted()}")
        self._has_had_documents = True

    def _compare(self, found: list[File]) -> list[Skipped]:
        """Bring the index up to date with what was found; give what could not be opened."""
        known = self._index.known()
        doubted = set(self._doubted)
        changed = [f for f in found if f.path in doubted or f.path not in known or known[f.path].file != f]
        gone = sorted(known.keys() - {file.path for file in found})
        for batch in _batches([known[path].file for path in gone]):
            self._forget(batch)
        unopened = [lost for batch in _batches(changed) for lost in self._take(batch, doubted)]
        self._doubted -= doubted
        return unopened

    def _forget(self, batch: list[File]) -> None:
        with self._index.transaction():
            for file in batch:
                # Another process may have found it since, and put it there.
                if not (self._folder / file.path).is_file():
                    self._index.drop(file.path)

    def _take(self, batch: list[File], doubted: set[str]) -> list[Skipped]:
        unopened = []
        with self._index.transaction():
            known = self._index.known([file.path for file in batch])
            for listed in batch:
                had = known.get(listed.path)
                if had and had.file == listed and listed.path not in doubted:
                    continue  # another process has done it while this one waited
                try:
                    file, data = files.read_listed(self._folder, listed.path)
                except (OSError, UsageError):
                    self._index.drop(listed.path)
                    if os.path.lexists(self._folder / listed.path):  # else it was deleted since it was listed
                        unopened.append((listed.path, "cannot be opened"))
                    continue
                sha256 = hashlib.sha256(data).hexdigest()
                if had and had.sha256 == sha256:
                    self._index.touch(file)
                else:
                    self._index.put(file, sha256, _content(file.path, data))
        return unopened


def _batches(changed: Sequence[File]) -> Iterator[list[File]]:
    batch: list[File] = []
    size = 0
    for file in changed:
        if batch and (len(batch) == MOST_FILES or size + file.size > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def _content(path: str, data: bytes) -> Document | str:
    """What is in a file, or why it is not read."""
    try:
        document = read_document(path, data)
    except Unreadable as reason:
        return str(reason)
    return document if document.passages else "no text in it"
