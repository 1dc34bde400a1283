"""What is asked of documents."""

import re
from dataclasses import dataclass

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.aspects import Aspect
from blackboard.tools.extractive.forms import any_form_of


@dataclass(frozen=True)
class Inquiry:
    """One thing to find out.

    `text`: a question or phrase that a person understands by itself. `subject`: what it is about, in the words that
    documents would use; empty: what `text` says. `aspect`: what it wants to know of the subject. `also`: pairs of what
    documents may say instead, and the words above that it stands for: `("WAL", "write-ahead logging")`. `beside`: words
    to search for that stand for none of them.
    """

    text: str
    subject: str = ""
    aspect: Aspect = "general"
    also: tuple[tuple[str, str], ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def about(self) -> str:
        """The subject, or the whole text without one."""
        return self.subject or self.text

    @property
    def query(self) -> str:
        """What to search for: the subject's words and the others that carry meaning, each once."""
        wanted = [*wording.words(self.subject), *wording.content(self.text), *(other for other, _ in self.also)]
        return " ".join(dict.fromkeys([*wanted, *self.beside])) or self.text

    def told(self, text: str) -> str:
        """The text in the words of this inquiry where it says the same in others."""
        for other, own in self.also:
            if not re.search(rf"\b{any_form_of(own)}\b", text, re.IGNORECASE):
                flags = 0 if other.isupper() else re.IGNORECASE
                text = re.sub(rf"\b{any_form_of(other)}\b", lambda _, own=own: own, text, flags=flags)
        return text
