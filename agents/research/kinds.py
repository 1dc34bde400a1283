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
    follows: bool = False
    """Whether it was asked because a part of the question found no answer; it is about that part and raises none."""
    again: int = Field(default=0, ge=0)
    """How often it was asked before, of documents that have changed since."""
    reason: str = ""
    """One sentence: why it was flagged, where its answer does not tell."""


class Answer(
    Kind,
    lifecycle={
        "draft": ("accepted", "revise", "flagged"),
        "revise": ("draft", "flagged"),
        "accepted": ("compared", "flagged", "stale"),
        "compared": "stale",
        "flagged": "stale",
    },
    index=("subject",),
):
    """What was found out about one subtask; it is about that subtask.

    Flagged: kept out of the conclusion. Compared: no answer before it contradicts it unsaid. Stale: a document that it
    quotes has changed, and its subtask is asked again.
    """

    subject: str
    """The subject of its subtask: answers that share it can be compared."""
    text: str
    """Sentences, each followed by the numbers of the quotes that it rests on, from 1: `It expires. [2]`. Or nothing but
    the sentences of its quotes, in their order, without numbers."""
    quotes: tuple[Quote, ...] = ()
    """What the text rests on."""
    confidence: float = Field(default=0, ge=0, le=1)
    basis: str = ""
    """One sentence: why one may believe it, or why nothing was found."""


class Review(Kind):
    """What a critic thinks of an answer; it is about that answer. From 3 on it is accepted."""

    score: int = Field(ge=1, le=5)
    feedback: str
    """One sentence: why it got this score, and what the next version should mend."""
    relevance: float | None = Field(default=None, ge=0, le=1)
    """How far it answers its subtask; None where nobody measured it, as with those below."""
    groundedness: float | None = Field(default=None, ge=0, le=1)
    """Share of its sentences whose quotes stand in their documents, byte for byte."""
    concision: float | None = Field(default=None, ge=0, le=1)
    """Share of it that bears on its subtask."""
    missing: tuple[str, ...] = ()
    """Words that the subtask asks for and the answer does not say."""


class Disagreement(Kind, index=("places",)):
    """Two sentences that cannot both be right, each with its quote; it is about the answers that rest on them."""

    subject: str
    """What they speak of."""
    values: tuple[str, str]
    """What each says: `20 July 1969`, `21 July 1969`."""
    quotes: tuple[Quote, Quote]
    """The sentences, in the order of their places."""
    places: str = ""
    """Where the two stand, as one text: nobody finds the same twice."""


class Report(Kind, lifecycle={"draft": "final"}):
    """The answer to the question; printed, it is its Markdown. Final once its quotes were verified."""

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
    disagreements: int = Field(default=0, ge=0)
    cut: int = Field(default=0, ge=0)
    """Sentences that were left out because they cite nothing."""
    citations: tuple[Quote, ...] = ()
    """What the numbers in the text stand for, in their order; the quotes of disagreements come last."""

    def __str__(self) -> str:
        return self.markdown
