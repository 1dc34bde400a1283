"""Quotes: what a document says, and exactly where."""

import hashlib
import re

from pydantic import BaseModel, ConfigDict, Field


class Quote(BaseModel):
    """Bytes of a document: `text` is exactly what stands there from `start` to `end`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    document: str
    """Its path inside the folder of documents."""
    start: int = Field(ge=0)
    """Offset of the first byte."""
    end: int = Field(ge=0)
    text: str
    sha256: str
    """Hash of the quoted bytes."""
    line: int = Field(ge=1)
    """The line on which it begins, from 1."""

    @classmethod
    def at(cls, document: str, start: int, line: int, text: str) -> "Quote":
        """The quote of a text that stands at this byte; the rest follows from it."""
        quoted = text.encode()
        sha256 = hashlib.sha256(quoted).hexdigest()
        return cls(document=document, start=start, end=start + len(quoted), text=text, sha256=sha256, line=line)

    @property
    def place(self) -> str:
        """`document:line`, as editors and people write it."""
        return f"{self.document}:{self.line}"

    @property
    def sentence(self) -> str:
        """The text as it reads in a line of prose: of links only the words, no footnote numbers, no line breaks."""
        words_of_links = re.sub(r"\[([^\[\]]+)\]\([^()\s]*\)", r"\1", self.text)
        return " ".join(re.sub(r"\s*\[\^?\d+\]|\n\s*>", " ", words_of_links).split())
