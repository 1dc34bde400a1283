"""Finds what contradicts an answer: in itself, in the other answers and in the documents."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from agents.research.kinds import Answer, Disagreement, Subtask
from blackboard import Entry, View, agent
from blackboard.tools.documents import Passage, Quote, search_documents
from blackboard.tools.extractive import Clash, clash, sentences, statements, topic

SEARCHES = 12
"""At most, for one answer."""
PASSAGES = 10
"""A rival says nearly the same words, so that it is among the first that a search for them finds."""


@agent(
    watches=Answer,
    status="accepted",
    writes=(Disagreement, Answer, Subtask),
    reads=(),
    tools=[search_documents],
    gives_up="flagged",
)
async def conflicts(answer: Entry[Answer], view: View) -> None:
    """Says which sentences contradict those of an answer; which of them is right, nobody decides."""
    # Strict: where another answer was compared meanwhile, this is done again, so that no pair goes unseen.
    compared = view.find(Answer, status="compared")
    found = _among(answer, compared)
    for quote in _worth_a_search(answer.body.quotes):
        passages = await view.call(search_documents, _topic(quote), limit=PASSAGES)
        for disagreement in _with_documents(quote, passages):
            found.setdefault(disagreement.places, (disagreement, [answer]))
    for disagreement, about in found.values():
        if not view.count(Disagreement, places=disagreement.places):
            view.post(disagreement, about=about)
    view.amend(answer, status="compared")
    subtask = view.get(Subtask, of=answer)
    if subtask.status == "open":
        view.amend(subtask, status="answered")


def _among(
    answer: Entry[Answer], others: Sequence[Entry[Answer]]
) -> dict[str, tuple[Disagreement, list[Entry[Answer]]]]:
    """By their places: what the quotes of the answer contradict in each other and in other answers."""
    pairs = [(one, other, [answer]) for one, other in combinations(answer.body.quotes, 2)]
    for entry in others:
        pairs += [(one, other, [entry, answer]) for one, other in product(answer.body.quotes, entry.body.quotes)]
    found: dict[str, tuple[Disagreement, list[Entry[Answer]]]] = {}
    for one, other, about in pairs:
        if disagreement := _between(one, other):
            found.setdefault(disagreement.places, (disagreement, about))
    return found


def _worth_a_search(quotes: Sequence[Quote]) -> list[Quote]:
    """Those that say a number or a date of something."""
    return [quote for quote in quotes if _topic(quote)][:SEARCHES]


def _topic(quote: Quote) -> str:
    return " ".join(filter(None, map(topic, _sentences(quote))))


def _with_documents(quote: Quote, passages: Sequence[Passage]) -> Iterator[Disagreement]:
    """What the passages say against a quote; the same words in several documents count once, at the first."""
    rivals = [Quote.of(passages[s.place[0]], s.start, s.start + len(s.text)) for s in statements(passages)]
    said = set[str]()
    for rival in sorted(rivals, key=_place):
        if rival.sentence not in said and (disagreement := _between(quote, rival)):
            said.add(rival.sentence)
            yield disagreement


def _between(one: Quote, other: Quote) -> Disagreement | None:
    """The disagreement of two quotes, the same from either side."""
    if _overlap(one, other):
        return None
    first, second = sorted((one, other), key=_place)
    found = _clash(first, second)
    if found is None:
        return None
    places = " ".join(f"{q.place}@{q.start}#{q.sha256[:8]}" for q in (first, second))
    return Disagreement(subject=found.subject, values=found.values, quotes=(first, second), places=places)


def _clash(one: Quote, other: Quote) -> Clash | None:
    pairs = product(_sentences(one), _sentences(other))
    return next((found for a, b in pairs if (found := clash(a, b))), None)


def _sentences(quote: Quote) -> list[str]:
    return [span.text for span in sentences(quote.sentence)]


def _overlap(one: Quote, other: Quote) -> bool:
    same = (one.document, one.page) == (other.document, other.page)
    return same and one.start < other.end and other.start < one.end


def _place(quote: Quote) -> tuple[str, int, int]:
    return quote.document, quote.page, quote.start
