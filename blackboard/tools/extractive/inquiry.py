"""What is asked of documents."""

from dataclasses import dataclass

from blackboard.tools.extractive import wording
from blackboard.tools.extractive.aspects import Aspect


@dataclass(frozen=True)
class Inquiry:
    """One thing to find out.

    `text`: a question or phrase that a person understands by itself. `subject`: what it is about, in the words that
    documents would use; empty: what `text` says. `aspect`: what it wants to know of the subject.
    """

    text: str
    subject: str = ""
    aspect: Aspect = "general"

    @property
    def about(self) -> str:
        """The subject, or the whole text without one."""
        return self.subject or self.text

    @property
    def query(self) -> str:
        """What to search for: the subject's words and the others that carry meaning, each once."""
        wanted = [*wording.words(self.subject), *wording.content(self.text)]
        return " ".join(dict.fromkeys(wanted)) or self.text
