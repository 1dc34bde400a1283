"""Reads the bytes of a file as a document, by the format that its name or its content tells."""

from collections.abc import Callable
from pathlib import PurePosixPath

from blackboard.tools.documents import markdown
from blackboard.tools.documents.passages import Document, Outline, Places, passages

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FORMATS: dict[str, Callable[[str], Outline]] = {
    ".md": markdown.outline,
    ".markdown": markdown.outline,
    ".txt": markdown.outline,
    ".text": markdown.outline,
    ".rst": markdown.outline,
}
"""What makes an outline of a text, by the end of the file's name."""


class Unreadable(Exception):
    """A file is no document; says why in a word or two: `binary`."""


def read_document(path: str, data: bytes) -> Document:
    """The title and the passages of a document, in order. Unreadable."""
    text, encoding, begin = decoded(data)
    name = PurePosixPath(path)
    found = FORMATS.get(name.suffix.lower(), markdown.outline)(text)
    title = found.title or name.stem.replace("-", " ").replace("_", " ")
    return Document(path, title, list(passages(path, found.blocks, Places(text, encoding, begin))))


def decoded(data: bytes) -> tuple[str, str, int]:
    """The text of a file, its encoding, and how many bytes stand before the text. Unreadable."""
    if b"\0" in data:
        raise Unreadable("binary")
    begin = len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0
    try:
        return data[begin:].decode(), "utf-8", begin
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
