"""What the editors write to each other, and what comes out."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from blackboard import Kind


class Manuscript(Kind):
    """Edit a Markdown document: headings, terms, figures, filler words and long sentences."""

    document: Path
    """The Markdown file; it is read, never changed."""
    glossary: Path | None = None
    """File of spellings, a line each: `preferred: variant, variant`."""
    facts: Path | None = None
    """File of figures, a line each: `subject: value`, as in `SQLite page size: 4096 bytes`."""
    words: int = Field(default=35, ge=8)
    """Words that a sentence may have before it is split."""


class Term(BaseModel):
    """How a thing is to be spelled, and how it is not."""

    model_config = ConfigDict(frozen=True)
    preferred: str
    variants: tuple[str, ...]
    source: str
    """The line of the glossary: `terms.txt, line 3`."""


class Figure(BaseModel):
    """What a number is."""

    model_config = ConfigDict(frozen=True)
    subject: str
    number: str
    unit: str = ""
    source: str
    """The line of the facts as it stands there: `facts.txt, line 2: Python version: 3.11`."""


class Style(Kind):
    """What the editors go by."""

    terms: tuple[Term, ...] = ()
    figures: tuple[Figure, ...] = ()
    words: int = 35


class Change(BaseModel):
    """One change of a text, in a few words around it."""

    model_config = ConfigDict(frozen=True)
    reason: str
    before: str
    after: str


class Section(Kind, lifecycle={"draft": ()}):
    """A heading and the text below it, or what stands before the first heading. Each edit is a version."""

    number: int
    """Its place in the document, from 0."""
    text: str
    """Exactly as it stands in the document, line ends included."""
    under: tuple[int, ...] = ()
    """The levels that the headings above it had when the document came, from the outermost to its own."""
    changes: tuple[Change, ...] = ()
    """What this version has changed in the one before it."""


class Edited(Kind):
    """The edited document; printed, it is the list of changes."""

    document: str
    """The name of the file that was edited."""
    text: str
    """The new document."""
    listed: tuple[str, ...] = ()
    """The changes in the order of the document, with author, version and reason."""
    changes: int = 0
    """How many there are; more than are listed if the list would be too long."""
    remarks: tuple[str, ...] = ()
    """What somebody should look at, as no rule can mend it."""

    def __str__(self) -> str:
        return "\n".join(self._report())

    def artefact(self) -> str:
        """The new document."""
        return self.text

    def _report(self) -> list[str]:
        found = [f"{self.document}: {self.changes or 'no'} change{'s' * (self.changes != 1)}", *self.listed]
        if self.changes > len(self.listed):
            found.append(f"and {self.changes - len(self.listed)} more")
        return [*found, *(["", "To look at:", *(f"- {remark}" for remark in self.remarks)] if self.remarks else [])]
