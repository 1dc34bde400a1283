"""From the bytes of a file to its text, and surely back again."""

import codecs
import re

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(
    rb"""\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)"""
    rb"""|<meta\s[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)"""
    rb"""|\A(?:.*\n)?[ \t\f]*\#.{0,200}?coding[:=][ \t]*([\w.-]+)""",
    re.IGNORECASE,
)
"""In an XML declaration, in HTML, in the first two lines of a program."""
DECLARED_WITHIN = 2048
ALLOWED = re.compile(r"ascii|iso8859|cp\d|koi8|mac-|gb|big5|euc|shift_jis|johab|tis|kz1048|ptcp154")
"""What a file may name. Others are slow (idna), no encodings of texts, or spread a character over its neighbours."""
GUESSED = ("cp1252", "latin-1")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
MOST_CONTROL = 0.005
"""Share of the characters of a text; what is compressed or compiled has more."""


class Unreadable(Exception):
    """A file is no document; says why in a word or two: `binary`."""


def decoded(data: bytes) -> tuple[str, str, int]:
    """The text of a file, its encoding, and how many bytes stand before the text. Unreadable.

    Encoded again, the text is these bytes, and so is each part of it, so that characters have places.
    """
    for mark, encoding in MARKS:
        text = _text(data[len(mark) :], encoding) if data.startswith(mark) else None
        if text is not None and (encoding == "utf-8" or _is_likely(text)):
            return text, encoding, len(mark)
    if b"\0" in data:
        raise Unreadable("binary")
    if (text := _text(data, "utf-8")) is not None:
        return text, "utf-8", 0
    for encoding in (*_declared(data), *GUESSED):
        text = _text(data, encoding)
        if text is not None and _is_likely(text):
            return text, encoding, 0
    raise Unreadable("binary")


def _declared(data: bytes) -> list[str]:
    """What the file says of itself, if that can be believed."""
    said = DECLARED.search(data[:DECLARED_WITHIN])
    if not said:
        return []
    try:
        name = codecs.lookup((said[1] or said[2] or said[3]).decode("ascii")).name
    except (LookupError, ValueError):
        return []
    if name in ("iso8859-1", "ascii"):  # as every browser does: what is meant is Windows' superset
        name = "cp1252"
    if not ALLOWED.match(name):
        return []
    try:
        text = data.decode(name)
        return [name] if b"".join(char.encode(name) for char in text) == data else []
    except UnicodeError:
        return []


def _text(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
        return text if "\0" not in text and text.encode(encoding) == data else None
    except UnicodeError:
        return None


def _is_likely(text: str) -> bool:
    """Whether these bytes were meant as this text: most encodings make some text of anything."""
    return len(CONTROL.findall(text)) <= MOST_CONTROL * len(text)
