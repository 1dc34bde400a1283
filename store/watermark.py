"""The mark: how far each board was ever acknowledged, in a small file beside the database.

The feed can tell that something in its middle is gone, but not that its end is: an older copy put in its place, a -wal
that was deleted, a power cut without FULL. The mark can. A header names the database, then each board has eight bytes
at the place of its number. It is written after COMMIT and never synced: a lower bound, that costs a microsecond or two.
"""

import os
import struct
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from store.files import live_folder_of

HEADER = struct.Struct("<8sd")  # what it is; when the database was made
PLACE = struct.Struct("<Q")  # the highest head that was acknowledged
MAGIC = b"BlkBmark"


class Watermark:
    """The highest head of each board that anybody was told of. A folder that cannot be written to has none."""

    def __init__(self, path: Path, made_at: float) -> None:
        self.path, self._made_at = path, made_at
        self._turn = threading.Lock()
        self._file: int | None = None
        self._failed = False
        self._let_go: Callable[[], object] = _nothing  # closes the file once there is one, also if nobody else does
        self._heads: dict[int, int] = {}  # what this process has noted

    def note(self, number: int, head: int) -> None:
        """Take note that the head of the board with this number is acknowledged. Never raises, never lowers."""
        if head <= self._heads.get(number, 0):
            return
        with self._turn:
            try:
                file, place = self._opened(), _place(number)
                if file is not None and head > _known(_read(file, PLACE.size, place)):
                    _write(file, PLACE.pack(head), place)
            except (OSError, struct.error):
                return
            self._heads[number] = max(head, self._heads.get(number, 0))

    def head_of(self, number: int) -> int:
        """The highest head that was acknowledged of the board with this number; 0 where nothing is known."""
        try:
            file = os.open(self.path, os.O_RDONLY)
        except OSError:
            return 0
        try:
            ours = _read(file, HEADER.size, 0) == self._header
            return _known(_read(file, PLACE.size, _place(number))) if ours else 0
        except OSError:
            return 0
        finally:
            os.close(file)

    def heads_from(self, number: int) -> list[int]:
        """The highest heads that were acknowledged of the boards from this number on."""
        try:
            known = (self.path.stat().st_size - HEADER.size) // PLACE.size
        except OSError:
            return []
        return [self.head_of(n) for n in range(number, known)]

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._let_go()
            self._file, self._failed = None, True

    @property
    def _header(self) -> bytes:
        return HEADER.pack(MAGIC, self._made_at)

    def _opened(self) -> int | None:
        """The file, begun anew if it is of another database (one that was deleted). None: it cannot be written."""
        if self._file is None and not self._failed:
            self._failed = True  # until it has been seen to work
            self.path.parent.mkdir(exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                self._begin(file)
            except OSError:
                os.close(file)
                raise
            self._file, self._failed = file, False
            self._let_go = weakref.finalize(self, os.close, file)
        return self._file

    def _begin(self, file: int) -> None:
        found = _read(file, HEADER.size, 0)
        if found == self._header:
            return
        if found:
            os.ftruncate(file, 0)
        _write(file, self._header, 0)


def _nothing() -> None:
    """What is to be closed while there is no file."""


def _read(file: int, size: int, place: int) -> bytes:
    os.lseek(file, place, os.SEEK_SET)  # and not `pread`, which Windows does not have; nobody else uses this descriptor
    return os.read(file, size)


def _write(file: int, data: bytes, place: int) -> None:
    os.lseek(file, place, os.SEEK_SET)
    os.write(file, data)


def remembers(database: str) -> bool:
    """Whether boards were acknowledged in a database at this path, whichever it was."""
    mark = beside(database, 0.0)
    try:
        found = mark.path.read_bytes()
    except OSError:
        return False
    return found.startswith(MAGIC) and any(found[HEADER.size :])


def _place(number: int) -> int:
    return HEADER.size + PLACE.size * number


def _known(found: bytes) -> int:
    return int(PLACE.unpack(found)[0]) if len(found) == PLACE.size else 0


def beside(database: str, made_at: float) -> Watermark:
    """The mark of the database at this path, which was made at this time: so it is told from one that was deleted."""
    return Watermark(live_folder_of(database) / "mark", made_at)
