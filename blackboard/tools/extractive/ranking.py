"""Which sentences of a text answer a question.

TextRank (Mihalcea & Tarau, "TextRank: Bringing Order into Texts", 2004) with the query bias of LexRank's
question-focused form (Otterbacher, Erkan & Radev, "Biased LexRank", 2009). The same on every machine.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import log

from blackboard.tools.extractive.sentences import words

DAMPING = 0.85
"""How much of its score a sentence passes on to its neighbours where there is no query."""
DAMPING_FOR_QUERY = 0.5
"""The same where there is one. With 0.85, many sentences that repeat one word of the query outvote its answer."""
ROUNDS = 200
CLOSE_ENOUGH = 1e-9


def rank(sentences: Sequence[str], query: str) -> list[float]:
    """How well each sentence answers the query: as many numbers as sentences, their sum 1, higher is better.

    A sentence is good if it shares rare words with the query, or many words with sentences that are good. Takes time
    with the square of the number of sentences (a thousand: about a second). A query without content words ranks by
    what is central in the text.
    """
    if not sentences:
        return []
    bags = [Counter(words(sentence)) for sentence in sentences]
    overlap = _overlap(bags, Counter(words(query)))
    total = sum(overlap)
    damping = DAMPING_FOR_QUERY if total else DAMPING
    start = [part / total for part in overlap] if total else [1 / len(bags)] * len(bags)
    return _walked(start, _links(bags), damping)


def _walked(start: list[float], links: list[dict[int, float]], damping: float) -> list[float]:
    """Where a reader is most of the time who begins at `start`, follows links, and begins anew now and then."""
    scores = start
    for _ in range(ROUNDS):
        spread = _spread(scores, links, start, damping)
        change = sum(abs(new - old) for new, old in zip(spread, scores, strict=True))
        scores = spread
        if change < CLOSE_ENOUGH:
            break
    return scores


def _overlap(bags: list[Counter[str]], query: Counter[str]) -> list[float]:
    """How relevant each sentence is to the query by itself (the relevance of Otterbacher et al.)."""
    containing = Counter(word for bag in bags for word in bag)
    idf = {word: log((len(bags) + 1) / (0.5 + containing[word])) for word in query}
    return [sum(log(1 + bag[w]) * log(1 + query[w]) * idf[w] for w in query if w in bag) for bag in bags]


def _links(bags: list[Counter[str]]) -> list[dict[int, float]]:
    """For each sentence its neighbours with their shares of its vote (Mihalcea & Tarau's similarity)."""
    links: list[dict[int, float]] = [{} for _ in bags]
    for (i, one), (j, other) in combinations(enumerate(bags), 2):
        if shared := len(one.keys() & other.keys()):
            links[i][j] = links[j][i] = shared / (log(1 + len(one)) + log(1 + len(other)))
    return [_shares(row) for row in links]


def _shares(row: dict[int, float]) -> dict[int, float]:
    total = sum(row.values())
    return {j: part / total for j, part in row.items()}


def _spread(scores: list[float], links: list[dict[int, float]], start: list[float], damping: float) -> list[float]:
    """One round of the walk; a sentence without neighbours sends its reader back to the start."""
    lost = sum(score for score, row in zip(scores, links, strict=True) if not row)
    spread = [(1 - damping + damping * lost) * part for part in start]
    for score, row in zip(scores, links, strict=True):
        for j, share in row.items():
            spread[j] += damping * score * share
    return spread
