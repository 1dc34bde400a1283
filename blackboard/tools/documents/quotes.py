"""Quotes: what a document says, and exactly where."""

import hashlib
import re

from pydantic import BaseModel, ConfigDict, Field

from blackboard.tools.documents.passages import Passage


class Quote(BaseModel):
    """Bytes of a document: `text` is exactly what stands there from `start` to `end`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    document: str
    """Its path inside the folder of documents."""
    start: int = Field(ge=0)
    """Offset of the first byte; in a PDF, of the text of its page in UTF-8."""
    end: int = Field(ge=0)
    text: str
    sha256: str
    """Hash of the quoted bytes."""
    line: int = Field(ge=1)
    """The line on which it begins, from 1; in a PDF, of its page."""
    page: int = Field(default=0, ge=0)
    """The page on which it stands, from 1; 0: the document has no pages."""
    heading: str = ""
    """The nearest above it."""
    reads: str = ""
    """How the text reads without markup, where that differs."""
    encoding: str = "utf-8"
    """Of the document."""
    edition: str = ""
    """The beginning of the hash of the whole file as it was read; empty: unknown."""

    @classmethod
    def at(cls, document: str, start: int, line: int, text: str) -> "Quote":
        """The quote of a text in UTF-8 that stands at this byte; the rest follows from it."""
        quoted = text.encode()
        sha256 = hashlib.sha256(quoted).hexdigest()
        return cls(document=document, start=start, end=start + len(quoted), text=text, sha256=sha256, line=line)

    @classmethod
    def of(cls, passage: Passage, start: int, end: int) -> "Quote":
        """The quote of what reads as the characters `start` to `end` of the passage's text."""
        begin, stop = passage.place(start, end)
        before, text, reads = passage.exact[:begin], passage.exact[begin:stop], passage.text[start:end]
        quoted, first = text.encode(passage.encoding), passage.start + len(before.encode(passage.encoding))
        return cls(
            document=passage.document,
            start=first,
            end=first + len(quoted),
            text=text,
            sha256=hashlib.sha256(quoted).hexdigest(),
            line=passage.line + before.count("\n"),
            page=passage.page,
            heading=passage.heading,
            reads="" if reads == text else reads,
            encoding=passage.encoding,
            edition=passage.edition,
        )

    @property
    def place(self) -> str:
        """`document:line`, as editors and people write it; of a document with pages `document, page 3`."""
        return f"{self.document}, page {self.page}" if self.page else f"{self.document}:{self.line}"

    @property
    def sentence(self) -> str:
        """The text as it reads in a line of prose: of links only the words, no footnote numbers, no line breaks."""
        words_of_links = re.sub(r"\[([^\[\]]+)\]\([^()\s]*\)", r"\1", self.reads or self.text)
        return " ".join(re.sub(r"\s*\[\^?\d+\]|\n\s*>", " ", words_of_links).split())
