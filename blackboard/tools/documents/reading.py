"""Reads the bytes of a file as a document, by the format that its name tells."""

from collections.abc import Callable
from pathlib import PurePosixPath

from blackboard.tools.documents import code, html, markdown, rest, texts
from blackboard.tools.documents.encodings import Unreadable, decoded
from blackboard.tools.documents.passages import Document, Outline, Places, passages
from blackboard.tools.documents.pdf import Pdf, read_pdf

FORMATS: dict[str, Callable[[str], Outline]] = {
    ".md": markdown.outline,
    ".markdown": markdown.outline,
    ".txt": texts.outline,
    ".text": texts.outline,
    ".rst": rest.outline,
    ".html": html.outline,
    ".htm": html.outline,
    ".xhtml": html.outline,
    **code.FORMATS,
}
"""What makes an outline of a text, by the end of the file's name."""
PAGED = (".pdf",)
"""What is no text by itself."""

__all__ = ["FORMATS", "PAGED", "Original", "Unreadable", "read_document", "suffixes"]


def suffixes() -> tuple[str, ...]:
    """How the names of documents end."""
    return (*FORMATS, *PAGED)


def read_document(path: str, data: bytes) -> Document:
    """The title and the passages of a document, in order. Unreadable."""
    name = PurePosixPath(path)
    stem = name.stem.replace("-", " ").replace("_", " ")
    if _is_paged(path):
        title, pieces = read_pdf(path, data)
        return Document(path, title or stem, pieces)
    text, encoding, begin = decoded(data)
    found = FORMATS.get(name.suffix.lower(), markdown.outline)(text)
    return Document(path, found.title or stem, list(passages(path, found.blocks, Places(text, encoding, begin))))


class Original:
    """The bytes of a file, as passages and quotes count them. Nothing is worked out before it is asked for."""

    def __init__(self, path: str, data: bytes) -> None:
        self._path = path
        self._data = data
        self._pdf: Pdf | None = None
        self._pages: dict[int, bytes] = {}

    def bytes(self, page: int = 0) -> bytes:
        """Those of the file, or of the text of a page in UTF-8. Unreadable."""
        if not _is_paged(self._path):
            return self._data
        if page not in self._pages:
            self._pdf = self._pdf or Pdf(self._data)
            self._pages[page] = self._pdf.text(page).encode()
        return self._pages[page]

    def encoding(self) -> str:
        """That of the bytes. Unreadable."""
        return "utf-8" if _is_paged(self._path) else decoded(self._data)[1]


def _is_paged(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in PAGED
