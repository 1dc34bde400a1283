"""How much of what is asked a text says: rare words count more, words of the same meaning less than the word itself."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log

from blackboard.tools.extractive.inquiry import Inquiry
from blackboard.tools.extractive.meaning import akin, asked_of
from blackboard.tools.extractive.sentences import words
from blackboard.tools.extractive.statements import Source
from blackboard.tools.extractive.widening import others_for

KIN, ALIKE = 0.8, 0.5  # what another form of a word counts, and another word that may mean the same
BEST = 3  # passages by which a document is judged


@dataclass(frozen=True)
class Weights:
    """What each stem asked for counts, its kin in the passages, and the stems that may stand for it."""

    weight: dict[str, float]
    kin: dict[str, frozenset[str]]
    alike: dict[str, frozenset[str]]

    @classmethod
    def of(cls, inquiry: Inquiry, around: Sequence[frozenset[str]]) -> "Weights":
        """For the words that the inquiry asks for; the fewer of the passages say one, the more it counts."""
        others = others_for(inquiry)
        alike = {s: frozenset(words(" ".join(others.get(w, ())))) for w in asked_of(inquiry) for s in words(w)}
        count = {s: sum(s in one for one in around) for s in alike}
        known = frozenset[str]().union(*around)
        kin = {s: frozenset(other for other in known if akin(s, other)) for s in alike}
        return cls({s: log(1 + (len(around) + 1) / (n + 0.5)) for s, n in count.items()}, kin, alike)

    def covered(self, given: Collection[str]) -> float:
        """How much of what is asked these stems say, 0 to 1."""
        total = sum(self.weight.values())
        return sum(w * self._said(s, given) for s, w in self.weight.items()) / total if total else 0

    def _said(self, asked: str, given: Collection[str]) -> float:
        if asked in given:
            return 1
        if not self.kin[asked].isdisjoint(given):
            return KIN
        return ALIKE if not self.alike[asked].isdisjoint(given) else 0


def standing(passages: Sequence[Source], around: Sequence[Collection[str]], weights: Weights) -> list[float]:
    """How promising each passage is, 0 to 1: by what it says, and by what the best of its document say."""
    said = [weights.covered(stems) for stems in around]
    of_document: dict[str, list[float]] = {}
    for passage, covered in zip(passages, said, strict=True):
        of_document.setdefault(passage.document, []).append(covered)
    best = {document: sum(sorted(covered)[-BEST:]) for document, covered in of_document.items()}
    most = max(best.values(), default=0) or 1
    return [(covered + best[p.document] / most) / 2 for p, covered in zip(passages, said, strict=True)]


def stems_around(passage: Source, inquiry: Inquiry) -> frozenset[str]:
    """What a passage says with its heading and the name of its document, in the words of the inquiry."""
    return frozenset(words(f"{inquiry.told(passage.text)} {passage.heading} {passage.document}"))
