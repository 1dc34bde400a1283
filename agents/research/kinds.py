"""What the research agents write to each other. Every team, with or without a model, speaks these kinds."""

import re
from pathlib import Path

from pydantic import Field, field_validator

from blackboard import Kind
from blackboard.tools.documents import Quote
from blackboard.tools.extractive import Aspect


class Question(Kind):
    """Answer a question from your own documents, with exact quotes."""

    question: str
    """What you want to know."""
    documents: Path | None = None
    """Folder with your documents; without it, those that ship with the project."""

    @field_validator("question")
    @classmethod
    def _asks_something(cls, question: str) -> str:
        if not re.search(r"[^\W_]", question):
            raise ValueError("there is no word in it; say what you want to know")
        return question


class Subtask(Kind, lifecycle={"open": ("answered", "flagged")}):
    """One part of the question that can be answered by itself. Flagged: it stays open in the report."""

    text: str
    """A question or phrase that a person understands without the others."""
    rank: int = 0
    """Its place in the report."""
    subject: str = ""
    """What it is about, in the words that documents would use; empty: what `text` says."""
    aspect: Aspect = "general"
    """What it wants to know of its subject; a hint for whoever answers it."""


class Answer(
    Kind,
    lifecycle={
        "draft": ("accepted", "revise", "flagged"),
        "revise": ("draft", "flagged"),
        "accepted": "compared",
    },
    index=("subject",),
):
    """What was found out about one subtask; it is about that subtask. Flagged: kept out of the report."""

    subject: str
    """The subject of its subtask: answers that share it can be compared."""
    text: str
    quotes: tuple[Quote, ...] = ()
    """What the text rests on. An answer without a model quotes each of its sentences, in their order."""
    confidence: float = Field(default=0, ge=0, le=1)
    basis: str = ""
    """One sentence: why one may believe it, or why nothing was found."""


class Review(Kind):
    """What a critic thinks of an answer; it is about that answer."""

    score: int = Field(ge=1, le=5)
    feedback: str
    """One sentence: what is wrong, so that the next version can mend it."""


class Disagreement(Kind, index=("subject",)):
    """Two answers that cannot both be right; it is about both."""

    subject: str
    texts: tuple[str, str]
    quotes: tuple[Quote, ...] = ()
    """The sentences that contradict each other."""


class Report(Kind, lifecycle={"draft": "final"}):
    """The answer to the question; printed, it is its Markdown."""

    markdown: str
    confidence: float = Field(default=0, ge=0, le=1)
    """Mean over all parts; one without an answer counts 0, one that only repeats others does not count."""
    quality: float = Field(default=0, ge=0, le=5)
    """Mean of the last score of each answer in the report; 0: nobody has reviewed them."""
    open_questions: tuple[str, ...] = ()
    answered: int = Field(default=0, ge=0)
    """Parts of the question that found an answer of their own."""
    quotes: int = Field(default=0, ge=0)
    documents: int = Field(default=0, ge=0)
    """Documents that are quoted."""

    def __str__(self) -> str:
        return self.markdown
